//! What process 0 does for all beside cutting the order: it puts the order into the database, numbers journals, says what
//! need not be kept any more, and brings reference changes out of the outbox into the order. A database that is away holds
//! up none of the lines.

use super::super::telling::Told;
use super::following::Followings;
use super::giving::Giving;
use super::run::Run;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use suiftly_ingest::block::Block;
use suiftly_ingest::hand_in::MAX_CHANGES;
use suiftly_ingest::journal::{JournalId, Progress};
use suiftly_ingest::order::{Cut, Intake, OrderBlock};
use suiftly_store::StoreError;
use suiftly_store::config::StoreConfig;
use suiftly_store::outbox::Outbox;
use suiftly_store::shards::{ClusterStore, CutRow, OrderRow};
use tokio::sync::mpsc;

/// Epochs that are put into the database at once.
const ROWS_A_PUT: usize = 512;
/// Journals are looked for, and what need not be kept is told, so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Puts the order's blocks into the database as they are cut: nobody stores an epoch before.
pub(super) async fn put_order(run: Arc<Run>, store: StoreConfig, mut blocks: mpsc::Receiver<Arc<Block>>) {
    let (mut cluster, mut last) = (ClusterStore::new(&store), Vec::new());
    loop {
        let mut cut = Vec::new();
        if blocks.recv_many(&mut cut, ROWS_A_PUT).await == 0 {
            if !run.is_ending() {
                run.quit(&"the order cannot be read any further");
            }
            return;
        }
        let rows: Result<Vec<_>, _> = cut.iter().map(|block| row_of(block, &mut last)).collect();
        let rows = rows.unwrap_or_else(|error| run.quit(&error));
        let mut pause = FIRST_RETRY;
        while let Err(error) = cluster.put_order(run.generation(), &rows).await {
            if !error.is_unavailable() {
                run.quit(&error);
            }
            tracing::warn!(%error, "the order waits for the database");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_RETRY);
        }
    }
}

/// A block as a row, with the cuts that have moved since the one before.
fn row_of(block: &Block, last: &mut Vec<Cut>) -> anyhow::Result<OrderRow> {
    let OrderBlock { epoch, cut_at, end, cuts, .. } = OrderBlock::of(block)?;
    let moved = cuts.iter().filter(|cut| !last.contains(cut));
    let row_of = |cut: &Cut| CutRow { no: cut.no, through: cut.through, cut_at: cut.cut_at, journal_end: cut.end };
    let row =
        OrderRow { epoch, cut_at, journal_end: end, block: block.bytes().to_vec(), cuts: moved.map(row_of).collect() };
    *last = cuts;
    Ok(row)
}

/// Numbers each journal that is heard of, so that it is taken in; says what need not be kept; and sets free what was asked
/// for of it before the start.
pub(super) async fn keep(
    run: Arc<Run>,
    store: StoreConfig,
    giving: Arc<Giving>,
    intake: Arc<Intake>,
    progress: Arc<Progress>,
) {
    let mut keeper = Keeper { cluster: ClusterStore::new(&store), numbered: BTreeSet::new(), refused: BTreeSet::new() };
    let mut every = tokio::time::interval(LOOK_EVERY);
    loop {
        every.tick().await;
        let kept = async {
            keeper.number(&giving.followings, &intake).await?;
            keeper.release(&giving.followings, &progress).await?;
            giving.release(&mut keeper.cluster, run.generation(), &keeper.numbered).await
        };
        match kept.await {
            Err(error) if error.is_unavailable() => tracing::warn!(%error, "journals are kept whole meanwhile"),
            Err(error) => run.quit(&error),
            Ok(()) => {}
        }
    }
}

struct Keeper {
    cluster: ClusterStore,
    numbered: BTreeSet<JournalId>,
    /// Told once.
    refused: BTreeSet<JournalId>,
}

