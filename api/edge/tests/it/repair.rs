//! Lines that were lost on their way are found in HAProxy's keep ring and sent again: over a real HAProxy, whose own ring is small
//! and whose receiver goes away, with a loss meter that asks for what is missing as the API does.

mod home;

use crate::gateway::{Door, Gateway, Transport, until};
use crate::grants::crowd;
use crate::publisher::Publisher;
use crate::running::{Place, Running};
use home::Home;
use std::net::SocketAddr;
use std::time::Duration;
use suiftly_edge::edge::EdgeConfig;
use suiftly_schema::fleet::{DrainedWorker, EdgeReport, RepairReport};

const DOOR: Door = Door::Mseal;
/// Room for some 200 lines: what HAProxy holds for a receiver that is away.
const RING_BYTES: u32 = 64 << 10;
/// Room for some 50,000.
const KEEP_BYTES: u32 = 16 << 20;
const CLIENTS: usize = 4;

/// A gateway whose ring delivers to this address; with a keep ring of so many bytes.
fn gateway(place: &Place, to: SocketAddr, keep: Option<u32>) -> Gateway {
    suiftly_edge::files::ensure(&place.maps()).unwrap();
    let mut variables = vec![("SUIFTLY_LOG_ADDR", to.to_string()), ("SUIFTLY_RING_BYTES", RING_BYTES.to_string())];
    variables.extend(keep.map(|bytes| ("SUIFTLY_KEEP_BYTES", bytes.to_string())));
    Gateway::start_in_with(Transport::Ring, &place.maps(), variables)
}

/// An edge that sends lost lines there.
fn edge(place: &Place, publisher: &Publisher, gateway: &Gateway, home: &Home) -> Running {
    let homes = vec![home.named()];
    Running::start(EdgeConfig { homes, ..place.config(publisher, gateway.socket()) })
}

/// So many requests, each with a line: without a key they are refused.
fn ask(gateway: &Gateway, requests: usize) {
    let mut client = gateway.client(DOOR);
    for _ in 0..requests {
        assert_eq!(client.get("/x", "").unwrap().status, 401);
    }
}

fn ask_many(gateway: &Gateway, requests: usize) {
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| ask(gateway, requests / CLIENTS));
        }
    });
}

/// Further requests until the receiver has a line of now: whatever is still missing before it was lost.
fn ask_until_heard(gateway: &Gateway, home: &Home) {
    let boot = gateway.boot().0;
    until("a line comes", || {
        ask(gateway, 1);
        std::thread::sleep(Duration::from_millis(100));
        home.highest(boot) == gateway.runtime.lines_numbered().unwrap()
    });
}

/// How the repairs of the only gateway go.
fn repair(report: &EdgeReport) -> RepairReport {
    report.gateways[0].repair.clone().unwrap_or_default()
}

#[test]
fn a_gap_of_ten_thousand_lines_is_repaired_to_zero() {
    const LOST: usize = 10_600;
    let (place, mut home) = (Place::new(), Home::open());
    let (publisher, gateway) = (Publisher::start(&crowd(1)), gateway(&place, home.address(), Some(KEEP_BYTES)));
    publisher.want(home.meter());
    let _edge = edge(&place, &publisher, &gateway, &home);
    publisher.await_report("the keep ring is found", |report| repair(report).has_ring);
    let boot = gateway.boot().0;
    ask(&gateway, 10);
    until("lines come", || home.highest(boot) == 10);
    home.go_away();
    ask_many(&gateway, LOST);
    home.come_back();
    ask_until_heard(&gateway, &home);
    until("all of them are there", || home.missing(boot) == 0 && home.highest(boot) > LOST as u64);
    let told = home.told();
    assert!(told.most_missing >= 10_000 && told.repaired >= 10_000, "{told:?}");
    assert_eq!(told.changed, 0, "as the ring would have sent them");
    publisher.await_report("nothing waits any more", |report| {
        let repair = repair(report);
        repair.sent >= told.repaired && (repair.waiting, repair.in_vain) == (0, 0)
    });
    assert!(home.told().again < told.repaired, "what has come is not sent again and again: {:?}", home.told());
}

