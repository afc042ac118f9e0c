//! What is sent, and from where on.

use super::*;
use proptest::prelude::*;
use suiftly_schema::record::ShortText;
use suiftly_store::firehose::Credentials;
use suiftly_store::maintenance::enforce_retention;

#[tokio::test]
async fn every_stored_record_arrives_as_it_is_stored() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    let mut firehose = fed.firehose(&config(&questdb.url(), 100));
    // No journal yet.
    assert_eq!(firehose.step().await.unwrap(), Step::Idle);
    for count in [1, 70, 250, 0, 30] {
        fed.store(count).await;
    }
    assert_eq!(drain(&mut firehose).await, 0);
    assert_all_there(&questdb, &fed.stored);
    assert_eq!(questdb.with(|state| state.arrivals), fed.stored.len());
    let state = firehose.monitor().state();
    assert_eq!((state.epoch, state.sent, state.refused, state.gone, state.retries), (15, 351, 0, 0, 0));
    assert_eq!(fed.progress().await, (15, 351, 0, 0));
    // Made once, and so that what comes twice is one row.
    questdb.with(|state| assert_eq!(state.statements.len(), 2, "{:?}", state.statements));
}

#[tokio::test]
async fn a_restart_goes_on_from_the_watermark() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    for _ in 0..6 {
        fed.store(60).await;
    }
    let mut steps = 0;
    while fed.waiting().await > 0 {
        let mut firehose = fed.firehose(&config(&questdb.url(), 100));
        assert_eq!(firehose.step().await.unwrap(), Step::Sent);
        steps += 1;
        // A commit that is sent in part only is not behind the watermark.
        let (epoch, sent, ..) = fed.progress().await;
        assert!(epoch * 20 <= sent, "epoch {epoch} is told, {sent} records were sent");
    }
    assert!(steps > 3);
    assert_all_there(&questdb, &fed.stored);
    assert_eq!(questdb.with(|state| state.arrivals), fed.stored.len(), "nothing is sent again");
    assert_eq!(fed.progress().await, (18, 360, 0, 0));
}

#[tokio::test]
async fn what_was_stored_while_it_was_off_is_not_sent() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    let (writer, _) = {
        drop(fed.writer);
        Writer::open(fed.database.config(), JOURNAL).await.unwrap()
    };
    fed.writer = writer;
    fed.store(50).await;
    assert_eq!(fed.waiting().await, 0);
    fed.writer.feed_firehose();
    let before = fed.stored.len();
    fed.store(50).await;
    drain(&mut fed.firehose(&config(&questdb.url(), 100))).await;
    assert_all_there(&questdb, &fed.stored[before..]);
}

#[tokio::test]
async fn what_was_just_committed_is_sent_from_memory_as_it_is_stored() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    fed.store(30).await;
    let recent = fed.writer.feed_firehose();
    let mut firehose = fed.firehose(&config(&questdb.url(), 40)).with_recent(recent);
    assert_eq!(drain(&mut firehose).await, 0);
    for count in [70, 1, 250] {
        fed.store(count).await;
    }
    // Not out of the database: there is nothing in it.
    fed.database.client().await.batch_execute("TRUNCATE haproxy_raw_logs").await.unwrap();
    assert_eq!(drain(&mut firehose).await, 0);
    assert_all_there(&questdb, &fed.stored);
    assert_eq!(fed.progress().await, (12, 351, 0, 0));

    // Another process knows of no memory.
    fed.store(20).await;
    assert_eq!(drain(&mut fed.firehose(&config(&questdb.url(), 40))).await, 0);
    assert_all_there(&questdb, &fed.stored);
}

#[tokio::test]
async fn late_and_wild_records_arrive_and_what_questdb_cannot_date_is_counted() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    fed.store(30).await;
    let mut odd = fed.stored.clone();
    let late_ms =
        [26 * HOUR_MS, 47 * HOUR_MS, 7 * 24 * HOUR_MS, 9 * 24 * HOUR_MS, 300 * 24 * HOUR_MS, -2 * HOUR_MS, start().0];
    for (record, n) in odd.iter_mut().zip(0_usize..) {
        record.timestamp = start().plus_ms(-late_ms[n % late_ms.len()]);
        record.journal_offset += 1_000_000;
    }
    fed.store_these(odd.clone()).await;
    // The year 9998: QuestDB counts nanoseconds in 64 bits.
    odd.truncate(2);
    odd.iter_mut().for_each(|record| record.timestamp = UnixMillis::MAX);
    fed.commit(start(), odd).await;
    let mut firehose = fed.firehose(&config(&questdb.url(), 1_000));
    assert_eq!(drain(&mut firehose).await, 0);
    assert_all_there(&questdb, &fed.stored);
    assert_eq!(fed.progress().await, (9, 60, 2, 0));
}

