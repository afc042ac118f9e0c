//! What became of a webhook's deliveries, and making them again.

use super::super::services::act;
use crate::app::App;
use crate::body::{self, WriteProblems};
use crate::params::{Fields, parse_none};
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{DELIVERIES_PAGE_MAX, DeliveryRow, DeliveryState, Requested};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Deliveries of a page unless it says otherwise.
const PAGE_DELIVERIES: u32 = 50;
/// One more than a page tells whether there is another.
const LIMIT_MAX: u32 = DELIVERIES_PAGE_MAX - 1;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(test)).routes(routes!(list)).routes(routes!(replay))
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStateWord {
    /// It is to be made, or made again.
    Pending,
    /// It was taken.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryStateWord {
    const fn of(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Pending => Self::Pending,
            DeliveryState::Delivered => Self::Delivered,
            DeliveryState::Dead => Self::Dead,
        }
    }
}

/// A page of deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryPage {
    /// The latest first.
    pub items: Vec<DeliveryView>,
    /// The next page's `cursor`; `null` if this is the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its number: `Suiftly-Delivery`.
    pub id: i64,
    /// What it tells of: `alert.crossed`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// How it stands.
    pub state: DeliveryStateWord,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; `null` unless it is pending.
    #[schema(format = DateTime, required = true)]
    pub next_attempt_at: Option<String>,
    /// The last answer's HTTP status; `null` if there was none.
    #[schema(required = true)]
    pub last_status: Option<i32>,
    /// What went wrong last.
    #[schema(required = true)]
    pub last_error: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was taken.
    #[schema(format = DateTime, required = true)]
    pub delivered_at: Option<String>,
}

impl DeliveryView {
    fn new(row: DeliveryRow) -> Self {
        let is_pending = row.state == DeliveryState::Pending;
        Self {
            id: row.id,
            event_type: row.event_type,
            state: DeliveryStateWord::of(row.state),
            attempts: row.attempts,
            next_attempt_at: is_pending.then(|| row.next_attempt_at.rfc3339()),
            last_status: row.last_status,
            last_error: row.last_error,
            created_at: row.created_at.rfc3339(),
            delivered_at: row.delivered_at.map(UnixMillis::rfc3339),
        }
    }
}

/// Which deliveries.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct DeliveriesQuery {
    /// Those that stand so alone.
    #[param(inline)]
    state: Option<DeliveryStateWord>,
    /// `next_cursor` of the page before.
    #[param(max_length = 20)]
    cursor: Option<String>,
    /// At most so many. Default 50.
    #[param(minimum = 1, maximum = 199)]
    limit: Option<i32>,
}

/// Deliveries to a webhook, the latest first. Those that were taken are kept for 30 days, those that were given up for 90.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", operation_id = "list_deliveries", tag = "alerts",
    params(("id" = i64, Path, minimum = 1, description = "Which"), DeliveriesQuery),
    responses(
        (status = 200, body = DeliveryPage),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn list(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<DeliveryPage>, Problem> {
    let id = body::id(&id)?;
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["state", "cursor", "limit"]);
    let state = fields.parsed("state", DeliveryState::from_word, "must be pending, delivered or dead");
    let before = fields.parsed("cursor", |text| body::id(text).ok(), "must be next_cursor of a page");
    let in_range = |text: &str| text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    let limit = fields.parsed("limit", in_range, &format!("must be 1 to {LIMIT_MAX}")).unwrap_or(PAGE_DELIVERIES);
    let (state, before, limit) = fields.finish((state, before, limit))?;
    let rows = app.parts.accounts.store.deliveries(customer.id, id, state, (before, limit + 1)).await?;
    let mut rows = rows.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| has_more).map(|last| last.id.to_string());
    Ok(Json(DeliveryPage { items: rows.into_iter().map(DeliveryView::new).collect(), next_cursor }))
}

/// Makes a delivery of type `test`, to see whether it arrives.
#[utoipa::path(post, path = "/webhooks/{id}/test", operation_id = "test_webhook", tag = "alerts",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 202, body = DeliveryView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`webhook_disabled`; and those of every write", body = Problem,
            content_type = "application/problem+json"),
    )
)]
async fn test(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, act(&app, &customer));
    made(app.parts.accounts.store.test_webhook(customer.id, id, &act).await?)
}

/// Makes a delivery again that was taken or given up, with its number.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery_id}/replay", operation_id = "replay_delivery", tag = "alerts",
    params(
        ("id" = i64, Path, minimum = 1, description = "Which webhook"),
        ("delivery_id" = i64, Path, minimum = 1, description = "Which of its deliveries"),
    ),
    responses(
        (status = 202, body = DeliveryView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`delivery_pending`, `webhook_disabled`; and those of every write", body = Problem,
            content_type = "application/problem+json"),
    )
)]
async fn replay(
    State(app): State<App>,
    customer: Customer,
    Path((id, delivery)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (ids, act) = ((body::id(&id)?, body::id(&delivery)?), act(&app, &customer));
    made(app.parts.accounts.store.replay_delivery(customer.id, ids, &act).await?)
}

fn made(requested: Requested) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let code = match requested {
        Requested::Made(row) => return Ok((StatusCode::ACCEPTED, Json(DeliveryView::new(row)))),
        Requested::None => ProblemCode::NotFound,
        Requested::Pending => ProblemCode::DeliveryPending,
        Requested::Disabled => ProblemCode::WebhookDisabled,
    };
    Err(Problem::new(code))
}
