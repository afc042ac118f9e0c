//! A past, read by what will read it.

use super::lines::{ATTRIBUTION, LOG_FORMAT, configuration};
use super::*;
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::haproxy::Format;
use suiftly_ingest::haproxy::log_format::{Attribute, Attribution, LogFormat, RecordFormat};
use suiftly_ingest::tail::Tail;
use suiftly_schema::batch::Batch;

fn at(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

fn keys() -> Vec<DemoKey> {
    let entry = |service: &str, network: &str, customer: u32, burst: u32| {
        serde_json::json!({"customer": "c", "customer_id": customer, "service": service, "network": network,
            "key": "SAECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV5", "guaranteed_per_second": 500, "burst_per_second": burst})
    };
    let entries = [entry("seal", "mainnet", 7, 1_000), entry("grpc", "testnet", 8, 500)];
    demo_keys(&serde_json::Value::Array(entries.to_vec())).unwrap()
}

/// As the configuration has it.
fn reading() -> DecodeConfig {
    let mut attribution = Attribution::default();
    for (name, from) in ATTRIBUTION {
        *attribution.entry(name).unwrap() = Some(from.parse::<Attribute>().unwrap());
    }
    let format = RecordFormat::new(LogFormat::compile(LOG_FORMAT).unwrap(), &attribution).unwrap();
    DecodeConfig { format: Format::Compiled(Box::leak(Box::new(format))), ..DecodeConfig::LIVE }
}

fn batches(dir: &Path) -> Vec<Batch> {
    let mut tail = Tail::open(dir, reading(), &Default::default()).unwrap();
    std::iter::from_fn(|| tail.next(u64::MAX).unwrap()).collect()
}

#[test]
fn every_line_is_read_and_nothing_is_late() {
    let dir = tempfile::tempdir().unwrap();
    let (since, until) = (at("2026-10-18T09:00:00Z"), at("2026-11-22T09:30:10Z"));
    let lines = write(&dir.path().join("journal"), &keys(), since, until).unwrap();
    let batches = batches(&dir.path().join("journal"));
    let accepted: u64 = batches.iter().map(|batch| batch.counts.accepted).sum();
    assert_eq!((accepted, batches.iter().map(|batch| batch.counts.rejected_total()).sum::<u64>()), (lines, 0));
    let mut clock = since;
    for batch in &batches {
        assert!(batch.cut_at >= clock && batch.cut_at <= until);
        clock = batch.cut_at;
        assert!(batch.records.iter().all(|record| record.timestamp <= batch.cut_at && record.line_id.is_none()));
    }
    let records = || batches.iter().flat_map(|batch| &batch.records);
    let requests = |customer: i64, traffic: u8| {
        let of = records().filter(|record| record.customer_id.is_some_and(|id| id.get() == customer));
        of.filter(|record| record.traffic_type == traffic).map(|record| u64::from(record.repeat)).sum::<u64>()
    };
    // Some 14,000 an hour, for 840 hours; the other may not burst.
    assert!((10_000_000..15_000_000).contains(&requests(7, 1)), "{}", requests(7, 1));
    assert!(requests(7, 2) > 50_000 && requests(7, 3) > 10_000 && requests(8, 2) == 0);
    assert!(records().any(|record| record.status_code == 503) && records().any(|record| record.status_code == 404));
}

#[test]
fn the_same_keys_and_times_make_the_same_lines() {
    let (keys, since, until) = (keys(), at("2026-11-21T00:00:00Z"), at("2026-11-22T00:00:00Z"));
    let all = |until| Maker::new(&keys, since, until).collect::<Vec<_>>();
    assert_eq!(all(until), all(until));
    assert!(all(until).is_sorted_by_key(|line| line.at));
    assert!(all(since).is_empty());
}

#[test]
fn a_past_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let began = since(dir.path()).unwrap().unwrap();
    assert_eq!(began, began.hour());
    fs::create_dir(dir.path().join("journal")).unwrap();
    assert_eq!(since(dir.path()).unwrap(), None);
}

#[test]
fn the_configuration_says_how_it_is_read() {
    let said = configuration();
    assert!(said.contains("format = \"past\"") && said.contains("began = \"var(txn.t)\"") && said.contains(LOG_FORMAT));
}
