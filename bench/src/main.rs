//! `suiftly-bench NAME`: runs a benchmark, prints its table and writes its JSON. `cargo xtask bench NAME` calls it.
//! `suiftly-bench loadgen` sends lines and tells what that took.

use anyhow::bail;
use std::ffi::OsString;
use std::process::ExitCode;
use suiftly_bench::report::{self, Row};
use suiftly_bench::{
    api, archive, child, freshness, gateway, ingest, loadgen, loop_back, money, proof, query, recovery, replay, scale,
    store, vault, views,
};

const NAMES: [&str; 17] = [
    "api",
    "archive",
    "chain",
    "freshness",
    "gateway",
    "ingest",
    "loadgen",
    "loop",
    "money",
    "proof",
    "query",
    "recovery",
    "replay",
    "scale",
    "store",
    "vault",
    "views",
];

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let name = arguments.next().unwrap_or_default();
    match run(&name.to_string_lossy(), arguments.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("suiftly-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, arguments: Vec<OsString>) -> anyhow::Result<()> {
    let said = match name {
        "api" => tell(name, &api::run(arguments)?)?,
        "archive" => tell(name, &archive::run(arguments)?)?,
        "chain" => tell(name, &ingest::chain::run(&arguments)?)?,
        "freshness" => tell(name, &freshness::run(arguments)?)?,
        "gateway" => tell(name, &gateway::run(arguments)?)?,
        "ingest" => tell(name, &ingest::run(arguments)?)?,
        "loop" => {
            let (name, rows) = loop_back::run(arguments)?;
            tell(name, &rows)?
        }
        "money" => tell(name, &money::run(arguments)?)?,
        "proof" => tell(name, &proof::run(arguments)?)?,
        "query" => tell(name, &query::run(arguments)?)?,
        "recovery" => tell(name, &recovery::run(arguments)?)?,
        "replay" => tell(name, &replay::run(arguments)?)?,
        "scale" => {
            let (name, rows) = scale::run(arguments)?;
            tell(name, &rows)?
        }
        "store" => {
            let (name, rows) = store::run(&arguments)?;
            tell(name, &rows)?
        }
        "vault" => tell(name, &vault::run(arguments)?)?,
        "views" => {
            let (name, rows) = views::run(arguments)?;
            tell(name, &rows)?
        }
        "loadgen" => loadgen::run(arguments)?,
        // What `ingest` starts.
        child::TIED => child::become_tied(arguments)?,
        ingest::ours::SUIFTLY => ingest::ours::run_suiftly(arguments, print)?,
        ingest::ours::COUNT => ingest::ours::run_count(arguments, print)?,
        _ => bail!("name a benchmark: {}; `cargo bench -p suiftly-bench` runs the criterion benches", NAMES.join(", ")),
    };
    print(&said);
    Ok(())
}

fn tell(name: &str, rows: &[Row]) -> anyhow::Result<String> {
    let path = report::write(name, rows)?;
    Ok(format!("{}written to {}\n", report::table(rows), path.display()))
}

#[expect(clippy::print_stdout, reason = "the result goes to standard output")]
fn print(text: &str) {
    print!("{text}");
}
