//! Customers' webhooks and their deliveries over HTTP.

use crate::house::{House, Member};
use crate::world::Answered;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use suiftly_schema::sealed::Keyring;
use suiftly_store::accounts::webhook_place;

const URL: &str = "https://hooks.example.com/suiftly?token=hunter2";

async fn make(member: &Member, body: Value) -> Answered {
    member.ask(Method::POST, "/webhooks", Some(body)).await
}

async fn made(member: &Member) -> Value {
    let answered = make(member, json!({"url": URL})).await;
    assert_eq!(answered.status, StatusCode::CREATED, "{}", answered.body);
    answered.json()
}

/// The secrets that sign, as the program opens them.
async fn secrets(house: &House, member: &Member, id: i64) -> Vec<String> {
    let select = "SELECT sealed_secret, sealed_old FROM webhooks WHERE id = $1";
    let row = house.client.query_one(select, &[&id]).await.unwrap();
    let ring = Keyring::of(vec![(1, [8; 32])]).unwrap();
    let open = |sealed: Vec<u8>| String::from_utf8(ring.open(&sealed, &webhook_place(member.id, id)).unwrap()).unwrap();
    [Some(row.get(0)), row.get(1)].into_iter().flatten().map(open).collect()
}

#[tokio::test]
async fn a_secret_is_shown_once_and_sealed() {
    let house = House::open().await;
    let member = house.member(1).await;
    let webhook = made(&member).await;
    let (id, secret) = (webhook["id"].as_i64().unwrap(), webhook["secret"].as_str().unwrap().to_owned());
    assert!(secret.starts_with("whsec_") && secret.len() == 49, "{secret}");
    assert_eq!(secrets(&house, &member, id).await, std::slice::from_ref(&secret));
    let path = format!("/webhooks/{id}");
    let expected = json!({"id": id, "url": URL, "events": ["*"], "is_enabled": true, "old_secret_until": null,
        "created_at": webhook["created_at"]});
    assert_eq!(member.get(&path).await, expected);
    assert_eq!(member.get("/webhooks").await, json!({"items": [expected], "next_cursor": null}));
    let rotated = member.ask(Method::POST, &format!("{path}/rotate-secret"), None).await;
    assert_eq!(rotated.status, StatusCode::OK, "{}", rotated.body);
    let rotated = rotated.json();
    let next = rotated["secret"].as_str().unwrap().to_owned();
    assert!(rotated["old_secret_until"].is_string() && next != secret);
    assert_eq!(secrets(&house, &member, id).await, [next, secret]);
    let logged = "SELECT string_agg(action || ' ' || change::text, '; ' ORDER BY id) FROM activity WHERE action LIKE 'webhook.%'";
    let logged: String = house.client.query_one(logged, &[]).await.unwrap().get(0);
    assert!(logged.contains("webhook.rotate {}") && logged.contains("https://hooks.example.com\""), "{logged}");
    assert!(!logged.contains("hunter2") && !logged.contains("whsec_"), "{logged}");
}

