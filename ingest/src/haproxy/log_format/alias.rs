//! HAProxy's aliases (configuration.txt §8.2.6, log.c 2.6 to 3.x): what each means, how it is rendered, in what unit.

use super::bytes::ByteSet;

/// How a field is rendered, which says what it may hold and how it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An address, `unix`, or unset.
    Address,
    /// A port or the number of a Unix socket; or unset.
    Port,
    /// Digits, which may have `+` before them.
    Count,
    /// Milliseconds; `-1` where the phase was not reached, `+` before what was not at its end.
    Timer,
    /// −1 to 999.
    Status,
    /// An integer, or unset.
    Integer,
    /// Hexadecimal digits, or unset.
    Hex,
    /// `21/Nov/2026:20:54:59.969`, without a zone.
    DateLocal,
    /// `21/Nov/2026:20:54:59 +0000`.
    DateZone,
    /// Three digits.
    Millis,
    /// Two letters.
    Flags,
    /// Four letters.
    CookieFlags,
    /// A proxy's or server's name.
    Name,
    /// Text that holds no blank: by its nature, or as is assumed.
    Word,
    /// A part of the request's target: no blank, no quote.
    Uri,
    /// A request line: blanks, but no quote.
    Request,
    /// Text of any kind, as a client may send it.
    Text,
    /// `{a|b}`, or nothing where none is declared.
    Captures,
    /// Captures one after another, parted by blanks.
    CaptureList,
}

/// What can be told from a field without attribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    None,
    RequestDate,
    WrittenMillis,
    WrittenSeconds,
    AcceptDate,
    AcceptSeconds,
    AcceptMillis,
    Client,
    Status,
    BytesSent,
    TimeRequest,
    TimeQueue,
    TimeConnect,
    TimeResponse,
    TimeActive,
    TimeTotal,
    TimeUser,
    Termination,
    Server,
    Target,
    Request,
    RequestCaptures,
    ResponseCaptures,
}

/// One alias.
#[derive(Debug)]
pub(super) struct Alias {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) role: Role,
    pub(super) meaning: &'static str,
}

const fn alias(name: &'static str, kind: Kind, role: Role, meaning: &'static str) -> Alias {
    Alias { name, kind, role, meaning }
}

/// Every alias but `%o`, which is no field.
#[rustfmt::skip]
pub(super) const ALIASES: &[Alias] = &[
    alias("B", Kind::Count, Role::BytesSent, "bytes to the client, headers included; bytes"),
    alias("CC", Kind::Word, Role::None, "the captured request cookie, name=value"),
    alias("CS", Kind::Word, Role::None, "the captured response cookie, name=value"),
    alias("H", Kind::Word, Role::None, "HAProxy's host name"),
    alias("HM", Kind::Uri, Role::None, "the request's method"),
    alias("HP", Kind::Uri, Role::Target, "the request's target without its query"),
    alias("HPO", Kind::Uri, Role::Target, "the request's path"),
    alias("HQ", Kind::Uri, Role::None, "the request's query, from its question mark on"),
    alias("HU", Kind::Uri, Role::Target, "the request's target"),
    alias("HV", Kind::Uri, Role::None, "the request's HTTP version"),
    alias("ID", Kind::Word, Role::None, "the unique id"),
    alias("OG", Kind::Word, Role::None, "where the log was made: txn_close, txn_accept, …"),
    alias("ST", Kind::Status, Role::Status, "the status; −1 when the client left before one was known, 0 without HTTP"),
    alias("T", Kind::DateZone, Role::AcceptDate, "when the connection was accepted, UTC"),
    alias("TR", Kind::Timer, Role::TimeRequest, "time until the whole request was received; ms"),
    alias("Ta", Kind::Timer, Role::TimeActive, "time from the request's first byte to the response's last; ms"),
    alias("Tc", Kind::Timer, Role::TimeConnect, "time to connect to the server; ms"),
    alias("Td", Kind::Timer, Role::None, "time to transfer the response; ms"),
    alias("Th", Kind::Timer, Role::None, "time of the connection's handshakes; ms"),
    alias("Ti", Kind::Timer, Role::None, "time idle before the request; ms"),
    alias("Tl", Kind::DateZone, Role::AcceptDate, "when the connection was accepted, with its zone"),
    alias("Tq", Kind::Timer, Role::None, "%Th + %Ti + %TR; ms"),
    alias("Tr", Kind::Timer, Role::TimeResponse, "time until the server's response headers; ms"),
    alias("Ts", Kind::Integer, Role::AcceptSeconds, "when the connection was accepted; s since 1970"),
    alias("Tt", Kind::Timer, Role::TimeTotal, "time from accept to close; ms"),
    alias("Tu", Kind::Timer, Role::TimeUser, "time as the client saw it, %Tt − %Ti; ms"),
    alias("Tw", Kind::Timer, Role::TimeQueue, "time in queues; ms"),
    alias("U", Kind::Count, Role::None, "bytes from the client; bytes"),
    alias("ac", Kind::Count, Role::None, "connections of the process"),
    alias("b", Kind::Name, Role::None, "the backend's name"),
    alias("bc", Kind::Count, Role::None, "connections of the backend"),
    alias("bi", Kind::Address, Role::None, "the address HAProxy connected from"),
    alias("bp", Kind::Port, Role::None, "the port HAProxy connected from"),
    alias("bq", Kind::Count, Role::None, "place in the backend's queue"),
    alias("ci", Kind::Address, Role::Client, "the client's address"),
    alias("cp", Kind::Port, Role::None, "the client's port"),
    alias("f", Kind::Name, Role::None, "the frontend's name"),
    alias("fc", Kind::Count, Role::None, "connections of the frontend"),
    alias("fi", Kind::Address, Role::None, "the address the client connected to"),
    alias("fp", Kind::Port, Role::None, "the port the client connected to"),
    alias("ft", Kind::Name, Role::None, "the frontend's name, with ~ for TLS"),
    alias("hr", Kind::Captures, Role::RequestCaptures, "captured request headers {a|b}; absent where none is declared"),
    alias("hrl", Kind::CaptureList, Role::None, "captured request headers, each by itself"),
    alias("hs", Kind::Captures, Role::ResponseCaptures, "captured response headers {a|b}; absent where none is declared"),
    alias("hsl", Kind::CaptureList, Role::None, "captured response headers, each by itself"),
    alias("lc", Kind::Integer, Role::None, "the frontend's log counter; may repeat across threads"),
    alias("ms", Kind::Millis, Role::AcceptMillis, "milliseconds of the accept date"),
    alias("pid", Kind::Integer, Role::None, "the process's id"),
    alias("r", Kind::Request, Role::Request, "the request line"),
    alias("rc", Kind::Count, Role::None, "retries, with + for a redispatch"),
    alias("rt", Kind::Integer, Role::None, "the request counter of the process"),
    alias("s", Kind::Name, Role::Server, "the server's name"),
    alias("sc", Kind::Count, Role::None, "connections of the server"),
    alias("si", Kind::Address, Role::None, "the server's address"),
    alias("sp", Kind::Port, Role::None, "the server's port"),
    alias("sq", Kind::Count, Role::None, "place in the server's queue"),
    alias("sslc", Kind::Name, Role::None, "the TLS cipher"),
    alias("sslv", Kind::Name, Role::None, "the TLS version"),
    alias("t", Kind::DateLocal, Role::AcceptDate, "when the connection was accepted, in HAProxy's zone, taken as UTC"),
    alias("tr", Kind::DateLocal, Role::RequestDate, "when the request began, in HAProxy's zone, taken as UTC"),
    alias("trg", Kind::DateZone, Role::RequestDate, "when the request began, UTC"),
    alias("trl", Kind::DateZone, Role::RequestDate, "when the request began, with its zone"),
    alias("ts", Kind::Flags, Role::Termination, "the termination state"),
    alias("tsc", Kind::CookieFlags, Role::Termination, "the termination state with the cookies' state"),
];

