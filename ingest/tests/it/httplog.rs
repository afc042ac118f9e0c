//! The httplog parser, trap by trap.

use suiftly_ingest::haproxy::httplog::{SingleCapture, is_shaped, parse};
use suiftly_ingest::reject::Reject;
use suiftly_schema::record::{Record, Timers};

const HEAD: &str =
    "127.0.0.1:35200 [21/Nov/2026:20:54:59.969] fe_api be_app/app1 0/1/2/5/8 200 89 - - ---- 30/17/16/5/0 0/0";

/// What is replaced by what, and what must hold of the record then.
type Case<'a> = (&'a str, &'a str, fn(&Record) -> bool);

fn read(line: &str) -> (Record, Vec<Option<String>>) {
    let (record, captures) =
        parse(line.as_bytes(), SingleCapture::Request).unwrap_or_else(|reject| panic!("{line}: {reject:?}"));
    let header = |number| captures.request_header(number).map(|text| String::from_utf8_lossy(text).into_owned());
    (record, vec![header(1), header(2), header(3)])
}

fn path(line: &str) -> Option<String> {
    read(line).0.path_prefix.map(|text| text.as_str().to_owned())
}

#[test]
fn every_field_of_a_line() {
    let line =
        format!("{HEAD} {{127.0.0.1:18080|client/1.4 (Linux)|key303}} {{text/plain}} \"GET /api/v3/t1?x=1 HTTP/1.1\"");
    let (record, headers) = read(&line);
    assert_eq!(record.timestamp.rfc3339(), "2026-11-21T20:54:59.969Z");
    assert_eq!(record.client_ip, Some("127.0.0.1".parse().unwrap()));
    let timers =
        Timers { request_ms: Some(0), queue_ms: Some(1), connect_ms: Some(2), response_ms: Some(5), total_ms: 8 };
    assert_eq!(record.timers, timers);
    assert_eq!((record.status_code, record.bytes_sent, record.backend_id), (200, 89, 1));
    assert_eq!((record.termination.as_str(), record.event_type, record.traffic_type), ("----", 0, 0));
    assert_eq!(record.path_prefix.unwrap().as_str(), "api/v3/t1");
    assert_eq!((record.customer_id, record.service, record.network, record.line_id), (None, None, None, None));
    assert_eq!(
        headers,
        [Some("127.0.0.1:18080"), Some("client/1.4 (Linux)"), Some("key303")].map(|h| h.map(str::to_owned))
    );
}

#[test]
fn a_request_that_could_not_be_parsed() {
    let line = "127.0.0.1:35172 [21/Nov/2026:20:54:59.964] fe_api fe_api/<NOSRV> -1/-1/-1/-1/0 400 0 - - CR-- 1/1/0/0/0 \
                0/0 \"<BADREQ>\"";
    let (record, headers) = read(line);
    assert_eq!((record.status_code, record.event_type, record.backend_id), (400, 12, 0));
    assert_eq!(record.timers, Timers::default());
    assert_eq!((record.path_prefix, headers), (None, vec![None; 3]));
}

#[test]
fn variants_of_a_line() {
    let cases: &[Case<'_>] = &[
        ("127.0.0.1:35200", "2001:db8::7:35200", |r| r.client_ip == Some("2001:db8::7".parse().unwrap())),
        ("127.0.0.1:35200", "::ffff:10.0.0.1:35200", |r| r.client_ip == Some("10.0.0.1".parse().unwrap())),
        ("127.0.0.1:35200", "unix:1", |r| r.client_ip.is_none()),
        ("fe_api", "fe_api~", |_| true),
        ("0/1/2/5/8 200 89", "0/1/2/-1/+8 -1 +89", |r| {
            r.status_code == -1 && r.bytes_sent == 89 && r.timers.total_ms == 8 && r.timers.response_ms.is_none()
        }),
        ("30/17/16/5/0", "30/17/16/5/+1", |_| true),
        ("----", "SC--", |r| r.event_type == 60),
        ("----", "--", |r| r.termination.as_str() == "--"),
        ("be_app/app1", "be_app/<NOSRV>", |r| r.backend_id == 0),
        ("be_app/app1", "be_app/backup11", |r| r.backend_id == 11),
    ];
    for (from, to, holds) in cases {
        let line = format!("{} \"GET / HTTP/1.1\"", HEAD.replacen(from, to, 1));
        assert!(holds(&read(&line).0), "{line}");
    }
}

