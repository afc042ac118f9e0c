//! PostgreSQL: 17 out of its own repository where that can be reached, else what the distribution has.

use super::machine::Server;
use super::packages::{candidate, install, installed, lacking, release, update};
use super::repositories;
use super::step::{State, Step};
use super::system::Os;
use anyhow::{Context, ensure};
use std::ops::RangeInclusive;

/// What is supported.
pub(crate) const VERSIONS: RangeInclusive<u32> = 15..=17;
/// What is installed where there is a choice.
const PREFERRED: u32 = 17;

/// The newest supported one that is installed.
pub(crate) fn newest(server: &Server<'_>) -> anyhow::Result<Option<u32>> {
    for version in VERSIONS.rev() {
        if installed(server, &format!("postgresql-{version}"))?.is_some() {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// PostgreSQL's packages.
pub(crate) struct PostgreSql;

impl Step for PostgreSql {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["packages"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let Some(version) = newest(server)? else {
            return Ok(lacking(server, "PostgreSQL 15 to 17 is not installed".to_owned(), &["postgresql"]));
        };
        let package = installed(server, &format!("postgresql-{version}"))?.unwrap_or_default();
        let from = if package.contains("pgdg") { "its own repository".to_owned() } else { Os::of(server)?.name };
        Ok(State::Fine(format!("PostgreSQL {version} of {from}")))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        let os = Os::of(server)?;
        let repository = repositories::postgresql(&os);
        if repository.is_reachable(server)? {
            repository.add(server)?;
            return install(server, &[&format!("postgresql-{PREFERRED}"), &format!("postgresql-client-{PREFERRED}")]);
        }
        update(server)?;
        let offered = candidate(server, "postgresql")?.as_deref().and_then(release).map(|(major, _)| major);
        let version = offered.with_context(|| format!("{} offers no PostgreSQL", os.name))?;
        ensure!(
            VERSIONS.contains(&version),
            "{} has PostgreSQL {version}, and {} cannot be reached; fix: let this machine reach it, or install 15 to 17",
            os.name,
            repository.host()
        );
        install(server, &["postgresql", "postgresql-client"])
    }

    fn takes_long(&self) -> bool {
        true
    }
}
