//! Who may write: a single process alone, or a cluster's processes beside each other, each with its shards.

use crate::StoreError;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

/// The key of the advisory lock that a writer holds as long as it lives. One writer a database, whatever its journal:
/// rated totals are continued from what is in the database, and two would round apart. A cluster's writers share it: each
/// customer is one writer's there.
const WRITER_LOCK: i64 = 0x5375_6966_0002;
/// How long a writer waits for another to be gone. A process just killed leaves its session behind for a moment.
const WRITER_LOCK_TIMEOUT_MS: u32 = 2_000;

const ALONE: &str = "SELECT pg_advisory_lock($1)";
const BESIDE_OTHERS: &str = "SELECT pg_advisory_lock_shared($1)";
const FOR_A_TRANSACTION: &str = "SELECT pg_advisory_xact_lock($1)";

/// For a single process: there is no other writer, and no cluster.
pub(super) async fn alone(client: &Client, database: &str) -> Result<(), StoreError> {
    take(client, database, &[(ALONE, WRITER_LOCK)]).await?;
    let row = client.query_one("SELECT EXISTS (SELECT FROM cluster)", &[]).await;
    if row.map_err(StoreError::database("ask for a cluster"))?.get(0) {
        return Err(StoreError::IsCluster { database: database.to_owned() });
    }
    Ok(())
}

/// For a process of a cluster: there is no single process, and nobody who would be the same one in the same generation.
/// By generation, since a session that was cut off may keep its lock for hours.
pub(super) async fn beside_others(
    client: &Client,
    database: &str,
    (generation, process): (u64, u16),
) -> Result<(), StoreError> {
    let of_process = 0x5375 << 48 | (generation & 0xffff_ffff) << 16 | u64::from(process);
    take(client, database, &[(BESIDE_OTHERS, WRITER_LOCK), (ALONE, of_process.cast_signed())]).await
}

/// For whoever makes a database a cluster's, until the end of their transaction.
pub(crate) async fn of_writers_xact(client: &impl GenericClient, database: &str) -> Result<(), StoreError> {
    take(client, database, &[(FOR_A_TRANSACTION, WRITER_LOCK)]).await
}

async fn take(client: &impl GenericClient, database: &str, locks: &[(&str, i64)]) -> Result<(), StoreError> {
    let attempted = "take the writer's lock";
    let limit = format!("SET lock_timeout = {WRITER_LOCK_TIMEOUT_MS}");
    client.batch_execute(&limit).await.map_err(StoreError::database(attempted))?;
    for (sql, key) in locks {
        match client.execute(*sql, &[key]).await {
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                return Err(StoreError::SecondWriter { database: database.to_owned() });
            }
            result => result.map_err(StoreError::database(attempted))?,
        };
    }
    client.batch_execute("RESET lock_timeout").await.map_err(StoreError::database(attempted))
}

/// After a broken connection it is most likely our own old session that still holds the lock.
pub(super) fn taken_is_passing(error: StoreError) -> StoreError {
    match error {
        StoreError::SecondWriter { .. } => StoreError::Unavailable {
            attempted: "take the writer's lock again",
            cause: "another session holds it, our own former one or another writer's".to_owned(),
        },
        other => other,
    }
}
