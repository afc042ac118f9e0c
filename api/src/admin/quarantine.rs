//! The quarantine's routes: lines that could not be read, by reason, to look at, to give again and to throw away.
//!
//! Giving again claims lines in the store, hands them to ingest ([`crate::Pipeline::give_again`]) and answers when they
//! are in the journal; what became of each shows in its row when its epoch is stored. A claim is handed over or given
//! back whether or not the client waits for the answer. One such request at a time.

mod journals;
mod params;
mod rows;
mod wire;

pub(crate) use journals::asked as asked_journals;
pub(crate) use params::is_reason;
pub use rows::QuarantineRows;
pub use wire::{
    DiscardRequest, Discarded, Quarantine, QuarantineLine, QuarantineReason, QuarantineReasons, QuarantineText,
    ReplayRequest, Replayed,
};

use super::asked::{BodyProblems, WriteProblems};
use crate::app::App;
use crate::params::parse_none;
use crate::path::Path;
use crate::pipeline::GiveAgainError;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::read::ReadError;
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use journals::OfJournal;
use std::sync::Arc;
use suiftly_schema::quarantine::GivenLine;
use suiftly_store::StoreError;
use suiftly_store::accounts::{Act, OperatorRole};
use tokio::sync::OwnedSemaphorePermit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, all of them guarded.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(reasons))
        .routes(routes!(page))
        .routes(routes!(line))
        .routes(routes!(replay))
        .routes(routes!(discard))
}

fn store_problem(error: StoreError) -> Problem {
    ReadError::Store(error).into()
}

/// Rejected lines by reason: how many there were, and what is kept of them.
#[utoipa::path(get, path = "/quarantine/reasons", operation_id = "quarantine_reasons", tag = "operation",
    params(("journal" = Option<String>, Query, description = "In a cluster: kept of this ingester's lines alone; rejected are all")),
    responses((status = 200, body = QuarantineReasons), GuardedProblems)
)]
async fn reasons(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<QuarantineReasons>, Problem> {
    let journal = params::journal(&query.unwrap_or_default())?;
    let rows = if journal.is_some() {
        journals::to_look_at(&app, journal.as_deref()).await?.0.rows
    } else {
        Arc::clone(&app.parts.quarantine)
    };
    let kept = rows.reasons().await.map_err(store_problem)?;
    let rejected = app.parts.pipeline.live().counts.rejected;
    Ok(Json(QuarantineReasons::new(rejected, kept)))
}

/// Quarantined lines, the newest first, each cut after 1,024 bytes.
#[utoipa::path(get, path = "/quarantine", operation_id = "list_quarantined", tag = "operation", params(params::PageQuery), responses(
    (status = 200, body = Quarantine),
    GuardedProblems,
))]
async fn page(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<Quarantine>, Problem> {
    let (query, journal) = params::page(&query.unwrap_or_default())?;
    let (of, journals) = journals::to_look_at(&app, journal.as_deref()).await?;
    let lines = of.rows.page(&query).await.map_err(store_problem)?;
    Ok(Json(Quarantine::page(lines, query.limit, (of.name, journals))))
}

/// One quarantined line, whole: as text, and verbatim in Base64.
#[utoipa::path(get, path = "/quarantine/{offset}", operation_id = "get_quarantined", tag = "operation",
    params(
        ("offset" = i64, Path, minimum = 0, description = "Where the line stands in the journal, in bytes"),
        ("journal" = Option<String>, Query, description = "In a cluster: in the journal of this ingester; without it of the first"),
    ),
    responses(
        (status = 200, body = QuarantineText),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn line(
    State(app): State<App>,
    Path(offset): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<QuarantineText>, Problem> {
    let journal = params::journal(&query.unwrap_or_default())?;
    let offset = params::offset(&offset)?;
    let (of, _) = journals::to_look_at(&app, journal.as_deref()).await?;
    let found = of.rows.line(offset).await.map_err(store_problem)?;
    found.map(|line| Json(line.into())).ok_or_else(|| {
        Problem::new(ProblemCode::NotFound).detail(format!("no line of the quarantine stands at {offset}"))
    })
}

/// Gives lines again, to be read under today's configuration, whatever their date and source.
///
/// Never those that are under way, nor those that became something. The answer comes when they are in the journal;
/// what became of each stands in its `outcome` once the store has the answer's epoch.
#[utoipa::path(post, path = "/quarantine/replay", operation_id = "replay_quarantined", tag = "operation", request_body = ReplayRequest, responses(
    (status = 200, body = Replayed),
    (status = 409, description = "`busy`: another is being answered", body = Problem, content_type = "application/problem+json"),
    WriteProblems, BodyProblems, GuardedProblems,
))]
async fn replay(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<Replayed>, Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let (asked, journal) = params::replay(request).await?;
    let turn = turn(&app)?;
    let of = journals::to_change(&app, journal.as_deref()).await?;
    is_open(&app, &of)?;
    let act = operator.act(app.parts.clock.now());
    // On a task of its own: a client that goes away leaves no claim behind.
    let given = tokio::spawn(give_again(app, asked, of, act, turn)).await.map_err(|error| Problem::internal(&error))?;
    Ok(Json(given?))
}

