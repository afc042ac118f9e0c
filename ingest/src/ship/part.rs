//! A part of a block: the frames of some shards, as they go over a link.
//!
//! ```text
//! epoch u64 · cut_at i64 ms · start, end u64 bytes · frames in the block u32 ·
//! groups:  kind u8 (1 = lines) · source: kind u8, 16 bytes, port u16 · received_at i64 ms · count u32
//!          then `count` times:  at u32 (in the block) · length u16 · shard u8 · bytes
//! ```
//!
//! Like a block it is checked as a whole when it is made, so reading its frames cannot fail.

use super::place::Placement;
use super::wire::{Fields, Mark, is_time};
use crate::block::{BLOCK_HEADER_BYTES, Block, Frame, MAX_BLOCK_BYTES};
use crate::source::Source;
use bytes::Bytes;
use suiftly_link::{FrameError, Kind};
use suiftly_schema::ids::Epoch;
use suiftly_schema::shard::{Shard, ShardSet};
use suiftly_schema::time::UnixMillis;

const HEADER_BYTES: usize = 36;
const GROUP_HEADER_BYTES: usize = 32;
/// Where a group's count of frames stands in its header.
const GROUP_COUNT_AT: usize = GROUP_HEADER_BYTES - 4;
const KIND_LINES: u8 = 1;

/// The frames of one block of one journal that belong to some shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The block's number.
    pub epoch: Epoch,
    /// The clock when it was cut.
    pub cut_at: UnixMillis,
    /// Where the block begins in the journal, in bytes.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// How many frames the block holds, of whatever shard.
    pub frames_in_block: u32,
    /// It is from before what the process began after: it only proves what is known.
    pub is_proof_only: bool,
    frames: u32,
    payload: Bytes,
}

impl Part {
    /// What a block has of these shards.
    pub fn cut(block: &Block, placement: &Placement, shards: &ShardSet) -> Self {
        Self::cut_placed(block, &placement.of_block(block), shards)
    }

    /// The same, where the shard of each frame is known.
    pub(super) fn cut_placed(block: &Block, placed: &[Shard], shards: &ShardSet) -> Self {
        let mut writer = Writer::begin(block);
        for (frame, shard) in block.frames().zip(placed).filter(|(_, shard)| shards.contains(**shard)) {
            writer.push(&frame, *shard);
        }
        let Block { epoch, cut_at, start, end, .. } = *block;
        let (frames, payload) = (writer.frames, writer.bytes.into());
        Self { epoch, cut_at, start, end, frames_in_block: block.frame_count(), is_proof_only: false, frames, payload }
    }

    /// As it goes over a link.
    pub fn encode(&self) -> suiftly_link::Frame {
        let Self { is_proof_only, ref payload, .. } = *self;
        suiftly_link::Frame { kind: Kind::Part, is_proof_only, payload: payload.clone() }
    }

    /// Out of what came over a link. All of it is checked.
    pub fn decode(frame: &suiftly_link::Frame) -> Result<Self, FrameError> {
        Self::read(frame).ok_or(FrameError::Content(Kind::Part))
    }

    fn read(frame: &suiftly_link::Frame) -> Option<Self> {
        let mut fields = Fields(&frame.payload);
        let mut part = Self {
            epoch: fields.u64()?,
            cut_at: UnixMillis(fields.i64()?),
            start: fields.u64()?,
            end: fields.u64()?,
            frames_in_block: fields.u32()?,
            is_proof_only: frame.is_proof_only,
            frames: 0,
            payload: frame.payload.clone(),
        };
        let block_bytes = part.end.checked_sub(part.start)?;
        let could_be = BLOCK_HEADER_BYTES as u64..=MAX_BLOCK_BYTES as u64;
        if !could_be.contains(&block_bytes) || !is_time(part.cut_at) {
            return None;
        }
        let (mut frames, mut free) = (0, part.start + BLOCK_HEADER_BYTES as u64);
        for frame in part.cursor() {
            let (_, frame) = frame.ok()?;
            let end = frame.offset.checked_add(frame.bytes.len() as u64)?;
            // One behind the other, within the block.
            if frame.offset <= free || end > part.end || frames == part.frames_in_block {
                return None;
            }
            (frames, free) = (frames + 1, end);
        }
        part.frames = frames;
        Some(part)
    }

