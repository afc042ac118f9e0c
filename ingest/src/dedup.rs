//! What has been received of each worker's numbered lines: tells a duplicate from a new line, and counts what is
//! missing, exactly. Pure state; [`crate::decode`] drives it.
//!
//! A line is identified by (server, boot, seq) (SPEC §3.2). Its 32-bit seq is unwrapped to 64 bits by serial-number
//! arithmetic (RFC 1982) against the highest one seen: up to 2³¹−1 ahead is new, everything else is behind.
//!
//! **Proof.** The bodies of the last [`WINDOW_SEQS`] numbers are kept as 32-bit hashes, so that a line that comes
//! again is compared before it is dropped: the same body is a [`Seen::Duplicate`], another a [`Seen::Conflict`]. An
//! older one, or one whose body was seen before a restart, is dropped by its identity: [`Seen::DuplicateUnproven`].
//! Hashes are not stored: after a restart [`Dedup::rewarm`] takes them from the journal's last lines again.
//!
//! **Two homes.** A line that was brought before, but not by this [`Home`], is no duplicate but the copy that a gateway
//! with two receivers sends on purpose: [`Seen::SecondHome`].
//!
//! **Missing** = highest − first + 1 − received. A worker's numbers start at 1. If the first number seen is at most
//! [`FIRST_SEQ_GRACE`], we were there from the worker's birth and count from 1; else we came to a running worker,
//! whose earlier lines were never addressed to us, and count from the lowest number seen.
//!
//! A missing number is *pending* until it is *final*: see [`REORDER_GRACE_MS`]. What comes after it was final is
//! *repaired*: accepted like any other, and counted apart.
//!
//! **Bounds.** Per worker at most [`Limits::ranges`] ranges of received numbers below the window; when there are
//! more, the lowest gap is closed: its numbers stay counted as missing, and a line of them that comes after all is
//! dropped as a duplicate (better unbilled than billed twice). At most [`Limits::workers`] workers; the one not heard
//! of for longest falls out, and so does who is silent for [`WORKER_KEPT_MS`]: [`Dedup::fallen`] tells of them, so that
//! their counts go on in their server's sum. At most [`Limits::open_workers`] keep their window and hashes open (up to
//! 264 KiB each, and 8 KiB for each of at most [`HOMES_MAX`] homes where there are several); the others are folded into
//! ranges (at most half a window's more) until they speak again. Order is by the epochs' clock, then by id: nothing
//! depends on the reader's clock or on hashing, and but for proof nothing on when it was restarted.

mod bits;
mod grace;
mod homes;
mod missing;
mod numbers;
mod ranges;
mod state;
mod window;
mod worker;

#[cfg(test)]
mod tests;

pub use bits::WINDOW_SEQS;
pub use grace::REORDER_GRACE_MS;
pub use homes::{HOME_KEPT_MS, HOMES_MAX, Home};
pub use missing::{Missing, MissingRange};
use rustc_hash::{FxHashMap, FxHasher};
use serde::{Deserialize, Serialize};
use std::hash::Hasher;
use suiftly_schema::{
    ids::Epoch,
    loss::{HomeLines, WORKER_KEPT_MS, WORKERS_MAX, WorkerId, WorkerWindow},
    record::LineId,
    time::UnixMillis,
};
use worker::Worker;

/// A worker whose first number seen is at most this was there from birth: its numbers count from 1. HAProxy's threads
/// were at most 81 numbers out of order; a line sent before the listener was up costs a few more.
pub const FIRST_SEQ_GRACE: u64 = 4_096;

/// How much state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Workers known at all. Each reload of a HAProxy is a new one, and lines may be seven days late.
    pub workers: usize,
    /// Workers with an open window.
    pub open_workers: usize,
    /// Ranges of received numbers below a worker's window.
    pub ranges: usize,
}

impl Limits {
    /// For live traffic: at most some 40 MB in all but pathological loss.
    pub const LIVE: Self = Self { workers: WORKERS_MAX, open_workers: 128, ranges: 16_384 };
    /// For replay, where one file's gaps may all be filled by the next.
    pub const REPLAY: Self = Self { workers: 65_536, open_workers: 256, ranges: 4_194_304 };
    /// For one shard of a cluster's 256, which has a few gateways of a thousand: at most some 6 MB, as above.
    pub const SHARD: Self = Self { workers: 1_024, open_workers: 16, ranges: 16_384 };
}

/// What a line is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The first of its identity.
    New,
    /// Came before, but not by this home: with the same body, or one that cannot be compared any more.
    SecondHome,
    /// Came before with the same body.
    Duplicate,
    /// Came before; its body cannot be compared any more.
    DuplicateUnproven,
    /// Came before with another body.
    Conflict,
}

