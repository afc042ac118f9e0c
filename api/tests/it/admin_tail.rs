//! The live tail and the pipeline's stream, from outside.

use crate::world::{TOKEN, World};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use suiftly_api::Clock;
use suiftly_schema::ids::{CustomerId, Frontend, Network, Service};
use suiftly_schema::record::{LineId, Record, ShortText, Timers};
use suiftly_schema::time::UnixMillis;
use tower::ServiceExt;

/// An event as it stands on the wire.
#[derive(Debug, Default)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

/// An open stream.
struct Watched {
    body: Body,
    text: String,
}

impl Watched {
    async fn open(router: &Router, path: &str, last: Option<&str>) -> Self {
        let mut request = Request::get(format!("/api/v1/{path}")).header("authorization", format!("Bearer {TOKEN}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event. Paused time moves on by itself.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = parsed(event);
                self.text = rest.to_owned();
                return Some(event);
            }
            let frame = self.body.frame().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }

    /// The next event that has lines, and its id.
    async fn lines(&mut self) -> (Vec<i64>, Value, String) {
        loop {
            let event = self.next().await.expect("the tail goes on");
            assert_eq!(event.name, "lines");
            let lines = event.data["lines"].as_array().unwrap();
            if !lines.is_empty() {
                let offsets = lines.iter().map(|line| line["journal_offset"].as_i64().unwrap()).collect();
                return (offsets, event.data["sampled"].clone(), event.id.expect("what has lines has an id"));
            }
            assert_eq!(event.id, None, "what has none has none");
        }
    }
}

fn parsed(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        let (field, value) = line.split_once(": ").unwrap();
        match field {
            "event" => event.name = value.to_owned(),
            "id" => event.id = Some(value.to_owned()),
            "data" => event.data = serde_json::from_str(value).unwrap(),
            "retry" => assert_eq!(value, "1000"),
            other => panic!("no such field: {other}"),
        }
    }
    event
}

fn record(journal_offset: u64, customer: i64, status_code: i16) -> Record {
    let timestamp = UnixMillis(1_795_298_400_000);
    let timers = Timers { total_ms: 25, ..Timers::default() };
    Record {
        timestamp,
        customer_id: CustomerId::new(customer),
        path_prefix: Some(ShortText::new("v1/fetch_k")),
        config_hex: None,
        network: Some(Network::Mainnet),
        server_id: Some(17),
        service: Some(Service::Seal),
        api_key_fp: 16_801_928,
        frontend: Some(Frontend::Metered),
        traffic_type: 1,
        event_type: 0,
        client_ip: "192.0.2.7".parse().ok(),
        key_metadata: None,
        status_code,
        bytes_sent: 512,
        timers,
        backend_id: 1,
        termination: ShortText::new("----"),
        repeat: 1,
        line_id: Some(LineId { server_id: 17, boot: timestamp, seq: 7 }),
        journal_offset,
    }
}

fn world() -> World {
    let world = World::roomy();
    world.pipeline.change(|live| live.journal.id = "j1".to_owned());
    world
}

/// A batch comes past.
fn offer(world: &World, records: &[Record]) {
    world.tap.offer(world.clock.now(), records);
}

