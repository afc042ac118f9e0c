//! The task that brings commits into the store: takes what waits, merges it into one transaction, tries again while
//! the database is away.

use super::live::Live;
use std::sync::Arc;
use std::time::Duration;
use suiftly_ingest::live::IngestMonitor;
use suiftly_store::StoreError;
use suiftly_store::writer::{Commit, Writer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Memory that what waits for the database may take; then the pipeline is held, and TCP senders with it. About a million
/// records.
const MAX_WAITING_KIB: u32 = 256 << 10;
/// Epochs that may wait for the database.
const MAX_WAITING_EPOCHS: usize = 8_192;
/// Epochs that one transaction takes at most.
const MAX_EPOCHS_A_COMMIT: usize = 1_024;
/// A transaction is made at most this often: each costs the database a sync, and ten a second are soon enough for
/// what is only read after a restart or beside the live deltas.
const COMMIT_EVERY: Duration = Duration::from_millis(100);

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// A commit on its way, with its share of the bound.
pub(super) struct Waiting {
    commit: Arc<Commit>,
    _share: OwnedSemaphorePermit,
}

/// The sending end, used from a thread of its own.
pub(super) struct Queue {
    sender: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
    runtime: tokio::runtime::Handle,
}

/// Makes the queue's two ends.
pub(super) fn queue(runtime: tokio::runtime::Handle) -> (Queue, mpsc::Receiver<Waiting>) {
    let (sender, receiver) = mpsc::channel(MAX_WAITING_EPOCHS);
    let room = Arc::new(Semaphore::new(MAX_WAITING_KIB as usize));
    (Queue { sender, room, runtime }, receiver)
}

impl Queue {
    /// Waits until there is room. False when the writer is gone.
    pub(super) fn send(&self, commit: Arc<Commit>) -> bool {
        let share = u32::try_from(commit.memory_bytes() >> 10).unwrap_or(u32::MAX).clamp(1, MAX_WAITING_KIB);
        let acquired = self.runtime.block_on(Arc::clone(&self.room).acquire_many_owned(share));
        acquired.is_ok_and(|share| self.sender.blocking_send(Waiting { commit, _share: share }).is_ok())
    }
}

/// Writes until the queue is closed and empty. Returns an error only when going on would be wrong: the process stops.
pub(super) async fn write(
    mut writer: Writer,
    mut queue: mpsc::Receiver<Waiting>,
    live: &Live,
    ingest: IngestMonitor,
) -> Result<(), StoreError> {
    let mut waiting = Vec::with_capacity(MAX_EPOCHS_A_COMMIT);
    let mut pace = tokio::time::interval(COMMIT_EVERY);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    release_claims(&mut writer, live).await?;
    while queue.recv_many(&mut waiting, MAX_EPOCHS_A_COMMIT).await > 0 {
        let commits: Vec<_> = waiting.iter().map(|waiting| Arc::clone(&waiting.commit)).collect();
        until_done(live, async || writer.commit(&commits).await).await?;
        let records = commits.iter().map(|commit| commit.records.len() as u64).sum();
        if let Some(last) = commits.last() {
            live.stored(last.epoch, records);
            ingest.release_through(last.epoch);
            release_claims(&mut writer, live).await?;
        }
        waiting.clear();
        if !queue.is_closed() {
            pace.tick().await;
        }
    }
    Ok(())
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
async fn until_done<T>(live: &Live, mut attempt: impl AsyncFnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::batch::SystemMessage;
    use suiftly_schema::time::UnixMillis;

    #[test]
    fn a_flood_of_anything_waits_for_room_not_only_of_records() {
        let message = SystemMessage { timestamp: UnixMillis(0), server_id: None, message: "x".repeat(1_000) };
        let flood = Arc::new(Commit { system: vec![message; 10_000], ..Commit::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (queue, _waiting) = queue(runtime.handle().clone());
        for _ in 0..25 {
            assert!(queue.send(Arc::clone(&flood)));
        }
        let left = queue.room.available_permits();
        assert!(left < 10_000, "25 commits of some 10 MB: {left} KiB left");
    }
}
