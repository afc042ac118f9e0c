//! The statements of one commit: sums added to rows, the watermark replaced. One round trip a table.

use super::loss::PUT_WINDOW;
use super::merge::Merged;
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, customer_number, network_number, service_number, to_bigint};
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{UsageKey, UsageSums};
use suiftly_schema::view::{RatedKey, RatedSums};
use tokio_postgres::types::{Json, ToSql};
use tokio_postgres::{Client, Statement, Transaction};

/// Rows in one statement; more are sent by more statements.
pub(super) const UPSERT_ROWS_MAX: usize = 10_000;

/// Bytes saturate as in [`UsageSums`]: what forged lines add up to must not stop the writer for ever.
macro_rules! add_usage {
    ($table:literal, $time:literal) => {
        concat!(
            "INSERT INTO ", $table, " AS t (customer_id, ", $time, ", service_type, network, guaranteed, burst, \
             rejected, client_error, server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms) \
             SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::smallint[], $4::smallint[], $5::bigint[], \
             $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], \
             $13::bigint[], $14::bigint[]) \
             ON CONFLICT (customer_id, ", $time, ", service_type, network) DO UPDATE SET \
             guaranteed = t.guaranteed + excluded.guaranteed, burst = t.burst + excluded.burst, \
             rejected = t.rejected + excluded.rejected, client_error = t.client_error + excluded.client_error, \
             server_error = t.server_error + excluded.server_error, other = t.other + excluded.other, \
             billable_requests = t.billable_requests + excluded.billable_requests, \
             bytes_sent = t.bytes_sent \
                 + least(excluded.bytes_sent, 9223372036854775807 - greatest(t.bytes_sent, 0)), \
             billable_bytes = t.billable_bytes \
                 + least(excluded.billable_bytes, 9223372036854775807 - greatest(t.billable_bytes, 0)), \
             time_total_ms = t.time_total_ms + excluded.time_total_ms"
        )
    };
}

const ADD_MINUTES: &str = add_usage!("usage_per_minute", "minute");
const ADD_HOURS: &str = add_usage!("usage_per_hour", "hour");

const ADD_RATED: &str = "INSERT INTO rated AS t (month, customer_id, service_type, price_book, billable_requests, \
    billable_bytes, rated_micro_usd) \
    SELECT * FROM unnest($1::date[], $2::bigint[], $3::smallint[], $4::integer[], $5::bigint[], $6::bigint[], $7::bigint[]) \
    ON CONFLICT (month, customer_id, service_type, price_book) DO UPDATE SET \
    billable_requests = t.billable_requests + excluded.billable_requests, \
    billable_bytes = t.billable_bytes + excluded.billable_bytes, \
    rated_micro_usd = t.rated_micro_usd + excluded.rated_micro_usd";

/// Counts by reason are added within the object; the row is locked, so reading it in the subquery is safe.
const MOVE_WATERMARK: &str = "UPDATE journal_watermarks SET epoch = $3, cut_at = $4, journal_end = $5, \
    received = received + $6, accepted = accepted + $7, duplicates = duplicates + $8, system = system + $9, \
    rejected = (SELECT coalesce(jsonb_object_agg(reason, lines), '{}') FROM ( \
        SELECT key AS reason, sum(value::bigint) AS lines \
        FROM (SELECT * FROM jsonb_each_text(rejected) UNION ALL SELECT * FROM jsonb_each_text($10)) AS both_counts \
        GROUP BY key) AS summed), \
    records = records + $11, updated_at = now() \
    WHERE journal_id = $1 AND epoch = $2";

/// The statements, prepared on one connection.
pub(super) struct Statements {
    add_minutes: Statement,
    add_hours: Statement,
    add_rated: Statement,
    pub(super) put_window: Statement,
    move_watermark: Statement,
}

impl Statements {
    pub(super) async fn prepare(client: &Client) -> Result<Self, StoreError> {
        let prepare =
            async |sql| client.prepare(sql).await.map_err(StoreError::database("prepare the writer's statements"));
        Ok(Self {
            add_minutes: prepare(ADD_MINUTES).await?,
            add_hours: prepare(ADD_HOURS).await?,
            add_rated: prepare(ADD_RATED).await?,
            put_window: prepare(PUT_WINDOW).await?,
            move_watermark: prepare(MOVE_WATERMARK).await?,
        })
    }
}

