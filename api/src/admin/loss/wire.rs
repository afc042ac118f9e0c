//! The JSON of `GET /api/v1/loss`.

use super::{
    BesideLive, LOSS_SERVERS_MAX, LOSS_WORKERS_MAX, LossLive, MissingLive, RangeLive, TransportBesideLive, by_server,
};
use crate::pipeline::WorkerLines;
use crate::wire::{HomeLoss, ppm};
use serde::Serialize;
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{HomeLines, LossTotals};
use suiftly_schema::time::UnixMillis;
use utoipa::ToSchema;

/// What was lost, by the gateways' own numbering, in all, by server and by worker.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LossReport {
    /// The epoch this answer stands at.
    #[schema(value_type = i64)]
    pub epoch: Epoch,
    /// Everything received before this time is counted.
    #[schema(format = DateTime)]
    pub complete_to: String,
    /// The clock that finality goes by: that of the last epoch, or at rest the server's.
    #[schema(format = DateTime)]
    pub as_of: String,
    /// How long a missing number is pending, in milliseconds (and up to half a second more).
    #[schema(value_type = i64)]
    pub grace_ms: u64,
    /// Over all servers, or the one asked for.
    pub totals: LossCounts,
    /// By server, ascending.
    pub servers: Vec<ServerLoss>,
    /// Further servers.
    #[schema(value_type = i64)]
    pub servers_left_out: u64,
    /// By worker, the one heard of last first.
    pub workers: Vec<WorkerLossDetail>,
    /// Further workers, heard of longer ago.
    #[schema(value_type = i64)]
    pub workers_left_out: u64,
    /// What else loses lines, since the server started.
    pub beside: LossBeside,
}

/// Numbered lines, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct LossCounts {
    /// Distinct lines received.
    #[schema(value_type = i64)]
    pub received: u64,
    /// Lines that came again: a second home's copies too.
    #[schema(value_type = i64)]
    pub duplicates: u64,
    /// Lines that came again with another body.
    #[schema(value_type = i64)]
    pub conflicts: u64,
    /// Numbers that have not come: pending and final ones.
    #[schema(value_type = i64)]
    pub missing: u64,
    /// Those that may still come.
    #[schema(value_type = i64)]
    pub missing_pending: u64,
    /// Those that count as lost.
    #[schema(value_type = i64)]
    pub missing_final: u64,
    /// Numbers that came after they had been final; they are among the received.
    #[schema(value_type = i64)]
    pub repaired: u64,
    /// Final ones in millionths of the lines expected (received and missing).
    pub ppm: f64,
}

impl LossCounts {
    pub(super) fn of_worker(lines: &WorkerLines) -> Self {
        Self {
            received: lines.received,
            duplicates: lines.duplicates,
            conflicts: lines.conflicts,
            missing: lines.missing,
            missing_final: lines.missing_final,
            repaired: lines.repaired,
            ..Self::default()
        }
        .derived()
    }

    pub(super) fn of_folded(totals: &LossTotals) -> Self {
        Self {
            received: totals.received,
            duplicates: totals.duplicates,
            conflicts: totals.conflicts,
            missing: totals.missing,
            missing_final: totals.missing,
            repaired: totals.repaired,
            ..Self::default()
        }
        .derived()
    }

    pub(super) fn add(&mut self, other: &Self) {
        // Forged numbers may add up to anything.
        let add = |count: &mut u64, more: u64| *count = count.saturating_add(more).min(i64::MAX.cast_unsigned());
        add(&mut self.received, other.received);
        add(&mut self.duplicates, other.duplicates);
        add(&mut self.conflicts, other.conflicts);
        add(&mut self.missing, other.missing);
        add(&mut self.missing_final, other.missing_final);
        add(&mut self.repaired, other.repaired);
        *self = self.derived();
    }

    fn derived(self) -> Self {
        let missing_pending = self.missing.saturating_sub(self.missing_final);
        Self { missing_pending, ppm: ppm(self.missing_final, self.received.saturating_add(self.missing)), ..self }
    }
}

/// One gateway's lines.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct ServerLoss {
    /// The gateway.
    #[schema(value_type = i64)]
    pub server_id: i16,
    /// Its workers that are told apart.
    #[schema(value_type = i64)]
    pub workers: u64,
    /// Its workers that are not any more: not heard of for more than a week, or too many.
    #[schema(value_type = i64)]
    pub workers_folded: u64,
    /// All of their lines.
    pub counts: LossCounts,
    /// Lines that HAProxy itself says it could not send (`DroppedLogs`); null until its edge agent reports it.
    #[schema(value_type = Option<i64>)]
    pub dropped_logs: Option<u64>,
}

/// One gateway worker's lines, and which of them are missing.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WorkerLossDetail {
    /// The gateway.
    #[schema(value_type = i64)]
    pub server_id: i16,
    /// The worker's birth, in milliseconds since 1970.
    pub boot_ms: i64,
    /// When it was last heard of: the clock of that epoch.
    #[schema(format = DateTime)]
    pub heard_at: String,
    /// Its lines.
    pub counts: LossCounts,
    /// Lowest number received.
    #[schema(value_type = i64)]
    pub first_seq: u64,
    /// Highest number received.
    #[schema(value_type = i64)]
    pub highest_seq: u64,
    /// What each home has brought of them: of those that a gateway sends its lines to.
    pub homes: Vec<HomeLoss>,
    /// Missing numbers, newest first.
    pub ranges: Vec<MissingRange>,
    /// Older ranges.
    #[schema(value_type = i64)]
    pub ranges_left_out: u64,
    /// Missing numbers whose ranges are not known any more, since there were too many; they can no longer come.
    #[schema(value_type = i64)]
    pub missing_closed: u64,
}

