//! What the order is made of: how far every process has received each journal, and the changes that wait.

use super::block::{Cut, MAX_JOURNAL_NO};
use crate::journal::JournalId;
use crate::ship::{Held, Mark};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::reference::ReferenceChange;

/// Of one journal an epoch takes in so many blocks at most; what is behind is caught up with in steps. One is a megabyte
/// under load.
pub const MAX_CUT_BLOCKS: u64 = 8;
/// Changes that wait for the next blocks are at most so long together.
pub const MAX_CHANGES_WAITING_BYTES: usize = 4 << 20;
/// A block takes in changes up to this length, and the one that reaches it.
const MAX_CHANGES_BYTES: usize = 1 << 20;

/// More changes wait than may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many reference changes wait for the order")]
pub struct IntakeFull;

/// What process 0 has received itself.
pub trait Reach: fmt::Debug + Send + Sync {
    /// Through which epoch a journal has come; 0 if it is not known.
    fn through(&self, journal: &JournalId) -> Epoch;
    /// The last block at or before this epoch that came of a journal.
    fn mark(&self, journal: &JournalId, at_most: Epoch) -> Option<Mark>;
}

impl Reach for Held {
    fn through(&self, journal: &JournalId) -> Epoch {
        Self::through(self, journal)
    }

    fn mark(&self, journal: &JournalId, at_most: Epoch) -> Option<Mark> {
        Self::mark(self, journal, at_most)
    }
}

/// Told by those who receive, read by who cuts.
#[derive(Debug)]
pub struct Intake {
    reach: Arc<dyn Reach>,
    /// Processes beside ours.
    others: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    journals: BTreeMap<JournalId, Known>,
    changes: VecDeque<Vec<u8>>,
    changes_bytes: usize,
    /// The last change that was taken.
    last_seq: u64,
}

/// A journal.
#[derive(Debug, Default)]
struct Known {
    /// `None` until it is told: then it is not taken in yet.
    no: Option<u16>,
    cut: Option<Cut>,
    /// Up to where each other process has it.
    received: Vec<Epoch>,
}

/// What goes into the next block.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) changes: Vec<Vec<u8>>,
    /// By number.
    pub(super) cuts: Vec<Cut>,
    pub(super) is_new: bool,
    /// There is more for the block after it.
    pub(super) has_more: bool,
}

impl Intake {
    /// Goes on from the cuts in force and the last change that was taken, for so many processes.
    pub(super) fn new(reach: Arc<dyn Reach>, processes: usize, cuts: &[Cut], last_seq: u64) -> Self {
        assert!(processes > 0, "somebody must receive");
        let others = processes - 1;
        let known = |cut: &Cut| Known { no: Some(cut.no), cut: Some(*cut), received: vec![0; others] };
        let journals = cuts.iter().map(|cut| (cut.journal, known(cut))).collect();
        Self { reach, others, state: Mutex::new(State { journals, last_seq, ..State::default() }) }
    }

    /// This journal has this number: it is taken in from now on.
    ///
    /// # Panics
    /// If there is no such number, or another journal has it, or the journal another.
    pub fn number(&self, journal: JournalId, no: u16) {
        assert!((1..=MAX_JOURNAL_NO).contains(&no), "journal {journal} with number {no}");
        let mut state = self.state.lock();
        let has_it = state.journals.iter().find(|(_, known)| known.no == Some(no)).map(|(other, _)| *other);
        assert!(has_it.is_none_or(|other| other == journal), "journals {has_it:?} and {journal} have number {no}");
        let known = self.known(&mut state, journal);
        assert!(known.no.is_none_or(|known| known == no), "journal {journal} has number {:?}, not {no}", known.no);
        known.no = Some(no);
    }

    /// This journal is given up: its cuts are left out from now on.
    pub fn forget(&self, journal: &JournalId) {
        self.state.lock().journals.remove(journal);
    }

    /// Another process, 1 and up, has a journal up to here. What no process of the cluster says is passed over.
    pub fn received(&self, process: usize, journal: JournalId, through: Epoch) {
        let mut state = self.state.lock();
        let other = process.checked_sub(1);
        if let Some(received) = other.and_then(|other| self.known(&mut state, journal).received.get_mut(other)) {
            *received = through.max(*received);
        }
    }

    /// Takes changes out of the outbox, in its order; those that were taken before are passed over. All go in or none.
    ///
    /// # Panics
    /// If a change cannot be written as JSON, which no change is like.
    pub fn tell(&self, changes: &[ReferenceChange]) -> Result<(), IntakeFull> {
        let mut state = self.state.lock();
        let mut last_seq = state.last_seq;
        let mut new = Vec::new();
        for change in changes {
            if change.seq > last_seq {
                last_seq = change.seq;
                new.push(serde_json::to_vec(change).expect("a change has no keys but texts"));
            }
        }
        let new_bytes = new.iter().map(Vec::len).sum::<usize>();
        if state.changes_bytes + new_bytes > MAX_CHANGES_WAITING_BYTES {
            return Err(IntakeFull);
        }
        state.changes_bytes += new_bytes;
        state.last_seq = last_seq;
        state.changes.extend(new);
        Ok(())
    }

    /// The number of the last change that was taken.
    pub fn last_seq(&self) -> u64 {
        self.state.lock().last_seq
    }

    /// What the next block has. Only who cuts it may ask.
    pub(super) fn take(&self) -> Content {
        let mut state = self.state.lock();
        let mut content = Content::default();
        let mut bytes = 0;
        while bytes < MAX_CHANGES_BYTES
            && let Some(change) = state.changes.pop_front()
        {
            bytes += change.len();
            content.changes.push(change);
        }
        state.changes_bytes -= bytes;
        content.is_new = !content.changes.is_empty();
        content.has_more = !state.changes.is_empty();
        for (journal, known) in &mut state.journals {
            let everybody_has = known.received.iter().copied().fold(self.reach.through(journal), Epoch::min);
            content.is_new |= known.advance(self.reach.as_ref(), *journal, everybody_has);
            content.has_more |= known.cut.is_some_and(|cut| cut.through < everybody_has);
            content.cuts.extend(known.cut);
        }
        content.has_more &= content.is_new;
        content.cuts.sort_unstable_by_key(|cut| cut.no);
        content
    }

    fn known<'s>(&self, state: &'s mut State, journal: JournalId) -> &'s mut Known {
        let new = || Known { received: vec![0; self.others], ..Known::default() };
        state.journals.entry(journal).or_insert_with(new)
    }
}

impl Known {
    /// Moves the cut towards what everybody has; whether it moved.
    fn advance(&mut self, reach: &dyn Reach, journal: JournalId, everybody_has: Epoch) -> bool {
        let Some(no) = self.no else { return false };
        let from = self.cut.map_or(0, |cut| cut.through);
        let near = from.saturating_add(MAX_CUT_BLOCKS).min(everybody_has);
        let is_new = |mark: &Mark| mark.epoch > from;
        // The next blocks may be lost, or never have been there.
        let mark =
            reach.mark(&journal, near).filter(is_new).or_else(|| reach.mark(&journal, everybody_has).filter(is_new));
        if let Some(Mark { epoch, end, cut_at }) = mark {
            self.cut = Some(Cut { journal, no, through: epoch, cut_at, end });
        }
        mark.is_some()
    }
}