#[tokio::test(start_paused = true)]
async fn records_come_by_filter_with_their_fields() {
    let world = world();
    let router = world.router();
    let mut tail = Watched::open(&router, "tail?customer_id=7&status=2xx&time_total_min_ms=25", None).await;
    let first = tail.next().await.unwrap();
    assert_eq!(first.data, json!({"lines": [], "sampled": 0}), "at once, so that it is known to be heard");
    offer(&world, &[record(10, 7, 200), record(20, 8, 200), record(30, 7, 503), record(40, 7, 204)]);
    let event = tail.next().await.unwrap();
    assert_eq!(event.id.as_deref(), Some("j1.40"));
    let line = &event.data["lines"][0];
    let expected = json!({
        "timestamp": "2026-11-21T22:00:00Z", "customer_id": 7, "server_id": 17, "service": "seal", "network": "mainnet",
        "frontend": "metered", "api_key_fp": 16_801_928, "traffic_type": 1, "event_type": 0, "status_code": 200,
        "client_ip": "192.0.2.7", "path_prefix": "v1/fetch_k", "bytes_sent": 512, "time_total_ms": 25,
        "time_request_ms": null, "time_queue_ms": null, "time_connect_ms": null, "time_response_ms": null,
        "backend_id": 1, "termination_state": "----", "repeat": 1, "boot": "2026-11-21T22:00:00Z", "seq": 7,
        "journal_offset": 10,
    });
    assert_eq!(*line, expected);
    assert_eq!(event.data["lines"][1]["journal_offset"], 40);
}

#[tokio::test(start_paused = true)]
async fn who_reconnects_gets_no_line_twice_and_another_journals_id_means_nothing() {
    let world = world();
    let router = world.router();
    let mut tail = Watched::open(&router, "tail", None).await;
    tail.next().await.unwrap();
    offer(&world, &[record(10, 7, 200), record(20, 7, 200)]);
    let (offsets, _, id) = tail.lines().await;
    assert_eq!((offsets, id.as_str()), (vec![10, 20], "j1.20"));
    drop(tail);
    let mut resumed = Watched::open(&router, "tail", Some(&id)).await;
    let mut other = Watched::open(&router, "tail", Some("j0.999")).await;
    for tail in [&mut resumed, &mut other] {
        tail.next().await.unwrap();
    }
    // The journal's tail is read again, say, and then there is something new.
    offer(&world, &[record(10, 7, 200), record(20, 7, 200), record(30, 7, 200)]);
    assert_eq!(resumed.lines().await.0, [30]);
    assert_eq!(other.lines().await.0, [10, 20, 30]);
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_fast_is_counted_and_silence_is_told() {
    let world = world();
    let router = world.router();
    let mut tail = Watched::open(&router, "tail", None).await;
    tail.next().await.unwrap();
    let flood: Vec<Record> = (1..=1_000).map(|offset| record(offset, 7, 200)).collect();
    offer(&world, &flood);
    let (offsets, sampled, _) = tail.lines().await;
    assert_eq!((offsets.len(), sampled), (50, json!(950)));
    let quiet = tail.next().await.unwrap();
    assert_eq!(quiet.data, json!({"lines": [], "sampled": 0}));
}

#[tokio::test(start_paused = true)]
async fn tails_are_bounded_and_end_with_the_server() {
    let world = world();
    let router = world.router();
    let mut tails = Vec::new();
    for _ in 0..suiftly_api::admin::tail::LISTENERS_MAX {
        tails.push(Watched::open(&router, "tail", None).await);
    }
    let refused = crate::world::send(&router, crate::world::get("/api/v1/tail")).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "too_many_streams"));
    assert_eq!(refused.header("retry-after"), "5");
    drop(tails.pop());
    let mut again = Watched::open(&router, "tail", None).await;
    again.next().await.unwrap();
    world.shutdown.cancel();
    assert!(again.next().await.is_none());
    drop((tails, again));
    assert_eq!(world.tap.listeners(), 0, "nobody listens, and records cost nothing again");
}

#[tokio::test(start_paused = true)]
async fn the_pipelines_state_comes_at_once_and_each_second() {
    let world = world();
    let router = world.router_with_pulse();
    let mut stream = Watched::open(&router, "pipeline/stream", None).await;
    for _ in 0..3 {
        let mut event = stream.next().await.unwrap();
        if event.name == "revisions" {
            event = stream.next().await.unwrap();
        }
        assert_eq!((event.name.as_str(), event.id), ("pipeline", None));
        assert_eq!(event.data["journal"]["id"], "j1", "{}", event.data);
    }
    world.shutdown.cancel();
    assert!(stream.next().await.is_none());
}
