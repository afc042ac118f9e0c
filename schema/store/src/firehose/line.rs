//! A raw record as a line of QuestDB's dialect of the InfluxDB line protocol (version 1: text alone, nanoseconds).
//!
//! Columns are SPEC §4's. Symbols, which QuestDB interns, are what has few values; networks, services and frontends are
//! their words there. What is not known is left out, which is NULL. No column can meet the number that QuestDB takes for
//! NULL: counts are below it, and the config word, which may be any 64 bits, goes as its 16 digits.

use super::row::RawRow;
use questdb::ingress::{Buffer, TableName, TimestampMicros};
use suiftly_schema::ids::{Frontend, Network, Service};
use suiftly_schema::time::UnixMillis;

/// The table's columns, as they are made. Numbers that can be missing are never SHORT, which has no NULL.
pub(super) const COLUMNS: &str = "timestamp TIMESTAMP, journal SYMBOL, journal_offset LONG, customer_id LONG, \
    path_prefix VARCHAR, config_hex VARCHAR, network SYMBOL, server_id SYMBOL, service_type SYMBOL, api_key_fp LONG, \
    fe_type SYMBOL, traffic_type SHORT, event_type SHORT, client_ip VARCHAR, key_metadata LONG, status_code SHORT, \
    bytes_sent LONG, time_total INT, time_request INT, time_queue INT, time_connect INT, time_response INT, \
    backend_id SHORT, termination_state SYMBOL, repeat INT, boot TIMESTAMP, seq LONG";

/// What makes a row the same row: the record's place in its journal. Not its identity (server, boot, number), which a
/// line need not have.
pub(super) const KEYS: &str = "timestamp, journal, journal_offset";

/// Appends one line. An error leaves a part of it behind: rewind to the marker.
///
/// Times that QuestDB cannot have (after 2262) are an error.
pub(super) fn put(buffer: &mut Buffer, table: TableName<'_>, journal_id: &str, row: &RawRow) -> questdb::Result<()> {
    let termination = Some(row.termination_state.as_str()).filter(|text| !text.is_empty());
    let word = |number: Option<i16>, word: fn(u8) -> Option<&'static str>| {
        number.map(|number| match u8::try_from(number).ok().and_then(word) {
            Some(word) => word.to_owned(),
            None => number.to_string(),
        })
    };
    buffer
        .table(table)?
        .symbol("journal", journal_id)?
        .symbol_opt("network", word(row.network, |number| Network::from_number(number).map(Network::word)))?
        .symbol_opt("server_id", row.server_id.map(|id| id.to_string()))?
        .symbol_opt("service_type", word(row.service_type, |number| Service::from_number(number).map(Service::word)))?
        .symbol_opt("fe_type", word(row.fe_type, |number| Frontend::from_number(number).map(Frontend::word)))?
        .symbol_opt("termination_state", termination)?
        .column_i64("journal_offset", row.journal_offset)?
        .column_i64_opt("customer_id", row.customer_id)?
        .column_str_opt("path_prefix", row.path_prefix.as_deref())?
        .column_str_opt("config_hex", row.config_hex.map(|word| format!("{word:016X}")))?
        .column_i64("api_key_fp", row.api_key_fp)?
        .column_i64("traffic_type", row.traffic_type.into())?
        .column_i64("event_type", row.event_type.into())?
        .column_str_opt("client_ip", row.client_ip.map(|ip| ip.to_string()))?
        .column_i64_opt("key_metadata", row.key_metadata.map(i64::from))?
        .column_i64("status_code", row.status_code.into())?
        .column_i64("bytes_sent", row.bytes_sent)?
        .column_i64("time_total", row.time_total.into())?
        .column_i64_opt("time_request", row.time_request.map(i64::from))?
        .column_i64_opt("time_queue", row.time_queue.map(i64::from))?
        .column_i64_opt("time_connect", row.time_connect.map(i64::from))?
        .column_i64_opt("time_response", row.time_response.map(i64::from))?
        .column_i64("backend_id", row.backend_id.into())?
        .column_i64("repeat", row.repeat.into())?
        .column_ts_opt("boot", row.boot.map(micros))?
        .column_i64_opt("seq", row.seq)?
        .at(micros(row.timestamp))
}

fn micros(at: UnixMillis) -> TimestampMicros {
    TimestampMicros::new(at.0.saturating_mul(1_000))
}
