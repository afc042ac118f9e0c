//! The task that brings commits into the store: takes what waits, merges it into one transaction, tries again while
//! the database is away.
//!
//! Nobody waits for it. When its queue is full, commits pass it by; once it has stored what waits, it makes the rest
//! again out of the journal ([`super::catching_up`]).

mod shards;

pub(super) use shards::{Ended, write_shards};

use super::catching_up::CatchingUp;
use super::live::Live;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::ids::Epoch;
use suiftly_store::StoreError;
use suiftly_store::writer::{Commit, Writer};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Memory that what waits for the database may take: some half a million records.
const MAX_WAITING_BYTES: usize = 128 << 20;
/// Epochs that may wait for the database.
const MAX_WAITING_EPOCHS: usize = 8_192;
/// Epochs that one transaction takes at most.
const MAX_EPOCHS_A_COMMIT: usize = 1_024;
/// A transaction is made at most this often: each costs the database a sync, and ten a second are soon enough for
/// what is only read after a restart or beside the live deltas.
const COMMIT_EVERY: Duration = Duration::from_millis(100);
/// Under load they are made more seldom: the longer one takes, the more epochs are merged into the next, whose rows are
/// then fewer for as many lines. So many times as long as one took is waited after it, but no longer than this.
const PAUSES_A_COMMIT: u32 = 4;
const COMMIT_AT_LEAST_EVERY: Duration = Duration::from_secs(5);
/// When no more epochs than these have passed by, what comes waits again, while these are made out of the journal.
const LAST_LEG_EPOCHS: u64 = 512;

/// How often it is looked whether a pause should end before its time.
const LOOK_EVERY: Duration = Duration::from_millis(50);

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// A commit on its way, with its share of the bound.
pub(super) struct Waiting {
    commit: Arc<Commit>,
    bytes: usize,
    flow: Arc<Flow>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.flow.state.lock().waiting_bytes -= self.bytes;
    }
}

/// Whether commits wait in the queue, or pass it by.
pub(super) struct Flow {
    max_waiting_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting_bytes: usize,
    /// The last epoch that has passed by, while they do.
    passed_by: Option<Epoch>,
}

/// A stretch of the journal that the writer makes again.
pub(super) struct Leg {
    /// Its last epoch.
    pub(super) through: Epoch,
    /// Whether all that comes after it waits in the queue.
    pub(super) is_last: bool,
}

impl Flow {
    /// What to make again, from `stored` on; `None` if nothing has passed by.
    pub(super) fn leg(&self, stored: Epoch) -> Option<Leg> {
        let mut state = self.state.lock();
        let through = state.passed_by?;
        let is_last = through.saturating_sub(stored) <= LAST_LEG_EPOCHS;
        if is_last {
            state.passed_by = None;
        }
        Some(Leg { through, is_last })
    }

    /// Whether so much waits that it is time to take it.
    fn is_filling(&self) -> bool {
        let state = self.state.lock();
        state.passed_by.is_some() || state.waiting_bytes > self.max_waiting_bytes / 2
    }

    fn is_passed_by(&self) -> bool {
        self.state.lock().passed_by.is_some()
    }
}

/// The sending end. Never waits.
#[derive(Clone)]
pub(super) struct Queue {
    sender: mpsc::Sender<Waiting>,
    flow: Arc<Flow>,
}

/// The writer's end.
pub(super) struct Taken {
    waiting: mpsc::Receiver<Waiting>,
    flow: Arc<Flow>,
}

/// Makes the queue's two ends.
pub(super) fn queue() -> (Queue, Taken) {
    queue_of(MAX_WAITING_EPOCHS, MAX_WAITING_BYTES)
}

/// The same within other bounds.
pub(super) fn queue_of(max_epochs: usize, max_waiting_bytes: usize) -> (Queue, Taken) {
    let (sender, waiting) = mpsc::channel(max_epochs);
    let flow = Arc::new(Flow { max_waiting_bytes, state: Mutex::default() });
    (Queue { sender, flow: Arc::clone(&flow) }, Taken { waiting, flow })
}

impl Taken {
    /// Lets commits gather, unless there will be no more or they fill the queue.
    async fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while Instant::now() < until && !self.waiting.is_closed() && !self.flow.is_filling() {
            tokio::time::sleep(LOOK_EVERY.min(until - Instant::now())).await;
        }
    }

    #[cfg(test)]
    pub(super) fn leg(&self, stored: Epoch) -> Option<Leg> {
        self.flow.leg(stored)
    }
}

