//! What an edge is asked to send again: lines of its gateways' workers that the loss meter counts as lost, and the end of a
//! worker's lines, which no later line shows to be missing. No I/O; times are given.
//!
//! Only what dedup can tell from a line that came is asked for: of a worker that it may have forgotten, a line sent again
//! would be billed again.

use crate::admin::loss::{LossLive, MissingLive};
use crate::pipeline::{Pipeline, WorkerLines};
use std::collections::BTreeMap;
use suiftly_schema::fleet::{EdgeReport, GatewayReport, ReportAnswer, SeqRange, WANTED_RANGES_MAX, Wanted};
use suiftly_schema::loss::WorkerId;
use suiftly_schema::time::UnixMillis;

/// The end of a worker's lines is asked for when it has been silent for so long, in milliseconds, and has told all the while
/// that it had numbered more. Before that its own ring delivers them, or its next line shows that they are missing.
pub const END_AFTER_MS: i64 = 30_000;
/// Of a worker of which no line ever came, lines are asked for no later after its birth, in milliseconds: an older one may be
/// one that was folded.
pub const UNHEARD_MS: i64 = 10 * 60_000;
/// Who has not told for so long begins anew, in milliseconds: when it is back, its ring comes first.
const CONTACT_MS: i64 = 10_000;

/// How many lines workers say they have numbered, and since when. One for each worker that an edge tells of.
#[derive(Debug, Default)]
pub struct Numbered(BTreeMap<WorkerId, Told>);

#[derive(Clone, Copy, Debug)]
struct Told {
    lines: u64,
    since: UnixMillis,
    last_at: UnixMillis,
}

impl Numbered {
    /// A worker tells that it has numbered so many lines, of which this is the highest that came. Answers what it told first
    /// of those that have not come.
    fn told(&mut self, worker: WorkerId, lines: u64, highest: u64, now: UnixMillis) -> Told {
        let fresh = Told { lines, since: now, last_at: now };
        let told = self.0.entry(worker).or_insert(fresh);
        let is_in_contact = now.0.saturating_sub(told.last_at.0) < CONTACT_MS;
        if told.lines <= highest || !is_in_contact {
            *told = fresh;
        }
        told.last_at = now;
        *told
    }

    /// Forgets these servers' workers but those.
    fn keep(&mut self, servers: &[i16], workers: &[(WorkerId, u64)]) {
        let is_told = |worker: &WorkerId| workers.iter().any(|(told, _)| told == worker);
        self.0.retain(|worker, _| !servers.contains(&worker.server_id) || is_told(worker));
    }
}

/// What is wanted of an edge that reports so, of these servers.
pub(super) fn wanted(
    report: &EdgeReport,
    servers: &[i16],
    pipeline: &dyn Pipeline,
    numbered: &mut Numbered,
    now: UnixMillis,
) -> ReportAnswer {
    let gateways = report.gateways.iter().filter(|of| servers.contains(&of.server_id));
    let workers: Vec<(WorkerId, u64)> = gateways.flat_map(workers_of).collect();
    numbered.keep(servers, &workers);
    if workers.is_empty() {
        return ReportAnswer::default();
    }
    let ids: Vec<WorkerId> = workers.iter().map(|(worker, _)| *worker).collect();
    let loss = pipeline.loss_of(&ids);
    let wanted = workers.into_iter().filter_map(|(worker, lines)| of_worker(worker, lines, &loss, numbered, now));
    ReportAnswer { wanted: wanted.collect() }
}

/// The workers whose lines can be had yet, with how many each has numbered.
fn workers_of(gateway: &GatewayReport) -> Vec<(WorkerId, u64)> {
    let Some(repair) = &gateway.repair else { return Vec::new() };
    let worker = |boot_ms| WorkerId { server_id: gateway.server_id, boot: UnixMillis(boot_ms) };
    let running = gateway.boot_ms.zip(gateway.lines_numbered).filter(|_| repair.has_ring);
    let ended = repair.drained.iter().map(|of| (worker(of.boot_ms), of.last_seq));
    running.map(|(boot_ms, lines)| (worker(boot_ms), lines)).into_iter().chain(ended).collect()
}

fn of_worker(
    worker: WorkerId,
    lines: u64,
    loss: &LossLive,
    numbered: &mut Numbered,
    now: UnixMillis,
) -> Option<Wanted> {
    let known = loss.workers.iter().find(|of| of.worker == worker);
    let told = numbered.told(worker, lines, known.map_or(0, |of| of.highest_seq), now);
    let end = end_of(worker, known, told, loss.as_of);
    let missing = loss.missing.get(&worker);
    let lost = missing.into_iter().flat_map(lost);
    let mut ranges: Vec<SeqRange> = end.into_iter().chain(lost).collect();
    let is_all = ranges.len() <= WANTED_RANGES_MAX && missing.is_none_or(|of| of.ranges_left_out == 0);
    ranges.truncate(WANTED_RANGES_MAX);
    let (server_id, boot_ms) = (worker.server_id, worker.boot.0);
    (!ranges.is_empty() || !is_all).then_some(Wanted { server_id, boot_ms, ranges, is_all })
}

/// Those that are final, newest first.
fn lost(missing: &MissingLive) -> impl Iterator<Item = SeqRange> {
    let lost = missing.ranges.iter().filter(|range| range.is_final);
    lost.map(|range| SeqRange { first: range.first_seq, last: range.last_seq })
}

/// The lines behind the highest that came, once they are not on their way any more.
fn end_of(worker: WorkerId, known: Option<&WorkerLines>, told: Told, as_of: UnixMillis) -> Option<SeqRange> {
    let is_over = |since: UnixMillis, ms: i64| as_of.0.saturating_sub(since.0) >= ms;
    let (first, heard_at) = match known {
        Some(known) => (known.highest_seq + 1, known.heard_at),
        None if is_over(worker.boot, UNHEARD_MS) => return None,
        None => (1, worker.boot),
    };
    let is_silent = is_over(heard_at, END_AFTER_MS) && is_over(told.since, END_AFTER_MS);
    (is_silent && told.lines >= first).then_some(SeqRange { first, last: told.lines })
}

#[cfg(test)]
mod tests;
