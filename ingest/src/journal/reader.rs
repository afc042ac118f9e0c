//! Reads blocks in order across segments: for recovery, and for whoever replays.

use super::segment::{self, Fault, SegmentReader, is_torn_tail};
use super::{Damage, JournalError, Segment};
use crate::block::Block;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use suiftly_schema::ids::Epoch;

/// The blocks of a journal from some epoch on. After an error it ends.
///
/// It takes the segments as they are when it is made. A write at the end that never finished ends it without an error;
/// damage anywhere else is one.
pub struct JournalReader {
    dir: PathBuf,
    /// Segments not yet begun.
    segments: VecDeque<Segment>,
    current: Option<(Segment, SegmentReader)>,
    /// The first epoch that is wanted, then the next one.
    wanted: Epoch,
}

impl JournalReader {
    /// Reads `epoch` and all after it. An epoch that is not there yet makes an empty reader.
    pub fn from_epoch(dir: &Path, epoch: Epoch) -> Result<Self, JournalError> {
        let mut segments = VecDeque::from(segment::list(dir)?);
        while segments.get(1).is_some_and(|second| second.header.first_epoch <= epoch) {
            segments.pop_front();
        }
        match segments.front() {
            Some(first) if first.header.first_epoch > epoch => {
                let first = first.header.first_epoch;
                Err(JournalError::Retired { dir: dir.to_owned(), first, wanted: epoch })
            }
            _ => Ok(Self { dir: dir.to_owned(), segments, current: None, wanted: epoch }),
        }
    }

    /// Reads the blocks that fit in the last `bytes` bytes up to and including `epoch`, as far as they are kept, and all
    /// after it.
    pub fn from_before_end_of(dir: &Path, epoch: Epoch, bytes: u64) -> Result<Self, JournalError> {
        let segments = segment::list(dir)?;
        let with_epoch = segments.partition_point(|segment| segment.header.first_epoch <= epoch);
        let Some(with_epoch) = with_epoch.checked_sub(1) else {
            return Self::from_epoch(dir, epoch + 1);
        };
        let (_, end) = find(&segments[with_epoch], |reader| reader.next_epoch > epoch)?;
        let from = end.saturating_sub(bytes);
        let with_from = segments.partition_point(|segment| segment.header.start <= from).saturating_sub(1);
        let (first, _) = find(&segments[with_from], |reader| reader.position >= from)?;
        Self::from_epoch(dir, first.min(epoch + 1))
    }

    fn try_next(&mut self) -> Result<Option<Block>, JournalError> {
        loop {
            if self.current.is_none() && !self.open_next()? {
                return Ok(None);
            }
            if let Some(block) = self.next_in_segment()? {
                self.wanted = block.epoch + 1;
                return Ok(Some(block));
            }
            self.current = None;
        }
    }

    fn open_next(&mut self) -> Result<bool, JournalError> {
        let Some(segment) = self.segments.pop_front() else {
            return Ok(false);
        };
        let first = segment.header.first_epoch;
        if first > self.wanted {
            return Err(JournalError::Retired { dir: self.dir.clone(), first, wanted: self.wanted });
        }
        let reader = SegmentReader::open(&segment).map_err(|error| JournalError::io("open", &segment.path, error))?;
        self.current = Some((segment, reader));
        Ok(true)
    }

    fn next_in_segment(&mut self) -> Result<Option<Block>, JournalError> {
        let is_last = self.segments.is_empty();
        let Some((segment, reader)) = &mut self.current else {
            return Ok(None);
        };
        let io_error = |error: io::Error| JournalError::io("read", &segment.path, error);
        match next_wanted(reader, self.wanted) {
            Ok(block) => Ok(block),
            Err(Fault::Io(error)) => Err(io_error(error)),
            Err(Fault::Damage(_)) if is_last && is_torn_tail(segment, reader.position).map_err(io_error)? => Ok(None),
            Err(Fault::Damage(damage)) => Err(damaged(segment, reader, damage)),
        }
    }
}

fn next_wanted(reader: &mut SegmentReader, wanted: Epoch) -> Result<Option<Block>, Fault> {
    while reader.next_epoch < wanted {
        if !reader.skip()? {
            return Ok(None);
        }
    }
    reader.next()
}

/// The first place between the segment's blocks that satisfies `wanted`, else its end: the epoch of the block that
/// begins there, and its offset. Payloads are not read.
fn find(segment: &Segment, wanted: impl Fn(&SegmentReader) -> bool) -> Result<(Epoch, u64), JournalError> {
    let io_error = |error: io::Error| JournalError::io("read", &segment.path, error);
    let mut reader = SegmentReader::open(segment).map_err(io_error)?;
    while !wanted(&reader) {
        match reader.skip() {
            Ok(true) => {}
            // What is wrong with it, reading the blocks will tell.
            Ok(false) | Err(Fault::Damage(_)) => break,
            Err(Fault::Io(error)) => return Err(io_error(error)),
        }
    }
    Ok((reader.next_epoch, reader.position))
}

fn damaged(segment: &Segment, reader: &SegmentReader, damage: Damage) -> JournalError {
    let (path, offset, epoch) = (segment.path.clone(), reader.position, reader.next_epoch);
    JournalError::Damaged { path, offset, epoch, damage }
}

impl Iterator for JournalReader {
    type Item = Result<Block, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.try_next().transpose();
        if matches!(next, Some(Err(_))) {
            self.segments.clear();
            self.current = None;
        }
        next
    }
}
