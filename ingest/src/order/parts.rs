//! What an epoch takes in.

use super::Cut;
use crate::ship::{Held, Part};
use std::time::{Duration, Instant};

/// The parts that an epoch of the order takes in by these cuts, with their journals' numbers and in the order of decoding,
/// once all of them have come; `None`, and nothing is taken, if they have not within this time: ask again. Of each journal
/// those that only prove what is known come first.
pub fn take_parts(held: &Held, cuts: &[Cut], timeout: Duration) -> Option<Vec<(u16, Part)>> {
    let deadline = Instant::now() + timeout;
    let has_come = |cut: &Cut| {
        let patience = deadline.saturating_duration_since(Instant::now());
        held.wait_through(&cut.journal, cut.through, patience)
    };
    if !cuts.iter().all(has_come) {
        return None;
    }
    let mut parts = Vec::new();
    for cut in cuts {
        parts.extend(held.take(&cut.journal, cut.through).into_iter().map(|part| (cut.no, part)));
    }
    Some(parts)
}
