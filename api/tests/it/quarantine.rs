//! The quarantine's routes over a real store, and a pipeline that is as it is told.

use crate::world::{Answered, TOKEN, World, ask, get, send};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::sync::Arc;
use suiftly_api::GiveAgainError;
use suiftly_schema::quarantine::{QuarantinedLine, Requeued};
use suiftly_schema::time::UnixMillis;
use suiftly_store::reader::Reader;
use suiftly_store::testing::TestDatabase;
use suiftly_store::writer::{Commit, Writer};

const JOURNAL: &str = "api";
const LINE: &[u8] = b"<134>\xff <script>";

fn received_at(journal_offset: u64) -> UnixMillis {
    UnixMillis::parse_rfc3339("2026-11-21T22:00:00Z").unwrap().plus_ms(journal_offset.cast_signed())
}

/// A database with four lines: 10, 20 and 30 `unknown_format`, 40 `time_window`.
async fn world(database: &TestDatabase) -> (World, Writer) {
    let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
    let line = |(journal_offset, reason)| QuarantinedLine {
        journal_no: 0,
        journal_offset,
        received_at: received_at(journal_offset),
        reason,
        source: format!("udp 192.0.2.7:{journal_offset}"),
        line: LINE.to_vec(),
    };
    let lines = [(10, "unknown_format"), (20, "unknown_format"), (30, "unknown_format"), (40, "time_window")];
    let quarantined = lines.into_iter().map(line).collect();
    writer.commit(&[Commit { epoch: 1, quarantined, ..Commit::default() }.into()]).await.unwrap();
    let mut world = World::roomy();
    world.quarantine = Some(Arc::new(Reader::new(database.config(), JOURNAL).unwrap()));
    world.pipeline.change(|live| {
        live.quarantine.is_open = true;
        live.counts.rejected = [("unknown_format".to_owned(), 500), ("not_utf8".to_owned(), 1)].into();
    });
    (world, writer)
}

pub(crate) fn post(uri: &str, body: &Value) -> Request<Body> {
    let request = Request::post(uri).header("authorization", format!("Bearer {TOKEN}"));
    request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()
}

pub(crate) async fn replay(router: &Router, body: Value) -> Answered {
    send(router, post("/api/v1/quarantine/replay", &body)).await
}

async fn outcome(writer: &mut Writer, epoch: u64, became: &[(u64, &'static str)]) {
    let of = |&(journal_offset, outcome)| Requeued { journal_no: 0, journal_offset, outcome };
    let requeued = became.iter().map(of).collect();
    writer.commit(&[Commit { epoch, requeued, ..Commit::default() }.into()]).await.unwrap();
}

fn given(world: &World) -> Vec<Vec<u64>> {
    let given = std::mem::take(&mut *world.pipeline.given.lock().unwrap());
    given.iter().map(|lines| lines.iter().map(|line| line.journal_offset).collect()).collect()
}

#[tokio::test]
async fn lines_to_look_at() {
    let database = TestDatabase::create().await;
    let (world, mut writer) = world(&database).await;
    let router = world.router();
    let reasons = ask(&router, "/api/v1/quarantine/reasons").await;
    let kept = |reason, rejected, lines: i64, oldest: Value, newest: Value| {
        json!({"reason": reason, "rejected": rejected, "lines": lines, "bytes": lines * 15, "under_way": 0,
            "waiting": lines, "oldest": oldest, "newest": newest})
    };
    let at = |ms| json!(received_at(ms).rfc3339());
    let expected = [
        kept("not_utf8", 1, 0, json!(null), json!(null)),
        kept("time_window", 0, 1, at(40), at(40)),
        kept("unknown_format", 500, 3, at(10), at(30)),
    ];
    assert_eq!(reasons, json!({"reasons": expected}));

    let line = |offset: u64| {
        json!({"offset": offset, "received_at": at(offset), "reason": "unknown_format",
            "source": format!("udp 192.0.2.7:{offset}"), "epoch": 1, "bytes": 15, "text": "<134>\u{fffd} <script>",
            "requested_at": null, "outcome": null, "outcome_epoch": null})
    };
    let page = ask(&router, "/api/v1/quarantine?reason=unknown_format&limit=2").await;
    assert_eq!(page, json!({"lines": [line(30), line(20)], "next_before": 20}));
    let page = ask(&router, "/api/v1/quarantine?reason=unknown_format&limit=2&before=20").await;
    assert_eq!(page, json!({"lines": [line(10)], "next_before": null}));
    let page = ask(&router, "/api/v1/quarantine?source=udp+192.0.2.7:4").await;
    assert_eq!(page["lines"].as_array().unwrap().len(), 1);

    assert_eq!(replay(&router, json!({"offsets": [10]})).await.json(), json!({"lines": 1, "epoch": 7}));
    outcome(&mut writer, 7, &[(10, "accepted")]).await;
    let mut whole = line(10);
    whole["base64"] = json!("PDEzND7/IDxzY3JpcHQ+");
    (whole["requested_at"], whole["outcome"], whole["outcome_epoch"]) =
        (json!("2026-11-21T12:00:00Z"), json!("accepted"), json!(7));
    let mut found = ask(&router, "/api/v1/quarantine/10").await;
    assert!(found["requested_at"].as_str().is_some_and(|at| at.starts_with("2026-11-")), "{found}");
    found["requested_at"] = whole["requested_at"].clone();
    assert_eq!(found, whole);
    let absent = send(&router, get("/api/v1/quarantine/11")).await;
    assert_eq!((absent.status.as_u16(), absent.problem().as_str()), (404, "not_found"));
    for wrong in ["/api/v1/quarantine/x", "/api/v1/quarantine/-1", "/api/v1/quarantine?limit=0"] {
        let refused = send(&router, get(wrong)).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, "validation"), "{wrong}");
    }
}

