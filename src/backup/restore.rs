//! `suiftly restore`: a backup becomes a data directory again, and is held against itself.
//!
//! ```text
//! verified, read twice ─▶ secrets, configuration
//!                      ─▶ database ─ facts as at the dump? ─▶ roles ┐
//!                      ─▶ journal ─ longer (--journal), cut (--until) ┴▶ replayed ─▶ changes since told again ─▶ audit
//! ```
//!
//! Nothing is written before all of the backup was read and is whole, and what was begun and not ended is removed. What
//! comes from where: lines, usage and what it comes to go as far as the journal; whatever people changed and money that moved
//! is as the dump has it. What the journal tells of such changes after the dump is named in the verdict.

mod audit;
mod cut;
mod place;
mod replay;
mod verdict;

use super::args::CheckArgs;
use super::journal::Dirs;
use super::keys;
use super::manifest::Manifest;
use super::unpack::{self, Verified};
use crate::commands::blocking;
use crate::config::Config;
use crate::sources;
use anyhow::{Context, ensure};
use place::Target;
use std::path::{Path, PathBuf};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use suiftly_store::backup::{self, Load};
use suiftly_store::cluster::Cluster;
pub(super) use verdict::Verdict;

/// A configuration is no longer than this.
const CONFIGURATION_BYTES_MAX: u64 = 4 << 20;

/// Where a trial is made unless it is told: on a disk, and PostgreSQL's account gets there.
const SCRATCH: &str = "/var/tmp";

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// As far as the journal does.
    End,
    Time(UnixMillis),
    Epoch(Epoch),
}

/// What to restore, and where to.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) file: PathBuf,
    pub(super) into: PathBuf,
    pub(super) identity: PathBuf,
    pub(super) until: Until,
    pub(super) journals: Vec<PathBuf>,
    pub(super) database_url: Option<String>,
    pub(super) run_role: Option<String>,
    pub(super) database: String,
    pub(super) secrets: Option<PathBuf>,
    pub(super) config: Option<PathBuf>,
}

/// Restores; the verdict says whether what is there is what was.
pub(super) async fn restore(order: Order) -> anyhow::Result<Verdict> {
    place::refuse_used(&order.into)?;
    ensure!(order.journals.len() <= 2, "a journal and its archive are two directories: --journal at most twice");
    let identities = keys::identities(&order.identity)?;
    let (file, keys) = (order.file.clone(), identities.clone());
    let (verified, configuration) = blocking(move || look(&file, &keys)).await?;
    // Its lines are in the journals of several processes: those of one alone would be a part that looks like the whole.
    ensure!(!verified.manifest.is_of_cluster(), "this is the database of a cluster. {}", super::CLUSTER);
    let decode = decode(order.config.as_deref(), configuration.as_deref())?;
    let dirs = place::make(&order)?;
    let restored = fill(&order, &identities, &verified, &dirs, &decode).await;
    if restored.is_err() {
        dirs.remove();
    }
    restored
}

/// `suiftly backup check --restore`: into a directory of its own, which is removed whatever comes of it.
pub(super) async fn on_trial(args: &CheckArgs) -> anyhow::Result<Verdict> {
    let scratch = args.scratch.as_deref().unwrap_or(Path::new(SCRATCH));
    let made = tempfile::Builder::new().prefix("suiftly-trial-").tempdir_in(scratch);
    let dir = made.with_context(|| format!("cannot make a directory in {}", scratch.display()))?;
    let order = Order {
        file: args.file.clone(),
        into: dir.path().join("data"),
        identity: args.identity.clone(),
        until: Until::End,
        journals: Vec::new(),
        database_url: None,
        run_role: None,
        database: "suiftly_test".to_owned(),
        secrets: None,
        config: None,
    };
    place::let_in(dir.path())?;
    let verdict = restore(order).await?;
    Ok(verdict.of_a_trial())
}

/// Reads all of it, and keeps the configuration that it carries.
fn look(file: &Path, identities: &[age::x25519::Identity]) -> anyhow::Result<(Verified, Option<Vec<u8>>)> {
    let mut configuration = None;
    let verified = unpack::read(file, identities, |name, bytes, from| {
        if name == super::manifest::CONFIGURATION {
            ensure!(bytes <= CONFIGURATION_BYTES_MAX, "a configuration of {bytes} bytes is too long");
            let mut text = Vec::new();
            from.read_to_end(&mut text)?;
            configuration = Some(text);
        }
        Ok(())
    })?;
    Ok((verified, configuration))
}

