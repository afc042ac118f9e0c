//! Summary and series: across the seam they equal a plain recount, wherever the seam is.

use crate::traffic::{Recount, Row, any_filter, any_row, at, noon, query_of, row};
use crate::world::{World, ask, get, send};
use axum::http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use suiftly_api::HubBounds;
use suiftly_api::rows::{Filter, TimeRange};
use suiftly_schema::histogram::Histogram;
use suiftly_schema::ids::Network;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::UsageSums;
use suiftly_store::StoreError;

pub(crate) fn counts(sums: &UsageSums) -> Value {
    json!({
        "requests": sums.requests(), "guaranteed": sums.guaranteed, "burst": sums.burst, "rejected": sums.rejected,
        "client_error": sums.client_error, "server_error": sums.server_error, "other": sums.other,
        "billable_requests": sums.billable_requests, "bytes_sent": sums.bytes_sent,
        "billable_bytes": sums.billable_bytes,
    })
}

/// Percentiles by hand.
pub(crate) fn percentiles(times: &Histogram) -> Value {
    let at = |per_mille| times.quantile_ms(per_mille);
    match at(0) {
        None => Value::Null,
        Some(min) => {
            json!({"min": min, "p50": at(500), "p95": at(950), "p99": at(990), "max": at(1_000)})
        }
    }
}

/// What each bucket of a customer's adds to what is rated, by recounting all that was before it, each time anew.
fn costs<'a>(
    rows: impl IntoIterator<Item = &'a Row>,
    filter: &Filter,
    range: TimeRange,
    width_ms: i64,
) -> Option<BTreeMap<UnixMillis, i64>> {
    filter.customer_id.filter(|_| width_ms >= 3_600_000)?;
    let rated_together = Filter { network: None, ..*filter };
    let since = TimeRange::new(range.from.month().start(), range.to);
    let is_its = |row: &&Row| Recount::of([*row], &rated_together, since) != Recount::default();
    let mut rows: Vec<_> = rows.into_iter().filter(is_its).collect();
    rows.sort_by_key(|(key, _)| (key.minute.hour(), key.usage.service, key.usage.network));
    let all_time = TimeRange::new(UnixMillis::MIN, UnixMillis::MAX);
    let rated = |rows: &[&Row]| Recount::of(rows.iter().copied(), &Filter::default(), all_time).rated;
    let mut costs = BTreeMap::new();
    for (at, (key, _)) in rows.iter().enumerate().filter(|(_, (key, _))| range.holds(key.minute)) {
        if filter.network.is_none() || filter.network == key.usage.network {
            let bucket = UnixMillis(key.minute.0.div_euclid(width_ms) * width_ms);
            *costs.entry(bucket).or_default() += rated(&rows[..=at]) - rated(&rows[..at]);
        }
    }
    Some(costs)
}

/// A recount's minutes, by bucket: points, and all together.
fn series(
    recount: &Recount,
    costs: Option<&BTreeMap<UnixMillis, i64>>,
    width_ms: i64,
    from: UnixMillis,
) -> (Value, Value) {
    let bucket = |at: UnixMillis| UnixMillis(at.0.div_euclid(width_ms) * width_ms);
    let mut points = BTreeMap::<UnixMillis, (UsageSums, Histogram)>::new();
    recount.minutes.iter().for_each(|(at, sums)| points.entry(bucket(*at)).or_default().0 += sums);
    recount.times.iter().for_each(|(at, times)| points.entry(bucket(*at)).or_default().1 += times);
    let mut all = Histogram::default();
    points.values().for_each(|(_, times)| all += times);
    let some = points.iter().filter(|(_, (sums, times))| !sums.is_zero() || !times.is_empty());
    let point = |(start, (sums, times)): (&UnixMillis, &(UsageSums, Histogram))| {
        let partial = *start < from || start.plus_ms(width_ms) > noon();
        let rated = costs.map(|costs| costs.get(start).copied().unwrap_or_default());
        json!({
            "start": start.rfc3339(), "partial": partial, "counts": counts(sums), "rated_micro_usd": rated,
            "time_ms": percentiles(times),
        })
    };
    (some.map(point).collect(), percentiles(&all))
}

