//! The live tail: records as they come, filtered, by server-sent events. Fields, not the raw text; keys by fingerprint.
//!
//! It stands beside the views: [`Tap`] is offered each batch after it is durable and published. A listener that falls
//! behind, or asks for more than it may have, is told how many records were left out.

mod params;
mod tap;
#[cfg(test)]
pub(crate) mod testing;
mod wire;

pub(crate) use params::{RECORD_FIELDS, RecordFields, TailQuery};
pub use tap::{LINES_AT_ONCE, LINES_PER_SECOND, LINES_QUEUED, LISTENERS_MAX, Listener, Tap, TapFilter, Tapped};
pub use wire::{RecordLine, TailLines};

use crate::app::App;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Operator;
use crate::stream::RECONNECT_AFTER;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Records in one event at most.
const LINES_A_EVENT: usize = 100;
/// The shortest time between two events.
const EVENT_EVERY: Duration = Duration::from_millis(100);
/// The longest: an event without records says that nothing came.
const SILENCE_MAX: Duration = Duration::from_secs(1);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tail))
}

/// Records as they come, live.
///
/// Server-sent events `lines` (TailLines), ten a second at most and one a second at least. At most 200 records a second;
/// how many more there were stands in `sampled`. An event with records has an id; a client that reconnects sends it as
/// `Last-Event-ID` and gets none twice. What came while nobody listened is not kept: it is asked for by `/records`.
#[utoipa::path(get, path = "/tail", tag = "operation",
    params(TailQuery, ("Last-Event-ID" = Option<String>, Header, description = "The last id received")),
    responses(
        (status = 200, description = "Events until either side ends", body = String, content_type = "text/event-stream"),
        (status = 409, description = "`not_in_cluster`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn tail(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
    const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
    let filter = params::tail(&query.unwrap_or_default())?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let watching = Watching::open(app, filter, last)?;
    // nginx would hold events back.
    Ok(([(X_ACCEL_BUFFERING, "no")], Sse::new(watching.events())).into_response())
}

/// One open tail.
struct Watching {
    app: App,
    listener: Listener,
    /// Which journal places are in.
    journal: String,
    /// When the last event was made.
    last_at: Option<Instant>,
    _permit: OwnedSemaphorePermit,
}

impl Watching {
    fn open(app: App, filter: TapFilter, last: Option<&str>) -> Result<Self, Problem> {
        let full = |detail: String| Problem::new(ProblemCode::TooManyStreams).detail(detail).retry_after_s(5);
        let permit = app.streams.clone().try_acquire_owned();
        let permit = permit.map_err(|_| full(format!("{} streams are open, as many as may be", app.limits.streams)))?;
        let live = app.parts.pipeline.live();
        if live.is_cluster {
            let detail = "records do not pass the API of a cluster: ask for those that are stored, by /records";
            return Err(Problem::new(ProblemCode::NotInCluster).detail(detail));
        }
        let journal = live.journal.id;
        let listener = app.parts.tap.listen(filter, last.and_then(|id| place_of(id, &journal)));
        let listener = listener.ok_or_else(|| full(format!("{LISTENERS_MAX} tails are open, as many as may be")))?;
        Ok(Self { app, listener, journal, last_at: None, _permit: permit })
    }

    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(
            self,
            |mut watching| async move { watching.next().await.map(|event| (Ok(event), watching)) },
        )
        .fuse()
    }

    async fn next(&mut self) -> Option<Event> {
        let shutdown = self.app.shutdown.clone();
        let Some(last_at) = self.last_at.replace(Instant::now()) else {
            // At once, so that a client knows that it is heard.
            return self.event(&Tapped::default()).map(|event| event.retry(RECONNECT_AFTER));
        };
        let something = async {
            self.listener.came().await;
            tokio::time::sleep_until(last_at + EVENT_EVERY).await;
        };
        let waited = tokio::time::timeout_at(last_at + SILENCE_MAX, something);
        // Whether something came or the time is up, what there is tells.
        let _ = shutdown.run_until_cancelled(waited).await?;
        self.last_at = Some(Instant::now());
        let tapped = self.listener.take(LINES_A_EVENT);
        self.event(&tapped)
    }

    fn event(&self, tapped: &Tapped) -> Option<Event> {
        let id = tapped.records.last().map(|record| format!("{}.{}", self.journal, record.journal_offset));
        let lines = TailLines { lines: tapped.records.iter().map(RecordLine::from).collect(), sampled: tapped.sampled };
        let json = serde_json::to_string(&lines);
        let json =
            json.inspect_err(|error| tracing::error!(%error, "a tail's event cannot be written as JSON")).ok()?;
        let event = Event::default().event("lines").data(json);
        Some(match id {
            Some(id) => event.id(id),
            None => event,
        })
    }
}

/// The place that an id names, if it is in this journal.
fn place_of(id: &str, journal: &str) -> Option<u64> {
    let (of, offset) = id.rsplit_once('.')?;
    if of == journal { offset.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn ids_of_another_journal_name_no_place() {
        let cases = [("j.5", Some(5)), ("k.5", None), ("5", None), ("j.", None), ("j.-1", None), ("", None)];
        for (id, place) in cases {
            assert_eq!(place_of(id, "j"), place, "{id}");
        }
    }
}
