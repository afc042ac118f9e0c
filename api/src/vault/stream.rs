//! `GET /edge/grants`: the grant set as a stream of lines ([`Frame`]), for one edge.
//!
//! Nobody waits for an edge: what it has been sent is remembered, and the next frame leads from there to what is in force
//! then. A slow one skips versions; it is never sent two states of which the first is out of date already.

use super::{EdgeScope, Version};
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::vault::frame::{ALIVE_EVERY_MS, CHANGES_A_FRAME};
use suiftly_schema::vault::{Frame, Hello, Root};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Streams that one edge may have open: one, and those that it has given up and we have not noticed yet.
pub const STREAMS_AN_EDGE: usize = 4;
/// Lines that are made before they are read.
const LINES_AHEAD: usize = 2;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(grants))
}

/// The streams that are open, by edge.
pub(crate) struct EdgeStreams(Vec<Arc<Semaphore>>);

impl EdgeStreams {
    pub(crate) fn new(edges: usize) -> Self {
        Self((0..edges).map(|_| Arc::new(Semaphore::new(STREAMS_AN_EDGE))).collect())
    }

    /// How many this edge has open.
    pub(crate) fn open(&self, index: usize) -> usize {
        self.0.get(index).map_or(0, |of| STREAMS_AN_EDGE - of.available_permits())
    }

    fn permit(&self, index: usize) -> Option<OwnedSemaphorePermit> {
        self.0.get(index).and_then(|of| Arc::clone(of).try_acquire_owned().ok())
    }
}

/// What the edge has.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct GrantsQuery {
    /// The root of the grant set that the edge holds: it is sent what has changed since, if that is remembered.
    #[param(pattern = "^[0-9a-f]{64}$")]
    root: Option<String>,
}

/// The grant set, and each change of it: an edge's stream.
///
/// A JSON object a line: `hello`, then `changes` from the root that the edge holds or `whole` and `rows`, then `changes` as
/// they come, `alive` at least each second. Whoever gets `changes` computes the root of what comes of them, and takes it if
/// the signed head says so.
#[utoipa::path(get, path = "/edge/grants", operation_id = "edge_grants", tag = "edge", params(GrantsQuery), security(("edge" = [])),
    responses(
        (status = 200, description = "Lines until either side ends", body = String, content_type = "application/x-ndjson"),
        GuardedProblems,
    )
)]
async fn grants(State(app): State<App>, edge: EdgeScope, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["root"]);
    let root = fields.parsed("root", Root::parse, "must be 64 small hexadecimal digits");
    let root = fields.finish(root)?;
    let full = || {
        let detail = format!("the edge has {STREAMS_AN_EDGE} streams open, as many as may be");
        Problem::new(ProblemCode::TooManyStreams).detail(detail).retry_after_s(1)
    };
    let permit = app.edge_streams.permit(edge.index).ok_or_else(full)?;
    let (lines, written) = mpsc::channel(LINES_AHEAD);
    tokio::spawn(Following::open(app, edge, root, lines, permit).follow());
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let body = futures::stream::unfold(written, |mut written| async move {
        let line: String = written.recv().await?;
        Some((Ok::<_, Infallible>(Bytes::from(line)), written))
    });
    Ok((headers, Body::from_stream(body)).into_response())
}

/// One open stream. It ends when nobody reads it any more.
struct Following {
    app: App,
    edge: EdgeScope,
    current: watch::Receiver<Option<Arc<Version>>>,
    /// What the edge holds when it has read all that it was sent; before that, what it came with.
    sent: Option<Arc<Version>>,
    lines: mpsc::Sender<String>,
    _permit: OwnedSemaphorePermit,
}

/// The edge has gone, or the server ends.
struct Over;

impl Following {
    fn open(
        app: App,
        edge: EdgeScope,
        root: Option<Root>,
        lines: mpsc::Sender<String>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let publisher = &app.parts.vault.publisher;
        let mut current = publisher.watch();
        current.mark_changed();
        let sent = root.and_then(|root| publisher.remembered(root));
        tracing::debug!(edge = edge.index, address = %edge.address, resumes = sent.is_some(), "an edge follows");
        Self { app, edge, current, sent, lines, _permit: permit }
    }

    async fn follow(mut self) {
        let shutdown = self.app.shutdown.clone();
        // Over is all that it can come to.
        let _ = shutdown.run_until_cancelled(self.send_all()).await;
    }

    async fn send_all(&mut self) -> Result<Infallible, Over> {
        self.send(&self.hello()).await?;
        loop {
            let wait = tokio::time::timeout(Duration::from_millis(ALIVE_EVERY_MS), self.current.changed());
            let is_new = tokio::select! {
                // The publisher lives as long as the app does.
                changed = wait => matches!(changed, Ok(Ok(()))),
                () = self.lines.closed() => return Err(Over),
            };
            let current = self.current.borrow_and_update().clone().filter(|_| is_new);
            match current {
                Some(current) => self.lead_to(current).await?,
                None => self.send(&self.alive()).await?,
            }
        }
    }

    async fn send(&self, frame: &Frame) -> Result<(), Over> {
        self.lines.send(frame.line()).await.map_err(|_| Over)
    }

    fn hello(&self) -> Frame {
        let vault = &self.app.parts.vault;
        let Some(expected) = vault.fleet.edge(self.edge.index) else { return Frame::Hello(Hello::default()) };
        let (name, servers) = (expected.name.clone(), expected.servers.clone());
        let canaries = vault.canaries.iter().filter(|of| servers.contains(&of.server_id)).cloned().collect();
        Frame::Hello(Hello { name, servers, canaries })
    }

    fn alive(&self) -> Frame {
        Frame::Alive { version: self.app.parts.vault.publisher.version(), at: self.app.parts.clock.now() }
    }

    /// Sends what leads to this version.
    async fn lead_to(&mut self, current: Arc<Version>) -> Result<(), Over> {
        let sent = self.sent.replace(Arc::clone(&current));
        let changes = sent.map(|sent| (sent.head.root, sent.set.changes_to(&current.set)));
        let head = current.signed.clone();
        if let Some((from, changes)) = changes.filter(|(_, changes)| changes.len() <= CHANGES_A_FRAME) {
            return self.send(&Frame::Changes { from, head, changes }).await;
        }
        self.send(&Frame::Whole { head }).await?;
        for rows in Frame::rows_of(&current.set) {
            self.send(&rows).await?;
        }
        Ok(())
    }
}
