//! Configuration: one TOML file, every key also an environment variable (`SUIFTLY_SECTION__KEY`). Read once, checked
//! once, and all that is wrong is told at once. An unknown key is an error that names it. `packaging/suiftly.toml` documents
//! each key; the comments here are what `suiftly config schema` and `suiftly config reference` say.

mod admin;
mod backup;
mod billing;
mod cluster;
mod database;
mod deploy;
mod deployment;
mod edge;
mod http;
mod ingest;
mod journal;
mod layers;
mod log;
mod masked;
mod notify;
mod problems;
mod sui;
mod vault;

pub(crate) use admin::Admin;
pub(crate) use backup::Backup;
pub(crate) use billing::{Billing, EscrowBackend};
pub(crate) use cluster::Cluster;
pub(crate) use database::{Database, Dataflow, Firehose, SecretFiles};
pub(crate) use deploy::Deploy;
pub(crate) use edge::Edge;
pub(crate) use http::Api;
pub(crate) use ingest::Ingest;
pub(crate) use journal::Journal;
pub(crate) use layers::{Layers, Origin, environment_name};
pub(crate) use log::{Log, LogOutput, filter as log_filter};
pub(crate) use masked::{has_password, masked};
pub(crate) use notify::Notify;
pub(crate) use problems::Problems;
pub(crate) use sui::{Sui, SuiNetwork};
pub(crate) use vault::{GatewayEntry, Vault, expected as expected_edges};

use crate::sources::{FormatEntry, SourceEntry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// Everything that can be set. The defaults are those of a first look on one machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// What the program says of itself, and how it is written.
    pub(crate) log: Log,
    /// Where log lines come in, and what they are.
    pub(crate) ingest: Ingest,
    /// How lines are kept on the disk, and how long.
    pub(crate) journal: Journal,
    /// How the views are kept up to date.
    pub(crate) dataflow: Dataflow,
    /// Where the roles are processes of their own, on several machines: who they are to each other.
    pub(crate) cluster: Cluster,
    /// Where what is known is stored.
    pub(crate) database: Database,
    /// The copy of every raw record in QuestDB.
    pub(crate) firehose: Firehose,
    /// Where customers are served: the API and the dashboard.
    pub(crate) api: Api,
    /// Where operators are served.
    pub(crate) admin: Admin,
    /// Who charges, and who holds the money.
    pub(crate) billing: Billing,
    /// How customers are told things.
    pub(crate) notify: Notify,
    /// For `suiftly edge`, on the gateways' machine.
    pub(crate) edge: Edge,
    /// How what gateways run on is published.
    pub(crate) vault: Vault,
    /// When copies are made, for whom, and how many are kept.
    pub(crate) backup: Backup,
    /// Where secrets are.
    pub(crate) secrets: SecretFiles,
    /// Where `suiftly deploy` puts a version.
    pub(crate) deploy: Deploy,
    /// Edges that are expected, at most 256. In the file alone.
    pub(crate) gateway: Vec<GatewayEntry>,
    /// Who may send lines for which servers, at most 4,096; the first that fits counts. In the file alone.
    pub(crate) source: Vec<SourceEntry>,
    /// What lines are, beyond the formats that are known, at most 64. In the file alone.
    pub(crate) format: Vec<FormatEntry>,
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

impl Config {
    /// Reads the file, if one is named, and the environment over it.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let (config, problems) = Self::look(file);
        problems.none_or("cannot use the configuration")?;
        Ok(config)
    }

    /// What can be read of it, and all that is wrong with it. One that cannot be read is as by default.
    pub(crate) fn look(file: Option<&Path>) -> (Self, Problems) {
        let (read, problems) = Self::look_beside_layers(file);
        (read.map(|(_, config)| config).unwrap_or_default(), problems)
    }

    /// The same with where its settings come from; none if it cannot be read.
    pub(crate) fn look_beside_layers(file: Option<&Path>) -> (Option<(Layers, Self)>, Problems) {
        let mut problems = Problems::default();
        let layers = Layers::read(file, &mut problems);
        let read = layers.and_then(|layers| layers.config(&mut problems).map(|config| (layers, config)));
        if let Some((_, config)) = &read {
            config.check(&mut problems);
        }
        (read, problems)
    }

    /// Holds it against the rules that need nothing but itself. A section's own `check` says what it finds.
    fn check(&self, problems: &mut Problems) {
        problems.note(self.log.check());
        self.journal.check(problems);
        self.ingest.check(problems);
        self.cluster.check(problems);
        self.database.check(problems);
        self.firehose.check(problems);
        self.api.check(problems);
        problems.note(self.api.deployment(&self.billing));
        self.admin.check(problems);
        self.billing.check(problems);
        self.notify.check(problems);
        self.vault.check(problems);
        self.backup.check(problems);
        self.deploy.check(problems);
        problems.note(expected_edges(&self.gateway));
        self.edge.check(problems);
    }
}

#[cfg(test)]
mod tests;
