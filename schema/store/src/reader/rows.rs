//! The reader's statements over the usage tables, and their rows as schema's types.

use super::span::{Plan, TimeRange};
use super::{Bucket, Filter, Point, UsagePart};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, service_of};
use suiftly_schema::ids::{CustomerId, Network};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::UsageSums;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Points in one series; retention keeps every whole series below it.
pub const SERIES_POINTS_MAX: i64 = 10_000;

/// `$1`–`$3` are the filter in every statement. A sum of bigints is a numeric; counts fit a bigint as
/// each part did, bytes are made to (the writer saturates them too).
macro_rules! sums {
    () => {
        "sum(guaranteed)::bigint, sum(burst)::bigint, sum(rejected)::bigint, sum(client_error)::bigint, \
         sum(server_error)::bigint, sum(other)::bigint, sum(billable_requests)::bigint, \
         least(sum(bytes_sent), 9223372036854775807)::bigint, least(sum(billable_bytes), 9223372036854775807)::bigint, \
         sum(time_total_ms)::bigint"
    };
}
macro_rules! filtered {
    () => {
        "($1::bigint IS NULL OR customer_id = $1) AND ($2::smallint IS NULL OR service_type = $2) \
         AND ($3::smallint IS NULL OR network = $3)"
    };
}
macro_rules! columns {
    ($time:literal) => {
        concat!(
            "customer_id, service_type, ",
            $time,
            " AS start, guaranteed, burst, rejected, client_error, \
             server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms"
        )
    };
}

/// Sums per customer, service, month and the price book in force in the hour.
const PARTS: &str = concat!(
    "WITH books AS (SELECT version, effective_from, lead(effective_from, 1, 'infinity') \
        OVER (ORDER BY effective_from) AS effective_to FROM price_books), \
     rows AS ( \
        SELECT ",
    columns!("hour"),
    " FROM usage_per_hour WHERE ",
    filtered!(),
    " AND hour >= $4 AND hour < $5 \
        UNION ALL \
        SELECT ",
    columns!("minute"),
    " FROM usage_per_minute WHERE ",
    filtered!(),
    " AND \
            (minute >= $6 AND minute < $7 OR minute >= $8 AND minute < $9)) \
     SELECT ",
    sums!(),
    ", customer_id, service_type, date_trunc('month', start, 'UTC'), books.version \
     FROM rows JOIN books ON start >= effective_from AND start < effective_to \
     GROUP BY customer_id, service_type, date_trunc('month', start, 'UTC'), books.version ORDER BY 11, 12, 13, 14"
);
macro_rules! series {
    ($table:literal, $time:literal) => {
        concat!(
            "SELECT ",
            sums!(),
            ", ",
            $time,
            " FROM ",
            $table,
            " WHERE ",
            filtered!(),
            " AND ",
            $time,
            " >= $4 AND ",
            $time,
            " < $5 GROUP BY ",
            $time,
            " ORDER BY ",
            $time,
            " LIMIT $6"
        )
    };
}
const MINUTES: &str = series!("usage_per_minute", "minute");
const HOURS: &str = series!("usage_per_hour", "hour");
const TOTAL: &str = concat!(
    "SELECT ",
    sums!(),
    " FROM usage_per_hour WHERE ",
    filtered!(),
    " AND hour >= $4 AND hour < $5 HAVING count(*) > 0"
);
const RATED: &str = "SELECT coalesce(sum(rated_micro_usd), 0)::bigint FROM rated \
    WHERE ($1::bigint IS NULL OR customer_id = $1) AND ($2::smallint IS NULL OR service_type = $2) AND month = $3";

/// A filter as parameters.
struct FilterParameters {
    customer_id: Option<i64>,
    service: Option<i16>,
    network: Option<i16>,
}

impl From<&Filter> for FilterParameters {
    fn from(filter: &Filter) -> Self {
        Self {
            customer_id: filter.customer_id.map(CustomerId::get),
            service: filter.service.map(|service| i16::from(service.number())),
            network: filter.network.map(|network: Network| i16::from(network.number())),
        }
    }
}

