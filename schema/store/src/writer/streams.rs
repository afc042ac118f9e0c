//! The rows of open streams: what of each was told and counts, as the decoder goes on from it. Stored as dedup's windows are, in the
//! same transaction and as of the same epoch.

use super::held::Kept;
use super::statements::UPSERT_ROWS_MAX;
use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint, to_bigint};
use suiftly_schema::stream::{OpenStream, StreamId};
use tokio_postgres::types::ToSql;
use tokio_postgres::{GenericClient, Row, Transaction};

const PUT: &str = "INSERT INTO open_streams (journal_id, epoch, server_id, boot, rt, told_bytes, is_final, heard_at) \
    SELECT $1::text, $2::bigint, * FROM unnest($3::smallint[], $4::timestamptz[], $5::bigint[], $6::bigint[], \
    $7::boolean[], $8::timestamptz[]) \
    ON CONFLICT (journal_id, server_id, boot, rt) DO UPDATE SET epoch = excluded.epoch, \
    told_bytes = excluded.told_bytes, is_final = excluded.is_final, heard_at = excluded.heard_at";

const DELETE: &str = "DELETE FROM open_streams AS s \
    USING unnest($2::smallint[], $3::timestamptz[], $4::bigint[]) AS gone (server_id, boot, rt) \
    WHERE s.journal_id = $1 AND s.server_id = gone.server_id AND s.boot = gone.boot AND s.rt = gone.rt";

const READ: &str = "SELECT server_id, boot, rt, told_bytes, is_final, heard_at FROM open_streams \
    WHERE journal_id = $1 AND ($2::smallint[] IS NULL OR suiftly_shard_of_server(server_id) = ANY ($2)) \
    ORDER BY server_id, boot, rt";

/// Deletes the rows of those that were let go of, then puts the others.
pub(super) async fn put(transaction: &Transaction<'_>, journal_id: &str, kept: &Kept<'_>) -> Result<(), StoreError> {
    let gone: Vec<&StreamId> = kept.ended_streams.iter().collect();
    for gone in gone.chunks(UPSERT_ROWS_MAX) {
        let (servers, boots, rts) = names(gone.iter().copied());
        let parameters: [&(dyn ToSql + Sync); 4] = [&journal_id, &servers, &boots, &rts];
        let attempted = StoreError::database("delete streams that are over");
        transaction.execute(DELETE, &parameters).await.map_err(attempted)?;
    }
    let epoch = kept.epoch.map(to_bigint);
    for streams in kept.streams.chunks(UPSERT_ROWS_MAX) {
        let (servers, boots, rts) = names(streams.iter().map(|stream| &stream.id));
        let told: Vec<i64> = streams.iter().map(|stream| to_bigint(stream.told_bytes)).collect();
        let finals: Vec<bool> = streams.iter().map(|stream| stream.is_final).collect();
        let heard: Vec<Timestamptz> = streams.iter().map(|stream| Timestamptz(stream.heard_at)).collect();
        let parameters: [&(dyn ToSql + Sync); 8] =
            [&journal_id, &epoch, &servers, &boots, &rts, &told, &finals, &heard];
        let attempted = StoreError::database("store open streams");
        transaction.execute(PUT, &parameters).await.map_err(attempted)?;
    }
    Ok(())
}

fn names<'a>(of: impl Iterator<Item = &'a StreamId> + Clone) -> (Vec<i16>, Vec<Timestamptz>, Vec<i64>) {
    let servers = of.clone().map(|id| id.server_id).collect();
    let boots = of.clone().map(|id| Timestamptz(id.boot)).collect();
    (servers, boots, of.map(|id| i64::from(id.rt)).collect())
}

/// The open streams of a journal, by id; in a cluster those of some shards' servers.
pub(super) async fn read(
    client: &impl GenericClient,
    journal_id: &str,
    shards: Option<&[i16]>,
) -> Result<Vec<OpenStream>, StoreError> {
    let rows = client.query(READ, &[&journal_id, &shards]).await;
    rows.map_err(StoreError::database("read the open streams"))?.iter().map(stream_of).collect()
}

fn stream_of(row: &Row) -> Result<OpenStream, StoreError> {
    let (what, rt) = ("an open stream", row.get::<_, i64>(2));
    let rt = u32::try_from(rt).map_err(|error| StoreError::Row { what, cause: error.to_string() })?;
    Ok(OpenStream {
        id: StreamId { server_id: row.get(0), boot: row.get::<_, Timestamptz>(1).0, rt },
        told_bytes: from_bigint(what, row.get(3))?,
        is_final: row.get(4),
        heard_at: row.get::<_, Timestamptz>(5).0,
    })
}
