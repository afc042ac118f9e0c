//! A customer's usage: theirs alone, live, and as CSV that adds up to the summary.

use crate::desk::Desk;
use crate::house::Member;
use crate::sse::Events;
use crate::traffic::{Row, at, row};
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use suiftly_api::ViewRows;
use suiftly_api::rows::{Answer, Filter};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::UsageSums;
use suiftly_store::StoreError;
use suiftly_store::reader::{
    CellQuery, InfraQuery, KeyQuery, PartQuery, RatedMonth, Reader, Rows, SpendQuery, StreamSnapshot, UsageQuery,
};

/// Usage over two months, two services, two networks, both price books, corrections among it; and some of somebody else.
fn traffic(own: &Member, other: &Member) -> Vec<Row> {
    let id = |member: &Member| member.id.get();
    let seal = |(mut key, sums): Row| {
        key.usage.service = Some(Service::Seal);
        (key, sums)
    };
    vec![
        row(id(own), Network::Mainnet, at("2026-10-30T23:10:00Z"), 7),
        row(id(own), Network::Testnet, at("2026-10-31T23:10:00Z"), 11),
        row(id(own), Network::Mainnet, at("2026-11-02T00:00:00Z"), 13),
        seal(row(id(own), Network::Mainnet, at("2026-11-02T00:01:00Z"), 17)),
        row(id(own), Network::Mainnet, at("2026-11-20T05:00:00Z"), 1_003),
        correction(row(id(own), Network::Mainnet, at("2026-11-20T06:00:00Z"), 3)),
        seal(row(id(own), Network::Testnet, at("2026-11-21T11:59:00Z"), 19)),
        row(id(own), Network::Mainnet, at("2026-11-21T12:10:00Z"), 23),
        row(id(other), Network::Mainnet, at("2026-11-20T05:00:00Z"), 1_000_000),
    ]
}

/// What was counted as guaranteed, and was not: nothing is billed for it.
fn correction((key, sums): Row) -> Row {
    let taken_back = UsageSums {
        guaranteed: -sums.guaranteed,
        billable_requests: -sums.billable_requests,
        other: sums.guaranteed,
        ..UsageSums::default()
    };
    (key, taken_back)
}

/// Columns of counts, as the summary names them.
const COUNTS: [&str; 10] = [
    "requests",
    "guaranteed",
    "burst",
    "rejected",
    "client_error",
    "server_error",
    "other",
    "billable_requests",
    "bytes_sent",
    "billable_bytes",
];

/// What the rows of a CSV add up to, by column.
fn sums(csv: &str) -> Value {
    let mut lines = csv.split_terminator("\r\n");
    let names: Vec<_> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<_>> = lines.map(|line| line.split(',').collect()).collect();
    assert!(rows.is_sorted_by_key(|row| row[0]), "ascending by start");
    let sum = |name: &str| {
        let at = names.iter().position(|found| *found == name).unwrap();
        rows.iter().map(|row| row[at].parse::<i64>().unwrap()).sum::<i64>()
    };
    let counts: serde_json::Map<_, _> = COUNTS.iter().map(|name| ((*name).to_owned(), json!(sum(name)))).collect();
    json!({"counts": counts, "rated_micro_usd": sum("rated_micro_usd")})
}

