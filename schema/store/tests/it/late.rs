//! Late raw records: an hour that is closed, compressed or dropped stays as it is, and what comes late is beside it.

use crate::model::{HOUR_MS, Numbers, start};
use std::sync::Arc;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;
use suiftly_store::maintenance::{enforce_retention, index_closed_hours};
use suiftly_store::reader::Reader;
use suiftly_store::testing::{TestDatabase, connect, on_each_store};
use suiftly_store::writer::{CLOSED_AFTER_MS, Commit, Writer};
use tokio_postgres::Client;

fn commit(epoch: u64, cut_at: UnixMillis, at: &[UnixMillis]) -> Arc<Commit> {
    let mut numbers = Numbers(epoch);
    let records = at.iter().map(|&timestamp| Record { timestamp, ..numbers.record(start(), 1) }).collect();
    Arc::new(Commit { epoch, cut_at, records, ..Commit::default() })
}

/// Records of the hours, and beside them.
async fn stored(client: &Client) -> (i64, i64) {
    let counts = "SELECT (SELECT count(*) FROM haproxy_raw_logs), (SELECT count(*) FROM haproxy_raw_logs_late)";
    let row = client.query_one(counts, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

/// Whether TimescaleDB keeps the hours.
async fn has_chunks(client: &Client) -> bool {
    let asked = "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'";
    client.query_one(asked, &[]).await.unwrap().get::<_, i64>(0) > 0
}

/// Does what is done with closed hours.
async fn close(database: &TestDatabase, owner: &Client) {
    if has_chunks(owner).await {
        let job = "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs \
            WHERE proc_name = 'suiftly_compress_closed'";
        owner.batch_execute(job).await.unwrap();
        let job = "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'suiftly_compress_closed'";
        let job: i32 = owner.query_one(job, &[]).await.unwrap().get(0);
        owner.batch_execute(&format!("CALL run_job({job})")).await.unwrap();
    }
    index_closed_hours(database.config()).await.unwrap();
}

/// The hours in the order of time: how each is kept, and whether it is as closing leaves it.
async fn hours(client: &Client) -> Vec<(String, bool)> {
    let chunks = "SELECT to_char(range_start, 'YYYYMMDD_HH24'), is_compressed AND c.status = 1 \
        FROM timescaledb_information.chunks JOIN _timescaledb_catalog.chunk AS c ON c.table_name = chunk_name \
        WHERE hypertable_name = 'haproxy_raw_logs' ORDER BY 1";
    let partitions = "SELECT right(relname, 11)::text, \
            (SELECT count(*) FROM pg_indexes WHERE tablename = relname) = 8 \
        FROM pg_inherits JOIN pg_class ON oid = inhrelid \
        WHERE inhparent = 'haproxy_raw_logs'::regclass AND relname NOT LIKE '%default' ORDER BY 1";
    let select = if has_chunks(client).await { chunks } else { partitions };
    client.query(select, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn named(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
    expected.iter().map(|&(hour, closed)| (hour.to_owned(), closed)).collect()
}

#[tokio::test]
async fn a_late_record_is_beside_its_hour() {
    on_each_store(async |database| {
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        // Half past an hour: that of half past six hours ago is open, the one before it ended just over six hours ago.
        let ago = |ms: i64| start().plus_ms(-ms);
        let at = [ago(0), ago(6 * HOUR_MS), ago(7 * HOUR_MS), ago(100 * HOUR_MS), UnixMillis::MIN];
        writer.commit(&[commit(1, start(), &at)]).await.unwrap();
        assert_eq!(stored(&connect(database.config()).await).await, (2, 3));
        assert_eq!(Reader::new(database.config(), "j").unwrap().count_records().await.unwrap(), 5);
    })
    .await;
}

#[tokio::test]
async fn a_closed_hour_is_not_opened_again_nor_a_dropped_one_made() {
    on_each_store(async |database| {
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        let owner = database.client().await;
        owner.batch_execute("SET timezone = 'UTC'").await.unwrap();
        let hour = start().hour();
        let closes = hour.plus_ms(HOUR_MS + CLOSED_AFTER_MS);
        let reader = Reader::new(database.config(), "j").unwrap();

        // To its last moment it fills, and nothing closes it.
        writer.commit(&[commit(1, start(), &[start()])]).await.unwrap();
        writer.commit(&[commit(2, closes.plus_ms(-1), &[start(), hour, closes.plus_ms(-1)])]).await.unwrap();
        close(database, &owner).await;
        assert_eq!(hours(&owner).await, named(&[("20261201_00", false), ("20261201_06", false)]));

        // Then it is closed, and stays as it is.
        writer.commit(&[commit(3, closes, &[start()])]).await.unwrap();
        close(database, &owner).await;
        let closed = named(&[("20261201_00", true), ("20261201_06", false)]);
        assert_eq!(hours(&owner).await, closed);
        writer.commit(&[commit(4, closes, &[start(), hour.plus_ms(HOUR_MS - 1), closes])]).await.unwrap();
        assert_eq!(stored(&owner).await, (5, 3));
        assert_eq!(reader.count_records().await.unwrap(), 8);
        close(database, &owner).await;
        assert_eq!(hours(&owner).await[0], closed[0]);

        // Dropped by age, it does not come back; what comes after that goes with the next look.
        let later = start().plus_ms(3 * 24 * HOUR_MS);
        writer.commit(&[commit(5, later, &[])]).await.unwrap();
        if has_chunks(&owner).await {
            owner
                .batch_execute("SELECT drop_chunks('haproxy_raw_logs', '2026-12-02 00:00Z'::timestamptz)")
                .await
                .unwrap();
        }
        assert_eq!(enforce_retention(database.config(), later).await.unwrap().late_records, 3);
        assert_eq!(stored(&owner).await, (0, 0));
        writer.commit(&[commit(6, later, &[start()])]).await.unwrap();
        assert_eq!((stored(&owner).await, hours(&owner).await), ((0, 1), vec![]));
        assert_eq!(enforce_retention(database.config(), later).await.unwrap().late_records, 1);
    })
    .await;
}
