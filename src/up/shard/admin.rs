//! A process's own `/health`, `/ready` and `/metrics`, on the operators' port; and how it is, for whoever else asks.

use super::super::deltas::Now;
use super::super::live::{Live, Vitals};
use super::super::page::{self, Page, count, flag, float, put, put_all};
use super::fronts::{Given, Present};
use super::giving::Giving;
use super::run::Run;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use suiftly_api::{Clock, Pipeline, PipelineLive, SystemClock};
use suiftly_ingest::counters::Counters;
use suiftly_ingest::hand_in::HandInError;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::order::{Start, Tail};
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::shard::ShardSet;
use suiftly_schema::time::UnixMillis;
use tokio::net::TcpListener;

/// Ready is who shows epochs that are no older. The order is cut each second at least.
const READY_WITHIN_MS: i64 = 5_000;

/// What is told of the process.
pub(super) struct Shown {
    run: Arc<Run>,
    /// The last epoch that came out of the dataflow, and its clock.
    epoch: AtomicU64,
    cut_at: AtomicI64,
    parts: OnceLock<Parts>,
}

/// What it is read from, once the pipeline runs.
pub(super) struct Parts {
    pub(super) live: Arc<Live>,
    pub(super) giving: Arc<Giving>,
    /// What decoding has cost.
    pub(super) counters: Arc<Counters>,
    pub(super) shards: ShardSet,
    pub(super) start: Start,
    /// The order's end, at process 0.
    pub(super) order: Option<Arc<Tail>>,
}

impl Shown {
    pub(super) fn new(run: &Arc<Run>) -> Self {
        Self { run: Arc::clone(run), epoch: AtomicU64::new(0), cut_at: AtomicI64::new(0), parts: OnceLock::new() }
    }

    pub(super) fn begin(&self, parts: Parts) {
        assert!(self.parts.set(parts).is_ok(), "it begins once");
    }

    /// An epoch came out.
    pub(super) fn published(&self, batch: &Batch) {
        self.epoch.store(batch.epoch, Ordering::Relaxed);
        self.cut_at.store(batch.cut_at.0, Ordering::Relaxed);
    }

    /// For the service manager.
    pub(super) fn vitals(&self) -> Vitals {
        let Some(parts) = self.parts.get() else { return Vitals::Starting };
        let stored_epoch = parts.live.stored_epoch();
        if self.is_recovering() {
            return Vitals::Recovering { stored_epoch };
        }
        Vitals::Live { lines_per_second: parts.lines_per_second(), stored_epoch, oldest: parts.live.oldest_in_flight() }
    }

    fn is_recovering(&self) -> bool {
        let epoch = self.epoch.load(Ordering::Relaxed);
        self.parts.get().is_none_or(|parts| !parts.live.is_recovered_at(epoch))
    }

    /// How old the newest epoch is.
    fn age_ms(&self) -> i64 {
        SystemClock.now().0.saturating_sub(self.cut_at.load(Ordering::Relaxed)).max(0)
    }

    fn is_ready(&self) -> bool {
        !self.is_recovering() && self.age_ms() <= READY_WITHIN_MS
    }

    /// 200 as long as the process lives: one that lacks something waits for it.
    fn health(&self) -> Page {
        let state = if self.is_recovering() { "starting" } else { "live" };
        let told = serde_json::json!({
            "status": "live",
            "version": env!("CARGO_PKG_VERSION"),
            "started_at": self.run.started_at.rfc3339(),
            "roles": [{ "role": "dataflow", "state": state, "since": self.run.started_at.rfc3339() }],
            "cluster": {
                "generation": self.run.generation(),
                "process": self.run.process(),
                "processes": self.run.seat.processes(),
                "linked": self.parts.get().map_or(0, Parts::linked),
            },
        });
        Page::json(true, format!("{told}\n"))
    }

    fn ready(&self) -> Page {
        let epoch = self.epoch.load(Ordering::Relaxed);
        let complete_to = UnixMillis(self.cut_at.load(Ordering::Relaxed)).rfc3339();
        let is_ready = self.is_ready();
        let told = serde_json::json!({ "ready": is_ready, "epoch": epoch, "complete_to": complete_to });
        Page::json(is_ready, format!("{told}\n"))
    }

