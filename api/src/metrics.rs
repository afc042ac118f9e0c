//! `/metrics`: the pipeline, the hub and HTTP itself, in Prometheus' text format, base units (seconds, bytes).
//!
//! Everything but the HTTP counts is read at the scrape, so that no number is kept twice. Label values come from closed
//! sets: route patterns, reasons, transports, queues, servers.

mod operation;
mod vault;

use crate::admin::loss::{self, BesideLive, LossCounts, TransportBesideLive};
use crate::app::App;
use crate::pipeline::{BackupsLive, ManagerLive, PipelineLive, QuarantineLive, UncountedLive};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use parking_lot::Mutex;
use prometheus::core::Collector;
use prometheus::{GaugeVec, IntCounterVec, Opts, Registry, TextEncoder};
use std::cell::RefCell;
use std::collections::BTreeMap;
use suiftly_schema::time::UnixMillis;

/// The content type of the answer.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// HTTP requests by method, route and status.
#[derive(Debug, Default)]
pub(crate) struct HttpCounters(Mutex<BTreeMap<HttpKey, u64>>);

type HttpKey = (&'static str, String, u16);

/// Counts a request, and notes it in the debug log by its route: neither query nor headers.
pub(crate) async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let method = method_word(request.method());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    tracing::debug!(method, route, status, "http request");
    *app.http.0.lock().entry((method, route, status)).or_default() += 1;
    response
}

/// Clients may invent methods; labels must not.
fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The whole page.
pub(crate) fn render(app: &App) -> Result<String, prometheus::Error> {
    let page = drawn(app)?;
    TextEncoder::new().encode_to_string(&page.registry.gather())
}

/// What every metric is that there is something to say of, whether it has samples or not.
pub(crate) fn describe(app: &App) -> Result<Vec<MetricDescription>, prometheus::Error> {
    Ok(drawn(app)?.described.into_inner())
}

fn drawn(app: &App) -> Result<Page, prometheus::Error> {
    let live = app.look();
    let page = Page::default();
    operation::process(&page, app, &live)?;
    lines(&page, &live)?;
    loss(&page, &live)?;
    transports(&page, &live)?;
    open_streams(&page, &live.uncounted)?;
    quarantine(&page, &live.quarantine)?;
    journal_and_store(&page, &live)?;
    operation::disks(&page, &live)?;
    firehose(&page, &live)?;
    live.manager.as_ref().map_or(Ok(()), |live| manager(&page, live))?;
    live.backups.as_ref().map_or(Ok(()), |live| backups(&page, live))?;
    live.sui.as_ref().map_or(Ok(()), |live| operation::sui(&page, live))?;
    vault::vault(&page, app)?;
    vault::fleet(&page, app)?;
    hub(&page, app, &live)?;
    http(&page, app)?;
    Ok(page)
}

fn lines(page: &Page, live: &PipelineLive) -> Result<(), prometheus::Error> {
    let counts = &live.counts;
    let fates = [
        ("accepted", counts.accepted),
        ("second_home", counts.second_home),
        ("duplicate", counts.duplicates),
        ("system", counts.system),
        ("rejected", counts.rejected_total()),
    ];
    page.counters("suiftly_ingest_lines_total", "Lines taken in, by what they became.", "fate", fates)?;
    let by_reason = counts.rejected.iter().map(|(reason, count)| (reason.as_str(), *count));
    page.counters("suiftly_ingest_rejected_lines_total", "Rejected lines by reason.", "reason", by_reason)?;
    page.gauge("suiftly_ingest_lines_per_second", "Lines received per second, recently.", live.lines_per_second)?;
    let lag = [("0.5", seconds(live.lag_p50_ms)), ("0.99", seconds(live.lag_p99_ms))];
    page.gauges("suiftly_ingest_lag_seconds", "From a line's receipt to its delta, recently.", "quantile", lag)?;
    page.gauge(
        "suiftly_ingest_frontier_age_seconds",
        "Age of the oldest line that is received and not yet published.",
        seconds(live.frontier_age_ms),
    )?;
    let rated = "What was rated since the start, in dollars. Corrections lower it.";
    page.gauge("suiftly_rated_usd", rated, live.rated.0 as f64 / 1e6)?;
    page.gauge("suiftly_start_time_seconds", "When the server started.", instant_seconds(live.started_at))?;
    page.gauge("suiftly_recovering", "1 while the journal is being replayed after a start.", flag(live.recovering))
}

