//! Several ways at once: a Unix socket, UDP shards, all of them together; and what each leaves at the end.

use crate::support::certificates::{Ca, tls_config};
use crate::support::pipeline::{Lines, PATIENCE, accepted, config, counts, seqs, start, wait_until};
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use suiftly_ingest::live::{Ingest, Resume};
use suiftly_ingest::simulate::{self, GatewayOptions, SimulateOptions, Target, TlsFiles};
use suiftly_ingest::source::{Fingerprint, Source, Transport};
use suiftly_ingest::stats::IngestStats;
use suiftly_schema::loss::LineCounts;
use tempfile::TempDir;

/// Datagrams sent before waiting until they have come.
const UDP_AT_ONCE: u64 = 100;

#[test]
fn the_same_lines_by_all_transports_count_once() {
    const LINES: u64 = 2_000;
    let dir = TempDir::new().unwrap();
    let ca = Ca::new(dir.path(), "ca");
    let mut config = config(&dir.path().join("journal"));
    (config.listener.unix, config.listener.udp_shards) = (Some(dir.path().join("log")), 2);
    config.listener.tls = Some(tls_config(&ca.server("server")));
    let running = start(&config, &Resume::default());
    let addrs = running.handle.local_addrs();
    let mut lines = Lines::new();
    let lines: Vec<_> = (0..LINES).map(|_| lines.next()).collect();
    let framed: Vec<_> = lines.iter().flat_map(|line| [format!("{} ", line.len()).as_bytes(), line].concat()).collect();

    std::thread::scope(|scope| {
        scope.spawn(|| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            for (sent, line) in (0_u64..).zip(&lines) {
                // No more at once than any socket's buffer has room for.
                if sent.is_multiple_of(UDP_AT_ONCE) {
                    let came = |stats: &IngestStats| stats.by(Transport::Udp).lines == sent;
                    wait_until(&running.handle, "the datagrams before", came);
                }
                assert_eq!(socket.send_to(line, addrs.udp).unwrap(), line.len());
            }
        });
        scope.spawn(|| {
            let socket = UnixDatagram::unbound().unwrap();
            let path = config.listener.unix.as_ref().unwrap();
            lines.iter().for_each(|line| assert_eq!(socket.send_to(line, path).unwrap(), line.len()));
        });
        scope.spawn(|| running.tcp().write_all(&framed).unwrap());
        scope.spawn(|| {
            let mut stream = ca.connect(addrs.tls.unwrap());
            stream.write_all(&framed).unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        });
    });
    let batches = running.take_lines(4 * LINES);
    // Each way is a home of its own.
    let expected = LineCounts { received: 4 * LINES, accepted: LINES, second_home: 3 * LINES, ..LineCounts::default() };
    assert_eq!(counts(&batches), expected);
    assert!(seqs(&batches).into_iter().eq(1..=2_000));
    let stats = running.handle.stats();
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Unix] {
        let of = stats.by(transport);
        assert_eq!(
            (of.lines, of.framing_errors(), of.turned_away(), of.kernel_drops),
            (LINES, 0, 0, 0),
            "{transport:?}"
        );
    }
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn a_unix_socket_takes_lines_and_goes_with_its_owner() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log");
    let mut config = config(&dir.path().join("journal"));
    config.listener.unix = Some(path.clone());
    drop(UnixDatagram::bind(&path).unwrap());
    let running = start(&config, &Resume::default());
    let options = SimulateOptions {
        to: Target::Unix(path.clone()),
        rate_per_second: 20_000,
        max_lines: Some(3_000),
        max_duration: None,
        tls: TlsFiles::default(),
        gateway: GatewayOptions::default(),
    };
    let summary = simulate::run(&options, &AtomicBool::new(false)).unwrap();
    assert_eq!((summary.lines, summary.lines_in_failed_writes), (3_000, 0), "a sender that waits loses nothing");
    assert_eq!(counts(&running.take_lines(3_000)), accepted(3_000));
    let journaled = suiftly_ingest::journal::JournalReader::from_before_end_of(&config.journal_dir, 0, 0).unwrap();
    let source = Source::Unix(Fingerprint::of_path(&path));
    for block in journaled {
        assert!(block.unwrap().frames().all(|frame| frame.source == source));
    }

    let (out, _batches) = crossbeam_channel::bounded(1);
    let mut second = config;
    second.journal_dir = dir.path().join("other");
    let error = Ingest::start(&second, &Resume::default(), out).unwrap_err().to_string();
    assert_eq!(error, format!("cannot listen for syslog on the Unix socket {}: address in use", path.display()));

    // What the kernel holds when it is to end is still taken.
    let (socket, mut lines) = (UnixDatagram::unbound().unwrap(), Lines::new());
    socket.set_nonblocking(true).unwrap();
    let sent = (0..5).filter(|_| socket.send_to(&lines.next(), &path).is_ok()).count() as u64;
    running.handle.shutdown(PATIENCE).unwrap();
    assert_eq!(counts(&running.batches.iter().collect::<Vec<_>>()), accepted(sent));
    assert!(!path.exists());
    let error = simulate::run(&options, &AtomicBool::new(false)).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot send to unix://{}: ", path.display())), "{error}");
}

