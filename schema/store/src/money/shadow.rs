//! Some customers' usage counted and priced again, by another path than the dataflow's: out of the raw records, in SQL.

mod sql;

use super::MoneyStore;
use super::notices::{self, Notice};
use crate::StoreError;
use crate::codec::{MonthDate, NO_NETWORK, Timestamptz, known_customer, known_network, service_of};
use crate::maintenance::RAW_KEPT;
use crate::pool;
use deadpool_postgres::Transaction;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// Hours that a run compares at most.
pub const SHADOW_HOURS_MAX: u16 = 6;
/// Customers that a run compares at most.
pub const SHADOW_CUSTOMERS_MAX: u16 = 50;
/// So long before raw records go an hour is not compared any more.
const KEPT_MARGIN: Duration = Duration::from_secs(2 * 3600);
/// A run that takes longer is given up: the database has better to do.
const TIMEOUT_MS: u32 = 60_000;

/// Counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShadowCounts {
    /// All requests.
    pub requests: i64,
    /// Those that are billed.
    pub billable_requests: i64,
    /// Their bytes.
    pub billable_bytes: i64,
}

/// An hour of a customer, by both paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShadowHour {
    /// Whose.
    pub customer_id: CustomerId,
    /// The hour's first instant.
    pub hour: UnixMillis,
    /// Of which service.
    pub service: Option<Service>,
    /// On which network.
    pub network: Option<Network>,
    /// Out of the raw records.
    pub recounted: ShadowCounts,
    /// By `usage_per_hour`.
    pub stored: ShadowCounts,
    /// The version of the book in force.
    pub price_book: u32,
    /// What the recounted comes to by itself, computed in SQL. `None` by a book whose prices depend on the whole month.
    pub amount: Option<MicroUsd>,
}

/// A month of a customer and service under one book: its hours added up, and what is rated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShadowMonth {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which month.
    pub month: BillingMonth,
    /// Of which service.
    pub service: Option<Service>,
    /// The book's version.
    pub price_book: u32,
    /// Billable requests and bytes by `usage_per_hour`.
    pub hours: (i64, i64),
    /// What they come to, computed in SQL; `None` as above.
    pub amount: Option<MicroUsd>,
    /// Billable requests and bytes by `rated`.
    pub rated: (i64, i64),
    /// What they come to by `rated`.
    pub rated_amount: MicroUsd,
}

/// What a run found, as of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShadowRows {
    /// Customers compared.
    pub customers: usize,
    /// Every hour that either side has.
    pub hours: Vec<ShadowHour>,
    /// Their months.
    pub months: Vec<ShadowMonth>,
    /// Some shard of a cluster was stored further than another: a record may have been there before what was counted of it,
    /// or after. Such a difference is gone the next time.
    pub is_moving: bool,
}

/// The last run's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShadowSummary {
    /// When it was.
    pub checked_at: UnixMillis,
    /// Customers compared.
    pub customers: u32,
    /// Hours compared.
    pub hours: u32,
    /// What differed.
    pub mismatches: u32,
}

impl MoneyStore {
    /// Counts and prices some customers' hours again. The seed decides which; the same one picks the same again.
    pub async fn shadow_rows(&self, seed: u64) -> Result<ShadowRows, StoreError> {
        let mut client = self.client().await?;
        let snapshot = pool::snapshot(&mut client).await?;
        let limit = format!("SET LOCAL statement_timeout = {TIMEOUT_MS}");
        snapshot.batch_execute(&limit).await.map_err(StoreError::database("bound a shadow check"))?;
        let seed = seed.to_string();
        let hours = pick_hours(&snapshot, &seed).await?;
        let (instants, most) = (as_instants(&hours), i64::from(SHADOW_CUSTOMERS_MAX));
        let customers = snapshot.query(sql::CUSTOMERS, &[&seed, &instants, &most]).await;
        let customers = customers.map_err(StoreError::database("pick customers for a shadow check"))?;
        let customers: Vec<i64> = customers.iter().map(|row| row.get(0)).collect();
        if customers.is_empty() {
            return Ok(ShadowRows::default());
        }
        let rows = snapshot.query(&sql::recount(), &[&customers, &instants]).await;
        let rows = rows.map_err(StoreError::database("count usage again out of the raw records"))?;
        let mut months = Vec::new();
        for month in hours.iter().map(|hour| hour.month()).collect::<BTreeSet<_>>() {
            months.append(&mut compare_month(&snapshot, &customers, month).await?);
        }
        let hours = rows.iter().map(hour_of).collect::<Result<_, _>>()?;
        let moving = snapshot.query_one("SELECT count(DISTINCT epoch) > 1 FROM shard_watermarks", &[]).await;
        let is_moving = moving.map_err(StoreError::database("look whether shards are level"))?.get(0);
        Ok(ShadowRows { customers: customers.len(), hours, months, is_moving })
    }

