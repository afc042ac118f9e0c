//! Sockets that are passed as systemd passes them, and what systemd is told.

use crate::program::{PATIENCE, Place, Up};
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::{Instant, SystemTime};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_schema::time::UnixMillis;

/// Few enough for any socket's buffer.
const LINES: usize = 50;

/// Sends that many lines by UDP and as many by TCP.
fn send(place: &Place, gateway: &mut SimulatedGateway) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let now = UnixMillis(i64::try_from(now).unwrap());
    let (udp, mut tcp) = (UdpSocket::bind("127.0.0.1:0").unwrap(), TcpStream::connect(place.syslog).unwrap());
    for _ in 0..LINES {
        let mut line = Vec::new();
        gateway.line(now, &mut line);
        udp.send_to(&line, place.syslog).unwrap();
        line.clear();
        gateway.line(now, &mut line);
        line.push(b'\n');
        tcp.write_all(&line).unwrap();
    }
}

fn await_received(place: &Place, lines: usize) {
    let began = Instant::now();
    loop {
        let received = place.stored().0.received;
        if received == lines as u64 {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{received} of {lines} lines were received");
    }
}

/// What was told until this word came.
fn told_until(systemd: &UnixDatagram, word: &str) -> String {
    systemd.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut told, mut news) = (String::new(), [0; 4_096]);
    while !told.lines().any(|line| line == word) {
        let length = systemd.recv(&mut news).unwrap_or_else(|error| panic!("{error}; without {word}: {told}"));
        told.push_str(std::str::from_utf8(&news[..length]).unwrap());
    }
    told
}

#[test]
fn lines_wait_in_passed_sockets_while_nobody_reads_them() {
    let place = Place::new();
    let (udp, tcp) = (UdpSocket::bind(place.syslog).unwrap(), TcpListener::bind(place.syslog).unwrap());
    // As a socket of systemd's may be.
    udp.set_nonblocking(true).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), UnixMillis(i64::try_from(now).unwrap()));
    // Before it is there.
    send(&place, &mut gateway);
    let first = Up::started(&mut place.passing(&udp, &tcp, ""));
    send(&place, &mut gateway);
    await_received(&place, 4 * LINES);
    let (ended, log) = first.stop();
    assert!(ended.success(), "{log}");
    // After it has gone: nothing refuses.
    send(&place, &mut gateway);
    let second = Up::started(&mut place.passing(&udp, &tcp, ""));
    await_received(&place, 6 * LINES);
    let (ended, log) = second.stop();
    assert!(ended.success(), "{log}");
}

#[test]
fn systemd_is_told_when_it_serves_that_it_goes_on_and_when_it_ends() {
    let place = Place::new();
    let (udp, tcp) = (UdpSocket::bind(place.syslog).unwrap(), TcpListener::bind(place.syslog).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    let environment = format!("NOTIFY_SOCKET={} WATCHDOG_USEC=300000 WATCHDOG_PID=$$", path.display());
    let running = Up::started(&mut place.passing(&udp, &tcp, &environment));
    let told = told_until(&systemd, "READY=1");
    assert!(told.contains("STATUS="), "{told}");
    for _ in 0..3 {
        told_until(&systemd, "WATCHDOG=1");
    }
    let (ended, log) = running.stop();
    assert!(ended.success(), "{log}");
    let told = told_until(&systemd, "STOPPING=1");
    assert!(!told.contains("READY=1"), "it is told once: {told}");
}

#[test]
fn a_passed_socket_that_nobody_looks_for_is_an_error() {
    let place = Place::new();
    let (elsewhere, tcp) = (UdpSocket::bind("127.0.0.1:0").unwrap(), TcpListener::bind(place.syslog).unwrap());
    let refused = place.passing(&elsewhere, &tcp, "").output().unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    let socket = format!("systemd passed a UDP socket at {}", elsewhere.local_addr().unwrap());
    assert!(said.contains(&socket) && said.contains("suiftly-udp.socket"), "{said}");
}
