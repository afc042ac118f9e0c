//! The workers' loop: take epochs, step until they are complete, give their deltas.

use crate::views::{Views, hash};
use crate::{EpochInput, Seed};
use crossbeam_channel::{Receiver, Sender};
use std::sync::Mutex;
use suiftly_schema::ids::Epoch;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::view::EpochDeltas;
use timely::communication::WorkerGuards;
use timely::worker::Worker;

/// Epochs that are stepped together when they wait together: more costs latency, fewer costs throughput.
const MAX_EPOCHS_A_STEP: usize = 16;

struct Ends {
    input: Receiver<EpochInput>,
    output: Sender<EpochDeltas>,
}

/// Starts a worker per input; each sends, for each epoch it gets, its part of the deltas.
pub(crate) fn spawn(
    inputs: Vec<Receiver<EpochInput>>,
    outputs: Vec<Sender<EpochDeltas>>,
    seed: Seed,
    books: PriceBooks,
) -> Result<WorkerGuards<()>, String> {
    let config = timely::Config::process(inputs.len());
    // Each worker takes its own ends out of its place.
    let ends: Vec<_> =
        inputs.into_iter().zip(outputs).map(|(input, output)| Mutex::new(Some(Ends { input, output }))).collect();
    timely::execute(config, move |worker| {
        let place = &ends[worker.index()];
        let ends = place.lock().ok().and_then(|mut ends| ends.take()).expect("each worker starts once");
        let mut views = Views::build(worker, books.clone());
        plant(worker, &views, &seed);
        run(worker, &mut views, &ends);
    })
}

/// Goes on from the totals of the past: each worker from those of its customers.
fn plant(worker: &Worker, views: &Views, seed: &Seed) {
    let mut rated = views.rated.borrow_mut();
    for (key, sums) in &seed.rated {
        if hash(&Some(key.customer_id)) % worker.peers() as u64 == worker.index() as u64 {
            rated.plant(*key, sums);
        }
    }
}

fn run(worker: &mut Worker, views: &mut Views, ends: &Ends) {
    let mut epochs = Vec::with_capacity(MAX_EPOCHS_A_STEP);
    while let Ok(first) = ends.input.recv() {
        epochs.push(first.epoch);
        views.feed(first);
        for next in ends.input.try_iter().take(MAX_EPOCHS_A_STEP - 1) {
            epochs.push(next.epoch);
            views.feed(next);
        }
        let last = epochs.last().copied().unwrap_or_default();
        complete(worker, views, last);
        for epoch in epochs.drain(..) {
            let (_, deltas) = views.pending.borrow_mut().remove(&epoch).expect("an epoch that was fed");
            if ends.output.send(deltas).is_err() {
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
