//! When a missing number is final. A worker's time is cut into slots of the epochs' clock; of each slot that is over it
//! is remembered, for as long as the grace lasts, how far the numbers had come and how many were missing up to there.
//!
//! So finality costs something once an epoch and worker, and for a line that is late by more than a slot; a line that
//! comes in order costs nothing. The state is [`MARKS_MAX`] marks at most.

use std::collections::VecDeque;
use suiftly_schema::time::UnixMillis;

/// A missing number is final once a higher one of the same worker was received longer ago than this, by the epochs'
/// clock (rounded up to [`SLOT_MS`]).
///
/// What is on its way comes far sooner: threads are at most 81 lines out of order, a socket's buffer is emptied within
/// milliseconds, and a HAProxy ring that lost its connection has it again within about a second and sends what it
/// kept. Five seconds leave room for that to fail a few times over.
pub const REORDER_GRACE_MS: i64 = 5_000;

/// How exactly it is known when a number came.
pub(super) const SLOT_MS: i64 = 500;

/// Marks that may wait for their grace to be over: one for each slot of it, and the one just over.
pub(super) const MARKS_MAX: usize = 11;
const _: () = assert!(REORDER_GRACE_MS == 10 * SLOT_MS, "MARKS_MAX counts the grace in slots");

/// How far a worker's numbers had come at the end of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The slot; its clock is [`SLOT_MS`] times that, and up to a slot later.
    pub(super) slot: i64,
    /// The number after the highest that had come; 0 if none had.
    pub(super) below: u64,
    /// How many of the numbers up to there are missing, as of now.
    pub(super) missing: u64,
}

impl Mark {
    const fn is_over(&self, now: UnixMillis) -> bool {
        let ends_at = self.slot.saturating_add(1).saturating_mul(SLOT_MS);
        now.0.saturating_sub(REORDER_GRACE_MS) >= ends_at
    }

    const fn change(&mut self, change: i64) {
        self.missing = self.missing.saturating_add_signed(change);
    }
}

/// What of a worker's numbers is settled, and what will be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Grace {
    /// The last mark whose grace is over: what is missing below it is final. Its slot does not matter any more.
    settled: Mark,
    /// Those after it, by slot; each reaches further than the one before.
    marks: VecDeque<Mark>,
}

impl Grace {
    /// Goes on from marks that were stored: the settled one and those after it.
    pub(super) fn restore(settled: Mark, marks: VecDeque<Mark>) -> Self {
        Self { settled: Mark { slot: 0, ..settled }, marks }
    }

    /// An epoch begins for a worker that was last heard of at `heard_at`, its highest number and what was missing then.
    pub(super) fn move_on(&mut self, heard_at: UnixMillis, now: UnixMillis, highest: u64, missing: u64) {
        let slot = slot_of(heard_at);
        if slot_of(now) == slot {
            return;
        }
        if highest >= self.reaches_to() {
            self.marks.push_back(Mark { slot, below: highest + 1, missing });
        }
        while let Some(mark) = self.marks.pop_front_if(|mark| mark.is_over(now)) {
            self.settled = Mark { slot: 0, ..mark };
        }
        debug_assert!(self.marks.len() <= MARKS_MAX, "{:?} at {now:?}", self.marks);
    }

    /// Numbers from this one on have come in the present slot if at all, and are no mark's business.
    #[inline]
    pub(super) fn reaches_to(&self) -> u64 {
        self.marks.back().unwrap_or(&self.settled).below
    }

    /// A number came late, and what is missing changes by so much below all that came after it. Whether the number was
    /// below what is settled.
    pub(super) fn change_above(&mut self, number: u64, change: i64) -> bool {
        for mark in self.marks.iter_mut().rev().take_while(|mark| mark.below > number) {
            mark.change(change);
        }
        let is_settled = self.settled.below > number;
        if is_settled {
            self.settled.change(change);
        }
        is_settled
    }

    /// All numbers that much higher, and what is missing changed by so much.
    pub(super) fn shift(&mut self, by: u64, change: i64) {
        for mark in std::iter::once(&mut self.settled).chain(&mut self.marks).filter(|mark| mark.below > 0) {
            mark.below += by;
            mark.change(change);
        }
    }

    /// What is settled at `now` if nothing has come since `heard_at`, its highest number and what is missing.
    pub(super) fn settled_at(&self, now: UnixMillis, heard_at: UnixMillis, highest: u64, missing: u64) -> Mark {
        let last = Mark { slot: slot_of(heard_at), below: highest + 1, missing };
        let over = std::iter::once(last).chain(self.marks.iter().rev().copied()).find(|mark| mark.is_over(now));
        over.unwrap_or(self.settled)
    }

    /// How many missing numbers were final when the worker was last heard of.
    pub(super) const fn missing_final(&self) -> u64 {
        self.settled.missing
    }

    pub(super) const fn settled(&self) -> Mark {
        self.settled
    }

    pub(super) fn marks(&self) -> impl ExactSizeIterator<Item = Mark> {
        self.marks.iter().copied()
    }
}

/// The slot of an instant.
pub(super) const fn slot_of(at: UnixMillis) -> i64 {
    at.0.div_euclid(SLOT_MS)
}
