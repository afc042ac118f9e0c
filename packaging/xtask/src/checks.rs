//! `cargo xtask test`: every check there is, in the order in which they fail fastest.

use crate::args::{CHARGES_DEFAULT, KILLS_DEFAULT, MONEY_DEFAULT, MONEY_ON_SUI, SIMULATIONS_DEFAULT};
use crate::book;
use crate::build;
use crate::cluster;
use crate::commands;
use crate::contract;
use crate::deb;
use crate::end_to_end;
use crate::fuzz;
use crate::imports;
use crate::install::{self, DENY, NEXTEST, TAURI_DRIVER};
use crate::kill;
use crate::monitoring;
use crate::package;
use crate::places::{Places, cargo, metadata};
use crate::restore;
use crate::signals::Interrupt;
use crate::steps::{Beside, Steps};
use anyhow::{Context as _, ensure};
use std::process::{Command, ExitCode};

/// The kills of a check come at the same moments each time, as far as a machine allows.
const KILL_SEED: u64 = 1;

/// The console's tests that need a desktop's keychain beside them.
const KEYCHAIN: &str = "package(suiftly-console) and test(/^keychain::/)";

/// What sources are called.
const SOURCES: [&str; 9] = ["*.rs", "*.ts", "*.tsx", "*.mjs", "*.move", "*.sh", "*.sql", "*.py", "*.md"];

/// Runs the checks; `quick` leaves out what needs a running system.
pub(crate) fn test(quick: bool) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    let interrupt = Interrupt::catch()?;
    let mut steps = Steps::new(places.target.join("xtask-test"), interrupt)?;
    let outcome = all(&places, &mut steps, quick);
    steps.close(outcome.is_ok());
    outcome.map(|()| ExitCode::SUCCESS)
}

