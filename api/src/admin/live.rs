//! The pipeline's state and what has changed, live: for whoever needs no usage beside it.

use super::revisions;

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
/// Server-sent events `pipeline` (Pipeline): one at once, then one each second; and `revisions` (Revisions): one at the
/// start, then once a second at most and when something has changed. Each is whole, so none has an id.
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
    let changes = app.revisions.listen();
    // nginx would hold events back.
    Ok(([(X_ACCEL_BUFFERING, "no")], Sse::new(events(app, (pulse, changes), permit))).into_response())
}

fn events(
    app: App,
    sources: (watch::Receiver<Arc<str>>, revisions::Latest),
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let first = Some(RECONNECT_AFTER);
    futures::stream::unfold((app, sources, permit, first), |(app, mut sources, permit, retry)| async move {
        let event = app.shutdown.run_until_cancelled(next(&mut sources)).await??;
        let event = match retry {
            Some(after) => event.retry(after),
            None => event,
        };
        Some((Ok(event), (app, sources, permit, None)))
    })
    .fuse()
}

async fn next((pulse, changes): &mut (watch::Receiver<Arc<str>>, revisions::Latest)) -> Option<Event> {
    tokio::select! {
        biased;
        beat = pulse.changed() => {
            // The sender lives as long as the app, which the stream holds.
            beat.ok()?;
            Some(Event::default().event("pipeline").data(&**pulse.borrow_and_update()))
        }
        json = revisions::next(changes) => Some(Event::default().event("revisions").data(&*json)),
    }
}
