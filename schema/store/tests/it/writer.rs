//! Commits and what a writer resumes from.

use crate::model::{HOUR_MS, Model, some_records, start};
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_schema::ids::{CustomerId, Epoch, Service};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, Usage, UsageKey, UsageSums};
use suiftly_schema::view::{EpochDeltas, HourKey};
use suiftly_store::StoreError;
use suiftly_store::testing::{TestDatabase, on_each_store};
use suiftly_store::writer::{Commit, Resume, Writer};
use tokio_postgres::Client;

#[tokio::test]
async fn a_restart_goes_on_where_the_last_commit_ended() {
    on_each_store(async |database| {
        let (mut writer, resume) = Writer::open(database.config(), "j").await.unwrap();
        assert_eq!(resume, Resume::default());
        let mut model = Model::default();
        for seed in 0..3 {
            let commit = model.commit(some_records(seed, 100, model.now()));
            writer.commit(&[commit]).await.unwrap();
        }
        drop(writer);

        let (writer, resume) = Writer::open(database.config(), "j").await.unwrap();
        assert_eq!(writer.watermark(), 3);
        assert!(resume.journal_known);
        assert_eq!((resume.epoch, resume.cut_at, resume.journal_end), (3, model.now(), 3_000));
        assert_eq!((resume.counts, resume.records), (model.counts.clone(), 300));
        assert_eq!(resume.windows, [model.window()]);
        let mut rated = resume.rated.clone();
        rated.sort();
        assert_eq!(rated, model.rated_rows());
        let mut in_all = BTreeMap::<CustomerId, i64>::new();
        rated.iter().for_each(|(key, sums)| *in_all.entry(key.customer_id).or_default() += sums.rated.0);
        let found: BTreeMap<_, _> = resume.rated_in_all.iter().map(|(customer, all)| (*customer, all.0)).collect();
        assert_eq!(found, in_all);
        drop(writer);

        // Another journal begins at nothing, but for what has been rated, and the vault.
        let (_, other) = Writer::open(database.config(), "another").await.unwrap();
        let Resume { rated, rated_in_all, key_grants, access_grants, .. } = resume;
        assert!(!key_grants.is_empty() && !access_grants.is_empty());
        assert_eq!(other, Resume { rated, rated_in_all, key_grants, access_grants, ..Resume::default() });
    })
    .await;
}

/// All of a database that a commit can touch, as text.
pub(crate) async fn contents(client: &Client) -> String {
    let mut all = String::new();
    let tables = [
        ("haproxy_raw_logs_all", ""),
        ("haproxy_system_logs", ""),
        ("usage_per_minute", ""),
        ("usage_per_hour", ""),
        ("rated", ""),
        ("journal_watermarks", "updated_at"),
        ("worker_windows", "updated_at"),
        ("worker_homes", ""),
        ("folded_workers", "updated_at"),
        ("open_streams", ""),
        ("infra_per_minute", ""),
        ("infra_per_hour", ""),
        ("infra_per_day", ""),
        ("key_activity", ""),
        ("key_activity_per_hour", ""),
        ("spend", ""),
        ("vault_keys", ""),
        ("vault_access", ""),
        ("quarantine", ""),
    ];
    for (table, without) in tables {
        let select = format!(
            "SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM (SELECT (to_jsonb(t) - '{without}')::text AS line FROM {table} AS t) AS x"
        );
        all.push_str(client.query_one(&select, &[]).await.unwrap().get(0));
        all.push('\n');
    }
    all
}

#[tokio::test]
async fn several_epochs_at_once_are_the_same_as_one_by_one() {
    let (one, many) = (TestDatabase::create().await, TestDatabase::create().await);
    let mut model = Model::default();
    let commits: Vec<_> = (0..5).map(|seed| model.commit(some_records(seed, 40, model.now()))).collect();
    let (mut writer, _) = Writer::open(one.config(), "j").await.unwrap();
    for commit in commits.chunks(1) {
        writer.commit(commit).await.unwrap();
    }
    let (mut writer, _) = Writer::open(many.config(), "j").await.unwrap();
    writer.commit(&[]).await.unwrap();
    writer.commit(&commits).await.unwrap();
    let found = contents(&many.client().await).await;
    assert!(found.len() > 10_000);
    assert_eq!(found, contents(&one.client().await).await);
}

