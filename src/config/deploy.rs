//! `[deploy]`: which servers `suiftly deploy` puts a version onto, where it is run.

use super::Problems;
use anyhow::ensure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// More servers are several deployments.
const HOSTS_MAX: usize = 256;

/// `[deploy]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Deploy {
    /// The servers, as [user@]host, in the order in which they are done; at most 256. Without a user it is suiftly-deploy.
    pub(crate) hosts: Vec<String>,
}

impl Deploy {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.note(self.checked());
    }

    fn checked(&self) -> anyhow::Result<()> {
        ensure!(self.hosts.len() <= HOSTS_MAX, "deploy.hosts names more than {HOSTS_MAX} servers");
        for (at, host) in self.hosts.iter().enumerate() {
            ensure!(crate::deploy::is_host(host), "deploy.hosts: {host:?} is no [user@]host");
            ensure!(!self.hosts[..at].contains(host), "deploy.hosts names {host} twice");
        }
        Ok(())
    }
}
