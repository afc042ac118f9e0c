//! The manager: one holder at a time, jobs on their schedule, over PostgreSQL.

use crate::desk::{Desk, instant};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use suiftly_schema::ids::Service;
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_settlement::escrow::EmbeddedEscrow;
use suiftly_settlement::manager::{Job, Manager, ManagerOptions, ManagerStatus, jobs};
use suiftly_settlement::{ManagerClock, Settlement};
use suiftly_store::StoreError;
use suiftly_store::money::{MoneyStore, Notice, NoticeQuery, RunOutcome, Severity};
use suiftly_store::testing::TestDatabase;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A test that hangs fails.
const PATIENCE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
const DAY_MS: i64 = 86_400_000;

fn options(holder: &str) -> ManagerOptions {
    let (try_every, look_every) = (Duration::from_millis(30), Duration::from_millis(10));
    ManagerOptions { try_every, look_every, ..ManagerOptions::new(holder) }
}

/// A running manager.
struct Running {
    status: watch::Receiver<ManagerStatus>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(database: &TestDatabase, holder: &str, jobs: Vec<Job>) -> Self {
        Self::with(database, options(holder), jobs)
    }

    fn with(database: &TestDatabase, options: ManagerOptions, jobs: Vec<Job>) -> Self {
        let manager = Manager::new(database.config(), Arc::new(ManagerClock::default()), jobs, options);
        let (status, stop) = (manager.status(), CancellationToken::new());
        let stopped = stop.clone();
        let task = tokio::spawn(async move { manager.run(&stopped).await });
        Self { status, stop, task }
    }

    async fn until(&mut self, what: impl FnMut(&ManagerStatus) -> bool) {
        tokio::time::timeout(PATIENCE, self.status.wait_for(what)).await.expect("a manager hangs").unwrap();
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("a manager does not end").unwrap();
    }
}

fn idle(name: &'static str) -> Job {
    Job::new(name, DAY, async || Ok(None))
}

/// A job that tells when it is at it, and goes on when it is let.
fn waiting(name: &'static str, begun: &Arc<Notify>, go_on: &Arc<Notify>) -> Job {
    let (begun, go_on) = (Arc::clone(begun), Arc::clone(go_on));
    Job::new(name, DAY, move || {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        async move {
            begun.notify_one();
            go_on.notified().await;
            Ok(Some(json!({"waited": true})))
        }
    })
}

async fn runs(database: &TestDatabase, job: &str) -> Vec<(String, Option<RunOutcome>)> {
    let runs = MoneyStore::new(database.config()).unwrap().runs(Some(job), 100).await.unwrap();
    runs.into_iter().rev().map(|run| (run.holder, run.ended.map(|(_, outcome)| outcome))).collect()
}

async fn kill_holder(database: &TestDatabase) {
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_database AS d ON d.oid = database \
        WHERE datname = current_database() AND locktype = 'advisory' AND granted AND objid = 1768292357";
    let killed: i64 = database.client().await.query_one(kill, &[]).await.unwrap().get(0);
    assert_eq!(killed, 1, "one has the lock");
}

#[tokio::test]
async fn another_takes_over_when_the_holder_dies() {
    let database = TestDatabase::create().await;
    // As the program runs them.
    let standard = |holder: &str| ManagerOptions::new(holder);
    let mut first = Running::with(&database, standard("first"), vec![idle("job")]);
    first.until(|status| status.is_holder).await;
    let mut second = Running::with(&database, standard("second"), vec![idle("job")]);

    // Its process is gone, and all it had open.
    first.task.abort();
    second.until(|status| status.is_holder).await;

    // Its connection is gone, and it does not know yet: another has the lock before it has noticed, or it gets it again.
    let mut third = Running::start(&database, "third", vec![idle("job")]);
    kill_holder(&database).await;
    third.until(|status| status.is_holder).await;
    second.until(|status| !status.is_holder).await;
    third.end().await;
    second.until(|status| status.is_holder).await;
    second.end().await;
}

