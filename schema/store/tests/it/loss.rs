//! The loss meter's rows: an upgrade of those that were there, folding, and the bounds.

use crate::model::{HOUR_MS, Model, start};
use crate::writer::contents;
use std::sync::Arc;
use suiftly_schema::loss::{HomeLines, LossTotals, WORKERS_MAX, WorkerId, WorkerWindow};
use suiftly_schema::time::UnixMillis;
use suiftly_store::migrate::{drop_database, migrate, migrate_to};
use suiftly_store::testing::{TestDatabase, connect, on_each_store};
use suiftly_store::writer::{Commit, Writer};

/// What was before this migration.
const BEFORE: i32 = 4;

/// A worker's window with some of everything.
fn window(server_id: i16, boot: i64, received: u64) -> WorkerWindow {
    WorkerWindow {
        worker: WorkerId { server_id, boot: UnixMillis(boot) },
        received,
        duplicates: 2,
        conflicts: 1,
        missing: 3,
        missing_final: 3,
        repaired: 1,
        first_seq: 1,
        highest_seq: received + 3,
        heard_at: start(),
        seen: vec![2, 0, 0, 0],
        homes: Vec::new(),
    }
}

fn totals(windows: &[&WorkerWindow]) -> LossTotals {
    let mut totals = LossTotals::default();
    windows.iter().for_each(|window| totals.add(&LossTotals::of(window)));
    totals
}

/// One commit a step: who falls out in it, and whose windows come then.
fn commits(model: &mut Model, steps: &[(&[&WorkerWindow], &[&WorkerWindow])]) -> Vec<Arc<Commit>> {
    let owned = |windows: &[&WorkerWindow]| windows.iter().copied().cloned().collect();
    let mut commit = |(folded, windows): &(&[&WorkerWindow], &[&WorkerWindow])| {
        let commit = Commit::clone(&model.commit(vec![]));
        Arc::new(Commit { folded: owned(folded), windows: owned(windows), ..commit })
    };
    steps.iter().map(&mut commit).collect()
}

#[tokio::test]
async fn folded_workers_go_into_their_servers_sums_however_epochs_are_merged() {
    let (a, b, b_later) = (window(17, 1, 10), window(17, 2, 20), window(17, 2, 25));
    let (c, c_anew, d) = (window(18, 1, 30), window(18, 1, 1), window(-5, 7, 40));
    let d_gone = WorkerWindow { seen: vec![], ..d.clone() };
    let mut model = Model::default();
    let commits = commits(
        &mut model,
        &[
            (&[], &[&a, &b, &c]),
            (&[&a], &[&b_later]),
            // Came, went and came anew within an epoch; came and went within the next.
            (&[&c, &c_anew], &[&c_anew, &d]),
            (&[&d_gone], &[]),
        ],
    );
    let expected = [(-5, totals(&[&d])), (17, totals(&[&a])), (18, totals(&[&c, &c_anew]))];
    let mut all = Vec::new();
    for at_once in 1..=commits.len() {
        let database = TestDatabase::create().await;
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        for commits in commits.chunks(at_once) {
            writer.commit(commits).await.unwrap();
        }
        drop(writer);
        let (_, resume) = Writer::open(database.config(), "j").await.unwrap();
        assert_eq!(resume.folded, expected, "{at_once} at once");
        assert_eq!(resume.windows, [c_anew.clone(), b_later.clone()], "{at_once} at once");
        all.push(contents(&database.client().await).await);
    }
    assert!(all.iter().all(|contents| *contents == all[0]));
}

/// What a home brought of that worker's lines.
fn home(of: &WorkerWindow, name: &str, received: u64) -> HomeLines {
    HomeLines {
        worker: of.worker,
        home: name.to_owned(),
        received,
        missing: 2,
        first_seq: 3,
        highest_seq: received + 4,
        heard_at: start(),
        seen: vec![1, 0, received.to_le_bytes()[0]],
    }
}

#[tokio::test]
async fn homes_stand_beside_their_worker_and_go_with_it() {
    on_each_store(async |database| {
        let with = |window: &WorkerWindow, homes: &[(&str, u64)]| {
            let homes = homes.iter().map(|(name, received)| home(window, name, *received)).collect();
            WorkerWindow { homes, ..window.clone() }
        };
        let (a, b) = (window(17, 1, 10), window(17, 2, 20));
        // Two may be called the same: names are short.
        let a = with(&a, &[("unix 00112233", 9), ("unix 00112233", 8)]);
        let b_alone = with(&b, &[("tcp 192.0.2.7 (1)", 20)]);
        // The second's place was given to another.
        let (b_two, b_other) = (
            with(&b, &[("tcp 192.0.2.7 (1)", 21), ("tcp 192.0.2.7 (2)", 5)]),
            with(&b, &[("tcp 192.0.2.7 (1)", 22), ("tcp 192.0.2.8 (2)", 1)]),
        );
        let commits = commits(
            &mut Model::default(),
            &[(&[], &[&a, &b_alone]), (&[], &[&b_two]), (&[], &[&b_other]), (&[&a], &[])],
        );
        let expected = [vec![a.clone(), b_alone], vec![a.clone(), b_two], vec![a, b_other.clone()], vec![b_other]];
        for (commit, expected) in commits.into_iter().zip(expected) {
            let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
            writer.commit(&[commit]).await.unwrap();
            drop(writer);
            let (_, resume) = Writer::open(database.config(), "j").await.unwrap();
            assert_eq!(resume.windows, expected);
        }
        let client = database.client().await;
        for wrong in [
            "UPDATE worker_homes SET missing = missing + 1",
            "UPDATE worker_homes SET boot = now()",
            "UPDATE worker_homes SET home = ''",
        ] {
            let error = client.batch_execute(wrong).await.unwrap_err();
            assert!(error.as_db_error().unwrap().code().code().starts_with("23"), "{wrong}: {error}");
        }
        client.batch_execute("DELETE FROM worker_windows").await.unwrap();
        let left = client.query_one("SELECT count(*) FROM worker_homes", &[]).await.unwrap().get::<_, i64>(0);
        assert_eq!(left, 0);
    })
    .await;
}

