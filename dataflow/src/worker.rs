//! The workers' loop: take epochs, step until they are complete, give their deltas.

use crate::diff::{Billable, UsageDiff};
use crate::views::Views;
use crate::{EpochUsage, Seed};
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
    input: Receiver<EpochUsage>,
    output: Sender<EpochDeltas>,
}

/// Starts a worker per input; each sends, for each epoch it gets, its part of the deltas.
pub(crate) fn spawn(
    inputs: Vec<Receiver<EpochUsage>>,
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
        plant(worker, &mut views, &seed);
        run(worker, &mut views, &ends);
    })
}

/// Puts the totals of the past in, and drops what the views say of it: the store has it.
fn plant(worker: &mut Worker, views: &mut Views, seed: &Seed) {
    views.seed.advance_to(seed.epoch);
    if worker.index() == 0 {
        for (key, sums) in &seed.rated {
            views.seed.update(*key, Billable { requests: sums.billable_requests, bytes: sums.billable_bytes });
        }
    }
    complete(worker, views, seed.epoch);
    views.pending.borrow_mut().clear();
}

fn run(worker: &mut Worker, views: &mut Views, ends: &Ends) {
    let mut epochs = Vec::with_capacity(MAX_EPOCHS_A_STEP);
    while let Ok(first) = ends.input.recv() {
        epochs.push(feed(views, first));
        for next in ends.input.try_iter().take(MAX_EPOCHS_A_STEP - 1) {
            epochs.push(feed(views, next));
        }
        let last = epochs.last().copied().unwrap_or_default();
        complete(worker, views, last);
        for epoch in epochs.drain(..) {
            let none = || EpochDeltas { epoch, ..Default::default() };
            let deltas = views.pending.borrow_mut().remove(&epoch).unwrap_or_else(none);
            if ends.output.send(deltas).is_err() {
                return;
            }
        }
    }
}

fn feed(views: &mut Views, input: EpochUsage) -> Epoch {
    views.minutes.advance_to(input.epoch);
    for (key, sums) in input.usage {
        views.minutes.update(key, UsageDiff(sums));
    }
    input.epoch
}

/// Steps until nothing at or before `epoch` can change. Parks while it waits for other workers.
fn complete(worker: &mut Worker, views: &mut Views, epoch: Epoch) {
    views.advance_to(epoch + 1);
    let probe = views.probe.clone();
    worker.step_or_park_while(None, || probe.less_than(&(epoch + 1)));
}
