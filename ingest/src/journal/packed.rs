//! A compressed segment: closed, and never written again. Numbers are little-endian.
//!
//! ```text
//! {first epoch, 20 digits}.sfj.zst
//! frames   zstd frames one behind the other, each of whole blocks and of itself readable
//! index    twice, each in a skippable frame (magic 0x184D2A5E · bytes u32 · index), so that `zstd -d` gives the blocks
//!          and one damaged place never takes both
//!
//! index    magic "SFJZ" · version u32 = 1 · journal id 16 bytes · first epoch u64 · start u64 · previous u64 ·
//!          end u64 · end epoch u64 · lines u64 · first cut i64 ms · last cut i64 ms · CRC-32C of all blocks u32 ·
//!          CRC-32C of all frames u32 · frames u32, each:  first epoch u64 · start u64 · place in the file u64 ·
//!          bytes there u32 · bytes of blocks u32;  CRC-32C u32
//! ```
//!
//! A frame holds the bytes as they stood in the raw file, damaged ones too: nothing is thrown away. `first epoch` and
//! `start` are those of a frame's first block; of a damaged place, those of the block that should stand there.

mod frames;

pub(super) use frames::PackedBytes;

use super::segment::{FORMAT_VERSION, Form, PACKED_EXTENSION, u32_at, u64_at};
use super::{JournalId, Segment, SegmentHeader};
use crate::block::MAX_BLOCK_BYTES;
use memchr::memmem;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// A frame ends with the block that makes it at least so long: long enough to compress well, short enough to be read
/// for a single line.
pub(super) const FRAME_BYTES: usize = 1 << 20;
/// No frame's blocks are longer than this.
pub(super) const MAX_FRAME_BYTES: usize = FRAME_BYTES + MAX_BLOCK_BYTES;
/// An index is no longer than this, which is enough for a segment of half a terabyte.
const MAX_INDEX_BYTES: u64 = 16 << 20;

const MAGIC: [u8; 4] = *b"SFJZ";
const VERSION: u32 = 1;
const SKIPPABLE_MAGIC: u32 = 0x184D_2A5E;
const FIXED_BYTES: usize = 100;
const ENTRY_BYTES: usize = 32;
const CRC_BYTES: usize = 4;

/// Where one frame stands and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) first_epoch: Epoch,
    pub(super) start: u64,
    pub(super) file_at: u64,
    pub(super) file_bytes: u32,
    pub(super) block_bytes: u32,
}

impl Entry {
    pub(super) fn end(&self) -> u64 {
        self.start + u64::from(self.block_bytes)
    }
}

/// What a compressed segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) journal_id: JournalId,
    pub(super) first_epoch: Epoch,
    pub(super) start: u64,
    pub(super) previous: Option<Epoch>,
    pub(super) end: u64,
    pub(super) end_epoch: Epoch,
    pub(super) lines: u64,
    pub(super) first_cut_at: UnixMillis,
    pub(super) last_cut_at: UnixMillis,
    /// Of all blocks' bytes.
    pub(super) crc: u32,
    /// Of all frames' bytes, as they stand in the file.
    pub(super) frames_crc: u32,
    pub(super) entries: Vec<Entry>,
}

impl Index {
    /// Reads a segment's index: the copy at the end, else the one before it. Says in words why it has none.
    pub(super) fn read(file: &File, file_bytes: u64) -> io::Result<Result<Self, String>> {
        let tail_bytes = file_bytes.min(2 * MAX_INDEX_BYTES);
        let mut wanted = tail_bytes.min(64 << 10);
        loop {
            let mut tail = vec![0; usize::try_from(wanted).map_err(io::Error::other)?];
            file.read_exact_at(&mut tail, file_bytes - wanted)?;
            let found = Self::find(&tail);
            if found.is_some() || wanted == tail_bytes {
                let fits = found.filter(|index| index.fits(file_bytes));
                return Ok(fits.ok_or_else(|| "it has no sound index of what is compressed in it".to_owned()));
            }
            wanted = (wanted * 8).min(tail_bytes);
        }
    }

    /// The last sound index in these bytes.
    fn find(bytes: &[u8]) -> Option<Self> {
        let mut places: Vec<_> = memmem::find_iter(bytes, &MAGIC).collect();
        places.reverse();
        places.into_iter().find_map(|at| Self::decode(&bytes[at..]))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let fixed = bytes.get(..FIXED_BYTES)?;
        if u32_at(fixed, 4) != VERSION {
            return None;
        }
        let entries = usize::try_from(u32_at(fixed, 96)).ok()?;
        let length = FIXED_BYTES.checked_add(entries.checked_mul(ENTRY_BYTES)?)?.checked_add(CRC_BYTES)?;
        let index = bytes.get(..length)?;
        let (content, tail) = index.split_at(length - CRC_BYTES);
        if u32_at(tail, 0) != crc32c::crc32c(content) {
            return None;
        }
        let entry = |bytes: &[u8]| Entry {
            first_epoch: u64_at(bytes, 0),
            start: u64_at(bytes, 8),
            file_at: u64_at(bytes, 16),
            file_bytes: u32_at(bytes, 24),
            block_bytes: u32_at(bytes, 28),
        };
        let previous = u64_at(fixed, 40);
        Some(Self {
            journal_id: JournalId(std::array::from_fn(|i| fixed[8 + i])),
            first_epoch: u64_at(fixed, 24),
            start: u64_at(fixed, 32),
            previous: (previous != 0).then_some(previous),
            end: u64_at(fixed, 48),
            end_epoch: u64_at(fixed, 56),
            lines: u64_at(fixed, 64),
            first_cut_at: UnixMillis(u64_at(fixed, 72).cast_signed()),
            last_cut_at: UnixMillis(u64_at(fixed, 80).cast_signed()),
            crc: u32_at(fixed, 88),
            frames_crc: u32_at(fixed, 92),
            entries: content[FIXED_BYTES..].chunks_exact(ENTRY_BYTES).map(entry).collect(),
        })
    }

