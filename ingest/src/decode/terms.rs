//! What counts for the lines of one source: its format, its servers, the time window. Made once per run of lines of a
//! source, so that binding costs a line nearly nothing.

use super::published::{Published, ReadBy};
use super::{DecodeConfig, TimeWindow};
use crate::binding::{Bound, SourceRule, SourceRules};
use crate::dedup::Home;
use crate::haproxy::httplog::Captures;
use crate::haproxy::{self, Body, Format, MAX_BYTES_SENT, Reading};
use crate::reject::Reject;
use crate::source::Source;
use crate::syslog::{self, SyslogLine, repeated};
use suiftly_schema::{record::Record, time::UnixMillis};

/// What counts for a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'c> {
    reading: Reading,
    /// The rule that binds it.
    rule: Option<&'c SourceRule>,
    /// No rule knows it: none of its lines is taken.
    is_stranger: bool,
    pub(super) time_window: Option<TimeWindow>,
    /// Formats to try after the first, for lines whose first source is not known any more.
    also: &'c [Format],
    pub(super) origin: Origin,
    /// Which of a gateway's homes its lines come by.
    pub(super) home: Option<Home>,
}

/// What a frame's header says, what its body is, and which published format read it, if one did.
pub(super) type Read<'a> = (SyslogLine<'a>, Body<'a>, Option<ReadBy>);

/// Whose word a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A sender's.
    Sender,
    /// An operator's, who gives the quarantined line again that stood here.
    Quarantine { offset: u64 },
    /// The database's: no line at all.
    Outbox,
}

impl<'c> Terms<'c> {
    /// For frames of no source in particular.
    pub(super) fn unbound(config: &DecodeConfig) -> Self {
        Self {
            reading: Reading { format: config.format, single_capture: config.single_capture, server: None },
            rule: None,
            is_stranger: false,
            time_window: config.time_window,
            also: &[],
            origin: Origin::Sender,
            home: None,
        }
    }

    fn of(config: &'c DecodeConfig, source: &Source, journal_no: u16) -> Self {
        let unbound = Self { home: Home::by(source, journal_no), ..Self::unbound(config) };
        let rules = config.sources.as_deref();
        match source {
            Source::File => return Self { time_window: None, ..unbound },
            Source::Quarantine { offset } => {
                let also = rules.map_or(&[][..], SourceRules::formats);
                return Self { time_window: None, also, origin: Origin::Quarantine { offset: *offset }, ..unbound };
            }
            Source::Outbox => return Self { origin: Origin::Outbox, ..unbound },
            // It has no place among lines.
            Source::Cut { .. } => return Self { is_stranger: true, ..unbound },
            _ => {}
        }
        match rules.map_or(Bound::Free, |rules| rules.find(source)) {
            Bound::Free => unbound,
            Bound::Stranger => Self { is_stranger: true, ..unbound },
            Bound::By(rule) => {
                let format = rule.format.unwrap_or(config.format);
                let reading = Reading { format, server: rule.only_server(), ..unbound.reading };
                Self { reading, rule: Some(rule), ..unbound }
            }
        }
    }

    /// The server of what does not say its own.
    pub(super) const fn server(&self) -> Option<i16> {
        self.reading.server
    }

