//! What operators read, over a real PostgreSQL: found, paged, and drilled down.

use crate::admin_office::{CUSTOMER, Office};
use axum::http::Method;
use serde_json::{Value, json};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_schema::time::UnixMillis;

fn ids(items: &[Value], field: &str) -> Vec<i64> {
    items.iter().map(|item| item[field].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn customers_are_found_by_name_mail_wallet_id_and_status() {
    let office = Office::open().await;
    for (id, name) in [(11, "Nightjar Games"), (12, "Fernway"), (13, "Quay_side")] {
        office.customer(id, name).await;
    }
    office.run("UPDATE customers SET status = 'suspended' WHERE id = 12").await;
    let wallet = format!("0x{:064x}", 13);
    let cases = [
        ("", vec![11, 12, 13]),
        ("search=nightJAR", vec![11]),
        ("search=ops12%40example", vec![12]),
        ("search=13", vec![13]),
        ("search=0x", vec![11, 12, 13]),
        ("search=_", vec![13]),
        ("search=%25", vec![]),
        ("status=suspended", vec![12]),
        ("status=active&search=fern", vec![]),
        (&*format!("search={}", wallet.to_uppercase().replace("0X", "0x")), vec![13]),
    ];
    for (query, expected) in cases {
        let found = office.pages(&format!("/customers?{query}")).await;
        assert_eq!(ids(&found, "customer_id"), expected, "{query}");
    }
    for (query, field) in [("status=gone", "status"), ("limit=201", "limit"), ("cursor=x", "cursor"), ("q=1", "q")] {
        let refused = office.ask("viewer", Method::GET, &format!("/customers?{query}"), None).await;
        assert_eq!((refused.problem().as_str(), &refused.json()["errors"][0]["field"]), ("validation", &json!(field)));
    }
}

#[tokio::test]
async fn a_customer_from_all_sides() {
    let office = Office::open().await;
    office.customer(CUSTOMER, "Nightjar").await;
    office.customer(7, "Other").await;
    office
        .run(
            "INSERT INTO alerts (customer_id, name, metric, period, threshold, created_at) \
                VALUES (12345, 'half', 'spend', 'month', 5, now()), (7, 'other', 'spend', 'month', 5, now()); \
             INSERT INTO notifications (key, customer_id, severity, kind, body, created_at) \
                VALUES ('a', 12345, 'warning', 'charge_refused', '{}', now()), ('b', 7, 'info', 'x', '{}', now()); \
             INSERT INTO key_activity VALUES (12345, 12345, 9, 1, '2026-11-22T10:00:00Z')",
        )
        .await;
    office.post("/customers/12345/credit", json!({"amount_micro_usd": 1, "reference": "r"})).await;
    let view = office.get("/customers/12345").await;
    let counts: Vec<usize> = ["services", "keys", "sessions", "alerts", "invoices", "activity", "notifications"]
        .iter()
        .map(|part| view[part].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [1, 1, 1, 1, 0, 1, 1], "{view:#}");
    assert_eq!((&view["profile"]["display_name"], &view["profile"]["status"]), (&json!("Nightjar"), &json!("active")));
    assert_eq!((&view["services"][0]["tier"], &view["services"][0]["scheduled"]), (&json!("pro"), &Value::Null));
    let key = &view["keys"][0];
    assert_eq!((&key["prefix"], &key["last_used_at"]), (&json!("SAECAGBC"), &json!("2026-11-22T10:00:00Z")), "{key}");
    assert_eq!(view["money"]["balance_micro_usd"], 50_000_000);
    assert!(!view.to_string().contains("FF000"), "a key's hash is nobody's to see: {view}");
    for path in [
        "/customers/8",
        "/customers/0",
        "/customers/x",
        "/customers/8/statement",
        "/customers/8/draft",
        "/customers/8/invoices",
    ] {
        let missing = office.ask("viewer", Method::GET, path, None).await;
        assert_eq!((missing.status.as_u16(), missing.problem().as_str()), (404, "not_found"), "{path}");
    }
}

#[tokio::test]
async fn the_log_is_paged_and_filtered() {
    let office = Office::open().await;
    office.customer(CUSTOMER, "Nightjar").await;
    for reference in ["a", "b", "c"] {
        office.post("/customers/12345/credit", json!({"amount_micro_usd": 1, "reference": reference})).await;
    }
    office.post("/customers/12345/suspend", json!({"reason": "x"})).await;
    let cases = [
        ("/audit", 7),
        ("/audit?actor_kind=system", 3),
        ("/audit?actor_kind=operator&actor=admin", 4),
        ("/audit?actor=viewer", 0),
        ("/audit?action=credit.", 3),
        ("/audit?customer_id=12345&action=customer.", 1),
        ("/audit?customer_id=7", 0),
    ];
    for (path, expected) in cases {
        let found = office.pages(path).await;
        let numbers = ids(&found, "id");
        assert!(numbers.is_sorted_by(|earlier, later| earlier > later), "the latest first: {numbers:?}");
        assert_eq!(numbers.len(), expected, "{path}");
    }
}

#[tokio::test]
async fn the_vault_is_shown_with_states_and_limits_and_no_secrets() {
    let office = Office::open().await;
    office
        .run(
            "INSERT INTO vault_keys SELECT lpad(n::text, 64, 'A'), 5 + n / 3, 1, 1, 100 + n, 8192, \
                CASE n WHEN 1 THEN 'revoked' ELSE 'active' END FROM generate_series(0, 4) AS n; \
             INSERT INTO vault_access VALUES (5, 1, true, 'active', 500, 1000, '[\"192.0.2.0/24\"]'), \
                (6, 1, true, 'monthly_limit', 500, 500, '[]')",
        )
        .await;
    let all = office.pages("/vault").await;
    let usable: Vec<_> = all.iter().map(|grant| grant["is_usable"].as_bool().unwrap()).collect();
    assert_eq!(
        (ids(&all, "api_key_fp"), usable),
        (vec![100, 101, 102, 103, 104], vec![true, false, true, false, false])
    );
    assert_eq!(all[0]["access"]["allowlist"], json!(["192.0.2.0/24"]));
    assert_eq!(all[3]["access"]["state"], "monthly_limit");
    assert_eq!(ids(&office.pages("/vault?customer_id=6").await, "api_key_fp"), [103, 104]);
    assert!(!json!(all).to_string().contains("AAAA"), "no hash of a key");
    office.run("DELETE FROM vault_access WHERE customer_id = 6").await;
    assert_eq!(office.pages("/vault?customer_id=6").await[0]["access"], Value::Null);
}

#[tokio::test]
async fn haproxys_messages_by_server_and_time_none_twice_and_none_left_out() {
    let office = Office::open().await;
    office
        .run(
            "INSERT INTO haproxy_system_logs SELECT TIMESTAMPTZ '2026-11-21T10:00:00Z' + n / 4 * INTERVAL '1 second', \
                16 + n % 2, 'message ' || n, 1 FROM generate_series(0, 10) AS n; \
             INSERT INTO haproxy_system_logs VALUES ('2026-11-21T10:00:00Z', NULL, 'message 0', 3)",
        )
        .await;
    let span = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z";
    let found = office.pages(&format!("/system-logs?{span}")).await;
    let mut messages: Vec<_> =
        found.iter().map(|item| (item["message"].to_string(), item["count"].to_string())).collect();
    messages.sort();
    messages.dedup();
    assert_eq!((found.len(), messages.len()), (12, 12), "{found:#?}");
    let times: Vec<_> = found.iter().map(|item| item["timestamp"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|earlier, later| earlier >= later), "{times:?}");
    assert_eq!(office.pages(&format!("/system-logs?{span}&server_id=17")).await.len(), 5);
    assert_eq!(office.pages("/system-logs?from=2026-11-21T10:00:02Z&to=2026-11-21T11:00:00Z").await.len(), 3);
}

/// Records of two customers, servers and services, a second apart: statuses 200, 404 and 503, times 0, 10, 20, …
const RECORDS: &str = "INSERT INTO haproxy_raw_logs (timestamp, customer_id, network, server_id, service_type, api_key_fp, \
        traffic_type, event_type, status_code, bytes_sent, time_total, backend_id, termination_state, boot, seq, journal_offset) \
    SELECT TIMESTAMPTZ '2026-11-21T10:00:00Z' + n * INTERVAL '1 second', 5 + n % 2, 1, 16 + n % 2, 1 + n % 3, 100 + n % 5, \
        1, CASE n % 3 WHEN 2 THEN 52 ELSE 0 END, (ARRAY[200, 404, 503])[1 + n % 3], 512, n * 10, 1, '----', \
        '2026-11-01T00:00:00Z', n + 1, n * 300 FROM generate_series(0, 11) AS n";

#[tokio::test]
async fn records_are_found_by_what_they_are_and_paged() {
    let office = Office::open().await;
    office.run(RECORDS).await;
    let all: Vec<i64> = (0..12).map(|n| n * 300).rev().collect();
    let some = |keep: fn(i64) -> bool| (0..12).filter(|n| keep(*n)).map(|n| n * 300).rev().collect::<Vec<i64>>();
    let cases = [
        ("", all),
        ("customer_id=5", some(|n| n % 2 == 0)),
        ("server_id=17", some(|n| n % 2 == 1)),
        ("service_type=seal", some(|n| n % 3 == 0)),
        ("network=testnet", vec![]),
        ("status=5xx", some(|n| n % 3 == 2)),
        ("status=404&customer_id=6", some(|n| n % 3 == 1 && n % 2 == 1)),
        ("event_type=52", some(|n| n % 3 == 2)),
        ("api_key_fp=104", some(|n| n % 5 == 4)),
        ("time_total_min_ms=100", some(|n| n >= 10)),
    ];
    for (query, expected) in cases {
        let span = "from=2026-11-21T10:00:00Z&to=2026-11-21T11:00:00Z";
        let found = office.pages(&format!("/records?{span}&{query}")).await;
        assert_eq!(ids(&found, "journal_offset"), expected, "{query}");
    }
    let one = office.get("/records?from=2026-11-21T10:00:02Z&to=2026-11-21T10:00:03Z").await["items"][0].clone();
    let parts = (&one["timestamp"], &one["status_code"], &one["seq"], &one["time_total_ms"], &one["client_ip"]);
    assert_eq!(parts, (&json!("2026-11-21T10:00:02Z"), &json!(503), &json!(3), &json!(20), &Value::Null), "{one}");
    let wide =
        office.ask("viewer", Method::GET, "/records?from=2026-11-21T10:00:00Z&to=2026-11-21T11:00:01Z", None).await;
    assert_eq!(wide.json()["errors"][0]["field"], "from");
}

/// Brings the office into the next month, with the one that ran closed.
async fn close_the_month(office: &Office) {
    let settlement = &office.accounts().settlement;
    let end = office.now().month().end();
    office.clock.set_offset_ms(end.0 - office.now().0 + 25 * 3_600_000);
    // The close goes by what was received, too.
    let cut_at = office.now().rfc3339();
    office
        .run(&format!(
            "INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, \
                rejected, records) VALUES ('office', 1, '{cut_at}', 0, 0, 0, 0, 0, '{{}}', 0)"
        ))
        .await;
    settlement.renew_due().await.unwrap();
    let closed = settlement.close_due().await.unwrap();
    assert_eq!((closed.documents, closed.alarms), (1, 0), "{closed:?}");
}

#[tokio::test]
async fn invoices_are_found_shown_and_handed_out() {
    let office = Office::open().await;
    let month = office.now().month();
    office
        .run(&format!(
            "INSERT INTO customers (id, display_name, wallet_address, current_balance_usd_cents, max_monthly_usd_cents, \
                current_month_start) VALUES (5, 'Payer', '0x' || repeat('5', 64), 0, 0, '{month}-01')"
        ))
        .await;
    let (settlement, payer) = (&office.accounts().settlement, CustomerId::new(5).unwrap());
    settlement.deposit(payer, 100_000).await.unwrap();
    let subscription = Subscription { burst: true, ..Subscription::of(Tier::Pro) };
    settlement.order(payer, Service::Seal, Order::Enable(subscription), None).await.unwrap();
    let draft = office.get("/customers/5/draft").await;
    assert_eq!((&draft["number"], &draft["status"]), (&json!("draft"), &json!("draft")), "{draft}");
    let lines = draft["lines"].as_array().unwrap().len();
    assert_eq!(lines, 2, "{draft}");
    close_the_month(&office).await;
    let list = office.pages(&format!("/invoices?month={month}")).await;
    let number = list[0]["number"].as_str().unwrap();
    assert_eq!((list.len(), &list[0]["customer_id"], &list[0]["month"]), (1, &json!(5), &json!(month.to_string())));
    assert_eq!(office.pages("/invoices?status=void").await.len(), 0);
    assert_eq!(office.pages("/invoices?customer_id=6").await.len(), 0);
    assert_eq!(office.pages("/customers/5/invoices").await, list);
    let view = office.get(&format!("/invoices/{number}")).await;
    assert_eq!(view["lines"].as_array().unwrap().len(), lines, "{view}");
    assert_eq!(view["sums"]["total_micro_usd"], list[0]["total_micro_usd"]);
    assert_eq!(office.get(&format!("/invoices/{number}/hours")).await, json!({"items": [], "next_cursor": null}));
    let records = office.get(&format!("/invoices/{number}/records?hour={month}-10T10:00:00Z&service_type=seal")).await;
    assert_eq!(records["items"], json!([]));
    let csv = office.ask("viewer", Method::GET, &format!("/invoices/{number}/document?format=csv"), None).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.header("content-disposition"), format!("attachment; filename=\"{number}.csv\""));
    assert!(csv.body.contains(number), "{}", csv.body);
    let all = office.get(&format!("/invoices/{number}/document?format=json")).await;
    assert_eq!((&all["number"], &all["input_hash"]), (&json!(number), &view["input_hash"]));
    for path in ["/invoices/INV-1999-000001", "/invoices/%00", "/invoices/INV-1999-000001/hours"] {
        let missing = office.ask("viewer", Method::GET, path, None).await;
        assert_eq!((missing.status.as_u16(), missing.problem().as_str()), (404, "not_found"), "{path}");
    }
    // The month is closed: there is no draft of it any more.
    let closed = office.ask("viewer", Method::GET, &format!("/customers/5/draft?month={month}"), None).await;
    assert_eq!(closed.status, 404);
}

#[tokio::test]
async fn the_books_are_held_against_each_other_on_demand() {
    let office = Office::open().await;
    office.customer(CUSTOMER, "Nightjar").await;
    let clean = office.get("/billing/reconciliation").await;
    let differences = clean["ledger"]["count"].as_i64().unwrap();
    assert_eq!((clean["is_clean"].as_bool(), clean["escrow"].is_null()), (Some(differences == 0), true), "{clean}");
    let asked = office.get("/billing/reconciliation?escrow=true").await;
    assert!(asked["escrow"]["count"].is_i64(), "{asked}");
    // Somebody's credits appear out of nothing.
    office.run("UPDATE customers SET credits_micro_usd = 7 WHERE id = 12345").await;
    let odd = office.get("/billing/reconciliation").await;
    assert_eq!((&odd["is_clean"], odd["ledger"]["count"].as_i64()), (&json!(false), Some(differences + 1)), "{odd}");
}

#[tokio::test]
async fn jobs_and_their_runs() {
    let office = Office::open().await;
    office
        .run(
            "INSERT INTO manager_jobs (name, next_at, failures) VALUES ('charge', '2026-11-22T10:00:00Z', 2), ('close', now(), 0); \
             INSERT INTO manager_runs (job, holder, started_at, ended_at, outcome, detail) SELECT 'charge', 'h', now(), now(), \
                CASE n % 2 WHEN 0 THEN 'done' ELSE 'failed' END, CASE n % 2 WHEN 0 THEN NULL ELSE to_jsonb(n) END \
                FROM generate_series(1, 5) AS n",
        )
        .await;
    let jobs = office.get("/jobs").await;
    let charge = &jobs["items"][0];
    let parts = (&charge["name"], &charge["failures"], &charge["last_run"]["outcome"]);
    assert_eq!(parts, (&json!("charge"), &json!(2), &json!("failed")), "{jobs}");
    assert_eq!(charge["last_run"]["detail"], json!({"result": 5}));
    assert_eq!((&jobs["items"][1]["last_run"], &jobs["is_manager_here"]), (&Value::Null, &Value::Null));
    assert_eq!(office.pages("/jobs/charge/runs").await.len(), 5);
    assert_eq!(office.pages("/jobs/charge/runs?work=true").await.len(), 3);
    let missing = office.ask("viewer", Method::GET, "/jobs/nothing/runs", None).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn the_clock_is_the_managers() {
    let office = Office::open().await;
    let machine = office.get("/clock").await;
    assert_eq!(machine["offset_ms"], 0);
    let to = UnixMillis::parse_rfc3339(machine["now"].as_str().unwrap()).unwrap().plus_ms(3_600_000);
    let moved = office.ask("admin", Method::PUT, "/clock", Some(json!({"now": to.rfc3339()}))).await.json();
    let ahead = moved["offset_ms"].as_i64().unwrap();
    assert!((3_500_000..=3_600_000).contains(&ahead), "{moved}");
    assert_eq!(office.get("/clock").await["offset_ms"], ahead);
}
