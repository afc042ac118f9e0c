//! A customer's usage: summed up, over time, live, and as CSV. Always theirs alone: the filter names them, and the store
//! that is read shows nobody else.

mod export;

use crate::app::App;
use crate::params::{
    self, BucketQuery, DaysQuery, OwnPercentilesQuery, PeakParams, RangeQuery, SeriesParams, ServiceQuery,
    SummaryParams,
};
use crate::problem::{GuardedProblems, Problem};
use crate::rows::Filter;
use crate::scope::Customer;
use crate::stream::{self, Audience};
use crate::wire::{Peaks, Series, Summary};
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
        .routes(routes!(usage_peaks))
        .routes(routes!(live_usage))
        .merge(export::routes())
}

/// Usage over a range of whole hours, and what it costs.
#[utoipa::path(get, path = "/usage/summary", tag = "usage", params(RangeQuery, OwnPercentilesQuery, ServiceQuery), responses(
    (status = 200, body = Summary),
    GuardedProblems,
))]
async fn usage_summary(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<Summary>, Problem> {
    let params = SummaryParams::parse_own(&query.unwrap_or_default(), customer.id, app.parts.clock.now())?;
    Ok(Json(app.reader.for_customer(customer.id).summary(&params).await?))
}

/// Usage by minute, five minutes, hour or day, with percentiles. By default the last 60 minutes by minute.
#[utoipa::path(get, path = "/usage/series", tag = "usage",
    params(BucketQuery, RangeQuery, OwnPercentilesQuery, ServiceQuery),
    responses((status = 200, body = Series), GuardedProblems)
)]
async fn usage_series(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<Series>, Problem> {
    let params = SeriesParams::parse_own(&query.unwrap_or_default(), customer.id, app.parts.clock.now())?;
    Ok(Json(app.reader.for_customer(customer.id).series(&params).await?))
}

/// How busy each day was: its busiest minute and hour, and how often requests went above the guaranteed rate.
///
/// Requests are not counted by the second: the rate of a minute is the mean over it. Minutes are kept 24 hours, so that the
/// busiest one is known of the running day; hours 90 days.
#[utoipa::path(get, path = "/usage/peaks", tag = "usage", params(DaysQuery, ServiceQuery), responses(
    (status = 200, body = Peaks),
    GuardedProblems,
))]
async fn usage_peaks(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<Peaks>, Problem> {
    let params = PeakParams::parse_own(&query.unwrap_or_default(), customer.id, app.parts.clock.now())?;
    Ok(Json(app.reader.for_customer(customer.id).peaks(&params).await?))
}

/// Usage of this month, live.
///
/// Server-sent events; ids are epochs. `snapshot` (StreamSnapshot) first, then `delta` (StreamDelta): ten a second at
/// most, one a second at least, each to be added to the snapshot. `reset` (StreamReset) says to forget all; a snapshot
/// follows. `clock` (StreamClock, without id) each second. A client that reconnects sends `Last-Event-ID` and gets the
/// deltas after it, or a reset.
#[utoipa::path(get, path = "/usage/stream", tag = "usage",
    params(params::ServiceQuery, ("Last-Event-ID" = Option<String>, Header, description = "The last epoch received")),
    responses(
        (status = 200, description = "Events until either side ends", body = String, content_type = "text/event-stream"),
        GuardedProblems,
    )
)]
async fn live_usage(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filter = params::parse_service_filter(&query.unwrap_or_default())?;
    let filter = Filter { customer_id: Some(customer.id), ..filter };
    stream::answer(app, Audience::Customer(customer.id), filter, &headers).await
}
