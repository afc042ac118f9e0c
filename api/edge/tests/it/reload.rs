//! Reloads and ends: a new worker takes over sockets and rates and numbers its lines anew; a killed one comes back on
//! the map files.

use crate::gateway::{BOOT, Client, Door, Gateway, PATIENCE, PLENTY, SEQ, Texts, Transport, token, until};
use Door::Mseal;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Where the path's prefix stands in an SF1 line.
const PATH_PREFIX: usize = 17;
const KEY: &str = "X-API-Key: KEY\r\n";

fn start(transport: Transport) -> Gateway {
    Gateway::start(transport, &Texts::default().key("KEY", 5, Mseal).grant(5, Mseal, PLENTY))
}

/// Whether the worker would teach another: `show peers` has it in the two lowest bits of the section's flags. After a
/// fresh start that takes HAProxy 5 s, in which it waits for a worker before it.
fn is_synchronized(gateway: &Gateway) -> bool {
    let answer = gateway.runtime.ask("show peers").unwrap();
    let flags = answer.split("flags=0x").nth(1).and_then(|rest| rest.split_whitespace().next());
    flags.and_then(|flags| u32::from_str_radix(flags, 16).ok()).is_some_and(|flags| flags & 3 == 3)
}

/// The lines' numbers, in order: two threads may number their lines the other way round than the requests began.
fn numbers(lines: &[String]) -> Vec<u64> {
    let mut numbers: Vec<u64> = lines.iter().map(|line| token(line, SEQ).parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

fn let_through(gateway: &Gateway) -> Option<u64> {
    gateway.runtime.table("rate").unwrap().first().and_then(|row| row.counter("gpc0"))
}

#[test]
fn rates_survive_a_reload_and_line_numbers_do_not() {
    let mut gateway = start(Transport::Ring);
    until("peers are synchronized", || is_synchronized(&gateway));
    let mut served = 0;
    let mut births = vec![gateway.boot()];
    for _ in 0..3 {
        for _ in 0..7 {
            assert_eq!(gateway.get(Mseal, "/x", KEY).status, 200);
        }
        served += 7;
        assert_eq!(numbers(&gateway.lines(7)), [1, 2, 3, 4, 5, 6, 7]);
        gateway.reload();
        assert!(!births.contains(&gateway.boot()));
        births.push(gateway.boot());
        assert_eq!(gateway.runtime.lines_numbered().unwrap(), 0, "never through peers");
        until("the rates are handed over", || let_through(&gateway) == Some(served));
        until("peers are synchronized", || is_synchronized(&gateway));
    }
}

/// Clients that keep their connections and clients that open new ones, all the while. By UDP every answer has its line,
/// also those that an old worker gave while it stopped.
#[test]
fn nobody_is_refused_during_reloads() {
    const RELOADS: usize = 5;
    const BETWEEN: usize = 50;
    /// Lines that may be on their way: what the receiver has not come to waits in the system's buffer, which drops what is
    /// more than some hundreds.
    const AHEAD_MAX: usize = 100;
    let mut gateway = start(Transport::Udp);
    let (to, received) = (gateway.address(Mseal), gateway.received());
    let (answered, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for keeps in [true, true, false] {
            let (answered, is_over, received) = (&answered, &is_over, &received);
            scope.spawn(move || {
                let mut client = Client::new(to);
                while !is_over.load(Ordering::Relaxed) {
                    if answered.load(Ordering::Relaxed) > received.load(Ordering::Relaxed) + AHEAD_MAX {
                        std::thread::sleep(Duration::from_millis(1));
                        continue;
                    }
                    assert_eq!(client.get("/x", KEY).unwrap().status, 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                    if !keeps {
                        client = Client::new(to);
                    }
                }
            });
        }
        for _ in 0..RELOADS {
            let before = answered.load(Ordering::Relaxed);
            until("requests are answered", || answered.load(Ordering::Relaxed) > before + BETWEEN);
            gateway.reload();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let mut numbers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for line in gateway.lines(answered.into_inner()) {
        numbers.entry(token(&line, BOOT).to_owned()).or_default().insert(token(&line, SEQ).parse().unwrap());
    }
    assert!(numbers.len() >= RELOADS, "{} workers logged", numbers.len());
    for (birth, numbers) in numbers {
        assert_eq!(numbers, (1..=numbers.len()).collect(), "of the worker born at {birth}");
    }
}

/// A stopping worker's ring is closed: what it answers then is logged by UDP, to the same address.
#[test]
fn what_a_stopping_worker_answers_is_logged() {
    let mut gateway = start(Transport::Ring);
    let old = gateway.boot().0.to_string();
    let late = [KEY, ""].map(|key| (late_request(&gateway), key));
    gateway.reload();
    let answers = late.map(|(mut stream, key)| {
        stream.write_all(format!("Host: gateway\r\nConnection: close\r\n{key}\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer[..12].to_owned()
    });
    assert_eq!(answers, ["HTTP/1.1 200", "HTTP/1.1 401"]);
    let lines = gateway.lines(4);
    assert_eq!(numbers(&lines), [1, 2, 3, 4]);
    for line in &lines {
        let is_late = token(line, PATH_PREFIX) == "late";
        assert_eq!((token(line, BOOT), line.starts_with("<128>1 ")), (old.as_str(), is_late), "marked: {line}");
    }
}

/// A connection with one request answered and the next begun, so that a stopping worker waits for its end.
fn late_request(gateway: &Gateway) -> TcpStream {
    let mut stream = TcpStream::connect(gateway.address(Mseal)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // In one piece: once the first is answered, the worker has begun to read the second.
    stream
        .write_all(format!("GET /x HTTP/1.1\r\nHost: gateway\r\n{KEY}\r\nGET /late HTTP/1.1\r\n").as_bytes())
        .unwrap();
    let mut first = Vec::new();
    while !first.ends_with(b"{\"ok\":true}") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        first.push(byte[0]);
    }
    stream
}

#[test]
fn a_killed_one_comes_back_on_the_map_files() {
    let mut gateway = start(Transport::Ring);
    assert_eq!(gateway.get(Mseal, "/x", KEY).status, 200);
    // Before the end: what a killed worker has in its ring is gone.
    assert_eq!(numbers(&gateway.lines(1)), [1]);
    let birth = gateway.boot();
    gateway.kill();
    assert!(gateway.client(Mseal).get("/x", KEY).is_err() && gateway.runtime.boot().is_err());
    Texts::default().key("NEW", 6, Mseal).grant(6, Mseal, PLENTY).write(gateway.maps());
    gateway.restart();
    assert!(gateway.boot() > birth);
    assert_eq!(gateway.get(Mseal, "/x", KEY).status, 401);
    assert_eq!(gateway.get(Mseal, "/x", "X-API-Key: NEW\r\n").status, 200);
    assert_eq!(numbers(&gateway.lines(2)), [1, 2]);
}
