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
//! Where one process is not enough, several are one dataflow ([`Mesh`]). Each process is given every epoch: the partial sums
//! of the lines that it decoded, which go to the workers that their shards are on ([`place`]), and all reference changes,
//! of which it takes what is its own shards' and what every worker must know. It answers the deltas of its shards.
//!
//! This crate alone knows timely and differential-dataflow.

mod customers;
mod gather;
mod mesh;
mod place;
mod rated;
mod reference;
mod spend;
mod standing;
mod sum;
mod vault;
mod views;
mod watch;
mod worker;

pub use mesh::Mesh;
pub use standing::Standing;
pub use watch::Watch;

use crossbeam_channel::{Receiver, Sender, bounded, select};
use place::{Place, of_entity};
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
    /// Reference changes, which hold for the lines of their epoch already. All of them, in each process of a mesh.
    pub reference: Vec<ReferenceChange>,
}

impl EpochInput {
    /// What a batch brings. Its partial sums are taken out of it.
    pub fn of(batch: &mut Batch) -> Self {
        let partials = std::mem::take(&mut batch.partials);
        Self { epoch: batch.epoch, cut_at: batch.cut_at, partials, reference: batch.reference.clone() }
    }
}

/// Where to go on from: the store's last committed epoch, and what was known then. In a mesh what is a shard's is as that
/// shard stands; what is other processes' is passed over.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// The last epoch that is in the store; in a mesh the one that every shard has, the same in each process. The next one
    /// is given first.
    pub epoch: Epoch,
    /// Its clock.
    pub cut_at: UnixMillis,
    /// What was rated in the months that can still change.
    pub rated: Vec<(RatedKey, RatedSums)>,
    /// What was rated in all, by customer.
    pub rated_in_all: Vec<(CustomerId, MicroUsd)>,
    /// Every entity as the dataflow was told of it last. Price books among them are ignored: they are given at the start.
    pub reference: Vec<Entity>,
    /// Which shards are ahead of `epoch`. All of them are of a mesh, not this process's alone.
    pub standing: Standing,
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
    /// A mesh with a hole.
    #[error("process {process} of {processes} has not a stream to each of the others")]
    Mesh {
        /// Which process this is.
        process: usize,
        /// How many there are to be.
        processes: usize,
    },
    /// Threads could not be made.
    #[error("cannot start dataflow workers: {0}")]
    Start(String),
    /// A worker is gone. The process must stop and start again from the watermark.
    #[error("a dataflow worker has died")]
    Dead,
    /// A worker has panicked, or a process of the mesh is gone: likewise.
    #[error("the dataflow cannot go on: {0}")]
    Lost(String),
}

/// The running dataflow's input end. Dropping it lets the workers finish and the deltas' channel close; in a mesh they finish
/// once every process has dropped its own: who ends before the others must [`leave`](Dataflow::leave).
pub struct Dataflow {
    inputs: Vec<Sender<WorkerInput>>,
    reference: Reference,
    place: Place,
    standing: Standing,
    watch: Watch,
    _gather: JoinHandle<()>,
    workers: Option<WorkerGuards<()>>,
}

impl Dataflow {
    /// Starts `workers` threads. The receiver yields each epoch's deltas, in order, one for each epoch sent.
    pub fn start(
        workers: usize,
        seed: Seed,
        books: PriceBooks,
    ) -> Result<(Self, Receiver<EpochDeltas>), DataflowError> {
        Self::start_on(Mesh::alone(workers), seed, books)
    }

    /// Starts this process's threads of a mesh. The receiver yields what each epoch changes in the views of this process's
    /// shards. When it ends before the dataflow was dropped, [`Dataflow::watch`] says why.
    pub fn start_on(mesh: Mesh, seed: Seed, books: PriceBooks) -> Result<(Self, Receiver<EpochDeltas>), DataflowError> {
        let (place, watch, standing) = (mesh.place()?, Watch::new(), seed.standing.clone());
        let (inputs, input_ends): (Vec<_>, Vec<_>) = (0..place.threads).map(|_| bounded(MAX_QUEUED_EPOCHS)).unzip();
        let (outputs, output_ends): (Vec<_>, Vec<_>) = (0..place.threads).map(|_| bounded(MAX_QUEUED_EPOCHS)).unzip();
        let mut reference = Reference::default();
        let plants = worker::plants(seed, &mut reference, place);
        let (sender, deltas) = bounded(MAX_QUEUED_EPOCHS);
        let heard = watch.clone();
        let gather = std::thread::Builder::new()
            .name("dataflow-gather".into())
            .spawn(move || gather::gather(&output_ends, &sender, &heard))
            .map_err(|error| DataflowError::Start(error.to_string()))?;
        let threads = mesh.connect(&watch).map_err(DataflowError::Start)?;
        let common = worker::Common { place, standing: standing.clone(), books, watch: watch.clone() };
        let ends = worker::ends(input_ends, outputs, plants);
        let workers = Some(worker::spawn(threads, ends, common).map_err(DataflowError::Start)?);
        Ok((Self { inputs, reference, place, standing, watch, _gather: gather, workers }, deltas))
    }

    /// Hands an epoch to the workers; waits while they are [`MAX_QUEUED_EPOCHS`] behind, but not once something is lost.
    pub fn send(&mut self, input: EpochInput) -> Result<(), DataflowError> {
        if let Some(why) = self.watch.lost() {
            return Err(DataflowError::Lost(why));
        }
        let EpochInput { epoch, cut_at, mut partials, mut reference } = input;
        self.standing.drop_taken(epoch, &mut partials);
        reference.retain(|change| self.takes(epoch, &change.entity));
        let told = self.reference.take(reference, cut_at, self.place);
        for (input, share) in self.inputs.iter().zip(shares(epoch, cut_at, partials, told)) {
            select! {
                send(input, share) -> sent => sent.map_err(|_| self.end())?,
                recv(self.watch.over()) -> _ => return Err(self.end()),
            }
        }
        Ok(())
    }

    /// Sends nothing more. In a mesh the workers stay as they are until the process ends: if they finished, the other
    /// processes' next epochs would be complete without what this one would have brought.
    pub fn leave(self) {
        if !self.place.is_alone() {
            std::mem::forget(self);
        }
    }

    /// Tells when the dataflow cannot go on, also to those who neither send nor take.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Whether a change is news to this process's workers.
    fn takes(&self, epoch: Epoch, entity: &Entity) -> bool {
        let is_ours = |shard| self.place.thread_of(shard).is_some() && !self.standing.has(shard, epoch);
        of_entity(entity).is_none_or(is_ours)
    }

    fn end(&self) -> DataflowError {
        self.watch.lost().map_or(DataflowError::Dead, DataflowError::Lost)
    }
}

impl Drop for Dataflow {
    /// Waits for the workers of a single process. Those of a mesh wait for other processes, and those of a dataflow that has
    /// lost something for ever: nobody must be held up by them.
    fn drop(&mut self) {
        self.watch.close();
        if !self.place.is_alone() || self.watch.lost().is_some() {
            std::mem::forget(self.workers.take());
        }
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
