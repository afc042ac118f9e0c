//! Following the sequencer: first what the journal holds after the watermark, then each block as it is sealed, out of
//! memory; what came while memory had no room, out of the journal again. So the epochs come in order, each once, and
//! no socket waits for it.

use super::feed::{Followed, Next};
use super::{Gone, REWARM_BYTES};
use crate::block::Block;
use crate::counters::Counters;
use crate::decode::Decoder;
use crate::error::IngestError;
use crate::journal::{Ended, JournalError, JournalReader, Progress};
use crate::ship;
use crossbeam_channel::Sender;
use std::path::PathBuf;
use std::sync::Arc;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use tokio::sync::watch;

/// Why it does not go on.
enum End {
    /// Nobody wants what it makes any more; whoever is gone has said why.
    Unwanted,
    /// The journal cannot be read.
    Failed(JournalError),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Unwanted
    }
}

impl From<Ended> for End {
    fn from(_: Ended) -> Self {
        Self::Unwanted
    }
}

impl From<JournalError> for End {
    fn from(error: JournalError) -> Self {
        Self::Failed(error)
    }
}

/// What becomes of blocks. They come in the order of their epochs, each once, and may not be durable yet.
pub(crate) trait Takes {
    /// Takes the next one.
    fn take(&mut self, block: &Arc<Block>) -> Result<(), Gone>;
}

/// Decodes them.
pub(crate) struct Decoding {
    /// It has seen what is stored with the watermark.
    pub(crate) decoder: Box<Decoder>,
    /// Where decoded blocks go.
    pub(crate) batches: Sender<Batch>,
    /// What is counted.
    pub(crate) counters: Arc<Counters>,
}

impl Takes for Decoding {
    fn take(&mut self, block: &Arc<Block>) -> Result<(), Gone> {
        let batch = self.decoder.decode(block);
        self.counters.note_forgotten(self.decoder.forgotten());
        self.counters.note_uncounted(self.decoder.uncounted());
        self.batches.send(batch).map_err(|_| Gone)
    }
}

/// Hands them on as they are, once they are durable.
pub(crate) struct Shipping {
    /// To whom.
    pub(crate) tail: Arc<ship::Tail>,
    /// How far they are durable.
    pub(crate) progress: Arc<Progress>,
}

impl Takes for Shipping {
    fn take(&mut self, block: &Arc<Block>) -> Result<(), Gone> {
        self.progress.wait_durable(block.epoch).map_err(|_| Gone)?;
        self.tail.push(Arc::clone(block));
        Ok(())
    }
}

/// Where the journal is, and how far it is durable.
pub(crate) struct Journaled {
    pub(crate) dir: PathBuf,
    pub(crate) progress: Arc<Progress>,
    /// The last epoch that it held when it was opened.
    pub(crate) last_epoch: Epoch,
}

/// Follows the sequencer.
pub(crate) struct Follower<T> {
    journal: Journaled,
    blocks: Followed,
    /// The last epoch that was taken.
    at: Epoch,
    takes: T,
}

impl<T: Takes> Follower<T> {
    /// Begins after the epoch `after`.
    pub(crate) fn new(journal: Journaled, blocks: Followed, after: Epoch, takes: T) -> Self {
        Self { journal, blocks, at: after, takes }
    }

    /// Follows until the sequencer has ended and all is taken, or until nobody wants it any more.
    pub(crate) fn run(mut self) -> Result<(), IngestError> {
        well_ended(self.follow())
    }

    fn follow(&mut self) -> Result<(), End> {
        loop {
            match self.blocks.next(self.at) {
                Next::Block(block) => self.take(&block)?,
                Next::Journaled(through) => self.read(through, || true)?,
                Next::Ended => return Ok(()),
            }
        }
    }

    fn take(&mut self, block: &Arc<Block>) -> Result<(), End> {
        self.takes.take(block)?;
        self.at = block.epoch;
        Ok(())
    }

    /// Takes what the journal holds up to `through`, while `goes_on`.
    fn read(&mut self, through: Epoch, goes_on: impl Fn() -> bool) -> Result<(), End> {
        if through <= self.at {
            return Ok(());
        }
        self.journal.progress.wait_durable(through)?;
        let mut blocks = JournalReader::from_epoch(&self.journal.dir, self.at + 1)?;
        for block in &mut blocks {
            let block = block?;
            if block.epoch > through {
                break;
            }
            if !goes_on() {
                return Err(End::Unwanted);
            }
            self.take(&Arc::new(block))?;
        }
        // Epochs whose blocks are damaged are left out: what was in them, the numbers that did not come will say.
        self.journal.progress.note_lost(blocks.lost());
        self.at = through;
        Ok(())
    }
}

impl Follower<Decoding> {
    /// The same, but first it decodes what the journal held when it was opened, and says when it is through. Told to stop
    /// before, it leaves the rest to the next start.
    pub(crate) fn recover_and_run(
        mut self,
        stop: &watch::Receiver<bool>,
        recovered: impl FnOnce(),
    ) -> Result<(), IngestError> {
        let goes_on = || !*stop.borrow();
        let last_epoch = self.journal.last_epoch;
        let recovery = self.rewarm(goes_on).and_then(|()| self.read(last_epoch, goes_on));
        well_ended(recovery.and_then(|()| {
            recovered();
            self.follow()
        }))
    }

    /// Reads the last blocks up to the watermark again.
    fn rewarm(&mut self, goes_on: impl Fn() -> bool) -> Result<(), End> {
        let mut blocks = JournalReader::from_before_end_of(&self.journal.dir, self.at, REWARM_BYTES)?;
        for block in &mut blocks {
            let block = block?;
            if block.epoch > self.at {
                break;
            }
            if !goes_on() {
                return Err(End::Unwanted);
            }
            self.takes.decoder.rewarm(&block);
        }
        self.journal.progress.note_lost(blocks.lost());
        Ok(())
    }
}

fn well_ended(end: Result<(), End>) -> Result<(), IngestError> {
    match end {
        Ok(()) | Err(End::Unwanted) => Ok(()),
        Err(End::Failed(error)) => Err(error.into()),
    }
}
