//! Raw records and system messages as rows of PostgreSQL's binary COPY format, written by hand: at a million rows the
//! driver's generic encoder costs more than the parser did.
//!
//! Values that a column cannot hold are brought to the nearest it can (a count beyond its integer, a zero byte in a
//! text): an odd line must not stop the stream.

use super::merge::Merged;
use super::partitions::is_late;
use crate::StoreError;
use crate::codec::{Timestamptz, network_number, service_number, without_nul};
use bytes::{BufMut, Bytes, BytesMut};
use futures::SinkExt;
use std::net::IpAddr;
use std::pin::pin;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Transaction;

/// Rows are sent in pieces of about this size.
const PIECE_BYTES: usize = 256 << 10;
/// No row of ours is longer (a system message is at most 1,024 bytes).
const ROW_BYTES_MAX: usize = 4 << 10;

const RAW_TABLE: &str = "haproxy_raw_logs";
/// For rows of hours that are closed.
const LATE_TABLE: &str = "haproxy_raw_logs_late";
const RAW_NAMES: &str = "timestamp, customer_id, path_prefix, config_hex, network, server_id, \
    service_type, api_key_fp, fe_type, traffic_type, event_type, client_ip, key_metadata, status_code, bytes_sent, \
    time_total, time_request, time_queue, time_connect, time_response, backend_id, termination_state, repeat, boot, \
    seq, journal_offset";
const RAW_COLUMNS: i16 = 26;
const COPY_SYSTEM: &str = "COPY haproxy_system_logs (timestamp, server_id, message, count) FROM STDIN BINARY";
const SYSTEM_COLUMNS: i16 = 4;

/// Signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: i16 = -1;

/// In a cluster each row says which journal its place is of.
pub(super) async fn copy_raw(
    transaction: &Transaction<'_>,
    merged: &Merged<'_>,
    is_numbered: bool,
) -> Result<(), StoreError> {
    let number = if is_numbered { ", journal_no" } else { "" };
    for (table, late) in [(RAW_TABLE, false), (LATE_TABLE, true)] {
        let records = merged.numbered_records();
        let records = records.filter(|(_, record)| is_late(record.timestamp, merged.cut_at) == late);
        let statement = format!("COPY {table} ({RAW_NAMES}{number}) FROM STDIN BINARY");
        copy(transaction, &statement, "copy raw records", records, |out, (journal_no, record)| {
            out.put_i16(RAW_COLUMNS + i16::from(is_numbered));
            put_record(out, record);
            if is_numbered {
                put_i16(out, journal_no.cast_signed());
            }
        })
        .await?;
    }
    Ok(())
}

pub(super) async fn copy_system(transaction: &Transaction<'_>, merged: &Merged<'_>) -> Result<(), StoreError> {
    copy(transaction, COPY_SYSTEM, "copy system messages", merged.system.iter(), |out, (row, count)| {
        out.put_i16(SYSTEM_COLUMNS);
        put_time(out, row.timestamp);
        put_opt_i16(out, row.server_id);
        put_text(out, row.message);
        put_i32(out, *count);
    })
    .await
}

/// Streams the rows of one COPY; none at all when there are no rows.
async fn copy<T>(
    transaction: &Transaction<'_>,
    statement: &str,
    attempted: &'static str,
    rows: impl Iterator<Item = T>,
    put: impl Fn(&mut BytesMut, T),
) -> Result<(), StoreError> {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let sink = transaction.copy_in(statement).await.map_err(StoreError::database(attempted))?;
    let mut sink = pin!(sink);
    let mut piece = BytesMut::with_capacity(PIECE_BYTES);
    piece.put_slice(HEADER);
    for row in rows {
        put(&mut piece, row);
        if piece.len() > PIECE_BYTES - ROW_BYTES_MAX {
            let full: Bytes = std::mem::replace(&mut piece, BytesMut::with_capacity(PIECE_BYTES)).freeze();
            sink.feed(full).await.map_err(StoreError::database(attempted))?;
        }
    }
    piece.put_i16(TRAILER);
    sink.send(piece.freeze()).await.map_err(StoreError::database(attempted))?;
    sink.finish().await.map_err(StoreError::database(attempted))?;
    Ok(())
}

