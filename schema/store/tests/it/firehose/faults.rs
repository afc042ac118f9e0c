//! QuestDB away, slow, cut off, in trouble, unwilling.

use super::server::Fault;
use super::*;
use suiftly_schema::record::ShortText;

const PASSING: [Fault; 10] = [
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::Withhold,
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(503),
    Fault::Status(401),
    Fault::Status(404),
    Fault::Status(429),
    Fault::KeepButSay(500),
];

/// No patience, for answers that never come.
fn hasty(url: &str) -> FirehoseConfig {
    FirehoseConfig { request_timeout: Duration::from_millis(500), ..config(url, 30) }
}

/// Three more pages; the fault meets one of them, twice: a status is asked for a second time.
async fn through(fault: Fault, page: usize, restarts: bool, fed: &mut Fed, questdb: &FakeQuestDb) {
    for _ in 0..3 {
        fed.store(30).await;
    }
    let faults = [vec![Fault::None; page], vec![fault, fault]].concat();
    questdb.with(|state| state.faults = faults.into());
    let mut firehose = fed.firehose(&hasty(&questdb.url()));
    let mut failed = 0;
    loop {
        let before = fed.progress().await;
        match firehose.step().await {
            Ok(Step::Idle) => break,
            Ok(Step::Sent) => assert!(fed.progress().await.1 > before.1),
            Err(StoreError::QuestDb { .. }) => {
                failed += 1;
                assert_eq!(
                    fed.progress().await,
                    before,
                    "{fault:?}: what was not answered is not behind the watermark"
                );
                assert!(firehose.monitor().state().error.is_some());
                if restarts {
                    firehose = fed.firehose(&hasty(&questdb.url()));
                }
            }
            Err(error) => panic!("{error}"),
        }
        assert!(failed < 10, "{fault:?}: it never gets through");
    }
    assert!(failed > 0, "{fault:?} was met");
    assert_all_there(questdb, &fed.stored);
    let (epoch, sent) = (fed.epoch, fed.stored.len() as u64);
    let progress = (i64::try_from(epoch).unwrap(), i64::try_from(sent).unwrap(), 0, 0);
    assert_eq!(fed.progress().await, progress, "{fault:?}: each is counted once");
    let state = firehose.monitor().state();
    assert_eq!((state.epoch, state.sent, state.refused, state.error), (epoch, sent, 0, None));
    assert_eq!(state.retries, if restarts { 0 } else { failed });
}

#[tokio::test]
async fn every_record_arrives_once_whatever_goes_wrong() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    for fault in PASSING {
        for page in [0, 2] {
            through(fault, page, false, &mut fed, &questdb).await;
        }
    }
}

#[tokio::test]
async fn and_when_the_process_ends_there() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    for fault in PASSING {
        through(fault, 1, true, &mut fed, &questdb).await;
    }
}

#[tokio::test]
async fn nothing_is_sent_before_the_table_is_there() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    fed.store(30).await;
    let mut firehose = fed.firehose(&config(&questdb.url(), 1_000));
    questdb.with(|state| state.refuses_statements = true);
    for _ in 0..2 {
        let error = firehose.step().await.unwrap_err().to_string();
        assert!(error.starts_with("QuestDB is unavailable, while trying to make its table: status 400"), "{error}");
    }
    questdb.with(|state| {
        assert_eq!(state.writes, 0);
        state.refuses_statements = false;
    });
    assert_eq!(drain(&mut firehose).await, 0);
    assert_all_there(&questdb, &fed.stored);
}

#[tokio::test]
async fn nobody_listens_and_then_somebody_does() {
    let mut fed = Fed::start().await;
    fed.store(30).await;
    // A port that nobody listens to, kept, so that nobody else does meanwhile.
    let kept = tokio::net::TcpSocket::new_v4().unwrap();
    kept.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = format!("http://{}", kept.local_addr().unwrap());
    let mut firehose = fed.firehose(&config(&nobody, 1_000));
    assert!(matches!(firehose.step().await, Err(StoreError::QuestDb { .. })));
    let questdb = FakeQuestDb::start().await;
    drain(&mut fed.firehose(&config(&questdb.url(), 1_000))).await;
    assert_all_there(&questdb, &fed.stored);
}

#[tokio::test]
async fn what_is_refused_for_good_is_counted_and_the_others_arrive() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    // Amid the others, and two of them neighbours.
    let mut records = some_records(1, 300, start());
    for (record, n) in records.iter_mut().zip(0..) {
        record.journal_offset = n * 300 + 64;
        if [37, 38, 299].contains(&n) {
            record.path_prefix = Some(ShortText::new("poison"));
        }
    }
    fed.store_these(records).await;
    fed.store(20).await;
    fed.stored.retain(|record| record.path_prefix != Some(ShortText::new("poison")));
    questdb.with(|state| state.refused_path = Some("poison".to_owned()));
    let mut firehose = fed.firehose(&config(&questdb.url(), 1_000));
    assert_eq!(drain(&mut firehose).await, 0);
    assert_all_there(&questdb, &fed.stored);
    assert_eq!(fed.progress().await, (6, 317, 3, 0));
    assert!(questdb.with(|state| state.writes) < 200, "by halves");
}

#[tokio::test]
async fn a_page_that_is_refused_line_by_line_does_not_hold_the_rest_up() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    fed.store(2_000).await;
    questdb.with(|state| state.refuses_all = true);
    let mut firehose = fed.firehose(&config(&questdb.url(), 10_000));
    assert_eq!(drain(&mut firehose).await, 0);
    assert_eq!(fed.progress().await, (3, 0, 2_000, 0));
    questdb.with(|state| {
        assert!(state.writes < 2_000, "{}", state.writes);
        state.refuses_all = false;
    });
    fed.stored.clear();
    fed.store(20).await;
    assert_eq!(drain(&mut firehose).await, 0);
    assert_all_there(&questdb, &fed.stored);
}

#[tokio::test]
async fn nothing_waits_for_it_while_questdb_does_not_answer() {
    let (mut fed, questdb) = (Fed::start().await, FakeQuestDb::start().await);
    fed.store(50).await;
    questdb.with(|state| state.faults.push_back(Fault::Withhold));
    let patient = FirehoseConfig { request_timeout: Duration::from_secs(600), ..config(&questdb.url(), 1_000) };
    let mut firehose = fed.firehose(&patient);
    let monitor = firehose.monitor();
    let stepping = tokio::spawn(async move { firehose.step().await });
    while questdb.with(|state| state.writes) == 0 {
        questdb.happened.notified().await;
    }
    // Its connection holds no lock, and the writer goes on.
    let client = fed.database.client().await;
    let lock =
        "BEGIN; LOCK TABLE haproxy_raw_logs, firehose_spans, firehose_progress IN ACCESS EXCLUSIVE MODE NOWAIT; COMMIT";
    client.batch_execute(lock).await.unwrap();
    fed.store(50).await;
    assert!(!stepping.is_finished());
    stepping.abort();
    assert!(stepping.await.unwrap_err().is_cancelled());
    assert_eq!(monitor.state().sent, 0);

    drain(&mut fed.firehose(&config(&questdb.url(), 1_000))).await;
    assert_all_there(&questdb, &fed.stored);
}
