//! A cluster read from outside: all that its order takes in, once, in the order of the order; or an error.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use suiftly_ingest::audit::{Customers, From, JournalDirs, Journals, RecountError, RecountOrder, recount};
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::{DecodeConfig, OrderedDecoder, OrderedStart};
use suiftly_ingest::journal::{Journal, JournalConfig, JournalError, JournalId, survey};
use suiftly_ingest::order::{ClusterDirs, OrderBlock, OrderError, ReadEpoch, ReadError, is_order, read};
use suiftly_ingest::ship::{Part, Placement};
use suiftly_ingest::source::Source;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::LineCounts;
use suiftly_schema::price::{PriceBook, PriceBooks};
use suiftly_schema::record::LineId;
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::shard::{SHARDS, ShardSet};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tempfile::TempDir;

const NOW: UnixMillis = UnixMillis(1_795_298_482_000);
const SERVERS: [u8; 3] = [17, 33, 50];
const BLOCKS: u64 = 40;
/// A price book is told in this epoch of the order.
const TOLD_AT: Epoch = 12;

/// The number of a journal, from 1 on, and the epochs of it that are taken in.
type Taken = (u16, std::ops::RangeInclusive<Epoch>);

fn line(server: u8, seq: u32) -> String {
    let (now, customer) = (NOW.0 + i64::from(seq), 1_000 + seq % 5);
    format!(
        "<134>1 2026-11-21T22:01:21.991304+00:00 - haproxy 7555 - - SF1 {now} {now} 1795298476993 {seq} {seq} {server} \
         1 1 2 1 0 {customer} 2069146420 10496 - 203.0.100.212 v1/fetch_k 200 100 139 0 0 0 0 3 -- ok/s2 127.0.0.1 ID"
    )
}

/// Two homes: each is without some lines, and has some twice.
fn home(no: u16) -> (Vec<Block>, BTreeSet<(u8, u32)>) {
    let (mut blocks, mut lines, mut start) = (Vec::new(), BTreeSet::new(), 0);
    for epoch in 1..=BLOCKS {
        let received_at = NOW.plus_ms(20 * epoch.cast_signed());
        let mut builder = BlockBuilder::default();
        for (server, nth) in SERVERS.into_iter().flat_map(|server| (0..4).map(move |nth| (server, nth))) {
            let seq = 4 * u32::try_from(epoch).unwrap() + nth;
            let home = u8::try_from(no).unwrap();
            let source = Source::tcp(SocketAddr::from(([10, home, 0, server], 4_000)));
            if !seq.is_multiple_of(if no == 1 { 5 } else { 7 }) {
                builder.push(&source, received_at, line(server, seq).as_bytes()).unwrap();
                lines.insert((server, seq));
            }
            if let Some(before) = seq.checked_sub(3).filter(|before| lines.contains(&(server, *before))) {
                builder.push(&source, received_at, line(server, before).as_bytes()).unwrap();
            }
        }
        let block = builder.seal(epoch, received_at.plus_ms(5), start);
        start = block.end;
        blocks.push(block);
    }
    (blocks, lines)
}

fn written(dir: &Path, blocks: &[Block]) -> JournalId {
    let config = JournalConfig { segment_bytes: 2_000, compress_level: 0, spare_segments: 0, ..Default::default() };
    let (journal, recovery) = Journal::open(dir, config).unwrap();
    blocks.iter().for_each(|block| journal.append(Arc::new(block.clone())).unwrap());
    recovery.journal_id
}

fn cut_bytes(block: &Block) -> Vec<u8> {
    [block.epoch.to_le_bytes(), block.cut_at.0.to_le_bytes(), block.end.to_le_bytes()].concat()
}

