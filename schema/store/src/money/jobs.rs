//! The manager's seat: a connection that holds an advisory lock, and what is recorded over it of jobs and their runs.
//!
//! Whoever holds the lock is the manager, as long as the connection lives. A holder that dies takes its connection with
//! it; one whose machine dies is found out by the server's keepalives, within [`DEAD_AFTER`]. Jobs themselves use other
//! connections: their steps are idempotent, so that a holder that does not know of its end yet does no harm.

use super::MoneyStore;
use crate::StoreError;
use crate::codec::Timestamptz;
use crate::config::StoreConfig;
use serde_json::Value;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, NoTls, Row};

/// The key of the advisory lock that a manager holds as long as it lives. (The one before it is the outbox's.)
const MANAGER_LOCK: i64 = 0x5375_6966_0005;
/// How long a connection is silent before it is asked whether it lives, how often it is asked again, and how many times.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(4);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEPALIVE_RETRIES: u32 = 2;
/// A peer that says nothing is taken for dead after this long, on both ends.
pub const DEAD_AFTER: Duration = Duration::from_secs(8);
/// Runs that a list answers at most.
pub const RUNS_MAX: u32 = 1_000;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunOutcome {
    /// It did what there was to do.
    Done,
    /// It did not, and is tried again.
    Failed,
    /// Its manager ended first. What it had done holds; the rest is done by the next run.
    Abandoned,
}

impl RunOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Done, Self::Failed, Self::Abandoned];

    /// Its word in tables and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }

    /// The outcome with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// When a job is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its name.
    pub name: String,
    /// When it is to run next, by the manager's clock.
    pub next_at: UnixMillis,
    /// How often it has failed in a row.
    pub failures: i32,
}

/// A run of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    /// Its number.
    pub id: i64,
    /// Of which job.
    pub job: String,
    /// Which manager ran it.
    pub holder: String,
    /// When it began, by the manager's clock.
    pub started_at: UnixMillis,
    /// When it ended, and how; `None` while it runs.
    pub ended: Option<(UnixMillis, RunOutcome)>,
    /// What it did, or why it failed. `None`: there was nothing to do.
    pub detail: Option<Value>,
}

/// How a run ended, and when its job runs next.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// The run.
    pub run: i64,
    /// How.
    pub outcome: RunOutcome,
    /// What it did, or why it failed.
    pub detail: Option<Value>,
    /// When it ended.
    pub at: UnixMillis,
    /// When its job runs next.
    pub next_at: UnixMillis,
}

/// What a manager goes by in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// How far its clock is ahead of the machine's.
    pub offset_ms: i64,
    /// The jobs.
    pub jobs: Vec<JobRow>,
}

/// A connection of a manager's own, with or without the lock.
pub struct ManagerSeat {
    client: Client,
}

