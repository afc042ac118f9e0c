//! Where things are: the checkout, the target directory, what is built into it, and programs outside of `PATH`.

use anyhow::{Context as _, ensure};
use nix::unistd::geteuid;
use serde_json::Value;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Debian keeps daemons where a plain user's `PATH` does not reach.
const FURTHER_PATH: &str = "/usr/local/sbin:/usr/sbin:/sbin";

/// The checkout and its target directory.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

impl Places {
    /// Asks Cargo, so that `CARGO_TARGET_DIR` and configuration files are honoured.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let metadata = metadata()?;
        let path =
            |field: &str| metadata[field].as_str().map(PathBuf::from).context("cargo metadata names no directory");
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")? })
    }

    /// The built `suiftly`.
    pub(crate) fn suiftly(&self, release: bool) -> PathBuf {
        self.target.join(if release { "release" } else { "debug" }).join("suiftly")
    }

    pub(crate) fn console(&self) -> PathBuf {
        self.root.join("console")
    }

    pub(crate) fn web_files(&self) -> PathBuf {
        self.console().join("web/dist")
    }

    /// Where a running system of this name keeps its data: in the target directory. As root the database belongs to
    /// another account, which must be able to get there; where it cannot, below `/var/lib`.
    pub(crate) fn data_dir(&self, name: &str) -> PathBuf {
        if geteuid().is_root() && !everybody_can_reach(&self.target) {
            let mut hasher = DefaultHasher::new();
            self.target.hash(&mut hasher);
            return PathBuf::from(format!("/var/lib/suiftly-xtask/{:016x}/{name}", hasher.finish()));
        }
        self.target.join(name)
    }

    pub(crate) fn haproxy_config(&self) -> PathBuf {
        self.root.join("packaging/haproxy")
    }
}

fn everybody_can_reach(path: &Path) -> bool {
    let reachable = |path: &Path| path.metadata().map_or(true, |found| found.permissions().mode() & 0o001 != 0);
    path.ancestors().all(reachable)
}

/// `cargo metadata` of the workspace's own crates.
pub(crate) fn metadata() -> anyhow::Result<Value> {
    let output = cargo().args(["metadata", "--format-version", "1", "--no-deps"]).output();
    let output = output.context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    serde_json::from_slice(&output.stdout).context("cannot read what cargo metadata says")
}

/// The Cargo that runs us, at the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command
}

/// Where a Node.js of our own is, if the machine's is too old.
static OWN_NODE: OnceLock<PathBuf> = OnceLock::new();

/// From now on this directory's `node` comes before the machine's.
pub(crate) fn use_own_node(dir: PathBuf) {
    // It is the same whenever it is set.
    let _ = OWN_NODE.set(dir);
}

/// `PATH` with our own Node.js before it, if there is one, and the directories of daemons and Cargo's tools behind it.
pub(crate) fn search_path() -> String {
    let mut path = std::env::var("PATH").unwrap_or_default();
    if let Some(own_node) = OWN_NODE.get() {
        path = format!("{}:{path}", own_node.display());
    }
    path = format!("{path}:{FURTHER_PATH}");
    if let Some(bin) = cargo_bin() {
        path = format!("{path}:{}", bin.display());
    }
    path
}

/// Where Cargo puts tools; it need not be in `PATH`.
fn cargo_bin() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")))?;
    Some(home.join("bin"))
}

/// The program of this name, if there is one.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path()).map(|dir| dir.join(name)).find(|path| path.is_file())
}
