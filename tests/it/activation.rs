//! Sockets that are passed as systemd passes them, and what systemd is told.

use crate::program::{PATIENCE, Place, Up};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::io::{IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};
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

/// A service manager that hears all that it is told, and what comes with it.
struct Manager {
    dir: tempfile::TempDir,
    told: mpsc::Receiver<(String, Option<OwnedFd>)>,
}

impl Manager {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(dir.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let (tell, told) = mpsc::channel();
        // Ends when nothing has come for long, or nobody listens.
        std::thread::spawn(move || while hear(&socket).is_some_and(|news| tell.send(news).is_ok()) {});
        Self { dir, told }
    }

    fn environment(&self, more: &str) -> String {
        format!("NOTIFY_SOCKET={} {more}", self.dir.path().join("notify").display())
    }

    /// What it is told until this word comes.
    fn told_until(&self, word: &str) -> String {
        let mut told = String::new();
        while !told.lines().any(|line| line == word) {
            let heard = self.told.recv_timeout(PATIENCE);
            let (news, _) = heard.unwrap_or_else(|error| panic!("{error}; without {word}: {told}"));
            told.push_str(&news);
        }
        told
    }

    /// The next connection that it is to keep, and its name.
    fn keeps(&self) -> (String, OwnedFd) {
        loop {
            let (told, descriptor) = self.told.recv_timeout(PATIENCE).unwrap();
            if told.lines().any(|line| line == "FDSTORE=1") {
                let name = told.lines().find_map(|line| line.strip_prefix("FDNAME=")).unwrap();
                return (name.to_owned(), descriptor.unwrap());
            }
        }
    }

    /// The name of the next one that it is to forget.
    fn forgets(&self) -> String {
        loop {
            let (told, _) = self.told.recv_timeout(PATIENCE).unwrap();
            if told.lines().any(|line| line == "FDSTOREREMOVE=1") {
                return told.lines().find_map(|line| line.strip_prefix("FDNAME=")).unwrap().to_owned();
            }
        }
    }
}

fn hear(socket: &UnixDatagram) -> Option<(String, Option<OwnedFd>)> {
    let (mut news, mut space) = ([0; 4_096], [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))]);
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let heard = recvmsg(socket, &mut [IoSliceMut::new(&mut news)], &mut beside, RecvFlags::CMSG_CLOEXEC).ok()?;
    let descriptor = beside.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    Some((String::from_utf8_lossy(&news[..heard.bytes]).into_owned(), descriptor))
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
    // As systemd does, it hears all the while: a socket holds ten messages, and who sends one more has to wait.
    let (place, systemd) = (Place::new(), Manager::new());
    let (udp, tcp) = (UdpSocket::bind(place.syslog).unwrap(), TcpListener::bind(place.syslog).unwrap());
    let environment = systemd.environment("WATCHDOG_USEC=300000 WATCHDOG_PID=$$");
    let running = Up::started(&mut place.passing(&udp, &tcp, &environment));
    let told = systemd.told_until("READY=1");
    assert!(told.contains("STATUS="), "{told}");
    for _ in 0..3 {
        systemd.told_until("WATCHDOG=1");
    }
    let (ended, log) = running.stop();
    assert!(ended.success(), "{log}");
    let told = systemd.told_until("STOPPING=1");
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

#[test]
fn a_connection_goes_over_a_restart_in_the_middle_of_a_line() {
    let (place, manager) = (Place::new(), Manager::new());
    let (udp, tcp) = (UdpSocket::bind(place.syslog).unwrap(), TcpListener::bind(place.syslog).unwrap());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let now = UnixMillis(i64::try_from(now).unwrap());
    let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), now);
    let mut lines = |count: usize| {
        let mut lines = Vec::new();
        for _ in 0..count {
            gateway.line(now, &mut lines);
            lines.push(b'\n');
        }
        lines
    };
    let [whole, first_torn, second_torn, rest] = [LINES, 1, 1, LINES].map(&mut lines);

    let first = Up::started(&mut place.passing(&udp, &tcp, &manager.environment("")));
    let mut sender = TcpStream::connect(place.syslog).unwrap();
    sender.write_all(&[whole.as_slice(), &first_torn[..100]].concat()).unwrap();
    await_received(&place, LINES);
    let (ended, log) = std::thread::scope(|scope| {
        let stopping = scope.spawn(move || first.stop());
        manager.told_until("STOPPING=1");
        // It has begun to stop, and waits for the line's end, for a second at most.
        std::thread::sleep(Duration::from_millis(200));
        sender.write_all(&[&first_torn[100..], &second_torn[..100]].concat()).unwrap();
        stopping.join().unwrap()
    });
    assert!(ended.success(), "{log}");
    let (name, connection) = manager.keeps();
    assert!(name.starts_with("suiftly-tcp-lines-"), "{name}");

    // Nobody reads it now, and nobody ends it.
    sender.write_all(&second_torn[100..]).unwrap();
    drop(udp);
    let environment = manager.environment(&format!("LISTEN_FDNAMES=suiftly.socket:{name}"));
    let second = Up::started(&mut place.passing_both(OwnedFd::from(tcp), connection, &environment));
    assert_eq!(manager.forgets(), name);
    sender.write_all(&rest).unwrap();
    await_received(&place, 2 * LINES + 2);
    let counts = place.stored().0;
    assert_eq!(counts.accepted, 2 * LINES as u64 + 2, "{counts:?}");
    let (ended, log) = second.stop();
    assert!(ended.success(), "{log}");
    assert_ne!(manager.keeps().0, name, "it goes on and on");
}
