//! What operators do, over a real PostgreSQL: what changes, what gateways are told of it, and what is on record.

use crate::admin_office::{CUSTOMER, Office};
use crate::openapi::operations;
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use suiftly_api::Clock;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::{Price, PriceBook};
use suiftly_schema::reference::{AccountStatus, Entity};
use suiftly_store::outbox::Outbox;

/// What is asked by POST for its length alone, and changes nothing.
const PURE: [&str; 1] = ["/api/v1/formats/try"];

/// One successful write for each operation that writes.
fn writes(office: &Office) -> Vec<(Method, &'static str, String, Option<Value>)> {
    let customer = |act: &str| format!("/customers/{CUSTOMER}/{act}");
    let now = office.now();
    let book = serde_json::to_value(next_book(office, 2)).unwrap();
    let later = office.house.world.clock.now().plus_ms(60_000);
    let key_id = 1;
    vec![
        (Method::POST, "/customers/{customer_id}/suspend", customer("suspend"), Some(json!({"reason": "abuse"}))),
        (Method::POST, "/customers/{customer_id}/activate", customer("activate"), None),
        (
            Method::POST,
            "/customers/{customer_id}/credit",
            customer("credit"),
            Some(json!({"amount_micro_usd": 5_000_000, "reference": "ticket 7", "memo": "sorry"})),
        ),
        (
            Method::PUT,
            "/customers/{customer_id}/limit",
            customer("limit"),
            Some(json!({"max_monthly_usd_cents": 2_000})),
        ),
        (Method::PUT, "/customers/{customer_id}/note", customer("note"), Some(json!({"text": "calls on Mondays"}))),
        (
            Method::POST,
            "/customers/{customer_id}/keys/{key_id}/revoke",
            customer(&format!("keys/{key_id}/revoke")),
            None,
        ),
        (Method::POST, "/customers/{customer_id}/sessions/revoke", customer("sessions/revoke"), None),
        (Method::POST, "/quarantine/replay", "/quarantine/replay".into(), Some(json!({}))),
        (Method::POST, "/quarantine/discard", "/quarantine/discard".into(), Some(json!({"reason": "time_window"}))),
        (Method::PUT, "/formats/{name}", "/formats/edge".into(), Some(json!({"log_format": "%ci %ST %B"}))),
        (Method::DELETE, "/formats/{name}", "/formats/edge".into(), None),
        (Method::POST, "/jobs/{name}/run", "/jobs/charge/run".into(), None),
        (Method::POST, "/notifications/{id}/acknowledge", "/notifications/1/acknowledge".into(), None),
        (Method::POST, "/what-if", "/what-if".into(), Some(json!({"book": book, "month": now.month().to_string()}))),
        (Method::POST, "/price-books", "/price-books".into(), Some(book)),
        (Method::PUT, "/clock", "/clock".into(), Some(json!({"now": later.rfc3339()}))),
        (Method::POST, "/operators", "/operators".into(), Some(json!({"name": "ann", "role": "viewer"}))),
        (Method::DELETE, "/operators/{name}", "/operators/ann".into(), None),
        (Method::POST, "/secrets/reload", "/secrets/reload".into(), None),
        (Method::POST, "/vault/push", "/vault/push".into(), None),
        (Method::POST, "/vault/freeze", "/vault/freeze".into(), Some(json!({"reason": "prices", "confirm": 2}))),
        (Method::POST, "/vault/thaw", "/vault/thaw".into(), Some(json!({"confirm": 2}))),
    ]
}

/// A book that takes effect in some hours, twice as dear.
fn next_book(office: &Office, version: u32) -> PriceBook {
    let v1 = PriceBook::v1();
    let hours = i64::from(version) * 3_600_000;
    let mut book = PriceBook { version, effective_from: office.now().hour().plus_ms(hours), ..v1 };
    book.requests = Price::per_unit(MicroUsd(2_000_000), 10_000);
    book
}

async fn office() -> Office {
    let office = Office::open().await;
    office.customer(CUSTOMER, "Nightjar").await;
    office
        .run(
            "INSERT INTO manager_jobs (name, next_at) VALUES ('charge', '2100-01-01T00:00:00Z'); \
             INSERT INTO notifications (key, severity, kind, body, created_at) \
                VALUES ('k', 'critical', 'ledger_differs', '{}', now())",
        )
        .await;
    office
}

