//! How a deployment stands on a server: a file that anybody there may read, replaced as a whole with each step.

use super::{Paths, part};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use suiftly_api::{Clock, SystemClock};
use suiftly_store::probe::known_schema_version;

pub(super) const STATUS_FILE: &str = "status.json";
pub(super) const LOCK_FILE: &str = "lock";
/// Steps that are told at most: a deployment has about ten.
const STEPS_MAX: usize = 64;
const DIR_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// The new version runs.
    Done,
    /// Nothing was changed.
    Refused,
    /// The last version runs again.
    RolledBack,
    /// Neither runs as it should: somebody must look.
    Stuck,
}

/// What was done, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StepTaken {
    /// When.
    pub(super) at: String,
    /// What, in words.
    pub(super) what: String,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Status {
    /// The request's id.
    pub(super) id: String,
    /// The version before; empty while it is not known.
    pub(super) from: String,
    /// The version to be.
    pub(super) to: String,
    /// Each step, the first one first.
    pub(super) steps: Vec<StepTaken>,
    /// How it ended; `None`: it is under way, or was interrupted.
    pub(super) outcome: Option<Outcome>,
    /// Why it did not end well.
    pub(super) reason: Option<String>,
}

impl Status {
    pub(super) fn new(id: &str, to: &str) -> Self {
        let (id, to) = (id.to_owned(), to.to_owned());
        Self { id, from: String::new(), to, steps: Vec::new(), outcome: None, reason: None }
    }

    pub(super) fn step(&mut self, what: &str) {
        if self.steps.len() < STEPS_MAX {
            self.steps.push(StepTaken { at: SystemClock.now().rfc3339(), what: what.to_owned() });
        }
    }

    /// Writes it down.
    pub(super) fn write(&self, paths: &Paths) -> anyhow::Result<()> {
        let (path, fresh) = (paths.state.join(STATUS_FILE), paths.state.join("status.new"));
        let write = || -> anyhow::Result<()> {
            let mut file = File::create(&fresh)?;
            file.set_permissions(Permissions::from_mode(FILE_MODE))?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            Ok(fs::rename(&fresh, &path)?)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The directory of what root keeps.
pub(super) fn make_dir(path: &Path) -> anyhow::Result<()> {
    let make = || {
        fs::create_dir_all(path)?;
        fs::set_permissions(path, Permissions::from_mode(DIR_MODE))
    };
    make().with_context(|| format!("cannot make {}: this part runs as root", path.display()))
}

/// The lock by which one deployment at a time works; `None`: another does.
pub(super) fn lock(paths: &Paths) -> anyhow::Result<Option<File>> {
    let path = paths.state.join(LOCK_FILE);
    let failed = || format!("cannot lock {}", path.display());
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).with_context(failed)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE)).with_context(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(failed),
    }
}

/// What `--status` answers: the last deployment, whether one works now, and which version is installed.
pub(super) fn standing(paths: &Paths) -> anyhow::Result<Value> {
    // First: what is read while nobody works is the last word.
    let is_at_work = is_at_work(paths);
    let last = fs::read(paths.state.join(STATUS_FILE)).ok();
    let last: Option<Status> = last.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let schema = known_schema_version();
    Ok(
        json!({"installed": installed()?, "schema": schema, "is_at_work": is_at_work, "last": last, "parts": part::parts()}),
    )
}

/// Anybody may look: a lock that can be shared is nobody's.
fn is_at_work(paths: &Paths) -> bool {
    let opened = File::open(paths.state.join(LOCK_FILE));
    opened.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The installed version, as dpkg has it; `None`: none is.
pub(super) fn installed() -> anyhow::Result<Option<String>> {
    let asked =
        Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Abbrev}${Version}", "suiftly"]).output();
    let asked = asked.context("cannot run dpkg-query")?;
    let text = String::from_utf8_lossy(&asked.stdout);
    let version = text.trim().strip_prefix("ii").map(|version| version.trim().to_owned());
    Ok(version.filter(|version| asked.status.success() && !version.is_empty()))
}
