//! What a process has received of each journal and not taken yet. Shared: links fill it, the order's cutter looks at
//! how far it reaches, the decoder takes.

use super::error::ShipError;
use super::part::Part;
use super::wire::{Holds, LostBlocks, Mark, WINDOW_BYTES, cost};
use crate::journal::JournalId;
use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use suiftly_schema::ids::Epoch;
use tokio::sync::watch;

/// Room is given back by so much at once.
const GIVE_BACK_BYTES: u32 = WINDOW_BYTES / 16;

/// What came of all journals and was not taken, [`WINDOW_BYTES`] of each at most.
#[derive(Debug)]
pub struct Held {
    journals: Mutex<BTreeMap<JournalId, OfJournal>>,
    rewarm_bytes: u32,
    came: Condvar,
    /// Counts what came and what was taken.
    changes: watch::Sender<u64>,
}

/// What came on a link, and counts against the window.
#[derive(Debug)]
pub(super) enum Came {
    Part(Part),
    Passed(Mark),
    Lost(LostBlocks),
}

/// What a new link to a journal begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begin {
    pub(super) after: Epoch,
    pub(super) rewarm_bytes: u32,
    pub(super) credit: u32,
}

#[derive(Debug, Default)]
struct OfJournal {
    /// The last epoch that came; all before it did too.
    through: Epoch,
    /// What came and was not taken, in order.
    blocks: VecDeque<HeldBlock>,
    /// Where the last block that came ends.
    end: u64,
    /// For proof only; before all others.
    proof: Vec<Part>,
    wants_proof: bool,
    /// What is held costs so much of the window.
    cost: u32,
    /// Room that was not given back yet.
    owed: u32,
}

/// A block that came.
#[derive(Debug)]
struct HeldBlock {
    mark: Mark,
    /// `None`: it has no frame for us.
    part: Option<Part>,
    cost: u32,
}

impl Held {
    /// Nothing yet. Of these journals all is wanted that comes after the epoch, of others all that there is. So many
    /// bytes before that epoch are read again for proof.
    pub fn new(starts: impl IntoIterator<Item = (JournalId, Epoch)>, rewarm_bytes: u32) -> Self {
        let of = |through| OfJournal { through, wants_proof: rewarm_bytes > 0, ..OfJournal::default() };
        let journals = starts.into_iter().map(|(journal, after)| (journal, of(after))).collect();
        Self { journals: Mutex::new(journals), rewarm_bytes, came: Condvar::new(), changes: watch::Sender::new(0) }
    }

    /// Through which epoch each journal has come.
    pub fn received(&self) -> Vec<(JournalId, Epoch)> {
        self.journals.lock().iter().map(|(journal, of)| (*journal, of.through)).collect()
    }

    /// Through which epoch a journal has come; 0 if it is not known.
    pub fn through(&self, journal: &JournalId) -> Epoch {
        self.journals.lock().get(journal).map_or(0, |of| of.through)
    }

    /// The last block of a journal at or before this epoch that came and was not taken: there it can be cut.
    pub fn mark(&self, journal: &JournalId, at_most: Epoch) -> Option<Mark> {
        let journals = self.journals.lock();
        let of = journals.get(journal)?;
        let before = of.blocks.partition_point(|block| block.mark.epoch <= at_most);
        of.blocks.get(before.checked_sub(1)?).map(|block| block.mark)
    }

    /// Changes when something came, or was taken.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Waits until a journal has come through this epoch; whether it has in time.
    pub fn wait_through(&self, journal: &JournalId, through: Epoch, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut journals = self.journals.lock();
        loop {
            if journals.get(journal).is_some_and(|of| of.through >= through) {
                return true;
            }
            if self.came.wait_until(&mut journals, deadline).timed_out() {
                return journals.get(journal).is_some_and(|of| of.through >= through);
            }
        }
    }

    /// Takes what came of a journal up to this epoch, in order; first, once, what is for proof only
    /// ([`Part::is_proof_only`]). It is forgotten here, and its room is given back.
    pub fn take(&self, journal: &JournalId, through: Epoch) -> Vec<Part> {
        let parts = self.journals.lock().get_mut(journal).map(|of| of.take(through)).unwrap_or_default();
        self.changed();
        parts
    }

