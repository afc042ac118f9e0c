//! A running ingest on ports of the system's choice, and senders for it.

use crate::support::disk::FaultyDisk;
use crossbeam_channel::Receiver;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use suiftly_ingest::live::{Ingest, IngestConfig, IngestHandle, Resume};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::stats::IngestStats;
use suiftly_schema::{batch::Batch, loss::LineCounts, time::UnixMillis};

/// Longer than anything should take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Batches a test may leave unread.
const OUT_BATCHES: usize = 100_000;

pub(crate) fn config(dir: &Path) -> IngestConfig {
    let mut config = IngestConfig::new(dir);
    config.listener.listen = ([127, 0, 0, 1], 0).into();
    // However slow the machine is, no epoch comes but by what a test sends.
    config.idle_cut_interval = Duration::from_secs(3_600);
    config
}

pub(crate) struct Running {
    pub(crate) handle: IngestHandle,
    pub(crate) batches: Receiver<Batch>,
}

pub(crate) fn start(config: &IngestConfig, resume: &Resume) -> Running {
    let (out, batches) = crossbeam_channel::bounded(OUT_BATCHES);
    let handle = Ingest::start(config, resume, out).unwrap();
    handle.wait_live(PATIENCE).unwrap();
    Running { handle, batches }
}

/// Queues of one each.
pub(crate) fn jam(dir: &Path) -> IngestConfig {
    let mut config = config(dir);
    (config.listener.queue_chunks, config.journal.queue_blocks) = (1, 1);
    (config.max_undelivered, config.max_undecoded) = (1, 1);
    config
}

/// A running ingest whose disk refuses: its queues are all full, and the rest waits in the kernel.
pub(crate) struct Jammed {
    pub(crate) handle: IngestHandle,
    pub(crate) batches: Receiver<Batch>,
    pub(crate) disk: FaultyDisk,
    pub(crate) stream: TcpStream,
    /// How many lines were sent.
    pub(crate) lines: u64,
}

/// More than three blocks and three reads, which is what the queues hold, and little enough for the kernel to take the rest.
const JAM_BYTES: usize = 17 << 18;

/// Starts it with the queues of [`jam`].
pub(crate) fn jammed(config: &IngestConfig) -> Jammed {
    let ((out, batches), disk) = (crossbeam_channel::bounded(OUT_BATCHES), FaultyDisk::default());
    let open = Ingest::open_on(config, Box::new(disk.clone())).unwrap();
    disk.set_read_only(true);
    let handle = open.start(&Resume::default(), out).unwrap();
    handle.wait_live(PATIENCE).unwrap();
    let (mut stream, mut lines) = (TcpStream::connect(handle.local_addrs().tcp).unwrap(), Lines::new());
    let (mut bytes, mut sent) = (Vec::new(), 0);
    while bytes.len() < JAM_BYTES {
        bytes.extend(lines.octet_counted(100));
        sent += 100;
    }
    stream.write_all(&bytes).unwrap();
    let mut taken = 0;
    wait_until(&handle, "full queues, and nothing moves", |stats| {
        let before = std::mem::replace(&mut taken, stats.lines());
        std::thread::sleep(Duration::from_millis(100));
        stats.queue_depth == 1 && stats.lines() == before && stats.write_error.is_some()
    });
    Jammed { handle, batches, disk, stream, lines: sent }
}

impl Running {
    pub(crate) fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.handle.local_addrs().tcp).unwrap()
    }

    pub(crate) fn udp_addr(&self) -> SocketAddr {
        self.handle.local_addrs().udp
    }

    /// Batches until they hold so many lines in all.
    pub(crate) fn take_lines(&self, lines: u64) -> Vec<Batch> {
        take_lines(&self.batches, lines)
    }
}

pub(crate) fn take_lines(from: &Receiver<Batch>, lines: u64) -> Vec<Batch> {
    let (mut taken, mut batches) = (0, Vec::new());
    while taken < lines {
        let batch =
            from.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{error} after {taken} of {lines} lines"));
        taken += batch.counts.received;
        batches.push(batch);
    }
    assert_eq!(taken, lines, "more lines than were sent");
    batches
}

pub(crate) fn counts(batches: &[Batch]) -> LineCounts {
    let mut total = LineCounts::default();
    batches.iter().for_each(|batch| total.add(&batch.counts));
    total
}

pub(crate) fn accepted(lines: u64) -> LineCounts {
    LineCounts { received: lines, accepted: lines, ..LineCounts::default() }
}

/// The numbers of the accepted lines, sorted.
pub(crate) fn seqs(batches: &[Batch]) -> Vec<u32> {
    let records = batches.iter().flat_map(|batch| &batch.records);
    let mut seqs: Vec<_> = records.map(|record| record.line_id.unwrap().seq).collect();
    seqs.sort_unstable();
    seqs
}

pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixMillis(i64::try_from(since.as_millis()).unwrap())
}

pub(crate) fn wait_until(handle: &IngestHandle, what: &str, mut so: impl FnMut(&IngestStats) -> bool) -> IngestStats {
    let began = Instant::now();
    loop {
        let stats = handle.stats();
        if so(&stats) {
            return stats;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: {stats:?}");
        std::thread::yield_now();
    }
}

/// Epochs without a gap, cuts and offsets ascending.
pub(crate) fn assert_in_order(batches: &[Batch], first_epoch: u64) {
    for (batch, epoch) in batches.iter().zip(first_epoch..) {
        assert_eq!(batch.epoch, epoch);
        assert!(batch.oldest_received_at <= batch.cut_at);
    }
    assert!(batches.is_sorted_by(|a, b| a.cut_at <= b.cut_at && a.journal_end < b.journal_end));
}

/// Lines of a simulated gateway.
pub(crate) struct Lines(SimulatedGateway);

impl Lines {
    pub(crate) fn new() -> Self {
        Self(SimulatedGateway::new(&GatewayOptions::default(), now()))
    }

    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        self.0.line(now(), &mut line);
        line
    }

    pub(crate) fn octet_counted(&mut self, count: usize) -> Vec<u8> {
        self.framed(count, |line, out| {
            write!(out, "{} ", line.len()).unwrap();
            out.extend_from_slice(line);
        })
    }

    pub(crate) fn newline_framed(&mut self, count: usize) -> Vec<u8> {
        self.framed(count, |line, out| {
            out.extend_from_slice(line);
            out.push(b'\n');
        })
    }

    fn framed(&mut self, count: usize, frame: impl Fn(&[u8], &mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        (0..count).for_each(|_| frame(&self.next(), &mut out));
        out
    }
}
