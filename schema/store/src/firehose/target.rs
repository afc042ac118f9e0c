//! QuestDB, as the firehose sees it: makes the table, sends pages, tells "not now" from "never".
//!
//! questdb-rs writes the lines and sends them; it blocks, so it has a thread of its own, which ends with its owner. It
//! does not tell a refusal for good (4xx) from trouble (5xx): a page that was not taken is given once more by a plain
//! request, for its status. That costs nothing but the trouble, since what comes twice is one row.

use super::line::{self, COLUMNS, KEYS};
use super::row::RawRow;
use super::settings::{Credentials, FirehoseConfig, host_and_port, settings};
use crate::StoreError;
use questdb::ErrorCode;
use questdb::ingress::{Buffer, Protocol, ProtocolVersion, Sender, SenderBuilder, TableName};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;

/// The longest that is shown of an answer.
const SHOWN_CHARS: usize = 200;
/// Refusals that are looked into within one page: by halves, some fourteen find one bad line. What is refused after so
/// many goes as a whole: it is the page that does not fit, not a line of it.
const REFUSALS_MAX: u32 = 256;
/// Statuses from 400 to 499 that are about the moment or the operator's settings, not about what was sent.
const PASSING_STATUSES: [u16; 9] = [401, 403, 404, 405, 407, 408, 421, 425, 429];

/// What became of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivered {
    /// Records that QuestDB took.
    pub(super) sent: u64,
    /// Records that it refused for good.
    pub(super) refused: u64,
}

struct Job {
    journal_id: String,
    rows: Vec<RawRow>,
    answer: oneshot::Sender<Result<Delivered, StoreError>>,
}

/// The way to the thread that sends. The thread ends, after what it is at, when this is dropped.
pub(super) struct QuestDb {
    jobs: SyncSender<Job>,
}

impl QuestDb {
    /// Checks the settings and starts the thread. Connects to nothing.
    pub(super) fn new(config: &FirehoseConfig) -> Result<Self, StoreError> {
        let mut client = Client::new(config)?;
        let (jobs, taken): (_, Receiver<Job>) = sync_channel(1);
        let work = move || {
            for job in taken {
                // Nobody waits for the answer when the process ends.
                let _ = job.answer.send(client.deliver(&job.journal_id, &job.rows));
            }
        };
        std::thread::Builder::new().name("firehose".into()).spawn(work).map_err(|error| settings(error.to_string()))?;
        Ok(Self { jobs })
    }

    /// Sends a page. [`StoreError::QuestDb`]: nothing of it counts, give it again later.
    pub(super) async fn send(&self, journal_id: &str, rows: Vec<RawRow>) -> Result<Delivered, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Job { journal_id: journal_id.to_owned(), rows, answer };
        if self.jobs.try_send(job).is_err() {
            return Err(unavailable("send a page", "what was sent before has not been answered yet"));
        }
        answered.await.unwrap_or_else(|_| Err(unavailable("send a page", "the thread that sends has ended")))
    }
}

/// Blocking.
struct Client {
    sender: Sender,
    agent: ureq::Agent,
    /// `http://host:port`.
    base: String,
    authorization: Option<String>,
    table: String,
    keep_days: u32,
    table_is_ready: bool,
    refusal_is_told: bool,
}

/// How an attempt ended that did not fail for the moment.
enum Answer {
    Taken,
    Refused(String),
}

impl Client {
    fn new(config: &FirehoseConfig) -> Result<Self, StoreError> {
        let (host, port) = host_and_port(&config.url)?;
        TableName::new(&config.table).map_err(|error| settings(error.to_string()))?;
        Ok(Self {
            sender: sender(config, &host, port).map_err(|error| settings(error.msg()))?,
            agent: agent(config.request_timeout),
            base: format!("http://{host}:{port}"),
            authorization: config.credentials.as_ref().map(Credentials::authorization),
            table: config.table.clone(),
            keep_days: config.keep_days,
            table_is_ready: false,
            refusal_is_told: false,
        })
    }

    fn deliver(&mut self, journal_id: &str, rows: &[RawRow]) -> Result<Delivered, StoreError> {
        let delivered = self.try_deliver(journal_id, rows);
        // Whatever was wrong: the QuestDB that answers next may be another one.
        self.table_is_ready &= delivered.is_ok();
        delivered
    }

    fn try_deliver(&mut self, journal_id: &str, rows: &[RawRow]) -> Result<Delivered, StoreError> {
        self.make_table()?;
        let mut delivered = Delivered::default();
        let mut parts = vec![rows.iter().collect::<Vec<_>>()];
        let mut refusals = 0;
        while let Some(part) = parts.pop() {
            let (buffer, written) = self.lines(journal_id, &part);
            delivered.refused += (part.len() - written.len()) as u64;
            if written.is_empty() {
                continue;
            }
            match self.flush(&buffer)? {
                Answer::Taken => delivered.sent += written.len() as u64,
                Answer::Refused(reason) if written.len() == 1 || refusals >= REFUSALS_MAX => {
                    self.tell_refusal(&reason);
                    delivered.refused += written.len() as u64;
                }
                Answer::Refused(_) => {
                    refusals += 1;
                    let (first, second) = written.split_at(written.len() / 2);
                    parts.extend([second.to_vec(), first.to_vec()]);
                }
            }
        }
        Ok(delivered)
    }

