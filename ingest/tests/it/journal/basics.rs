//! Recovery, and what is no journal.

use super::{Chain, file_range, files, raw, read, segments, write};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalReader, SEGMENT_HEADER_BYTES};
use tempfile::TempDir;

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
    let blocks = write(dir.path(), &JournalConfig::default(), &[30, 50, 40]);
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
    let config = raw(400);
    let mut blocks = write(dir.path(), &config, &[100; 10]);
    blocks.extend(write(dir.path(), &config, &[100; 10]));
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
fn version_1_is_read_and_written_on() {
    let dir = TempDir::new().unwrap();
    let blocks = write(dir.path(), &raw(1 << 20), &[100, 200]);
    let [path] = segments(dir.path()).try_into().unwrap();
    // As the version before wrote it: a header of 44 bytes.
    let new = fs::read(&path).unwrap();
    let mut old = [b"SFJ1", &1u32.to_le_bytes()[..], &new[8..40]].concat();
    old.extend_from_slice(&crc32c::crc32c(&old).to_le_bytes());
    old.extend_from_slice(&new[SEGMENT_HEADER_BYTES..]);
    fs::write(&path, old).unwrap();
    assert_eq!(read(dir.path(), 1).unwrap(), blocks);
    // It is long enough for these bounds: the next block begins a segment of today's version behind it.
    let more = write(dir.path(), &raw(400), &[20, 20]);
    assert_eq!(segments(dir.path()).len(), 2);
    assert_eq!(read(dir.path(), 1).unwrap(), [blocks, more].concat());
}

#[test]
fn a_gap_a_missing_segment_and_a_foreign_file_are_errors() {
    let config = raw(400);
    let check = |damage: &dyn Fn(&[PathBuf]), expected: &str| {
        let dir = TempDir::new().unwrap();
        write(dir.path(), &config, &[100; 12]);
        damage(&segments(dir.path()));
        let error = read(dir.path(), 1).unwrap_err().to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    };
    let flip = |path: &PathBuf, at: usize| {
        let mut bytes = fs::read(path).unwrap();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    check(&|paths| fs::remove_file(&paths[1]).unwrap(), "which is not there");
    check(&|paths| fs::OpenOptions::new().write(true).open(&paths[1]).unwrap().set_len(200).unwrap(), "begins at byte");
    check(&|paths| flip(&paths[0], 4), "its format is version 3");
    check(&|paths| flip(&paths[0], 30), "checksum of its header");
    check(&|paths| fs::write(&paths[0], b"short").unwrap(), "shorter than a header");
    check(&|paths| fs::remove_file(&paths[0]).unwrap(), "but epoch 1 is needed");
    check(
        &|paths| {
            let other = TempDir::new().unwrap();
            write(other.path(), &config, &[100; 12]);
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
fn what_is_left_of_a_journal_is_written_on() {
    let dir = TempDir::new().unwrap();
    let blocks = write(dir.path(), &JournalConfig { segment_bytes: 400, ..JournalConfig::default() }, &[100; 8]);
    super::await_segments(dir.path(), None, "some are compressed", |found| found.len() > 2);
    // Files that a crash left half made, or at hand for later, belong to nothing.
    for name in ["1.spare", "00000000000000000099.tmp", "00000000000000000099.sfj.tmp"] {
        fs::write(dir.path().join(name), vec![7; 1_000]).unwrap();
    }
    let more = write(dir.path(), &raw(400), &[50]);
    assert!(files(dir.path(), "spare").is_empty() && files(dir.path(), "tmp").is_empty());
    assert_eq!(read(dir.path(), 1).unwrap(), [blocks, more].concat());
}
