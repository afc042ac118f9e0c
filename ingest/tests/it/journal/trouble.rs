//! A disk that is full, or read-only.

use super::{Chain, await_segments, files, is_compressed, raw, read, segments, wait_until};
use crate::support::disk::FaultyDisk;
use std::fs;
use std::sync::Arc;
use suiftly_ingest::journal::{Journal, JournalConfig};
use tempfile::TempDir;

#[test]
fn a_full_disk_stops_nothing_but_the_writing() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    let config = JournalConfig { queue_blocks: 2, ..JournalConfig::default() };
    let (journal, recovery) = Journal::open_with(dir.path(), config, Box::new(disk.clone())).unwrap();
    let mut chain = Chain::after(&recovery);
    disk.set_full(true);
    journal.append(chain.next(100, 0)).unwrap();
    wait_until("the error", || journal.progress().status().write_error.is_some());
    while !journal.queue_is_full() {
        journal.append(chain.next(100, 0)).unwrap();
    }
    let status = journal.progress().status();
    assert_eq!((status.durable_epoch, status.durable_end), (0, 0));
    assert!(status.write_error.unwrap().contains("the disk is full"), "the reason is told");
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
    let config = JournalConfig { keep_bytes: 2_000, ..raw(1_000) };
    let (journal, recovery) = Journal::open_with(dir.path(), config, Box::new(disk.clone())).unwrap();
    let mut chain = Chain::after(&recovery);
    for epoch in 1..=5 {
        journal.append(chain.next(1_000, 0)).unwrap();
        journal.progress().wait_durable(epoch).unwrap();
    }
    assert_eq!(segments(dir.path()).len(), 5, "nobody has released any");
    disk.set_full(true);
    journal.append(chain.next(1_000, 0)).unwrap();
    wait_until("the error, then room", || journal.progress().status().write_error.is_some());
    journal.release_through(5);
    wait_until("the error, then room", || journal.progress().status().durable_epoch == 6);
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

#[test]
fn a_read_only_disk_is_told_in_its_own_words() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    disk.set_read_only(true);
    let error = Journal::open_with(dir.path(), raw(400), Box::new(disk.clone())).unwrap_err().to_string();
    assert!(error.ends_with("00000000000000000001.sfj: the disk is read-only"), "{error}");
    assert!(error.starts_with("cannot make ") && !error.contains('\n'), "{error}");

    disk.set_read_only(false);
    let (journal, recovery) = Journal::open_with(dir.path(), raw(400), Box::new(disk.clone())).unwrap();
    let mut chain = Chain::after(&recovery);
    chain.append(&journal, 100);
    disk.set_read_only(true);
    journal.append(chain.next(100, 0)).unwrap();
    wait_until("the error", || journal.progress().status().write_error.is_some());
    let told = journal.progress().status().write_error.unwrap();
    assert!(told.ends_with(": the disk is read-only"), "{told}");
    disk.set_read_only(false);
    journal.progress().wait_durable(2).unwrap();
    drop(journal);
    assert_eq!(read(dir.path(), 1).unwrap().len(), 2);
}

#[test]
fn a_full_disk_gets_the_files_at_hand_back_first() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    let config = JournalConfig { segment_bytes: 1_000, queue_blocks: 2, ..JournalConfig::default() };
    let (journal, recovery) = Journal::open_with(dir.path(), config, Box::new(disk.clone())).unwrap();
    let mut chain = Chain::after(&recovery);
    (0..4).for_each(|_| drop(chain.append(&journal, 300)));
    await_segments(dir.path(), None, "one is compressed", |found| is_compressed(&found[0]));
    // Once its raw file is out of the way: to remove that would make room, too.
    wait_until("its file is at hand", || segments(dir.path()).len() == 1 && !files(dir.path(), "spare").is_empty());
    let at_hand = files(dir.path(), "spare");
    // Full until something is removed: nothing that was released could be, so a file at hand it is.
    disk.set_full(true);
    let block = chain.next(300, 0);
    journal.append(Arc::clone(&block)).unwrap();
    journal.progress().wait_durable(block.epoch).unwrap();
    // By their names, which no other file gets: a new one may be at hand as soon as there is room again.
    wait_until("they were given back", || at_hand.iter().all(|file| !file.exists()));
    assert_eq!(read(dir.path(), 1).unwrap().len(), 5, "nothing else went");
}

#[test]
fn nothing_is_written_in_advance_or_kept_at_hand_while_room_is_short() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    disk.set_short(true);
    let config = JournalConfig { segment_bytes: 1_000, ..JournalConfig::default() };
    let (journal, recovery) = Journal::open_with(dir.path(), config, Box::new(disk)).unwrap();
    let mut chain = Chain::after(&recovery);
    (0..12).for_each(|_| drop(chain.append(&journal, 300)));
    await_segments(dir.path(), None, "all are compressed", |found| found.iter().rev().skip(1).all(is_compressed));
    wait_until("and their raw files gone", || segments(dir.path()).len() == 1);
    assert!(files(dir.path(), "spare").is_empty());
    let length: u64 = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    wait_until("what is not there does not count", || journal.progress().status().disk_bytes <= length);
    drop(journal);
}

#[test]
fn compression_that_runs_out_of_room_gives_it_back_and_goes_on_later() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    let config = JournalConfig { segment_bytes: 1_000, spare_segments: 0, ..JournalConfig::default() };
    let blocks = super::write(dir.path(), &raw(1_000), &[300; 7]);
    // There is no room to compress, and nobody writes.
    disk.set_full(true);
    let (journal, _) = Journal::open_with(dir.path(), config, Box::new(disk.clone())).unwrap();
    wait_until("it is told", || journal.progress().status().upkeep_error.is_some());
    let told = journal.progress().status().upkeep_error.unwrap();
    assert!(told.starts_with("cannot compress ") && told.ends_with(": the disk is full"), "{told}");
    assert!(files(dir.path(), "tmp").is_empty() && files(dir.path(), "zst").is_empty());
    assert_eq!(journal.progress().status().write_error, None, "the writer has nothing to do with it");
    disk.set_full(false);
    wait_until("it goes on", || files(dir.path(), "zst").len() == 2);
    wait_until("and says so", || journal.progress().status().upkeep_error.is_none());
    drop(journal);
    assert_eq!(read(dir.path(), 1).unwrap(), blocks);
}
