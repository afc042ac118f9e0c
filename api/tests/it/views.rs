//! Infra, keys, spend and rankings: the same wherever the seam is, and every bad request by name.

use crate::traffic::{books, noon, row};
use crate::usage::percentiles;
use crate::world::{World, ask, get, send};
use axum::http::StatusCode;
use serde_json::{Value, json};
use suiftly_api::HubBounds;
use suiftly_schema::activity::{KeyActivity, KeyRef};
use suiftly_schema::histogram::Histogram;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::infra::{InfraKey, InfraSpanKey, InfraSums, StatusClass, Termination};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::record::ShortText;
use suiftly_schema::spend::{SpendState, Used};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::{EpochDeltas, RatedKey, RatedSums, Spend};
use suiftly_store::StoreError;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn customer(id: i64) -> CustomerId {
    CustomerId::new(id).unwrap()
}

/// Asks at every seam: nothing committed, one epoch, and so on; the answers must be one.
async fn at_every_seam(world: &World, uri: &str) -> Value {
    let mut first = None;
    for committed in 0..=world.latest {
        world.commit(committed);
        let answer = ask(&world.router(), uri).await;
        assert_eq!(first.get_or_insert(answer.clone()), &answer, "{uri} at {committed}");
    }
    world.store.state.lock().unwrap().watermark = 0;
    first.unwrap()
}

fn infra_key(server_id: Option<i16>, event_type: u8) -> InfraKey {
    let (service, network) = (Some(Service::Grpc), Some(Network::Mainnet));
    InfraKey { server_id, service, network, backend_id: 1, event_type, status_class: StatusClass::of(200) }
}

/// Requests that took as long each, with their minute, hour and day.
fn infra(rows: &[(InfraKey, UnixMillis, u32, i64)]) -> EpochDeltas {
    let mut deltas = EpochDeltas::default();
    for (infra, at, ms, times) in rows {
        let mut sums = InfraSums { requests: *times, bytes_sent: times * 10, ..InfraSums::default() };
        let total = &mut sums.phases[4];
        (total.sum_ms, total.times) = (i64::from(*ms) * times, Histogram::of(*ms, *times));
        sums.terminations.count(Termination::new(&ShortText::new("S\0-")), *times);
        let row = |start| (InfraSpanKey { infra: *infra, start }, sums.clone());
        deltas.infra_minutes.push(row(at.minute()));
        deltas.infra_hours.push(row(at.hour()));
        deltas.infra_days.push(row(at.day()));
    }
    deltas
}

#[tokio::test(start_paused = true)]
async fn infra_is_told_by_group_and_by_bucket() {
    let mut world = World::new(1, HubBounds::default());
    let (one, failed, nobody) = (infra_key(Some(17), 0), infra_key(Some(17), 50), infra_key(None, 0));
    world.publish_deltas(infra(&[(one, noon(), 20, 3), (failed, noon(), 9_000, 1)]));
    world.publish_deltas(infra(&[(one, noon(), 40, 1), (nobody, noon().plus_ms(-2 * HOUR_MS), 5, 2)]));
    world.publish_deltas(infra(&[(one, noon().plus_ms(-3 * DAY_MS), 7, 6)]));

    let all = at_every_seam(&world, "/api/v1/infra/summary").await;
    assert_eq!((&all["from"], &all["to"]), (&json!("2026-11-20T12:35:00Z"), &json!("2026-11-21T12:35:00Z")));
    assert_eq!((all["epoch"].as_u64(), all["groups"].as_array().unwrap().len()), (Some(3), 1));
    let group = &all["groups"][0];
    assert_eq!((&group["group"], &group["requests"], &group["bytes_sent"]), (&json!({}), &json!(7), &json!(70)));
    assert_eq!(group["terminations"], json!({"S?-": 7}));
    let mut times = Histogram::default();
    [(20, 3), (9_000, 1), (40, 1), (5, 2)].iter().for_each(|(ms, n)| times.count(*ms, *n));
    assert_eq!(group["phases"]["total"], json!({"reached": 7, "sum_ms": 9_110, "time_ms": percentiles(&times)}));
    assert_eq!(group["phases"]["queue"], json!({"reached": 0, "sum_ms": 0, "time_ms": null}));

    let by = at_every_seam(&world, "/api/v1/infra/summary?range=7d&group_by=server_id,event_type").await;
    let found: Vec<_> = by["groups"].as_array().unwrap().iter().map(|row| (&row["group"], &row["requests"])).collect();
    let expected = [
        (json!({"server_id": null, "event_type": 0}), json!(2)),
        (json!({"server_id": 17, "event_type": 0}), json!(10)),
        (json!({"server_id": 17, "event_type": 50}), json!(1)),
    ];
    assert_eq!(found, expected.iter().map(|(group, n)| (group, n)).collect::<Vec<_>>());

    for (range, starts) in [
        ("range=7d&server_id=17", vec![("2026-11-18T12:00:00Z", false, 6), ("2026-11-21T12:00:00Z", true, 5)]),
        ("range=30d&event_type=0", vec![("2026-11-18T00:00:00Z", false, 6), ("2026-11-21T00:00:00Z", true, 6)]),
        ("", vec![("2026-11-21T10:30:00Z", false, 2), ("2026-11-21T12:30:00Z", true, 5)]),
        ("bucket=minute&status_class=5", vec![]),
    ] {
        let series = at_every_seam(&world, &format!("/api/v1/infra/series?{range}")).await;
        let point = |point: &Value| {
            let requests = point["groups"][0]["requests"].as_i64().unwrap();
            (point["start"].as_str().unwrap().to_owned(), point["partial"].as_bool().unwrap(), requests)
        };
        let found: Vec<_> = series["points"].as_array().unwrap().iter().map(point).collect();
        let starts: Vec<_> = starts.into_iter().map(|(start, partial, n)| (start.to_owned(), partial, n)).collect();
        assert_eq!(found, starts, "{range}");
    }
}

