//! `[database]`, `[dataflow]`, `[secrets]` and `[firehose]`: where what is known is kept, and by whom it is used.

use super::Problems;
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use suiftly_store::config::StoreConfig;

/// `[dataflow]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dataflow {
    /// Worker threads: 1 to 64.
    pub(crate) workers: usize,
}

/// `[database]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// A PostgreSQL URL (`postgres://user@host/database`), or `host=… user=… dbname=…`. Without one a private cluster is
    /// started in the data directory, which production refuses.
    pub(crate) url: Option<String>,
    /// The same database as the role that owns its tables; the role of `url` then needs no DDL.
    pub(crate) migrate_url: Option<String>,
}

/// `[secrets]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SecretFiles {
    /// Where secrets are, a file each; without it, in the data directory.
    pub(crate) dir: Option<PathBuf>,
}

/// `[firehose]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Firehose {
    /// Where QuestDB is (`http://host:port`); without it there is no firehose.
    pub(crate) url: Option<String>,
    /// As whom, by HTTP basic authentication.
    pub(crate) user: Option<String>,
    /// The file that holds the user's password; only its owner may be able to read it.
    pub(crate) password_file: Option<PathBuf>,
    /// The file that holds a bearer token, instead of both; only its owner may be able to read it.
    pub(crate) token_file: Option<PathBuf>,
    /// QuestDB drops records older than so many days; 0: that is not set.
    pub(crate) keep_days: u32,
}

impl Default for Dataflow {
    fn default() -> Self {
        Self { workers: 1 }
    }
}

impl Database {
    pub(super) fn check(&self, problems: &mut Problems) {
        let has_url = self.url.is_some() || self.migrate_url.is_none();
        problems.unless(has_url, "database.migrate_url needs database.url");
        let mut store = |key: &str, url: &Option<String>| {
            problems.note(StoreConfig::from_url(url.as_deref()?).with_context(|| key.to_owned()))
        };
        let (run, owner) = (store("database.url", &self.url), store("database.migrate_url", &self.migrate_url));
        if let Some((run, owner)) = run.zip(owner) {
            let (run, owner) = (run.database(), owner.database());
            let differ =
                format_args!("database.url names {run}, and database.migrate_url {owner}: they must name one database");
            problems.unless(run == owner, differ);
        }
    }
}

impl Firehose {
    pub(super) fn check(&self, problems: &mut Problems) {
        let has_both = self.user.is_some() == self.password_file.is_some();
        problems.unless(has_both, "firehose.user and firehose.password_file must both be set, or neither");
        let is_one = self.user.is_none() || self.token_file.is_none();
        problems.unless(is_one, "firehose.token_file and firehose.user exclude each other");
        let is_used = self.url.is_some() || (self.user.is_none() && self.token_file.is_none());
        problems.unless(is_used, "firehose.user and firehose.token_file need firehose.url");
    }
}
