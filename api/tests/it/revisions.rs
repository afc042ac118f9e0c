//! What has changed, topic by topic, on operators' streams.

use crate::admin_office::{CUSTOMER, Office, token};
use crate::house::request;
use crate::sse::{Event, Events};
use crate::world::World;
use axum::Router;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

const TOPICS: [&str; 11] = [
    "fleet",
    "vault",
    "notifications",
    "jobs",
    "quarantine",
    "customers",
    "invoices",
    "price_books",
    "formats",
    "system_logs",
    "activity",
];

async fn open(router: &Router, path: &str) -> Events {
    let bearer = format!("Bearer {}", token("viewer"));
    let asked = request(Method::GET, path, None, &[("authorization", &bearer)]);
    let response = router.clone().oneshot(asked).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    Events::reading(response.into_body())
}

/// The next revisions; where they do not come, the test fails.
async fn next(events: &mut Events) -> Value {
    let found = tokio::time::timeout(Duration::from_secs(60), events.next_revisions()).await;
    found.expect("revisions come").data
}

/// Topics that changed from one to the other.
fn changed(before: &Value, after: &Value) -> Vec<&'static str> {
    TOPICS.into_iter().filter(|topic| before[topic] != after[topic]).collect()
}

#[tokio::test]
async fn who_looks_is_told_what_to_ask_for_again() {
    let office = Office::open().await;
    office.customer(CUSTOMER, "Nightjar").await;
    let router = office.house.world.router_with_revisions();
    let (mut beside, mut alone) = (open(&router, "/stream").await, open(&router, "/pipeline/stream").await);
    let first = next(&mut alone).await;
    assert_eq!(next(&mut beside).await, first, "one watcher tells all");
    for topic in TOPICS {
        assert!(first[topic].is_i64(), "{topic}: {first}");
    }
    assert_eq!(first.as_object().unwrap().len(), TOPICS.len());

    let steps: [(&str, &[&str]); 5] = [
        (
            "INSERT INTO notifications (key, severity, kind, body, created_at) VALUES ('a', 'info', 'x', '{}', now())",
            &["notifications", "customers"],
        ),
        ("INSERT INTO haproxy_system_logs VALUES (now(), 17, 'Server seal/a is DOWN', 1)", &["system_logs"]),
        ("INSERT INTO manager_jobs VALUES ('charge', now(), 0)", &["jobs"]),
        ("INSERT INTO manager_runs (job, holder, started_at) VALUES ('charge', 'a', now())", &["jobs"]),
        ("UPDATE manager_runs SET ended_at = now(), outcome = 'done'", &["jobs"]),
    ];
    let mut before = first;
    for (sql, expected) in steps {
        office.run(sql).await;
        let after = next(&mut alone).await;
        assert_eq!(changed(&before, &after), expected, "{sql}");
        before = after;
    }
    let put = office.ask("operator", Method::PUT, "/customers/12345/note", Some(json!({"text": "x"}))).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    let after = next(&mut alone).await;
    assert_eq!(changed(&before, &after), ["notifications", "quarantine", "customers", "activity"], "an operator's act");
    // Who did not read meanwhile hears the latest.
    let slow = next(&mut beside).await;
    assert_eq!(slow, after);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_without_the_database_is_null() {
    let world = World::roomy();
    let mut events = Events::open(&world.router_with_revisions(), "", None).await;
    let Event { name, id, data, .. } = events.next_revisions().await;
    assert_eq!((name.as_str(), id), ("revisions", None));
    for topic in TOPICS {
        assert_eq!(data[topic].is_null(), !["fleet", "vault"].contains(&topic), "{topic}: {data}");
    }
    let again = tokio::time::timeout(Duration::from_secs(5), events.next_revisions()).await;
    assert!(again.is_err(), "nothing has changed: {again:?}");
}
