//! The raw records behind a bill: a customer's requests of an hour, while they are kept.

use super::MoneyStore;
use crate::StoreError;
use crate::codec::{Timestamptz, known_network, network_number, service_number, service_of};
use crate::price;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::record::LineId;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::TrafficClass;
use tokio_postgres::Row;

/// Records that one listing answers at most.
pub const RECORDS_MAX: u32 = 1_000;
const HOUR_MS: i64 = 3_600_000;

/// Which records. What is `None` narrows nothing; `Some(None)` is the unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordQuery {
    /// Whose.
    pub customer: CustomerId,
    /// Of which service.
    pub service: Option<Option<Service>>,
    /// On which network.
    pub network: Option<Option<Network>>,
    /// Of which hour: its first instant.
    pub hour: UnixMillis,
    /// Those that are billed alone.
    pub billed_only: bool,
    /// After the last of the page before.
    pub after: Option<RecordPlace>,
    /// At most so many; [`RECORDS_MAX`] at most.
    pub limit: u32,
}

/// A raw record behind a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledRecord {
    /// When the request began.
    pub timestamp: UnixMillis,
    /// The service.
    pub service: Option<Service>,
    /// The network.
    pub network: Option<Network>,
    /// The gateway.
    pub server_id: Option<i16>,
    /// The key's fingerprint; 0 = none.
    pub api_key_fp: u32,
    /// The key's first characters, if it is one of the customer's.
    pub key_prefix: Option<String>,
    /// The first characters of the path, without the leading slash.
    pub path_prefix: Option<String>,
    /// How it is counted.
    pub class: TrafficClass,
    /// Whether it is billed.
    pub is_billed: bool,
    /// The answer's status.
    pub status_code: i16,
    /// Bytes of the answer.
    pub bytes_sent: i64,
    /// How long it took, in milliseconds.
    pub time_total_ms: i32,
    /// Requests that it stands for.
    pub repeat: i32,
    /// The line's identity, if its format numbers lines.
    pub line_id: Option<LineId>,
    /// Where its frame begins in the journal.
    pub journal_offset: i64,
    /// Which journal of a cluster that is; 0: the only one.
    pub journal_no: u16,
}

/// Where a page of records goes on: after the last of the page before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// Its instant.
    pub timestamp: UnixMillis,
    /// Its place in the journal.
    pub journal_offset: i64,
    /// Which journal of a cluster that is; 0: the only one.
    pub journal_no: u16,
}

/// `is_billed` is a condition over the columns. Keys are looked up for the page alone. Two journals of a cluster may have the
/// same place at the same instant.
fn select(is_billed: &str) -> String {
    format!(
        "SELECT timestamp, service_type, network, server_id, api_key_fp, path_prefix, traffic_type, status_code, bytes_sent, \
            time_total, repeat, boot, seq, journal_offset, billed, \
            (SELECT key_prefix FROM api_keys AS k WHERE k.customer_id = $1 AND k.api_key_fp = r.api_key_fp), journal_no \
        FROM (SELECT *, {is_billed} AS billed FROM haproxy_raw_logs_all \
            WHERE customer_id = $1 AND coalesce(service_type, 0) = coalesce($2::smallint, service_type, 0) \
                AND coalesce(network, -1) = coalesce($3::smallint, network, -1) \
                AND timestamp >= $4 AND timestamp < $5 AND ({is_billed} OR NOT $9) \
                AND (timestamp, journal_offset, journal_no) > ($6, $7, $10) \
            ORDER BY timestamp, journal_offset, journal_no LIMIT $8) AS r \
        ORDER BY timestamp, journal_offset, journal_no"
    )
}

impl MoneyStore {
    /// A customer's records of an hour while they are kept, ascending after a place.
    pub async fn records_of(&self, query: &RecordQuery) -> Result<Vec<BilledRecord>, StoreError> {
        let from = query.hour.hour();
        let first = RecordPlace { timestamp: from, journal_offset: -1, journal_no: 0 };
        let after = query.after.unwrap_or(first);
        let client = self.client().await?;
        let sql = select(&price::is_billed(&**client).await?);
        let rows = client
            .query(
                &sql,
                &[
                    &query.customer.get(),
                    &query.service.map(service_number),
                    &query.network.map(network_number),
                    // What was shown before need not be looked at again.
                    &Timestamptz(after.timestamp.max(from)),
                    &Timestamptz(from.plus_ms(HOUR_MS)),
                    &Timestamptz(after.timestamp),
                    &after.journal_offset,
                    &i64::from(query.limit.min(RECORDS_MAX)),
                    &query.billed_only,
                    &after.journal_no.cast_signed(),
                ],
            )
            .await;
        rows.map_err(StoreError::database("read the records of an hour"))?.iter().map(record_of).collect()
    }
}

fn record_of(row: &Row) -> Result<BilledRecord, StoreError> {
    let (server_id, status_code) = (row.get::<_, Option<i16>>(3), row.get(7));
    let (boot, seq) = (row.get::<_, Option<Timestamptz>>(11), row.get::<_, Option<i64>>(12));
    let numbers = server_id.zip(boot).zip(seq.and_then(|seq| u32::try_from(seq).ok()));
    let traffic_type = u8::try_from(row.get::<_, i16>(6)).unwrap_or_default();
    Ok(BilledRecord {
        timestamp: row.get::<_, Timestamptz>(0).0,
        service: service_of(row.get::<_, Option<i16>>(1).unwrap_or_default())?,
        network: row.get::<_, Option<i16>>(2).map(known_network).transpose()?,
        server_id,
        api_key_fp: u32::try_from(row.get::<_, i64>(4)).unwrap_or_default(),
        key_prefix: row.get(15),
        path_prefix: row.get(5),
        class: TrafficClass::of(traffic_type, status_code),
        is_billed: row.get(14),
        status_code,
        bytes_sent: row.get(8),
        time_total_ms: row.get(9),
        repeat: row.get(10),
        line_id: numbers.map(|((server_id, boot), seq)| LineId { server_id, boot: boot.0, seq }),
        journal_offset: row.get(13),
        journal_no: row.get::<_, i16>(16).cast_unsigned(),
    })
}
