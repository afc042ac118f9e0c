//! What the running parts say of themselves, gathered for the API: implements its [`Pipeline`].

use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use suiftly_api::{
    Clock, JournalLive, Pipeline, PipelineLive, QueueLive, StoreLive, SystemClock, TransportLive, WorkerLines,
};
use suiftly_ingest::dedup::Limits;
use suiftly_ingest::live::IngestMonitor;
use suiftly_ingest::source::Transport;
use suiftly_ingest::stats::{IngestStats, Phase, TransportStats};
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{LineCounts, WorkerId, WorkerWindow};
use suiftly_schema::time::UnixMillis;
use suiftly_store::writer::Resume;

/// Epochs whose lag is remembered.
const LAGS: usize = 1_024;
/// Workers that are told of: as many as dedup knows. The one not heard of for longest falls out.
const MAX_WORKERS: usize = Limits::LIVE.workers;

/// The pipeline's state beyond what its parts know each for itself.
pub(super) struct Live {
    started_at: UnixMillis,
    ingest: OnceLock<IngestMonitor>,
    /// The last epoch that the journal held at the start: what comes after it was received by this process.
    recovered_to: Epoch,
    state: Mutex<State>,
    stored: Stored,
}

#[derive(Default)]
struct State {
    counts: LineCounts,
    workers: Workers,
    /// Lines that this process received and published.
    published_lines: u64,
    /// Receipt times of the oldest lines of the batches that the dataflow is working on.
    in_flight: VecDeque<UnixMillis>,
    lags_ms: VecDeque<u64>,
}

/// What is told of each worker, and when it was last heard of.
#[derive(Default)]
struct Workers(BTreeMap<WorkerId, (Epoch, WorkerLines)>);

impl Workers {
    fn put(&mut self, epoch: Epoch, window: &WorkerWindow) {
        self.0.insert(window.worker, (epoch, lines_of(window)));
        if self.0.len() > MAX_WORKERS {
            let oldest = self.0.iter().min_by_key(|(worker, (epoch, _))| (*epoch, worker.boot));
            let oldest = oldest.map(|(worker, _)| *worker);
            oldest.map(|worker| self.0.remove(&worker));
        }
    }

    fn lines(&self) -> Vec<WorkerLines> {
        self.0.values().map(|(_, lines)| *lines).collect()
    }
}

#[derive(Default)]
struct Stored {
    epoch: AtomicU64,
    records: AtomicU64,
    retries: AtomicU64,
}

impl Live {
    /// Goes on from what the store holds.
    pub(super) fn new(resume: &Resume, recovered_to: Epoch) -> Self {
        let mut workers = Workers::default();
        resume.windows.iter().for_each(|window| workers.put(0, window));
        let state = State { counts: resume.counts.clone(), workers, ..State::default() };
        let stored =
            Stored { epoch: resume.epoch.into(), records: resume.records.into(), retries: AtomicU64::default() };
        let started_at = SystemClock.now();
        Self { started_at, ingest: OnceLock::new(), recovered_to, state: Mutex::new(state), stored }
    }

    /// Ingest has started.
    pub(super) fn set_ingest(&self, ingest: IngestMonitor) {
        assert!(self.ingest.set(ingest).is_ok(), "ingest starts once");
    }

    /// A batch goes into the dataflow.
    pub(super) fn entered(&self, batch: &Batch) {
        self.state.lock().in_flight.push_back(batch.oldest_received_at);
    }

    /// Its deltas came out and are in the hub.
    pub(super) fn published(&self, batch: &Batch) {
        let lag = SystemClock.now().0.saturating_sub(batch.oldest_received_at.0);
        let mut state = self.state.lock();
        state.in_flight.pop_front();
        state.counts.add(&batch.counts);
        for window in &batch.windows {
            state.workers.put(batch.epoch, window);
        }
        if batch.epoch > self.recovered_to {
            state.published_lines += batch.counts.received;
            if state.lags_ms.len() == LAGS {
                state.lags_ms.pop_front();
            }
            state.lags_ms.push_back(u64::try_from(lag).unwrap_or(0));
        }
    }

    /// The store has everything up to this epoch.
    pub(super) fn stored(&self, epoch: Epoch, records: u64) {
        self.stored.epoch.store(epoch, Ordering::Relaxed);
        self.stored.records.fetch_add(records, Ordering::Relaxed);
    }

