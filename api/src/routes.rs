//! What both servers have: health and readiness, the API's prefix, and the words for bodies that are not taken. The routes
//! themselves are in [`crate::customer`] and [`crate::admin`], each with its entry in its OpenAPI document: a route that is
//! not documented cannot be added.

use crate::app::App;
use crate::problem::{FieldError, Problem, ProblemCode};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The API's prefix.
pub const API_PREFIX: &str = "/api/v1";

/// Beside the API: no token is asked for.
pub(crate) fn beside() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health)).merge(readiness())
}

/// The same for operators, whose [`crate::health`] says more.
pub(crate) fn readiness() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(ready))
}

/// Whether the process lives.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `live` or `ready`.
    status: &'static str,
    /// The program's version.
    version: &'static str,
}

impl Health {
    const fn of(status: &'static str) -> Self {
        Self { status, version: env!("CARGO_PKG_VERSION") }
    }
}

/// The process lives.
#[utoipa::path(get, path = "/health", tag = "operation", security(()), responses((status = 200, body = Health)))]
async fn health() -> Json<Health> {
    Json(Health::of("live"))
}

/// The process serves: the journal's tail has been replayed.
#[utoipa::path(get, path = "/ready", tag = "operation", security(()), responses(
    (status = 200, body = Health),
    (status = 503, description = "`recovering`", body = Problem, content_type = "application/problem+json"),
))]
async fn ready(State(app): State<App>) -> Result<Json<Health>, Problem> {
    if app.parts.pipeline.live().recovering {
        return Err(Problem::new(ProblemCode::Recovering).retry_after_s(1));
    }
    Ok(Json(Health::of("ready")))
}

/// Why a body is not taken; `field` and `message` if it is JSON's fault, whose own words could quote it.
pub(crate) fn body_problem(error: &JsonRejection, field: &str, message: &str) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemCode::BodyTooLong),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::new(ProblemCode::UnsupportedMediaType).detail("send it with Content-Type: application/json")
        }
        _ => Problem::validation(vec![FieldError::new(field, message)]),
    }
}
