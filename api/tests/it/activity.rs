//! What was done in an account, and what its owner was told: theirs alone, and of us no names.

use crate::desk::Desk;
use crate::house::Member;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// What an operator, a job and the customer did.
async fn done(desk: &Desk, member: &Member) {
    let id = member.id.get();
    desk.run(&format!(
        "INSERT INTO activity (at, customer_id, actor_kind, actor, address, action, target, change) VALUES \
         (now(), {id}, 'operator', 'mallory', '192.0.2.9', 'customer.suspend', NULL, '{{\"customer_id\": {id}}}'), \
         (now(), {id}, 'system', 'secret_job', NULL, 'key.expire', 'SAAA', '{{}}'), \
         (now(), {id}, 'customer', '{session}', '192.0.2.1', 'key.create', 'SAAA', '{{\"name\": \"x\"}}')",
        session = member.text("session_id"),
    ))
    .await;
}

#[tokio::test]
async fn activity_is_ones_own_and_names_nobody_of_us() {
    let desk = Desk::open().await;
    let (own, other) = (desk.member(1).await, desk.member(2).await);
    done(&desk, &own).await;
    let page = own.get("/activity").await;
    let rows = page["items"].as_array().unwrap();
    let shown = |row: &Value| {
        [&row["action"], &row["actor"], &row["address"]].map(|value| value.as_str().unwrap_or("-").to_owned()).join(" ")
    };
    let session = own.text("session_id");
    let latest: Vec<_> = rows.iter().take(3).map(shown).collect();
    assert_eq!(
        latest,
        [
            format!("key.create {session} 192.0.2.1"),
            "key.expire Suiftly -".to_owned(),
            "customer.suspend Suiftly -".to_owned()
        ]
    );
    for word in ["mallory", "secret_job", "192.0.2.9", &own.id.get().to_string(), "customer_id"] {
        assert!(!page.to_string().contains(word), "{word}");
    }
    assert!(!other.get("/activity").await.to_string().contains("key.create"));

    // By what was done, page by page.
    let keys = own.get("/activity?action=key.&limit=1").await;
    let next =
        own.get(&format!("/activity?action=key.&limit=1&cursor={}", keys["next_cursor"].as_str().unwrap())).await;
    assert_eq!(
        (&keys["items"][0]["action"], &next["items"][0]["action"]),
        (&json!("key.create"), &json!("key.expire"))
    );
    assert_eq!(next["next_cursor"], Value::Null);
    assert_eq!(own.get("/activity?limit=200").await["items"].as_array().unwrap().len(), rows.len());
    for (query, field) in [("limit=0", "limit"), ("cursor=x", "cursor"), ("actor=mallory", "actor")] {
        let asked = own.ask(Method::GET, &format!("/activity?{query}"), None).await;
        assert_eq!(asked.json()["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn notifications_are_told_to_their_customer_and_acknowledged_once() {
    let desk = Desk::open().await;
    let (own, other) = (desk.member(1).await, desk.member(2).await);
    let note = |member: &Member, kind: &str| {
        let id = member.id.get();
        format!(
            "INSERT INTO notifications (key, customer_id, severity, kind, body, created_at) VALUES ('{kind}:{id}', {id}, 'warning', \
             '{kind}', '{{\"month\": \"2026-11\", \"cause\": \"relation x\", \"why\": \"y\", \"customer_id\": {id}}}', now())"
        )
    };
    for kind in ["charge_refused", "close_refused", "renewal_failed"] {
        desk.run(&note(&own, kind)).await;
        desk.run(&note(&other, kind)).await;
    }
    let page = own.get("/notifications").await;
    let items = page["items"].as_array().unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["renewal_failed", "charge_refused"], "what is for operators is not among them");
    assert_eq!(items[0]["body"], json!({"month": "2026-11"}));

    let id = items[1]["id"].as_i64().unwrap();
    let acknowledge = async |who: &Member, id: i64| {
        who.ask(Method::POST, &format!("/notifications/{id}/acknowledge"), None).await.status
    };
    assert_eq!(acknowledge(&other, id).await, StatusCode::NOT_FOUND, "somebody else's");
    for sql in ["kind = 'close_refused' AND customer_id", "kind = 'charge_refused' AND customer_id <> "] {
        let operator =
            if sql.ends_with('d') { format!("{sql} = {}", own.id.get()) } else { format!("{sql} {}", own.id.get()) };
        let hidden = desk.house.count(&format!("SELECT id FROM notifications WHERE {operator}")).await;
        assert_eq!(acknowledge(&own, hidden).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(
        (acknowledge(&own, id).await, acknowledge(&own, id).await),
        (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT)
    );
    assert_eq!(own.get("/notifications").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(own.get("/notifications?state=all").await["items"].as_array().unwrap().len(), 2);
    let log = "SELECT count(*) FROM activity WHERE action = 'notification.acknowledge'";
    assert_eq!(desk.house.count(log).await, 1, "the first time counts");
    for id in ["0", "x", "9223372036854775808"] {
        let asked = own.ask(Method::POST, &format!("/notifications/{id}/acknowledge"), None).await;
        assert_eq!(asked.problem(), "not_found");
    }
}
