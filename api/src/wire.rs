//! What goes over the wire: the JSON of answers and of stream events, as the OpenAPI document describes them.
//!
//! Times are RFC 3339 in UTC, money is integer micro-dollars, counts are integers.

mod peaks;
mod usage;

pub use peaks::{Peak, PeakDay, Peaks};
pub(crate) use usage::is_partial;
pub use usage::{RangeWord, Series, SeriesBucket, SeriesPoint, Stand, Summary, Times, UsagePoint};

use crate::pipeline::{PipelineLive, WorkerLines};
use serde::Serialize;
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{HomeLines, LossTotals, WorkerId};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::UsageSums;
use utoipa::ToSchema;

/// Requests by class and what is billed of them. The six classes add up to `requests`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// All requests.
    pub requests: i64,
    /// Served within the guaranteed rate, status 2xx.
    pub guaranteed: i64,
    /// Served above the guaranteed rate, status 2xx.
    pub burst: i64,
    /// Refused by the gateway.
    pub rejected: i64,
    /// 4xx, not refused by the gateway.
    pub client_error: i64,
    /// 5xx, not refused by the gateway.
    pub server_error: i64,
    /// The rest.
    pub other: i64,
    /// Requests that are billed.
    pub billable_requests: i64,
    /// Bytes to clients.
    pub bytes_sent: i64,
    /// Bytes of the billed requests.
    pub billable_bytes: i64,
}

impl From<&UsageSums> for Counts {
    fn from(sums: &UsageSums) -> Self {
        Self {
            requests: sums.requests(),
            guaranteed: sums.guaranteed,
            burst: sums.burst,
            rejected: sums.rejected,
            client_error: sums.client_error,
            server_error: sums.server_error,
            other: sums.other,
            billable_requests: sums.billable_requests,
            bytes_sent: sums.bytes_sent,
            billable_bytes: sums.billable_bytes,
        }
    }
}

/// `event: snapshot`: everything so far this month. Its id is the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StreamSnapshot {
    /// The epoch.
    #[schema(value_type = i64)]
    pub epoch: Epoch,
    /// Everything received before this time is counted.
    #[schema(format = DateTime)]
    pub complete_to: String,
    /// The UTC month of `counts` and `rated_micro_usd`.
    #[schema(example = "2026-11")]
    pub month: String,
    /// The month's usage.
    pub counts: Counts,
    /// The month's price.
    pub rated_micro_usd: i64,
    /// The last 60 minutes, ascending; minutes without traffic are left out.
    pub minutes: Vec<SeriesPoint>,
}

/// `event: delta`: what to add to the last snapshot. Its id is the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StreamDelta {
    /// The epoch.
    #[schema(value_type = i64)]
    pub epoch: Epoch,
    /// Everything received before this time is counted.
    #[schema(format = DateTime)]
    pub complete_to: String,
    /// To add to the snapshot's.
    pub counts: Counts,
    /// To add to the snapshot's.
    pub rated_micro_usd: i64,
    /// To add to each minute, of the last 60 and later ones.
    pub minutes: Vec<SeriesPoint>,
}

/// `event: reset`: forget what you have; a snapshot follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StreamReset {
    /// Why.
    pub reason: ResetReason,
}

/// `event: clock` of a customer's stream, each second: what time it is there, and how far it has counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StreamClock {
    /// The latest epoch.
    #[schema(value_type = i64)]
    pub epoch: Epoch,
    /// Everything received before this time is counted.
    #[schema(format = DateTime)]
    pub complete_to: String,
    /// The server's clock.
    #[schema(format = DateTime)]
    pub now: String,
}

/// Why a stream starts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// The client's epoch is too long ago.
    Behind,
    /// The client's epoch is none that this server knows.
    UnknownEpoch,
    /// Another month has begun.
    Month,
}

