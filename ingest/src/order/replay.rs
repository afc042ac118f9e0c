//! The order read again, for who begins anew: out of its journal, or of what the database has of it.

use super::{Cut, OrderBlock, OrderError, Sequence};
use crate::block::Block;
use crate::journal::JournalReader;
use std::path::Path;
use suiftly_schema::ids::Epoch;

/// The order's blocks after an epoch, each checked against the one before. After an error it ends.
pub struct Replay {
    source: Source,
    sequence: Sequence,
    after: Epoch,
    has_failed: bool,
}

enum Source {
    Journal(Box<JournalReader>),
    /// Blocks as they stand in the journal.
    Rows(std::vec::IntoIter<Vec<u8>>),
}

impl Replay {
    /// Out of the order's journal, and its archive where one is named. The block of `after` itself must be there, unless
    /// it is 0: it says which cuts are in force.
    pub fn from_journal(dir: &Path, archive: Option<&Path>, after: Epoch) -> Result<Self, OrderError> {
        let blocks = JournalReader::with_archive(dir, archive, after.max(1))?;
        Self::begin(Source::Journal(Box::new(blocks)), after)
    }

    /// Out of the blocks that the database has, in order; the block of `after` among them, unless it is 0.
    pub fn from_rows(blocks: Vec<Vec<u8>>, after: Epoch) -> Result<Self, OrderError> {
        Self::begin(Source::Rows(blocks.into_iter()), after)
    }

    fn begin(source: Source, after: Epoch) -> Result<Self, OrderError> {
        let mut replay = Self { source, sequence: Sequence::default(), after, has_failed: false };
        while replay.sequence.last().map_or(0, |last| last.epoch) < after {
            let block = replay.source.next().transpose()?.filter(|block| block.epoch <= after);
            replay.sequence.take(&block.ok_or(OrderError::Missing { epoch: after })?)?;
        }
        Ok(replay)
    }

    /// The cuts in force: at the block that it begins after, then at the last that was read.
    pub fn cuts(&self) -> &[Cut] {
        self.sequence.last().map_or(&[][..], |last| last.cuts.as_slice())
    }

    /// The last epoch that was read.
    pub fn reached(&self) -> Epoch {
        self.sequence.last().map_or(self.after, |last| last.epoch)
    }

    fn try_next(&mut self) -> Result<Option<(Block, OrderBlock)>, OrderError> {
        let Some(block) = self.source.next().transpose()? else { return Ok(None) };
        if block.epoch != self.reached() + 1 {
            return Err(OrderError::Missing { epoch: self.reached() + 1 });
        }
        let order = self.sequence.take(&block)?;
        Ok(Some((block, order)))
    }
}

impl Iterator for Replay {
    type Item = Result<(Block, OrderBlock), OrderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let next = self.try_next().transpose();
        self.has_failed = matches!(next, Some(Err(_)));
        next
    }
}

impl Iterator for Source {
    type Item = Result<Block, OrderError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Journal(blocks) => blocks.next().map(|block| block.map_err(OrderError::from)),
            Self::Rows(blocks) => blocks.next().map(|bytes| Block::from_bytes(bytes).map_err(OrderError::from)),
        }
    }
}
