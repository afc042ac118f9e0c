//! Customers by name, with a note, their draws and another tier; and where everybody's money stands.

use crate::admin_office::{CUSTOMER, Office};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use suiftly_schema::price::PriceBook;

#[tokio::test]
async fn customers_are_called_by_name() {
    let office = Office::open().await;
    for (id, name) in [(11, "Nightjar"), (12, "Fernway")] {
        office.customer(id, name).await;
    }
    let expected = json!({"names": [
        {"customer_id": 11, "display_name": "Nightjar"}, {"customer_id": 12, "display_name": "Fernway"},
    ]});
    assert_eq!(office.get("/customers/names?ids=12,99,11,12").await, expected);
    let refused = office.ask("viewer", Method::GET, "/customers/names?ids=a", None).await;
    assert_eq!(refused.json()["errors"][0]["field"], "ids");
}

#[tokio::test]
async fn a_note_is_the_operators_own_and_on_record() {
    let office = Office::open().await;
    office.customer(CUSTOMER, "Nightjar").await;
    assert_eq!(office.get("/customers/12345").await["note"], Value::Null);
    let put = async |name, text: &str| {
        office.ask(name, Method::PUT, "/customers/12345/note", Some(json!({"text": text}))).await
    };
    assert_eq!(put("viewer", "x").await.status, StatusCode::FORBIDDEN);
    assert_eq!(put("operator", &"x".repeat(4_097)).await.json()["errors"][0]["field"], "text");
    for text in ["calls on Mondays", " pays late\nask Anne "] {
        let set = put("operator", text).await.json();
        assert_eq!((&set["note"]["text"], &set["note"]["by"]), (&json!(text.trim()), &json!("operator")), "{set}");
    }
    assert_eq!(office.get("/customers/12345").await["note"]["text"], "pays late\nask Anne");
    let log = office.get("/audit?action=customer.note").await;
    let told: Vec<_> = log["items"].as_array().unwrap().iter().map(|item| &item["change"]["text"]).collect();
    assert_eq!(told, ["pays late\nask Anne", "calls on Mondays"]);
    assert_eq!(
        office.get("/audit?customer_id=12345&action=customer.note").await["items"],
        json!([]),
        "theirs is without"
    );
    assert_eq!(put("admin", "").await.json()["note"], Value::Null);
    assert_eq!(office.get("/customers/12345").await["note"], Value::Null);
    let nobody = office.ask("admin", Method::PUT, "/customers/7/note", Some(json!({"text": "x"}))).await;
    assert_eq!((nobody.status.as_u16(), nobody.problem().as_str()), (404, "not_found"));
}

/// Four draws, the last one asked for without an answer.
const DRAWS: &str = "INSERT INTO charges (nonce, customer_id, month, amount_usd_cents, reason, state, attempts, digest, \
        refusal, intended_at, decided_at) VALUES \
    (repeat('a', 64), 12345, '2026-11-01', 500, 'threshold', 'charged', 1, 'digest-a', NULL, now() - INTERVAL '3 hours', now()), \
    (repeat('b', 64), 12345, '2026-11-01', 700, 'subscription', 'refused', 1, NULL, 'no funds', now() - INTERVAL '2 hours', now()), \
    (repeat('c', 64), 12345, '2026-11-01', 900, 'close', 'intended', 2, NULL, NULL, '2026-11-01T10:00:00Z', NULL), \
    (repeat('d', 64), 7, '2026-11-01', 300, 'threshold', 'intended', 0, NULL, NULL, now(), NULL)";

