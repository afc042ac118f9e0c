//! Parts of proofs, held against a brute-force count of the same journal, and proofs of records drawn at random.

use super::{HOUR_MS, Traffic, Underway, World, at, decode_config, month, segment_files, world};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use suiftly_ingest::audit::RecountError;
use suiftly_ingest::block::Frame;
use suiftly_ingest::decode::{Decoded, Decoder};
use suiftly_ingest::journal::{Journal, JournalConfig, JournalReader};
use suiftly_ingest::proof::{
    FindError, FindOrder, FoundRecord, Lookup, PartWalk, STEP_EPOCHS, Step, StepPart, WalkFrom, Wanted, find, look_up,
};
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::proof::{Hash, RecordLeaf, Subtrees, Tree, covers, lines_from, tree};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::is_billable;
use tempfile::TempDir;

/// One journal for all tests that change nothing of it: it takes a while to make.
fn shared() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(world)
}

fn from(world: &World, sealed: (Epoch, UnixMillis), whole_from: Option<UnixMillis>) -> WalkFrom {
    let (books, decode) = (PriceBooks::v1(), decode_config());
    WalkFrom { journal_id: world.journal_id, sealed, since: UnixMillis::MIN, whole_from, books, decode }
}

fn begin(world: &World) -> PartWalk {
    PartWalk::begin(&world.dirs(), &from(world, (0, UnixMillis::MIN), None)).unwrap()
}

/// A billed record, where it was accepted.
#[derive(Clone, Copy)]
struct Billed {
    epoch: Epoch,
    customer: CustomerId,
    leaf: RecordLeaf,
}

/// Every billed record of the journal in its order: by one decoder that has seen all of it, the name of the request by
/// the last word of its line.
fn billed(world: &World) -> Vec<Billed> {
    let mut decoder = Decoder::new(decode_config());
    let mut records = Vec::new();
    for block in JournalReader::with_archive(world.dir.path(), Some(world.archive.path()), 1).unwrap() {
        let block = block.unwrap();
        decoder.inspect(&block, |frame, decoded| {
            let Decoded::Accepted(record, _) = decoded else { return };
            let Some(customer) = record.customer_id else { return };
            if is_billable(record.traffic_type, record.status_code) {
                let id = frame.bytes.trim_ascii_end().rsplit(|byte| *byte == b' ').next().filter(|id| *id != b"-");
                records.push(Billed { epoch: block.epoch, customer, leaf: RecordLeaf::of(record, id) });
            }
        });
    }
    records
}

/// The parts of some epochs, with nothing but a sort.
fn by_brute_force(records: &[Billed], first: Epoch, last: Epoch) -> Vec<StepPart> {
    let mut hours: BTreeMap<(CustomerId, UnixMillis), Vec<RecordLeaf>> = BTreeMap::new();
    for record in records.iter().filter(|record| (first..=last).contains(&record.epoch)) {
        hours.entry((record.customer, record.leaf.timestamp.hour())).or_default().push(record.leaf);
    }
    let part = |((customer_id, hour), leaves): ((CustomerId, UnixMillis), Vec<RecordLeaf>)| {
        let hashes: Vec<Hash> = leaves.iter().map(RecordLeaf::hash).collect();
        let mut subtrees = Subtrees::default();
        hashes.iter().for_each(|leaf| subtrees.push(*leaf));
        StepPart {
            customer_id,
            hour,
            requests: leaves.iter().map(|leaf| u64::from(leaf.repeat)).sum(),
            bytes: leaves.iter().map(|leaf| leaf.bytes_sent).sum(),
            records: Tree { count: hashes.len() as u64, root: tree::root(&hashes) },
            subtrees: subtrees.roots(),
        }
    };
    hours.into_iter().map(part).collect()
}

