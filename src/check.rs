//! `suiftly db check`: holds what is stored against the journal, line by line; of a cluster, against what its order takes in
//! of all its journals. Development and test only: it is complete as long as neither the journals nor the raw records have
//! passed their retention, and it remembers every line's identity.
//!
//! It reads frames by itself, knowing of SF1 only where boot, number and server stand: what the decoder makes of them is
//! what it checks.

mod cluster;
mod compare;

use anyhow::bail;
use compare::{Comparison, Found, Lines};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalReader};
use suiftly_schema::loss::{WorkerId, WorkerWindow};
use suiftly_store::config::StoreConfig;
use suiftly_store::reader::Reader;
use suiftly_store::shards::ClusterStore;

/// Compares the journals in these directories, or the one in the data directory, with the database; the figures, and
/// whether they are as they should be. Of a cluster they are its order and all that it takes in, read as `decode` says.
pub(crate) async fn check_named(
    named: &[PathBuf],
    data_dir: &Path,
    decode: &DecodeConfig,
    store: &StoreConfig,
) -> anyhow::Result<(Value, bool)> {
    match (ClusterStore::new(store).row().await?, named) {
        (Some(_), []) => {
            bail!("the database is a cluster's: name its order's directory and every ingester's journal by --journal")
        }
        (Some(row), dirs) => cluster::check(dirs, &row.order_journal, decode, store).await,
        (None, []) => check(&data_dir.join("journal"), store).await,
        (None, [dir]) => check(dir, store).await,
        (None, _) => bail!("the database is no cluster's: it has one journal alone"),
    }
}

/// Compares the journal in `dir` with the database. Takes the journal's lock: nothing may be running.
pub(crate) async fn check(dir: &Path, store: &StoreConfig) -> anyhow::Result<(Value, bool)> {
    let (journal, recovery) = Journal::open(dir, JournalConfig::default())?;
    let reader = Reader::new(store, &recovery.journal_id.to_string())?;
    let mut comparison = Comparison::new(vec![(0, JournalReader::from_epoch(dir, recovery.first_epoch)?)]);
    reader.each_stored_line(|line| comparison.stored(line)).await?;
    let (found, journals_read) = comparison.finish()?;
    let damaged_blocks: u64 = journals_read.iter().map(|journal| journal.lost().blocks).sum();
    let is_undamaged = journals_read.iter().all(|journal| journal.lost().is_nothing());
    let totals = reader.pipeline_totals().await?;
    let usage_differences = reader.usage_differences().await?;
    drop(journal);
    let whole = found.holds() && is_undamaged;
    let holds = whole && usage_differences == 0 && totals.watermark.epoch == recovery.last_epoch;
    let mut figures = figures(&found, &totals.workers);
    figures["journal"] = json!(recovery.journal_id.to_string());
    figures["last_epoch"] = json!(recovery.last_epoch);
    figures["stored_epoch"] = json!(totals.watermark.epoch);
    figures["damaged_blocks"] = json!(damaged_blocks);
    figures["usage_differences"] = json!(usage_differences);
    figures["rejected"] = json!(totals.counts.rejected_total());
    Ok((figures, holds))
}

/// What was found line by line.
fn figures(found: &Found, windows: &[WorkerWindow]) -> Value {
    let workers: Vec<_> = found.workers.iter().map(|(id, lines)| worker(id, lines, windows)).collect();
    json!({
        "frames": found.frames,
        "distinct": found.distinct(),
        "repeated": found.repeated,
        "stored": found.stored,
        "stored_twice": found.stored_twice,
        "not_stored": found.unstored.len(),
        "not_in_journal": found.not_in_journal,
        "workers": workers,
    })
}

/// A worker's lines by our count, and by the loss meter's.
fn worker(id: &WorkerId, lines: &Lines, windows: &[WorkerWindow]) -> Value {
    let window = windows.iter().find(|window| window.worker == *id);
    json!({
        "server_id": id.server_id,
        "boot_ms": id.boot.0,
        "distinct": lines.distinct,
        "repeated": lines.repeated,
        "received": window.map(|window| window.received),
        "duplicates": window.map(|window| window.duplicates),
        "missing": window.map(|window| window.missing),
        "first_seq": window.map(|window| window.first_seq),
        "highest_seq": window.map(|window| window.highest_seq),
    })
}
