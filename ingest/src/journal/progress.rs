//! How far the journal is durable: written by its writer, waited for by those who deliver, read for statistics.

use super::Recovery;
use super::damage::{Lost, MAX_DAMAGED_PLACES};
use crate::block::Block;
use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use suiftly_schema::ids::Epoch;

/// The sync durations that percentiles are made of.
const KEPT_SYNCS: usize = 1_024;
/// Sealed blocks whose age is followed; those beyond count with the youngest of them.
const FOLLOWED_BLOCKS: usize = 256;

/// The journal's state at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalStatus {
    /// The last epoch that is on the disk.
    pub durable_epoch: Epoch,
    /// Where it ends in the journal, in bytes.
    pub durable_end: u64,
    /// How long the oldest block that is not yet on the disk has waited; zero if none waits.
    pub sync_age: Duration,
    /// The 99th percentile of the last syncs' durations; zero before the first.
    pub sync_p99: Duration,
    /// Why the disk refuses, while it does.
    pub write_error: Option<String>,
    /// Length of all the journal's files in bytes, those at hand for hot segments included; the archive's are not.
    pub disk_bytes: u64,
    /// Why closed segments are not compressed, archived or deleted, while they are not.
    pub upkeep_error: Option<String>,
    /// Blocks that were durable and were found damaged since the process started. Each is an epoch that is lost.
    pub damaged_blocks: u64,
    /// Their bytes.
    pub damaged_bytes: u64,
}

/// The writer ended before the epoch was durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal ended before the epoch was durable")]
pub struct Ended;

/// Shared between the journal's writer and everyone who waits for it.
#[derive(Debug)]
pub struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    durable_epoch: Epoch,
    durable_end: u64,
    released: Epoch,
    /// Epochs that were sealed and are not yet durable, and since when; the oldest first.
    waiting: VecDeque<(Epoch, Instant)>,
    syncs: VecDeque<Duration>,
    write_error: Option<String>,
    disk_bytes: u64,
    upkeep_error: Option<String>,
    /// Damaged places by where they begin: how many blocks, how many bytes. Several readers meet the same.
    damaged: BTreeMap<u64, (u64, u64)>,
    abandoned: bool,
    ended: bool,
}

