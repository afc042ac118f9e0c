//! Makes a backup: the database in one snapshot, then the journal, whose end is after the snapshot's watermark; secrets and
//! configuration beside them.

use super::args::CreateArgs;
use super::journal::{Copy, Dirs};
use super::keys;
use super::manifest::{CONFIGURATION, DATABASE, JOURNAL, Manifest, Of, Reach, SECRETS};
use super::pack::Pack;
use super::shelf::{Keep, Note, Shelf};
use crate::commands::blocking;
use crate::config::Config;
use crate::place::Place;
use crate::secrets::{self, Secrets};
use anyhow::{Context, ensure};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use suiftly_api::{Clock, SystemClock};
use suiftly_store::backup::{Dump, Facts, Snapshot};
use suiftly_store::cluster::Cluster;
use suiftly_store::config::StoreConfig;

/// The dump is written in parts of this length: how long it becomes is known in the end alone.
const PART_BYTES: usize = 8 << 20;

/// The secrets that are copied, where they are there: what was sealed, signed and handed out by them is worth nothing without.
pub(super) const COPIED: [&str; 7] = [
    secrets::API_KEY_SECRET,
    secrets::AT_REST_KEYS,
    secrets::JWT_KEYS,
    secrets::VAULT_KEYS,
    secrets::VAULT_SIGNING_KEYS,
    secrets::OPERATOR_TOKEN,
    secrets::EDGE_TOKEN,
];

/// What to copy, and where to.
#[derive(Clone)]
pub(crate) struct Order {
    deployment: &'static str,
    /// Who may read every table.
    owner: StoreConfig,
    journal: Dirs,
    secrets: Option<Secrets>,
    configuration: Option<PathBuf>,
    shelf: Shelf,
    recipients: Vec<age::x25519::Recipient>,
    keep: Keep,
    with_records: bool,
}

/// A backup that was made.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) path: PathBuf,
    pub(crate) note: Note,
    /// Backups that were removed for it.
    pub(crate) removed: Vec<PathBuf>,
}

/// The role that owns the tables: of the private cluster its superuser, else as the configuration says.
pub(crate) fn owner(config: &Config, cluster: Option<&Cluster>, run: &StoreConfig) -> anyhow::Result<StoreConfig> {
    if let Some(cluster) = cluster {
        return Ok(cluster.connection_config(run.database()));
    }
    let url = config.database.migrate_url.as_deref();
    Ok(url.map(StoreConfig::from_url).transpose()?.unwrap_or_else(|| run.clone()))
}

impl Order {
    /// As the configuration says.
    pub(crate) fn configured(place: &Place, config: &Config, owner: StoreConfig) -> anyhow::Result<Self> {
        let section = &config.backup;
        Ok(Self {
            deployment: place.deployment()?.word(),
            owner,
            journal: Dirs {
                journal: place.data_dir.join("journal"),
                archive: config.journal.archive_dir.clone().filter(|dir| section.archive && dir.is_dir()),
            },
            secrets: section.secrets.then(|| Secrets::of(place, config)).transpose()?,
            configuration: place.config.clone(),
            shelf: Shelf::at(&section.dir(&place.data_dir)),
            recipients: keys::recipients(&section.recipients)?,
            keep: Keep { count: section.keep, days: section.keep_days },
            with_records: section.records,
        })
    }

    /// The same, as the command line says otherwise.
    pub(super) fn of(args: &CreateArgs, config: &Config, owner: StoreConfig) -> anyhow::Result<Self> {
        let mut config = config.clone();
        if !args.recipients.is_empty() {
            config.backup.recipients.clone_from(&args.recipients);
        }
        config.backup.dir = args.dir.clone().or(config.backup.dir);
        config.backup.secrets &= !args.without_secrets;
        config.backup.records &= !args.without_records;
        Self::configured(&args.place, &config, owner)
    }
}

