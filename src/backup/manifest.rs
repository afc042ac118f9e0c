//! What a backup says of itself: a manifest at its beginning, and at its end what is in it.
//!
//! ```text
//! manifest.json                 what it is, of when, and what is true of the database
//! secrets/NAME                  one each
//! configuration/suiftly.toml    as it was in force
//! database/00000001 …           the dump, in parts
//! journal/NAME                  segments, the newest first
//! contents.json                 every member before it: bytes and SHA-256; how far the journal goes
//! ```
//!
//! Both are JSON and carry the format's version. A file without its end is no backup.

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use suiftly_store::backup::Facts;

/// What every manifest begins with.
const FORMAT: &str = "suiftly-backup";
/// The version that this program writes, and the only one that it reads.
pub(super) const VERSION: u32 = 1;

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const CONTENTS: &str = "contents.json";
pub(super) const SECRETS: &str = "secrets/";
pub(super) const CONFIGURATION: &str = "configuration/suiftly.toml";
pub(super) const DATABASE: &str = "database/";
pub(super) const JOURNAL: &str = "journal/";

/// The beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: String,
    version: u32,
    /// The version of the program that made it.
    pub(super) program: String,
    pub(super) created_at: UnixMillis,
    /// development, test or production.
    pub(super) deployment: String,
    /// The database's name.
    pub(super) database: String,
    /// The release of the program that dumped it.
    pub(super) dumped_by: u32,
    /// What is true of the dump.
    pub(super) facts: Facts,
    pub(super) journal_id: String,
    pub(super) has_secrets: bool,
    pub(super) has_records: bool,
}

/// What goes into a manifest beside its format.
pub(super) struct Of {
    pub(super) created_at: UnixMillis,
    pub(super) deployment: String,
    pub(super) database: String,
    pub(super) dumped_by: u32,
    pub(super) facts: Facts,
    pub(super) journal_id: String,
    pub(super) has_secrets: bool,
    pub(super) has_records: bool,
}

impl Manifest {
    pub(super) fn of(of: Of) -> Self {
        let Of { created_at, deployment, database, dumped_by, facts, journal_id, has_secrets, has_records } = of;
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            created_at,
            deployment,
            database,
            dumped_by,
            facts,
            journal_id,
            has_secrets,
            has_records,
        }
    }

    /// Reads one, and refuses what this program cannot restore: the version is looked at before the rest.
    pub(super) fn read(json: &[u8]) -> anyhow::Result<Self> {
        let value: serde_json::Value = serde_json::from_slice(json).context("its manifest is not JSON")?;
        ensure!(value["format"] == FORMAT, "its manifest is not that of a backup of ours");
        let version = value["version"].as_u64().context("its manifest has no version")?;
        ensure!(
            version == u64::from(VERSION),
            "it is of format {version}, and this program reads {VERSION}: take the suiftly that made it, or a newer one"
        );
        serde_json::from_value(value).context("its manifest cannot be read")
    }

    /// Whether the database is a cluster's: then what is in it is of several journals.
    pub(super) fn is_of_cluster(&self) -> bool {
        self.facts.tables.get("cluster").is_some_and(|table| table.rows > 0)
    }

    /// The last epoch that the dump holds of the journal.
    pub(super) fn watermark(&self) -> Epoch {
        self.facts.watermark(&self.journal_id).map_or(0, |watermark| watermark.epoch)
    }
}

/// A member, as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// In hexadecimal.
    pub(super) sha256: String,
}

/// How far the journal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reach {
    /// Its oldest epoch.
    pub(super) first_epoch: Epoch,
    /// Its newest; the one before the oldest if there is none.
    pub(super) last_epoch: Epoch,
    /// When that was cut.
    pub(super) last_cut_at: Option<UnixMillis>,
}

/// The end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contents {
    pub(super) members: Vec<Member>,
    pub(super) journal: Reach,
}

impl Contents {
    pub(super) fn read(json: &[u8]) -> anyhow::Result<Self> {
        serde_json::from_slice(json).context("its list of contents cannot be read")
    }
}
