//! What a deployment refuses (SPEC §15), all of it told together and before anything is opened: mock modes, secrets that are
//! none, files that others can read or change, plain text for other machines, sources that are nobody's, another
//! deployment's database. That the role that runs has no DDL is asked of the database itself, by [`suiftly_store::role`].
//!
//! Where it stands: `suiftly serve` begins with [`check`], one part of a cluster with [`check_part`]; `suiftly config check`
//! and `suiftly doctor` print what [`look`] finds. Development and tests are refused production's database, and else nothing.

mod certificates;
mod cluster;
mod database;
mod files;
mod named;
mod secrets;
mod settings;

pub(crate) use database::right_database;

use crate::config::{Config, Problems};
use crate::place::{self, Deployment, Place, SYSTEM_CONF};
use std::path::Path;
use suiftly_link::Role;

/// What a configuration is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) config: &'a Config,
    pub(crate) deployment: Deployment,
    /// The configuration's file, if there is one.
    pub(crate) file: Option<&'a Path>,
    pub(crate) data_dir: &'a Path,
    /// What the server says it is.
    pub(crate) system_conf: &'a Path,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// It must not run so.
    pub(crate) refused: Problems,
    /// It may, and somebody should know.
    pub(crate) noted: Problems,
}

impl Verdict {
    pub(crate) fn append(&mut self, other: Self) {
        self.refused.append(other.refused);
        self.noted.append(other.noted);
    }
}

impl<'a> Ground<'a> {
    /// That of a place.
    pub(crate) fn of(place: &'a Place, config: &'a Config) -> anyhow::Result<Self> {
        let (deployment, file) = (place.deployment()?, place.config.as_deref());
        Ok(Self { config, deployment, file, data_dir: &place.data_dir, system_conf: Path::new(SYSTEM_CONF) })
    }
}

/// Holds a configuration against what its deployment allows.
pub(crate) fn check(place: &Place, config: &Config) -> anyhow::Result<()> {
    let ground = Ground::of(place, config)?;
    hold(&ground, &look(&ground))
}

/// The same for one part of a cluster: an ingester has no database, a process of the dataflow serves nobody.
pub(crate) fn check_part(place: &Place, config: &Config, role: &Role) -> anyhow::Result<()> {
    let ground = Ground::of(place, config)?;
    hold(&ground, &cluster::look(&ground, role))
}

fn hold(ground: &Ground<'_>, verdict: &Verdict) -> anyhow::Result<()> {
    for note in verdict.noted.iter() {
        tracing::warn!("{note}");
    }
    verdict.refused.none_or(&format!("{} refuses this configuration", ground.deployment))
}

/// What `suiftly edge` begins with, on a machine that need not be a server.
pub(crate) fn check_edge(config: &Config) -> anyhow::Result<()> {
    let mut refused = Problems::default();
    if place::of_server(Path::new(SYSTEM_CONF))?.is_some_and(Deployment::is_production) {
        settings::edge(config, &mut refused);
    }
    refused.none_or("production refuses this configuration")
}

/// All there is to find: in the settings, and in the files of this machine.
pub(crate) fn look(ground: &Ground<'_>) -> Verdict {
    let mut verdict = look_at_settings(ground);
    // Elsewhere each start reads them anyway, and makes what is missing.
    if ground.deployment.is_production() {
        named::look(ground.config, &mut verdict);
        files::look(ground, &mut verdict.refused);
        secrets::look(ground, &mut verdict.refused);
    }
    verdict
}

/// What the settings alone say.
pub(crate) fn look_at_settings(ground: &Ground<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    database::look(ground, &mut verdict.refused);
    if ground.deployment.is_production() {
        settings::look(ground.config, &mut verdict);
    }
    verdict
}

/// What the files say that a configuration names, whatever the deployment.
pub(crate) fn look_at_named_files(config: &Config, verdict: &mut Verdict) {
    named::look(config, verdict);
}

/// For commands that make up traffic or customers.
pub(crate) fn no_production(what: &str) -> anyhow::Result<()> {
    not_in(place::of_server(Path::new(SYSTEM_CONF))?, what)
}

fn not_in(server: Option<Deployment>, what: &str) -> anyhow::Result<()> {
    let is_production = server.is_some_and(Deployment::is_production);
    anyhow::ensure!(!is_production, "{what} is for development and tests, and this is a production server");
    Ok(())
}

#[cfg(test)]
mod tests;
