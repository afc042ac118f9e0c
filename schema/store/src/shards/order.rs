//! The order's tail: every epoch that some shard may have and another not. Put by process 0 before any shard stores it;
//! if its journal is lost, the tail is what the cluster goes on from.

use super::{ClusterStore, hold_generation};
use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint, to_bigint};
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Transaction;

/// An epoch of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// The epoch.
    pub epoch: Epoch,
    /// Its clock.
    pub cut_at: UnixMillis,
    /// Where its block ends in the order's journal, in bytes.
    pub journal_end: u64,
    /// The block, as it is journaled.
    pub block: Vec<u8>,
    /// What it takes of the ingesters' journals. Read again they stand in the block alone.
    pub cuts: Vec<CutRow>,
}

/// How far the order takes a journal in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutRow {
    /// The journal's number.
    pub no: u16,
    /// Its last epoch that is in.
    pub through: Epoch,
    /// That epoch's clock.
    pub cut_at: UnixMillis,
    /// Where its block ends in that journal, in bytes.
    pub journal_end: u64,
}

/// What was put before is put again without effect, if it is the same.
const PUT: &str = "INSERT INTO cluster_order AS t (epoch, generation, cut_at, journal_end, block) \
    SELECT u.epoch, $1::bigint, u.cut_at, u.journal_end, u.block \
    FROM unnest($2::bigint[], $3::timestamptz[], $4::bigint[], $5::bytea[]) AS u (epoch, cut_at, journal_end, block) \
    ON CONFLICT (epoch) DO UPDATE SET generation = excluded.generation WHERE t.block = excluded.block";

const PUT_CUTS: &str = "INSERT INTO cluster_cuts (no, epoch, through, cut_at, journal_end) \
    SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[]) \
    ON CONFLICT (no, epoch) DO NOTHING";

/// The least restart epoch itself stays: its clock and place are asked for.
const TRIM: &str = "DELETE FROM cluster_order WHERE epoch < (SELECT min(restart_epoch) FROM shard_watermarks)";

const TRIM_CUTS: &str = "DELETE FROM cluster_cuts AS c USING ( \
        SELECT no, max(epoch) AS epoch FROM cluster_cuts \
        WHERE epoch <= (SELECT min(restart_epoch) FROM shard_watermarks) GROUP BY no) AS kept \
    WHERE c.no = kept.no AND c.epoch < kept.epoch";

/// What every shard has stored, dedup and all: the cut in force at the least restart epoch.
const RELEASED: &str = "SELECT j.no, c.through FROM cluster_journals AS j CROSS JOIN LATERAL ( \
        SELECT through FROM cluster_cuts \
        WHERE no = j.no AND epoch <= (SELECT min(restart_epoch) FROM shard_watermarks) \
        ORDER BY epoch DESC LIMIT 1) AS c ORDER BY j.no";

impl ClusterStore {
    /// Puts epochs of the order, ascending, as process 0 of a generation: before anybody stores them. An epoch that is
    /// there with another block is [`StoreError::Unfit`].
    pub async fn put_order(&mut self, generation: u64, rows: &[OrderRow]) -> Result<(), StoreError> {
        let attempted = "put epochs of the order";
        if rows.is_empty() {
            return Ok(());
        }
        let client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        hold_generation(&transaction, generation).await?;
        put(&transaction, generation, rows).await?;
        put_cuts(&transaction, rows).await?;
        transaction.commit().await.map_err(StoreError::database(attempted))
    }

    /// The order's tail after an epoch, ascending, at most so many. Their cuts are in their blocks.
    pub async fn read_order(&mut self, after: Epoch, most: u32) -> Result<Vec<OrderRow>, StoreError> {
        let select =
            "SELECT epoch, cut_at, journal_end, block FROM cluster_order WHERE epoch > $1 ORDER BY epoch LIMIT $2";
        let client = self.client().await?;
        let rows = client.query(select, &[&to_bigint(after), &i64::from(most)]).await;
        let of = |row: &tokio_postgres::Row| {
            Ok(OrderRow {
                epoch: from_bigint("an epoch of the order", row.get(0))?,
                cut_at: row.get::<_, Timestamptz>(1).0,
                journal_end: from_bigint("a place in the order", row.get(2))?,
                block: row.get(3),
                cuts: Vec::new(),
            })
        };
        rows.map_err(StoreError::database("read the order's tail"))?.iter().map(of).collect()
    }

    /// Removes what no shard restarts before. Answers how many epochs. Not as one transaction: a process that is cut off
    /// within it would leave rows locked that the next one is to remove.
    pub async fn trim_order(&mut self) -> Result<u64, StoreError> {
        let attempted = "trim the order's tail";
        let client = self.client().await?;
        let trimmed = client.execute(TRIM, &[]).await.map_err(StoreError::database(attempted))?;
        client.execute(TRIM_CUTS, &[]).await.map_err(StoreError::database(attempted))?;
        Ok(trimmed)
    }

    /// Through which of its own epochs each journal is not needed any more, by its number. A journal that is not named
    /// is needed whole.
    pub async fn released(&mut self) -> Result<Vec<(u16, Epoch)>, StoreError> {
        let rows = self.client().await?.query(RELEASED, &[]).await;
        let of = |row: &tokio_postgres::Row| {
            Ok((row.get::<_, i16>(0).cast_unsigned(), from_bigint("a journal's epoch", row.get(1))?))
        };
        rows.map_err(StoreError::database("ask what is needed of the journals"))?.iter().map(of).collect()
    }
}

async fn put(transaction: &Transaction<'_>, generation: u64, rows: &[OrderRow]) -> Result<(), StoreError> {
    let attempted = "put epochs of the order";
    let epochs: Vec<i64> = rows.iter().map(|row| to_bigint(row.epoch)).collect();
    let clocks: Vec<Timestamptz> = rows.iter().map(|row| Timestamptz(row.cut_at)).collect();
    let ends: Vec<i64> = rows.iter().map(|row| to_bigint(row.journal_end)).collect();
    let blocks: Vec<&[u8]> = rows.iter().map(|row| row.block.as_slice()).collect();
    let put = transaction.execute(PUT, &[&to_bigint(generation), &epochs, &clocks, &ends, &blocks]).await;
    if put.map_err(StoreError::database(attempted))? != rows.len() as u64 {
        let cause = "the database has another block of one of them: this is not the journal that it is the order of";
        return Err(StoreError::Unfit { attempted, cause: cause.to_owned() });
    }
    Ok(())
}

async fn put_cuts(transaction: &Transaction<'_>, rows: &[OrderRow]) -> Result<(), StoreError> {
    let cuts: Vec<_> = rows.iter().flat_map(|row| row.cuts.iter().map(|cut| (row.epoch, cut))).collect();
    let numbers: Vec<i16> = cuts.iter().map(|(_, cut)| cut.no.cast_signed()).collect();
    let epochs: Vec<i64> = cuts.iter().map(|(epoch, _)| to_bigint(*epoch)).collect();
    let through: Vec<i64> = cuts.iter().map(|(_, cut)| to_bigint(cut.through)).collect();
    let clocks: Vec<Timestamptz> = cuts.iter().map(|(_, cut)| Timestamptz(cut.cut_at)).collect();
    let ends: Vec<i64> = cuts.iter().map(|(_, cut)| to_bigint(cut.journal_end)).collect();
    let put = transaction.execute(PUT_CUTS, &[&numbers, &epochs, &through, &clocks, &ends]).await;
    put.map_err(StoreError::database("put the order's cuts")).map(|_| ())
}
