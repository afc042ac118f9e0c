//! What was received of each worker's numbered lines, and what was not. Counted per (server, boot).

use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One HAProxy worker's life: which server, born when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId {
    /// `(region << 4) | number`.
    pub server_id: i16,
    /// The worker's birth.
    pub boot: UnixMillis,
}

/// A worker's lines so far, and the state that tells a duplicate from a new line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerWindow {
    /// Whose window.
    pub worker: WorkerId,
    /// Distinct lines received.
    pub received: u64,
    /// Lines that came again, with the same body or too late for their body to be compared.
    pub duplicates: u64,
    /// Lines that came again with another body.
    pub conflicts: u64,
    /// Numbers between the first and the highest that never came.
    pub missing: u64,
    /// Lowest number received, unwrapped to 64 bits.
    pub first_seq: u64,
    /// Highest number received, unwrapped to 64 bits.
    pub highest_seq: u64,
    /// The numbers received, encoded by the dedup module, to go on from after a restart.
    pub seen: Vec<u8>,
}

/// How many lines became what. `received` is the sum of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounts {
    /// Lines (frames) taken in.
    pub received: u64,
    /// Lines that became records.
    pub accepted: u64,
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

    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.accepted += other.accepted;
        self.duplicates += other.duplicates;
        self.system += other.system;
        for (reason, count) in &other.rejected {
            *self.rejected.entry(reason.clone()).or_default() += count;
        }
    }
}
