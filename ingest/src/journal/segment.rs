//! A segment: one file of the journal. Numbers are little-endian.
//!
//! ```text
//! {first epoch, 20 digits}.sfj      raw: a header and then blocks
//! header   magic "SFJ1" · format version u32 = 2 · journal id 16 bytes · first epoch u64 · start u64 ·
//!          previous u64 · room u64 · CRC-32C u32                       (version 1: without previous and room)
//! blocks   one behind the other, see crate::block
//! ```
//!
//! `start` is the offset in the journal of the first block; `previous` the first epoch of the segment before, 0 if there
//! is none, so that a missing one is noticed; `room` the length that the file had before its first block was written.
//! With room, what stands behind the blocks are zeros or blocks of an older segment whose file it was: those say an
//! older `start` than their place has now, and so are never taken for blocks of this one. Every segment carries the id
//! of its journal, so that files of another one are noticed. A compressed one is in [`super::packed`].

use super::packed::Index;
use super::{JournalError, JournalId};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// Bytes of a raw segment before its first block, as this program writes it.
pub const SEGMENT_HEADER_BYTES: usize = 60;
/// The version of segments that this program writes. It reads version 1 too.
pub const FORMAT_VERSION: u32 = 2;

const MAGIC: [u8; 4] = *b"SFJ1";
pub(super) const RAW_EXTENSION: &str = "sfj";
pub(super) const PACKED_EXTENSION: &str = "zst";
const CHECKED_HEADER_BYTES: usize = SEGMENT_HEADER_BYTES - 4;
const OLD_VERSION: u32 = 1;
const OLD_HEADER_BYTES: usize = 44;
const NO_EPOCH: Epoch = 0;

/// A segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The version it was written in.
    pub version: u32,
    /// The journal it belongs to.
    pub journal_id: JournalId,
    /// The epoch of its first block.
    pub first_epoch: Epoch,
    /// Where its first block begins in the journal, in bytes.
    pub start: u64,
    /// The first epoch of the segment before it; `None` for the first, and in version 1.
    pub previous: Option<Epoch>,
    /// How long the file was before its first block was written; 0 if it grows.
    pub room_bytes: u64,
}

impl SegmentHeader {
    /// The header as it stands in a file of the version that is written.
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.journal_id.0);
        bytes[24..32].copy_from_slice(&self.first_epoch.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.start.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.previous.unwrap_or(NO_EPOCH).to_le_bytes());
        bytes[48..56].copy_from_slice(&self.room_bytes.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..CHECKED_HEADER_BYTES]);
        bytes[CHECKED_HEADER_BYTES..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header out of a file's first bytes; says in words why it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let too_short = || "it is shorter than a header".to_owned();
        let old: &[u8; OLD_HEADER_BYTES] = bytes.first_chunk().ok_or_else(too_short)?;
        if old[..4] != MAGIC {
            return Err("it does not begin as a journal segment does".to_owned());
        }
        let version = u32_at(old, 4);
        let header_bytes = match version {
            OLD_VERSION => OLD_HEADER_BYTES,
            FORMAT_VERSION => SEGMENT_HEADER_BYTES,
            _ => return Err(format!("its format is version {version}, this program reads up to {FORMAT_VERSION}")),
        };
        let bytes = bytes.get(..header_bytes).ok_or_else(too_short)?;
        let (checked, crc) = bytes.split_at(header_bytes - 4);
        if u32_at(crc, 0) != crc32c::crc32c(checked) {
            return Err("the checksum of its header does not fit".to_owned());
        }
        let (previous, room_bytes) =
            if version == OLD_VERSION { (NO_EPOCH, 0) } else { (u64_at(bytes, 40), u64_at(bytes, 48)) };
        Ok(Self {
            version,
            journal_id: JournalId(std::array::from_fn(|i| bytes[8 + i])),
            first_epoch: u64_at(bytes, 24),
            start: u64_at(bytes, 32),
            previous: (previous != NO_EPOCH).then_some(previous),
            room_bytes,
        })
    }

    /// Bytes of the file before its first block.
    pub const fn header_bytes(&self) -> u64 {
        if self.version == OLD_VERSION { OLD_HEADER_BYTES as u64 } else { SEGMENT_HEADER_BYTES as u64 }
    }

    /// The name of its raw file.
    pub fn file_name(&self) -> String {
        format!("{:020}.{RAW_EXTENSION}", self.first_epoch)
    }

    /// The name of its compressed file.
    pub fn packed_file_name(&self) -> String {
        format!("{}.{PACKED_EXTENSION}", self.file_name())
    }

    /// Reads the header at the beginning of an open file.
    pub(super) fn read(file: &File) -> io::Result<Result<Self, String>> {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        let mut filled = 0;
        while filled < bytes.len() {
            match file.read_at(&mut bytes[filled..], filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(Self::decode(&bytes[..filled]))
    }
}

/// How a segment's blocks stand in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As they are.
    Raw,
    /// By zstd.
    Compressed,
}

