//! Everybody's usage and one customer's, as series, sums and live; and how the pipeline is.

use crate::app::App;
use crate::params::{self, BucketQuery, FilterQuery, PercentilesQuery, RangeQuery, SeriesParams, SummaryParams};
use crate::problem::{GuardedProblems, Problem};
use crate::stream::{self, Audience};
use crate::wire::{Pipeline, Series, Summary};
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(usage_summary))
        .routes(routes!(usage_series))
        .routes(routes!(pipeline))
        .routes(routes!(live_stream))
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
/// follows. `pipeline` (Pipeline, without id) each second. `revisions` (Revisions, without id) at the start, then once a
/// second at most and when something has changed: what to ask for again. A client that reconnects sends `Last-Event-ID` and gets the
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
    let filter = params::parse_filter(&query.unwrap_or_default())?;
    stream::answer(app, Audience::Operators, filter, &headers).await
}