/// What the bounds and the lack of proof have cost so far, since this program started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// Duplicates dropped by identity alone, a second home's copies among them.
    pub duplicates_unproven: u64,
    /// Workers that fell out.
    pub workers: u64,
    /// Missing numbers that can no longer come.
    pub closed_gap_seqs: u64,
}

impl Forgotten {
    /// Both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            duplicates_unproven: self.duplicates_unproven + other.duplicates_unproven,
            workers: self.workers + other.workers,
            closed_gap_seqs: self.closed_gap_seqs + other.closed_gap_seqs,
        }
    }
}

/// The hash that bodies are compared by.
#[inline]
pub fn body_hash(body: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(body);
    u32::try_from(hasher.finish() >> 32).unwrap_or_default()
}

/// The state of all workers.
#[derive(Debug)]
pub struct Dedup {
    limits: Limits,
    epoch: Epoch,
    /// The epoch's clock.
    now: UnixMillis,
    /// Nobody who may be folded for silence was last heard of before this.
    silent_since: UnixMillis,
    workers: Vec<Worker>,
    by_id: FxHashMap<WorkerId, usize>,
    /// The worker of the line before: lines come in runs.
    last: Option<(WorkerId, usize)>,
    open: usize,
    /// Who fell out in this epoch.
    fallen: Vec<WorkerWindow>,
    /// Whether lines of before a restart are being told.
    is_rewarming: bool,
    forgotten: Forgotten,
}

impl Dedup {
    /// Nothing seen yet.
    pub fn new(limits: Limits) -> Self {
        assert!(limits.workers > 0 && limits.open_workers > 0 && limits.ranges > 0, "bounds of zero: {limits:?}");
        Self {
            limits,
            epoch: 0,
            now: UnixMillis::MIN,
            silent_since: UnixMillis::MIN,
            workers: Vec::new(),
            by_id: FxHashMap::default(),
            last: None,
            open: 0,
            fallen: Vec::new(),
            is_rewarming: false,
            forgotten: Forgotten::default(),
        }
    }

    /// Goes on from stored windows. A window that cannot be read (of a newer version, or damaged) is an error: to go
    /// on without it would bill its lines again.
    pub fn restore(limits: Limits, windows: &[WorkerWindow]) -> Result<Self, DedupError> {
        let mut workers = windows.iter().map(Worker::restore).collect::<Result<Vec<_>, _>>()?;
        workers.sort_unstable_by_key(|worker| std::cmp::Reverse(worker.recency()));
        workers.truncate(limits.workers);
        let mut dedup = Self::new(limits);
        dedup.by_id = workers.iter().enumerate().map(|(at, worker)| (worker.id, at)).collect();
        dedup.workers = workers;
        Ok(dedup)
    }

    /// Begins an epoch: what is observed from now on belongs to it. Epochs only rise; their clock never goes back.
    pub fn begin_epoch(&mut self, epoch: Epoch, cut_at: UnixMillis) {
        self.epoch = epoch;
        self.now = self.now.max(cut_at);
        self.fallen.clear();
        if std::mem::take(&mut self.is_rewarming) {
            self.workers.iter_mut().for_each(Worker::settle);
        }
        if self.is_over_for(self.silent_since) {
            self.fold_silent();
        }
    }

    /// Takes note of a line that came by no home in particular.
    pub fn observe(&mut self, line: LineId, body_hash: u32) -> Seen {
        self.observe_from(None, line, body_hash)
    }

    /// Takes note of a line that came by this home.
    #[inline]
    pub fn observe_from(&mut self, home: Option<Home>, line: LineId, body_hash: u32) -> Seen {
        let id = WorkerId { server_id: line.server_id, boot: line.boot };
        let at = match self.last {
            Some((last, at)) if last == id && self.workers[at].is_open() => at,
            _ => self.opened(id),
        };
        let worker = &mut self.workers[at];
        if worker.heard_in != self.epoch {
            worker.begin_epoch(self.epoch, self.now);
        }
        let observed = worker.observe(line.seq, body_hash, home, self.limits.ranges);
        self.forgotten.closed_gap_seqs += observed.closed_gap_seqs;
        self.forgotten.duplicates_unproven += u64::from(observed.is_unproven);
        observed.seen
    }

    /// Takes a line of before the restart for its body only, so that a duplicate of it can be proven again; and for its
    /// home, if its worker was stored without. Feed it the journal's blocks up to the restored state, in order, before the
    /// first epoch begins; the more of them, the further back both reach.
    pub fn rewarm(&mut self, home: Option<Home>, line: LineId, body_hash: u32) {
        let id = WorkerId { server_id: line.server_id, boot: line.boot };
        if self.by_id.contains_key(&id) {
            let at = self.opened(id);
            self.workers[at].rewarm(line.seq, body_hash, home, self.limits.ranges);
            self.is_rewarming = true;
        }
    }