#[tokio::test]
async fn runs_left_by_the_dead_are_abandoned_and_done_again() {
    let database = TestDatabase::create().await;
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let first = Running::start(&database, "first", vec![waiting("job", &begun, &go_on)]);
    begun.notified().await;
    let mut second = Running::start(&database, "second", vec![waiting("job", &begun, &go_on)]);
    first.task.abort();
    second.until(|status| status.is_holder).await;
    begun.notified().await;
    go_on.notify_one();
    second.until(|status| status.jobs["job"].done == 1).await;
    second.end().await;
    let expected = [("first".to_owned(), Some(RunOutcome::Abandoned)), ("second".to_owned(), Some(RunOutcome::Done))];
    assert_eq!(runs(&database, "job").await, expected);
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_and_stops_no_other() {
    let database = TestDatabase::create().await;
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let failing = Job::new("failing", DAY, move || {
        let tried = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            assert!(tried != 1, "a panic is a failure too");
            if tried < 1 { Err("no luck".into()) } else { Ok(Some(json!({"tries": tried + 1}))) }
        }
    });
    // What comes after it waits until it is done.
    let found = Arc::clone(&tries);
    let behind = Job::new("behind", DAY, move || {
        let found = found.load(Ordering::Relaxed);
        async move { Ok(Some(json!({"tries": found}))) }
    });
    let jobs = vec![failing, idle("other"), behind.after("failing")];
    let manager = Manager::new(database.config(), Arc::new(ManagerClock::default()), jobs.clone(), options("hand"));
    let reports = manager.run_due_once().await.unwrap();
    let outcomes: Vec<_> = reports.iter().map(|report| (report.job, report.outcome)).collect();
    assert_eq!(outcomes, [("failing", RunOutcome::Failed), ("other", RunOutcome::Done)]);
    let mut running = Running::start(&database, "it", jobs);
    running.until(|status| status.jobs["behind"].done == 1).await;
    assert_eq!(running.status.borrow().jobs["failing"].failed, 1);
    running.end().await;
    let store = MoneyStore::new(database.config()).unwrap();
    let runs = store.runs(Some("failing"), 10).await.unwrap();
    let details: Vec<_> = runs.iter().rev().map(|run| run.detail.clone().unwrap()).collect();
    assert_eq!((&details[0], &details[2]), (&json!({"error": "no luck"}), &json!({"tries": 3})));
    assert!(details[1]["error"].as_str().unwrap().contains("panic"), "{}", details[1]);
    assert_eq!(store.runs(Some("behind"), 10).await.unwrap()[0].detail, Some(json!({"tries": 3})));
    let jobs = store.jobs().await.unwrap();
    assert!(jobs.len() == 3 && jobs.iter().all(|job| job.failures == 0), "{jobs:?}");
}

#[tokio::test]
async fn a_clock_that_is_moved_makes_jobs_due() {
    let database = TestDatabase::create().await;
    let store = MoneyStore::new(database.config()).unwrap();
    let mut running = Running::start(&database, "it", vec![idle("daily")]);
    running.until(|status| status.jobs["daily"].done == 1).await;
    let before = running.status.borrow().jobs["daily"].last_done_at.unwrap();
    store.set_clock_offset(40 * DAY_MS).await.unwrap();
    running.until(|status| status.jobs["daily"].done == 2).await;
    assert!(running.status.borrow().jobs["daily"].last_done_at.unwrap() >= before.plus_ms(40 * DAY_MS));
    running.end().await;

    let back = store.set_clock_offset(40 * DAY_MS - 1).await.unwrap_err();
    assert!(matches!(back, StoreError::ClockBackwards { .. }), "{back}");
    assert_eq!(store.clock_offset().await.unwrap(), 40 * DAY_MS);
}

#[tokio::test]
async fn a_production_database_has_no_clock_to_move() {
    let database = TestDatabase::create().await;
    let production = database.owner().database().replace("_test", "_live");
    let rename = |from: &str, to: &str| format!("ALTER DATABASE {from} RENAME TO {to}");
    let server = suiftly_store::testing::connect(&database.owner().with_database("postgres")).await;
    server.batch_execute(&rename(database.owner().database(), &production)).await.unwrap();
    let store = MoneyStore::new(&database.config().with_database(&production)).unwrap();
    let told = store.set_clock_offset(1).await.unwrap_err().to_string();
    let offset = store.clock_offset().await.unwrap();
    drop(store);
    // Back, whatever was found, so that it is dropped.
    let back = rename(&production, database.owner().database());
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    server.execute(end, &[&production]).await.unwrap();
    server.batch_execute(&back).await.unwrap();
    assert!(told.starts_with("will not move the clock of database"), "{told}");
    assert_eq!(offset, 0);
}

