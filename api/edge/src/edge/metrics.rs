//! The edge's own health and metrics: a tiny server for a probe and a scraper, in plain text, on an address that the
//! configuration names.

use super::board::{Board, StreamsSeen};
use super::now;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::fleet::{EdgeReport, GatewayReport, GatewayState};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 16;
/// A connection lives no longer: a scrape takes milliseconds.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(10);

/// Serves until the task is dropped.
pub(super) async fn serve(listener: TcpListener, board: Arc<Board>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, say: they come back.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let board = Arc::clone(&board);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, &board);
                async { Ok::<_, Infallible>(answer) }
            });
            let mut server = http1::Builder::new();
            let served = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            let _ = tokio::time::timeout(CONNECTION_TIME_MAX, served).await;
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, board: &Board) -> Response<Full<Bytes>> {
    let report = board.report(now());
    let (status, kind, text) = match request.uri().path() {
        "/health" => health(&report),
        "/metrics" => (
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            page(&report, board.is_connected(), &board.streams()),
        ),
        _ => (StatusCode::NOT_FOUND, "text/plain", "/health and /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

/// 200 while every gateway has the version that the edge holds, also without the publisher.
fn health(report: &EdgeReport) -> (StatusCode, &'static str, String) {
    let is_well = report.gateways.iter().all(|gateway| gateway.state == GatewayState::InSync);
    let (status, word) =
        if is_well { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "not_in_sync") };
    (status, "application/json", format!("{{\"status\":\"{word}\",\"version\":{}}}\n", report.version))
}

fn page(report: &EdgeReport, is_connected: bool, streams: &[Option<StreamsSeen>]) -> String {
    type Of = fn(&GatewayReport) -> Option<f64>;
    let mut page = String::new();
    put(&mut page, "suiftly_edge_connected", "gauge", "Whether the publisher's stream runs.");
    let _ = writeln!(page, "suiftly_edge_connected {}", u8::from(is_connected));
    put(&mut page, "suiftly_edge_version", "gauge", "The version that every gateway has; 0: none.");
    let _ = writeln!(page, "suiftly_edge_version {}", report.version);
    let of_gateways: [(&str, &str, &str, Of); 11] = [
        ("gateway_in_sync", "gauge", "Whether its maps are those of the version.", |one| {
            Some(f64::from(u8::from(one.state == GatewayState::InSync)))
        }),
        ("gateway_version", "gauge", "The version that it has; 0: not known.", |one| Some(float(one.version))),
        ("gateway_requests_total", "counter", "Requests since HAProxy's start.", |one| one.requests.map(float)),
        ("gateway_lines_numbered_total", "counter", "Lines that it has numbered.", |one| one.lines_numbered.map(float)),
        ("gateway_dropped_logs_total", "counter", "Lines that it says it could not send.", |one| {
            one.dropped_logs.map(float)
        }),
        ("canary_sent_total", "counter", "Synthetic requests.", |one| one.canary.as_ref().map(|all| float(all.sent))),
        ("canary_served_total", "counter", "Of them, answered with 2xx.", |one| {
            one.canary.as_ref().map(|all| float(all.served))
        }),
        ("gateway_repair_ring", "gauge", "Whether HAProxy keeps its newest lines for repairs.", |one| {
            one.repair.as_ref().map(|repair| f64::from(u8::from(repair.has_ring)))
        }),
        ("gateway_repair_sent_lines_total", "counter", "Lost lines that were sent to an ingester again.", |one| {
            one.repair.as_ref().map(|repair| float(repair.sent))
        }),
        ("gateway_repair_waiting_lines", "gauge", "Lost lines that the edge has, and that have not arrived.", |one| {
            one.repair.as_ref().map(|repair| float(repair.waiting))
        }),
        (
            "gateway_repair_in_vain_lines",
            "gauge",
            "Lost lines that are asked for, and are in no ring any more.",
            |one| one.repair.as_ref().map(|repair| float(repair.in_vain)),
        ),
    ];
    for (name, kind, help, of) in of_gateways {
        let name = format!("suiftly_edge_{name}");
        put(&mut page, &name, kind, help);
        for gateway in &report.gateways {
            if let Some(value) = of(gateway) {
                let _ = writeln!(page, "{name}{{server=\"{}\"}} {value}", gateway.server_id);
            }
        }
    }
    put_streams(&mut page, report, streams);
    page
}

/// What is told of open streams, gateway by gateway in the report's order.
fn put_streams(page: &mut String, report: &EdgeReport, streams: &[Option<StreamsSeen>]) {
    type Of = fn(&StreamsSeen) -> u64;
    let of_streams: [(&str, &str, &str, Of); 4] = [
        ("streams_open", "gauge", "Answers of gRPC and GraphQL that are under way.", |seen| seen.open),
        ("streams_told_lines_total", "counter", "Lines that told of their bytes.", |seen| seen.lines),
        ("streams_told_bytes_total", "counter", "The bytes that were told.", |seen| seen.bytes),
        ("streams_waiting_lines", "gauge", "Of those lines, what no ingester has taken yet.", |seen| seen.waiting),
    ];
    for (name, kind, help, of) in of_streams {
        let name = format!("suiftly_edge_gateway_{name}");
        put(page, &name, kind, help);
        for (gateway, seen) in report.gateways.iter().zip(streams) {
            if let Some(seen) = seen {
                let _ = writeln!(page, "{name}{{server=\"{}\"}} {}", gateway.server_id, of(seen));
            }
        }
    }
}

/// Writing to a String cannot fail.
fn put(page: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Counts are shown as Prometheus keeps them.
#[allow(clippy::cast_precision_loss, reason = "Prometheus' own numbers are floats")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::fleet::{CanaryReport, RepairReport};

    /// Names, kinds, labels and words, out of what is said of a gateway of which everything is known.
    #[test]
    fn the_golden_reference_of_metrics_is_what_the_edge_says() {
        const BEGIN: &str = "<!-- metrics of the edge: made by a test of the edge -->\n";
        const END: &str = "<!-- end of the edge's -->\n";
        let gateway = GatewayReport {
            requests: Some(1),
            lines_numbered: Some(1),
            dropped_logs: Some(1),
            canary: Some(CanaryReport::default()),
            repair: Some(RepairReport::default()),
            ..GatewayReport::default()
        };
        let report = EdgeReport { gateways: vec![gateway], ..EdgeReport::default() };
        let said = page(&report, true, &[Some(StreamsSeen::default())]);
        let mut table = "| name | type | labels | what it says |\n|---|---|---|---|\n".to_owned();
        let words: Vec<(&str, &str)> =
            said.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' ')).collect();
        for (name, help) in words {
            let kind = said.lines().find_map(|line| line.strip_prefix(&format!("# TYPE {name} "))).unwrap();
            let labels = if said.contains(&format!("\n{name}{{server=")) { "`server`" } else { "" };
            table += &format!("| `{name}` | {kind} | {labels} | {help} |\n");
        }
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src/reference/metrics.md");
        let reference = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = reference.split_once(BEGIN).unwrap();
        let (found, after) = rest.split_once(END).unwrap();
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|set| set == "1") {
            std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
            return;
        }
        assert!(found == table, "renew it: UPDATE_GOLDEN=1 cargo nextest run -p suiftly-edge golden_reference");
    }

    #[test]
    fn health_and_the_page() {
        let canary = Some(CanaryReport { sent: 3, served: 2, ..CanaryReport::default() });
        let repair = Some(RepairReport { has_ring: true, sent: 4, ..RepairReport::default() });
        let gateway =
            GatewayReport { server_id: 17, version: 9, requests: Some(5), canary, repair, ..GatewayReport::default() };
        let mut report = EdgeReport { version: 9, gateways: vec![gateway], ..EdgeReport::default() };
        assert_eq!(health(&report).0, StatusCode::SERVICE_UNAVAILABLE);
        report.gateways[0].state = GatewayState::InSync;
        assert_eq!(
            (health(&report).0, health(&report).2.as_str()),
            (StatusCode::OK, "{\"status\":\"ok\",\"version\":9}\n")
        );
        let streams = StreamsSeen { open: 2, waiting: 1, lines: 7, bytes: 1 << 40 };
        let page = page(&report, true, &[Some(streams)]);
        for line in [
            "suiftly_edge_connected 1",
            "suiftly_edge_version 9",
            "suiftly_edge_gateway_in_sync{server=\"17\"} 1",
            "suiftly_edge_gateway_requests_total{server=\"17\"} 5",
            "suiftly_edge_canary_served_total{server=\"17\"} 2",
            "suiftly_edge_gateway_repair_ring{server=\"17\"} 1",
            "suiftly_edge_gateway_repair_sent_lines_total{server=\"17\"} 4",
            "suiftly_edge_gateway_streams_open{server=\"17\"} 2",
            "suiftly_edge_gateway_streams_told_bytes_total{server=\"17\"} 1099511627776",
            "# TYPE suiftly_edge_canary_served_total counter",
        ] {
            assert!(page.lines().any(|there| there == line), "{line} is not in {page}");
        }
        assert!(!page.contains("dropped_logs_total{"), "what is not known is left out");
    }
}