/// Ends the work at its next step when it is dropped: nobody waits for it any more.
struct StopWhenDropped(Arc<AtomicBool>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Makes one. Dropped before its end, it ends, and leaves nothing.
pub(crate) async fn create(order: Order) -> anyhow::Result<Made> {
    let stop = Arc::new(AtomicBool::new(false));
    let _stop = StopWhenDropped(Arc::clone(&stop));
    let began = Instant::now();
    let snapshot = Snapshot::take(&order.owner).await?;
    blocking(move || write(&order, &snapshot, began, stop)).await
}

fn write(order: &Order, snapshot: &Snapshot, began: Instant, stop: Arc<AtomicBool>) -> anyhow::Result<Made> {
    let writing = order.shelf.write()?;
    let created_at = SystemClock.now();
    let (unfinished, file) = writing.begin(order.deployment, created_at)?;
    let dump = snapshot.dump(order.with_records)?;
    let journal_id = order.journal.survey()?.journal_id;
    let manifest = Manifest::of(Of {
        created_at,
        deployment: order.deployment.to_owned(),
        database: order.owner.database().to_owned(),
        dumped_by: dump.release(),
        facts: facts(order, snapshot),
        journal_id: journal_id.clone(),
        has_secrets: order.secrets.is_some(),
        has_records: order.with_records,
    });
    let mut pack = Pack::begin(&file, &order.recipients, &manifest, stop)?;
    put_secrets(&mut pack, order)?;
    put_database(&mut pack, dump)?;
    ensure!(snapshot.is_held(), "the database ended the snapshot's connection while it was dumped");
    let journal = put_journal(&mut pack, order, &manifest, writing.dir())?;
    let (_, bytes, sha256) = pack.finish(journal)?;
    let note = Note {
        created_at,
        deployment: order.deployment.to_owned(),
        journal_id,
        watermark: manifest.watermark(),
        first_epoch: journal.first_epoch,
        last_epoch: journal.last_epoch,
        last_cut_at: journal.last_cut_at,
        has_secrets: order.secrets.is_some(),
        bytes,
        sha256,
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    let path = unfinished.finish(&file, &note)?;
    let removed = writing.retain(order.keep, created_at)?;
    Ok(Made { path, note, removed })
}

fn facts(order: &Order, snapshot: &Snapshot) -> Facts {
    let facts = snapshot.facts().clone();
    if order.with_records { facts } else { facts.without_records() }
}

fn put_secrets(pack: &mut Pack<&File>, order: &Order) -> anyhow::Result<()> {
    if let Some(secrets) = &order.secrets {
        for name in COPIED.iter().filter(|name| secrets.file(name).is_file()) {
            pack.add(&format!("{SECRETS}{name}"), secrets::read(&secrets.file(name))?.as_bytes())?;
        }
        let needed = secrets.file(secrets::API_KEY_SECRET);
        ensure!(needed.is_file(), "there is no {}: without it no key could be read again", needed.display());
    }
    if let Some(path) = &order.configuration {
        let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        pack.add(CONFIGURATION, &text)?;
    }
    Ok(())
}

fn put_database(pack: &mut Pack<&File>, mut dump: Dump) -> anyhow::Result<()> {
    for number in 1_u32.. {
        let mut part = Vec::with_capacity(PART_BYTES);
        (&mut dump).take(PART_BYTES as u64).read_to_end(&mut part).context("cannot read the dump")?;
        if part.is_empty() {
            break;
        }
        pack.add(&format!("{DATABASE}{number:08}"), &part)?;
    }
    Ok(dump.finish()?)
}

/// After the dump: whatever it holds of the journal, the journal holds by now.
fn put_journal(pack: &mut Pack<&File>, order: &Order, manifest: &Manifest, scratch: &Path) -> anyhow::Result<Reach> {
    let survey = order.journal.survey()?;
    let dir = order.journal.journal.display();
    ensure!(survey.journal_id == manifest.journal_id, "the journal in {dir} became another one while it was copied");
    let reach = order.journal.copy(&survey, 0, scratch, |Copy { name, bytes, from, .. }| {
        pack.add_from(&format!("{JOURNAL}{name}"), bytes, from)
    })?;
    let watermark = manifest.watermark();
    ensure!(
        reach.first_epoch <= watermark + 1 && reach.last_epoch >= watermark,
        "the journal in {dir} has epochs {} to {}, and the database is at {watermark}: they do not belong together",
        reach.first_epoch,
        reach.last_epoch
    );
    Ok(reach)
}
