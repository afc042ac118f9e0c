//! How far the database is for an answer: the journal's watermark, or in a cluster that of the answer's shard.
//!
//! Shards are stored by several processes, each in its own time. All rows of one customer are of one shard: an answer about
//! them stands at that shard's epoch. An answer about everybody is of several epochs at once: it stands at the least, and
//! [`Further`] tells which shards have more, so that later deltas are added to the others alone.

use super::Watermark;
use crate::StoreError;
use crate::codec::{NO_SERVER, Timestamptz, from_bigint};
use std::borrow::Cow;
use std::sync::Arc;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::infra::InfraSpanKey;
use suiftly_schema::shard::{SHARDS, Shard};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;
use tokio_postgres::{GenericClient, Row};

/// One statement, for a process alone the only one; $2 is the shard that is asked for, if it is one.
const JOURNAL: &str = "SELECT j.epoch, j.cut_at, j.journal_end, c.order_journal IS NOT NULL, s.epoch, s.cut_at \
    FROM journal_watermarks AS j LEFT JOIN cluster AS c ON c.order_journal = j.journal_id \
    LEFT JOIN shard_watermarks AS s ON c.order_journal IS NOT NULL AND s.shard = $2 WHERE j.journal_id = $1";
const EACH_SHARD: &str = "SELECT shard, epoch, cut_at FROM shard_watermarks";

/// Where an answer stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Stand {
    pub(super) watermark: Watermark,
    pub(super) further: Further,
}

/// The shards that are stored further than the epoch that an answer stands at. Outside of a cluster there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Further(Option<Arc<[Epoch; SHARDS]>>);

impl Further {
    /// Of how far each shard is stored.
    pub fn of(stored: [Epoch; SHARDS]) -> Self {
        let is_level = stored.iter().all(|epoch| *epoch == stored[0]);
        Self((!is_level).then(|| Arc::new(stored)))
    }

    /// How far the furthest is; `None` if none is further than the others.
    pub fn most(&self) -> Option<Epoch> {
        self.0.as_ref()?.iter().max().copied()
    }

    /// What of an epoch's deltas is not among the rows yet.
    pub fn missing<'a>(&self, epoch: Epoch, deltas: &'a EpochDeltas) -> Cow<'a, EpochDeltas> {
        match &self.0 {
            Some(stored) if stored.iter().any(|stored| *stored >= epoch) => {
                Cow::Owned(of_shards(deltas, |shard| stored[shard.index()] < epoch))
            }
            _ => Cow::Borrowed(deltas),
        }
    }
}

/// The deltas of some shards. A row's shard is its customer's, or its server's.
fn of_shards(deltas: &EpochDeltas, wanted: impl Fn(Shard) -> bool) -> EpochDeltas {
    let anybody = |customer| wanted(Shard::of_customer(customer));
    let customer = |customer| anybody(Some(customer));
    // As the dataflow places them; the tables know no server of this number.
    let server = |key: &InfraSpanKey| {
        let server_id = key.infra.server_id.filter(|id| *id != NO_SERVER);
        wanted(server_id.map_or(Shard(0), Shard::of_server))
    };
    EpochDeltas {
        epoch: deltas.epoch,
        minutes: only(&deltas.minutes, |key| anybody(key.usage.customer_id)),
        hours: only(&deltas.hours, |key| anybody(key.usage.customer_id)),
        rated: only(&deltas.rated, |key| customer(key.customer_id)),
        infra_minutes: only(&deltas.infra_minutes, server),
        infra_hours: only(&deltas.infra_hours, server),
        infra_days: only(&deltas.infra_days, server),
        keys: only(&deltas.keys, |key| customer(key.customer_id)),
        key_hours: only(&deltas.key_hours, |of| customer(of.key.customer_id)),
        spend: only(&deltas.spend, |of| customer(*of)),
        key_grants: only(&deltas.key_grants, |grant| customer(grant.customer_id)),
        access_grants: only(&deltas.access_grants, |grant| customer(grant.customer_id)),
    }
}

