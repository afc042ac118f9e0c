//! What was counted for a month: hours, what they are rated by, and how far the journals are in, all of one moment.
//!
//! The three are written by the store's writer in one transaction, which waits for no lock that money takes. So they are
//! read by one statement: it sees all of a commit or nothing of it, at any isolation. In a cluster all of a customer is of
//! one shard, and what its epoch is of the order; what other shards have is no part of that customer's bill.

use super::MoneyStore;
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, from_bigint, known_customer, known_network, service_of};
use deadpool_postgres::Transaction;
use futures::TryStreamExt;
use std::collections::BTreeMap;
use std::pin::pin;
use suiftly_schema::bill::{HourUsage, JournalPoint};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBook;
use suiftly_schema::shard::Shard;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

/// A customer's month as it was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CountedMonth {
    /// Billable usage, ascending, nothing that is zero.
    pub(super) hours: Vec<HourUsage>,
    /// What the dataflow rated, ascending, nothing that is zero.
    pub(super) rated: Vec<RatedLine>,
}

/// What the dataflow rated for a service under one price book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RatedLine {
    /// The service; `None` is the unknown.
    pub service: Option<Service>,
    /// The book's version.
    pub price_book: u32,
    /// What the usage comes to.
    pub amount: MicroUsd,
}

/// What was counted for several customers.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// The journals that are in.
    journals: Vec<JournalPoint>,
    /// In a cluster its order, by shard.
    order: BTreeMap<Shard, JournalPoint>,
    /// By customer. Who has no usage has no entry.
    pub(super) months: BTreeMap<CustomerId, CountedMonth>,
}

/// Customer by customer, by the primary key: OFFSET keeps it from becoming a scan of everybody's hours.
const COUNTED: &str = "SELECT 0::smallint, u.customer_id, u.hour, u.service_type, u.network::integer, u.billable_requests, \
        u.billable_bytes, NULL::text \
    FROM unnest($1::bigint[]) AS c (id) CROSS JOIN LATERAL ( \
        SELECT customer_id, hour, service_type, network, billable_requests, billable_bytes FROM usage_per_hour \
        WHERE customer_id = c.id AND hour >= $2 AND hour < $3 AND (billable_requests <> 0 OR billable_bytes <> 0) OFFSET 0) AS u \
    UNION ALL \
    SELECT 1::smallint, r.customer_id, NULL, r.service_type, r.price_book, r.rated_micro_usd, 0, NULL \
    FROM rated AS r WHERE r.month = $4 AND r.customer_id = ANY($1) AND r.rated_micro_usd <> 0 \
    UNION ALL \
    SELECT 2::smallint, 0, NULL, 0::smallint, 0, epoch, 0, journal_id FROM journal_watermarks AS w \
    WHERE epoch > 0 AND cut_at >= $2 - INTERVAL '70 minutes' \
        AND NOT EXISTS (SELECT FROM cluster WHERE order_journal = w.journal_id) \
        AND NOT EXISTS (SELECT FROM cluster_journals AS j WHERE j.journal_id = w.journal_id) \
    UNION ALL \
    SELECT 3::smallint, s.shard, NULL, 0::smallint, 0, s.epoch, 0, c.order_journal \
    FROM cluster AS c CROSS JOIN shard_watermarks AS s \
    WHERE s.epoch > 0 AND s.cut_at >= $2 - INTERVAL '70 minutes' \
        AND s.shard IN (SELECT ids.id & 255 FROM unnest($1::bigint[]) AS ids (id))";

/// Reads what was counted, in one statement.
pub(super) async fn counted(
    transaction: &Transaction<'_>,
    customers: &[i64],
    month: BillingMonth,
) -> Result<Counted, StoreError> {
    let attempted = "read a month's hours";
    let prepared = transaction.prepare_cached(COUNTED).await.map_err(StoreError::database(attempted))?;
    let (from, to) = (Timestamptz(month.start()), Timestamptz(month.end()));
    let customers = customers.to_vec();
    let parameters: [&(dyn ToSql + Sync); 4] = [&customers, &from, &to, &MonthDate(month)];
    let client: &tokio_postgres::Transaction<'_> = transaction;
    let rows = client.query_raw(&prepared, parameters).await.map_err(StoreError::database(attempted))?;
    let mut rows = pin!(rows);
    let mut counted = Counted::default();
    while let Some(row) = rows.try_next().await.map_err(StoreError::database(attempted))? {
        counted.take(&row)?;
    }
    for month in counted.months.values_mut() {
        month.hours.sort_unstable();
        month.rated.sort_unstable();
    }
    Ok(counted)
}

