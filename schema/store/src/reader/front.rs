//! What the API of a cluster goes on from: it writes no rows, and takes in what the processes tell it.

use super::standing::Stand;
use super::{Further, Reader, totals};
use crate::pool::snapshot;
use crate::writer::{Resume, loss, reference};
use crate::{StoreError, shards, vault};
use suiftly_schema::ids::Epoch;
use suiftly_schema::shard::SHARDS;

/// Where a cluster stands in its database, at one instant.
#[derive(Clone, Debug)]
pub struct FrontResume {
    /// As of the least epoch that a shard has; its journal is the order's. What was rated is not read. Windows and sums
    /// of the folded are as of [`FrontResume::restarts`], and so is the reference data, as shard 0's.
    pub resume: Resume,
    /// How far each shard is: its rows of the views, the vault's among them, and what its lines became.
    pub epochs: Box<[Epoch; SHARDS]>,
    /// The same, to tell of an epoch's deltas which are among those rows.
    pub further: Further,
    /// As of which epoch the windows of a shard's workers are.
    pub restarts: Box<[Epoch; SHARDS]>,
}

/// How far a cluster is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredTo {
    /// The epoch that all shards have.
    pub epoch: Epoch,
    /// Raw records written, by whichever process.
    pub records: u64,
}

impl Reader {
    /// What the API goes on from. [`StoreError::NoCluster`] unless this reader's journal is a cluster's order.
    pub async fn front(&self) -> Result<FrontResume, StoreError> {
        let mut connection = self.connection().await?;
        let snapshot = snapshot(&mut connection).await?;
        let client: &tokio_postgres::Transaction<'_> = &snapshot;
        self.is_of_cluster(client).await?;
        let Stand { watermark, .. } = self.stand(&snapshot, None).await?;
        let shards::Standing { epochs, restarts, .. } = shards::standing(client).await?;
        let (counts, records) = totals::lines(client, &self.journal_id).await?.unwrap_or_default();
        let (reference, reference_seq) = reference::read(client).await?;
        let resume = Resume {
            journal_known: true,
            epoch: watermark.epoch,
            cut_at: watermark.cut_at,
            journal_end: watermark.journal_end,
            counts,
            records,
            windows: loss::windows(client, &self.journal_id, true).await?,
            folded: loss::folded(client, &self.journal_id).await?,
            reference,
            reference_seq,
            key_grants: vault::keys(client).await?,
            access_grants: vault::access(client).await?,
            ..Resume::default()
        };
        let (further, epochs, restarts) = (Further::of(epochs), Box::new(epochs), Box::new(restarts));
        Ok(FrontResume { resume, epochs, further, restarts })
    }

    /// How far the cluster is stored. Fails as [`Reader::front`] does.
    pub async fn stored_to(&self) -> Result<StoredTo, StoreError> {
        let mut connection = self.connection().await?;
        let snapshot = snapshot(&mut connection).await?;
        let client: &tokio_postgres::Transaction<'_> = &snapshot;
        self.is_of_cluster(client).await?;
        let Stand { watermark, .. } = self.stand(&snapshot, None).await?;
        let records = totals::lines(client, &self.journal_id).await?.map_or(0, |(_, records)| records);
        Ok(StoredTo { epoch: watermark.epoch, records })
    }
    /// The order may have been given another journal, which this reader knows nothing of.
    async fn is_of_cluster(&self, client: &tokio_postgres::Transaction<'_>) -> Result<(), StoreError> {
        let row = shards::row(client).await?;
        let is_order = row.is_some_and(|row| *row.order_journal == *self.journal_id);
        if is_order { Ok(()) } else { Err(StoreError::NoCluster) }
    }
}
