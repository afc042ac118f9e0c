//! `suiftly-bench-dbsp RECORDS`: usage_per_hour by dbsp, for `cargo xtask bench views --peers`.
//!
//! Reads records of nine little-endian i64: customer, hour, service, network, and five sums. They are given to an
//! incremental circuit, as many at a time as an epoch of ours has, and the changes are taken each time. Says the CPU time of
//! that, and what came out, as JSON. Reading the file and making the batches does not count.

use anyhow::{Context, Result, ensure};
use dbsp::circuit::CircuitConfig;
use dbsp::typed_batch::IndexedZSetReader;
use dbsp::utils::{Tup2, Tup4, Tup5};
use dbsp::{IndexedZSetHandle, OrdIndexedZSet, OutputHandle, RootCircuit, Runtime, ZWeight};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Customer, hour, service, network.
type Key = Tup4<i64, i64, i64, i64>;
/// Requests, billable requests, bytes, billable bytes, milliseconds.
type Sums = Tup5<i64, i64, i64, i64, i64>;
type Batch = Vec<Tup2<Key, Tup2<Sums, ZWeight>>>;

const RECORD_BYTES: usize = 9 * 8;
/// An epoch's.
const RECORDS_A_BATCH: usize = 10_000;

/// What came out: the changes added up.
#[derive(Default)]
struct Outcome {
    rows: i64,
    requests: i64,
    bytes: i64,
}

fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).context("name the file of records")?;
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(bytes.len() % RECORD_BYTES == 0, "{} is cut off", path.display());
    let batches = batches(&bytes);
    let (mut circuit, (input, output)) = Runtime::init_circuit(CircuitConfig::with_workers(1), usage_per_hour)?;
    let mut outcome = Outcome::default();
    let before = cpu_seconds()?;
    for mut batch in batches {
        input.append(&mut batch);
        circuit.transaction()?;
        add(&mut outcome, &output);
    }
    let cpu = cpu_seconds()? - before;
    let Outcome { rows, requests, bytes } = outcome;
    println!(
        r#"{{"version": "0.349.0", "cpu_seconds": {{"usage_per_hour": {cpu}}}, "rows": {rows}, "requests": {requests}, "bytes": {bytes}}}"#
    );
    Ok(())
}

/// Keeps the totals, and gives for each one that changes what it was and what it is: what dbsp has for sums.
fn usage_per_hour(
    circuit: &mut RootCircuit,
) -> Result<(IndexedZSetHandle<Key, Sums>, OutputHandle<OrdIndexedZSet<Key, Sums>>)> {
    let (records, input) = circuit.add_input_indexed_zset::<Key, Sums>();
    Ok((input, records.aggregate_linear(Sums::clone).output()))
}

fn add(outcome: &mut Outcome, output: &OutputHandle<OrdIndexedZSet<Key, Sums>>) {
    for (_, Tup5(requests, _, bytes, _, _), weight) in output.consolidate().iter() {
        outcome.rows += weight;
        outcome.requests += requests * weight;
        outcome.bytes += bytes * weight;
    }
}

fn batches(bytes: &[u8]) -> Vec<Batch> {
    bytes.chunks(RECORD_BYTES * RECORDS_A_BATCH).map(|batch| batch.chunks(RECORD_BYTES).map(record).collect()).collect()
}

fn record(bytes: &[u8]) -> Tup2<Key, Tup2<Sums, ZWeight>> {
    let mut words = bytes.chunks_exact(8).map(|word| i64::from_le_bytes(word.try_into().expect("8 bytes")));
    let mut next = || words.next().expect("nine words");
    let key = Tup4(next(), next(), next(), next());
    Tup2(key, Tup2(Tup5(next(), next(), next(), next(), next()), 1))
}

fn cpu_seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).context("cannot read the CPU time used")?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64 / 1e6)
}
