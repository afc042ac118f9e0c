//! The walk that makes parts: from the epoch after the last that was sealed, on and on, step by step.

use super::billed::Billed;
use super::{WARM_MS, decoder, located};
use crate::audit::{JournalDirs, RecountError, lost_in, read_blocks};
use crate::block::Block;
use crate::decode::DecodeConfig;
use crate::journal::{FIRST_EPOCH, JournalError, JournalId, Located};
use rustc_hash::FxHashMap;
use std::ops::RangeInclusive;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::proof::{Hash, RecordLeaf, Subtrees, Tree};
use suiftly_schema::time::UnixMillis;

/// Epochs of one step at most, about an hour of them: a run that is far behind holds the parts of one step in memory.
pub const STEP_EPOCHS: u64 = 400_000;

/// Where a walk goes on.
#[derive(Clone, Debug)]
pub struct WalkFrom {
    /// The journal.
    pub journal_id: JournalId,
    /// The last epoch that was sealed, 0 for none, and when it was cut.
    pub sealed: (Epoch, UnixMillis),
    /// Where none was: what was cut before is nobody's business any more.
    pub since: UnixMillis,
    /// From when on, by its clock, the journal was looked at without a gap; `None`: from its first block.
    pub whole_from: Option<UnixMillis>,
    /// The books that were published.
    pub books: PriceBooks,
    /// Formats and bindings, as they are in force.
    pub decode: DecodeConfig,
}

/// What some epochs held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The first of them.
    pub first_epoch: Epoch,
    /// The last.
    pub last_epoch: Epoch,
    /// When the last was cut.
    pub cut_at: UnixMillis,
    /// From when on the journal was looked at without a gap, with these.
    pub whole_from: Option<UnixMillis>,
    /// Lines in them, whatever became of them.
    pub lines: u64,
    /// By customer and hour, ascending.
    pub parts: Vec<StepPart>,
}

/// A customer's billed records of an hour in the epochs of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepPart {
    /// Whose.
    pub customer_id: CustomerId,
    /// The hour's first instant.
    pub hour: UnixMillis,
    /// Requests that are billed.
    pub requests: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The records.
    pub records: Tree,
    /// [`Subtrees::roots`] of them.
    pub subtrees: Vec<Hash>,
}

/// Walks a journal. It keeps its decoder from step to step.
#[derive(Debug)]
pub struct PartWalk {
    dirs: JournalDirs,
    billed: Billed,
    /// The next epoch to look at.
    next: Epoch,
    cut_at: UnixMillis,
    whole_from: Option<UnixMillis>,
    /// What was before is not known: where it goes on, it is whole from there.
    is_gap: bool,
}

impl PartWalk {
    /// A walk that goes on from somewhere. It reads what came within [`WARM_MS`] before that first.
    pub fn begin(dirs: &JournalDirs, from: &WalkFrom) -> Result<Self, RecountError> {
        let (sealed, cut_at) = from.sealed;
        let since = if sealed == 0 { from.since } else { cut_at.plus_ms(-WARM_MS) };
        let Located { first_kept, epoch, is_whole, .. } = located(dirs, from.journal_id, since)?;
        let warm = epoch.max(first_kept);
        let decoder = decoder(dirs, &from.decode, warm, first_kept)?;
        let billed = Billed::new(decoder, from.books.clone());
        let walk = Self { dirs: dirs.clone(), billed, next: warm, cut_at, whole_from: from.whole_from, is_gap: false };
        if sealed > 0 {
            return walk.warmed(sealed, first_kept);
        }
        // A line of what is looked at has no copy before it.
        let whole_from = Some(since).filter(|_| warm > FIRST_EPOCH);
        Ok(Self { whole_from, is_gap: !is_whole, ..walk })
    }

    /// The same, after it has read what leads up to what was sealed.
    fn warmed(mut self, sealed: Epoch, first_kept: Epoch) -> Result<Self, RecountError> {
        let (warm, next) = (self.next, (sealed + 1).max(first_kept));
        if warm < next {
            let (dirs, billed) = (self.dirs.clone(), &mut self.billed);
            read_blocks(&dirs, &(warm..=next - 1), |block| billed.pass(block))?;
        }
        Ok(Self { next, is_gap: first_kept > sealed + 1, ..self })
    }

