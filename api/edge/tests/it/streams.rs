//! Open streams are told of while they are open: on a real HAProxy with an origin that takes its time, and for an hour of a played
//! clock and a played HAProxy.

mod played;
mod slow;

use crate::gateway::{Door, Gateway, ORIGIN, TRAFFIC_TYPE, Transport, token, tokens, until};
use crate::grants::{access, key};
use crate::publisher::Publisher;
use crate::running::{Place, Running};
use played::{Haproxy, stream_name};
use slow::{Home, Origin};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use suiftly_edge::edge::EdgeConfig;
use suiftly_edge::runtime::RuntimeSocket;
use suiftly_edge::streams::{Meter, OPEN_TABLE, Open};
use suiftly_schema::fleet::GatewayState;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::GrantSet;

const DOOR: Door = Door::Mgraphql;
/// Where a line has `%B`, and what names the stream that it tells of.
const BYTES: usize = 19;
const NAME: usize = 29;
/// So much later at the latest its bytes are billed.
const BILLED_WITHIN: Duration = Duration::from_secs(15);

fn bytes_of(lines: &[String]) -> u64 {
    lines.iter().map(|line| token(line, BYTES).parse::<u64>().unwrap()).sum()
}

/// The bytes of HAProxy's own count of the only answer, and by how many it is tracked.
fn counted(gateway: &Gateway) -> (u64, u32) {
    let rows = gateway.runtime.table(OPEN_TABLE).unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    (row.counter("bytes_out_cnt").unwrap(), row.uses)
}

/// Asks, and reads the answer to its end.
fn ask(gateway: &Gateway) -> std::thread::JoinHandle<usize> {
    let mut stream = TcpStream::connect(gateway.address(DOOR)).unwrap();
    let request = "GET /graphql HTTP/1.1\r\nHost: gateway\r\nX-API-Key: KEY\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    std::thread::spawn(move || {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap()
    })
}

#[test]
fn a_stream_is_told_while_it_is_open_and_comes_to_what_its_line_says() {
    let (place, home, origin) = (Place::new(), Home::open(), Origin::start(Duration::from_secs(19)));
    let mut set = GrantSet::default();
    set.put_key(key("KEY", 5, DOOR));
    set.put_access(access(5, DOOR));
    let publisher = Publisher::start(&set);
    suiftly_edge::files::ensure(&place.maps()).unwrap();
    let gateway = Gateway::start_in_with(Transport::Udp, &place.maps(), vec![(ORIGIN, origin.config())]);
    let edge = || {
        let homes = vec![home.named()];
        Running::start(EdgeConfig { homes, streams: true, ..place.config(&publisher, gateway.socket()) })
    };
    let mut running = Some(edge());
    publisher.await_report("it is in sync", |report| report.gateways[0].state == GatewayState::InSync);
    let asked = ask(&gateway);
    // What the origin had sent when, and in the middle another edge.
    let mut sent = Vec::new();
    let mut is_restarted = false;
    while !asked.is_finished() {
        let now = Instant::now();
        sent.push((now, origin.sent()));
        let of_then = sent.iter().rev().find(|(at, _)| now.duration_since(*at) >= BILLED_WITHIN);
        let told = bytes_of(&home.lines());
        assert!(of_then.is_none_or(|(_, bytes)| told >= *bytes), "{told} of {of_then:?}");
        if told > 0 && !is_restarted {
            is_restarted = true;
            running.take().unwrap().stop().unwrap();
            running = Some(edge());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(asked.join().unwrap() > 10_000);
    let line = gateway.lines(1).remove(0);
    let (of_line, rt) = (token(&line, BYTES).parse::<u64>().unwrap(), tokens(&line)[4]);
    until("HAProxy is done with it", || counted(&gateway) == (of_line, 0));
    let lines = home.lines();
    let told = bytes_of(&lines);
    assert!(lines.len() >= 2 && (5_000..=of_line).contains(&told), "{told} of {of_line}: {lines:#?}");
    let name = format!("{}-{rt}", gateway.boot().0);
    let are_alike = lines.iter().all(|told| (token(told, TRAFFIC_TYPE), token(told, NAME)) == ("7", name.as_str()));
    assert!(are_alike && lines.iter().all(|told| tokens(told)[12..18] == tokens(&line)[12..18]), "{line}: {lines:#?}");
    drop(running);
}

/// Bytes that a played stream has sent by a second of its life.
const fn sent_by(second: u64) -> u64 {
    second * 1_713 + second * second
}

/// HAProxy counts each 5 s, the edge looks each 5 s at other seconds, a line takes 2 s; there are 3,600 of them.
#[test]
fn a_stream_of_an_hour_is_billed_within_fifteen_seconds_and_exact_at_its_end() {
    const HOUR: u64 = 3_600;
    const START: i64 = 1_795_456_916_000;
    let (dir, haproxy) = (tempfile::tempdir().unwrap(), Haproxy::start(UnixMillis(START - 90_000)));
    let runtime = RuntimeSocket::new(haproxy.socket());
    let at = |second: u64| UnixMillis(START + i64::try_from(second).unwrap() * 1_000);
    let mut meter = Meter::open(dir.path(), 17, at(0)).unwrap();
    // When a line is there, and its bytes.
    let mut told: Vec<(u64, u64)> = Vec::new();
    let billed_at = |told: &[(u64, u64)], second| -> u64 {
        told.iter().filter(|(there, _)| *there <= second).map(|(_, bytes)| *bytes).sum()
    };
    for second in 0..HOUR {
        haproxy.shows(&[(stream_name(7), sent_by(second - second % 5))]);
        if second % 5 == 3 {
            meter.look(&Open::read(&runtime).unwrap(), at(second)).unwrap();
            let batch = meter.batch().unwrap();
            if let Some((_, line)) = String::from_utf8_lossy(&batch.bytes).split_once(" - - - SF1") {
                told.push((second + 2, line.split(' ').nth(BYTES).unwrap().parse().unwrap()));
            }
            meter.sent(&batch).unwrap();
        }
        // An edge may end at any time.
        if second % 97 == 0 {
            drop(meter);
            meter = Meter::open(dir.path(), 17, at(second)).unwrap();
            meter.sent(&meter.batch().unwrap()).unwrap();
        }
        let of_then = sent_by(second.saturating_sub(BILLED_WITHIN.as_secs()));
        let billed = billed_at(&told, second);
        assert!(of_then <= billed && billed <= sent_by(second), "{second}: {billed} of {of_then}");
    }
    haproxy.shows(&[]);
    meter.look(&Open::read(&runtime).unwrap(), at(HOUR)).unwrap();
    assert_eq!((meter.waiting(), meter.open_streams()), (0, 0));
    let (all, billed) = (sent_by(HOUR), billed_at(&told, HOUR + 2));
    // Its line says all, and counts as what is left.
    assert!(billed < all && all - billed <= sent_by(HOUR) - sent_by(HOUR - 15), "{billed} of {all}");
}
