//! What the running parts say of themselves, gathered for the API: implements its [`Pipeline`].

use super::front::Elsewhere;
use super::loss::{self, Meter};
use super::manager;
use super::quarantine::give_again_error;
use super::telling::Told;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use suiftly_api::pulse::IDLE_MARGIN_MS;
use suiftly_api::{
    BackupsLive, Clock, DiskLive, GiveAgainError, JournalLive, LossLive, Pipeline, PipelineLive, QuarantineLive,
    QueueLive, StoreLive, SuiLive, SystemClock, TransportLive, UncountedLive,
};
use suiftly_ingest::live::IngestMonitor;
use suiftly_ingest::source::Transport;
use suiftly_ingest::stats::{IngestStats, Phase, TransportStats};
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{LineCounts, WorkerId, WorkerWindow};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::{RatedKey, RatedSums};
use suiftly_settlement::Settlement;
use suiftly_settlement::manager::ManagerStatus;
use suiftly_store::firehose::FirehoseMonitor;
use suiftly_store::writer::Resume;
use tokio::sync::watch;

/// Epochs whose lag is remembered.
const LAGS: usize = 1_024;

/// How the pipeline is, for whoever watches over the process.
#[derive(Debug)]
pub(super) enum Vitals {
    /// Ingest has not started.
    Starting,
    /// The journal's tail is replayed, after this epoch, which the database has.
    Recovering { stored_epoch: Epoch },
    /// It takes lines.
    Live {
        lines_per_second: f64,
        stored_epoch: Epoch,
        /// When the oldest line of the batches that the dataflow is working on was received.
        oldest: Option<UnixMillis>,
    },
    /// It takes none any more.
    Stopped,
}

/// The pipeline's state beyond what its parts know each for itself.
pub(super) struct Live {
    started_at: UnixMillis,
    ingest: OnceLock<IngestMonitor>,
    /// In the API of a cluster, which takes nothing in: what the other processes say.
    elsewhere: Option<Arc<Elsewhere>>,
    /// The last epoch that the journal held at the start: what comes after it was received by this process. In the API of a
    /// cluster, what the order held when it was linked.
    recovered_to: AtomicU64,
    state: Mutex<State>,
    stored: Stored,
    /// Whether quarantined lines can be given again.
    quarantine_is_open: AtomicBool,
    /// Whether commits pass the store's queue by.
    catching_up: AtomicBool,
    firehose: Option<FirehoseMonitor>,
    told: Arc<Told>,
    manager: OnceLock<(watch::Receiver<ManagerStatus>, Settlement)>,
    backups: Mutex<Option<BackupsLive>>,
    disks: Mutex<Disks>,
    sui: Mutex<Option<SuiLive>>,
    /// Micro-dollars.
    rated: AtomicI64,
}

/// What the watch over the disks saw last.
#[derive(Default)]
pub(super) struct Disks {
    pub(super) places: Vec<DiskLive>,
    pub(super) database_bytes: Option<u64>,
}

