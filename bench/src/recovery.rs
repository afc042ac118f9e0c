//! `cargo xtask bench recovery`: `kill -9` with ten million lines in the journal that the database has not. How long
//! until the real `suiftly up` serves again, and until the database has caught up; then everything is counted again.
//!
//! PostgreSQL is stopped while the lines come in at full speed, and runs again before the start that is measured.
//! Times are from `exec` on. Bar: serving again, which is ready and a query answered, in 15 s.

use crate::loadgen::{LoadGenerator, LoadOptions};
use crate::report::{Row, load_average};
use crate::server::{Api, Server};
use anyhow::ensure;
use lexopt::prelude::*;
use serde_json::Value;
use std::ffi::OsString;
use std::time::Instant;
use suiftly_ingest::simulate::{GatewayOptions, Target};

const DEFAULT_LINES: u64 = 10_000_000;
/// Lines that the database has: the start goes on from something.
const FIRST_LINES: u64 = 100_000;
/// As `bench views` has it.
const CUSTOMERS: u32 = 100_000;
/// What the operator's first screen asks for: this month.
const QUERY: &str = "/api/v1/usage/summary";
const PIPELINE: &str = "/api/v1/pipeline";

fn lines(arguments: Vec<OsString>) -> anyhow::Result<u64> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut lines = DEFAULT_LINES;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("lines") => lines = parser.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!((1_000..=100_000_000).contains(&lines), "--lines must be 1000 to 100000000");
    Ok(lines)
}

/// Seconds until each stage, what it took, and whether all is there.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let lines = lines(arguments)?;
    let mut server = Server::prepare("recovery")?;
    let all = fill(&mut server, lines)?;
    server.kill();
    server.start_database()?;
    let mut rows = start_again(&mut server, lines, all)?;
    server.kill();
    rows.push(check(&server, all)?);
    Ok(rows)
}

/// Lines that the database has, then those that it has not; how many in all.
fn fill(server: &mut Server, lines: u64) -> anyhow::Result<u64> {
    let gateway = GatewayOptions { customers: CUSTOMERS, ..GatewayOptions::default() };
    let mut generator = LoadGenerator::new(&gateway);
    let to = Target::Tcp(server.syslog());
    server.start_database()?;
    server.start()?;
    server.wait_ready()?;
    generator.send(&LoadOptions::new(to.clone(), FIRST_LINES))?;
    server.wait("the first lines stored", |api| Some(stored(api)? >= FIRST_LINES))?;
    server.stop_database();
    let sent = generator.send(&LoadOptions::new(to, lines))?;
    let all = FIRST_LINES + lines;
    let rest = server.wait("all lines journaled", |api| Some(accepted(api)? >= all))?;
    eprintln!(
        "{lines} lines in {:.1} s without the database, all published {:.1} s later; load average {}",
        sent.seconds,
        rest.as_secs_f64(),
        load_average()
    );
    Ok(all)
}

fn start_again(server: &mut Server, lines: u64, all: u64) -> anyhow::Result<Vec<Row>> {
    let case = format!("kill -9, {lines} lines that the database has not");
    let mut rows = Vec::new();
    let began = Instant::now();
    server.start()?;
    let mut reached = |server: &mut Server, stage: &str| -> anyhow::Result<()> {
        let (seconds, process) = (began.elapsed().as_secs_f64(), server.process()?);
        let (cpu, peak) = (process.cpu_seconds()?, process.peak_megabytes()?);
        eprintln!("{stage}: {seconds:.2} s, {cpu:.2} CPU-s, {peak:.0} MB; load average {}", load_average());
        for (unit, value) in [("s", seconds), ("CPU-s", cpu), ("MB", peak)] {
            rows.push(Row::new(&format!("{case}: until {stage}"), "suiftly", unit, vec![value]));
        }
        Ok(())
    };
    server.wait("the API", |api| Some(api.get("/health").ok()?.status == 200))?;
    reached(server, "the API answers")?;
    server.wait_ready()?;
    reached(server, "ready")?;
    server.wait("a query", |api| requests(api).map(|_| true))?;
    reached(server, "a query is answered")?;
    server.wait("the whole sum", |api| Some(requests(api)? >= all))?;
    reached(server, "the answer has all lines")?;
    server.wait("stored", |api| Some(stored(api)? >= all))?;
    reached(server, "the database has all lines")?;
    let found = requests(&server.api()?);
    ensure!(found == Some(all), "the views have {found:?} requests of {all} lines");
    Ok(rows)
}

/// Each line of the journal against the records, and the records counted again against the views.
fn check(server: &Server, all: u64) -> anyhow::Result<Row> {
    let began = Instant::now();
    let found = server.check()?;
    for (name, expected) in [("distinct", all), ("stored", all), ("usage_differences", 0), ("damaged_blocks", 0)] {
        ensure!(found[name].as_u64() == Some(expected), "{name}: {} instead of {expected}", found[name]);
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(Row::new("each line found once, views equal to a recount", "suiftly db check", "s", vec![seconds]))
}

fn requests(api: &Api) -> Option<u64> {
    number(api, QUERY, "/counts/requests")
}

fn accepted(api: &Api) -> Option<u64> {
    number(api, PIPELINE, "/lines/accepted")
}

fn stored(api: &Api) -> Option<u64> {
    number(api, PIPELINE, "/store/records")
}

fn number(api: &Api, path: &str, pointer: &str) -> Option<u64> {
    api.json(path).ok()?.pointer(pointer).and_then(Value::as_u64)
}
