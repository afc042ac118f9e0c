//! A cluster read from outside: all that its order takes in, once, in the order of the order; or an error.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use suiftly_ingest::audit::{Customers, From, JournalDirs, Journals, RecountError, RecountOrder, recount};
use suiftly_ingest::decode::{DecodeConfig, OrderedDecoder, OrderedStart};
use suiftly_ingest::journal::{JournalError, SEGMENT_HEADER_BYTES};
use suiftly_ingest::order::{OrderBlock, OrderError, ReadError, is_order};
use suiftly_ingest::ship::{Part, Placement};
use suiftly_schema::batch::Batch;
use suiftly_schema::loss::LineCounts;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::record::LineId;
use suiftly_schema::shard::{SHARDS, ShardSet};
use suiftly_schema::time::BillingMonth;
use world::{BLOCKS, World, book};

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
        let of_all: Vec<Batch> = (0..processes)
            .flat_map(|process| of_process(&world, ShardSet::of_process(process, processes, 1)))
            .collect();
        assert_eq!(sum_of(&of_all), (counts.clone(), records.clone()), "{processes} processes");
    }
}

fn of_process(world: &World, shards: ShardSet) -> Vec<Batch> {
    let start = OrderedStart {
        shards,
        restarts: &[0; SHARDS],
        watermarks: &[0; SHARDS],
        windows: &[],
        streams: &[],
        reference_seq: 0,
        books: PriceBooks::v1(),
        formats: &[],
    };
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
    assert!(
        matches!(short, ReadError::Short { first: found, last: to, .. } if (found, to) == (first, last)),
        "{short}"
    );

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
    bytes[SEGMENT_HEADER_BYTES + 300] ^= 4;
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
    let expected =
        |error: &ReadError| matches!(error, ReadError::Order(OrderError::Journal(JournalError::Retired { .. })));
    assert!(expected(&first), "{first}");
}
