//! A segment: one file of the journal, a header and then blocks. Numbers are little-endian.
//!
//! ```text
//! {first epoch, 20 digits}.sfj
//! header   magic "SFJ1" · format version u32 · journal id 16 bytes · first epoch u64 · start u64 · CRC-32C u32
//! blocks   one behind the other, see crate::block
//! ```
//!
//! `start` is the offset in the journal of the first block. Every segment carries the id of its journal, so that files
//! of another one are noticed.

use super::JournalError;
use crate::block::{BLOCK_HEADER_BYTES, Block, BlockError, BlockHeader};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use suiftly_schema::ids::Epoch;

/// Bytes of a segment before its first block.
pub const SEGMENT_HEADER_BYTES: usize = 44;
/// The version of segments that this program writes, and the only one it reads.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 4] = *b"SFJ1";
const EXTENSION: &str = "sfj";
const CHECKED_HEADER_BYTES: usize = SEGMENT_HEADER_BYTES - 4;
/// How much of a damaged segment is looked through at a time.
const SEARCH_BYTES: usize = 1 << 20;
const READ_BUFFER_BYTES: usize = 256 << 10;

/// A journal's name, drawn at random when it is made. Watermarks are kept per journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalId(pub [u8; 16]);

impl fmt::Display for JournalId {
    /// 32 hexadecimal digits, lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// The text is not the 32 hexadecimal digits of a journal's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a journal id is 32 hexadecimal digits")]
pub struct NoJournalId;

impl FromStr for JournalId {
    type Err = NoJournalId;

    fn from_str(text: &str) -> Result<Self, NoJournalId> {
        let digits_only = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| digits_only).ok_or(NoJournalId)?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// A segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The journal it belongs to.
    pub journal_id: JournalId,
    /// The epoch of its first block.
    pub first_epoch: Epoch,
    /// Where its first block begins in the journal, in bytes.
    pub start: u64,
}

impl SegmentHeader {
    /// The header as it stands in the file.
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.journal_id.0);
        bytes[24..32].copy_from_slice(&self.first_epoch.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.start.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..CHECKED_HEADER_BYTES]);
        bytes[CHECKED_HEADER_BYTES..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header; says in words why it is none.
    pub fn decode(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Result<Self, String> {
        let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        if bytes[..4] != MAGIC {
            return Err("it does not begin as a journal segment does".to_owned());
        }
        if u32_at(4) != FORMAT_VERSION {
            return Err(format!("its format is version {}, this program reads {FORMAT_VERSION}", u32_at(4)));
        }
        if u32_at(CHECKED_HEADER_BYTES) != crc32c::crc32c(&bytes[..CHECKED_HEADER_BYTES]) {
            return Err("the checksum of its header does not fit".to_owned());
        }
        let journal_id = JournalId(std::array::from_fn(|i| bytes[8 + i]));
        Ok(Self { journal_id, first_epoch: u64_at(24), start: u64_at(32) })
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{:020}.{EXTENSION}", self.first_epoch)
    }
}

/// A segment's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it is.
    pub path: PathBuf,
    /// Its header.
    pub header: SegmentHeader,
    /// Its length in bytes, header included.
    pub file_bytes: u64,
}

impl Segment {
    /// Where its last byte's successor stands in the journal.
    pub const fn end(&self) -> u64 {
        self.header.start + self.file_bytes - SEGMENT_HEADER_BYTES as u64
    }

    fn read(path: PathBuf) -> Result<Self, JournalError> {
        let file = File::open(&path).map_err(|error| JournalError::io("open", &path, error))?;
        let file_bytes = file.metadata().map_err(|error| JournalError::io("look at", &path, error))?.len();
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        let header = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => SegmentHeader::decode(&bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err("it is shorter than a header".to_owned()),
            Err(error) => return Err(JournalError::io("read", &path, error)),
        };
        let header = header.map_err(|reason| JournalError::Segment { path: path.clone(), reason })?;
        if path.file_name().is_none_or(|name| name != header.file_name().as_str()) {
            let reason = format!("by its content it should be called {}", header.file_name());
            return Err(JournalError::Segment { path, reason });
        }
        Ok(Self { path, header, file_bytes })
    }
}

/// The segments in a directory, in order; refuses files of two journals and segments that do not join.
pub(super) fn list(dir: &Path) -> Result<Vec<Segment>, JournalError> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| JournalError::io("list", dir, error))? {
        let path = entry.map_err(|error| JournalError::io("list", dir, error))?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            segments.push(Segment::read(path)?);
        }
    }
    segments.sort_by_key(|segment| segment.header.first_epoch);
    for pair in segments.windows(2) {
        check_join(&pair[0], &pair[1])?;
    }
    Ok(segments)
}

fn check_join(before: &Segment, after: &Segment) -> Result<(), JournalError> {
    let (expected, found) = (before.header.journal_id, after.header.journal_id);
    if expected != found {
        return Err(JournalError::Foreign { path: after.path.clone(), found, expected });
    }
    if before.end() != after.header.start {
        return Err(JournalError::Gap { path: after.path.clone(), expected: before.end(), found: after.header.start });
    }
    Ok(())
}

/// What stands where a block was expected.
#[derive(Debug)]
pub(super) enum Fault {
    /// The disk would not say.
    Io(io::Error),
    /// Not the next block.
    Damage(Damage),
}

