//! The journal block: how frames are laid out in bytes. Pure; [`crate::journal`] writes and reads the bytes.
//!
//! A block is what one epoch received. The frames are in it verbatim, in the order they were taken in, grouped by
//! source and receipt time. All numbers are little-endian.
//!
//! ```text
//! header   magic "SFB1" · payload bytes u32 · epoch u64 · cut_at i64 ms · start u64 · synced_end u64 · frames u32 ·
//!          CRC-32C u32
//! payload  groups:  kind u8 (1 = lines) · source: kind u8, 16 bytes, port u16 · received_at i64 ms · count u32
//!                   then `count` times:  length u32 · bytes
//! ```
//!
//! The CRC covers the header before it and the payload. `start` is the block's offset in the journal, counted over
//! all segments without their file headers, so that a frame's offset names it for ever. Kind 2 is kept for reference
//! changes; a kind that is not known is an error, never skipped: what it decides would be missing from every output.
//!
//! A [`Block`] is checked as a whole when it is made, so reading its frames cannot fail.

mod cursor;

use crate::source::Source;
use cursor::{Cursor, FrameCursor};
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// Bytes of a block before its payload.
pub const BLOCK_HEADER_BYTES: usize = 48;
/// A block is at most this long, header included.
pub const MAX_BLOCK_BYTES: usize = 4 << 20;
/// A frame is at most this long: what a UDP datagram can hold.
pub const MAX_FRAME_BYTES: usize = 65_535;

/// How every block begins.
pub(crate) const MAGIC: [u8; 4] = *b"SFB1";
/// The header's part that the CRC covers.
const CHECKED_HEADER_BYTES: usize = BLOCK_HEADER_BYTES - 4;
const KIND_LINES: u8 = 1;
const GROUP_HEADER_BYTES: usize = 32;
/// Where a group's count of frames stands in its header.
const GROUP_COUNT_AT: usize = GROUP_HEADER_BYTES - 4;
const FRAME_LENGTH_BYTES: usize = 4;

/// Why bytes are no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Fewer bytes than a header, or than the header announces.
    #[error("the block ends early")]
    Truncated,
    /// It does not begin as a block does.
    #[error("no block begins here")]
    Magic,
    /// Longer than [`MAX_BLOCK_BYTES`], or other than the bytes given.
    #[error("the block's length of {0} bytes cannot be")]
    Length(u64),
    /// The bytes are not those that were written.
    #[error("the block's checksum does not fit its content")]
    Checksum,
    /// An entry this version cannot read.
    #[error("the block has an entry of unknown kind {0}")]
    Kind(u8),
    /// A source this version cannot read.
    #[error("the block names a source of unknown kind {0}")]
    Source(u8),
    /// A frame longer than [`MAX_FRAME_BYTES`].
    #[error("the block has a frame of {0} bytes, too long")]
    FrameLength(u32),
    /// The header counts other frames than there are.
    #[error("the block's header announces {announced} frames, its payload has {found}")]
    FrameCount {
        /// By the header.
        announced: u32,
        /// In the payload.
        found: u32,
    },
}

/// A line as it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Who sent it.
    pub source: Source,
    /// When it was taken in.
    pub received_at: UnixMillis,
    /// Where its first byte stands in the journal.
    pub offset: u64,
    /// Its bytes, without framing.
    pub bytes: &'a [u8],
}

/// A block's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// Bytes after the header.
    pub payload_bytes: u32,
    /// The block's number.
    pub epoch: Epoch,
    /// The clock when it was cut.
    pub cut_at: UnixMillis,
    /// Where it begins in the journal, in bytes.
    pub start: u64,
    /// The journal was synced at least up to here when this block was written.
    pub synced_end: u64,
    /// How many frames it holds.
    pub frames: u32,
    crc: u32,
}

impl BlockHeader {
    /// Reads a header. Only magic and length are checked; the checksum needs the payload.
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let mut cursor = Cursor::new(bytes);
        if cursor.array()? != MAGIC {
            return Err(BlockError::Magic);
        }
        let header = Self {
            payload_bytes: u32::from_le_bytes(cursor.array()?),
            epoch: u64::from_le_bytes(cursor.array()?),
            cut_at: UnixMillis(i64::from_le_bytes(cursor.array()?)),
            start: u64::from_le_bytes(cursor.array()?),
            synced_end: u64::from_le_bytes(cursor.array()?),
            frames: u32::from_le_bytes(cursor.array()?),
            crc: u32::from_le_bytes(cursor.array()?),
        };
        let block_bytes = header.block_bytes();
        if block_bytes > MAX_BLOCK_BYTES as u64 || header.start.checked_add(block_bytes).is_none() {
            return Err(BlockError::Length(block_bytes));
        }
        Ok(header)
    }

    /// The whole block's length in bytes.
    pub const fn block_bytes(&self) -> u64 {
        BLOCK_HEADER_BYTES as u64 + self.payload_bytes as u64
    }

    fn encode(&self, into: &mut [u8]) {
        let mut at = 0;
        let mut put = |field: &[u8]| {
            into[at..at + field.len()].copy_from_slice(field);
            at += field.len();
        };
        put(&MAGIC);
        put(&self.payload_bytes.to_le_bytes());
        put(&self.epoch.to_le_bytes());
        put(&self.cut_at.0.to_le_bytes());
        put(&self.start.to_le_bytes());
        put(&self.synced_end.to_le_bytes());
        put(&self.frames.to_le_bytes());
        put(&self.crc.to_le_bytes());
    }
}

/// A sealed block: one epoch's frames, as they stand in the journal. Its content is known to be sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The block's number.
    pub epoch: Epoch,
    /// The clock when it was cut.
    pub cut_at: UnixMillis,
    /// Where its header begins in the journal, in bytes.
    pub start: u64,
    /// Where it ends in the journal, in bytes: the next block's start.
    pub end: u64,
    frames: u32,
    bytes: Vec<u8>,
}