/// The alias of a name.
pub(super) fn find(name: &str) -> Option<&'static Alias> {
    ALIASES.iter().find(|alias| alias.name == name)
}

impl Kind {
    /// What it may hold. Text that may hold anything says so by holding everything.
    pub(super) const fn bytes(self) -> ByteSet {
        match self {
            Self::Address => ByteSet::alphanumeric_and(b".:-"),
            Self::Port | Self::Count | Self::Timer | Self::Status | Self::Integer | Self::Millis => {
                ByteSet::of(b"0123456789+-")
            }
            Self::Hex => ByteSet::alphanumeric_and(b"-"),
            Self::DateLocal | Self::DateZone => ByteSet::alphanumeric_and(b"/:.+- "),
            Self::Flags | Self::CookieFlags => ByteSet::alphanumeric_and(b"-"),
            Self::Name => ByteSet::alphanumeric_and(b"-_.:~<>"),
            Self::Word => ByteSet::all_but(b" \t"),
            Self::Uri => ByteSet::all_but(b" \t\""),
            Self::Request => ByteSet::all_but(b"\""),
            Self::Text | Self::Captures | Self::CaptureList => ByteSet::all_but(b""),
        }
    }

    /// How many bytes it always has, if it does.
    pub(super) const fn width(self) -> Option<usize> {
        match self {
            Self::DateLocal => Some(24),
            Self::DateZone => Some(26),
            Self::Millis => Some(3),
            Self::Flags => Some(2),
            Self::CookieFlags => Some(4),
            _ => None,
        }
    }

    /// Whether `+Q` puts quotes around it: text, but not numbers and dates.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Address | Self::Name | Self::Word | Self::Uri | Self::Request | Self::Text)
    }

    /// Whether it comes of what a client sent and may be so long that HAProxy's buffer ends within it.
    pub(super) const fn may_be_cut(self) -> bool {
        matches!(self, Self::Uri | Self::Request | Self::Captures | Self::CaptureList)
    }

    /// Its type in words.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Port => "port",
            Self::Count => "count",
            Self::Timer => "timer",
            Self::Status => "status",
            Self::Integer => "integer",
            Self::Hex => "hexadecimal",
            Self::DateLocal | Self::DateZone => "date",
            Self::Millis => "3 digits",
            Self::Flags => "2 flags",
            Self::CookieFlags => "4 flags",
            Self::Name => "name",
            Self::Word => "word",
            Self::Uri => "target",
            Self::Request => "request line",
            Self::Text => "text",
            Self::Captures => "captures",
            Self::CaptureList => "capture list",
        }
    }
}
