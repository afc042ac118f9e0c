//! `[cluster]`: which cluster this machine's processes are of, and where they find each other.

use super::Problems;
use crate::cluster::{ClusterId, Members};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use suiftly_link::Role;

/// `[cluster]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Cluster {
    /// The cluster's id, 32 hexadecimal digits: `suiftly cluster init` makes it. Without it every role runs in one
    /// process, by `suiftly serve`.
    pub(crate) id: Option<String>,
    /// What this machine's ingester is called, its role being ingest-NAME: small letters, digits, and hyphens within.
    pub(crate) name: Option<String>,
    /// Where the other processes connect to this one. Without it, at the address that `hosts` says of it.
    pub(crate) listen: Option<SocketAddr>,
    /// The directory with the certificates of the cluster's CA, `ca.pem`, and of each process on this machine the
    /// certificate and its key, `ROLE.pem` and `ROLE-key.pem`: as `suiftly cluster certificate` writes them.
    pub(crate) tls_dir: Option<PathBuf>,
    /// Where each process is reached, host:port by role: ingest-NAME, dataflow-NUMBER, api. The same for all of them;
    /// `serve --hosts` names a file instead.
    pub(crate) hosts: BTreeMap<String, String>,
}

impl Cluster {
    /// The cluster's id, if there is a cluster.
    pub(crate) fn id(&self) -> anyhow::Result<Option<ClusterId>> {
        self.id.as_deref().map(str::parse).transpose()
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        problems.note(self.id());
        problems.note(Members::of(&self.hosts));
        let is_role = |name: &str| format!("ingest-{name}").parse::<Role>().is_ok();
        let is_name = self.name.as_deref().is_none_or(is_role);
        problems.unless(is_name, "cluster.name must be of small letters, digits, and hyphens within");
    }
}
