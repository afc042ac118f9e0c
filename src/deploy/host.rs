//! A server, as whoever deploys sees it: a seam, so that every failure at every step can be tried.

use super::package::Package;
use super::part::Part;
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
    /// What of Suiftly runs there; nothing where that version knows of no parts.
    #[serde(default)]
    pub(super) parts: Vec<Part>,
}

impl Standing {
    /// What is to be done there.
    pub(super) fn parts(&self) -> Vec<Part> {
        if self.parts.is_empty() { vec![Part::default()] } else { self.parts.clone() }
    }
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
    /// Says what is asked for, of a package that is kept there.
    fn ask(&mut self, request: &Request) -> anyhow::Result<()>;
    /// Says to a server that waits for the others whether all have it, or it is not to be.
    fn gather(&mut self, request: &Request, have_it: bool) -> anyhow::Result<()>;
    /// Has it begun there.
    fn begin(&mut self) -> anyhow::Result<()>;
}
