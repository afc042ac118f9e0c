//! What operators look at and do to the vault: versions, differences, freeze, thaw, push. Each act is on record.

use super::wire::{FreezeRequest, ThawRequest, VaultDiff, VaultPushed, VaultStatus, VaultVersionItem, VaultVersions};
use crate::admin::asked::{BodyProblems, MissingProblem, PageFields, PageQuery, WriteProblems, is_plain, page, pair};
use crate::app::App;
use crate::body::{self, Checks};
use crate::params::{Fields, parse_none};
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Operator;
use crate::vault::{Described, Freeze, FreezeRefused};
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use serde_json::json;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::OperatorRole;
use suiftly_store::accounts::admin::{VaultFreeze, VersionPlace};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A reason's characters at most.
const REASON_CHARS_MAX: usize = 500;
/// Rows of a difference that are told one by one.
const DIFF_ROWS_MAX: usize = 1_000;
/// How long a pushed version may take.
const PUSH_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(versions))
        .routes(routes!(diff))
        .routes(routes!(freeze))
        .routes(routes!(thaw))
        .routes(routes!(push))
}

/// The vault as it is published: the version in force, who holds it, what waits.
#[utoipa::path(get, path = "/vault/status", operation_id = "vault_status", tag = "vault", responses(
    (status = 200, body = VaultStatus),
    GuardedProblems,
))]
async fn status(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<VaultStatus>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    Ok(Json(VaultStatus::of(&app.parts.vault.publisher)))
}

/// What was published, the latest first. A version may be missing here that gateways have had: it is written down behind.
#[utoipa::path(get, path = "/vault/versions", operation_id = "vault_versions", tag = "vault", params(PageQuery), responses(
    (status = 200, body = VaultVersions),
    GuardedProblems,
))]
async fn versions(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<VaultVersions>, Problem> {
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["cursor", "limit"]);
    let place = |text: &str| {
        let (version, era): (u64, i64) = pair(text)?;
        let is_one = i64::try_from(version).is_ok();
        is_one.then_some(VersionPlace { version, era: UnixMillis(era) })
    };
    let (before, limit) = (fields.cursor(place), fields.limit());
    let (before, limit) = fields.finish((before, limit))?;
    let rows = app.parts.accounts.store.vault_versions(before, limit + 1).await?;
    let (rows, next_cursor) = page(rows, limit, |row| format!("{}.{}", row.version, row.era.0));
    Ok(Json(VaultVersions { items: rows.into_iter().map(VaultVersionItem::from).collect(), next_cursor }))
}

/// Which versions.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct DiffQuery {
    /// The older one. Default: the one before `to`.
    #[param(minimum = 1)]
    from: Option<i64>,
    /// The newer one. Default: the one in force.
    #[param(minimum = 1)]
    to: Option<i64>,
}

/// What differs between two versions, in people's terms. The latest versions only are remembered, and none of before the start.
#[utoipa::path(get, path = "/vault/diff", operation_id = "vault_diff", tag = "vault", params(DiffQuery), responses(
    (status = 200, body = VaultDiff),
    MissingProblem, GuardedProblems,
))]
async fn diff(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<VaultDiff>, Problem> {
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["from", "to"]);
    let number = |text: &str| text.parse().ok().filter(|number: &u64| *number > 0 && i64::try_from(*number).is_ok());
    let (from, to) =
        (fields.parsed("from", number, "must be a version"), fields.parsed("to", number, "must be a version"));
    let (from, to) = fields.finish((from, to))?;
    let publisher = &app.parts.vault.publisher;
    let missing = |version: u64| {
        let (first, last) = publisher.remembered_span().unwrap_or_default();
        let detail = format!("version {version} is not remembered: {first} to {last} are");
        Problem::new(ProblemCode::NotFound).detail(detail)
    };
    let to = to.unwrap_or_else(|| publisher.version());
    let from = from.unwrap_or_else(|| to.saturating_sub(1));
    let older = publisher.remembered_number(from).ok_or_else(|| missing(from))?;
    let newer = publisher.remembered_number(to).ok_or_else(|| missing(to))?;
    let described = Described::of(&older.set, &older.set.changes_to(&newer.set), DIFF_ROWS_MAX);
    Ok(Json(VaultDiff { from, to, changes: described.into() }))
}

