//! Stock `option httplog`:
//!
//! ```text
//! 127.0.0.1:35200 [21/Nov/2026:20:54:59.969] fe_api be_app/app1 0/0/0/5/5 200 89 - - ---- 30/17/16/5/0 0/0
//!   {request captures} {response captures} "GET /api/v3/t121/items/62026?limit=100 HTTP/1.1"
//! ```
//!
//! - The date is when the request began, in HAProxy's own zone; it is taken as UTC, so run HAProxy in UTC.
//! - `option logasap` puts `+` before times and bytes that were not at their end; `%rc` has one for a redispatch.
//! - Captures are there only where the configuration declares them. HAProxy escapes `{`, `|`, `}` and `"` within them
//!   (`#7B` …), so they end where they seem to. Their text is kept as written.
//! - A long request line is cut, without protocol and maybe without its closing quote; what is there is read.
//! - What stands behind the request (`option httpslog`) is passed over.
//!
//! Such a line says nothing of server, service, network, customer or traffic type, and has no identity: it cannot be
//! told from a duplicate.

use super::MAX_BYTES_SENT;
use super::event::{backend_id, derive};
use super::path;
use super::scan::{address, spaces, uint};
use crate::calendar::{Civil, four_digits, month_number, time_of_day, two_digits};
use crate::reject::Reject;
use memchr::{memchr, memrchr};
use std::net::IpAddr;
use suiftly_schema::{
    record::{Record, ShortText, Timers},
    time::UnixMillis,
};

/// Fields, each ended by a space, before captures and request.
const FIELDS: usize = 12;
/// `[21/Nov/2026:20:54:59.964]`
const DATE_BYTES: usize = 26;
/// A client's address and port are at most this long; a line whose first space is further on is no httplog line.
const MAX_CLIENT_BYTES: usize = 64;

mod field {
    pub(super) const CLIENT: usize = 0;
    pub(super) const DATE: usize = 1;
    pub(super) const BACKEND_SERVER: usize = 3;
    pub(super) const TIMERS: usize = 4;
    pub(super) const STATUS: usize = 5;
    pub(super) const BYTES_SENT: usize = 6;
    pub(super) const TERMINATION: usize = 9;
    pub(super) const CONNECTIONS: usize = 10;
    pub(super) const QUEUES: usize = 11;
}

/// What a single block of captures is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SingleCapture {
    /// Of the request.
    #[default]
    Request,
    /// Of the response.
    Response,
}

/// What a line says that its record has no place for: the captured headers, as written between the braces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Captures<'a> {
    /// The customer by a compiled format's attribution, where it is no number and in no map.
    pub customer: Option<&'a [u8]>,
    /// `%hr`
    pub request: Option<&'a [u8]>,
    /// `%hs`
    pub response: Option<&'a [u8]>,
}

impl<'a> Captures<'a> {
    /// The `number`th captured request header, counted from 1; `None` if it was not captured or is empty.
    pub fn request_header(&self, number: usize) -> Option<&'a [u8]> {
        let value = self.request?.split(|byte| *byte == b'|').nth(number.checked_sub(1)?)?;
        if value.is_empty() { None } else { Some(value) }
    }
}

/// Whether a body begins as an httplog line does, with a client and a bracket.
#[inline]
pub fn is_shaped(body: &[u8]) -> bool {
    let head = &body[..body.len().min(MAX_CLIENT_BYTES)];
    memchr(b' ', head).is_some_and(|at| body.get(at + 1) == Some(&b'[') && head[..at].contains(&b':'))
}

/// Reads an httplog body into a record without identity (`line_id` `None`, `journal_offset` 0).
pub fn parse(body: &[u8], single: SingleCapture) -> Result<(Record, Captures<'_>), Reject> {
    let line = Fields::split(body)?;
    let timestamp = date(line.bytes(field::DATE))?;
    let (server, no_server) = server(line.bytes(field::BACKEND_SERVER))?;
    let timers = timers(line.bytes(field::TIMERS))?;
    let status_code = status(line.bytes(field::STATUS))?;
    let termination = termination(line.bytes(field::TERMINATION))?;
    counters(line.bytes(field::CONNECTIONS), 5)?;
    counters(line.bytes(field::QUEUES), 2)?;
    let (captures, request) = captures(line.rest(), single);
    let record = Record {
        timestamp,
        customer_id: None,
        path_prefix: path::of_request(request),
        config_hex: None,
        network: None,
        server_id: None,
        service: None,
        api_key_fp: 0,
        frontend: None,
        traffic_type: 0,
        event_type: derive(status_code, termination.as_bytes(), no_server),
        client_ip: client(line.bytes(field::CLIENT))?,
        key_metadata: None,
        status_code,
        bytes_sent: count(line.bytes(field::BYTES_SENT))?,
        timers,
        backend_id: if no_server { 0 } else { backend_id(server) },
        termination: ShortText::new(termination),
        repeat: 1,
        line_id: None,
        journal_offset: 0,
    };
    Ok((record, captures))
}

struct Fields<'a> {
    line: &'a [u8],
    spaces: [u32; FIELDS],
}

impl<'a> Fields<'a> {
    fn split(line: &'a [u8]) -> Result<Self, Reject> {
        let mut at = [0; FIELDS];
        if spaces(line, &mut at) < FIELDS { Err(Reject::HttplogShape) } else { Ok(Self { line, spaces: at }) }
    }