/// Holds every kind of answer against a plain recount.
pub(crate) async fn check(world: &World, filter: &Filter) {
    let router = world.router();
    let query = query_of(filter);
    let recount = |from, to| Recount::of(world.all_rows(), filter, TimeRange::new(at(from), at(to)));
    // The default range, a whole month, and one over the months' edge and the price books'.
    let ranges = [
        ("", "2026-11-01T00:00:00Z", "2026-11-21T13:00:00Z"),
        ("range=24h", "2026-11-20T13:00:00Z", "2026-11-21T13:00:00Z"),
        ("from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("from=2026-10-31T12:00:00Z&to=2026-11-21T14:00:00Z", "2026-10-31T12:00:00Z", "2026-11-21T14:00:00Z"),
    ];
    for (range, from, to) in ranges {
        let expected = recount(from, to);
        let answer = ask(&router, &format!("/api/v1/usage/summary?percentiles=true&{range}{query}")).await;
        let epoch = json!(world.latest);
        assert_eq!(answer["counts"], counts(&expected.sums), "{range}");
        assert_eq!(answer["rated_micro_usd"], json!(expected.rated), "{range}");
        assert_eq!(answer["time_ms"], series(&expected, None, 1, at(from)).1, "{range}");
        assert_eq!((&answer["epoch"], &answer["from"], &answer["to"]), (&epoch, &json!(from), &json!(to)));
    }
    // By the default, by named ranges and by one of one's own that cuts its first day.
    let series_of = [
        ("", "minute", 60_000, "2026-11-21T11:31:00Z", "2026-11-21T12:31:00Z"),
        ("range=24h", "five_minutes", 300_000, "2026-11-20T12:35:00Z", "2026-11-21T12:35:00Z"),
        ("bucket=hour", "hour", 3_600_000, "2026-11-01T00:00:00Z", "2026-11-21T13:00:00Z"),
        ("range=7d", "hour", 3_600_000, "2026-11-14T13:00:00Z", "2026-11-21T13:00:00Z"),
        ("range=30d", "day", 86_400_000, "2026-10-23T00:00:00Z", "2026-11-22T00:00:00Z"),
        ("from=2026-10-30T15:00:00Z&bucket=day", "day", 86_400_000, "2026-10-30T15:00:00Z", "2026-11-22T00:00:00Z"),
    ];
    for (range, bucket, width_ms, from, to) in series_of {
        let answer = ask(&router, &format!("/api/v1/usage/series?percentiles=true&{range}{query}")).await;
        let expected = recount(from, to);
        let costs = costs(world.all_rows(), filter, TimeRange::new(at(from), at(to)), width_ms);
        let (points, all) = series(&expected, costs.as_ref(), width_ms, at(from));
        let rated = costs.map(|costs| costs.values().sum::<i64>());
        assert_eq!(answer["rated_micro_usd"], json!(rated), "{range}");
        assert_eq!((&answer["bucket"], &answer["from"], &answer["to"]), (&json!(bucket), &json!(from), &json!(to)));
        assert_eq!((&answer["points"], &answer["time_ms"]), (&points, &all), "{range}");
        assert_eq!(answer["counts"], counts(&expected.sums), "{range}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any split of the epochs between the store and the ring gives the same answer.
    #[test]
    fn answers_do_not_depend_on_where_the_seam_is(
        first in 1u64..1_000,
        epochs in prop::collection::vec(prop::collection::vec(any_row(), 0..6), 0..12),
        seam in any::<prop::sample::Index>(),
        filter in any_filter(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut world = World::new(first, HubBounds::default());
            for rows in &epochs {
                world.publish(rows);
            }
            world.commit(first - 1 + u64::try_from(seam.index(epochs.len() + 1)).unwrap());
            check(&world, &filter).await;
        });
    }
}

fn some_rows() -> Vec<Row> {
    vec![row(1, Network::Mainnet, noon(), 10)]
}

#[tokio::test(start_paused = true)]
async fn a_store_that_was_never_written_and_a_hub_that_was_never_published_to() {
    let world = World::roomy();
    let answer = ask(&world.router(), "/api/v1/usage/summary").await;
    assert_eq!(answer["epoch"], 0);
    assert_eq!(answer["counts"], counts(&UsageSums::default()));
    assert_eq!(answer["rated_micro_usd"], 0);
}

#[tokio::test(start_paused = true)]
async fn behind_the_ring_the_answer_is_what_the_store_has() {
    let mut world = World::new(1, HubBounds { epochs: 5, bytes: 1 << 20 });
    for _ in 0..20 {
        world.publish(&some_rows());
    }
    // The ring begins after the 15th.
    world.store.state.lock().unwrap().watermark = 12;
    for uri in ["/api/v1/usage/summary", "/api/v1/usage/summary?percentiles=true"] {
        let behind = ask(&world.router(), uri).await;
        assert_eq!((&behind["epoch"], &behind["counts"]["requests"]), (&json!(12), &json!(120)), "{uri}");
    }
    // It catches up while it is waited for: one epoch more for each read.
    world.store.state.lock().unwrap().watermark = 13;
    world.store.state.lock().unwrap().commit_per_read = 1;
    let answer = ask(&world.router(), "/api/v1/usage/summary").await;
    assert_eq!((&answer["epoch"], &answer["counts"]["requests"]), (&json!(20), &json!(200)));
    assert!(world.store.state.lock().unwrap().watermark <= 16);
}

#[tokio::test(start_paused = true)]
async fn a_store_ahead_of_the_hub_is_waited_for() {
    let mut world = World::new(1, HubBounds::default());
    world.publish(&some_rows());
    world.store.state.lock().unwrap().watermark = 2;
    let (router, request) = (world.router(), get("/api/v1/usage/summary"));
    let asking = tokio::spawn(async move { send(&router, request).await });
    tokio::task::yield_now().await;
    world.publish(&some_rows());
    let answer = asking.await.unwrap().json();
    assert_eq!((&answer["epoch"], &answer["counts"]["requests"]), (&json!(2), &json!(20)));
}

#[tokio::test(start_paused = true)]
async fn the_stores_failures_are_told_apart_and_their_inside_is_not_shown() {
    let world = World::roomy();
    let cases: [(fn() -> StoreError, _, _); 2] = [
        (
            || StoreError::Unavailable { attempted: "read usage", cause: "secret host".into() },
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
        ),
        (
            || StoreError::Refused { attempted: "read usage", cause: "secret column".into() },
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
        ),
    ];
    for (failure, status, code) in cases {
        world.store.state.lock().unwrap().failure = Some(failure);
        for uri in ["/api/v1/usage/summary", "/api/v1/usage/series", "/api/v1/stream"] {
            let answered = send(&world.router(), get(uri)).await;
            assert_eq!((answered.status, answered.problem().as_str()), (status, code), "{uri}");
            assert!(!answered.body.contains("secret"), "{}", answered.body);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bad_parameters_are_named() {
    let world = World::roomy();
    let cases = [
        ("/api/v1/usage/summary?from=yesterday&customer_id=-1", "customer_id from"),
        ("/api/v1/usage/summary?from=2026-11-21T00:00:30Z", "from"),
        ("/api/v1/usage/series?bucket=week", "bucket"),
        ("/api/v1/customers/keys", "customer_id"),
        ("/api/v1/customers/top?by=fame&n=1000", "by n"),
        ("/api/v1/infra/series?group_by=moon&status_class=9", "status_class group_by"),
        ("/api/v1/usage/series?bucket=minute&from=2026-11-01T00:00:00Z", "from"),
        ("/api/v1/stream?service_type=0", "service_type"),
        ("/api/v1/pipeline?verbose=1", "verbose"),
    ];
    for (uri, fields) in cases {
        let answered = send(&world.router(), get(uri)).await;
        assert_eq!((answered.status, answered.problem().as_str()), (StatusCode::BAD_REQUEST, "validation"), "{uri}");
        let errors = answered.json()["errors"].clone();
        let named: Vec<&str> = errors.as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(named.join(" "), fields, "{uri}");
        assert!(errors.as_array().unwrap().iter().all(|e| !e["message"].as_str().unwrap().is_empty()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_minute_older_than_the_store_keeps_is_left_out() {
    let mut world = World::roomy();
    // 25 hours ago: the writer counts it in its hour alone, so the ring must not show it either.
    world.publish(&[row(1, Network::Mainnet, noon().plus_ms(-25 * 3_600_000), 4), row(1, Network::Mainnet, noon(), 3)]);
    let uri = "/api/v1/usage/series?from=2026-11-20T11:00:00Z&to=2026-11-21T13:00:00Z";
    let minutes = ask(&world.router(), &format!("{uri}&bucket=minute")).await;
    assert_eq!(minutes["from"], "2026-11-20T12:31:00Z");
    assert_eq!(minutes["points"].as_array().unwrap().len(), 1);
    let hours = ask(&world.router(), &format!("{uri}&bucket=hour")).await;
    assert_eq!(hours["points"].as_array().unwrap().len(), 2);
}