#[tokio::test]
async fn the_csv_adds_up_to_the_summary_whatever_is_asked_for() {
    let mut desk = Desk::open().await;
    let (own, other) = (desk.member(1).await, desk.member(2).await);
    let rows = traffic(&own, &other);
    let (stored, live) = rows.split_at(5);
    desk.use_some(stored).await;
    desk.publish(live);
    for query in [
        "",
        "from=2026-10-30T00:00:00Z",
        "from=2026-10-30T00:00:00Z&to=2026-11-21T13:00:00Z&service_type=grpc",
        "from=2026-10-30T23:00:00Z&to=2026-11-21T12:00:00Z&network=mainnet",
        "service_type=seal&network=testnet",
        "range=24h",
        "range=30d&service_type=2",
        "from=2025-10-20T00:00:00Z",
        "from=2026-11-05T03:00:00Z&to=2026-11-05T04:00:00Z",
    ] {
        let summary = own.get(&format!("/usage/summary?{query}")).await;
        let expected = json!({"counts": summary["counts"], "rated_micro_usd": summary["rated_micro_usd"]});
        for bucket in ["hour", "day"] {
            let csv = own.ask(Method::GET, &format!("/usage/export.csv?bucket={bucket}&{query}"), None).await;
            assert_eq!(csv.status, StatusCode::OK);
            assert!(csv.header("content-type").starts_with("text/csv"));
            assert!(csv.header("content-disposition").starts_with("attachment; filename=\"suiftly-usage-2"));
            assert_eq!(sums(&csv.body), expected, "{query} by {bucket}: {}", csv.body);
        }
    }
    let all = own.get("/usage/summary?from=2026-10-30T00:00:00Z").await;
    assert_eq!(all["counts"]["requests"], 7 + 11 + 13 + 17 + 1_003 + 19 + 23);
    let csv = own.ask(Method::GET, "/usage/export.csv?from=2026-11-02T00:00:00Z&to=2026-11-03T00:00:00Z", None).await;
    let rows: Vec<_> = csv.body.lines().skip(1).map(|line| &line[..36]).collect();
    assert_eq!(rows, ["2026-11-02T00:00:00Z,seal,mainnet,17", "2026-11-02T00:00:00Z,grpc,mainnet,13"]);
}

