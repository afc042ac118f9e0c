//! Reads one segment's blocks in order, raw or compressed, and finds the next sound block behind damage.
//!
//! A block is taken only if it is sound and says the place where it stands: neither blocks of an older segment whose
//! file is used again nor bytes of a line that look like a block are taken for one.

mod raw;

use super::damage::{Damage, DamagedPlace, Fault};
use super::packed::PackedBytes;
use super::segment::{Form, SegmentHeader};
use super::{JournalError, Segment};
use crate::block::{BLOCK_HEADER_BYTES, Block, BlockError, BlockHeader, MAGIC};
use raw::RawBytes;
use std::io;
use suiftly_schema::ids::Epoch;

/// Reads a segment's blocks in order.
pub(super) struct SegmentReader {
    segment: Segment,
    bytes: Bytes,
    /// Where the next block begins in the journal.
    pub(super) position: u64,
    /// Its epoch.
    pub(super) next_epoch: Epoch,
}

enum Bytes {
    Raw(RawBytes),
    Packed(Box<PackedBytes>),
}

impl Bytes {
    fn read(&mut self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        match self {
            Self::Raw(raw) => raw.read(at, into),
            Self::Packed(packed) => packed.read(at, into),
        }
    }

    fn find(&mut self, from: u64, end: u64, wanted: &[u8]) -> io::Result<Option<u64>> {
        match self {
            Self::Raw(raw) => raw.find(from, end, wanted),
            Self::Packed(packed) => packed.find(from, wanted),
        }
    }
}

impl SegmentReader {
    pub(super) fn open(segment: &Segment) -> Result<Self, JournalError> {
        let opened = match segment.form {
            Form::Raw => RawBytes::open(segment).map(Bytes::Raw),
            Form::Compressed => PackedBytes::open(&segment.path).map(|packed| Bytes::Packed(Box::new(packed))),
        };
        let bytes = opened.map_err(|error| JournalError::io("open", &segment.path, error))?;
        let SegmentHeader { first_epoch, start, .. } = segment.header;
        Ok(Self { segment: segment.clone(), bytes, position: start, next_epoch: first_epoch })
    }

    pub(super) const fn segment(&self) -> &Segment {
        &self.segment
    }

    /// The next block, or `None` at the segment's end.
    pub(super) fn next(&mut self) -> Result<Option<Block>, Fault> {
        let Some(header) = self.next_header()? else {
            return Ok(None);
        };
        let block = self.block_at(self.position, &header)?;
        self.advance(&header);
        Ok(Some(block))
    }

    /// Passes over the next block without looking at its payload; `None` at the segment's end.
    pub(super) fn skip(&mut self) -> Result<Option<BlockHeader>, Fault> {
        let header = self.next_header()?;
        if let Some(header) = &header {
            self.advance(header);
        }
        Ok(header)
    }

    /// Goes near to an epoch's block where that can be done without reading those before it; never behind it.
    pub(super) fn approach(&mut self, epoch: Epoch) {
        if let Bytes::Packed(packed) = &self.bytes
            && let Some((first_epoch, start)) = packed.place_before(epoch)
            && start > self.position
        {
            (self.next_epoch, self.position) = (first_epoch, start);
        }
    }

    /// Copies bytes of the journal as they stand there, sound or not.
    pub(super) fn copy(&mut self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        self.bytes.read(at, into)
    }

    /// Goes to the next sound block, or to the segment's end, and says what lies between.
    pub(super) fn pass_over(&mut self, damage: Damage) -> io::Result<DamagedPlace> {
        let (start, first_epoch) = (self.position, self.next_epoch);
        match self.next_sound()? {
            Some(header) => (self.position, self.next_epoch) = (header.start, header.epoch),
            None => {
                self.position = self.segment.end;
                self.next_epoch = self.segment.end_epoch.unwrap_or(first_epoch + 1);
            }
        }
        let (end, end_epoch) = (self.position, self.next_epoch);
        Ok(DamagedPlace { path: self.segment.path.clone(), start, end, first_epoch, end_epoch, damage })
    }

    /// Whether what stands here can be a write that never finished, in a journal's last segment.
    ///
    /// It cannot if a sound block stands behind it that was written after this place had been synced.
    pub(super) fn is_torn_tail(&mut self) -> io::Result<bool> {
        let place = self.position;
        let proof = self.find_sound(place + 1, |header| header.synced_end > place)?;
        Ok(proof.is_none())
    }