impl Queue {
    /// Waits until half of it is free, or the writer gone: for who makes again what is long over.
    pub(super) fn wait_for_room(&self) {
        let has_room = || !self.flow.is_filling() && self.sender.capacity() >= self.sender.max_capacity() / 2;
        while !self.sender.is_closed() && !has_room() {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Lets a commit wait, or pass by. Epochs ascend. False when the writer is gone.
    pub(super) fn send(&self, commit: Arc<Commit>) -> bool {
        let (bytes, epoch) = (commit.memory_bytes(), commit.epoch);
        {
            let mut state = self.flow.state.lock();
            // One that is larger than the bound is taken alone.
            let has_room = state.waiting_bytes == 0 || state.waiting_bytes + bytes <= self.flow.max_waiting_bytes;
            if state.passed_by.is_none() && (!has_room || self.sender.capacity() == 0) {
                tracing::warn!(epoch, "the database takes less than comes; from here on it is stored from the journal");
                state.passed_by = Some(epoch);
            }
            if let Some(last) = &mut state.passed_by {
                *last = epoch;
                return !self.sender.is_closed();
            }
            state.waiting_bytes += bytes;
        }
        // There is room: nobody else sends.
        self.sender.try_send(Waiting { commit, bytes, flow: Arc::clone(&self.flow) }).is_ok()
    }
}

/// Writes until the queue is closed and empty, and nothing has passed by. Returns an error only when going on would be
/// wrong: the process stops. `release` is told what the journal need not keep for it any more.
pub(super) async fn write(
    mut writer: Writer,
    mut queue: Taken,
    live: &Live,
    again: CatchingUp,
    release: impl Fn(Epoch),
) -> anyhow::Result<()> {
    release_claims(&mut writer, live).await?;
    loop {
        live.catching_up(queue.flow.is_passed_by());
        if queue.waiting.is_empty() && queue.flow.is_passed_by() {
            live.catching_up(true);
            again.catch_up(&mut writer, &queue.flow, live, &release).await?;
        }
        let mut waiting = Vec::with_capacity(MAX_EPOCHS_A_COMMIT);
        if queue.waiting.recv_many(&mut waiting, MAX_EPOCHS_A_COMMIT).await == 0 {
            if queue.flow.is_passed_by() {
                continue;
            }
            return Ok(());
        }
        let commits: Vec<_> = waiting.iter().map(|waiting| Arc::clone(&waiting.commit)).collect();
        let began = Instant::now();
        store(&mut writer, &commits, live, &release).await?;
        // What is stored gives its room up before the pause, not after it.
        drop((commits, waiting));
        let pause = (began.elapsed() * PAUSES_A_COMMIT).clamp(COMMIT_EVERY, COMMIT_AT_LEAST_EVERY);
        queue.rest(pause).await;
    }
}

/// Brings commits in, however long the database is away.
pub(super) async fn store(
    writer: &mut Writer,
    commits: &[Arc<Commit>],
    live: &Live,
    release: &impl Fn(Epoch),
) -> Result<(), StoreError> {
    let Some(last) = commits.last() else { return Ok(()) };
    until_done(live, async || writer.commit(commits).await).await?;
    live.stored(last.epoch, commits.iter().map(|commit| commit.records.len() as u64).sum());
    release(last.epoch);
    release_claims(writer, live).await
}

/// Once after the start, as soon as what the journal held at it is in: quarantined lines that a process before was
/// asked to give again, and did not journal, are free.
async fn release_claims(writer: &mut Writer, live: &Live) -> Result<(), StoreError> {
    if live.quarantine_is_open() || !live.is_recovered_at(writer.watermark()) {
        return Ok(());
    }
    let released = until_done(live, async || writer.release_claims().await).await?;
    if released > 0 {
        tracing::info!(lines = released, "quarantined lines that were asked for and never journaled are free again");
    }
    live.open_quarantine();
    Ok(())
}

/// Tries again for as long as the database is away.
pub(super) async fn until_done<T>(
    live: &Live,
    mut attempt: impl AsyncFnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut pause = FIRST_RETRY;
    loop {
        match attempt().await {
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, "the database is away; what comes waits in the journal");
                live.retried();
            }
            result => return result,
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}