impl Counted {
    fn take(&mut self, row: &Row) -> Result<(), StoreError> {
        match row.get::<_, i16>(0) {
            0 => self.months.entry(known_customer(row.get(1))?).or_default().hours.push(HourUsage {
                hour: row.get::<_, Timestamptz>(2).0,
                service: service_of(row.get(3))?,
                network: network_of(row.get(4))?,
                requests: row.get(5),
                bytes: row.get(6),
            }),
            1 => self.months.entry(known_customer(row.get(1))?).or_default().rated.push(RatedLine {
                service: service_of(row.get(3))?,
                price_book: row.get::<_, i32>(4).cast_unsigned(),
                amount: MicroUsd(row.get(5)),
            }),
            2 => self.journals.push(point_of(row)?),
            _ => drop(self.order.insert(Shard(shard_number(row.get(1))?), point_of(row)?)),
        }
        Ok(())
    }

    /// The journals that are in what a customer has, ascending.
    pub(super) fn journals_of(&self, customer: CustomerId) -> Vec<JournalPoint> {
        let order = self.order.get(&Shard::of_customer(Some(customer)));
        let mut journals: Vec<_> = self.journals.iter().chain(order).cloned().collect();
        journals.sort_unstable();
        journals
    }
}

fn point_of(row: &Row) -> Result<JournalPoint, StoreError> {
    Ok(JournalPoint { journal_id: row.get(7), epoch: from_bigint("a journal's epoch", row.get(5))? })
}

fn shard_number(number: i64) -> Result<u8, StoreError> {
    u8::try_from(number).map_err(|error| StoreError::Row { what: "a shard", cause: error.to_string() })
}

fn network_of(number: i32) -> Result<Option<Network>, StoreError> {
    match i16::try_from(number).unwrap_or(i16::MAX) {
        crate::codec::NO_NETWORK => Ok(None),
        number => known_network(number).map(Some),
    }
}

/// The published books that are in force in any hour of a month, ascending by the hour they take effect.
pub(super) async fn books(transaction: &Transaction<'_>, month: BillingMonth) -> Result<Vec<PriceBook>, StoreError> {
    let sql = "SELECT book FROM price_books WHERE effective_from < $2 AND effective_from >= \
            (SELECT max(effective_from) FROM price_books WHERE effective_from <= $1) ORDER BY effective_from";
    let attempted = "read the month's price books";
    let prepared = transaction.prepare_cached(sql).await.map_err(StoreError::database(attempted))?;
    let rows = transaction.query(&prepared, &[&Timestamptz(month.start()), &Timestamptz(month.end())]).await;
    let rows = rows.map_err(StoreError::database(attempted))?;
    let book = |row: &Row| row.try_get::<_, Json<PriceBook>>(0).map(|json| json.0);
    rows.iter().map(book).collect::<Result<_, _>>().map_err(StoreError::database(attempted))
}

impl MoneyStore {
    /// The clock up to which the store has every line that was received: in a cluster that of the shard which is furthest
    /// behind, else the watermark's of the journal that moved last. Only one process, or one cluster, writes to a database,
    /// so a journal that moved earlier belongs to an installation that is gone, and nothing more comes of it. `None` before
    /// the first epoch, of any shard.
    pub async fn received_until(&self) -> Result<Option<UnixMillis>, StoreError> {
        let sql = "SELECT CASE WHEN EXISTS (SELECT FROM cluster) THEN suiftly_complete_to() ELSE ( \
            SELECT cut_at FROM journal_watermarks WHERE epoch > 0 ORDER BY updated_at DESC, cut_at DESC LIMIT 1) END";
        let row = self.client().await?.query_one(sql, &[]).await.map_err(StoreError::database("read the watermark"))?;
        Ok(row.get::<_, Option<Timestamptz>>(0).map(|at| at.0))
    }
}
