//! The customers' API, beside the dashboard: sign-in, and what a customer's own account is, does and costs. Each handler
//! takes the [`crate::scope::Customer`] who is signed in, and acts for them alone.

pub mod activity;
pub mod alerts;
mod auth;
pub mod billing;
pub mod closure;
mod download;
mod export;
pub mod keys;
mod me;
pub mod seal_keys;
pub mod services;
mod sign_in_config;
pub mod slots;
mod usage;
pub mod webhooks;

pub(crate) use download::DOWNLOADS_MAX;

use crate::app::App;
use crate::routes::{API_PREFIX, beside};
use axum::http::header;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes; `guard` is laid around those that need a session.
pub(crate) fn routes(guard: impl FnOnce(OpenApiRouter<App>) -> OpenApiRouter<App>) -> OpenApiRouter<App> {
    let guarded = OpenApiRouter::new()
        .merge(auth::routes())
        .merge(keys::routes())
        .merge(me::routes())
        .merge(seal_keys::routes())
        .merge(services::routes())
        .merge(usage::routes())
        .merge(alerts::routes())
        .merge(webhooks::routes())
        .merge(activity::routes())
        .merge(billing::routes())
        .merge(closure::routes())
        .merge(export::routes());
    let open = OpenApiRouter::new()
        .merge(auth::open_routes())
        .merge(sign_in_config::open_routes())
        .routes(routes!(openapi_document));
    OpenApiRouter::with_openapi(crate::openapi::customer_base())
        .merge(beside())
        .nest(API_PREFIX, guard(guarded).merge(open))
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", security(()), responses(
    (status = 200, description = "OpenAPI 3.1", body = Object),
))]
async fn openapi_document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], crate::openapi::customer_json())
}
