//! Reference data as the dataflow was told of it: stored with the epochs that told it, read again at the start.

use super::held::Kept;
use super::statements::UPSERT_ROWS_MAX;
use crate::StoreError;
use crate::codec::{from_bigint, to_bigint};
use suiftly_schema::reference::Entity;
use tokio_postgres::types::Json;
use tokio_postgres::{GenericClient, Transaction};

const PUT: &str = "INSERT INTO reference_entities (kind, id, seq, entity) \
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::jsonb[]) \
    ON CONFLICT (kind, id) DO UPDATE SET seq = excluded.seq, entity = excluded.entity";

/// Puts what the epochs told, and takes it out of the outbox: it has arrived.
pub(super) async fn put(transaction: &Transaction<'_>, kept: &Kept<'_>) -> Result<(), StoreError> {
    let last = kept.reference.iter().map(|(_, change)| change.seq).max().map(to_bigint);
    let Some(last) = last else { return Ok(()) };
    for rows in kept.reference.chunks(UPSERT_ROWS_MAX) {
        let kinds: Vec<&str> = rows.iter().map(|(id, _)| id.kind()).collect();
        let ids: Vec<String> = rows.iter().map(|(id, _)| id.to_string()).collect();
        let seqs: Vec<i64> = rows.iter().map(|(_, change)| to_bigint(change.seq)).collect();
        let entities: Vec<Json<&Entity>> = rows.iter().map(|(_, change)| Json(&change.entity)).collect();
        let put = transaction.execute(PUT, &[&kinds, &ids, &seqs, &entities]).await;
        put.map_err(StoreError::database("put reference data"))?;
    }
    let attempted = "move on in the outbox";
    let moved = transaction.execute("UPDATE reference_progress SET seq = $1 WHERE seq < $1", &[&last]).await;
    moved.map_err(StoreError::database(attempted))?;
    let removed = transaction.execute("DELETE FROM outbox WHERE seq <= $1", &[&last]).await;
    removed.map_err(StoreError::database(attempted))?;
    Ok(())
}

/// Every entity as the dataflow was told of it last, and the number of the last change.
pub(crate) async fn read(client: &impl GenericClient) -> Result<(Vec<Entity>, u64), StoreError> {
    let attempted = "read the reference data";
    let select = "SELECT entity FROM reference_entities ORDER BY kind, id";
    let rows = client.query(select, &[]).await.map_err(StoreError::database(attempted))?;
    let entity = |row: &tokio_postgres::Row| row.try_get::<_, Json<Entity>>(0).map(|json| json.0);
    let entities = rows.iter().map(entity).collect::<Result<_, _>>();
    let entities = entities.map_err(|error| StoreError::Row { what: "an entity", cause: error.to_string() })?;
    let row = client.query_one("SELECT seq FROM reference_progress", &[]).await;
    let seq = row.map_err(StoreError::database(attempted))?.get(0);
    Ok((entities, from_bigint("a change's number", seq)?))
}
