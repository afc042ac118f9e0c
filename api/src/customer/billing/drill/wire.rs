//! Hours and requests behind a bill, as JSON.

use crate::proof::line_name;
use serde::Serialize;
use suiftly_schema::bill::UsageRecord;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::proof::Line;
use suiftly_schema::record::LineId;
use suiftly_store::money::BilledRecord;
use utoipa::ToSchema;

/// A page of hours.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HourPage {
    /// Ascending by hour, service and network.
    pub items: Vec<HourRow>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// What an hour was charged. All hours of a document add up to its lines of usage, to the micro-dollar.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HourRow {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub hour: String,
    /// The service, by its word; `null` is the unknown.
    #[schema(value_type = Option<String>)]
    pub service: Option<&'static str>,
    /// The network, by its word; `null` is the unknown.
    #[schema(value_type = Option<String>)]
    pub network: Option<&'static str>,
    /// Billed requests.
    pub billable_requests: i64,
    /// Their bytes.
    pub billable_bytes: i64,
    /// The price book in force.
    #[schema(value_type = i64)]
    pub price_book: u32,
    /// What it adds to the month.
    pub charged_micro_usd: i64,
}

impl From<&UsageRecord> for HourRow {
    fn from(record: &UsageRecord) -> Self {
        let UsageRecord { usage, price_book, charged } = *record;
        Self {
            hour: usage.hour.rfc3339(),
            service: usage.service.map(Service::word),
            network: usage.network.map(Network::word),
            billable_requests: usage.requests,
            billable_bytes: usage.bytes,
            price_book,
            charged_micro_usd: charged.0,
        }
    }
}

/// A page of requests.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordPage {
    /// Ascending by time.
    pub items: Vec<RecordRow>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordRow {
    /// When it began.
    #[schema(format = DateTime)]
    pub at: String,
    /// The service, by its word; `null` is the unknown.
    #[schema(value_type = Option<String>)]
    pub service: Option<&'static str>,
    /// The network, by its word; `null` is the unknown.
    #[schema(value_type = Option<String>)]
    pub network: Option<&'static str>,
    /// The region that served it, by number; `null` is the unknown.
    #[schema(value_type = Option<i64>)]
    pub region: Option<i16>,
    /// The API key's fingerprint; 0: none.
    #[schema(value_type = i64)]
    pub api_key_fp: u32,
    /// The API key's first eight characters, if it is one of the account's.
    #[schema(value_type = Option<String>, example = "SAECAGBC")]
    pub api_key_prefix: Option<String>,
    /// The first ten characters of the path, without the slash that it begins with; the rest is not kept, nor the method.
    pub path_prefix: Option<String>,
    /// How it is counted: `guaranteed`, `burst`, `rejected`, `client_error`, `server_error` or `other`.
    #[schema(value_type = String, pattern = "^(guaranteed|burst|rejected|client_error|server_error|other)$")]
    pub class: &'static str,
    /// The answer's status; -1: the client left before there was one.
    #[schema(value_type = i64)]
    pub status_code: i16,
    /// Bytes of the answer.
    pub bytes_sent: i64,
    /// How long it took, in milliseconds.
    #[schema(value_type = i64)]
    pub time_total_ms: i32,
    /// How many requests it stands for.
    #[schema(value_type = i64)]
    pub repeat: i32,
    /// Whether it is billed.
    pub is_billed: bool,
    /// What it comes to by itself, rounded down; 0 if it is not billed. `null` while prices depend on the whole month, so
    /// that a request has none of its own.
    pub charged_micro_usd: Option<i64>,
    /// What its proof is asked by, if it is billed and its line was numbered.
    #[schema(example = "17-1795100000123-4242")]
    pub proof_name: Option<String>,
}

impl RecordRow {
    /// A record, priced by the book in force at its time.
    pub(super) fn new(record: &BilledRecord, books: &PriceBooks) -> Self {
        let book = books.in_force(record.timestamp);
        let price = || book.rate(record.service, record.repeat.into(), record.bytes_sent).0;
        Self {
            at: record.timestamp.rfc3339(),
            service: record.service.map(Service::word),
            network: record.network.map(Network::word),
            region: record.server_id.map(|server| server >> 4),
            api_key_fp: record.api_key_fp,
            api_key_prefix: record.key_prefix.clone(),
            path_prefix: record.path_prefix.clone(),
            class: record.class.word(),
            status_code: record.status_code,
            bytes_sent: record.bytes_sent,
            time_total_ms: record.time_total_ms,
            repeat: record.repeat,
            is_billed: record.is_billed,
            charged_micro_usd: match (record.is_billed, book.is_linear()) {
                (false, _) => Some(0),
                (true, true) => Some(price()),
                (true, false) => None,
            },
            proof_name: record.line_id.filter(|_| record.is_billed).map(|id| {
                let LineId { server_id, boot, seq } = id;
                line_name(server_id, &Line { boot, seq })
            }),
        }
    }
}
