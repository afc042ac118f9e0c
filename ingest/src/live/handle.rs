//! The handle of a running ingest: what it says of itself, and how it ends.

use crate::counters::{Counters, TransportCounters};
use crate::error::IngestError;
use crate::hand_in::{self, HandInError};
use crate::journal::{JournalId, JournalStatus, Progress};
use crate::listener::{Bound, Chunk, KernelDrops, LocalAddrs};
use crate::source::Transport;
use crate::stats::{IngestStats, Phase, TransportStats};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::reference::ReferenceChange;
use tokio::sync::{mpsc, watch};

/// How long what was read is waited for to be journaled after delivery was given up.
const JOURNAL_TIMEOUT: Duration = Duration::from_secs(3);
/// How long threads that were told to end at once are waited for.
const ABANDON_TIMEOUT: Duration = Duration::from_secs(2);

/// What the handle reads and the threads write.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) counters: Arc<Counters>,
    progress: Arc<Progress>,
    journal_id: JournalId,
    kernel_drops: KernelDrops,
    udp_receive_buffer_bytes: usize,
    phase: Mutex<Phase>,
    phase_changed: Condvar,
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

    pub(super) fn set_phase(&self, phase: Phase) {
        *self.phase.lock() = phase;
        self.phase_changed.notify_all();
    }

    pub(super) fn note_stopped(&self, outcome: Result<(), IngestError>) {
        let failure = outcome.err().map(|error| error.to_string());
        if let Some(failure) = &failure {
            tracing::error!("{failure}");
        }
        self.set_phase(Phase::Stopped { failure });
    }
}

/// A look at a running ingest, for others than its owner.
#[derive(Clone, Debug)]
pub struct IngestMonitor {
    chunks: mpsc::WeakSender<Chunk>,
    shared: Arc<Shared>,
}

/// A running ingest. Dropping it ends it at once, as a crash would: what is not durable is not delivered.
/// [`IngestHandle::shutdown`] ends it without loss.
#[derive(Debug)]
pub struct IngestHandle {
    addrs: LocalAddrs,
    monitor: IngestMonitor,
    stop: watch::Sender<bool>,
    /// Dropped to make delivery give up; `None` once ending.
    abandon: Option<Sender<()>>,
    ended: Receiver<()>,
    threads: Vec<JoinHandle<()>>,
    /// `None` once ending.
    runtime: Option<tokio::runtime::Runtime>,
}

/// How threads are told to end and tell that they have.
pub(super) struct Ends {
    /// True once reading should end.
    pub(super) stop: watch::Sender<bool>,
    /// Dropped to make delivery give up.
    pub(super) abandon: Sender<()>,
    /// Disconnected once sequencer and delivery have ended.
    pub(super) ended: Receiver<()>,
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

impl IngestHandle {
    pub(super) fn new(addrs: LocalAddrs, monitor: IngestMonitor, ends: Ends) -> Self {
        let Ends { stop, abandon, ended } = ends;
        Self { addrs, monitor, stop, abandon: Some(abandon), ended, threads: Vec::new(), runtime: None }
    }

    /// Keeps the listeners' runtime until the end.
    pub(super) fn keep_runtime(&mut self, runtime: tokio::runtime::Runtime) {
        self.runtime = Some(runtime);
    }

    /// Where it listens.
    pub const fn local_addrs(&self) -> LocalAddrs {
        self.addrs
    }

    /// The journal's name.
    pub fn journal_id(&self) -> JournalId {
        self.monitor.shared.journal_id
    }

    /// Waits until the journal's tail is decoded and the sockets are read.
    pub fn wait_live(&self, timeout: Duration) -> Result<(), IngestError> {
        let deadline = Instant::now() + timeout;
        let mut phase = self.monitor.shared.phase.lock();
        loop {
            match &*phase {
                Phase::Live => return Ok(()),
                Phase::Stopped { failure } => {
                    return Err(IngestError::Stopped(failure.clone().unwrap_or_else(|| "as asked".to_owned())));
                }
                Phase::Recovering => {}
            }
            if self.monitor.shared.phase_changed.wait_until(&mut phase, deadline).timed_out() {
                return Err(IngestError::StillRecovering(timeout));
            }
        }
    }

    /// How it is.
    pub fn stats(&self) -> IngestStats {
        self.monitor.stats()
    }

    /// A look at it that may outlive it.
    pub fn monitor(&self) -> IngestMonitor {
        self.monitor.clone()
    }

    /// Ends it without losing anything that was read: stops reading, takes what the kernel has received already, cuts
    /// the last block, syncs and delivers. If that takes longer than `timeout` it gives delivery up and only journals
    /// what was read, for a few seconds more, and says how far it came; what is durable is delivered at the next start.
    pub fn shutdown(mut self, timeout: Duration) -> Result<(), IngestError> {
        self.stop.send_replace(true);
        let in_time = self.has_ended_within(timeout);
        self.abandon = None;
        if !in_time && self.monitor.shared.progress.status().write_error.is_none() {
            self.has_ended_within(JOURNAL_TIMEOUT);
        }
        let JournalStatus { durable_epoch, write_error, .. } = self.monitor.shared.progress.status();
        self.end();
        if !in_time {
            return Err(IngestError::ShutdownTimedOut { waited: timeout, durable_epoch, write_error });
        }
        match self.monitor.shared.phase.lock().clone() {
            Phase::Stopped { failure: Some(failure) } => Err(IngestError::Stopped(failure)),
            _ => Ok(()),
        }
    }

    /// Starts a thread that is waited for at the end.
    pub(super) fn spawn(&mut self, name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<(), IngestError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        self.threads.push(thread.map_err(|source| IngestError::Start { what: name, source })?);
        Ok(())
    }

    fn has_ended_within(&self, timeout: Duration) -> bool {
        self.ended.recv_timeout(timeout) == Err(RecvTimeoutError::Disconnected)
    }

    /// Ends all threads, whatever they still had to do.
    fn end(&mut self) {
        self.stop.send_replace(true);
        self.monitor.shared.progress.abandon();
        self.abandon = None;
        let ended = self.has_ended_within(ABANDON_TIMEOUT);
        for thread in self.threads.drain(..) {
            // One that hangs in the disk cannot be ended: it is left to the process's end.
            if ended && thread.join().is_err() {
                tracing::error!("a thread of ingest panicked");
            }
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for IngestHandle {
    fn drop(&mut self) {
        self.end();
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
