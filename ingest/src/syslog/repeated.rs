//! Relays that say a line came several times instead of passing it on: rsyslog's `message repeated 3 times: [ …]`,
//! which says which, and sysklogd's `last message repeated 3 times`, which does not.
//!
//! The count is of lines that were left out: the first one was passed on by itself. rsyslog cuts the line in the
//! brackets at 800 bytes.

use crate::reject::Reject;
use memchr::memmem;

/// A count above this is not believed.
pub const MAX_REPEATS: u32 = 1_000_000;

const BRACKETED: &[u8] = b"message repeated ";
const OF_LAST: &[u8] = b"last message repeated ";

/// So many lines with this body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated<'a> {
    /// 1 to [`MAX_REPEATS`].
    pub times: u32,
    /// The body between the brackets.
    pub body: &'a [u8],
}

/// What a relay says of a line, if this is such a body; [`Reject::Repeated`] if it does not say which line.
#[inline]
pub fn parse(body: &[u8]) -> Option<Result<Repeated<'_>, Reject>> {
    // One look at one byte for nearly all lines.
    match body.first() {
        Some(b'm') if body.starts_with(BRACKETED) => Some(bracketed(&body[BRACKETED.len()..]).ok_or(Reject::Repeated)),
        Some(b'l') if body.starts_with(OF_LAST) => Some(Err(Reject::Repeated)),
        _ => None,
    }
}

/// `3 times: [ body]`
#[cold]
fn bracketed(text: &[u8]) -> Option<Repeated<'_>> {
    let (count, body) = text.split_at(memmem::find(text, b" times: [")?);
    let body = body.strip_prefix(b" times: [")?.strip_suffix(b"]")?.trim_ascii();
    let times = std::str::from_utf8(count).ok().filter(|count| !count.starts_with('+'))?.parse().ok()?;
    ((1..=MAX_REPEATS).contains(&times) && !body.is_empty()).then_some(Repeated { times, body })
}

/// Whether a body that nothing could be made of is a relay's word of the line before, behind a header without a tag.
#[cold]
pub fn is_of_last(body: &[u8]) -> bool {
    body.ends_with(b" times") && memmem::find(body, OF_LAST).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_relays_say() {
        let told = [
            ("message repeated 3 times: [ SF1 1 2]", 3, "SF1 1 2"),
            ("message repeated 1 times: [SF1]", 1, "SF1"),
            ("message repeated 1000000 times: [ a [b] c]", 1_000_000, "a [b] c"),
        ];
        for (body, times, inner) in told {
            assert_eq!(parse(body.as_bytes()), Some(Ok(Repeated { times, body: inner.as_bytes() })), "{body}");
        }
        let untold = [
            "message repeated 1000001 times: [ a]",
            "message repeated 0 times: [ a]",
            "message repeated -3 times: [ a]",
            "message repeated +3 times: [ a]",
            "message repeated 99999999999 times: [ a]",
            "message repeated 3 times: [ ]",
            "message repeated 3 times: [ cut",
            "message repeated 3 times",
            "last message repeated 3 times",
        ];
        for body in untold {
            assert_eq!(parse(body.as_bytes()), Some(Err(Reject::Repeated)), "{body}");
        }
        for body in ["message for you", "lasting", ""] {
            assert_eq!(parse(body.as_bytes()), None, "{body}");
        }
        assert!(is_of_last(b"Nov 21 20:54:59 lb01 last message repeated 3 times"));
        assert!(!is_of_last(b"message repeated 3 times"));
    }
}