/// Holds the vault: gateways keep the version in force, also over a restart, and changes wait. Nobody new is let in, and
/// nobody is stopped.
#[utoipa::path(post, path = "/vault/freeze", operation_id = "freeze_vault", tag = "vault", request_body = FreezeRequest, responses(
    (status = 200, body = VaultStatus),
    (status = 409, description = "`vault_version`: another version is in force; `vault_frozen`: somebody holds it",
        body = Problem, content_type = "application/problem+json"),
    WriteProblems, BodyProblems, GuardedProblems,
))]
async fn freeze(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<VaultStatus>, Problem> {
    operator.may(OperatorRole::Admin)?;
    parse_none(&query.unwrap_or_default())?;
    let FreezeRequest { reason, confirm } = body::read(request).await?;
    let reason = checked_reason(&reason)?;
    let (publisher, at) = (&app.parts.vault.publisher, app.parts.clock.now());
    let by = operator.name.to_string();
    publisher.freeze(Freeze { at, by: by.clone(), reason: reason.clone() }, confirm)?;
    let kept = &app.parts.accounts.store;
    let frozen = kept.freeze_vault(&VaultFreeze { at, by, reason }, confirm, &operator.act(at)).await;
    if let Err(error) = frozen {
        // It would not hold over a restart, and would not be on record.
        publisher.thaw(confirm)?;
        return Err(error.into());
    }
    Ok(Json(VaultStatus::of(publisher)))
}

fn checked_reason(reason: &str) -> Result<String, Problem> {
    let mut checks = Checks::default();
    let reason = reason.trim();
    if !is_plain(reason, REASON_CHARS_MAX) {
        checks.fail("reason", format!("must have 1 to {REASON_CHARS_MAX} characters, all of which can be shown"));
    }
    checks.finish(reason.to_owned())
}

/// Releases the vault: what has changed meanwhile is published.
#[utoipa::path(post, path = "/vault/thaw", operation_id = "thaw_vault", tag = "vault", request_body = ThawRequest, responses(
    (status = 200, body = VaultStatus),
    (status = 409, description = "`vault_version`: another version is in force; `vault_not_frozen`: nobody holds it",
        body = Problem, content_type = "application/problem+json"),
    WriteProblems, BodyProblems, GuardedProblems,
))]
async fn thaw(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<VaultStatus>, Problem> {
    operator.may(OperatorRole::Admin)?;
    parse_none(&query.unwrap_or_default())?;
    let ThawRequest { confirm } = body::read(request).await?;
    let publisher = &app.parts.vault.publisher;
    publisher.may_thaw(confirm)?;
    let act = operator.act(app.parts.clock.now());
    app.parts.accounts.store.thaw_vault(confirm, &act).await?;
    publisher.thaw(confirm)?;
    Ok(Json(VaultStatus::of(publisher)))
}

/// Has every gateway filled anew: publishes a version that says so, and answers with it.
#[utoipa::path(post, path = "/vault/push", operation_id = "push_vault", tag = "vault", responses(
    (status = 200, body = VaultPushed),
    (status = 409, description = "`vault_frozen`: somebody holds it", body = Problem, content_type = "application/problem+json"),
    WriteProblems, GuardedProblems,
))]
async fn push(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<VaultPushed>, Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let publisher = &app.parts.vault.publisher;
    let mut current = publisher.watch();
    let before = current.borrow_and_update().as_ref().map_or(0, |current| current.head.refill);
    publisher.may_push()?;
    let act = operator.act(app.parts.clock.now());
    app.parts.accounts.store.record(None, &act, "vault.push", None, json!({"after": before})).await?;
    publisher.push()?;
    let is_pushed = |current: &Option<std::sync::Arc<crate::vault::Version>>| {
        current.as_ref().is_some_and(|current| current.head.refill > before)
    };
    let late = || Problem::new(ProblemCode::Timeout).detail("the version is not out yet");
    let pushed = tokio::time::timeout(PUSH_TIMEOUT, current.wait_for(is_pushed)).await.map_err(|_| late())?;
    let version = pushed.ok().and_then(|current| current.as_ref().map(|current| current.head.version));
    version.map(|version| Json(VaultPushed { version })).ok_or_else(|| Problem::new(ProblemCode::Stopping))
}

impl From<FreezeRefused> for Problem {
    fn from(refused: FreezeRefused) -> Self {
        let code = match refused {
            FreezeRefused::OtherVersion { .. } => ProblemCode::VaultVersion,
            FreezeRefused::Frozen => ProblemCode::VaultFrozen,
            FreezeRefused::NotFrozen => ProblemCode::VaultNotFrozen,
            FreezeRefused::NothingYet => return Self::new(ProblemCode::Recovering).retry_after_s(1),
        };
        Self::new(code).detail(refused.to_string())
    }
}
