//! The dataflow: from partial sums and reference changes to the views' deltas, incrementally, on timely workers.
//!
//! ```text
//! partial sums ─▶ usage_per_minute ─▶ usage_per_hour ─▶ rated ─▶ spend ─▶ states ┐
//!                 key_activity                           accounts ─┘  services ⋈ ─▶ vault   ─▶ EpochDeltas, one
//!                 infra_per_minute ─▶ infra_per_hour ─▶ infra_per_day     keys ─▶ vault       per epoch, in order
//! ```
//!
//! The epoch is the logical time; event time is data, so a late line is an ordinary update and a correction a
//! retraction. Linear views are sums within the epoch and keep no history: what comes out is what to add ([`sum`]). What is not
//! linear is kept per customer: totals of the months that can still change, since rounding is not ([`rated`]), and the
//! state against the account ([`spend`]). The vault is joined by differential-dataflow ([`vault`]). After a restart the
//! store's totals and reference data are planted first. Outputs depend on the inputs alone, whatever the number of workers.
//!
//! This crate alone knows timely and differential-dataflow.

mod customers;
mod rated;
mod reference;
mod spend;
mod sum;
mod vault;
mod views;
mod worker;

use crossbeam_channel::{Receiver, Sender, bounded};
use reference::{Reference, Told};
use std::thread::JoinHandle;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::partial::Partials;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::{Entity, KeyState, ReferenceChange, ServiceAccess};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::{EpochDeltas, RatedKey, RatedSums};
use timely::communication::WorkerGuards;

/// Epochs that may wait for a worker, or for the taker of the deltas, before the sender is held.
pub const MAX_QUEUED_EPOCHS: usize = 64;
/// How long after its end a month's totals are kept, to rate late lines on: a line is at most seven days late, and one that
/// was quarantined can be given again for seven days more.
pub const MONTHS_OPEN_MS: i64 = 15 * 24 * 3_600_000;
/// The most workers that one process runs.
pub const MAX_WORKERS: usize = 64;

/// What one epoch brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochInput {
    /// The epoch; each one sent must be higher than the one before.
    pub epoch: Epoch,
    /// Its clock.
    pub cut_at: UnixMillis,
    /// Partial sums; a key may come more than once.
    pub partials: Partials,
    /// Reference changes, which hold for the lines of their epoch already.
    pub reference: Vec<ReferenceChange>,
}

impl EpochInput {
    /// What a batch brings. Its partial sums are taken out of it.
    pub fn of(batch: &mut Batch) -> Self {
        let partials = std::mem::take(&mut batch.partials);
        Self { epoch: batch.epoch, cut_at: batch.cut_at, partials, reference: batch.reference.clone() }
    }
}

/// Where to go on from: the store's last committed epoch, and what was known then.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// The last epoch that is in the store.
    pub epoch: Epoch,
    /// Its clock.
    pub cut_at: UnixMillis,
    /// What was rated in the months that can still change.
    pub rated: Vec<(RatedKey, RatedSums)>,
    /// What was rated in all, by customer.
    pub rated_in_all: Vec<(CustomerId, MicroUsd)>,
    /// Every entity as the dataflow was told of it last. Price books among them are ignored: they are given at the start.
    pub reference: Vec<Entity>,
}

/// A worker's share of an epoch.
struct WorkerInput {
    epoch: Epoch,
    cut_at: UnixMillis,
    partials: Partials,
    notices: Vec<customers::Notice>,
    services: Vec<(ServiceAccess, isize)>,
    keys: Vec<(KeyState, isize)>,
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
    inputs: Vec<Sender<WorkerInput>>,
    reference: Reference,
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
        let mut reference = Reference::default();
        let plants = worker::plants(seed, &mut reference, workers);
        let guards = worker::spawn(input_ends, outputs, plants, books).map_err(DataflowError::Start)?;
        let (sender, deltas) = bounded(MAX_QUEUED_EPOCHS);
        let gather = std::thread::Builder::new()
            .name("dataflow-gather".into())
            .spawn(move || gather(&output_ends, &sender))
            .map_err(|error| DataflowError::Start(error.to_string()))?;
        Ok((Self { inputs, reference, _gather: gather, _workers: guards }, deltas))
    }

    /// Hands an epoch to the workers; waits while they are [`MAX_QUEUED_EPOCHS`] behind.
    pub fn send(&mut self, input: EpochInput) -> Result<(), DataflowError> {
        let EpochInput { epoch, cut_at, partials, reference } = input;
        let told = self.reference.take(reference, cut_at, self.inputs.len());
        for (input, share) in self.inputs.iter().zip(shares(epoch, cut_at, partials, told)) {
            input.send(share).map_err(|_| DataflowError::Dead)?;
        }
        Ok(())
    }
}

/// Parts an epoch into equal shares, whatever is in them: each worker sends every row where it belongs.
fn shares(epoch: Epoch, cut_at: UnixMillis, mut rest: Partials, told: Vec<Told>) -> Vec<WorkerInput> {
    let workers = told.len();
    let share_of = |(at, told): (usize, Told)| {
        let left = workers - at;
        let Told { notices, services, keys } = told;
        let partials = Partials {
            usage: share(&mut rest.usage, left),
            infra: share(&mut rest.infra, left),
            keys: share(&mut rest.keys, left),
        };
        WorkerInput { epoch, cut_at, partials, notices, services, keys }
    };
    told.into_iter().enumerate().map(share_of).collect()
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
    let EpochDeltas { epoch: _, minutes, hours, rated, infra_minutes, infra_hours, infra_days, .. } = part;
    whole.minutes.extend(minutes);
    whole.hours.extend(hours);
    whole.rated.extend(rated);
    whole.infra_minutes.extend(infra_minutes);
    whole.infra_hours.extend(infra_hours);
    whole.infra_days.extend(infra_days);
    whole.keys.extend(part.keys);
    whole.key_hours.extend(part.key_hours);
    whole.spend.extend(part.spend);
    whole.key_grants.extend(part.key_grants);
    whole.access_grants.extend(part.access_grants);
}

/// In the order of keys, whichever worker they came from.
fn sort(whole: &mut EpochDeltas) {
    sort_rows(&mut whole.minutes);
    sort_rows(&mut whole.hours);
    sort_rows(&mut whole.rated);
    sort_rows(&mut whole.infra_minutes);
    sort_rows(&mut whole.infra_hours);
    sort_rows(&mut whole.infra_days);
    sort_rows(&mut whole.keys);
    sort_rows(&mut whole.key_hours);
    whole.spend.sort_unstable_by_key(|(customer_id, _)| *customer_id);
    whole.key_grants.sort_unstable();
    whole.access_grants.sort_unstable();
}

/// By moving each row a time or two: keys are narrow, rows are not. Most come in order.
fn sort_rows<K: Ord + Copy, R>(rows: &mut [(K, R)]) {
    if !rows.is_sorted_by_key(|(key, _)| *key) {
        rows.sort_by_cached_key(|(key, _)| *key);
    }
}
