//! Writes with a key: done once, answered alike, and nobody pretends to know what was cut off.

use crate::house::{House, Member};
use crate::world::Answered;
use axum::http::{Method, StatusCode};
use serde_json::json;
use suiftly_api::Clock;

/// Renames the account with a key.
async fn rename(house: &House, member: &Member, name: &str, key: &str) -> Answered {
    let body = Some(json!({"display_name": name}));
    member.ask_with(&house.router, Method::PATCH, "/me", body, &[("idempotency-key", key)]).await
}

async fn changes(house: &House) -> i64 {
    house.count("SELECT count(*) FROM activity WHERE action = 'account.change'").await
}

#[tokio::test]
async fn a_write_is_done_once_and_answered_alike() {
    let house = House::open().await;
    let member = house.member(1).await;
    let first = rename(&house, &member, "Ada Lovelace", "k1").await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (StatusCode::OK, ""));
    let again = rename(&house, &member, "Ada Lovelace", "k1").await;
    assert_eq!((again.status, &again.body, again.header("idempotent-replayed")), (first.status, &first.body, "true"));
    assert_eq!(again.header("content-type"), "application/json");
    assert_eq!(changes(&house).await, 1);
    assert_eq!(rename(&house, &member, "Grace", "k2").await.status, StatusCode::OK);
    assert_eq!(rename(&house, &member, "Ada Lovelace", "k1").await.body, first.body, "what was answered then");
    assert_eq!(changes(&house).await, 2);
    // It may hold a secret: it is sealed.
    let kept = "SELECT string_agg(encode(sealed_answer, 'escape'), '') FROM idempotency_keys";
    let kept: String = house.client.query_one(kept, &[]).await.unwrap().get(0);
    assert!(!kept.contains("Lovelace"), "{kept}");
    // Another's key is another.
    let other = house.member(2).await;
    assert_eq!(rename(&house, &other, "Ada Lovelace", "k1").await.header("idempotent-replayed"), "");
    // After a day it is free again.
    house.world.clock.set(house.world.clock.now().plus_ms(86_400_000));
    let member = house.member(1).await;
    assert_eq!(rename(&house, &member, "Somebody", "k1").await.header("idempotent-replayed"), "");
}

#[tokio::test]
async fn a_reveal_is_done_and_on_record_each_time() {
    let house = House::open().await;
    let member = house.member(1).await;
    let reveal = async |key: &str| {
        let path = "/keys/1/reveal";
        member.ask_with(&house.router, Method::POST, path, None, &[("idempotency-key", key)]).await
    };
    for key in ["k", "k"] {
        let answered = reveal(key).await;
        assert_eq!((answered.status, answered.header("idempotent-replayed")), (StatusCode::NOT_FOUND, ""));
    }
    assert_eq!(house.count("SELECT count(*) FROM idempotency_keys").await, 0, "no answer is kept, and no key claimed");
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let house = House::open().await;
    let member = house.member(1).await;
    assert_eq!(rename(&house, &member, "Ada", "k").await.status, StatusCode::OK);
    let other = rename(&house, &member, "Grace", "k").await;
    assert_eq!((other.status, other.problem().as_str()), (StatusCode::CONFLICT, "idempotency_mismatch"));
    let elsewhere =
        member.ask_with(&house.router, Method::DELETE, "/auth/sessions", None, &[("idempotency-key", "k")]).await;
    assert_eq!(elsewhere.problem(), "idempotency_mismatch");
    assert_eq!(member.get("/me").await["display_name"], "Ada");
    for key in ["", " ", "ü", &"k".repeat(101)] {
        let answered = rename(&house, &member, "Ada", key).await;
        assert_eq!((answered.status, answered.problem().as_str()), (StatusCode::BAD_REQUEST, "validation"), "{key}");
    }
    // What reads has no use for one.
    let read = member.ask_with(&house.router, Method::GET, "/me", None, &[("idempotency-key", "k")]).await;
    assert_eq!(read.status, StatusCode::OK);
}

#[tokio::test]
async fn at_once_one_does_it() {
    let house = House::open().await;
    let member = house.member(1).await;
    let attempts = (0..20).map(|_| rename(&house, &member, "Ada", "k"));
    for answered in futures::future::join_all(attempts).await {
        let is_busy = answered.status == StatusCode::CONFLICT && answered.problem() == "busy";
        assert!(is_busy || answered.status == StatusCode::OK, "{}", answered.body);
        assert!(!is_busy || answered.header("retry-after") == "1");
    }
    assert_eq!(changes(&house).await, 1);
    assert_eq!(rename(&house, &member, "Ada", "k").await.header("idempotent-replayed"), "true");
}

/// What was refused was not done: the key is given back.
#[tokio::test]
async fn a_refused_write_may_be_asked_for_again() {
    let house = House::open().await;
    let member = house.member(1).await;
    assert_eq!(rename(&house, &member, "", "k").await.problem(), "validation");
    assert_eq!(house.count("SELECT count(*) FROM idempotency_keys").await, 0);
    assert_eq!(rename(&house, &member, "Ada", "k").await.status, StatusCode::OK);
}

/// Claimed by a process that was killed in the middle.
#[tokio::test]
async fn what_was_cut_off_is_said_to_be_unknown() {
    let house = House::open().await;
    let member = house.member(1).await;
    assert_eq!(rename(&house, &member, "Ada", "k").await.status, StatusCode::OK);
    let cut = "UPDATE idempotency_keys SET status = NULL, sealed_answer = NULL";
    house.client.batch_execute(cut).await.unwrap();
    assert_eq!(rename(&house, &member, "Ada", "k").await.problem(), "busy", "it may be under way");
    house.world.clock.set(house.world.clock.now().plus_ms(60_000));
    let unknown = rename(&house, &member, "Ada", "k").await;
    assert_eq!((unknown.status, unknown.problem().as_str()), (StatusCode::CONFLICT, "outcome_unknown"));
    assert_eq!(changes(&house).await, 1, "it is not done again");
}

/// A handler that failed may have done it all the same: the commit's answer was lost, say.
#[tokio::test]
async fn what_failed_is_not_done_again() {
    let house = House::open().await;
    let member = house.member(1).await;
    house.client.batch_execute("ALTER TABLE activity RENAME TO elsewhere").await.unwrap();
    assert_eq!(rename(&house, &member, "Ada", "k").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    house.client.batch_execute("ALTER TABLE elsewhere RENAME TO activity").await.unwrap();
    assert_eq!(rename(&house, &member, "Ada", "k").await.problem(), "busy");
    house.world.clock.set(house.world.clock.now().plus_ms(60_000));
    assert_eq!(rename(&house, &member, "Ada", "k").await.problem(), "outcome_unknown");
    assert_eq!(rename(&house, &member, "Ada", "another").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_customers_keys_are_bounded() {
    let house = House::open().await;
    let member = house.member(1).await;
    let now = house.world.clock.now().rfc3339();
    let fill = format!(
        "INSERT INTO idempotency_keys SELECT {}, 'k' || n, repeat('0', 64), NULL, NULL, '{now}' \
            FROM generate_series(1, 10000) AS n",
        member.id.get()
    );
    house.client.batch_execute(&fill).await.unwrap();
    let full = rename(&house, &member, "Ada", "one-more").await;
    assert_eq!((full.status, full.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
    assert_eq!(changes(&house).await, 0);
    assert_eq!(member.ask(Method::PATCH, "/me", Some(json!({"display_name": "Ada"}))).await.status, StatusCode::OK);
}