#[tokio::test]
async fn draws_are_listed_and_those_in_doubt_told() {
    let office = Office::open().await;
    office.customer(CUSTOMER, "Nightjar").await;
    office.customer(7, "Other").await;
    office.run(DRAWS).await;
    let draws = office.pages("/customers/12345/charges").await;
    let parts: Vec<_> = draws
        .iter()
        .map(|draw| {
            (draw["kind"].as_str().unwrap(), draw["state"].as_str().unwrap(), draw["amount_micro_usd"].as_i64())
        })
        .collect();
    let expected = [
        ("close", "in_doubt", Some(9_000_000)),
        ("subscription", "refused", Some(7_000_000)),
        ("threshold", "settled", Some(5_000_000)),
    ];
    assert_eq!(parts, expected);
    assert_eq!((&draws[2]["tx_digest"], &draws[1]["refusal"]), (&json!("digest-a"), &json!("no funds")));
    assert_eq!((&draws[0]["attempts"], &draws[0]["settled_at"]), (&json!(2), &Value::Null));
    assert_eq!(office.pages("/customers/7/charges").await[0]["state"], "pending");
    let nobody = office.ask("viewer", Method::GET, "/customers/8/charges", None).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);

    let month = office.now().month();
    let before = month.previous();
    office
        .run(&format!(
            "INSERT INTO rated VALUES ('{before}-01', 12345, 1, 1, 1, 1, 100), ('{month}-01', 12345, 1, 1, 1, 1, 50), \
                ('{month}-01', 999, 1, 1, 1, 1, 7); \
             UPDATE customers SET fixed_in_all_micro_usd = 1000, charged_in_all_micro_usd = 300 WHERE id = 7; \
             INSERT INTO manager_runs (job, holder, started_at, ended_at, outcome, detail) VALUES \
                ('ledger_check', 'a', now(), '2026-11-22T10:00:00Z', 'done', NULL), ('ledger_check', 'a', now(), NULL, NULL, NULL), \
                ('reconcile', 'a', now(), '2026-11-22T09:00:00Z', 'done', '{{\"differences\": 1}}')"
        ))
        .await;
    let standing = office.get("/billing/standing").await;
    let money = (&standing["accrued_micro_usd"], &standing["in_flight_micro_usd"], &standing["draws_in_doubt"]);
    assert_eq!(money, (&json!(850), &json!(12_000_000), &json!(1)), "{standing}");
    assert_eq!(standing["oldest_in_doubt_at"], "2026-11-01T10:00:00Z");
    assert_eq!(standing["ledger"], json!({"is_clean": true, "checked_at": "2026-11-22T10:00:00Z"}));
    assert_eq!(standing["escrow"], json!({"is_clean": false, "checked_at": "2026-11-22T09:00:00Z"}));
    assert_eq!(standing["open_months"], json!([before.to_string(), month.to_string()]), "{standing}");
    assert_eq!(standing["next_close_at"], before.end().plus_ms(86_400_000).rfc3339());
}

#[tokio::test]
async fn another_tier_is_priced_before_it_is_ordered() {
    let office = Office::open().await;
    office.customer(CUSTOMER, "Nightjar").await;
    let prices = PriceBook::v1().subscriptions;
    let what_if = office.get("/customers/12345/what-if?service_type=seal&tier=enterprise").await;
    let parts = (&what_if["before_micro_usd"], &what_if["after_micro_usd"], &what_if["month"]);
    let month = office.now().month().to_string();
    assert_eq!(parts, (&json!(prices.pro.0), &json!(prices.enterprise.0), &json!(month)), "{what_if}");
    let (due, most) = (what_if["now_micro_usd"].as_i64().unwrap(), prices.enterprise.0 - prices.pro.0);
    assert_eq!((what_if["delta_micro_usd"].as_i64(), &what_if["served_more"]), (Some(most), &json!(0)), "{what_if}");
    assert!(0 < due && due <= most, "{due} for the days left, of {most}");
    let same = office.get("/customers/12345/what-if?service_type=seal&tier=pro").await;
    assert_eq!((&same["delta_micro_usd"], &same["now_micro_usd"]), (&json!(0), &json!(0)));
    let burst = office.get("/customers/12345/what-if?service_type=seal&tier=pro&burst=true").await;
    assert_eq!(burst["delta_micro_usd"], prices.burst.0);
    let new = office.get("/customers/12345/what-if?service_type=grpc&tier=starter").await;
    assert_eq!(new["delta_micro_usd"], prices.starter.0, "beside what there is");
    for (query, field) in [
        ("tier=pro", "service_type"),
        ("service_type=ssfn&tier=pro", "service_type"),
        ("service_type=seal&tier=starter&burst=true", "burst"),
        ("service_type=seal&tier=gold", "tier"),
    ] {
        let refused = office.ask("viewer", Method::GET, &format!("/customers/12345/what-if?{query}"), None).await;
        assert_eq!(refused.json()["errors"][0]["field"], field, "{query}");
    }
    let nobody = office.ask("viewer", Method::GET, "/customers/8/what-if?service_type=seal&tier=pro", None).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert_eq!(office.count("SELECT count(*) FROM subscription_items").await, 0, "nothing was ordered");
}
