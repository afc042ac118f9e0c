//! What comes into the journal by other ways than the listeners: quarantined lines given again, and reference changes
//! out of the database's outbox.
//!
//! They pass the same bounded queue as what the listeners read, are journaled with [`Source::Quarantine`] and
//! [`Source::Outbox`], and so decoded again, alike, by every later start. All of them go in or none: they are one chunk.

use crate::clock;
use crate::counters::Counters;
use crate::journal::Progress;
use crate::listener::Chunk;
use crate::source::{Source, Transport};
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::{GivenLine, MAX_GIVEN_BYTES, MAX_GIVEN_LINES};
use suiftly_schema::reference::{MAX_CHANGE_BYTES, ReferenceChange};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// How long room in the queue is waited for; a disk that refuses keeps it full.
pub const HAND_IN_TIMEOUT: Duration = Duration::from_secs(5);
/// Reference changes that are handed in at once.
pub const MAX_CHANGES: usize = 64;
/// How long the block is waited for to be on the disk, after they went in.
pub const DURABLE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why nothing was handed in, or is not known to be journaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandInError {
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
    #[error("it is not known yet whether it is in the journal")]
    Undetermined,
}

impl HandInError {
    /// Whether nothing went in, for certain.
    pub const fn is_refusal(self) -> bool {
        !matches!(self, Self::Undetermined)
    }
}

/// Puts lines into the queue and waits until they are on the disk: answers the epoch that holds the last of them.
///
/// # Panics
/// If they are more than [`MAX_GIVEN_LINES`] or longer than [`MAX_GIVEN_BYTES`] together.
pub(crate) async fn give(
    queue: mpsc::Sender<Chunk>,
    counters: &Counters,
    progress: &Arc<Progress>,
    lines: &[GivenLine],
) -> Result<Epoch, HandInError> {
    let (mut chunk, lines_bytes) = (Chunk::default(), lines.iter().map(|line| line.line.len()).sum::<usize>());
    assert!(lines.len() <= MAX_GIVEN_LINES && lines_bytes <= MAX_GIVEN_BYTES, "{} lines at once", lines.len());
    for line in lines {
        chunk.push_copy(Source::Quarantine { offset: line.journal_offset }, &line.line);
    }
    // Counted before they can be published, and only when they go in for certain.
    hand_in(queue, progress, chunk, || counters.received(Transport::Quarantine, lines.len() as u64, lines_bytes as u64))
        .await
}

/// The same for reference changes. They are no lines: nothing counts them among what was received.
///
/// # Panics
/// If they are more than [`MAX_CHANGES`], or one is longer than [`MAX_CHANGE_BYTES`].
pub(crate) async fn tell(
    queue: mpsc::Sender<Chunk>,
    progress: &Arc<Progress>,
    changes: &[ReferenceChange],
) -> Result<Epoch, HandInError> {
    assert!(changes.len() <= MAX_CHANGES, "{} changes at once", changes.len());
    let mut chunk = Chunk::default();
    for change in changes {
        let json = serde_json::to_vec(change).expect("a change has no keys but texts");
        assert!(json.len() <= MAX_CHANGE_BYTES, "a change of {} bytes", json.len());
        chunk.push_copy(Source::Outbox, &json);
    }
    hand_in(queue, progress, chunk, || ()).await
}

async fn hand_in(
    queue: mpsc::Sender<Chunk>,
    progress: &Arc<Progress>,
    mut chunk: Chunk,
    goes_in: impl FnOnce(),
) -> Result<Epoch, HandInError> {
    let (receipt, cut) = oneshot::channel();
    chunk.receipt = Some(receipt);
    let room = timeout(HAND_IN_TIMEOUT, queue.reserve_owned()).await.map_err(|_| HandInError::Busy)?;
    let room = room.map_err(|_| HandInError::Stopped)?;
    goes_in();
    chunk.received_at = clock::now();
    drop(room.send(chunk));
    durable(cut, progress).await.ok_or(HandInError::Undetermined)
}

async fn durable(cut: oneshot::Receiver<Epoch>, progress: &Arc<Progress>) -> Option<Epoch> {
    let epoch = timeout(DURABLE_TIMEOUT, cut).await.ok()?.ok()?;
    let progress = Arc::clone(progress);
    let waited = tokio::task::spawn_blocking(move || progress.wait_durable_within(epoch, DURABLE_TIMEOUT)).await;
    waited.is_ok_and(|durable| durable == Ok(true)).then_some(epoch)
}