fn all_steps(walk: &mut PartWalk, through: &[Epoch]) -> Vec<Step> {
    let mut steps = Vec::new();
    for through in through {
        while let Some(step) = walk.step(*through).unwrap() {
            steps.push(step);
        }
    }
    steps
}

#[test]
fn parts_are_those_of_a_brute_force_count_and_add_up_to_the_bill() {
    let world = shared();
    let (records, last) = (billed(world), world.last_epoch());
    let mut runner = TestRunner::new(Config { cases: 12, ..Config::default() });
    let ends = prop::collection::btree_set(1..last, 0..6);
    runner
        .run(&ends, |ends: BTreeSet<Epoch>| {
            let through: Vec<_> = ends.into_iter().chain([last]).collect();
            let steps = all_steps(&mut begin(world), &through);
            let mut next = 1;
            for step in &steps {
                prop_assert_eq!((step.first_epoch, step.whole_from), (next, None));
                prop_assert!(step.last_epoch - step.first_epoch < STEP_EPOCHS);
                prop_assert_eq!(&step.parts, &by_brute_force(&records, step.first_epoch, step.last_epoch));
                next = step.last_epoch + 1;
            }
            prop_assert_eq!(next, last + 1);
            Ok(())
        })
        .unwrap();

    let mut sums: BTreeMap<(CustomerId, UnixMillis), (i64, i64)> = BTreeMap::new();
    for part in all_steps(&mut begin(world), &[last]).iter().flat_map(|step| &step.parts) {
        let (requests, bytes) = sums.entry((part.customer_id, part.hour)).or_default();
        *requests += part.requests.cast_signed();
        *bytes += part.bytes.cast_signed();
    }
    for text in ["2026-11", "2026-12"] {
        let mut hours: BTreeMap<(CustomerId, UnixMillis), (i64, i64)> = BTreeMap::new();
        for (customer, of) in world.counted(text, last) {
            for usage in of {
                let (requests, bytes) = hours.entry((customer, usage.hour)).or_default();
                *requests += usage.requests;
                *bytes += usage.bytes;
            }
        }
        let of_month: BTreeMap<_, _> =
            sums.iter().filter(|((_, hour), _)| hour.month() == month(text)).map(|(key, sum)| (*key, *sum)).collect();
        assert_eq!(of_month, hours, "{text}: the parts of a month are its bill");
    }
}

/// A walk that is begun anew where another ended comes to the same parts: what it reads before tells it the copies.
#[test]
fn a_walk_goes_on_where_another_ended() {
    let world = shared();
    let last = world.last_epoch();
    let cuts = [3, last / 4, last / 2, last - 7];
    let through: Vec<_> = cuts.iter().copied().chain([last]).collect();
    let expected = all_steps(&mut begin(world), &through);
    let (mut found, mut sealed) = (Vec::new(), (0, UnixMillis::MIN));
    for through in through {
        let mut walk = PartWalk::begin(&world.dirs(), &from(world, sealed, None)).unwrap();
        assert_eq!(walk.next_epoch(), sealed.0 + 1);
        let mut steps = all_steps(&mut walk, &[through]);
        let step = steps.last().unwrap();
        sealed = (step.last_epoch, step.cut_at);
        found.append(&mut steps);
    }
    assert_eq!(found, expected);
    assert_eq!(begin(world).step(0).unwrap(), None, "nothing to look at");
    let ahead = begin(world).step(last + 5);
    assert!(matches!(ahead, Err(RecountError::Short { through, .. }) if through == last + 5));
}

