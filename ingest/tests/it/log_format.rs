//! Compiled formats: against the hand-written parsers, against what a real HAProxy wrote, and against themselves.

use crate::samples;
use liblzma::read::XzDecoder;
use proptest::prelude::*;
use std::io::Read;
use suiftly_ingest::haproxy::httplog::{self, Captures, SingleCapture};
use suiftly_ingest::haproxy::log_format::{
    Attribution, HTTPLOG, LogFormat, RecordFormat, SF1, Slots, httpslog, tcplog,
};
use suiftly_ingest::haproxy::{self, Body, Format, Reading, sf1};
use suiftly_ingest::reject::Reject;
use suiftly_ingest::syslog::{self, SyslogLine};
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;

const RECEIVED: UnixMillis = UnixMillis(1_795_298_487_000);

pub(crate) fn record_format(text: &str, attribution: &Attribution) -> RecordFormat {
    RecordFormat::new(LogFormat::compile(text).unwrap(), attribution).unwrap()
}

pub(crate) fn parse<'a>(format: &'a RecordFormat, line: &'a [u8]) -> Result<(Record, Captures<'a>), Reject> {
    format.parse(line, || None, &mut Slots::default())
}

#[test]
fn sf1_compiled_is_sf1() {
    let format = record_format(SF1, &Attribution::sf1());
    let mut slots = Slots::default();
    for line in samples::lines(samples::SF1) {
        let body = syslog::parse(line.as_bytes(), RECEIVED).unwrap().body;
        let compiled = parse(&format, body).map(|(record, _)| record);
        assert_eq!(compiled, sf1::parse(body), "{line}");
        // And every field, those of no record too, is of its type.
        format.format().read(body, &mut slots).unwrap();
    }
}

#[test]
fn httplog_compiled_is_httplog() {
    let format = record_format(HTTPLOG, &Attribution::default());
    for name in [samples::HTTPLOG_3164, samples::HTTPLOG_5424] {
        for line in samples::lines(name) {
            let body = syslog::parse(line.as_bytes(), RECEIVED).unwrap().body;
            let compiled = parse(&format, body);
            let (record, captures) = httplog::parse(body, SingleCapture::Request).unwrap();
            let (compiled, compiled_captures) = compiled.unwrap_or_else(|reject| panic!("{line}: {reject:?}"));
            assert_eq!(compiled, record, "{line}");
            assert_eq!(compiled_captures, captures);
        }
    }
}

/// The sections of what a real HAProxy wrote: each format as it stood in haproxy.cfg, and its lines.
pub(crate) fn real() -> Vec<(String, Vec<Vec<u8>>)> {
    let file = std::fs::File::open(samples::path("log-formats.log.xz")).unwrap();
    let mut bytes = Vec::new();
    XzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    let mut sections: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match line.strip_prefix(b"log-format ") {
            Some(format) => sections.push((String::from_utf8(format.to_vec()).unwrap(), Vec::new())),
            None => sections.last_mut().unwrap().1.push(line.to_vec()),
        }
    }
    sections
}

fn section(begins: &str) -> (LogFormat, Vec<Vec<u8>>) {
    let found = real().into_iter().find(|(format, _)| format.trim_start_matches(['"', '\'']).starts_with(begins));
    let (format, lines) = found.unwrap();
    (LogFormat::compile(&format).unwrap(), lines)
}

/// A field by its token, of every line.
fn column(format: &LogFormat, lines: &[Vec<u8>], token: &str) -> Vec<String> {
    let field = (0..format.field_count()).find(|field| format.field_token(*field) == Some(token)).unwrap();
    let mut slots = Slots::default();
    let read = |line: &Vec<u8>| {
        format.read(line, &mut slots).unwrap_or_else(|m| panic!("{}", format.describe(&m)));
        slots.get(line, field).map_or("∅".to_owned(), |text| String::from_utf8_lossy(text).into_owned())
    };
    lines.iter().map(read).collect()
}

