//! What every handler works on: the parts given by the binary, the limits, and the API's own small state.

use crate::auth::{Auth, DevToken};
use crate::books::LiveBooks;
use crate::clock::Clock;
use crate::hub::Hub;
use crate::metrics::HttpCounters;
use crate::pipeline::{Pipeline, PipelineLive};
use crate::pulse::IDLE_MARGIN_MS;
use crate::quarantine::QuarantineRows;
use crate::read::Reader;
use crate::rows::ViewRows;
use crate::wire;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// What the binary gives the API to answer from.
#[derive(Clone)]
pub struct ApiParts {
    /// The live hub, which the composition thread publishes to.
    pub hub: Arc<Hub>,
    /// The store's read side.
    pub rows: Arc<dyn ViewRows>,
    /// The store's quarantine.
    pub quarantine: Arc<dyn QuarantineRows>,
    /// The pipeline, to look at and to give lines again to.
    pub pipeline: Arc<dyn Pipeline>,
    /// The books that the dataflow rates by: the same, or bills and answers differ.
    pub price_books: Arc<LiveBooks>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Where and how to serve.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Where to listen, in plain text. `/health`, `/ready` and `/metrics` need no token, so anything but loopback
    /// belongs behind a proxy that keeps them in.
    pub listen: SocketAddr,
    /// The built dashboard (`index.html` and `assets/`). Without it `/` says how to build it.
    pub web_dir: Option<PathBuf>,
    /// The development token that guards `/api/v1`.
    pub dev_token: DevToken,
    /// How much at once.
    pub limits: ApiLimits,
}

/// How much the API takes on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// Live streams. Default 1,000; more are refused with 503.
    pub streams: usize,
    /// TCP connections, streams included. Default 2,000; more wait in the kernel's queue.
    pub connections: usize,
    /// Sessions by cookie. Default 1,000; a new one ends the oldest.
    pub sessions: usize,
    /// Failed attempts a minute and address. Default 30; more are refused with 429.
    pub failed_attempts: u32,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self { streams: 1_000, connections: 2_000, sessions: 1_000, failed_attempts: 30 }
    }
}

/// The handlers' state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) parts: ApiParts,
    pub(crate) reader: Reader,
    pub(crate) web_dir: Option<Arc<PathBuf>>,
    pub(crate) auth: Arc<Auth>,
    pub(crate) streams: Arc<Semaphore>,
    /// Held while the quarantine is changed: by one request at a time.
    pub(crate) quarantine_turn: Arc<Semaphore>,
    pub(crate) limits: ApiLimits,
    pub(crate) http: Arc<HttpCounters>,
    /// The latest `pipeline` event, as JSON; renewed each second.
    pub(crate) pulse: Arc<watch::Sender<Arc<str>>>,
    pub(crate) shutdown: CancellationToken,
}

impl App {
    pub(crate) fn new(config: ApiConfig, parts: ApiParts, shutdown: CancellationToken) -> Self {
        let ApiConfig { listen: _, web_dir, dev_token, limits } = config;
        let reader = Reader { hub: parts.hub.clone(), rows: parts.rows.clone(), books: parts.price_books.clone() };
        let app = Self {
            parts,
            reader,
            web_dir: web_dir.map(Arc::new),
            auth: Arc::new(Auth::new(dev_token, &limits)),
            streams: Arc::new(Semaphore::new(limits.streams)),
            quarantine_turn: Arc::new(Semaphore::new(1)),
            limits,
            http: Arc::default(),
            pulse: Arc::new(watch::Sender::new(Arc::from(""))),
            shutdown,
        };
        app.beat();
        app
    }

    /// Looks at the pipeline, and lets `complete_to` move on if nothing is under way.
    pub(crate) fn look(&self) -> PipelineLive {
        // The clock first: what arrives while we look is later than it.
        let now = self.parts.clock.now();
        let live = self.parts.pipeline.live();
        if !live.pending && !live.recovering {
            self.parts.hub.idle_until(now.plus_ms(-IDLE_MARGIN_MS));
        }
        live
    }

    /// The pipeline's answer.
    pub(crate) fn pipeline(&self) -> wire::Pipeline {
        let live = self.look();
        let (epoch, complete_to) = self.parts.hub.position();
        let epoch = epoch.max(live.store.epoch);
        wire::Pipeline::new(live, epoch, complete_to, self.parts.clock.now())
    }

    /// Renews the pulse.
    pub(crate) fn beat(&self) {
        match serde_json::to_string(&self.pipeline()) {
            Ok(json) => drop(self.pulse.send_replace(json.into())),
            Err(error) => tracing::error!(%error, "the pipeline's state cannot be written as JSON"),
        }
    }
}
