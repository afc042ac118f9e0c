//! TimescaleDB, where its repository can be reached. Without it the server keeps time in hourly partitions of its own; which of
//! the two a database does is settled when it is first migrated, and stays.

use super::machine::Server;
use super::packages::{candidate, install, installed, release};
use super::step::{State, Step};
use super::system::Os;
use super::{cluster, database, postgresql, repositories};
use anyhow::Context;
use std::cell::Cell;

/// The oldest that is supported.
const LEAST: (u32, u32) = (2, 17);

/// What PostgreSQL loads of it.
const LIBRARY: &str = "timescaledb";

/// TimescaleDB's package.
#[derive(Default)]
pub(crate) struct Timescale {
    /// It was tried, and there is none to be had.
    cannot_be_had: Cell<bool>,
}

fn package(server: &Server<'_>) -> anyhow::Result<Option<String>> {
    Ok(postgresql::newest(server)?.map(|version| format!("timescaledb-2-postgresql-{version}")))
}

/// Whether the cluster's PostgreSQL has it.
pub(crate) fn is_installed(server: &Server<'_>) -> anyhow::Result<bool> {
    match package(server)? {
        Some(package) => Ok(installed(server, &package)?.is_some()),
        None => Ok(false),
    }
}

/// The distribution's, if it is there: it lacks what its licence keeps out, and a database made with it could not be used.
fn distributions(server: &Server<'_>) -> anyhow::Result<Option<String>> {
    let Some(version) = postgresql::newest(server)? else { return Ok(None) };
    let name = format!("postgresql-{version}-timescaledb");
    Ok(installed(server, &name)?.map(|_| name))
}

impl Step for Timescale {
    fn name(&self) -> &'static str {
        "TimescaleDB"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["cluster"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        if let Some(name) = distributions(server)? {
            return Ok(State::Stuck(
                format!("{name} of the distribution is without compression, which Suiftly uses"),
                format!("sudo apt-get remove {name}"),
            ));
        }
        let version = match package(server)? {
            Some(package) => installed(server, &package)?,
            None => None,
        };
        match version.as_deref().and_then(release) {
            Some(found) if found >= LEAST && cluster::to_preload(server, LIBRARY)?.is_some() => {
                Ok(State::Lacking("installed, and PostgreSQL does not load it".to_owned()))
            }
            Some(found) if found >= LEAST => Ok(State::Fine(format!("TimescaleDB {}.{}", found.0, found.1))),
            Some(found) => Ok(State::Stuck(
                format!("TimescaleDB {}.{} is too old", found.0, found.1),
                "sudo apt-get install --only-upgrade 'timescaledb-2-*': 2.17 or newer".to_owned(),
            )),
            None => self.without(server),
        }
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        if !is_installed(server)? {
            self.fetch(server)?;
        }
        if !is_installed(server)? {
            return Ok(());
        }
        let Some(libraries) = cluster::to_preload(server, LIBRARY)? else { return Ok(()) };
        let settings = format!("shared_preload_libraries = '{libraries}'\ntimescaledb.telemetry_level = off\n");
        cluster::restart_with(server, &settings)
    }

    fn takes_long(&self) -> bool {
        true
    }
}

impl Timescale {
    /// Installs it, where it can be had.
    fn fetch(&self, server: &Server<'_>) -> anyhow::Result<()> {
        let repository = repositories::timescale(&Os::of(server)?);
        if !repository.is_reachable(server)? {
            self.cannot_be_had.set(true);
            return Ok(());
        }
        repository.add(server)?;
        let package = package(server)?.context("PostgreSQL is gone")?;
        if candidate(server, &package)?.is_none() {
            self.cannot_be_had.set(true);
            return Ok(());
        }
        install(server, &[&package])
    }

    fn without(&self, server: &Server<'_>) -> anyhow::Result<State> {
        const INSTEAD: &str = "hourly partitions are used instead";
        if database::is_plain(server)? {
            return Ok(State::Fine(format!("none; {INSTEAD}, as the database was made")));
        }
        if self.cannot_be_had.get() {
            return Ok(State::Fine(format!("it cannot be had from its repository: {INSTEAD}")));
        }
        if server.args.no_apt {
            return Ok(State::Fine(format!("none, and nothing is installed with --no-apt: {INSTEAD}")));
        }
        Ok(State::Lacking(
            "not installed; its repository is tried, and without it hourly partitions are used".to_owned(),
        ))
    }
}
