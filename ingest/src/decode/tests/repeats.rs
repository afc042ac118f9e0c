//! Lines that a relay says came several times.

use super::*;
use proptest::prelude::*;

const HTTPLOG: &str = "127.0.0.1:35200 [21/Nov/2026:22:01:21.969] fe be/app1 0/1/2/5/8 200 89 - - ---- 1/1/1/1/0 0/0 \
                       {a|b} \"GET /x HTTP/1.1\"";

fn decode(lines: &[String]) -> Batch {
    Decoder::new(DecodeConfig::LIVE).decode(&block_of(1, lines.iter().map(|line| (GATEWAY, line.as_str()))))
}

fn relayed(times: u32, body: &str) -> String {
    format!("<134>Nov 21 22:01:22 lb01 haproxy[1]: message repeated {times} times: [ {body}]")
}

#[test]
fn a_line_with_an_identity_is_one_however_often_it_came() {
    let line = sf1(1, NOW.0, "12345", 200, 100);
    let body = line.split(" - - ").nth(1).unwrap();
    let other = body.replace(" 200 100 ", " 200 101 ");
    let again = relayed(3, body);
    for (lines, accepted, duplicates, conflicts) in [
        (vec![again.clone()], 1, 0, 0),
        (vec![line.clone(), again.clone()], 1, 1, 0),
        (vec![again, line.clone()], 1, 1, 0),
        (vec![line, relayed(9, &other)], 1, 0, 1),
    ] {
        let batch = decode(&lines);
        let counts = &batch.counts;
        assert_eq!((counts.accepted, counts.duplicates, counts.rejected_total()), (accepted, duplicates, conflicts));
        assert_eq!((batch.records[0].repeat, batch.records[0].bytes_sent), (1, 100));
        assert_eq!(batch.partials.usage[0].1.sums.billable_requests, 1);
    }
}

#[test]
fn what_cannot_be_told_is_rejected() {
    let cases = [
        ("<134>Nov 21 22:01:22 lb01 haproxy[1]: last message repeated 3 times".to_owned(), "repeated"),
        ("<133>Nov 21 22:01:22 lb01 haproxy[1]: last message repeated 3 times".to_owned(), "repeated"),
        ("<134>Nov 21 22:01:22 lb01 last message repeated 3 times".to_owned(), "repeated"),
        ("Nov 21 22:01:22 lb01 last message repeated 3 times".to_owned(), "repeated"),
        ("last message repeated 3 times".to_owned(), "repeated"),
        (relayed(0, HTTPLOG), "repeated"),
        (relayed(1_000_001, HTTPLOG), "repeated"),
        (relayed(1_000_000, &HTTPLOG.replace(" 89 ", " 281474976710655 ")), "repeated"),
        (relayed(3, "what is this"), "unknown_format"),
        (relayed(3, &relayed(3, HTTPLOG)), "unknown_format"),
        (relayed(3, "SF1 cut"), "sf1_tokens"),
    ];
    for (line, word) in cases {
        let batch = decode(std::slice::from_ref(&line));
        assert_eq!(batch.counts.rejected, [(word.to_owned(), 1)].into(), "{line}");
    }
}

#[test]
fn its_own_messages_say_that_they_were_repeated() {
    let batch = decode(&[relayed(3, "Proxy fe started.")]);
    assert_eq!(batch.system[0].message, "message repeated 3 times: [ Proxy fe started.]");
}

proptest! {
    /// A repeated line is as many lines, in every sum.
    #[test]
    fn n_times_is_n_lines(times in 1u32..50, status in 100u16..600, bytes in 0u64..100_000, cut in any::<bool>()) {
        let mut body = HTTPLOG.replace(" 200 89 ", &format!(" {status} {bytes} "));
        if cut {
            // rsyslog cuts what it repeats, and closes the bracket all the same.
            body.truncate(body.len() - 12);
        }
        let line = format!("<134>Nov 21 22:01:22 lb01 haproxy[1]: {body}");
        let repeated = decode(&[relayed(times, &body)]);
        let oracle = decode(&vec![line; times as usize]);
        prop_assert_eq!(repeated.partials, oracle.partials);
        prop_assert_eq!((repeated.records[0].repeat, repeated.counts.received), (times, 1));
    }
}
