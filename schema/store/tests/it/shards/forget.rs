//! Going on without a journal that is lost: what it had brought is known, whoever is behind is told all else, and where it
//! cannot be known what was charged nothing is done.

use super::processes::{
    EPOCHS, ORDER, Process, SERVERS, clustered, order_row, part, start as start_all, thirds, whole_commits,
};
use super::{by_one, nothing_is_ahead, rows};
use crate::model::{HOUR_MS, start};
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::WorkerWindow;
use suiftly_schema::record::{LineId, Record};
use suiftly_schema::shard::Shard;
use suiftly_store::StoreError;
use suiftly_store::config::StoreConfig;
use suiftly_store::shards::{ClusterStore, CutRow, Forget, LostLines, OrderRow};
use suiftly_store::testing::TestDatabase;
use suiftly_store::writer::Commit;

/// The number of the journal that is lost, ingester b's.
const LOST: u16 = 2;
/// The last epoch that takes something in of it.
const LOST_THROUGH: Epoch = 2;
/// Each epoch takes in so many bytes of each journal.
const SPAN: u64 = 100;
/// Two of three processes have not stored what dedup knew after the second epoch; they stand at 3, 4 and 2.
const APART: [(usize, Epoch); 8] = [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2), (1, 4), (0, 3)];

/// What a single process would store, each line with its number. None tells of a stream.
fn commits() -> Vec<Arc<Commit>> {
    let numbered = |whole: &Arc<Commit>| {
        let mut commit = Commit::clone(whole);
        for (at, record) in (0..).zip(&mut commit.records) {
            let server_id = SERVERS[usize::try_from(at % 3).unwrap()];
            let seq = u32::try_from(commit.epoch * SPAN + at).unwrap();
            record.server_id = Some(server_id);
            record.line_id = Some(LineId { server_id, boot: start(), seq });
            record.traffic_type = record.traffic_type.min(6);
            record.journal_offset = (commit.epoch - 1) * SPAN + at;
        }
        Arc::new(commit)
    };
    whole_commits().iter().map(numbered).collect()
}

const fn epoch_of(record: &Record) -> Epoch {
    record.journal_offset / SPAN + 1
}

/// Half of the lines of the first epochs.
fn is_lost(record: &Record) -> bool {
    epoch_of(record) <= LOST_THROUGH && record.journal_offset.is_multiple_of(2)
}

/// A cluster whose order takes in two journals: the second is lost.
async fn clustered_with_lost(config: &StoreConfig, whole: &[Arc<Commit>]) -> ClusterStore {
    let mut store = clustered(config, whole).await;
    assert_eq!(store.number("lost", "b").await.unwrap(), LOST);
    let row = |whole: &Arc<Commit>| {
        let Commit { epoch, cut_at, .. } = **whole;
        let cut = CutRow { no: LOST, through: epoch, cut_at, journal_end: epoch * SPAN };
        OrderRow { cuts: vec![cut], ..order_row(whole) }
    };
    let rows: Vec<_> = whole.iter().filter(|whole| whole.epoch <= LOST_THROUGH).map(row).collect();
    let generation = store.row().await.unwrap().unwrap().generation;
    store.put_order(generation, &rows).await.unwrap();
    store
}

/// Gives all from where it began through an epoch.
async fn give(process: &mut Process, whole: &[Arc<Commit>], through: Epoch) {
    let after = process.resume.replay_from();
    let next = whole.iter().filter(|whole| after < whole.epoch && whole.epoch <= through);
    let of_journals = |whole: &Arc<Commit>| {
        let mut commit = Commit::clone(&part(whole, process.of, &process.resume));
        let (lost, mut records): (Vec<_>, Vec<_>) = commit.records.into_iter().partition(is_lost);
        let length = |records: &[Record]| u32::try_from(records.len()).unwrap();
        commit.record_journals = vec![(1, length(&records)), (LOST, length(&lost))];
        records.extend(lost);
        commit.records = records;
        Arc::new(commit)
    };
    let commits: Vec<_> = next.map(of_journals).collect();
    process.writer.commit(&commits).await.unwrap();
}

