//! The journal on real files: recovery, damage, retention, and a disk that fails.

use crate::support::disk::{Fault, FaultyDisk};
use crate::support::pipeline::PATIENCE;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::journal::{Journal, JournalConfig, JournalError, JournalReader, Recovery, SEGMENT_HEADER_BYTES};
use suiftly_ingest::source::Source;
use suiftly_schema::time::UnixMillis;
use tempfile::TempDir;

/// Blocks follow each other like the sequencer's.
struct Chain {
    epoch: u64,
    start: u64,
}

impl Chain {
    fn after(recovery: &Recovery) -> Self {
        Self { epoch: recovery.last_epoch + 1, start: recovery.end }
    }

    fn next(&mut self, frame_bytes: usize, synced_end: u64) -> Arc<Block> {
        let mut builder = BlockBuilder::default();
        let frame = vec![u8::try_from(self.epoch % 251).unwrap(); frame_bytes];
        builder.push(&Source::File, UnixMillis(1), &frame).unwrap();
        let cut_at = UnixMillis(i64::try_from(self.epoch).unwrap() * 10);
        let block = builder.seal_after_sync(self.epoch, cut_at, self.start, synced_end);
        (self.epoch, self.start) = (self.epoch + 1, block.end);
        Arc::new(block)
    }
}

/// Writes blocks of these sizes, each synced before the next.
fn write(dir: &Path, config: JournalConfig, sizes: &[usize]) -> Vec<Arc<Block>> {
    let (journal, recovery) = Journal::open(dir, config).unwrap();
    let mut chain = Chain::after(&recovery);
    let append = |size: &usize| {
        let block = chain.next(*size, journal.progress().durable_end());
        journal.append(Arc::clone(&block)).unwrap();
        journal.progress().wait_durable(block.epoch).unwrap();
        block
    };
    sizes.iter().map(append).collect()
}

fn read(dir: &Path, epoch: u64) -> Result<Vec<Arc<Block>>, JournalError> {
    JournalReader::from_epoch(dir, epoch)?.map(|block| block.map(Arc::new)).collect()
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "sfj")).collect();
    segments.sort();
    segments
}

/// Where a block stands in a journal of one segment.
fn file_range(block: &Block) -> std::ops::Range<usize> {
    let at = |offset: u64| usize::try_from(offset).unwrap() + SEGMENT_HEADER_BYTES;
    at(block.start)..at(block.end)
}

#[test]
fn a_new_journal_is_empty_and_keeps_its_id() {
    let dir = TempDir::new().unwrap();
    let (journal, first) = Journal::open(&dir.path().join("made/on/demand"), JournalConfig::default()).unwrap();
    drop(journal);
    let (_journal, second) = Journal::open(&dir.path().join("made/on/demand"), JournalConfig::default()).unwrap();
    assert_eq!(first, second);
    assert_eq!((first.first_epoch, first.last_epoch, first.end, first.last_cut_at), (1, 0, 0, None));
}

#[test]
fn a_torn_tail_at_every_byte_leaves_exactly_the_blocks_before() {
    let dir = TempDir::new().unwrap();
    let blocks = write(dir.path(), JournalConfig::default(), &[30, 50, 40]);
    let [path] = segments(dir.path()).try_into().unwrap();
    let whole = fs::read(&path).unwrap();
    let last = file_range(&blocks[2]);
    for cut in last.clone() {
        // As a crash leaves it: short, or extended but never filled.
        let mut zeros = whole.clone();
        zeros[cut..].fill(0);
        for torn in [whole[..cut].to_vec(), zeros] {
            fs::write(&path, &torn).unwrap();
            let (journal, recovery) = Journal::open(dir.path(), JournalConfig::default()).unwrap();
            assert_eq!((recovery.last_epoch, recovery.end), (2, blocks[1].end), "cut at {cut}");
            assert_eq!(recovery.dropped_bytes, (torn.len() - last.start) as u64);
            assert_eq!(recovery.last_cut_at, Some(blocks[1].cut_at));
            assert_eq!(read(dir.path(), 1).unwrap(), blocks[..2]);

            let again = Chain::after(&recovery).next(10, recovery.end);
            journal.append(Arc::clone(&again)).unwrap();
            drop(journal);
            assert_eq!(read(dir.path(), 2).unwrap(), [Arc::clone(&blocks[1]), again], "it goes on after the cut");
        }
    }
}

#[test]
fn a_flipped_byte_of_a_durable_block_is_an_error_that_says_where() {
    let dir = TempDir::new().unwrap();
    let blocks = write(dir.path(), JournalConfig::default(), &[30, 50, 40]);
    let [path] = segments(dir.path()).try_into().unwrap();
    let whole = fs::read(&path).unwrap();
    for at in file_range(&blocks[1]) {
        let mut rotten = whole.clone();
        rotten[at] ^= 0x10;
        fs::write(&path, &rotten).unwrap();
        let from_start = read(dir.path(), 1).unwrap_err();
        let opened = Journal::open(dir.path(), JournalConfig::default()).unwrap_err();
        for error in [from_start, opened] {
            let JournalError::Damaged { path: named, offset, epoch, .. } = &error else { panic!("{error}") };
            assert_eq!((named, *offset, *epoch), (&path, blocks[1].start, 2), "byte {at}");
        }
        assert_eq!(fs::read(&path).unwrap(), rotten, "nothing is cut off");
    }
}

