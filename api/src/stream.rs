//! The live stream: server-sent events, made when the client takes them.
//!
//! Nothing is queued for a client. While it reads, it gets merged deltas, at most ten a second; while it does not, its
//! body is not polled and it costs its state alone; when it reads again it gets one delta over all it missed, or a
//! `reset` and a snapshot if the hub no longer reaches back.

use crate::admin::revisions;
use crate::app::App;
use crate::feed::Feed;
use crate::problem::{Problem, ProblemCode};
use crate::read::Reader;
use crate::rows::Filter;
use crate::wire::{ResetReason, StreamDelta, StreamReset, StreamSnapshot};
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response, Sse};
use futures::{Stream, StreamExt};
use serde::Serialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::time::UnixMillis;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

/// A client that falls behind again and again gets snapshots at most so often.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(1);
/// The shortest time between two deltas that carry something.
pub const DELTA_EVERY: Duration = Duration::from_millis(100);
/// What clients are told to wait before they reconnect.
pub const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// Whom a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Operators: they hear of the pipeline too.
    Operators,
    /// A customer, who hears the clock.
    Customer(CustomerId),
}

/// Answers a request with a stream.
pub(crate) async fn answer(
    app: App,
    audience: Audience,
    filter: Filter,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
    const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
    // An id that is no text is one we do not know.
    let last = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or("?")).filter(|id| !id.is_empty());
    let live = open(app, audience, filter, last).await?;
    // nginx would hold events back.
    Ok(([(X_ACCEL_BUFFERING, "no")], Sse::new(live.events())).into_response())
}

/// One open stream.
pub(crate) struct Live {
    app: App,
    reader: Reader,
    /// What the pulse's event is called.
    pulse_name: &'static str,
    filter: Filter,
    feed: Feed,
    /// Made and not yet taken: four events at most.
    ready: VecDeque<Event>,
    latest: watch::Receiver<Epoch>,
    pulse: watch::Receiver<Arc<str>>,
    /// What has changed: operators are told.
    revisions: Option<revisions::Latest>,
    next_delta_at: Instant,
    /// No delta has been made since the last pulse.
    quiet: bool,
    _permit: OwnedSemaphorePermit,
}

/// Opens a stream: after `last_event_id` if that can be, else with a snapshot. Fails while it still can: before the
/// answer's head is sent.
async fn open(app: App, audience: Audience, filter: Filter, last_event_id: Option<&str>) -> Result<Live, Problem> {
    let Ok(permit) = app.streams.clone().try_acquire_owned() else {
        let detail = format!("{} streams are open, as many as may be", app.limits.streams);
        return Err(Problem::new(ProblemCode::TooManyStreams).detail(detail).retry_after_s(5));
    };
    let latest = app.parts.hub.watch();
    let (reader, pulse_name, pulse, revisions) = match audience {
        Audience::Operators => (app.reader.clone(), "pipeline", app.pulse.subscribe(), Some(app.revisions.listen())),
        Audience::Customer(customer) => (app.reader.for_customer(customer), "clock", app.clock_pulse.subscribe(), None),
    };
    let (feed, mut ready) = begin(&reader, app.parts.clock.now(), filter, last_event_id).await?;
    let now = pulse.borrow().clone();
    ready.push_back(Event::default().event(pulse_name).data(&*now).retry(RECONNECT_AFTER));
    let next_delta_at = Instant::now();
    Ok(Live {
        app,
        reader,
        pulse_name,
        filter,
        feed,
        ready,
        latest,
        pulse,
        revisions,
        next_delta_at,
        quiet: true,
        _permit: permit,
    })
}

async fn begin(
    reader: &Reader,
    now: UnixMillis,
    filter: Filter,
    last_event_id: Option<&str>,
) -> Result<(Feed, VecDeque<Event>), Problem> {
    let mut ready = VecDeque::new();
    if let Some(id) = last_event_id {
        let resumed = match id.parse() {
            Ok(epoch) => Feed::resume(reader, filter, epoch, now).await?,
            Err(_) => Err(ResetReason::UnknownEpoch),
        };
        match resumed {
            Ok(feed) => return Ok((feed, ready)),
            Err(reason) => ready.push_back(reset(reason)?),
        }
    }
    let (feed, snapshot) = Feed::snapshot(reader, filter, now).await?;
    ready.push_back(snapshot_event(&snapshot)?);
    Ok((feed, ready))
}

