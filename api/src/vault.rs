//! The vault, as the API has it: what gateways run on is published here, and whether they have it is known here.
//!
//! ```text
//! dataflow ─deltas─▶ publisher ─▶ versions (ring) ─stream─▶ edges ─reports─▶ fleet
//!                        └▶ the directory, `ma_vault.csv`, `vault_versions`       └▶ answered with the lines that are missing
//! ```
//!
//! Nothing on this way waits for PostgreSQL: rows of `vault_versions` are written behind, for people to look at.

pub mod canary;
mod core;
mod describe;
mod export;
mod keep;
mod publisher;
mod report;
mod report_schema;
mod ring;
mod scope;
mod stream;
mod wanted;

pub use self::core::{Start, Version};
pub use describe::{Described, DescribedRow, ROWS_TOLD};
pub use export::ExportFigures;
pub use keep::{VERSIONS_WAITING_MAX, keep_versions};
pub use publisher::{COALESCE_DEFAULT, Freeze, FreezeRefused, Publisher, PublisherConfig};
pub use report_schema::ReportBody;
pub use ring::{ROWS_REMEMBERED, VERSIONS_REMEMBERED};
pub use scope::EdgeScope;
pub(crate) use scope::guard as guard_edge;
pub(crate) use stream::EdgeStreams;
pub use stream::STREAMS_AN_EDGE;
pub use wanted::{END_AFTER_MS, Numbered, UNHEARD_MS};

use crate::app::App;
use crate::fleet::{Fleet, Outage, outage};
use canary::CanaryWatch;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_schema::ids::Service;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{AccessId, KeyOfCanary};
use utoipa_axum::router::OpenApiRouter;

/// The vault's parts, as the binary gives them to the API. Clones share them.
#[derive(Clone)]
pub struct VaultParts {
    /// What is published.
    pub publisher: Publisher,
    /// Who takes it.
    pub fleet: Arc<Fleet>,
    /// The keys of gateways' synthetic requests, of all expected servers.
    pub canaries: Arc<[KeyOfCanary]>,
    /// Whether those requests come through.
    pub canary_watch: Arc<Mutex<CanaryWatch>>,
    /// How the files for gateways stand.
    pub export: Arc<Mutex<ExportFigures>>,
    /// What gateways' workers say they have numbered.
    pub numbered: Arc<Mutex<Numbered>>,
}

impl VaultParts {
    /// Joins them; nothing is written yet, and of synthetic requests nothing is known.
    pub fn new(publisher: Publisher, fleet: Arc<Fleet>, canaries: Arc<[KeyOfCanary]>) -> Self {
        let canary_watch = Arc::new(Mutex::new(CanaryWatch::new(canaries.iter().map(|of| of.server_id))));
        Self { publisher, fleet, canaries, canary_watch, export: Arc::default(), numbered: Arc::default() }
    }

    /// Services that every expected gateway is known not to serve at `now`, of these.
    pub fn outages(&self, services: &[Service], now: UnixMillis) -> BTreeMap<Service, Outage> {
        let (standings, unserved) = (self.fleet.standings(now), self.canary_watch.lock().unserved());
        let of = |service: &Service| Some((*service, outage(*service, &standings, &unserved)?));
        services.iter().filter_map(of).collect()
    }

    /// Whether a change of this customer's service is in no version yet, or not at every edge.
    pub fn is_updating(&self, id: AccessId) -> bool {
        self.publisher.is_waiting(id) || self.fleet.is_under_way(id)
    }
}

/// The edges' routes, for the operators' port; they have a guard of their own.
pub(crate) fn edge_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(stream::routes()).merge(report::routes())
}
