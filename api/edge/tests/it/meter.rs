//! Limits, many connections at once, and the runtime socket.

use crate::gateway::{Door, Gateway, PLENTY, SEQ, TRAFFIC_TYPE, Texts, Transport, token};
use std::collections::BTreeSet;
use std::time::Instant;
use suiftly_edge::runtime::RuntimeSocket;

fn maps(limits: (u32, u32)) -> Texts {
    Texts::default().key("KEY", 5, Door::Mseal).grant(5, Door::Mseal, limits)
}

/// At full speed: guaranteed, then burst, then 429, whatever the machine's pace. Nobody is refused below the limits; what
/// is let through above them is bounded by the time it took.
#[test]
fn fifty_guaranteed_fifty_burst_the_rest_refused() {
    const GUARANTEED: usize = 50;
    const BURST: usize = 100;
    const REFUSED_ENOUGH: usize = 300;
    const REQUESTS_MAX: usize = 100_000;
    let gateway = Gateway::start(Transport::Ring, &maps((50, 100)));
    let mut client = gateway.client(Door::Mseal);
    let mut statuses = Vec::new();
    let begun = Instant::now();
    while statuses.iter().filter(|status| **status == 429).count() < REFUSED_ENOUGH {
        assert!(statuses.len() < REQUESTS_MAX, "never refused");
        statuses.push(client.get("/x", "X-API-Key: KEY\r\n").unwrap().status);
    }
    // HAProxy counts by whole seconds: one more is begun, one ended, in any stretch of time.
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap() + 2;
    let let_through = statuses.iter().filter(|status| **status == 200).count();
    assert!(statuses[..BURST].iter().all(|status| *status == 200), "refused below the limit: {statuses:?}");
    assert!(let_through <= BURST * seconds, "{let_through} in less than {seconds} s");
    assert_eq!(let_through + REFUSED_ENOUGH, statuses.len(), "served or 429: {statuses:?}");
    let lines = gateway.lines(statuses.len());
    let traffic: Vec<&str> = lines.iter().map(|line| token(line, TRAFFIC_TYPE)).collect();
    assert!(traffic[..GUARANTEED].iter().all(|traffic| *traffic == "1"), "{traffic:?}");
    assert!(traffic.contains(&"2"), "{traffic:?}");
    for (traffic, status) in traffic.iter().zip(&statuses) {
        assert_eq!(*traffic == "3", *status == 429);
    }
    let rows = gateway.runtime.table("rate").unwrap();
    assert_eq!(
        (rows[0].key.as_str(), rows[0].counter("gpc0")),
        ("5:1", Some(let_through as u64)),
        "refused: not counted"
    );
}

/// A customer's limit is of all their keys for a service, and of nobody else.
#[test]
fn one_limit_for_all_keys_of_a_service() {
    const REQUESTS_MAX: usize = 1_000;
    let texts = maps((1, 2)).key("SECOND", 5, Door::Mseal).key("ELSE", 6, Door::Mseal).grant(6, Door::Mseal, PLENTY);
    let gateway = Gateway::start(Transport::Udp, &texts.key("TESTNET", 5, Door::Tseal));
    let ask = |door, key: &str| gateway.get(door, "/x", &format!("X-API-Key: {key}\r\n")).status;
    // Three requests within a second have to come at some time.
    let refused = (0..REQUESTS_MAX).any(|_| {
        let statuses = [ask(Door::Mseal, "KEY"), ask(Door::Mseal, "SECOND"), ask(Door::Tseal, "TESTNET")];
        assert_eq!(ask(Door::Mseal, "ELSE"), 200);
        statuses == [429, 429, 429]
    });
    assert!(refused, "never refused");
}

#[test]
fn concurrent_lines_are_numbered_without_a_gap() {
    const CLIENTS: usize = 8;
    const EACH: usize = 50;
    let gateway = Gateway::start(Transport::Ring, &maps(PLENTY));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    assert_eq!(gateway.get(Door::Mseal, "/x", "X-API-Key: KEY\r\n").status, 200);
                }
            });
        }
    });
    let lines = gateway.lines(CLIENTS * EACH);
    let seqs: BTreeSet<usize> = lines.iter().map(|line| token(line, SEQ).parse().unwrap()).collect();
    assert_eq!(seqs, (1..=CLIENTS * EACH).collect());
    assert_eq!(gateway.runtime.lines_numbered().unwrap(), (CLIENTS * EACH) as u64);
}

#[test]
fn status_and_refused_commands() {
    let gateway = Gateway::start(Transport::Udp, &maps((1, 1)));
    assert_eq!(gateway.runtime.lines_numbered().unwrap(), 0);
    let status = gateway.runtime.status().unwrap();
    assert!(status.version.starts_with(|first: char| first.is_ascii_digit()) && status.pid > 0, "{status:?}");
    assert_eq!(status.dropped_logs, 0);
    let cases = [("rates", "unexpected answer"), ("seq; show info", "more than one command")];
    for (table, message) in cases {
        let error = gateway.runtime.table(table).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let error = RuntimeSocket::new("/nowhere/haproxy.sock").status().unwrap_err().to_string();
    assert!(error.contains("/nowhere/haproxy.sock") && error.contains("show info"), "{error}");
}
