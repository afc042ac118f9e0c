//! `GET /api/v1/loss`: what it adds up, what it leaves out, and the sums that `/metrics` tells.

use crate::world::{World, ask, get, send};
use axum::http::StatusCode;
use serde_json::json;
use std::collections::BTreeMap;
use suiftly_api::admin::loss::{LOSS_SERVERS_MAX, LOSS_WORKERS_MAX};
use suiftly_api::{BesideLive, LossLive, MissingLive, PipelineLive, RangeLive, TransportBesideLive, WorkerLines};
use suiftly_schema::loss::{HomeLines, LossTotals, WorkerId};
use suiftly_schema::time::UnixMillis;

const AS_OF: UnixMillis = UnixMillis(1_795_298_482_000);

fn worker(server_id: i16, boot: i64, received: u64, missing: u64) -> WorkerLines {
    WorkerLines {
        worker: WorkerId { server_id, boot: UnixMillis(boot) },
        received,
        duplicates: 2,
        conflicts: 1,
        missing,
        missing_final: missing / 2,
        repaired: 3,
        first_seq: 1,
        highest_seq: received + missing,
        heard_at: AS_OF.plus_ms(-boot),
    }
}

fn folded(server_id: i16) -> (i16, LossTotals) {
    let totals = LossTotals { workers: 5, received: 100, duplicates: 1, conflicts: 0, missing: 10, repaired: 0 };
    (server_id, totals)
}

/// Two servers of which one has two workers, and one of which only sums are left.
fn live() -> LossLive {
    let range = |first_seq, last_seq, is_final| RangeLive { first_seq, last_seq, is_final };
    let missing = MissingLive {
        ranges: vec![range((1 << 32) + 7, (1 << 32) + 7, false), range(3, 5, true)],
        ranges_left_out: 6,
        closed: 4,
    };
    let with_ranges = WorkerId { server_id: 17, boot: UnixMillis(8) };
    let home = |home: &str, received, highest_seq, silent_ms: i64| HomeLines {
        worker: with_ranges,
        home: home.to_owned(),
        received,
        missing: 1,
        first_seq: 1,
        highest_seq,
        heard_at: AS_OF.plus_ms(-silent_ms),
        seen: Vec::new(),
    };
    let homes = vec![home("tcp 192.0.2.7 (1)", 96, 100, 0), home("tcp 192.0.2.7 (2)", 60, 61, 90_000)];
    let udp =
        TransportBesideLive { kernel_drops: 9, oversize_frames: 1, broken_streams: 0, connections_turned_away: 0 };
    LossLive {
        as_of: AS_OF,
        grace_ms: 5_000,
        workers: vec![worker(17, 8, 96, 4), worker(18, 1, 50, 0), worker(17, 7, 10, 0)],
        folded: [folded(17), folded(-3)].into(),
        missing: [(with_ranges, missing)].into(),
        homes: [(with_ranges, homes)].into(),
        beside: BesideLive {
            transports: [("udp".to_owned(), udp)].into(),
            journal_damaged_blocks: 1,
            duplicates_unproven: 2,
            workers_folded: 3,
            seqs_closed: 4,
        },
    }
}

#[tokio::test(start_paused = true)]
async fn everything_adds_up_and_ranges_say_which() {
    let world = World::roomy();
    *world.pipeline.loss.lock().unwrap() = live();
    let answer = ask(&world.router(), "/api/v1/loss?server_id=17").await;
    assert_eq!(*world.pipeline.loss_asked.lock().unwrap(), Some((Some(17), LOSS_WORKERS_MAX)));
    let counts = |[received, duplicates, conflicts, missing, pending, last, repaired]: [u64; 7], ppm: f64| {
        json!({"received": received, "duplicates": duplicates, "conflicts": conflicts, "missing": missing,
            "missing_pending": pending, "missing_final": last, "repaired": repaired, "ppm": ppm})
    };
    let all = counts([206, 5, 2, 14, 2, 12, 6], 12e6 / 220.0);
    let detail = |boot: i64, counts: serde_json::Value, highest: u64| {
        json!({"server_id": 17, "boot_ms": boot, "heard_at": AS_OF.plus_ms(-boot).rfc3339(), "counts": counts,
            "first_seq": 1, "highest_seq": highest, "homes": [], "ranges": [], "ranges_left_out": 0, "missing_closed": 0})
    };
    let mut with_ranges = detail(8, counts([96, 2, 1, 4, 2, 2, 3], 20_000.0), 100);
    with_ranges["ranges"] = json!([
        {"first_seq": 4_294_967_303u64, "last_seq": 4_294_967_303u64, "lines": 1, "is_final": false},
        {"first_seq": 3, "last_seq": 5, "lines": 3, "is_final": true},
    ]);
    with_ranges["homes"] = json!([
        {"home": "tcp 192.0.2.7 (1)", "received": 96, "missing": 1, "behind": 0, "heard_at": AS_OF.rfc3339()},
        {"home": "tcp 192.0.2.7 (2)", "received": 60, "missing": 1, "behind": 39,
            "heard_at": AS_OF.plus_ms(-90_000).rfc3339()},
    ]);
    (with_ranges["ranges_left_out"], with_ranges["missing_closed"]) = (json!(6), json!(4));
    let expected = json!({
        "epoch": 0, "complete_to": answer["complete_to"], "as_of": AS_OF.rfc3339(), "grace_ms": 5_000,
        "totals": all,
        "servers": [{"server_id": 17, "workers": 2, "workers_folded": 5, "counts": all, "dropped_logs": null}],
        "servers_left_out": 0,
        "workers": [detail(7, counts([10, 2, 1, 0, 0, 0, 3], 0.0), 10), with_ranges],
        "workers_left_out": 0,
        "beside": {
            "transports": {"udp": {"kernel_drops": 9, "oversize_frames": 1, "broken_streams": 0,
                "connections_turned_away": 0}},
            "journal_damaged_blocks": 1, "duplicates_unproven": 2, "workers_folded": 3, "seqs_closed": 4,
        },
    });
    assert_eq!(answer, expected);

    let answer = ask(&world.router(), "/api/v1/loss").await;
    let servers: Vec<_> = answer["servers"].as_array().unwrap().iter().map(|one| one["server_id"].clone()).collect();
    assert_eq!(servers, [-3, 17, 18]);
    assert_eq!(answer["totals"]["received"], 356);
    assert_eq!(answer["workers"][0]["server_id"], 18, "heard of last");
}