async fn stored_apart(database: &TestDatabase, whole: &[Arc<Commit>], steps: &[(usize, Epoch)]) -> ClusterStore {
    let mut store = clustered_with_lost(database.config(), whole).await;
    let mut processes = start_all(database.config(), &mut store, &thirds()).await;
    for (process, through) in steps {
        give(&mut processes[*process], whole, *through).await;
    }
    store
}

fn named(name: &str) -> Forget<'_> {
    Forget { name, may_charge_twice: false, now: start() }
}

/// The windows as they were.
fn nothing(_: &LostLines) -> Result<Vec<WorkerWindow>, String> {
    Ok(Vec::new())
}

async fn refused(store: &mut ClusterStore, forget: Forget<'_>) -> String {
    let standing = store.standing().await.unwrap();
    let never = |_: &LostLines| -> Result<Vec<WorkerWindow>, String> { panic!("nothing is to be planted") };
    let Err(StoreError::Unfit { cause, .. }) = store.forget(forget, never).await else { panic!("it is forgotten") };
    assert_eq!(store.standing().await.unwrap(), standing);
    assert!(store.journals().await.unwrap().iter().all(|journal| journal.forgotten_through == 0));
    cause
}

#[tokio::test]
async fn what_a_lost_journal_brought_is_known_and_who_is_behind_is_told_all_else() {
    let (whole, database) = (commits(), TestDatabase::create().await);
    let expected = by_one(&whole).await;
    let client = database.client().await;
    let mut store = stored_apart(&database, &whole, &APART).await;
    let standing = store.standing().await.unwrap();
    let restart = |record: &Record| standing.restarts[Shard::of_server(record.server_id.unwrap()).index()];
    let records = whole.iter().flat_map(|whole| &whole.records);
    let unknown = records.filter(|record| is_lost(record) && epoch_of(record) > restart(record));
    let mut lines: Vec<LineId> = unknown.filter_map(|record| record.line_id).collect();
    assert!(!lines.is_empty());

    let mut told = Vec::new();
    let plant = |lost: &LostLines| {
        told.extend_from_slice(&lost.lines);
        let with_it = |window: &WorkerWindow| WorkerWindow { seen: b"with it".to_vec(), ..window.clone() };
        Ok(lost.windows.iter().map(with_it).collect())
    };
    let forgotten = store.forget(named("b"), plant).await.unwrap();
    let numbers: Vec<u16> = forgotten.journals.iter().map(|journal| journal.no).collect();
    assert_eq!((numbers, forgotten.lines, forgotten.doubts.len()), (vec![LOST], lines.len(), 0));
    told.sort_unstable_by_key(|line| (line.server_id, line.seq));
    lines.sort_unstable_by_key(|line| (line.server_id, line.seq));
    assert_eq!(told, lines);
    assert_eq!(store.standing().await.unwrap(), standing);
    nothing_is_ahead(&client).await;

    // All start again: what each lacks comes as it would have.
    let mut processes = start_all(database.config(), &mut store, &thirds()).await;
    for (process, is_planted) in processes.iter().zip([true, true, false]) {
        let windows = &process.resume.windows;
        assert!(!windows.is_empty() && windows.iter().all(|window| (window.seen == b"with it") == is_planted));
        assert!(windows.iter().all(|window| !window.homes.is_empty()));
    }
    for process in &mut processes {
        give(process, &whole, EPOCHS).await;
    }
    nothing_is_ahead(&client).await;
    assert_eq!(rows(&client).await, expected);
}