#[derive(Default)]
struct State {
    counts: LineCounts,
    loss: Meter,
    /// Lines that this process received and published.
    published_lines: u64,
    /// Receipt times of the oldest lines of the batches that the dataflow is working on.
    in_flight: VecDeque<UnixMillis>,
    lags_ms: VecDeque<u64>,
    /// Quarantined lines that are kept, by reason.
    kept: BTreeMap<String, u64>,
    /// What became of lines given again.
    requeued: BTreeMap<&'static str, u64>,
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
        let state = State { counts: resume.counts.clone(), loss: Meter::new(resume), ..State::default() };
        let stored =
            Stored { epoch: resume.epoch.into(), records: resume.records.into(), retries: AtomicU64::default() };
        let started_at = SystemClock.now();
        Self {
            started_at,
            ingest: OnceLock::new(),
            elsewhere: None,
            recovered_to: recovered_to.into(),
            state: Mutex::new(state),
            stored,
            quarantine_is_open: AtomicBool::new(false),
            catching_up: AtomicBool::new(false),
            firehose: None,
            told: Arc::default(),
            manager: OnceLock::new(),
            backups: Mutex::default(),
            disks: Mutex::default(),
            sui: Mutex::default(),
            rated: AtomicI64::default(),
        }
    }

    /// Lines come in elsewhere.
    pub(super) fn in_cluster(self, elsewhere: Arc<Elsewhere>) -> Self {
        Self { elsewhere: Some(elsewhere), ..self }
    }

    /// What is told of the outbox, for the task that tells it.
    pub(super) fn told(&self) -> Arc<Told> {
        Arc::clone(&self.told)
    }

    /// The firehose's figures are told too.
    pub(super) fn with_firehose(self, firehose: Option<FirehoseMonitor>) -> Self {
        Self { firehose, ..self }
    }

    /// Commits begin to pass the store's queue by, or wait in it again.
    pub(super) fn catching_up(&self, is_so: bool) {
        self.catching_up.store(is_so, Ordering::Relaxed);
    }

    /// How it is.
    pub(super) fn vitals(&self) -> Vitals {
        let Some(stats) = self.stats() else { return Vitals::Starting };
        match stats.phase {
            Phase::Recovering => Vitals::Recovering { stored_epoch: self.stored.epoch.load(Ordering::Relaxed) },
            Phase::Stopped { .. } => Vitals::Stopped,
            Phase::Live => Vitals::Live {
                lines_per_second: stats.lines_per_second,
                stored_epoch: self.stored.epoch.load(Ordering::Relaxed),
                oldest: self.state.lock().in_flight.front().copied(),
            },
        }
    }

    /// Ingest has started.
    pub(super) fn set_ingest(&self, ingest: IngestMonitor) {
        assert!(self.ingest.set(ingest).is_ok(), "ingest starts once");
    }

    /// When the process started.
    pub(super) const fn started_at(&self) -> UnixMillis {
        self.started_at
    }

    /// What is kept of backups has been looked at.
    pub(super) fn set_backups(&self, backups: BackupsLive) {
        *self.backups.lock() = Some(backups);
    }

    /// The manager has started.
    pub(super) fn set_manager(&self, manager: watch::Receiver<ManagerStatus>, settlement: Settlement) {
        assert!(self.manager.set((manager, settlement)).is_ok(), "the manager starts once");
    }

    /// What the disks are like now.
    pub(super) fn set_disks(&self, disks: Disks) {
        *self.disks.lock() = disks;
    }

    /// How it stands with Sui now.
    pub(super) fn set_sui(&self, sui: SuiLive) {
        *self.sui.lock() = Some(sui);
    }

    /// Something more was rated, or corrected.
    pub(super) fn rated(&self, rated: &[(RatedKey, RatedSums)]) {
        let sum = rated.iter().fold(0, |sum: i64, (_, sums)| sum.saturating_add(sums.rated.0));
        self.rated.fetch_add(sum, Ordering::Relaxed);
    }

    /// A batch goes into the dataflow.
    pub(super) fn entered(&self, batch: &Batch) {
        self.state.lock().in_flight.push_back(batch.oldest_received_at);
    }

    /// Its deltas came out and are in the hub.
    pub(super) fn published(&self, batch: &Batch) {
        let mut state = self.state.lock();
        state.in_flight.pop_front();
        for requeued in &batch.requeued {
            *state.requeued.entry(requeued.outcome).or_default() += 1;
        }
        state.loss.take(batch);
        state.count(&batch.counts, batch.oldest_received_at, self.is_new(batch.epoch));
    }

    /// The deltas of all processes of a cluster for an epoch are in the hub.
    pub(super) fn joined(&self, (epoch, cut_at): (Epoch, UnixMillis), oldest: UnixMillis, counts: &LineCounts) {
        let mut state = self.state.lock();
        state.loss.goes_on_to(cut_at);
        state.count(counts, oldest, self.is_new(epoch));
    }

    /// A process of a cluster tells of workers that were folded, and of windows.
    pub(super) fn windows(&self, folded: &[WorkerWindow], windows: &[WorkerWindow]) {
        if !folded.is_empty() || !windows.is_empty() {
            self.state.lock().loss.change(folded, windows);
        }
    }

    /// What a cluster's database has takes the place of what was told; of the workers only of some servers.
    pub(super) fn read_anew(&self, resume: &Resume, is_read: impl Fn(i16) -> bool) {
        let mut state = self.state.lock();
        state.counts = resume.counts.clone();
        state.loss.read(resume, is_read);
        state.loss.goes_on_to(resume.cut_at);
    }

    /// Up to this epoch it is recovered.
    pub(super) fn recovers_to(&self, epoch: Epoch) {
        self.recovered_to.store(epoch, Ordering::Relaxed);
    }

    /// The store has everything up to this epoch.
    pub(super) fn stored(&self, epoch: Epoch, records: u64) {
        self.stored.epoch.store(epoch, Ordering::Relaxed);
        self.stored.records.fetch_add(records, Ordering::Relaxed);
    }

    /// A cluster's processes have stored everything up to this epoch, and so many records in all.
    pub(super) fn stored_to(&self, epoch: Epoch, records: u64) {
        self.stored.epoch.store(epoch, Ordering::Relaxed);
        self.stored.records.store(records, Ordering::Relaxed);
    }

    /// Whether what the journal held at the start is in, when this epoch is.
    pub(super) fn is_recovered_at(&self, epoch: Epoch) -> bool {
        epoch >= self.recovered_to.load(Ordering::Relaxed)
    }

    /// No claim is left of a process before: quarantined lines may be given again.
    pub(super) fn open_quarantine(&self) {
        self.quarantine_is_open.store(true, Ordering::Release);
    }

    /// Whether they may.
    pub(super) fn quarantine_is_open(&self) -> bool {
        self.quarantine_is_open.load(Ordering::Acquire)
    }

    /// The last epoch that the store has.
    pub(super) fn stored_epoch(&self) -> Epoch {
        self.stored.epoch.load(Ordering::Relaxed)
    }

    /// When the oldest line of the batches that the dataflow is working on was received.
    pub(super) fn oldest_in_flight(&self) -> Option<UnixMillis> {
        self.state.lock().in_flight.front().copied()
    }

    /// The quarantine was counted.
    pub(super) fn quarantine_holds(&self, kept: BTreeMap<String, u64>) {
        self.state.lock().kept = kept;
    }

    /// A transaction failed and will be tried again.
    pub(super) fn retried(&self) {
        self.stored.retries.fetch_add(1, Ordering::Relaxed);
    }
}

