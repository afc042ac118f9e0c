//! Quarantined lines that were asked for before a start, and never came to be given again: they are free once every shard
//! has whatever of their journal could hold them.

use super::{ClusterStore, hold_generation};
use crate::StoreError;
use crate::codec::from_bigint;
use suiftly_schema::ids::Epoch;

/// Through which epoch of its own every shard has a journal.
const STORED: &str = "SELECT coalesce(min(epoch), 0) FROM journal_shards WHERE journal_id = $1";

const RELEASE: &str = "UPDATE quarantine SET requested_at = NULL \
    WHERE journal_id = $1 AND requested_at IS NOT NULL AND outcome IS NULL";

impl ClusterStore {
    /// Lets lines of a journal be asked for again whose asking has no outcome, once every shard has it through this epoch,
    /// as process 0 of a generation. Answers how many; `None` if a shard has less. To be called once after a start, before
    /// anything of the journal is given again: what has no outcome then was never journaled up to there.
    pub async fn release_claims(
        &mut self,
        generation: u64,
        journal_id: &str,
        through: Epoch,
    ) -> Result<Option<u64>, StoreError> {
        let attempted = "release quarantined lines";
        let client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        hold_generation(&transaction, generation).await?;
        let row = transaction.query_one(STORED, &[&journal_id]).await.map_err(StoreError::database(attempted))?;
        if from_bigint("a journal's epoch", row.get(0))? < through {
            return Ok(None);
        }
        let released = transaction.execute(RELEASE, &[&journal_id]).await.map_err(StoreError::database(attempted))?;
        transaction.commit().await.map_err(StoreError::database(attempted))?;
        Ok(Some(released))
    }
}