fn all(places: &Places, steps: &mut Steps, quick: bool) -> anyhow::Result<()> {
    steps.work("what the checks need", || install_all(places, quick))?;
    steps.command("formatting", cargo().args(["fmt", "--all", "--check", "--", "--color", "never"]))?;
    let fuzz_targets = ["fmt", "--manifest-path", "ingest/fuzz/Cargo.toml", "--check", "--", "--color", "never"];
    steps.command("formatting of the fuzz targets", cargo().args(fuzz_targets))?;
    steps.work("imports run one way", || {
        let found = imports::violations(&metadata()?)?;
        ensure!(found.is_empty(), "{}", found.join("\n"));
        Ok(())
    })?;
    steps.work("no source is left out of the repository", || {
        let ignored = ignored_sources(places)?;
        ensure!(ignored.is_empty(), "git ignores these, and a clone lacks them:\n{ignored}");
        Ok(())
    })?;
    steps.work("packages of the front ends", || build::npm_ci(places))?;
    for (name, script) in [
        ("lint of the front ends", "lint"),
        ("types of the front ends", "typecheck"),
        ("tests of the front ends", "test"),
        ("build of the front ends", "build"),
    ] {
        steps.command(name, &mut build::npm(&places.console(), &["run", script]))?;
    }
    steps.command(
        "size of the dashboard's first load",
        &mut build::npm(&places.console(), &["run", "size", "-w", "@suiftly/web"]),
    )?;
    let generated = ["run", "gen:check", "-w", "@suiftly/ui"];
    steps.command("generated API client is up to date", &mut build::npm(&places.console(), &generated))?;
    contract_in_move(places, steps)?;
    steps.command("clippy", cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    licences(steps)?;
    steps.command("build", cargo().args(["build", "--workspace", "--bins", "--tests"]))?;
    steps.command("tests", cargo().args(["nextest", "run", "--workspace"]))?;
    simulations(places, steps)?;
    fuzz_smoke(places, steps)?;
    if quick {
        return Ok(());
    }
    let mut pictures = build::npm(&places.console(), &["run", "visual", "-w", "@suiftly/web"]);
    pictures.env("SUIFTLY_SHOTS", places.target.join("xtask-test/shots/pictures"));
    steps.command("pictures of the dashboard's pages", &mut pictures)?;
    kills(places, steps)?;
    clusters(places, steps)?;
    contract_holds(places, steps)?;
    documents(places, steps)?;
    let keychain = ["nextest", "run", "--workspace", "--run-ignored", "only", "-E", KEYCHAIN];
    steps.command("tokens in a real keychain", cargo().args(keychain))?;
    console_package(places, steps)?;
    server_package(places, steps)?;
    let (interrupt, proof) = (steps.interrupt().clone(), places.target.join("xtask-test/restore.md"));
    steps.work("a backup under load, restored and audited", || restore::check(places, &interrupt, proof))?;
    end_to_end::all(places, steps)?;
    let smoke = &mut commands::benchmark(places, false);
    steps.command("the loop back, a smoke run of its benchmark", smoke.args(["loop", "--fast"]))
}

/// Sources that `.gitignore` keeps from being committed, though they are not built.
fn ignored_sources(places: &Places) -> anyhow::Result<String> {
    let mut git = Command::new("git");
    git.args(["ls-files", "--others", "--ignored", "--exclude-standard", "--"]).current_dir(&places.root);
    git.args(SOURCES).args([":!target", ":!**/node_modules/**"]);
    let output = git.output().context("cannot run git")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The escrow contract: compiled with the framework that a crate brings, its tests, and what clients call of it.
fn contract_in_move(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    let dir = places.root.join("packaging/escrow");
    steps.command("packages of the escrow contract", &mut build::npm(&dir, &["ci", "--no-audit", "--no-fund"]))?;
    steps.command("the escrow contract and its tests in Move", &mut build::npm(&dir, &["test"]))
}

/// The store's suite on TimescaleDB takes one processor, the simulations the other.
fn simulations(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    let suite = timescale(places, steps)?;
    let simulation = &mut commands::simulation(SIMULATIONS_DEFAULT, 1);
    steps.command("simulation of 25 seeds", simulation)?;
    let money = &mut commands::money_simulation(MONEY_DEFAULT);
    steps.command("simulation of money, 1,000 customers over 14 months", money)?;
    steps.join(suite)?;
    let why = NOT_ON_TIMESCALE.map(|(filter, why)| format!("{filter} ({why})"));
    steps.closing_line(format!("not run on TimescaleDB: {}", why.join("; ")));
    simulations_on_sui(steps)
}

/// The same where the contract on Sui holds the funds: a local chain, whose nodes lose answers, refuse and are late. By
/// themselves, since what waits for a processor is late, too.
fn simulations_on_sui(steps: &mut Steps) -> anyhow::Result<()> {
    let money = &mut commands::money_simulation(MONEY_ON_SUI);
    steps.command("simulation of money on Sui, 100 customers over 3 months", money)?;
    let charges = &mut commands::charges_simulation(CHARGES_DEFAULT);
    steps.command("simulation of 10,000 charges on Sui, one answer in twenty lost", charges)
}

/// Every fuzz target for a few seconds, always the same.
fn fuzz_smoke(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    let interrupt = steps.interrupt().clone();
    let mut lines = Vec::new();
    steps.work("fuzz targets, a smoke run", || {
        lines = fuzz::smoke(places, &interrupt)?;
        Ok(())
    })?;
    lines.into_iter().for_each(|line| steps.closing_line(line));
    Ok(())
}

/// The console that was built, as a package, on a bare Debian.
fn console_package(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    let mut built = None;
    steps.work("the console's package", || {
        built = Some(package::bundle(places, false)?);
        Ok(())
    })?;
    let built = built.context("a package was built")?;
    let name = "the console's package on a bare Debian";
    if let Some(reason) = package::no_trial() {
        println!("  not run  {name}: {reason}");
        steps.closing_line(format!("{name}: not run, {reason}"));
        return Ok(());
    }
    steps.command(name, &mut package::trial(places, &built))?;
    steps.closing_line(format!("{name}: it installs, runs and goes"));
    Ok(())
}

/// The book with all it refers to, and what a Prometheus and a Grafana are given.
fn documents(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    for (name, check) in [
        ("the book", book::run as fn(&Places) -> anyhow::Result<String>),
        ("alert rules, dashboard and metrics", monitoring::check),
    ] {
        let mut line = String::new();
        steps.work(name, || {
            line = check(places)?;
            Ok(())
        })?;
        steps.closing_line(line);
    }
    Ok(())
}

/// The server's package with what was built, on a bare Debian.
fn server_package(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    let name = "the server's package on a bare Debian";
    if let Some(reason) = package::no_trial() {
        println!("  not run  {name}: {reason}");
        steps.closing_line(format!("{name}: not run, {reason}"));
        return Ok(());
    }
    let proof = places.target.join("xtask-test/package.md");
    steps.command(name, &mut deb::trial(places, false, &proof)?)?;
    steps.closing_line(format!("{name}: installed, provisioned, run, upgraded under load, removed and purged"));
    Ok(())
}

/// `kill -9` under load, and every line by its number.
fn kills(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    let interrupt = steps.interrupt().clone();
    let mut line = String::new();
    steps.work("kill -9 at random moments, every line by its number", || {
        line = kill::run(places, KILLS_DEFAULT, KILL_SEED, &interrupt)?.to_string();
        Ok(())
    })?;
    steps.closing_line(line);
    Ok(())
}

/// Restarts that lose nothing, and a cluster whose processes are struck.
fn clusters(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    let (interrupt, mut lines) = (steps.interrupt().clone(), Vec::new());
    steps.work("restarts under load that lose nothing", || {
        lines.push(cluster::upgrade_smoke(places, &interrupt)?);
        Ok(())
    })?;
    let name = "a cluster in network namespaces, struck";
    match cluster::refused() {
        Some(reason) => {
            println!("  not run  {name}: {reason}");
            lines.push(format!("{name}: not run, {reason}"));
        }
        None => steps.work(name, || {
            lines.push(cluster::faults_smoke(places, &interrupt)?);
            Ok(())
        })?,
    }
    lines.into_iter().for_each(|line| steps.closing_line(line));
    Ok(())
}

/// Every operation of both APIs, on a real server with a real database.
fn contract_holds(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    let interrupt = steps.interrupt().clone();
    let mut line = String::new();
    steps.work("both APIs keep to their documents", || {
        line = contract::run(places, &interrupt)?;
        Ok(())
    })?;
    steps.closing_line(line);
    Ok(())
}

fn install_all(places: &Places, quick: bool) -> anyhow::Result<()> {
    install::install(places, install::TO_RUN)?;
    install::install(places, install::TO_BUILD_DESKTOP)?;
    install::install(places, install::TO_FUZZ)?;
    if !quick {
        install::install(places, install::TO_CLUSTER)?;
        install::install(places, install::TO_DRIVE)?;
        install::install(places, install::TO_TEST_CONTRACT)?;
        install::install(places, install::TO_PACKAGE)?;
        install::install(places, install::TO_TRY_PACKAGES)?;
        install::install(places, install::TO_KEEP_TOKENS)?;
        install::cargo_tool(TAURI_DRIVER)?;
    }
    install::cargo_tool(NEXTEST)?;
    install::cargo_tool(DENY)
}

/// Licences, bans and sources need no network; the advisories' database does.
fn licences(steps: &mut Steps) -> anyhow::Result<()> {
    steps.command(
        "licences, bans and sources",
        cargo().args(["deny", "--workspace", "check", "licenses", "bans", "sources"]),
    )?;
    let unavailable = |said: &str| said.contains("failed to fetch advisory database");
    steps.command_unless(
        "advisories",
        cargo().args(["deny", "--workspace", "check", "advisories"]),
        unavailable,
        "their database cannot be had",
    )
}

/// Tests of the store that TimescaleDB in WebAssembly cannot run, and why: nextest's filters.
const NOT_ON_TIMESCALE: [(&str, &str); 6] = [
    (
        "test(/^(cluster|partitions)::/) | test(=roles::partitions_are_made_and_dropped_by_the_functions_alone)",
        "plain PostgreSQL's",
    ),
    (
        "test(/^recovery::(every_fault|the_same_again|two_answers|a_commit_that_is_dropped|any_run|backends_ended)/)",
        "they cut or end sessions",
    ),
    (
        "test(/^migrate::(several_at_once|reset_empties)/) | test(=writer::a_second_writer_is_turned_away) | \
         test(=holdings::reseal::it_goes_on_in_batches_and_passes_over_what_somebody_holds)",
        "they need two sessions, or no TimescaleDB",
    ),
    ("test(/^shards::/)", "a cluster has several writers, each with a session of its own"),
    ("test(/^(firehose|seam)::/)", "they take minutes there"),
    (
        "test(/^rls::(who|a_connection|accounts|the_money)/) | test(/^holdings::services::of_a_hundred/)",
        "they need sessions of several roles, or many at once",
    ),
];

/// The migrations on TimescaleDB, which comes from npm: in WebAssembly, with one session a database. The store's suite on it is begun.
fn timescale(places: &Places, steps: &mut Steps) -> anyhow::Result<Beside> {
    let dir = places.root.join("schema/store/tests/timescale");
    steps.command("packages of the TimescaleDB tests", &mut build::npm(&dir, &["ci", "--no-audit", "--no-fund"]))?;
    steps.command("migrations on TimescaleDB", Command::new("node").arg("--test").current_dir(&dir))?;
    let skipped: Vec<&str> = NOT_ON_TIMESCALE.iter().map(|(filter, _)| *filter).collect();
    let chosen = format!("package(suiftly-store) and kind(test) and not ({})", skipped.join(" | "));
    let suite = ["nextest", "run", "--workspace", "-E", &chosen];
    let mut front = Command::new("node");
    front.arg(dir.join("front.mjs")).arg(cargo().get_program()).args(suite).current_dir(&places.root);
    Ok(steps.begin("the store's suite on TimescaleDB", front))
}
