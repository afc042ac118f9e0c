//! The workers' loop: take epochs, step until they are complete, give their deltas.

use crate::mesh::Communication;
use crate::place::{Place, of_customer, of_entity};
use crate::reference::Reference;
use crate::standing::Standing;
use crate::views::{Views, sum_changes};
use crate::watch::Watch;
use crate::{Seed, WorkerInput, shares};
use crossbeam_channel::{Receiver, Sender};
use std::sync::Mutex;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::partial::Partials;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::ReferenceChange;
use suiftly_schema::view::{EpochDeltas, RatedKey, RatedSums};
use timely::WorkerConfig;
use timely::communication::WorkerGuards;
use timely::worker::Worker;

/// Epochs that are stepped together when they wait together: more costs latency, fewer costs throughput.
const MAX_EPOCHS_A_STEP: usize = 16;

/// What is one worker's.
pub(crate) struct Ends {
    input: Receiver<WorkerInput>,
    output: Sender<EpochDeltas>,
    plant: Plant,
}

/// What is every worker's.
pub(crate) struct Common {
    pub(crate) place: Place,
    pub(crate) standing: Standing,
    pub(crate) books: PriceBooks,
    pub(crate) watch: Watch,
}

/// What a worker goes on from.
#[derive(Default)]
pub(crate) struct Plant {
    rated: Vec<(RatedKey, RatedSums)>,
    rated_in_all: Vec<(CustomerId, MicroUsd)>,
    /// The reference data, as an epoch whose deltas the store has.
    input: Option<WorkerInput>,
}

/// Parts a seed: to each worker what is its customers'. All of it stands for the seed's epoch, also what is of later: what
/// is given of a shard until then is dropped.
pub(crate) fn plants(seed: Seed, reference: &mut Reference, place: Place) -> Vec<Plant> {
    let Seed { epoch, cut_at, rated, rated_in_all, reference: entities, standing: _ } = seed;
    let mut plants: Vec<_> = (0..place.threads).map(|_| Plant::default()).collect();
    let of = |id: CustomerId| place.thread_of(of_customer(id));
    for row in rated {
        of(row.0.customer_id).into_iter().for_each(|thread| plants[thread].rated.push(row));
    }
    for row in rated_in_all {
        of(row.0).into_iter().for_each(|thread| plants[thread].rated_in_all.push(row));
    }
    // What is nobody's is price books, which every worker has, and formats.
    let is_ours = |shard| place.thread_of(shard).is_some();
    let known = entities.into_iter().filter(|entity| of_entity(entity).is_some_and(is_ours));
    let changes = known.map(|entity| ReferenceChange { seq: 0, entity }).collect();
    let told = reference.take(changes, cut_at, place);
    for (plant, share) in plants.iter_mut().zip(shares(epoch, cut_at, Partials::default(), told)) {
        plant.input = Some(share);
    }
    plants
}

pub(crate) fn ends(
    inputs: Vec<Receiver<WorkerInput>>,
    outputs: Vec<Sender<EpochDeltas>>,
    plants: Vec<Plant>,
) -> Vec<Ends> {
    let ends = inputs.into_iter().zip(outputs).zip(plants);
    ends.map(|((input, output), plant)| Ends { input, output, plant }).collect()
}

/// Starts a worker at each of the ends; each sends, for each epoch it gets, its part of the deltas.
pub(crate) fn spawn(
    (threads, beside): Communication,
    ends: Vec<Ends>,
    common: Common,
) -> Result<WorkerGuards<()>, String> {
    // Each worker takes its own ends out of its place.
    let ends: Vec<_> = ends.into_iter().map(|ends| Mutex::new(Some(ends))).collect();
    timely::execute::execute_from(threads, beside, WorkerConfig::default(), move |worker| {
        let place = &ends[worker.index() - common.place.first()];
        let ends = place.lock().ok().and_then(|mut ends| ends.take()).expect("each worker starts once");
        let Ends { input, output, plant } = ends;
        // Dropped before the ends are, so that who finds them gone finds the reason.
        let _told = common.watch.over_panics(format!("dataflow worker {}", worker.index()));
        let mut views = Views::build(worker, common.place, common.books.clone());
        put(worker, &mut views, plant);
        run(worker, &mut views, &common.standing, &input, &output);
    })
}

/// Puts the past in, and drops what the views say of it: the store has it.
fn put(worker: &mut Worker, views: &mut Views, plant: Plant) {
    let Plant { rated, rated_in_all, input } = plant;
    {
        let mut state = views.state.borrow_mut();
        for (key, sums) in rated {
            state.rated.plant(key, &sums);
            state.customers.plant_month(&key, sums.rated);
        }
        for (customer_id, rated) in rated_in_all {
            state.customers.plant_in_all(customer_id, rated);
        }
    }
    let Some(input) = input else { return };
    let epoch = input.epoch;
    views.feed(input);
    complete(worker, views, epoch);
    views.pending.borrow_mut().clear();
}

fn run(
    worker: &mut Worker,
    views: &mut Views,
    standing: &Standing,
    input: &Receiver<WorkerInput>,
    output: &Sender<EpochDeltas>,
) {
    let mut epochs = Vec::with_capacity(MAX_EPOCHS_A_STEP);
    while let Ok(first) = input.recv() {
        epochs.push(first.epoch);
        views.feed(first);
        for next in input.try_iter().take(MAX_EPOCHS_A_STEP - 1) {
            epochs.push(next.epoch);
            views.feed(next);
        }
        let last = epochs.last().copied().unwrap_or_default();
        complete(worker, views, last);
        for epoch in epochs.drain(..) {
            let (_, mut deltas) = views.pending.borrow_mut().remove(&epoch).expect("an epoch that was fed");
            sum_changes(&mut deltas);
            standing.drop_told(&mut deltas);
            if output.send(deltas).is_err() {
                return;
            }
        }
    }
}

/// Steps until nothing at or before `epoch` can change. Parks while it waits for other workers.
fn complete(worker: &mut Worker, views: &mut Views, epoch: Epoch) {
    views.advance_to(epoch + 1);
    let probe = views.probe.clone();
    worker.step_or_park_while(None, || probe.less_than(&(epoch + 1)));
}