#[tokio::test(start_paused = true)]
async fn answers_are_bounded_and_say_what_they_leave_out() {
    let world = World::roomy();
    let many = i16::try_from(LOSS_SERVERS_MAX).unwrap() + 5;
    let forged = |server_id| WorkerLines { missing: 1 << 62, missing_final: 1 << 62, ..worker(server_id, 1, 1, 0) };
    let workers = (0..many).map(forged).collect();
    *world.pipeline.loss.lock().unwrap() = LossLive { workers, ..LossLive::default() };
    let answer = ask(&world.router(), "/api/v1/loss").await;
    let lengths = ["servers", "workers"].map(|list| answer[list].as_array().unwrap().len());
    assert_eq!(lengths, [LOSS_SERVERS_MAX, LOSS_WORKERS_MAX]);
    assert_eq!(answer["servers_left_out"], 5);
    assert_eq!(answer["workers_left_out"], usize::try_from(many).unwrap() - LOSS_WORKERS_MAX);
    assert_eq!(answer["totals"]["missing"], i64::MAX, "forged numbers stop at the largest");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_server_is_refused() {
    let router = World::roomy().router();
    for query in ["server_id=32768", "server_id=x", "server_id=", "server=1", "server_id=1&server_id=1"] {
        let answered = send(&router, get(&format!("/api/v1/loss?{query}"))).await;
        assert_eq!((answered.status, answered.problem().as_str()), (StatusCode::BAD_REQUEST, "validation"), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn folded_workers_count_in_metrics_and_in_the_pipeline() {
    let world = World::roomy();
    world.pipeline.change(|it| {
        *it = PipelineLive {
            workers: vec![worker(17, 8, 96, 4)],
            folded: BTreeMap::from([folded(17), folded(-3)]),
            homes: live().homes,
            on_one_home_ms: BTreeMap::from([(17, 61_500)]),
            ..PipelineLive::default()
        };
    });
    let page = send(&world.router(), get("/metrics")).await;
    for line in [
        "suiftly_loss_received_lines_total{server_id=\"17\"} 196",
        "suiftly_loss_duplicate_lines_total{server_id=\"17\"} 3",
        "suiftly_loss_conflict_lines_total{server_id=\"17\"} 1",
        "suiftly_loss_repaired_lines_total{server_id=\"17\"} 3",
        "suiftly_loss_missing_lines{server_id=\"17\"} 14",
        "suiftly_loss_missing_final_lines{server_id=\"17\"} 12",
        "suiftly_loss_missing_pending_lines{server_id=\"17\"} 2",
        "suiftly_loss_missing_final_lines{server_id=\"-3\"} 10",
        "suiftly_loss_one_home_seconds{server_id=\"17\"} 61.5",
    ] {
        assert!(page.body.lines().any(|found| found == line), "{line} in\n{}", page.body);
    }
    let pipeline = ask(&world.router(), "/api/v1/pipeline").await;
    assert_eq!((&pipeline["loss"]["missing"], &pipeline["lines"]["conflicts"]), (&json!(24), &json!(1)));
    assert_eq!(pipeline["loss"]["workers"].as_array().unwrap().len(), 1);
    let behind: Vec<_> = [0, 1].map(|at| pipeline["loss"]["workers"][0]["homes"][at]["behind"].clone()).to_vec();
    assert_eq!(behind, [json!(0), json!(39)]);
}