/// Numbers in a row that are missing. The 32 bits on a line are the number's lower ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissingRange {
    /// The lowest, unwrapped to 64 bits.
    #[schema(value_type = i64)]
    pub first_seq: u64,
    /// The highest.
    #[schema(value_type = i64)]
    pub last_seq: u64,
    /// How many.
    #[schema(value_type = i64)]
    pub lines: u64,
    /// Whether they count as lost.
    pub is_final: bool,
}

impl From<RangeLive> for MissingRange {
    fn from(RangeLive { first_seq, last_seq, is_final }: RangeLive) -> Self {
        Self { first_seq, last_seq, lines: last_seq - first_seq + 1, is_final }
    }
}

/// What else loses lines, or may be why some are missing. Since the server started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LossBeside {
    /// By listener.
    pub transports: BTreeMap<String, TransportBeside>,
    /// Blocks of the journal that were durable and were found damaged: what was in them is missing.
    #[schema(value_type = i64)]
    pub journal_damaged_blocks: u64,
    /// Duplicates dropped by their number alone: their bodies were not known any more.
    #[schema(value_type = i64)]
    pub duplicates_unproven: u64,
    /// Workers folded.
    #[schema(value_type = i64)]
    pub workers_folded: u64,
    /// Missing numbers that can no longer come, because a worker had too many ranges.
    #[schema(value_type = i64)]
    pub seqs_closed: u64,
}

/// What one listener knows to have lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TransportBeside {
    /// Datagrams that the kernel dropped, the receive buffer being full.
    #[schema(value_type = i64)]
    pub kernel_drops: u64,
    /// Frames thrown away because they were too long.
    #[schema(value_type = i64)]
    pub oversize_frames: u64,
    /// Streams closed because they broke their framing.
    #[schema(value_type = i64)]
    pub broken_streams: u64,
    /// Connections refused, displaced or failed at their handshake.
    #[schema(value_type = i64)]
    pub connections_turned_away: u64,
}

impl From<TransportBesideLive> for TransportBeside {
    fn from(live: TransportBesideLive) -> Self {
        let TransportBesideLive { kernel_drops, oversize_frames, broken_streams, connections_turned_away } = live;
        Self { kernel_drops, oversize_frames, broken_streams, connections_turned_away }
    }
}

impl From<BesideLive> for LossBeside {
    fn from(live: BesideLive) -> Self {
        Self {
            transports: live.transports.into_iter().map(|(name, of)| (name, of.into())).collect(),
            journal_damaged_blocks: live.journal_damaged_blocks,
            duplicates_unproven: live.duplicates_unproven,
            workers_folded: live.workers_folded,
            seqs_closed: live.seqs_closed,
        }
    }
}

impl LossReport {
    /// The answer at an epoch, of one server or of all; with what their edges tell of dropped messages.
    pub(super) fn new(
        mut loss: LossLive,
        server_id: Option<i16>,
        (epoch, complete_to): (Epoch, UnixMillis),
        dropped_logs: &BTreeMap<i16, u64>,
    ) -> Self {
        let wanted = |server: i16| server_id.is_none_or(|wanted| wanted == server);
        loss.workers.retain(|lines| wanted(lines.worker.server_id));
        loss.folded.retain(|server, _| wanted(*server));
        let by_server = by_server(&loss.workers, &loss.folded);
        let mut totals = LossCounts::default();
        by_server.values().for_each(|(_, counts)| totals.add(counts));
        let folded = |server: &i16| loss.folded.get(server).map_or(0, |totals| totals.workers);
        let server = |(server_id, (workers, counts)): (&i16, &(u64, LossCounts))| ServerLoss {
            server_id: *server_id,
            workers: *workers,
            workers_folded: folded(server_id),
            counts: *counts,
            dropped_logs: dropped_logs.get(server_id).copied(),
        };
        let newest_first = |lines: &WorkerLines| std::cmp::Reverse((lines.heard_at, lines.worker));
        loss.workers.sort_unstable_by_key(newest_first);
        let workers = loss.workers.iter().take(LOSS_WORKERS_MAX);
        Self {
            epoch,
            complete_to: complete_to.rfc3339(),
            as_of: loss.as_of.rfc3339(),
            grace_ms: loss.grace_ms,
            totals,
            servers: by_server.iter().take(LOSS_SERVERS_MAX).map(server).collect(),
            servers_left_out: by_server.len().saturating_sub(LOSS_SERVERS_MAX) as u64,
            workers: workers
                .map(|lines| {
                    let homes = loss.homes.remove(&lines.worker).unwrap_or_default();
                    detail(lines, &homes, loss.missing.remove(&lines.worker).unwrap_or_default())
                })
                .collect(),
            workers_left_out: loss.workers.len().saturating_sub(LOSS_WORKERS_MAX) as u64,
            beside: loss.beside.into(),
        }
    }
}

fn detail(lines: &WorkerLines, homes: &[HomeLines], missing: MissingLive) -> WorkerLossDetail {
    WorkerLossDetail {
        server_id: lines.worker.server_id,
        boot_ms: lines.worker.boot.0,
        heard_at: lines.heard_at.rfc3339(),
        counts: LossCounts::of_worker(lines),
        first_seq: lines.first_seq,
        highest_seq: lines.highest_seq,
        homes: HomeLoss::of(homes, lines),
        ranges: missing.ranges.into_iter().map(MissingRange::from).collect(),
        ranges_left_out: missing.ranges_left_out,
        missing_closed: missing.closed,
    }
}
