//! The threads of a live ingest and the queues between them.

use super::handle::Ends;
use super::monitor::Shared;
use super::{IngestHandle, IngestMonitor, OpenIngest};
use crate::decode::Decoder;
use crate::error::IngestError;
use crate::listener::{Chunk, ChunkPool, Handover, Pace};
use crate::sequencer::feed::{Followed, feed};
use crate::sequencer::follow::{Decoding, Follower, Journaled, Shipping};
use crate::sequencer::{CutPace, Links, Sequencer, deliver};
use crate::ship;
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;
use suiftly_schema::{batch::Batch, ids::Epoch};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

/// What follows the sequencer.
pub(super) enum Following {
    /// Blocks after an epoch are decoded, and go out as batches.
    Decoding { after: Epoch, decoder: Box<Decoder>, out: Sender<Batch> },
    /// New blocks go out as they are.
    Shipping(Arc<ship::Tail>),
}

/// Starts them all.
pub(super) fn start(open: OpenIngest, following: Following) -> Result<IngestHandle, IngestError> {
    let OpenIngest { config, bound, journal, recovery } = open;
    let pace = Arc::new(Pace::from(Instant::now()));
    let runtime = runtime_of_streams(&pace)?;
    let (stop, stopping) = watch::channel(false);
    let (chunks, queue) = mpsc::channel(config.listener.queue_chunks);
    let (abandon, abandoned) = crossbeam_channel::bounded::<()>(0);
    let (running, ended) = crossbeam_channel::bounded::<()>(0);
    let (pool, handing) = (ChunkPool::new(config.listener.queue_chunks), Arc::default());
    let shared = Arc::new(Shared::new(&bound, journal.progress(), recovery.journal_id)?);
    let monitor = IngestMonitor::new(chunks.downgrade(), Arc::clone(&shared));
    let ends = Ends { stop: stop.clone(), handing: Arc::clone(&handing), abandon, ended };
    let mut handle = IngestHandle::new(bound.addrs, monitor, ends);
    let (feed, blocks) = feed(recovery.last_epoch, config.max_undecoded);
    let cuts = CutPace { gather: config.cut_interval, idle: config.idle_cut_interval };
    let counters = Arc::clone(&shared.counters);
    let handover = Handover::new(chunks, pool.clone(), counters, pace, stopping.clone(), handing);
    let (progress, last_epoch) = (Arc::clone(journal.progress()), recovery.last_epoch);
    let journaled = Journaled { dir: config.journal_dir, progress, last_epoch };
    let sequencer = Sequencer::new((journal, &recovery), Links { feed, pool }, cuts);
    let receiving = bound.start(runtime.handle(), &handover);
    drop(handover);
    handle.keep_runtime(runtime);
    let receiving = receiving.map_err(|source| IngestError::Start { what: "listeners", source })?;
    let common = Common { shared, stop, stopping, running };
    let live = Live { sequencer, queue, receiving, common: common.clone() };
    handle.spawn("sequencer", move || live.run())?;
    let behind = Behind { journaled, blocks, common };
    match following {
        Following::Shipping(tail) => behind.ship(&mut handle, tail)?,
        Following::Decoding { after, decoder, out } => {
            let (batches, undelivered) = crossbeam_channel::bounded(config.max_undelivered);
            behind.deliver(&mut handle, undelivered, out, abandoned)?;
            behind.decode(&mut handle, after, decoder, batches)?;
        }
    }
    Ok(handle)
}

fn runtime_of_streams(pace: &Arc<Pace>) -> Result<Runtime, IngestError> {
    let gathering = Arc::clone(pace);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .on_thread_park(move || gathering.before_wait(Instant::now()).map_or((), std::thread::sleep))
        .thread_name("ingest-streams")
        .enable_all()
        .build()
        .map_err(|source| IngestError::Start { what: "runtime of streams", source })
}

/// What each thread has.
#[derive(Clone)]
struct Common {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    stopping: watch::Receiver<bool>,
    /// Let go of by the last one that ends.
    running: Sender<()>,
}

impl Common {
    /// Whatever follows has failed: nothing goes on without it.
    fn note_end(&self, outcome: Result<(), IngestError>) {
        if outcome.is_err() {
            self.shared.note_stopped(outcome);
            self.stop.send_replace(true);
        }
    }
}

/// What the sequencer's thread owns.
struct Live {
    sequencer: Sequencer,
    queue: mpsc::Receiver<Chunk>,
    receiving: Vec<JoinHandle<()>>,
    common: Common,
}

impl Live {
    /// Runs until told to stop.
    fn run(self) {
        let Self { sequencer, queue, receiving, common } = self;
        let outcome = sequencer.run(queue, &common.stopping);
        let was_asked = common.stop.send_replace(true);
        let panicked = receiving.into_iter().map(JoinHandle::join).filter(Result::is_err).count() > 0;
        let why = match outcome {
            Ok(()) if panicked => "a listener panicked",
            Ok(()) if !was_asked => "nobody takes its batches any more, or its journal has ended",
            outcome => return common.shared.note_stopped(outcome),
        };
        common.shared.note_stopped(Err(IngestError::Stopped(why.to_owned())));
    }
}

/// What follows the sequencer needs.
struct Behind {
    journaled: Journaled,
    blocks: Followed,
    common: Common,
}

impl Behind {
    fn ship(self, handle: &mut IngestHandle, tail: Arc<ship::Tail>) -> Result<(), IngestError> {
        let Self { journaled, blocks, common } = self;
        // What the journal held before is asked for by those who need it.
        common.shared.note_live();
        let shipping = Shipping { tail, progress: Arc::clone(&journaled.progress) };
        let after = journaled.last_epoch;
        let follower = Follower::new(journaled, blocks, after, shipping);
        handle.spawn("ship", move || common.note_end(follower.run()))
    }

    fn deliver(
        &self,
        handle: &mut IngestHandle,
        undelivered: Receiver<Batch>,
        out: Sender<Batch>,
        abandoned: Receiver<()>,
    ) -> Result<(), IngestError> {
        let (progress, running) = (Arc::clone(&self.journaled.progress), self.common.running.clone());
        handle.spawn("deliver", move || {
            deliver::run(&undelivered, &out, &progress, &abandoned);
            drop((out, running));
        })
    }

    fn decode(
        self,
        handle: &mut IngestHandle,
        after: Epoch,
        decoder: Box<Decoder>,
        batches: Sender<Batch>,
    ) -> Result<(), IngestError> {
        let Self { journaled, blocks, common } = self;
        let decoding = Decoding { decoder, batches, counters: Arc::clone(&common.shared.counters) };
        let follower = Follower::new(journaled, blocks, after, decoding);
        handle.spawn("decode", move || {
            let outcome = follower.recover_and_run(&common.stopping, || common.shared.note_live());
            common.note_end(outcome);
        })
    }
}
