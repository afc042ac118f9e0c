//! The statements of one commit: sums added to rows, the watermark replaced. One round trip a table, two if
//! rows must be read to be added to.

use super::customers::{self, ADD_KEY_HOURS, ADD_KEYS};
use super::homes::PUT_HOMES;
use super::infra::{InfraTable, add_infra};
use super::loss::PUT_WINDOW;
use super::memory::{Memory, Put};
use super::merge::Merged;
use super::usage::{UsageTable, add_usage};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, service_number, to_bigint};
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::view::{RatedKey, RatedSums};
use tokio_postgres::types::{Json, ToSql};
use tokio_postgres::{Client, Statement, Transaction};

/// Rows in one statement; more are sent by more statements.
pub(super) const UPSERT_ROWS_MAX: usize = 10_000;

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
    records = records + $11, second_home = second_home + $12, updated_at = now() \
    WHERE journal_id = $1 AND epoch = $2";

/// The statements, prepared on one connection.
pub(super) struct Statements {
    minutes: UsageTable,
    hours: UsageTable,
    infra_minutes: InfraTable,
    infra_hours: InfraTable,
    infra_days: InfraTable,
    add_rated: Statement,
    pub(super) add_keys: Statement,
    pub(super) add_key_hours: Statement,
    pub(super) put_window: Statement,
    pub(super) put_homes: Statement,
    move_watermark: Statement,
}

impl Statements {
    pub(super) async fn prepare(client: &Client) -> Result<Self, StoreError> {
        let prepare =
            async |sql| client.prepare(sql).await.map_err(StoreError::database("prepare the writer's statements"));
        Ok(Self {
            minutes: UsageTable::prepare(client, "usage_per_minute", "minute").await?,
            hours: UsageTable::prepare(client, "usage_per_hour", "hour").await?,
            infra_minutes: InfraTable::prepare(client, "infra_per_minute").await?,
            infra_hours: InfraTable::prepare(client, "infra_per_hour").await?,
            infra_days: InfraTable::prepare(client, "infra_per_day").await?,
            add_rated: prepare(ADD_RATED).await?,
            add_keys: prepare(ADD_KEYS).await?,
            add_key_hours: prepare(ADD_KEY_HOURS).await?,
            put_window: prepare(PUT_WINDOW).await?,
            put_homes: prepare(PUT_HOMES).await?,
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
    let parameters: [&(dyn ToSql + Sync); 12] = [
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
        &to_bigint(counts.second_home),
    ];
    let moved = execute(transaction, &statements.move_watermark, &parameters, "move the watermark").await?;
    Ok(moved == 1)
}

/// Adds to every view; answers the rows that were put whole, to be remembered when the transaction has succeeded.
pub(super) async fn add_views(
    transaction: &Transaction<'_>,
    statements: &Statements,
    memory: &Memory,
    merged: &Merged<'_>,
) -> Result<Put, StoreError> {
    let (infra_minutes, infra_hours) = (&statements.infra_minutes, &statements.infra_hours);
    let put = Put {
        minutes: add_usage(transaction, &statements.minutes, &memory.minutes, merged.minutes.iter()).await?,
        hours: add_usage(transaction, &statements.hours, &memory.hours, merged.hours.iter()).await?,
        infra_minutes: add_infra(transaction, infra_minutes, &memory.infra_minutes, &merged.infra_minutes).await?,
        infra_hours: add_infra(transaction, infra_hours, &memory.infra_hours, &merged.infra_hours).await?,
        infra_days: add_infra(transaction, &statements.infra_days, &memory.infra_days, &merged.infra_days).await?,
    };
    add_rated(transaction, &statements.add_rated, &merged.rated).await?;
    customers::add_keys(transaction, statements, merged).await?;
    customers::add_key_hours(transaction, statements, merged).await?;
    customers::put_spend(transaction, merged).await?;
    customers::put_vault(transaction, merged).await?;
    Ok(put)
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