#[tokio::test]
async fn lines_are_given_again_once() {
    let database = TestDatabase::create().await;
    let (world, mut writer) = world(&database).await;
    let router = world.router();
    let some = replay(&router, json!({"reason": "unknown_format", "limit": 2})).await.json();
    assert_eq!(some, json!({"lines": 2, "epoch": 7}));
    assert_eq!(world.pipeline.given.lock().unwrap()[0][0].line, LINE);
    assert_eq!(given(&world), [[10, 20]]);
    assert_eq!(replay(&router, json!({})).await.json()["lines"], 2);
    assert_eq!(given(&world), [[30, 40]]);
    // All are under way.
    assert_eq!(replay(&router, json!({"again": true})).await.json(), json!({"lines": 0, "epoch": null}));
    outcome(&mut writer, 7, &[(10, "accepted"), (20, "sf1_number"), (30, "duplicate"), (40, "system")]).await;
    let reasons = ask(&router, "/api/v1/quarantine/reasons").await;
    let waiting = |at: usize| (reasons["reasons"][at]["reason"].as_str(), reasons["reasons"][at]["waiting"].as_u64());
    assert_eq!([1, 2].map(waiting), [(Some("time_window"), Some(0)), (Some("unknown_format"), Some(1))]);
    assert_eq!(replay(&router, json!({})).await.json()["lines"], 0);
    assert_eq!(replay(&router, json!({"again": true})).await.json()["lines"], 1);
    assert_eq!(given(&world), [[20]]);
}

#[tokio::test]
async fn what_ingest_refuses_can_be_claimed_again_and_what_is_undetermined_cannot() {
    let database = TestDatabase::create().await;
    let (world, _writer) = world(&database).await;
    let router = world.router();
    let cases = [
        (GiveAgainError::Recovering, "recovering", true),
        (GiveAgainError::NotLinked, "recovering", true),
        (GiveAgainError::Stopping, "stopping", true),
        (GiveAgainError::Busy, "overloaded", true),
        (GiveAgainError::Undetermined, "timeout", false),
    ];
    for (failure, code, free) in cases {
        *world.pipeline.give_failure.lock().unwrap() = Some(failure);
        let refused = replay(&router, json!({"offsets": [10]})).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, code));
        assert_eq!(given(&world), [[10]], "{code}");
        let kept = ask(&router, "/api/v1/quarantine/10").await;
        assert_eq!(kept["requested_at"].is_null(), free, "{code}");
    }
    *world.pipeline.give_failure.lock().unwrap() = None;
    assert_eq!(replay(&router, json!({"offsets": [10]})).await.json()["lines"], 0);
}