    /// Everything that depends on the frame and its source alone. Of a line that a relay says came several times, the
    /// body is the one within its brackets.
    #[inline]
    pub(super) fn read<'a>(
        &self,
        published: &Published,
        frame: &'a [u8],
        received_at: UnixMillis,
    ) -> Result<Read<'a>, Reject> {
        if self.is_stranger {
            return Err(Reject::Source);
        }
        if self.origin == Origin::Outbox {
            return Err(Reject::Reference);
        }
        let line = syslog::parse(frame, received_at)?;
        let (line, body, by) = match repeated::parse(line.body) {
            None => {
                let (body, by) = self.read_body(published, &line)?;
                (line, body, by)
            }
            Some(repeated) => self.read_repeated(published, line, repeated?)?,
        };
        if let Body::Request(record, _) = &body {
            self.check(record, received_at)?;
        }
        Ok((line, body, by))
    }

    #[inline]
    fn read_body<'a>(
        &self,
        published: &Published,
        line: &SyslogLine<'a>,
    ) -> Result<(Body<'a>, Option<ReadBy>), Reject> {
        match haproxy::parse(line, &self.reading) {
            Ok(body) => Ok((body, None)),
            Err(reject) => self.read_otherwise(published, line, reject),
        }
    }

    /// By what else is configured, then by what was published. Captures are for replay, which knows of nothing published.
    #[cold]
    fn read_otherwise<'a>(
        &self,
        published: &Published,
        line: &SyslogLine<'a>,
        reject: Reject,
    ) -> Result<(Body<'a>, Option<ReadBy>), Reject> {
        let others = self.also.iter().map(|format| Reading { format: *format, ..self.reading });
        if let Some(body) = others.into_iter().find_map(|reading| haproxy::parse(line, &reading).ok()) {
            return Ok((body, None));
        }
        if repeated::is_of_last(line.body) {
            return Err(Reject::Repeated);
        }
        let read = published.read(line, self.reading.server);
        read.map(|(record, by)| (Body::Request(record, Captures::default()), Some(by))).ok_or(reject)
    }

    /// A line with an identity stands for itself, however often it came; one without for as many requests as there were.
    #[cold]
    fn read_repeated<'a>(
        &self,
        published: &Published,
        line: SyslogLine<'a>,
        repeated: repeated::Repeated<'a>,
    ) -> Result<Read<'a>, Reject> {
        let mut inner = line.clone();
        inner.body = repeated.body;
        let (body, by) = self.read_body(published, &inner)?;
        match body {
            Body::System => Ok((line, Body::System, by)),
            Body::Request(record, captures) if record.line_id.is_some() => {
                Ok((inner, Body::Request(record, captures), by))
            }
            Body::Request(record, captures) => {
                let record = counted(record, repeated.times).ok_or(Reject::Repeated)?;
                Ok((inner, Body::Request(record, captures), by))
            }
        }
    }

    /// Whose it is, and when it was.
    #[inline]
    fn check(&self, record: &Record, received_at: UnixMillis) -> Result<(), Reject> {
        if let (Some(rule), Some(server_id)) = (self.rule, record.server_id)
            && !rule.allows(server_id)
        {
            return Err(Reject::Source);
        }
        match self.time_window {
            Some(window) if !window.holds(record.timestamp, received_at) => Err(Reject::TimeWindow),
            _ => Ok(()),
        }
    }
}

/// A record that stands for so many requests, unless it would be of more bytes than are believed.
pub(super) fn counted(record: Record, times: u32) -> Option<Record> {
    let sum = record.bytes_sent.checked_mul(times.into());
    let bytes_sent = sum.filter(|bytes| *bytes <= MAX_BYTES_SENT)?;
    Some(Record { repeat: times, bytes_sent, ..record })
}

/// The terms of the source before, which is nearly always the next one's too.
#[derive(Debug)]
pub(super) struct TermsOfSources<'c> {
    config: &'c DecodeConfig,
    journal_no: u16,
    last: Option<(Source, Terms<'c>)>,
}

impl<'c> TermsOfSources<'c> {
    /// Of the process's own journal.
    pub(super) const fn new(config: &'c DecodeConfig) -> Self {
        Self::of_journal(config, 0)
    }

    /// Of the journal with this number.
    pub(super) const fn of_journal(config: &'c DecodeConfig, journal_no: u16) -> Self {
        Self { config, journal_no, last: None }
    }

    #[inline]
    pub(super) fn of(&mut self, source: &Source) -> &Terms<'c> {
        if !matches!(&self.last, Some((last, _)) if last == source) {
            self.last = None;
        }
        let (_, terms) = self.last.get_or_insert_with(|| (*source, Terms::of(self.config, source, self.journal_no)));
        terms
    }
}