/// A cluster of two ingesters, on the disk.
struct World {
    dir: TempDir,
    journals: [Vec<Block>; 2],
    ids: [JournalId; 2],
    orders: Vec<Block>,
    /// By epoch of the order.
    taken: Vec<Vec<Taken>>,
    lines: BTreeSet<(u8, u32)>,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// The cuts are changed before they are written.
    fn with(change: impl Fn(&mut Vec<u8>)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ((a, of_a), (b, of_b)) = (home(1), home(2));
        let ids = [written(&dir.path().join("a"), &a), written(&dir.path().join("b"), &b)];
        let lines = of_a.union(&of_b).copied().collect();
        let mut world = Self { dir, journals: [a, b], ids, orders: Vec::new(), taken: Vec::new(), lines };
        // The second comes late, and then by two.
        for epoch in 1..=BLOCKS {
            let of_b = if epoch % 2 == 0 { epoch - 1..=epoch } else { epoch..=epoch - 1 };
            world.cut(&change, [(1, epoch..=epoch), (2, of_b)]);
        }
        assert_eq!(written(&world.order().journal, &world.orders), world.order_id());
        world
    }

    fn cut(&mut self, change: &impl Fn(&mut Vec<u8>), taken: [Taken; 2]) {
        let epoch = self.orders.len() as u64 + 1;
        let cut_at = NOW.plus_ms(20 * epoch.cast_signed() + 1_000);
        let mut builder = BlockBuilder::default();
        if epoch == TOLD_AT {
            let told = ReferenceChange { seq: 1, entity: Entity::PriceBook(book()) };
            builder.push(&Source::Outbox, cut_at, &serde_json::to_vec(&told).unwrap()).unwrap();
        }
        for ((no, epochs), (id, journal)) in taken.iter().zip(self.ids.iter().zip(&self.journals)) {
            let Some(last) = journal.iter().rfind(|block| block.epoch <= *epochs.end()) else { continue };
            let mut bytes = cut_bytes(last);
            if *no == 2 && epoch == BLOCKS {
                change(&mut bytes);
            }
            builder.push(&Source::Cut { journal: *id, no: *no }, cut_at, &bytes).unwrap();
        }
        let start = self.orders.last().map_or(0, |last| last.end);
        self.orders.push(builder.seal(epoch, cut_at, start));
        self.taken.push(taken.into_iter().filter(|(_, epochs)| !epochs.is_empty()).collect());
    }

    fn order(&self) -> JournalDirs {
        JournalDirs::new(self.dir.path().join("order"))
    }

    /// As its segments say.
    fn order_id(&self) -> JournalId {
        survey(&self.order().journal, None).unwrap()[0].journal_id
    }

    fn dirs(&self) -> ClusterDirs {
        let journal = |(id, name): (&JournalId, &str)| (*id, JournalDirs::new(self.dir.path().join(name)));
        ClusterDirs { order: self.order(), journals: self.ids.iter().zip(["a", "b"]).map(journal).collect() }
    }

    fn read(&self, from: Epoch) -> Vec<ReadEpoch> {
        let epochs = from..=Epoch::MAX;
        read(&self.dirs(), &DecodeConfig::LIVE, &epochs, &[]).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn fails(&self, dirs: &ClusterDirs) -> ReadError {
        let reading = match read(dirs, &DecodeConfig::LIVE, &(1..=BLOCKS), &[]) {
            Ok(reading) => reading,
            Err(error) => return error,
        };
        reading.filter_map(Result::err).next().expect("something is not there")
    }

    /// The blocks that an epoch takes in, with their journals' numbers.
    fn blocks(&self, epoch: Epoch) -> impl Iterator<Item = (u16, &Block)> {
        let taken = &self.taken[usize::try_from(epoch - 1).unwrap()];
        taken.iter().flat_map(|(no, epochs)| {
            let journal = &self.journals[usize::from(*no - 1)];
            journal.iter().filter(|block| epochs.contains(&block.epoch)).map(|block| (*no, block))
        })
    }

    fn segments(&self, name: &str) -> Vec<PathBuf> {
        survey(&self.dir.path().join(name), None).unwrap().into_iter().map(|segment| segment.path).collect()
    }
}

fn book() -> PriceBook {
    PriceBook { version: 2, effective_from: NOW.hour().plus_ms(3_600_000), ..PriceBook::v1() }
}

/// Where each record's line stands, and what became of all lines.
fn sum_of<'b>(batches: impl IntoIterator<Item = &'b Batch>) -> (LineCounts, BTreeMap<(u16, u64), LineId>) {
    let (mut counts, mut records) = (LineCounts::default(), BTreeMap::new());
    for batch in batches {
        counts.add(&batch.counts);
        let numbers = batch.record_journals.iter().flat_map(|(no, records)| (0..*records).map(|_| *no));
        for (record, no) in batch.records.iter().zip(numbers) {
            assert!(records.insert((no, record.journal_offset), record.line_id.unwrap()).is_none(), "one line twice");
        }
    }
    (counts, records)
}

