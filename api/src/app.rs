//! What every handler works on: the parts given by the binary, the limits, and the API's own small state.

use crate::admin::quarantine::QuarantineRows;
use crate::admin::revisions::RevisionWatch;
use crate::admin::tail::Tap;
use crate::auth::{Auth, Operators};
use crate::books::LiveBooks;
use crate::clock::Clock;
use crate::customer::DOWNLOADS_MAX;
use crate::deployment::Deployment;
use crate::health::{self, RoleWatch};
use crate::hub::Hub;
use crate::limits::{Rate, RateLimits};
use crate::metrics::HttpCounters;
use crate::pipeline::{Pipeline, PipelineLive};
use crate::proof::Prover;
use crate::pulse::IDLE_MARGIN_MS;
use crate::read::Reader;
use crate::rows::ViewRows;
use crate::secrets::LiveSecrets;
use crate::server::AdminTls;
use crate::vault::{EdgeStreams, VaultParts};
use crate::wire;
use axum::http::HeaderValue;
use ipnet::IpNet;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use suiftly_schema::api_key::ApiKeySecret;
use suiftly_schema::sealed::Keyring;
use suiftly_settlement::Settlement;
use suiftly_settlement::owners::Owners;
use suiftly_store::accounts::AccountStore;
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
    /// Records on their way past, for live tails.
    pub tap: Arc<Tap>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Who operates.
    pub operators: Arc<dyn Operators>,
    /// Customers' accounts.
    pub accounts: Accounts,
    /// What gateways run on, and who they are.
    pub vault: VaultParts,
    /// The keyrings that rotate.
    pub secrets: Arc<dyn LiveSecrets>,
    /// Who makes proofs.
    pub prover: Arc<dyn Prover>,
}

/// What customers' accounts are kept in, and the secrets that they take.
#[derive(Clone)]
pub struct Accounts {
    /// Sign-in, keys, alerts, the activity log.
    pub store: AccountStore,
    /// Money.
    pub settlement: Settlement,
    /// Who makes the transactions that owners sign, where a chain holds the funds.
    pub owners: Option<Arc<Owners>>,
    /// What API keys are made with.
    pub api_key_secret: ApiKeySecret,
    /// What seals secrets at rest.
    pub at_rest: Keyring,
    /// What signs access and refresh tokens.
    pub jwt: Keyring,
    /// How strict sign-in is.
    pub mode: SignInMode,
    /// How customers can be told things.
    pub notify: NotifyMode,
}

/// How customers can be told things: what they may ask for goes by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotifyMode {
    /// Whether a mail server is configured.
    pub email: bool,
    /// Where webhooks may be.
    pub webhooks: suiftly_notify::TargetPolicy,
}

/// How strict sign-in is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInMode {
    /// Any signature is taken (MOCK_AUTH): development and test alone.
    pub mock_auth: bool,
    /// Cookies go over TLS alone: everywhere outside development and test.
    pub secure_cookies: bool,
    /// The domain that challenges name: what a wallet shows its owner.
    pub domain: String,
}

/// Where and how to serve.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Where to listen for customers, in plain text: anything but loopback belongs behind a proxy.
    pub listen: SocketAddr,
    /// Where to listen for operators.
    pub admin_listen: SocketAddr,
    /// How the operators' listener is secured.
    pub admin_tls: AdminTls,
    /// The built dashboard (`index.html` and `assets/`). Without it `/` says how to build it.
    pub web_dir: Option<PathBuf>,
    /// How much at once.
    pub limits: ApiLimits,
    /// Whom to believe and to allow in.
    pub rules: HttpRules,
    /// What customers are told of the deployment.
    pub deployment: Deployment,
}

/// Whom both servers believe, and whom browsers may ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRules {
    /// Proxies whose `X-Forwarded-For` is believed. Default: none.
    pub trusted_proxies: Vec<IpNet>,
    /// Other origins whose pages may ask (`https://app.example.org`), by Bearer alone. Default: none.
    pub cors_origins: Vec<HeaderValue>,
    /// Whether browsers are told to come by TLS alone from now on (HSTS).
    pub is_tls_only: bool,
}

