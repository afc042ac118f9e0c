//! The dataflow: from per-minute partial sums to the views' deltas, incrementally, on timely workers.
//!
//! ```text
//! EpochUsage ─▶ workers: usage_per_minute ─▶ usage_per_hour     ─▶ EpochDeltas, one per epoch, in order
//!                        billable ─▶ rated (arranged per customer, service, month, price book)
//! ```
//!
//! The epoch is the logical time; event time is data, so a late line is an ordinary update and a correction a
//! retraction. Linear views carry their sums in the difference and keep no history: what comes out is what to add.
//! Only `rated` is arranged, since rounding is not linear; after a restart it is seeded with the totals the store
//! holds. Outputs depend on the inputs alone, whatever the number of workers.
//!
//! This crate alone knows timely and differential-dataflow.

mod diff;
mod views;
mod worker;

use crossbeam_channel::{Receiver, Sender, bounded};
use std::thread::JoinHandle;
use suiftly_schema::ids::Epoch;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::usage::{MinuteKey, UsageSums};
use suiftly_schema::view::{EpochDeltas, RatedKey, RatedSums};
use timely::communication::WorkerGuards;

/// Epochs that may wait for a worker, or for the taker of the deltas, before the sender is held.
pub const MAX_QUEUED_EPOCHS: usize = 64;
/// The most workers that one process runs.
pub const MAX_WORKERS: usize = 64;

/// What one epoch adds to usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochUsage {
    /// The epoch; each one sent must be higher than the one before.
    pub epoch: Epoch,
    /// Partial sums; a key may come more than once.
    pub usage: Vec<(MinuteKey, UsageSums)>,
}

/// Where to go on from: the store's last committed epoch, and what was rated up to it in the months still open.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// The last epoch that is in the store.
    pub epoch: Epoch,
    /// The rated totals then.
    pub rated: Vec<(RatedKey, RatedSums)>,
}

/// Why the dataflow did not start, or does not take more.
#[derive(Debug, thiserror::Error)]
pub enum DataflowError {
    /// The number of workers is out of bounds.
    #[error("cannot run {0} dataflow workers: 1 to {MAX_WORKERS} are possible")]
    Workers(usize),
    /// Threads could not be made.
    #[error("cannot start dataflow workers: {0}")]
    Start(String),
    /// A worker is gone. The process must stop and start again from the watermark.
    #[error("a dataflow worker has died")]
    Dead,
}

/// The running dataflow's input end. Dropping it lets the workers finish and the deltas' channel close.
pub struct Dataflow {
    inputs: Vec<Sender<EpochUsage>>,
    _gather: JoinHandle<()>,
    _workers: WorkerGuards<()>,
}

impl Dataflow {
    /// Starts `workers` threads. The receiver yields each epoch's deltas, in order, one for each epoch sent.
    pub fn start(
        workers: usize,
        seed: Seed,
        books: PriceBooks,
    ) -> Result<(Self, Receiver<EpochDeltas>), DataflowError> {
        if !(1..=MAX_WORKERS).contains(&workers) {
            return Err(DataflowError::Workers(workers));
        }
        let (inputs, input_ends): (Vec<_>, Vec<_>) = (0..workers).map(|_| bounded(MAX_QUEUED_EPOCHS)).unzip();
        let (outputs, output_ends): (Vec<_>, Vec<_>) = (0..workers).map(|_| bounded(MAX_QUEUED_EPOCHS)).unzip();
        let guards = worker::spawn(input_ends, outputs, seed, books).map_err(DataflowError::Start)?;
        let (sender, deltas) = bounded(MAX_QUEUED_EPOCHS);
        let gather = std::thread::Builder::new()
            .name("dataflow-gather".into())
            .spawn(move || gather(&output_ends, &sender))
            .map_err(|error| DataflowError::Start(error.to_string()))?;
        Ok((Self { inputs, _gather: gather, _workers: guards }, deltas))
    }

    /// Hands an epoch to the workers; waits while they are [`MAX_QUEUED_EPOCHS`] behind.
    pub fn send(&self, input: EpochUsage) -> Result<(), DataflowError> {
        let EpochUsage { epoch, usage } = input;
        let mut rest = usage;
        let share = rest.len().div_ceil(self.inputs.len());
        for input in &self.inputs {
            let usage = rest.split_off(rest.len().saturating_sub(share));
            input.send(EpochUsage { epoch, usage }).map_err(|_| DataflowError::Dead)?;
        }
        Ok(())
    }
}

/// Puts the workers' parts of each epoch together. Ends when a worker or the taker is gone.
fn gather(workers: &[Receiver<EpochDeltas>], out: &Sender<EpochDeltas>) {
    while let Some(whole) = gather_epoch(workers) {
        if out.send(whole).is_err() {
            return;
        }
    }
}

fn gather_epoch(workers: &[Receiver<EpochDeltas>]) -> Option<EpochDeltas> {
    let (first, others) = workers.split_first()?;
    let mut whole = first.recv().ok()?;
    for worker in others {
        let part = worker.recv().ok()?;
        assert_eq!(part.epoch, whole.epoch, "workers answer the same epochs in the same order");
        whole.minutes.extend(part.minutes);
        whole.hours.extend(part.hours);
        whole.rated.extend(part.rated);
    }
    whole.minutes.sort_unstable_by_key(|(key, _)| *key);
    whole.hours.sort_unstable_by_key(|(key, _)| *key);
    whole.rated.sort_unstable_by_key(|(key, _)| *key);
    Some(whole)
}
