//! The firehose against a QuestDB that fails as told, and against a real one where there is one.

mod cluster;
mod faults;
mod ilp;
mod real;
mod sending;
mod server;

use crate::model::{HOUR_MS, line, some_records, start};
use ilp::{Line, Value};
use server::{FakeQuestDb, Key};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::ids::{Frontend, Network, Service};
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;
use suiftly_store::StoreError;
use suiftly_store::firehose::{Firehose, FirehoseConfig, Step, TABLE};
use suiftly_store::testing::TestDatabase;
use suiftly_store::writer::{Commit, Writer};

const JOURNAL: &str = "j";

/// A database whose writer feeds the firehose, and what was stored.
struct Fed {
    database: TestDatabase,
    writer: Writer,
    stored: Vec<Record>,
    /// Records committed, stored among the above or not.
    committed: u64,
    epoch: u64,
}

impl Fed {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
        writer.feed_firehose();
        Self { database, writer, stored: Vec::new(), committed: 0, epoch: 0 }
    }

    /// So many records of the last three hours, as one commit.
    async fn store(&mut self, count: usize) {
        let mut records = some_records(self.epoch, count, start());
        for (record, number) in records.iter_mut().zip(self.committed..) {
            record.journal_offset = number * 300 + 64;
            record.line_id = line(u32::try_from(number).unwrap()).filter(|_| number % 3 > 0);
        }
        self.store_these(records).await;
    }

    async fn store_these(&mut self, records: Vec<Record>) {
        self.stored.extend_from_slice(&records);
        self.commit(start(), records).await;
    }

    async fn commit(&mut self, cut_at: UnixMillis, records: Vec<Record>) {
        // Epochs need not follow each other.
        self.epoch += 3;
        self.committed += records.len() as u64;
        let deltas = EpochDeltas { epoch: self.epoch, ..EpochDeltas::default() };
        let commit = Commit { epoch: self.epoch, cut_at, deltas: deltas.into(), records, ..Commit::default() };
        self.writer.commit(&[Arc::new(commit)]).await.unwrap();
    }

    fn firehose(&self, config: &FirehoseConfig) -> Firehose {
        Firehose::new(self.database.config(), JOURNAL, config).unwrap()
    }

    /// The firehose's own watermark in the database: epoch, sent, refused, gone.
    async fn progress(&self) -> (i64, i64, i64, i64) {
        let select = "SELECT epoch, sent, refused, gone FROM firehose_progress WHERE journal_id = 'j'";
        let row = self.database.client().await.query_opt(select, &[]).await.unwrap();
        row.map_or((0, 0, 0, 0), |row| (row.get(0), row.get(1), row.get(2), row.get(3)))
    }

    /// How many notes wait.
    async fn waiting(&self) -> i64 {
        self.database.client().await.query_one("SELECT count(*) FROM firehose_spans", &[]).await.unwrap().get(0)
    }
}

/// Pages of so many records, and more patience than a busy machine needs: what takes too long counts as a failure.
fn config(url: &str, page_records: usize) -> FirehoseConfig {
    FirehoseConfig { page_records, request_timeout: Duration::from_secs(60), ..FirehoseConfig::new(url) }
}

/// Steps until there is nothing left; how often it failed.
async fn drain(firehose: &mut Firehose) -> u64 {
    let mut failed = 0;
    loop {
        match firehose.step().await {
            Ok(Step::Idle) => return failed,
            Ok(Step::Sent) => {}
            Err(StoreError::QuestDb { .. }) => failed += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(failed < 100, "it never gets through");
    }
}

/// What QuestDB has to hold.
fn expected<'a>(records: impl IntoIterator<Item = &'a Record>) -> BTreeMap<Key, Line> {
    records.into_iter().map(|record| (key(record), as_line(record))).collect()
}

fn key(record: &Record) -> Key {
    (record.timestamp.0 * 1_000_000, JOURNAL.to_owned(), i64::try_from(record.journal_offset).unwrap())
}

/// A record as it should arrive, out of what the table's columns mean.
fn as_line(record: &Record) -> Line {
    let integer = |number: i64| Some(Value::Integer(number));
    let ms = |number: Option<i32>| number.map(|number| Value::Integer(number.into()));
    let symbol = |text: &str| Some(Value::Symbol(text.to_owned())).filter(|_| !text.is_empty());
    let columns = [
        ("journal", symbol(JOURNAL)),
        ("journal_offset", integer(i64::try_from(record.journal_offset).unwrap())),
        ("customer_id", record.customer_id.map(|id| Value::Integer(id.get()))),
        ("path_prefix", record.path_prefix.map(|path| Value::Text(path.as_str().replace('\0', "\u{fffd}")))),
        ("config_hex", record.config_hex.map(|word| Value::Text(format!("{word:016X}")))),
        ("network", record.network.map(Network::word).and_then(symbol)),
        ("server_id", record.server_id.and_then(|id| symbol(&id.to_string()))),
        ("service_type", record.service.map(Service::word).and_then(symbol)),
        ("api_key_fp", integer(record.api_key_fp.into())),
        ("fe_type", record.frontend.map(Frontend::word).and_then(symbol)),
        ("traffic_type", integer(record.traffic_type.into())),
        ("event_type", integer(record.event_type.into())),
        ("client_ip", record.client_ip.map(|ip| Value::Text(ip.to_string()))),
        ("key_metadata", ms(record.key_metadata)),
        ("status_code", integer(record.status_code.into())),
        ("bytes_sent", integer(i64::try_from(record.bytes_sent).unwrap_or(i64::MAX))),
        ("time_total", ms(Some(record.timers.total_ms))),
        ("time_request", ms(record.timers.request_ms)),
        ("time_queue", ms(record.timers.queue_ms)),
        ("time_connect", ms(record.timers.connect_ms)),
        ("time_response", ms(record.timers.response_ms)),
        ("backend_id", integer(record.backend_id.into())),
        ("termination_state", symbol(record.termination.as_str())),
        ("repeat", integer(record.repeat.into())),
        ("boot", record.line_id.map(|line| Value::Micros(line.boot.0 * 1_000))),
        ("seq", record.line_id.map(|line| Value::Integer(line.seq.into()))),
    ];
    let columns = columns.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    Line { table: TABLE.to_owned(), columns, nanos: record.timestamp.0 * 1_000_000 }
}

/// Everything stored is in QuestDB, as it was stored, and nothing else.
#[track_caller]
fn assert_all_there(questdb: &FakeQuestDb, stored: &[Record]) {
    questdb.with(|state| {
        assert_eq!(state.offences, [""; 0]);
        let expected = expected(stored);
        assert_eq!(expected.len(), stored.len(), "the test's records differ by their keys");
        for (key, line) in &expected {
            assert_eq!(state.rows.get(key), Some(line), "{key:?}");
        }
        assert_eq!(state.rows.len(), expected.len());
    });
}
