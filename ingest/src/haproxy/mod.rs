//! HAProxy's lines: which format a body is in, and the parsers. A body becomes a request's record, one of HAProxy's own
//! messages, or a reason why it is neither.
//!
//! - [`sf1`]: the gateway's own `log-format` (SPEC §3.2), with worker and number.
//! - [`httplog`]: stock `option httplog` (and `httpslog`, whose tail is passed over), with captures.
//! - [`system`]: server state changes, reloads, alerts.
//! - [`event`]: what status and termination state say where the rules said nothing.

pub mod event;
pub mod httplog;
mod scan;
pub mod sf1;
pub mod system;

use crate::reject::Reject;
use crate::syslog::SyslogLine;
use httplog::{Captures, SingleCapture};
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
}

impl FromStr for Format {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "sf1" => Ok(Self::Sf1),
            "httplog" => Ok(Self::Httplog),
            _ => Err(format!("no format is called {word:?}; there are auto, sf1 and httplog")),
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
    match line.body {
        [b'S', b'F', b'0'..=b'9', ..] if format != Format::Httplog => sf1::parse(line.body).map(Body::Sf1),
        body if format != Format::Sf1 && httplog::is_shaped(body) => match httplog::parse(body, single) {
            Ok((record, captures)) => Ok(Body::Httplog(record, captures)),
            Err(Reject::HttplogShape) if system::is_connection_error(body) => Ok(Body::System),
            Err(reject) => Err(reject),
        },
        _ if system::is_own_message(line) => Ok(Body::System),
        _ => Err(Reject::UnknownFormat),
    }
}
