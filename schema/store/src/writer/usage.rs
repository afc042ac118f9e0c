//! The rows of usage: sums are added in SQL, histograms here.

use super::memory::Remembered;
use super::merge::UsageSpan;
use super::statements::{UPSERT_ROWS_MAX, execute};
use crate::StoreError;
use crate::codec::{Timestamptz, customer_number, histogram_of, network_number, service_number};
use std::collections::HashMap;
use suiftly_schema::usage::Usage;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement, Transaction};

/// One of the two tables.
pub(super) struct UsageTable {
    read: Statement,
    add: Statement,
}

impl UsageTable {
    /// Prepares its statements; `time` is the column of its spans.
    pub(super) async fn prepare(client: &Client, table: &str, time: &str) -> Result<Self, StoreError> {
        let prepare = async |sql: String| {
            client.prepare(&sql).await.map_err(StoreError::database("prepare the writer's statements"))
        };
        Ok(Self { read: prepare(read(table, time)).await?, add: prepare(add(table, time)).await? })
    }
}

/// By the primary key, row by row, however many there are: OFFSET keeps it from becoming a join of the whole table.
fn read(table: &str, time: &str) -> String {
    format!(
        "SELECT k.at, t.times FROM unnest($1::bigint[], $2::timestamptz[], $3::smallint[], $4::smallint[]) \
         WITH ORDINALITY AS k (customer_id, start, service_type, network, at) CROSS JOIN LATERAL ( \
            SELECT times FROM {table} AS t WHERE t.customer_id = k.customer_id AND t.{time} = k.start \
            AND t.service_type = k.service_type AND t.network = k.network OFFSET 0) AS t"
    )
}

/// Bytes saturate as in [`UsageSums`]: what forged lines add up to must not stop the writer for ever.
///
/// [`UsageSums`]: suiftly_schema::usage::UsageSums
fn add(table: &str, time: &str) -> String {
    format!(
        "INSERT INTO {table} AS t (customer_id, {time}, service_type, network, guaranteed, burst, rejected, \
         client_error, server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms, times) \
         SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::smallint[], $4::smallint[], $5::bigint[], \
         $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], \
         $13::bigint[], $14::bigint[], $15::bytea[]) \
         ON CONFLICT (customer_id, {time}, service_type, network) DO UPDATE SET \
         guaranteed = t.guaranteed + excluded.guaranteed, burst = t.burst + excluded.burst, \
         rejected = t.rejected + excluded.rejected, client_error = t.client_error + excluded.client_error, \
         server_error = t.server_error + excluded.server_error, other = t.other + excluded.other, \
         billable_requests = t.billable_requests + excluded.billable_requests, \
         bytes_sent = t.bytes_sent \
             + least(excluded.bytes_sent, 9223372036854775807 - greatest(t.bytes_sent, 0)), \
         billable_bytes = t.billable_bytes \
             + least(excluded.billable_bytes, 9223372036854775807 - greatest(t.billable_bytes, 0)), \
         time_total_ms = t.time_total_ms + excluded.time_total_ms, times = excluded.times"
    )
}

/// Adds to the table's rows; answers the histograms as they are then.
pub(super) async fn add_usage(
    transaction: &Transaction<'_>,
    table: &UsageTable,
    memory: &Remembered<UsageSpan, Box<[u8]>>,
    rows: impl Iterator<Item = (&UsageSpan, &Usage)>,
) -> Result<Vec<(UsageSpan, Box<[u8]>)>, StoreError> {
    let rows: Vec<_> = rows.collect();
    let unknown: Vec<_> = rows.iter().map(|(key, _)| **key).filter(|key| memory.is_unknown(key)).collect();
    let stored = read_times(transaction, table, &unknown).await?;
    let mut put = Vec::with_capacity(rows.len());
    for (key, usage) in &rows {
        let before = memory.get(key).or_else(|| stored.get(key));
        let mut times = before.map(|bytes| histogram_of(bytes)).transpose()?.unwrap_or_default();
        times += &usage.times;
        put.push((**key, times.encode().into_boxed_slice()));
    }
    for (rows, put) in rows.chunks(UPSERT_ROWS_MAX).zip(put.chunks(UPSERT_ROWS_MAX)) {
        add_rows(transaction, table, rows, put).await?;
    }
    Ok(put)
}

async fn read_times(
    transaction: &Transaction<'_>,
    table: &UsageTable,
    keys: &[UsageSpan],
) -> Result<HashMap<UsageSpan, Box<[u8]>>, StoreError> {
    let mut stored = HashMap::new();
    for keys in keys.chunks(UPSERT_ROWS_MAX) {
        let KeyColumns(customers, starts, services, networks) = KeyColumns::of(keys.iter());
        let found = transaction
            .query(&table.read, &[&customers, &starts, &services, &networks])
            .await
            .map_err(StoreError::database("read histograms of usage"))?;
        for row in found {
            let at = usize::try_from(row.get::<_, i64>(0) - 1).expect("an ordinal counts from one");
            stored.insert(keys[at], row.get::<_, &[u8]>(1).into());
        }
    }
    Ok(stored)
}

async fn add_rows(
    transaction: &Transaction<'_>,
    table: &UsageTable,
    rows: &[(&UsageSpan, &Usage)],
    put: &[(UsageSpan, Box<[u8]>)],
) -> Result<(), StoreError> {
    let KeyColumns(customers, starts, services, networks) = KeyColumns::of(rows.iter().map(|(key, _)| *key));
    let mut sums: [Vec<i64>; 10] = Default::default();
    for (_, usage) in rows {
        for (column, value) in sums.iter_mut().zip(usage.sums.to_array()) {
            column.push(value);
        }
    }
    let times: Vec<&[u8]> = put.iter().map(|(_, times)| &**times).collect();
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&customers, &starts, &services, &networks];
    parameters.extend(sums.iter().map(|column| column as &(dyn ToSql + Sync)));
    parameters.push(&times);
    execute(transaction, &table.add, &parameters, "add usage").await?;
    Ok(())
}

/// Customers, starts, services, networks.
struct KeyColumns(Vec<i64>, Vec<Timestamptz>, Vec<i16>, Vec<i16>);

impl KeyColumns {
    fn of<'a>(keys: impl Iterator<Item = &'a UsageSpan>) -> Self {
        let mut columns = Self(Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (usage, start) in keys {
            columns.0.push(customer_number(usage.customer_id));
            columns.1.push(Timestamptz(*start));
            columns.2.push(service_number(usage.service));
            columns.3.push(network_number(usage.network));
        }
        columns
    }
}