impl Live {
    /// The events, until the client goes, the server stops, or the store fails.
    pub(crate) fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut live| async move { live.next().await.map(|event| (Ok(event), live)) }).fuse()
    }

    async fn next(&mut self) -> Option<Event> {
        let shutdown = self.app.shutdown.clone();
        let next = async {
            loop {
                if let Some(event) = self.ready.pop_front() {
                    return Ok(event);
                }
                self.make().await?;
            }
        };
        // An error was logged where it became a problem. The client reconnects with the last id it has.
        shutdown.run_until_cancelled(next).await?.inspect_err(log_end).ok()
    }

    /// Waits for something to send, and makes its events.
    async fn make(&mut self) -> Result<(), Problem> {
        tokio::select! {
            biased;
            beat = self.pulse.changed() => {
                // The sender lives as long as the app, which we hold.
                if beat.is_ok() {
                    let beat = self.pulse.borrow_and_update().clone();
                    self.ready.push_back(Event::default().event(self.pulse_name).data(&*beat));
                }
                if std::mem::replace(&mut self.quiet, true) {
                    self.delta(true).await?;
                }
            }
            json = changed(&mut self.revisions) => {
                self.ready.push_back(Event::default().event("revisions").data(&*json));
            }
            () = due(&mut self.latest, self.feed.epoch(), self.next_delta_at) => self.delta(false).await?,
        }
        Ok(())
    }

    async fn delta(&mut self, even_if_empty: bool) -> Result<(), Problem> {
        self.next_delta_at = Instant::now() + DELTA_EVERY;
        match self.feed.pull(&self.app.parts.hub, self.app.parts.clock.now()) {
            Ok(delta) if delta.is_empty() && !even_if_empty => {}
            Ok(delta) => {
                self.quiet = even_if_empty;
                self.ready.push_back(delta_event(&delta)?);
            }
            Err(reason) => {
                // The store may be behind the ring for a while: no snapshot takes long to make, but many do.
                self.next_delta_at = Instant::now() + SNAPSHOT_EVERY;
                // Both or none: a reset without a snapshot would leave an empty screen.
                let (feed, snapshot) = Feed::snapshot(&self.reader, self.filter, self.app.parts.clock.now()).await?;
                self.feed = feed;
                self.ready.push_back(reset(reason)?);
                self.ready.push_back(snapshot_event(&snapshot)?);
            }
        }
        Ok(())
    }
}

/// What has changed, where that is told.
async fn changed(revisions: &mut Option<revisions::Latest>) -> Arc<str> {
    match revisions {
        Some(latest) => revisions::next(latest).await,
        None => std::future::pending().await,
    }
}

/// Until there is an epoch after the client's and enough time has passed.
async fn due(latest: &mut watch::Receiver<Epoch>, epoch: Epoch, at: Instant) {
    if latest.wait_for(|latest| *latest > epoch).await.is_err() {
        // The hub lives as long as the app.
        std::future::pending::<()>().await;
    }
    tokio::time::sleep_until(at).await;
}

fn log_end(problem: &Problem) {
    tracing::info!(code = ?problem.code, "a live stream ends: no snapshot can be had");
}

fn snapshot_event(snapshot: &StreamSnapshot) -> Result<Event, Problem> {
    json("snapshot", Some(snapshot.epoch), snapshot)
}

fn delta_event(delta: &StreamDelta) -> Result<Event, Problem> {
    json("delta", Some(delta.epoch), delta)
}

fn reset(reason: ResetReason) -> Result<Event, Problem> {
    json("reset", None, &StreamReset { reason })
}

fn json(name: &str, epoch: Option<Epoch>, payload: &impl Serialize) -> Result<Event, Problem> {
    let event = Event::default().event(name);
    let event = epoch.map_or(event.clone(), |epoch| event.id(epoch.to_string()));
    let text = serde_json::to_string(payload).map_err(|error| Problem::internal(&error))?;
    Ok(event.data(text))
}
