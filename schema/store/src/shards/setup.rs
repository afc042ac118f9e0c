//! What is done once: making a database a cluster's, numbering a journal, and giving up an order's that is lost for good.

use super::ClusterStore;
use crate::StoreError;
use crate::writer::{of_writers_xact, resume};
use tokio_postgres::Transaction;

/// A cluster to be.
#[derive(Clone, Debug)]
pub struct NewCluster {
    /// 32 digits of hex.
    pub cluster_id: String,
    /// The id of the journal of its order, which nothing has been stored of.
    pub order_journal: String,
    /// By which rule lines and sums are given to shards.
    pub placement: u16,
    /// The journal of the single process that wrote before, if one did: what its dedup has seen is known to the cluster.
    /// It must have been stored to its end.
    pub goes_on_from: Option<String>,
}

/// From the clock of what was stored before on.
const MAKE_SHARDS: &str = "INSERT INTO shard_watermarks (shard, cut_at, restart_at) \
    SELECT shard, was.cut_at, was.cut_at FROM generate_series(0, 255) AS shard, \
    (SELECT max(cut_at) AS cut_at FROM journal_watermarks WHERE epoch > 0) AS was";

const COPY_WINDOWS: &str = "INSERT INTO worker_windows (journal_id, server_id, boot, received, duplicates, conflicts, \
    missing, missing_final, repaired, first_seq, highest_seq, heard_at, seen, epoch) \
    SELECT $2::text, server_id, boot, received, duplicates, conflicts, missing, missing_final, repaired, first_seq, \
    highest_seq, heard_at, seen, 0 FROM worker_windows WHERE journal_id = $1";

const COPY_FOLDED: &str = "INSERT INTO folded_workers (journal_id, server_id, workers, received, duplicates, conflicts, \
    missing, repaired) \
    SELECT $2::text, server_id, workers, received, duplicates, conflicts, missing, repaired \
    FROM folded_workers WHERE journal_id = $1";

const COPY_STREAMS: &str = "INSERT INTO open_streams (journal_id, server_id, boot, rt, epoch, told_bytes, is_final, heard_at) \
    SELECT $2::text, server_id, boot, rt, 0, told_bytes, is_final, heard_at FROM open_streams WHERE journal_id = $1";

const NUMBER: &str = "INSERT INTO cluster_journals (no, journal_id, name) \
    SELECT coalesce(max(no), 0) + 1, $1::text, $2::text FROM cluster_journals \
    ON CONFLICT (journal_id) DO UPDATE SET name = excluded.name RETURNING no";

/// What stands under the order's id, and its place.
const MOVE_ORDER: [&str; 7] = [
    "UPDATE journal_watermarks AS new SET epoch = old.epoch, cut_at = old.cut_at, received = old.received, \
     accepted = old.accepted, second_home = old.second_home, duplicates = old.duplicates, system = old.system, \
     rejected = old.rejected, records = old.records FROM journal_watermarks AS old WHERE old.journal_id = $1 AND new.journal_id = $2",
    "UPDATE worker_windows SET journal_id = $2 WHERE journal_id = $1",
    "UPDATE folded_workers SET journal_id = $2 WHERE journal_id = $1",
    "UPDATE open_streams SET journal_id = $2 WHERE journal_id = $1",
    "UPDATE firehose_spans SET journal_id = $2 WHERE journal_id = $1",
    "UPDATE firehose_progress SET journal_id = $2 WHERE journal_id = $1",
    "UPDATE cluster SET order_journal = $2 WHERE order_journal = $1",
];