#[tokio::test]
async fn jobs_at_hand_end_before_a_manager_does_for_a_while() {
    let database = TestDatabase::create().await;
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let running = Running::start(&database, "patient", vec![waiting("job", &begun, &go_on)]);
    begun.notified().await;
    running.stop.cancel();
    go_on.notify_one();
    running.end().await;
    assert_eq!(runs(&database, "job").await, [("patient".to_owned(), Some(RunOutcome::Done))]);

    let hurried = ManagerOptions { drain_timeout: Duration::ZERO, ..options("hurried") };
    let hung = Running::with(&database, hurried, vec![waiting("hung", &begun, &go_on)]);
    begun.notified().await;
    hung.end().await;
    assert_eq!(runs(&database, "hung").await, [("hurried".to_owned(), None)], "the next manager sees to it");
}

#[tokio::test]
async fn what_is_due_is_run_once_in_order_by_whoever_has_the_lock() {
    let database = TestDatabase::create().await;
    let jobs = vec![idle("first"), Job::new("second", DAY, async || Ok(Some(json!({"n": 2}))))];
    let manager = Manager::new(database.config(), Arc::new(ManagerClock::default()), jobs.clone(), options("hand"));
    let reports = manager.run_due_once().await.unwrap();
    let found: Vec<_> = reports.iter().map(|report| (report.job, report.outcome, report.detail.clone())).collect();
    let expected = [("first", RunOutcome::Done, None), ("second", RunOutcome::Done, Some(json!({"n": 2})))];
    assert_eq!(found, expected);
    assert_eq!(manager.run_due_once().await.unwrap(), [], "nothing is due");

    let mut holder = Running::start(&database, "holder", jobs);
    holder.until(|status| status.is_holder).await;
    let told = manager.run_due_once().await.unwrap_err().to_string();
    assert!(told.starts_with("another process is the manager"), "{told}");
    holder.end().await;
    manager.run_due_once().await.unwrap();
}

#[tokio::test]
async fn a_job_does_not_begin_while_the_one_before_it_runs() {
    let database = TestDatabase::create().await;
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let jobs = vec![waiting("turn", &begun, &go_on), idle("beside"), idle("behind").after("turn")];
    let mut running = Running::start(&database, "it", jobs);
    begun.notified().await;
    running.until(|status| status.jobs["beside"].done == 1).await;
    assert_eq!(runs(&database, "behind").await, []);
    go_on.notify_one();
    running.until(|status| status.jobs["behind"].done == 1).await;
    running.end().await;
}

#[tokio::test]
async fn a_manager_waits_for_a_database_that_is_away() {
    let database = TestDatabase::create().await;
    let server = suiftly_store::testing::connect(&database.owner().with_database("postgres")).await;
    let name = database.owner().database();
    let allow = async |is_allowed: bool| {
        server.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {is_allowed}")).await.unwrap();
    };
    let mut running = Running::start(&database, "it", vec![idle("job")]);
    running.until(|status| status.is_holder).await;
    allow(false).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    server.execute(end, &[&name]).await.unwrap();
    running.until(|status| !status.is_holder).await;
    assert!(!running.task.is_finished());
    allow(true).await;
    running.until(|status| status.is_holder).await;
    running.end().await;
}

#[tokio::test]
async fn the_programs_jobs_run_and_say_what_they_did() {
    let desk = Desk::at("2026-11-16T12:00:00Z").await;
    let escrow = Arc::new(EmbeddedEscrow::new(desk.database.config()).unwrap());
    let clock = Arc::new(ManagerClock::default());
    let settlement = Settlement::new(desk.store.clone(), escrow, Arc::clone(&clock) as _);
    let customer = desk.customer(1, 0, 25_000).await;
    // Of the month that it is in truth, so that none is to be begun.
    desk.run("UPDATE customers SET current_month_start = date_trunc('month', now() AT TIME ZONE 'UTC')").await;
    settlement.deposit(customer, 20_000).await.unwrap();
    let wanted = Order::Enable(Subscription::of(Tier::Starter));
    let ordered = settlement.order(customer, Service::Seal, wanted, None).await.unwrap();

    let manager = Manager::new(desk.database.config(), clock, jobs(&settlement), options("it"));
    let reports = manager.run_due_once().await.unwrap();
    let failed: Vec<_> = reports.iter().filter(|report| report.outcome != RunOutcome::Done).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let names: Vec<_> = reports.iter().map(|report| report.job).collect();
    let expected = [
        "escrow_events",
        "escrow_accounts",
        "renew",
        "close",
        "notes",
        "charge",
        "ledger_check",
        "reconcile",
        "shadow",
        "closures",
        "runs_retention",
    ];
    assert_eq!(names, expected);
    let drawn = ordered.quote.total_now.0 / 10_000;
    let charge = reports[5].detail.as_ref().unwrap();
    assert_eq!((&charge["charged"]["charged"], &charge["charged"]["charged_usd_cents"]), (&json!(1), &json!(drawn)));
    assert_eq!(reports[6].detail, None, "the ledger agrees");

    // Somebody changes a figure past the ledger: it is told, once a day.
    desk.run("UPDATE customers SET current_balance_usd_cents = current_balance_usd_cents + 1").await;
    for _ in 0..2 {
        desk.run("UPDATE manager_jobs SET next_at = '2026-01-01'").await;
        let reports = manager.run_due_once().await.unwrap();
        // Both see it: the ledger, and the escrow's account.
        for at in [6, 7] {
            assert_eq!(reports[at].detail.as_ref().unwrap()["differences"], json!(1), "{}", reports[at].job);
        }
    }
    let critical = desk
        .text("SELECT string_agg(kind || ' ' || severity, ',') FROM notifications WHERE kind LIKE '%differs'")
        .await;
    assert_eq!(critical, "ledger_differs critical,escrow_differs critical");
}