/// How the pipeline is; also `event: pipeline` of the stream, each second.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Pipeline {
    /// The latest epoch.
    #[schema(value_type = i64)]
    pub epoch: Epoch,
    /// Everything received before this time is counted.
    #[schema(format = DateTime)]
    pub complete_to: String,
    /// The server's clock.
    #[schema(format = DateTime)]
    pub now: String,
    /// When the server started.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// Lines received per second, over the last few seconds.
    pub lines_per_second: f64,
    /// From a line's receipt to its delta, in milliseconds; 0 without traffic.
    pub lag_ms: Lag,
    /// The age of the oldest line that is not counted yet, in milliseconds.
    #[schema(value_type = i64)]
    pub frontier_age_ms: u64,
    /// What lines became.
    pub lines: Lines,
    /// What did not arrive.
    pub loss: Loss,
    /// The journal.
    pub journal: Journal,
    /// The store.
    pub store: Store,
    /// Datagrams that the kernel dropped since the server started.
    #[schema(value_type = i64)]
    pub udp_kernel_drops: u64,
}

/// A lag's percentiles, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lag {
    /// Median.
    #[schema(value_type = i64)]
    pub p50: u64,
    /// 99th percentile.
    #[schema(value_type = i64)]
    pub p99: u64,
}

/// What lines became: `received` = `accepted` + `second_home` + `duplicates` + `system` + `rejected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lines {
    /// Lines taken in.
    #[schema(value_type = i64)]
    pub received: u64,
    /// Lines that became records.
    #[schema(value_type = i64)]
    pub accepted: u64,
    /// Lines dropped because the gateway's other home had brought them: the copies that it sends on purpose.
    #[schema(value_type = i64)]
    pub second_home: u64,
    /// Lines dropped because they were there already.
    #[schema(value_type = i64)]
    pub duplicates: u64,
    /// Of the rejected: lines that came again with another body.
    #[schema(value_type = i64)]
    pub conflicts: u64,
    /// HAProxy's own messages.
    #[schema(value_type = i64)]
    pub system: u64,
    /// Lines that could not be read, or contradict one read before.
    #[schema(value_type = i64)]
    pub rejected: u64,
    /// The same by reason.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub rejected_by_reason: BTreeMap<String, u64>,
}

/// What did not arrive, by the gateways' own numbering: what may still come is among it. `/loss` tells them apart.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Loss {
    /// Lines missing, over all workers.
    #[schema(value_type = i64)]
    pub missing: u64,
    /// The same in millionths of the lines sent.
    pub ppm: f64,
    /// By worker, ascending by server and birth.
    pub workers: Vec<WorkerLoss>,
}

/// One gateway worker's lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkerLoss {
    /// The gateway.
    #[schema(value_type = i64)]
    pub server_id: i16,
    /// The worker's birth, in milliseconds since 1970.
    pub boot_ms: i64,
    /// Distinct lines received.
    #[schema(value_type = i64)]
    pub received: u64,
    /// Lines that came again: a second home's copies too.
    #[schema(value_type = i64)]
    pub duplicates: u64,
    /// Lines that came again with another body.
    #[schema(value_type = i64)]
    pub conflicts: u64,
    /// Numbers between the first and the highest that never came.
    #[schema(value_type = i64)]
    pub missing: u64,
    /// Lowest number received.
    #[schema(value_type = i64)]
    pub first_seq: u64,
    /// Highest number received.
    #[schema(value_type = i64)]
    pub highest_seq: u64,
    /// What each home has brought, where its lines come by several; else empty.
    pub homes: Vec<HomeLoss>,
}

/// What one home has brought of a worker's lines. What none has brought is missing of the worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HomeLoss {
    /// The way that they came and from whom, in a cluster with the number of the journal: `tcp 192.0.2.7 (2)`.
    pub home: String,
    /// Distinct lines that it brought, be it first or second.
    #[schema(value_type = i64)]
    pub received: u64,
    /// Numbers between its first and its highest that it did not bring.
    #[schema(value_type = i64)]
    pub missing: u64,
    /// Numbers above its highest that the worker has reached by other homes: it brings them yet, or is silent.
    #[schema(value_type = i64)]
    pub behind: u64,
    /// When it was last heard of: the clock of that epoch.
    #[schema(format = DateTime)]
    pub heard_at: String,
}

impl HomeLoss {
    /// Of a worker's homes.
    pub(crate) fn of(homes: &[HomeLines], worker: &WorkerLines) -> Vec<Self> {
        let one = |of: &HomeLines| Self {
            home: of.home.clone(),
            received: of.received,
            missing: of.missing,
            behind: worker.highest_seq.saturating_sub(of.highest_seq),
            heard_at: of.heard_at.rfc3339(),
        };
        homes.iter().map(one).collect()
    }
}

