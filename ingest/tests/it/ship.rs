//! Shipping: what a block has of some shards, and how it comes to the processes that have them.

mod following;
mod parts;
mod serving;

use crate::support::links::InMemory;
use crate::support::pipeline::PATIENCE;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::Uncounted;
use suiftly_ingest::dedup::Forgotten;
use suiftly_ingest::hand_in::HandInError;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalId, Recovery};
use suiftly_ingest::ship::{Following, Held, Ingester, Part, Placement, Shipped, Shipper, Tail};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::{Source, Transport};
use suiftly_ingest::stats::{IngestStats, Phase, TransportStats};
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::shard::ShardSet;
use suiftly_schema::time::UnixMillis;

const NOW: UnixMillis = UnixMillis(1_795_298_482_000);

/// Segments that are never compressed, of this length.
fn raw(segment_bytes: u64) -> JournalConfig {
    JournalConfig { segment_bytes, compress_level: 0, spare_segments: 0, ..JournalConfig::default() }
}

/// Lines of four gateways, and of two senders that say nothing of themselves; in some blocks there are none.
struct Lines {
    gateways: Vec<SimulatedGateway>,
    count: usize,
}

impl Lines {
    fn new() -> Self {
        let gateway = |server_id| {
            SimulatedGateway::new(
                &GatewayOptions { server_id, ..GatewayOptions::default() },
                UnixMillis(1_795_000_000_000),
            )
        };
        Self { gateways: [17, 18, 33, 49].map(gateway).into(), count: 0 }
    }

    fn next(&mut self) -> (Source, Vec<u8>) {
        self.count += 1;
        let port = u16::try_from(self.count % 7).unwrap();
        if self.count.is_multiple_of(5) {
            let sender = Source::udp(([203, 0, 113, u8::from(port < 3)], port).into());
            return (sender, format!("<134>no line of ours, number {}", self.count).into_bytes());
        }
        let mut line = Vec::new();
        let at = self.count % self.gateways.len();
        self.gateways[at].line(NOW, &mut line);
        (Source::tcp(([192, 0, 2, u8::try_from(at).unwrap()], port).into()), line)
    }
}

/// A journal of lines, as an ingester writes it, and its last blocks in memory.
struct Ingesting {
    journal: Journal,
    journal_id: JournalId,
    lines: Lines,
    next: (Epoch, u64),
    tail: Arc<Tail>,
    blocks: Vec<Arc<Block>>,
}

impl Ingesting {
    fn open(dir: &Path, config: JournalConfig) -> Self {
        let (journal, Recovery { journal_id, last_epoch, end, .. }) = Journal::open(dir, config).unwrap();
        let (next, tail) = ((last_epoch + 1, end), Arc::new(Tail::default()));
        Self { journal, journal_id, lines: Lines::new(), next, tail, blocks: Vec::new() }
    }

    /// Seals a block of so many lines.
    fn seal(&mut self, lines: usize) -> Arc<Block> {
        let mut builder = BlockBuilder::default();
        for _ in 0..lines {
            let (source, line) = self.lines.next();
            builder.push(&source, NOW, &line).unwrap();
        }
        let (epoch, start) = self.next;
        let cut_at = UnixMillis(NOW.0 + i64::try_from(epoch).unwrap());
        let block = Arc::new(builder.seal_after_sync(epoch, cut_at, start, self.journal.progress().durable_end()));
        self.next = (epoch + 1, block.end);
        self.blocks.push(Arc::clone(&block));
        block
    }

    /// Journals a block, and waits until it is durable.
    fn keep(&self, block: &Arc<Block>) {
        self.journal.append(Arc::clone(block)).unwrap();
        self.journal.progress().wait_durable(block.epoch).unwrap();
    }

    /// Blocks of 0 to 12 lines, on the disk and in memory.
    fn write(&mut self, blocks: usize) {
        for at in 0..blocks {
            let block = self.seal(at % 13);
            self.keep(&block);
            self.tail.push(block);
        }
    }

    fn shipped(&self, dir: &Path) -> Shipped {
        let (progress, tail) = (Arc::clone(self.journal.progress()), Arc::clone(&self.tail));
        Shipped { dir: dir.to_owned(), archive: None, journal: self.journal_id, progress, tail }
    }

    fn shipper(&self, dir: &Path) -> Arc<Shipper<Stub>> {
        Arc::new(Shipper::new(self.shipped(dir), Placement::default(), Stub::default()))
    }

    /// What its blocks after an epoch have of some shards.
    fn parts(&self, after: Epoch, shards: &ShardSet) -> Vec<Part> {
        let after = self.blocks.iter().filter(|block| block.epoch > after);
        let parts = after.map(|block| Part::cut(block, &Placement::default(), shards));
        parts.filter(|part| !part.is_empty()).collect()
    }

    fn last_epoch(&self) -> Epoch {
        self.next.0 - 1
    }
}

/// What an ingester does beside shipping.
#[derive(Debug, Default)]
struct Stub {
    given: Mutex<Vec<GivenLine>>,
}

impl Ingester for Stub {
    fn stats(&self) -> IngestStats {
        stats()
    }

    async fn give(&self, lines: Vec<GivenLine>) -> Result<Epoch, HandInError> {
        if lines[0].line.is_empty() {
            return Err(HandInError::Busy);
        }
        self.given.lock().unwrap().extend(lines);
        Ok(77)
    }
}

fn stats() -> IngestStats {
    let mut transports = [TransportStats::default(); Transport::ALL.len()];
    transports[Transport::Tcp.index()].lines = 12;
    IngestStats {
        phase: Phase::Live,
        lines_per_second: 2.5,
        transports,
        forgotten: Forgotten { workers: 3, ..Forgotten::default() },
        uncounted: Uncounted { deltas: 4, overtold: 5 },
        udp_receive_buffer_bytes: 1 << 20,
        queue_depth: 1,
        queue_bound: 2,
        journal_id: JournalId([9; 16]),
        durable_epoch: 40,
        journal_offset: 50,
        journal_disk_bytes: 60,
        journal_damaged_blocks: 0,
        journal_damaged_bytes: 0,
        journal_upkeep_error: None,
        sync_age_ms: 1,
        sync_p99_ms: 2,
        write_error: Some("the disk is full".to_owned()),
    }
}

/// Follows in memory.
fn follow(net: &InMemory, shipper: &Arc<Shipper<Stub>>, shards: ShardSet, held: &Arc<Held>) -> Following {
    let (net, shipper) = (net.clone(), Arc::clone(shipper));
    Following::start_with(move || net.clone().dial(Arc::clone(&shipper)), shards, Arc::clone(held))
}

/// Waits for what comes about in time.
async fn until(what: &str, so: impl Fn() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
