//! A customer's alerts: thresholds on what they spend and use. A job looks at them each second and tells what is crossed,
//! once for each crossing and period, to webhooks and by e-mail.

mod wire;

pub use wire::{AlertChangeRequest, AlertList, AlertMetricWord, AlertPeriodWord, AlertView, NewAlertRequest};

use super::services::act;
use crate::app::App;
use crate::body::{self, WriteProblems};
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{FieldError, GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use suiftly_store::accounts::{ALERTS_MAX, AlertRow};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, all of them guarded.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(one, change, delete))
}

/// Every alert, by number: at most 50.
#[utoipa::path(get, path = "/alerts", operation_id = "list_alerts", tag = "alerts", responses(
    (status = 200, body = AlertList),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<AlertList>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let rows = app.parts.accounts.store.alerts(customer.id).await?;
    Ok(Json(AlertList { items: rows.iter().map(AlertView::new).collect(), next_cursor: None }))
}

/// Sets an alert.
///
/// `spend`, `spend_percent` (of the month's limit) and `balance_below` are of a month; `requests`, `bytes`, `errors` (client
/// and server errors) and `rejected` of an hour, a day or a month, all UTC. Each but `spend_percent` and `balance_below` may
/// be of one service. Amounts are in micro-dollars. It is told once in a period; `balance_below` each time that the balance
/// falls below.
#[utoipa::path(post, path = "/alerts", operation_id = "create_alert", tag = "alerts", request_body = NewAlertRequest, responses(
    (status = 201, body = AlertView),
    GuardedProblems, WriteProblems,
    (status = 409, description = "`alert_limit_reached`, `email_not_configured`; and those of every write", body = Problem,
        content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<(StatusCode, Json<AlertView>), Problem> {
    parse_none(&query.unwrap_or_default())?;
    let alert = body::read::<NewAlertRequest>(request).await?.checked()?;
    if alert.by_email {
        can_mail(&app, &customer).await?;
    }
    let made = app.parts.accounts.store.create_alert(customer.id, &alert, &act(&app, &customer)).await?;
    let made = made.ok_or_else(|| {
        Problem::new(ProblemCode::AlertLimitReached).detail(format!("there are {ALERTS_MAX} at most: delete one"))
    })?;
    Ok((StatusCode::CREATED, Json(AlertView::new(&made))))
}

/// One alert.
#[utoipa::path(get, path = "/alerts/{id}", operation_id = "get_alert", tag = "alerts",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = AlertView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn one(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<AlertView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    found(app.parts.accounts.store.alert(customer.id, body::id(&id)?).await?)
}

/// Changes an alert: what is not given stays. What it looks at stays in any case: set another for that.
///
/// With a threshold that is moved away from the value it is told again when that is crossed, within the period too.
#[utoipa::path(patch, path = "/alerts/{id}", operation_id = "change_alert", tag = "alerts", request_body = AlertChangeRequest,
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = AlertView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`email_not_configured`; and those of every write", body = Problem,
            content_type = "application/problem+json"),
    )
)]
async fn change(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<AlertView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, asked) = (body::id(&id)?, body::read::<AlertChangeRequest>(request).await?);
    let store = &app.parts.accounts.store;
    let Json(alert) = found(store.alert(customer.id, id).await?)?;
    let change = asked.checked(alert.metric)?;
    if change.by_email == Some(true) {
        can_mail(&app, &customer).await?;
    }
    found(store.change_alert(customer.id, id, &change, &act(&app, &customer)).await?)
}

/// Deletes an alert.
#[utoipa::path(delete, path = "/alerts/{id}", operation_id = "delete_alert", tag = "alerts",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn delete(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, act(&app, &customer));
    if app.parts.accounts.store.delete_alert(customer.id, id, &act).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(ProblemCode::NotFound))
    }
}

fn found(row: Option<AlertRow>) -> Result<Json<AlertView>, Problem> {
    row.map(|row| Json(AlertView::new(&row))).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// Whether mail can be sent here, and to this customer.
async fn can_mail(app: &App, customer: &Customer) -> Result<(), Problem> {
    let accounts = &app.parts.accounts;
    if !accounts.notify.email {
        return Err(Problem::new(ProblemCode::EmailNotConfigured).detail("no mail server is configured here"));
    }
    if accounts.store.alert_email(customer.id).await?.is_none() {
        let message = "needs an e-mail address for alerts: set it in your account";
        return Err(Problem::validation(vec![FieldError::new("by_email", message)]));
    }
    Ok(())
}
