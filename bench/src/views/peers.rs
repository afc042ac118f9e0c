//! usage_per_hour by others, of the same million records: by dbsp, which is built for it (`bench/dbsp`), and by a
//! continuous aggregate of TimescaleDB compiled to WebAssembly (`bench/timescale`).
//!
//! They are given records, with five sums, and make one view. Ours twice: from the lines, with all views and their
//! histograms; and from the records one by one, which are usage by minute and hour, rated and spend, with histograms.
//! Each must come to as many rows, requests and bytes as a recount.

use super::feed::{self, Feed, LINES_AN_EPOCH, START, decode};
use crate::cpu;
use crate::report::{self, Row};
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use suiftly_dataflow::{Dataflow, EpochInput, Seed};
use suiftly_ingest::decode::{DecodeConfig, Decoder};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_schema::partial::Partials;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::usage::{MinuteKey, Usage};
use suiftly_schema::view::{EpochDeltas, HourKey};

const EPOCHS: u64 = 100;
const RUNS: usize = 3;
const CUSTOMERS: u32 = 100_000;
const TIMESCALE: &str = "bench/timescale/usage_per_hour.mjs";

/// What usage_per_hour came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
struct Outcome {
    rows: i64,
    requests: i64,
    bytes: i64,
}

/// What a peer says.
#[derive(Debug, Deserialize)]
struct Said {
    version: Option<String>,
    cpu_seconds: BTreeMap<String, f64>,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Ours and theirs.
pub(super) fn rows() -> anyhow::Result<Vec<Row>> {
    let gateway = GatewayOptions { customers: CUSTOMERS, ..GatewayOptions::default() };
    let records = records(&gateway);
    let expected = recount(&records);
    let mut rows = vec![from_lines(&gateway, expected)?, from_records(&records, expected)?];
    let dir = report::dir()?;
    let file = dir.join(format!("records-{}", std::process::id()));
    write(&file, &records)?;
    let theirs = others(&file, &dir.join("dbsp/release/suiftly-bench-dbsp"), expected);
    std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    rows.extend(theirs?);
    Ok(rows)
}

/// The records of each epoch.
fn records(gateway: &GatewayOptions) -> Vec<Vec<(MinuteKey, Usage)>> {
    let (mut gateway, mut decoder) = (SimulatedGateway::new(gateway, START), Decoder::new(DecodeConfig::REPLAY));
    let what = Feed::at_rate(GatewayOptions::default(), EPOCHS);
    let mut start = 0;
    let epochs = (1..=EPOCHS).map(|number| {
        let block = feed::block(&mut gateway, 1 + number, what.epoch_start(number), start);
        start = block.end;
        let batch = decode(&mut decoder, block.into_buffer());
        let usage_of = |record| {
            let mut usage = Usage::default();
            usage.add(record);
            (MinuteKey::of(record), usage)
        };
        batch.records.iter().map(usage_of).collect()
    });
    epochs.collect()
}

fn recount(records: &[Vec<(MinuteKey, Usage)>]) -> Outcome {
    let mut hours: HashMap<[i64; 4], (i64, i64)> = HashMap::new();
    for (key, usage) in records.iter().flatten() {
        let (requests, bytes) = hours.entry(place(key)).or_default();
        *requests += usage.sums.requests();
        *bytes += usage.sums.bytes_sent;
    }
    let sum = |of: fn(&(i64, i64)) -> i64| hours.values().map(of).sum();
    Outcome { rows: hours.len().cast_signed() as i64, requests: sum(|sums| sums.0), bytes: sum(|sums| sums.1) }
}

/// Customer, hour, service, network, as the peers have them.
fn place(key: &MinuteKey) -> [i64; 4] {
    let usage = &key.usage;
    let customer = usage.customer_id.map_or(0, |id| id.get());
    let service = usage.service.map_or(0, |service| i64::from(service.number()));
    let network = usage.network.map_or(-1, |network| i64::from(network.number()));
    [customer, key.minute.hour().0, service, network]
}

fn from_lines(gateway: &GatewayOptions, expected: Outcome) -> anyhow::Result<Row> {
    let what = Feed::at_rate(gateway.clone(), EPOCHS);
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let (send, hours) = channel();
        let give = move |deltas: EpochDeltas| send.send(deltas.hours).expect("the hours are taken");
        feed::feed(&what, give, |cpu, _| {
            runs.push(cpu / millions());
            Ok(())
        })?;
        check("suiftly", expected, outcome(hours.try_iter().flatten()))?;
    }
    Ok(row("suiftly, from the lines, all views", runs))
}

