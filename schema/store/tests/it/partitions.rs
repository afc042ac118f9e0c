//! Hourly partitions where TimescaleDB does not make them: made as rows need them, dropped with age.

use crate::model::{HOUR_MS, Numbers, start};
use suiftly_schema::batch::SystemMessage;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;
use suiftly_store::maintenance::{Removed, enforce_retention};
use suiftly_store::testing::TestDatabase;
use suiftly_store::writer::{Commit, Writer};
use tokio_postgres::Client;

fn commit(epoch: u64, cut_at: UnixMillis, at: &[UnixMillis]) -> Commit {
    let mut numbers = Numbers(epoch);
    let records = at.iter().map(|&timestamp| Record { timestamp, ..numbers.record(start(), 1) }).collect();
    let message = |&timestamp: &UnixMillis| SystemMessage { timestamp, server_id: None, message: "m".into() };
    Commit { epoch, cut_at, records, system: at.iter().map(message).collect(), ..Commit::default() }
}

/// Rows by the partition they are in.
async fn partitions(client: &Client, table: &str) -> Vec<(String, i64)> {
    let select = format!(
        "SELECT relname::text, (SELECT count(*) FROM {table} AS t WHERE t.tableoid = child.oid) \
         FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid WHERE inhparent = '{table}'::regclass ORDER BY 1"
    );
    client.query(&select, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn named(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|&(name, rows)| (name.to_owned(), rows)).collect()
}

#[tokio::test]
async fn hours_far_apart_get_partitions_and_wild_dates_do_not() {
    let database = TestDatabase::create().await;
    let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
    let hours_ago = |hours: i64| start().plus_ms(-hours * HOUR_MS);
    let at = [hours_ago(0), hours_ago(1), hours_ago(4), hours_ago(100), hours_ago(0), UnixMillis::MAX, hours_ago(-5)];
    writer.commit(&[commit(1, start(), &at).into()]).await.unwrap();
    let client = database.client().await;
    let expected = [
        ("haproxy_raw_logs_20261130_20", 1),
        ("haproxy_raw_logs_20261130_23", 1),
        ("haproxy_raw_logs_20261201_00", 2),
        ("haproxy_raw_logs_default", 2),
    ];
    assert_eq!(partitions(&client, "haproxy_raw_logs").await, named(&expected));
    let expected = [
        ("haproxy_system_logs_20261126_00", 1),
        ("haproxy_system_logs_20261130_00", 2),
        ("haproxy_system_logs_20261201_00", 2),
        ("haproxy_system_logs_default", 1),
    ];
    assert_eq!(partitions(&client, "haproxy_system_logs").await, named(&expected));

    // Time goes on: what was far ahead is of now, and moves out of the default partition into its own.
    writer.commit(&[commit(2, hours_ago(-5), &[hours_ago(-5)]).into()]).await.unwrap();
    let found = partitions(&client, "haproxy_raw_logs").await;
    assert!(found.contains(&("haproxy_raw_logs_20261201_05".to_owned(), 2)), "{found:?}");
    assert!(found.contains(&("haproxy_raw_logs_default".to_owned(), 1)), "{found:?}");
    let indexed =
        "SELECT count(*) FROM pg_indexes WHERE tablename = 'haproxy_raw_logs_20261201_05' AND indexdef LIKE '%brin%'";
    assert_eq!(client.query_one(indexed, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn age_drops_partitions_and_late_rows_still_come_in() {
    let database = TestDatabase::create().await;
    let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
    let hours_ago = |hours: i64| start().plus_ms(-hours * HOUR_MS);
    // Filled as time went on.
    for (epoch, hours) in (1..).zip([100, 49, 47, 0]) {
        writer.commit(&[commit(epoch, hours_ago(hours), &[hours_ago(hours)]).into()]).await.unwrap();
    }
    let usage = "INSERT INTO usage_per_minute SELECT 7, to_timestamp($1::float8), 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0";
    let client = database.client().await;
    for hours in [1, 24, 26] {
        let seconds = i32::try_from(hours_ago(hours).minute().0 / 1_000).unwrap();
        client.execute(usage, &[&f64::from(seconds)]).await.unwrap();
    }

    // Within, at the edge of and beyond what is kept, a commit on its way allowed for.
    for (table, hours) in [("minute", [1, 24, 26]), ("hour", [1, 720, 722]), ("day", [24, 730 * 24, 732 * 24])] {
        for hours in hours {
            let infra = format!(
                "INSERT INTO infra_per_{table} SELECT 17, date_trunc('{table}', to_timestamp($1::float8), 'UTC'), 1, 1, \
                 0, 0, 2, 1, 1, 1, 1, 1, 1, 1, '', '', '', '', '', '{{}}'"
            );
            let seconds = i32::try_from(hours_ago(hours).0 / 1_000).unwrap();
            client.execute(&infra, &[&f64::from(seconds)]).await.unwrap();
        }
    }

    for hours in [0, 192, 194] {
        let did =
            "INSERT INTO key_activity_per_hour SELECT 1, date_trunc('hour', to_timestamp($1::float8), 'UTC'), 1, 1, 0";
        let seconds = i32::try_from(hours_ago(hours).0 / 1_000).unwrap();
        client.execute(did, &[&f64::from(seconds)]).await.unwrap();
    }

    let removed = enforce_retention(database.config(), start()).await.unwrap();
    let expected = Removed { partitions: 2, usage_rows: 1, infra_rows: 3, key_rows: 1, ..Removed::default() };
    assert_eq!(removed, expected);
    let expected =
        [("haproxy_raw_logs_20261129_01", 1), ("haproxy_raw_logs_20261201_00", 1), ("haproxy_raw_logs_default", 0)];
    assert_eq!(partitions(&client, "haproxy_raw_logs").await, named(&expected));
    assert_eq!(enforce_retention(database.config(), start()).await.unwrap(), Removed::default());

    // A message that is older than messages are kept has no partition made for it.
    writer.commit(&[commit(5, start(), &[hours_ago(8 * 24)]).into()]).await.unwrap();
    assert_eq!(
        partitions(&client, "haproxy_system_logs").await.last(),
        Some(&("haproxy_system_logs_default".to_owned(), 1))
    );
}

#[tokio::test]
async fn the_functions_do_their_one_thing_only() {
    let database = TestDatabase::create().await;
    let client = database.client().await;
    for call in [
        "SELECT suiftly_ensure_partitions('customers', now(), now())",
        "SELECT suiftly_ensure_partitions('haproxy_raw_logs', now(), now() + interval '10 days')",
        "SELECT suiftly_ensure_partitions('haproxy_raw_logs', NULL, now())",
        "SELECT suiftly_drop_partitions('usage_per_hour', now())",
        "SELECT suiftly_drop_partitions('haproxy_raw_logs', NULL)",
        "SELECT suiftly_drop_partitions('haproxy_raw_logs', now() - interval '46 hours')",
        "SELECT suiftly_drop_partitions('haproxy_system_logs', now() - interval '166 hours')",
        "SELECT suiftly_drop_partitions('haproxy_raw_logs', 'infinity')",
    ] {
        client.batch_execute(call).await.unwrap_err();
    }
    let at_the_edge = "SELECT suiftly_drop_partitions('haproxy_raw_logs', now() - interval '48 hours')";
    client.batch_execute(at_the_edge).await.unwrap();
    // A role that may write and nothing more: the functions do not open to it by themselves.
    let role = format!("writer_{}", database.config().database());
    client
        .batch_execute(&format!("CREATE ROLE {role}; GRANT INSERT ON haproxy_raw_logs TO {role}; SET ROLE {role}"))
        .await
        .unwrap();
    let ensure = "SELECT suiftly_ensure_partitions('haproxy_raw_logs', now(), now())";
    let refused = client.batch_execute(ensure).await.unwrap_err();
    assert!(refused.as_db_error().unwrap().message().contains("permission denied"));
    let grant = format!(
        "RESET ROLE; GRANT EXECUTE ON FUNCTION suiftly_ensure_partitions(text, timestamptz, timestamptz) TO {role}; SET ROLE {role}"
    );
    client.batch_execute(&grant).await.unwrap();
    let made: i32 = client
        .query_one("SELECT suiftly_ensure_partitions('haproxy_raw_logs', $1::text::timestamptz, $1::text::timestamptz + interval '90 minutes')", &[&"2026-12-01 00:30+00"])
        .await
        .unwrap()
        .get(0);
    assert_eq!(made, 2);
    client.batch_execute(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}