#[tokio::test]
async fn buckets_of_a_month_cost_what_the_month_does_and_hours_what_the_draft_says() {
    let mut desk = Desk::open().await;
    let (own, other) = (desk.member(1).await, desk.member(2).await);
    let rows = traffic(&own, &other);
    let (stored, live) = rows.split_at(5);
    desk.use_some(stored).await;
    desk.publish(live);
    let month = own.get("/usage/summary").await["rated_micro_usd"].clone();
    let costs = async |query: &str| {
        let series = own.get(&format!("/usage/series?{query}")).await;
        let points = series["points"].as_array().unwrap().iter();
        let points: Vec<_> = points.map(|point| point["rated_micro_usd"].as_i64().unwrap()).collect();
        assert_eq!(series["rated_micro_usd"], points.iter().sum::<i64>(), "{query}");
        points
    };
    for bucket in ["hour", "day"] {
        let query = format!("bucket={bucket}&from=2026-11-01T00:00:00Z");
        assert_eq!(json!(costs(&query).await.iter().sum::<i64>()), month, "{bucket}");
        let mut parts = 0;
        for part in ["network=mainnet", "network=testnet"] {
            parts += costs(&format!("{query}&{part}")).await.iter().sum::<i64>();
        }
        assert_eq!(json!(parts), month, "by network, {bucket}");
    }
    let minutes = own.get("/usage/series?bucket=minute").await;
    assert_eq!((&minutes["points"][0]["rated_micro_usd"], &minutes["rated_micro_usd"]), (&Value::Null, &Value::Null));
    // A range that begins within the month goes on from what was before it, as the draft's hours do.
    desk.commit().await;
    let hours = own.get("/billing/draft/hours?limit=200").await;
    let mut of_draft = std::collections::BTreeMap::<&str, i64>::new();
    for row in hours["items"].as_array().unwrap() {
        *of_draft.entry(row["hour"].as_str().unwrap()).or_default() += row["charged_micro_usd"].as_i64().unwrap();
    }
    let since = own.get("/usage/series?bucket=hour&from=2026-11-20T05:00:00Z").await;
    for point in since["points"].as_array().unwrap() {
        let draft = of_draft.get(point["start"].as_str().unwrap()).copied().unwrap_or_default();
        assert_eq!(point["rated_micro_usd"], draft, "{point}");
    }
    assert_eq!(since["points"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn each_days_peak_and_how_often_the_guarantee_was_passed() {
    let mut desk = Desk::open().await;
    let own = desk.member(1).await;
    let id = own.id.get();
    let above = |(key, sums): Row, burst, rejected| (key, UsageSums { burst, rejected, ..sums });
    desk.use_some(&[
        row(id, Network::Mainnet, at("2026-11-20T05:00:00Z"), 600),
        above(row(id, Network::Testnet, at("2026-11-20T06:10:00Z"), 100), 7, 0),
        row(id, Network::Mainnet, at("2026-11-20T05:20:00Z"), 60),
        above(row(id, Network::Mainnet, at("2026-11-21T11:59:00Z"), 30), 0, 3),
        row(id, Network::Mainnet, at("2026-11-21T12:01:00Z"), 120),
    ])
    .await;
    desk.publish(&[row(id, Network::Mainnet, at("2026-11-21T12:01:00Z"), 60)]);
    // However long that took: what is told goes by the minute.
    desk.house.world.clock.set(at("2026-11-21T12:30:15Z"));
    let peaks = own.get("/usage/peaks?days=3").await;
    let peak = |start: &str, requests: i64, per_second: f64| json!({"start": start, "requests": requests, "per_second": per_second});
    assert_eq!(
        peaks["days"],
        json!([
            {"day": "2026-11-19", "requests": 0, "busiest_minute": null, "busiest_hour": null,
             "hours_above_guaranteed": 0, "burst": 0, "rejected": 0},
            // Minutes of yesterday are half gone.
            {"day": "2026-11-20", "requests": 767, "busiest_minute": null,
             "busiest_hour": peak("2026-11-20T05:00:00Z", 660, 660.0 / 3_600.0),
             "hours_above_guaranteed": 1, "burst": 7, "rejected": 0},
            {"day": "2026-11-21", "requests": 213, "busiest_minute": peak("2026-11-21T12:01:00Z", 180, 3.0),
             "busiest_hour": peak("2026-11-21T12:00:00Z", 180, 0.05),
             "hours_above_guaranteed": 1, "burst": 0, "rejected": 3},
        ])
    );
    let told = ["from", "to", "minutes_from", "hours", "hours_above_guaranteed", "burst", "rejected"];
    let told = told.map(|name| peaks[name].to_string().replace('"', ""));
    let range = ["2026-11-19T00:00:00Z", "2026-11-21T13:00:00Z", "2026-11-20T12:31:00Z"];
    assert_eq!(told, [range[0], range[1], range[2], "61", "2", "7", "3"]);
    let testnet = own.get("/usage/peaks?network=testnet").await;
    assert_eq!((testnet["days"].as_array().unwrap().len(), &testnet["burst"]), (30, &json!(7)));
    for (query, field) in [("days=0", "days"), ("days=91", "days"), ("days=x", "days"), ("range=24h", "range")] {
        let asked = own.ask(Method::GET, &format!("/usage/peaks?{query}"), None).await;
        assert_eq!(asked.json()["errors"][0]["field"], field, "{query}");
    }
}

#[tokio::test]
async fn usage_is_the_customers_own_whatever_they_ask_for() {
    let mut desk = Desk::open().await;
    let (own, other) = (desk.member(1).await, desk.member(2).await);
    desk.use_some(&traffic(&own, &other)).await;
    for path in ["summary", "series", "export.csv", "stream"] {
        let asked = own.ask(Method::GET, &format!("/usage/{path}?customer_id={}", other.id.get()), None).await;
        assert_eq!(
            (asked.problem(), asked.json()["errors"][0]["field"].clone()),
            ("validation".into(), json!("customer_id"))
        );
    }
    let series = own.get("/usage/series?bucket=day&from=2026-11-01T00:00:00Z&percentiles=true").await;
    assert_eq!(series["counts"]["requests"], 13 + 17 + 1_003 + 19 + 23);
    assert_eq!(series["points"].as_array().unwrap().len(), 3);
    let others = other.get("/usage/summary").await;
    assert_eq!(others["counts"]["requests"], 1_000_000);
    assert!(!others.to_string().contains("customer"), "nobody is named: {others}");
    let nothing = desk.member(3).await.get("/usage/summary").await;
    assert_eq!((&nothing["counts"]["requests"], &nothing["rated_micro_usd"]), (&json!(0), &json!(0)));

    let (_, body) = desk.body(&own, "/usage/stream").await;
    let mut events = Events::reading(body);
    let snapshot = events.next().await.unwrap();
    assert_eq!(snapshot.name, "snapshot");
    assert_eq!(snapshot.data["counts"], own.get("/usage/summary").await["counts"]);
    assert_eq!(events.next().await.unwrap().name, "clock", "and not the pipeline");
}

#[tokio::test]
async fn what_cannot_be_exported_is_named() {
    let desk = Desk::open().await;
    let own = desk.member(1).await;
    for (query, field) in [
        ("bucket=minute", "bucket"),
        ("from=2026-11-21T12:30:00Z", "from"),
        ("from=2025-10-01T00:00:00Z", "from"),
        ("service_type=moon", "service_type"),
        ("percentiles=true", "percentiles"),
    ] {
        let asked = own.ask(Method::GET, &format!("/usage/export.csv?{query}"), None).await;
        assert_eq!((asked.status, asked.json()["errors"][0]["field"].clone()), (StatusCode::BAD_REQUEST, json!(field)));
    }
}

/// A store that fails after so many reads of cells.
struct Failing {
    reader: Reader,
    left: Arc<AtomicI64>,
}

impl ViewRows for Failing {
    fn for_customer(&self, customer: CustomerId) -> Arc<dyn ViewRows> {
        Arc::new(Self { reader: self.reader.for_customer(customer), left: self.left.clone() })
    }
    fn cells<'a>(&'a self, query: &'a CellQuery) -> Answer<'a, Rows<CellQuery>> {
        if self.left.fetch_sub(1, Ordering::Relaxed) <= 0 {
            return Box::pin(async { Err(StoreError::Unavailable { attempted: "read", cause: "it went".to_owned() }) });
        }
        ViewRows::cells(&self.reader, query)
    }
    fn usage<'a>(&'a self, query: &'a UsageQuery) -> Answer<'a, Rows<UsageQuery>> {
        ViewRows::usage(&self.reader, query)
    }
    fn parts<'a>(&'a self, query: &'a PartQuery) -> Answer<'a, Rows<PartQuery>> {
        ViewRows::parts(&self.reader, query)
    }
    fn infra<'a>(&'a self, query: &'a InfraQuery) -> Answer<'a, Rows<InfraQuery>> {
        ViewRows::infra(&self.reader, query)
    }
    fn keys<'a>(&'a self, query: &'a KeyQuery) -> Answer<'a, Rows<KeyQuery>> {
        ViewRows::keys(&self.reader, query)
    }
    fn spend<'a>(&'a self, query: &'a SpendQuery) -> Answer<'a, Rows<SpendQuery>> {
        ViewRows::spend(&self.reader, query)
    }
    fn rated_month<'a>(&'a self, filter: &'a Filter, month: BillingMonth) -> Answer<'a, RatedMonth> {
        ViewRows::rated_month(&self.reader, filter, month)
    }
    fn stream_snapshot<'a>(
        &'a self,
        filter: &'a Filter,
        month: BillingMonth,
        since: UnixMillis,
    ) -> Answer<'a, StreamSnapshot> {
        ViewRows::stream_snapshot(&self.reader, filter, month, since)
    }
}

#[tokio::test]
async fn half_an_export_never_looks_like_a_whole_one() {
    let mut desk = Desk::open().await;
    let left = Arc::new(AtomicI64::new(i64::MAX));
    let reader = Reader::new(desk.house.database.config(), "desk").unwrap();
    desk.house.world.other_rows = Some(Arc::new(Failing { reader, left: left.clone() }));
    desk.house.router = desk.house.world.customer_router();
    let (own, other) = (desk.member(1).await, desk.member(2).await);
    desk.use_some(&traffic(&own, &other)).await;
    let path = "/usage/export.csv?from=2026-10-30T00:00:00Z";

    // The first days are made, and then the database goes: the connection is broken off.
    left.store(1, Ordering::Relaxed);
    let (parts, body) = desk.body(&own, path).await;
    assert_eq!(parts.status, StatusCode::OK);
    assert!(body.collect().await.is_err(), "an error of the body, and no end");
    // It is gone from the beginning: a problem.
    left.store(0, Ordering::Relaxed);
    let gone = own.ask(Method::GET, path, None).await;
    assert_eq!((gone.status, gone.problem()), (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable".into()));
    left.store(i64::MAX, Ordering::Relaxed);
    let whole = own.ask(Method::GET, path, None).await;
    assert_eq!(whole.body.lines().count(), 9);
}

#[tokio::test]
async fn so_many_downloads_at_once_and_no_more() {
    let desk = Desk::open().await;
    let own = desk.member(1).await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(desk.body(&own, "/usage/export.csv").await);
    }
    assert!(open.iter().all(|(parts, _)| parts.status == StatusCode::OK));
    let refused = own.ask(Method::GET, "/account/export", None).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::SERVICE_UNAVAILABLE, "overloaded".into()));
    drop(open);
    assert_eq!(own.ask(Method::GET, "/usage/export.csv", None).await.status, StatusCode::OK);
}
