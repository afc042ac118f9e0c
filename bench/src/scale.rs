//! `cargo xtask bench scale`: what internet scale would take, on paper and by simulation. A thousand gateways, ten
//! million requests a second of as many customers, in three regions; any other size by options.
//!
//! On paper ([`sizing`], [`limits`]): machines, bytes and dollars, and how much of what is asked each bound would
//! carry; the least of them breaks first. By simulation ([`model`]): a discrete-event model with a seed, the same for
//! the same seed. It tells how long lines take, what piles up where, what is lost, and how long it takes to serve again
//! when an ingester, a process, the database or a region is away. What things cost is measured here, or assumed and
//! named so ([`costs`]): `--inputs`.
//!
//! **Granularity.** What a gateway writes in a tick (10 ms; `--tick-us`) goes its way at once, and lines are told apart
//! by their numbers only; so a time is right to half a tick. Customers are not told apart: epochs and commits are
//! reckoned to meet as many as Zipf's law has in so many lines. A thousand gateways are some 200,000 events a second of
//! simulated time. Faults are simulated for five times as long, with ticks of five times the length.
//!
//! **Left out**: timely's own messages between many workers, TLS of the gateways' rings, the processor time of the API
//! for deltas, what a database loses when many write at once, and everything of money but the month's close. None of
//! them was measured at a size that would tell.
//!
//! ```text
//! --gateways N --rate LINES/S --customers N --zipf E --regions N --homes 1|2    what is asked
//! --ingesters N (a region) --processes N --workers N (a process)                how many; otherwise as many as it takes
//! --without-raw --add-up       no raw records in PostgreSQL; what waits for it is added up while it waits
//! --fault region:0@30+60 …     ingester:4@30+10, process@30 (killed), process@30+8 (silent), database@30+20; none: each once
//! --set NAME=VALUE …           another cost, bound or price; --inputs lists them with their sources
//! --seconds N --tick-us N --hour H --seed N --fast
//! --check                      at the sizes of bench ingest, views, store, freshness: the model beside what they measured;
//!                              and beside docs/proof/cluster.md, where it fails if it is too far off
//! ```

mod check;
mod cluster;
mod costs;
mod customers;
mod events;
mod limits;
mod lines;
mod model;
mod options;
mod report;
mod sizing;
mod tally;
#[cfg(test)]
mod tests;

use crate::report::Row;
use costs::Costs;
use events::{Fault, Part, SECOND_US};
use options::{Options, Task};
use sizing::{Asked, Size};
use std::ffi::OsString;

const CHECK: &str = "scale-check";
const FAST: &str = "scale-fast";
const INPUTS: &str = "scale-inputs";
/// As many times as long, and as coarse, as an undisturbed run.
const FAULT_TIMES: u64 = 5;
/// What may wait for the database once it is added up: room for each customer twice.
const ADDED_UP_MIB: f64 = 1_024.0;

/// Reckons, simulates, or checks; says under which name the rows are to be kept, too.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<(&'static str, Vec<Row>)> {
    let options = Options::parse(arguments)?;
    Ok(match options.task {
        Task::Inputs => (INPUTS, options.costs.rows()),
        Task::Check => (CHECK, check::rows(&options.costs)?),
        Task::Reckon if options.is_fast => (FAST, reckon(&options)),
        Task::Reckon => ("scale", reckon(&options)),
    })
}

/// Faults that are named are simulated together, once. Otherwise: as it is asked for, as it would have to be, and then
/// with each kind of fault.
fn reckon(options: &Options) -> Vec<Row> {
    let asked = Asked::new(options.size.clone(), options.costs.clone());
    if !asked.size.faults.is_empty() {
        return disturbed("asked", &asked);
    }
    let changed = changed(&asked);
    let mut rows = undisturbed("as built", &asked);
    rows.extend(undisturbed("changed", &changed));
    for fault in faults(&asked.size) {
        rows.extend(disturbed("changed", &longer(&changed, fault)));
    }
    rows
}

/// What would have to be built for it: raw records stay out of PostgreSQL, what waits for it is added up.
fn changed(asked: &Asked) -> Asked {
    let size = Size { keeps_raw: false, adds_up: true, ..asked.size.clone() };
    let waiting_mib = asked.costs.waiting_mib.max(ADDED_UP_MIB);
    Asked::new(size, Costs { waiting_mib, ..asked.costs.clone() })
}

/// Half an undisturbed run after the beginning: each part once, for as long as it may be in life.
fn faults(size: &Size) -> Vec<Fault> {
    let at_us = size.seconds * SECOND_US / 2;
    let of = |part, lasts_s: Option<u64>| Fault::new(part, at_us, lasts_s.map(|seconds| seconds * SECOND_US));
    let mut all = vec![
        of(Part::Ingester(0), Some(10)),
        of(Part::Process, None),
        of(Part::Process, Some(10)),
        of(Part::Database, Some(30)),
    ];
    if size.regions > 1 {
        // That without the dataflow, and that with it.
        all.extend([of(Part::Region(1), None), of(Part::Region(0), None)]);
    }
    all
}

fn longer(asked: &Asked, fault: Fault) -> Asked {
    let mut longer = asked.clone();
    longer.size.seconds *= FAULT_TIMES;
    longer.size.tick_us *= FAULT_TIMES;
    longer.size.faults = vec![fault];
    longer
}

fn undisturbed(case: &str, asked: &Asked) -> Vec<Row> {
    let mut rows = report::on_paper(case, asked);
    let outcome = model::simulate(asked);
    eprintln!("{}", report::told(case, &outcome));
    rows.extend(report::undisturbed(case, &outcome));
    rows
}

fn disturbed(case: &str, asked: &Asked) -> Vec<Row> {
    let outcome = model::simulate(asked);
    let faults: Vec<String> = asked.size.faults.iter().map(Fault::to_string).collect();
    let case = format!("{case}, {}", faults.join(" and "));
    eprintln!("{}", report::told(&case, &outcome));
    report::disturbed(&case, &outcome)
}
