//! Quarantined lines given again: into the sequencer's queue as frames like any other, known by where they stood in
//! the journal first.
//!
//! They pass the same bounded queue as what the listeners read, are journaled with [`Source::Quarantine`], and so
//! decoded again, alike, by every later start. All of them go in or none: they are one chunk.

use crate::clock;
use crate::counters::Counters;
use crate::journal::Progress;
use crate::listener::Chunk;
use crate::source::{Source, Transport};
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::{GivenLine, MAX_GIVEN_BYTES, MAX_GIVEN_LINES};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// How long room in the queue is waited for; a disk that refuses keeps it full.
pub const HAND_IN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the lines' block is waited for to be on the disk, after they went in.
pub const DURABLE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why lines were not given again, or are not known to be journaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequeueError {
    /// None went in: the journal's tail is still being decoded.
    #[error("ingest is still recovering")]
    Recovering,
    /// None went in: ingest has stopped, or is about to.
    #[error("ingest has stopped")]
    Stopped,
    /// None went in: the queue was full for [`HAND_IN_TIMEOUT`].
    #[error("ingest's queue has no room")]
    Busy,
    /// They went in, and were not known to be on the disk within [`DURABLE_TIMEOUT`]. Their outcomes, or the next
    /// start, will tell.
    #[error("it is not known yet whether the lines are in the journal")]
    Undetermined,
}

impl RequeueError {
    /// Whether no line went in, for certain.
    pub const fn is_refusal(self) -> bool {
        !matches!(self, Self::Undetermined)
    }
}

/// Puts the lines into the queue and waits until they are on the disk: answers the epoch that holds the last of them.
///
/// # Panics
/// If they are more than [`MAX_GIVEN_LINES`] or longer than [`MAX_GIVEN_BYTES`] together.
pub(crate) async fn give(
    queue: mpsc::Sender<Chunk>,
    counters: &Counters,
    progress: &Arc<Progress>,
    lines: &[GivenLine],
) -> Result<Epoch, RequeueError> {
    let (mut chunk, lines_bytes) = (Chunk::default(), lines.iter().map(|line| line.line.len()).sum::<usize>());
    assert!(lines.len() <= MAX_GIVEN_LINES && lines_bytes <= MAX_GIVEN_BYTES, "{} lines at once", lines.len());
    let (receipt, cut) = oneshot::channel();
    for line in lines {
        chunk.push_copy(Source::Quarantine { offset: line.journal_offset }, &line.line);
    }
    chunk.receipt = Some(receipt);
    let room = timeout(HAND_IN_TIMEOUT, queue.reserve_owned()).await.map_err(|_| RequeueError::Busy)?;
    let room = room.map_err(|_| RequeueError::Stopped)?;
    // Counted before they can be published, and only now that they go in for certain.
    counters.received(Transport::Quarantine, lines.len() as u64, lines_bytes as u64);
    chunk.received_at = clock::now();
    drop(room.send(chunk));
    durable(cut, progress).await.ok_or(RequeueError::Undetermined)
}

async fn durable(cut: oneshot::Receiver<Epoch>, progress: &Arc<Progress>) -> Option<Epoch> {
    let epoch = timeout(DURABLE_TIMEOUT, cut).await.ok()?.ok()?;
    let progress = Arc::clone(progress);
    let waited = tokio::task::spawn_blocking(move || progress.wait_durable_within(epoch, DURABLE_TIMEOUT)).await;
    waited.is_ok_and(|durable| durable == Ok(true)).then_some(epoch)
}