#[tokio::test]
async fn every_write_is_on_record_and_none_is_forgotten() {
    let office = office().await;
    let writes = writes(&office);
    let publisher = office.house.world.vault.publisher.clone();
    publisher.open();
    publisher.publish_now();
    let publishes = publisher.clone();
    let publishing = std::thread::spawn(move || publishes.run());
    let is_write = |method: &Method, path: &str| *method != Method::GET && !PURE.contains(&path);
    let documented = operations().into_iter().filter(|(method, path, open)| is_write(method, path) && !open);
    let documented: BTreeSet<(String, String)> = documented
        .map(|(method, path, _)| (method.to_string(), path.trim_start_matches("/api/v1").to_owned()))
        .collect();
    let tried = writes.iter().map(|(method, path, ..)| (method.to_string(), (*path).to_owned())).collect();
    assert_eq!(documented, tried, "each operation that writes has its case here");
    let count =
        "SELECT count(*) FROM activity WHERE actor_kind = 'operator' AND actor = 'admin' AND address IS NOT NULL";
    for (method, _, path, body) in writes {
        let before = office.count(count).await;
        let answered = office.ask("admin", method.clone(), &path, body).await;
        assert!(answered.status.is_success(), "{method} {path}: {} {}", answered.status, answered.body);
        assert_eq!(office.count(count).await, before + 1, "{method} {path}");
    }
    let all = office.get("/audit?actor=admin&limit=100").await.to_string();
    assert!(!all.contains("sop_"), "no token is on record: {all}");
    publisher.end();
    publishing.join().unwrap();
}

#[tokio::test]
async fn what_is_refused_is_not_on_record() {
    let office = office().await;
    office
        .run(
            "INSERT INTO customers (id, display_name, wallet_address, status) \
        VALUES (9, 'Gone', '0x' || repeat('9', 64), 'closed')",
        )
        .await;
    let missing = (404, "not_found");
    let credit = json!({"amount_micro_usd": 1, "reference": "r"});
    let cases = [
        (Method::POST, "/customers/7/suspend", Some(json!({"reason": "x"})), missing),
        (Method::POST, "/customers/7/activate", None, missing),
        (Method::POST, "/customers/7/credit", Some(credit), missing),
        (Method::PUT, "/customers/7/limit", Some(json!({"max_monthly_usd_cents": 0})), missing),
        (Method::POST, "/customers/7/sessions/revoke", None, missing),
        (Method::POST, "/customers/12345/keys/77/revoke", None, missing),
        (Method::POST, "/customers/9/keys/1/revoke", None, missing),
        (Method::POST, "/customers/9/suspend", Some(json!({"reason": "x"})), (403, "account_closed")),
        (Method::POST, "/customers/9/activate", None, (403, "account_closed")),
        (Method::PUT, "/customers/9/limit", Some(json!({"max_monthly_usd_cents": 0})), (403, "account_closed")),
        (Method::POST, "/customers/12345/suspend", Some(json!({"reason": ""})), (400, "validation")),
        (Method::PUT, "/customers/12345/limit", Some(json!({"max_monthly_usd_cents": 999})), (400, "validation")),
        (Method::POST, "/jobs/nothing/run", None, missing),
        (Method::POST, "/jobs/%00/run", None, missing),
        (Method::POST, "/notifications/77/acknowledge", None, missing),
        (Method::POST, "/operators", Some(json!({"name": "Ann", "role": "god"})), (400, "validation")),
        (Method::DELETE, "/operators/%00", None, missing),
        (Method::PUT, "/clock", Some(json!({"now": "2001-01-01T00:00:00Z"})), (409, "clock_refused")),
        (Method::PUT, "/clock", Some(json!({"now": "tomorrow"})), (400, "validation")),
    ];
    for (method, path, body, (status, code)) in cases {
        assert_eq!(office.refused(method.clone(), path, body).await, (status, code.to_owned()), "{method} {path}");
    }
    assert_eq!(office.count("SELECT count(*) FROM activity WHERE actor_kind = 'operator'").await, 0);
}

