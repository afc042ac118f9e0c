//! The power goes at any moment: what was reported durable is there once, and the journal goes on.

use super::{Chain, raw, read};
use crate::support::disk::{Fault, FaultyDisk};
use crate::support::pipeline::PATIENCE;
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use suiftly_ingest::block::Block;
use suiftly_ingest::journal::{ArchiveConfig, Journal, JournalConfig, JournalReader, State, survey, verify};
use tempfile::TempDir;

fn any_fault() -> impl Strategy<Value = Fault> {
    prop_oneof![6 => Just(Fault::None), 1 => Just(Fault::Fails), 1 => Just(Fault::Loses)]
}

/// Two segments closed, compressed, their files used again, the first archived: a life, until the power goes or all is
/// done. The blocks that were reported durable.
fn live(dir: &Path, config: &JournalConfig, disk: &FaultyDisk) -> Vec<Arc<Block>> {
    let Ok((journal, recovery)) = Journal::open_with(dir, config.clone(), Box::new(disk.clone())) else {
        return Vec::new();
    };
    let archive = config.archive.as_ref().map(|archive| archive.dir.as_path());
    let mut chain = Chain::after(&recovery);
    let mut blocks = Vec::new();
    let began = Instant::now();
    let is_done = |blocks: &[Arc<Block>]| {
        blocks.len() > 12
            && survey(dir, archive).is_ok_and(|found| {
                found[0].state == State::Archived && found.iter().rev().skip(1).all(|s| s.state != State::Closed)
            })
    };
    while !disk.is_broken() && !is_done(&blocks) {
        assert!(began.elapsed() < PATIENCE, "{:?}", journal.progress().status());
        if blocks.len() < 24 {
            let block = chain.next(150, journal.progress().durable_end());
            journal.append(Arc::clone(&block)).unwrap();
            let is_durable = || journal.progress().status().durable_epoch >= block.epoch;
            while !is_durable() && !disk.is_broken() {
                std::thread::yield_now();
            }
            if is_durable() {
                blocks.push(block);
            }
        }
        journal.release_through(blocks.len() as u64);
    }
    let progress = Arc::clone(journal.progress());
    progress.abandon();
    drop(journal);
    blocks
}

#[test]
fn the_power_may_go_after_any_operation() {
    for two_disks in [false, true] {
        let mut operations = 0;
        loop {
            let (dir, archive, disk) = (TempDir::new().unwrap(), TempDir::new().unwrap(), FaultyDisk::default());
            if two_disks {
                disk.set_two_disks();
            }
            let archive = archive.path();
            let kept = ArchiveConfig { keep_days: 0, ..ArchiveConfig::new(archive) };
            let config =
                JournalConfig { segment_bytes: 800, keep_bytes: 900, archive: Some(kept), ..JournalConfig::default() };
            disk.break_after(operations);
            let blocks = live(dir.path(), &config, &disk);
            let has_broken = disk.is_broken();
            disk.crash(if operations % 2 == 0 { 0 } else { 0x5555_5555_5555_5555 });

            let (journal, recovery) = Journal::open(dir.path(), config).unwrap();
            let reported = blocks.len() as u64;
            assert!(recovery.last_epoch >= reported, "{} of {reported}, {operations} operations", recovery.last_epoch);
            let more = Chain::after(&recovery).append(&journal, 150);
            drop(journal);
            let reader = JournalReader::with_archive(dir.path(), Some(archive), 1).unwrap();
            let found: Vec<_> = reader.map(|block| Arc::new(block.unwrap())).collect();
            assert_eq!(found[..blocks.len()], blocks, "{operations} operations");
            let epochs: Vec<_> = found.iter().map(|block| block.epoch).collect();
            assert_eq!(epochs, (1..=more.epoch).collect::<Vec<_>>(), "each once, {operations} operations");
            assert!(verify(dir.path(), Some(archive)).unwrap().is_sound(), "{operations} operations");
            if !has_broken {
                break;
            }
            operations += 1;
        }
        assert!(operations > 60, "only {operations} operations in a whole life");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the disk does, and whatever of the unsynced a crash keeps: what was reported durable is there.
    #[test]
    fn what_was_reported_durable_is_there_after_a_crash(
        sizes in prop::collection::vec(1usize..300, 1..24),
        faults in prop::collection::vec(any_fault(), 0..14),
        waited_for in any::<prop::sample::Index>(),
        survivors in any::<u64>(),
        is_kept in any::<bool>(),
    ) {
        let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
        let queue_blocks = 32;
        let config = if is_kept {
            JournalConfig { segment_bytes: 500, queue_blocks, ..JournalConfig::default() }
        } else {
            JournalConfig { queue_blocks, ..raw(500) }
        };
        let (journal, recovery) = Journal::open_with(dir.path(), config.clone(), Box::new(disk.clone())).unwrap();
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
        disk.break_after(0);
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
