//! Suiftly's HTTP API: sign-in, routes, live streams, problems. The only HTTP server.
//!
//! It stands at the end of a line's way: the dataflow's deltas come in by the [`Hub`], committed rows by [`ViewRows`],
//! and every answer joins the two at the store's watermark, so that it stands at the hub's latest epoch: no gap, no
//! double count. Streams pull from the hub; nobody waits for a browser.
//!
//! # What the binary constructs
//!
//! ```text
//! let hub = Arc::new(Hub::new(HubBounds::default()));
//! hub.resume_at(watermark_epoch, watermark_cut_at);      // optional: clients go on over a restart without a reset
//!
//! // composition thread, per durable epoch, in order, BEFORE the store writer gets it, and before the batch stops
//! // to count as pending (PipelineLive::pending):
//! hub.publish(Published { epoch, cut_at, deltas });
//!
//! let parts = ApiParts {
//!     hub,
//!     rows: Arc::new(reader.clone()),                    // suiftly-store's reader
//!     quarantine: Arc::new(reader),                      // the same
//!     pipeline: Arc::new(my_pipeline),                   // impl Pipeline: fn live(&self) -> PipelineLive
//!     price_books: Arc::new(LiveBooks::new(PriceBooks::v1())), // the same as the dataflow's and the store's
//!     tap: Arc::new(Tap::default()),                     // offered each batch's records after they are published
//!     clock: Arc::new(SystemClock),
//!     operators: Arc::new(account_store.clone()),
//!     prover: Arc::new(my_prover),                       // impl Prover: reads the journal
//!     accounts: Accounts { store: account_store, settlement, … },
//!     vault: VaultParts::new(publisher, fleet, canaries),  // see `vault`: apply() per epoch, open(), run() on a thread
//! };
//! let config = ApiConfig { listen, admin_listen, admin_tls: AdminTls::default(), web_dir: Some(dir), limits: ApiLimits::default(),
//!     rules: HttpRules::default(), deployment: Deployment::default() };
//! let shutdown = CancellationToken::new();
//! let server = serve(config, parts, shutdown.clone()).await?;  // "cannot listen for HTTP on …: address in use"
//! server.local_addr(); server.admin_addr();
//! shutdown.cancel();                                     // from any thread; streams end, requests drain
//! server.ended().await;
//! ```

pub mod admin;
pub mod auth;
mod body;
mod books;
pub mod clock;
pub mod customer;
mod deployment;
pub mod feed;
pub mod fleet;
pub mod headers;
pub mod health;
pub mod hub;
pub mod money;
pub mod openapi;
pub mod params;
mod path;
pub mod pipeline;
mod priced;
pub mod problem;
pub mod proof;
pub mod pulse;
pub mod read;
pub mod routes;
pub mod rows;
pub mod scope;
pub mod secrets;
pub mod server;
pub mod stream;
pub mod tail;
pub mod vault;
pub mod wire;

mod app;
mod idempotency;
mod limits;
mod metrics;
mod peer;
mod web;

pub use admin::loss::{BesideLive, LossLive, MissingLive, RangeLive, TransportBesideLive};
pub use admin::operators::{is_name as is_operator_name, operator_token, operator_token_sha256};
pub use admin::quarantine::QuarantineRows;
pub use admin::tail::{Tap, TapFilter};
pub use app::{Accounts, ApiConfig, ApiLimits, ApiParts, HttpRules, NotifyMode, SignInMode};
pub use auth::{OPERATOR_TOKEN_PREFIX, Operators};
pub use axum::http::HeaderValue;
pub use books::LiveBooks;
pub use clock::{Clock, SystemClock};
pub use deployment::{DIGEST_PLACE, Deployment, EscrowKind, SuiDeployment};
pub use hub::{Hub, HubBounds, Published};
pub use ipnet::IpNet;
pub use limits::Rate;
pub use metrics::MetricDescription;
pub use pipeline::{
    BackupLive, BackupsLive, DiskLive, GiveAgainError, JournalLive, ManagerJobLive, ManagerLive, Pipeline,
    PipelineLive, QuarantineLive, QueueLive, StoreLive, SuiLive, SuiNodeLive, TransportLive, UncountedLive,
    WorkerLines,
};
pub use rows::ViewRows;
pub use server::{
    AdminTls, ApiError, PassedListeners, Routers, Server, TlsFiles, describe_metrics, routers, serve, serve_on,
};
