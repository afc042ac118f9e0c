//! The manager's jobs: when they run, how they ran, and a run asked for.

use super::asked::{MissingProblem, PageFields, PageQuery, WriteProblems, missing, number, page};
use crate::app::App;
use crate::params::{Fields, parse_none};
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use suiftly_store::accounts::OperatorRole;
use suiftly_store::accounts::admin::{JobStand, RunQuery};
use suiftly_store::money::RunRow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(runs)).routes(routes!(run))
}

/// The manager's jobs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Jobs {
    /// By name.
    pub items: Vec<Job>,
    /// Whether the process that answers is the one that runs them; null if it cannot be.
    pub is_manager_here: Option<bool>,
    /// The manager's clock.
    #[schema(format = DateTime)]
    pub now: String,
}

/// A job.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// When it is to run next, by the manager's clock.
    #[schema(format = DateTime)]
    pub next_at: String,
    /// How often it has failed in a row.
    pub failures: i32,
    /// Its last run; null if it never ran.
    pub last_run: Option<JobRun>,
}

impl From<JobStand> for Job {
    fn from(row: JobStand) -> Self {
        let last_run = row.last.map(JobRun::from);
        Self { name: row.name, next_at: row.next_at.rfc3339(), failures: row.failures, last_run }
    }
}

/// A page of a job's runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobRuns {
    /// The latest first.
    pub items: Vec<JobRun>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A run of a job.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobRun {
    /// Its number.
    pub id: i64,
    /// Which manager ran it.
    pub holder: String,
    /// When it began.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When it ended; null while it runs.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// `done`, `failed`, `abandoned`; null while it runs.
    pub outcome: Option<&'static str>,
    /// What it did, or why it failed; null: there was nothing to do.
    #[schema(value_type = Option<Object>)]
    pub detail: Option<Value>,
}

impl From<RunRow> for JobRun {
    fn from(row: RunRow) -> Self {
        Self {
            id: row.id,
            holder: row.holder,
            started_at: row.started_at.rfc3339(),
            ended_at: row.ended.map(|(at, _)| at.rfc3339()),
            outcome: row.ended.map(|(_, outcome)| outcome.word()),
            // A job may answer a bare number; the wire has one shape.
            detail: row.detail.map(|detail| match detail {
                Value::Object(_) => detail,
                other => serde_json::json!({ "result": other }),
            }),
        }
    }
}

/// Which runs.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct RunsQuery {
    /// Those that did something, failed, or run still, alone. Default: all.
    work: Option<bool>,
}

/// A run that was asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobAsked {
    /// Of which job.
    pub name: String,
    /// Since when it is due, by the manager's clock. The manager looks twice a second.
    #[schema(format = DateTime)]
    pub due_at: String,
}

/// The manager's jobs, by name: when each is due, how often it failed in a row, and its last run.
#[utoipa::path(get, path = "/jobs", operation_id = "list_jobs", tag = "billing", responses((status = 200, body = Jobs), GuardedProblems))]
async fn list(State(app): State<App>, _operator: Operator, RawQuery(query): RawQuery) -> Result<Json<Jobs>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let jobs = app.parts.accounts.store.job_stands().await?;
    Ok(Json(Jobs {
        items: jobs.into_iter().map(Job::from).collect(),
        is_manager_here: app.parts.pipeline.live().manager.map(|manager| manager.is_holder),
        now: app.parts.accounts.settlement.now().rfc3339(),
    }))
}

/// A job's runs, the latest first.
#[utoipa::path(get, path = "/jobs/{name}/runs", operation_id = "list_job_runs", tag = "billing",
    params(("name" = String, Path, min_length = 1, max_length = 40), RunsQuery, PageQuery),
    responses((status = 200, body = JobRuns), MissingProblem, GuardedProblems)
)]
async fn runs(
    State(app): State<App>,
    _operator: Operator,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<JobRuns>, Problem> {
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["work", "cursor", "limit"]);
    let is_work = fields.parsed("work", |text| text.parse().ok(), "must be true or false").unwrap_or(false);
    let (before, limit) = (fields.cursor(number), fields.limit());
    let query = fields.finish(RunQuery { is_work, before, limit: limit + 1 })?;
    let rows = match is_job_name(&name) {
        true => app.parts.accounts.store.runs_of(&name, &query).await?,
        false => None,
    };
    let (rows, next_cursor) = page(rows.ok_or_else(|| missing("job"))?, limit, |row| row.id.to_string());
    Ok(Json(JobRuns { items: rows.into_iter().map(JobRun::from).collect(), next_cursor }))
}

/// Has a job run now, beside its schedule.
#[utoipa::path(post, path = "/jobs/{name}/run", operation_id = "run_job", tag = "billing",
    params(("name" = String, Path, min_length = 1, max_length = 40)),
    responses((status = 202, body = JobAsked), MissingProblem, WriteProblems, GuardedProblems)
)]
async fn run(
    State(app): State<App>,
    operator: Operator,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<(StatusCode, Json<JobAsked>), Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let (due_at, act) = (app.parts.accounts.settlement.now(), operator.act(app.parts.clock.now()));
    let is_there = is_job_name(&name) && app.parts.accounts.store.run_job(&name, due_at, &act).await?;
    if !is_there {
        return Err(missing("job"));
    }
    Ok((StatusCode::ACCEPTED, Json(JobAsked { name, due_at: due_at.rfc3339() })))
}

/// What is no name of a job (a zero byte, say) need not be looked for.
fn is_job_name(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