fn from_records(records: &[Vec<(MinuteKey, Usage)>], expected: Outcome) -> anyhow::Result<Row> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let inputs: Vec<_> = (1..).zip(records).map(|(epoch, usage)| input(epoch, usage.clone())).collect();
        let (mut dataflow, deltas) = Dataflow::start(1, Seed::default(), PriceBooks::v1())?;
        let taker = std::thread::spawn(move || deltas.iter().map(|deltas| deltas.hours).collect::<Vec<_>>());
        let (hours, cpu) = cpu::of_work(|| {
            inputs.into_iter().try_for_each(|input| dataflow.send(input))?;
            drop(dataflow);
            anyhow::Ok(taker.join().expect("the taker ends"))
        })?;
        check("suiftly", expected, outcome(hours?.into_iter().flatten()))?;
        runs.push(cpu / millions());
    }
    Ok(row("suiftly, from the records, usage by minute and hour, rated, spend", runs))
}

fn input(epoch: u64, usage: Vec<(MinuteKey, Usage)>) -> EpochInput {
    let partials = Partials { usage, ..Partials::default() };
    EpochInput { epoch, cut_at: START.plus_ms(epoch.cast_signed()), partials, ..EpochInput::default() }
}

fn outcome(hours: impl Iterator<Item = (HourKey, Usage)>) -> Outcome {
    let (mut keys, mut outcome) = (HashSet::new(), Outcome::default());
    for (key, usage) in hours {
        keys.insert(key);
        outcome.requests += usage.sums.requests();
        outcome.bytes += usage.sums.bytes_sent;
    }
    Outcome { rows: keys.len().cast_signed() as i64, ..outcome }
}

fn check(subject: &str, expected: Outcome, found: Outcome) -> anyhow::Result<()> {
    ensure!(found == expected, "{subject} came to {found:?}, a recount to {expected:?}");
    Ok(())
}

/// Nine words a record: its place and five sums.
fn write(path: &Path, records: &[Vec<(MinuteKey, Usage)>]) -> anyhow::Result<()> {
    let words = records.iter().flatten().flat_map(|(key, usage)| {
        let sums = &usage.sums;
        let five = [sums.requests(), sums.billable_requests, sums.bytes_sent, sums.billable_bytes, sums.time_total_ms];
        place(key).into_iter().chain(five)
    });
    let bytes: Vec<u8> = words.flat_map(i64::to_le_bytes).collect();
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn others(file: &Path, dbsp: &Path, expected: Outcome) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    if dbsp.is_file() {
        let of = |version: &str, what: &str| format!("dbsp {version}, {what}");
        rows.extend(peer(Command::new(dbsp).arg(file), expected, of)?);
    } else {
        eprintln!("dbsp is not built (`cargo xtask bench views --peers` does): not measured");
    }
    if Path::new("schema/store/tests/timescale/node_modules").is_dir() {
        let of = |version: &str, what: &str| format!("TimescaleDB {version} in WebAssembly, cagg: {what}");
        rows.extend(peer(Command::new("node").arg(TIMESCALE).arg(file), expected, of)?);
    } else {
        eprintln!("TimescaleDB is not installed (`cargo xtask bench views --peers` does): not measured");
    }
    Ok(rows)
}

/// A row for each thing that a peer measured.
fn peer(command: &mut Command, expected: Outcome, of: impl Fn(&str, &str) -> String) -> anyhow::Result<Vec<Row>> {
    let mut runs: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..RUNS {
        let said = ask(command)?;
        let version = said.version.unwrap_or_default();
        check(&of(&version, "usage_per_hour"), expected, said.outcome)?;
        for (what, cpu) in said.cpu_seconds {
            runs.entry(of(&version, &what)).or_default().push(cpu / millions());
        }
    }
    Ok(runs.into_iter().map(|(subject, runs)| row(&subject, runs)).collect())
}

fn ask(command: &mut Command) -> anyhow::Result<Said> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {program}"))?;
    ensure!(output.status.success(), "{program} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{program} did not say what it did"))
}

fn row(subject: &str, runs: Vec<f64>) -> Row {
    let case = format!("usage_per_hour, {CUSTOMERS} customers, Zipf 1, epochs of {LINES_AN_EPOCH}");
    Row::new(&case, subject, "CPU-s per million lines", runs)
}

fn millions() -> f64 {
    (EPOCHS * LINES_AN_EPOCH) as f64 / 1e6
}