#[test]
fn what_is_read_is_what_the_processes_had_and_each_line_once() {
    let world = World::new();
    let epochs = world.read(1);
    let (counts, records) = sum_of(epochs.iter().map(|epoch| &epoch.batch));
    assert!(epochs.iter().map(|epoch| epoch.order.epoch).eq(1..=BLOCKS));
    let found: BTreeSet<_> = records.values().map(|id| (u8::try_from(id.server_id).unwrap(), id.seq)).collect();
    assert_eq!((&found, records.len()), (&world.lines, world.lines.len()), "each distinct line, once");
    let frames: u64 = world.journals.iter().flatten().map(|block| u64::from(block.frame_count())).sum();
    assert_eq!((counts.received, counts.accepted), (frames, world.lines.len() as u64));
    assert_eq!(epochs.iter().map(|epoch| epoch.frames).sum::<u64>(), frames);
    assert!(counts.second_home > 0 && counts.duplicates > 0 && counts.rejected.is_empty(), "{counts:?}");
    for processes in 1..=3 {
        let of_all: Vec<Batch> =
            (0..processes).flat_map(|process| of_process(&world, ShardSet::of_process(process, processes, 1))).collect();
        assert_eq!(sum_of(&of_all), (counts.clone(), records.clone()), "{processes} processes");
    }
}

fn of_process(world: &World, shards: ShardSet) -> Vec<Batch> {
    let (restarts, books) = ([0; SHARDS], PriceBooks::v1());
    let (windows, formats) = (&[], &[]);
    let start =
        OrderedStart { shards, restarts: &restarts, watermarks: &restarts, windows, reference_seq: 0, books, formats };
    let mut decoder = OrderedDecoder::start(DecodeConfig::CLUSTER, start).unwrap();
    let placement = Placement::default();
    let decoded = world.orders.iter().map(|block| {
        let parts = world.blocks(block.epoch).map(|(no, block)| (no, Part::cut(block, &placement, &shards)));
        decoder.decode(&OrderBlock::of(block).unwrap(), &parts.collect::<Vec<_>>())
    });
    decoded.collect()
}

#[test]
fn from_anywhere_it_goes_on_with_what_was_not_taken_in_before() {
    let world = World::new();
    for from in [2, 7, 20, BLOCKS] {
        let epochs = world.read(from);
        assert!(epochs.iter().map(|epoch| epoch.order.epoch).eq(from..=BLOCKS), "{from}");
        for epoch in epochs {
            let frames = world.blocks(epoch.order.epoch).map(|(_, block)| u64::from(block.frame_count())).sum::<u64>();
            assert_eq!(epoch.frames, frames, "from {from}, {}", epoch.order.epoch);
        }
    }
    assert!(world.read(BLOCKS + 1).is_empty());
}

