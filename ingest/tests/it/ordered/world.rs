//! Two journals, an order that takes them in, and the same lines as one journal.

use crate::samples::Random;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::AddAssign;
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::order::OrderBlock;
use suiftly_ingest::ship::{Part, Placement};
use suiftly_ingest::source::Source;
use suiftly_schema::activity::{KeyActivity, KeyHour};
use suiftly_schema::batch::Batch;
use suiftly_schema::infra::{InfraSpanKey, InfraSums};
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::loss::{LineCounts, WorkerWindow};
use suiftly_schema::record::Record;
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::shard::ShardSet;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, Usage};

pub(super) const ID: [JournalId; 2] = [JournalId([0xa1; 16]), JournalId([0xb2; 16])];
const NOW: UnixMillis = UnixMillis(1_795_298_482_000);
const SERVERS: [u8; 5] = [17, 18, 33, 34, 50];
const BLOCKS: usize = 14;
/// The epochs in which a change comes that cannot be read, and one that can.
const TORN_AT: u64 = 3;
const TOLD_AT: u64 = 4;

/// A line of a server's worker.
pub(super) fn sf1(server: u8, seq: u32, bytes: u64) -> String {
    let (now, customer) = (NOW.0 + i64::from(seq), 1_000 + seq % 5);
    format!(
        "<134>1 2026-11-21T22:01:21.991304+00:00 - haproxy 7555 - - SF1 {now} {now} 1795298476993 {seq} {seq} {server} \
         1 1 2 1 0 {customer} 2069146420 10496 - 203.0.100.212 v1/fetch_k 200 {bytes} 139 0 0 0 0 3 -- ok/s2 127.0.0.1 ID"
    )
}

/// What reads lines that begin with `NEW`.
pub(super) fn format() -> PublishedFormat {
    let attribution = [("customer", "var(txn.c)"), ("traffic", "=1"), ("began", "date(0,ms)")];
    PublishedFormat {
        id: 1,
        name: "new".to_owned(),
        log_format: "NEW %[date(0,ms)] %ST %B %[var(txn.c)] %[var(txn.n)]".to_owned(),
        attribution: attribution.map(|(name, from)| (name.to_owned(), from.to_owned())).into(),
        publication: 1,
        is_in_force: true,
    }
}

type Frames = Vec<(Source, String)>;

/// An epoch of the order.
pub(super) struct AnEpoch {
    pub(super) order: OrderBlock,
    /// The numbers of its changes.
    pub(super) told: Vec<u64>,
    /// All that it takes in as one block.
    pub(super) in_one: Block,
    /// For each frame of that block, in which journal it stands, and where.
    pub(super) places: BTreeMap<u64, (u16, u64)>,
    /// Which blocks it takes in of each journal.
    taken: [std::ops::Range<usize>; 2],
}

pub(super) struct World {
    journals: [Vec<Block>; 2],
    pub(super) epochs: Vec<AnEpoch>,
}

impl World {
    /// Gateways that send every line to both, mostly; some lines again, with other bytes too if there are `conflicts`.
    pub(super) fn new(seed: u64, conflicts: bool) -> Self {
        let mut random = Random::new(seed);
        let (mut seqs, mut journals) = ([0_u32; SERVERS.len()], [Vec::new(), Vec::new()]);
        for _ in 0..BLOCKS {
            let mut blocks = [Frames::new(), Frames::new()];
            for (server, seq) in SERVERS.iter().zip(&mut seqs) {
                for _ in 0..random.below(6) {
                    *seq += 1;
                    send(&mut random, *server, *seq, conflicts, &mut blocks);
                }
            }
            let noise = |random: &mut Random| Source::udp(SocketAddr::from(([192, 0, 2, low_byte(random)], 514)));
            blocks[0].push((noise(&mut random), "what is this".to_owned()));
            blocks[1].push((noise(&mut random), "<133>Nov 21 22:01:22 haproxy[1]: Proxy fe started.".to_owned()));
            blocks[1].push((noise(&mut random), format!("NEW {} 200 10 7 -", NOW.0)));
            blocks[0].push((Source::Quarantine { offset: 40 }, "NEW 1795298482000 200 11 7 -".to_owned()));
            journals.iter_mut().zip(blocks).for_each(|(journal, block)| journal.push(block));
        }
        Self::of(journals, || random.below(4))
    }

