//! What is wrong where a block should stand, and what was lost by it. Damage is passed over, told and counted; it stops
//! nothing.

use crate::block::BlockError;
use std::fmt;
use std::io;
use std::path::PathBuf;
use suiftly_schema::ids::Epoch;

/// So many damaged places are named; further ones only count.
pub const MAX_DAMAGED_PLACES: usize = 1_000;

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
    /// The compressed frame around it is not what was written.
    #[error("it cannot be decompressed")]
    Frame,
}

/// Blocks that were durable and cannot be read any more, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedPlace {
    /// The file.
    pub path: PathBuf,
    /// Where the first of them begins in the journal.
    pub start: u64,
    /// Where the next sound block begins, or the segment ends.
    pub end: u64,
    /// The first epoch that is lost.
    pub first_epoch: Epoch,
    /// The next one that is not.
    pub end_epoch: Epoch,
    /// What is wrong with the first of them.
    pub damage: Damage,
}

impl DamagedPlace {
    /// How many blocks are lost. Each is an epoch.
    pub const fn blocks(&self) -> u64 {
        self.end_epoch.saturating_sub(self.first_epoch)
    }

    /// How many bytes of the journal are lost.
    pub const fn bytes(&self) -> u64 {
        self.end - self.start
    }
}

impl fmt::Display for DamagedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, start, end, first_epoch, damage, .. } = self;
        write!(f, "journal segment {} is damaged from byte {start} to {end} of the journal", path.display())?;
        match self.blocks() {
            0 => {}
            1 => write!(f, ", epoch {first_epoch} is lost")?,
            _ => write!(f, ", epochs {first_epoch} to {} are lost", self.end_epoch - 1)?,
        }
        write!(f, ": {damage}")
    }
}

/// What a reader had to leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Where, in order; the first [`MAX_DAMAGED_PLACES`].
    pub places: Vec<DamagedPlace>,
    /// How many blocks, which is how many epochs.
    pub blocks: u64,
    /// How many bytes of the journal.
    pub bytes: u64,
}

impl Lost {
    /// Whether nothing was.
    pub const fn is_nothing(&self) -> bool {
        self.blocks == 0 && self.bytes == 0
    }

    pub(super) fn note(&mut self, place: DamagedPlace) {
        tracing::error!("{place}");
        self.blocks += place.blocks();
        self.bytes += place.bytes();
        if self.places.len() < MAX_DAMAGED_PLACES {
            self.places.push(place);
        }
    }
}
