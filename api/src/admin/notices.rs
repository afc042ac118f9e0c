//! Notifications: what people are to be told, of one customer or of everybody, and that somebody knows of it.

use super::asked::{MissingProblem, PageFields, PageQuery, WriteProblems, missing, number, page};
use crate::app::App;
use crate::body;
use crate::params::{Fields, parse_none};
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::OperatorRole;
use suiftly_store::money::{Noted, NoticeQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(acknowledge))
}

/// Which notifications.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct NoticesQuery {
    /// `open`: those that nobody has acknowledged. `all`. Default: `open`.
    #[param(pattern = "^(open|all)$")]
    state: Option<String>,
    /// For this customer alone.
    #[param(minimum = 1)]
    customer_id: Option<i64>,
}

/// A page of notifications.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticePage {
    /// The latest first.
    pub items: Vec<NoticeItem>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A notification.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticeItem {
    /// Its number.
    pub id: i64,
    /// What names it.
    pub key: String,
    /// Whom it is for; null: whoever operates.
    #[schema(value_type = Option<i64>)]
    pub customer_id: Option<CustomerId>,
    /// `info`, `warning`, `critical`.
    pub severity: &'static str,
    /// What it is about.
    pub kind: String,
    /// Figures.
    #[schema(value_type = Object)]
    pub body: Value,
    /// When it was told first.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When somebody said that they know.
    #[schema(format = DateTime)]
    pub acknowledged_at: Option<String>,
}

impl From<Noted> for NoticeItem {
    fn from(row: Noted) -> Self {
        Self {
            id: row.id,
            key: row.key,
            customer_id: row.customer,
            severity: row.severity.word(),
            kind: row.kind,
            body: row.body,
            created_at: row.created_at.rfc3339(),
            acknowledged_at: row.acknowledged_at.map(UnixMillis::rfc3339),
        }
    }
}

/// Notifications, the latest first: those that nobody has acknowledged, or all.
#[utoipa::path(get, path = "/notifications", operation_id = "list_notifications", tag = "operation", params(NoticesQuery, PageQuery), responses(
    (status = 200, body = NoticePage),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<NoticePage>, Problem> {
    let (query, limit) = parse(&query.unwrap_or_default())?;
    let rows = app.parts.accounts.settlement.store().notices(&query).await?;
    let (rows, next_cursor) = page(rows, limit, |row| row.id.to_string());
    Ok(Json(NoticePage { items: rows.into_iter().map(NoticeItem::from).collect(), next_cursor }))
}

fn parse(query: &str) -> Result<(NoticeQuery, u32), Problem> {
    let mut fields = Fields::read_named(query, &["state", "customer_id", "cursor", "limit"]);
    let is_open = |text: &str| match text {
        "open" => Some(true),
        "all" => Some(false),
        _ => None,
    };
    let is_unacknowledged = fields.parsed("state", is_open, "must be open or all").unwrap_or(true);
    let (customer, before, limit) = (fields.customer_id(), fields.cursor(number), fields.limit());
    fields.finish((NoticeQuery { customer, is_unacknowledged, before, limit: limit + 1 }, limit))
}

/// Says that somebody knows of a notification. The first time counts.
#[utoipa::path(post, path = "/notifications/{id}/acknowledge", operation_id = "acknowledge_notification", tag = "operation",
    params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "It is known of"), MissingProblem, WriteProblems, GuardedProblems)
)]
async fn acknowledge(
    State(app): State<App>,
    operator: Operator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, operator.act(app.parts.clock.now()));
    let is_there = app.parts.accounts.store.acknowledge(id, &act).await?;
    if is_there { Ok(StatusCode::NO_CONTENT) } else { Err(missing("notification")) }
}