    /// The lines of those rows that can be written as lines.
    fn lines<'a>(&mut self, journal_id: &str, rows: &[&'a RawRow]) -> (Buffer, Vec<&'a RawRow>) {
        let table = TableName::new_unchecked(&self.table);
        let mut buffer = Buffer::new(ProtocolVersion::V1);
        let mut written = Vec::with_capacity(rows.len());
        let mut failed = None;
        for &row in rows {
            buffer.set_marker().expect("between two lines");
            match line::put(&mut buffer, table, journal_id, row) {
                Ok(()) => written.push(row),
                Err(error) => {
                    buffer.rewind_to_marker().expect("the marker was just set");
                    failed = Some(error);
                }
            }
        }
        buffer.clear_marker();
        if let Some(error) = failed {
            self.tell_refusal(error.msg());
        }
        (buffer, written)
    }

    /// Once: a line that does not fit comes with thousands like it.
    fn tell_refusal(&mut self, reason: &str) {
        if self.refusal_is_told {
            tracing::debug!(reason, "QuestDB refused a record for good");
        } else {
            tracing::warn!(
                reason,
                "QuestDB refused a record for good; it is passed over, and others like it are only counted"
            );
            self.refusal_is_told = true;
        }
    }

    fn flush(&mut self, buffer: &Buffer) -> Result<Answer, StoreError> {
        match self.sender.flush_and_keep(buffer) {
            Ok(()) => Ok(Answer::Taken),
            Err(error) if error.code() == ErrorCode::ServerFlushError => self.ask_again(buffer.as_bytes()),
            Err(error) => Err(unavailable(SEND, error.msg())),
        }
    }

    /// Gives the lines once more, for the status.
    fn ask_again(&self, lines: &[u8]) -> Result<Answer, StoreError> {
        let request = self.agent.post(format!("{}/write", self.base)).query("precision", "n");
        let request = match &self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        };
        let answer = request.send(lines).map_err(|error| unavailable(SEND, error.to_string()))?;
        let (status, said) = read(answer);
        match status {
            200..=299 => Ok(Answer::Taken),
            400..=499 if !PASSING_STATUSES.contains(&status) => Ok(Answer::Refused(said)),
            _ => Err(unavailable(SEND, said)),
        }
    }

    /// Makes the table if it is not there, and sees to it that what comes twice is one row.
    fn make_table(&mut self) -> Result<(), StoreError> {
        if !self.table_is_ready {
            let table = &self.table;
            let create = format!(
                "CREATE TABLE IF NOT EXISTS '{table}' ({COLUMNS}) TIMESTAMP(timestamp) PARTITION BY HOUR WAL \
                 DEDUP UPSERT KEYS({KEYS})"
            );
            self.execute("make its table", &create)?;
            // It may have been there, made by somebody else's lines.
            self.execute("deduplicate its table", &format!("ALTER TABLE '{table}' DEDUP ENABLE UPSERT KEYS({KEYS})"))?;
            if self.keep_days > 0 {
                self.execute("bound its table", &format!("ALTER TABLE '{table}' SET TTL {} DAYS", self.keep_days))?;
            }
            self.table_is_ready = true;
        }
        Ok(())
    }

    fn execute(&self, attempted: &'static str, statement: &str) -> Result<(), StoreError> {
        let request = self.agent.get(format!("{}/exec", self.base)).query("query", statement);
        let request = match &self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        };
        let answer = request.call().map_err(|error| unavailable(attempted, error.to_string()))?;
        match read(answer) {
            (200..=299, _) => Ok(()),
            (_, said) => Err(unavailable(attempted, said)),
        }
    }
}

/// The status, and what was said, on one short line.
fn read(mut answer: ureq::http::Response<ureq::Body>) -> (u16, String) {
    let status = answer.status().as_u16();
    let said = answer.body_mut().read_to_string().unwrap_or_default();
    let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN_CHARS).collect();
    (status, format!("status {status}: {said}"))
}

fn sender(config: &FirehoseConfig, host: &str, port: u16) -> questdb::Result<Sender> {
    // Version 1 is understood by every QuestDB, and not asking for a newer one saves a request at each start. Retries
    // are ours: they must not hold the thread.
    let builder = SenderBuilder::new(Protocol::Http, host, port)
        .protocol_version(ProtocolVersion::V1)?
        .retry_timeout(Duration::ZERO)?
        .request_timeout(config.request_timeout)?;
    let builder = match &config.credentials {
        Some(Credentials::Password { user, password }) => builder.username(user)?.password(password)?,
        Some(Credentials::Token(token)) => builder.token(token)?,
        None => builder,
    };
    builder.build()
}

fn agent(timeout: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(timeout));
    config.proxy(None).build().into()
}

const SEND: &str = "send a page";

fn unavailable(attempted: &'static str, cause: impl Into<String>) -> StoreError {
    StoreError::QuestDb { attempted, cause: cause.into() }
}
