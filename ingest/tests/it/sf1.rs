//! The SF1 parser, field by field.

use suiftly_ingest::haproxy::sf1::{named_at, parse, request_id};
use suiftly_ingest::reject::Reject;
use suiftly_schema::record::{LineId, Record, Timers};
use suiftly_schema::time::UnixMillis;

/// What must hold of the record when these tokens are replaced.
type Case<'a> = (&'a [(usize, &'a str)], fn(&Record) -> bool);

const LINE: &str = "SF1 1795298481992 1795298481991 1795298476993 36005 23745 17 1 1 2 1 0 1493135432 2069146420 10496 \
                    8000000000000001 203.0.100.212 v1/fetch_k 200 97 139 0 1 2 3 4 -- ok/s2 127.0.0.1 6B0214B13DF-1D83-8CA5";

/// The line with some tokens replaced.
fn with(changes: &[(usize, &str)]) -> String {
    let mut tokens: Vec<&str> = LINE.split(' ').collect();
    for (at, text) in changes {
        tokens[*at] = text;
    }
    tokens.join(" ")
}

fn read(changes: &[(usize, &str)]) -> Record {
    let line = with(changes);
    parse(line.as_bytes()).unwrap_or_else(|reject| panic!("{line}: {reject:?}"))
}

#[test]
fn what_the_gateway_called_the_request() {
    let named = |body: &str| request_id(body.as_bytes()).map(|id| String::from_utf8(id.to_vec()).unwrap());
    assert_eq!(named(LINE).as_deref(), Some("6B0214B13DF-1D83-8CA5"));
    assert_eq!(named(&with(&[(29, "x")])).as_deref(), Some("x"));
    for body in [with(&[(29, "-")]), LINE.replace("SF1", "SF2"), String::new(), "SF1".to_owned()] {
        assert_eq!(named(&body), None, "{body}");
    }
    assert_eq!(named_at("6B0214B13DF-1D83-8CA5"), Some(UnixMillis(1_795_298_481_991)));
    assert_eq!(named_at("6B0214B100-1D83-0000"), Some(UnixMillis(1_795_298_481_000)));
    for name in
        ["", "-", "6B0214B13DF", "6B0214B1-1", "6B0214B13E8-1", "6B0214B1+1-1", "+B0214B13DF-1", "6B0214B1\u{e9}-1"]
    {
        assert_eq!(named_at(name), None, "{name}");
    }
}

#[test]
fn every_field_of_a_line() {
    let record = read(&[]);
    let boot = UnixMillis(1_795_298_476_993);
    assert_eq!(record.timestamp, UnixMillis(1_795_298_481_991));
    assert_eq!(record.line_id, Some(LineId { server_id: 17, boot, seq: 23_745 }));
    assert_eq!(record.server_id, Some(17));
    assert_eq!(record.network.map(|network| network.word()), Some("mainnet"));
    assert_eq!(record.service.map(|service| service.word()), Some("seal"));
    assert_eq!(record.frontend.map(|frontend| frontend.word()), Some("metered"));
    assert_eq!((record.traffic_type, record.event_type), (1, 0));
    assert_eq!(record.customer_id.map(|id| id.get()), Some(1_493_135_432));
    assert_eq!((record.api_key_fp, record.key_metadata), (2_069_146_420, Some(10_496)));
    assert_eq!(record.config_hex, Some(i64::MIN + 1));
    assert_eq!(record.client_ip, Some("203.0.100.212".parse().unwrap()));
    assert_eq!(record.path_prefix.unwrap().as_str(), "v1/fetch_k");
    assert_eq!((record.status_code, record.bytes_sent), (200, 97));
    let timers =
        Timers { request_ms: Some(0), queue_ms: Some(1), connect_ms: Some(2), response_ms: Some(3), total_ms: 4 };
    assert_eq!(record.timers, timers);
    assert_eq!((record.termination.as_str(), record.backend_id), ("--", 2));
    assert_eq!((record.repeat, record.journal_offset), (1, 0));
}

#[test]
fn a_request_that_ran_no_rules() {
    let line = "SF1 1795298477198 - 1795298476993 1 1 17 1 1 2 - - - - - - - - 400 0 0 -1 -1 -1 -1 0 PR \
                mseal_metered/<NOSRV> 127.0.0.1 -";
    let record = parse(line.as_bytes()).unwrap();
    assert_eq!(record.timestamp, UnixMillis(1_795_298_477_198));
    assert_eq!((record.traffic_type, record.event_type, record.status_code), (0, 12, 400));
    assert_eq!(
        (record.customer_id, record.path_prefix, record.config_hex, record.key_metadata),
        (None, None, None, None)
    );
    assert_eq!((record.api_key_fp, record.backend_id), (0, 0));
    assert_eq!(record.client_ip, Some("127.0.0.1".parse().unwrap()));
    assert_eq!(record.timers, Timers::default());
}

#[test]
fn what_a_field_may_be() {
    let cases: &[Case<'_>] = &[
        (&[(5, "0")], |r| r.line_id.unwrap().seq == 0),
        (&[(5, "4294967295")], |r| r.line_id.unwrap().seq == u32::MAX),
        (&[(6, "32767")], |r| r.server_id == Some(i16::MAX)),
        (&[(7, "-")], |r| r.network.is_none()),
        (&[(8, "-")], |r| r.service.is_none()),
        (&[(9, "-")], |r| r.frontend.is_none()),
        (&[(10, "8")], |r| r.traffic_type == 8),
        (&[(11, "32")], |r| r.event_type == 32),
        (&[(12, "0")], |r| r.customer_id.is_none()),
        (&[(12, "9223372036854775807")], |r| r.customer_id.unwrap().get() == i64::MAX),
        (&[(13, "4294967295")], |r| r.api_key_fp == u32::MAX),
        (&[(15, "-")], |r| r.config_hex.is_none()),
        (&[(15, "ffffFFFFffffFFFF")], |r| r.config_hex == Some(-1)),
        (&[(16, "2001:db8::1471")], |r| r.client_ip == Some("2001:db8::1471".parse().unwrap())),
        (&[(16, "::ffff:10.1.2.3")], |r| r.client_ip == Some("10.1.2.3".parse().unwrap())),
        (&[(16, "-"), (28, "10.9.8.7")], |r| r.client_ip == Some("10.9.8.7".parse().unwrap())),
        (&[(16, "-"), (28, "unix")], |r| r.client_ip.is_none()),
        (&[(16, "-"), (28, "-")], |r| r.client_ip.is_none()),
        (&[(17, "")], |r| r.path_prefix.is_none()),
        (&[(17, "v1/fetch_key")], |r| r.path_prefix.unwrap().as_str() == "v1/fetch_k"),
        (&[(17, "ünïcödé")], |r| r.path_prefix.unwrap().as_str() == "ünïcöd"),
        (&[(18, "-1"), (26, "CD")], |r| r.status_code == -1 && r.event_type == 0),
        (&[(19, "+97"), (25, "+4")], |r| r.bytes_sent == 97 && r.timers.total_ms == 4),
        (&[(25, "-1")], |r| r.timers.total_ms == 0),
        (&[(24, "2147483647")], |r| r.timers.response_ms == Some(i32::MAX)),
        (&[(26, "----")], |r| r.termination.as_str() == "----"),
        (&[(18, "503"), (26, "SC"), (27, "dead/d1")], |r| r.event_type == 60 && r.backend_id == 1),
        (&[(18, "503"), (26, "SC"), (27, "dead/<NOSRV>")], |r| r.event_type == 62 && r.backend_id == 0),
        (&[(18, "503"), (26, "SC"), (11, "30")], |r| r.event_type == 30),
        (&[(18, "502"), (26, "SH")], |r| r.event_type == 51),
        (&[(27, "ok/backup-12")], |r| r.backend_id == 12),
        (&[(29, "-")], |_| true),
    ];
    for (changes, holds) in cases {
        let record = read(changes);
        assert!(holds(&record), "{changes:?}: {record:?}");
    }
}

#[test]
fn what_a_field_may_not_be() {
    use Reject::{Sf1Address, Sf1Identity, Sf1Number, Sf1Range, Sf1Text};
    let cases: &[(usize, &str, Reject)] = &[
        (1, "x", Sf1Number),
        (2, "", Sf1Number),
        (2, "99999999999999999999999", Sf1Number),
        (2, "253370764800000", Sf1Range),
        (3, "-", Sf1Identity),
        (5, "-", Sf1Identity),
        (5, "4294967296", Sf1Range),
        (6, "-", Sf1Identity),
        (6, "32768", Sf1Range),
        (6, "-17", Sf1Number),
        (7, "4", Sf1Range),
        (8, "0", Sf1Range),
        (8, "7", Sf1Range),
        (9, "4", Sf1Range),
        (9, "256", Sf1Range),
        (10, "9", Sf1Range),
        (11, "256", Sf1Range),
        (12, "-5", Sf1Number),
        (12, "9223372036854775808", Sf1Range),
        (12, "18446744073709551616", Sf1Number),
        (13, "4294967296", Sf1Range),
        (14, "2147483648", Sf1Range),
        (14, "0x10", Sf1Number),
        (15, "123", Sf1Text),
        (15, "g000000000000000", Sf1Text),
        (15, "+000000000000001", Sf1Text),
        (16, "203.0.100", Sf1Address),
        (16, "203.0.100.256", Sf1Address),
        (16, "example.com", Sf1Address),
        (18, "1000", Sf1Range),
        (18, "-2", Sf1Number),
        (18, "2O0", Sf1Number),
        (19, "-", Sf1Number),
        (19, "+", Sf1Number),
        (19, "281474976710657", Sf1Range),
        (21, "-2", Sf1Number),
        (22, "2147483648", Sf1Range),
        (25, "", Sf1Number),
        (26, "-", Sf1Text),
        (26, "---", Sf1Text),
        (26, "é", Sf1Text),
        (27, "ok", Sf1Text),
        (27, "/s1", Sf1Text),
        (27, "ok/", Sf1Text),
    ];
    for (at, text, reject) in cases {
        let line = with(&[(*at, text)]);
        assert_eq!(parse(line.as_bytes()).err(), Some(*reject), "token {at} is {text:?}");
    }
    assert_eq!(parse(with(&[(1, "-"), (2, "-")]).as_bytes()).err(), Some(Sf1Number), "no time at all");
    assert_eq!(parse(with(&[(16, "-"), (28, "nobody")]).as_bytes()).err(), Some(Sf1Address));
    let invalid = [with(&[(17, "")]).as_bytes(), b""].concat();
    let at = invalid.windows(2).position(|pair| pair == b"  ").unwrap() + 1;
    let mut cut_character = invalid.clone();
    cut_character.splice(at..at, *b"ab\xc3");
    assert_eq!(parse(&cut_character).unwrap().path_prefix.unwrap().as_str(), "ab");
    cut_character.drain(at..at + 2);
    assert_eq!(parse(&cut_character).unwrap().path_prefix, None, "nothing is left of a character that was cut");
    let mut broken = invalid;
    broken.splice(at..at, *b"a\xffb");
    assert_eq!(parse(&broken).err(), Some(Reject::NotUtf8));
}

#[test]
fn lines_of_another_shape() {
    let cases = [
        ("SF1", Reject::Sf1Tokens),
        ("SF1 ", Reject::Sf1Tokens),
        ("SF1 1 2 3", Reject::Sf1Tokens),
        ("SF2 1 2 3", Reject::Sf1Version),
        ("SF12 1 2 3", Reject::Sf1Version),
    ];
    for (line, reject) in cases {
        assert_eq!(parse(line.as_bytes()).err(), Some(reject), "{line}");
    }
    for cut in 0..LINE.rfind(' ').unwrap() {
        let reject = parse(&LINE.as_bytes()[..cut]).err();
        assert!(reject.is_some(), "cut at {cut}");
    }
    let long = format!("{LINE} more");
    assert_eq!(parse(long.as_bytes()).err(), Some(Reject::Sf1Tokens));
    let spaces = format!("SF1 {}", " ".repeat(5_000));
    assert_eq!(parse(spaces.as_bytes()).err(), Some(Reject::Sf1Tokens));
}
