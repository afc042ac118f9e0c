//! The manager's jobs as operators see them, and a run asked for.

use super::super::AccountStore;
use super::super::activity::{Act, record};
use crate::StoreError;
use crate::codec::Timestamptz;
use crate::money::{RUNS_MAX, RunRow, run_of};
use serde_json::json;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// A job, and how it ran last.
#[derive(Clone, Debug, PartialEq)]
pub struct JobStand {
    /// Its name.
    pub name: String,
    /// When it is to run next, by the manager's clock.
    pub next_at: UnixMillis,
    /// How often it has failed in a row.
    pub failures: i32,
    /// Its last run; `None` if it never ran, or so long ago that its record is gone.
    pub last: Option<RunRow>,
}

/// Which runs of a job, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// Those that did something, or failed, only.
    pub is_work: bool,
    /// Before this number: the next page.
    pub before: Option<i64>,
    /// At most so many; [`RUNS_MAX`] at most.
    pub limit: u32,
}

const JOBS: &str = "SELECT r.id, r.job, r.holder, r.started_at, r.ended_at, r.outcome, r.detail, j.name, j.next_at, \
        j.failures \
    FROM manager_jobs AS j LEFT JOIN LATERAL (SELECT * FROM manager_runs WHERE job = j.name ORDER BY id DESC LIMIT 1) AS r \
        ON true \
    ORDER BY j.name";

impl AccountStore {
    /// The manager's jobs, by name.
    pub async fn job_stands(&self) -> Result<Vec<JobStand>, StoreError> {
        let rows = self.client().await?.query(JOBS, &[]).await.map_err(StoreError::database("list jobs"))?;
        rows.iter().map(stand_of).collect()
    }

    /// A job's runs; `None` if there is no such job.
    pub async fn runs_of(&self, job: &str, query: &RunQuery) -> Result<Option<Vec<RunRow>>, StoreError> {
        const ATTEMPTED: &str = "list a job's runs";
        let select = "SELECT id, job, holder, started_at, ended_at, outcome, detail FROM manager_runs \
            WHERE job = $1 AND id < $2 AND (NOT $3 OR detail IS NOT NULL OR outcome IS DISTINCT FROM 'done') \
            ORDER BY id DESC LIMIT $4";
        let client = self.client().await?;
        let is_job = client.query_opt("SELECT FROM manager_jobs WHERE name = $1", &[&job]).await;
        if is_job.map_err(StoreError::database(ATTEMPTED))?.is_none() {
            return Ok(None);
        }
        let (before, limit) = (query.before.unwrap_or(i64::MAX), i64::from(query.limit.min(RUNS_MAX)));
        let rows = client.query(select, &[&job, &before, &query.is_work, &limit]).await;
        let rows = rows.map_err(StoreError::database(ATTEMPTED))?;
        rows.iter().map(run_of).collect::<Result<_, _>>().map(Some)
    }

    /// Has a job run as soon as the manager looks: it is due from `now` on, by the manager's clock. Answers whether there
    /// is such a job. One that runs already runs again afterwards only if it was due by then.
    pub async fn run_job(&self, job: &str, now: UnixMillis, act: &Act) -> Result<bool, StoreError> {
        const ATTEMPTED: &str = "have a job run";
        let update = "UPDATE manager_jobs SET next_at = least(next_at, $2) WHERE name = $1";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let done = transaction.execute(update, &[&job, &Timestamptz(now)]).await;
        if done.map_err(StoreError::database(ATTEMPTED))? == 0 {
            return Ok(false);
        }
        record(&transaction, None, act, "job.run", Some(job), json!({})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(true)
    }
}

fn stand_of(row: &Row) -> Result<JobStand, StoreError> {
    let has_run = row.get::<_, Option<i64>>(0).is_some();
    Ok(JobStand {
        name: row.get(7),
        next_at: row.get::<_, Timestamptz>(8).0,
        failures: row.get(9),
        last: has_run.then(|| run_of(row)).transpose()?,
    })
}
