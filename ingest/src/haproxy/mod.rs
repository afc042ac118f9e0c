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
    /// Each line says by its shape what it is.
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
    /// A `log-format` string alone, compiled once for the life of the process. Where its attribution names the customer
    /// and that is no number, the customer's text stands in [`Captures::request`], whole.
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

/// What a body is. `journal_offset` of the record is 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Body<'a> {
    /// A request by SF1.
    Sf1(Record),
    /// A request by a stock format, and what was captured of it.
    Httplog(Record, Captures<'a>),
    /// One of HAProxy's own messages.
    System,
}

/// Reads the body of a line.
#[inline]
pub fn parse<'a>(line: &SyslogLine<'a>, format: Format, single: SingleCapture) -> Result<Body<'a>, Reject> {
    match (line.body, format) {
        ([b'S', b'F', b'0'..=b'9', ..], Format::Auto | Format::Sf1) => sf1::parse(line.body).map(Body::Sf1),
        (body, Format::Auto | Format::Httplog) if httplog::is_shaped(body) => match httplog::parse(body, single) {
            Ok((record, captures)) => Ok(Body::Httplog(record, captures)),
            Err(Reject::HttplogShape) => not_httplog(line, format),
            Err(reject) => Err(reject),
        },
        (_, Format::Httpslog) => compiled(line, log_format::httpslog()),
        (_, Format::Tcplog) => compiled(line, log_format::tcplog()),
        (_, Format::Compiled(format)) => compiled(line, format),
        _ if system::is_own_message(line) => Ok(Body::System),
        _ => Err(Reject::UnknownFormat),
    }
}

/// What begins as httplog and is none: tcplog, which begins alike and is shorter, or a connection's error.
#[cold]
fn not_httplog<'a>(line: &SyslogLine<'a>, format: Format) -> Result<Body<'a>, Reject> {
    if format == Format::Auto
        && let Ok(body) = compiled(line, log_format::tcplog())
    {
        return Ok(body);
    }
    if system::is_connection_error(line.body) { Ok(Body::System) } else { Err(Reject::HttplogShape) }
}

/// By a compiled format. What it cannot read may be one of HAProxy's own messages.
fn compiled<'a>(line: &SyslogLine<'a>, format: &'static RecordFormat) -> Result<Body<'a>, Reject> {
    match format.parse(line.body, || line.timestamp(), &mut Slots::default()) {
        Ok((record, _)) if record.line_id.is_some() => Ok(Body::Sf1(record)),
        Ok((record, beside)) if format.names_customer() => {
            Ok(Body::Httplog(record, Captures { request: beside.customer, response: beside.response_captures }))
        }
        Ok((record, beside)) => {
            let captures = Captures { request: beside.request_captures, response: beside.response_captures };
            Ok(Body::Httplog(record, captures))
        }
        Err(_) if system::is_own_message(line) || system::is_connection_error(line.body) => Ok(Body::System),
        Err(reject) => Err(reject),
    }
}