#[test]
fn udp_shards_receive_everything_between_them() {
    const SENDERS: usize = 64;
    const EACH: usize = 40;
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path());
    config.listener.udp_shards = 4;
    let running = start(&config, &Resume::default());
    let to = running.udp_addr();
    let table = std::fs::read_to_string("/proc/net/udp").unwrap();
    let port = format!("0100007F:{:04X}", to.port());
    assert_eq!(table.matches(&port).count(), 4, "as many sockets on one address");

    let mut lines = Lines::new();
    let senders: Vec<_> = (0..SENDERS).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    let mut batches = Vec::new();
    for _ in 0..EACH {
        senders.iter().for_each(|sender| assert!(sender.send_to(&lines.next(), to).unwrap() > 0));
        // Each time no more than any socket's buffer has room for.
        batches.extend(running.take_lines(SENDERS as u64));
    }
    let all = (SENDERS * EACH) as u64;
    assert_eq!(counts(&batches), accepted(all));
    assert_eq!(running.handle.stats().by(Transport::Udp).kernel_drops, 0);
    // All of them end.
    (0..10).for_each(|at| assert!(senders[at].send_to(&lines.next(), to).unwrap() > 0));
    running.handle.shutdown(PATIENCE).unwrap();
    assert_eq!(counts(&running.batches.iter().collect::<Vec<_>>()), accepted(10));
}

#[test]
fn connections_that_nobody_has_accepted_yet_are_read_at_the_end() {
    const WAITING: usize = 20;
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path());
    (config.listener.queue_chunks, config.max_undelivered, config.journal.queue_blocks) = (1, 1, 1);
    let running = start(&config, &Resume::default());
    let mut lines = Lines::new();
    // The runtime has them to accept and to read while it is told to end: whatever comes first, nothing is lost.
    let connect = |bytes: Vec<u8>| {
        let mut stream = running.tcp();
        stream.write_all(&bytes).unwrap();
        stream
    };
    let streams: Vec<_> = (0..WAITING).map(|_| connect(lines.octet_counted(50))).collect();
    running.handle.shutdown(PATIENCE).unwrap();
    assert_eq!(counts(&running.batches.iter().collect::<Vec<_>>()), accepted(50 * WAITING as u64));
    drop(streams);
}

#[test]
fn a_ring_that_pauses_between_reads_loses_nothing_and_stops() {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path());
    config.cut_interval = Duration::from_millis(1);
    let running = start(&config, &Resume::default());
    let (mut stream, mut lines) = (running.tcp(), Lines::new());
    let idle = running.tcp();
    // As HAProxy does on its side: else the sender's own kernel holds the last of them back for an acknowledgement
    // (Nagle), and what has not been sent cannot be taken at the end.
    stream.set_nodelay(true).unwrap();
    // Line by line, so that most of them come during a pause.
    (0..2_000).for_each(|_| stream.write_all(&lines.octet_counted(1)).unwrap());
    running.handle.shutdown(PATIENCE).unwrap();
    assert_eq!(counts(&running.batches.iter().collect::<Vec<_>>()), accepted(2_000));
    drop(idle);
}

#[test]
fn one_sender_cannot_take_all_connections() {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path());
    (config.listener.max_connections, config.listener.max_connections_per_peer) = (4, 3);
    let running = start(&config, &Resume::default());
    let greedy: Vec<_> = (0..5).map(|_| running.tcp()).collect();
    wait_until(&running.handle, "refusals", |stats| stats.by(Transport::Tcp).connections_refused == 2);
    assert_eq!(running.handle.stats().by(Transport::Tcp).connections, 3);

    let other = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    other.bind(&std::net::SocketAddr::from(([127, 0, 0, 2], 0)).into()).unwrap();
    other.connect(&running.handle.local_addrs().tcp.into()).unwrap();
    TcpStream::from(other).write_all(&Lines::new().octet_counted(7)).unwrap();
    assert_eq!(counts(&running.take_lines(7)), accepted(7));
    running.handle.shutdown(PATIENCE).unwrap();
    drop(greedy);
}