#[test]
fn every_line_of_a_real_haproxy_is_read() {
    let sections = real();
    assert_eq!(sections.len(), 9);
    for (text, lines) in sections {
        let format = LogFormat::compile(&text).unwrap();
        let records = RecordFormat::new(format.clone(), &Attribution::default()).unwrap();
        let mut slots = Slots::default();
        for line in &lines {
            let shown = String::from_utf8_lossy(line);
            format.read(line, &mut slots).unwrap_or_else(|m| panic!("{text}\n{shown}\n{}", format.describe(&m)));
            let written = || Some(RECEIVED);
            let (record, _) = records.parse(line, written, &mut slots).unwrap_or_else(|r| panic!("{shown}: {r:?}"));
            assert!((record.timestamp.0 - RECEIVED.0).abs() < 24 * 3_600_000, "{shown}");
        }
    }
}

#[test]
fn what_clients_sent_is_where_it_belongs() {
    let agents =
        ["curl/8", "Mozilla/5.0 (X11; \"Quoted\" \\ back] {b|c} #1)", "-", "x\" 200 99 -- shift", "a | b | 500 1 - -"];
    let status = |format: &LogFormat, lines: &[Vec<u8>]| column(format, lines, "%ST");
    let statuses = ["200", "200", "200", "200", "200", "200", "200", "404", "400", "200", "400", "400", "408"];

    // Free text between blanks is what the two sides leave.
    let (format, lines) = section("free");
    assert_eq!(column(&format, &lines, "%[capture.req.hdr(0)]")[..5], agents);
    assert_eq!(status(&format, &lines), statuses);
    // Quoted and escaped, it is read by its quotes.
    let (format, lines) = section("quoted");
    let escaped = agents.map(|agent| agent.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]"));
    let column_of = column(&format, &lines, "%{+Q,+E}[capture.req.hdr(0)]");
    assert_eq!(column_of[..2], escaped[..2]);
    assert_eq!(column_of[2..5], ["", escaped[3].as_str(), escaped[4].as_str()]);
    assert_eq!(column(&format, &lines, "%[capture.req.hdr(1)]")[..3], ["key0", "key1", "key2"]);
    assert_eq!(status(&format, &lines), statuses);
    // Two free texts: the first ends at the first chance, which is wrong for one that holds what parts them.
    let (format, lines) = section("two");
    let mut shifted = column(&format, &lines[..5], "%[capture.req.hdr(0),lower]");
    assert_eq!(shifted.pop().as_deref(), Some("a"));
    assert_eq!(shifted, agents[..4].iter().map(|agent| agent.to_lowercase()).collect::<Vec<_>>());
    assert_eq!(format.warnings()[0].position, 6);
    assert_eq!(status(&format, &lines), statuses);
}

#[test]
fn records_of_odd_formats() {
    let (format, lines) = section("asap");
    let format = RecordFormat::new(format, &Attribution::default()).unwrap();
    let (record, _) = parse(&format, &lines[0]).unwrap();
    assert_eq!(record.timestamp.rfc3339(), "2026-11-22T00:36:14.913Z");
    assert_eq!((record.status_code, record.bytes_sent, record.timers.total_ms), (200, 152, 3));
    assert_eq!((record.path_prefix.unwrap().as_str(), record.backend_id), ("api/v3/x", 1));
    let (record, _) = parse(&format, &lines[8]).unwrap();
    assert_eq!((record.status_code, record.event_type, record.path_prefix), (400, 12, None));

    let (format, lines) = section("hexed");
    let format = RecordFormat::new(format, &Attribution::default()).unwrap();
    let (record, _) = parse(&format, &lines[0]).unwrap();
    assert_eq!(record.client_ip, Some("127.0.0.1".parse().unwrap()));
    assert_eq!(record.timestamp.rfc3339(), "2026-11-22T00:36:15Z");
    let (record, _) = parse(&format, lines.last().unwrap()).unwrap();
    assert_eq!(record.client_ip, Some("::1".parse().unwrap()));

    let hex_seconds = record_format("%{+X}Ts.%ms %ST", &Attribution::default());
    let (record, _) = parse(&hex_seconds, b"6B0238FF.061 200").unwrap();
    assert_eq!(record.timestamp, UnixMillis(0x6B02_38FF * 1_000 + 61));
}

