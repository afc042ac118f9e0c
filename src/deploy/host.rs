//! A server, as whoever deploys sees it: a seam, so that every failure at every step can be tried.

use super::package::Package;
use super::plan::Request;
use super::status::Status;
use serde::Deserialize;

/// How it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Standing {
    /// The installed version; `None`: none is.
    pub(super) installed: Option<String>,
    /// The database's schema as that version has it; `None`: it is too old to say.
    pub(super) schema: Option<i32>,
    /// Whether a deployment is at work.
    pub(super) is_at_work: bool,
}

/// How far the last deployment there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Whether it is at work, or another is.
    pub(super) is_at_work: bool,
    /// What it has told; `None`: there was none.
    pub(super) last: Option<Status>,
}

/// A server that can be reached, or not.
pub(super) trait Host {
    /// As it was named.
    fn name(&self) -> &str;
    /// How it stands.
    fn standing(&mut self) -> anyhow::Result<Standing>;
    /// How far it is: asked without the program there, which is being replaced by one that may be broken.
    fn progress(&mut self) -> anyhow::Result<Progress>;
    /// Sends what is to be installed, and what is asked for.
    fn upload(&mut self, package: &Package, request: &Request) -> anyhow::Result<()>;
    /// Has it begun there.
    fn begin(&mut self) -> anyhow::Result<()>;
}