/// How much the API takes on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// Live streams. Default 1,000; more are refused with 503.
    pub streams: usize,
    /// TCP connections, streams included. Default 2,000; more wait in the kernel's queue.
    pub connections: usize,
    /// Failed attempts a minute and address. Default 30; more are refused with 429.
    pub failed_attempts: u32,
    /// How often one address may ask (of IPv6: one /64), signed in or not. Default 200 a second, 2,000 at once.
    pub address: Rate,
    /// How often one customer may ask. Default 100 a second, 1,000 at once.
    pub customer: Rate,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            streams: 1_000,
            connections: 2_000,
            failed_attempts: 30,
            address: Rate { per_second: 200, burst: 2_000 },
            customer: Rate { per_second: 100, burst: 1_000 },
        }
    }
}

/// The handlers' state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) parts: ApiParts,
    pub(crate) reader: Reader,
    pub(crate) web_dir: Option<Arc<PathBuf>>,
    pub(crate) auth: Arc<Auth>,
    pub(crate) rates: Arc<RateLimits>,
    pub(crate) rules: Arc<HttpRules>,
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) streams: Arc<Semaphore>,
    /// Edges' streams: they do not count among the others.
    pub(crate) edge_streams: Arc<EdgeStreams>,
    /// Answers that are made while they are taken.
    pub(crate) downloads: Arc<Semaphore>,
    /// Held while the quarantine is changed: by one request at a time.
    pub(crate) quarantine_turn: Arc<Semaphore>,
    /// Held while everybody's books are held against each other, likewise.
    pub(crate) reconciling: Arc<Semaphore>,
    pub(crate) limits: ApiLimits,
    pub(crate) http: Arc<HttpCounters>,
    /// Since when each role is as it is.
    pub(crate) roles: Arc<RoleWatch>,
    /// The latest `pipeline` event, as JSON; renewed each second.
    pub(crate) pulse: Arc<watch::Sender<Arc<str>>>,
    /// The latest `clock` event, likewise.
    pub(crate) clock_pulse: Arc<watch::Sender<Arc<str>>>,
    /// What has changed, for operators' streams.
    pub(crate) revisions: Arc<RevisionWatch>,
    pub(crate) shutdown: CancellationToken,
}

impl App {
    pub(crate) fn new(config: ApiConfig, parts: ApiParts, shutdown: CancellationToken) -> Self {
        let ApiConfig { listen: _, admin_listen: _, admin_tls: _, web_dir, limits, rules, deployment } = config;
        let reader = Reader { hub: parts.hub.clone(), rows: parts.rows.clone(), books: parts.price_books.clone() };
        let auth = Arc::new(Auth::new(&limits, &parts.accounts));
        let edge_streams = Arc::new(EdgeStreams::new(parts.vault.fleet.expected().len()));
        let app = Self {
            parts,
            reader,
            web_dir: web_dir.map(Arc::new),
            auth,
            rates: Arc::new(RateLimits::new(limits.address, limits.customer)),
            rules: Arc::new(rules),
            deployment: Arc::new(deployment),
            streams: Arc::new(Semaphore::new(limits.streams)),
            edge_streams,
            downloads: Arc::new(Semaphore::new(DOWNLOADS_MAX)),
            quarantine_turn: Arc::new(Semaphore::new(1)),
            reconciling: Arc::new(Semaphore::new(1)),
            limits,
            http: Arc::default(),
            roles: Arc::default(),
            pulse: Arc::new(watch::Sender::new(Arc::from(""))),
            clock_pulse: Arc::new(watch::Sender::new(Arc::from(""))),
            revisions: Arc::default(),
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
        self.pipeline_of(self.look())
    }

    fn pipeline_of(&self, live: PipelineLive) -> wire::Pipeline {
        let (epoch, complete_to) = self.parts.hub.position();
        let epoch = epoch.max(live.store.epoch);
        wire::Pipeline::new(live, epoch, complete_to, self.parts.clock.now())
    }

    /// Renews the pulses.
    pub(crate) fn beat(&self) {
        let live = self.look();
        health::look(self, &live);
        let pipeline = self.pipeline_of(live);
        let (complete_to, now) = (pipeline.complete_to.clone(), pipeline.now.clone());
        renew(&self.clock_pulse, &wire::StreamClock { epoch: pipeline.epoch, complete_to, now });
        renew(&self.pulse, &pipeline);
    }
}

fn renew(pulse: &watch::Sender<Arc<str>>, event: &impl Serialize) {
    match serde_json::to_string(event) {
        Ok(json) => drop(pulse.send_replace(json.into())),
        Err(error) => tracing::error!(%error, "a pulse cannot be written as JSON"),
    }
}