#[test]
fn a_group_that_reached_the_disk_out_of_order_is_a_torn_tail() {
    let dir = TempDir::new().unwrap();
    let (journal, recovery) = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    let mut chain = Chain::after(&recovery);
    // Two blocks of one group: when they were sealed, nothing was synced.
    let blocks = [chain.next(30, 0), chain.next(40, 0)];
    blocks.iter().for_each(|block| journal.append(Arc::clone(block)).unwrap());
    drop(journal);
    let [path] = segments(dir.path()).try_into().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[file_range(&blocks[0])].fill(0);
    fs::write(&path, bytes).unwrap();
    let (_journal, recovery) = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    assert_eq!((recovery.last_epoch, recovery.dropped_bytes), (0, blocks[1].end));
}

#[test]
fn segments_roll_and_are_read_across() {
    let dir = TempDir::new().unwrap();
    let config = JournalConfig { segment_bytes: 400, ..JournalConfig::default() };
    let mut blocks = write(dir.path(), config, &[100; 10]);
    blocks.extend(write(dir.path(), config, &[100; 10]));
    assert!(segments(dir.path()).len() > 4, "{:?}", segments(dir.path()));
    for epoch in 1..=21 {
        assert_eq!(read(dir.path(), epoch).unwrap(), blocks[usize::try_from(epoch).unwrap() - 1..], "from {epoch}");
    }
    let block_bytes = blocks[0].bytes().len() as u64;
    for (bytes, first) in [(0, 16), (block_bytes - 1, 16), (block_bytes, 15), (5 * block_bytes, 11), (u64::MAX, 1)] {
        let mut reader = JournalReader::from_before_end_of(dir.path(), 15, bytes).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().epoch, first, "{bytes} bytes before the end of 15");
    }
}

#[test]
fn damage_in_a_closed_segment_a_gap_and_a_foreign_file_are_errors() {
    let config = JournalConfig { segment_bytes: 400, ..JournalConfig::default() };
    let check = |damage: &dyn Fn(&[PathBuf]), expected: &str| {
        let dir = TempDir::new().unwrap();
        write(dir.path(), config, &[100; 12]);
        damage(&segments(dir.path()));
        let error = read(dir.path(), 1).unwrap_err().to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    };
    let flip = |path: &PathBuf, at: usize| {
        let mut bytes = fs::read(path).unwrap();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    check(&|paths| flip(&paths[1], SEGMENT_HEADER_BYTES + 60), "damaged at byte");
    check(&|paths| fs::remove_file(&paths[1]).unwrap(), "the one before it ends at");
    check(&|paths| fs::OpenOptions::new().write(true).open(&paths[1]).unwrap().set_len(200).unwrap(), "begins at byte");
    check(&|paths| flip(&paths[0], 4), "its format is version 0");
    check(&|paths| flip(&paths[0], 30), "checksum of its header");
    check(&|paths| fs::write(&paths[0], b"short").unwrap(), "shorter than a header");
    check(&|paths| fs::remove_file(&paths[0]).unwrap(), "but epoch 1 is needed");
    check(
        &|paths| {
            let other = TempDir::new().unwrap();
            write(other.path(), config, &[100; 12]);
            fs::copy(&segments(other.path())[1], &paths[1]).unwrap();
        },
        "belongs to journal",
    );
}

#[test]
fn only_one_may_have_it_open() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    let error = Journal::open(dir.path(), JournalConfig::default()).unwrap_err();
    assert_eq!(error.to_string(), format!("the journal in {} is in use by another process", dir.path().display()));
    drop(journal);
    Journal::open(dir.path(), JournalConfig::default()).unwrap();
}

#[test]
fn segments_go_only_when_released_and_when_room_is_needed() {
    let dir = TempDir::new().unwrap();
    let config = JournalConfig { segment_bytes: 400, keep_bytes: 1_000, ..JournalConfig::default() };
    let (journal, recovery) = Journal::open(dir.path(), config).unwrap();
    let mut chain = Chain::after(&recovery);
    let mut append = |released: u64| {
        journal.release_through(released);
        let block = chain.next(100, 0);
        journal.append(Arc::clone(&block)).unwrap();
        journal.progress().wait_durable(block.epoch).unwrap();
    };
    (0..20).for_each(|_| append(0));
    let all = segments(dir.path());
    assert_eq!(all[0].file_name().unwrap(), "00000000000000000001.sfj", "nothing was released");
    // Twice: the first may be answered before old segments are looked at.
    (0..2).for_each(|_| append(7));
    drop(journal);
    let first_kept = read(dir.path(), 8).unwrap()[0].epoch;
    assert_eq!(first_kept, 8, "what is not released is there");
    assert!(segments(dir.path())[0] > all[0], "what is released went");
    let total: u64 = segments(dir.path()).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(total > config.keep_bytes, "epoch 8 and on are longer than what is kept");
}

