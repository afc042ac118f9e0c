//! What readers make of a cluster's database: rows of shards that are stored to different epochs, put there by hand.

use crate::model::{HOUR_MS, everything, start};
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_schema::bill::JournalPoint;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{Usage, UsageKey, UsageSums};
use suiftly_schema::view::{EpochDeltas, HourKey};
use suiftly_store::StoreError;
use suiftly_store::accounts::admin::{RawFilter, RawPlace, RawQuery};
use suiftly_store::accounts::{AccountStore, Act, Actor};
use suiftly_store::maintenance::index_closed_hours;
use suiftly_store::money::{MoneyStore, RecordPlace, RecordQuery};
use suiftly_store::reader::{
    Bucket, Filter, LineJournal, PartQuery, QuarantineQuery, QuarantineSelection, Reader, Rows, StoredTo, TimeRange,
    UsageQuery, ViewQuery,
};
use suiftly_store::testing::{Client, TestDatabase, is_timescale_alone, on_each_store};

const ORDER: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
const CLUSTER: &str = "INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, \
        system, rejected, records) \
    SELECT id, CASE WHEN id = 'gone' THEN 900 ELSE 0 END, '2026-11-30 20:00+00', 0, 0, 0, 0, 0, '{}', 0 \
    FROM unnest(ARRAY['0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f', 'a', 'b', 'gone']) AS id; \
    INSERT INTO cluster (cluster_id, order_journal, generation, placement) \
    VALUES ('0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e', '0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f', 3, 1); \
    INSERT INTO cluster_journals (no, journal_id, name) VALUES (1, 'a', 'ingest-a'), (2, 'b', 'ingest-b'); \
    INSERT INTO shard_watermarks (shard) SELECT generate_series(0, 255)";

/// A cluster whose shards are stored to epoch 10, which was cut at [`start`]; but for shard 7, which is at 12, a second
/// later.
async fn clustered(database: &TestDatabase) -> Client {
    let client = database.client().await;
    client.batch_execute(CLUSTER).await.unwrap();
    move_to(&client, "true", 10, start()).await;
    move_to(&client, "shard = 7", 12, start().plus_ms(1_000)).await;
    client
}

async fn move_to(client: &Client, which: &str, epoch: Epoch, cut_at: UnixMillis) {
    let update = format!(
        "UPDATE shard_watermarks SET epoch = {epoch}, cut_at = '{}', received = 2, accepted = 1, records = 1, \
         rejected = '{{\"sf1_field\": 1}}' WHERE {which}",
        cut_at.rfc3339()
    );
    client.batch_execute(&update).await.unwrap();
}

fn customer(id: i64) -> CustomerId {
    CustomerId::new(id).unwrap()
}

fn of(id: i64) -> Filter {
    Filter { customer_id: CustomerId::new(id), ..Filter::default() }
}

/// A billable request of each of these customers in an hour, as an epoch's deltas.
fn deltas(epoch: Epoch, customers: &[i64]) -> EpochDeltas {
    let hour = start().hour();
    let row = |id: &i64| {
        let usage = UsageKey { customer_id: CustomerId::new(*id), service: None, network: None };
        let sums = UsageSums { guaranteed: 1, billable_requests: 1, ..UsageSums::default() };
        (HourKey { usage, hour }, Usage { sums, ..Usage::default() })
    };
    EpochDeltas { epoch, hours: customers.iter().map(row).collect(), ..EpochDeltas::default() }
}

/// Ten requests of each in that hour, in the database.
async fn store_usage(client: &Client, customers: &[i64]) {
    let insert = "INSERT INTO usage_per_hour (customer_id, hour, service_type, network, guaranteed, burst, rejected, \
            client_error, server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms) \
        SELECT id, '2026-12-01 00:00+00', 0, -1, 10, 0, 0, 0, 0, 0, 10, 0, 0, 0 FROM unnest($1::bigint[]) AS id";
    client.execute(insert, &[&customers]).await.unwrap();
}

fn joined<Q: ViewQuery>(mut rows: Rows<Q>, later: &[EpochDeltas]) -> Vec<Q::Sums> {
    later.iter().for_each(|deltas| rows.join(deltas.epoch, start(), deltas));
    rows.into_sums(UnixMillis::MIN).into_values().collect()
}

