//! Limits, many connections at once, and the runtime socket.

use crate::gateway::{Door, Gateway, SEQ, Transport, grant, token};
use std::collections::BTreeSet;
use suiftly_edge::maps::Maps;
use suiftly_edge::runtime::RuntimeSocket;
use suiftly_schema::ids::{Network, Service};

/// Where the traffic type stands in an SF1 line.
const TRAFFIC_TYPE: usize = 10;

fn maps(limits: (u32, u32)) -> Maps {
    Maps::render(&[grant(5, "KEY", Service::Seal, Network::Mainnet, limits)]).unwrap()
}

/// The rate rises by at most one a request, so whatever the machine's pace: guaranteed comes first, and nothing is
/// refused that was not preceded by burst.
#[test]
fn guaranteed_then_burst_then_refused() {
    const REQUESTS_MAX: usize = 500;
    let mut gateway = Gateway::start(Transport::Ring, &maps((4, 8)));
    let answered = (0..REQUESTS_MAX)
        .map(|_| gateway.get(Door::Mseal, "/x", "X-API-Key: KEY\r\n").status)
        .take_while(|&status| status != 429)
        .count();
    assert!(answered < REQUESTS_MAX, "never refused");
    let traffic: Vec<String> =
        gateway.lines(answered + 1).iter().map(|line| token(line, TRAFFIC_TYPE).to_owned()).collect();
    assert_eq!(traffic.first().unwrap(), "1");
    assert_eq!(traffic.last().unwrap(), "3");
    assert!(traffic.iter().filter(|traffic| *traffic == "2").count() >= 4, "{traffic:?}");
    let rows = gateway.runtime.table("rate").unwrap();
    assert_eq!((rows[0].key.as_str(), rows[0].counter("gpc0")), ("5:1", Some(answered as u64)), "refused: not counted");
}

#[test]
fn concurrent_lines_are_numbered_without_a_gap() {
    const CLIENTS: usize = 8;
    const EACH: usize = 50;
    let mut gateway = Gateway::start(Transport::Ring, &maps((1_000_000, 1_000_000)));
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