#[test]
fn usage_is_counted_again_in_the_order_and_by_nothing_less() {
    let world = World::new();
    let order = |through| RecountOrder {
        journal_id: world.order_id(),
        through,
        month: BillingMonth::parse("2026-11").unwrap(),
        customers: Customers::All,
        books: Vec::new(),
        decode: DecodeConfig::LIVE,
        from: From::Month,
    };
    let journals = Journals::of(world.order(), &world.dirs().journals).unwrap();
    assert_eq!(journals, Journals::Cluster(world.dirs()));
    let counted = journals.recount(&order(BLOCKS)).unwrap();
    let requests: i64 = counted.hours.values().flatten().map(|hour| hour.requests).sum();
    assert_eq!((requests, counted.hours.len()), (i64::try_from(world.lines.len()).unwrap(), 5), "one each");
    assert_eq!((counted.books, counted.is_from_first, counted.last_epoch), (vec![book()], true, BLOCKS));
    // Up to an epoch of the order, whatever the journals have by then.
    let half = journals.recount(&order(BLOCKS / 2)).unwrap();
    let taken = (1..=BLOCKS / 2).flat_map(|epoch| world.blocks(epoch));
    assert_eq!(half.lines, taken.map(|(_, block)| u64::from(block.frame_count())).sum::<u64>());
    let short = journals.recount(&order(BLOCKS + 3)).unwrap_err();
    assert!(matches!(short, RecountError::Short { last: BLOCKS, through } if through == BLOCKS + 3), "{short}");
    let alone = recount(&world.order(), &order(BLOCKS)).unwrap_err();
    assert!(matches!(alone, RecountError::Order { .. }), "{alone}");
    let line_journal = JournalDirs::new(world.dir.path().join("a"));
    assert!(is_order(&world.order()).unwrap() && !is_order(&line_journal).unwrap());
    assert_eq!(Journals::of(line_journal.clone(), &BTreeMap::new()).unwrap(), Journals::One(line_journal));
}

#[test]
fn without_all_of_it_nothing_is_said() {
    let world = World::new();
    let mut dirs = world.dirs();
    let _ = dirs.journals.remove(&world.ids[1]);
    let unknown = world.fails(&dirs);
    assert!(matches!(unknown, ReadError::Unknown { epoch: 2, no: 2, journal } if journal == world.ids[1]), "{unknown}");

    // The first journal in the place of the second.
    let mut dirs = world.dirs();
    let first = dirs.journals[&world.ids[0]].clone();
    let _ = dirs.journals.insert(world.ids[1], first);
    let other = world.fails(&dirs);
    assert!(matches!(other, ReadError::Other { epoch: 2, journal } if journal == world.ids[1]), "{other}");

    let later = World::with(|cut| cut[0] += 3);
    let short = later.fails(&later.dirs());
    let (first, last) = (BLOCKS + 1, BLOCKS + 3);
    assert!(matches!(short, ReadError::Short { first: found, last: to, .. } if (found, to) == (first, last)), "{short}");

    let segments = world.segments("b");
    std::fs::remove_file(&segments[segments.len() / 2]).unwrap();
    let gone = world.fails(&world.dirs());
    assert!(matches!(gone, ReadError::Journal { journal, .. } if journal == world.ids[1]), "{gone}");
}

#[test]
fn damage_in_a_journal_is_told() {
    let world = World::new();
    let segment = &world.segments("a")[1];
    let mut bytes = std::fs::read(segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(segment, bytes).unwrap();
    let damaged = world.fails(&world.dirs());
    assert!(matches!(damaged, ReadError::Damaged { journal, .. } if journal == world.ids[0]), "{damaged}");
    assert!(damaged.to_string().contains("cannot be read"), "{damaged}");
}

#[test]
fn a_segment_of_the_order_that_is_not_there_is_an_error() {
    let world = World::new();
    let segments = world.segments("order");
    assert!(segments.len() > 2, "{segments:?}");
    std::fs::remove_file(&segments[1]).unwrap();
    let gone = world.fails(&world.dirs());
    assert!(matches!(gone, ReadError::Order(OrderError::Journal(_))), "{gone}");

    let world = World::new();
    std::fs::remove_file(&world.segments("order")[0]).unwrap();
    let first = world.fails(&world.dirs());
    let expected = |error: &ReadError| matches!(error, ReadError::Order(OrderError::Journal(JournalError::Retired { .. })));
    assert!(expected(&first), "{first}");
}