    /// A transaction failed and will be tried again.
    pub(super) fn retried(&self) {
        self.stored.retries.fetch_add(1, Ordering::Relaxed);
    }
}

impl Pipeline for Live {
    fn live(&self) -> PipelineLive {
        // Ingest first: what is published meanwhile makes less pending, never more.
        let stats = self.ingest.get().map(IngestMonitor::stats);
        let state = self.state.lock();
        let mut live = PipelineLive {
            recovering: true,
            pending: true,
            started_at: self.started_at,
            counts: state.counts.clone(),
            workers: state.workers.lines(),
            store: self.store(),
            ..PipelineLive::default()
        };
        (live.lag_p50_ms, live.lag_p99_ms) = quantiles(&state.lags_ms);
        let Some(stats) = stats else { return live };
        let in_flight_ms = state.in_flight.front().map_or(0, |oldest| SystemClock.now().0.saturating_sub(oldest.0));
        live.frontier_age_ms = u64::try_from(in_flight_ms).unwrap_or(0).max(stats.sync_age_ms);
        live.pending = stats.lines() > state.published_lines;
        drop(state);
        describe(&mut live, &stats);
        live
    }
}

impl Live {
    fn store(&self) -> StoreLive {
        StoreLive {
            epoch: self.stored.epoch.load(Ordering::Relaxed),
            records: self.stored.records.load(Ordering::Relaxed),
            retries: self.stored.retries.load(Ordering::Relaxed),
        }
    }
}

fn describe(live: &mut PipelineLive, stats: &IngestStats) {
    live.recovering = stats.phase == Phase::Recovering;
    live.lines_per_second = stats.lines_per_second;
    live.udp_kernel_drops = stats.udp_kernel_drops;
    let transport = |by| {
        let (TransportStats { lines, bytes }, is_tcp) = (stats.by(by), by == Transport::Tcp);
        let (refused, connections) = if is_tcp { (stats.framing_errors, stats.connections) } else { (0, 0) };
        (by.word().to_owned(), TransportLive { frames: lines, bytes, refused, connections })
    };
    live.transports = Transport::ALL.into_iter().filter(|by| *by != Transport::File).map(transport).collect();
    let queue = QueueLive { depth: stats.queue_depth as u64, capacity: stats.queue_bound as u64 };
    live.queues = BTreeMap::from([("sequencer".into(), queue)]);
    live.journal = JournalLive {
        id: stats.journal_id.to_string(),
        offset: stats.journal_offset,
        durable_epoch: stats.durable_epoch,
        sync_age_ms: stats.sync_age_ms,
        sync_p99_ms: stats.sync_p99_ms,
    };
}

fn lines_of(window: &WorkerWindow) -> WorkerLines {
    WorkerLines {
        worker: window.worker,
        received: window.received,
        duplicates: window.duplicates,
        conflicts: window.conflicts,
        missing: window.missing,
        first_seq: window.first_seq,
        highest_seq: window.highest_seq,
    }
}

/// Median and 99th percentile.
fn quantiles(lags_ms: &VecDeque<u64>) -> (u64, u64) {
    let mut sorted: Vec<_> = lags_ms.iter().copied().collect();
    sorted.sort_unstable();
    let at = |percent: usize| sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied();
    (at(50).unwrap_or(0), at(99).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workers_told_of_are_bounded_and_the_latest() {
        let window = |boot| WorkerWindow {
            worker: WorkerId { server_id: 17, boot: UnixMillis(boot) },
            received: 1,
            duplicates: 0,
            conflicts: 0,
            missing: 0,
            first_seq: 1,
            highest_seq: 1,
            seen: Vec::new(),
        };
        let mut workers = Workers::default();
        for (epoch, boot) in (1..).zip(0..2 * 4_096i64) {
            workers.put(epoch, &window(boot));
            workers.put(epoch, &window(0));
        }
        let boots: Vec<_> = workers.lines().iter().map(|lines| lines.worker.boot.0).collect();
        assert_eq!(boots.len(), MAX_WORKERS);
        assert_eq!(boots[..2], [0, 4_097], "one that goes on speaking stays");
    }

    #[test]
    fn quantiles_of_lags() {
        assert_eq!(quantiles(&[].into()), (0, 0));
        assert_eq!(quantiles(&[7].into()), (7, 7));
        assert_eq!(quantiles(&(1..=100).collect()), (51, 100));
    }
}
