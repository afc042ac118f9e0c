//! Blocks of a journal read off its disk, for whoever is further behind than memory reaches.

use super::server::Shipped;
use super::wire::LostBlocks;
use crate::block::Block;
use crate::journal::{JournalError, JournalReader};
use suiftly_schema::ids::Epoch;

/// So much is read at once.
const READ_BYTES: usize = 4 << 20;

/// What stands at the next place.
pub(super) enum Found {
    Block(Block),
    Lost(LostBlocks),
}

/// Reads on from some epoch.
pub(super) struct Disk {
    blocks: JournalReader,
    next: Epoch,
    /// Read, and not yet durable then.
    early: Option<Block>,
    /// Bytes of the damage that was told.
    lost_bytes: u64,
}

impl Disk {
    /// Begins with the epoch `next`.
    pub(super) fn open(journal: &Shipped, next: Epoch) -> Result<Self, JournalError> {
        let blocks = JournalReader::with_archive(&journal.dir, journal.archive.as_deref(), next)?;
        Ok(Self { blocks, next, early: None, lost_bytes: 0 })
    }

    /// The epoch that it reads next.
    pub(super) const fn next(&self) -> Epoch {
        self.next
    }

    /// What comes next, up to the epoch `through`: some MiB of it. Nothing at the end of what there was when it was
    /// opened.
    pub(super) fn read(&mut self, journal: &Shipped, through: Epoch) -> Result<Vec<Found>, JournalError> {
        let (mut found, mut bytes) = (Vec::new(), 0);
        while self.next <= through && bytes < READ_BYTES {
            let block = match self.early.take() {
                Some(early) => early,
                None => match self.blocks.next().transpose()? {
                    Some(block) => block,
                    None => break,
                },
            };
            if block.epoch > through {
                self.early = Some(block);
                break;
            }
            if block.epoch > self.next {
                found.push(Found::Lost(self.lost_before(&block)));
            }
            bytes += block.bytes().len();
            self.next = block.epoch + 1;
            found.push(Found::Block(block));
        }
        journal.progress.note_lost(self.blocks.lost());
        Ok(found)
    }

    fn lost_before(&mut self, block: &Block) -> LostBlocks {
        let told = std::mem::replace(&mut self.lost_bytes, self.blocks.lost().bytes);
        LostBlocks { first: self.next, last: block.epoch - 1, bytes: self.lost_bytes - told }
    }
}

/// The blocks in the last bytes up to and including the epoch `last`, as far as they can be had.
pub(super) fn before_end_of(journal: &Shipped, last: Epoch, bytes: u64) -> Result<Vec<Block>, JournalError> {
    let blocks = JournalReader::from_before_end_of(&journal.dir, last, bytes)?;
    blocks.take_while(|block| !matches!(block, Ok(block) if block.epoch > last)).collect()
}
