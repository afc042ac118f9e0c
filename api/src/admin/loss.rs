//! The loss meter: what of the gateways' numbered lines came, what did not and which, beside everything else that is
//! known to lose lines on their way. `GET /api/v1/loss`, and the sums by server that `/metrics` tells.

mod wire;

use crate::app::App;
use crate::fleet;
use crate::params::Fields;
use crate::pipeline::WorkerLines;
use crate::problem::{GuardedProblems, Problem};
use axum::Json;
use axum::extract::{RawQuery, State};
use std::collections::BTreeMap;
use suiftly_schema::loss::{HomeLines, LossTotals, WorkerId};
use suiftly_schema::time::UnixMillis;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
pub use wire::{LossBeside, LossCounts, LossReport, MissingRange, ServerLoss, TransportBeside, WorkerLossDetail};

/// Workers that an answer tells of one by one; those heard of last.
pub const LOSS_WORKERS_MAX: usize = 256;
/// Servers that an answer tells of; those with the lowest ids.
pub const LOSS_SERVERS_MAX: usize = 1_024;

/// The loss meter at one instant, as of the latest published epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LossLive {
    /// The clock that finality goes by: that of the latest published epoch, or at rest the wall clock.
    pub as_of: UnixMillis,
    /// How long a missing number is pending.
    pub grace_ms: u64,
    /// Every known worker's lines, in any order.
    pub workers: Vec<WorkerLines>,
    /// What the workers add up to that are not told apart any more, by server.
    pub folded: BTreeMap<i16, LossTotals>,
    /// Which numbers are missing of the workers asked for.
    pub missing: BTreeMap<WorkerId, MissingLive>,
    /// What each home has brought of their lines; `seen` is empty.
    pub homes: BTreeMap<WorkerId, Vec<HomeLines>>,
    /// What else loses lines.
    pub beside: BesideLive,
}

/// Which of a worker's numbers are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingLive {
    /// Newest first.
    pub ranges: Vec<RangeLive>,
    /// Older ranges that are not among them.
    pub ranges_left_out: u64,
    /// Missing numbers whose ranges are not known any more.
    pub closed: u64,
}

/// Numbers in a row that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeLive {
    /// The lowest, unwrapped to 64 bits.
    pub first_seq: u64,
    /// The highest.
    pub last_seq: u64,
    /// Whether they are final.
    pub is_final: bool,
}

/// What loses lines, or may, since the process started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BesideLive {
    /// Each listener, by its name (`udp`, `tcp`, …).
    pub transports: BTreeMap<String, TransportBesideLive>,
    /// Blocks of the journal that were durable and were found damaged.
    pub journal_damaged_blocks: u64,
    /// Duplicates dropped by their number alone: their bodies were not known any more.
    pub duplicates_unproven: u64,
    /// Workers folded.
    pub workers_folded: u64,
    /// Missing numbers that can no longer come, because a worker had too many ranges.
    pub seqs_closed: u64,
}

/// What one listener knows to have lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportBesideLive {
    /// Datagrams that the kernel dropped.
    pub kernel_drops: u64,
    /// Frames too long.
    pub oversize_frames: u64,
    /// Streams that broke their framing.
    pub broken_streams: u64,
    /// Connections refused, displaced or failed at their handshake.
    pub connections_turned_away: u64,
}

/// The counts by server, folded workers among them; with the number of workers that are told apart.
pub(crate) fn by_server(
    workers: &[WorkerLines],
    folded: &BTreeMap<i16, LossTotals>,
) -> BTreeMap<i16, (u64, LossCounts)> {
    let mut servers: BTreeMap<i16, (u64, LossCounts)> = BTreeMap::new();
    for lines in workers {
        let (known, counts) = servers.entry(lines.worker.server_id).or_default();
        *known += 1;
        counts.add(&LossCounts::of_worker(lines));
    }
    for (server_id, totals) in folded {
        servers.entry(*server_id).or_default().1.add(&LossCounts::of_folded(totals));
    }
    servers
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(loss))
}

/// Which servers.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct LossQuery {
    /// This server's workers alone.
    #[param(minimum = -32768, maximum = 32767)]
    server_id: Option<i16>,
}

fn parse(query: &str) -> Result<Option<i16>, Problem> {
    let mut fields = Fields::read_named(query, &["server_id"]);
    let server_id = fields.parsed("server_id", |text| text.parse().ok(), "must be an integer of 16 bits");
    fields.finish(server_id)
}

/// What was lost, by the gateways' own numbering.
///
/// A number that did not come is pending, and final once a higher one of the same worker is older than the grace. One
/// that comes after it was final counts as repaired, and is missing no more. Counts begin with the journal; what stands
/// beside them begins with the server's start.
#[utoipa::path(get, path = "/loss", tag = "operation", params(LossQuery), responses(
    (status = 200, body = LossReport),
    GuardedProblems,
))]
async fn loss(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<LossReport>, Problem> {
    let server_id = parse(&query.unwrap_or_default())?;
    let live = app.look();
    let loss = app.parts.pipeline.loss(server_id, LOSS_WORKERS_MAX);
    let (epoch, complete_to) = app.parts.hub.position();
    let dropped_logs = fleet::dropped_logs(&app.parts.vault.fleet.standings(app.parts.clock.now()));
    Ok(Json(LossReport::new(loss, server_id, (epoch.max(live.store.epoch), complete_to), &dropped_logs)))
}
