//! The syslog header: what stands before the body, by RFC 5424, RFC 3164, as files have it, or not at all (HAProxy's
//! `format raw`).
//!
//! HAProxy's own shapes are read by a fast path that allocates nothing; every other line that begins with a priority
//! goes to `syslog_loose`, which is tolerant and some twenty times slower. A property test holds the two together.
//!
//! A header that cannot be dated is still a header: what follows it is read, and the date is unset.

pub mod repeated;

use crate::calendar::{month_number, nearest_year, parse_bsd, parse_rfc3339};
use crate::reject::Reject;
use chrono::Utc;
use memchr::memchr;
use suiftly_schema::time::UnixMillis;

/// The highest priority: facility 23, severity 7.
const MAX_PRIORITY: u8 = 191;

/// A line parted into header and body. All text borrows the frame; `None` is absent or `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogLine<'a> {
    /// Facility × 8 + severity, 0–191.
    pub priority: Option<u8>,
    /// The sending host, as it calls itself.
    pub host: Option<&'a [u8]>,
    /// The sending program: `haproxy`, or what `log-tag` says.
    pub app: Option<&'a [u8]>,
    /// The sending process.
    pub pid: Option<&'a [u8]>,
    /// What it has to say, without blanks around it.
    pub body: &'a [u8],
    stamp: Stamp<'a>,
}

impl SyslogLine<'_> {
    /// When the header says the line was written. A date without a year takes the year nearest to the receipt, one
    /// without a zone is taken as UTC.
    pub fn timestamp(&self) -> Option<UnixMillis> {
        match self.stamp {
            Stamp::Absent => None,
            Stamp::Read(at) => Some(at),
            Stamp::Rfc3339(text) => parse_rfc3339(text),
            Stamp::Bsd { text, received_at } => parse_bsd(text, received_at),
        }
    }

    /// 0 (kernel) to 23 (local7).
    pub fn facility(&self) -> Option<u8> {
        self.priority.map(|priority| priority >> 3)
    }

    /// 0 (emergency) to 7 (debug). HAProxy logs requests at 6 (info), its own messages mostly above.
    pub fn severity(&self) -> Option<u8> {
        self.priority.map(|priority| priority & 7)
    }
}

/// The date, not read before someone asks: the bodies carry better ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stamp<'a> {
    Absent,
    Read(UnixMillis),
    Rfc3339(&'a [u8]),
    Bsd { text: &'a [u8], received_at: UnixMillis },
}

/// Parts a frame into header and body. `received_at` lends its year to dates without one.
pub fn parse(frame: &[u8], received_at: UnixMillis) -> Result<SyslogLine<'_>, Reject> {
    if frame.first() == Some(&b'<') {
        match parse_fast(frame, received_at) {
            Some(line) => Ok(line),
            None => parse_loose(frame, received_at),
        }
    } else {
        Ok(dated(frame, None, received_at).unwrap_or_else(|| bare(frame, None)))
    }
}

/// HAProxy's own shapes, behind a priority.
fn parse_fast(frame: &[u8], received_at: UnixMillis) -> Option<SyslogLine<'_>> {
    let (priority, rest) = take_priority(frame)?;
    match rest {
        [b'1', b' ', header @ ..] => rfc5424(header, priority),
        // `format short`: a priority and nothing else.
        [b'S', b'F', ..] => Some(bare(rest, Some(priority))),
        _ => dated(rest, Some(priority), received_at),
    }
}

#[inline]
fn take_priority(frame: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = match frame {
        [b'<', a, b'>', rest @ ..] => ([b'0', b'0', *a], rest),
        [b'<', a, b, b'>', rest @ ..] => ([b'0', *a, *b], rest),
        [b'<', a, b, c, b'>', rest @ ..] => ([*a, *b, *c], rest),
        _ => return None,
    };
    let mut priority = 0u16;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        priority = priority * 10 + u16::from(digit - b'0');
    }
    let priority = u8::try_from(priority).ok().filter(|priority| *priority <= MAX_PRIORITY)?;
    Some((priority, rest))
}

/// `2026-11-21T22:01:17.199024+00:00 - haproxy 7555 - - body`, without structured data.
fn rfc5424(header: &[u8], priority: u8) -> Option<SyslogLine<'_>> {
    let (date, rest) = take_word(header)?;
    let (host, rest) = take_token(rest)?;
    let (app, rest) = take_token(rest)?;
    let (pid, rest) = take_token(rest)?;
    let (_message_id, rest) = take_token(rest)?;
    let stamp = match date {
        b"-" => Stamp::Absent,
        _ if date.get(10) == Some(&b'T') => Stamp::Rfc3339(date),
        _ => return None,
    };
    let body = match rest {
        b"-" => b"",
        [b'-', b' ', body @ ..] => body.trim_ascii(),
        _ => return None,
    };
    Some(SyslogLine { priority: Some(priority), host: set(host), app: set(app), pid: set(pid), body, stamp })
}

