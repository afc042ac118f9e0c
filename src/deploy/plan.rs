//! What is asked of a server, as it is uploaded beside the package; and what the server makes of it.

use super::package::is_version;
use super::{READY_WITHIN_S_MAX, WATCH_S_MAX};
use anyhow::ensure;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// A request's bytes at most.
pub(super) const REQUEST_BYTES_MAX: u64 = 16 << 10;
const HEX_CHARS: usize = 64;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// Drawn for each deployment: how it went is told under it.
    pub(super) id: String,
    /// The package's SHA-256.
    pub(super) sha256: String,
    /// The package's version.
    pub(super) version: String,
    /// How long it is watched.
    pub(super) watch_s: u64,
    /// How long it may take until it is ready.
    pub(super) ready_within_s: u64,
    /// Whether it is begun on a server that is not healthy.
    pub(super) even_if_unhealthy: bool,
    /// Whether it is begun without a package to go back to.
    pub(super) no_way_back: bool,
    /// Whether it is begun although it migrates the database.
    #[serde(default)]
    pub(super) migrates: bool,
}

impl Request {
    /// Whoever may upload may write anything.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let is_hex = |text: &str| text.len() == HEX_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(is_hex(&self.id) && is_hex(&self.sha256), "the request's id or digest is none");
        ensure!(is_version(&self.version), "the request's version is none");
        ensure!(self.watch_s <= WATCH_S_MAX && self.ready_within_s <= READY_WITHIN_S_MAX, "the request waits too long");
        Ok(())
    }
}

/// What a server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The version that is installed.
    pub(super) from: String,
    /// The version to be.
    pub(super) to: String,
    /// Its package.
    pub(super) package: PathBuf,
    /// The database's schema as the package has it; `None`: it does not say.
    pub(super) schema: Option<i32>,
    /// The same as the installed version has it.
    pub(super) known_schema: i32,
    /// Whether it may be brought up to date.
    pub(super) may_migrate: bool,
    /// The package to go back to.
    pub(super) last: Option<PathBuf>,
    /// How long it may take until it is ready.
    pub(super) ready_within: Duration,
    /// How long it is watched then.
    pub(super) watch_for: Duration,
    /// Whether it is begun although the server is not healthy.
    pub(super) even_if_unhealthy: bool,
}
