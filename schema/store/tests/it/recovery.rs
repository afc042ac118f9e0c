//! Answers lost, lines cut, backends killed: whatever happens, every epoch is in once.

use crate::model::{Model, some_records};
use crate::proxy::{Fault, Proxy};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;
use suiftly_store::StoreError;
use suiftly_store::config::StoreConfig;
use suiftly_store::reader::{Bucket, Filter, QuarantineQuery, Reader, UsageQuery};
use suiftly_store::testing::{TestDatabase, on_each_store};
use suiftly_store::writer::{Commit, Writer};

const JOURNAL: &str = "recovery";
/// A caller tries again for ever; a test does not.
const TRIES_MAX: usize = 10;

/// Commits as the caller does: the same again, as long as the database is away.
async fn commit_at_last(writer: &mut Writer, commits: &[Arc<Commit>]) -> usize {
    for failures in 0..TRIES_MAX {
        match writer.commit(commits).await {
            Ok(()) => return failures,
            Err(error) => assert!(error.is_unavailable(), "{error}"),
        }
    }
    panic!("not committed in {TRIES_MAX} tries");
}

/// What is in the database is what the model counts.
async fn check(config: &StoreConfig, model: &Model) {
    let reader = Reader::new(config, JOURNAL).unwrap();
    let (filter, span) = (Filter::default(), crate::model::everything());
    let days = reader.rows(&UsageQuery { filter, bucket: Bucket::Day, span, times: true }).await.unwrap();
    let days = days.into_sums(model.now()).into_iter().map(|(day, usage)| (day, usage.sums));
    assert_eq!(days.collect::<Vec<_>>(), model.series(&filter, Bucket::Day.width_ms(), span));
    let pipeline = reader.pipeline_totals().await.unwrap();
    assert_eq!(pipeline.watermark.epoch, model.epoch);
    assert_eq!(pipeline.counts, model.counts);
    assert_eq!(pipeline.records, model.records.len() as u64);
    assert_eq!(reader.count_records().await.unwrap(), model.records.len() as u64);
    let month = crate::model::start().month();
    let rated = reader.rated_month(&Filter::default(), month).await.unwrap();
    assert_eq!(rated.rated, model.rated_in(&Filter::default(), month));
    let page = reader.quarantine_page(&QuarantineQuery { limit: 1_000, ..QuarantineQuery::default() }).await.unwrap();
    let quarantined: Vec<_> = page.into_iter().rev().map(|line| (line.journal_offset, line.outcome)).collect();
    assert_eq!(quarantined, model.quarantined.clone().into_iter().collect::<Vec<_>>());
    crate::views::check(config, model).await;
}

#[tokio::test]
async fn every_fault_of_a_commit() {
    for fault in [Fault::None, Fault::CutBefore, Fault::CutAfter, Fault::CutCopy] {
        let database = TestDatabase::create().await;
        let proxy = Proxy::before(database.config());
        let (mut writer, _) = Writer::open(proxy.config(), JOURNAL).await.unwrap();
        let mut model = Model::default();
        let first = model.commit(some_records(1, 50, model.now()));
        assert_eq!(commit_at_last(&mut writer, &[first]).await, 0);

        let second = model.commit(some_records(2, 50, model.now()));
        let third = model.commit(some_records(3, 50, model.now()));
        proxy.next(fault);
        let failures = commit_at_last(&mut writer, &[second, third]).await;
        assert_eq!(failures > 0, fault != Fault::None, "{fault:?}");
        let fourth = model.commit(some_records(4, 50, model.now()));
        commit_at_last(&mut writer, &[fourth]).await;
        assert_eq!(writer.watermark(), 4);
        check(database.config(), &model).await;
    }
}

#[tokio::test]
async fn the_same_again_with_more_behind_it() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(database.config());
    let (mut writer, _) = Writer::open(proxy.config(), JOURNAL).await.unwrap();
    let mut model = Model::default();
    let mut commits = vec![model.commit(some_records(1, 9, model.now())), model.commit(vec![])];
    proxy.next(Fault::CutAfter);
    assert!(writer.commit(&commits).await.unwrap_err().is_unavailable());
    commits.push(model.commit(some_records(2, 9, model.now())));
    commit_at_last(&mut writer, &commits).await;
    check(database.config(), &model).await;
}

#[tokio::test]
async fn two_answers_lost_in_a_row() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(database.config());
    let (mut writer, _) = Writer::open(proxy.config(), JOURNAL).await.unwrap();
    let mut model = Model::default();
    let mut commits = vec![model.commit(some_records(1, 9, model.now()))];
    proxy.next(Fault::CutAfter);
    assert!(writer.commit(&commits).await.unwrap_err().is_unavailable());
    commits.push(model.commit(some_records(2, 9, model.now())));
    proxy.next(Fault::CutAfter);
    assert!(writer.commit(&commits).await.unwrap_err().is_unavailable());
    commits.push(model.commit(some_records(3, 9, model.now())));
    commit_at_last(&mut writer, &commits).await;
    check(database.config(), &model).await;
}

#[tokio::test]
async fn the_same_again_one_by_one() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(database.config());
    let (mut writer, _) = Writer::open(proxy.config(), JOURNAL).await.unwrap();
    let mut model = Model::default();
    let commits = [model.commit(some_records(1, 9, model.now())), model.commit(some_records(2, 9, model.now()))];
    proxy.next(Fault::CutAfter);
    assert!(writer.commit(&commits).await.unwrap_err().is_unavailable());
    for commit in commits.chunks(1) {
        commit_at_last(&mut writer, commit).await;
    }
    check(database.config(), &model).await;
    // Once acknowledged they are not taken again.
    let later = model.commit(vec![]);
    commit_at_last(&mut writer, &[later]).await;
    assert!(matches!(writer.commit(&commits).await, Err(StoreError::NotNext { first: 1, watermark: 3, .. })));
}

