//! Health, readiness, metrics, the pipeline's answer, and the shape of errors.

use crate::traffic::row;
use crate::world::{World, ask, get, send};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use suiftly_api::{
    BesideLive, Clock, DiskLive, JournalLive, ManagerJobLive, ManagerLive, PipelineLive, QuarantineLive, QueueLive,
    StoreLive, TransportBesideLive, TransportLive, UncountedLive, WorkerLines,
};
use suiftly_schema::ids::Network;
use suiftly_schema::loss::{LineCounts, WorkerId};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::ShadowSummary;

fn open(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

fn live() -> PipelineLive {
    let worker = |server_id, boot, received, missing| WorkerLines {
        worker: WorkerId { server_id, boot: UnixMillis(boot) },
        received,
        duplicates: 1,
        conflicts: 2,
        missing,
        missing_final: missing / 2,
        repaired: 0,
        first_seq: 1,
        highest_seq: received + missing,
        heard_at: UnixMillis(1_795_298_482_000 + boot),
    };
    let turned_away =
        TransportBesideLive { oversize_frames: 2, connections_turned_away: 4, ..TransportBesideLive::default() };
    PipelineLive {
        started_at: UnixMillis(1_795_298_400_000),
        lines_per_second: 2012.5,
        lag_p50_ms: 21,
        lag_p99_ms: 48,
        frontier_age_ms: 12,
        counts: LineCounts {
            received: 104,
            accepted: 98,
            second_home: 1,
            duplicates: 0,
            system: 1,
            rejected: [("sf1_field".to_owned(), 4)].into(),
        },
        workers: vec![worker(18, 7, 49, 0), worker(17, 9, 40, 1), worker(17, 8, 9, 1)],
        store: StoreLive { epoch: 0, records: 98, retries: 3, catching_up: false },
        transports: [("udp".to_owned(), TransportLive { frames: 104, bytes: 9_000, refused: 5, connections: 0 })]
            .into(),
        queues: [("journal".to_owned(), QueueLive { depth: 3, capacity: 64 })].into(),
        udp_kernel_drops: 6,
        quarantine: QuarantineLive {
            is_open: true,
            open_journals: [].into(),
            kept: [("sf1_field".to_owned(), 3)].into(),
            requeued: [("accepted", 2)].into(),
        },
        journal: JournalLive { error: Some("the disk is full".to_owned()), ..JournalLive::default() },
        manager: Some(ManagerLive {
            is_holder: true,
            jobs: [(
                "charge",
                ManagerJobLive { done: 5, failed: 1, last_done_at: Some(UnixMillis(1_795_298_482_500)) },
            )]
            .into(),
            shadow: Some(ShadowSummary { checked_at: UnixMillis(5), customers: 5, hours: 60, mismatches: 2 }),
        }),
        beside: BesideLive {
            transports: [("udp".to_owned(), turned_away)].into(),
            journal_damaged_blocks: 8,
            duplicates_unproven: 7,
            ..BesideLive::default()
        },
        uncounted: UncountedLive { deltas: 9, overtold: 10 },
        disks: vec![DiskLive {
            place: "data".to_owned(),
            free_bytes: 7,
            size_bytes: 100,
            free_files: None,
            time_to_full_s: Some(90),
        }],
        database_bytes: Some(4_096),
        rated: MicroUsd(1_250_000),
        ..PipelineLive::default()
    }
}

#[tokio::test(start_paused = true)]
async fn health_and_readiness() {
    let world = World::roomy();
    let router = world.router();
    // Without a version of the vault that role is on its way; without a manager that role is off.
    let now = world.clock.now().rfc3339();
    let role = |role: &str, state: &str| json!({"role": role, "state": state, "since": now});
    let health = send(&router, open("/health")).await.json();
    let expected = [
        role("ingest", "live"),
        role("dataflow", "live"),
        role("store", "live"),
        role("api", "live"),
        role("manager", "off"),
        role("vault", "starting"),
    ];
    assert_eq!((&health["status"], &health["version"]), (&json!("live"), &json!(env!("CARGO_PKG_VERSION"))));
    assert_eq!(health["roles"].as_array().unwrap(), &expected);
    let plain = json!({"status": "live", "version": env!("CARGO_PKG_VERSION")});
    assert_eq!(send(&world.customer_router(), open("/health")).await.json(), plain);
    let ready = json!({"status": "ready", "version": env!("CARGO_PKG_VERSION")});
    assert_eq!(send(&router, open("/ready")).await.json(), ready);
    world.pipeline.change(|live| live.recovering = true);
    let starting = send(&router, open("/ready")).await;
    assert_eq!((starting.status, starting.problem().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "recovering"));
    let health = send(&router, open("/health")).await;
    assert_eq!((health.status, &health.json()["roles"][0]["state"]), (StatusCode::OK, &json!("starting")));
}

#[tokio::test(start_paused = true)]
async fn the_pipeline_as_the_contract_has_it() {
    let mut world = World::roomy();
    world.publish(&[row(1, Network::Mainnet, world.clock.now(), 1)]);
    world.pipeline.change(|it| *it = PipelineLive { pending: true, ..live() });
    let answer = ask(&world.router(), "/api/v1/pipeline").await;
    let worker = |server, boot, received, missing| {
        json!({"server_id": server, "boot_ms": boot, "received": received, "duplicates": 1, "conflicts": 2,
            "missing": missing, "first_seq": 1, "highest_seq": received + missing, "homes": []})
    };
    let now = world.clock.now().rfc3339();
    let expected = json!({
        "epoch": 1, "complete_to": now, "now": now, "started_at": "2026-11-21T22:00:00Z",
        "lines_per_second": 2012.5, "lag_ms": {"p50": 21, "p99": 48}, "frontier_age_ms": 12,
        "lines": {"received": 104, "accepted": 98, "second_home": 1, "duplicates": 0, "conflicts": 6, "system": 1, "rejected": 4,
            "rejected_by_reason": {"sf1_field": 4}},
        "loss": {"missing": 2, "ppm": 20_000.0,
            "workers": [worker(17, 8, 9, 1), worker(17, 9, 40, 1), worker(18, 7, 49, 0)]},
        "journal": {"id": "", "offset": 0, "durable_epoch": 0, "sync_age_ms": 0, "sync_p99_ms": 0,
            "disk_bytes": 0, "error": "the disk is full"},
        "store": {"epoch": 0, "records": 98},
        "udp_kernel_drops": 6,
    });
    assert_eq!(answer, expected);
}

#[tokio::test(start_paused = true)]
async fn metrics_of_everything() {
    let mut world = World::roomy();
    world.publish(&[row(1, Network::Mainnet, world.clock.now(), 1)]);
    world.pipeline.change(|it| *it = live());
    let router = world.router();
    send(&router, get("/api/v1/pipeline")).await;
    send(&router, open("/api/v1/pipeline")).await;
    send(&router, open("/no/such/page?token=hidden")).await;
    send(&router, Request::builder().method("BREW").uri("/health").body(Body::empty()).unwrap()).await;
    let page = send(&router, open("/metrics")).await;
    assert_eq!(page.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let lines = [
        "suiftly_ingest_lines_total{fate=\"accepted\"} 98",
        "suiftly_ingest_lines_total{fate=\"second_home\"} 1",
        "suiftly_ingest_lines_total{fate=\"duplicate\"} 0",
        "suiftly_ingest_lines_total{fate=\"rejected\"} 4",
        "suiftly_ingest_rejected_lines_total{reason=\"sf1_field\"} 4",
        "suiftly_ingest_lag_seconds{quantile=\"0.99\"} 0.048",
        "suiftly_ingest_frames_total{transport=\"udp\"} 104",
        "suiftly_ingest_udp_kernel_drops_total 6",
        "suiftly_ingest_oversize_frames_total{transport=\"udp\"} 2",
        "suiftly_ingest_connections_turned_away_total{transport=\"udp\"} 4",
        "suiftly_dedup_unproven_duplicates_total 7",
        "suiftly_open_stream_uncounted_deltas_total 9",
        "suiftly_open_stream_overtold_lines_total 10",
        "suiftly_journal_damaged_blocks_total 8",
        "suiftly_journal_failing 1",
        "suiftly_queue_depth{queue=\"journal\"} 3",
        "suiftly_loss_received_lines_total{server_id=\"17\"} 49",
        "suiftly_loss_missing_lines{server_id=\"17\"} 2",
        "suiftly_loss_missing_lines{server_id=\"18\"} 0",
        "suiftly_loss_missing_final_lines{server_id=\"17\"} 0",
        "suiftly_loss_missing_pending_lines{server_id=\"17\"} 2",
        "suiftly_loss_repaired_lines_total{server_id=\"17\"} 0",
        "suiftly_quarantine_lines{reason=\"sf1_field\"} 3",
        "suiftly_requeued_lines_total{outcome=\"accepted\"} 2",
        "suiftly_manager_active 1",
        "suiftly_manager_runs_done_total{job=\"charge\"} 5",
        "suiftly_manager_runs_failed_total{job=\"charge\"} 1",
        "suiftly_manager_last_done_timestamp_seconds{job=\"charge\"} 1795298482.5",
        "suiftly_billing_shadow_mismatches 2",
        "suiftly_billing_shadow_checked_hours 60",
        "suiftly_store_epochs_behind 1",
        "suiftly_store_retries_total 3",
        &format!("suiftly_hub_bytes_held {}", world.hub.held().1),
        "suiftly_disk_free_bytes{place=\"data\"} 7",
        "suiftly_disk_time_to_full_seconds{place=\"data\"} 90",
        "suiftly_database_bytes 4096",
        "suiftly_rated_usd 1.25",
        "suiftly_role_live{role=\"manager\"} 1",
        "suiftly_role_failing{role=\"ingest\"} 1",
        "suiftly_streams_open 0",
        "suiftly_http_requests_total{method=\"GET\",route=\"/api/v1/pipeline\",status=\"200\"} 1",
        "suiftly_http_requests_total{method=\"GET\",route=\"/api/v1/pipeline\",status=\"401\"} 1",
        "suiftly_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"} 1",
        "suiftly_http_requests_total{method=\"other\",route=\"/health\",status=\"405\"} 1",
    ];
    for line in lines {
        assert!(page.body.lines().any(|found| found == line), "{line} in\n{}", page.body);
    }
    assert!(!page.body.contains("hidden"));
}

#[tokio::test(start_paused = true)]
async fn paths_and_methods_that_are_not() {
    let router = World::roomy().router();
    let cases = [
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/", 404, "not_found"),
        ("GET", "/api/v1", 404, "not_found"),
        ("GET", "/api/v1/usage", 404, "not_found"),
        ("POST", "/api/v2/usage/summary", 404, "not_found"),
        ("DELETE", "/health", 405, "method_not_allowed"),
        ("POST", "/api/v1/openapi.json", 405, "method_not_allowed"),
        ("GET", "/", 404, "not_found"),
    ];
    for (method, uri, status, code) in cases {
        let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        let answered = send(&router, request).await;
        assert_eq!((answered.status.as_u16(), answered.problem().as_str()), (status, code), "{method} {uri}");
        assert_eq!(answered.header("cache-control"), "no-store", "{method} {uri}");
    }
}
