//! The activity log, for operators: who did what, to whom, from where.

use super::asked::{PageFields, PageQuery, number, page};
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use serde_json::Value;
use suiftly_schema::ids::CustomerId;
use suiftly_store::accounts::{Activity, ActivityQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(audit))
}

/// Which activity.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct AuditQuery {
    /// What concerns this customer alone.
    #[param(minimum = 1)]
    customer_id: Option<i64>,
    /// Of this kind of actor alone: `customer`, `operator`, `system`.
    #[param(pattern = "^(customer|operator|system)$")]
    actor_kind: Option<String>,
    /// Of this actor alone: an operator's name, a session's id, a job's name.
    #[param(min_length = 1, max_length = 100)]
    actor: Option<String>,
    /// Of actions that begin so alone: `key.`.
    #[param(min_length = 1, max_length = 81)]
    action: Option<String>,
}

/// A page of the activity log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The latest first.
    pub items: Vec<ActivityItem>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// Something done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityItem {
    /// Its number.
    pub id: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Whom it concerns.
    #[schema(value_type = Option<i64>)]
    pub customer_id: Option<CustomerId>,
    /// `customer`, `operator` or `system`.
    pub actor_kind: String,
    /// A session's id, an operator's name, a job's name.
    pub actor: String,
    /// From where.
    pub address: Option<String>,
    /// What was done.
    #[schema(example = "customer.suspend")]
    pub action: String,
    /// To what.
    pub target: Option<String>,
    /// What it changed.
    #[schema(value_type = Object)]
    pub change: Value,
}

impl From<Activity> for ActivityItem {
    fn from(row: Activity) -> Self {
        Self {
            id: row.id,
            at: row.at.rfc3339(),
            customer_id: row.customer,
            actor_kind: row.actor_kind,
            actor: row.actor,
            address: row.address.map(|address| address.to_string()),
            action: row.action,
            target: row.target,
            change: row.change,
        }
    }
}

/// Who did what: customers, operators, and the program itself. The latest first.
#[utoipa::path(get, path = "/audit", tag = "operators", params(AuditQuery, PageQuery), responses(
    (status = 200, body = AuditPage),
    GuardedProblems,
))]
async fn audit(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<AuditPage>, Problem> {
    let (mut query, limit) = parse(&query.unwrap_or_default())?;
    query.limit = limit.min(suiftly_store::accounts::ACTIVITY_PAGE_MAX - 1) + 1;
    let rows = app.parts.accounts.store.activity(&query).await?;
    let (rows, next_cursor) = page(rows, query.limit - 1, |row| row.id.to_string());
    Ok(Json(AuditPage { items: rows.into_iter().map(ActivityItem::from).collect(), next_cursor }))
}

fn parse(query: &str) -> Result<(ActivityQuery, u32), Problem> {
    let names = ["customer_id", "actor_kind", "actor", "action", "cursor", "limit"];
    let mut fields = Fields::read_named(query, &names);
    let known = |text: &str| ["customer", "operator", "system"].contains(&text).then(|| text.to_owned());
    let query = ActivityQuery {
        customer: fields.customer_id(),
        actor_kind: fields.parsed("actor_kind", known, "must be customer, operator or system"),
        actor: fields.text("actor", 100),
        action: fields.text("action", 81),
        before: fields.cursor(number),
        limit: 0,
    };
    let limit = fields.limit();
    fields.finish((query, limit))
}
