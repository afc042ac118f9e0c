//! The same lines sent to two sockets: what is accepted is their union, exactly, what neither brought is missing, and
//! the other home's copies are told from what one home brought twice; while either dies, and over a restart.

use crate::samples::Random;
use crate::support::certificates::{Ca, tls_config};
use crate::support::pipeline::{Lines, PATIENCE, Running, config, counts, seqs, start};
use std::io::Write;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use suiftly_ingest::decode::{DecodeConfig, Decoder};
use suiftly_ingest::journal::JournalReader;
use suiftly_ingest::live::{IngestConfig, Resume};
use suiftly_ingest::source::Transport;
use suiftly_schema::batch::Batch;
use suiftly_schema::loss::HomeLines;
use tempfile::TempDir;

const LINES: usize = 5_000;
/// Datagrams sent before waiting until they have come: the kernel's buffer has room for them.
const AT_ONCE: usize = 100;

/// A worker's lines, by number.
struct Gateway(Vec<Vec<u8>>);

impl Gateway {
    fn new(lines: usize) -> Self {
        let mut gateway = Lines::new();
        Self((0..lines).map(|_| gateway.next()).collect())
    }

    /// Those from one number up to another.
    fn lines(&self, first: usize, last: usize) -> &[Vec<u8>] {
        &self.0[first - 1..last]
    }
}

/// As a ring sends them.
fn octet_counted(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| [format!("{} ", line.len()).as_bytes(), line].concat()).collect()
}

/// What of the batches has lines.
fn with_lines(batches: Vec<Batch>) -> Vec<Batch> {
    batches.into_iter().filter(|batch| batch.counts.received > 0).collect()
}

/// The journal decoded again, and what each home has brought by it.
fn replayed(journal_dir: &Path) -> (Vec<Batch>, Vec<HomeLines>) {
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    let blocks = JournalReader::from_before_end_of(journal_dir, 0, 0).unwrap();
    let batches = blocks.map(|block| decoder.decode(&block.unwrap())).collect();
    (with_lines(batches), decoder.homes())
}

/// Name, received, missing.
fn told(homes: &[HomeLines]) -> Vec<(&str, u64, u64)> {
    homes.iter().map(|of| (of.home.as_str(), of.received, of.missing)).collect()
}

#[test]
fn two_homes_over_sockets_are_billed_as_their_union() {
    let dir = TempDir::new().unwrap();
    let running = start(&config(dir.path()), &Resume::default());
    let (mut lines, mut random) = (Lines::new(), Random::new(7));
    let (udp, mut tcp) = (UdpSocket::bind("127.0.0.1:0").unwrap(), running.tcp());
    let (mut batches, mut union, mut sent) = (Vec::new(), Vec::new(), 0);
    for first in (1..=LINES).step_by(AT_ONCE) {
        let mut at_once = 0;
        for seq in first..first + AT_ONCE {
            let line = lines.next();
            let last = seq == LINES;
            let kept = [last || random.below(5) > 0, random.below(5) > 0];
            if kept[0] {
                tcp.write_all(&[format!("{} ", line.len()).as_bytes(), &line].concat()).unwrap();
            }
            if kept[1] {
                udp.send_to(&line, running.udp_addr()).unwrap();
            }
            at_once += u64::from(kept[0]) + u64::from(kept[1]);
            union.extend((kept[0] || kept[1]).then(|| u32::try_from(seq).unwrap()));
        }
        batches.extend(running.take_lines(at_once));
        sent += at_once;
    }
    let (counts, accepted) = (counts(&batches), union.len() as u64);
    assert_eq!((counts.received, counts.accepted, counts.second_home), (sent, accepted, sent - accepted));
    assert_eq!(counts.duplicates, 0, "neither brought a line twice");
    assert_eq!(seqs(&batches), union);
    let window = &batches.last().unwrap().windows[0];
    assert_eq!((window.received, window.missing), (accepted, LINES as u64 - accepted));
    assert_eq!(window.duplicates, counts.second_home, "the copies are among them");
    assert!(window.missing > 0 && counts.second_home > 0, "there was something to tell");
    assert_eq!(running.handle.stats().by(Transport::Udp).kernel_drops, 0);
    running.handle.shutdown(PATIENCE).unwrap();
}

/// Sends by both of a gateway's rings, one after the other, over connections of their own.
struct Rings<'a> {
    running: &'a Running,
    gateway: &'a Gateway,
    ca: &'a Ca,
    batches: Vec<Batch>,
}