/// `Nov 21 20:54:59 lb01 haproxy[26830]: body`, without the host, or with an RFC 3339 date as files have it.
fn dated(text: &[u8], priority: Option<u8>, received_at: UnixMillis) -> Option<SyslogLine<'_>> {
    let (stamp, rest) = take_date(text, received_at)?;
    let (first, after_first) = take_word(rest)?;
    let (host, (app, pid), body) = match tag(first) {
        // A tag alone is known by its process id; a word with a colon might be a host.
        Some((app, Some(pid))) => (None, (app, Some(pid)), after_first),
        _ => {
            let (second, body) = take_word(after_first)?;
            (set(first), tag(second)?, body)
        }
    };
    Some(SyslogLine { priority, host, app: Some(app), pid, body: body.trim_ascii(), stamp })
}

fn take_date(text: &[u8], received_at: UnixMillis) -> Option<(Stamp<'_>, &[u8])> {
    match text {
        [a, b, c, b' ', _, _, b' ', _, _, b':', _, _, b':', _, _, b' ', rest @ ..] => {
            month_number(&[*a, *b, *c])?;
            Some((Stamp::Bsd { text: &text[..15], received_at }, rest))
        }
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..] => {
            let (date, rest) = take_word(text)?;
            Some((Stamp::Rfc3339(date), rest))
        }
        _ => None,
    }
}

/// `haproxy[26830]:` or `haproxy:`.
fn tag(word: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let tag = word.strip_suffix(b":")?;
    match tag.strip_suffix(b"]") {
        Some(open) => {
            let at = memchr(b'[', open)?;
            let (app, pid) = (&open[..at], &open[at + 1..]);
            if app.is_empty() || pid.is_empty() { None } else { Some((app, Some(pid))) }
        }
        None if tag.is_empty() => None,
        None => Some((tag, None)),
    }
}

/// A short field up to its space. One that ends in a colon, or none, is left to the tolerant parser.
#[inline]
fn take_token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    // Fields of a few bytes: a plain loop beats a vectorised search.
    let end = text.iter().position(|byte| *byte == b' ')?;
    let token = &text[..end];
    if matches!(token.last(), None | Some(b':')) { None } else { Some((token, &text[end + 1..])) }
}

/// A word up to its space or the end; not empty.
fn take_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = match memchr(b' ', text) {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &text[text.len()..]),
    };
    if word.is_empty() { None } else { Some((word, rest)) }
}

fn set(token: &[u8]) -> Option<&[u8]> {
    if token == b"-" { None } else { Some(token) }
}

/// No header, but for a priority maybe.
fn bare(body: &[u8], priority: Option<u8>) -> SyslogLine<'_> {
    SyslogLine { priority, host: None, app: None, pid: None, body: body.trim_ascii(), stamp: Stamp::Absent }
}

fn parse_loose(frame: &[u8], received_at: UnixMillis) -> Result<SyslogLine<'_>, Reject> {
    let text = std::str::from_utf8(frame).map_err(|_| Reject::NotUtf8)?;
    let (priority, _) = take_priority(frame).ok_or(Reject::SyslogHeader)?;
    let year = |(month, ..): syslog_loose::IncompleteDate| {
        i32::from(u8::try_from(month).map_or(1970, |month| nearest_year(month, received_at)))
    };
    let message = syslog_loose::parse_message_with_year_exact_tz(text, year, Some(Utc), syslog_loose::Variant::Either)
        .map_err(|_| Reject::SyslogHeader)?;
    let stamp = message.timestamp.map(|at| UnixMillis(at.timestamp_millis()));
    let in_range = stamp.filter(|at| (UnixMillis::MIN..=UnixMillis::MAX).contains(at));
    Ok(SyslogLine {
        priority: Some(priority),
        host: message.hostname.map(str::as_bytes),
        app: message.appname.map(str::as_bytes),
        pid: pid_in(text, message.procid.as_ref()),
        body: message.msg.as_bytes().trim_ascii(),
        stamp: in_range.map_or(Stamp::Absent, Stamp::Read),
    })
}

/// The process id as it stands in the line; `syslog_loose` has made a number of it where it could.
fn pid_in<'a>(text: &'a str, pid: Option<&syslog_loose::ProcId<&'a str>>) -> Option<&'a [u8]> {
    match pid? {
        syslog_loose::ProcId::Name(name) => Some(name.as_bytes()),
        syslog_loose::ProcId::PID(number) => {
            let digits = number.to_string();
            let at = text.find(&digits)?;
            Some(&text.as_bytes()[at..at + digits.len()])
        }
    }
}

#[cfg(test)]
mod tests;