impl Block {
    /// Takes a block's bytes, header and payload, and checks all of it.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, BlockError> {
        let header = BlockHeader::decode(&bytes)?;
        let end = header.start + header.block_bytes();
        if bytes.len() as u64 != header.block_bytes() {
            return Err(BlockError::Length(bytes.len() as u64));
        }
        if checksum(&bytes) != header.crc {
            return Err(BlockError::Checksum);
        }
        let mut found = 0;
        for frame in FrameCursor::new(&bytes, header.start) {
            frame?;
            found += 1;
        }
        if found != header.frames {
            return Err(BlockError::FrameCount { announced: header.frames, found });
        }
        let BlockHeader { epoch, cut_at, start, frames, .. } = header;
        Ok(Self { epoch, cut_at, start, end, frames, bytes })
    }

    /// Its frames, in the order they were taken in.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        FrameCursor::new(&self.bytes, self.start).map(|frame| frame.expect("a block is checked when it is made"))
    }

    /// How many frames it holds.
    pub const fn frame_count(&self) -> u32 {
        self.frames
    }

    /// The block as it stands in the journal.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its payload.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[BLOCK_HEADER_BYTES..]
    }

    /// Gives the buffer back for the next block.
    pub fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }
}

/// The frame does not fit: seal the block, then push it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the block is full")]
pub struct BlockFull;

/// A block that is being filled.
#[derive(Debug)]
pub struct BlockBuilder {
    bytes: Vec<u8>,
    frames: u32,
    /// The last group: where its header begins, and what its frames have in common.
    group: Option<(usize, Source, UnixMillis)>,
}

impl Default for BlockBuilder {
    fn default() -> Self {
        Self::with_buffer(Vec::new())
    }
}

impl BlockBuilder {
    /// An empty block in a buffer of before, whose content is thrown away.
    pub fn with_buffer(mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        bytes.resize(BLOCK_HEADER_BYTES, 0);
        Self { bytes, frames: 0, group: None }
    }

    /// Appends a frame, unless the block would become longer than [`MAX_BLOCK_BYTES`].
    ///
    /// # Panics
    /// If the frame is longer than [`MAX_FRAME_BYTES`]: framing bounds it before.
    pub fn push(&mut self, source: &Source, received_at: UnixMillis, frame: &[u8]) -> Result<(), BlockFull> {
        assert!(frame.len() <= MAX_FRAME_BYTES, "a frame of {} bytes", frame.len());
        let group_at = match self.group {
            Some((at, of, when)) if of == *source && when == received_at => Some(at),
            _ => None,
        };
        let needed = FRAME_LENGTH_BYTES + frame.len() + if group_at.is_none() { GROUP_HEADER_BYTES } else { 0 };
        if self.bytes.len() + needed > MAX_BLOCK_BYTES {
            return Err(BlockFull);
        }
        let group_at = group_at.unwrap_or_else(|| self.open_group(source, received_at));
        self.count_one_more(group_at);
        self.bytes.extend_from_slice(&length_u32(frame.len()).to_le_bytes());
        self.bytes.extend_from_slice(frame);
        self.frames += 1;
        Ok(())
    }

    /// The block's length so far, header included.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// How many frames it holds so far.
    pub const fn frame_count(&self) -> u32 {
        self.frames
    }

    /// Whether nothing was pushed.
    pub const fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// Closes the block: it becomes the block of `epoch`, beginning at byte `start` of the journal. Claims nothing of
    /// what is synced.
    pub fn seal(self, epoch: Epoch, cut_at: UnixMillis, start: u64) -> Block {
        self.seal_after_sync(epoch, cut_at, start, 0)
    }

    /// The same, where the journal is known to be synced up to byte `synced_end`.
    pub fn seal_after_sync(mut self, epoch: Epoch, cut_at: UnixMillis, start: u64, synced_end: u64) -> Block {
        let payload_bytes = length_u32(self.bytes.len() - BLOCK_HEADER_BYTES);
        let frames = self.frames;
        let mut header = BlockHeader { payload_bytes, epoch, cut_at, start, synced_end, frames, crc: 0 };
        header.encode(&mut self.bytes);
        header.crc = checksum(&self.bytes);
        header.encode(&mut self.bytes);
        let end = start + header.block_bytes();
        Block { epoch, cut_at, start, end, frames, bytes: self.bytes }
    }

    fn open_group(&mut self, source: &Source, received_at: UnixMillis) -> usize {
        let at = self.bytes.len();
        let (kind, known_by, port) = source.to_journal();
        self.bytes.extend_from_slice(&[KIND_LINES, kind]);
        self.bytes.extend_from_slice(&known_by);
        self.bytes.extend_from_slice(&port.to_le_bytes());
        self.bytes.extend_from_slice(&received_at.0.to_le_bytes());
        self.bytes.extend_from_slice(&0u32.to_le_bytes());
        self.group = Some((at, *source, received_at));
        at
    }

    fn count_one_more(&mut self, group_at: usize) {
        let at = group_at + GROUP_COUNT_AT;
        let count: [u8; 4] = std::array::from_fn(|i| self.bytes[at + i]);
        let count = u32::from_le_bytes(count) + 1;
        self.bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
    }
}

fn length_u32(length: usize) -> u32 {
    u32::try_from(length).expect("blocks and frames are bounded far below 4 GiB")
}

fn checksum(block: &[u8]) -> u32 {
    let header = crc32c::crc32c(&block[..CHECKED_HEADER_BYTES]);
    crc32c::crc32c_append(header, &block[BLOCK_HEADER_BYTES..])
}

#[cfg(test)]
mod tests;