    /// The next epoch that it looks at.
    pub const fn next_epoch(&self) -> Epoch {
        self.next
    }

    /// Looks at the next epochs up to and with `through`, at most [`STEP_EPOCHS`] of them; `None` if it has come there.
    /// What cannot be read is passed over, as it was by the running system: no month that it belongs to can be shown.
    ///
    /// # Errors
    /// After one it is of no use any more: a new one is to be begun.
    pub fn step(&mut self, through: Epoch) -> Result<Option<Step>, RecountError> {
        let first_epoch = self.next;
        if first_epoch > through {
            return Ok(None);
        }
        let epochs = first_epoch..=through.min(first_epoch.saturating_add(STEP_EPOCHS - 1));
        let (mut open, mut lines) = (Open::default(), 0);
        match self.read(&epochs, &mut open, &mut lines) {
            // The journal was pruned before it was looked at.
            Err(RecountError::Journal(JournalError::Retired { first, .. })) if first > first_epoch => {
                (self.next, self.is_gap) = (first, true);
                return self.step(through);
            }
            read => read?,
        }
        self.next = epochs.end() + 1;
        Ok(Some(Step {
            first_epoch,
            last_epoch: *epochs.end(),
            cut_at: self.cut_at,
            whole_from: self.whole_from,
            lines,
            parts: open.into_sorted(),
        }))
    }

    fn read(&mut self, epochs: &RangeInclusive<Epoch>, open: &mut Open, lines: &mut u64) -> Result<(), RecountError> {
        let mut expected = *epochs.start();
        let dirs = self.dirs.clone();
        let read = read_blocks(&dirs, epochs, |block| {
            self.join(block, expected);
            expected = block.epoch + 1;
            *lines += u64::from(block.frame_count());
            self.billed.read(block, |customer_id, leaf, is_billed| {
                if is_billed {
                    open.push(customer_id, leaf);
                }
            });
        })?;
        if expected > *epochs.end() {
            return Ok(());
        }
        // What is missing at the end is either lost or not there yet.
        let missing = expected..=*epochs.end();
        match lost_in(&read.lost, &missing) {
            Some((_, last, _)) if last >= *epochs.end() => self.is_gap = true,
            _ => return Err(RecountError::Short { last: expected - 1, through: *epochs.end() }),
        }
        Ok(())
    }

    /// Where blocks before this one are missing, the journal is whole from here on.
    fn join(&mut self, block: &Block, expected: Epoch) {
        if self.is_gap || block.epoch != expected {
            (self.whole_from, self.is_gap) = (Some(block.cut_at), false);
        }
        self.cut_at = block.cut_at;
    }
}

/// Parts that are not sealed yet.
#[derive(Default)]
struct Open(FxHashMap<(CustomerId, i64), OpenPart>);

#[derive(Default)]
struct OpenPart {
    requests: u64,
    bytes: u64,
    records: Subtrees,
}

impl Open {
    fn push(&mut self, customer_id: CustomerId, leaf: &RecordLeaf) {
        let part = self.0.entry((customer_id, leaf.timestamp.hour().0)).or_default();
        part.requests = part.requests.saturating_add(u64::from(leaf.repeat));
        part.bytes = part.bytes.saturating_add(leaf.bytes_sent);
        part.records.push(leaf.hash());
    }

    fn into_sorted(self) -> Vec<StepPart> {
        let sealed = |((customer_id, hour), part): ((CustomerId, i64), OpenPart)| {
            let OpenPart { requests, bytes, records } = part;
            let subtrees = records.roots();
            let records = Tree { count: records.count(), root: records.root() };
            StepPart { customer_id, hour: UnixMillis(hour), requests, bytes, records, subtrees }
        };
        let mut parts: Vec<_> = self.0.into_iter().map(sealed).collect();
        parts.sort_unstable_by_key(|part| (part.customer_id, part.hour));
        parts
    }
}