#[test]
fn a_full_disk_stops_nothing_but_the_writing() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    let config = JournalConfig { queue_blocks: 2, ..JournalConfig::default() };
    let (journal, recovery) = Journal::open_with(dir.path(), config, Box::new(disk.clone())).unwrap();
    let mut chain = Chain::after(&recovery);
    disk.set_full(true);
    journal.append(chain.next(100, 0)).unwrap();
    let began = Instant::now();
    while journal.progress().status().write_error.is_none() {
        assert!(began.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    while !journal.queue_is_full() {
        journal.append(chain.next(100, 0)).unwrap();
    }
    let status = journal.progress().status();
    assert_eq!((status.durable_epoch, status.durable_end), (0, 0));
    assert!(status.write_error.unwrap().contains("no storage space"), "the reason is told");
    assert!(!status.sync_age.is_zero());

    disk.set_full(false);
    journal.progress().wait_durable(3).unwrap();
    assert_eq!(journal.progress().status().write_error, None);
    drop(journal);
    assert_eq!(read(dir.path(), 1).unwrap().len(), 3);
}

#[test]
fn a_disk_that_the_journal_has_filled_is_freed_when_epochs_are_released() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    let config = JournalConfig { segment_bytes: 1_000, keep_bytes: 2_000, ..JournalConfig::default() };
    let (journal, recovery) = Journal::open_with(dir.path(), config, Box::new(disk.clone())).unwrap();
    let mut chain = Chain::after(&recovery);
    for epoch in 1..=5 {
        journal.append(chain.next(1_000, 0)).unwrap();
        journal.progress().wait_durable(epoch).unwrap();
    }
    assert_eq!(segments(dir.path()).len(), 5, "nobody has released any");
    let wait_until = |so: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !so() {
            assert!(began.elapsed() < PATIENCE, "{:?}", journal.progress().status());
            std::thread::yield_now();
        }
    };
    disk.set_full(true);
    journal.append(chain.next(1_000, 0)).unwrap();
    wait_until(&|| journal.progress().status().write_error.is_some());
    journal.release_through(5);
    wait_until(&|| journal.progress().status().durable_epoch == 6);
}

#[test]
fn an_abandoned_writer_ends_though_the_disk_refuses() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    let (journal, recovery) = Journal::open_with(dir.path(), JournalConfig::default(), Box::new(disk.clone())).unwrap();
    disk.set_full(true);
    journal.append(Chain::after(&recovery).next(100, 0)).unwrap();
    let progress = Arc::clone(journal.progress());
    progress.abandon();
    assert!(progress.wait_durable(1).is_err());
    drop(journal);
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop_oneof![6 => Just(Fault::None), 1 => Just(Fault::Fails), 1 => Just(Fault::Loses)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the disk does, and whatever of the unsynced a crash keeps: what was reported durable is there.
    #[test]
    fn what_was_reported_durable_is_there_after_a_crash(
        sizes in prop::collection::vec(1usize..300, 1..12),
        faults in prop::collection::vec(any_fault(), 0..12),
        waited_for in any::<prop::sample::Index>(),
        survivors in any::<u64>(),
    ) {
        let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
        let config = JournalConfig { segment_bytes: 500, queue_blocks: 16, ..JournalConfig::default() };
        let (journal, recovery) = Journal::open_with(dir.path(), config, Box::new(disk.clone())).unwrap();
        disk.plan(faults);
        let mut chain = Chain::after(&recovery);
        let mut blocks = Vec::new();
        for size in sizes {
            let block = chain.next(size, journal.progress().durable_end());
            journal.append(Arc::clone(&block)).unwrap();
            blocks.push(block);
        }
        let waited_for = waited_for.index(blocks.len()) as u64 + 1;
        journal.progress().wait_durable(waited_for).unwrap();
        // From here on nothing more succeeds, until the machine stops.
        disk.set_full(true);
        journal.progress().abandon();
        let progress = Arc::clone(journal.progress());
        drop(journal);
        let reported = progress.status().durable_epoch;
        prop_assert!(reported >= waited_for);
        disk.crash(survivors);

        let (_journal, recovery) = Journal::open(dir.path(), config).unwrap();
        prop_assert!(recovery.last_epoch >= reported, "{} of {reported}", recovery.last_epoch);
        let found = read(dir.path(), 1).unwrap();
        prop_assert_eq!(&found[..], &blocks[..found.len()]);
        prop_assert_eq!(found.len() as u64, recovery.last_epoch);
    }
}