fn put_record(out: &mut BytesMut, record: &Record) {
    put_time(out, record.timestamp);
    put_opt_i64(out, record.customer_id.map(Into::into));
    put_opt_text(out, record.path_prefix.as_ref().map(|text| text.as_str()));
    put_opt_i64(out, record.config_hex);
    put_opt_i16(out, record.network.map(|network| network_number(Some(network))));
    put_opt_i16(out, record.server_id);
    put_opt_i16(out, record.service.map(|service| service_number(Some(service))));
    put_i64(out, i64::from(record.api_key_fp));
    put_opt_i16(out, record.frontend.map(|frontend| i16::from(frontend.number())));
    put_i16(out, i16::from(record.traffic_type));
    put_i16(out, i16::from(record.event_type));
    put_opt_inet(out, record.client_ip);
    put_opt_i32(out, record.key_metadata);
    put_i16(out, record.status_code);
    put_i64(out, i64::try_from(record.bytes_sent).unwrap_or(i64::MAX));
    put_i32(out, record.timers.total_ms);
    put_opt_i32(out, record.timers.request_ms);
    put_opt_i32(out, record.timers.queue_ms);
    put_opt_i32(out, record.timers.connect_ms);
    put_opt_i32(out, record.timers.response_ms);
    put_i16(out, record.backend_id);
    put_text(out, record.termination.as_str());
    put_i32(out, i32::try_from(record.repeat).unwrap_or(i32::MAX));
    match record.line_id {
        Some(line) => put_time(out, line.boot),
        None => put_null(out),
    }
    put_opt_i64(out, record.line_id.map(|line| i64::from(line.seq)));
    put_i64(out, i64::try_from(record.journal_offset).unwrap_or(i64::MAX));
}

fn put_null(out: &mut BytesMut) {
    out.put_i32(-1);
}

fn put_i16(out: &mut BytesMut, value: i16) {
    out.put_i32(2);
    out.put_i16(value);
}

fn put_i32(out: &mut BytesMut, value: i32) {
    out.put_i32(4);
    out.put_i32(value);
}

fn put_i64(out: &mut BytesMut, value: i64) {
    out.put_i32(8);
    out.put_i64(value);
}

fn put_time(out: &mut BytesMut, at: UnixMillis) {
    put_i64(out, Timestamptz::micros(at));
}

fn put_text(out: &mut BytesMut, text: &str) {
    let text = without_nul(text);
    out.put_i32(i32::try_from(text.len()).expect("a short text"));
    out.put_slice(text.as_bytes());
}

fn put_opt_i16(out: &mut BytesMut, value: Option<i16>) {
    match value {
        Some(value) => put_i16(out, value),
        None => put_null(out),
    }
}

fn put_opt_i32(out: &mut BytesMut, value: Option<i32>) {
    match value {
        Some(value) => put_i32(out, value),
        None => put_null(out),
    }
}

fn put_opt_i64(out: &mut BytesMut, value: Option<i64>) {
    match value {
        Some(value) => put_i64(out, value),
        None => put_null(out),
    }
}

fn put_opt_text(out: &mut BytesMut, text: Option<&str>) {
    match text {
        Some(text) => put_text(out, text),
        None => put_null(out),
    }
}

/// `inet`: family (2 is IPv4, 3 is IPv6), prefix bits, whether it is a cidr, the address's length, its bytes.
fn put_opt_inet(out: &mut BytesMut, address: Option<IpAddr>) {
    match address {
        None => put_null(out),
        Some(IpAddr::V4(v4)) => {
            out.put_i32(8);
            out.put_slice(&[2, 32, 0, 4]);
            out.put_slice(&v4.octets());
        }
        Some(IpAddr::V6(v6)) => {
            out.put_i32(20);
            out.put_slice(&[3, 128, 0, 16]);
            out.put_slice(&v6.octets());
        }
    }
}
