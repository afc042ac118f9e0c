//! The writer of a process of a cluster: what passes by is not made again by this process alone, but by a start of all.

use super::super::live::Live;
use super::{COMMIT_AT_LEAST_EVERY, COMMIT_EVERY, MAX_EPOCHS_A_COMMIT, PAUSES_A_COMMIT, Taken, until_done};
use std::sync::Arc;
use std::time::Duration;
use suiftly_store::StoreError;
use suiftly_store::writer::{Commit, Writer};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How soon it is looked again whether the database has an epoch of the order.
const ORDERED_EVERY: Duration = Duration::from_millis(20);

/// Why a process of a cluster writes no more.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::up) enum Ended {
    /// It was told to.
    Asked,
    /// What waited is stored, and more has passed by: all processes must make it again, by a start.
    PassedBy,
}

/// [`super::write`] for a process of a cluster: until something has passed by, or until `last` is cancelled and what waits
/// then is stored. The journals are others': they are released by what the database says.
pub(in crate::up) async fn write_shards(
    mut writer: Writer,
    mut queue: Taken,
    live: &Live,
    last: &CancellationToken,
) -> Result<Ended, StoreError> {
    loop {
        let is_passed_by = queue.flow.is_passed_by();
        live.catching_up(is_passed_by);
        if queue.waiting.is_empty() && is_passed_by {
            return Ok(Ended::PassedBy);
        }
        let mut waiting = Vec::with_capacity(MAX_EPOCHS_A_COMMIT);
        tokio::select! {
            biased;
            () = last.cancelled(), if !queue.waiting.is_closed() => {
                queue.waiting.close();
                continue;
            }
            count = queue.waiting.recv_many(&mut waiting, MAX_EPOCHS_A_COMMIT) => if count == 0 {
                return Ok(if queue.flow.is_passed_by() { Ended::PassedBy } else { Ended::Asked });
            },
        }
        let commits: Vec<_> = waiting.iter().map(|waiting| Arc::clone(&waiting.commit)).collect();
        let began = Instant::now();
        store_ordered(&mut writer, &commits, live).await?;
        live.stored(writer.watermark(), commits.iter().map(|commit| commit.records.len() as u64).sum());
        drop((commits, waiting));
        let pause = (began.elapsed() * PAUSES_A_COMMIT).clamp(COMMIT_EVERY, COMMIT_AT_LEAST_EVERY);
        // A start replays far more epochs than a second has.
        let rest = async {
            if queue.waiting.len() < MAX_EPOCHS_A_COMMIT {
                queue.rest(pause).await;
            }
        };
        tokio::select! {
            () = rest => {}
            () = last.cancelled() => {}
        }
    }
}

/// Brings commits in once the database has their epochs of the order, which it soon has.
async fn store_ordered(writer: &mut Writer, commits: &[Arc<Commit>], live: &Live) -> Result<(), StoreError> {
    loop {
        let is_in = until_done(live, async || match writer.commit(commits).await {
            Err(StoreError::NotOrdered { .. }) => Ok(false),
            result => result.map(|()| true),
        });
        if is_in.await? {
            return Ok(());
        }
        tokio::time::sleep(ORDERED_EVERY).await;
    }
}
