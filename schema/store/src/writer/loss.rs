//! The loss meter's rows: the windows of the workers that are told apart, and the sums of those that are not any more.
//!
//! A worker that dedup let fall is folded in the transaction of its epoch: its counts go to its server's sum, its row
//! goes. So the rows are bounded by what dedup remembers, and no count is lost or taken twice.

use super::held::Kept;
use super::homes;
use super::statements::{UPSERT_ROWS_MAX, execute};
use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint, to_bigint};
use suiftly_schema::loss::{LossTotals, WORKERS_MAX, WorkerId, WorkerWindow};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, GenericClient, Row, Statement, Transaction};

pub(super) const PUT_WINDOW: &str = "INSERT INTO worker_windows (journal_id, server_id, boot, received, duplicates, \
    conflicts, missing, missing_final, repaired, first_seq, highest_seq, heard_at, seen, epoch) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
    ON CONFLICT (journal_id, server_id, boot) DO UPDATE SET received = excluded.received, \
    duplicates = excluded.duplicates, conflicts = excluded.conflicts, missing = excluded.missing, \
    missing_final = excluded.missing_final, repaired = excluded.repaired, first_seq = excluded.first_seq, \
    highest_seq = excluded.highest_seq, heard_at = excluded.heard_at, seen = excluded.seen, epoch = excluded.epoch, \
    updated_at = now()";

/// Adds rows of `folding` to the sums. What forged numbers add up to must not stop the writer for ever.
macro_rules! fold {
    ($with:literal, $rows:literal) => {
        concat!(
            $with,
            " INSERT INTO folded_workers AS t \
             (journal_id, server_id, workers, received, duplicates, conflicts, missing, repaired) ",
            $rows,
            " ON CONFLICT (journal_id, server_id) DO UPDATE SET workers = t.workers + excluded.workers, \
             received = t.received + least(excluded.received, 9223372036854775807 - t.received), \
             duplicates = t.duplicates + least(excluded.duplicates, 9223372036854775807 - t.duplicates), \
             conflicts = t.conflicts + least(excluded.conflicts, 9223372036854775807 - t.conflicts), \
             missing = t.missing + least(excluded.missing, 9223372036854775807 - t.missing), \
             repaired = t.repaired + least(excluded.repaired, 9223372036854775807 - t.repaired), updated_at = now()"
        )
    };
}

const ADD_FOLDED: &str = fold!(
    "",
    "SELECT $1, * FROM unnest($2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], \
     $8::bigint[])"
);

const DELETE_FOLDED: &str = "DELETE FROM worker_windows AS w USING unnest($2::smallint[], $3::timestamptz[]) AS gone (server_id, boot) \
    WHERE w.journal_id = $1 AND w.server_id = gone.server_id AND w.boot = gone.boot";

/// In one statement, so that it is done or not.
const FOLD_SURPLUS: &str = fold!(
    "WITH surplus AS (SELECT server_id, boot FROM worker_windows WHERE journal_id = $1 \
         ORDER BY heard_at DESC, server_id DESC, boot DESC OFFSET $2), \
     gone AS (DELETE FROM worker_windows AS w USING surplus \
         WHERE w.journal_id = $1 AND w.server_id = surplus.server_id AND w.boot = surplus.boot RETURNING w.*)",
    "SELECT $1, server_id, count(*), least(sum(received), 9223372036854775807)::bigint, \
     least(sum(duplicates), 9223372036854775807)::bigint, least(sum(conflicts), 9223372036854775807)::bigint, \
     least(sum(missing), 9223372036854775807)::bigint, least(sum(repaired), 9223372036854775807)::bigint \
     FROM gone GROUP BY server_id"
);

/// The sums first, then the rows: each worker is in one of the two.
pub(super) async fn fold_workers(
    transaction: &Transaction<'_>,
    journal_id: &str,
    kept: &Kept<'_>,
) -> Result<(), StoreError> {
    let sums: Vec<_> = kept.folded_totals.iter().collect();
    for sums in sums.chunks(UPSERT_ROWS_MAX) {
        let servers: Vec<i16> = sums.iter().map(|(server, _)| **server).collect();
        let column = |of: fn(&LossTotals) -> u64| sums.iter().map(|(_, sum)| to_bigint(of(sum))).collect::<Vec<i64>>();
        let (workers, received, duplicates) = (column(|s| s.workers), column(|s| s.received), column(|s| s.duplicates));
        let (conflicts, missing, repaired) = (column(|s| s.conflicts), column(|s| s.missing), column(|s| s.repaired));
        let parameters: [&(dyn ToSql + Sync); 8] =
            [&journal_id, &servers, &workers, &received, &duplicates, &conflicts, &missing, &repaired];
        let attempted = StoreError::database("fold workers");
        transaction.execute(ADD_FOLDED, &parameters).await.map_err(attempted)?;
    }
    let gone: Vec<_> = kept.folded.iter().collect();
    for gone in gone.chunks(UPSERT_ROWS_MAX) {
        let servers: Vec<i16> = gone.iter().map(|worker| worker.server_id).collect();
        let boots: Vec<Timestamptz> = gone.iter().map(|worker| Timestamptz(worker.boot)).collect();
        let parameters: [&(dyn ToSql + Sync); 3] = [&journal_id, &servers, &boots];
        let attempted = StoreError::database("delete folded workers");
        transaction.execute(DELETE_FOLDED, &parameters).await.map_err(attempted)?;
    }
    Ok(())
}

