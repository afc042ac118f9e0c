//! Who belongs to a cluster, and where each is reached: a table of roles and addresses, the same on every machine.
//!
//! ```toml
//! ingest-a = "10.0.0.1:5515"
//! ingest-b = "10.0.0.2:5515"
//! dataflow-0 = "10.0.0.3:5515"
//! dataflow-1 = "10.0.0.4:5515"
//! ```

use anyhow::{Context, ensure};
use figment::Figment;
use figment::providers::{Format, Toml};
use std::collections::BTreeMap;
use std::path::Path;
use suiftly_link::{MAX_PROCESSES, Role};

/// More ingesters are several clusters. Each process of the dataflow has a link to each of them.
const INGESTERS_MAX: usize = 256;

/// All of them. The API need not be named: it connects to the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    ingesters: BTreeMap<String, String>,
    /// In the order of their numbers.
    dataflow: Vec<String>,
    api: Option<String>,
}

impl Members {
    /// Those of the configuration's `cluster.hosts`.
    pub(crate) fn of(hosts: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        Self::checked(hosts).context("cluster.hosts")
    }

    /// Those of a file: lines `ROLE = "host:port"`, TOML.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot use {}", path.display());
        let text = std::fs::read_to_string(path).with_context(cannot)?;
        let hosts = Figment::from(Toml::string(&text)).extract::<BTreeMap<String, String>>();
        hosts.map_err(anyhow::Error::from).and_then(|hosts| Self::checked(&hosts)).with_context(cannot)
    }

    fn checked(hosts: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let mut members = Self::default();
        let mut numbered = BTreeMap::new();
        for (role, address) in hosts {
            ensure!(is_address(address), "{role} is at {address:?}: it must be host:port");
            match role.parse::<Role>()? {
                Role::Ingest(name) => drop(members.ingesters.insert(name, address.clone())),
                Role::Dataflow(number) => drop(numbered.insert(number, address.clone())),
                Role::Api => members.api = Some(address.clone()),
            }
        }
        ensure!(members.ingesters.len() <= INGESTERS_MAX, "more than {INGESTERS_MAX} ingesters");
        ensure!(numbered.len() <= usize::from(MAX_PROCESSES), "more than {MAX_PROCESSES} processes of the dataflow");
        let gap = (0_u16..).zip(numbered.keys()).find(|(place, number)| place != *number);
        ensure!(gap.is_none(), "processes of the dataflow are numbered from 0 on, without a gap");
        members.dataflow = numbered.into_values().collect();
        Ok(members)
    }

    /// How many processes the dataflow has.
    pub(crate) fn processes(&self) -> usize {
        self.dataflow.len()
    }

    /// Where somebody is reached.
    pub(crate) fn address(&self, role: &Role) -> Option<&str> {
        match role {
            Role::Ingest(name) => self.ingesters.get(name).map(String::as_str),
            Role::Dataflow(number) => self.dataflow.get(usize::from(*number)).map(String::as_str),
            Role::Api => self.api.as_deref(),
        }
    }

    /// Each with its address: ingesters by name, then the dataflow by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Role, &str)> {
        let ingesters = self.ingesters.iter().map(|(name, address)| (Role::Ingest(name.clone()), address.as_str()));
        let dataflow = (0..).zip(&self.dataflow).map(|(number, address)| (Role::Dataflow(number), address.as_str()));
        ingesters.chain(dataflow)
    }
}

/// `host:port`; of IPv6 `[address]:port`.
fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let is_host = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/');
        let is_bare = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
        is_host && is_bare && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(toml: &str) -> anyhow::Result<Members> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), toml)?;
        Members::read(file.path())
    }

    #[test]
    fn each_is_found_by_its_role() {
        let of = "dataflow-1 = \"[2001:db8::1]:5515\"\ningest-b = \"logs-b:5515\"\n# two of them\n\
                  dataflow-0 = \"10.0.0.3:5515\"\ningest-a-1 = \"10.0.0.1:5516\"\n";
        let members = members(of).unwrap();
        let all: Vec<_> = members.iter().map(|(role, address)| format!("{role} {address}")).collect();
        assert_eq!(
            all,
            [
                "ingest-a-1 10.0.0.1:5516",
                "ingest-b logs-b:5515",
                "dataflow-0 10.0.0.3:5515",
                "dataflow-1 [2001:db8::1]:5515"
            ]
        );
        for (role, address) in members.iter() {
            assert_eq!(members.address(&role), Some(address));
        }
        assert_eq!((members.processes(), members.address(&Role::Dataflow(2))), (2, None));
        assert_eq!(members.address(&Role::Api), None);
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (toml, says) in [
            ("dataflow-1 = \"h:1\"\n", "without a gap"),
            ("dataflow-0 = \"h:1\"\ndataflow-2 = \"h:2\"\n", "without a gap"),
            ("dataflow-07 = \"h:1\"\n", "dataflow-07"),
            ("ingest = \"h:1\"\n", "\"ingest\" is no role"),
            ("ingest-A = \"h:1\"\n", "ingest-A"),
            ("ingest-a = \"h\"\n", "must be host:port"),
            ("ingest-a = \"h:0\"\n", "must be host:port"),
            ("ingest-a = \"::1:5515\"\n", "must be host:port"),
            ("ingest-a = \"http://h:1\"\n", "must be host:port"),
            ("ingest-a = 7\n", "cannot use"),
            ("nonsense", "cannot use"),
        ] {
            let error = format!("{:#}", members(toml).unwrap_err());
            assert!(error.contains(says), "{toml}: {error}");
        }
        assert!(Members::read(Path::new("/nonexistent")).is_err());
    }
}
