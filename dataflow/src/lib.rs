//! The dataflow: from per-minute partial sums to the views' deltas, incrementally, on timely workers.
//!
//! ```text
//! EpochInput ─▶ workers: usage_per_minute ─▶ usage_per_hour     ─▶ EpochDeltas, one per epoch, in order
//!                        billable ─▶ rated (arranged per customer, service, month, price book)
//! ```
//!
//! The epoch is the logical time; event time is data, so a late line is an ordinary update and a correction a
//! retraction. Linear views carry their sums in the difference and keep no history: what comes out is what to add.
//! Only `rated` is arranged, since rounding is not linear; after a restart it is seeded with the totals the store
//! holds. Outputs depend on the inputs alone, whatever the number of workers.
//!
//! This crate alone knows timely and differential-dataflow.

mod rated;
mod sum;
mod views;
mod worker;

use crossbeam_channel::{Receiver, Sender, bounded};
use std::thread::JoinHandle;
use suiftly_schema::ids::Epoch;
use suiftly_schema::partial::Partials;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::{EpochDeltas, RatedKey, RatedSums};
use timely::communication::WorkerGuards;

/// Epochs that may wait for a worker, or for the taker of the deltas, before the sender is held.
pub const MAX_QUEUED_EPOCHS: usize = 64;
/// How long after its end a month's totals are kept, to rate late lines on: a line is at most seven days late.
pub const MONTHS_OPEN_MS: i64 = 8 * 24 * 3_600_000;
/// The most workers that one process runs.
pub const MAX_WORKERS: usize = 64;

/// What one epoch adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochInput {
    /// The epoch; each one sent must be higher than the one before.
    pub epoch: Epoch,
    /// Its clock.
    pub cut_at: UnixMillis,
    /// Partial sums; a key may come more than once.
    pub partials: Partials,
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
    inputs: Vec<Sender<EpochInput>>,
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
    pub fn send(&self, input: EpochInput) -> Result<(), DataflowError> {
        let EpochInput { epoch, cut_at, partials: mut rest } = input;
        let mut left = self.inputs.len();
        for input in &self.inputs {
            let partials = Partials {
                usage: share(&mut rest.usage, left),
                infra: share(&mut rest.infra, left),
                keys: share(&mut rest.keys, left),
            };
            left -= 1;
            input.send(EpochInput { epoch, cut_at, partials }).map_err(|_| DataflowError::Dead)?;
        }
        Ok(())
    }
}

/// Takes one of `left` equal shares.
fn share<T>(rest: &mut Vec<T>, left: usize) -> Vec<T> {
    rest.split_off(rest.len() - rest.len() / left)
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
        add(&mut whole, part);
    }
    sort(&mut whole);
    Some(whole)
}

fn add(whole: &mut EpochDeltas, part: EpochDeltas) {
    let EpochDeltas { epoch: _, minutes, hours, rated, infra_minutes, infra_hours, infra_days, keys } = part;
    whole.minutes.extend(minutes);
    whole.hours.extend(hours);
    whole.rated.extend(rated);
    whole.infra_minutes.extend(infra_minutes);
    whole.infra_hours.extend(infra_hours);
    whole.infra_days.extend(infra_days);
    whole.keys.extend(keys);
}

/// In the order of keys, whichever worker they came from.
fn sort(whole: &mut EpochDeltas) {
    whole.minutes.sort_unstable_by_key(|(key, _)| *key);
    whole.hours.sort_unstable_by_key(|(key, _)| *key);
    whole.rated.sort_unstable_by_key(|(key, _)| *key);
    whole.infra_minutes.sort_unstable_by_key(|(key, _)| *key);
    whole.infra_hours.sort_unstable_by_key(|(key, _)| *key);
    whole.infra_days.sort_unstable_by_key(|(key, _)| *key);
    whole.keys.sort_unstable_by_key(|(key, _)| *key);
}