async fn refused(writer: &mut Writer, commit: &Arc<Commit>) -> (Epoch, Epoch) {
    match writer.commit(std::slice::from_ref(commit)).await {
        Err(StoreError::NotNext { first, watermark, .. }) => (first, watermark),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_does_not_follow_the_watermark_writes_nothing() {
    on_each_store(async |database| {
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        let mut model = Model::default();
        let first = model.commit(some_records(1, 40, model.now()));
        let second = model.commit(some_records(2, 40, model.now()));
        writer.commit(std::slice::from_ref(&second)).await.unwrap();
        let client = database.client().await;
        let before = contents(&client).await;
        assert_eq!(refused(&mut writer, &second).await, (2, 2));
        assert_eq!(refused(&mut writer, &first).await, (1, 2));
        assert_eq!(contents(&client).await, before);

        // Somebody moves the watermark behind our back: the database itself compares.
        let third = model.commit(some_records(3, 40, model.now()));
        for moved in [1_i64, 3] {
            client.execute("UPDATE journal_watermarks SET epoch = $1", &[&moved]).await.unwrap();
            let before = contents(&client).await;
            assert_eq!(refused(&mut writer, &third).await, (3, moved.cast_unsigned()));
            assert_eq!(contents(&client).await, before);
            client.execute("UPDATE journal_watermarks SET epoch = 2", &[]).await.unwrap();
        }
        writer.commit(&[third]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_the_database_refuses_leaves_nothing_behind() {
    on_each_store(async |database| {
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        let mut model = Model::default();
        let good = model.commit(some_records(1, 40, model.now()));
        let client = database.client().await;
        let before = contents(&client).await;
        // A minute that is none, after the records have gone through.
        let mut bad = Commit::clone(&good);
        Arc::make_mut(&mut bad.deltas).minutes[0].0.minute.0 += 1;
        let error = writer.commit(&[bad.into()]).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused { attempted: "add usage", .. }), "{error}");
        assert_eq!(contents(&client).await, before);
        writer.commit(&[good]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_second_writer_is_turned_away() {
    on_each_store(async |database| {
        let (writer, _) = Writer::open(database.config(), "j").await.unwrap();
        for journal in ["j", "another"] {
            let error = Writer::open(database.config(), journal).await.map(|_| ()).unwrap_err();
            assert!(matches!(error, StoreError::SecondWriter { .. }), "{error}");
        }
        drop(writer);
        Writer::open(database.config(), "j").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn late_minutes_count_in_their_hour_and_corrections_subtract() {
    on_each_store(async |database| {
        let usage = UsageKey { customer_id: CustomerId::new(7), service: Some(Service::Grpc), network: None };
        let commit = |epoch, age_ms: i64, sums: UsageSums| {
            let at = start().plus_ms(-age_ms);
            let used = Usage { sums, ..Usage::default() };
            let deltas = EpochDeltas {
                epoch,
                minutes: vec![(MinuteKey { usage, minute: at.minute() }, used.clone())],
                hours: vec![(HourKey { usage, hour: at.hour() }, used)],
                ..EpochDeltas::default()
            };
            Arc::new(Commit { epoch, cut_at: start(), deltas: deltas.into(), ..Commit::default() })
        };
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        let sums = UsageSums { guaranteed: 10, bytes_sent: 100, ..UsageSums::default() };
        let correction = UsageSums { guaranteed: -3, bytes_sent: -30, ..UsageSums::default() };
        let day = 24 * HOUR_MS;
        let commits = [commit(1, 0, sums), commit(2, day, sums), commit(3, day + 60_000, sums)];
        writer.commit(&commits).await.unwrap();
        writer.commit(&[commit(4, 0, correction)]).await.unwrap();

        let client = database.client().await;
        let guaranteed = async |table: &str| -> Vec<i64> {
            let select = format!("SELECT guaranteed FROM {table} ORDER BY 1");
            client.query(&select, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
        };
        assert_eq!(guaranteed("usage_per_minute").await, [7, 10]);
        assert_eq!(guaranteed("usage_per_hour").await, [7, 20]);
        let sent: i64 = client
            .query_one("SELECT sum(bytes_sent)::bigint FROM usage_per_hour WHERE network = -1 AND customer_id = 7", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(sent, 270);
        assert!(UnixMillis::MIN < start());
    })
    .await;
}

#[tokio::test]
async fn forged_bytes_saturate_and_never_stop_the_writer() {
    on_each_store(async |database| {
        let usage = UsageKey { customer_id: CustomerId::new(7), service: Some(Service::Grpc), network: None };
        let sums = UsageSums { bytes_sent: i64::MAX - 1, billable_bytes: i64::MAX - 1, ..UsageSums::default() };
        let commit = |epoch| {
            let used = Usage { sums, ..Usage::default() };
            let minutes = vec![(MinuteKey { usage, minute: start().minute() }, used.clone())];
            let hours = vec![(HourKey { usage, hour: start().hour() }, used)];
            let deltas = EpochDeltas { epoch, minutes, hours, ..EpochDeltas::default() };
            Arc::new(Commit { epoch, cut_at: start(), deltas: deltas.into(), ..Commit::default() })
        };
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        // Within one transaction, and on top of what is there.
        for commits in [&[commit(1)][..], &[commit(2)], &[commit(3), commit(4)]] {
            writer.commit(commits).await.unwrap();
        }
        for table in ["usage_per_minute", "usage_per_hour"] {
            let select = format!("SELECT bytes_sent, billable_bytes FROM {table}");
            let row = database.client().await.query_one(&select, &[]).await.unwrap();
            assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (i64::MAX, i64::MAX), "{table}");
        }
    })
    .await;
}
