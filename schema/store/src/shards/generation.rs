//! The generation: raised at each start, held by who commits. What is left of an earlier start commits nothing more.

use super::{ClusterRow, ClusterStore};
use crate::StoreError;
use crate::codec::to_bigint;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

/// How long a start waits for commits under way. Nearly all are done sooner; a process that is paused or cut off in the
/// middle of one would hold everybody up for as long.
const RAISE_TIMEOUT_MS: u32 = 2_000;

const RAISE: &str = "UPDATE cluster SET generation = generation + 1 \
    RETURNING cluster_id, order_journal, generation, placement";

/// Ends the sessions that hold the cluster's row: their transactions never were. Only commits hold it.
const END_HOLDERS: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks \
    WHERE relation = 'cluster'::regclass AND mode = 'RowShareLock' AND granted AND pid <> pg_backend_pid() \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Holds the generation until the end of the transaction; refuses an old one's.
pub(crate) async fn hold(transaction: &Transaction<'_>, generation: u64) -> Result<(), StoreError> {
    let attempted = "hold the cluster's generation";
    let select = "SELECT FROM cluster WHERE generation = $1 FOR SHARE";
    let held = transaction.query_opt(select, &[&to_bigint(generation)]).await;
    if held.map_err(StoreError::database(attempted))?.is_some() {
        return Ok(());
    }
    let row = super::row(transaction).await?.ok_or(StoreError::NoCluster)?;
    Err(StoreError::OldGeneration { generation, found: row.generation })
}

impl ClusterStore {
    /// Raises the generation, by process 0 at each start: after it nothing of an earlier one is committed. Waits for
    /// commits under way, and ends the sessions of those that do not come to an end.
    pub async fn raise(&mut self) -> Result<ClusterRow, StoreError> {
        let client = self.client().await?;
        if let Some(raised) = raise(client).await? {
            return Ok(raised);
        }
        tracing::warn!("commits of an earlier generation do not come to an end: their sessions are ended");
        let ended = client.execute(END_HOLDERS, &[]).await;
        ended.map_err(StoreError::database("end what is left of an earlier generation"))?;
        let again = "raise the cluster's generation";
        let cause = "somebody still holds it".to_owned();
        raise(client).await?.ok_or(StoreError::Unavailable { attempted: again, cause })
    }
}

/// `None` if somebody holds it for too long.
async fn raise(client: &mut Client) -> Result<Option<ClusterRow>, StoreError> {
    let attempted = "raise the cluster's generation";
    let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
    let limit = format!("SET LOCAL lock_timeout = {RAISE_TIMEOUT_MS}");
    transaction.batch_execute(&limit).await.map_err(StoreError::database(attempted))?;
    let row = match transaction.query_opt(RAISE, &[]).await {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => return Ok(None),
        row => row.map_err(StoreError::database(attempted))?.ok_or(StoreError::NoCluster)?,
    };
    let raised = super::row_of(&row)?;
    transaction.commit().await.map_err(StoreError::database(attempted))?;
    tracing::info!(generation = raised.generation, "the cluster starts anew");
    Ok(Some(raised))
}