impl WorkerLoss {
    fn of(lines: &WorkerLines, homes: &BTreeMap<WorkerId, Vec<HomeLines>>) -> Self {
        Self {
            server_id: lines.worker.server_id,
            boot_ms: lines.worker.boot.0,
            received: lines.received,
            duplicates: lines.duplicates,
            conflicts: lines.conflicts,
            missing: lines.missing,
            first_seq: lines.first_seq,
            highest_seq: lines.highest_seq,
            homes: homes.get(&lines.worker).map(|homes| HomeLoss::of(homes, lines)).unwrap_or_default(),
        }
    }
}

/// The journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Journal {
    /// Its id.
    pub id: String,
    /// Its length in bytes.
    #[schema(value_type = i64)]
    pub offset: u64,
    /// The last epoch that is on disk.
    #[schema(value_type = i64)]
    pub durable_epoch: Epoch,
    /// How long ago the last sync ended, in milliseconds.
    #[schema(value_type = i64)]
    pub sync_age_ms: u64,
    /// How long syncs take, 99th percentile, in milliseconds.
    #[schema(value_type = i64)]
    pub sync_p99_ms: u64,
    /// Length of its files, in bytes.
    #[schema(value_type = i64)]
    pub disk_bytes: u64,
    /// What the disk refuses now; `null` while all is well.
    pub error: Option<String>,
}

/// The store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Store {
    /// The last epoch committed.
    #[schema(value_type = i64)]
    pub epoch: Epoch,
    /// Records committed.
    #[schema(value_type = i64)]
    pub records: u64,
}

impl Pipeline {
    /// The pipeline's answer at an epoch.
    pub(crate) fn new(live: PipelineLive, epoch: Epoch, complete_to: UnixMillis, now: UnixMillis) -> Self {
        Self {
            epoch,
            complete_to: complete_to.rfc3339(),
            now: now.rfc3339(),
            started_at: live.started_at.rfc3339(),
            lines_per_second: live.lines_per_second,
            lag_ms: Lag { p50: live.lag_p50_ms, p99: live.lag_p99_ms },
            frontier_age_ms: live.frontier_age_ms,
            loss: Loss::of(&live.workers, &live.homes, &live.folded),
            lines: Lines {
                received: live.counts.received,
                accepted: live.counts.accepted,
                second_home: live.counts.second_home,
                duplicates: live.counts.duplicates,
                conflicts: live.workers.iter().map(|worker| worker.conflicts).sum::<u64>()
                    + live.folded.values().map(|totals| totals.conflicts).sum::<u64>(),
                system: live.counts.system,
                rejected: live.counts.rejected_total(),
                rejected_by_reason: live.counts.rejected,
            },
            journal: Journal {
                id: live.journal.id,
                offset: live.journal.offset,
                durable_epoch: live.journal.durable_epoch,
                sync_age_ms: live.journal.sync_age_ms,
                sync_p99_ms: live.journal.sync_p99_ms,
                disk_bytes: live.journal.disk_bytes,
                error: live.journal.error,
            },
            store: Store { epoch: live.store.epoch, records: live.store.records },
            udp_kernel_drops: live.udp_kernel_drops,
        }
    }
}

impl Loss {
    /// Folded workers are not told apart, and count.
    fn of(
        workers: &[WorkerLines],
        homes: &BTreeMap<WorkerId, Vec<HomeLines>>,
        folded: &BTreeMap<i16, LossTotals>,
    ) -> Self {
        let all = |of_worker: fn(&WorkerLines) -> u64, of_folded: fn(&LossTotals) -> u64| -> u64 {
            workers.iter().map(of_worker).chain(folded.values().map(of_folded)).fold(0, u64::saturating_add)
        };
        let missing = all(|worker| worker.missing, |totals| totals.missing);
        let received = all(|worker| worker.received, |totals| totals.received);
        let mut workers: Vec<WorkerLoss> = workers.iter().map(|lines| WorkerLoss::of(lines, homes)).collect();
        workers.sort_by_key(|worker| (worker.server_id, worker.boot_ms));
        Self { missing, ppm: ppm(missing, missing.saturating_add(received)), workers }
    }
}

/// `part` in millionths of `whole`: a share for screens; no count or amount is made of it.
pub(crate) fn ppm(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 1e6 / whole as f64 }
}