#[tokio::test]
async fn a_commit_that_is_dropped_midway() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(database.config());
    let (mut writer, _) = Writer::open(proxy.config(), JOURNAL).await.unwrap();
    let mut model = Model::default();
    let commits = [model.commit(some_records(1, 50, model.now()))];
    proxy.next(Fault::Withhold);
    tokio::select! {
        result = writer.commit(&commits) => panic!("answered: {result:?}"),
        () = proxy.happened() => {}
    }
    // The connection waits for an answer that never comes; the database ends it.
    end_other_sessions(&database).await;
    commit_at_last(&mut writer, &commits).await;
    check(database.config(), &model).await;
}

/// A COMMIT waits for whoever holds this advisory lock.
const HELD: &str = "CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS \
    'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END'; \
    CREATE CONSTRAINT TRIGGER wait_at_commit AFTER UPDATE ON journal_watermarks DEFERRABLE INITIALLY DEFERRED \
    FOR EACH ROW EXECUTE FUNCTION wait_at_commit()";

/// As above, but the connection lives on and the commit succeeds: what is remembered of rows is not what is there.
#[tokio::test]
async fn a_commit_that_is_dropped_and_succeeds() {
    on_each_store(async |database| {
        let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
        let mut model = Model::default();
        let client = database.client().await;
        client.batch_execute(HELD).await.unwrap();
        for seed in 0..3 {
            let commits = [model.commit(some_records(seed, 50, model.now()))];
            client.batch_execute("SELECT pg_advisory_lock(42)").await.unwrap();
            tokio::select! {
                result = writer.commit(&commits) => panic!("answered: {result:?}"),
                () = somebody_waits(&client) => {}
            }
            client.batch_execute("SELECT pg_advisory_unlock(42)").await.unwrap();
            assert_eq!(commit_at_last(&mut writer, &commits).await, 0);
            let next = model.commit(some_records(seed, 50, model.now()));
            assert_eq!(commit_at_last(&mut writer, &[next]).await, 0);
            check(database.config(), &model).await;
        }
    })
    .await;
}

async fn somebody_waits(client: &tokio_postgres::Client) {
    let waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted";
    while client.query_opt(waits, &[]).await.unwrap().is_none() {}
}

async fn end_other_sessions(database: &TestDatabase) {
    let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.client().await.query(end, &[]).await.unwrap();
}

#[tokio::test]
async fn a_backend_ended_between_commits() {
    on_each_store(async |database| {
        let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
        let mut model = Model::default();
        for seed in 0..3 {
            let commit = model.commit(some_records(seed, 50, model.now()));
            commit_at_last(&mut writer, &[commit]).await;
            end_other_sessions(database).await;
        }
        check(database.config(), &model).await;
    })
    .await;
}

#[tokio::test]
async fn backends_ended_at_any_moment() {
    on_each_store(async |database| {
        let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
        let mut model = Model::default();
        let commits: Vec<_> = (0..20).map(|seed| model.commit(some_records(seed, 400, model.now()))).collect();
        let killer = database.client().await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let mut ended = 0;
        for commit in commits.chunks(1) {
            // One end to each commit, at whatever point of it; the tries after it are left alone.
            let (_, rows) = tokio::join!(commit_at_last(&mut writer, commit), killer.query(end, &[]));
            ended += rows.unwrap().len();
        }
        assert!(ended > 0, "no backend was ended");
        check(database.config(), &model).await;
    })
    .await;
}

/// One step of a random run: how many epochs are given together, of how many records each, and what goes wrong.
#[derive(Clone, Debug)]
struct Step {
    epochs: usize,
    records: usize,
    seed: u64,
    fault: Fault,
    /// Whether the writer starts anew after it.
    restart: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fault = prop::sample::select(vec![Fault::None, Fault::CutBefore, Fault::CutAfter, Fault::CutCopy]);
    let step = (1..4usize, 0..20usize, any::<u64>(), fault, any::<bool>());
    let step = step.prop_map(|(epochs, records, seed, fault, restart)| Step { epochs, records, seed, fault, restart });
    prop::collection::vec(step, 1..8)
}

#[test]
fn any_run_equals_the_recount() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::create());
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    let run = |steps: Vec<Step>| {
        runtime.block_on(async {
            let empty = "TRUNCATE journal_watermarks, worker_windows, folded_workers, haproxy_raw_logs, haproxy_raw_logs_late, \
                usage_per_minute, usage_per_hour, rated, quarantine, infra_per_minute, infra_per_hour, infra_per_day, \
                key_activity, key_activity_per_hour, spend, vault_keys, vault_access CASCADE";
            database.client().await.batch_execute(empty).await.unwrap();
            let proxy = Proxy::before(database.config());
            let (mut writer, _) = Writer::open(proxy.config(), JOURNAL).await.unwrap();
            let mut model = Model::default();
            for step in steps {
                let commits: Vec<_> = (0..step.epochs)
                    .map(|at| model.commit(some_records(step.seed ^ at as u64, step.records, model.now())))
                    .collect();
                proxy.next(step.fault);
                commit_at_last(&mut writer, &commits).await;
                if step.restart {
                    drop(writer);
                    writer = Writer::open(proxy.config(), JOURNAL).await.unwrap().0;
                }
            }
            check(database.config(), &model).await;
        });
        Ok(())
    };
    TestRunner::new(config).run(&steps(), run).unwrap();
}
