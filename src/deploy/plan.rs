//! What is asked of a server, as it is uploaded beside the package; and what the server makes of it.

use super::package::is_version;
use super::part::Part;
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
    /// What of the server is done. This and the next are left out where a version that does not know them may read it.
    #[serde(default, skip_serializing_if = "Part::is_whole")]
    pub(super) part: Part,
    /// Whether all that do it at once are waited for, between installing and restarting.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(super) gathers: bool,
    /// The version to go back to; without it, the one that is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) back_to: Option<String>,
    /// Whether the package is one that is kept there, and none was uploaded.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(super) is_kept: bool,
}

const fn is_not(said: &bool) -> bool {
    !*said
}

impl Request {
    /// Whoever may upload may write anything.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let is_hex = |text: &str| text.len() == HEX_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(is_hex(&self.id) && is_hex(&self.sha256), "the request's id or digest is none");
        ensure!(is_version(&self.version), "the request's version is none");
        ensure!(self.back_to.as_deref().is_none_or(is_version), "the request's version to go back to is none");
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
    /// What of the server is done.
    pub(super) part: Part,
    /// Whether the others are waited for before it is restarted.
    pub(super) gathers: bool,
}
