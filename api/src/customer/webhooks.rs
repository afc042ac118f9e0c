//! A customer's webhooks: where they are told of what happens in their account, and what became of each delivery.
//!
//! A webhook's secret is shown when it is made and when it is rotated, and never again.

mod deliveries;
mod wire;

pub use deliveries::{DeliveryPage, DeliveryStateWord, DeliveryView};
pub use wire::{
    NewWebhookRequest, WebhookChangeRequest, WebhookEventWord, WebhookList, WebhookSecretView, WebhookView,
};

use super::services::act;
use crate::app::App;
use crate::body::{self, WriteProblems};
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use suiftly_notify::sign::new_secret;
use suiftly_schema::sealed::NONCE_BYTES;
use suiftly_store::accounts::{WEBHOOKS_MAX, WebhookRow, webhook_place};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, all of them guarded.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(one, change, delete))
        .routes(routes!(rotate))
        .merge(deliveries::routes())
}

/// Every webhook, by number: at most 10.
#[utoipa::path(get, path = "/webhooks", operation_id = "list_webhooks", tag = "alerts", responses(
    (status = 200, body = WebhookList),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<WebhookList>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let rows = app.parts.accounts.store.webhooks(customer.id).await?;
    Ok(Json(WebhookList { items: rows.iter().map(WebhookView::new).collect(), next_cursor: None }))
}

/// Makes a webhook and answers its secret, once.
///
/// What is told is posted as JSON: `id`, `type` (`alert.crossed`), `created_at`, `data`. `Suiftly-Delivery` is its number,
/// the same at each attempt: it may come twice. `Suiftly-Signature: t=<unix seconds>,v1=<hex>` proves it: HMAC-SHA256 by
/// the secret of `<t>.<body>`; while a secret is rotated there are two `v1`. Any answer but 2xx within 10 s, redirects too, is
/// tried again after 10 s, doubling to an hour, 12 times.
#[utoipa::path(post, path = "/webhooks", operation_id = "create_webhook", tag = "alerts", request_body = NewWebhookRequest, responses(
    (status = 201, body = WebhookSecretView),
    GuardedProblems, WriteProblems,
    (status = 409, description = "`webhook_limit_reached`; and those of every write", body = Problem,
        content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<(StatusCode, Json<WebhookSecretView>), Problem> {
    parse_none(&query.unwrap_or_default())?;
    let accounts = &app.parts.accounts;
    let (url, events) = body::read::<NewWebhookRequest>(request).await?.checked(accounts.notify.webhooks)?;
    let Fresh { secret, nonce } = fresh()?;
    let seal = |place: &str| accounts.at_rest.seal(secret.as_bytes(), place, nonce);
    let act = act(&app, &customer);
    let made = accounts.store.create_webhook(customer.id, (&url, &events), seal, &act).await?;
    let made = made.ok_or_else(|| {
        Problem::new(ProblemCode::WebhookLimitReached).detail(format!("there are {WEBHOOKS_MAX} at most: delete one"))
    })?;
    Ok((StatusCode::CREATED, Json(WebhookSecretView { webhook: WebhookView::new(&made), secret })))
}

/// One webhook.
#[utoipa::path(get, path = "/webhooks/{id}", operation_id = "get_webhook", tag = "alerts",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = WebhookView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn one(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<WebhookView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    found(app.parts.accounts.store.webhook(customer.id, body::id(&id)?).await?)
}

/// Changes a webhook: what is not given stays. Disabled, what is pending for it ends.
#[utoipa::path(patch, path = "/webhooks/{id}", operation_id = "change_webhook", tag = "alerts", request_body = WebhookChangeRequest,
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = WebhookView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn change(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<WebhookView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let accounts = &app.parts.accounts;
    let id = body::id(&id)?;
    let change = body::read::<WebhookChangeRequest>(request).await?.checked(accounts.notify.webhooks)?;
    found(accounts.store.change_webhook(customer.id, id, &change, &act(&app, &customer)).await?)
}

/// Deletes a webhook; what is pending for it ends.
#[utoipa::path(delete, path = "/webhooks/{id}", operation_id = "delete_webhook", tag = "alerts",
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
    if app.parts.accounts.store.delete_webhook(customer.id, id, &act).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(ProblemCode::NotFound))
    }
}

/// Gives a webhook a new secret and answers it, once. For a day the old one signs too.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-secret", operation_id = "rotate_webhook_secret", tag = "alerts",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = WebhookSecretView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn rotate(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<WebhookSecretView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, accounts) = (body::id(&id)?, &app.parts.accounts);
    let Fresh { secret, nonce } = fresh()?;
    let sealed = accounts.at_rest.seal(secret.as_bytes(), &webhook_place(customer.id, id), nonce);
    let rotated = accounts.store.rotate_webhook(customer.id, id, &sealed, &act(&app, &customer)).await?;
    let Json(webhook) = found(rotated)?;
    Ok(Json(WebhookSecretView { webhook, secret }))
}

fn found(row: Option<WebhookRow>) -> Result<Json<WebhookView>, Problem> {
    row.map(|row| Json(WebhookView::new(&row))).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// A new secret, and what it is sealed with.
struct Fresh {
    secret: String,
    nonce: [u8; NONCE_BYTES],
}

fn fresh() -> Result<Fresh, Problem> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|error| Problem::internal(&error))?;
    Ok(Fresh { secret: new_secret().map_err(|error| Problem::internal(&error))?, nonce })
}
