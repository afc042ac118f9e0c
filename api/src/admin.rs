//! The operators' API, on a port of its own: everybody's usage and money, the pipeline, what may be done about it. Each
//! handler takes the [`crate::scope::Operator`] who asks; what changes something asks for a role.

pub mod accounts;
pub(crate) mod asked;
pub mod audit;
pub mod backups;
pub mod customers;
pub mod desk;
pub mod formats;
pub mod infra;
pub mod invoices;
pub mod jobs;
pub mod lines;
mod live;
pub mod loss;
pub mod notices;
pub mod operators;
pub mod prices;
pub mod quarantine;
pub mod records;
pub mod revisions;
pub mod secrets;
pub mod standing;
pub mod tail;
mod usage;
pub mod vault;

use crate::app::App;
use crate::metrics;
use crate::problem::Problem;
use crate::routes::{API_PREFIX, readiness};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes; `guard` is laid around those that need an operator's token, `guard_edge` around those of edges.
pub(crate) fn routes(
    guard: impl FnOnce(OpenApiRouter<App>) -> OpenApiRouter<App>,
    guard_edge: impl FnOnce(OpenApiRouter<App>) -> OpenApiRouter<App>,
) -> OpenApiRouter<App> {
    let guarded = OpenApiRouter::new()
        .merge(usage::routes())
        .merge(infra::routes())
        .merge(customers::routes())
        .merge(loss::routes())
        .merge(quarantine::routes())
        .merge(formats::routes())
        .merge(accounts::routes())
        .merge(invoices::routes())
        .merge(prices::routes())
        .merge(desk::routes())
        .merge(standing::routes())
        .merge(jobs::routes())
        .merge(backups::routes())
        .merge(notices::routes())
        .merge(operators::routes())
        .merge(audit::routes())
        .merge(secrets::routes())
        .merge(vault::routes())
        .merge(crate::fleet::wire::routes())
        .merge(lines::routes())
        .merge(records::routes())
        .merge(live::routes())
        .merge(tail::routes());
    let open = OpenApiRouter::new().routes(routes!(openapi_document));
    OpenApiRouter::with_openapi(crate::openapi::admin_base())
        .merge(crate::health::routes())
        .merge(readiness())
        .routes(routes!(metrics_page))
        .nest(API_PREFIX, guard(guarded).merge(guard_edge(crate::vault::edge_routes())).merge(open))
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", security(()), responses(
    (status = 200, body = String, content_type = "text/plain"),
))]
async fn metrics_page(State(app): State<App>) -> Result<Response, Problem> {
    let page = metrics::render(&app).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], page).into_response())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", security(()), responses(
    (status = 200, description = "OpenAPI 3.1", body = Object),
))]
async fn openapi_document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], crate::openapi::admin_json())
}
