//! The routes, each with its entry in the OpenAPI document: a route that is not documented cannot be added here.

use crate::app::App;
use crate::auth;
use crate::metrics;
use crate::params::{self, BucketQuery, FilterQuery, PercentilesQuery, RangeQuery, SeriesParams, SummaryParams};
use crate::problem::{FieldError, GuardedProblems, Problem, ProblemCode};
use crate::stream;
use crate::wire::{Pipeline, Series, Summary};
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response, Sse};
use axum::{Json, response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The API's prefix.
pub const API_PREFIX: &str = "/api/v1";

/// All routes, their state given later; `guard` is laid around those that need a token or a session.
pub(crate) fn all(guard: impl FnOnce(OpenApiRouter<App>) -> OpenApiRouter<App>) -> OpenApiRouter<App> {
    let guarded = OpenApiRouter::new()
        .routes(routes!(usage_summary))
        .routes(routes!(usage_series))
        .routes(routes!(pipeline))
        .routes(routes!(live_stream))
        .merge(crate::infra::routes())
        .merge(crate::customers::routes())
        .merge(crate::loss::routes())
        .merge(crate::quarantine::routes());
    let open = OpenApiRouter::new().routes(routes!(dev_session)).routes(routes!(openapi_document));
    OpenApiRouter::with_openapi(crate::openapi::base())
        .routes(routes!(health))
        .routes(routes!(ready))
        .routes(routes!(metrics_page))
        .nest(API_PREFIX, guard(guarded).merge(open))
}

/// Whether the process lives.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `live` or `ready`.
    status: &'static str,
}

/// The process lives.
#[utoipa::path(get, path = "/health", tag = "operation", security(()), responses((status = 200, body = Health)))]
async fn health() -> Json<Health> {
    Json(Health { status: "live" })
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
    Ok(Json(Health { status: "ready" }))
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", security(()), responses(
    (status = 200, body = String, content_type = "text/plain"),
))]
async fn metrics_page(State(app): State<App>) -> Result<Response, Problem> {
    let page = metrics::render(&app).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], page).into_response())
}

/// What a session is opened with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DevSession {
    /// The development token.
    #[schema(format = Password)]
    token: String,
}

/// Exchanges the development token for a session cookie.
#[utoipa::path(post, path = "/dev/session", tag = "sign-in", request_body = DevSession, security(()), responses(
    (status = 204, description = "Signed in", headers(("Set-Cookie" = String, description = "`suiftly_session`"))),
    (status = 400, description = "`validation`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthorized`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`cross_site`", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "`body_too_long`", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`", body = Problem, content_type = "application/problem+json"),
))]
async fn dev_session(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (peer, headers) = (auth::peer(&request), request.headers().clone());
    let Json(body) = Json::<DevSession>::from_request(request, &()).await.map_err(|error| {
        // The parser's own words could quote the token.
        body_problem(&error, "token", "must be a string, the body's only field")
    })?;
    let cookie = app.auth.open_session(peer, &headers, &body.token, app.parts.clock.now())?;
    let cookie = HeaderValue::try_from(cookie).map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Usage over a range of whole hours, and what it costs.
#[utoipa::path(get, path = "/usage/summary", tag = "usage", params(RangeQuery, PercentilesQuery, FilterQuery), responses(
    (status = 200, body = Summary),
    GuardedProblems,
))]
async fn usage_summary(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<Summary>, Problem> {
    let params = SummaryParams::parse(&query.unwrap_or_default(), app.parts.clock.now())?;
    Ok(Json(app.reader.summary(&params).await?))
}

/// Usage by minute, five minutes, hour or day, with percentiles. By default the last 60 minutes by minute.
#[utoipa::path(get, path = "/usage/series", tag = "usage", params(BucketQuery, RangeQuery, PercentilesQuery, FilterQuery), responses(
    (status = 200, body = Series),
    GuardedProblems,
))]
async fn usage_series(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<Series>, Problem> {
    let params = SeriesParams::parse(&query.unwrap_or_default(), app.parts.clock.now())?;
    Ok(Json(app.reader.series(&params).await?))
}

/// How the pipeline is.
#[utoipa::path(get, path = "/pipeline", tag = "operation", responses(
    (status = 200, body = Pipeline),
    GuardedProblems,
))]
async fn pipeline(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<Pipeline>, Problem> {
    params::parse_none(&query.unwrap_or_default())?;
    Ok(Json(app.pipeline()))
}

/// Usage of this month, live.
///
/// Server-sent events; ids are epochs. `snapshot` (StreamSnapshot) first, then `delta` (StreamDelta): ten a second at
/// most, one a second at least, each to be added to the snapshot. `reset` (StreamReset) says to forget all; a snapshot
/// follows. `pipeline` (Pipeline, without id) each second. A client that reconnects sends `Last-Event-ID` and gets the
/// deltas after it, or a reset.
#[utoipa::path(get, path = "/stream", tag = "usage",
    params(FilterQuery, ("Last-Event-ID" = Option<String>, Header, description = "The last epoch received")),
    responses(
        (status = 200, description = "Events until either side ends", body = String, content_type = "text/event-stream"),
        GuardedProblems,
    )
)]
async fn live_stream(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
    const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
    let filter = params::parse_filter(&query.unwrap_or_default())?;
    // An id that is no text is one we do not know.
    let last = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or("?")).filter(|id| !id.is_empty());
    let live = stream::open(app, filter, last).await?;
    // nginx would hold events back.
    Ok(([(X_ACCEL_BUFFERING, "no")], Sse::new(live.events())).into_response())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", security(()), responses(
    (status = 200, description = "OpenAPI 3.1", body = Object),
))]
async fn openapi_document() -> impl response::IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], crate::openapi::json())
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