#[tokio::test]
async fn sums_stop_at_the_largest_instead_of_stopping_the_writer() {
    on_each_store(async |database| {
        let huge = WorkerWindow { missing: u64::MAX >> 1, highest_seq: u64::MAX >> 1, ..window(17, 1, 1) };
        let mut model = Model::default();
        let commits = commits(&mut model, &[(&[&huge, &huge], &[]), (&[&huge], &[])]);
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        for commit in commits {
            writer.commit(&[commit]).await.unwrap();
        }
        drop(writer);
        let (_, resume) = Writer::open(database.config(), "j").await.unwrap();
        assert_eq!(resume.folded.len(), 1);
        let (_, sum) = resume.folded[0];
        assert_eq!((sum.workers, sum.received, sum.missing), (3, 3, u64::MAX >> 1));
    })
    .await;
}

/// As the first version of this program left it: no bound on rows, and no clock of the journal's in them.
const OLD_ROWS: &str = "INSERT INTO journal_watermarks \
        (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, rejected, records) \
        VALUES ('j', 9, '2026-12-01T00:30:00Z', 1, 1, 1, 0, 0, '{}', 1); \
    INSERT INTO worker_windows (journal_id, server_id, boot, received, duplicates, conflicts, missing, first_seq, \
        highest_seq, seen, updated_at) \
        SELECT 'j', n % 2, timestamptz '2026-11-01T00:00:00Z' + n * interval '1 second', 10, 2, 1, 3, 1, 13, \
            '\\x0109', timestamptz '2026-12-01T00:31:00Z' - n * interval '1 minute' FROM generate_series(0, $N) AS n";

#[tokio::test]
async fn an_old_database_is_upgraded_and_what_is_beyond_the_bound_is_folded() {
    on_each_store(async |database| {
        let old = database.owner().with_database(&format!("old_{}", database.config().database()));
        migrate_to(&old, BEFORE).await.unwrap();
        let surplus = 5;
        let rows = OLD_ROWS.replace("$N", &(WORKERS_MAX + surplus - 1).to_string());
        connect(&old).await.batch_execute(&rows).await.unwrap();
        migrate(&old).await.unwrap();

        let (writer, resume) = Writer::open(&old, "j").await.unwrap();
        assert_eq!((resume.epoch, resume.windows.len()), (9, WORKERS_MAX));
        // By birth: the one born last was heard of longest ago.
        let heard_at: Vec<i64> = resume.windows.iter().map(|window| window.heard_at.0 - start().0).collect();
        let minute = HOUR_MS / 60;
        assert_eq!(heard_at[..4], [0, 0, -minute, -2 * minute], "not after the journal's last epoch");
        let first = &resume.windows[0];
        assert_eq!((first.received, first.missing, first.missing_final, first.repaired), (10, 3, 0, 0));
        assert_eq!(first.seen, [1, 9], "its state is of the first version still");
        let sum = |workers| LossTotals {
            workers,
            received: 10 * workers,
            duplicates: 2 * workers,
            conflicts: workers,
            missing: 3 * workers,
            repaired: 0,
        };
        assert_eq!(resume.folded, [(0, sum(3)), (1, sum(2))]);
        drop(writer);
        let (writer, again) = Writer::open(&old, "j").await.unwrap();
        assert_eq!(again, resume);
        drop(writer);
        drop_database(&old).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rows_that_cannot_be_are_refused() {
    on_each_store(async |database| {
        let mut model = Model::default();
        let one = window(17, 1, 10);
        let commits = commits(&mut model, &[(&[&one], &[&one])]);
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        writer.commit(&commits).await.unwrap();
        let client = database.client().await;
        for wrong in [
            "UPDATE worker_windows SET missing_final = missing + 1",
            "UPDATE worker_windows SET missing_final = -1",
            "UPDATE worker_windows SET repaired = received + 1",
            "UPDATE worker_windows SET missing = highest_seq",
            "UPDATE worker_windows SET heard_at = NULL",
            "INSERT INTO worker_windows (journal_id, server_id, boot, received, duplicates, conflicts, missing, first_seq, \
             highest_seq, seen) SELECT 'j', 2, now(), 1, 0, 0, 0, 1, 1, ''",
            "UPDATE folded_workers SET workers = 0",
            "UPDATE folded_workers SET repaired = received + 1",
            "UPDATE folded_workers SET missing = -1",
            "UPDATE folded_workers SET journal_id = 'unknown'",
        ] {
            let error = client.batch_execute(wrong).await.unwrap_err();
            let code = error.as_db_error().unwrap().code().code().to_owned();
            assert!(code.starts_with("23"), "{wrong}: {error}");
        }
        client.batch_execute("DELETE FROM journal_watermarks").await.unwrap();
        let left = client.query_one("SELECT count(*) FROM folded_workers", &[]).await.unwrap().get::<_, i64>(0);
        assert_eq!(left, 0, "they go with their journal");
    })
    .await;
}
