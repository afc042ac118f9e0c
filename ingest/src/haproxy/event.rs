//! The event type (SPEC §4) that status and termination state imply. The gateway's rules run before the backend
//! answers, so they cannot say 50–54 and 60–63; and they do not run at all for a request that could not be parsed.
//!
//! First match, by the two letters of the termination state (who ended it, in which phase) and the status:
//!
//! | state | status | event |
//! |---|---|---|
//! | `PR`, `CR` | 400 | 12 malformed |
//! | `cR` | 408 | 14 request timeout |
//! | `SC` and no server | any | 62 no backend |
//! | `SC` | any | 60 refused |
//! | `sC` | any | 61 connect timeout |
//! | `sQ` | any | 63 queue timeout |
//! | any | 500 | 50 |
//! | any | 502 | 51 |
//! | any | 503 | 52 |
//! | any | 504 | 53 |
//! | any | other 5xx | 54 |
//! | any | the rest | 0 |
//!
//! An event the rules have set, other than 0, stands.

/// The event that follows from how a request ended. `no_server` is `<NOSRV>`.
#[inline]
pub const fn derive(status_code: i16, termination: &[u8], no_server: bool) -> u8 {
    match (termination, status_code) {
        ([b'-', b'-', ..], 0..=499) => 0,
        ([b'P' | b'C', b'R', ..], 400) => 12,
        ([b'c', b'R', ..], 408) => 14,
        ([b'S', b'C', ..], _) => {
            if no_server {
                62
            } else {
                60
            }
        }
        ([b's', b'C', ..], _) => 61,
        ([b's', b'Q', ..], _) => 63,
        (_, 500) => 50,
        (_, 502) => 51,
        (_, 503) => 52,
        (_, 504) => 53,
        (_, 500..=599) => 54,
        _ => 0,
    }
}

/// The backend's number: the digits that end the server's name, 0 where there are none, there is no server, or the
/// number is beyond what is told apart (1–9 local, 10–19 backup).
#[inline]
pub fn backend_id(server: &[u8]) -> i16 {
    let mut id = 0i16;
    let mut unit = 1i16;
    for byte in server.iter().rev() {
        if !byte.is_ascii_digit() {
            break;
        }
        let digit = i16::from(byte - b'0');
        if unit > 10 && digit > 0 {
            return 0;
        }
        if unit <= 10 {
            id += digit * unit;
            unit *= 10;
        }
    }
    if id <= MAX_BACKEND_ID { id } else { 0 }
}

const MAX_BACKEND_ID: i16 = 19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_by_status_and_termination() {
        let cases: &[(i16, &str, bool, u8)] = &[
            (200, "--", false, 0),
            (200, "----", false, 0),
            (-1, "CD", false, 0),
            (-1, "--", false, 0),
            (400, "PR", true, 12),
            (400, "CR--", true, 12),
            (400, "--", false, 0),
            (401, "PR", true, 0),
            (408, "cR--", true, 14),
            (503, "SC", true, 62),
            (503, "SC", false, 60),
            (503, "sC", false, 61),
            (504, "sQ", false, 63),
            (500, "--", false, 50),
            (502, "SH", false, 51),
            (503, "--", false, 52),
            (503, "PR", true, 52),
            (504, "sH", false, 53),
            (501, "----", false, 54),
            (599, "--", false, 54),
            (600, "--", false, 0),
            (200, "", false, 0),
            (503, "S", false, 52),
        ];
        for (status, termination, no_server, event) in cases {
            assert_eq!(derive(*status, termination.as_bytes(), *no_server), *event, "{status} {termination}");
        }
    }

    #[test]
    fn backends_by_the_number_that_ends_their_name() {
        let cases = [
            ("<NOSRV>", 0),
            ("", 0),
            ("s1", 1),
            ("s01", 1),
            ("seal-9", 9),
            ("bk10", 10),
            ("bk19", 19),
            ("bk20", 0),
            ("s119", 0),
            ("s0019", 19),
            ("99999999999999999999", 0),
            ("7", 7),
            ("s1a", 0),
            ("2x3", 3),
        ];
        for (server, id) in cases {
            assert_eq!(backend_id(server.as_bytes()), id, "{server}");
        }
    }
}
