//! What was done in a customer's account, and what they were told. Whoever else acted is "Suiftly".

use crate::admin::asked::{PageFields, PageQuery, number, page};
use crate::app::App;
use crate::body::{self, WriteProblems};
use crate::customer::services::act;
use crate::params::{Fields, parse_none};
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{ACTIVITY_PAGE_MAX, Activity, ActivityQuery};
use suiftly_store::money::{Noted, NoticeQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Who acted, where it was not the customer.
const HOUSE: &str = "Suiftly";
/// Figures that are for operators: whose it is, and why in our own words.
const FOR_OPERATORS: [&str; 3] = ["customer_id", "cause", "why"];

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(notifications)).routes(routes!(acknowledge))
}

/// Which activity.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct ActionQuery {
    /// Of actions that begin so alone: `key.`.
    #[param(min_length = 1, max_length = 81)]
    action: Option<String>,
}

/// Which notifications.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct StateQuery {
    /// `open`: those that are not acknowledged. `all`. Default: `open`.
    #[param(pattern = "^(open|all)$")]
    state: Option<String>,
}

/// A page of activity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityPage {
    /// The latest first.
    pub items: Vec<ActivityRow>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// Something done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityRow {
    /// Its number.
    pub id: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// The session it was done in, by its public id; or `Suiftly`.
    pub actor: String,
    /// Whether it was done in a session of the customer's.
    pub is_own: bool,
    /// From where; of one's own.
    pub address: Option<String>,
    /// What.
    #[schema(example = "key.create")]
    pub action: String,
    /// To what.
    pub target: Option<String>,
    /// What it changed.
    #[schema(value_type = Object)]
    pub change: Value,
}

impl From<Activity> for ActivityRow {
    fn from(row: Activity) -> Self {
        let is_own = row.actor_kind == "customer";
        Self {
            id: row.id,
            at: row.at.rfc3339(),
            actor: if is_own { row.actor } else { HOUSE.to_owned() },
            is_own,
            address: row.address.filter(|_| is_own).map(|address| address.to_string()),
            action: row.action,
            target: row.target,
            change: without(row.change, &FOR_OPERATORS[..1]),
        }
    }
}

fn without(mut figures: Value, names: &[&str]) -> Value {
    if let Value::Object(members) = &mut figures {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
    figures
}

/// What was done in the account: by its owner, and by us.
#[utoipa::path(get, path = "/activity", operation_id = "list_activity", tag = "account", params(ActionQuery, PageQuery), responses(
    (status = 200, body = ActivityPage),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<ActivityPage>, Problem> {
    let query = query.unwrap_or_default();
    let mut fields = Fields::read_named(&query, &["action", "cursor", "limit"]);
    let (action, before, limit) = (fields.text("action", 81), fields.cursor(number), fields.limit());
    fields.finish(())?;
    // One more than a page has, to know of the next.
    let limit = limit.min(ACTIVITY_PAGE_MAX - 1);
    let query =
        ActivityQuery { customer: Some(customer.id), action, before, limit: limit + 1, ..ActivityQuery::default() };
    let rows = app.parts.accounts.store.activity(&query).await?;
    let (rows, next_cursor) = page(rows, limit, |row| row.id.to_string());
    Ok(Json(ActivityPage { items: rows.into_iter().map(ActivityRow::from).collect(), next_cursor }))
}

/// A page of notifications.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NotificationPage {
    /// The latest first.
    pub items: Vec<NotificationRow>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// Something told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NotificationRow {
    /// Its number.
    pub id: i64,
    /// `info`, `warning`, `critical`.
    pub severity: &'static str,
    /// What it is about.
    #[schema(example = "insufficient_balance")]
    pub kind: String,
    /// Figures.
    #[schema(value_type = Object)]
    pub body: Value,
    /// When it was told.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When somebody said that they know.
    #[schema(format = DateTime)]
    pub acknowledged_at: Option<String>,
}

impl From<Noted> for NotificationRow {
    fn from(row: Noted) -> Self {
        Self {
            id: row.id,
            severity: row.severity.word(),
            kind: row.kind,
            body: without(row.body, &FOR_OPERATORS),
            created_at: row.created_at.rfc3339(),
            acknowledged_at: row.acknowledged_at.map(UnixMillis::rfc3339),
        }
    }
}

/// What the customer was told: what is not acknowledged, or all.
#[utoipa::path(get, path = "/notifications", operation_id = "list_notifications", tag = "account", params(StateQuery, PageQuery), responses(
    (status = 200, body = NotificationPage),
    GuardedProblems,
))]
async fn notifications(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<NotificationPage>, Problem> {
    let query = query.unwrap_or_default();
    let mut fields = Fields::read_named(&query, &["state", "cursor", "limit"]);
    let is_open = |text: &str| match text {
        "open" => Some(true),
        "all" => Some(false),
        _ => None,
    };
    let is_unacknowledged = fields.parsed("state", is_open, "must be open or all").unwrap_or(true);
    let (before, limit) = (fields.cursor(number), fields.limit());
    fields.finish(())?;
    let store = app.parts.accounts.settlement.store().for_customer(customer.id);
    let query = NoticeQuery { customer: Some(customer.id), is_unacknowledged, before, limit: limit + 1 };
    let rows = store.customer_notices(customer.id, &query).await?;
    let (rows, next_cursor) = page(rows, limit, |row| row.id.to_string());
    Ok(Json(NotificationPage { items: rows.into_iter().map(NotificationRow::from).collect(), next_cursor }))
}

/// Says that one knows of a notification. The first time counts.
#[utoipa::path(post, path = "/notifications/{id}/acknowledge", operation_id = "acknowledge_notification", tag = "account",
    params(("id" = i64, Path, minimum = 1)),
    responses(
        (status = 204, description = "It is known of"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn acknowledge(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let id = body::id(&id)?;
    let store = app.parts.accounts.settlement.store().for_customer(customer.id);
    let is_there = store.acknowledge_customer_notice(customer.id, id, &act(&app, &customer)).await?;
    if is_there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::new(ProblemCode::NotFound)) }
}
