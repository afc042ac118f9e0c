//! A cluster of processes as the database has it: its row with the generation, the ingesters' journals and their numbers,
//! the order's tail, and how far each shard is. What the shards hold is written by [`crate::writer::Writer`].
//!
//! docs/design/2026-11-23-cluster.md says why it is exactly once.

mod claims;
mod forget;
mod generation;
mod order;
mod setup;

pub use crate::writer::{LostLines, ShardsOf, ShardsResume};
pub use forget::{Forget, Forgotten};
pub use order::{CutRow, OrderRow};
pub use setup::NewCluster;

pub(crate) use generation::hold as hold_generation;

use crate::StoreError;
use crate::codec::from_bigint;
use crate::config::StoreConfig;
use suiftly_schema::ids::Epoch;
use suiftly_schema::shard::SHARDS;
use tokio_postgres::{Client, GenericClient};

/// The cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRow {
    /// Its id: 32 digits of hex.
    pub cluster_id: String,
    /// The id of the journal of its order.
    pub order_journal: String,
    /// How often it was started.
    pub generation: u64,
    /// By which rule lines and sums are given to shards.
    pub placement: u16,
}

/// An ingester's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterJournal {
    /// Its number, from 1 on.
    pub no: u16,
    /// Its id.
    pub journal_id: String,
    /// The ingester's name.
    pub name: String,
    /// What epochs of the order up to this one take of it is not waited for: it is gone for good. 0 if it is not.
    pub forgotten_through: Epoch,
}

/// How far each shard is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The last epoch that is in; 0 before the first.
    pub epochs: [Epoch; SHARDS],
    /// As of which epoch it is decoded from again.
    pub restarts: [Epoch; SHARDS],
    /// The last epoch of the order that is in the database.
    pub ordered: Epoch,
}

/// The cluster's own rows, over one connection that is opened when it is needed, and again when it broke.
pub struct ClusterStore {
    config: StoreConfig,
    client: Option<Client>,
}

impl ClusterStore {
    /// Connects at the first use. The database must be migrated.
    pub fn new(config: &StoreConfig) -> Self {
        Self { config: config.clone(), client: None }
    }

    async fn client(&mut self) -> Result<&mut Client, StoreError> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.client = Some(self.config.connect().await?);
        }
        Ok(self.client.as_mut().expect("connected above"))
    }

    /// The cluster, if the database is one's.
    pub async fn row(&mut self) -> Result<Option<ClusterRow>, StoreError> {
        row(self.client().await?).await
    }

    /// The ingesters' journals, by their numbers.
    pub async fn journals(&mut self) -> Result<Vec<ClusterJournal>, StoreError> {
        journals(self.client().await?).await
    }

    /// How far each shard is.
    pub async fn standing(&mut self) -> Result<Standing, StoreError> {
        standing(self.client().await?).await
    }
}

/// The cluster, if there is one.
pub(crate) async fn row(client: &impl GenericClient) -> Result<Option<ClusterRow>, StoreError> {
    let select = "SELECT cluster_id, order_journal, generation, placement FROM cluster";
    let row = client.query_opt(select, &[]).await.map_err(StoreError::database("read the cluster"))?;
    row.as_ref().map(row_of).transpose()
}

fn row_of(row: &tokio_postgres::Row) -> Result<ClusterRow, StoreError> {
    Ok(ClusterRow {
        cluster_id: row.get(0),
        order_journal: row.get(1),
        generation: from_bigint("the cluster's generation", row.get(2))?,
        placement: row.get::<_, i16>(3).cast_unsigned(),
    })
}

/// The ingesters' journals, by their numbers.
pub(crate) async fn journals(client: &impl GenericClient) -> Result<Vec<ClusterJournal>, StoreError> {
    let select = "SELECT no, journal_id, name, forgotten_through FROM cluster_journals ORDER BY no";
    let rows = client.query(select, &[]).await.map_err(StoreError::database("read the cluster's journals"))?;
    let of = |row: &tokio_postgres::Row| {
        Ok(ClusterJournal {
            no: row.get::<_, i16>(0).cast_unsigned(),
            journal_id: row.get(1),
            name: row.get(2),
            forgotten_through: from_bigint("an epoch of the order", row.get(3))?,
        })
    };
    rows.iter().map(of).collect()
}

/// How far each shard is.
pub(crate) async fn standing(client: &impl GenericClient) -> Result<Standing, StoreError> {
    let select =
        "SELECT epoch, restart_epoch, (SELECT max(epoch) FROM cluster_order) FROM shard_watermarks ORDER BY shard";
    let rows = client.query(select, &[]).await.map_err(StoreError::database("read how far the shards are"))?;
    if rows.len() != SHARDS {
        return Err(StoreError::NoCluster);
    }
    let mut standing = Standing { epochs: [0; SHARDS], restarts: [0; SHARDS], ordered: 0 };
    for (at, row) in rows.iter().enumerate() {
        standing.epochs[at] = from_bigint("a shard's epoch", row.get(0))?;
        standing.restarts[at] = from_bigint("a shard's epoch", row.get(1))?;
        standing.ordered = from_bigint("an epoch of the order", row.get::<_, Option<i64>>(2).unwrap_or(0))?;
    }
    Ok(standing)
}