#[tokio::test]
async fn where_a_shard_lacks_what_another_has_of_it_nothing_is_forgotten_unasked() {
    let (whole, database) = (commits(), TestDatabase::create().await);
    let mut store = stored_apart(&database, &whole, &[(0, 1), (1, 2), (2, 1)]).await;
    let cause = refused(&mut store, named("b")).await;
    assert!(cause.contains("shards lack what others have stored of it"), "{cause}");
    let wanted = Forget { may_charge_twice: true, ..named("b") };
    let forgotten = store.forget(wanted, nothing).await.unwrap();
    assert_eq!(forgotten.doubts.len(), 1, "{:?}", forgotten.doubts);
    assert!(forgotten.lines > 0);
}

#[tokio::test]
async fn where_it_told_of_streams_or_is_long_ago_nothing_is_forgotten_unasked() {
    let (mut whole, database) = (commits(), TestDatabase::create().await);
    let told = &mut Arc::make_mut(&mut whole[1]).records[0];
    assert!(is_lost(told));
    (told.traffic_type, told.bytes_sent) = (7, 5);
    let mut store = stored_apart(&database, &whole, &APART).await;
    let cause = refused(&mut store, named("b")).await;
    assert!(cause.contains("1 of its lines were of streams") && !cause.contains("not kept"), "{cause}");
    let late = Forget { now: start().plus_ms(50 * HOUR_MS), ..named("b") };
    let cause = refused(&mut store, late).await;
    assert!(cause.contains("of streams") && cause.contains("raw records are not kept"), "{cause}");

    // A long answer may have been a stream where one is told of; nowhere else.
    let client = database.client().await;
    let long = "UPDATE haproxy_raw_logs SET traffic_type = 1, time_total = 4000 WHERE traffic_type = 7";
    assert_eq!(client.execute(long, &[]).await.unwrap(), 1);
    let told = "INSERT INTO open_streams (journal_id, server_id, boot, rt, told_bytes, is_final, heard_at) \
        VALUES ($1, 17, now(), 1, 5, false, now())";
    client.execute(told, &[&ORDER]).await.unwrap();
    assert!(refused(&mut store, named("b")).await.contains("of streams"));
    client.execute("DELETE FROM open_streams", &[]).await.unwrap();
    assert_eq!(store.forget(named("b"), nothing).await.unwrap().doubts, [""; 0]);
}

#[tokio::test]
async fn what_every_dedup_knows_is_not_looked_for() {
    let (whole, database) = (commits(), TestDatabase::create().await);
    let steps: Vec<_> = (1..=EPOCHS).flat_map(|epoch| [(0, epoch), (1, epoch), (2, epoch)]).collect();
    let mut store = stored_apart(&database, &whole, &steps).await;
    assert!(store.standing().await.unwrap().restarts.iter().all(|restart| *restart >= LOST_THROUGH));
    let later = Forget { now: start().plus_ms(1_000 * HOUR_MS), ..named("b") };
    let forgotten = store.forget(later, nothing).await.unwrap();
    assert_eq!((forgotten.lines, forgotten.doubts.len()), (0, 0));
}

#[tokio::test]
async fn a_new_journal_of_the_same_ingester_stays() {
    let (whole, database) = (commits(), TestDatabase::create().await);
    let mut store = clustered_with_lost(database.config(), &whole).await;
    let newer = store.number("newer", "b").await.unwrap();
    let forgotten = store.forget(named("b"), nothing).await.unwrap();
    assert_eq!(forgotten.journals.len(), 1);
    let left = async |store: &mut ClusterStore| {
        let journals = store.journals().await.unwrap();
        journals.into_iter().filter(|journal| journal.forgotten_through == 0).map(|of| of.no).collect::<Vec<_>>()
    };
    assert_eq!(left(&mut store).await, [1, newer]);
    // Said again it forgets nothing more.
    assert!(matches!(store.forget(named("b"), nothing).await, Err(StoreError::Unfit { .. })));
    assert_eq!(left(&mut store).await, [1, newer]);
    store.forget(named("newer"), nothing).await.unwrap();
    assert_eq!(left(&mut store).await, [1]);
}