#[test]
fn captures_present_absent_empty_and_cut() {
    let cases: &[(&str, [Option<&str>; 3])] = &[
        ("\"GET / HTTP/1.1\"", [None, None, None]),
        ("{} \"GET / HTTP/1.1\"", [None, None, None]),
        ("{} {} \"GET / HTTP/1.1\"", [None, None, None]),
        ("{a||c} \"GET / HTTP/1.1\"", [Some("a"), None, Some("c")]),
        ("{a b|c d} {e} \"GET / HTTP/1.1\"", [Some("a b"), Some("c d"), None]),
        ("{a|b|cut off he", [Some("a"), Some("b"), None]),
        ("{cut off he", [None, None, None]),
        ("{a|b|c} {cut", [Some("a"), Some("b"), Some("c")]),
        ("{a|#7Bb#7D|\u{fc}}", [Some("a"), Some("#7Bb#7D"), Some("\u{fc}")]),
        ("", [None, None, None]),
    ];
    for (rest, expected) in cases {
        let (_, headers) = read(&format!("{HEAD} {rest}"));
        assert_eq!(headers, expected.map(|header| header.map(str::to_owned)), "{rest}");
    }
    let line = format!("{HEAD} {{only}} \"GET / HTTP/1.1\"");
    let (_, captures) = parse(line.as_bytes(), SingleCapture::Response).unwrap();
    assert_eq!((captures.request_header(1), captures.response), (None, Some(&b"only"[..])));
    let (_, captures) = parse(line.as_bytes(), SingleCapture::Request).unwrap();
    assert_eq!((captures.request_header(0), captures.request_header(1)), (None, Some(&b"only"[..])));
}

#[test]
fn paths_whole_and_cut() {
    let cases = [
        ("\"GET /api/v3/t121/items HTTP/1.1\"", Some("api/v3/t12")),
        ("\"GET /health?x=/y HTTP/1.1\"", Some("health")),
        ("\"GET / HTTP/1.1\"", None),
        ("\"GET https://api.example/v1/fetch_key HTTP/2.0\"", Some("v1/fetch_k")),
        ("\"OPTIONS * HTTP/1.1\"", Some("*")),
        ("\"GET /a\"quoted HTTP/1.1\"", Some("a\"quoted")),
        ("\"GET /cut/at/1024", Some("cut/at/102")),
        ("\"GE", None),
        ("\"", None),
        ("\"<BADREQ>\"", None),
        ("\"GET /a HTTP/1.1\" 0/0000/0/0/0 sni/TLSv1.3/x", Some("a")),
    ];
    for (request, expected) in cases {
        assert_eq!(path(&format!("{HEAD} {request}")).as_deref(), expected, "{request}");
    }
}

#[test]
fn lines_that_cannot_be_read() {
    use Reject::{HttplogDate, HttplogNumber, HttplogShape};
    let cases = [
        ("21/Nov", "31/Nov", HttplogDate),
        ("21/Nov", "21/Foo", HttplogDate),
        ("59.969", "60.969", HttplogDate),
        ("59.969]", "59,969]", HttplogDate),
        ("59.969]", "59.969", HttplogDate),
        ("127.0.0.1:", "nobody:", HttplogShape),
        ("be_app/app1", "be_app", HttplogShape),
        ("be_app/app1", "be_app/", HttplogShape),
        ("0/1/2/5/8", "0/1/2/5", HttplogShape),
        ("0/1/2/5/8", "0/1/2/5/8/9", HttplogShape),
        ("0/1/2/5/8", "0/1/2/5/x", HttplogNumber),
        ("0/1/2/5/8", "0/1/2/5/2147483648", HttplogNumber),
        (" 200 ", " 1000 ", HttplogNumber),
        (" 89 ", " 99999999999999999999 ", HttplogNumber),
        ("----", "---", HttplogShape),
        ("30/17/16/5/0", "30/17/16/5", HttplogShape),
        (" 0/0", " 0", HttplogShape),
        (" 0/0", "", HttplogShape),
    ];
    for (from, to, reject) in cases {
        let line = format!("{} \"<BADREQ>\"", HEAD.replacen(from, to, 1));
        assert_eq!(parse(line.as_bytes(), SingleCapture::Request).err(), Some(reject), "{line}");
    }
    for cut in 0..HEAD.len() {
        assert!(parse(&HEAD.as_bytes()[..cut], SingleCapture::Request).is_err(), "cut at {cut}");
    }
}

#[test]
fn what_begins_as_httplog() {
    assert!(is_shaped(HEAD.as_bytes()));
    assert!(is_shaped(b"unix:1 [21"));
    for body in ["", "SF1 1 2", "Proxy fe started.", "Connect from 127.0.0.1:1 to [::1]:80", "Server [x", "a b [c"] {
        assert!(!is_shaped(body.as_bytes()), "{body}");
    }
}