impl Keeper {
    async fn number(&mut self, followings: &Followings, intake: &Intake) -> Result<(), StoreError> {
        let is_new = |journal: &JournalId| !self.numbered.contains(journal) && !self.refused.contains(journal);
        let new: Vec<_> = followings.journals().filter(|(_, journal)| is_new(journal)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let known = self.cluster.journals().await?;
        for (name, journal) in new {
            let id = journal.to_string();
            if known.iter().any(|known| known.journal_id == id && known.forgotten_through > 0) {
                tracing::error!(ingester = name, %journal, "it was forgotten: it must begin a new journal");
                self.refused.insert(journal);
                continue;
            }
            match self.cluster.number(&id, name).await {
                Ok(no) => {
                    tracing::info!(ingester = name, %journal, no, "a journal is taken in");
                    intake.number(journal, no);
                    self.numbered.insert(journal);
                }
                Err(error @ StoreError::Unfit { .. }) => {
                    tracing::error!(ingester = name, "its lines are not taken in: {error}");
                    self.refused.insert(journal);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What every shard has stored, dedup and all, nobody asks for again.
    async fn release(&mut self, followings: &Followings, progress: &Progress) -> Result<(), StoreError> {
        self.cluster.trim_order().await?;
        let restart = self.cluster.standing().await?.restarts.into_iter().min().unwrap_or_default();
        // The block of the restart itself says which cuts are in force.
        progress.release_through(restart.saturating_sub(1));
        let released = self.cluster.released().await?;
        for journal in self.cluster.journals().await? {
            let through = released.iter().find(|(no, _)| *no == journal.no).map(|(_, through)| *through);
            if let (Some(through), Ok(id)) = (through, journal.journal_id.parse()) {
                followings.release(id, through);
            }
        }
        Ok(())
    }
}

/// Brings reference changes out of the outbox to who cuts the order. They stay in the outbox until an epoch is stored that
/// took them in.
pub(super) async fn tell_changes(store: StoreConfig, intake: Arc<Intake>, told: Arc<Told>) {
    let (mut outbox, mut pause) = (Outbox::new(&store), FIRST_RETRY);
    let limit = u32::try_from(MAX_CHANGES).unwrap_or(u32::MAX);
    loop {
        // Before the outbox is read: what was committed when it was asked is in it.
        let asked = told.asked();
        let trouble = match outbox.after(intake.last_seq(), limit).await {
            Ok(changes) if changes.is_empty() => {
                told.answer(asked);
                tokio::select! {
                    () = outbox.changed() => {}
                    () = told.is_asked() => {}
                }
                None
            }
            Ok(changes) => intake.tell(&changes).err().map(|full| full.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let Some(trouble) = trouble else {
            pause = FIRST_RETRY;
            continue;
        };
        tracing::warn!(trouble, "reference changes wait in the outbox");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_ingest::block::BlockBuilder;
    use suiftly_ingest::source::Source;
    use suiftly_schema::ids::Epoch;
    use suiftly_schema::time::UnixMillis;

    fn block(epoch: Epoch, start: u64, cuts: &[(u8, u16, Epoch)]) -> Block {
        let mut builder = BlockBuilder::default();
        for &(journal, no, through) in cuts {
            let fields = [through.to_le_bytes(), 5_i64.to_le_bytes(), (through * 100).to_le_bytes()];
            let source = Source::Cut { journal: JournalId([journal; 16]), no };
            builder.push(&source, UnixMillis(5), &fields.concat()).unwrap();
        }
        builder.seal(epoch, UnixMillis(epoch.cast_signed()), start)
    }

    #[test]
    fn a_row_has_the_cuts_that_moved() {
        let mut last = Vec::new();
        let mut moved = |block: &Block| {
            let row = row_of(block, &mut last).unwrap();
            assert_eq!((row.epoch, row.journal_end, &*row.block), (block.epoch, block.end, block.bytes()));
            row.cuts.iter().map(|cut| (cut.no, cut.through, cut.journal_end)).collect::<Vec<_>>()
        };
        let first = block(7, 0, &[(1, 1, 10), (2, 2, 20)]);
        let second = block(8, first.end, &[(1, 1, 10), (2, 2, 21)]);
        let third = block(9, second.end, &[(1, 1, 10), (2, 2, 21)]);
        assert_eq!(moved(&first), [(1, 10, 1_000), (2, 20, 2_000)]);
        assert_eq!(moved(&second), [(2, 21, 2_100)]);
        assert!(moved(&third).is_empty());
    }
}