/// Moves the watermark from `expected` on. `false`: it is not there, and the transaction must go no further.
pub(super) async fn move_watermark(
    transaction: &Transaction<'_>,
    statements: &Statements,
    journal_id: &str,
    expected: Epoch,
    merged: &Merged<'_>,
) -> Result<bool, StoreError> {
    let counts = &merged.counts;
    let parameters: [&(dyn ToSql + Sync); 11] = [
        &journal_id,
        &to_bigint(expected),
        &to_bigint(merged.epoch),
        &Timestamptz(merged.cut_at),
        &to_bigint(merged.journal_end),
        &to_bigint(counts.received),
        &to_bigint(counts.accepted),
        &to_bigint(counts.duplicates),
        &to_bigint(counts.system),
        &Json(&counts.rejected),
        &to_bigint(merged.record_count()),
    ];
    let moved = execute(transaction, &statements.move_watermark, &parameters, "move the watermark").await?;
    Ok(moved == 1)
}

pub(super) async fn add_views(
    transaction: &Transaction<'_>,
    statements: &Statements,
    merged: &Merged<'_>,
) -> Result<(), StoreError> {
    let minutes: Vec<_> = merged.minutes.iter().map(|(key, sums)| (key.usage, key.minute, sums)).collect();
    let hours: Vec<_> = merged.hours.iter().map(|(key, sums)| (key.usage, key.hour, sums)).collect();
    add_usage(transaction, &statements.add_minutes, &minutes).await?;
    add_usage(transaction, &statements.add_hours, &hours).await?;
    add_rated(transaction, &statements.add_rated, &merged.rated).await
}

async fn add_usage(
    transaction: &Transaction<'_>,
    statement: &Statement,
    rows: &[(UsageKey, UnixMillis, &UsageSums)],
) -> Result<(), StoreError> {
    for rows in rows.chunks(UPSERT_ROWS_MAX) {
        let customers: Vec<i64> = rows.iter().map(|row| customer_number(row.0.customer_id)).collect();
        let times: Vec<Timestamptz> = rows.iter().map(|row| Timestamptz(row.1)).collect();
        let services: Vec<i16> = rows.iter().map(|row| service_number(row.0.service)).collect();
        let networks: Vec<i16> = rows.iter().map(|row| network_number(row.0.network)).collect();
        let mut sums: [Vec<i64>; 10] = Default::default();
        for (_, _, row) in rows {
            for (column, value) in sums.iter_mut().zip(row.to_array()) {
                column.push(value);
            }
        }
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&customers, &times, &services, &networks];
        parameters.extend(sums.iter().map(|column| column as &(dyn ToSql + Sync)));
        execute(transaction, statement, &parameters, "add usage").await?;
    }
    Ok(())
}

async fn add_rated(
    transaction: &Transaction<'_>,
    statement: &Statement,
    rated: &BTreeMap<RatedKey, RatedSums>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = rated.iter().collect();
    for rows in rows.chunks(UPSERT_ROWS_MAX) {
        let months: Vec<MonthDate> = rows.iter().map(|(key, _)| MonthDate(key.month)).collect();
        let customers: Vec<i64> = rows.iter().map(|(key, _)| key.customer_id.get()).collect();
        let services: Vec<i16> = rows.iter().map(|(key, _)| service_number(key.service)).collect();
        let books: Vec<i32> = rows.iter().map(|(key, _)| key.price_book.cast_signed()).collect();
        let requests: Vec<i64> = rows.iter().map(|(_, sums)| sums.billable_requests).collect();
        let bytes: Vec<i64> = rows.iter().map(|(_, sums)| sums.billable_bytes).collect();
        let prices: Vec<i64> = rows.iter().map(|(_, sums)| sums.rated.0).collect();
        let parameters: [&(dyn ToSql + Sync); 7] = [&months, &customers, &services, &books, &requests, &bytes, &prices];
        execute(transaction, statement, &parameters, "add rated usage").await?;
    }
    Ok(())
}

pub(super) async fn execute(
    transaction: &Transaction<'_>,
    statement: &Statement,
    parameters: &[&(dyn ToSql + Sync)],
    attempted: &'static str,
) -> Result<u64, StoreError> {
    transaction.execute(statement, parameters).await.map_err(StoreError::database(attempted))
}