fn loss(page: &Page, live: &PipelineLive) -> Result<(), prometheus::Error> {
    let by_server = loss::by_server(&live.workers, &live.folded);
    let servers: Vec<(String, LossCounts)> =
        by_server.into_iter().map(|(server, (_, counts))| (server.to_string(), counts)).collect();
    let counters = |name, help, count: fn(&LossCounts) -> u64| {
        page.counters(name, help, "server_id", servers.iter().map(|(server, of)| (server.as_str(), count(of))))
    };
    counters("suiftly_loss_received_lines_total", "Distinct numbered lines received, by server.", |of| of.received)?;
    counters("suiftly_loss_duplicate_lines_total", "Numbered lines that came again, by server.", |of| of.duplicates)?;
    counters("suiftly_loss_conflict_lines_total", "Numbers that came again with another body.", |of| of.conflicts)?;
    counters("suiftly_loss_repaired_lines_total", "Numbers that came after they were final.", |of| of.repaired)?;
    // A late line fills its gap, so these may fall.
    let gauges = |name, help, count: fn(&LossCounts) -> u64| {
        page.gauges(name, help, "server_id", servers.iter().map(|(server, of)| (server.as_str(), float(count(of)))))
    };
    gauges("suiftly_loss_missing_lines", "Numbers that have not come, by server.", |of| of.missing)?;
    gauges("suiftly_loss_missing_final_lines", "Those of them that count as lost.", |of| of.missing_final)?;
    gauges("suiftly_loss_missing_pending_lines", "Those of them that may still come.", |of| of.missing_pending)?;
    let alone: Vec<_> = live.on_one_home_ms.iter().map(|(server, ms)| (server.to_string(), seconds(*ms))).collect();
    page.gauges(
        "suiftly_loss_one_home_seconds",
        "How long a gateway of two homes was heard by one alone, up to its last line.",
        "server_id",
        alone.iter().map(|(server, alone)| (server.as_str(), *alone)),
    )
}

fn transports(page: &Page, live: &PipelineLive) -> Result<(), prometheus::Error> {
    let each = || live.transports.iter().map(|(name, transport)| (name.as_str(), transport));
    let (frames, bytes, refused) = (
        each().map(|(name, transport)| (name, transport.frames)),
        each().map(|(name, transport)| (name, transport.bytes)),
        each().map(|(name, transport)| (name, transport.refused)),
    );
    page.counters("suiftly_ingest_frames_total", "Frames taken in.", "transport", frames)?;
    page.counters("suiftly_ingest_bytes_total", "Bytes of frames taken in.", "transport", bytes)?;
    page.counters("suiftly_ingest_refused_frames_total", "Frames refused.", "transport", refused)?;
    let connections = each().map(|(name, transport)| (name, float(transport.connections)));
    page.gauges("suiftly_ingest_connections", "Connections open.", "transport", connections)?;
    page.counter("suiftly_ingest_udp_kernel_drops_total", "Datagrams the kernel dropped.", live.udp_kernel_drops)?;
    refusals(page, &live.beside)?;
    let depths = live.queues.iter().map(|(name, queue)| (name.as_str(), float(queue.depth)));
    page.gauges("suiftly_queue_depth", "What waits in a queue.", "queue", depths)?;
    let capacities = live.queues.iter().map(|(name, queue)| (name.as_str(), float(queue.capacity)));
    page.gauges("suiftly_queue_capacity", "What fits into a queue.", "queue", capacities)
}

fn refusals(page: &Page, beside: &BesideLive) -> Result<(), prometheus::Error> {
    let counters = |name, help, count: fn(&TransportBesideLive) -> u64| {
        let each = beside.transports.iter().map(|(name, of)| (name.as_str(), count(of)));
        page.counters(name, help, "transport", each)
    };
    counters("suiftly_ingest_oversize_frames_total", "Frames too long to be taken in.", |of| of.oversize_frames)?;
    counters("suiftly_ingest_broken_streams_total", "Streams that could not be framed.", |of| of.broken_streams)?;
    counters(
        "suiftly_ingest_connections_turned_away_total",
        "Connections refused, closed for others, or failed at their handshake.",
        |of| of.connections_turned_away,
    )?;
    let unproven = "Duplicates dropped by their number alone.";
    page.counter("suiftly_dedup_unproven_duplicates_total", unproven, beside.duplicates_unproven)?;
    page.counter("suiftly_dedup_folded_workers_total", "Workers no longer told apart.", beside.workers_folded)?;
    page.counter("suiftly_dedup_closed_numbers_total", "Missing numbers that cannot come any more.", beside.seqs_closed)
}

