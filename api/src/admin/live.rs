//! The pipeline's state, live: alone, for whoever needs no usage beside it.

use crate::app::App;
use crate::params::parse_none;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Operator;
use crate::stream::RECONNECT_AFTER;
use axum::extract::{RawQuery, State};
use axum::http::HeaderName;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(pipeline_stream))
}

/// How the pipeline is, live.
///
/// Server-sent events `pipeline` (Pipeline): one at once, then one each second. Each is whole, so none has an id.
#[utoipa::path(get, path = "/pipeline/stream", tag = "operation", responses(
    (status = 200, description = "Events until either side ends", body = String, content_type = "text/event-stream"),
    GuardedProblems,
))]
async fn pipeline_stream(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
    parse_none(&query.unwrap_or_default())?;
    let Ok(permit) = app.streams.clone().try_acquire_owned() else {
        let detail = format!("{} streams are open, as many as may be", app.limits.streams);
        return Err(Problem::new(ProblemCode::TooManyStreams).detail(detail).retry_after_s(5));
    };
    let mut pulse = app.pulse.subscribe();
    pulse.mark_changed();
    // nginx would hold events back.
    Ok(([(X_ACCEL_BUFFERING, "no")], Sse::new(events(app, pulse, permit))).into_response())
}

fn events(
    app: App,
    pulse: watch::Receiver<Arc<str>>,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let first = Some(RECONNECT_AFTER);
    futures::stream::unfold((app, pulse, permit, first), |(app, mut pulse, permit, retry)| async move {
        // The sender lives as long as the app, which we hold.
        app.shutdown.run_until_cancelled(pulse.changed()).await?.ok()?;
        let event = Event::default().event("pipeline").data(&**pulse.borrow_and_update());
        let event = match retry {
            Some(after) => event.retry(after),
            None => event,
        };
        Some((Ok(event), (app, pulse, permit, None)))
    })
    .fuse()
}