#[test]
fn stock_formats_by_name_and_by_shape() {
    let body =
        |text: &'static str, format| haproxy::parse(&bare(text.as_bytes()), &Reading { format, ..Reading::default() });
    let tcp = "10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0";
    let Ok(Body::Request(record, _)) = body(tcp, Format::Auto) else { panic!("not tcplog") };
    assert_eq!((record.timers.total_ms, record.timers.request_ms, record.bytes_sent), (5007, None, 212));
    assert_eq!((record.status_code, record.termination.as_str(), record.backend_id), (0, "--", 1));
    assert_eq!(parse(tcplog(), tcp.as_bytes()).unwrap().0, record);
    assert!(matches!(body(tcp, Format::Tcplog), Ok(Body::Request(..))));
    assert_eq!(body(tcp, Format::Httplog), Err(Reject::HttplogShape));

    let https = "10.0.1.2:33317 [06/Feb/2009:12:14:14.655] https-in static/srv1 10/0/30/69/109 200 2750 - - ---- \
                 1/1/1/1/0 0/0 {1wt.eu} {} \"GET /index.html HTTP/1.1\" 0/0/0/0/0 1wt.eu/TLSv1.3/TLS_AES_256_GCM_SHA384";
    let auto = body(https, Format::Auto).unwrap();
    assert_eq!(body(https, Format::Httpslog).unwrap(), auto);
    assert_eq!(parse(httpslog(), https.as_bytes()).unwrap().1.request, Some(&b"1wt.eu"[..]));
    assert_eq!(body(tcp, Format::Httpslog), Err(Reject::FormatShape));

    let error = "127.0.0.1:4711 [21/Nov/2026:20:54:59.964] fe/1: SSL handshake failure";
    for format in [Format::Auto, Format::Httplog, Format::Httpslog, Format::Tcplog] {
        assert_eq!(body(error, format), Ok(Body::System));
        assert_eq!(body("Proxy fe_api started.", format), Ok(Body::System));
        assert!(body("hello", format).is_err());
    }
}

fn bare(body: &[u8]) -> SyslogLine<'_> {
    syslog::parse(body, RECEIVED).unwrap()
}

/// A token, and how HAProxy renders a random value of it.
fn token() -> impl Strategy<Value = (String, String)> {
    let number = || (0u32..100_000).prop_map(|n| n.to_string());
    let words = "[a-zA-Z0-9_.-]{1,12}";
    prop_oneof![
        any::<std::net::IpAddr>().prop_map(|ip| ("%ci".to_owned(), ip.to_string())),
        number().prop_map(|n| ("%cp".to_owned(), n)),
        prop_oneof![Just("-1".to_owned()), "[1-5][0-9]{2}"].prop_map(|n| ("%ST".to_owned(), n)),
        (any::<bool>(), number()).prop_map(|(plus, n)| ("%B".to_owned(), if plus { format!("+{n}") } else { n })),
        prop_oneof![Just("-1".to_owned()), number()].prop_map(|n| ("%Tr".to_owned(), n)),
        words.prop_map(|name| ("%b".to_owned(), name)),
        Just(("%s".to_owned(), "<NOSRV>".to_owned())),
        Just(("%tsc".to_owned(), "cD--".to_owned())),
        Just(("%t".to_owned(), "21/Nov/2026:20:54:59.969".to_owned())),
        Just(("%trl".to_owned(), "21/Nov/2026:20:54:59 -0330".to_owned())),
        "[!-~]{0,20}"
            .prop_map(|text| ("%[var(txn.x)]".to_owned(), if text.is_empty() { "-".to_owned() } else { text })),
        "[ !$-~]{0,30}".prop_map(|text| ("%{+Q}r".to_owned(), text)),
        // Escaped as HAProxy escapes.
        "[ -~]{0,30}".prop_map(|text| {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
            ("%{+Q,+E}[req.hdr(x)]".to_owned(), escaped)
        }),
        // What `{…}` cannot hold is encoded.
        "[ -!$-z|~]{0,20}".prop_map(|text| ("%hr".to_owned(), text)),
    ]
}

