//! The workers' loop: take epochs, step until they are complete, give their deltas.

use crate::reference::Reference;
use crate::sum::hash;
use crate::views::Views;
use crate::{Seed, WorkerInput, shares};
use crossbeam_channel::{Receiver, Sender};
use std::sync::Mutex;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::partial::Partials;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::view::{EpochDeltas, RatedKey, RatedSums};
use timely::communication::WorkerGuards;
use timely::worker::Worker;

/// Epochs that are stepped together when they wait together: more costs latency, fewer costs throughput.
const MAX_EPOCHS_A_STEP: usize = 16;

struct Ends {
    input: Receiver<WorkerInput>,
    output: Sender<EpochDeltas>,
    plant: Plant,
}

/// What a worker goes on from.
#[derive(Default)]
pub(crate) struct Plant {
    rated: Vec<(RatedKey, RatedSums)>,
    rated_in_all: Vec<(CustomerId, MicroUsd)>,
    /// The reference data, as an epoch whose deltas the store has.
    input: Option<WorkerInput>,
}

/// Parts a seed: to each worker what is its customers'.
pub(crate) fn plants(seed: Seed, reference: &mut Reference, workers: usize) -> Vec<Plant> {
    let mut plants: Vec<_> = (0..workers).map(|_| Plant::default()).collect();
    // As the exchange does it.
    let of = |id: CustomerId| usize::try_from(hash(&Some(id)) % workers as u64).unwrap_or_default();
    seed.rated.into_iter().for_each(|row| plants[of(row.0.customer_id)].rated.push(row));
    seed.rated_in_all.into_iter().for_each(|row| plants[of(row.0)].rated_in_all.push(row));
    let known =
        seed.reference.into_iter().filter(|entity| !matches!(entity, Entity::PriceBook(_) | Entity::LogFormat(_)));
    let changes = known.map(|entity| ReferenceChange { seq: 0, entity }).collect();
    let told = reference.take(changes, seed.cut_at, workers);
    for (plant, share) in plants.iter_mut().zip(shares(seed.epoch, seed.cut_at, Partials::default(), told)) {
        plant.input = Some(share);
    }
    plants
}

/// Starts a worker per input; each sends, for each epoch it gets, its part of the deltas.
pub(crate) fn spawn(
    inputs: Vec<Receiver<WorkerInput>>,
    outputs: Vec<Sender<EpochDeltas>>,
    plants: Vec<Plant>,
    books: PriceBooks,
) -> Result<WorkerGuards<()>, String> {
    let config = timely::Config::process(inputs.len());
    // Each worker takes its own ends out of its place.
    let ends = inputs.into_iter().zip(outputs).zip(plants);
    let ends: Vec<_> = ends.map(|((input, output), plant)| Mutex::new(Some(Ends { input, output, plant }))).collect();
    timely::execute(config, move |worker| {
        let place = &ends[worker.index()];
        let ends = place.lock().ok().and_then(|mut ends| ends.take()).expect("each worker starts once");
        let Ends { input, output, plant } = ends;
        let mut views = Views::build(worker, books.clone());
        put(worker, &mut views, plant);
        run(worker, &mut views, &input, &output);
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

fn run(worker: &mut Worker, views: &mut Views, input: &Receiver<WorkerInput>, output: &Sender<EpochDeltas>) {
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
            let (_, deltas) = views.pending.borrow_mut().remove(&epoch).expect("an epoch that was fed");
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