    /// Whether the frames join and are in the file. A checksum is no proof against malice.
    fn fits(&self, file_bytes: u64) -> bool {
        let mut at = self.start;
        let joins = self.entries.iter().all(|entry| {
            let joins = entry.start == at && entry.block_bytes > 0 && entry.block_bytes as usize <= MAX_FRAME_BYTES;
            at = at.saturating_add(entry.block_bytes.into());
            let file_end = entry.file_at.checked_add(entry.file_bytes.into());
            let bounded = entry.file_bytes as usize <= zstd::compress_bound(MAX_FRAME_BYTES);
            joins && bounded && file_end.is_some_and(|end| end <= file_bytes)
        });
        joins
            && at == self.end
            && self.first_epoch <= self.end_epoch
            && self.entries.first().is_none_or(|first| first.first_epoch == self.first_epoch)
            && self.entries.is_sorted_by_key(|entry| entry.first_epoch)
            && self.entries.iter().all(|entry| entry.first_epoch < self.end_epoch)
    }

    /// The index as it stands in the file, both copies.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut index = MAGIC.to_vec();
        let mut put = |field: &[u8]| index.extend_from_slice(field);
        put(&VERSION.to_le_bytes());
        put(&self.journal_id.0);
        let cuts = [self.first_cut_at.0.cast_unsigned(), self.last_cut_at.0.cast_unsigned()];
        let [first_cut, last_cut] = cuts;
        let previous = self.previous.unwrap_or(0);
        for number in
            [self.first_epoch, self.start, previous, self.end, self.end_epoch, self.lines, first_cut, last_cut]
        {
            put(&number.to_le_bytes());
        }
        put(&self.crc.to_le_bytes());
        put(&self.frames_crc.to_le_bytes());
        put(&bounded_u32(self.entries.len()).to_le_bytes());
        for entry in &self.entries {
            [entry.first_epoch, entry.start, entry.file_at].iter().for_each(|number| put(&number.to_le_bytes()));
            [entry.file_bytes, entry.block_bytes].iter().for_each(|number| put(&number.to_le_bytes()));
        }
        let crc = crc32c::crc32c(&index);
        index.extend_from_slice(&crc.to_le_bytes());
        let frame = [&SKIPPABLE_MAGIC.to_le_bytes(), &bounded_u32(index.len()).to_le_bytes(), &index[..]].concat();
        frame.repeat(2)
    }

    /// What it says of its segment.
    pub(super) fn segment(&self, path: &Path, file_bytes: u64) -> Segment {
        let &Self { journal_id, first_epoch, start, previous, end, end_epoch, last_cut_at, .. } = self;
        let header = SegmentHeader { version: FORMAT_VERSION, journal_id, first_epoch, start, previous, room_bytes: 0 };
        Segment {
            path: path.to_owned(),
            header,
            form: Form::Compressed,
            file_bytes,
            end,
            end_epoch: Some(end_epoch),
            last_cut_at: Some(last_cut_at),
        }
    }
}

/// Whether a path is called as compressed segments are.
pub(super) fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == PACKED_EXTENSION)
}

fn bounded_u32(number: usize) -> u32 {
    u32::try_from(number).expect("an index is bounded far below 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let entry = |n: u32| Entry {
            first_epoch: 10 + u64::from(n),
            start: 1_000 + u64::from(n) * 50,
            file_at: u64::from(n) * 20,
            file_bytes: 20,
            block_bytes: 50,
        };
        Index {
            journal_id: JournalId([3; 16]),
            first_epoch: 10,
            start: 1_000,
            previous: Some(4),
            end: 1_150,
            end_epoch: 13,
            lines: 99,
            first_cut_at: UnixMillis(-5),
            last_cut_at: UnixMillis(77),
            crc: 0x1234_5678,
            frames_crc: 0x9abc_def0,
            entries: (0..3).map(entry).collect(),
        }
    }

    #[test]
    fn an_index_is_found_though_one_copy_is_damaged() {
        let (index, frames) = (index(), vec![0u8; 60]);
        let file = [frames, index.encode()].concat();
        assert_eq!(Index::find(&file), Some(index.clone()));
        for at in 60..file.len() {
            let mut rotten = file.clone();
            rotten[at] ^= 0x40;
            let found = Index::find(&rotten).unwrap_or_else(|| panic!("byte {at}"));
            assert_eq!(found, index);
            assert!(found.fits(file.len() as u64));
        }
    }

    #[test]
    fn frames_that_do_not_join_are_refused() {
        let spoilt: [fn(&mut Index); 7] = [
            |index| index.entries[1].start += 1,
            |index| index.end += 1,
            |index| index.entries[2].file_at = 1 << 40,
            |index| index.entries[0].first_epoch = 9,
            |index| index.entries[2].first_epoch = 13,
            |index| index.entries[2].block_bytes = u32::MAX,
            |index| index.entries.clear(),
        ];
        for spoil in spoilt {
            let mut index = index();
            spoil(&mut index);
            assert!(!index.fits(1_000), "{index:?}");
        }
        assert!(index().fits(1_000));
    }
}
