//! The last words on a link: why it ends, for people.

use crate::frame::Frame;
use crate::kind::Kind;

/// More than this nobody reads, in bytes.
const WHY_BYTES_MAX: usize = 1 << 10;

pub(crate) fn frame(why: &str) -> Frame {
    let end = why.floor_char_boundary(WHY_BYTES_MAX);
    Frame::new(Kind::Bye, why.as_bytes()[..end].to_vec())
}

/// What the other side gives as its reason, on one line.
pub(crate) fn why(payload: &[u8]) -> String {
    let told = String::from_utf8_lossy(&payload[..payload.len().min(WHY_BYTES_MAX)]);
    told.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters_and_stays_on_one_line() {
        for (said, heard) in [
            ("the API restarts".to_owned(), "the API restarts".to_owned()),
            ("one\nline\x1b[31m".to_owned(), "one line [31m".to_owned()),
            ("€".repeat(1_000), "€".repeat(WHY_BYTES_MAX / 3)),
        ] {
            assert_eq!(why(&frame(&said).payload), heard);
        }
        assert_eq!(why(&[b'a'; 5_000]).len(), WHY_BYTES_MAX);
        assert_eq!(why(b"\xffno text"), "\u{fffd}no text");
    }
}
