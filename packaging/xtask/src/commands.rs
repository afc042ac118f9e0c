//! The smaller tasks: console, db, bench, check-imports.

use crate::args::MoneyOptions;
use crate::bench_all;
use crate::build;
use crate::database::{db, lock};
use crate::imports;
use crate::install::{self, NEXTEST};
use crate::peers;
use crate::places::{Places, cargo, metadata};
use crate::process::{run, run_quietly};
use crate::stack::token_file;
use crate::up::DATA_DIR;
use crate::web_bench;
use anyhow::{Context as _, ensure};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Builds the desktop console and opens it on the running system.
pub(crate) fn console(arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_BUILD_DESKTOP)?;
    build::desktop_ui(&places)?;
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "suiftly-console", "--"]).args(arguments);
    let token_file = token_file(&places.data_dir(DATA_DIR));
    if std::env::var_os("SUIFTLY_TOKEN_FILE").is_none() && token_file.is_file() {
        command.env("SUIFTLY_TOKEN_FILE", token_file);
    }
    run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the database and the journal anew.
pub(crate) fn db_reset(deployment: &str, data_dir: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    build::suiftly(&places, false)?;
    let data_dir = data_dir.unwrap_or_else(|| places.data_dir(DATA_DIR));
    let _alone = lock(&data_dir)?;
    let suiftly = places.suiftly(false);
    let outcome = run(db(&suiftly, "reset", &data_dir).args(["--deployment", deployment]));
    // It is started to be reset; nobody needs it afterwards.
    run_quietly(&mut db(&suiftly, "stop", &data_dir))?;
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// Runs a benchmark; it prints its own table and writes its own results. What it runs beside is fetched before.
pub(crate) fn bench(arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let name = arguments.first().map(|name| name.to_string_lossy());
    let name = name.context("`cargo xtask bench` needs a benchmark's name")?;
    let places = Places::find()?;
    if name == "all" {
        return bench_all::all(&places, &arguments[1..]);
    }
    if name == "web" {
        web_bench::web(&places, &arguments[1..])?;
        return Ok(ExitCode::SUCCESS);
    }
    for missing in peers::fetch(&places, &name, arguments)? {
        println!("{missing}");
    }
    // A smoke test of the loop takes what other checks have built.
    let is_smoke = name == "loop" && arguments.iter().any(|argument| argument == "--fast");
    let mut build = cargo();
    build.args(["build", "--quiet", "--package", "suiftly-bench"]);
    if !is_smoke {
        build.arg("--release");
    }
    if matches!(&*name, "api" | "chain" | "freshness" | "loop" | "recovery" | "replay") {
        build.args(["--package", "suiftly"]);
    }
    run(&mut build)?;
    run(benchmark(&places, !is_smoke).args(arguments))?;
    Ok(ExitCode::SUCCESS)
}

/// The program of the benchmarks, as it was built.
pub(crate) fn benchmark(places: &Places, release: bool) -> Command {
    let mut command = Command::new(places.suiftly(release).with_file_name("suiftly-bench"));
    command.current_dir(&places.root).env("CARGO_TARGET_DIR", &places.target);
    command.env("SUIFTLY_BENCH_DATA_DIR", places.data_dir("bench-data"));
    command
}

/// Holds the workspace against the allowed edges.
pub(crate) fn check_imports() -> anyhow::Result<ExitCode> {
    let found = imports::violations(&metadata()?)?;
    for violation in &found {
        println!("{violation}");
    }
    ensure!(found.is_empty(), "{} forbidden dependencies", found.len());
    println!("imports run one way");
    Ok(ExitCode::SUCCESS)
}

/// The simulation of the binary's tests, on so many seeds; the variables are what it reads.
pub(crate) fn simulation(runs: u64, seed: u64) -> Command {
    let mut command = test_of_the_binary("sim::whatever_happens_the_result_is_that_of_the_undisturbed_run");
    command.env("SUIFTLY_SIM_RUNS", runs.to_string()).env("SUIFTLY_SIM_SEED", seed.to_string());
    command
}

/// The same of money.
pub(crate) fn money_simulation(options: MoneyOptions) -> Command {
    let mut command = test_of_the_binary("money::fourteen_months_come_out_to_the_last_micro_dollar");
    let MoneyOptions { customers, months, seed, escrow } = options;
    command.env("SUIFTLY_SIM_CUSTOMERS", customers.to_string()).env("SUIFTLY_SIM_MONTHS", months.to_string());
    command.env("SUIFTLY_SIM_SEED", seed.to_string()).env("SUIFTLY_SIM_ESCROW", escrow.word());
    command
}

/// Charges on a local chain that loses answers: each is drawn once.
pub(crate) fn charges_simulation(count: u32) -> Command {
    let name = "sui::many::each_of_many_charges_is_drawn_once_while_answers_are_lost";
    let mut command = test_of("suiftly-settlement", name);
    command.env("SUIFTLY_SIM_CHARGES", count.to_string());
    command
}

fn test_of_the_binary(name: &str) -> Command {
    test_of("suiftly", name)
}

fn test_of(package: &str, name: &str) -> Command {
    let mut command = cargo();
    // The whole workspace, as other checks build it: a package by itself would be built anew, with other features.
    let chosen = format!("package({package}) and test(={name})");
    command.args(["nextest", "run", "--workspace", "--profile", "simulation", "--no-capture", "-E", &chosen]);
    command
}

/// Runs it by itself.
pub(crate) fn simulate(runs: u64, seed: u64) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    install::cargo_tool(NEXTEST)?;
    run(&mut simulation(runs, seed))?;
    println!("{runs} runs from seed {seed}: each ended as the undisturbed run does");
    Ok(ExitCode::SUCCESS)
}

/// The same of money; it tells its own figures.
pub(crate) fn simulate_money(options: MoneyOptions) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    install::cargo_tool(NEXTEST)?;
    run(&mut money_simulation(options))?;
    Ok(ExitCode::SUCCESS)
}

/// Charges on a local chain; it tells its own figures.
pub(crate) fn simulate_charges(count: u32) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    install::cargo_tool(NEXTEST)?;
    run(&mut charges_simulation(count))?;
    Ok(ExitCode::SUCCESS)
}
