//! What a cluster's process finds when it takes its shards, to go on from there.

use super::{ShardsOf, loss, reference, resume, streams};
use crate::codec::Timestamptz;
use crate::shards::{self, ClusterJournal, Standing};
use crate::{StoreError, vault};
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::loss::{LossTotals, WorkerWindow};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::Entity;
use suiftly_schema::shard::{SHARDS, Shard, ShardSet};
use suiftly_schema::stream::OpenStream;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::{AccessGrant, KeyGrant, RatedKey, RatedSums};
use tokio_postgres::{Client, GenericClient, IsolationLevel};

/// Where a process's shards stand in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardsResume {
    /// The last epoch that is in, of each shard there is; 0 before the first. What the views add to a shard up to it is
    /// there already.
    pub epochs: [Epoch; SHARDS],
    /// As of which epoch the windows are, of each shard; and with shard 0's the reference data. No other's is less than
    /// that.
    pub restarts: [Epoch; SHARDS],
    /// The clock of the newest epoch that one of the process's shards has; [`UnixMillis::MIN`] before the first.
    pub cut_at: UnixMillis,
    /// The clock of the least epoch that the windows of one of them are as of.
    pub restart_at: UnixMillis,
    /// The windows of the workers whose server is of one of these shards, as of the shard's restart epoch; by birth.
    pub windows: Vec<WorkerWindow>,
    /// What the workers add up to that are not told apart any more, by server; likewise.
    pub folded: Vec<(i16, LossTotals)>,
    /// The open streams of these shards' servers, by id; likewise.
    pub streams: Vec<OpenStream>,
    /// All that has been rated of customers of these shards: rounding goes on from these totals.
    pub rated: Vec<(RatedKey, RatedSums)>,
    /// The same in all, by customer, ascending.
    pub rated_in_all: Vec<(CustomerId, MicroUsd)>,
    /// Every entity as the dataflow was told of it last, as of the restart epoch of shard 0: price books and published
    /// formats among them. Later changes are told again by the order.
    pub reference: Vec<Entity>,
    /// The number of the last change among them.
    pub reference_seq: u64,
    /// The vault's keys of customers of these shards, by their hash; as of the shards' epochs.
    pub key_grants: Vec<KeyGrant>,
    /// What may be done with them, by customer and service.
    pub access_grants: Vec<AccessGrant>,
    /// The ingesters' journals, by their numbers.
    pub journals: Vec<ClusterJournal>,
}

impl ShardsResume {
    /// The last epoch that all of some shards have.
    pub fn least(&self, of: ShardSet) -> Epoch {
        of.iter().map(|shard| self.epochs[shard.index()]).min().unwrap_or(0)
    }

    /// The epoch that the whole cluster replays from: the least that any shard restarts at.
    pub fn replay_from(&self) -> Epoch {
        self.restarts.into_iter().min().unwrap_or(0)
    }
}

/// Reads it in one snapshot: others may commit meanwhile.
pub(super) async fn read(client: &mut Client, of: &ShardsOf) -> Result<ShardsResume, StoreError> {
    let attempted = "read where the shards stand";
    let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let snapshot = snapshot.start().await.map_err(StoreError::database(attempted))?;
    let numbers = of.numbers();
    let Standing { epochs, restarts, .. } = shards::standing(&snapshot).await?;
    let (cut_at, restart_at) = clocks(&snapshot, &numbers).await?;
    let mut folded = loss::folded(&snapshot, &of.order_journal).await?;
    folded.retain(|(server_id, _)| of.shards.contains(Shard::of_server(*server_id)));
    let rated = resume::rated(&snapshot, Some(&numbers)).await?;
    let (reference, reference_seq) = reference::read(&snapshot).await?;
    let is_mine = |customer| of.shards.contains(Shard::of_customer(Some(customer)));
    let (mut key_grants, mut access_grants) = (vault::keys(&snapshot).await?, vault::access(&snapshot).await?);
    key_grants.retain(|grant| is_mine(grant.customer_id));
    access_grants.retain(|grant| is_mine(grant.customer_id));
    let found = ShardsResume {
        epochs,
        restarts,
        cut_at,
        restart_at,
        windows: loss::windows_of(&snapshot, &of.order_journal, &numbers).await?,
        folded,
        streams: streams::read(&snapshot, &of.order_journal, Some(&numbers)).await?,
        rated_in_all: resume::rated_in_all(&rated),
        rated,
        reference,
        reference_seq,
        key_grants,
        access_grants,
        journals: shards::journals(&snapshot).await?,
    };
    snapshot.commit().await.map_err(StoreError::database(attempted))?;
    Ok(found)
}

async fn clocks(client: &impl GenericClient, shards: &[i16]) -> Result<(UnixMillis, UnixMillis), StoreError> {
    // A clock that is not known is before all others.
    let select = "SELECT max(cut_at), CASE WHEN bool_and(restart_at IS NOT NULL) THEN min(restart_at) END \
        FROM shard_watermarks WHERE shard = ANY ($1)";
    let row = client.query_one(select, &[&shards]).await;
    let row = row.map_err(StoreError::database("read the shards' clocks"))?;
    let clock = |at: usize| row.get::<_, Option<Timestamptz>>(at).map_or(UnixMillis::MIN, |at| at.0);
    Ok((clock(0), clock(1)))
}