/// Up to when all is in, and which hours are closed, by the database's own functions.
async fn complete_to(client: &Client) -> (Option<String>, Option<String>) {
    let in_utc = |at: &str| format!("to_char({at}() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')");
    let select = format!("SELECT {}, {}", in_utc("suiftly_complete_to"), in_utc("suiftly_closed_to"));
    let row = client.query_one(&select, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn an_hour_closes_when_the_last_shard_has_passed_it() {
    let database = TestDatabase::create().await;
    let (client, money) = (clustered(&database).await, MoneyStore::new(database.config()).unwrap());
    let late = start().plus_ms(-9 * HOUR_MS);
    let partition =
        "SELECT suiftly_ensure_partitions('haproxy_raw_logs', '2026-11-30 17:00+00', '2026-11-30 18:00+00')";
    // TimescaleDB closes hours by a job of its own, which asks the same function.
    let hours = u64::from(!is_timescale_alone());
    if hours > 0 {
        client.batch_execute(partition).await.unwrap();
    }
    // All but one are hours beyond; so is the newest row of a journal.
    move_to(&client, "shard = 200", 4, late).await;
    assert_eq!(complete_to(&client).await, (Some("2026-11-30 15:30".into()), Some("2026-11-30 09:30".into())));
    assert_eq!(money.received_until().await.unwrap(), Some(late));
    assert_eq!(index_closed_hours(database.config()).await.unwrap(), 0);
    // One that was never stored holds everything up.
    client.batch_execute("UPDATE shard_watermarks SET epoch = 0, cut_at = NULL WHERE shard = 200").await.unwrap();
    assert_eq!((complete_to(&client).await, money.received_until().await.unwrap()), ((None, None), None));
    assert_eq!(index_closed_hours(database.config()).await.unwrap(), 0);
    move_to(&client, "shard = 200", 10, start()).await;
    assert_eq!(complete_to(&client).await, (Some("2026-12-01 00:30".into()), Some("2026-11-30 18:30".into())));
    assert_eq!(money.received_until().await.unwrap(), Some(start()));
    assert_eq!(index_closed_hours(database.config()).await.unwrap(), hours);
    assert_eq!(money.stored_until(ORDER).await.unwrap(), Some((10, start())));
}

#[tokio::test]
async fn a_customers_answer_stands_at_their_shards_epoch() {
    on_each_store(async |database| {
        let client = clustered(database).await;
        store_usage(&client, &[6, 7, 256 + 7]).await;
        let reader = Reader::new(database.config(), ORDER).unwrap();
        let later = [deltas(11, &[6, 7, 263]), deltas(12, &[6, 7, 263]), deltas(13, &[6, 7, 263])];
        for (id, epoch, requests) in [(6, 10, 13), (7, 12, 11), (263, 12, 11)] {
            let query = UsageQuery { filter: of(id), bucket: Bucket::Hour, span: everything(), times: false };
            for reader in [reader.clone(), reader.for_customer(customer(id))] {
                let rows = reader.rows(&query).await.unwrap();
                assert_eq!((rows.watermark().epoch, rows.further().most()), (epoch, None));
                assert_eq!(rows.watermark().cut_at, start().plus_ms(if epoch == 12 { 1_000 } else { 0 }));
                assert_eq!(joined(rows, &later)[0].sums.billable_requests, requests, "of {id}");
            }
            let month = reader.rated_month(&of(id), start().month()).await.unwrap();
            assert_eq!((month.watermark.epoch, month.further.most()), (epoch, None));
        }
    })
    .await;
}

#[tokio::test]
async fn everybodys_answer_stands_at_the_least_and_counts_nothing_twice() {
    on_each_store(async |database| {
        let client = clustered(database).await;
        store_usage(&client, &[6, 7]).await;
        let reader = Reader::new(database.config(), ORDER).unwrap();
        let later = [deltas(11, &[6, 7]), deltas(12, &[6, 7]), deltas(13, &[6, 7])];
        let span = TimeRange::new(start().month().start(), start().month().end());
        let query = PartQuery { filter: Filter::default(), span, books: Arc::new(PriceBooks::v1()) };
        let rows = reader.rows(&query).await.unwrap();
        assert_eq!((rows.watermark().epoch, rows.further().most()), (10, Some(12)));
        let requests: Vec<_> = joined(rows, &later).iter().map(|sums| sums.billable_requests).collect();
        assert_eq!(requests, [13, 11], "of 6, and of 7 who had two of the three epochs");
        let snapshot = reader.stream_snapshot(&Filter::default(), start().month(), start()).await.unwrap();
        assert_eq!((snapshot.watermark.epoch, snapshot.further.most()), (10, Some(12)));
        let missing: Vec<_> = later.iter().map(|at| snapshot.further.missing(at.epoch, at).hours.len()).collect();
        assert_eq!((snapshot.month_sums.billable_requests, missing), (20, vec![1, 1, 2]));

        let totals = reader.pipeline_totals().await.unwrap();
        assert_eq!((totals.watermark.epoch, totals.counts.received, totals.records), (10, 512, 256));
        assert_eq!(totals.counts.rejected, BTreeMap::from([("sf1_field".to_owned(), 256)]));
        // All level, there is nothing further.
        move_to(&client, "true", 13, start()).await;
        let rows = reader.rows(&query).await.unwrap();
        assert_eq!((rows.watermark().epoch, rows.further().most()), (13, None));
    })
    .await;
}

#[tokio::test]
async fn a_bill_names_the_order_at_its_customers_shard() {
    let database = TestDatabase::create().await;
    let client = clustered(&database).await;
    store_usage(&client, &[6, 7]).await;
    let people = "INSERT INTO customers (id, display_name, wallet_address) \
        SELECT id, 'c', '0x' || lpad(id::text, 64, '0') FROM unnest(ARRAY[6, 7]) AS id";
    client.batch_execute(people).await.unwrap();
    // Line journals have rows, too, and are no part of a bill.
    client
        .batch_execute("UPDATE journal_watermarks SET epoch = 77, cut_at = now() WHERE journal_id = 'a'")
        .await
        .unwrap();
    let money = MoneyStore::new(database.config()).unwrap();
    let point = |journal_id: &str, epoch| JournalPoint { journal_id: journal_id.to_owned(), epoch };
    for (id, epoch) in [(6, 10), (7, 12)] {
        let case = money.open_month(customer(id), start().month()).await.unwrap().unwrap();
        assert_eq!(case.inputs.journals, [point(ORDER, epoch)], "of {id}");
        assert_eq!(case.inputs.hours.len(), 1);
    }
    // In the month before there was a process alone.
    let november = UnixMillis(start().month().start().0 - 1).month();
    let case = money.open_month(customer(7), november).await.unwrap().unwrap();
    assert_eq!(case.inputs.journals, [point(ORDER, 12), point("gone", 900)]);
}

#[tokio::test]
async fn lines_of_two_journals_at_one_place_are_two_lines() {
    let database = TestDatabase::create().await;
    let client = clustered(&database).await;
    let insert = "INSERT INTO quarantine (journal_id, journal_offset, received_at, reason, source, line, epoch) \
        SELECT id, 10, '2026-12-01 00:10+00', 'sf1_field', 'udp ' || id, convert_to(id, 'UTF8'), 5 \
        FROM unnest(ARRAY['a', 'b', 'gone']) AS id";
    client.batch_execute(insert).await.unwrap();
    let reader = Reader::new(database.config(), ORDER).unwrap();
    assert_eq!(reader.latest_journal().await.unwrap().as_deref(), Some(ORDER));
    let kept = reader.quarantine_reasons().await.unwrap();
    assert_eq!(kept.iter().map(|kept| (kept.reason.as_str(), kept.lines)).collect::<Vec<_>>(), [("sf1_field", 2)]);
    let journals = reader.line_journals().await.unwrap();
    let journal = |no, id: &str| LineJournal { no, journal_id: id.to_owned(), name: format!("ingest-{id}") };
    assert_eq!(journals, [journal(1, "a"), journal(2, "b")]);
    let [a, b] = [0, 1].map(|at: usize| reader.of_journal(&journals[at].journal_id));
    assert_eq!(a.quarantined(10).await.unwrap().unwrap().line, b"a");
    assert_eq!(b.quarantined(10).await.unwrap().unwrap().line, b"b");
    assert_eq!(reader.quarantined(10).await.unwrap(), None, "the order holds no lines");

    let act = Act { actor: Actor::Operator { name: "local".to_owned() }, address: None, at: start() };
    let all = QuarantineSelection::default();
    let claimed = a.claim_quarantined(&all, false, usize::MAX, &act).await.unwrap();
    assert_eq!(claimed.iter().map(|line| (line.journal_offset, &*line.line)).collect::<Vec<_>>(), [(10, &b"a"[..])]);
    assert_eq!(b.quarantined(10).await.unwrap().unwrap().requested_at, None);
    assert_eq!(b.discard_quarantined(&all, &act).await.unwrap(), 1);
    let page = QuarantineQuery { limit: 9, ..QuarantineQuery::default() };
    assert_eq!((a.quarantine_page(&page).await.unwrap().len(), b.quarantine_page(&page).await.unwrap().len()), (1, 0));
    // One that has begun another journal is known by that.
    let another = "INSERT INTO cluster_journals (no, journal_id, name) VALUES (3, 'gone', 'ingest-a')";
    client.batch_execute(another).await.unwrap();
    let names: Vec<_> = reader.line_journals().await.unwrap().into_iter().map(|of| (of.no, of.name)).collect();
    assert_eq!(names, [(2, "ingest-b"), (3, "ingest-a"), (1, "ingest-a.1")].map(|(no, name)| (no, name.to_owned())));
}

/// Records of three journals, each at the same place at the same instant.
const RECORDS: &str = "INSERT INTO haproxy_raw_logs (timestamp, customer_id, service_type, network, api_key_fp, traffic_type, \
        event_type, status_code, bytes_sent, time_total, backend_id, termination_state, journal_offset, journal_no) \
    SELECT '2026-12-01 00:10+00', 7, 1, 1, 0, 1, 0, 200, 10, 1, 1, '--', 40, no FROM generate_series(0, 2) AS no";

#[tokio::test]
async fn a_page_of_records_ends_between_two_journals() {
    let database = TestDatabase::create().await;
    database.client().await.batch_execute(RECORDS).await.unwrap();
    let money = MoneyStore::new(database.config()).unwrap();
    let accounts = AccountStore::new(database.config()).unwrap();
    let hour = start().hour();
    let (mut billed, mut after) = (Vec::new(), None);
    for _ in 0..4 {
        let (customer, service, network) = (customer(7), None, None);
        let query = RecordQuery { customer, service, network, hour, billed_only: true, after, limit: 1 };
        for record in money.records_of(&query).await.unwrap() {
            let (timestamp, journal_offset, journal_no) = (record.timestamp, record.journal_offset, record.journal_no);
            billed.push(journal_no);
            after = Some(RecordPlace { timestamp, journal_offset, journal_no });
        }
    }
    let (mut raw, mut after) = (Vec::new(), None);
    for _ in 0..4 {
        let (to, filter) = (hour.plus_ms(HOUR_MS), RawFilter::default());
        for found in accounts.raw_records(&RawQuery { from: hour, to, filter, after, limit: 1 }).await.unwrap() {
            raw.push(found.journal_no);
            let (timestamp, journal_offset) = (found.record.timestamp, found.record.journal_offset);
            after = Some(RawPlace { timestamp, journal_offset, journal_no: found.journal_no });
        }
    }
    assert_eq!((billed, raw), (vec![0, 1, 2], vec![2, 1, 0]));
}

#[tokio::test]
async fn without_a_cluster_the_journals_row_decides() {
    let database = TestDatabase::create().await;
    let client = database.client().await;
    let (cluster, _) = CLUSTER.split_once("; ").unwrap();
    client.batch_execute(cluster).await.unwrap();
    client.batch_execute("UPDATE journal_watermarks SET epoch = 5 WHERE journal_id = 'a'").await.unwrap();
    let (reader, money) = (Reader::new(database.config(), "a").unwrap(), MoneyStore::new(database.config()).unwrap());
    let month = reader.rated_month(&of(7), start().month()).await.unwrap();
    assert_eq!((month.watermark.epoch, month.further.most()), (5, None));
    assert_eq!(complete_to(&client).await, (Some("2026-11-30 20:00".into()), Some("2026-11-30 14:00".into())));
    assert_eq!(money.stored_until("a").await.unwrap().map(|(epoch, _)| epoch), Some(5));
    assert_eq!(reader.line_journals().await.unwrap(), []);
    assert!(money.received_until().await.unwrap().is_some());
}

#[tokio::test]
async fn the_api_goes_on_from_where_each_shard_is() {
    let database = TestDatabase::create().await;
    let client = clustered(&database).await;
    client.batch_execute("UPDATE shard_watermarks SET restart_epoch = 9 WHERE shard <> 7").await.unwrap();
    let reader = Reader::new(database.config(), ORDER).unwrap();
    let front = reader.front().await.unwrap();
    assert_eq!((front.resume.epoch, front.resume.cut_at), (10, start()));
    assert_eq!((front.resume.counts.received, front.resume.records), (512, 256));
    assert_eq!((front.epochs[6], front.epochs[7], front.further.most()), (10, 12, Some(12)));
    assert_eq!((front.restarts[6], front.restarts[7]), (9, 0));
    assert_eq!(reader.stored_to().await.unwrap(), StoredTo { epoch: 10, records: 256 });
    // Of a journal that is no order it is not answered: another may have taken its place.
    assert!(matches!(reader.of_journal("a").front().await, Err(StoreError::NoCluster)));
}