fn only<K: Clone, V: Clone>(rows: &[(K, V)], wanted: impl Fn(&K) -> bool) -> Vec<(K, V)> {
    rows.iter().filter(|(key, _)| wanted(key)).cloned().collect()
}

/// Where an answer of this journal stands: about one customer, or about everybody. At 0 for a journal that never wrote.
pub(super) async fn stand(
    client: &impl GenericClient,
    journal_id: &str,
    customer: Option<CustomerId>,
) -> Result<Stand, StoreError> {
    let attempted = "read the watermark";
    let shard = customer.map(|id| i16::from(Shard::of_customer(Some(id)).0));
    let row = client.query_opt(JOURNAL, &[&journal_id, &shard]).await.map_err(StoreError::database(attempted))?;
    let Some(row) = row else { return Ok(Stand::default()) };
    let journal_end = from_bigint("a place in the journal", row.get(2))?;
    if !row.get::<_, bool>(3) {
        let watermark = Watermark { epoch: epoch_of(row.get(0))?, cut_at: row.get::<_, Timestamptz>(1).0, journal_end };
        return Ok(Stand { watermark, further: Further::default() });
    }
    if shard.is_none() {
        let rows = client.query(EACH_SHARD, &[]).await.map_err(StoreError::database(attempted))?;
        return of_everybody(&rows, journal_end);
    }
    let epoch = row.get::<_, Option<i64>>(4).map(epoch_of).transpose()?.unwrap_or_default();
    let watermark = Watermark { epoch, cut_at: clock_of(row.get(5)), journal_end };
    Ok(Stand { watermark, further: Further::default() })
}

fn of_everybody(rows: &[Row], journal_end: u64) -> Result<Stand, StoreError> {
    let mut stored = [0; SHARDS];
    let mut least: Option<(Epoch, UnixMillis)> = None;
    for row in rows {
        let (epoch, cut_at) = (epoch_of(row.get(1))?, clock_of(row.get(2)));
        let shard = usize::try_from(row.get::<_, i16>(0)).ok().and_then(|shard| stored.get_mut(shard));
        *shard.ok_or_else(|| StoreError::Row { what: "a shard", cause: "there are 256".to_owned() })? = epoch;
        least = Some(least.map_or((epoch, cut_at), |least| least.min((epoch, cut_at))));
    }
    // One without a row has never been stored.
    let (epoch, cut_at) = least.filter(|_| rows.len() == SHARDS).unwrap_or_default();
    Ok(Stand { watermark: Watermark { epoch, cut_at, journal_end }, further: Further::of(stored) })
}

/// A shard that was never stored has none.
fn clock_of(at: Option<Timestamptz>) -> UnixMillis {
    at.map(|at| at.0).unwrap_or_default()
}

fn epoch_of(number: i64) -> Result<Epoch, StoreError> {
    from_bigint("a watermark", number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::spend::{SpendState, Used};
    use suiftly_schema::view::Spend;

    #[test]
    fn what_a_further_shard_has_is_not_missing() {
        let mut stored = [10; SHARDS];
        assert_eq!((Further::of(stored), Further::of(stored).most()), (Further::default(), None));
        stored[7] = 12;
        let further = Further::of(stored);
        assert_eq!(further.most(), Some(12));
        let spend = Spend { state: SpendState::Active, month: UnixMillis(0).month(), used: Used::default() };
        let customers = [6, 7, 256 + 7, 8].map(|id| CustomerId::new(id).unwrap());
        let deltas = EpochDeltas { spend: customers.map(|id| (id, spend)).to_vec(), ..EpochDeltas::default() };
        let missing = |epoch| further.missing(epoch, &deltas).spend.iter().map(|(id, _)| id.get()).collect::<Vec<_>>();
        assert_eq!(missing(11), [6, 8]);
        assert_eq!(missing(12), [6, 8]);
        assert_eq!(missing(13), [6, 7, 263, 8]);
        assert!(matches!(further.missing(13, &deltas), Cow::Borrowed(_)));
    }
}
