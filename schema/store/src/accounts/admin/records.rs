//! Raw records of up to an hour, filtered: from a spike to the lines behind it.
//!
//! An hour at line rate has tens of millions of rows and, while it is open, no index but its times; so the database is
//! given [`TIMEOUT_MS`] to find a page, and a caller that asks for less than it could finds more.

mod filter;
mod summary;

pub use filter::RawFilter;
pub use summary::{
    RAW_DIMENSIONS_MAX, RAW_GROUPS_MAX, RawDimension, RawGroup, RawGroupSums, RawPart, RawSummary, RawSummaryQuery,
};

use super::super::AccountStore;
use crate::codec::Timestamptz;
use crate::reader::Conditions;
use crate::{StoreError, pool};
use std::net::IpAddr;
use suiftly_schema::ids::{CustomerId, Frontend, Network, Service};
use suiftly_schema::record::{LineId, Record, ShortText, Timers};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Records of one page at most.
pub const RAW_RECORDS_MAX: u32 = 1_000;
/// The longest span that one question covers.
pub const RAW_SPAN_MAX_MS: i64 = 3_600_000;
/// How long the database may look for a page.
const TIMEOUT_MS: u32 = 15_000;

/// Where a page goes on: after this record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPlace {
    /// Its instant.
    pub timestamp: UnixMillis,
    /// Its place in the journal.
    pub journal_offset: u64,
    /// Which journal of a cluster that is; 0: the only one.
    pub journal_no: u16,
}

/// A record, and which journal of a cluster its place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// The journal's number; 0: the only one.
    pub journal_no: u16,
    /// The record.
    pub record: Record,
}

/// Which records, the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawQuery {
    /// From this instant on.
    pub from: UnixMillis,
    /// Before this one, [`RAW_SPAN_MAX_MS`] later at most.
    pub to: UnixMillis,
    /// Which of them.
    pub filter: RawFilter,
    /// After this place.
    pub after: Option<RawPlace>,
    /// At most so many; [`RAW_RECORDS_MAX`] at most.
    pub limit: u32,
}

const SELECT: &str = "SELECT timestamp, customer_id, path_prefix, config_hex, network, server_id, service_type, api_key_fp, \
    fe_type, traffic_type, event_type, client_ip, key_metadata, status_code, bytes_sent, time_total, time_request, \
    time_queue, time_connect, time_response, backend_id, termination_state, repeat, boot, seq, journal_offset, \
    journal_no FROM haproxy_raw_logs_all";

impl RawQuery {
    fn conditions(&self) -> Conditions {
        let mut conditions = self.filter.conditions(self.from, self.to);
        if let Some(place) = self.after {
            let offset = i64::try_from(place.journal_offset).unwrap_or(i64::MAX);
            conditions.and("timestamp", "<=", Timestamptz(place.timestamp));
            let (timestamp, journal_no) = (Timestamptz(place.timestamp), place.journal_no.cast_signed());
            conditions.and_before("timestamp, journal_offset, journal_no", (timestamp, offset, journal_no));
        }
        conditions
    }
}

impl AccountStore {
    /// A page of raw records, the latest first.
    pub async fn raw_records(&self, query: &RawQuery) -> Result<Vec<RawRecord>, StoreError> {
        const ATTEMPTED: &str = "look for raw records";
        let mut client = self.client().await?;
        let snapshot = pool::snapshot(&mut client).await?;
        let bounded = snapshot.batch_execute(&format!("SET LOCAL statement_timeout = {TIMEOUT_MS}")).await;
        bounded.map_err(StoreError::database(ATTEMPTED))?;
        let limit = query.limit.min(RAW_RECORDS_MAX);
        // Two journals of a cluster may have the same place at the same instant.
        let order = "ORDER BY timestamp DESC, journal_offset DESC, journal_no DESC";
        let rows = query.conditions().first_rows(&snapshot, (SELECT, order), ATTEMPTED, limit).await?;
        let of = |row: &Row| RawRecord { journal_no: row.get::<_, i16>(26).cast_unsigned(), record: record_of(row) };
        Ok(rows.iter().map(of).collect())
    }
}

/// A line may say anything: a number that names nothing is left out, as the views do.
fn record_of(row: &Row) -> Record {
    let small = |at| row.get::<_, Option<i16>>(at).and_then(|number| u8::try_from(number).ok());
    let line_id = line_id_of(row);
    Record {
        timestamp: row.get::<_, Timestamptz>(0).0,
        customer_id: row.get::<_, Option<i64>>(1).and_then(CustomerId::new),
        path_prefix: row.get::<_, Option<&str>>(2).map(ShortText::new),
        config_hex: row.get(3),
        network: small(4).and_then(Network::from_number),
        server_id: row.get(5),
        service: small(6).and_then(Service::from_number),
        api_key_fp: u32::try_from(row.get::<_, i64>(7)).unwrap_or_default(),
        frontend: small(8).and_then(Frontend::from_number),
        traffic_type: small(9).unwrap_or_default(),
        event_type: small(10).unwrap_or_default(),
        client_ip: row.get::<_, Option<IpAddr>>(11),
        key_metadata: row.get(12),
        status_code: row.get(13),
        bytes_sent: u64::try_from(row.get::<_, i64>(14)).unwrap_or_default(),
        timers: Timers {
            total_ms: row.get(15),
            request_ms: row.get(16),
            queue_ms: row.get(17),
            connect_ms: row.get(18),
            response_ms: row.get(19),
        },
        backend_id: row.get(20),
        termination: ShortText::new(row.get(21)),
        repeat: u32::try_from(row.get::<_, i32>(22)).unwrap_or(1),
        line_id,
        journal_offset: u64::try_from(row.get::<_, i64>(25)).unwrap_or_default(),
    }
}

fn line_id_of(row: &Row) -> Option<LineId> {
    let boot = row.get::<_, Option<Timestamptz>>(23)?.0;
    let seq = u32::try_from(row.get::<_, Option<i64>>(24)?).ok()?;
    Some(LineId { server_id: row.get::<_, Option<i16>>(5)?, boot, seq })
}