#[tokio::test]
async fn notifications_are_told_once_and_acknowledged() {
    let desk = Desk::at("2026-11-16T12:00:00Z").await;
    let customer = desk.customer(1, 0, 25_000).await;
    let notice = |key: &str, customer| Notice {
        key: key.to_owned(),
        customer,
        severity: Severity::Warning,
        kind: "something",
        body: json!({"figure": 7}),
    };
    let now = desk.now();
    for (key, customer, is_new) in [("a", Some(customer), true), ("a", None, false), ("b", None, true)] {
        assert_eq!(desk.store.note(&notice(key, customer), now.plus_ms(5)).await.unwrap(), is_new, "{key}");
    }
    let keys = async |query: NoticeQuery| -> Vec<String> {
        let found = desk.store.notices(&NoticeQuery { limit: 10, ..query }).await.unwrap();
        found.into_iter().map(|notice| notice.key).collect()
    };
    let all = NoticeQuery::default();
    assert_eq!(keys(all).await, ["b", "a"]);
    assert_eq!(keys(NoticeQuery { customer: Some(customer), ..all }).await, ["a"]);
    let found = desk.store.notices(&NoticeQuery { limit: 1, ..all }).await.unwrap().remove(0);
    assert_eq!(
        (found.severity, found.created_at, &found.body),
        (Severity::Warning, now.plus_ms(5), &json!({"figure": 7}))
    );
    assert_eq!(keys(NoticeQuery { before: Some(found.id), ..all }).await, ["a"]);
    for at in [now.plus_ms(9), now.plus_ms(10)] {
        assert!(desk.store.acknowledge_notice(found.id, at).await.unwrap());
    }
    assert!(!desk.store.acknowledge_notice(99, now).await.unwrap());
    assert_eq!(keys(NoticeQuery { is_unacknowledged: true, ..all }).await, ["a"]);
    let found = desk.store.notices(&NoticeQuery { limit: 1, ..all }).await.unwrap().remove(0);
    assert_eq!(found.acknowledged_at, Some(now.plus_ms(9)), "the first time counts");
}

#[tokio::test]
async fn old_runs_go_and_those_that_did_nothing_sooner() {
    let desk = Desk::at("2026-11-16T12:00:00Z").await;
    desk.run(
        "INSERT INTO manager_runs (job, holder, started_at, ended_at, outcome, detail) VALUES \
            ('old', 'x', '2026-10-01', '2026-10-01', 'done', '1'), ('old', 'x', '2026-10-01', '2026-10-02', 'abandoned', NULL), \
            ('idle', 'x', '2026-11-10', '2026-11-10', 'done', NULL), ('busy', 'x', '2026-11-10', '2026-11-10', 'done', '1'), \
            ('failed', 'x', '2026-11-10', '2026-11-10', 'failed', '1'), ('hangs', 'x', '2026-10-01', NULL, NULL, NULL)",
    )
    .await;
    let (before, idle_before) = (instant("2026-10-17T00:00:00Z"), instant("2026-11-15T00:00:00Z"));
    assert_eq!(desk.store.remove_runs(before, idle_before, 2).await.unwrap(), 2);
    assert_eq!(desk.store.remove_runs(before, idle_before, 2).await.unwrap(), 1);
    let left: Vec<_> = desk.store.runs(None, 10).await.unwrap().into_iter().map(|run| run.job).collect();
    assert_eq!(left, ["hangs", "failed", "busy"]);
}
