//! The handle of a running ingest, and how it ends.

use super::IngestMonitor;
use crate::error::IngestError;
use crate::journal::{JournalId, JournalStatus};
use crate::listener::{HandedConnection, Handing, LocalAddrs};
use crate::stats::{IngestStats, Phase};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long what was read is waited for to be journaled after delivery was given up.
const JOURNAL_TIMEOUT: Duration = Duration::from_secs(3);
/// How long threads that were told to end at once are waited for.
const ABANDON_TIMEOUT: Duration = Duration::from_secs(2);

/// A running ingest. Dropping it ends it at once, as a crash would: what is not durable is not delivered.
/// [`IngestHandle::shutdown`] ends it without loss.
#[derive(Debug)]
pub struct IngestHandle {
    addrs: LocalAddrs,
    monitor: IngestMonitor,
    stop: watch::Sender<bool>,
    handing: Arc<Handing>,
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
    /// Where connections go that are not to end with it.
    pub(super) handing: Arc<Handing>,
    /// Dropped to make delivery give up.
    pub(super) abandon: Sender<()>,
    /// Disconnected once sequencer, decoder and delivery have ended.
    pub(super) ended: Receiver<()>,
}

impl IngestHandle {
    pub(super) fn new(addrs: LocalAddrs, monitor: IngestMonitor, ends: Ends) -> Self {
        let Ends { stop, handing, abandon, ended } = ends;
        Self { addrs, monitor, stop, handing, abandon: Some(abandon), ended, threads: Vec::new(), runtime: None }
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
        self.finish(timeout)
    }

    /// The same, but connections by plain TCP are not ended: each is read to where a frame ends, for the next process to read
    /// on there. They are answered only if all that was read of them is journaled; else they are closed, as at a crash.
    pub fn hand_over(mut self, timeout: Duration) -> (Vec<HandedConnection>, Result<(), IngestError>) {
        self.handing.begin();
        let outcome = self.finish(timeout);
        let has_drained = matches!(&*self.monitor.shared.phase.lock(), Phase::Stopped { failure: None });
        let is_journaled = has_drained && self.monitor.shared.progress.status().write_error.is_none();
        let connections = self.handing.take();
        (if is_journaled { connections } else { Vec::new() }, outcome)
    }

    fn finish(&mut self, timeout: Duration) -> Result<(), IngestError> {
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