/// A segment's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it is.
    pub path: PathBuf,
    /// Its header.
    pub header: SegmentHeader,
    /// How its blocks stand in the file.
    pub form: Form,
    /// The file's length in bytes.
    pub file_bytes: u64,
    /// Where its blocks end in the journal. Of the last raw one of a journal: where they end at the latest.
    pub end: u64,
    /// The epoch after its last; `None` of the last raw one of a journal.
    pub end_epoch: Option<Epoch>,
    /// When its last block was cut, where that is known without reading it.
    pub last_cut_at: Option<UnixMillis>,
}

impl Segment {
    /// Reads what the file says of itself.
    pub(super) fn read(path: &Path) -> Result<Self, JournalError> {
        let file = File::open(path).map_err(|error| JournalError::io("open", path, error))?;
        let io_error = |error| JournalError::io("read", path, error);
        let file_bytes = file.metadata().map_err(io_error)?.len();
        let is_packed = path.extension().is_some_and(|extension| extension == PACKED_EXTENSION);
        let read = if is_packed {
            Index::read(&file, file_bytes).map_err(io_error)?.map(|index| index.segment(path, file_bytes))
        } else {
            SegmentHeader::read(&file).map_err(io_error)?.map(|header| Self::raw(path, header, file_bytes))
        };
        let refuse = |reason| JournalError::Segment { path: path.to_owned(), reason };
        let segment = read.map_err(refuse)?;
        let name = if is_packed { segment.header.packed_file_name() } else { segment.header.file_name() };
        if path.file_name().is_none_or(|found| found != name.as_str()) {
            return Err(refuse(format!("by its content it should be called {name}")));
        }
        Ok(segment)
    }

    /// A raw one that nothing follows yet.
    pub(super) fn raw(path: &Path, header: SegmentHeader, file_bytes: u64) -> Self {
        let end = header.start.saturating_add(file_bytes.saturating_sub(header.header_bytes()));
        let path = path.to_owned();
        Self { path, header, form: Form::Raw, file_bytes, end, end_epoch: None, last_cut_at: None }
    }

    /// Whether bytes behind its blocks need not be blocks of this segment that were never finished.
    pub(super) const fn has_room(&self) -> bool {
        self.header.room_bytes > 0
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: SegmentHeader = SegmentHeader {
        version: FORMAT_VERSION,
        journal_id: JournalId([7; 16]),
        first_epoch: 812,
        start: 123_456,
        previous: Some(400),
        room_bytes: 1 << 20,
    };

    #[test]
    fn a_header_and_back() {
        for header in [HEADER, SegmentHeader { previous: None, room_bytes: 0, ..HEADER }] {
            assert_eq!(SegmentHeader::decode(&header.encode()), Ok(header));
        }
        assert_eq!(HEADER.file_name(), "00000000000000000812.sfj");
        assert_eq!(HEADER.packed_file_name(), "00000000000000000812.sfj.zst");
        for at in 0..SEGMENT_HEADER_BYTES {
            let mut bytes = HEADER.encode();
            bytes[at] ^= 1;
            assert!(SegmentHeader::decode(&bytes).is_err(), "byte {at}");
            assert!(SegmentHeader::decode(&bytes[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn version_1_is_read() {
        let mut bytes = HEADER.encode()[..OLD_HEADER_BYTES].to_vec();
        bytes[4..8].copy_from_slice(&OLD_VERSION.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..OLD_HEADER_BYTES - 4]);
        bytes[OLD_HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        let read = SegmentHeader::decode(&bytes).unwrap();
        assert_eq!(read, SegmentHeader { version: OLD_VERSION, previous: None, room_bytes: 0, ..HEADER });
        assert_eq!(read.header_bytes(), bytes.len() as u64);
    }
}
