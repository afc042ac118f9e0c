//! Reading for the API: every answer is one repeatable-read snapshot, its rows beside the watermark they belong to.
//!
//! What the answers leave out is exactly what came after that epoch; the hub's deltas after it complete them:
//! [`Reader::rows`] and [`Rows::join`] do so for every view.

mod bucket;
mod cells;
mod claims;
mod customers;
mod front;
mod infra;
mod quarantine;
mod rows;
mod span;
mod sql;
mod standing;
mod stored;
mod totals;
mod usage;
mod vault;
mod view;

pub use bucket::Bucket;
pub use cells::{CELLS_MAX, Cell, CellQuery};
pub use claims::QuarantineSelection;
pub use customers::{
    KEY_HOURS_MAX, KEYS_MAX, KeyDid, KeyQuery, PARTS_MAX, PartKey, PartQuery, SpendChange, SpendQuery,
};
pub use front::{FrontResume, StoredTo};
pub use infra::{INFRA_ROWS_MAX, INFRA_SUMS_MAX, InfraDimension, InfraFilter, InfraGroup, InfraQuery};
pub use quarantine::{KeptLine, KeptReason, LineJournal, PAGE_LINE_BYTES, PAGE_LINES_MAX, QuarantineQuery};
pub use span::TimeRange;
pub(crate) use sql::Conditions;
pub use standing::Further;
pub use stored::StoredLine;
pub use usage::{USAGE_ROWS_MAX, UsageQuery};
pub use vault::VaultRows;
pub use view::{Rows, ViewQuery};

use crate::StoreError;
use crate::config::StoreConfig;
use crate::maintenance::{MINUTES_KEPT, before};
use crate::pool::{self, snapshot};
use crate::writer::loss;
use deadpool_postgres::{Object, Pool};
use standing::Stand;
use std::sync::Arc;
use suiftly_schema::ids::{CustomerId, Epoch, Network, Service};
use suiftly_schema::loss::{LineCounts, WorkerWindow};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::{UsageKey, UsageSums};

/// Connections that one reader opens at most, and as many that act for customers.
pub const CONNECTIONS_MAX: usize = 8;

/// Whose usage to count. `None` is everybody's, every service, every network; the unattributed and unknown count in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One customer's only.
    pub customer_id: Option<CustomerId>,
    /// One service's only.
    pub service: Option<Service>,
    /// One network's only.
    pub network: Option<Network>,
}

impl Filter {
    /// Whether it counts usage under a key.
    pub fn takes(&self, key: &UsageKey) -> bool {
        (self.customer_id.is_none() || self.customer_id == key.customer_id)
            && (self.service.is_none() || self.service == key.service)
            && (self.network.is_none() || self.network == key.network)
    }

    /// The same, of rows.
    fn narrow(&self, conditions: &mut sql::Conditions) {
        conditions.and_is("customer_id", self.customer_id.map(CustomerId::get));
        conditions.and_is("service_type", self.service.map(|service| i16::from(service.number())));
        conditions.and_is("network", self.network.map(|network| i16::from(network.number())));
    }
}

/// How far the database is: everything up to and with this epoch is in, nothing after it. In a cluster of one customer's
/// rows, whose shard it is of; of everybody's rows some shards may be [`Further`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watermark {
    /// The epoch; 0 before the first.
    pub epoch: Epoch,
    /// Its clock.
    pub cut_at: UnixMillis,
    /// Where its block ends in the journal, in bytes. In a cluster that of the least epoch that was stored.
    pub journal_end: u64,
}

/// Usage within one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The bucket's first instant.
    pub start: UnixMillis,
    /// What was used in it.
    pub sums: UsageSums,
}

/// What has been rated for a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatedMonth {
    /// As of.
    pub watermark: Watermark,
    /// What has more than that.
    pub further: Further,
    /// The month's usage.
    pub sums: UsageSums,
    /// Its price.
    pub rated: MicroUsd,
}

/// What a live stream begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSnapshot {
    /// The stream goes on with the deltas after this.
    pub watermark: Watermark,
    /// What has more than that.
    pub further: Further,
    /// The month's usage.
    pub month_sums: UsageSums,
    /// Its price.
    pub rated: MicroUsd,
    /// Usage by minute, ascending.
    pub minutes: Vec<Point>,
}

/// How far the journal has come, and what its lines became.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineTotals {
    /// As of.
    pub watermark: Watermark,
    /// What the lines became.
    pub counts: LineCounts,
    /// Raw records written, whether retention has left them or not.
    pub records: u64,
    /// Every worker's window, its `seen` left empty; oldest boot first.
    pub workers: Vec<WorkerWindow>,
}

/// Reads what one journal's writer wrote. Cheap to clone; all clones share a few connections.
#[derive(Clone)]
pub struct Reader {
    pool: Pool,
    scoped: Pool,
    /// Whose rows alone it sees.
    customer: Option<CustomerId>,
    journal_id: Arc<str>,
}

