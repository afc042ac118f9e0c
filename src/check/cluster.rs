//! The same of a cluster: each journal as far as the order takes it in, and all of them decoded again in that order.

use super::compare::Comparison;
use super::figures;
use crate::commands::blocking;
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use suiftly_ingest::audit::JournalDirs;
use suiftly_ingest::block::Block;
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalError, JournalId, JournalReader, first_epoch};
use suiftly_ingest::order::{ClusterDirs, Cut, ReadEpoch, ReadError, read};
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::LineCounts;
use suiftly_store::config::StoreConfig;
use suiftly_store::reader::Reader;

const FIRST_EPOCH: Epoch = 1;

/// Takes the locks of all journals: no ingester and no process of the dataflow may be running.
pub(super) async fn check(
    dirs: &[PathBuf],
    order_journal: &str,
    decode: &DecodeConfig,
    store: &StoreConfig,
) -> anyhow::Result<(Value, bool)> {
    let (locks, dirs) = open(dirs, order_journal)?;
    let reader = Reader::new(store, order_journal)?;
    let (to_decode, decode) = (dirs.clone(), decode.clone());
    let decoded = blocking(move || Decoded::of(&to_decode, &decode)).await?;
    let mut comparison = Comparison::new(decoded.journals(&dirs)?);
    let mut before_the_cluster = 0_u64;
    let stored = reader.each_stored_line(|line| match line.journal_no {
        0 => before_the_cluster += 1,
        _ => comparison.stored(line),
    });
    stored.await?;
    ensure!(
        before_the_cluster == 0,
        "{before_the_cluster} records were stored by a process alone, before there was the cluster: only a database that \
         began as a cluster's can be checked"
    );
    let (found, journals_read) = comparison.finish()?;
    let totals = reader.pipeline_totals().await?;
    let usage_differences = reader.usage_differences().await?;
    drop(locks);
    // Empty epochs are cut as long as process 0 runs: of those nothing need be stored.
    let stored_epoch = totals.watermark.epoch;
    let last_epoch = decoded.last_with_content.max(stored_epoch);
    let lines_differ = u64::abs_diff(totals.counts.accepted, decoded.counts.accepted)
        + u64::abs_diff(totals.counts.received, decoded.counts.received);
    let is_stored = stored_epoch == last_epoch && stored_epoch <= decoded.last_epoch;
    let holds = found.holds() && is_stored && usage_differences == 0 && lines_differ == 0;
    let mut figures = figures(&found, &totals.workers);
    figures["journal"] = json!(order_journal);
    figures["order_epoch"] = json!(decoded.last_epoch);
    figures["last_epoch"] = json!(last_epoch);
    figures["stored_epoch"] = json!(stored_epoch);
    figures["not_ordered"] = json!(journals_read.iter().map(|journal| journal.frames_after).sum::<u64>());
    // What the order takes in and cannot be read is an error.
    figures["damaged_blocks"] = json!(0);
    figures["accepted"] = json!(totals.counts.accepted);
    figures["accepted_again"] = json!(decoded.counts.accepted);
    figures["received"] = json!(totals.counts.received);
    figures["received_again"] = json!(decoded.counts.received);
    figures["usage_differences"] = json!(usage_differences);
    figures["rejected"] = json!(totals.counts.rejected_total());
    Ok((figures, holds))
}

/// Locks them, and finds out which is which.
fn open(dirs: &[PathBuf], order_journal: &str) -> anyhow::Result<(Vec<Journal>, ClusterDirs)> {
    let (mut locks, mut journals) = (Vec::new(), BTreeMap::<JournalId, JournalDirs>::new());
    for dir in dirs {
        // To open it would make one.
        ensure!(first_epoch(dir, None)?.is_some(), "there is no journal in {}", dir.display());
        let (journal, recovery) = Journal::open(dir, JournalConfig::default())?;
        let known = journals.insert(recovery.journal_id, JournalDirs::new(dir));
        ensure!(known.is_none(), "{} has the journal of another directory", dir.display());
        locks.push(journal);
    }
    let id: JournalId = order_journal.parse().context("the order of the database has no journal's name")?;
    let order = journals.remove(&id);
    let order = order.with_context(|| format!("the order, journal {id}, is in none of the directories"))?;
    Ok((locks, ClusterDirs { order, journals }))
}

/// What reading all of it again comes to.
#[derive(Default)]
struct Decoded {
    /// The order's last.
    last_epoch: Epoch,
    /// The last that says anything.
    last_with_content: Epoch,
    counts: LineCounts,
    /// The last of each journal, by number.
    cuts: BTreeMap<u16, Cut>,
}

impl Decoded {
    fn of(dirs: &ClusterDirs, config: &DecodeConfig) -> Result<Self, ReadError> {
        let mut decoded = Self::default();
        for epoch in read(dirs, config, &(FIRST_EPOCH..=Epoch::MAX), &[])? {
            let ReadEpoch { order, frames, batch } = epoch?;
            decoded.last_epoch = order.epoch;
            if frames > 0 || !order.changes.is_empty() {
                decoded.last_with_content = order.epoch;
            }
            decoded.counts.add(&batch.counts);
            decoded.cuts.extend(order.cuts.into_iter().map(|cut| (cut.no, cut)));
        }
        Ok(decoded)
    }

    /// The journals that are taken in, as far as they are.
    fn journals(&self, dirs: &ClusterDirs) -> anyhow::Result<Vec<(u16, TakenIn)>> {
        let open = |(no, cut): (&u16, &Cut)| {
            let dirs = dirs.journals.get(&cut.journal);
            let dirs = dirs.with_context(|| format!("journal {} is in none of the directories", cut.journal))?;
            let blocks = JournalReader::from_epoch(&dirs.journal, FIRST_EPOCH)?;
            Ok((*no, TakenIn { blocks, through: cut.through, frames_after: 0 }))
        };
        self.cuts.iter().map(open).collect()
    }
}

/// A journal's blocks up to an epoch; of those after it the frames are counted.
struct TakenIn {
    blocks: JournalReader,
    through: Epoch,
    frames_after: u64,
}

impl Iterator for TakenIn {
    type Item = Result<Block, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.blocks.next()? {
                Ok(block) if block.epoch > self.through => self.frames_after += u64::from(block.frame_count()),
                block => return Some(block),
            }
        }
    }
}
