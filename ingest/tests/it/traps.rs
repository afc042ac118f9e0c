//! HAProxy's traps, one by one, by the hand-written parser and by the compiled format alike.

use crate::log_format::{parse, record_format};
use suiftly_ingest::haproxy::httplog::{self, SingleCapture};
use suiftly_ingest::haproxy::log_format::{Attribution, HTTPLOG, Slots};
use suiftly_ingest::syslog;
use suiftly_schema::time::UnixMillis;

const RECEIVED: UnixMillis = UnixMillis(1_795_298_487_000);

/// What HAProxy does to a line, by whichever parser: record's status, bytes, total time, event, path, termination.
#[test]
fn lines_as_haproxy_writes_them() {
    type Said<'a> = (i16, u64, i32, u8, Option<&'a str>, &'a str);
    const HEAD: &str = "10.0.0.1:35200 [21/Nov/2026:20:54:59.969] fe be/app1";
    let long = format!("\"GET /{}", "x".repeat(1_000));
    // A quote within comes encoded, a backslash as it is.
    let quoted = "\"GET /a#22b\\c?x=#22 HTTP/1.1\"";
    let cases: [(&str, &str, Said<'_>); 9] = [
        ("0/0/0/5/5 200 89 - - ---- 1/1/1/1/0 0/0", "\"GET /x HTTP/1.1\"", (200, 89, 5, 0, Some("x"), "----")),
        ("-1/-1/-1/-1/0 400 0 - - CR-- 1/1/0/0/0 0/0", "\"<BADREQ>\"", (400, 0, 0, 12, None, "CR--")),
        ("0/-1/-1/-1/7 -1 0 - - CD-- 1/1/0/0/0 0/0", "\"GET /x HTTP/1.1\"", (-1, 0, 7, 0, Some("x"), "CD--")),
        ("0/0/0/5/+5 200 +89 - - ---- 1/1/1/1/+2 0/0", "\"GET /x HTTP/1.1\"", (200, 89, 5, 0, Some("x"), "----")),
        ("0/0/0/5/5 200 89 - - ---- 1/1/1/1/0 0/0", &long, (200, 89, 5, 0, Some("xxxxxxxxxx"), "----")),
        ("0/0/0/5/5 200 89 - - ---- 1/1/1/1/0 0/0", "\"GE", (200, 89, 5, 0, None, "----")),
        ("0/0/0/5/5 200 89 - - ---- 1/1/1/1/0 0/0", "{a#7Cb|c} {} \"GET / HTTP/1.1\"", (200, 89, 5, 0, None, "----")),
        ("0/0/0/5/5 200 89 - - ---- 1/1/1/1/0 0/0", quoted, (200, 89, 5, 0, Some("a"), "----")),
        ("0/0/-1/-1/9 503 212 k=v - SCVN 1/1/0/0/3 0/0", "\"GET /x HTTP/1.1\"", (503, 212, 9, 60, Some("x"), "SCVN")),
    ];
    let compiled = record_format(HTTPLOG, &Attribution::default());
    for (fields, rest, expected) in cases {
        // HAProxy names its host so, or not at all, or as it is.
        for host in ["localhost ", "- ", "lb01 ", ""] {
            let line = format!("<134>Nov 21 20:54:59 {host}haproxy[7]: {HEAD} {fields} {rest}");
            let line = syslog::parse(line.as_bytes(), RECEIVED).unwrap();
            assert_eq!(line.host.is_some(), host.starts_with('l'));
            let by_hand = httplog::parse(line.body, SingleCapture::Request).unwrap_or_else(|r| panic!("{rest}: {r:?}"));
            let (record, _) = &by_hand;
            let path = record.path_prefix.as_ref().map(|path| path.as_str());
            let (total, termination) = (record.timers.total_ms, record.termination.as_str());
            let said = (record.status_code, record.bytes_sent, total, record.event_type, path, termination);
            assert_eq!(said, expected, "{fields} {rest}");
            assert_eq!(parse(&compiled, line.body), Ok(by_hand), "{fields} {rest}");
        }
    }
    let no_server =
        format!("{HEAD} -1/-1/-1/-1/0 503 0 - - SC-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"").replace("/app1", "/<NOSRV>");
    let (record, _) = parse(&compiled, no_server.as_bytes()).unwrap();
    assert_eq!((record.backend_id, record.event_type), (0, 62));
    // Two flags and no cookies, as `%ts` has them.
    let two = record_format("%ts %ST", &Attribution::default());
    let (record, _) = two.parse(b"cD 200", || Some(RECEIVED), &mut Slots::default()).unwrap();
    assert_eq!(record.termination.as_str(), "cD");
}