#[tokio::test(start_paused = true)]
async fn infra_is_told_by_band_of_time() {
    let mut world = World::new(1, HubBounds::default());
    let (one, failed) = (infra_key(Some(17), 0), infra_key(Some(18), 50));
    world.publish_deltas(infra(&[(one, noon(), 20, 3), (failed, noon(), 9_000, 1)]));
    world.publish_deltas(infra(&[(one, noon(), 21, 1), (one, noon().plus_ms(-2 * HOUR_MS), 0, 2)]));
    let map = at_every_seam(&world, "/api/v1/infra/heatmap").await;
    assert_eq!(
        (&map["phase"], &map["bucket"], map["epoch"].as_u64()),
        (&json!("total"), &json!("five_minutes"), Some(2))
    );
    let bands = map["bands"].as_array().unwrap();
    assert_eq!(
        (&bands[0], &bands[15]),
        (&json!({"from_ms": 0, "to_ms": 1}), &json!({"from_ms": 60_000, "to_ms": null}))
    );
    let point = |start: &str, partial: bool, counts: &[(usize, i64)]| {
        let mut all = vec![0; bands.len()];
        counts.iter().for_each(|(band, n)| all[*band] = *n);
        json!({"start": start, "partial": partial, "counts": all})
    };
    let (early, late) = ("2026-11-21T10:30:00Z", "2026-11-21T12:30:00Z");
    assert_eq!(map["points"], json!([point(early, false, &[(0, 2)]), point(late, true, &[(5, 4), (12, 1)])]));
    let of_one = at_every_seam(&world, "/api/v1/infra/heatmap?server_id=18&range=7d").await;
    assert_eq!(of_one["points"], json!([point("2026-11-21T12:00:00Z", true, &[(12, 1)])]));
    let queue = at_every_seam(&world, "/api/v1/infra/heatmap?phase=queue").await;
    assert_eq!(queue["points"], json!([]), "nobody queued");
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_too_many_rows_is_refused() {
    let mut world = World::roomy();
    let rows: Vec<_> = (0..5_001).map(|n| (infra_key(Some(n), 0), noon(), 1, 1)).collect();
    world.publish_deltas(infra(&rows));
    let uri = "/api/v1/infra/summary?group_by=server_id";
    let refused = send(&world.router(), get(uri)).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::BAD_REQUEST, "too_broad"));
    ask(&world.router(), &format!("{uri}&server_id=17")).await;
    // And what the store will not read.
    world.store.state.lock().unwrap().failure =
        Some(|| StoreError::TooManyRows { attempted: "read usage by bucket", rows_max: 100_000 });
    let refused = send(&world.router(), get("/api/v1/usage/series?percentiles=true")).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::BAD_REQUEST, "too_broad"));
    assert!(refused.json()["detail"].as_str().unwrap().contains("100000"), "{}", refused.body);
}

