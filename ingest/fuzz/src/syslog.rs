//! The syslog header. What is read borrows the frame; and whatever looks as HAProxy writes it is read just as
//! `syslog_loose` reads it, which the fast path stands in for.

use crate::{RECEIVED, is_within};
use chrono::Utc;
use suiftly_ingest::syslog::{self, SyslogLine};

/// Runs the target. Input: a frame.
pub fn check(data: &[u8]) {
    let Ok(line) = syslog::parse(data, RECEIVED) else { return };
    for part in [Some(line.body), line.host, line.app, line.pid].into_iter().flatten() {
        assert!(is_within(part, data));
    }
    assert_eq!(line.body, line.body.trim_ascii());
    assert!(line.priority.is_none_or(|priority| priority <= 191));
    assert!(line.severity().is_none_or(|severity| severity <= 7));
    let timestamp = line.timestamp();
    if let (true, Some(timestamp), Ok(text)) = (is_plain(data, &line), timestamp, std::str::from_utf8(data)) {
        let loose =
            syslog_loose::parse_message_with_year_exact_tz(text, |_| 2026, Some(Utc), syslog_loose::Variant::Either);
        let loose = loose.unwrap_or_else(|error| panic!("only the fast path reads {text:?}: {error}"));
        assert_eq!(line.host, loose.hostname.map(str::as_bytes), "host of {text:?}");
        assert_eq!(line.app, loose.appname.map(str::as_bytes), "app of {text:?}");
        assert_eq!(line.body, loose.msg.as_bytes().trim_ascii(), "body of {text:?}");
        // Without a year it is a matter of the receipt's.
        if text.contains(">1 ") {
            assert_eq!(Some(timestamp.0), loose.timestamp.map(|at| at.timestamp_millis()), "date of {text:?}");
        }
    }
}

/// Whether the frame is of HAProxy's shapes: plain words, a body that nobody could take for something else.
fn is_plain(frame: &[u8], line: &SyslogLine<'_>) -> bool {
    let word = |text: Option<&[u8]>| {
        text.is_none_or(|text| {
            text.first().is_some_and(|byte| byte.is_ascii_alphanumeric())
                && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte))
        })
    };
    let [first, .., last] = line.body else { return false };
    frame.first() == Some(&b'<')
        && frame.last() == Some(last)
        && line.app.is_some()
        && line.pid.is_some_and(|pid| pid.len() < 6 && pid[0] != b'0' && pid.iter().all(u8::is_ascii_digit))
        && word(line.host)
        && word(line.app)
        && [first, last].iter().all(|byte| byte.is_ascii_alphanumeric())
        && frame.iter().all(|byte| (b' '..=b'~').contains(byte))
}
