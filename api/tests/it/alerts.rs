//! Customers' alerts over HTTP.

use crate::house::{House, Member};
use crate::world::Answered;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use suiftly_api::NotifyMode;
use suiftly_notify::TargetPolicy;

async fn set(member: &Member, body: Value) -> Answered {
    member.ask(Method::POST, "/alerts", Some(body)).await
}

fn requests() -> Value {
    json!({"name": "Many requests", "metric": "requests", "period": "day", "service": "seal", "threshold": 1_000})
}

#[tokio::test]
async fn an_alert_is_set_changed_and_deleted() {
    let house = House::open().await;
    let member = house.member(1).await;
    let made = set(&member, requests()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let made = made.json();
    let path = format!("/alerts/{}", made["id"]);
    let expected = json!({"id": made["id"], "name": "Many requests", "metric": "requests", "period": "day", "service": "seal",
        "threshold": 1_000, "by_email": false, "by_webhook": true, "is_enabled": true, "crossed": null, "crossed_at": null,
        "created_at": made["created_at"]});
    assert_eq!(made, expected);
    assert_eq!(member.get(&path).await, expected);
    assert_eq!(member.get("/alerts").await, json!({"items": [expected], "next_cursor": null}));
    let change = json!({"name": "  Fewer  ", "threshold": 10, "by_webhook": false, "is_enabled": false});
    let changed = member.ask(Method::PATCH, &path, Some(change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let changed = changed.json();
    let found = (&changed["name"], &changed["threshold"], &changed["by_webhook"], &changed["is_enabled"]);
    assert_eq!(found, (&json!("Fewer"), &json!(10), &json!(false), &json!(false)));
    assert_eq!(member.ask(Method::PATCH, &path, Some(json!({}))).await.json(), changed, "nothing is changed");
    assert_eq!(member.ask(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(member.ask(Method::DELETE, &path, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(member.get("/alerts").await["items"], json!([]));
    let logged =
        "SELECT string_agg(action || ' ' || change::text, '; ' ORDER BY id) FROM activity WHERE action LIKE 'alert.%'";
    let logged: String = house.client.query_one(logged, &[]).await.unwrap().get(0);
    for part in ["alert.create {", "alert.change {", r#""threshold": 10"#, "alert.change {}", "alert.delete {"] {
        assert!(logged.contains(part), "{part}: {logged}");
    }
}

#[tokio::test]
async fn what_is_not_valid_is_named() {
    let house = House::open().await;
    let member = house.member(1).await;
    let with = |changes: Value| {
        let mut body = requests();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    let cases = [
        (with(json!({"name": ""})), "name"),
        (with(json!({"name": "  "})), "name"),
        (with(json!({"name": "a\nb"})), "name"),
        (with(json!({"name": "x".repeat(101)})), "name"),
        (with(json!({"metric": "mood"})), "metric"),
        (with(json!({"metric": 7})), "metric"),
        (with(json!({"period": "year"})), "period"),
        (with(json!({"service": "platform"})), "service"),
        (with(json!({"threshold": 0})), "threshold"),
        (with(json!({"threshold": -1})), "threshold"),
        (with(json!({"threshold": 1.5})), "threshold"),
        (with(json!({"threshold": 9_007_199_254_740_992_i64})), "threshold"),
        (with(json!({"threshold": 9_223_372_036_854_775_808_u64})), "threshold"),
        (with(json!({"metric": "spend"})), "period"),
        (with(json!({"metric": "balance_below"})), "period service"),
        (with(json!({"metric": "spend_percent", "period": "month"})), "service"),
        (with(json!({"metric": "spend_percent", "period": "month", "service": null, "threshold": 1_001})), "threshold"),
        (with(json!({"by_email": "yes"})), "by_email"),
        (with(json!({"customer_id": 7})), "customer_id"),
        (with(json!({"name": "", "threshold": 0})), "name threshold"),
        (json!({}), "name"),
        (json!([]), "body"),
    ];
    for (body, fields) in cases {
        let answered = set(&member, body.clone()).await;
        assert_eq!((answered.status, answered.problem().as_str()), (StatusCode::BAD_REQUEST, "validation"), "{body}");
        let errors = answered.json()["errors"].as_array().unwrap().clone();
        let named: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(named.join(" "), fields, "{body}: {}", answered.body);
    }
    let made =
        set(&member, json!({"name": "p", "metric": "spend_percent", "period": "month", "threshold": 80})).await.json();
    let path = format!("/alerts/{}", made["id"]);
    for (body, field) in [
        (json!({"threshold": 1_001}), "threshold"),
        (json!({"threshold": 0}), "threshold"),
        (json!({"name": ""}), "name"),
        (json!({"metric": "spend"}), "metric"),
    ] {
        let answered = member.ask(Method::PATCH, &path, Some(body.clone())).await;
        assert_eq!(answered.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answered.json()["errors"][0]["field"], field, "{body}");
    }
}

#[tokio::test]
async fn anothers_and_nobodys_are_not_there() {
    let house = House::open().await;
    let (member, other) = (house.member(1).await, house.member(2).await);
    let id = set(&member, requests()).await.json()["id"].to_string();
    for id in [id.as_str(), "999999", "0", "-1", "+1", "x", "9223372036854775808"] {
        let path = format!("/alerts/{id}");
        for (method, body) in
            [(Method::GET, None), (Method::PATCH, Some(json!({"is_enabled": false}))), (Method::DELETE, None)]
        {
            let answered = other.ask(method.clone(), &path, body).await;
            assert_eq!(
                (answered.status, answered.problem().as_str()),
                (StatusCode::NOT_FOUND, "not_found"),
                "{method} {path}"
            );
        }
    }
    assert_eq!(other.get("/alerts").await["items"], json!([]));
    assert_eq!(member.get(&format!("/alerts/{id}")).await["is_enabled"], true);
}

#[tokio::test]
async fn there_are_fifty_at_most() {
    let house = House::open().await;
    let member = house.member(1).await;
    let insert = "INSERT INTO alerts (customer_id, name, metric, period, threshold, created_at) \
        SELECT $1, 'x', 'requests', 'day', 1, now() FROM generate_series(1, 49)";
    house.client.execute(insert, &[&member.id.get()]).await.unwrap();
    assert_eq!(set(&member, requests()).await.status, StatusCode::CREATED);
    let refused = set(&member, requests()).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "alert_limit_reached"));
    assert_eq!(set(&house.member(2).await, requests()).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn mail_takes_a_server_and_an_address() {
    let email = json!({"name": "m", "metric": "spend", "period": "month", "threshold": 1, "by_email": true});
    let house = House::open().await;
    let member = house.member(1).await;
    let refused = set(&member, email.clone()).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "email_not_configured"));
    let house = House::with(|world| {
        let webhooks = TargetPolicy::default();
        world.accounts.as_mut().unwrap().notify = NotifyMode { email: true, webhooks };
    })
    .await;
    let member = house.member(1).await;
    let refused = set(&member, email.clone()).await;
    assert_eq!(refused.json()["errors"][0]["field"], "by_email", "{}", refused.body);
    let made = set(&member, requests()).await.json();
    let change = Some(json!({"by_email": true}));
    let path = format!("/alerts/{}", made["id"]);
    assert_eq!(member.ask(Method::PATCH, &path, change.clone()).await.status, StatusCode::BAD_REQUEST);
    let address = "UPDATE customers SET alert_email = 'somebody@example.com' WHERE id = $1";
    house.client.execute(address, &[&member.id.get()]).await.unwrap();
    assert_eq!(set(&member, email).await.status, StatusCode::CREATED);
    assert_eq!(member.ask(Method::PATCH, &path, change).await.json()["by_email"], true);
}
