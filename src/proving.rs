//! What bills are proven by: the sealer, which the manager and the close run, and the prover, which makes one proof.
//!
//! ```text
//! journal, archive ─ walk ─▶ parts ─▶ database ─▶ close: the month's tree in the invoice's inputs
//!        └─────────── find ─▶ record, path ─┴──▶ proof ─▶ file, customer
//! ```
//!
//! Both read the journal beside ingest, on threads that may wait.

mod prove;
mod seal;
#[cfg(test)]
mod tests;

pub(crate) use prove::JournalProver;
pub(crate) use seal::JournalSealer;

use crate::cli::Place;
use crate::config::Config;
use crate::sources::decode_config;
use suiftly_ingest::audit::JournalDirs;
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::{JournalError, JournalId, locate};
use suiftly_schema::time::UnixMillis;

/// A journal with its archive, and how its lines are read.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) dirs: JournalDirs,
    pub(crate) decode: DecodeConfig,
    /// A cluster has many journals: its months are closed without parts, and nothing is proven.
    pub(crate) is_cluster: bool,
}

impl Source {
    /// This process's own.
    pub(crate) fn of(place: &Place, config: &Config) -> anyhow::Result<Self> {
        let dirs = JournalDirs::new(place.data_dir.join("journal"));
        let archive = config.journal.archive_dir.as_deref().filter(|dir| dir.is_dir());
        let dirs = archive.map_or_else(|| dirs.clone(), |archive| dirs.clone().with_archive(archive));
        Ok(Self { dirs, decode: decode_config(config)?, is_cluster: config.cluster.id.is_some() })
    }

    /// Which journal it is; `None` where there is none yet.
    fn journal_id(&self) -> Result<Option<JournalId>, JournalError> {
        Ok(locate(&self.dirs.journal, self.dirs.archive.as_deref(), UnixMillis::MIN)?.journal_id)
    }
}