    /// Its frames, in the order they were taken in. A frame's offset is where it stands in its journal.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.shards().map(|(_, frame)| frame)
    }

    /// The same, each with its shard.
    pub fn shards(&self) -> impl Iterator<Item = (Shard, Frame<'_>)> {
        self.cursor().map(|frame| frame.expect("a part is checked when it is made"))
    }

    /// How many frames it has.
    pub const fn frame_count(&self) -> u32 {
        self.frames
    }

    /// Whether the block has no frame of these shards.
    pub const fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// Whether all of its frames are of these shards.
    pub fn is_within(&self, shards: &ShardSet) -> bool {
        self.shards().all(|(shard, _)| shards.contains(shard))
    }

    /// The same, for proof only.
    pub(super) fn for_proof(self) -> Self {
        Self { is_proof_only: true, ..self }
    }

    /// Its length on a link.
    pub(super) fn len_bytes(&self) -> usize {
        self.payload.len()
    }

    /// Where its block stands.
    pub(super) const fn mark(&self) -> Mark {
        Mark { epoch: self.epoch, end: self.end, cut_at: self.cut_at }
    }

    fn cursor(&self) -> Cursor<'_> {
        let fields = Fields(self.payload.get(HEADER_BYTES..).unwrap_or_default());
        Cursor { fields, start: self.start, group: (Source::File, UnixMillis(0)), left_in_group: 0 }
    }
}

/// Puts a part together.
struct Writer {
    bytes: Vec<u8>,
    start: u64,
    frames: u32,
    /// The last group: where its header begins, and what its frames have in common.
    group: Option<(usize, Source, UnixMillis)>,
    in_group: u32,
}

impl Writer {
    fn begin(block: &Block) -> Self {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&block.epoch.to_le_bytes());
        bytes.extend_from_slice(&block.cut_at.0.to_le_bytes());
        bytes.extend_from_slice(&block.start.to_le_bytes());
        bytes.extend_from_slice(&block.end.to_le_bytes());
        bytes.extend_from_slice(&block.frame_count().to_le_bytes());
        Self { bytes, start: block.start, frames: 0, group: None, in_group: 0 }
    }

    fn push(&mut self, frame: &Frame<'_>, shard: Shard) {
        let at = match self.group {
            Some((at, source, when)) if source == frame.source && when == frame.received_at => at,
            _ => self.open_group(frame),
        };
        self.in_group += 1;
        self.bytes[at + GROUP_COUNT_AT..at + GROUP_HEADER_BYTES].copy_from_slice(&self.in_group.to_le_bytes());
        let in_block = u32::try_from(frame.offset - self.start).expect("a block is bounded far below 4 GiB");
        let length = u16::try_from(frame.bytes.len()).expect("a frame is no longer than a datagram");
        self.bytes.extend_from_slice(&in_block.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.push(shard.0);
        self.bytes.extend_from_slice(frame.bytes);
        self.frames += 1;
    }

    fn open_group(&mut self, frame: &Frame<'_>) -> usize {
        let at = self.bytes.len();
        let (kind, known_by, port) = frame.source.to_journal();
        self.bytes.extend_from_slice(&[KIND_LINES, kind]);
        self.bytes.extend_from_slice(&known_by);
        self.bytes.extend_from_slice(&port.to_le_bytes());
        self.bytes.extend_from_slice(&frame.received_at.0.to_le_bytes());
        self.bytes.extend_from_slice(&0u32.to_le_bytes());
        (self.group, self.in_group) = (Some((at, frame.source, frame.received_at)), 0);
        at
    }
}

/// Walks the groups, whatever they are. After an error it ends.
struct Cursor<'a> {
    fields: Fields<'a>,
    start: u64,
    group: (Source, UnixMillis),
    left_in_group: u32,
}

impl<'a> Cursor<'a> {
    fn read(&mut self) -> Option<(Shard, Frame<'a>)> {
        if self.left_in_group == 0 {
            self.read_group()?;
        }
        let at = self.fields.u32()?;
        let length = self.fields.u16()?;
        let shard = Shard(self.fields.u8()?);
        let bytes = self.fields.take(usize::from(length))?;
        self.left_in_group -= 1;
        let (source, received_at) = self.group;
        let offset = self.start.checked_add(u64::from(at))?;
        Some((shard, Frame { source, received_at, offset, bytes }))
    }

    /// A group has a frame at least.
    fn read_group(&mut self) -> Option<()> {
        let [kind, source] = self.fields.array()?;
        let (known_by, port) = (self.fields.array()?, self.fields.u16()?);
        let source = Source::from_journal(source, known_by, port)?;
        let received_at = UnixMillis(self.fields.i64()?);
        self.group = (source, received_at);
        self.left_in_group = self.fields.u32()?;
        (kind == KIND_LINES && is_time(received_at) && self.left_in_group > 0).then_some(())
    }
}

impl<'a> Iterator for Cursor<'a> {
    type Item = Result<(Shard, Frame<'a>), FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.fields.0.is_empty() && self.left_in_group == 0 {
            return None;
        }
        let frame = self.read();
        if frame.is_none() {
            (self.fields, self.left_in_group) = (Fields(&[]), 0);
        }
        Some(frame.ok_or(FrameError::Content(Kind::Part)))
    }
}