impl Progress {
    pub(super) fn new(recovery: &Recovery) -> Self {
        let state = State {
            durable_epoch: recovery.last_epoch,
            durable_end: recovery.end,
            released: 0,
            waiting: VecDeque::new(),
            syncs: VecDeque::with_capacity(KEPT_SYNCS),
            write_error: None,
            disk_bytes: recovery.disk_bytes,
            upkeep_error: None,
            damaged: BTreeMap::new(),
            abandoned: false,
            ended: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The last epoch that is on the disk.
    pub fn durable_epoch(&self) -> Epoch {
        self.state.lock().durable_epoch
    }

    /// Where the durable part ends, in bytes.
    pub fn durable_end(&self) -> u64 {
        self.state.lock().durable_end
    }

    /// Waits until `epoch` is on the disk.
    pub fn wait_durable(&self, epoch: Epoch) -> Result<(), Ended> {
        let mut state = self.state.lock();
        while state.durable_epoch < epoch {
            if state.ended {
                return Err(Ended);
            }
            self.changed.wait(&mut state);
        }
        Ok(())
    }

    /// Waits until `epoch` is on the disk, at most so long; whether it is.
    pub fn wait_durable_within(&self, epoch: Epoch, timeout: Duration) -> Result<bool, Ended> {
        let deadline = Instant::now() + timeout;
        let mut state = self.state.lock();
        while state.durable_epoch < epoch {
            if state.ended {
                return Err(Ended);
            }
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                return Ok(state.durable_epoch >= epoch);
            }
        }
        Ok(true)
    }

    /// Nobody needs epochs up to this one any more.
    pub fn release_through(&self, epoch: Epoch) {
        let mut state = self.state.lock();
        state.released = state.released.max(epoch);
    }

    /// The writer gives up on what the disk refuses, and ends. Blocks that are not durable by then stay unreported.
    pub fn abandon(&self) {
        self.state.lock().abandoned = true;
        self.changed.notify_all();
    }

    /// The state now.
    pub fn status(&self) -> JournalStatus {
        let state = self.state.lock();
        JournalStatus {
            durable_epoch: state.durable_epoch,
            durable_end: state.durable_end,
            sync_age: state.waiting.front().map_or(Duration::ZERO, |(_, since)| since.elapsed()),
            sync_p99: percentile_99(state.syncs.iter().copied().collect()),
            write_error: state.write_error.clone(),
            disk_bytes: state.disk_bytes,
            upkeep_error: state.upkeep_error.clone(),
            damaged_blocks: state.damaged.values().map(|(blocks, _)| blocks).sum(),
            damaged_bytes: state.damaged.values().map(|(_, bytes)| bytes).sum(),
        }
    }

    /// Counts what a reader found damaged; what was found before counts once.
    pub fn note_lost(&self, lost: &Lost) {
        let mut state = self.state.lock();
        for place in &lost.places {
            if state.damaged.len() < MAX_DAMAGED_PLACES {
                state.damaged.insert(place.start, (place.blocks(), place.bytes()));
            }
        }
    }

    pub(super) fn note_sealed(&self, block: &Block) {
        let mut state = self.state.lock();
        if state.waiting.len() < FOLLOWED_BLOCKS {
            state.waiting.push_back((block.epoch, Instant::now()));
        } else if let Some((epoch, _)) = state.waiting.back_mut() {
            *epoch = block.epoch;
        }
    }

    pub(super) fn note_synced(&self, epoch: Epoch, end: u64, took: Duration) {
        let mut state = self.state.lock();
        (state.durable_epoch, state.durable_end, state.write_error) = (epoch, end, None);
        while state.waiting.front().is_some_and(|(waiting, _)| *waiting <= epoch) {
            state.waiting.pop_front();
        }
        if state.syncs.len() == KEPT_SYNCS {
            state.syncs.pop_front();
        }
        state.syncs.push_back(took);
        drop(state);
        self.changed.notify_all();
    }

    pub(super) fn note_disk_bytes(&self, bytes: u64) {
        self.state.lock().disk_bytes = bytes;
    }

    pub(super) fn note_write_error(&self, error: String) {
        self.state.lock().write_error = Some(error);
    }

    pub(super) fn note_upkeep_error(&self, error: Option<String>) {
        self.state.lock().upkeep_error = error;
    }

    /// Whether the disk refuses what is to be written.
    pub(super) fn is_failing(&self) -> bool {
        self.state.lock().write_error.is_some()
    }

    pub(super) fn note_ended(&self) {
        self.state.lock().ended = true;
        self.changed.notify_all();
    }

    pub(super) fn released(&self) -> Epoch {
        self.state.lock().released
    }

    /// Waits, unless the journal is abandoned meanwhile; whether it was.
    pub(super) fn abandoned_within(&self, pause: Duration) -> bool {
        let deadline = Instant::now() + pause;
        let mut state = self.state.lock();
        while !state.abandoned && !self.changed.wait_until(&mut state, deadline).timed_out() {}
        state.abandoned
    }
}

fn percentile_99(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    let rank = (durations.len() * 99).div_ceil(100);
    durations.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_percentile_is_the_nearest_rank() {
        let up_to = |n: u64| (1..=n).rev().map(Duration::from_millis).collect::<Vec<_>>();
        for (count, expected) in [(0, 0), (1, 1), (2, 2), (99, 99), (100, 99), (101, 100), (1_000, 990)] {
            assert_eq!(percentile_99(up_to(count)), Duration::from_millis(expected), "of {count}");
        }
    }
}
