//! Published log formats: what an operator does about lines that nothing can read. A format is tried on quarantined lines
//! until it fits, published, and the lines are given again.
//!
//! Publishing writes the database alone; the outbox tells of it. Lines that are given again come behind everything that
//! was told before ([`crate::Pipeline::give_again`]), so that a format published a moment ago reads them.

mod params;
mod tried;
mod wire;

pub use wire::{
    FormatError, FormatItem, FormatList, FormatRequest, FormatWarning, TriedLine, TryFormatRequest, TryFormatView,
};

use super::asked::{BodyProblems, MissingProblem, WriteProblems, missing};
use super::quarantine::asked_journals;
use crate::app::App;
use crate::body;
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::read::ReadError;
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use suiftly_schema::log_format::is_format_name;
use suiftly_store::StoreError;
use suiftly_store::accounts::OperatorRole;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(try_one)).routes(routes!(publish, retire))
}

/// Every format that was ever published: those in force first, in the order in which lines are tried.
#[utoipa::path(get, path = "/formats", operation_id = "list_formats", tag = "operation", responses(
    (status = 200, body = FormatList),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<FormatList>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let rows = app.parts.accounts.store.log_formats().await?;
    Ok(Json(FormatList { items: rows.into_iter().map(FormatItem::from).collect() }))
}

/// Tries a format on quarantined lines: what it would make of each, or where the line stops fitting. By this format alone,
/// as if the line were given again. Changes nothing.
#[utoipa::path(post, path = "/formats/try", operation_id = "try_format", tag = "operation", request_body = TryFormatRequest, responses(
    (status = 200, body = TryFormatView),
    WriteProblems, BodyProblems, GuardedProblems,
))]
async fn try_one(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<TryFormatView>, Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let (asked, which, journal) = params::tried(body::read(request).await?)?;
    let format = match tried::compile(&asked) {
        Ok(format) => format,
        Err(refused) => return Ok(Json(*refused)),
    };
    let mut lines = Vec::new();
    for of in asked_journals(&app, journal.as_deref()).await? {
        lines = tried::lines(&*of.rows, &which).await.map_err(store_problem)?;
        // Of the first journal that has any.
        if !lines.is_empty() {
            break;
        }
    }
    Ok(Json(tried::on(&format, &lines)))
}

/// Publishes a format under a name, in place of the one in force under it: from then on it is tried, after those published
/// before, on lines that no configured format can read. Just as it is in force, it is left alone.
///
/// Lines that are given again after the answer are read by it.
#[utoipa::path(put, path = "/formats/{name}", operation_id = "publish_format", tag = "operation",
    params(("name" = String, Path, pattern = "^[A-Za-z0-9._-]{1,64}$")), request_body = FormatRequest,
    responses(
        (status = 200, description = "It was in force before, just so", body = FormatItem),
        (status = 201, description = "It is published", body = FormatItem),
        (status = 409, description = "`format_limit_reached`", body = Problem, content_type = "application/problem+json"),
        WriteProblems, BodyProblems, GuardedProblems,
    )
)]
async fn publish(
    State(app): State<App>,
    operator: Operator,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<(StatusCode, Json<FormatItem>), Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let FormatRequest { log_format, attribution } = params::published(&name, body::read(request).await?)?;
    let (store, act) = (&app.parts.accounts.store, operator.act(app.parts.clock.now()));
    let published = store.publish_log_format(&name, &log_format, &attribution, &act).await?;
    let (row, is_new) =
        published.map_err(|refused| Problem::new(ProblemCode::FormatLimitReached).detail(refused.to_string()))?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(row.into())))
}

/// Retires a format: it reads no line any more. What it read stays as it is.
#[utoipa::path(delete, path = "/formats/{name}", operation_id = "retire_format", tag = "operation",
    params(("name" = String, Path, min_length = 1, max_length = 64)),
    responses((status = 204, description = "It is retired"), MissingProblem, WriteProblems, GuardedProblems)
)]
async fn retire(
    State(app): State<App>,
    operator: Operator,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let act = operator.act(app.parts.clock.now());
    let was_there = is_format_name(&name) && app.parts.accounts.store.retire_log_format(&name, &act).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(missing("format")) }
}

fn store_problem(error: StoreError) -> Problem {
    ReadError::Store(error).into()
}