    /// How many bytes from here on a write that never finished has left, as far as that can be told: in a file with
    /// room, only what says by its header to belong here.
    pub(super) fn torn_bytes(&mut self) -> io::Result<u64> {
        if !self.segment.has_room() {
            return Ok(self.segment.end - self.position);
        }
        let (mut from, mut torn_end) = (self.position, self.position);
        while let Some(at) = self.bytes.find(from, self.segment.end, &MAGIC)? {
            if let Ok(header) = self.header_at(at)
                && (header.start, header.epoch >= self.next_epoch) == (at, true)
            {
                torn_end = (at + header.block_bytes()).min(self.segment.end);
            }
            from = at + 1;
        }
        Ok(torn_end - self.position)
    }

    /// Forgets what was read in advance: it may have been written since.
    pub(super) fn refresh(&mut self) {
        if let Bytes::Raw(raw) = &mut self.bytes {
            raw.refresh();
        }
    }

    /// Whether the file is that of another segment by now.
    pub(super) fn is_used_again(&self) -> io::Result<bool> {
        match &self.bytes {
            Bytes::Raw(raw) => raw.is_used_again(&self.segment.header),
            Bytes::Packed(_) => Ok(false),
        }
    }

    fn next_header(&mut self) -> Result<Option<BlockHeader>, Fault> {
        if self.position >= self.segment.end {
            return Ok(None);
        }
        let header = self.header_at(self.position)?;
        let BlockHeader { epoch, start, .. } = header;
        if (epoch, start) != (self.next_epoch, self.position) {
            return Err(Fault::Damage(Damage::OutOfPlace { epoch, start }));
        }
        if header.block_bytes() > self.segment.end - self.position {
            return Err(Fault::Damage(BlockError::Truncated.into()));
        }
        Ok(Some(header))
    }

    fn header_at(&mut self, at: u64) -> Result<BlockHeader, Fault> {
        if self.segment.end.saturating_sub(at) < BLOCK_HEADER_BYTES as u64 {
            return Err(Fault::Damage(BlockError::Truncated.into()));
        }
        let mut head = [0; BLOCK_HEADER_BYTES];
        self.bytes.read(at, &mut head)?;
        BlockHeader::decode(&head).map_err(|error| Fault::Damage(error.into()))
    }

    fn block_at(&mut self, at: u64, header: &BlockHeader) -> Result<Block, Fault> {
        let length = usize::try_from(header.block_bytes()).map_err(|_| Fault::Damage(BlockError::Truncated.into()))?;
        let mut bytes = vec![0; length];
        self.bytes.read(at, &mut bytes)?;
        Block::from_bytes(bytes).map_err(|error| Fault::Damage(error.into()))
    }

    fn advance(&mut self, header: &BlockHeader) {
        self.position += header.block_bytes();
        self.next_epoch += 1;
    }

    /// The first sound block behind this place. Where the header here can be believed, its length leads to it;
    /// otherwise, or if that block is damaged too, all places are tried.
    fn next_sound(&mut self) -> io::Result<Option<BlockHeader>> {
        let here = self.header_at(self.position).ok();
        if let Some(here) = here.filter(|here| (here.start, here.epoch) == (self.position, self.next_epoch)) {
            let next = self.position + here.block_bytes();
            if next == self.segment.end && self.segment.end_epoch == Some(self.next_epoch + 1) {
                return Ok(None);
            }
            if let Some(header) = self.sound_at(next)?.filter(|header| header.epoch == self.next_epoch + 1) {
                return Ok(Some(header));
            }
        }
        self.find_sound(self.position + 1, |_| true)
    }

    fn find_sound(&mut self, from: u64, wanted: impl Fn(&BlockHeader) -> bool) -> io::Result<Option<BlockHeader>> {
        let mut from = from;
        while let Some(at) = self.bytes.find(from, self.segment.end, &MAGIC)? {
            if let Some(header) = self.sound_at(at)?
                && wanted(&header)
            {
                return Ok(Some(header));
            }
            from = at + 1;
        }
        Ok(None)
    }

    /// The header of the block at `at`, if it is sound, stands in its place and comes later than the one looked for.
    fn sound_at(&mut self, at: u64) -> io::Result<Option<BlockHeader>> {
        let header = match self.header_at(at) {
            Ok(header) => header,
            Err(Fault::Damage(_)) => return Ok(None),
            Err(Fault::Io(error)) => return Err(error),
        };
        let is_later = header.epoch > self.next_epoch && self.segment.end_epoch.is_none_or(|end| header.epoch < end);
        if header.start != at || !is_later || header.block_bytes() > self.segment.end - at {
            return Ok(None);
        }
        match self.block_at(at, &header) {
            Ok(_) => Ok(Some(header)),
            Err(Fault::Damage(_)) => Ok(None),
            Err(Fault::Io(error)) => Err(error),
        }
    }
}