impl Reader {
    /// A reader of this journal's watermark. Connects at the first query, and again whenever a connection broke.
    pub fn new(config: &StoreConfig, journal_id: &str) -> Result<Self, StoreError> {
        let pool = pool::pool(config, CONNECTIONS_MAX)?;
        let scoped = pool::pool(&config.scoped(), CONNECTIONS_MAX)?;
        Ok(Self { pool, scoped, customer: None, journal_id: journal_id.into() })
    }

    /// The same, acting for a customer: the database shows their usage alone, whatever is asked.
    #[must_use]
    pub fn for_customer(&self, customer: CustomerId) -> Self {
        Self { customer: Some(customer), ..self.clone() }
    }

    /// What of a view is committed, for [`Rows::join`] to bring up to date. [`StoreError::TooManyRows`] if the query's
    /// bound does not hold.
    pub async fn rows<Q: ViewQuery>(&self, query: &Q) -> Result<Rows<Q>, StoreError> {
        let mut connection = self.connection().await?;
        let snapshot = snapshot(&mut connection).await?;
        let mut rows = Rows::at(query.clone(), self.stand(&snapshot, query.customer()).await?);
        Q::fetch(&snapshot, &mut rows).await?;
        Ok(rows)
    }

    /// A month's usage and its price. The price is of all networks together: a bill knows none, so the filter's
    /// network narrows the usage only.
    pub async fn rated_month(&self, filter: &Filter, month: BillingMonth) -> Result<RatedMonth, StoreError> {
        let mut connection = self.connection().await?;
        let snapshot = snapshot(&mut connection).await?;
        let Stand { watermark, further } = self.stand(&snapshot, filter.customer_id).await?;
        let sums = rows::total(&snapshot, watermark, filter, rows::hours_of(month)).await?;
        let rated = rows::rated(&snapshot, filter, month).await?;
        Ok(RatedMonth { watermark, further, sums, rated })
    }

    /// A month's usage and price, as [`Reader::rated_month`], with the minutes from an instant on.
    pub async fn stream_snapshot(
        &self,
        filter: &Filter,
        month: BillingMonth,
        minutes_since: UnixMillis,
    ) -> Result<StreamSnapshot, StoreError> {
        let mut connection = self.connection().await?;
        let snapshot = snapshot(&mut connection).await?;
        let Stand { watermark, further } = self.stand(&snapshot, filter.customer_id).await?;
        let month_sums = rows::total(&snapshot, watermark, filter, rows::hours_of(month)).await?;
        let rated = rows::rated(&snapshot, filter, month).await?;
        let span = rows::kept(TimeRange::new(minutes_since, UnixMillis::MAX), minutes_from(&watermark));
        let minutes = rows::minutes(&snapshot, watermark, filter, span).await?;
        Ok(StreamSnapshot { watermark, further, month_sums, rated, minutes })
    }

    /// How far the journal has come; in a cluster all shards, and windows as of where they restart. All zero for a journal
    /// that never wrote.
    pub async fn pipeline_totals(&self) -> Result<PipelineTotals, StoreError> {
        let mut connection = self.connection().await?;
        let snapshot = snapshot(&mut connection).await?;
        let Stand { watermark, .. } = self.stand(&snapshot, None).await?;
        let client: &tokio_postgres::Transaction<'_> = &snapshot;
        let Some((counts, records)) = totals::lines(client, &self.journal_id).await? else {
            return Ok(PipelineTotals::default());
        };
        let workers = loss::windows(client, &self.journal_id, false).await?;
        Ok(PipelineTotals { watermark, counts, records, workers })
    }

    /// Counts the raw records one by one: a full scan, for reconciliation.
    pub async fn count_records(&self) -> Result<u64, StoreError> {
        let connection = self.connection().await?;
        let row = connection.query_one("SELECT count(*) FROM haproxy_raw_logs_all", &[]).await;
        let count: i64 = row.map_err(StoreError::database("count the raw records"))?.get(0);
        crate::codec::from_bigint("the number of raw records", count)
    }

    /// The vault as the views have it: all rows, and as of when.
    pub async fn vault(&self) -> Result<VaultRows, StoreError> {
        let mut connection = self.connection().await?;
        let snapshot = snapshot(&mut connection).await?;
        let Stand { watermark, .. } = self.stand(&snapshot, None).await?;
        vault::read(&snapshot, watermark).await
    }

    async fn connection(&self) -> Result<Object, StoreError> {
        match self.customer {
            Some(customer) => pool::get_for(&self.scoped, customer).await,
            None => pool::get(&self.pool).await,
        }
    }

    /// Where an answer about this customer stands, or about everybody.
    async fn stand(
        &self,
        snapshot: &deadpool_postgres::Transaction<'_>,
        customer: Option<CustomerId>,
    ) -> Result<Stand, StoreError> {
        let client: &tokio_postgres::Transaction<'_> = snapshot;
        standing::stand(client, &self.journal_id, self.customer.or(customer)).await
    }
}

/// From when on minutes are whole: the writer leaves out deltas of minutes that are older than this, by its clock.
fn minutes_from(watermark: &Watermark) -> UnixMillis {
    before(watermark.cut_at, MINUTES_KEPT)
}
