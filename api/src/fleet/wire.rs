//! `GET /fleet`: how each expected edge and its gateways stand.

use super::{EdgeStanding, Standing, Taken};
use crate::app::App;
use crate::params::parse_none;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use crate::vault::canary::CanaryStand;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::fleet::{CanaryReport, EdgeReport, GatewayReport, HotAccount, Refusal, ServerReport};
use suiftly_schema::time::UnixMillis;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(fleet))
}

/// The fleet.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetView {
    /// The version in force; null while none is.
    #[schema(value_type = Option<i64>)]
    pub version: Option<u64>,
    /// When it was published.
    #[schema(format = DateTime)]
    pub issued_at: Option<String>,
    /// Whether every expected edge is in sync. One that nobody named and that was never seen is not waited for.
    pub is_in_sync: bool,
    /// Each expected edge, in the order of the configuration.
    pub edges: Vec<FleetEdge>,
    /// Whether the synthetic requests of each expected gateway come through, by server.
    pub canaries: Vec<CanaryStand>,
}

/// An edge.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetEdge {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: Standing,
    /// The servers that are expected behind it.
    #[schema(value_type = Vec<i64>)]
    pub servers: Vec<i16>,
    /// Whether it is expected by default, and nobody named it.
    pub is_implied: bool,
    /// The version that every gateway of it has; null: none, or not heard of.
    #[schema(value_type = Option<i64>)]
    pub version: Option<u64>,
    /// For how long the oldest version that it has not is out, in milliseconds.
    pub lag_ms: i64,
    /// Since when it is neither in sync nor just updating.
    #[schema(format = DateTime)]
    pub out_since: Option<String>,
    /// When it reported last.
    #[schema(format = DateTime)]
    pub heard_at: Option<String>,
    /// When it started, by its clock.
    #[schema(format = DateTime)]
    pub started_at: Option<String>,
    /// Streams that it has open.
    #[schema(value_type = i64)]
    pub streams: usize,
    /// How long it took for the last 40 versions that it applied, oldest first.
    pub applied: Vec<FleetApplied>,
    /// Grant sets that it refused of late, oldest first.
    pub refused: Vec<FleetRefusal>,
    /// Its gateways.
    pub gateways: Vec<FleetGateway>,
    /// The keys whose signature it believes: a number and the first digits of each. Empty: it has not told.
    pub trusts: Vec<String>,
}

/// How long an edge took for a version.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct FleetApplied {
    /// Which.
    #[schema(value_type = i64)]
    pub version: u64,
    /// From its publication until we heard that every gateway had it, in milliseconds, by our clock; null if it was published
    /// before the start.
    pub took_ms: Option<i64>,
    /// From its arrival until every gateway had it, in milliseconds, by the edge's clock.
    pub edge_ms: i64,
    /// Of that, checking the signature and the root, in microseconds.
    #[schema(value_type = i64)]
    pub verify_us: u64,
    /// Changing the maps of the slowest gateway.
    #[schema(value_type = i64)]
    pub change_us: u64,
    /// Reading back.
    #[schema(value_type = i64)]
    pub confirm_us: u64,
    /// Rows that it changed.
    #[schema(value_type = i64)]
    pub changes: u64,
    /// Whether the maps were filled anew.
    pub is_refill: bool,
}

/// A grant set that was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetRefusal {
    /// When, by the edge's clock.
    #[schema(format = DateTime)]
    pub at: String,
    /// What was offered, where that could be read.
    #[schema(value_type = Option<i64>)]
    pub version: Option<u64>,
    /// Why.
    pub reason: String,
}

/// A HAProxy process.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetGateway {
    /// The server id of its lines.
    #[schema(value_type = i64)]
    pub server_id: i16,
    /// Whether it is expected.
    pub is_expected: bool,
    /// `unreachable`, `updating`, `in_sync`.
    pub state: &'static str,
    /// Why it is not in sync.
    pub trouble: Option<String>,
    /// The version that it has; 0: not known.
    #[schema(value_type = i64)]
    pub version: u64,
    /// HAProxy's version.
    pub haproxy: Option<String>,
    /// When it was born.
    #[schema(format = DateTime)]
    pub booted_at: Option<String>,
    /// Requests since then.
    #[schema(value_type = Option<i64>)]
    pub requests: Option<u64>,
    /// Lines that it has numbered since then.
    #[schema(value_type = Option<i64>)]
    pub lines_numbered: Option<u64>,
    /// Log messages that it says it could not send.
    #[schema(value_type = Option<i64>)]
    pub dropped_logs: Option<u64>,
    /// Accounts that were let through most in the last second.
    pub hot: Vec<FleetHot>,
    /// Servers of its backends.
    pub servers: Vec<FleetServer>,
    /// Its synthetic requests.
    pub canary: Option<FleetCanary>,
}

/// An account of the rate table.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetHot {
    /// `customer:service`, in numbers.
    pub account: String,
    /// Requests let through in the last second.
    #[schema(value_type = i64)]
    pub per_second: u64,
}