    fn metrics(&self) -> Page {
        let live = self.parts.get().map(|parts| parts.live.live()).unwrap_or_default();
        let mut page = String::new();
        put_all(&mut page, of_lines(&live));
        put_all(&mut page, of_store(&live));
        if let Some(parts) = self.parts.get() {
            put_all(&mut page, of_decoding(&parts.counters));
        }
        of_firehose(&mut page, &live);
        let linked = self.parts.get().map_or(0, Parts::linked);
        put_all(
            &mut page,
            [
                ("recovering", "gauge", "1 while the start is not over.", flag(self.is_recovering())),
                ("cluster_generation", "gauge", "Which start of the cluster it is.", float(self.run.generation())),
                ("cluster_epoch", "gauge", "The last epoch in the views.", float(self.epoch.load(Ordering::Relaxed))),
                (
                    "cluster_epoch_age_seconds",
                    "gauge",
                    "Since that epoch was cut.",
                    float(self.age_ms().unsigned_abs()) / 1e3,
                ),
                ("cluster_linked_ingesters", "gauge", "Ingesters that are linked.", count(linked)),
            ],
        );
        Page::metrics(page)
    }
}

fn of_lines(live: &PipelineLive) -> [(&'static str, &'static str, &'static str, f64); 7] {
    let counts = &live.counts;
    [
        ("cluster_received_lines_total", "counter", "Lines of its shards, since it started.", float(counts.received)),
        ("cluster_accepted_lines_total", "counter", "Those that became records.", float(counts.accepted)),
        ("cluster_second_home_lines_total", "counter", "Those of a second home.", float(counts.second_home)),
        ("cluster_duplicate_lines_total", "counter", "Those that came again.", float(counts.duplicates)),
        ("cluster_rejected_lines_total", "counter", "Those that were rejected.", float(counts.rejected_total())),
        ("ingest_lag_p50_seconds", "gauge", "From a line's receipt to its delta.", float(live.lag_p50_ms) / 1e3),
        ("ingest_lag_p99_seconds", "gauge", "The same, of the slowest of 100.", float(live.lag_p99_ms) / 1e3),
    ]
}

fn of_store(live: &PipelineLive) -> [(&'static str, &'static str, &'static str, f64); 4] {
    let store = &live.store;
    [
        ("store_epoch", "gauge", "The last epoch committed.", float(store.epoch)),
        ("store_records_total", "counter", "Records committed.", float(store.records)),
        ("store_retries_total", "counter", "Commits that failed and were tried again.", float(store.retries)),
        ("store_catching_up", "gauge", "1 while more comes than the database takes.", flag(store.catching_up)),
    ]
}

fn of_decoding(counters: &Counters) -> [(&'static str, &'static str, &'static str, f64); 5] {
    let (forgotten, uncounted) = (counters.forgotten(), counters.uncounted());
    [
        (
            "dedup_unproven_duplicates_total",
            "counter",
            "Duplicates dropped by their number alone.",
            float(forgotten.duplicates_unproven),
        ),
        ("dedup_folded_workers_total", "counter", "Workers no longer told apart.", float(forgotten.workers)),
        (
            "dedup_closed_numbers_total",
            "counter",
            "Missing numbers that cannot come any more.",
            float(forgotten.closed_gap_seqs),
        ),
        (
            "open_stream_uncounted_deltas_total",
            "counter",
            "What was told of open streams too late, or when there was no room: their lines bring it.",
            float(uncounted.deltas),
        ),
        (
            "open_stream_overtold_lines_total",
            "counter",
            "Lines of streams that brought less than had been told of them.",
            float(uncounted.overtold),
        ),
    ]
}

/// Where there is one: of the order's epochs, and of the records that this process committed.
fn of_firehose(page: &mut String, live: &PipelineLive) {
    let Some(firehose) = &live.firehose else { return };
    let behind = live.store.epoch.saturating_sub(firehose.epoch);
    put_all(
        page,
        [
            ("firehose_epochs_behind", "gauge", "Epochs stored and not yet sent to QuestDB.", float(behind)),
            ("firehose_retries_total", "counter", "Pages that were tried again.", float(firehose.retries)),
            ("firehose_failing", "gauge", "1 while QuestDB takes nothing.", flag(firehose.error.is_some())),
        ],
    );
    put(page, "firehose_records_total", "counter", "Stored records by what became of them.");
    for (fate, records) in [("sent", firehose.sent), ("refused", firehose.refused), ("gone", firehose.gone)] {
        let _ = writeln!(page, "suiftly_firehose_records_total{{fate=\"{fate}\"}} {records}");
    }
}

impl Parts {
    fn linked(&self) -> usize {
        self.giving.followings.now().iter().filter(|ingester| ingester.is_linked).count()
    }

    /// Of all ingesters: this process has its share of them.
    fn lines_per_second(&self) -> f64 {
        let stats = self.giving.followings.now().into_iter().filter_map(|ingester| ingester.stats);
        stats.map(|stats| stats.lines_per_second).sum()
    }
}

impl Present for Shown {
    fn now(&self) -> Now {
        let parts = self.parts.get();
        let live = parts.map(|parts| parts.live.live()).unwrap_or_default();
        Now {
            process: self.run.process(),
            is_recovering: self.is_recovering(),
            stored: live.store.epoch,
            is_passed_by: live.store.catching_up,
            retries: live.store.retries,
            forgotten: parts.map(|parts| parts.counters.forgotten()).unwrap_or_default(),
            uncounted: parts.map(|parts| parts.counters.uncounted()).unwrap_or_default(),
            ingesters: parts.map(|parts| parts.giving.ingesters()).unwrap_or_default(),
        }
    }

    fn shards(&self) -> Vec<(u8, Epoch)> {
        let Some(Parts { shards, start, .. }) = self.parts.get() else { return Vec::new() };
        shards.iter().map(|shard| (shard.0, start.watermarks[shard.index()])).collect()
    }

    fn until(&self) -> Epoch {
        let out = self.epoch.load(Ordering::Relaxed);
        let Some(Parts { start, order, .. }) = self.parts.get() else { return out };
        let known = order.as_ref().map_or(out, |order| order.last());
        start.watermarks.into_iter().fold(known, Epoch::max)
    }

    fn give(&self, journal: JournalId, lines: Vec<GivenLine>) -> Given<'_> {
        Box::pin(async move {
            match self.parts.get() {
                Some(parts) => parts.giving.give(journal, lines).await,
                None => Err(HandInError::Recovering),
            }
        })
    }
}

/// Serves until the task is dropped.
pub(super) async fn serve(listener: TcpListener, shown: Arc<Shown>) {
    let answer = move |path: &str| match path {
        "/health" => shown.health(),
        "/ready" => shown.ready(),
        "/metrics" => shown.metrics(),
        _ => Page::none("/health, /ready and /metrics"),
    };
    page::serve(listener, answer).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Ca, Part, PartArgs, Seat};
    use crate::config::Config;
    use std::time::Duration;
    use suiftly_store::firehose::FirehoseState;

    #[test]
    fn each_of_its_numbers_is_in_the_book() {
        let dir = tempfile::tempdir().unwrap();
        let (ca, tls) = (Ca::make(&dir.path().join("ca")).unwrap(), dir.path().join("tls"));
        ca.certificate(&"dataflow-0".parse().unwrap(), &tls, Duration::from_secs(3_600)).unwrap();
        let mut config = Config::default();
        (config.cluster.id, config.cluster.tls_dir) = (Some(ca.id.to_string()), Some(tls));
        config.cluster.hosts = [("dataflow-0".to_owned(), "h:1".to_owned())].into();
        let args = PartArgs { process: Some(0), ..PartArgs::default() };
        let seat = Seat::take(&config, Part::Dataflow, &args).unwrap();
        let mut page = Shown::new(&Run::new(&seat)).metrics().text;
        // What there is once it runs.
        put_all(&mut page, of_decoding(&Counters::default()));
        of_firehose(&mut page, &PipelineLive { firehose: Some(FirehoseState::default()), ..PipelineLive::default() });
        page::assert_in_the_book(&page);
    }
}
