//! An ingester's own `/health` and `/metrics`, on the operators' port. Nothing else is told there.

use super::super::page::{self, Page, count, flag, float, put, put_all};
use super::Links;
use std::fmt::Write as _;
use std::sync::Arc;
use suiftly_api::{Clock, SystemClock};
use suiftly_ingest::live::IngestMonitor;
use suiftly_ingest::source::Transport;
use suiftly_ingest::stats::{IngestStats, Phase, TransportStats};
use tokio::net::TcpListener;

/// Serves until the task is dropped.
pub(super) async fn serve(listener: TcpListener, ingest: IngestMonitor, links: Arc<Links>) {
    let answer = move |path: &str| match path {
        "/health" => Page::json(true, health(&ingest.stats(), &links)),
        "/metrics" => Page::metrics(page(&ingest.stats(), &links)),
        _ => Page::none("/health and /metrics"),
    };
    page::serve(listener, answer).await;
}

/// 200 as long as the process lives: it must not be restarted for what is not its own. As a single process says it.
pub(super) fn health(stats: &IngestStats, links: &Links) -> String {
    let failing_for = i64::try_from(stats.sync_age_ms).unwrap_or(i64::MAX);
    let (state, since) = match (&stats.phase, &stats.write_error) {
        (Phase::Recovering, _) => ("starting", links.started_at),
        (Phase::Live, None) => ("live", links.started_at),
        (Phase::Live, Some(_)) => ("failing", SystemClock.now().plus_ms(-failing_for)),
        (Phase::Stopped { .. }, _) => ("failing", SystemClock.now()),
    };
    let told = serde_json::json!({
        "status": "live",
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": links.started_at.rfc3339(),
        "roles": [{ "role": "ingest", "state": state, "since": since.rfc3339() }],
        "cluster": { "generation": links.generation(), "linked": links.linked() },
    });
    format!("{told}\n")
}

pub(super) fn page(stats: &IngestStats, links: &Links) -> String {
    let mut page = String::new();
    by_transport(&mut page, stats);
    let all = [
        ("ingest_lines_per_second", "gauge", "Lines received per second, recently.", stats.lines_per_second),
        (
            "ingest_udp_kernel_drops_total",
            "counter",
            "Datagrams the kernel dropped.",
            float(stats.by(Transport::Udp).kernel_drops),
        ),
        ("journal_bytes_total", "counter", "The journal's length.", float(stats.journal_offset)),
        ("journal_durable_epoch", "gauge", "The last epoch on disk.", float(stats.durable_epoch)),
        ("journal_disk_bytes", "gauge", "Length of the journal's files.", float(stats.journal_disk_bytes)),
        (
            "journal_damaged_blocks_total",
            "counter",
            "Durable blocks found damaged and left out.",
            float(stats.journal_damaged_blocks),
        ),
        ("journal_sync_age_seconds", "gauge", "Since the last sync.", float(stats.sync_age_ms) / 1e3),
        ("journal_failing", "gauge", "1 while the journal cannot be written.", flag(stats.write_error.is_some())),
        ("recovering", "gauge", "1 while the start is not over.", flag(stats.phase == Phase::Recovering)),
        ("cluster_linked_processes", "gauge", "Processes of the dataflow that are linked.", count(links.linked())),
    ];
    put_all(&mut page, all);
    page
}

fn by_transport(page: &mut String, stats: &IngestStats) {
    type Of = fn(&TransportStats) -> u64;
    let all: [(&str, &str, &str, Of); 5] = [
        ("ingest_frames_total", "counter", "Frames taken in.", |of| of.lines),
        ("ingest_bytes_total", "counter", "Bytes of frames taken in.", |of| of.bytes),
        ("ingest_refused_frames_total", "counter", "Frames refused.", |of| of.framing_errors() + of.turned_away()),
        ("ingest_oversize_frames_total", "counter", "Frames too long to be taken in.", |of| of.oversize_frames),
        ("ingest_connections", "gauge", "Connections open.", |of| of.connections),
    ];
    for (name, kind, help, of) in all {
        put(page, name, kind, help);
        for transport in Transport::LIVE {
            let (word, value) = (transport.word(), of(&stats.by(transport)));
            let _ = writeln!(page, "suiftly_{name}{{transport=\"{word}\"}} {value}");
        }
    }
}
