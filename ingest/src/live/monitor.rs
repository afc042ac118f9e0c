//! A look at a running ingest, and what comes into its journal by other ways than the listeners.

use crate::counters::{Counters, TransportCounters};
use crate::error::IngestError;
use crate::hand_in::{self, HandInError};
use crate::journal::{JournalId, Progress};
use crate::listener::{Bound, Chunk, KernelDrops};
use crate::source::Transport;
use crate::stats::{IngestStats, Phase, TransportStats};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::reference::ReferenceChange;
use tokio::sync::mpsc;

/// What handle and monitor read and the threads write.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) counters: Arc<Counters>,
    pub(super) progress: Arc<Progress>,
    pub(super) journal_id: JournalId,
    kernel_drops: KernelDrops,
    udp_receive_buffer_bytes: usize,
    pub(super) phase: Mutex<Phase>,
    pub(super) phase_changed: Condvar,
}

impl Shared {
    pub(super) fn new(bound: &Bound, progress: &Arc<Progress>, journal_id: JournalId) -> Result<Self, IngestError> {
        Ok(Self {
            counters: Arc::default(),
            progress: Arc::clone(progress),
            journal_id,
            kernel_drops: bound.kernel_drops()?,
            udp_receive_buffer_bytes: bound.udp_receive_buffer_bytes,
            phase: Mutex::new(Phase::Recovering),
            phase_changed: Condvar::new(),
        })
    }

    /// What the journal held at the start is decoded.
    pub(super) fn note_live(&self) {
        let mut phase = self.phase.lock();
        if *phase == Phase::Recovering {
            *phase = Phase::Live;
        }
        self.phase_changed.notify_all();
    }

    /// It takes nothing any more. The first failure stays: the others follow from it.
    pub(super) fn note_stopped(&self, outcome: Result<(), IngestError>) {
        let failure = outcome.err().map(|error| error.to_string());
        if let Some(failure) = &failure {
            tracing::error!("{failure}");
        }
        let mut phase = self.phase.lock();
        if !matches!(&*phase, Phase::Stopped { failure: Some(_) }) {
            *phase = Phase::Stopped { failure };
        }
        self.phase_changed.notify_all();
    }
}

/// A look at a running ingest, for others than its owner.
#[derive(Clone, Debug)]
pub struct IngestMonitor {
    chunks: mpsc::WeakSender<Chunk>,
    pub(super) shared: Arc<Shared>,
}

impl IngestMonitor {
    pub(super) const fn new(chunks: mpsc::WeakSender<Chunk>, shared: Arc<Shared>) -> Self {
        Self { chunks, shared }
    }

    /// Nobody needs the journal's epochs up to this one any more.
    pub fn release_through(&self, epoch: Epoch) {
        self.shared.progress.release_through(epoch);
    }

    /// Gives quarantined lines again: all of them or none. Returns when they are on the disk: the epoch that holds the
    /// last of them. Within [`suiftly_schema::quarantine::MAX_GIVEN_LINES`] and its fellow bound.
    pub async fn requeue(&self, lines: &[GivenLine]) -> Result<Epoch, HandInError> {
        let queue = self.queue()?;
        hand_in::give(queue, &self.shared.counters, &self.shared.progress, lines).await
    }

    /// Journals reference changes among the lines, all of them or none. Returns when they are on the disk: the epoch
    /// that holds the last of them. A change that was journaled before, by its number, is passed over when it comes
    /// again, so they may be told until it is certain. Within [`hand_in::MAX_CHANGES`].
    pub async fn tell(&self, changes: &[ReferenceChange]) -> Result<Epoch, HandInError> {
        hand_in::tell(self.queue()?, &self.shared.progress, changes).await
    }

    fn queue(&self) -> Result<mpsc::Sender<Chunk>, HandInError> {
        match &*self.shared.phase.lock() {
            Phase::Live => self.chunks.upgrade().ok_or(HandInError::Stopped),
            Phase::Recovering => Err(HandInError::Recovering),
            Phase::Stopped { .. } => Err(HandInError::Stopped),
        }
    }

    /// How it is.
    pub fn stats(&self) -> IngestStats {
        let Shared { counters, progress, kernel_drops, .. } = &*self.shared;
        let journal = progress.status();
        let (queue_depth, queue_bound) = self
            .chunks
            .upgrade()
            .map_or((0, 0), |chunks| (chunks.max_capacity() - chunks.capacity(), chunks.max_capacity()));
        let transport = |by| {
            let drops = if by == Transport::Udp { kernel_drops.get() } else { 0 };
            transport_stats(counters.by(by), drops)
        };
        IngestStats {
            phase: self.shared.phase.lock().clone(),
            lines_per_second: counters.lines_per_second(),
            transports: Transport::ALL.map(transport),
            forgotten: counters.forgotten(),
            uncounted: counters.uncounted(),
            udp_receive_buffer_bytes: self.shared.udp_receive_buffer_bytes,
            queue_depth,
            queue_bound,
            journal_id: self.shared.journal_id,
            durable_epoch: journal.durable_epoch,
            journal_offset: journal.durable_end,
            journal_disk_bytes: journal.disk_bytes,
            journal_damaged_blocks: journal.damaged_blocks,
            journal_damaged_bytes: journal.damaged_bytes,
            journal_upkeep_error: journal.upkeep_error,
            sync_age_ms: whole_ms(journal.sync_age),
            sync_p99_ms: whole_ms(journal.sync_p99),
            write_error: journal.write_error,
        }
    }
}

fn transport_stats(counters: &TransportCounters, kernel_drops: u64) -> TransportStats {
    // What was closed is read first, or a connection might count as closed and not as accepted.
    let closed = counters.connections_closed.get();
    TransportStats {
        lines: counters.lines.get(),
        bytes: counters.bytes.get(),
        oversize_frames: counters.oversize_frames.get(),
        broken_streams: counters.broken_streams.get(),
        connections: counters.connections_accepted.get().saturating_sub(closed),
        connections_refused: counters.connections_refused.get(),
        connections_displaced: counters.connections_displaced.get(),
        handshakes_failed: counters.handshakes_failed.get(),
        kernel_drops,
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