/// A handful of workers are alive at a time, so a statement each will do.
pub(super) async fn put_windows(
    transaction: &Transaction<'_>,
    put_window: &Statement,
    journal_id: &str,
    kept: &Kept<'_>,
) -> Result<(), StoreError> {
    let epoch = kept.epoch.map(to_bigint);
    for window in &kept.windows {
        let parameters: [&(dyn ToSql + Sync); 14] = [
            &journal_id,
            &window.worker.server_id,
            &Timestamptz(window.worker.boot),
            &to_bigint(window.received),
            &to_bigint(window.duplicates),
            &to_bigint(window.conflicts),
            &to_bigint(window.missing),
            &to_bigint(window.missing_final),
            &to_bigint(window.repaired),
            &to_bigint(window.first_seq),
            &to_bigint(window.highest_seq),
            &Timestamptz(window.heard_at),
            &window.seen,
            &epoch,
        ];
        execute(transaction, put_window, &parameters, "store a worker's window").await?;
    }
    Ok(())
}

/// Folds the windows beyond the bound, oldest first, as dedup would. There are some only where a version of this
/// program wrote them that knew no bound.
pub(super) async fn fold_surplus(client: &Client, journal_id: &str) -> Result<(), StoreError> {
    let most = i64::try_from(WORKERS_MAX).unwrap_or(i64::MAX);
    let folded = client.execute(FOLD_SURPLUS, &[&journal_id, &most]).await;
    if folded.map_err(StoreError::database("fold workers beyond the bound"))? > 0 {
        tracing::info!(journal_id, "workers not heard of for long are folded into their servers' sums");
    }
    Ok(())
}

/// The windows of a journal's workers that were heard of last, by birth. Without `with_seen`, `seen` is left empty.
pub(crate) async fn windows(
    client: &impl GenericClient,
    journal_id: &str,
    with_seen: bool,
) -> Result<Vec<WorkerWindow>, StoreError> {
    let select = "SELECT server_id, boot, received, duplicates, conflicts, missing, missing_final, repaired, first_seq, \
        highest_seq, heard_at, CASE WHEN $2 THEN seen ELSE '' END \
        FROM (SELECT * FROM worker_windows WHERE journal_id = $1 \
            ORDER BY heard_at DESC, server_id DESC, boot DESC LIMIT $3) AS latest ORDER BY boot, server_id";
    let most = i64::try_from(WORKERS_MAX).unwrap_or(i64::MAX);
    let rows = client
        .query(select, &[&journal_id, &with_seen, &most])
        .await
        .map_err(StoreError::database("read the workers' windows"))?;
    with_homes(client, journal_id, with_seen, &rows).await
}

/// The windows of the workers of some shards of a cluster, by birth: as many as each shard's dedup keeps.
pub(super) async fn windows_of(
    client: &impl GenericClient,
    order_journal: &str,
    shards: &[i16],
) -> Result<Vec<WorkerWindow>, StoreError> {
    let select = "SELECT server_id, boot, received, duplicates, conflicts, missing, missing_final, repaired, first_seq, \
        highest_seq, heard_at, seen FROM worker_windows \
        WHERE journal_id = $1 AND suiftly_shard_of_server(server_id) = ANY ($2) ORDER BY boot, server_id";
    let rows = client.query(select, &[&order_journal, &shards]).await;
    let rows = rows.map_err(StoreError::database("read the workers' windows"))?;
    with_homes(client, order_journal, true, &rows).await
}

async fn with_homes(
    client: &impl GenericClient,
    journal_id: &str,
    with_seen: bool,
    rows: &[Row],
) -> Result<Vec<WorkerWindow>, StoreError> {
    let mut windows = rows.iter().map(window_of).collect::<Result<Vec<_>, _>>()?;
    homes::give(client, journal_id, with_seen, &mut windows).await?;
    Ok(windows)
}

fn window_of(row: &Row) -> Result<WorkerWindow, StoreError> {
    let count = |at: usize| from_bigint("a worker's window", row.get(at));
    Ok(WorkerWindow {
        worker: WorkerId { server_id: row.get(0), boot: row.get::<_, Timestamptz>(1).0 },
        received: count(2)?,
        duplicates: count(3)?,
        conflicts: count(4)?,
        missing: count(5)?,
        missing_final: count(6)?,
        repaired: count(7)?,
        first_seq: count(8)?,
        highest_seq: count(9)?,
        heard_at: row.get::<_, Timestamptz>(10).0,
        seen: row.get(11),
        homes: Vec::new(),
    })
}

/// The sums of the folded, by server: at most one for each number that a server can have.
pub(crate) async fn folded(
    client: &impl GenericClient,
    journal_id: &str,
) -> Result<Vec<(i16, LossTotals)>, StoreError> {
    let select = "SELECT server_id, workers, received, duplicates, conflicts, missing, repaired FROM folded_workers \
        WHERE journal_id = $1 ORDER BY server_id";
    let rows = client.query(select, &[&journal_id]).await;
    rows.map_err(StoreError::database("read the folded workers"))?.iter().map(folded_of).collect()
}

fn folded_of(row: &Row) -> Result<(i16, LossTotals), StoreError> {
    let count = |at: usize| from_bigint("the folded workers of a server", row.get(at));
    let totals = LossTotals {
        workers: count(1)?,
        received: count(2)?,
        duplicates: count(3)?,
        conflicts: count(4)?,
        missing: count(5)?,
        repaired: count(6)?,
    };
    Ok((row.get(0), totals))
}