impl Rings<'_> {
    /// Ring a, by TCP.
    fn a(&mut self, first: usize, last: usize) {
        self.running.tcp().write_all(&octet_counted(self.gateway.lines(first, last))).unwrap();
        self.wait_for(last + 1 - first);
    }

    /// Ring b, by TLS.
    fn b(&mut self, first: usize, last: usize) {
        let mut stream = self.ca.connect(self.running.handle.local_addrs().tls.unwrap());
        stream.write_all(&octet_counted(self.gateway.lines(first, last))).unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        self.wait_for(last + 1 - first);
    }

    fn wait_for(&mut self, lines: usize) {
        self.batches.extend(self.running.take_lines(lines as u64));
    }
}

#[test]
fn each_of_two_homes_may_die_and_nothing_is_lost_or_billed_twice() {
    let dir = TempDir::new().unwrap();
    let ca = Ca::new(dir.path(), "ca");
    let mut config = config(&dir.path().join("journal"));
    config.listener.tls = Some(tls_config(&ca.server("server")));
    let (running, gateway) = (start(&config, &Resume::default()), Gateway::new(4_000));
    let mut rings = Rings { running: &running, gateway: &gateway, ca: &ca, batches: Vec::new() };
    rings.a(1, 1_000);
    rings.b(1, 1_000);
    // b's receiver is away: its ring keeps the oldest 300 and loses the rest. Then it is back, on another port.
    rings.a(1_001, 2_000);
    rings.b(1_001, 1_300);
    rings.b(2_001, 3_000);
    rings.a(2_001, 3_000);
    // a's is away, and begins again with what it had brought before: that is no second home's copy.
    rings.b(3_001, 4_000);
    rings.a(2_951, 3_000);
    rings.a(3_001, 3_400);
    let batches = with_lines(rings.batches);
    running.handle.shutdown(PATIENCE).unwrap();

    let counts = counts(&batches);
    assert_eq!((counts.received, counts.accepted), (6_750, 4_000));
    assert_eq!((counts.second_home, counts.duplicates), (1_000 + 300 + 1_000 + 400, 50));
    assert!(seqs(&batches).into_iter().eq(1..=4_000), "billed once, each");
    let window = &batches.last().unwrap().windows[0];
    assert_eq!((window.received, window.missing, window.conflicts), (4_000, 0, 0));

    let (again, homes) = replayed(&config.journal_dir);
    assert_eq!(again, batches, "a replay decides the same");
    assert_eq!(told(&homes), [("tcp 127.0.0.1", 3_400, 0), ("tls 127.0.0.1", 3_300, 700)]);
}

fn resume_after(batches: &[Batch], running: &Running) -> Resume {
    let last = batches.last().unwrap();
    Resume {
        epoch: last.epoch,
        windows: last.windows.clone(),
        journal_id: Some(running.handle.journal_id()),
        ..Resume::default()
    }
}

/// The one ring by TCP, the other by the Unix socket, which loses nothing.
fn send(running: &Running, config: &IngestConfig, lines: &[Vec<u8>], by_tcp: bool) -> Vec<Batch> {
    if by_tcp {
        running.tcp().write_all(&octet_counted(lines)).unwrap();
    } else {
        let (socket, path) = (UnixDatagram::unbound().unwrap(), config.listener.unix.as_ref().unwrap());
        lines.iter().for_each(|line| assert_eq!(socket.send_to(line, path).unwrap(), line.len()));
    }
    with_lines(running.take_lines(lines.len() as u64))
}

#[test]
fn a_restart_remembers_which_home_brought_what() {
    let dir = TempDir::new().unwrap();
    let mut config = config(&dir.path().join("journal"));
    config.listener.unix = Some(dir.path().join("log"));
    let gateway = Gateway::new(500);
    let first = start(&config, &Resume::default());
    let mut batches = send(&first, &config, gateway.lines(1, 500), true);
    batches.extend(send(&first, &config, gateway.lines(1, 100), false));
    assert_eq!((counts(&batches).accepted, counts(&batches).second_home), (500, 100));
    let resume = resume_after(&batches, &first);
    first.handle.shutdown(PATIENCE).unwrap();

    let again = start(&config, &resume);
    let second = send(&again, &config, gateway.lines(51, 400), false);
    assert_eq!((counts(&second).second_home, counts(&second).duplicates), (300, 50));
    let own = send(&again, &config, gateway.lines(301, 500), true);
    assert_eq!((counts(&own).second_home, counts(&own).duplicates), (0, 200));
    assert_eq!(again.handle.stats().forgotten.duplicates_unproven, 0, "their bodies were compared");
    again.handle.shutdown(PATIENCE).unwrap();
    batches.extend(second.into_iter().chain(own));
    let (replayed, homes) = replayed(&config.journal_dir);
    assert_eq!(replayed, batches, "as if it had never been restarted");
    assert_eq!(homes.iter().map(|of| of.received).collect::<Vec<_>>(), [500, 400]);
}
