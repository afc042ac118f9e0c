//! `cargo xtask bench views`: from partial sums to all views' deltas, CPU time of the whole process.

use crate::cpu;
use crate::report::Row;
use suiftly_dataflow::{Dataflow, EpochUsage, Seed};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, UsageKey, UsageSums};

const EPOCHS: u64 = 200;
const LINES_AN_EPOCH: i64 = 10_000;
const RUNS: usize = 5;

/// CPU-seconds per million lines, for few and for many distinct keys an epoch.
pub fn run() -> anyhow::Result<Vec<Row>> {
    [500, 5_500].into_iter().map(case).collect()
}

fn case(keys_an_epoch: i64) -> anyhow::Result<Row> {
    let millions = (EPOCHS.cast_signed() * LINES_AN_EPOCH) as f64 / 1e6;
    let runs: anyhow::Result<Vec<_>> =
        (0..RUNS).map(|_| Ok(cpu::of_work(|| feed(keys_an_epoch))?.1 / millions)).collect();
    let case = format!("{LINES_AN_EPOCH} lines an epoch, pre-aggregated to {keys_an_epoch} keys, 1 worker");
    Ok(Row::new(&case, "suiftly", "CPU-s per million lines", runs?))
}

fn feed(keys: i64) {
    let started = Dataflow::start(1, Seed::default(), PriceBooks::v1());
    let (dataflow, deltas) = started.expect("one worker starts");
    let taker = std::thread::spawn(move || deltas.iter().map(|deltas| deltas.minutes.len()).sum::<usize>());
    for epoch in 1..=EPOCHS {
        dataflow.send(EpochUsage { epoch, usage: usage(epoch, keys) }).expect("the worker lives");
    }
    drop(dataflow);
    let rows = taker.join().expect("the taker ends");
    assert_eq!(rows as u64, EPOCHS * keys.unsigned_abs(), "every key comes out at every epoch");
}

/// 90 days in so many epochs, so that hours and months change as they do in life.
fn usage(epoch: u64, keys: i64) -> Vec<(MinuteKey, UsageSums)> {
    let at = UnixMillis(1_790_000_000_000 + epoch.cast_signed() * (90 * 86_400_000 / EPOCHS.cast_signed()));
    let requests = LINES_AN_EPOCH / keys;
    let sums = UsageSums {
        guaranteed: requests,
        billable_requests: requests,
        bytes_sent: requests * 200,
        ..Default::default()
    };
    let key = |customer| MinuteKey {
        usage: UsageKey {
            customer_id: CustomerId::new(customer),
            service: Some(Service::Seal),
            network: Some(Network::Mainnet),
        },
        minute: at.minute(),
    };
    (1..=keys).map(|customer| (key(customer), sums)).collect()
}