/// A server of a backend.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetServer {
    /// The backend.
    pub backend: String,
    /// The server.
    pub server: String,
    /// As HAProxy's statistics say it.
    pub status: String,
    /// Sessions now.
    #[schema(value_type = i64)]
    pub sessions: u64,
}

/// Synthetic requests of a gateway.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetCanary {
    /// Sent since the edge started.
    #[schema(value_type = i64)]
    pub sent: u64,
    /// Of them, answered with 2xx.
    #[schema(value_type = i64)]
    pub served: u64,
    /// The last one's status; null when there was no answer.
    #[schema(value_type = Option<i64>)]
    pub last_status: Option<u16>,
    /// When the last one was sent.
    #[schema(format = DateTime)]
    pub last_at: String,
    /// How long its answer took, in microseconds.
    #[schema(value_type = i64)]
    pub last_us: u64,
}

/// How each expected edge and its gateways stand.
#[utoipa::path(get, path = "/fleet", tag = "vault", responses((status = 200, body = FleetView), GuardedProblems))]
async fn fleet(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<FleetView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    Ok(Json(FleetView::of(&app)))
}

impl FleetView {
    pub(crate) fn of(app: &App) -> Self {
        let (vault, now) = (&app.parts.vault, app.parts.clock.now());
        let standings = vault.fleet.standings(now);
        let current = vault.publisher.current();
        let is_fine = |edge: &EdgeStanding| {
            edge.standing == Standing::InSync || (edge.is_implied && edge.standing == Standing::NeverSeen)
        };
        Self {
            version: current.as_ref().map(|current| current.head.version),
            issued_at: current.as_ref().map(|current| current.head.issued_at.rfc3339()),
            is_in_sync: standings.iter().all(is_fine),
            edges: standings
                .into_iter()
                .enumerate()
                .map(|(index, of)| FleetEdge::new(of, app.edge_streams.open(index)))
                .collect(),
            canaries: vault.canary_watch.lock().stands(now),
        }
    }
}

impl FleetEdge {
    fn new(of: EdgeStanding, streams: usize) -> Self {
        let EdgeStanding { name, servers, standing, out_since, lag_ms, report, taken, is_implied } = of;
        let heard_at = report.as_ref().map(|(_, at)| at.rfc3339());
        let report = report.map(|(report, _)| report);
        let version = report.as_ref().map(|report| report.version).filter(|version| *version > 0);
        let started_at = report.as_ref().map(|report| report.started_at.rfc3339());
        let EdgeReport { refused, gateways, trusts, .. } = report.unwrap_or_default();
        let gateway = |of: GatewayReport| {
            let is_expected = servers.contains(&of.server_id);
            FleetGateway::new(of, is_expected)
        };
        Self {
            state: standing,
            version,
            lag_ms,
            out_since: out_since.map(UnixMillis::rfc3339),
            heard_at,
            started_at,
            streams,
            applied: taken.iter().map(FleetApplied::from).collect(),
            refused: refused.into_iter().map(FleetRefusal::from).collect(),
            gateways: gateways.into_iter().map(gateway).collect(),
            trusts,
            name,
            servers,
            is_implied,
        }
    }
}

impl From<&Taken> for FleetApplied {
    fn from(taken: &Taken) -> Self {
        let of = &taken.applied;
        Self {
            version: of.version,
            took_ms: taken.issued_at.map(|issued| taken.heard_at.0.saturating_sub(issued.0)),
            edge_ms: of.applied_at.0.saturating_sub(of.received_at.0),
            verify_us: of.verify_us,
            change_us: of.change_us,
            confirm_us: of.confirm_us,
            changes: of.changes,
            is_refill: of.is_refill,
        }
    }
}

impl From<Refusal> for FleetRefusal {
    fn from(Refusal { at, version, reason }: Refusal) -> Self {
        Self { at: at.rfc3339(), version, reason }
    }
}

impl FleetGateway {
    fn new(of: GatewayReport, is_expected: bool) -> Self {
        Self {
            server_id: of.server_id,
            is_expected,
            state: of.state.word(),
            trouble: of.trouble,
            version: of.version,
            haproxy: of.haproxy,
            booted_at: of.boot_ms.map(|boot| UnixMillis(boot).rfc3339()),
            requests: of.requests,
            lines_numbered: of.lines_numbered,
            dropped_logs: of.dropped_logs,
            hot: of.hot.into_iter().map(FleetHot::from).collect(),
            servers: of.servers.into_iter().map(FleetServer::from).collect(),
            canary: of.canary.map(FleetCanary::from),
        }
    }
}

impl From<HotAccount> for FleetHot {
    fn from(HotAccount { account, per_second }: HotAccount) -> Self {
        Self { account, per_second }
    }
}

impl From<ServerReport> for FleetServer {
    fn from(ServerReport { backend, server, status, sessions }: ServerReport) -> Self {
        Self { backend, server, status, sessions }
    }
}

impl From<CanaryReport> for FleetCanary {
    fn from(CanaryReport { sent, served, last_status, last_at, last_us }: CanaryReport) -> Self {
        Self { sent, served, last_status, last_at: last_at.rfc3339(), last_us }
    }
}