    /// Journals of these blocks, and an order that takes in so many of each at a time.
    pub(super) fn of(journals: [Vec<Frames>; 2], mut at_once: impl FnMut() -> usize) -> Self {
        let journals = journals.map(|frames| journal(&frames));
        let (mut world, mut taken) = (Self { journals, epochs: Vec::new() }, [0_usize; 2]);
        while world.journals.iter().zip(taken).any(|(journal, taken)| taken < journal.len()) {
            let next = [0_usize, 1].map(|at| (taken[at] + at_once()).min(world.journals[at].len()));
            let epoch = world.epoch([taken[0]..next[0], taken[1]..next[1]]);
            world.epochs.push(epoch);
            taken = next;
        }
        world
    }

    fn epoch(&self, taken: [std::ops::Range<usize>; 2]) -> AnEpoch {
        let number = self.epochs.len() as u64 + 1;
        let cut_at = NOW.plus_ms(20 * number.cast_signed() + 1_000);
        let mut order = BlockBuilder::default();
        let (mut in_one, mut from, mut told) = (BlockBuilder::default(), Vec::new(), Vec::new());
        for change in changes_at(number) {
            order.push(&Source::Outbox, cut_at, &change).unwrap();
            in_one.push(&Source::Outbox, cut_at, &change).unwrap();
            told.extend(serde_json::from_slice::<ReferenceChange>(&change).map(|change| change.seq));
        }
        for (journal, no) in [0_usize, 1].into_iter().zip(1..) {
            for block in &self.journals[journal][taken[journal].clone()] {
                for frame in block.frames() {
                    in_one.push(&frame.source, frame.received_at, frame.bytes).unwrap();
                    from.push((no, frame.offset));
                }
            }
            if let Some(last) = taken[journal].end.checked_sub(1).map(|last| &self.journals[journal][last]) {
                let cut = [last.epoch.to_le_bytes(), last.cut_at.0.to_le_bytes(), last.end.to_le_bytes()].concat();
                order.push(&Source::Cut { journal: ID[journal], no }, cut_at, &cut).unwrap();
            }
        }
        let start = self.epochs.last().map_or(0, |last| last.order.end);
        let order = OrderBlock::of(&order.seal(number, cut_at, start)).unwrap();
        let from = order.changes.iter().map(|change| (0, change.offset)).chain(from);
        let start = self.epochs.last().map_or(0, |last| last.in_one.end);
        let in_one = in_one.seal(number, cut_at, start);
        let places = in_one.frames().map(|frame| frame.offset).zip(from).collect();
        AnEpoch { order, told, in_one, places, taken }
    }

    /// What an epoch takes in of some shards.
    pub(super) fn parts(&self, epoch: &AnEpoch, shards: &ShardSet, is_proof_only: bool) -> Vec<(u16, Part)> {
        let mut parts = Vec::new();
        for (no, (journal, taken)) in (1..).zip(self.journals.iter().zip(&epoch.taken)) {
            let of = journal[taken.clone()].iter().map(|block| Part::cut(block, &Placement::default(), shards));
            let some = of.filter(|part| !part.is_empty());
            parts.extend(some.map(|mut part| {
                part.is_proof_only = is_proof_only;
                (no, part)
            }));
        }
        parts
    }

    /// Those that have a frame, and the one that counts what is the order's.
    pub(super) fn shards(&self) -> ShardSet {
        let parts = self.journals.iter().flatten();
        let parts: Vec<Part> = parts.map(|block| Part::cut(block, &Placement::default(), &ShardSet::ALL)).collect();
        let shards = parts.iter().flat_map(Part::shards).map(|(shard, _)| shard);
        shards.chain([suiftly_schema::shard::Shard(0)]).collect()
    }

    /// The last change that was told.
    pub(super) fn told_seq(&self) -> u64 {
        self.epochs.iter().flat_map(|epoch| &epoch.told).copied().max().unwrap_or_default()
    }

    /// What was told in the end.
    pub(super) fn formats(&self) -> Vec<PublishedFormat> {
        if self.told_seq() == 0 { Vec::new() } else { vec![format()] }
    }
}

fn changes_at(epoch: u64) -> Vec<Vec<u8>> {
    match epoch {
        TORN_AT => vec![b"{".to_vec()],
        TOLD_AT => {
            let change = ReferenceChange { seq: 1, entity: Entity::LogFormat(format()) };
            vec![serde_json::to_vec(&change).unwrap()]
        }
        _ => Vec::new(),
    }
}

