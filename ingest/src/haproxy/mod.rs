//! HAProxy's lines: which format a body is in, and the parsers. A body becomes a request's record, one of HAProxy's own
//! messages, or a reason why it is neither.
//!
//! - [`sf1`]: the gateway's own `log-format` (SPEC §3.2), with worker and number.
//! - [`httplog`]: stock `option httplog` (and `httpslog`, whose tail is passed over), with captures.
//! - [`log_format`]: any `log-format` string, compiled; stock `httpslog` and `tcplog` by way of it.
//! - [`system`]: server state changes, reloads, alerts.
//! - [`event`]: what status and termination state say where the rules said nothing.

pub mod event;
pub mod httplog;
pub mod log_format;
mod path;
mod scan;
pub mod sf1;
pub mod system;

use crate::reject::Reject;
use crate::syslog::SyslogLine;
use httplog::{Captures, SingleCapture};
use log_format::{RecordFormat, Slots};
use std::str::FromStr;
use suiftly_schema::record::Record;

/// A response of more bytes than this (256 TiB) is no response but a corrupt number, which would make sums overflow.
pub const MAX_BYTES_SENT: u64 = 1 << 48;

/// Which formats are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Each line says by its shape what it is: SF1, httplog or tcplog. Of httpslog the tail is not looked at.
    #[default]
    Auto,
    /// SF1 alone.
    Sf1,
    /// Stock httplog alone.
    Httplog,
    /// Stock httpslog alone.
    Httpslog,
    /// Stock tcplog alone.
    Tcplog,
    /// A `log-format` string alone, compiled once for the life of the process.
    Compiled(&'static RecordFormat),
}

impl FromStr for Format {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "sf1" => Ok(Self::Sf1),
            "httplog" => Ok(Self::Httplog),
            "httpslog" => Ok(Self::Httpslog),
            "tcplog" => Ok(Self::Tcplog),
            _ => Err(format!("no format is called {word:?}; there are auto, sf1, httplog, httpslog and tcplog")),
        }
    }
}

/// How bodies are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Which format they are in.
    pub format: Format,
    /// What a single block of captures is, in httplog lines.
    pub single_capture: SingleCapture,
    /// The server of lines that do not say theirs.
    pub server: Option<i16>,
}

/// What a body is.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are requests; it lives on the stack for a moment")]
pub enum Body<'a> {
    /// A request, and what the line says beside its record. The record's `journal_offset` is 0.
    Request(Record, Captures<'a>),
    /// One of HAProxy's own messages.
    System,
}

/// Reads the body of a line.
#[inline]
pub fn parse<'a>(line: &SyslogLine<'a>, reading: &Reading) -> Result<Body<'a>, Reject> {
    match (line.body, reading.format) {
        ([b'S', b'F', b'0'..=b'9', ..], Format::Auto | Format::Sf1) => {
            sf1::parse(line.body).map(|record| Body::Request(record, Captures::default()))
        }
        (body, Format::Auto | Format::Httplog) if httplog::is_shaped(body) => {
            match httplog::parse(body, reading.single_capture) {
                Ok((record, captures)) => Ok(Body::Request(with_server(record, reading.server), captures)),
                Err(Reject::HttplogShape) => not_httplog(line, reading),
                Err(reject) => Err(reject),
            }
        }
        (_, Format::Httpslog) => compiled(line, log_format::httpslog(), reading.server),
        (_, Format::Tcplog) => compiled(line, log_format::tcplog(), reading.server),
        (_, Format::Compiled(format)) => compiled(line, format, reading.server),
        _ if system::is_own_message(line) => Ok(Body::System),
        _ => Err(Reject::UnknownFormat),
    }
}

/// A stock format never says its server.
fn with_server(record: Record, server_id: Option<i16>) -> Record {
    Record { server_id, ..record }
}

/// What begins as httplog and is none: tcplog, which begins alike and is shorter, or a connection's error.
#[cold]
fn not_httplog<'a>(line: &SyslogLine<'a>, reading: &Reading) -> Result<Body<'a>, Reject> {
    if reading.format == Format::Auto
        && let Ok(body) = compiled(line, log_format::tcplog(), reading.server)
    {
        return Ok(body);
    }
    if system::is_connection_error(line.body) { Ok(Body::System) } else { Err(Reject::HttplogShape) }
}

/// By a compiled format. What it cannot read may be one of HAProxy's own messages.
fn compiled<'a>(line: &SyslogLine<'a>, format: &'static RecordFormat, server: Option<i16>) -> Result<Body<'a>, Reject> {
    match format.parse_of(line.body, server, || line.timestamp(), &mut Slots::default()) {
        Ok((record, captures)) => Ok(Body::Request(record, captures)),
        Err(_) if system::is_own_message(line) || system::is_connection_error(line.body) => Ok(Body::System),
        Err(reject) => Err(reject),
    }
}