    /// Records a run, and tells of it if anything differs: `detail` names the first differences.
    pub async fn record_shadow_check(&self, summary: &ShadowSummary, detail: &[Value]) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin to record a shadow check"))?;
        let insert = "INSERT INTO shadow_checks (checked_at, customers, hours, mismatches, detail) \
            VALUES ($1, $2, $3, $4, $5) RETURNING id";
        let ShadowSummary { checked_at, customers, hours, mismatches } = *summary;
        let [customers, hours, count] = [customers, hours, mismatches].map(u32::cast_signed);
        let row = transaction
            .query_one(insert, &[&Timestamptz(checked_at), &customers, &hours, &count, &Json(detail)])
            .await
            .map_err(StoreError::database("record a shadow check"))?;
        if mismatches > 0 {
            let key = format!("shadow:{}", row.get::<_, i64>(0));
            let body = serde_json::json!({"mismatches": mismatches, "hours": hours, "first": detail});
            let severity = notices::Severity::Critical;
            let notice = Notice { key, customer: None, severity, kind: "shadow_mismatch", body };
            notices::note(&transaction, &notice, checked_at).await?;
        }
        transaction.commit().await.map_err(StoreError::database("commit a shadow check"))
    }

    /// The last run; `None` before the first.
    pub async fn last_shadow_check(&self) -> Result<Option<ShadowSummary>, StoreError> {
        let select = "SELECT checked_at, customers, hours, mismatches FROM shadow_checks ORDER BY id DESC LIMIT 1";
        let row = self.client().await?.query_opt(select, &[]).await;
        let row = row.map_err(StoreError::database("read the last shadow check"))?;
        Ok(row.map(|row| {
            let [customers, hours, mismatches] = [1, 2, 3].map(|at| row.get::<_, i32>(at).unsigned_abs());
            ShadowSummary { checked_at: row.get::<_, Timestamptz>(0).0, customers, hours, mismatches }
        }))
    }
}

async fn pick_hours(snapshot: &Transaction<'_>, seed: &str) -> Result<Vec<UnixMillis>, StoreError> {
    let back_s = (RAW_KEPT - KEPT_MARGIN).as_secs_f64();
    let rows = snapshot.query(sql::HOURS, &[&seed, &i64::from(SHADOW_HOURS_MAX), &back_s]).await;
    let rows = rows.map_err(StoreError::database("pick hours for a shadow check"))?;
    Ok(rows.iter().map(|row| row.get::<_, Timestamptz>(0).0).collect())
}

async fn compare_month(
    snapshot: &Transaction<'_>,
    customers: &[i64],
    month: BillingMonth,
) -> Result<Vec<ShadowMonth>, StoreError> {
    let (from, to) = (Timestamptz(month.start()), Timestamptz(month.end()));
    let rows = snapshot.query(&sql::months(), &[&customers, &MonthDate(month), &from, &to]).await;
    let rows = rows.map_err(StoreError::database("rate months again"))?;
    let of = |row: &Row| {
        Ok(ShadowMonth {
            customer_id: known_customer(row.get(0))?,
            month,
            service: service_of(row.get(1))?,
            price_book: row.get::<_, i32>(2).unsigned_abs(),
            hours: (row.get(3), row.get(4)),
            amount: row.get::<_, Option<i64>>(5).map(MicroUsd),
            rated: (row.get(6), row.get(7)),
            rated_amount: MicroUsd(row.get(8)),
        })
    };
    rows.iter().map(of).collect()
}

fn hour_of(row: &Row) -> Result<ShadowHour, StoreError> {
    let counts = |at: usize| ShadowCounts {
        requests: row.get(at),
        billable_requests: row.get(at + 1),
        billable_bytes: row.get(at + 2),
    };
    let network: i16 = row.get(3);
    Ok(ShadowHour {
        customer_id: known_customer(row.get(0))?,
        hour: row.get::<_, Timestamptz>(1).0,
        service: service_of(row.get(2))?,
        network: if network == NO_NETWORK { None } else { Some(known_network(network)?) },
        recounted: counts(4),
        stored: counts(7),
        price_book: row.get::<_, i32>(10).unsigned_abs(),
        amount: row.get::<_, Option<i64>>(11).map(MicroUsd),
    })
}

fn as_instants(hours: &[UnixMillis]) -> Vec<Timestamptz> {
    hours.iter().copied().map(Timestamptz).collect()
}
