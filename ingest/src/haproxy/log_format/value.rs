//! Values as HAProxy renders them: each type's check, and what is made of it. `-` and nothing are unset where HAProxy
//! can leave a value unset.

use super::super::MAX_BYTES_SENT;
use super::super::scan::{address, uint};
use super::alias::Kind;
use crate::calendar::{Civil, four_digits, month_number, parse_rfc3339, time_of_day, two_digits};
use std::net::IpAddr;
use suiftly_schema::time::UnixMillis;

/// The value is none of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoValue;

/// Whether there are texts that are not of the type.
pub(super) const fn may_be_none(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Name | Kind::Word | Kind::Uri | Kind::Request | Kind::Text | Kind::Captures | Kind::CaptureList
    )
}

/// Whether `line[start..end]` is of the type.
#[inline]
pub(super) fn is_of(kind: Kind, line: &[u8], start: usize, end: usize) -> bool {
    let text = &line[start..end];
    match kind {
        Kind::Count => count(line, start, end).is_ok(),
        Kind::Timer => timer(line, start, end).is_ok(),
        Kind::Status => status(line, start, end).is_ok(),
        Kind::Integer => is_unset(text) || is_integer(line, start, end),
        Kind::Port => is_unset(text) || text == b"\"\"" || uint(line, start, end).is_some(),
        Kind::Hex => is_unset(text) || text.iter().all(u8::is_ascii_hexdigit),
        Kind::Address => client(line, start, end).is_ok(),
        Kind::DateLocal => date_local(text).is_ok(),
        Kind::DateZone => date_zone(text).is_ok(),
        Kind::Millis => uint(line, start, end).is_some(),
        Kind::Flags | Kind::CookieFlags => text.iter().all(u8::is_ascii_graphic),
        Kind::Name | Kind::Word | Kind::Uri | Kind::Request | Kind::Text | Kind::Captures | Kind::CaptureList => true,
    }
}

pub(super) const fn is_unset(text: &[u8]) -> bool {
    matches!(text, b"-" | b"")
}

fn is_integer(line: &[u8], start: usize, end: usize) -> bool {
    let signed = matches!(line.get(start), Some(b'-' | b'+'));
    uint(line, start + usize::from(signed), end).is_some()
}

/// A count, without the `+` of what was not at its end. At most 2⁴⁸.
#[inline]
pub(super) fn count(line: &[u8], start: usize, end: usize) -> Result<u64, NoValue> {
    let start = if end > start + 1 && line[start] == b'+' { start + 1 } else { start };
    uint(line, start, end).filter(|count| *count <= MAX_BYTES_SENT).ok_or(NoValue)
}

/// Milliseconds; `None` for `-1`.
#[inline]
pub(super) fn timer(line: &[u8], start: usize, end: usize) -> Result<Option<i32>, NoValue> {
    if line[start..end] == *b"-1" {
        return Ok(None);
    }
    i32::try_from(count(line, start, end)?).map(Some).map_err(|_| NoValue)
}

#[inline]
pub(super) fn status(line: &[u8], start: usize, end: usize) -> Result<i16, NoValue> {
    match uint(line, start, end) {
        Some(status @ 0..=999) => i16::try_from(status).map_err(|_| NoValue),
        None if line[start..end] == *b"-1" => Ok(-1),
        _ => Err(NoValue),
    }
}

/// An address; `None` for one that is unset or a Unix socket's.
#[inline]
pub(super) fn client(line: &[u8], start: usize, end: usize) -> Result<Option<IpAddr>, NoValue> {
    if let Some(ip) = address(line, start, end) {
        return Ok(Some(ip));
    }
    if matches!(&line[start..end], b"unix" | b"-" | b"") { Ok(None) } else { Err(NoValue) }
}

/// An address by `+X`: 8 or 32 hexadecimal digits.
pub(super) fn client_hex(text: &[u8]) -> Result<Option<IpAddr>, NoValue> {
    let text = std::str::from_utf8(text).map_err(|_| NoValue)?;
    match text.len() {
        8 => u32::from_str_radix(text, 16).map(|bits| Some(IpAddr::V4(bits.into()))).map_err(|_| NoValue),
        32 => {
            u128::from_str_radix(text, 16).map(|bits| Some(IpAddr::V6(bits.into()).to_canonical())).map_err(|_| NoValue)
        }
        _ if is_unset(text.as_bytes()) => Ok(None),
        _ => Err(NoValue),
    }
}

/// A number, decimal or by `+X`; `None` where unset.
#[inline]
pub(super) fn number(line: &[u8], start: usize, end: usize, hex: bool) -> Result<Option<u64>, NoValue> {
    let text = &line[start..end];
    let number = if hex {
        std::str::from_utf8(text).ok().and_then(|text| u64::from_str_radix(text, 16).ok())
    } else {
        uint(line, start, end)
    };
    match number {
        Some(number) => Ok(Some(number)),
        None if is_unset(text) => Ok(None),
        None => Err(NoValue),
    }
}

/// `21/Nov/2026:20:54:59.969`, taken as UTC.
#[inline]
pub(super) fn date_local(text: &[u8]) -> Result<UnixMillis, NoValue> {
    civil(text).filter(|_| text.len() == 24 && text[20] == b'.').and_then(Civil::at_utc).ok_or(NoValue)
}

/// `21/Nov/2026:20:54:59 +0100`
pub(super) fn date_zone(text: &[u8]) -> Result<UnixMillis, NoValue> {
    let read = || {
        let civil = civil(text)?;
        let [b' ', sign @ (b'+' | b'-'), zone @ ..] = text.get(20..)? else {
            return None;
        };
        let minutes = i64::from(two_digits(zone, 0)?) * 60 + i64::from(two_digits(zone, 2)?);
        let offset_ms = if *sign == b'-' { -minutes } else { minutes } * 60_000;
        (text.len() == 26).then(|| civil.at_utc()).flatten().map(|at| at.plus_ms(-offset_ms))
    };
    read().ok_or(NoValue)
}

/// `21/Nov/2026:20:54:59`, and milliseconds where they follow.
fn civil(text: &[u8]) -> Option<Civil> {
    let [_, _, b'/', a, b, c, b'/', _, _, _, _, b':', time @ ..] = text else {
        return None;
    };
    let (hour, minute, second) = time_of_day(time, 0)?;
    let ms = match time.get(8) {
        Some(b'.') => u16::try_from(uint(text, 21, text.len())?).ok()?,
        _ => 0,
    };
    let month = month_number(&[*a, *b, *c])?;
    Some(Civil { year: four_digits(text, 7)?, month, day: two_digits(text, 0)?, hour, minute, second, ms })
}

/// Any date an attribution may name: milliseconds or seconds since 1970, RFC 3339, or one of HAProxy's own.
pub(super) fn any_date(text: &[u8]) -> Result<Option<UnixMillis>, NoValue> {
    /// Below this a number of our century is one of seconds.
    const FIRST_MILLIS: i64 = 100_000_000_000;
    if is_unset(text) {
        return Ok(None);
    }
    let at = match uint(text, 0, text.len()) {
        Some(number) => i64::try_from(number).ok().map(|n| UnixMillis(if n < FIRST_MILLIS { n * 1_000 } else { n })),
        None => parse_rfc3339(text).or_else(|| date_local(text).or_else(|_| date_zone(text)).ok()),
    };
    at.filter(|at| *at <= UnixMillis::MAX).map(Some).ok_or(NoValue)
}