#[tokio::test]
async fn a_suspension_is_in_the_outbox_with_its_reason_on_record() {
    let office = office().await;
    let mut outbox = Outbox::new(office.house.database.config());
    let seen = outbox.after(0, 100).await.unwrap().last().unwrap().seq;
    let suspend = format!("/customers/{CUSTOMER}/suspend");
    let answer = office.post(&suspend, json!({"reason": "abuse of ticket 7"})).await;
    assert_eq!(answer, json!({"customer_id": CUSTOMER, "status": "suspended", "was": "active"}));
    let told = outbox.after(seen, 100).await.unwrap();
    let [change] = told.as_slice() else { panic!("one change: {told:?}") };
    let Entity::Account(account) = &change.entity else { panic!("an account: {change:?}") };
    assert_eq!((account.customer_id.get(), account.status), (CUSTOMER, AccountStatus::Suspended));
    let log = office.get(&format!("/audit?customer_id={CUSTOMER}")).await;
    let item = &log["items"][0];
    assert_eq!((&item["actor"], &item["action"]), (&json!("admin"), &json!("customer.suspend")), "{item}");
    assert_eq!(item["change"], json!({"from": "active", "to": "suspended", "reason": "abuse of ticket 7"}));
    // Said again, it stays so; taken back, it is told again.
    assert_eq!(office.post(&suspend, json!({"reason": "still"})).await["was"], "suspended");
    let back = office.ask("operator", Method::POST, &format!("/customers/{CUSTOMER}/activate"), None).await.json();
    assert_eq!((&back["status"], &back["was"]), (&json!("active"), &json!("suspended")));
    let last = outbox.after(change.seq, 100).await.unwrap().pop().unwrap().entity;
    assert!(matches!(last, Entity::Account(account) if account.status == AccountStatus::Active));
}

#[tokio::test]
async fn a_revoked_key_is_in_the_outbox_and_ended_sessions_are_over() {
    let office = office().await;
    let mut outbox = Outbox::new(office.house.database.config());
    let seen = outbox.after(0, 100).await.unwrap().last().unwrap().seq;
    let revoke = format!("/customers/{CUSTOMER}/keys/1/revoke");
    for was_active in [true, false] {
        let answered = office.ask("operator", Method::POST, &revoke, None).await.json();
        assert_eq!(answered, json!({"key_id": 1, "was_active": was_active}));
    }
    let told = outbox.after(seen, 100).await.unwrap();
    assert!(matches!(told.as_slice(), [one] if matches!(&one.entity, Entity::Key(key) if key.id == 1)), "{told:?}");
    office.run("UPDATE api_keys SET state = 'deleted', deleted_at = now() WHERE id = 1").await;
    assert_eq!(office.refused(Method::POST, &revoke, None).await, (409, "key_deleted".to_owned()));
    for sessions in [1, 0] {
        let path = format!("/customers/{CUSTOMER}/sessions/revoke");
        assert_eq!(office.ask("operator", Method::POST, &path, None).await.json(), json!({"sessions": sessions}));
    }
    let open = office.count("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").await;
    assert_eq!(open, 0);
}