type Transaction<'a> = deadpool_postgres::Transaction<'a>;

pub(super) async fn parts(
    snapshot: &Transaction<'_>,
    filter: &Filter,
    plan: &Plan,
) -> Result<Vec<UsagePart>, StoreError> {
    let filter = FilterParameters::from(filter);
    let [(h0, h1), (a0, a1), (b0, b1)] = [plan.hours, plan.head, plan.tail].map(ends);
    let parameters: [&(dyn ToSql + Sync); 9] =
        [&filter.customer_id, &filter.service, &filter.network, &h0, &h1, &a0, &a1, &b0, &b1];
    let rows = query(snapshot, PARTS, &parameters, "read usage").await?;
    rows.iter()
        .map(|row| {
            Ok(UsagePart {
                customer_id: CustomerId::new(row.get(10)),
                service: service_of(row.get(11))?,
                month: row.get::<_, Timestamptz>(12).0.month(),
                price_book: row.get::<_, i32>(13).cast_unsigned(),
                sums: sums_of(row),
            })
        })
        .collect()
}

pub(super) async fn series(
    snapshot: &Transaction<'_>,
    filter: &Filter,
    bucket: Bucket,
    range: TimeRange,
) -> Result<Vec<Point>, StoreError> {
    let filter = FilterParameters::from(filter);
    let (from, to) = ends(range);
    let parameters: [&(dyn ToSql + Sync); 6] =
        [&filter.customer_id, &filter.service, &filter.network, &from, &to, &SERIES_POINTS_MAX];
    let statement = match bucket {
        Bucket::Minute => MINUTES,
        Bucket::Hour => HOURS,
    };
    let rows = query(snapshot, statement, &parameters, "read a usage series").await?;
    Ok(rows.iter().map(|row| Point { start: row.get::<_, Timestamptz>(10).0, sums: sums_of(row) }).collect())
}

/// Sums over whole hours.
pub(super) async fn total(
    snapshot: &Transaction<'_>,
    filter: &Filter,
    hours: TimeRange,
) -> Result<UsageSums, StoreError> {
    let filter = FilterParameters::from(filter);
    let (from, to) = ends(hours);
    let parameters: [&(dyn ToSql + Sync); 5] = [&filter.customer_id, &filter.service, &filter.network, &from, &to];
    let rows = query(snapshot, TOTAL, &parameters, "read total usage").await?;
    Ok(rows.first().map(sums_of).unwrap_or_default())
}

pub(super) async fn rated(
    snapshot: &Transaction<'_>,
    filter: &Filter,
    month: BillingMonth,
) -> Result<MicroUsd, StoreError> {
    let filter = FilterParameters::from(filter);
    let parameters: [&(dyn ToSql + Sync); 3] = [&filter.customer_id, &filter.service, &MonthDate(month)];
    let rows = query(snapshot, RATED, &parameters, "read rated usage").await?;
    Ok(MicroUsd(rows.first().map_or(0, |row| row.get(0))))
}

async fn query(
    snapshot: &Transaction<'_>,
    statement: &str,
    parameters: &[&(dyn ToSql + Sync)],
    attempted: &'static str,
) -> Result<Vec<Row>, StoreError> {
    let prepared = snapshot.prepare_cached(statement).await.map_err(StoreError::database(attempted))?;
    snapshot.query(&prepared, parameters).await.map_err(StoreError::database(attempted))
}

fn ends(range: TimeRange) -> (Timestamptz, Timestamptz) {
    (Timestamptz(range.from), Timestamptz(range.to))
}

/// The first ten columns of a row.
fn sums_of(row: &Row) -> UsageSums {
    UsageSums::from_array(std::array::from_fn(|at| row.get(at)))
}

/// The billing month's hours.
pub(super) fn hours_of(month: BillingMonth) -> TimeRange {
    TimeRange::new(month.start(), month.end())
}

/// The minutes that are wholly there, of those in a range.
pub(super) fn kept(range: TimeRange, minutes_from: UnixMillis) -> TimeRange {
    TimeRange::new(range.from.max(minutes_from), range.to)
}