/// The ring that should have delivered them ends with its worker, and the keep ring too.
#[test]
fn what_a_worker_has_not_delivered_when_it_is_reloaded_comes_after_it() {
    const LOST: u64 = 40;
    let (place, mut home) = (Place::new(), Home::open());
    let (publisher, mut gateway) = (Publisher::start(&crowd(1)), gateway(&place, home.address(), Some(KEEP_BYTES)));
    publisher.want(home.meter());
    let _edge = edge(&place, &publisher, &gateway, &home);
    publisher.await_report("the keep ring is found", |report| repair(report).has_ring);
    let old = gateway.boot().0;
    ask(&gateway, 5);
    until("lines come", || home.highest(old) == 5);
    home.go_away();
    ask(&gateway, 40);
    gateway.reload();
    let kept = DrainedWorker { boot_ms: old, last_seq: 5 + LOST };
    publisher.await_report("its lines are kept", |report| repair(report).drained == [kept]);
    assert_eq!(home.highest(old), 5);
    home.come_back();
    until("they have come", || home.missing(old) == 0 && home.highest(old) == 5 + LOST);
    // The new worker is looked after as the old one was.
    publisher.await_report("the keep ring is found", |report| repair(report).has_ring);
    let new = gateway.boot().0;
    ask_until_heard(&gateway, &home);
    home.go_away();
    ask_many(&gateway, 1_000);
    home.come_back();
    ask_until_heard(&gateway, &home);
    until("all of them are there", || home.missing(new) == 0 && home.highest(new) > 1_000);
    assert_eq!(home.told().changed, 0);
}

#[test]
fn what_is_older_than_the_ring_stays_lost_and_is_told() {
    let (place, mut home) = (Place::new(), Home::open());
    let (publisher, gateway) = (Publisher::start(&crowd(1)), gateway(&place, home.address(), Some(RING_BYTES)));
    publisher.want(home.meter());
    let _edge = edge(&place, &publisher, &gateway, &home);
    publisher.await_report("the keep ring is found", |report| repair(report).has_ring);
    let boot = gateway.boot().0;
    ask(&gateway, 5);
    until("lines come", || home.highest(boot) == 5);
    home.go_away();
    ask_many(&gateway, 2_000);
    home.come_back();
    ask_until_heard(&gateway, &home);
    publisher.await_report("what is left is told", |report| {
        let RepairReport { sent, in_vain, waiting, .. } = repair(report);
        sent > 0 && waiting == 0 && in_vain > 0 && in_vain == home.missing(boot)
    });
    assert!(home.missing(boot) > 1_000 && home.told().repaired > 50, "{:?}", home.told());
}

/// HAProxy is killed, and the edge ends, between finding the lines and sending them.
#[test]
fn what_was_found_is_sent_by_the_next_edge_though_haproxy_has_forgotten_it() {
    let (place, mut home) = (Place::new(), Home::open());
    let mut other = home.another();
    other.go_away();
    let (publisher, mut gateway) = (Publisher::start(&crowd(1)), gateway(&place, home.address(), Some(KEEP_BYTES)));
    publisher.want(home.meter());
    let first = edge(&place, &publisher, &gateway, &other);
    publisher.await_report("the keep ring is found", |report| repair(report).has_ring);
    let boot = gateway.boot().0;
    ask(&gateway, 5);
    until("lines come", || home.highest(boot) == 5);
    home.go_away();
    ask_many(&gateway, 1_000);
    home.come_back();
    ask_until_heard(&gateway, &home);
    publisher.await_report("they are found", |report| repair(report).waiting > 500);
    let missing = home.missing(boot);
    assert!(missing > 500 && home.told().repaired == 0, "{missing}");
    first.stop().unwrap();
    gateway.restart();
    other.come_back();
    let _second = edge(&place, &publisher, &gateway, &other);
    until("they have come", || home.missing(boot) == 0);
    assert_eq!((home.told().repaired, home.told().changed), (missing, 0));
}

#[test]
fn without_a_keep_ring_nothing_is_held_and_nothing_is_promised() {
    let (place, home) = (Place::new(), Home::open());
    let (publisher, gateway) = (Publisher::start(&crowd(1)), gateway(&place, home.address(), None));
    let _edge = edge(&place, &publisher, &gateway, &home);
    publisher.await_report("it is told", |report| report.gateways[0].repair == Some(RepairReport::default()));
    ask(&gateway, 5);
    until("lines come as ever", || home.highest(gateway.boot().0) == 5);
}
