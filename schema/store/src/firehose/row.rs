//! A raw record as it is stored: `haproxy_raw_logs`' columns.

use crate::StoreError;
use crate::codec::{Timestamptz, without_nul};
use std::net::IpAddr;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// The columns, in the order that [`RawRow::read`] takes them in.
pub(super) const COLUMNS: &str = "timestamp, journal_offset, customer_id, path_prefix, config_hex, network, server_id, \
    service_type, api_key_fp, fe_type, traffic_type, event_type, client_ip, key_metadata, status_code, bytes_sent, \
    time_total, time_request, time_queue, time_connect, time_response, backend_id, termination_state, repeat, boot, seq";

/// One row. The fields are SPEC §4's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawRow {
    pub(super) timestamp: UnixMillis,
    pub(super) journal_offset: i64,
    pub(super) customer_id: Option<i64>,
    pub(super) path_prefix: Option<String>,
    pub(super) config_hex: Option<i64>,
    pub(super) network: Option<i16>,
    pub(super) server_id: Option<i16>,
    pub(super) service_type: Option<i16>,
    pub(super) api_key_fp: i64,
    pub(super) fe_type: Option<i16>,
    pub(super) traffic_type: i16,
    pub(super) event_type: i16,
    pub(super) client_ip: Option<IpAddr>,
    pub(super) key_metadata: Option<i32>,
    pub(super) status_code: i16,
    pub(super) bytes_sent: i64,
    pub(super) time_total: i32,
    pub(super) time_request: Option<i32>,
    pub(super) time_queue: Option<i32>,
    pub(super) time_connect: Option<i32>,
    pub(super) time_response: Option<i32>,
    pub(super) backend_id: i16,
    pub(super) termination_state: String,
    pub(super) repeat: i32,
    pub(super) boot: Option<UnixMillis>,
    pub(super) seq: Option<i64>,
}

impl RawRow {
    /// The row that the writer makes of a record: values that a column cannot hold are brought to the nearest it can.
    pub(super) fn of(record: &Record) -> Self {
        let text = |text: &str| without_nul(text).to_string();
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            timestamp: record.timestamp,
            journal_offset: count(record.journal_offset),
            customer_id: record.customer_id.map(Into::into),
            path_prefix: record.path_prefix.as_ref().map(|path| text(path.as_str())),
            config_hex: record.config_hex,
            network: record.network.map(|network| network.number().into()),
            server_id: record.server_id,
            service_type: record.service.map(|service| service.number().into()),
            api_key_fp: record.api_key_fp.into(),
            fe_type: record.frontend.map(|frontend| frontend.number().into()),
            traffic_type: record.traffic_type.into(),
            event_type: record.event_type.into(),
            client_ip: record.client_ip,
            key_metadata: record.key_metadata,
            status_code: record.status_code,
            bytes_sent: count(record.bytes_sent),
            time_total: record.timers.total_ms,
            time_request: record.timers.request_ms,
            time_queue: record.timers.queue_ms,
            time_connect: record.timers.connect_ms,
            time_response: record.timers.response_ms,
            backend_id: record.backend_id,
            termination_state: text(record.termination.as_str()),
            repeat: i32::try_from(record.repeat).unwrap_or(i32::MAX),
            boot: record.line_id.map(|line| line.boot),
            seq: record.line_id.map(|line| line.seq.into()),
        }
    }

    /// Reads a row of [`COLUMNS`].
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        let read = || {
            Ok(Self {
                timestamp: row.try_get::<_, Timestamptz>(0)?.0,
                journal_offset: row.try_get(1)?,
                customer_id: row.try_get(2)?,
                path_prefix: row.try_get(3)?,
                config_hex: row.try_get(4)?,
                network: row.try_get(5)?,
                server_id: row.try_get(6)?,
                service_type: row.try_get(7)?,
                api_key_fp: row.try_get(8)?,
                fe_type: row.try_get(9)?,
                traffic_type: row.try_get(10)?,
                event_type: row.try_get(11)?,
                client_ip: row.try_get(12)?,
                key_metadata: row.try_get(13)?,
                status_code: row.try_get(14)?,
                bytes_sent: row.try_get(15)?,
                time_total: row.try_get(16)?,
                time_request: row.try_get(17)?,
                time_queue: row.try_get(18)?,
                time_connect: row.try_get(19)?,
                time_response: row.try_get(20)?,
                backend_id: row.try_get(21)?,
                termination_state: row.try_get(22)?,
                repeat: row.try_get(23)?,
                boot: row.try_get::<_, Option<Timestamptz>>(24)?.map(|boot| boot.0),
                seq: row.try_get(25)?,
            })
        };
        read()
            .map_err(|error: tokio_postgres::Error| StoreError::Row { what: "a raw record", cause: error.to_string() })
    }
}
