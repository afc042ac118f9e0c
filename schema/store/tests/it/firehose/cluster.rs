//! Notes of a cluster: lines go under their own journals, and each process sends what it committed.

use super::*;

/// Two journals with a record at the same place and time, committed by processes 0, 1 and, before it was given up, 5.
const NOTED: &str = "INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, \
        system, rejected, records) \
    SELECT id, 0, now(), 0, 0, 0, 0, 0, '{}', 0 FROM unnest(ARRAY['order', 'a', 'b']) AS id; \
    INSERT INTO cluster (cluster_id, order_journal, placement) VALUES (repeat('0', 32), 'order', 1); \
    INSERT INTO cluster_journals (no, journal_id, name) VALUES (1, 'a', 'ingest-a'), (2, 'b', 'ingest-b'); \
    INSERT INTO shard_watermarks (shard, epoch, cut_at) \
    SELECT n, CASE WHEN n < 128 THEN 9 ELSE 5 END, '2026-12-01 00:30+00' FROM generate_series(0, 255) AS n; \
    INSERT INTO haproxy_raw_logs_late (timestamp, api_key_fp, traffic_type, event_type, status_code, bytes_sent, time_total, \
        backend_id, termination_state, journal_no, journal_offset) \
    SELECT '2026-12-01 00:20+00', 0, 1, 0, 200, 0, 0, 0, '--', no, place \
    FROM (VALUES (1, 100), (2, 100), (1, 200), (1, 300)) AS record (no, place); \
    INSERT INTO firehose_spans (journal_id, epoch_before, epoch, process, journal_no, oldest, newest, first_offset, \
        last_offset, records) \
    SELECT 'order', before, through, process, no, '2026-12-01 00:20+00', '2026-12-01 00:20+00', first, last, records \
    FROM (VALUES (0, 9, 0, 1, 100, 300, 2), (0, 9, 0, 2, 100, 100, 1), (0, 5, 1, 1, 200, 200, 1)) \
        AS span (before, through, process, no, first, last, records)";

async fn progress(database: &TestDatabase) -> (i64, i64, i64) {
    let select = "SELECT epoch, sent, gone FROM firehose_progress WHERE journal_id = 'order'";
    let row = database.client().await.query_one(select, &[]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[tokio::test]
async fn lines_go_under_their_own_journals_and_count_once() {
    let (database, questdb) = (TestDatabase::create().await, FakeQuestDb::start().await);
    database.client().await.batch_execute(NOTED).await.unwrap();
    let config = config(&questdb.url(), 100);
    let of = |process| Firehose::new(database.config(), "order", &config).unwrap().of_process(process, 2);
    let (mut first, mut second) = (of(0), of(1));
    assert_eq!(drain(&mut second).await, 0);
    assert_eq!(progress(&database).await, (0, 1, 0), "the other process has its notes still to send");
    // Between its two records of a there is one of the other's, which comes along.
    assert_eq!(drain(&mut first).await, 0);
    assert_eq!(progress(&database).await, (5, 4, 0), "not beyond what every shard has");
    questdb.with(|state| {
        assert_eq!(state.offences, [""; 0]);
        let places: Vec<_> = state.rows.keys().map(|(_, journal, place)| (journal.as_str(), *place)).collect();
        assert_eq!(places, [("a", 100), ("a", 200), ("a", 300), ("b", 100)]);
    });
    // A process that there is no more is somebody's.
    let left = "INSERT INTO firehose_spans (journal_id, epoch_before, epoch, process, journal_no, oldest, newest, first_offset, \
            last_offset, records) \
        VALUES ('order', 5, 6, 5, 2, '2026-12-01 00:20+00', '2026-12-01 00:20+00', 900, 900, 1)";
    database.client().await.batch_execute(left).await.unwrap();
    assert_eq!(drain(&mut first).await, 0);
    assert_eq!(progress(&database).await, (5, 4, 0));
    assert_eq!(drain(&mut second).await, 0);
    assert_eq!(progress(&database).await, (5, 4, 1), "its record was removed before it could be sent");
}