impl State {
    /// What an epoch's lines became; of one that was not recovered, how long the oldest was on its way.
    fn count(&mut self, counts: &LineCounts, oldest_received_at: UnixMillis, is_new: bool) {
        self.counts.add(counts);
        if is_new {
            let lag = SystemClock.now().0.saturating_sub(oldest_received_at.0);
            self.published_lines += counts.received;
            if self.lags_ms.len() == LAGS {
                self.lags_ms.pop_front();
            }
            self.lags_ms.push_back(u64::try_from(lag).unwrap_or(0));
        }
    }
}

impl Pipeline for Live {
    fn live(&self) -> PipelineLive {
        // Ingest first: what is published meanwhile makes less pending, never more.
        let now = SystemClock.now();
        let stats = self.stats();
        let state = self.state.lock();
        let as_of = state.loss.as_of(self.at_rest(now, stats.as_ref(), &state));
        let mut live = PipelineLive {
            recovering: true,
            pending: true,
            is_cluster: self.elsewhere.is_some(),
            started_at: self.started_at,
            counts: state.counts.clone(),
            workers: state.loss.lines(as_of),
            folded: state.loss.folded().clone(),
            homes: state.loss.of_several_homes(),
            on_one_home_ms: state.loss.on_one_home_ms(),
            store: self.store(),
            quarantine: QuarantineLive {
                is_open: self.quarantine_is_open(),
                open_journals: self.elsewhere.as_ref().map(|all| all.open_journals()).unwrap_or_default(),
                kept: state.kept.clone(),
                requeued: state.requeued.clone(),
            },
            firehose: self.firehose.as_ref().map(FirehoseMonitor::state),
            backups: self.backups.lock().clone(),
            manager: self.manager.get().map(|(status, money)| manager::shown(&status.borrow(), money)),
            sui: self.sui.lock().clone(),
            rated: MicroUsd(self.rated.load(Ordering::Relaxed)),
            ..PipelineLive::default()
        };
        (live.lag_p50_ms, live.lag_p99_ms) = quantiles(&state.lags_ms);
        let disks = self.disks.lock();
        (live.disks, live.database_bytes) = (disks.places.clone(), disks.database_bytes);
        drop(disks);
        let Some(stats) = stats else { return live };
        let in_flight_ms = state.in_flight.front().map_or(0, |oldest| SystemClock.now().0.saturating_sub(oldest.0));
        live.frontier_age_ms = u64::try_from(in_flight_ms).unwrap_or(0).max(stats.sync_age_ms);
        live.frontier_age_ms = live.frontier_age_ms.max(self.elsewhere.as_ref().map_or(0, |all| all.behind_ms(now)));
        live.pending = self.elsewhere.is_some() || stats.lines() > state.published_lines;
        drop(state);
        describe(&mut live, &stats);
        live
    }

