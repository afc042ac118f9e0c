//! The stream's manners: when it sends what, when it starts over, when it refuses.

use crate::sse::Events;
use crate::stream_model::Client;
use crate::traffic::{Recount, at, noon, row};
use crate::world::{World, get, send};
use axum::http::StatusCode;
use serde_json::json;
use std::time::Duration;
use suiftly_api::rows::{Filter, TimeRange};
use suiftly_api::{Clock, HubBounds};
use suiftly_schema::ids::Network;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;

fn names(events: &[crate::sse::Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

fn publish(world: &mut World, epochs: usize) {
    for _ in 0..epochs {
        world.publish(&[row(1, Network::Mainnet, noon(), 1)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_and_the_pipeline_come_at_once() {
    let mut world = World::roomy();
    publish(&mut world, 3);
    world.commit(2);
    let mut events = Events::open(&world.router(), "", None).await;
    let snapshot = events.next().await.unwrap();
    assert_eq!((snapshot.name.as_str(), snapshot.id), ("snapshot", Some(3)));
    assert_eq!(snapshot.data["month"], "2026-11");
    assert_eq!(snapshot.data["counts"]["requests"], 3);
    assert_eq!(snapshot.data["rated_micro_usd"], 450);
    assert_eq!(snapshot.data["complete_to"], noon().rfc3339());
    assert_eq!(snapshot.data["minutes"][0]["start"], "2026-11-21T12:30:00Z");
    let pipeline = events.next().await.unwrap();
    assert_eq!((pipeline.name.as_str(), pipeline.id), ("pipeline", None));
    assert_eq!(pipeline.retry.as_deref(), Some("1000"));
    assert_eq!(pipeline.data["epoch"], 3);
}

#[tokio::test(start_paused = true)]
async fn deltas_come_at_most_ten_a_second_and_at_once_after_a_rest() {
    let mut world = World::roomy();
    publish(&mut world, 1);
    let mut events = Events::open(&world.router(), "", None).await;
    let opened = tokio::time::Instant::now();
    events.next_usage().await;
    publish(&mut world, 1);
    events.next_usage().await;
    assert_eq!(opened.elapsed(), Duration::ZERO, "after a rest, at once");
    let publisher = tokio::spawn(async move {
        for _ in 0..200 {
            publish(&mut world, 1);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world
    });
    let deltas = events.within(Duration::from_millis(1_950)).await;
    assert_eq!(names(&deltas), ["delta"; 19], "one each 100 ms, from 100 to 1,900");
    assert_eq!(publisher.await.unwrap().latest, 202);
}

#[tokio::test(start_paused = true)]
async fn without_traffic_completeness_moves_on_by_empty_deltas_each_second() {
    let mut world = World::roomy();
    publish(&mut world, 1);
    let router = world.router_with_pulse();
    let mut events = Events::open(&router, "", None).await;
    let first = events.within(Duration::from_millis(100)).await;
    assert_eq!(names(&first), ["snapshot", "pipeline"]);
    let seconds = events.within(Duration::from_millis(3_000)).await;
    assert_eq!(names(&seconds), ["pipeline", "delta", "pipeline", "delta", "pipeline", "delta"]);
    let empty = &seconds[5];
    assert_eq!((empty.id, &empty.data["counts"]["requests"], &empty.data["minutes"]), (Some(1), &json!(0), &json!([])));
    assert_eq!(empty.data["complete_to"], noon().plus_ms(3_000 - 250).rfc3339());
    assert_eq!(seconds[4].data["complete_to"], empty.data["complete_to"]);
    // While something is under way, it does not.
    world.pipeline.change(|live| live.pending = true);
    let pending = events.within(Duration::from_millis(2_000)).await;
    assert_eq!(names(&pending), ["pipeline", "delta", "pipeline", "delta"]);
    assert_eq!(pending[3].data["complete_to"], empty.data["complete_to"]);
}

#[tokio::test(start_paused = true)]
async fn others_traffic_is_not_sent_but_moves_the_id() {
    let mut world = World::roomy();
    publish(&mut world, 1);
    let router = world.router_with_pulse();
    let mut events = Events::open(&router, "customer_id=2", None).await;
    events.within(Duration::from_millis(10)).await;
    publish(&mut world, 5);
    assert_eq!(events.within(Duration::from_millis(900)).await, []);
    let empty = events.next_usage().await;
    assert_eq!((empty.id, &empty.data["counts"]["requests"]), (Some(6), &json!(0)));
}

#[tokio::test(start_paused = true)]
async fn a_second_with_traffic_has_no_empty_delta() {
    let mut world = World::roomy();
    publish(&mut world, 1);
    let router = world.router_with_pulse();
    let mut events = Events::open(&router, "", None).await;
    events.within(Duration::from_millis(500)).await;
    publish(&mut world, 1);
    let second = events.within(Duration::from_millis(1_000)).await;
    assert_eq!(names(&second), ["delta", "pipeline"]);
    assert_eq!(names(&events.within(Duration::from_millis(1_000)).await), ["pipeline", "delta"]);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_of_one_network_is_exact_while_the_writer_goes_on_between_its_reads() {
    let mut world = World::roomy();
    publish(&mut world, 10);
    world.store.state.lock().unwrap().commit_per_read = 2;
    let filter = Filter { network: Some(Network::Mainnet), ..Filter::default() };
    let mut client = Client::default();
    client.take(&Events::open(&world.router(), "network=mainnet", None).await.next_usage().await);
    assert_eq!(world.store.state.lock().unwrap().watermark, 4, "two reads");
    client.check(&world, &filter);
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_gets_one_delta_over_all_it_missed() {
    let mut world = World::roomy();
    publish(&mut world, 1);
    let mut client = Client::default();
    let mut events = Events::open(&world.router(), "", None).await;
    client.take(&events.next_usage().await);
    publish(&mut world, 5_000);
    let delta = events.next_usage().await;
    assert_eq!((delta.name.as_str(), delta.id), ("delta", Some(5_001)));
    client.take(&delta);
    client.check(&world, &Filter::default());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_fell_off_the_ring_starts_over() {
    let mut world = World::new(1, HubBounds { epochs: 10, bytes: 1 << 20 });
    publish(&mut world, 1);
    let mut client = Client::default();
    let mut events = Events::open(&world.router(), "", None).await;
    client.take(&events.next_usage().await);
    publish(&mut world, 11);
    world.commit(5);
    for expected in ["reset", "snapshot"] {
        let event = events.next_usage().await;
        assert_eq!(event.name, expected);
        client.take(&event);
    }
    assert_eq!(client.resets, ["behind"]);
    client.check(&world, &Filter::default());
}

#[tokio::test(start_paused = true)]
async fn resuming() {
    // The ring holds 93 to 102; the floor's cut is known, so 92 is the oldest to go on from.
    let mut world = World::new(1, HubBounds { epochs: 10, bytes: 1 << 20 });
    publish(&mut world, 102);
    world.commit(95);
    let cases = [
        ("102", None),
        ("92", None),
        ("91", Some("behind")),
        ("1", Some("behind")),
        ("103", Some("unknown_epoch")),
        ("18446744073709551616", Some("unknown_epoch")),
        ("-1", Some("unknown_epoch")),
        ("twelve", Some("unknown_epoch")),
    ];
    for (id, reason) in cases {
        for query in ["", "network=mainnet"] {
            let mut events = Events::open(&world.router(), query, Some(id)).await;
            if let Some(reason) = reason {
                let reset = events.next_usage().await;
                assert_eq!((reset.name.as_str(), &reset.data), ("reset", &json!({"reason": reason})), "{id}");
                let snapshot = events.next_usage().await;
                assert_eq!((snapshot.name.as_str(), snapshot.id), ("snapshot", Some(102)), "{id}");
            } else {
                let usage = events.within(Duration::from_millis(10)).await;
                let missed = 102 - id.parse::<i64>().unwrap();
                let sent: i64 = usage
                    .iter()
                    .filter(|event| event.name != "pipeline")
                    .map(|event| (event.name == "delta").then(|| event.data["counts"]["requests"].as_i64()))
                    .map(|requests| requests.flatten().expect("deltas alone"))
                    .sum();
                assert_eq!(sent, missed, "{id}");
                // Rounded down at each epoch, not at each connection.
                let rated_at = |epoch| {
                    let rows = world.rows.iter().take(epoch).flatten();
                    Recount::of(rows, &Filter::default(), TimeRange::new(UnixMillis::MIN, UnixMillis::MAX)).rated
                };
                let gained: i64 = usage.iter().filter_map(|event| event.data["rated_micro_usd"].as_i64()).sum();
                assert_eq!(gained, rated_at(102) - rated_at(id.parse().unwrap()), "{id} {query}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_goes_on_over_a_restart_of_the_server() {
    let mut before = World::new(1, HubBounds::default());
    publish(&mut before, 10);
    // The next process resumes at 7 and replays 8 to 10 out of the journal.
    let mut world = World::new(8, HubBounds::default());
    world.hub.resume_at(7, noon());
    for (id, reason) in [("7", None), ("6", Some("behind")), ("8", Some("unknown_epoch"))] {
        let mut events = Events::open(&world.router(), "", Some(id)).await;
        let first = events.next().await.unwrap();
        assert_eq!(first.data.get("reason").and_then(|reason| reason.as_str()), reason, "{id}");
    }
    publish(&mut world, 3);
    let mut events = Events::open(&world.router(), "", Some("9")).await;
    let delta = events.next_usage().await;
    assert_eq!((delta.id, &delta.data["counts"]["requests"]), (Some(10), &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn a_new_month_is_a_reset() {
    let mut world = World::roomy();
    world.clock.set(at("2026-11-30T23:59:59.500Z"));
    let last_minute = row(1, Network::Mainnet, at("2026-11-30T23:59:00Z"), 3);
    world.publish(&[last_minute]);
    let router = world.router_with_pulse();
    let mut client = Client::default();
    let mut events = Events::open(&router, "", None).await;
    for event in events.within(Duration::from_millis(400)).await {
        client.take(&event);
    }
    client.check(&world, &Filter::default());
    // Without traffic, the pulse finds out.
    for event in events.within(Duration::from_millis(1_000)).await {
        client.take(&event);
    }
    assert_eq!(client.resets, ["month"]);
    client.check(&world, &Filter::default());
    // A late line for the old month adds to its minute, not to this month's counts.
    world.publish(&[last_minute, row(1, Network::Mainnet, at("2026-12-01T00:00:00Z"), 2)]);
    client.take(&events.next_usage().await);
    client.check(&world, &Filter::default());
    // Epoch 1 was sent as November's.
    let mut events = Events::open(&router, "", Some("1")).await;
    assert_eq!(events.next_usage().await.data, json!({"reason": "month"}));
    let mut events = Events::open(&router, "", Some("2")).await;
    assert_eq!(events.next().await.unwrap().name, "pipeline", "nothing to catch up on");
    assert_eq!(world.clock.now().month().to_string(), "2026-12");
}

#[tokio::test(start_paused = true)]
async fn streams_are_bounded_and_their_places_come_back() {
    let mut world = World::roomy();
    world.config.limits.streams = 2;
    let router = world.router();
    let (first, second) = (Events::open(&router, "", None).await, Events::open(&router, "", None).await);
    let refused = send(&router, get("/api/v1/stream")).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "too_many_streams"));
    drop(first);
    let third = Events::open(&router, "", None).await;
    drop((second, third));
}

#[tokio::test(start_paused = true)]
async fn streams_end_at_shutdown_and_when_no_snapshot_can_be_had() {
    let mut world = World::new(1, HubBounds { epochs: 2, bytes: 1 << 20 });
    publish(&mut world, 1);
    let router = world.router();
    let (mut one, mut other) = (Events::open(&router, "", None).await, Events::open(&router, "", None).await);
    one.next_usage().await;
    publish(&mut world, 5);
    // The store is at 0 and stays there: what it has, now and then.
    let behind = one.within(Duration::from_millis(2_900)).await;
    let behind = names(&behind);
    assert_eq!(behind.iter().filter(|name| **name == "snapshot").count(), 3, "{behind:?}");
    // The store is away: not a reset without a snapshot, but an end.
    let away = || StoreError::Unavailable { attempted: "read usage", cause: "it is away".into() };
    world.store.state.lock().unwrap().failure = Some(away);
    let last = one.within(Duration::from_secs(10)).await;
    let last = names(&last);
    assert!(!last.iter().any(|name| ["reset", "snapshot"].contains(name)), "{last:?}");
    assert_eq!(one.next().await, None);
    world.shutdown.cancel();
    assert_eq!(other.next().await, None);
}