/// Throws lines away, but for those that are under way.
#[utoipa::path(post, path = "/quarantine/discard", operation_id = "discard_quarantined", tag = "operation", request_body = DiscardRequest, responses(
    (status = 200, body = Discarded),
    (status = 409, description = "`busy`: another is being answered", body = Problem, content_type = "application/problem+json"),
    WriteProblems, BodyProblems, GuardedProblems,
))]
async fn discard(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<Discarded>, Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let (selection, journal) = params::discard(request).await?;
    let _turn = turn(&app)?;
    let of = journals::to_change(&app, journal.as_deref()).await?;
    let act = operator.act(app.parts.clock.now());
    let lines = of.rows.discard(&selection, &act).await.map_err(store_problem)?;
    tracing::info!(lines, reason = selection.reason, "quarantined lines were thrown away");
    Ok(Json(Discarded { lines }))
}

/// Lines are given again once nothing is left of what was asked for before a start.
fn is_open(app: &App, of: &OfJournal) -> Result<(), Problem> {
    let quarantine = app.parts.pipeline.live().quarantine;
    if of.id.as_ref().map_or(quarantine.is_open, |id| quarantine.open_journals.contains(id)) {
        return Ok(());
    }
    let starting = Problem::new(ProblemCode::Recovering).retry_after_s(1);
    Err(match &of.name {
        Some(name) => starting.detail(format!(
            "ingest-{name} is not linked, or what its journal held at the cluster's start is not stored yet"
        )),
        None => starting,
    })
}

/// One request that changes the quarantine at a time.
fn turn(app: &App) -> Result<OwnedSemaphorePermit, Problem> {
    let turn = app.quarantine_turn.clone().try_acquire_owned();
    turn.map_err(|_| Problem::new(ProblemCode::Busy).detail("another request changes the quarantine").retry_after_s(1))
}

async fn give_again(
    app: App,
    asked: params::Replay,
    OfJournal { rows, id, .. }: OfJournal,
    act: Act,
    _turn: OwnedSemaphorePermit,
) -> Result<Replayed, Problem> {
    let params::Replay { selection, again, limit } = asked;
    let lines = rows.claim(&selection, again, limit, &act).await.map_err(store_problem)?;
    if lines.is_empty() {
        return Ok(Replayed::default());
    }
    let count = lines.len() as u64;
    match app.parts.pipeline.give_again(id.as_deref(), &lines).await {
        Ok(epoch) => {
            tracing::info!(lines = count, reason = selection.reason, epoch, "quarantined lines were given again");
            Ok(Replayed { lines: count, epoch: Some(epoch) })
        }
        Err(error) => {
            tracing::warn!(lines = count, %error, "quarantined lines were claimed to be given again");
            if error.is_refusal() {
                release(&*rows, &lines).await;
            }
            Err(give_problem(error))
        }
    }
}

async fn release(rows: &dyn QuarantineRows, lines: &[GivenLine]) {
    let offsets: Vec<u64> = lines.iter().map(|line| line.journal_offset).collect();
    if let Err(error) = rows.release(&offsets).await {
        tracing::warn!(lines = offsets.len(), %error, "claims were not given back; the next start does");
    }
}

fn give_problem(error: GiveAgainError) -> Problem {
    let code = match error {
        GiveAgainError::Recovering | GiveAgainError::NotLinked => ProblemCode::Recovering,
        GiveAgainError::Stopping => ProblemCode::Stopping,
        GiveAgainError::Busy => ProblemCode::Overloaded,
        GiveAgainError::Undetermined => ProblemCode::Timeout,
    };
    Problem::new(code).detail(error.to_string()).retry_after_s(1)
}