    fn loss(&self, server_id: Option<i16>, newest_workers: usize) -> LossLive {
        let now = SystemClock.now();
        let stats = self.stats();
        let state = self.state.lock();
        let as_of = state.loss.as_of(self.at_rest(now, stats.as_ref(), &state));
        let told = state.loss.told(as_of, server_id, newest_workers);
        LossLive { beside: stats.as_ref().map(loss::beside).unwrap_or_default(), ..told }
    }

    fn loss_of(&self, workers: &[WorkerId]) -> LossLive {
        let now = SystemClock.now();
        let stats = self.stats();
        let state = self.state.lock();
        state.loss.told_of(state.loss.as_of(self.at_rest(now, stats.as_ref(), &state)), workers)
    }

    fn give_again<'a>(
        &'a self,
        journal: Option<&'a str>,
        lines: &'a [GivenLine],
    ) -> Pin<Box<dyn Future<Output = Result<Epoch, GiveAgainError>> + Send + 'a>> {
        Box::pin(async move {
            if let Some(elsewhere) = &self.elsewhere {
                return elsewhere.give(journal.unwrap_or_default(), lines).await;
            }
            let ingest = self.ingest.get().filter(|_| self.quarantine_is_open()).ok_or(GiveAgainError::Recovering)?;
            // A format that was published before comes before the lines in the journal.
            if !self.told.all().await {
                return Err(GiveAgainError::Busy);
            }
            ingest.requeue(lines).await.map_err(give_again_error)
        })
    }
}

impl Live {
    fn store(&self) -> StoreLive {
        StoreLive {
            epoch: self.stored.epoch.load(Ordering::Relaxed),
            records: self.stored.records.load(Ordering::Relaxed),
            retries: self.stored.retries.load(Ordering::Relaxed)
                + self.elsewhere.as_ref().map_or(0, |all| all.retries()),
            catching_up: self.catching_up.load(Ordering::Relaxed)
                || self.elsewhere.as_ref().is_some_and(|all| all.is_passed_by()),
        }
    }

    /// Ingest's counters; of a cluster those of all ingesters. `None` before it has started.
    fn stats(&self) -> Option<IngestStats> {
        let elsewhere = self.elsewhere.as_ref().map(|all| all.stats());
        elsewhere.or_else(|| self.ingest.get().map(IngestMonitor::stats))
    }