    /// The workers heard of in this epoch, as they are now, by id.
    pub fn changed(&self) -> Vec<WorkerWindow> {
        self.windows_where(|worker| worker.heard_in == self.epoch)
    }

    /// The workers that fell out in this epoch, as they were at last, without `seen`. One that fell out and spoke again
    /// is in [`Dedup::changed`] too, as a new one.
    pub fn fallen(&self) -> &[WorkerWindow] {
        &self.fallen
    }

    /// All workers, by id.
    pub fn windows(&self) -> Vec<WorkerWindow> {
        self.windows_where(|_| true)
    }

    /// What each home has brought, by worker.
    pub fn homes(&self) -> Vec<HomeLines> {
        let mut homes: Vec<_> = self.workers.iter().flat_map(Worker::homes).collect();
        homes.sort_unstable_by(|a, b| (a.worker, &a.home).cmp(&(b.worker, &b.home)));
        homes
    }

    /// What the bounds have cost.
    pub const fn forgotten(&self) -> Forgotten {
        self.forgotten
    }

    fn windows_where(&self, wanted: impl Fn(&Worker) -> bool) -> Vec<WorkerWindow> {
        let mut windows: Vec<_> = self.workers.iter().filter(|worker| wanted(worker)).map(Worker::store).collect();
        windows.sort_unstable_by_key(|window| window.worker);
        windows
    }

    /// Where the worker is, its window open.
    fn opened(&mut self, id: WorkerId) -> usize {
        let at = match self.by_id.get(&id) {
            Some(at) => *at,
            None => self.insert(id),
        };
        if !self.workers[at].is_open() {
            self.fold_one_if_full();
            self.workers[at].open();
            self.open += 1;
        }
        self.last = Some((id, at));
        at
    }

    fn insert(&mut self, id: WorkerId) -> usize {
        let worker = Worker::new(id, self.epoch, self.now);
        let at = if self.workers.len() < self.limits.workers {
            self.workers.push(worker);
            self.workers.len() - 1
        } else {
            let oldest = self.least_recent(|_| true).unwrap_or_default();
            let fallen = std::mem::replace(&mut self.workers[oldest], worker);
            self.by_id.remove(&fallen.id);
            self.let_fall(&fallen);
            oldest
        };
        self.by_id.insert(id, at);
        at
    }

    /// A worker at its first numbers stays: should it go on, it must not seem that those before had been lost.
    fn fold_silent(&mut self) {
        let may_fold = |worker: &Worker| worker.highest() >= FIRST_SEQ_GRACE;
        let mut at = 0;
        while at < self.workers.len() {
            if may_fold(&self.workers[at]) && self.is_over_for(self.workers[at].heard_at) {
                let fallen = self.workers.swap_remove(at);
                self.let_fall(&fallen);
            } else {
                at += 1;
            }
        }
        self.fallen.sort_unstable_by_key(|window| window.worker);
        self.by_id = self.workers.iter().enumerate().map(|(at, worker)| (worker.id, at)).collect();
        self.last = None;
        // Who may be folded only later will have been heard of later.
        let heard_at = self.workers.iter().filter(|worker| may_fold(worker)).map(|worker| worker.heard_at);
        self.silent_since = heard_at.min().unwrap_or(self.now).min(self.now);
    }

    const fn is_over_for(&self, heard_at: UnixMillis) -> bool {
        self.now.0.saturating_sub(heard_at.0) > WORKER_KEPT_MS
    }

    fn let_fall(&mut self, worker: &Worker) {
        self.open -= usize::from(worker.is_open());
        self.forgotten.workers += 1;
        self.fallen.push(worker.last_words());
    }

    fn fold_one_if_full(&mut self) {
        if self.open < self.limits.open_workers {
            return;
        }
        if let Some(oldest) = self.least_recent(Worker::is_open) {
            self.workers[oldest].fold();
            self.open -= 1;
        }
    }

    fn least_recent(&self, of: impl Fn(&Worker) -> bool) -> Option<usize> {
        let candidates = self.workers.iter().enumerate().filter(|(_, worker)| of(worker));
        candidates.min_by_key(|(_, worker)| worker.recency()).map(|(at, _)| at)
    }
}

/// A stored window could not be taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DedupError {
    /// Written by a newer program.
    #[error("the window of server {server_id}, boot {boot_ms} has version {version}, which this program does not know")]
    Version {
        /// Whose.
        server_id: i16,
        /// Whose.
        boot_ms: i64,
        /// Which.
        version: u8,
    },
    /// Not what was stored.
    #[error("the window of server {server_id}, boot {boot_ms} is damaged")]
    Damaged {
        /// Whose.
        server_id: i16,
        /// Whose.
        boot_ms: i64,
    },
}
