//! The life of a segment: written in advance, hot, closed, compressed, deleted, used again.

use super::{Chain, await_segments, files, is_compressed, raw, read, segments, wait_until, write};
use proptest::prelude::*;
use std::fs;
use std::io::Read;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalReader, State, survey};
use tempfile::TempDir;

fn config(segment_bytes: u64) -> JournalConfig {
    JournalConfig { segment_bytes, ..JournalConfig::default() }
}

#[test]
fn closed_segments_are_compressed_and_read_as_before() {
    let dir = TempDir::new().unwrap();
    let (journal, recovery) = Journal::open(dir.path(), config(300_000)).unwrap();
    let mut chain = Chain::after(&recovery);
    let blocks: Vec<_> = (0..40).map(|n| chain.append(&journal, 20_000 + n)).collect();
    await_segments(dir.path(), None, "compressed", |found| found.iter().rev().skip(1).all(is_compressed));
    for epoch in 1..=41 {
        assert_eq!(read(dir.path(), epoch).unwrap(), blocks[usize::try_from(epoch).unwrap() - 1..], "from {epoch}");
    }
    let found = survey(dir.path(), None).unwrap();
    assert!(found.len() > 2);
    assert_eq!(found.iter().map(|segment| segment.lines).sum::<u64>(), 40);
    for segment in &found[..found.len() - 1] {
        assert!(segment.file_bytes < segment.block_bytes() / 10, "{segment:?}");
    }
    // It is a zstd file like any other.
    let mut raw = Vec::new();
    zstd::Decoder::new(fs::File::open(&found[0].path).unwrap()).unwrap().read_to_end(&mut raw).unwrap();
    let in_first = blocks.iter().take_while(|block| block.end <= found[0].end);
    assert_eq!(raw, in_first.flat_map(|block| block.bytes().to_vec()).collect::<Vec<_>>());
    for (bytes, first) in [(0, 16), (60_000, 14), (u64::MAX, 1)] {
        let mut reader = JournalReader::from_before_end_of(dir.path(), 15, bytes).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().epoch, first, "{bytes} bytes before the end of 15");
    }
}

#[test]
fn files_are_written_in_advance_and_used_again() {
    let dir = TempDir::new().unwrap();
    let (journal, recovery) = Journal::open(dir.path(), config(2_000)).unwrap();
    let mut chain = Chain::after(&recovery);
    let mut blocks: Vec<_> = (0..5).map(|_| chain.append(&journal, 200)).collect();
    let at_hand = || files(dir.path(), "spare").len() == 1;
    // Its length is told once it can be taken.
    wait_until("one is written in advance", || at_hand() && journal.progress().status().disk_bytes > 2_000);
    let first = segments(dir.path()).pop();
    // The first may be gone already when the second is there.
    while segments(dir.path()).last() == first.as_ref() {
        blocks.push(chain.append(&journal, 200));
    }
    let hot = segments(dir.path()).pop().unwrap();
    assert_eq!(fs::metadata(&hot).unwrap().len(), 2_000, "its room is there before it is written");
    wait_until("the first one's file is at hand", || {
        files(dir.path(), "zst").len() == 1 && files(dir.path(), "spare").len() == 1
    });
    while segments(dir.path()) == [hot.clone()] {
        blocks.push(chain.append(&journal, 130));
    }
    assert_eq!(read(dir.path(), 1).unwrap(), blocks, "what stands there of before is not met");
    drop(journal);
    let (_journal, recovery) = Journal::open(dir.path(), config(2_000)).unwrap();
    assert_eq!((recovery.end, recovery.dropped_bytes), (blocks.last().unwrap().end, 0));
    assert_eq!(read(dir.path(), 1).unwrap(), blocks);
}