/// Answers that were told of while they were open.
fn open_streams(page: &Page, uncounted: &UncountedLive) -> Result<(), prometheus::Error> {
    let deltas = "What was told of open streams too late, or when there was no room: their lines bring it.";
    page.counter("suiftly_open_stream_uncounted_deltas_total", deltas, uncounted.deltas)?;
    let overtold = "Lines of streams that brought less than had been told of them.";
    page.counter("suiftly_open_stream_overtold_lines_total", overtold, uncounted.overtold)
}

fn quarantine(page: &Page, quarantine: &QuarantineLive) -> Result<(), prometheus::Error> {
    let kept = quarantine.kept.iter().map(|(reason, lines)| (reason.as_str(), float(*lines)));
    page.gauges("suiftly_quarantine_lines", "Quarantined lines that are kept.", "reason", kept)?;
    let requeued = quarantine.requeued.iter().map(|(outcome, lines)| (*outcome, *lines));
    page.counters("suiftly_requeued_lines_total", "Quarantined lines given again, by outcome.", "outcome", requeued)
}

fn journal_and_store(page: &Page, live: &PipelineLive) -> Result<(), prometheus::Error> {
    let (journal, store) = (&live.journal, &live.store);
    page.counter("suiftly_journal_bytes_total", "The journal's length.", journal.offset)?;
    page.gauge("suiftly_journal_durable_epoch", "The last epoch on disk.", float(journal.durable_epoch))?;
    page.gauge("suiftly_journal_sync_age_seconds", "Since the last sync.", seconds(journal.sync_age_ms))?;
    page.gauge("suiftly_journal_disk_bytes", "Length of the journal's files.", float(journal.disk_bytes))?;
    let damaged = live.beside.journal_damaged_blocks;
    page.counter("suiftly_journal_damaged_blocks_total", "Durable blocks found damaged and left out.", damaged)?;
    let failing = "1 while the disk refuses to write or to keep the journal.";
    page.gauge("suiftly_journal_failing", failing, flag(journal.error.is_some()))?;
    let sync = [("0.99", seconds(journal.sync_p99_ms))];
    page.gauges("suiftly_journal_sync_seconds", "How long a sync takes, recently.", "quantile", sync)?;
    page.gauge("suiftly_store_epoch", "The last epoch committed.", float(store.epoch))?;
    page.counter("suiftly_store_records_total", "Records committed.", store.records)?;
    page.counter("suiftly_store_retries_total", "Commits that failed and were tried again.", store.retries)?;
    let catching_up = "1 while the store takes less than comes and is to catch up out of the journal.";
    page.gauge("suiftly_store_catching_up", catching_up, flag(store.catching_up))
}

fn firehose(page: &Page, live: &PipelineLive) -> Result<(), prometheus::Error> {
    let Some(firehose) = &live.firehose else { return Ok(()) };
    let behind = live.store.epoch.saturating_sub(firehose.epoch);
    page.gauge("suiftly_firehose_epochs_behind", "Epochs stored and not yet sent to QuestDB.", float(behind))?;
    let fates = [("sent", firehose.sent), ("refused", firehose.refused), ("gone", firehose.gone)];
    page.counters("suiftly_firehose_records_total", "Stored records by what became of them.", "fate", fates)?;
    page.counter("suiftly_firehose_retries_total", "Pages that were tried again.", firehose.retries)?;
    page.gauge("suiftly_firehose_failing", "1 while QuestDB takes nothing.", flag(firehose.error.is_some()))
}

fn manager(page: &Page, manager: &ManagerLive) -> Result<(), prometheus::Error> {
    page.gauge("suiftly_manager_active", "1 while this process runs the manager's jobs.", flag(manager.is_holder))?;
    let jobs = || manager.jobs.iter().map(|(name, job)| (*name, job));
    let done = jobs().map(|(name, job)| (name, job.done));
    page.counters("suiftly_manager_runs_done_total", "Runs that did what there was to do.", "job", done)?;
    let failed = jobs().map(|(name, job)| (name, job.failed));
    page.counters("suiftly_manager_runs_failed_total", "Runs that failed and are tried again.", "job", failed)?;
    let last = jobs().filter_map(|(name, job)| job.last_done_at.map(|at| (name, instant_seconds(at))));
    page.gauges("suiftly_manager_last_done_timestamp_seconds", "When a job was done last.", "job", last)?;
    let Some(shadow) = manager.shadow else { return Ok(()) };
    let mismatches = "Hours and months that came to something else by another path, at the last check.";
    page.gauge("suiftly_billing_shadow_mismatches", mismatches, f64::from(shadow.mismatches))?;
    page.gauge("suiftly_billing_shadow_checked_hours", "Hours that were compared then.", f64::from(shadow.hours))
}

