//! Where a backup is restored to: a directory, the secrets', the database; and what is written into them.

use super::Order;
use crate::backup::create::COPIED;
use crate::backup::manifest::{CONFIGURATION, DATABASE, JOURNAL, SECRETS};
use crate::commands::blocking;
use crate::secrets;
use anyhow::{Context, bail, ensure};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use suiftly_store::backup::Load;
use suiftly_store::cluster::Cluster;
use suiftly_store::config::StoreConfig;
use suiftly_store::role::Roles;

/// A secret is no longer than this.
const SECRET_BYTES_MAX: u64 = 1 << 20;

/// Where what is put.
#[derive(Clone, Debug)]
pub(super) struct Directories {
    pub(super) data: PathBuf,
    pub(super) journal: PathBuf,
    pub(super) secrets: PathBuf,
    /// Whether the data directory was made for it.
    is_new: bool,
}

/// A restore makes something new: it never mixes with what is there.
pub(super) fn refuse_used(dir: &Path) -> anyhow::Result<()> {
    match fs::read_dir(dir) {
        Ok(mut entries) => {
            ensure!(
                entries.next().is_none(),
                "{} is not empty: a backup is restored into a new directory",
                dir.display()
            );
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot look into {}", dir.display())),
    }
}

/// Makes them.
pub(super) fn make(order: &Order) -> anyhow::Result<Directories> {
    let data = order.into.clone();
    let journal = data.join("journal");
    let secrets = order.secrets.clone().unwrap_or_else(|| data.clone());
    let is_new = !data.exists();
    for dir in [&data, &journal, &secrets] {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    // PostgreSQL's account, where we are root, must reach what is beside it: what customers asked is nobody else's.
    let closed = fs::set_permissions(&journal, fs::Permissions::from_mode(0o700));
    closed.with_context(|| format!("cannot close {} to others", journal.display()))?;
    for name in COPIED {
        let path = secrets.join(name);
        ensure!(!path.exists(), "there is {} already: name another directory by --secrets", path.display());
    }
    Ok(Directories { data, journal, secrets, is_new })
}

impl Directories {
    /// Takes back what was put into the data directory, which was empty, and the secrets.
    pub(super) fn remove(&self) {
        let secrets = COPIED.iter().map(|name| self.secrets.join(name)).filter(|path| path.exists());
        let data = fs::read_dir(&self.data).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in secrets.collect::<Vec<_>>().into_iter().chain(data) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            if let Err(error) = removed {
                tracing::warn!(%error, "cannot remove {}, which is of a restore that was not ended", path.display());
            }
        }
        if self.is_new {
            // What could not be removed above keeps it, and was told.
            let _ = fs::remove_dir(&self.data);
        }
    }
}

/// PostgreSQL's account, where we are root, must reach what is below.
pub(super) fn let_in(dir: &Path) -> anyhow::Result<()> {
    let opened = fs::set_permissions(dir, fs::Permissions::from_mode(0o711));
    opened.with_context(|| format!("cannot open {} to PostgreSQL", dir.display()))
}

/// The database that is named, or that of a private cluster in the directory.
pub(super) async fn database(order: &Order, dirs: &Directories) -> anyhow::Result<(Option<Cluster>, Roles)> {
    if let Some(url) = &order.database_url {
        let owner = StoreConfig::from_url(url)?;
        let Some(role) = &order.run_role else { return Ok((None, Roles::one(owner))) };
        let run = owner.with_user(role);
        return Ok((None, Roles { run, owner: Some(owner), makes_run_role: false, is_strict: false }));
    }
    let dir = dirs.data.join("postgres");
    let cluster = blocking(move || Cluster::start(&dir)).await?;
    let roles = cluster.roles(&order.database);
    Ok((Some(cluster), roles))
}

/// Takes members in.
pub(super) struct Target {
    dirs: Directories,
    load: Load,
    segments: u32,
}

impl Target {
    pub(super) const fn new(dirs: Directories, load: Load) -> Self {
        Self { dirs, load, segments: 0 }
    }

    pub(super) fn put(&mut self, name: &str, from: &mut dyn Read) -> anyhow::Result<()> {
        if name.starts_with(DATABASE) {
            // Whoever does not take it any more says why at its end.
            return match io::copy(from, &mut self.load) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                copied => copied.map(drop).context("cannot hand the dump to pg_restore"),
            };
        }
        if let Some(name) = name.strip_prefix(SECRETS) {
            let mut content = Vec::new();
            from.take(SECRET_BYTES_MAX).read_to_end(&mut content)?;
            return secrets::write_private(&self.dirs.secrets.join(name), &content);
        }
        if let Some(name) = name.strip_prefix(JOURNAL) {
            self.segments += 1;
            return write(&self.dirs.journal.join(name), from);
        }
        if name == CONFIGURATION {
            // It may name a database with its password.
            let mut content = Vec::new();
            from.read_to_end(&mut content)?;
            return secrets::write_private(&self.dirs.data.join("suiftly.toml"), &content);
        }
        bail!("nobody knows where {name} belongs")
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.load.finish()?;
        ensure!(self.segments > 0, "there is no journal in the backup");
        let synced = File::open(&self.dirs.journal).and_then(|dir| dir.sync_all());
        synced.with_context(|| format!("cannot write {}", self.dirs.journal.display()))
    }
}

/// Writes a new file, and sees to it that it is on the disk.
pub(super) fn write(path: &Path, from: &mut dyn Read) -> anyhow::Result<()> {
    let mut write = || {
        let mut file = File::create_new(path)?;
        io::copy(from, &mut file)?;
        file.flush()?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