/// Why bytes of a segment are not its next block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// No sound block.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// A sound block, but another one.
    #[error("the block there says it is epoch {epoch} at byte {start}")]
    OutOfPlace {
        /// The epoch it says.
        epoch: Epoch,
        /// The offset it says.
        start: u64,
    },
}

/// Reads a segment's blocks in order.
pub(super) struct SegmentReader {
    file: BufReader<File>,
    /// Where the next block begins in the journal.
    pub(super) position: u64,
    /// Its epoch.
    pub(super) next_epoch: Epoch,
    end: u64,
}

impl SegmentReader {
    pub(super) fn open(segment: &Segment) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(READ_BUFFER_BYTES, File::open(&segment.path)?);
        file.seek(SeekFrom::Start(SEGMENT_HEADER_BYTES as u64))?;
        let SegmentHeader { first_epoch, start, .. } = segment.header;
        Ok(Self { file, position: start, next_epoch: first_epoch, end: segment.end() })
    }

    /// The next block, or `None` at the segment's end.
    pub(super) fn next(&mut self) -> Result<Option<Block>, Fault> {
        let Some((header, head)) = self.next_header()? else {
            return Ok(None);
        };
        let mut bytes = head.to_vec();
        bytes.resize(usize::try_from(header.block_bytes()).map_err(|_| damage(BlockError::Truncated))?, 0);
        self.file.read_exact(&mut bytes[BLOCK_HEADER_BYTES..]).map_err(Fault::Io)?;
        let block = Block::from_bytes(bytes).map_err(damage)?;
        self.advance(&header);
        Ok(Some(block))
    }

    /// Passes over the next block without looking at its payload; `false` at the segment's end.
    pub(super) fn skip(&mut self) -> Result<bool, Fault> {
        let Some((header, _)) = self.next_header()? else {
            return Ok(false);
        };
        self.file.seek_relative(i64::from(header.payload_bytes)).map_err(Fault::Io)?;
        self.advance(&header);
        Ok(true)
    }

    fn next_header(&mut self) -> Result<Option<(BlockHeader, [u8; BLOCK_HEADER_BYTES])>, Fault> {
        let left = self.end - self.position;
        if left == 0 {
            return Ok(None);
        }
        if left < BLOCK_HEADER_BYTES as u64 {
            return Err(damage(BlockError::Truncated));
        }
        let mut head = [0; BLOCK_HEADER_BYTES];
        self.file.read_exact(&mut head).map_err(Fault::Io)?;
        let header = BlockHeader::decode(&head).map_err(damage)?;
        let BlockHeader { epoch, start, .. } = header;
        if (epoch, start) != (self.next_epoch, self.position) {
            return Err(Fault::Damage(Damage::OutOfPlace { epoch, start }));
        }
        if header.block_bytes() > left {
            return Err(damage(BlockError::Truncated));
        }
        Ok(Some((header, head)))
    }

    fn advance(&mut self, header: &BlockHeader) {
        self.position += header.block_bytes();
        self.next_epoch += 1;
    }
}

fn damage(error: BlockError) -> Fault {
    Fault::Damage(Damage::Block(error))
}

/// Whether damage at byte `at` of the journal, in its last segment, can be a write that never finished.
///
/// It cannot if a sound block stands behind it that was written after the place of the damage had been synced.
pub(super) fn is_torn_tail(segment: &Segment, at: u64) -> io::Result<bool> {
    let file = File::open(&segment.path)?;
    let mut window = vec![0; SEARCH_BYTES];
    let mut from = SEGMENT_HEADER_BYTES as u64 + (at - segment.header.start);
    while from + BLOCK_HEADER_BYTES as u64 <= segment.file_bytes {
        let left = usize::try_from(segment.file_bytes - from).unwrap_or(SEARCH_BYTES);
        let window = &mut window[..left.min(SEARCH_BYTES)];
        file.read_exact_at(window, from)?;
        for (index, found) in window.windows(BLOCK_HEADER_BYTES).enumerate() {
            if found.starts_with(b"SFB1") && proves_synced(&file, segment, from + index as u64, found, at)? {
                return Ok(false);
            }
        }
        from += (window.len() - BLOCK_HEADER_BYTES + 1) as u64;
    }
    Ok(true)
}

fn proves_synced(file: &File, segment: &Segment, file_at: u64, head: &[u8], at: u64) -> io::Result<bool> {
    let Ok(header) = BlockHeader::decode(head) else {
        return Ok(false);
    };
    let in_place = header.start == segment.header.start + file_at - SEGMENT_HEADER_BYTES as u64;
    let whole = file_at + header.block_bytes() <= segment.file_bytes;
    if !in_place || !whole || header.synced_end <= at {
        return Ok(false);
    }
    let mut bytes = vec![0; usize::try_from(header.block_bytes()).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, file_at)?;
    Ok(Block::from_bytes(bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_and_back() {
        let header = SegmentHeader { journal_id: JournalId([7; 16]), first_epoch: 812, start: 123_456 };
        assert_eq!(SegmentHeader::decode(&header.encode()), Ok(header));
        assert_eq!(header.file_name(), "00000000000000000812.sfj");
        for at in 0..SEGMENT_HEADER_BYTES {
            let mut bytes = header.encode();
            bytes[at] ^= 1;
            assert!(SegmentHeader::decode(&bytes).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_journal_id_and_back() {
        let id = JournalId(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0e0f");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "00", "+00102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0g"] {
            assert_eq!(text.parse::<JournalId>(), Err(NoJournalId), "{text}");
        }
    }
}
