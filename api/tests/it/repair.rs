//! What an edge is asked to send again when it reports: its own servers' lines that are lost for good, and the end of a worker's
//! lines that no later one shows to be missing.

use crate::house::request;
use crate::world::{Answered, World, send, vault};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use suiftly_api::fleet::ExpectedEdge;
use suiftly_api::vault::{END_AFTER_MS, Start};
use suiftly_api::{Clock, LossLive, MissingLive, RangeLive, WorkerLines};
use suiftly_schema::fleet::{DrainedWorker, EdgeReport, GatewayReport, RepairReport};
use suiftly_schema::loss::WorkerId;
use suiftly_schema::time::UnixMillis;

const EDGE: &str = "sed_fra";
const SERVER: i16 = 17;
/// How often edges report, in milliseconds.
const REPORT_EVERY_MS: i64 = 2_000;

fn world() -> World {
    let mut world = World::roomy();
    let token_sha256 = Sha256::digest(EDGE.as_bytes()).into();
    let edge = ExpectedEdge { name: "fra-1".to_owned(), servers: vec![SERVER], token_sha256, is_implied: false };
    world.vault = vault(&world.clock, vec![edge], Start::default(), None);
    world
}

/// A gateway of which lines can be had, and one that has ended and left some.
fn gateway(server_id: i16, boot: UnixMillis, lines_numbered: u64) -> GatewayReport {
    let drained = vec![DrainedWorker { boot_ms: boot.0 - 5_000, last_seq: 40 }];
    GatewayReport {
        server_id,
        boot_ms: Some(boot.0),
        lines_numbered: Some(lines_numbered),
        repair: Some(RepairReport { has_ring: true, drained, ..RepairReport::default() }),
        ..GatewayReport::default()
    }
}

async fn report(world: &World, gateways: Vec<GatewayReport>) -> Answered {
    let report = EdgeReport { gateways, ..EdgeReport::default() };
    let bearer = format!("Bearer {EDGE}");
    let body = Some(serde_json::to_value(report).unwrap());
    send(&world.router(), request(Method::POST, "/edge/report", body, &[("authorization", &bearer)])).await
}

/// What a report is answered with: `null` without a body.
async fn wanted(world: &World, gateways: Vec<GatewayReport>) -> Value {
    let answered = report(world, gateways).await;
    match answered.status {
        StatusCode::NO_CONTENT => {
            assert_eq!(answered.body, "");
            Value::Null
        }
        status => {
            assert_eq!(status, StatusCode::OK, "{}", answered.body);
            answered.json()["wanted"].clone()
        }
    }
}

fn worker(server_id: i16, boot: UnixMillis, highest_seq: u64, missing: u64) -> WorkerLines {
    WorkerLines {
        worker: WorkerId { server_id, boot },
        received: highest_seq - missing,
        duplicates: 0,
        conflicts: 0,
        missing,
        missing_final: missing,
        repaired: 0,
        first_seq: 1,
        highest_seq,
        heard_at: boot,
    }
}

fn lost(first_seq: u64, last_seq: u64) -> MissingLive {
    MissingLive { ranges: vec![RangeLive { first_seq, last_seq, is_final: true }], ..MissingLive::default() }
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_for_good_is_asked_for_until_it_has_come() {
    let world = world();
    let boot = world.clock.now().plus_ms(-1_000);
    let ended = boot.plus_ms(-5_000);
    assert_eq!(wanted(&world, vec![gateway(SERVER, boot, 90)]).await, Value::Null, "nothing is known to be missing");

    let mut loss = LossLive { as_of: world.clock.now(), ..LossLive::default() };
    for (server_id, boot, highest) in
        [(SERVER, boot, 90), (SERVER, ended, 40), (18, boot, 90), (SERVER, UnixMillis(1), 90)]
    {
        loss.workers.push(worker(server_id, boot, highest, 3));
        loss.missing.insert(WorkerId { server_id, boot }, lost(7, 9));
    }
    *world.pipeline.loss.lock().unwrap() = loss;
    let asked = |boot: UnixMillis| json!({"server_id": SERVER, "boot_ms": boot.0, "ranges": [{"first": 7, "last": 9}], "is_all": true});
    // The worker that runs and the one that has ended; not the one of which nothing is left, nor another edge's.
    let gateways = vec![gateway(SERVER, boot, 90), gateway(18, boot, 90)];
    assert_eq!(wanted(&world, gateways.clone()).await, json!([asked(boot), asked(ended)]));
    let mut without_ring = gateway(SERVER, boot, 90);
    without_ring.repair.as_mut().unwrap().has_ring = false;
    assert_eq!(wanted(&world, vec![without_ring]).await, json!([asked(ended)]));
    let of_before = GatewayReport { repair: None, ..gateway(SERVER, boot, 90) };
    assert_eq!(wanted(&world, vec![of_before]).await, Value::Null);

    world.pipeline.loss.lock().unwrap().missing.clear();
    assert_eq!(wanted(&world, gateways).await, Value::Null, "all of it has come");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_what_a_silent_worker_has_numbered_is_asked_for() {
    let world = world();
    let boot = world.clock.now();
    let mut asked = Vec::new();
    for _ in 0..=END_AFTER_MS / REPORT_EVERY_MS {
        let loss = LossLive {
            as_of: world.clock.now(),
            workers: vec![worker(SERVER, boot, 90, 0), worker(SERVER, boot.plus_ms(-5_000), 40, 0)],
            ..LossLive::default()
        };
        *world.pipeline.loss.lock().unwrap() = loss;
        asked.push(wanted(&world, vec![gateway(SERVER, boot, 100)]).await);
        world.clock.set(world.clock.now().plus_ms(REPORT_EVERY_MS));
    }
    let last = asked.pop().unwrap();
    assert_eq!(
        last,
        json!([{"server_id": SERVER, "boot_ms": boot.0, "ranges": [{"first": 91, "last": 100}], "is_all": true}])
    );
    assert!(asked.iter().all(Value::is_null), "no sooner: {asked:?}");
}