/// Months are shown if nothing is missing of where their lines can be.
#[test]
fn what_is_missing_is_told_by_where_it_is_whole_again() {
    let world = world();
    let last = world.last_epoch();
    let archived = segment_files(world.archive.path());
    let mut bytes = std::fs::read(&archived[0]).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0x55;
    std::fs::write(&archived[0], bytes).unwrap();
    let steps = all_steps(&mut begin(&world), &[last]);
    let whole_from = steps.last().unwrap().whole_from.expect("there is damage");
    let first = world.batches.iter().find(|batch| batch.cut_at == whole_from).unwrap().epoch;
    assert!(first > 1 && !covers(Some(whole_from), month("2026-11")) && covers(Some(whole_from), month("2026-12")));

    // Pruned before anybody looked: from the first that is kept.
    std::fs::remove_file(&archived[0]).unwrap();
    let mut walk = begin(&world);
    let kept = walk.next_epoch();
    assert!(kept > 1);
    let step = walk.step(last).unwrap().unwrap();
    assert_eq!(step.whole_from, world.batches.iter().find(|batch| batch.epoch == kept).map(|batch| batch.cut_at));
    // As if it had been looked at up to there: nothing is missing, and what was known stays.
    let before = world.batches.iter().find(|batch| batch.epoch == kept - 1).unwrap();
    let mut walk = PartWalk::begin(&world.dirs(), &from(&world, (before.epoch, before.cut_at), None)).unwrap();
    assert_eq!(walk.step(last).unwrap().unwrap().whole_from, None);

    // Begun where the lines of a month can be: all of it, and nothing of the month before.
    let december = WalkFrom { since: lines_from(month("2026-12")), ..from(&world, (0, UnixMillis::MIN), None) };
    let steps = all_steps(&mut PartWalk::begin(&world.dirs(), &december).unwrap(), &[last]);
    let whole_from = steps[0].whole_from;
    assert!(covers(whole_from, month("2026-12")) && !covers(whole_from, month("2026-11")));
    let of_december = |step: &Step| {
        let parts = step.parts.iter().filter(|part| part.hour.month() == month("2026-12"));
        parts.map(|part| part.requests).sum::<u64>()
    };
    let counted = world.counted("2026-12", last).into_values().flatten().map(|usage| usage.requests).sum::<i64>();
    assert_eq!(steps.iter().map(of_december).sum::<u64>().cast_signed(), counted);

    assert!(covers(None, month("1970-01")));
    let since = at("2026-11-30T22:50:00Z");
    assert!(covers(Some(since), month("2026-12")) && !covers(Some(since.plus_ms(1)), month("2026-12")));
}

fn order(world: &World, step: &Step, part: &StepPart, wanted: Wanted) -> FindOrder {
    FindOrder {
        journal_id: world.journal_id,
        customer_id: part.customer_id,
        hour: part.hour,
        epochs: step.first_epoch..=step.last_epoch,
        records: part.records,
        subtrees: part.subtrees.clone(),
        wanted,
        books: PriceBooks::v1(),
        formats: Vec::new(),
        decode: decode_config(),
    }
}

fn by_line(leaf: &RecordLeaf) -> Wanted {
    Wanted::Line { server_id: leaf.server_id.unwrap(), line: leaf.line.unwrap() }
}

#[test]
fn any_record_is_found_with_its_path() {
    let world = shared();
    let (records, last) = (billed(world), world.last_epoch());
    let steps = all_steps(&mut begin(world), &[last / 3, last / 2, last]);
    for record in records.iter().step_by(records.len() / 25) {
        let step = steps.iter().find(|step| (step.first_epoch..=step.last_epoch).contains(&record.epoch)).unwrap();
        let hour = record.leaf.timestamp.hour();
        let is_its = |part: &&StepPart| (part.customer_id, part.hour) == (record.customer, hour);
        let part = step.parts.iter().find(is_its).unwrap();
        let id = record.leaf.request_id.expect("the gateway names its requests");
        for wanted in [Wanted::Request(id.as_str().to_owned()), by_line(&record.leaf)] {
            let FoundRecord { record: found, index, path } =
                find(&world.dirs(), &order(world, step, part, wanted.clone())).unwrap().expect("it is there");
            assert_eq!(found, record.leaf, "{wanted:?}");
            let root = tree::root_by_path(found.hash(), index, part.records.count, &path);
            assert_eq!(root, Some(part.records.root), "{wanted:?}");
        }
        let books = PriceBooks::v1();
        let epochs = step.first_epoch..=step.last_epoch;
        let (journal_id, decode, formats) = (world.journal_id, decode_config(), Vec::new());
        let lookup = Lookup { journal_id, epochs, books, formats, decode };
        let seen = look_up(&world.dirs(), &lookup, &by_line(&record.leaf)).unwrap().unwrap();
        assert_eq!((seen.customer_id, seen.hour, seen.is_billed), (record.customer, hour, true));
    }
}