fn low_byte(random: &mut Random) -> u8 {
    u8::try_from(random.below(256)).unwrap()
}

fn send(random: &mut Random, server: u8, seq: u32, conflicts: bool, blocks: &mut [Frames; 2]) {
    for (block, home) in blocks.iter_mut().zip(0..) {
        let source = Source::tcp(SocketAddr::from(([10, home, 0, server], 4_000)));
        if random.below(8) > 0 {
            block.push((source, sf1(server, seq, 100)));
        }
        if random.below(6) == 0 {
            let before = 1 + u32::try_from(random.below(seq as usize)).unwrap();
            let bytes = if conflicts && random.below(2) == 0 { 101 } else { 100 };
            block.push((source, sf1(server, before, bytes)));
        }
    }
}

fn journal(frames: &[Frames]) -> Vec<Block> {
    let (mut blocks, mut end) = (Vec::new(), 0);
    for (frames, epoch) in frames.iter().zip(1_u64..) {
        let received_at = NOW.plus_ms(20 * epoch.cast_signed());
        let mut builder = BlockBuilder::default();
        frames.iter().for_each(|(source, frame)| builder.push(source, received_at, frame.as_bytes()).unwrap());
        let block = builder.seal(epoch, received_at.plus_ms(5), end);
        end = block.end;
        blocks.push(block);
    }
    blocks
}

/// What batches add up to, whoever made them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub(super) records: BTreeMap<(u16, u64), Record>,
    pub(super) counts: LineCounts,
    pub(super) quarantined: BTreeMap<(u16, u64), (&'static str, Vec<u8>)>,
    pub(super) requeued: Vec<(u64, &'static str)>,
    pub(super) system: Vec<(UnixMillis, Option<i16>, String)>,
    pub(super) windows: Vec<WorkerWindow>,
    pub(super) oldest_received_at: Option<UnixMillis>,
    pub(super) usage: BTreeMap<MinuteKey, Usage>,
    pub(super) infra: BTreeMap<InfraSpanKey, InfraSums>,
    pub(super) keys: BTreeMap<KeyHour, KeyActivity>,
}

impl Sum {
    /// Adds a batch; `place` says where a frame stands by the number of its journal and its place there.
    pub(super) fn add(&mut self, batch: &Batch, place: impl Fn(u16, u64) -> (u16, u64)) {
        let runs = batch.record_journals.iter().flat_map(|(no, records)| (0..*records).map(|_| *no));
        let mut numbers: Vec<u16> = runs.collect();
        numbers.resize(if numbers.is_empty() { batch.records.len() } else { numbers.len() }, 0);
        assert_eq!(numbers.len(), batch.records.len(), "each record is of a journal");
        for (record, no) in batch.records.iter().zip(numbers) {
            let (no, journal_offset) = place(no, record.journal_offset);
            let before = self.records.insert((no, journal_offset), Record { journal_offset, ..*record });
            assert_eq!(before, None, "a line became two records");
        }
        for line in &batch.quarantined {
            let place = place(line.journal_no, line.journal_offset);
            assert!(self.quarantined.insert(place, (line.reason, line.line.clone())).is_none(), "{place:?} twice");
        }
        self.counts.add(&batch.counts);
        self.requeued.extend(batch.requeued.iter().map(|line| (line.journal_offset, line.outcome)));
        self.requeued.sort_unstable();
        self.system.extend(batch.system.iter().map(|of| (of.timestamp, of.server_id, of.message.clone())));
        self.system.sort_unstable();
        // A home is another in each journal, so homes are not of what adds up.
        let windows = batch.windows.iter().cloned();
        self.windows.extend(windows.map(|window| WorkerWindow { homes: Vec::new(), ..window }));
        self.windows.sort_unstable_by_key(|window| window.worker);
        self.oldest_received_at = self.oldest_received_at.into_iter().chain([batch.oldest_received_at]).min();
        add_rows(&mut self.usage, &batch.partials.usage);
        add_rows(&mut self.infra, &batch.partials.infra);
        add_rows(&mut self.keys, &batch.partials.keys);
    }
}

fn add_rows<K: Copy + Ord, V: Clone + for<'v> AddAssign<&'v V>>(sums: &mut BTreeMap<K, V>, rows: &[(K, V)]) {
    for (key, row) in rows {
        sums.entry(*key).and_modify(|sum| *sum += row).or_insert_with(|| row.clone());
    }
}
