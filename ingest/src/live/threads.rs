//! The threads of a live ingest and the queues between them.

use super::handle::{Ends, Shared};
use super::{IngestHandle, IngestMonitor, OpenIngest};
use crate::decode::Decoder;
use crate::error::IngestError;
use crate::listener::{Bound, Chunk, ChunkPool, Handover, Pace};
use crate::sequencer::{CutPace, Links, Sequencer, deliver};
use crate::stats::Phase;
use crossbeam_channel::Sender;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;
use suiftly_schema::{batch::Batch, ids::Epoch};
use tokio::sync::{mpsc, watch};

/// Starts them all. What was opened begins after `resume_epoch`.
pub(super) fn start(
    open: OpenIngest,
    resume_epoch: Epoch,
    decoder: Decoder,
    out: Sender<Batch>,
) -> Result<IngestHandle, IngestError> {
    let OpenIngest { config, bound, journal, recovery } = open;
    let pace = Arc::new(Pace::from(Instant::now()));
    let gathering = Arc::clone(&pace);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .on_thread_park(move || gathering.before_wait(Instant::now()).map_or((), std::thread::sleep))
        .thread_name("ingest-streams")
        .enable_all()
        .build()
        .map_err(|source| IngestError::Start { what: "runtime of streams", source })?;
    let (stop, stopping) = watch::channel(false);
    let (chunks, queue) = mpsc::channel(config.listener.queue_chunks);
    let (abandon, abandoned) = crossbeam_channel::bounded::<()>(0);
    let (running, ended) = crossbeam_channel::bounded::<()>(0);
    let pool = ChunkPool::new(config.listener.queue_chunks);
    let shared = Arc::new(Shared::new(&bound, journal.progress(), recovery.journal_id)?);
    let monitor = IngestMonitor::new(chunks.downgrade(), Arc::clone(&shared));
    let mut handle = IngestHandle::new(bound.addrs, monitor, Ends { stop: stop.clone(), abandon, ended });
    let (batches, undelivered) = crossbeam_channel::bounded(config.max_undelivered);
    let progress = Arc::clone(journal.progress());
    let alive = running.clone();
    handle.spawn("deliver", move || {
        deliver::run(&undelivered, &out, &progress, &abandoned);
        drop((out, alive));
    })?;
    let counters = Arc::clone(&shared.counters);
    let handover = Handover::new(chunks, pool.clone(), Arc::clone(&counters), pace, stopping.clone());
    let links = Links { batches, pool, counters };
    let pace_of_cuts = CutPace { gather: config.cut_interval, idle: config.idle_cut_interval };
    let sequencer = Sequencer::new((journal, &recovery), decoder, links, pace_of_cuts);
    let streams = runtime.handle().clone();
    handle.keep_runtime(runtime);
    handle.spawn("sequencer", move || {
        let live = Live { sequencer, bound, handover, queue, streams, stop, stopping };
        let outcome = live.run(&config.journal_dir, resume_epoch, &shared);
        shared.note_stopped(outcome);
        drop(running);
    })?;
    Ok(handle)
}

/// What the sequencer's thread owns.
struct Live {
    sequencer: Sequencer,
    bound: Bound,
    handover: Handover,
    queue: mpsc::Receiver<Chunk>,
    streams: tokio::runtime::Handle,
    stop: watch::Sender<bool>,
    stopping: watch::Receiver<bool>,
}

impl Live {
    /// Recovers, then runs until told to stop; an error if it ended for any other reason.
    fn run(mut self, dir: &std::path::Path, resume_epoch: Epoch, shared: &Shared) -> Result<(), IngestError> {
        self.sequencer.recover(dir, resume_epoch, &self.stopping)?;
        if *self.stopping.borrow() {
            return Ok(());
        }
        let receiving = self.bound.start(&self.streams, &self.handover);
        drop(self.handover);
        let receiving = receiving.map_err(|source| IngestError::Start { what: "listeners", source })?;
        shared.set_phase(Phase::Live);
        let outcome = self.sequencer.run(self.queue, &self.stopping);
        let was_asked = self.stop.send_replace(true);
        if receiving.into_iter().map(JoinHandle::join).filter(Result::is_err).count() > 0 {
            return Err(IngestError::Stopped("a listener panicked".to_owned()));
        }
        outcome?;
        if was_asked {
            return Ok(());
        }
        Err(IngestError::Stopped("nobody takes its batches any more, or its journal has ended".to_owned()))
    }
}