fn backups(page: &Page, backups: &BackupsLive) -> Result<(), prometheus::Error> {
    page.gauge("suiftly_backup_kept", "Backups that are kept.", count_float(backups.items.len()))?;
    page.gauge(
        "suiftly_backup_late_after_seconds",
        "A backup is late so long after the one before.",
        float(backups.late_after_s),
    )?;
    let Some(last) = backups.items.first() else { return Ok(()) };
    page.gauge(
        "suiftly_backup_last_timestamp_seconds",
        "When the last backup was made.",
        instant_seconds(last.created_at),
    )?;
    page.gauge("suiftly_backup_last_bytes", "The length of the last backup.", float(last.bytes))?;
    page.gauge("suiftly_backup_last_duration_seconds", "How long the last backup took.", float(last.took_ms) / 1e3)
}

fn hub(page: &Page, app: &App, live: &PipelineLive) -> Result<(), prometheus::Error> {
    let (epoch, complete_to) = app.parts.hub.position();
    let (epochs, bytes) = app.parts.hub.held();
    page.gauge("suiftly_hub_epoch", "The latest epoch published.", float(epoch))?;
    page.gauge(
        "suiftly_store_epochs_behind",
        "Epochs published and not yet committed.",
        float(epoch.saturating_sub(live.store.epoch)),
    )?;
    page.gauge(
        "suiftly_complete_to_timestamp_seconds",
        "Everything received before this time is counted.",
        instant_seconds(complete_to),
    )?;
    page.gauge("suiftly_hub_epochs_held", "Epochs in the ring.", count_float(epochs))?;
    page.gauge("suiftly_hub_bytes_held", "Memory of the deltas in the ring.", count_float(bytes))
}

fn http(page: &Page, app: &App) -> Result<(), prometheus::Error> {
    let open = app.limits.streams.saturating_sub(app.streams.available_permits());
    page.gauge("suiftly_streams_open", "Live streams open.", count_float(open))?;
    page.gauge("suiftly_streams_limit", "Live streams that may be open.", count_float(app.limits.streams))?;
    let opts = Opts::new("suiftly_http_requests_total", "HTTP requests by method, route and status.");
    let requests = IntCounterVec::new(opts, &["method", "route", "status"])?;
    for ((method, route, status), count) in &*app.http.0.lock() {
        requests.with_label_values(&[*method, route, &status.to_string()]).inc_by(*count);
    }
    page.add("counter", requests)
}

/// What a metric is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricDescription {
    /// Its name; units are base units, and last in it.
    pub name: String,
    /// `counter` or `gauge`.
    pub kind: &'static str,
    /// The labels that its samples are told apart by.
    pub labels: Vec<String>,
    /// What it means.
    pub help: String,
}

/// One scrape's metrics.
#[derive(Default)]
struct Page {
    registry: Registry,
    described: RefCell<Vec<MetricDescription>>,
}

impl Page {
    fn add(&self, kind: &'static str, metric: impl Collector + 'static) -> Result<(), prometheus::Error> {
        let described = metric.desc().into_iter().map(|of| MetricDescription {
            name: of.fq_name.clone(),
            kind,
            labels: of.variable_labels.clone(),
            help: of.help.clone(),
        });
        self.described.borrow_mut().extend(described);
        self.registry.register(Box::new(metric))
    }

    fn counter(&self, name: &str, help: &str, value: u64) -> Result<(), prometheus::Error> {
        let counter = prometheus::IntCounter::new(name, help)?;
        counter.inc_by(value);
        self.add("counter", counter)
    }

    fn gauge(&self, name: &str, help: &str, value: f64) -> Result<(), prometheus::Error> {
        let gauge = prometheus::Gauge::new(name, help)?;
        gauge.set(value);
        self.add("gauge", gauge)
    }

    fn counters<'a>(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> Result<(), prometheus::Error> {
        let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
        for (of, value) in values {
            counters.with_label_values(&[of]).inc_by(value);
        }
        self.add("counter", counters)
    }

    fn gauges<'a>(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<(), prometheus::Error> {
        let gauges = GaugeVec::new(Opts::new(name, help), &[label])?;
        for (of, value) in values {
            gauges.with_label_values(&[of]).set(value);
        }
        self.add("gauge", gauges)
    }
}

fn float(value: u64) -> f64 {
    value as f64
}

fn count_float(value: usize) -> f64 {
    value as f64
}

fn seconds(ms: u64) -> f64 {
    float(ms) / 1e3
}

fn instant_seconds(at: UnixMillis) -> f64 {
    at.0 as f64 / 1e3
}

fn flag(set: bool) -> f64 {
    f64::from(u8::from(set))
}
