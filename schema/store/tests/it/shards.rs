//! A cluster's writers: three beside each other store what one stores alone, whatever breaks; and nobody else does.

mod forget;
mod processes;

use crate::proxy::Fault;
use processes::{
    EPOCHS, ORDER, SERVERS, clustered, halves, named, new_cluster, order_row, part, start, thirds, whole_commits,
};
use std::sync::Arc;
use suiftly_schema::loss::LineCounts;
use suiftly_schema::shard::{Shard, ShardSet};
use suiftly_store::StoreError;
use suiftly_store::shards::{ClusterStore, Forget, LostLines, OrderRow, ShardsOf};
use suiftly_store::testing::{Client, TestDatabase, connect, on_each_store};
use suiftly_store::writer::{Commit, Writer};

/// Nothing that a start goes on from is of an epoch that a shard has not got, and each window is as it was at its epoch.
async fn nothing_is_ahead(client: &Client) {
    let select = "SELECT (SELECT coalesce(max(epoch), 0) FROM worker_windows) <= min(epoch), max(restart_epoch) <= min(epoch), \
        (SELECT restart_epoch FROM shard_watermarks WHERE shard = 0) <= min(restart_epoch), \
        (SELECT coalesce(bool_and(duplicates = epoch), true) FROM worker_windows), \
        (SELECT seq FROM reference_progress) <= (SELECT restart_epoch FROM shard_watermarks WHERE shard = 0) \
        FROM shard_watermarks";
    let row = client.query_one(select, &[]).await.unwrap();
    assert_eq!([0, 1, 2, 3, 4].map(|at| row.get::<_, bool>(at)), [true; 5]);
}

/// All rows that lines become, but for whose they are.
async fn rows(client: &Client) -> String {
    let mut all = String::new();
    for table in [
        "haproxy_raw_logs_all",
        "haproxy_system_logs",
        "usage_per_minute",
        "usage_per_hour",
        "rated",
        "infra_per_minute",
        "infra_per_hour",
        "infra_per_day",
        "key_activity",
        "key_activity_per_hour",
        "spend",
        "vault_keys",
        "vault_access",
        "quarantine",
        "reference_entities",
    ] {
        let select = format!(
            "SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM \
             (SELECT (to_jsonb(t) - ARRAY['journal_id', 'journal_no'])::text AS line FROM {table} AS t) AS x"
        );
        all.push_str(client.query_one(&select, &[]).await.unwrap().get(0));
        all.push('\n');
    }
    all
}

async fn by_one(whole: &[Arc<Commit>]) -> String {
    let database = TestDatabase::create().await;
    let (mut writer, _) = Writer::open(database.config(), "one").await.unwrap();
    writer.commit(whole).await.unwrap();
    rows(&database.client().await).await
}

#[tokio::test]
async fn several_writers_store_what_one_stores() {
    let whole = whole_commits();
    let expected = by_one(&whole).await;
    assert!(expected.len() > 10_000);
    for fault in [Fault::None, Fault::CutBefore, Fault::CutAfter, Fault::CutCopy] {
        for victim in 0..3 {
            let database = TestDatabase::create().await;
            let client = database.client().await;
            let mut store = clustered(database.config(), &whole).await;
            let mut processes = start(database.config(), &mut store, &thirds()).await;
            for (process, through) in [(0, 2), (1, 1), (2, 3), (1, 4), (0, 3), (2, 5)] {
                if process == victim && through > 2 {
                    processes[process].proxy.next(fault);
                }
                processes[process].give(&whole, through).await;
                nothing_is_ahead(&client).await;
            }
            // All stop, at different epochs, and go on as two.
            drop(processes);
            let mut processes = start(database.config(), &mut store, &halves()).await;
            for (process, through) in [(0, 4), (1, 4), (0, 6), (1, 7), (1, EPOCHS), (0, EPOCHS)] {
                if process == victim && through > 4 {
                    processes[process].proxy.next(fault);
                }
                processes[process].give(&whole, through).await;
                nothing_is_ahead(&client).await;
            }
            assert_eq!(rows(&client).await, expected, "{fault:?} of {victim}");
            counts_and_places(&client, &whole).await;
        }
    }
}