impl ManagerSeat {
    /// Opens the connection.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let mut driver = config.driver().clone();
        driver
            .application_name("suiftly manager")
            .keepalives(true)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .tcp_user_timeout(DEAD_AFTER);
        let connected = driver.connect(NoTls).await;
        let (client, connection) = connected.map_err(StoreError::database("connect to the database as manager"))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the manager's database connection ended");
            }
        });
        // The server finds a dead manager out as fast. What is recorded of runs may be lost with the server: they are
        // idempotent, and nobody waits for the disk every second.
        let settings = format!(
            "SET tcp_keepalives_idle = {}; SET tcp_keepalives_interval = {}; SET tcp_keepalives_count = {KEEPALIVE_RETRIES}; \
             SET tcp_user_timeout = {}; SET synchronous_commit = off",
            KEEPALIVE_IDLE.as_secs(),
            KEEPALIVE_INTERVAL.as_secs(),
            DEAD_AFTER.as_millis(),
        );
        client.batch_execute(&settings).await.map_err(StoreError::database("set the manager's connection up"))?;
        Ok(Self { client })
    }

    /// Takes the lock, if nobody has it.
    pub async fn try_take(&self) -> Result<bool, StoreError> {
        let taken = self.client.query_one("SELECT pg_try_advisory_lock($1)", &[&MANAGER_LOCK]).await;
        taken.map(|row| row.get(0)).map_err(StoreError::database("take the manager's lock"))
    }

    /// Gives the lock back.
    pub async fn release(&self) -> Result<(), StoreError> {
        let released = self.client.query_one("SELECT pg_advisory_unlock($1)", &[&MANAGER_LOCK]).await;
        released.map_err(StoreError::database("give the manager's lock back")).map(|_| ())
    }

    /// Whether the connection, and with it the lock, is known to be gone.
    pub fn is_lost(&self) -> bool {
        self.client.is_closed()
    }

    /// Ends runs that a dead manager has left; answers how many. To be called with the lock, before any run begins.
    pub async fn abandon_runs(&self, at: UnixMillis) -> Result<u64, StoreError> {
        let update =
            "UPDATE manager_runs SET ended_at = greatest($1, started_at), outcome = 'abandoned' WHERE ended_at IS NULL";
        let done = self.client.execute(update, &[&Timestamptz(at)]).await;
        done.map_err(StoreError::database("mark abandoned runs"))
    }

    /// Adds jobs that are not there yet: they are due now.
    pub async fn add_jobs(&self, names: &[&str], at: UnixMillis) -> Result<(), StoreError> {
        let insert = "INSERT INTO manager_jobs (name, next_at) SELECT name, $2 FROM unnest($1::text[]) AS names (name) \
            ON CONFLICT DO NOTHING";
        let done = self.client.execute(insert, &[&names, &Timestamptz(at)]).await;
        done.map_err(StoreError::database("add the manager's jobs")).map(|_| ())
    }

    /// The clock and the jobs. That it is answered says that the lock is held still.
    pub async fn round(&self) -> Result<Round, StoreError> {
        let attempted = "read the manager's jobs";
        let offset = self.client.query_one("SELECT offset_ms FROM manager_clock", &[]).await;
        let offset_ms = offset.map_err(StoreError::database(attempted))?.get(0);
        let rows = self.client.query(JOBS, &[]).await.map_err(StoreError::database(attempted))?;
        Ok(Round { offset_ms, jobs: rows.iter().map(job_of).collect() })
    }

    /// A run begins. Answers its number.
    pub async fn begin(&self, job: &str, holder: &str, at: UnixMillis) -> Result<i64, StoreError> {
        let insert = "INSERT INTO manager_runs (job, holder, started_at) VALUES ($1, $2, $3) RETURNING id";
        let row = self.client.query_one(insert, &[&job, &holder, &Timestamptz(at)]).await;
        row.map(|row| row.get(0)).map_err(StoreError::database("record the beginning of a run"))
    }

    /// It has ended, and its job is due again when it says.
    pub async fn end(&self, end: &RunEnd) -> Result<(), StoreError> {
        let update = "WITH run AS (UPDATE manager_runs SET ended_at = $2, outcome = $3, detail = $4 WHERE id = $1 RETURNING job) \
            UPDATE manager_jobs SET next_at = $5, failures = CASE WHEN $3 = 'failed' THEN failures + 1 ELSE 0 END \
            FROM run WHERE name = run.job";
        let (at, next_at) = (Timestamptz(end.at), Timestamptz(end.next_at));
        let detail = end.detail.as_ref().map(Json);
        let done = self.client.execute(update, &[&end.run, &at, &end.outcome.word(), &detail, &next_at]).await;
        done.map_err(StoreError::database("record the end of a run")).map(|_| ())
    }
}

const JOBS: &str = "SELECT name, next_at, failures FROM manager_jobs ORDER BY name";

fn job_of(row: &Row) -> JobRow {
    JobRow { name: row.get(0), next_at: row.get::<_, Timestamptz>(1).0, failures: row.get(2) }
}

impl MoneyStore {
    /// The manager's jobs, by name.
    pub async fn jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        let rows = self.client().await?.query(JOBS, &[]).await.map_err(StoreError::database("list jobs"))?;
        Ok(rows.iter().map(job_of).collect())
    }

    /// Runs of a job, or of all, the latest first: at most `limit`, and no more than [`RUNS_MAX`].
    pub async fn runs(&self, job: Option<&str>, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let select = "SELECT id, job, holder, started_at, ended_at, outcome, detail FROM manager_runs \
            WHERE $1::text IS NULL OR job = $1 ORDER BY id DESC LIMIT $2";
        let rows = self.client().await?.query(select, &[&job, &i64::from(limit.min(RUNS_MAX))]).await;
        rows.map_err(StoreError::database("list runs"))?.iter().map(run_of).collect()
    }

    /// Removes what ended before an instant, and sooner what had nothing to do: at most `limit` runs. Answers how many.
    pub async fn remove_runs(
        &self,
        before: UnixMillis,
        idle_before: UnixMillis,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let delete = "DELETE FROM manager_runs WHERE id IN (SELECT id FROM manager_runs \
            WHERE ended_at < $1 OR (ended_at < $2 AND outcome = 'done' AND detail IS NULL) ORDER BY id LIMIT $3)";
        let (before, idle_before) = (Timestamptz(before), Timestamptz(idle_before));
        let done = self.client().await?.execute(delete, &[&before, &idle_before, &i64::from(limit)]).await;
        done.map_err(StoreError::database("remove old runs"))
    }
}

/// A run out of `id, job, holder, started_at, ended_at, outcome, detail`.
pub(crate) fn run_of(row: &Row) -> Result<RunRow, StoreError> {
    let outcome = |word: &str| {
        let unknown = || StoreError::Row { what: "a run's outcome", cause: format!("{word} is none") };
        RunOutcome::from_word(word).ok_or_else(unknown)
    };
    let ended_at: Option<Timestamptz> = row.get(4);
    let word: Option<&str> = row.get(5);
    let ended = ended_at.zip(word).map(|(at, word)| outcome(word).map(|outcome| (at.0, outcome)));
    Ok(RunRow {
        id: row.get(0),
        job: row.get(1),
        holder: row.get(2),
        started_at: row.get::<_, Timestamptz>(3).0,
        ended: ended.transpose()?,
        detail: row.get::<_, Option<Json<Value>>>(6).map(|json| json.0),
    })
}