/// How lines are read: as is said, else as the backup's own configuration says, else as without one.
fn decode(named: Option<&Path>, carried: Option<&[u8]>) -> anyhow::Result<DecodeConfig> {
    let config = match (named, carried) {
        (Some(path), _) => Config::read(Some(path))?,
        (None, Some(text)) => {
            carried_config(text).context("cannot use the backup's own configuration; name --config")?
        }
        (None, None) => Config::read(None)?,
    };
    sources::decode_config(&config).context("cannot read lines as the configuration says; name another by --config")
}

fn carried_config(text: &[u8]) -> anyhow::Result<Config> {
    let file = tempfile::NamedTempFile::new().context("cannot make a file")?;
    std::fs::write(file.path(), text).context("cannot write a file")?;
    Config::read(Some(file.path()))
}

async fn fill(
    order: &Order,
    identities: &[age::x25519::Identity],
    verified: &Verified,
    dirs: &place::Directories,
    decode: &DecodeConfig,
) -> anyhow::Result<Verdict> {
    let (cluster, roles) = place::database(order, dirs).await?;
    let filled = async {
        backup::prepare(&roles).await?;
        let manifest = &verified.manifest;
        let mut verdict = Verdict::begin(manifest, &order.into);
        unload(order, identities, manifest, &roles, dirs).await?;
        compare(manifest, &roles, &mut verdict).await?;
        backup::open(&roles).await?;
        let journal = Dirs { journal: dirs.journal.clone(), archive: None };
        lengthen(order, &journal, &mut verdict)?;
        let reach = cut::cut(&journal, order.until, manifest)?;
        replay::replay(&journal, &roles, decode, manifest, reach, &mut verdict).await?;
        audit::audit(&journal.journal, &roles.run, decode, (manifest, reach), &mut verdict).await?;
        anyhow::Ok(verdict)
    };
    let filled = filled.await;
    stop(cluster).await?;
    filled
}

async fn stop(cluster: Option<Cluster>) -> anyhow::Result<()> {
    match cluster {
        Some(cluster) => blocking(move || cluster.stop()).await,
        None => Ok(()),
    }
}

/// Writes every member to where it belongs.
async fn unload(
    order: &Order,
    identities: &[age::x25519::Identity],
    manifest: &Manifest,
    roles: &suiftly_store::role::Roles,
    dirs: &place::Directories,
) -> anyhow::Result<()> {
    let owner = roles.owner();
    backup::restoring(owner, &manifest.facts, true).await?;
    let load = Load::begin(owner, manifest.dumped_by).await?;
    let (file, identities, dirs) = (order.file.clone(), identities.to_vec(), dirs.clone());
    blocking(move || {
        let mut target = Target::new(dirs, load);
        unpack::read(&file, &identities, |name, _, from| target.put(name, from))?;
        target.finish()
    })
    .await?;
    Ok(backup::restoring(owner, &manifest.facts, false).await?)
}

/// Before anything is done to it, the database is what was dumped.
async fn compare(manifest: &Manifest, roles: &suiftly_store::role::Roles, verdict: &mut Verdict) -> anyhow::Result<()> {
    let found = backup::facts_of(roles.owner()).await?;
    let found = if manifest.has_records { found } else { found.without_records() };
    let differences = manifest.facts.differences(&found);
    let (tables, rows) = (found.tables.len(), found.tables.values().map(|table| table.rows).sum::<u64>());
    let said =
        format!("the database is the one that was dumped: {rows} rows in {tables} tables, counted and summed up");
    verdict.step(differences.is_empty(), said, &differences);
    Ok(())
}

/// What is kept of the journal elsewhere goes on where the backup's ends.
fn lengthen(order: &Order, journal: &Dirs, verdict: &mut Verdict) -> anyhow::Result<()> {
    let Some(first) = order.journals.first() else { return Ok(()) };
    let newer = Dirs { journal: first.clone(), archive: order.journals.get(1).cloned() };
    let added = cut::lengthen(journal, &newer)?;
    verdict.note(format!("{added} segments of {} are newer than the backup's", first.display()));
    Ok(())
}