#[test]
fn what_is_not_there_is_not_found_and_another_part_is_told() {
    let world = shared();
    let last = world.last_epoch();
    let step = begin(world).step(last).unwrap().unwrap();
    let part = &step.parts[step.parts.len() / 2];
    let nowhere = Wanted::Request("none".to_owned());
    assert_eq!(find(&world.dirs(), &order(world, &step, part, nowhere)).unwrap(), None);

    let record = billed(world)
        .into_iter()
        .find(|record| (record.customer, record.leaf.timestamp.hour()) == (part.customer_id, part.hour))
        .unwrap();
    let right = order(world, &step, part, by_line(&record.leaf));
    assert!(find(&world.dirs(), &right).unwrap().is_some());
    let other = FindOrder { records: Tree { root: Hash::of(b"another"), ..part.records }, ..right.clone() };
    let error = find(&world.dirs(), &other).unwrap_err();
    assert!(matches!(error, FindError::OtherPart { sealed, .. } if sealed == part.records.count), "{error}");
    let ahead = FindOrder { epochs: 1..=last + 3, ..right };
    assert!(matches!(find(&world.dirs(), &ahead), Err(FindError::Journal(RecountError::Short { .. }))));
}

/// Copies in the part's epochs of lines that came long before them: only who has read those knows them.
#[test]
fn copies_over_the_border_of_a_part_are_told_apart() {
    let begun = at("2026-11-30T00:00:00Z");
    let (turn, end) = (begun.plus_ms(2 * HOUR_MS), begun.plus_ms(3 * HOUR_MS));
    let mut traffic = Traffic::new(begun);
    traffic.run(begun, turn);
    let border = traffic.blocks.len();
    // Far more epochs than are read at first.
    for _ in 0..6_100 {
        traffic.cut(turn);
    }
    for block in &traffic.blocks[border - 10..border] {
        let copy = |frame: Frame<'_>| Underway { due: turn, source: frame.source, frame: frame.bytes.to_vec() };
        traffic.underway.extend(block.frames().map(copy));
    }
    traffic.run(turn, end);
    let world = unarchived(traffic);
    let steps = all_steps(&mut begin(&world), &[border as u64 + 6_050, world.last_epoch()]);
    let records = billed(&world);
    for step in &steps {
        assert_eq!(step.parts, by_brute_force(&records, step.first_epoch, step.last_epoch));
        for part in &step.parts {
            let is_its = |record: &&Billed| {
                (step.first_epoch..=step.last_epoch).contains(&record.epoch)
                    && (record.customer, record.leaf.timestamp.hour()) == (part.customer_id, part.hour)
            };
            let record = records.iter().find(is_its).unwrap();
            let found = find(&world.dirs(), &order(&world, step, part, by_line(&record.leaf))).unwrap();
            assert_eq!(found.map(|found| found.record), Some(record.leaf));
        }
    }
}

/// In a journal whose segments stay as they were written.
fn unarchived(traffic: Traffic) -> World {
    let dir = TempDir::new().unwrap();
    let (journal, recovery) = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    for block in traffic.blocks {
        journal.append(Arc::new(block)).unwrap();
    }
    drop(journal);
    World { dir, archive: TempDir::new().unwrap(), journal_id: recovery.journal_id, batches: traffic.batches }
}