#[test]
fn a_torn_tail_in_a_file_used_again_leaves_exactly_the_blocks_before() {
    let dir = TempDir::new().unwrap();
    let (journal, recovery) = Journal::open(dir.path(), config(1_500)).unwrap();
    let mut chain = Chain::after(&recovery);
    // Equal blocks: the old ones in the file begin where new ones may.
    let mut blocks = vec![chain.append(&journal, 100)];
    let mut of_old_file = None;
    while of_old_file.is_none() || files(dir.path(), "zst").len() < 4 {
        blocks.push(chain.append(&journal, 100));
        of_old_file = survey(dir.path(), None).ok().and_then(|found| {
            let hot = found.last().cloned()?;
            let has_room_behind = hot.file_bytes > 60 + hot.block_bytes();
            (hot.start > 3_000 && hot.end - hot.start > 400 && has_room_behind).then_some(hot)
        });
    }
    drop(journal);
    let hot = survey(dir.path(), None).unwrap().pop().unwrap();
    let whole = fs::read(&hot.path).unwrap();
    assert!(whole.len() as u64 > 60 + hot.block_bytes(), "there is something behind the blocks");
    let last = blocks.last().unwrap();
    let (from, to) = (60 + last.start - hot.start, 60 + last.end - hot.start);
    for cut in usize::try_from(from).unwrap()..usize::try_from(to).unwrap() {
        // What did not reach the disk is what stood there before.
        let mut torn = whole.clone();
        let until = usize::try_from(to).unwrap();
        torn[cut..until].iter_mut().enumerate().for_each(|(at, byte)| *byte = whole[(60 + at) % 300 + 60] ^ 0x55);
        fs::write(&hot.path, &torn).unwrap();
        let found = read(dir.path(), hot.first_epoch).unwrap();
        assert_eq!(found.last().map(|block| block.epoch), Some(last.epoch - 1), "cut at {cut}");
        let (journal, recovery) = Journal::open(dir.path(), raw(1_500)).unwrap();
        assert_eq!((recovery.last_epoch, recovery.end), (last.epoch - 1, last.start), "cut at {cut}");
        drop(journal);
        assert_eq!(fs::metadata(&hot.path).unwrap().len(), from, "what stands behind it can never be met again");
    }
}

#[test]
fn released_segments_go_when_room_is_needed_or_they_are_old() {
    for config in [
        JournalConfig { keep_bytes: 1_000, ..raw(400) },
        JournalConfig { keep_days: 1, ..raw(400) },
        JournalConfig { keep_bytes: 1_000, ..config(400) },
        JournalConfig { keep_days: 1, ..config(400) },
    ] {
        let dir = TempDir::new().unwrap();
        let (journal, recovery) = Journal::open(dir.path(), config.clone()).unwrap();
        let mut chain = Chain::after(&recovery);
        (0..20).for_each(|_| drop(chain.append(&journal, 100)));
        let kept = |journal: &Journal| {
            (survey(dir.path(), None).map(|found| found[0].first_epoch), journal.progress().status().disk_bytes)
        };
        assert_eq!(kept(&journal).0.unwrap(), 1, "nothing was released");
        journal.release_through(7);
        await_segments(dir.path(), None, "released ones went", |found| found[0].first_epoch > 1);
        drop(journal);
        let first_kept = read(dir.path(), 8).unwrap()[0].epoch;
        assert_eq!(first_kept, 8, "what is not released is there");
    }
}

#[test]
fn a_journal_is_read_while_its_files_change() {
    let dir = TempDir::new().unwrap();
    let (journal, recovery) = Journal::open(dir.path(), config(3_000)).unwrap();
    let mut chain = Chain::after(&recovery);
    let mut blocks: Vec<_> = (0..8).map(|_| chain.append(&journal, 500)).collect();
    for round in 0..20 {
        // Begun before the files that it reads are compressed and used again.
        let mut reader = JournalReader::from_epoch(dir.path(), 1).unwrap();
        let there = blocks.len();
        let mut found = vec![reader.next().unwrap().unwrap()];
        blocks.extend((0..8).map(|_| chain.append(&journal, 400 + round)));
        await_segments(dir.path(), None, "compressed", |found| found.iter().rev().skip(1).all(is_compressed));
        found.extend(reader.by_ref().map(Result::unwrap));
        assert!(found.len() >= there, "{} of {there}", found.len());
        assert!(found.iter().zip(&blocks).all(|(found, block)| found == &**block), "round {round}");
        assert!(reader.lost().is_nothing(), "{:?}", reader.lost());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever the sizes, and however often it is opened again: every block once and in order.
    #[test]
    fn any_sizes_through_any_life(
        runs in prop::collection::vec(prop::collection::vec(1usize..1_200, 1..25), 1..5),
        segment_bytes in 300u64..4_000,
        spare_segments in 0usize..3,
        compress_level in prop::sample::select(vec![0, 1, 3]),
        settles in any::<bool>(),
    ) {
        let dir = TempDir::new().unwrap();
        let config = JournalConfig { segment_bytes, spare_segments, compress_level, ..JournalConfig::default() };
        let mut blocks = Vec::new();
        for sizes in runs {
            blocks.extend(write(dir.path(), &config, &sizes));
            if settles && compress_level > 0 {
                let (_journal, _) = Journal::open(dir.path(), config.clone()).unwrap();
                await_segments(dir.path(), None, "compressed", |found| found.iter().rev().skip(1).all(is_compressed));
            }
        }
        prop_assert_eq!(&read(dir.path(), 1).unwrap(), &blocks);
        let found = survey(dir.path(), None).unwrap();
        prop_assert_eq!(found.last().unwrap().end, blocks.last().unwrap().end);
        prop_assert_eq!(found.iter().filter(|segment| segment.state == State::Hot).count(), 1);
    }
}