#[tokio::test]
async fn nothing_is_claimed_before_the_tail_is_in_the_store() {
    let database = TestDatabase::create().await;
    let (world, _writer) = world(&database).await;
    world.pipeline.change(|live| live.quarantine.is_open = false);
    let router = world.router();
    let early = replay(&router, json!({})).await;
    assert_eq!((early.status.as_u16(), early.problem().as_str()), (503, "recovering"));
    assert_eq!(early.header("retry-after"), "1");
    assert!(ask(&router, "/api/v1/quarantine/10").await["requested_at"].is_null());
}

#[tokio::test]
async fn one_at_a_time_and_a_client_that_goes_away_leaves_no_claim() {
    let database = TestDatabase::create().await;
    let (world, _writer) = world(&database).await;
    let (router, pipeline) = (world.router(), world.pipeline.clone());
    *pipeline.give_failure.lock().unwrap() = Some(GiveAgainError::Busy);
    let held = pipeline.give_gate.hold().await;
    let waiting = tokio::spawn({
        let router = router.clone();
        async move { replay(&router, json!({"offsets": [10]})).await }
    });
    while pipeline.given.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    for (path, body) in [("replay", json!({})), ("discard", json!({"reason": "time_window"}))] {
        let busy = send(&router, post(&format!("/api/v1/quarantine/{path}"), &body)).await;
        assert_eq!((busy.status.as_u16(), busy.problem().as_str()), (409, "busy"), "{path}");
    }
    waiting.abort();
    assert!(waiting.await.is_err_and(|error| error.is_cancelled()));
    drop(held);
    // Nobody waits for the answer; the claim is given back all the same.
    while !ask(&router, "/api/v1/quarantine/10").await["requested_at"].is_null() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn lines_are_thrown_away_by_reason_or_by_name() {
    let database = TestDatabase::create().await;
    let (world, _writer) = world(&database).await;
    let router = world.router();
    let discard = async |body: Value| send(&router, post("/api/v1/quarantine/discard", &body)).await;
    assert_eq!(discard(json!({"offsets": [10, 11]})).await.json(), json!({"lines": 1}));
    assert_eq!(discard(json!({"reason": "unknown_format"})).await.json(), json!({"lines": 2}));
    assert_eq!(discard(json!({})).await.problem(), "validation");
    let left = ask(&router, "/api/v1/quarantine").await;
    assert_eq!(left["lines"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn bodies_that_are_not_as_documented() {
    let database = TestDatabase::create().await;
    let (world, _writer) = world(&database).await;
    let router = world.router();
    let cases = [
        (json!(7), "body"),
        (json!({"reson": "x"}), "body"),
        (json!({"offsets": [-1]}), "body"),
        (json!({"limit": 0}), "limit"),
        (json!({"limit": 1_001}), "limit"),
        (json!({"reason": "a\u{0}"}), "reason"),
        (json!({"offsets": vec![1; 1_001]}), "offsets"),
    ];
    for (body, field) in cases {
        let refused = replay(&router, body).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, "validation"), "{field}");
        assert_eq!(refused.json()["errors"][0]["field"], field);
    }
    let untyped = Request::post("/api/v1/quarantine/replay").header("authorization", format!("Bearer {TOKEN}"));
    let untyped = send(&router, untyped.body(Body::from("{}")).unwrap()).await;
    assert_eq!(untyped.problem(), "unsupported_media_type");
    assert_eq!(given(&world), [[0; 0]; 0]);
}

#[tokio::test]
async fn a_process_alone_has_one_journal() {
    let database = TestDatabase::create().await;
    let (world, _writer) = world(&database).await;
    let refused = send(&world.router(), get("/api/v1/quarantine?journal=a")).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, "validation"));
}
