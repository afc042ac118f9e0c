use super::*;
use proptest::prelude::*;

/// Received at 2026-11-21T22:05:00Z.
const RECEIVED: UnixMillis = UnixMillis(1_795_298_700_000);

/// priority, timestamp, host, app, pid, body
type Parts = (Option<u8>, Option<String>, Option<String>, Option<String>, Option<String>, String);

fn parts(line: &SyslogLine<'_>) -> Parts {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        line.priority,
        line.timestamp().map(UnixMillis::rfc3339),
        line.host.map(text),
        line.app.map(text),
        line.pid.map(text),
        text(line.body),
    )
}

fn check(frame: &str, priority: Option<u8>, rest: [&str; 5]) {
    let [at, host, app, pid, body] = rest.map(|text| (!text.is_empty()).then(|| text.to_owned()));
    let line = parse(frame.as_bytes(), RECEIVED).unwrap_or_else(|reject| panic!("{frame}: {reject:?}"));
    assert_eq!(parts(&line), (priority, at, host, app, pid, body.unwrap_or_default()), "{frame}");
}

#[test]
fn rfc5424_as_haproxy_writes_it() {
    let at = "2026-11-21T22:01:17.199Z";
    let line = "<134>1 2026-11-21T22:01:17.199024+00:00 - haproxy 7555 - - SF1 1 2";
    check(line, Some(134), [at, "", "haproxy", "7555", "SF1 1 2"]);
    let line = "<134>1 2026-11-21T22:01:17.199024+00:00 localhost haproxy 7555 - - SF1 1 2";
    check(line, Some(134), [at, "localhost", "haproxy", "7555", "SF1 1 2"]);
    check("<14>1 - gw1 haproxy 7555 - -", Some(14), ["", "gw1", "haproxy", "7555", ""]);
    // A sequence id as structured data is left to syslog_loose.
    let line = "<5>1 2026-11-21T22:01:17.199024+00:00 gw1 haproxy 7555 - [meta sequenceId=\"4\"] body here";
    check(line, Some(5), [at, "gw1", "haproxy", "7555", "body here"]);
}

#[test]
fn rfc3164_as_haproxy_and_relays_write_it() {
    let at = "2026-11-21T20:54:59Z";
    check("<134>Nov 21 20:54:59 lb01 haproxy[26830]: a b", Some(134), [at, "lb01", "haproxy", "26830", "a b"]);
    check("<134>Nov 21 20:54:59 haproxy[26830]: a b", Some(134), [at, "", "haproxy", "26830", "a b"]);
    check("<134>Nov 21 20:54:59 lb01 haproxy: a b", Some(134), [at, "lb01", "haproxy", "", "a b"]);
    check("<134>Nov  1 20:54:59 - haproxy[1]: ", Some(134), ["2026-11-01T20:54:59Z", "", "haproxy", "1", ""]);
}

#[test]
fn headers_as_files_have_them() {
    let at = "2026-11-21T20:54:59Z";
    check("Nov 21 20:54:59 lb01 haproxy[26830]: a b", None, [at, "lb01", "haproxy", "26830", "a b"]);
    let line = "2026-11-21T22:01:17.199024+00:00 lb01 haproxy[26830]: a b";
    check(line, None, ["2026-11-21T22:01:17.199Z", "lb01", "haproxy", "26830", "a b"]);
}

#[test]
fn no_header_at_all() {
    check("SF1 1 2 3", None, ["", "", "", "", "SF1 1 2 3"]);
    check("<134>SF1 1 2 3", Some(134), ["", "", "", "", "SF1 1 2 3"]);
    check(
        "127.0.0.1:80 [21/Nov/2026:20:54:59.964] fe be/s",
        None,
        ["", "", "", "", "127.0.0.1:80 [21/Nov/2026:20:54:59.964] fe be/s"],
    );
}

#[test]
fn a_header_that_cannot_be_dated_is_still_a_header() {
    check("<134>Nov 99 20:54:59 lb01 haproxy[2]: a", Some(134), ["", "lb01", "haproxy", "2", "a"]);
    check("<134>1 2026-13-21T22:01:17Z - haproxy 7 - - a", Some(134), ["", "", "haproxy", "7", "a"]);
}

#[test]
fn what_is_no_header_is_rejected() {
    for frame in [
        "<",
        "<134>",
        "<134",
        "<abc>x",
        "<192>1 - - - - - -",
        "<134>1 ",
        "<999999999999>1 - - - - - - x",
        "<134>Nov 21",
    ] {
        assert_eq!(parse(frame.as_bytes(), RECEIVED).map(|line| parts(&line)), Err(Reject::SyslogHeader), "{frame}");
    }
    assert_eq!(parse(b"<134>\xff", RECEIVED).map(|line| parts(&line)), Err(Reject::NotUtf8));
}

fn word() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.][A-Za-z0-9_.-]{0,12}"
}

fn body() -> impl Strategy<Value = String> {
    // Not what syslog_loose would take for structured data or for the rest of a header.
    "[A-Za-z0-9][ -~]{0,80}[A-Za-z0-9]"
}

fn rfc5424_line() -> impl Strategy<Value = String> {
    let unset = |field: proptest::strategy::BoxedStrategy<String>| prop_oneof![field, Just("-".to_owned())];
    let date = (0..4_102_444_800_000i64, 0u32..1_000, any::<bool>()).prop_map(|(ms, micros, zulu)| {
        let seconds = UnixMillis(ms - ms % 1_000).rfc3339();
        let seconds = seconds.trim_end_matches('Z');
        if zulu { format!("{seconds}Z") } else { format!("{seconds}.{:03}{micros:03}+02:00", ms % 1_000) }
    });
    let id = (0u8..=MAX_PRIORITY, unset(date.boxed()), unset(word().boxed()), unset(word().boxed()), 1u32..99_999);
    (id, body()).prop_map(|((priority, date, host, app, pid), body)| {
        format!("<{priority}>1 {date} {host} {app} {pid} - - {body}")
    })
}

fn rfc3164_line() -> impl Strategy<Value = String> {
    let months = proptest::sample::select(vec!["Jan", "Feb", "Mar", "Jun", "Aug", "Nov", "Dec"]);
    let time = (months, 1u8..=28, 0u8..24, 0u8..60, 0u8..60);
    let host = proptest::option::of(word());
    (0u8..=MAX_PRIORITY, time, host, word(), 1u32..99_999, body()).prop_map(
        |(priority, (month, day, h, m, s), host, app, pid, body)| {
            let host = host.map_or_else(String::new, |host| format!("{host} "));
            format!("<{priority}>{month} {day:>2} {h:02}:{m:02}:{s:02} {host}{app}[{pid}]: {body}")
        },
    )
}

proptest! {
    #[test]
    fn the_fast_path_reads_what_syslog_loose_reads(line in prop_oneof![rfc5424_line(), rfc3164_line()]) {
        let fast = parse_fast(line.as_bytes(), RECEIVED);
        let fast = fast.expect("these are HAProxy's shapes");
        let loose = parse_loose(line.as_bytes(), RECEIVED).unwrap();
        prop_assert_eq!(parts(&fast), parts(&loose));
    }

    #[test]
    fn any_bytes_are_read_or_rejected(frame in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&frame, RECEIVED);
        let tagged = [b"<134>1 ", frame.as_slice()].concat();
        let _ = parse(&tagged, RECEIVED);
    }
}