#[tokio::test]
async fn a_credit_is_granted_once_per_reference() {
    let office = office().await;
    let (one, other) = (format!("/customers/{CUSTOMER}/credit"), "/customers/7/credit");
    office
        .run("INSERT INTO customers (id, display_name, wallet_address) VALUES (7, 'Other', '0x' || repeat('7', 64))")
        .await;
    let credit = |amount: i64| json!({"amount_micro_usd": amount, "reference": "ticket 7", "memo": "sorry"});
    assert_eq!(office.post(&one, credit(5_000_000)).await["is_new"], true);
    assert_eq!(office.post(&one, credit(5_000_000)).await["is_new"], false);
    let used = (409, "reference_used".to_owned());
    assert_eq!(office.refused(Method::POST, &one, Some(credit(5_000_001))).await, used);
    assert_eq!(office.refused(Method::POST, other, Some(credit(5_000_000))).await, used);
    let statement = office.get(&format!("/customers/{CUSTOMER}/statement")).await;
    let rows: Vec<_> = statement["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "credit").collect();
    assert_eq!(rows.len(), 1, "{statement}");
    assert_eq!((&rows[0]["amount_micro_usd"], &rows[0]["memo"]), (&json!(5_000_000), &json!("sorry")));
    assert_eq!(statement["closing"]["credits_micro_usd"], 5_000_000);
    assert_eq!(office.get(&format!("/customers/{CUSTOMER}")).await["money"]["credits_micro_usd"], 5_000_000);
}

#[tokio::test]
async fn a_limit_is_the_escrows_and_on_record_before_it_is_asked_for() {
    let office = office().await;
    let path = format!("/customers/{CUSTOMER}/limit");
    let limit = |cents: i64| Some(json!({"max_monthly_usd_cents": cents}));
    let set = office.ask("operator", Method::PUT, &path, limit(7_500)).await.json();
    assert_eq!(set, json!({"customer_id": CUSTOMER, "max_monthly_usd_cents": 7_500}));
    let view = office.get(&format!("/customers/{CUSTOMER}")).await;
    assert_eq!(view["money"]["max_monthly_micro_usd"], 75_000_000);
    let change = &view["activity"][0]["change"];
    assert_eq!(*change, json!({"from_usd_cents": 25_000, "to_usd_cents": 7_500}), "{view}");
    let none = office.ask("operator", Method::PUT, &path, limit(0)).await;
    assert_eq!(none.status, 200, "{}", none.body);
    assert!(office.get(&format!("/customers/{CUSTOMER}")).await["money"]["max_monthly_micro_usd"].is_null());
}

#[tokio::test]
async fn books_are_published_once_ahead_of_time_and_what_if_publishes_nothing() {
    let office = office().await;
    let of = |book: &PriceBook| serde_json::to_value(book).unwrap();
    let (second, mut late) = (next_book(&office, 2), next_book(&office, 3));
    let asked = office.post("/what-if", json!({"book": of(&second), "limit": 1})).await;
    assert_eq!((&asked["before_version"], &asked["unchanged"]), (&json!(1), &json!(1)), "{asked}");
    assert_eq!(office.get("/price-books").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(office.post("/price-books", of(&second)).await, json!({"version": 2, "is_new": true}));
    assert_eq!(office.post("/price-books", of(&second)).await, json!({"version": 2, "is_new": false}));
    let books = office.get("/price-books").await;
    let shown: Vec<_> = books["items"].as_array().unwrap().iter().map(|book| book["is_in_force"].clone()).collect();
    assert_eq!(shown, [json!(true), json!(false)], "{books}");
    late.effective_from = office.now().hour();
    let refused = (409, "price_book_refused".to_owned());
    assert_eq!(office.refused(Method::POST, "/price-books", Some(of(&late))).await, refused);
    late.effective_from = late.effective_from.plus_ms(86_400_000 + 1);
    let wrong = office.ask("admin", Method::POST, "/price-books", Some(of(&late))).await;
    assert_eq!((wrong.status.as_u16(), wrong.json()["errors"][0]["field"].clone()), (400, json!("book")));
    let mut other_rule = of(&second);
    other_rule["billable"] = json!({"statuses": [{"first": 200, "last": 299}]});
    let answered = office.ask("admin", Method::POST, "/what-if", Some(json!({"book": other_rule}))).await;
    assert!([400, 409].contains(&answered.status.as_u16()), "{}", answered.body);
}

#[tokio::test]
async fn a_job_runs_when_it_is_asked_to_and_a_notification_is_known_of_once() {
    let office = office().await;
    let asked = office.ask("operator", Method::POST, "/jobs/charge/run", None).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let jobs = office.get("/jobs").await;
    assert_eq!(jobs["items"][0]["next_at"], asked.json()["due_at"], "{jobs}");
    assert_eq!(office.get("/notifications").await["items"].as_array().unwrap().len(), 1);
    for _ in 0..2 {
        let known = office.ask("operator", Method::POST, "/notifications/1/acknowledge", None).await;
        assert_eq!(known.status, 204, "{}", known.body);
    }
    assert_eq!(office.get("/notifications").await["items"], json!([]));
    let all = office.get("/notifications?state=all").await;
    assert!(all["items"][0]["acknowledged_at"].is_string(), "{all}");
}

#[tokio::test]
async fn a_new_operator_gets_a_token_once_and_another_when_they_are_added_again() {
    let office = office().await;
    let add = |role: &str| json!({"name": "ann", "role": role});
    let first = office.post("/operators", add("viewer")).await;
    let second = office.post("/operators", add("operator")).await;
    assert_eq!((first["is_new"].clone(), second["is_new"].clone()), (json!(true), json!(false)));
    let as_ann = async |token: &Value| {
        let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
        let asked = crate::house::request(Method::GET, "/operators", None, &[("authorization", &bearer)]);
        crate::world::send(&office.router, asked).await
    };
    assert_eq!(as_ann(&first).await.status, 401);
    let listed = as_ann(&second).await.json();
    let ann = listed["items"].as_array().unwrap().iter().find(|item| item["name"] == "ann").unwrap().clone();
    assert_eq!((&ann["role"], &ann["disabled_at"]), (&json!("operator"), &Value::Null), "{ann}");
    assert!(ann["last_used_at"].is_string() && !listed.to_string().contains("sop_"), "{listed}");
}
