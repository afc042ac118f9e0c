//! API keys: in full when they are made and revealed, by their prefix everywhere else.

use super::{actions, bad_fields, ok, open, refused, subscriber};
use crate::house::{House, Member};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use suiftly_api::Clock;
use suiftly_schema::activity::{KeyActivity, KeyCounts, KeyHour, KeyRef};
use suiftly_schema::api_key::{ApiKey, ApiKeySecret};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;

async fn create(member: &Member, name: &str) -> Value {
    let body = json!({"service": "grpc", "network": "mainnet", "name": name});
    ok(member, Method::POST, "/keys", Some(body)).await
}

fn parsed(issued: &Value) -> ApiKey {
    ApiKey::parse(issued["key"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_list_never_shows_more_than_the_prefix() {
    let house = open().await;
    let member = subscriber(&house, 1, &["grpc"]).await;
    let issued = create(&member, " Prod ").await;
    let key = parsed(&issued);
    let claims = key.verify(&ApiKeySecret::new([7; 32])).unwrap();
    assert_eq!(claims.customer_id, member.id);
    assert_eq!((&issued["name"], &issued["prefix"]), (&json!("Prod"), &json!(key.prefix())));
    let id = issued["id"].as_i64().unwrap();

    let shown = [
        member.ask(Method::GET, "/keys", None).await.body,
        member.ask(Method::GET, &format!("/keys/{id}"), None).await.body,
        member.ask(Method::GET, "/services", None).await.body,
        member.ask(Method::POST, &format!("/keys/{id}/revoke"), None).await.body,
        member.ask(Method::POST, &format!("/keys/{id}/enable"), None).await.body,
        member.ask(Method::PATCH, &format!("/keys/{id}"), Some(json!({"name": "Prod 2"}))).await.body,
    ];
    for body in shown {
        assert!(!body.contains(&key.reveal()[..9]), "{body}");
    }
    let revealed = ok(&member, Method::POST, &format!("/keys/{id}/reveal"), None).await;
    assert_eq!((&revealed["key"], &revealed["name"]), (&issued["key"], &json!("Prod 2")));
    let expected = ["service.enable", "key.create", "key.revoke", "key.enable", "key.rename", "key.reveal"];
    assert_eq!(actions(&house, &member).await, expected, "each is on record, the reveal too");
    let kept =
        "SELECT count(*) FROM activity WHERE change::text || coalesce(target, '') LIKE '%' || substr($1, 1, 9) || '%'";
    let kept: i64 = house.client.query_one(kept, &[&key.reveal()]).await.unwrap().get(0);
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn keys_have_a_life_and_slots() {
    let house = open().await;
    let member = subscriber(&house, 1, &["grpc"]).await;
    let [one, two] = [create(&member, "one").await, create(&member, "two").await];
    let path = |key: &Value, rest: &str| format!("/keys/{}{rest}", key["id"]);
    let revoked = ok(&member, Method::POST, &path(&one, "/revoke"), None).await;
    assert_eq!((&revoked["state"], revoked["revoked_at"].is_string()), (&json!("revoked"), true));
    let body = json!({"service": "grpc", "network": "testnet"});
    let (status, code, problem) = refused(&member, Method::POST, "/keys", Some(body.clone())).await;
    assert_eq!((status, code.as_str()), (409, "key_limit_reached"));
    assert_eq!((&problem["used"], &problem["slots"]), (&json!(2), &json!(2)));
    // The order that the refusal comes with is one that can be made.
    let order = &problem["order"];
    assert_eq!(order["subscription"]["extra_api_keys"], 1);
    let change =
        json!({"subscription": order["subscription"], "expected_total_micro_usd": order["total_now_micro_usd"]});
    ok(&member, Method::POST, "/services/grpc/change", Some(change)).await;
    let three = ok(&member, Method::POST, "/keys", Some(body)).await;
    assert_eq!((&three["network"], three["key"].as_str().unwrap().len()), (&json!("testnet"), 37));

    let enabled = ok(&member, Method::POST, &path(&one, "/enable"), None).await;
    assert_eq!((&enabled["state"], &enabled["revoked_at"]), (&json!("active"), &Value::Null));
    let deleted = member.ask(Method::DELETE, &path(&two, ""), None).await;
    assert_eq!((deleted.status, deleted.body.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(refused(&member, Method::DELETE, &path(&two, ""), None).await.0, 404);
    let grpc = member.get("/services/grpc").await;
    assert_eq!((&grpc["status"], &grpc["api_keys"]), (&json!("ok"), &json!({"used": 2, "allowed": 3})));
    let list = member.get("/keys").await;
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["one", ""]);
}

#[tokio::test]
async fn a_key_is_regenerated_with_an_overlap() {
    let house = open().await;
    let member = subscriber(&house, 1, &["grpc"]).await;
    let old = create(&member, "Prod").await;
    let path = |key: &Value, rest: &str| format!("/keys/{}{rest}", key["id"]);
    let new = ok(&member, Method::POST, &path(&old, "/regenerate"), Some(json!({"overlap_s": 604_800}))).await;
    assert_eq!((&new["replaces"], &new["name"]), (&old["id"], &json!("Prod")));
    assert_ne!(new["key"], old["key"]);
    let overlapping = member.get(&path(&old, "")).await;
    assert_eq!((&overlapping["state"], overlapping["expires_at"].is_string()), (&json!("active"), true));
    let again = refused(&member, Method::POST, &path(&old, "/regenerate"), Some(json!({}))).await;
    assert_eq!((again.0, again.1.as_str(), &again.2["replaced_by"]), (409, "key_replaced", &new["id"]));
    let early = refused(&member, Method::POST, &path(&new, "/regenerate"), Some(json!({}))).await;
    assert_eq!((early.0, early.1.as_str(), &early.2["replaced"]), (409, "key_overlapping", &old["id"]));

    let accounts = &house.world.accounts.as_ref().unwrap();
    let until = UnixMillis::parse_rfc3339(overlapping["expires_at"].as_str().unwrap()).unwrap();
    assert_eq!(accounts.store.expire_keys(until).await.unwrap(), 1);
    assert_eq!(member.get(&path(&old, "")).await["state"], "revoked");
    let newer = ok(&member, Method::POST, &path(&new, "/regenerate"), Some(json!({}))).await;
    assert_eq!(member.get(&path(&new, "")).await["state"], "revoked", "without an overlap at once");
    assert_eq!(refused(&member, Method::GET, &path(&old, ""), None).await.0, 404);
    assert_eq!(member.get("/keys?limit=1").await["items"][0]["id"], new["id"]);
    let last = member.get(&format!("/keys?cursor={}", new["id"])).await;
    assert_eq!((&last["items"][0]["id"], &last["next_cursor"]), (&newer["id"], &Value::Null));
}

#[tokio::test]
async fn the_sixth_key_within_an_hour_waits() {
    let house = open().await;
    let member = subscriber(&house, 1, &["grpc"]).await;
    for _ in 0..5 {
        let issued = create(&member, "").await;
        ok(&member, Method::DELETE, &format!("/keys/{}", issued["id"]), None).await;
    }
    let body = json!({"service": "grpc", "network": "mainnet"});
    let answered = member.ask(Method::POST, "/keys", Some(body)).await;
    assert_eq!((answered.status.as_u16(), answered.problem().as_str()), (429, "too_many_creations"));
    let wait_s: u64 = answered.header("retry-after").parse().unwrap();
    assert!((3_500..=3_600).contains(&wait_s), "{wait_s}");
}

#[tokio::test]
async fn what_keys_did_stands_beside_them() {
    let mut house = open().await;
    let member = subscriber(&house, 1, &["grpc"]).await;
    let [used, unused] = [create(&member, "used").await, create(&member, "unused").await];
    let at = UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
    let did = KeyActivity { requests: 9, errors: 2, last_used_at: at };
    let key = KeyRef { customer_id: member.id, api_key_fp: parsed(&used).fingerprint() };
    // It is 12:30: the running hour, the 24th before its end, and one too early.
    let now = house.world.clock.now();
    let key_hours = [(0, 4, 1), (23, 3, 1), (24, 2, 0)].map(|(ago, requests, errors)| {
        (KeyHour { key, hour: now.hour().plus_ms(-ago * 3_600_000) }, KeyCounts { requests, errors })
    });
    let deltas = EpochDeltas { keys: vec![(key, did)], key_hours: key_hours.to_vec(), ..EpochDeltas::default() };
    house.world.publish_deltas(deltas);
    let usage = |key: &Value| format!("/keys/{}", key["id"]);
    let mut shown = member.get(&usage(&used)).await["usage"].clone();
    let last = shown["last_24h"].take();
    assert_eq!(shown, json!({"requests": 9, "errors": 2, "last_used_at": "2026-11-22T10:00:00Z", "last_24h": null}));
    let hours = last["hours"].as_array().unwrap();
    assert_eq!((hours.len(), &last["requests"], &last["errors"]), (24, &json!(7), &json!(2)));
    let first = json!({"start": "2026-11-20T13:00:00Z", "requests": 3, "errors": 1});
    let running = json!({"start": "2026-11-21T12:00:00Z", "requests": 4, "errors": 1});
    assert_eq!((&hours[0], &hours[23]), (&first, &running));
    assert!(hours[1..23].iter().all(|hour| hour["requests"] == 0), "{last}");
    let shown = member.get(&usage(&unused)).await["usage"].clone();
    assert_eq!((&shown["requests"], &shown["last_used_at"]), (&json!(0), &Value::Null));
    assert_eq!((shown["last_24h"]["hours"].as_array().unwrap().len(), &shown["last_24h"]["requests"]), (24, &json!(0)));
}

#[tokio::test]
async fn another_customers_keys_are_not_found() {
    let house: House = open().await;
    let (mine, theirs) = (subscriber(&house, 1, &["grpc"]).await, subscriber(&house, 2, &["grpc"]).await);
    let id = create(&theirs, "theirs").await["id"].as_i64().unwrap();
    let body = |value: Value| Some(value);
    for (method, path, body) in [
        (Method::GET, format!("/keys/{id}"), None),
        (Method::PATCH, format!("/keys/{id}"), body(json!({"name": "mine"}))),
        (Method::DELETE, format!("/keys/{id}"), None),
        (Method::POST, format!("/keys/{id}/reveal"), None),
        (Method::POST, format!("/keys/{id}/regenerate"), body(json!({}))),
        (Method::POST, format!("/keys/{id}/revoke"), None),
        (Method::POST, format!("/keys/{id}/enable"), None),
        (Method::GET, "/keys/0".to_owned(), None),
        (Method::GET, "/keys/x".to_owned(), None),
        (Method::GET, "/keys/99999999999999999999".to_owned(), None),
    ] {
        let (status, code, _) = refused(&mine, method.clone(), &path, body).await;
        assert_eq!((status, code.as_str()), (404, "not_found"), "{method} {path}");
    }
    assert_eq!(mine.get("/keys").await["items"], json!([]));
    let kept = theirs.get(&format!("/keys/{id}")).await;
    assert_eq!((&kept["name"], &kept["state"]), (&json!("theirs"), &json!("active")));
}

#[tokio::test]
async fn every_bad_field_of_a_key_is_named() {
    let house = open().await;
    let member = subscriber(&house, 1, &["grpc"]).await;
    let cases = [
        ("/keys", json!({"network": "mainnet"}), "service"),
        ("/keys", json!({"service": "platform", "network": "mainnet"}), "service"),
        ("/keys", json!({"service": "grpc", "network": "devnet"}), "network"),
        ("/keys", json!({"service": "grpc", "network": "mainnet", "name": "n".repeat(101)}), "name"),
        ("/keys", json!({"service": "grpc", "network": "mainnet", "name": "a\u{0}b"}), "name"),
        ("/keys", json!({"service": "grpc", "network": "mainnet", "fingerprint": 1}), "fingerprint"),
        ("/keys/1/regenerate", json!({"overlap_s": 604_801}), "overlap_s"),
        ("/keys/1/regenerate", json!({"overlap_s": -1}), "overlap_s"),
    ];
    for (path, body, expected) in cases {
        assert_eq!(bad_fields(&member, Method::POST, path, body.clone()).await, expected, "{path} {body}");
    }
    for query in ["service=platform", "cursor=x", "limit=0", "limit=201", "page=1"] {
        let (status, code, _) = refused(&member, Method::GET, &format!("/keys?{query}"), None).await;
        assert_eq!((status, code.as_str()), (400, "validation"), "{query}");
    }
    assert_eq!(
        refused(&member, Method::POST, "/keys", Some(json!({"service": "seal", "network": "mainnet"}))).await.1,
        "not_enabled"
    );
}
