//! Every field of a record, written by COPY, reads back equal.

use crate::model::{Model, Numbers, line, start};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use suiftly_schema::batch::SystemMessage;
use suiftly_schema::ids::{CustomerId, Frontend, Network, Service};
use suiftly_schema::record::{LineId, Record, ShortText, Timers};
use suiftly_schema::time::UnixMillis;
use suiftly_store::testing::on_each_store;
use suiftly_store::writer::{Commit, Writer};
use tokio_postgres::Row;

fn time_of(row: &Row, column: &str) -> Option<UnixMillis> {
    let at: Option<SystemTime> = row.get(column);
    at.map(|at| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO))
        .map(|since| UnixMillis(i64::try_from(since.as_millis()).unwrap()))
}

fn small(row: &Row, column: &str) -> Option<u8> {
    row.get::<_, Option<i16>>(column).map(|number| u8::try_from(number).unwrap())
}

fn record_of(row: &Row) -> Record {
    let boot = time_of(row, "boot");
    let server_id: Option<i16> = row.get("server_id");
    let line_id = boot.map(|boot| LineId {
        server_id: server_id.unwrap(),
        boot,
        seq: u32::try_from(row.get::<_, i64>("seq")).unwrap(),
    });
    Record {
        timestamp: time_of(row, "timestamp").unwrap(),
        customer_id: row.get::<_, Option<i64>>("customer_id").and_then(CustomerId::new),
        path_prefix: row.get::<_, Option<&str>>("path_prefix").map(ShortText::new),
        config_hex: row.get("config_hex"),
        network: small(row, "network").and_then(Network::from_number),
        server_id,
        service: small(row, "service_type").and_then(Service::from_number),
        api_key_fp: u32::try_from(row.get::<_, i64>("api_key_fp")).unwrap(),
        frontend: small(row, "fe_type").and_then(Frontend::from_number),
        traffic_type: small(row, "traffic_type").unwrap(),
        event_type: small(row, "event_type").unwrap(),
        client_ip: row.get::<_, Option<IpAddr>>("client_ip"),
        key_metadata: row.get("key_metadata"),
        status_code: row.get("status_code"),
        bytes_sent: u64::try_from(row.get::<_, i64>("bytes_sent")).unwrap(),
        timers: Timers {
            request_ms: row.get("time_request"),
            queue_ms: row.get("time_queue"),
            connect_ms: row.get("time_connect"),
            response_ms: row.get("time_response"),
            total_ms: row.get("time_total"),
        },
        backend_id: row.get("backend_id"),
        termination: ShortText::new(row.get("termination_state")),
        repeat: u32::try_from(row.get::<_, i32>("repeat")).unwrap(),
        line_id,
        journal_offset: u64::try_from(row.get::<_, i64>("journal_offset")).unwrap(),
    }
}

/// As little as a record can hold, and as much.
fn extremes() -> [Record; 2] {
    let least = Record {
        timestamp: UnixMillis::MIN,
        customer_id: None,
        path_prefix: None,
        config_hex: None,
        network: None,
        server_id: None,
        service: None,
        api_key_fp: 0,
        frontend: None,
        traffic_type: 0,
        event_type: 0,
        client_ip: None,
        key_metadata: None,
        status_code: -1,
        bytes_sent: 0,
        timers: Timers::default(),
        backend_id: 0,
        termination: ShortText::new(""),
        repeat: 1,
        line_id: None,
        journal_offset: 0,
    };
    let most = Record {
        timestamp: UnixMillis::MAX,
        customer_id: CustomerId::new(i64::MAX),
        path_prefix: Some(ShortText::new("日本語")),
        config_hex: Some(i64::MIN),
        network: Some(Network::Localnet),
        server_id: Some(i16::MIN),
        service: Some(Service::Sealo),
        api_key_fp: u32::MAX,
        frontend: Some(Frontend::Local),
        traffic_type: u8::MAX,
        event_type: u8::MAX,
        client_ip: Some("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap()),
        key_metadata: Some(i32::MIN),
        status_code: i16::MAX,
        bytes_sent: i64::MAX.cast_unsigned(),
        timers: Timers {
            request_ms: Some(i32::MAX),
            queue_ms: Some(0),
            connect_ms: Some(i32::MIN),
            response_ms: Some(1),
            total_ms: i32::MAX,
        },
        backend_id: i16::MAX,
        termination: ShortText::new("CDNN"),
        repeat: i32::MAX.cast_unsigned(),
        line_id: Some(LineId { server_id: i16::MIN, boot: UnixMillis::MAX, seq: u32::MAX }),
        journal_offset: i64::MAX.cast_unsigned(),
    };
    [least, most]
}

#[tokio::test]
async fn every_field_reads_back() {
    on_each_store(async |database| {
        let mut numbers = Numbers(1);
        let mut records: Vec<Record> = extremes().to_vec();
        // Enough of them that the COPY goes out in several pieces.
        for seq in 1..=3_000 {
            let line_id = line(seq);
            records.push(Record { line_id, server_id: Some(17), ..numbers.record(start(), 3_600_000) });
        }
        for (at, record) in records.iter_mut().enumerate().skip(2) {
            record.journal_offset = at as u64;
        }
        let (mut writer, _) = Writer::open(database.config(), "copy").await.unwrap();
        let commit = Commit { epoch: 1, cut_at: start(), records: records.clone(), ..Commit::default() };
        writer.commit(&[commit.into()]).await.unwrap();

        let rows = database.client().await.query("SELECT * FROM haproxy_raw_logs_all", &[]).await.unwrap();
        let mut found: Vec<Record> = rows.iter().map(record_of).collect();
        let by_offset = |record: &Record| (record.journal_offset, record.timestamp);
        found.sort_by_key(by_offset);
        records.sort_by_key(by_offset);
        assert_eq!(found, records);
    })
    .await;
}

#[tokio::test]
async fn what_a_column_cannot_hold_stops_nothing() {
    on_each_store(async |database| {
        let [least, _] = extremes();
        let odd = Record {
            path_prefix: Some(ShortText::new("a\0b")),
            termination: ShortText::new("\0\0"),
            bytes_sent: u64::MAX,
            repeat: u32::MAX,
            ..least
        };
        let message = |text: &str| SystemMessage { timestamp: start(), server_id: None, message: text.to_owned() };
        let system = vec![message("x\0y"), message(&"é".repeat(512)), message("x\0y")];
        let mut model = Model::default();
        let commit = Commit { system, records: vec![odd], ..Commit::clone(&model.commit(vec![])) };
        let (mut writer, _) = Writer::open(database.config(), "odd").await.unwrap();
        writer.commit(&[commit.into()]).await.unwrap();

        let client = database.client().await;
        let row = client
            .query_one("SELECT path_prefix, termination_state, bytes_sent, repeat FROM haproxy_raw_logs_all", &[])
            .await
            .unwrap();
        assert_eq!((row.get(0), row.get(1), row.get(2), row.get(3)), ("a?b", "??", i64::MAX, i32::MAX));
        let rows = client.query("SELECT message, count FROM haproxy_system_logs ORDER BY message", &[]).await.unwrap();
        let found: Vec<(String, i32)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        assert_eq!(found, [("x?y".to_owned(), 2), ("é".repeat(512), 1)]);
    })
    .await;
}
