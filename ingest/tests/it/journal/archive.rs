//! The archive: on the same disk and on another.

use super::{Chain, await_segments, files, raw, read, wait_until};
use crate::support::disk::FaultyDisk;
use std::path::Path;
use std::sync::Arc;
use suiftly_ingest::block::Block;
use suiftly_ingest::journal::{
    ArchiveConfig, Journal, JournalConfig, JournalError, JournalReader, SegmentSummary, State, survey, verify,
};
use tempfile::TempDir;

fn config(archive: ArchiveConfig) -> JournalConfig {
    JournalConfig { segment_bytes: 1_000, keep_bytes: 1_500, archive: Some(archive), ..JournalConfig::default() }
}

fn for_ever(dir: &Path) -> ArchiveConfig {
    ArchiveConfig { keep_days: 0, ..ArchiveConfig::new(dir) }
}

/// Twenty blocks, released all but the last five.
fn filled(dir: &Path, config: JournalConfig, disk: &FaultyDisk) -> (Journal, Vec<Arc<Block>>) {
    let (journal, recovery) = Journal::open_with(dir, config, Box::new(disk.clone())).unwrap();
    let mut chain = Chain::after(&recovery);
    let blocks = (0..20).map(|_| chain.append(&journal, 300)).collect();
    journal.release_through(15);
    (journal, blocks)
}

fn through(dir: &Path, archive: &Path, epoch: u64) -> Vec<Arc<Block>> {
    JournalReader::with_archive(dir, Some(archive), epoch).unwrap().map(|block| Arc::new(block.unwrap())).collect()
}

#[test]
fn released_segments_go_to_the_archive_and_are_read_there() {
    for two_disks in [false, true] {
        let (dir, place, disk) = (TempDir::new().unwrap(), TempDir::new().unwrap(), FaultyDisk::default());
        if two_disks {
            disk.set_two_disks();
        }
        let archive = place.path().join("made/on/demand");
        let (journal, blocks) = filled(dir.path(), config(for_ever(&archive)), &disk);
        // All that are released: none is on its way any more.
        let is_archived = |found: &[SegmentSummary]| {
            let mut released = found.iter().filter(|segment| segment.end_epoch <= 16);
            released.all(|segment| segment.state == State::Archived)
        };
        await_segments(dir.path(), Some(&archive), "they are archived", is_archived);
        assert_eq!(through(dir.path(), &archive, 1), blocks);
        assert_eq!(through(dir.path(), &archive, 12), blocks[11..]);
        assert!(matches!(read(dir.path(), 1), Err(JournalError::Retired { .. })));
        assert!(verify(dir.path(), Some(&archive)).unwrap().is_sound());
        assert!(files(&archive, "tmp").is_empty());
        drop(journal);
        let not_released = read(dir.path(), 16).unwrap();
        assert_eq!(not_released, blocks[15..], "what is not released stays in the journal");
    }
}

#[test]
fn the_archive_has_bounds_of_its_own() {
    let of = |keep_bytes, keep_days| {
        let (dir, archive) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let bounded = ArchiveConfig { keep_bytes, keep_days, ..ArchiveConfig::new(archive.path()) };
        // All that is released goes, however soon it is compressed.
        let config = JournalConfig { keep_bytes: 0, ..config(bounded) };
        let (journal, _) = filled(dir.path(), config, &FaultyDisk::default());
        // The blocks were cut in 1970.
        await_segments(dir.path(), None, "moved", |found| found[0].end_epoch > 16);
        drop(journal);
        files(archive.path(), "zst").len()
    };
    let all = of(0, 0);
    assert!(all > 2);
    assert_eq!(of(0, 100), 0, "too old");
    assert_eq!(of(0, 1_000_000), all, "not too old");
    let some = of(700, 0);
    assert!((1..all).contains(&some), "{some} of {all}");
}

#[test]
fn what_the_archive_cannot_take_stays_and_is_told() {
    let (dir, archive, disk) = (TempDir::new().unwrap(), TempDir::new().unwrap(), FaultyDisk::default());
    let (journal, blocks) = filled(dir.path(), config(for_ever(&archive.path().join("a"))), &disk);
    await_segments(dir.path(), None, "some moved", |found| found[0].first_epoch > 1);
    drop(journal);
    let gone = archive.path().join("b");
    let (journal, _) = Journal::open(dir.path(), config(for_ever(&gone))).unwrap();
    std::fs::remove_dir(&gone).unwrap();
    let mut chain = Chain { epoch: 21, start: blocks[19].end };
    let more: Vec<_> = (0..8).map(|_| chain.append(&journal, 300)).collect();
    journal.release_through(28);
    wait_until("it is told", || journal.progress().status().upkeep_error.is_some());
    let told = journal.progress().status().upkeep_error.unwrap();
    assert!(told.contains("cannot list ") || told.contains("cannot archive "), "{told}");
    let first = survey(dir.path(), None).unwrap()[0].first_epoch;
    std::fs::create_dir(&gone).unwrap();
    wait_until("it goes on", || !files(&gone, "zst").is_empty());
    drop(journal);
    let kept = through(dir.path(), &gone, first);
    assert_eq!(kept, [&blocks[usize::try_from(first).unwrap() - 1..], &more].concat(), "nothing is lost");
}

#[test]
fn raw_segments_are_archived_where_none_are_compressed() {
    let (dir, archive) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let config = JournalConfig { keep_bytes: 1_500, archive: Some(for_ever(archive.path())), ..raw(1_000) };
    let (journal, blocks) = filled(dir.path(), config, &FaultyDisk::default());
    wait_until("moved", || files(archive.path(), "sfj").len() > 2);
    drop(journal);
    assert_eq!(through(dir.path(), archive.path(), 1), blocks);
}

#[test]
fn the_archive_of_another_journal_is_not_written_over() {
    let (first, second, archive) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (journal, blocks) = filled(first.path(), config(for_ever(archive.path())), &FaultyDisk::default());
    wait_until("moved", || files(archive.path(), "zst").len() > 2);
    drop(journal);
    let (journal, _) = filled(second.path(), config(for_ever(archive.path())), &FaultyDisk::default());
    wait_until("it is told", || journal.progress().status().upkeep_error.is_some());
    let told = journal.progress().status().upkeep_error.unwrap();
    assert!(told.contains(" belongs to journal "), "{told}");
    drop(journal);
    assert_eq!(through(first.path(), archive.path(), 1), blocks);
    assert_eq!(read(second.path(), 1).unwrap().len(), 20, "nothing is lost of either");
}