/// What all lines became, and how far the journals are.
async fn counts_and_places(client: &Client, whole: &[Arc<Commit>]) {
    let mut counts = LineCounts::default();
    whole.iter().for_each(|commit| counts.add(&commit.counts));
    let select =
        "SELECT sum(received)::bigint, sum(accepted)::bigint, sum(records)::bigint, min(epoch) FROM shard_watermarks";
    let row = client.query_one(select, &[]).await.unwrap();
    let found: [i64; 4] = [0, 1, 2, 3].map(|at| row.get(at));
    let records: usize = whole.iter().map(|commit| commit.records.len()).sum();
    assert_eq!(found.map(i64::cast_unsigned), [counts.received, counts.accepted, records as u64, EPOCHS]);
    let select = "SELECT epoch, journal_end FROM journal_watermarks WHERE journal_id = $1";
    for (journal, epoch, end) in [(ORDER, EPOCHS, EPOCHS * 1_000), ("lines", EPOCHS * 10, EPOCHS * 100)] {
        let row = client.query_one(select, &[&journal]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0).cast_unsigned(), row.get::<_, i64>(1).cast_unsigned()), (epoch, end));
    }
    let select = "SELECT count(*), min(epoch), max(epoch) FROM journal_shards WHERE journal_id = 'lines'";
    let row = client.query_one(select, &[]).await.unwrap();
    assert_eq!([0, 1, 2].map(|at| row.get::<_, i64>(at).cast_unsigned()), [256, EPOCHS * 10, EPOCHS * 10]);
    let others = "SELECT count(*) FROM haproxy_raw_logs_all WHERE journal_no <> 1";
    assert_eq!(client.query_one(others, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn reference_data_arrives_when_every_shard_can_do_without_it() {
    let (whole, database) = (whole_commits(), TestDatabase::create().await);
    let client = database.client().await;
    let told = "SELECT seq, (SELECT count(*) FROM outbox WHERE seq = 1), (SELECT count(*) FROM reference_entities) \
        FROM reference_progress";
    let mut store = clustered(database.config(), &whole).await;
    let mut processes = start(database.config(), &mut store, &thirds()).await;
    for (round, arrived) in [(1, 0_i64), (2, 0), (3, 1)] {
        for process in &mut processes {
            process.give(&whole, round).await;
            nothing_is_ahead(&client).await;
        }
        let row = client.query_one(told, &[]).await.unwrap();
        assert_eq!([0, 1, 2].map(|at| row.get::<_, i64>(at)), [arrived, 1 - arrived, arrived], "round {round}");
    }
    // What is stored for a start is not needed of the order and the journals any more.
    let least = store.standing().await.unwrap().restarts.into_iter().min().unwrap();
    assert_eq!(least, 1);
    assert_eq!(store.trim_order().await.unwrap(), 0, "the least itself stays");
    assert_eq!(store.released().await.unwrap(), [(1, 10)]);
    for round in 4..=EPOCHS {
        for process in &mut processes {
            process.give(&whole, round).await;
        }
    }
    let least = store.standing().await.unwrap().restarts.into_iter().min().unwrap();
    assert!(least > 1);
    assert_eq!(store.trim_order().await.unwrap(), least - 1);
    assert_eq!(store.released().await.unwrap(), [(1, least * 10)]);
    let tail: Vec<_> = store.read_order(least, 2).await.unwrap().into_iter().map(|row| row.epoch).collect();
    assert_eq!(tail, [least + 1, least + 2]);
}

#[tokio::test]
async fn what_is_left_of_an_earlier_generation_commits_nothing() {
    let (whole, database) = (whole_commits(), TestDatabase::create().await);
    let client = database.client().await;
    let mut store = clustered(database.config(), &whole).await;
    let mut old = start(database.config(), &mut store, &thirds()).await;
    old[0].give(&whole, 1).await;
    // One is stopped in the middle of a commit: its session holds the cluster's row, until it is ended.
    let paused = connect(database.config()).await;
    paused.batch_execute("BEGIN; SELECT FROM cluster FOR SHARE").await.unwrap();
    let generation = store.raise().await.unwrap().generation;
    assert!(paused.batch_execute("COMMIT").await.is_err());

    let before = rows(&client).await;
    let commit = part(&whole[1], old[0].of, &old[0].resume);
    let refused = old[0].writer.commit(&[commit]).await;
    let Err(StoreError::OldGeneration { generation: was, found }) = refused else { panic!("{refused:?}") };
    assert_eq!((was, found), (generation - 1, generation));
    let rows_of_order: Vec<_> = whole[..1].iter().map(|whole| order_row(whole)).collect();
    let refused = store.put_order(generation - 1, &rows_of_order).await;
    assert!(matches!(refused, Err(StoreError::OldGeneration { .. })), "{refused:?}");
    let late = Writer::open_shards(database.config(), &named(generation - 1, 9, thirds()[0])).await;
    assert!(matches!(late, Err(StoreError::OldGeneration { .. })));
    assert_eq!(rows(&client).await, before);
}

#[tokio::test]
async fn an_epoch_is_in_the_orders_tail_before_a_shard_has_it() {
    on_each_store(async |database| {
        let whole = whole_commits();
        let mut store = clustered(database.config(), &whole[..1]).await;
        let generation = store.raise().await.unwrap().generation;
        let of = named(generation, 0, ShardSet::ALL);
        let (mut writer, resume) = Writer::open_shards(database.config(), &of).await.unwrap();
        let parts: Vec<_> = whole[..2].iter().map(|whole| part(whole, of.shards, &resume)).collect();
        let refused = writer.commit(&parts).await.unwrap_err();
        assert!(matches!(refused, StoreError::NotOrdered { epoch: 2 }) && refused.is_unavailable(), "{refused}");
        let second = order_row(&whole[1]);
        store.put_order(generation, std::slice::from_ref(&second)).await.unwrap();
        store.put_order(generation, std::slice::from_ref(&second)).await.unwrap();
        writer.commit(&parts).await.unwrap();
        assert_eq!(writer.watermark(), 2);
        // One process has all shards: nothing is held back.
        assert_eq!(store.standing().await.unwrap().restarts, [2; 256]);
        let other = OrderRow { block: vec![1], ..second };
        assert!(matches!(store.put_order(generation, &[other]).await, Err(StoreError::Unfit { .. })));
    })
    .await;
}

/// What a process is to go on from is looked for by the database's rule: a server that it placed elsewhere would be
/// forgotten at a start, and its lines taken again.
#[tokio::test]
async fn the_database_places_servers_as_lines_are() {
    let database = TestDatabase::create().await;
    let select = "SELECT suiftly_shard_of_server(id::smallint) FROM generate_series(-32768, 32767) AS id ORDER BY id";
    let rows = database.client().await.query(select, &[]).await.unwrap();
    let placed: Vec<i16> = rows.iter().map(|row| row.get(0)).collect();
    let expected: Vec<i16> = (i16::MIN..=i16::MAX).map(|id| Shard::of_server(id).0.into()).collect();
    assert!(placed == expected);
}

#[tokio::test]
async fn each_shard_has_one_writer() {
    let (whole, database) = (whole_commits(), TestDatabase::create().await);
    let config = database.config();
    let mut store = clustered(config, &whole).await;
    let generation = store.raise().await.unwrap().generation;
    let (mut first, _) = Writer::open_shards(config, &named(generation, 0, thirds()[0])).await.unwrap();
    for (process, shards) in [(0, thirds()[0]), (1, thirds()[0]), (1, ShardSet::of_process(0, 3, 1))] {
        let second = Writer::open_shards(config, &named(generation, process, shards)).await;
        assert!(matches!(second, Err(StoreError::SecondWriter { .. })), "process {process}");
    }
    Writer::open_shards(config, &named(generation, 1, thirds()[1])).await.unwrap();
    let other_order = ShardsOf { order_journal: "lines".into(), ..named(generation, 2, thirds()[2]) };
    assert!(matches!(Writer::open_shards(config, &other_order).await, Err(StoreError::Unfit { .. })));
    assert!(matches!(Writer::open(config, "one").await, Err(StoreError::SecondWriter { .. })));
    assert!(first.resume().await.is_err());
    drop(first);
    assert!(matches!(Writer::open(config, "one").await, Err(StoreError::IsCluster { .. })));
}

#[tokio::test]
async fn a_single_process_gives_its_database_to_a_cluster() {
    let (whole, database) = (whole_commits(), TestDatabase::create().await);
    let config = database.config();
    let mut store = ClusterStore::new(config);
    assert_eq!(store.row().await.unwrap(), None);
    assert!(matches!(store.raise().await, Err(StoreError::NoCluster)));
    let (mut single, _) = Writer::open(config, "one").await.unwrap();
    single.commit(&whole[..3]).await.unwrap();
    let refused = Writer::open_shards(config, &named(1, 0, ShardSet::ALL)).await;
    assert!(matches!(refused, Err(StoreError::SecondWriter { .. })));
    assert!(matches!(store.init(&new_cluster(Some("one"))).await, Err(StoreError::SecondWriter { .. })));
    drop(single);
    store.init(&new_cluster(Some("one"))).await.unwrap();
    assert!(matches!(store.init(&new_cluster(None)).await, Err(StoreError::Unfit { .. })));

    let generation = store.raise().await.unwrap().generation;
    assert_eq!(generation, 1);
    let (_, resume) = Writer::open_shards(config, &named(generation, 1, thirds()[1])).await.unwrap();
    let windows: Vec<_> = resume.windows.iter().map(|window| (window.worker.server_id, window.duplicates)).collect();
    assert_eq!(windows, [(SERVERS[1], 3)], "what dedup has seen, of this process's shards");
    assert!(!resume.rated.is_empty() && resume.rated.iter().all(|(key, _)| key.customer_id.get() % 3 == 1));
    assert_eq!((resume.cut_at, resume.restart_at), (whole[2].cut_at, whole[2].cut_at));
    assert_eq!((resume.reference_seq, resume.reference.len()), (1, 1));
}

#[tokio::test]
async fn lines_that_were_asked_for_are_free_once_every_shard_has_what_could_hold_them() {
    let (whole, database) = (whole_commits(), TestDatabase::create().await);
    let mut store = clustered(database.config(), &whole).await;
    let mut processes = start(database.config(), &mut store, &thirds()).await;
    let generation = store.row().await.unwrap().unwrap().generation;
    for process in &mut processes {
        process.give(&whole, 2).await;
    }
    let asked = "INSERT INTO quarantine (journal_id, journal_offset, received_at, reason, source, line, epoch, requested_at, \
            outcome, outcome_epoch) \
        VALUES ('lines', 900001, now(), 'sf1_field', 'udp', 'x', 1, now(), NULL, NULL), \
            ('lines', 900002, now(), 'sf1_field', 'udp', 'x', 1, now(), 'accepted', 2)";
    database.client().await.batch_execute(asked).await.unwrap();
    assert_eq!(store.release_claims(generation, "lines", 21).await.unwrap(), None);
    processes[0].give(&whole, 3).await;
    assert_eq!(store.release_claims(generation, "lines", 21).await.unwrap(), None, "one process alone has it");
    for process in &mut processes[1..] {
        process.give(&whole, 3).await;
    }
    let old = store.release_claims(generation - 1, "lines", 21).await;
    assert!(matches!(old, Err(StoreError::OldGeneration { .. })), "{old:?}");
    assert_eq!(store.release_claims(generation, "lines", 21).await.unwrap(), Some(1));
    assert_eq!(store.release_claims(generation, "lines", 21).await.unwrap(), Some(0));
    assert!(matches!(processes[0].writer.release_claims().await, Err(StoreError::Unfit { .. })));
}

#[tokio::test]
async fn what_is_lost_for_good_is_given_up() {
    let (whole, database) = (whole_commits(), TestDatabase::create().await);
    let client = database.client().await;
    let mut store = clustered(database.config(), &whole).await;
    let mut processes = start(database.config(), &mut store, &thirds()).await;
    for (process, through) in [(0, 2), (1, 4), (2, 3)] {
        processes[process].give(&whole, through).await;
    }
    let standing = store.standing().await.unwrap();
    let forget = |name| Forget { name, may_charge_twice: true, now: whole[3].cut_at };
    let nothing = |_: &LostLines| Ok(Vec::new());
    assert!(matches!(store.forget(forget("ingest-b"), nothing).await, Err(StoreError::Unfit { .. })));
    assert_eq!(store.forget(forget("ingest-a"), nothing).await.unwrap().journals.len(), 1);
    assert_eq!(store.standing().await.unwrap(), standing, "who is behind goes on from there");
    assert!(store.journals().await.unwrap()[0].forgotten_through > EPOCHS);
    let commit = part(&whole[4], processes[1].of, &processes[1].resume);
    assert!(matches!(processes[1].writer.commit(&[commit]).await, Err(StoreError::OldGeneration { .. })));

    store.replace_order("another order").await.unwrap();
    let row = store.row().await.unwrap().unwrap();
    assert_eq!(row.order_journal, "another order");
    let left = "SELECT count(*) FROM worker_windows WHERE journal_id = 'the order'";
    assert_eq!(client.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    let of = ShardsOf { order_journal: row.order_journal, ..named(row.generation, 0, thirds()[0]) };
    let (writer, resume) = Writer::open_shards(database.config(), &of).await.unwrap();
    assert_eq!((writer.watermark(), resume.least(ShardSet::ALL)), (2, 2));
}
