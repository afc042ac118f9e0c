//! A record over the wire, live or out of the store.

use crate::admin::asked::told_journal;
use serde::Serialize;
use suiftly_schema::ids::{CustomerId, Frontend, Network, Service};
use suiftly_schema::record::Record;
use suiftly_store::accounts::admin::RawRecord;
use utoipa::ToSchema;

/// One request as a gateway logged it. Its key is named by fingerprint; the line's text is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordLine {
    /// When the request began, else when its line was written.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// Whose key it was.
    #[schema(value_type = Option<i64>)]
    pub customer_id: Option<CustomerId>,
    /// The gateway.
    pub server_id: Option<i16>,
    /// `seal`, `grpc`, `graphql`, `platform`, `ssfn`, `sealo`.
    pub service: Option<&'static str>,
    /// `testnet`, `mainnet`, `devnet`, `localnet`.
    pub network: Option<&'static str>,
    /// `private`, `metered`, `local`.
    pub frontend: Option<&'static str>,
    /// The key's fingerprint; 0 = none.
    #[schema(value_type = i64)]
    pub api_key_fp: u32,
    /// 0 n/a, 1 guaranteed, 2 burst, 3 denied, 4 dropped, 5 ip_dropped, 6 unavailable, 7 stream_delta, 8 stream_close.
    pub traffic_type: u8,
    /// 0 success; 10 and up: what went wrong.
    pub event_type: u8,
    /// HTTP status; −1 when the client left before one was known.
    pub status_code: i16,
    /// Where the request came from.
    pub client_ip: Option<String>,
    /// The first characters of the path.
    pub path_prefix: Option<String>,
    /// Bytes to the client, headers included.
    #[schema(value_type = i64)]
    pub bytes_sent: u64,
    /// All of it.
    pub time_total_ms: i32,
    /// The client sent its request.
    pub time_request_ms: Option<i32>,
    /// It waited in queues.
    pub time_queue_ms: Option<i32>,
    /// The server was connected to.
    pub time_connect_ms: Option<i32>,
    /// The server answered.
    pub time_response_ms: Option<i32>,
    /// 0 none, 1–9 local, 10–19 backup.
    pub backend_id: i16,
    /// HAProxy's termination state.
    pub termination_state: String,
    /// How many requests it stands for.
    #[schema(value_type = i64)]
    pub repeat: u32,
    /// The worker's birth, and the line's number there; where its format numbers lines.
    #[schema(format = DateTime)]
    pub boot: Option<String>,
    /// The line's number.
    #[schema(value_type = Option<i64>)]
    pub seq: Option<u32>,
    /// Where the line's frame begins in the journal, in bytes.
    #[schema(value_type = i64)]
    pub journal_offset: u64,
    /// In a cluster: the number of that journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i32, required = false, minimum = 1)]
    pub journal: Option<u16>,
}

impl From<&Record> for RecordLine {
    fn from(record: &Record) -> Self {
        let timers = record.timers;
        Self {
            timestamp: record.timestamp.rfc3339(),
            customer_id: record.customer_id,
            server_id: record.server_id,
            service: record.service.map(Service::word),
            network: record.network.map(Network::word),
            frontend: record.frontend.map(Frontend::word),
            api_key_fp: record.api_key_fp,
            traffic_type: record.traffic_type,
            event_type: record.event_type,
            status_code: record.status_code,
            client_ip: record.client_ip.map(|address| address.to_string()),
            path_prefix: record.path_prefix.map(|path| path.as_str().to_owned()),
            bytes_sent: record.bytes_sent,
            time_total_ms: timers.total_ms,
            time_request_ms: timers.request_ms,
            time_queue_ms: timers.queue_ms,
            time_connect_ms: timers.connect_ms,
            time_response_ms: timers.response_ms,
            backend_id: record.backend_id,
            termination_state: record.termination.as_str().to_owned(),
            repeat: record.repeat,
            boot: record.line_id.map(|line| line.boot.rfc3339()),
            seq: record.line_id.map(|line| line.seq),
            journal_offset: record.journal_offset,
            journal: None,
        }
    }
}

impl From<&RawRecord> for RecordLine {
    fn from(stored: &RawRecord) -> Self {
        Self { journal: told_journal(stored.journal_no), ..Self::from(&stored.record) }
    }
}

/// `event: lines` of the live tail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TailLines {
    /// In the order of the journal.
    pub lines: Vec<RecordLine>,
    /// How many that fitted were left out since the last event.
    #[schema(value_type = i64)]
    pub sampled: u64,
}