#[tokio::test(start_paused = true)]
async fn keys_are_told_by_their_last_use() {
    let mut world = World::new(1, HubBounds::default());
    let did = |id, api_key_fp, requests, errors, ago_ms: i64| {
        let last_used_at = noon().plus_ms(-ago_ms);
        (KeyRef { customer_id: customer(id), api_key_fp }, KeyActivity { requests, errors, last_used_at })
    };
    for keys in [
        vec![did(1, 7, 3, 1, 9_000), did(1, u32::MAX, 1, 0, 5_000), did(2, 7, 100, 100, 0)],
        vec![did(1, 7, 2, 0, 20_000)],
        vec![did(1, 8, 1, 1, 5_000)],
    ] {
        world.publish_deltas(EpochDeltas { keys, ..EpochDeltas::default() });
    }
    let answer = at_every_seam(&world, "/api/v1/customers/keys?customer_id=1").await;
    let key = |fp: u32, requests, errors, at: &str| json!({"api_key_fp": fp, "requests": requests, "errors": errors, "last_used_at": at});
    let expected = [
        key(8, 1, 1, "2026-11-21T12:30:10Z"),
        key(u32::MAX, 1, 0, "2026-11-21T12:30:10Z"),
        key(7, 5, 1, "2026-11-21T12:30:06Z"),
    ];
    assert_eq!((&answer["keys"], &answer["customer_id"]), (&json!(expected), &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn spend_is_the_last_state_and_what_is_rated_since() {
    let mut world = World::new(1, HubBounds::default());
    let month = noon().month();
    let spend = |state, rated| {
        let used = Used { rated_this_month: MicroUsd(rated), rated_in_all: MicroUsd(rated + 1) };
        vec![(customer(1), Spend { state, month, used })]
    };
    let rated = |micro| {
        let key = RatedKey { customer_id: customer(1), service: None, month, price_book: 1 };
        vec![(key, RatedSums { rated: MicroUsd(micro), ..RatedSums::default() })]
    };
    for (spend, rated) in [
        (spend(SpendState::Active, 0), rated(40)),
        (spend(SpendState::MonthlyLimit, 100), rated(60)),
        (vec![], rated(5)),
    ] {
        world.publish_deltas(EpochDeltas { spend, rated, ..EpochDeltas::default() });
    }
    let known = at_every_seam(&world, "/api/v1/customers/spend?customer_id=1").await;
    assert_eq!(known["state"], "monthly_limit");
    assert_eq!((&known["month"], &known["rated_this_month_micro_usd"]), (&json!("2026-11"), &json!(105)));
    let at = json!({"at": "2026-11-21T12:30:15Z", "month": "2026-11", "rated_this_month_micro_usd": 100,
        "rated_in_all_micro_usd": 101});
    assert_eq!(known["changed"], at);
    let unknown = at_every_seam(&world, "/api/v1/customers/spend?customer_id=2").await;
    assert_eq!((&unknown["state"], &unknown["changed"]), (&Value::Null, &Value::Null));
    assert_eq!(unknown["rated_this_month_micro_usd"], 0);
}

#[tokio::test(start_paused = true)]
async fn rankings_are_by_use_and_by_its_change() {
    let mut world = World::new(1, HubBounds::default());
    let (now, before, long_ago) = (noon(), noon().plus_ms(-DAY_MS), noon().plus_ms(-3 * DAY_MS));
    let mainnet = |customer, at, requests| row(customer, Network::Mainnet, at, requests);
    world.publish(&[mainnet(1, now, 500), mainnet(1, before, 490), mainnet(2, now, 40), mainnet(9, long_ago, 9_999)]);
    world.publish(&[mainnet(2, before, 400), mainnet(3, now, 300), row(3, Network::Testnet, now, 300)]);
    // Neither the unattributed nor gateways that ask themselves are customers.
    let canary = suiftly_schema::vault::canary_customer(17).unwrap().get();
    world.publish(&[mainnet(0, now, 7_777), mainnet(canary, now, 8_888)]);
    let ranking = |answer: &Value, name: &str| -> Vec<(i64, i64, i64)> {
        let of = |one: &Value, name: &str| one[name].as_i64().unwrap();
        let all = answer[name].as_array().unwrap().iter();
        all.map(|one| (of(one, "customer_id"), of(one, "value"), of(one, "change"))).collect()
    };
    let answer = at_every_seam(&world, "/api/v1/customers/top").await;
    let range = ["before_from", "from", "to"].map(|name| answer[name].as_str().unwrap().to_owned());
    assert_eq!(range, ["2026-11-19T13:00:00Z", "2026-11-20T13:00:00Z", "2026-11-21T13:00:00Z"]);
    assert_eq!(ranking(&answer, "top"), [(3, 600, 600), (1, 500, 10), (2, 40, -360)]);
    assert_eq!(ranking(&answer, "movers"), [(3, 600, 600), (2, 40, -360), (1, 500, 10)]);
    let answer = at_every_seam(&world, "/api/v1/customers/top?by=bytes&network=mainnet&n=1").await;
    assert_eq!(ranking(&answer, "top"), [(1, 500_000, 10_000)]);
    assert_eq!(ranking(&answer, "movers"), [(2, 40_000, -360_000)]);
    let answer = at_every_seam(&world, "/api/v1/customers/top?by=money&range=7d").await;
    // By the book in force in the hour, the networks together.
    let rate = |book, requests| {
        let book = books().version(book).unwrap().clone();
        book.rate(Some(Service::Grpc), requests, requests * 1_000).0
    };
    let expected =
        [(9, rate(1, 9_999)), (1, rate(2, 500) + rate(1, 490)), (3, rate(2, 600)), (2, rate(2, 40) + rate(1, 400))];
    let rated = |one: &Value| (one["customer_id"].as_i64().unwrap(), one["rated_micro_usd"].as_i64().unwrap());
    assert_eq!(answer["top"].as_array().unwrap().iter().map(rated).collect::<Vec<_>>(), expected);
    let errors = at_every_seam(&world, "/api/v1/customers/top?by=errors").await;
    assert_eq!((ranking(&errors, "top"), ranking(&errors, "movers")), (vec![], vec![]));
}
