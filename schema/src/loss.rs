//! What was received of each worker's numbered lines, and what was not. Counted per (server, boot), within bounds:
//! a worker that is not told apart any longer is *folded* into its server's [`LossTotals`].

use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Workers that are told apart in live traffic. Each reload of a HAProxy is a new one, and lines may be seven days late.
/// When there are more, the one not heard of for longest is folded.
pub const WORKERS_MAX: usize = 4_096;

/// A worker not heard of for longer than this is folded, unless it is at its first numbers yet: the seven days that a
/// line may be late (SPEC §3.2) and a day's margin. By the epochs' clock.
pub const WORKER_KEPT_MS: i64 = 8 * 24 * 3_600_000;

/// One HAProxy worker's life: which server, born when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkerId {
    /// `(region << 4) | number`.
    pub server_id: i16,
    /// The worker's birth.
    pub boot: UnixMillis,
}

/// A worker's lines so far, and the state that tells a duplicate from a new line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerWindow {
    /// Whose window.
    pub worker: WorkerId,
    /// Distinct lines received.
    pub received: u64,
    /// Lines that came again, with the same body or too late for their body to be compared: a second home's copies
    /// too, which `homes` tells of.
    pub duplicates: u64,
    /// Lines that came again with another body.
    pub conflicts: u64,
    /// Numbers between the first and the highest that have not come: pending and final ones.
    pub missing: u64,
    /// Those of them that were final at `heard_at`: a higher number had come more than the reordering grace before.
    pub missing_final: u64,
    /// Numbers that came after they had been final. They are among `received`.
    pub repaired: u64,
    /// Lowest number received, unwrapped to 64 bits.
    pub first_seq: u64,
    /// Highest number received, unwrapped to 64 bits.
    pub highest_seq: u64,
    /// The clock of the epoch in which it was last heard of.
    pub heard_at: UnixMillis,
    /// The numbers received, and when the highest of them, encoded by the dedup module, to go on from after a restart.
    pub seen: Vec<u8>,
    /// What each home has brought of them, in the order that dedup keeps them in.
    pub homes: Vec<HomeLines>,
}

/// What one home has brought of a worker's lines, where a gateway sends each to two. What none has brought is missing of
/// the worker ([`WorkerWindow`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeLines {
    /// Whose lines.
    pub worker: WorkerId,
    /// The way they came and from whom: `tcp 192.0.2.7`.
    pub home: String,
    /// Distinct lines that it brought, be it first or second.
    pub received: u64,
    /// Numbers between its first and its highest that it did not bring.
    pub missing: u64,
    /// Lowest number that it brought.
    pub first_seq: u64,
    /// Highest number that it brought: how far it is behind the worker's, it may yet bring.
    pub highest_seq: u64,
    /// The clock of the epoch in which it was last heard of.
    pub heard_at: UnixMillis,
    /// Which home, and the numbers that it brought, encoded by the dedup module, to go on from after a restart; empty
    /// where it is only told.
    pub seen: Vec<u8>,
}

/// What the folded workers of a server add up to. Nothing of it can change any more but by further workers; all that
/// is missing is final. Counts stop at the largest that the database can hold: forged numbers may be any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LossTotals {
    /// How many workers.
    pub workers: u64,
    /// Distinct lines received.
    pub received: u64,
    /// Lines that came again.
    pub duplicates: u64,
    /// Lines that came again with another body.
    pub conflicts: u64,
    /// Numbers that never came.
    pub missing: u64,
    /// Numbers that came after they had been final.
    pub repaired: u64,
}

impl LossTotals {
    /// A worker's counts.
    pub const fn of(window: &WorkerWindow) -> Self {
        Self {
            workers: 1,
            received: window.received,
            duplicates: window.duplicates,
            conflicts: window.conflicts,
            missing: window.missing,
            repaired: window.repaired,
        }
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        let add = |count: &mut u64, more: u64| *count = count.saturating_add(more).min(i64::MAX.cast_unsigned());
        add(&mut self.workers, other.workers);
        add(&mut self.received, other.received);
        add(&mut self.duplicates, other.duplicates);
        add(&mut self.conflicts, other.conflicts);
        add(&mut self.missing, other.missing);
        add(&mut self.repaired, other.repaired);
    }
}

/// How many lines became what. `received` is the sum of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounts {
    /// Lines (frames) taken in.
    pub received: u64,
    /// Lines that became records.
    pub accepted: u64,
    /// Lines dropped because the gateway's other home had brought them: the copies that it sends on purpose.
    pub second_home: u64,
    /// Lines dropped because they were there already.
    pub duplicates: u64,
    /// HAProxy's own messages.
    pub system: u64,
    /// Lines that could not be read, or contradict one read before, by reason.
    pub rejected: BTreeMap<String, u64>,
}

impl LineCounts {
    /// Lines rejected for whatever reason.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Lines that came again, by whichever home.
    pub const fn came_again(&self) -> u64 {
        self.second_home + self.duplicates
    }

    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.accepted += other.accepted;
        self.second_home += other.second_home;
        self.duplicates += other.duplicates;
        self.system += other.system;
        for (reason, count) in &other.rejected {
            *self.rejected.entry(reason.clone()).or_default() += count;
        }
    }
}
