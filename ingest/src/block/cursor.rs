//! Reads a block's bytes in order, never past their end and never panicking, whatever they are.

use super::{BLOCK_HEADER_BYTES, BlockError, Frame, KIND_LINES, MAX_FRAME_BYTES};
use crate::source::Source;
use suiftly_schema::time::UnixMillis;

/// Reads fields in order and never past the end.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], BlockError> {
        let end = self.at.checked_add(count).ok_or(BlockError::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(BlockError::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], BlockError> {
        self.take(N)?.try_into().map_err(|_| BlockError::Truncated)
    }
}

/// Walks a payload. After an error it ends.
pub(super) struct FrameCursor<'a> {
    cursor: Cursor<'a>,
    start: u64,
    group: (Source, UnixMillis),
    left_in_group: u32,
}

impl<'a> FrameCursor<'a> {
    pub(super) fn new(block: &'a [u8], start: u64) -> Self {
        let cursor = Cursor { bytes: block, at: BLOCK_HEADER_BYTES };
        Self { cursor, start, group: (Source::File, UnixMillis(0)), left_in_group: 0 }
    }

    fn read_group(&mut self) -> Result<(), BlockError> {
        let [kind, source] = self.cursor.array()?;
        if kind != KIND_LINES {
            return Err(BlockError::Kind(kind));
        }
        let (known_by, port) = (self.cursor.array()?, u16::from_le_bytes(self.cursor.array()?));
        let source = Source::from_journal(source, known_by, port).ok_or(BlockError::Source(source))?;
        let received_at = UnixMillis(i64::from_le_bytes(self.cursor.array()?));
        self.group = (source, received_at);
        self.left_in_group = u32::from_le_bytes(self.cursor.array()?);
        Ok(())
    }

    fn read_frame(&mut self) -> Result<Frame<'a>, BlockError> {
        while self.left_in_group == 0 {
            self.read_group()?;
        }
        let length = u32::from_le_bytes(self.cursor.array()?);
        if length as usize > MAX_FRAME_BYTES {
            return Err(BlockError::FrameLength(length));
        }
        let offset = self.start + self.cursor.at as u64;
        let bytes = self.cursor.take(length as usize)?;
        self.left_in_group -= 1;
        let (source, received_at) = self.group;
        Ok(Frame { source, received_at, offset, bytes })
    }
}

impl<'a> Iterator for FrameCursor<'a> {
    type Item = Result<Frame<'a>, BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.cursor.at >= self.cursor.bytes.len() && self.left_in_group == 0 {
            return None;
        }
        let frame = self.read_frame();
        if frame.is_err() {
            self.cursor.at = self.cursor.bytes.len();
            self.left_in_group = 0;
        }
        Some(frame)
    }
}