/// The value as it stands in the line.
fn rendered(token: &str, value: &str) -> String {
    match token {
        "%hr" => format!("{{{value}}}"),
        _ if token.starts_with("%{+Q") => format!("\"{value}\""),
        _ => value.to_owned(),
    }
}

proptest! {
    #[test]
    fn what_is_rendered_is_read_back(
        fields in proptest::collection::vec((token(), prop_oneof![Just(" "), Just(" | "), Just(" ["), Just(" x\"")]), 1..20),
        free in proptest::option::of("[ -~]{0,40}"),
    ) {
        let (mut text, mut line, mut values) = (String::new(), String::new(), Vec::new());
        for ((token, value), literal) in &fields {
            text += &format!("{token}{literal}");
            line += &format!("{}{literal}", rendered(token, value));
            values.push(value.clone());
        }
        // One free text at most: it is what the two sides leave.
        if let Some(free) = free.filter(|_| !fields.iter().any(|((token, _), _)| token == "%hr")) {
            text = format!("%[req.hdr(free)] {text}");
            line = format!("{free} {line}");
            // From the right nothing that is read by its escapes can be found.
            if !text.contains("+E") {
                values.insert(0, free);
            } else {
                return Ok(());
            }
        }
        let format = LogFormat::compile(&format!("'{}end'", text.replace('\'', "`")))
            .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        line += "end";
        let mut slots = Slots::default();
        if let Err(mismatch) = format.read(line.as_bytes(), &mut slots) {
            return Err(TestCaseError::fail(format!("{text}\n{line}\n{}", format.describe(&mismatch))));
        }
        for (field, value) in values.iter().enumerate() {
            let read = slots.get(line.as_bytes(), field).map(|text| String::from_utf8_lossy(text).into_owned());
            prop_assert_eq!(read.as_deref(), Some(value.as_str()), "{}\n{}\nfield {}", text, line, field);
        }
    }

    #[test]
    fn no_string_and_no_line_panics(text in "(%[a-zA-Z]{1,4}|%\\{[+-][QEXM]\\}[a-z]{1,3}|%\\[[a-z(),.]{0,12}\\]?|[ -~éö\t]){0,16}", line in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(format) = LogFormat::compile(&text) {
            let mut slots = Slots::default();
            if let Err(mismatch) = format.read(&line, &mut slots) {
                let _ = (format.describe(&mismatch), format.mark(&line, &mismatch));
            }
            let records = RecordFormat::new(format, &Attribution::default()).unwrap();
            let _ = records.parse(&line, || Some(RECEIVED), &mut slots);
        }
    }

    #[test]
    fn no_mutation_panics(seed in any::<u64>()) {
        let mut random = samples::Random::new(seed);
        for (text, lines) in real() {
            let format = record_format(&text, &Attribution::default());
            for mut line in lines {
                for _ in 0..=random.below(3) {
                    let at = random.below(line.len());
                    match random.below(3) {
                        0 => line[at] = random.next().to_le_bytes()[0],
                        1 => line.truncate(at),
                        _ => drop(line.drain(at..(at + 1 + random.below(9)).min(line.len()))),
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                let _ = parse(&format, &line);
            }
        }
    }
}
