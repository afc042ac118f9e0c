//! Tells octet counting from newlines by a stream's first bytes.
//!
//! A frame that begins as a syslog message or an SF1 line decides at once, so that the first line of a connection waits
//! for nothing. Any other one (`format raw` with a `log-format` of one's own) may begin with digits and a space either
//! way: `200 1234 /path` is a line, or the first of 200 bytes. There the count is held against what it counts: no line
//! ends within the frame, and behind it stands the next count or a newline. So the first line of such a connection waits
//! for the second. A line that passes for a count by chance breaks the stream at its end; who connects again is looked
//! at anew.

use super::{Framing, MAX_COUNT_DIGITS, MAX_STREAM_FRAME_BYTES, trim_end};
use memchr::memchr;
use std::ops::Range;

/// Digits of a syslog priority, as in `<134>`.
const MAX_PRIORITY_DIGITS: usize = 3;
const SF1: &[u8] = b"SF1 ";

/// What bytes may be.
enum Verdict<T> {
    Yes(T),
    No,
    /// It is too early to tell.
    Early,
}

/// The framing of a stream that begins so, however it is split into reads; `None` if it is too early to tell.
pub(super) fn detect(buf: &[u8]) -> Option<Framing> {
    let frame = match count(buf) {
        Verdict::Yes(frame) => frame,
        Verdict::No => return Some(Framing::Newline),
        Verdict::Early => return None,
    };
    match begins_as_known(&buf[frame.start..]) {
        Verdict::Yes(()) => return Some(Framing::OctetCount),
        Verdict::Early => return None,
        Verdict::No => {}
    }
    match is_counted(buf, &frame) {
        Verdict::Yes(()) => Some(Framing::OctetCount),
        Verdict::No => Some(Framing::Newline),
        Verdict::Early => None,
    }
}

/// The frame of a stream that ended before it was decided, if it is a count and no more than what it counts.
pub(super) fn whole_counted_frame(buf: &[u8]) -> Option<Range<usize>> {
    let Verdict::Yes(range) = count(buf) else { return None };
    let frame = trim_end(buf.get(range.clone())?);
    let is_all = trim_end(&buf[range.end..]).is_empty();
    (is_all && !frame.is_empty()).then_some(range.start..range.start + frame.len())
}

/// `LENGTH SP`: where the frame stands that is announced.
fn count(buf: &[u8]) -> Verdict<Range<usize>> {
    let digits = buf.iter().take(MAX_COUNT_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    match (buf.first(), buf.get(digits)) {
        (None, _) => Verdict::Early,
        (Some(b'0'), _) => Verdict::No,
        _ if digits == 0 || digits > MAX_COUNT_DIGITS => Verdict::No,
        (_, None) => Verdict::Early,
        (_, Some(b' ')) => {
            let len = buf[..digits].iter().fold(0, |len, digit| len * 10 + usize::from(digit - b'0'));
            Verdict::Yes(digits + 1..digits + 1 + len)
        }
        _ => Verdict::No,
    }
}

/// `<134>`, or SF1 without a header.
fn begins_as_known(frame: &[u8]) -> Verdict<()> {
    let seen = frame.len().min(SF1.len());
    if frame[..seen] == SF1[..seen] {
        return if seen == SF1.len() { Verdict::Yes(()) } else { Verdict::Early };
    }
    if frame[0] != b'<' {
        return Verdict::No;
    }
    let digits = frame[1..].iter().take(MAX_PRIORITY_DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
    match frame.get(1 + digits) {
        None => Verdict::Early,
        Some(b'>') if digits > 0 => Verdict::Yes(()),
        Some(_) => Verdict::No,
    }
}

/// Whether what stands in `frame` may be one, by itself and by what stands behind it.
fn is_counted(buf: &[u8], frame: &Range<usize>) -> Verdict<()> {
    if frame.len() > MAX_STREAM_FRAME_BYTES {
        return Verdict::No;
    }
    let there = &buf[frame.start..frame.end.min(buf.len())];
    // The last byte may be a newline that was counted.
    if memchr(b'\n', there).is_some_and(|at| at + 1 < frame.len()) {
        return Verdict::No;
    }
    match buf.get(frame.end..).unwrap_or_default() {
        [] => Verdict::Early,
        [b'\n' | b'\r', ..] => Verdict::Yes(()),
        next => match count(next) {
            Verdict::Yes(_) => Verdict::Yes(()),
            Verdict::No => Verdict::No,
            Verdict::Early => Verdict::Early,
        },
    }
}