    /// Whether an epoch was not recovered.
    fn is_new(&self, epoch: Epoch) -> bool {
        epoch > self.recovered_to.load(Ordering::Relaxed)
    }

    /// The wall clock, less what it takes until a line is told of, if all that was received is published. A cluster's order
    /// has an epoch each second, and its clock will do.
    fn at_rest(&self, now: UnixMillis, stats: Option<&IngestStats>, state: &State) -> Option<UnixMillis> {
        let rests = stats.is_some_and(|stats| stats.phase == Phase::Live && stats.lines() <= state.published_lines);
        (rests && self.elsewhere.is_none()).then(|| now.plus_ms(-IDLE_MARGIN_MS))
    }
}

fn describe(live: &mut PipelineLive, stats: &IngestStats) {
    live.recovering = stats.phase == Phase::Recovering;
    live.lines_per_second = stats.lines_per_second;
    live.udp_kernel_drops = stats.by(Transport::Udp).kernel_drops;
    let transport = |by| {
        let of = stats.by(by);
        let TransportStats { lines: frames, bytes, connections, .. } = of;
        let refused = of.framing_errors() + of.turned_away();
        (by.word().to_owned(), TransportLive { frames, bytes, refused, connections })
    };
    live.transports = Transport::LIVE.into_iter().map(transport).collect();
    let queue = QueueLive { depth: stats.queue_depth as u64, capacity: stats.queue_bound as u64 };
    live.queues = BTreeMap::from([("sequencer".into(), queue)]);
    live.journal = JournalLive {
        id: stats.journal_id.to_string(),
        offset: stats.journal_offset,
        durable_epoch: stats.durable_epoch,
        sync_age_ms: stats.sync_age_ms,
        sync_p99_ms: stats.sync_p99_ms,
        disk_bytes: stats.journal_disk_bytes,
        error: stats.write_error.clone().or_else(|| stats.journal_upkeep_error.clone()),
    };
    live.beside = loss::beside(stats);
    live.uncounted = UncountedLive { deltas: stats.uncounted.deltas, overtold: stats.uncounted.overtold };
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
    use suiftly_ingest::journal::JournalId;

    #[tokio::test]
    async fn the_api_of_a_cluster_tells_what_the_others_say() {
        let elsewhere = Arc::new(Elsewhere::new(JournalId([7; 16])));
        let live = Live::new(&Resume::default(), Epoch::MAX).in_cluster(Arc::clone(&elsewhere));
        assert!(matches!(live.vitals(), Vitals::Recovering { stored_epoch: 0 }) && live.live().recovering);
        let counts = LineCounts { received: 3, accepted: 3, ..LineCounts::default() };
        live.joined((5, UnixMillis(50)), UnixMillis(40), &counts);
        assert_eq!(live.live().lag_p50_ms, 0, "it was recovered");
        live.recovers_to(5);
        live.joined((6, UnixMillis(60)), UnixMillis(40), &counts);
        live.stored_to(6, 5);
        elsewhere.set_up_to_date(true);
        let told = live.live();
        // Whatever it knows of, more may be under way.
        assert!(told.is_cluster && told.pending && !told.recovering && told.lag_p50_ms > 0);
        assert_eq!((told.counts.received, told.store.epoch, told.store.records), (6, 6, 5));
        assert_eq!(told.journal.id, "07".repeat(16));
        for journal in [None, Some("07".repeat(16))] {
            let given = live.give_again(journal.as_deref(), &[]).await;
            assert_eq!(given, Err(GiveAgainError::NotLinked), "process 0 is not linked");
        }
        live.read_anew(&Resume { counts, ..Resume::default() }, |_| true);
        assert_eq!(live.live().counts.received, 3);
    }

    #[test]
    fn quantiles_of_lags() {
        assert_eq!(quantiles(&[].into()), (0, 0));
        assert_eq!(quantiles(&[7].into()), (7, 7));
        assert_eq!(quantiles(&(1..=100).collect()), (51, 100));
    }
}
