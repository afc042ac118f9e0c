//! What each home has brought of a worker's lines: rows beside the worker's window (`loss.rs`), which take its end with it.

use super::held::Kept;
use super::statements::{UPSERT_ROWS_MAX, execute};
use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint, to_bigint};
use std::collections::BTreeMap;
use suiftly_schema::loss::{HomeLines, WorkerId, WorkerWindow};
use tokio_postgres::types::ToSql;
use tokio_postgres::{GenericClient, Row, Statement, Transaction};

/// A worker's homes keep their places, and there are never fewer: those that are put replace those that were there.
pub(super) const PUT_HOMES: &str = "INSERT INTO worker_homes (journal_id, server_id, boot, place, home, received, missing, \
    first_seq, highest_seq, heard_at, seen) \
    SELECT $1::text, * FROM unnest($2::smallint[], $3::timestamptz[], $4::smallint[], $5::text[], $6::bigint[], \
    $7::bigint[], $8::bigint[], $9::bigint[], $10::timestamptz[], $11::bytea[]) \
    ON CONFLICT (journal_id, server_id, boot, place) DO UPDATE SET home = excluded.home, received = excluded.received, \
    missing = excluded.missing, first_seq = excluded.first_seq, highest_seq = excluded.highest_seq, \
    heard_at = excluded.heard_at, seen = excluded.seen";

/// Stores those of the windows that are stored, whose rows are there.
pub(super) async fn put(
    transaction: &Transaction<'_>,
    put_homes: &Statement,
    journal_id: &str,
    kept: &Kept<'_>,
) -> Result<(), StoreError> {
    let placed = kept.windows.iter().flat_map(|window| (0..).zip(&window.homes).map(|of| (window.worker, of)));
    let rows: Vec<(WorkerId, (i16, &HomeLines))> = placed.collect();
    for rows in rows.chunks(UPSERT_ROWS_MAX) {
        let servers: Vec<i16> = rows.iter().map(|(worker, _)| worker.server_id).collect();
        let boots: Vec<Timestamptz> = rows.iter().map(|(worker, _)| Timestamptz(worker.boot)).collect();
        let places: Vec<i16> = rows.iter().map(|(_, (place, _))| *place).collect();
        let homes: Vec<&str> = rows.iter().map(|(_, (_, of))| of.home.as_str()).collect();
        let column =
            |of: fn(&HomeLines) -> u64| -> Vec<i64> { rows.iter().map(|(_, (_, home))| to_bigint(of(home))).collect() };
        let (received, missing) = (column(|of| of.received), column(|of| of.missing));
        let (first, highest) = (column(|of| of.first_seq), column(|of| of.highest_seq));
        let heard: Vec<Timestamptz> = rows.iter().map(|(_, (_, of))| Timestamptz(of.heard_at)).collect();
        let seen: Vec<&[u8]> = rows.iter().map(|(_, (_, of))| of.seen.as_slice()).collect();
        let parameters: [&(dyn ToSql + Sync); 11] =
            [&journal_id, &servers, &boots, &places, &homes, &received, &missing, &first, &highest, &heard, &seen];
        execute(transaction, put_homes, &parameters, "store what homes brought").await?;
    }
    Ok(())
}

/// Gives these windows of a journal their homes. Without `with_seen`, `seen` is left empty.
pub(super) async fn give(
    client: &impl GenericClient,
    journal_id: &str,
    with_seen: bool,
    windows: &mut [WorkerWindow],
) -> Result<(), StoreError> {
    let select = "SELECT server_id, boot, home, received, missing, first_seq, highest_seq, heard_at, \
        CASE WHEN $2 THEN seen ELSE '' END FROM worker_homes WHERE journal_id = $1 ORDER BY server_id, boot, place";
    let rows = client.query(select, &[&journal_id, &with_seen]).await;
    let mut homes: BTreeMap<WorkerId, Vec<HomeLines>> = BTreeMap::new();
    for row in rows.map_err(StoreError::database("read what homes brought"))? {
        let lines = lines_of(&row)?;
        homes.entry(lines.worker).or_default().push(lines);
    }
    for window in windows {
        window.homes = homes.remove(&window.worker).unwrap_or_default();
    }
    Ok(())
}

fn lines_of(row: &Row) -> Result<HomeLines, StoreError> {
    let count = |at: usize| from_bigint("what a home brought", row.get(at));
    Ok(HomeLines {
        worker: WorkerId { server_id: row.get(0), boot: row.get::<_, Timestamptz>(1).0 },
        home: row.get(2),
        received: count(3)?,
        missing: count(4)?,
        first_seq: count(5)?,
        highest_seq: count(6)?,
        heard_at: row.get::<_, Timestamptz>(7).0,
        seen: row.get(8),
    })
}