#[tokio::test]
async fn what_retention_removed_is_counted_and_not_waited_for() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    let mut firehose = fed.firehose(&config(&questdb.url(), 1_000));
    fed.store(40).await;
    let removed = fed.stored.remove(7);
    let client = fed.database.client().await;
    let offset = i64::try_from(removed.journal_offset).unwrap();
    client.execute("DELETE FROM haproxy_raw_logs WHERE journal_offset = $1", &[&offset]).await.unwrap();
    assert_eq!(drain(&mut firehose).await, 0);
    assert_all_there(&questdb, &fed.stored);
    assert_eq!(fed.progress().await, (3, 39, 0, 1));

    // Two days away: the notes go with the records.
    fed.store(25).await;
    let later = start().plus_ms(3 * 24 * HOUR_MS);
    fed.commit(later, Vec::new()).await;
    enforce_retention(fed.database.config(), later).await.unwrap();
    assert_eq!(fed.waiting().await, 0);
    let arrivals = questdb.with(|state| state.arrivals);
    assert_eq!(firehose.step().await.unwrap(), Step::Idle);
    assert_eq!(questdb.with(|state| state.arrivals), arrivals);
    let state = firehose.monitor().state();
    assert_eq!((state.epoch, state.sent, state.gone), (9, 39, 26));
}

#[tokio::test]
async fn notes_of_another_journal_are_sent_as_its_own() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    fed.store(20).await;
    let mut later = fed.stored.clone();
    later.iter_mut().for_each(|record| record.timestamp = record.timestamp.plus_ms(5 * HOUR_MS));
    drop(fed.writer);
    let (mut writer, _) = Writer::open(fed.database.config(), "other").await.unwrap();
    writer.feed_firehose();
    (fed.writer, fed.epoch) = (writer, 0);
    fed.commit(start().plus_ms(5 * HOUR_MS), later).await;
    let mut firehose = Firehose::new(fed.database.config(), "other", &config(&questdb.url(), 1_000)).unwrap();
    assert_eq!(drain(&mut firehose).await, 0);
    let journals = questdb.with(|state| {
        let mut journals = BTreeMap::<String, usize>::new();
        state.rows.keys().for_each(|(_, journal, _)| *journals.entry(journal.clone()).or_default() += 1);
        journals
    });
    assert_eq!(journals, [("j".to_owned(), 20), ("other".to_owned(), 20)].into());
    let state = firehose.monitor().state();
    assert_eq!((state.epoch, state.sent), (3, 20), "its own journal's");
}

#[tokio::test]
async fn it_says_who_it_is_and_bounds_the_table() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    fed.store(5).await;
    let password = Credentials::Password { user: "me".into(), password: "hunter2".into() };
    let cases = [(password, "Basic bWU6aHVudGVyMg=="), (Credentials::Token("t0k".into()), "Bearer t0k")];
    for (credentials, header) in cases {
        assert!(!format!("{credentials:?}").contains("hunter2") && !format!("{credentials:?}").contains("t0k"));
        let config = FirehoseConfig { credentials: Some(credentials), keep_days: 9, ..config(&questdb.url(), 100) };
        drain(&mut fed.firehose(&config)).await;
        fed.store(5).await;
        questdb.with(|state| {
            let found: Vec<_> = state.authorizations.drain(..).collect();
            assert_eq!(found, [header; 4], "three statements and a write");
            assert_eq!(state.statements.pop().unwrap(), "ALTER TABLE 'haproxy_raw_logs' SET TTL 9 DAYS");
        });
    }
}

#[tokio::test]
async fn addresses_that_cannot_be_used_are_told_without_being_shown() {
    let database = TestDatabase::create().await;
    let cases = [
        ("https://q.example:9000", "http://"),
        ("q.example:9000", "http://"),
        ("http://me:hunter2@q.example", "keys of their own"),
        ("http://q.example:9000/write", "end with the port"),
        ("http://", "http://host:port"),
        ("", "http://"),
    ];
    for (url, told) in cases {
        let error =
            Firehose::new(database.config(), JOURNAL, &FirehoseConfig::new(url)).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(told) && !error.contains("hunter2"), "{url}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    /// Whatever was logged, the lines are of the protocol and say it.
    #[test]
    fn odd_texts_and_numbers_keep_to_the_protocol(
        odd in prop::collection::vec((any::<String>(), any::<String>(), any::<i64>(), any::<i32>(), any::<u64>()), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
            let mut records = some_records(1, odd.len(), start());
            for (n, (record, (path, termination, word, metadata, bytes))) in (1..).zip(records.iter_mut().zip(odd)) {
                record.path_prefix = Some(ShortText::new(&path.replace('\0', "")));
                record.termination = ShortText::new(&termination.replace('\0', ""));
                (record.config_hex, record.key_metadata, record.bytes_sent) = (Some(word), Some(metadata), bytes);
                record.journal_offset = n;
            }
            fed.store_these(records).await;
            assert_eq!(drain(&mut fed.firehose(&config(&questdb.url(), 1_000))).await, 0);
            assert_all_there(&questdb, &fed.stored);
        });
    }
}
