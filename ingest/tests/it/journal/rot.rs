//! Damage in what was durable: told, passed over, counted.

use super::{Chain, await_segments, file_range, files, is_compressed, raw, read, segments, write};
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use suiftly_ingest::block::Block;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalReader, State, survey, verify};
use tempfile::TempDir;

fn flip(path: &Path, at: usize, bit: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
}

fn without(blocks: &[Arc<Block>], epochs: &[u64]) -> Vec<Arc<Block>> {
    blocks.iter().filter(|block| !epochs.contains(&block.epoch)).cloned().collect()
}

#[test]
fn a_flipped_byte_of_a_durable_block_costs_that_block_and_is_told() {
    let dir = TempDir::new().unwrap();
    let blocks = write(dir.path(), &raw(1 << 20), &[30, 50, 40]);
    let [path] = segments(dir.path()).try_into().unwrap();
    let whole = fs::read(&path).unwrap();
    for at in file_range(&blocks[1]) {
        flip(&path, at, 4);
        let rotten = fs::read(&path).unwrap();
        let mut reader = JournalReader::from_epoch(dir.path(), 1).unwrap();
        let found: Vec<_> = reader.by_ref().map(|block| Arc::new(block.unwrap())).collect();
        assert_eq!(found, without(&blocks, &[2]), "byte {at}");
        let lost = reader.lost();
        assert_eq!((lost.blocks, lost.bytes), (1, blocks[1].end - blocks[1].start));
        let [place] = &lost.places[..] else { panic!("{lost:?}") };
        assert_eq!((&place.path, place.start, place.first_epoch, place.end_epoch), (&path, blocks[1].start, 2, 3));
        let told = format!("is damaged from byte {} to {} of the journal, epoch 2 is lost: ", place.start, place.end);
        assert!(place.to_string().contains(&told), "{place}");

        let (journal, recovery) = Journal::open(dir.path(), raw(1 << 20)).unwrap();
        assert_eq!((recovery.last_epoch, recovery.end, recovery.dropped_bytes), (3, blocks[2].end, 0));
        let status = journal.progress().status();
        assert_eq!((status.damaged_blocks, status.damaged_bytes), (1, lost.bytes));
        drop(journal);
        assert_eq!(fs::read(&path).unwrap(), rotten, "nothing is cut off or thrown away");
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn damage_to_the_end_of_a_closed_segment_costs_what_was_there() {
    let dir = TempDir::new().unwrap();
    let blocks = write(dir.path(), &raw(1_000), &[200; 12]);
    let paths = segments(dir.path());
    let mut bytes = fs::read(&paths[1]).unwrap();
    let from = bytes.len() - 300;
    bytes[from..].fill(0xaa);
    fs::write(&paths[1], bytes).unwrap();
    let first_of_third = survey(dir.path(), None).unwrap()[2].first_epoch;
    let lost: Vec<_> = (first_of_third - 2..first_of_third).collect();
    assert_eq!(read(dir.path(), 1).unwrap(), without(&blocks, &lost));
    assert_eq!(
        read(dir.path(), first_of_third - 1).unwrap(),
        without(&blocks[usize::try_from(first_of_third).unwrap() - 2..], &lost)
    );
}

#[test]
fn damage_is_kept_as_it_is_when_its_segment_is_compressed() {
    let dir = TempDir::new().unwrap();
    let blocks = write(dir.path(), &raw(2_000), &[200; 20]);
    let paths = segments(dir.path());
    for at in [60, 700] {
        flip(&paths[0], at, 0);
    }
    let lost = verify(dir.path(), None).unwrap().lost;
    assert_eq!(lost.blocks, 2);
    let (journal, _) =
        Journal::open(dir.path(), JournalConfig { segment_bytes: 2_000, ..JournalConfig::default() }).unwrap();
    await_segments(dir.path(), None, "compressed", |found| is_compressed(&found[0]));
    drop(journal);
    let verified = verify(dir.path(), None).unwrap();
    assert_eq!((verified.lost.blocks, verified.lost.bytes), (lost.blocks, lost.bytes));
    let epochs: Vec<_> = lost.places.iter().map(|place| place.first_epoch).collect();
    assert_eq!(read(dir.path(), 1).unwrap(), without(&blocks, &epochs));
}

#[test]
fn a_compressed_segment_that_cannot_be_read_gives_way_to_its_raw_file() {
    let dir = TempDir::new().unwrap();
    let blocks = write(dir.path(), &raw(1_000), &[200; 12]);
    let before = segments(dir.path())[0].clone();
    let kept = fs::read(&before).unwrap();
    let (journal, _) =
        Journal::open(dir.path(), JournalConfig { segment_bytes: 1_000, ..JournalConfig::default() }).unwrap();
    await_segments(dir.path(), None, "compressed", |found| is_compressed(&found[0]));
    drop(journal);
    // A crash between two steps: both are there. The index of the compressed one, twice there, is gone.
    fs::write(&before, kept).unwrap();
    let packed = &files(dir.path(), "zst")[0];
    let bytes = fs::read(packed).unwrap();
    fs::write(packed, &bytes[..bytes.len() / 3]).unwrap();
    assert_eq!(read(dir.path(), 1).unwrap(), blocks);
    let (_journal, _) = Journal::open(dir.path(), raw(1_000)).unwrap();
    assert!(before.exists(), "the good copy stays");
}

/// A journal of compressed, closed and hot segments.
fn mixed(dir: &Path, sizes: &[usize]) -> Vec<Arc<Block>> {
    let config = JournalConfig { segment_bytes: 2_500, ..JournalConfig::default() };
    let (journal, recovery) = Journal::open(dir, config).unwrap();
    let mut chain = Chain::after(&recovery);
    let (compressed, rest) = sizes.split_at(sizes.len() / 2);
    let mut blocks: Vec<_> = compressed.iter().map(|size| chain.append(&journal, *size)).collect();
    await_segments(dir, None, "compressed", |found| found.iter().rev().skip(1).all(is_compressed));
    drop(journal);
    blocks.extend(write(dir, &raw(2_500), rest));
    blocks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A bit flipped anywhere in the blocks' bytes: verify says so, and the reader yields all the other blocks.
    #[test]
    fn a_flipped_bit_costs_what_it_hit_and_is_told(
        sizes in prop::collection::vec(1usize..900, 8..40),
        file in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let dir = TempDir::new().unwrap();
        let blocks = mixed(dir.path(), &sizes);
        prop_assert!(verify(dir.path(), None).unwrap().is_sound());
        let segments = survey(dir.path(), None).unwrap();
        let segment = &segments[file.index(segments.len())];
        let length = fs::metadata(&segment.path).unwrap().len();
        // A raw header and the very last block are other tests' matter.
        let (from, to) = match segment.state {
            State::Compressed => (0, length),
            _ => (60, 60 + segment.block_bytes()),
        };
        let is_last = segment.end == blocks.last().unwrap().end;
        let to = if is_last { 60 + (blocks.last().unwrap().start - segment.start) } else { to };
        prop_assume!(from < to);
        let at = usize::try_from(from).unwrap() + at.index(usize::try_from(to - from).unwrap());
        flip(&segment.path, at, bit);

        let verified = verify(dir.path(), None).unwrap();
        prop_assert!(!verified.is_sound(), "byte {} of {}", at, segment.path.display());
        let lost: Vec<u64> = verified.lost.places.iter().flat_map(|place| place.first_epoch..place.end_epoch).collect();
        let in_segment = |epoch: &u64| (segment.first_epoch..segment.end_epoch).contains(epoch);
        prop_assert!(lost.iter().all(in_segment), "{:?}", verified.lost);
        if segment.state != State::Compressed {
            prop_assert_eq!(lost.len(), 1);
        }
        prop_assert_eq!(read(dir.path(), 1).unwrap(), without(&blocks, &lost));
        prop_assert_eq!(verified.blocks, (blocks.len() - lost.len()) as u64);
        prop_assert_eq!(verified.lost.blocks, lost.len() as u64);
    }
}
