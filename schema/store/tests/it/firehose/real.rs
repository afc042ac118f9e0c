//! The same against a real QuestDB, where `TEST_QUESTDB_URL` names one (`http://host:port`).

use super::*;

const QUESTDB_URL: &str = "TEST_QUESTDB_URL";
/// QuestDB applies what it took to the table behind its answer: so often it is asked whether it has.
const ASKED_MAX: usize = 600;

/// The first row of an answer.
async fn ask(url: &str, query: String) -> Vec<serde_json::Value> {
    let request = ureq::get(format!("{url}/exec")).query("query", query);
    let asked = tokio::task::spawn_blocking(move || request.call().unwrap().body_mut().read_to_string().unwrap());
    let answer: serde_json::Value = serde_json::from_str(&asked.await.unwrap()).unwrap();
    answer["dataset"][0].as_array().cloned().unwrap_or_default()
}

/// Asks until the answer is the one, or does not change for the better any more.
async fn assert_comes_to(url: &str, query: &str, expected: &[i64]) {
    let expected: Vec<_> = expected.iter().map(|&number| serde_json::Value::from(number)).collect();
    let mut every = tokio::time::interval(Duration::from_millis(50));
    let mut found = Vec::new();
    for _ in 0..ASKED_MAX {
        found = ask(url, query.to_owned()).await;
        if found == expected {
            return;
        }
        every.tick().await;
    }
    assert_eq!(found, expected, "{query}");
}

#[tokio::test]
async fn a_real_questdb_holds_every_record_once() {
    let Ok(url) = std::env::var(QUESTDB_URL) else {
        println!("{QUESTDB_URL} is not set: the firehose ran against a QuestDB of our own making alone");
        return;
    };
    let url = url.trim_end_matches('/');
    let mut fed = Fed::start().await;
    let table = format!("suiftly_case_{}_test", std::process::id());
    let config = FirehoseConfig { table: table.clone(), page_records: 100, ..FirehoseConfig::new(url) };
    for _ in 0..4 {
        fed.store(130).await;
        let mut firehose = fed.firehose(&config);
        assert_eq!(drain(&mut firehose).await, 0);
        assert_eq!(firehose.monitor().state().refused, 0);
    }
    // All of it once more.
    let again = "INSERT INTO firehose_spans (journal_id, epoch_before, epoch, oldest, newest, first_offset, last_offset, records) \
        SELECT 'j', 0, 1, min(timestamp), max(timestamp), min(journal_offset), max(journal_offset), count(*) FROM haproxy_raw_logs";
    fed.database.client().await.execute(again, &[]).await.unwrap();
    assert_eq!(drain(&mut fed.firehose(&config)).await, 0);

    let sum = |of: fn(&Record) -> i64| fed.stored.iter().map(of).sum::<i64>();
    let query = format!(
        "SELECT count(), sum(journal_offset), sum(bytes_sent), sum(status_code), count(network), count(seq), count(client_ip) \
         FROM '{table}'"
    );
    let expected = [
        i64::try_from(fed.stored.len()).unwrap(),
        sum(|record| i64::try_from(record.journal_offset).unwrap()),
        sum(|record| i64::try_from(record.bytes_sent).unwrap()),
        sum(|record| record.status_code.into()),
        sum(|record| record.network.is_some().into()),
        sum(|record| record.line_id.is_some().into()),
        sum(|record| record.client_ip.is_some().into()),
    ];
    assert_comes_to(url, &query, &expected).await;
    ask(url, format!("DROP TABLE '{table}'")).await;
}
