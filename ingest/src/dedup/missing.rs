//! Which numbers of a worker are missing, as ranges, for those who look: read out of its stored window.

use super::grace::{Grace, Mark};
use super::worker::counted_from;
use super::{DedupError, state};
use std::collections::VecDeque;
use suiftly_schema::{loss::WorkerWindow, time::UnixMillis};

/// Numbers in a row that have not come, unwrapped to 64 bits: the lower 32 bits are what the lines would have carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingRange {
    /// The lowest.
    pub first_seq: u64,
    /// The highest.
    pub last_seq: u64,
}

/// What is missing of one worker: the newest ranges, and what becomes final when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The newest ranges, newest first.
    pub ranges: Vec<MissingRange>,
    /// Older ranges that are not among them.
    pub ranges_left_out: u64,
    /// Missing numbers whose ranges are not known any more, since there were too many; they can no longer come.
    pub closed: u64,
    heard_at: UnixMillis,
    highest_seq: u64,
    missing: u64,
    grace: Grace,
}

impl Missing {
    /// Reads at most `newest` ranges out of a window.
    pub fn of(window: &WorkerWindow, newest: usize) -> Result<Self, DedupError> {
        let mut gaps = Gaps { newest, kept: VecDeque::new(), left_out: 0, numbers: 0 };
        let mut next = counted_from(window.first_seq);
        let grace = state::visit(window, |start, end| {
            gaps.push(next, start);
            next = end + 1;
        })?;
        Ok(Self {
            ranges: gaps.kept.into_iter().rev().collect(),
            ranges_left_out: gaps.left_out,
            closed: window.missing.saturating_sub(gaps.numbers),
            heard_at: window.heard_at,
            highest_seq: window.highest_seq,
            missing: window.missing,
            grace,
        })
    }

    /// How many of the missing numbers are final at `now`, if nothing more has come of the worker since its window:
    /// so one that has gone silent becomes final too. `now` must not be later than the next epoch's clock: the clock of
    /// the last epoch, or the wall clock at rest.
    pub fn final_at(&self, now: UnixMillis) -> u64 {
        self.settled_at(now).missing
    }

    /// Whether the numbers of a range are final at `now`.
    pub fn is_final_at(&self, range: MissingRange, now: UnixMillis) -> bool {
        range.first_seq < self.settled_at(now).below
    }

    fn settled_at(&self, now: UnixMillis) -> Mark {
        self.grace.settled_at(now, self.heard_at, self.highest_seq, self.missing)
    }
}

/// Gathers gaps from the lowest on and keeps the highest.
struct Gaps {
    newest: usize,
    kept: VecDeque<MissingRange>,
    left_out: u64,
    numbers: u64,
}

impl Gaps {
    /// The numbers of `from..to`, if there are any.
    fn push(&mut self, from: u64, to: u64) {
        if from >= to {
            return;
        }
        self.numbers += to - from;
        if self.kept.len() == self.newest {
            self.left_out += 1;
            if self.kept.pop_front().is_none() {
                return;
            }
        }
        self.kept.push_back(MissingRange { first_seq: from, last_seq: to - 1 });
    }
}