#[tokio::test]
async fn a_webhook_is_changed_and_deleted() {
    let house = House::open().await;
    let member = house.member(1).await;
    let path = format!("/webhooks/{}", made(&member).await["id"]);
    let change = json!({"url": "https://other.example.com/", "events": ["key", "alert", "key"], "is_enabled": false});
    let changed = member.ask(Method::PATCH, &path, Some(change)).await.json();
    let found = (&changed["url"], &changed["events"], &changed["is_enabled"]);
    assert_eq!(found, (&json!("https://other.example.com/"), &json!(["alert", "key"]), &json!(false)));
    let disabled = member.ask(Method::POST, &format!("{path}/test"), None).await;
    assert_eq!((disabled.status, disabled.problem().as_str()), (StatusCode::CONFLICT, "webhook_disabled"));
    assert_eq!(member.ask(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/deliveries")),
        (Method::POST, format!("{path}/test")),
        (Method::POST, format!("{path}/rotate-secret")),
    ] {
        assert_eq!(member.ask(method, &path, None).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(member.get("/webhooks").await["items"], json!([]));
}

#[tokio::test]
async fn what_is_not_valid_is_named() {
    let house = House::open().await;
    let member = house.member(1).await;
    let cases = [
        (json!({}), "url"),
        (json!({"url": 7}), "url"),
        (json!({"url": ""}), "url"),
        (json!({"url": "http://hooks.example.com/"}), "url"),
        (json!({"url": "https://localhost/"}), "url"),
        (json!({"url": "https://2130706433/"}), "url"),
        (json!({"url": "https://[::ffff:169.254.169.254]/"}), "url"),
        (json!({"url": "https://me:secret@hooks.example.com/"}), "url"),
        (json!({"url": format!("https://hooks.example.com/{}", "x".repeat(500))}), "url"),
        (json!({"url": URL, "events": []}), "events"),
        (json!({"url": URL, "events": ["key", "key", "key", "key", "key", "key", "key", "key", "key"]}), "events"),
        (json!({"url": URL, "events": ["mood"]}), "events[0]"),
        (json!({"url": URL, "secret": "mine"}), "secret"),
        (json!({"url": "x", "events": []}), "url events"),
    ];
    for (body, fields) in cases {
        let answered = make(&member, body.clone()).await;
        assert_eq!((answered.status, answered.problem().as_str()), (StatusCode::BAD_REQUEST, "validation"), "{body}");
        let errors = answered.json()["errors"].as_array().unwrap().clone();
        let named: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(named.join(" "), fields, "{body}: {}", answered.body);
    }
    let path = format!("/webhooks/{}", made(&member).await["id"]);
    for body in [json!({"url": "https://10.0.0.1/"}), json!({"events": []}), json!({"is_enabled": "no"})] {
        assert_eq!(
            member.ask(Method::PATCH, &path, Some(body.clone())).await.status,
            StatusCode::BAD_REQUEST,
            "{body}"
        );
    }
    for query in ["limit=0", "limit=200", "cursor=x", "state=lost", "page=2", "limit=1&limit=2"] {
        let answered = member.ask(Method::GET, &format!("{path}/deliveries?{query}"), None).await;
        assert_eq!(answered.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn there_are_ten_at_most() {
    let house = House::open().await;
    let member = house.member(1).await;
    for _ in 0..10 {
        made(&member).await;
    }
    let refused = make(&member, json!({"url": URL})).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "webhook_limit_reached"));
    let first = member.get("/webhooks").await["items"][0]["id"].to_string();
    member.ask(Method::DELETE, &format!("/webhooks/{first}"), None).await;
    made(&member).await;
}

#[tokio::test]
async fn deliveries_are_listed_by_page_and_made_again() {
    let house = House::open().await;
    let member = house.member(1).await;
    let path = format!("/webhooks/{}", made(&member).await["id"]);
    let mut ids = Vec::new();
    for _ in 0..5 {
        let tested = member.ask(Method::POST, &format!("{path}/test"), None).await;
        assert_eq!(tested.status, StatusCode::ACCEPTED, "{}", tested.body);
        let tested = tested.json();
        assert_eq!(
            (&tested["type"], &tested["state"], &tested["attempts"]),
            (&json!("test"), &json!("pending"), &json!(0))
        );
        ids.insert(0, tested["id"].as_i64().unwrap());
    }
    let mut paged = Vec::new();
    let mut next = format!("{path}/deliveries?limit=2");
    loop {
        let page = member.get(&next).await;
        paged.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("{path}/deliveries?limit=2&cursor={cursor}");
    }
    assert_eq!(paged, ids);
    let replay = format!("{path}/deliveries/{}/replay", ids[0]);
    let refused = member.ask(Method::POST, &replay, None).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "delivery_pending"));
    let die = "UPDATE deliveries SET state = 'dead', attempts = 13, last_status = 500, last_error = 'answered 500' WHERE id = $1";
    house.client.execute(die, &[&ids[0]]).await.unwrap();
    let dead = member.get(&format!("{path}/deliveries?state=dead")).await["items"][0].clone();
    assert_eq!((&dead["last_status"], &dead["last_error"]), (&json!(500), &json!("answered 500")));
    assert_eq!((&dead["attempts"], &dead["next_attempt_at"]), (&json!(13), &Value::Null));
    let again = member.ask(Method::POST, &replay, None).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.body);
    let again = again.json();
    assert_eq!((&again["id"], &again["state"], &again["attempts"]), (&json!(ids[0]), &json!("pending"), &json!(0)));
    // Of another webhook of theirs it is not there.
    let other = format!("/webhooks/{}", made(&member).await["id"]);
    let answered = member.ask(Method::POST, &format!("{other}/deliveries/{}/replay", ids[0]), None).await;
    assert_eq!(answered.status, StatusCode::NOT_FOUND);
    assert_eq!(member.get(&format!("{other}/deliveries")).await, json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn anothers_and_nobodys_are_not_there() {
    let house = House::open().await;
    let (member, other) = (house.member(1).await, house.member(2).await);
    let id = made(&member).await["id"].to_string();
    let test = member.ask(Method::POST, &format!("/webhooks/{id}/test"), None).await.json();
    let delivery = test["id"].to_string();
    let theirs = made(&other).await["id"].to_string();
    house.client.batch_execute("UPDATE deliveries SET state = 'dead'").await.unwrap();
    for id in [id.as_str(), "999999", "0", "x"] {
        for (method, path, body) in [
            (Method::GET, format!("/webhooks/{id}"), None),
            (Method::PATCH, format!("/webhooks/{id}"), Some(json!({"is_enabled": false}))),
            (Method::DELETE, format!("/webhooks/{id}"), None),
            (Method::POST, format!("/webhooks/{id}/rotate-secret"), None),
            (Method::POST, format!("/webhooks/{id}/test"), None),
            (Method::GET, format!("/webhooks/{id}/deliveries"), None),
            (Method::POST, format!("/webhooks/{id}/deliveries/{delivery}/replay"), None),
            // Their own webhook, another's delivery.
            (Method::POST, format!("/webhooks/{theirs}/deliveries/{delivery}/replay"), None),
        ] {
            let answered = other.ask(method.clone(), &path, body).await;
            assert_eq!(
                (answered.status, answered.problem().as_str()),
                (StatusCode::NOT_FOUND, "not_found"),
                "{method} {path}"
            );
        }
    }
    let before = secrets(&house, &member, id.parse().unwrap()).await;
    assert_eq!((before.len(), &member.get(&format!("/webhooks/{id}")).await["is_enabled"]), (1, &json!(true)));
}