    /// A link to a journal begins.
    pub(super) fn begin(&self, holds: &Holds) -> Result<Begin, ShipError> {
        let mut journals = self.journals.lock();
        // Of what nobody knew nothing was released, so its first epoch is there, and the same for all.
        let new = OfJournal { through: holds.first - 1, ..OfJournal::default() };
        let of = journals.entry(holds.journal).or_insert(new);
        if holds.durable < of.through {
            let Holds { journal, durable, .. } = *holds;
            return Err(ShipError::Shortened { journal, durable, received: of.through });
        }
        Ok(of.begin(self.rewarm_bytes))
    }

    /// Takes in what came.
    pub(super) fn accept(&self, journal: &JournalId, came: Came) -> Result<(), ShipError> {
        let mut journals = self.journals.lock();
        journals.entry(*journal).or_default().accept(came)?;
        drop(journals);
        self.came.notify_all();
        self.changed();
        Ok(())
    }

    /// Room to be given back to a journal, once it is worth a word.
    pub(super) fn owed(&self, journal: &JournalId) -> Option<u32> {
        let mut journals = self.journals.lock();
        let of = journals.get_mut(journal).filter(|of| of.owed >= GIVE_BACK_BYTES)?;
        Some(std::mem::take(&mut of.owed))
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
    }
}

impl OfJournal {
    /// What is under way is gone with the link before; what it had for proof comes again from the start.
    fn begin(&mut self, rewarm_bytes: u32) -> Begin {
        if self.wants_proof {
            self.cost -= self.proof.drain(..).map(|part| cost(part.len_bytes())).sum::<u32>();
        }
        self.owed = 0;
        let rewarm_bytes = if self.wants_proof { rewarm_bytes } else { 0 };
        Begin { after: self.through, rewarm_bytes, credit: WINDOW_BYTES - self.cost }
    }

    fn accept(&mut self, came: Came) -> Result<(), ShipError> {
        match came {
            Came::Part(part) if part.is_proof_only => self.accept_proof(part),
            Came::Part(part) => {
                if part.start < self.end {
                    return Err(ShipError::OutOfOrder { received: self.through, found: part.epoch });
                }
                self.follow(part.mark(), cost(part.len_bytes()), Some(part))
            }
            Came::Passed(mark) => self.follow(mark, cost(mark.to_frame().payload.len()), None),
            Came::Lost(lost) => {
                self.expect(lost.first)?;
                // It is not kept, so its room is free at once.
                let cost = cost(lost.to_frame().payload.len());
                self.pay(cost)?;
                (self.cost, self.owed) = (self.cost - cost, self.owed + cost);
                (self.through, self.wants_proof) = (lost.last, false);
                Ok(())
            }
        }
    }

    fn accept_proof(&mut self, part: Part) -> Result<(), ShipError> {
        let is_next = self.proof.last().is_none_or(|last| last.epoch < part.epoch);
        if !self.wants_proof || part.epoch > self.through || !is_next {
            return Err(ShipError::OutOfOrder { received: self.through, found: part.epoch });
        }
        self.pay(cost(part.len_bytes()))?;
        self.proof.push(part);
        Ok(())
    }

    fn follow(&mut self, mark: Mark, cost: u32, part: Option<Part>) -> Result<(), ShipError> {
        self.expect(mark.epoch)?;
        self.pay(cost)?;
        (self.through, self.end, self.wants_proof) = (mark.epoch, mark.end, false);
        self.blocks.push_back(HeldBlock { mark, part, cost });
        Ok(())
    }

    fn expect(&self, found: Epoch) -> Result<(), ShipError> {
        let received = self.through;
        if received.checked_add(1) == Some(found) { Ok(()) } else { Err(ShipError::OutOfOrder { received, found }) }
    }

    fn pay(&mut self, cost: u32) -> Result<(), ShipError> {
        let is_over = self.cost.saturating_add(self.owed).saturating_add(cost) > WINDOW_BYTES;
        if is_over {
            return Err(ShipError::OverCredit);
        }
        self.cost += cost;
        Ok(())
    }

    fn take(&mut self, through: Epoch) -> Vec<Part> {
        let mut parts = std::mem::take(&mut self.proof);
        let mut freed = parts.iter().map(|part| cost(part.len_bytes())).sum::<u32>();
        while self.blocks.front().is_some_and(|block| block.mark.epoch <= through)
            && let Some(block) = self.blocks.pop_front()
        {
            freed += block.cost;
            parts.extend(block.part);
        }
        self.cost -= freed;
        self.owed += freed;
        parts
    }
}

#[cfg(test)]
mod tests;