impl ClusterStore {
    /// Makes the database a cluster's. [`StoreError::SecondWriter`] while a single process writes;
    /// [`StoreError::Unfit`] if it is one already, or the order's journal is known.
    pub async fn init(&mut self, new: &NewCluster) -> Result<(), StoreError> {
        let attempted = "make a cluster";
        let database = self.config.database().to_owned();
        let transaction = self.client().await?.transaction().await.map_err(StoreError::database(attempted))?;
        of_writers_xact(&transaction, &database).await?;
        if super::row(&transaction).await?.is_some() || !resume::begin(&transaction, &new.order_journal).await? {
            let cause = format!("database {database} is a cluster's already, or knows the order's journal");
            return Err(StoreError::Unfit { attempted, cause });
        }
        let insert = "INSERT INTO cluster (cluster_id, order_journal, placement) VALUES ($1, $2, $3)";
        let placement = new.placement.cast_signed();
        let made = transaction.execute(insert, &[&new.cluster_id, &new.order_journal, &placement]).await;
        made.map_err(StoreError::database(attempted))?;
        transaction.execute(MAKE_SHARDS, &[]).await.map_err(StoreError::database(attempted))?;
        if let Some(before) = &new.goes_on_from {
            for sql in [COPY_WINDOWS, COPY_FOLDED, COPY_STREAMS] {
                let copied = transaction.execute(sql, &[before, &new.order_journal]).await;
                copied.map_err(StoreError::database("take over what dedup has seen"))?;
            }
        }
        transaction.commit().await.map_err(StoreError::database(attempted))
    }

    /// The journal of the single process that wrote to the database last, if one did.
    pub async fn single_journal(&mut self) -> Result<Option<String>, StoreError> {
        let select = "SELECT journal_id FROM journal_watermarks WHERE epoch > 0 ORDER BY cut_at DESC LIMIT 1";
        let row = self.client().await?.query_opt(select, &[]).await;
        let row = row.map_err(StoreError::database("look for a single process's journal"))?;
        Ok(row.map(|row| row.get(0)))
    }

    /// The number of an ingester's journal: a new one if it has none yet.
    pub async fn number(&mut self, journal_id: &str, name: &str) -> Result<u16, StoreError> {
        let attempted = "number a journal";
        let transaction = self.client().await?.transaction().await.map_err(StoreError::database(attempted))?;
        let lock = "LOCK TABLE cluster_journals IN SHARE ROW EXCLUSIVE MODE";
        transaction.batch_execute(lock).await.map_err(StoreError::database(attempted))?;
        if !resume::begin(&transaction, journal_id).await? {
            let select = "SELECT EXISTS (SELECT FROM cluster_journals WHERE journal_id = $1)";
            let row = transaction.query_one(select, &[&journal_id]).await;
            if !row.map_err(StoreError::database(attempted))?.get::<_, bool>(0) {
                // What is stored of it stands in epochs of its own: taken in again it would be charged again.
                let cause =
                    format!("journal {journal_id} was a single process's: ingester {name} must begin a new one");
                return Err(StoreError::Unfit { attempted, cause });
            }
        }
        let row = transaction.query_one(NUMBER, &[&journal_id, &name]).await;
        let no: i16 = row.map_err(StoreError::database(attempted))?.get(0);
        transaction.commit().await.map_err(StoreError::database(attempted))?;
        Ok(no.cast_unsigned())
    }

    /// Gives up the order's journal, lost for good: a new one takes its place, which goes on after the tail.
    pub async fn replace_order(&mut self, order_journal: &str) -> Result<(), StoreError> {
        let attempted = "replace the order's journal";
        let lost = self.raise().await?.order_journal;
        let transaction = self.client().await?.transaction().await.map_err(StoreError::database(attempted))?;
        if !resume::begin(&transaction, order_journal).await? {
            let cause = format!("journal {order_journal} is known already");
            return Err(StoreError::Unfit { attempted, cause });
        }
        move_order(&transaction, &lost, order_journal).await?;
        transaction.commit().await.map_err(StoreError::database(attempted))
    }
}

async fn move_order(transaction: &Transaction<'_>, from: &str, to: &str) -> Result<(), StoreError> {
    for sql in MOVE_ORDER {
        let moved = transaction.execute(sql, &[&from, &to]).await;
        moved.map_err(StoreError::database("replace the order's journal"))?;
    }
    Ok(())
}
