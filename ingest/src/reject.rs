//! Why a line is no record: a fixed set of reasons, each with a word that stays the same in counts, metrics and
//! quarantine.

/// The reason a line was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reject {
    /// No syslog header could be read where one begins.
    SyslogHeader,
    /// Text that had to be UTF-8 is not.
    NotUtf8,
    /// A body of no format that is configured, and none of HAProxy's own messages.
    UnknownFormat,
    /// An SF line of a version this program does not know.
    Sf1Version,
    /// Other than 30 tokens.
    Sf1Tokens,
    /// A token that should be a number (or `-`) is none.
    Sf1Number,
    /// A number that means nothing in its place.
    Sf1Range,
    /// A client address that is none.
    Sf1Address,
    /// Text out of shape: termination state, backend and server, config word.
    Sf1Text,
    /// No worker, number or server: the line cannot be told from its duplicates, so it cannot be billed once.
    Sf1Identity,
    /// Begins as an httplog line, but its parts are not there.
    HttplogShape,
    /// A part of an httplog line that should be a number is none, or is out of range.
    HttplogNumber,
    /// An accept date that is none.
    HttplogDate,
    /// A line that is not laid out as its `log-format` says.
    FormatShape,
    /// A value that is none of its field's type, by the `log-format`.
    FormatValue,
    /// A `log-format` with identity, and a line of it without worker, number or server.
    FormatIdentity,
    /// A relay's `last message repeated N times`, which does not say what was, or more repeats than are believed.
    Repeated,
    /// From a source that no rule knows, or for a server that is not its own.
    Source,
    /// Dated too far ahead of or behind its receipt.
    TimeWindow,
    /// The identity of a line received before, with another body.
    Conflict,
    /// A reference change that this version cannot read.
    Reference,
    /// Longer than a frame may be.
    Oversize,
    /// The end of the input fell into the frame.
    Truncated,
}

impl Reject {
    /// Every reason, in the order of [`Reject::index`].
    pub const ALL: [Self; 23] = [
        Self::SyslogHeader,
        Self::NotUtf8,
        Self::UnknownFormat,
        Self::Sf1Version,
        Self::Sf1Tokens,
        Self::Sf1Number,
        Self::Sf1Range,
        Self::Sf1Address,
        Self::Sf1Text,
        Self::Sf1Identity,
        Self::HttplogShape,
        Self::HttplogNumber,
        Self::HttplogDate,
        Self::FormatShape,
        Self::FormatValue,
        Self::FormatIdentity,
        Self::Repeated,
        Self::Source,
        Self::TimeWindow,
        Self::Conflict,
        Self::Reference,
        Self::Oversize,
        Self::Truncated,
    ];

    /// Its place in [`Reject::ALL`]: counts are kept in arrays.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SyslogHeader => "syslog_header",
            Self::NotUtf8 => "not_utf8",
            Self::UnknownFormat => "unknown_format",
            Self::Sf1Version => "sf1_version",
            Self::Sf1Tokens => "sf1_tokens",
            Self::Sf1Number => "sf1_number",
            Self::Sf1Range => "sf1_range",
            Self::Sf1Address => "sf1_address",
            Self::Sf1Text => "sf1_text",
            Self::Sf1Identity => "sf1_identity",
            Self::HttplogShape => "httplog_shape",
            Self::HttplogNumber => "httplog_number",
            Self::HttplogDate => "httplog_date",
            Self::FormatShape => "format_shape",
            Self::FormatValue => "format_value",
            Self::FormatIdentity => "format_identity",
            Self::Repeated => "repeated",
            Self::Source => "source",
            Self::TimeWindow => "time_window",
            Self::Conflict => "conflict",
            Self::Reference => "reference",
            Self::Oversize => "oversize",
            Self::Truncated => "truncated",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reject;

    #[test]
    fn every_reason_has_its_place_and_its_own_word() {
        for (at, reject) in Reject::ALL.into_iter().enumerate() {
            assert_eq!(reject.index(), at);
        }
        let words: std::collections::BTreeSet<_> = Reject::ALL.iter().map(|reject| reject.word()).collect();
        assert_eq!(words.len(), Reject::ALL.len());
    }
}