    fn bytes(&self, index: usize) -> &'a [u8] {
        let start = if index == 0 { 0 } else { self.spaces[index - 1] as usize + 1 };
        &self.line[start..self.spaces[index] as usize]
    }

    fn rest(&self) -> &'a [u8] {
        &self.line[self.spaces[FIELDS - 1] as usize + 1..]
    }
}

/// `[21/Nov/2026:20:54:59.964]`, taken as UTC.
fn date(text: &[u8]) -> Result<UnixMillis, Reject> {
    read_date(text).ok_or(Reject::HttplogDate)
}

fn read_date(text: &[u8]) -> Option<UnixMillis> {
    let [b'[', _, _, b'/', a, b, c, b'/', _, _, _, _, b':', time @ .., b']'] = text else {
        return None;
    };
    if text.len() != DATE_BYTES || time[8] != b'.' {
        return None;
    }
    let month = month_number(&[*a, *b, *c])?;
    let (hour, minute, second) = time_of_day(time, 0)?;
    let ms = u16::try_from(number(&time[9..])?).ok()?;
    Civil { year: four_digits(text, 8)?, month, day: two_digits(text, 1)?, hour, minute, second, ms }.at_utc()
}

/// `address:port`; a client on a Unix socket has no address.
fn client(text: &[u8]) -> Result<Option<IpAddr>, Reject> {
    let colon = memrchr(b':', text).ok_or(Reject::HttplogShape)?;
    match &text[..colon] {
        b"unix" | b"-" | b"" => Ok(None),
        // Brackets come with `option forwardfor`-like custom formats and relays.
        [b'[', ip @ .., b']'] | ip => address(ip, 0, ip.len()).map(Some).ok_or(Reject::HttplogShape),
    }
}

fn server(text: &[u8]) -> Result<(&[u8], bool), Reject> {
    let slash = memchr(b'/', text).ok_or(Reject::HttplogShape)?;
    let server = &text[slash + 1..];
    if server.is_empty() { Err(Reject::HttplogShape) } else { Ok((server, server == b"<NOSRV>")) }
}

/// `%TR/%Tw/%Tc/%Tr/%Ta`
fn timers(text: &[u8]) -> Result<Timers, Reject> {
    let mut parts = text.split(|byte| *byte == b'/');
    let mut next = || timer(parts.next().ok_or(Reject::HttplogShape)?);
    let timers = Timers {
        request_ms: next()?,
        queue_ms: next()?,
        connect_ms: next()?,
        response_ms: next()?,
        total_ms: next()?.unwrap_or_default(),
    };
    if parts.next().is_some() { Err(Reject::HttplogShape) } else { Ok(timers) }
}

fn timer(text: &[u8]) -> Result<Option<i32>, Reject> {
    if text == b"-1" {
        return Ok(None);
    }
    i32::try_from(count(text)?).map(Some).map_err(|_| Reject::HttplogNumber)
}

fn status(text: &[u8]) -> Result<i16, Reject> {
    match number(text) {
        Some(status @ 0..=999) => i16::try_from(status).map_err(|_| Reject::HttplogNumber),
        None if text == b"-1" => Ok(-1),
        _ => Err(Reject::HttplogNumber),
    }
}

fn termination(text: &[u8]) -> Result<&str, Reject> {
    let printable = matches!(text.len(), 2 | 4) && text.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(text).ok().filter(|_| printable).ok_or(Reject::HttplogShape)
}

/// `%ac/%fc/%bc/%sc/%rc` and `%sq/%bq`: there, but not kept.
fn counters(text: &[u8], expected: usize) -> Result<(), Reject> {
    let mut found = 0;
    for part in text.split(|byte| *byte == b'/') {
        count(part)?;
        found += 1;
    }
    if found == expected { Ok(()) } else { Err(Reject::HttplogShape) }
}

/// A count that may have a `+` before it.
fn count(text: &[u8]) -> Result<u64, Reject> {
    let count = number(text.strip_prefix(b"+").unwrap_or(text)).ok_or(Reject::HttplogNumber)?;
    if count <= MAX_BYTES_SENT { Ok(count) } else { Err(Reject::HttplogNumber) }
}

fn number(text: &[u8]) -> Option<u64> {
    uint(text, 0, text.len())
}

/// Parts `{a|b} {c} "request"`; each of the three may be missing or cut.
fn captures(rest: &[u8], single: SingleCapture) -> (Captures<'_>, &[u8]) {
    let (first, rest) = block(rest);
    let (second, rest) = if first.is_some() { block(rest) } else { (None, rest) };
    let captures = match (first, second, single) {
        (first, None, SingleCapture::Response) => Captures { response: first, ..Captures::default() },
        (request, response, _) => Captures { request, response, ..Captures::default() },
    };
    (captures, quoted(rest))
}

/// A block in braces and what follows its space. In one that was cut the last value is not whole and is left out.
fn block(rest: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let Some(open) = rest.strip_prefix(b"{") else {
        return (None, rest);
    };
    match memchr(b'}', open) {
        Some(end) => (Some(&open[..end]), open[end + 1..].strip_prefix(b" ").unwrap_or(&open[end + 1..])),
        None => (memrchr(b'|', open).map(|end| &open[..end]), b""),
    }
}

/// The request between quotes; without its closing quote when it was cut.
fn quoted(rest: &[u8]) -> &[u8] {
    let Some(open) = rest.strip_prefix(b"\"") else {
        return b"";
    };
    memrchr(b'"', open).map_or(open, |end| &open[..end])
}
