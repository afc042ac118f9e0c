//! Everything that is held about a customer, and no secret among it.

use crate::desk::Desk;
use crate::house::Member;
use crate::traffic::{at, row};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::subscription::{Order, Subscription, Tier};

/// What is sealed or hashed, as it stands in the database: each is looked for in the export.
const SECRETS: &str = "SELECT secret FROM (SELECT encode(sealed_key, 'hex') AS secret FROM api_keys \
    UNION ALL SELECT encode(sealed_key, 'base64') FROM api_keys \
    UNION ALL SELECT key_sha256 FROM api_keys UNION ALL SELECT lower(key_sha256) FROM api_keys \
    UNION ALL SELECT encode(sealed_key, 'hex') FROM seal_keys UNION ALL SELECT encode(sealed_secret, 'hex') FROM webhooks \
    UNION ALL SELECT refresh_sha256 FROM sessions UNION ALL SELECT request_sha256 FROM idempotency_keys \
    UNION ALL SELECT nonce FROM charges) AS s WHERE secret IS NOT NULL";

/// A row of what the other parts write, past them.
async fn plant(desk: &Desk, member: &Member, n: u8) {
    let id = member.id.get();
    let hex = format!("{id:056x}{:08x}", u32::from(n) + 0xabcd);
    desk.run(&format!(
        "INSERT INTO api_keys (customer_id, service_type, network, api_key_fp, key_sha256, key_prefix, key_metadata, sealed_key, name) \
            VALUES ({id}, 1, 1, 7, '{upper}', 'SAAAAAAA', 8192, decode('{hex}', 'hex'), 'key of {n}'); \
         INSERT INTO seal_keys (customer_id, derivation_index, public_key, sealed_key, created_at, name) \
            VALUES ({id}, 0, decode(repeat('0{n}', 96), 'hex'), decode('{hex}0a', 'hex'), now(), 'seal of {n}'); \
         INSERT INTO seal_packages (customer_id, seal_key_id, package_address, created_at) \
            VALUES ({id}, (SELECT id FROM seal_keys WHERE customer_id = {id}), '0x' || repeat('c', 64), now()); \
         INSERT INTO alerts (customer_id, name, metric, period, threshold, created_at) \
            VALUES ({id}, 'alert of {n}', 'spend', 'month', 1, now()); \
         INSERT INTO webhooks (customer_id, url, events, sealed_secret, created_at) \
            VALUES ({id}, 'https://hook-{n}.test/', '{{*}}', decode('{hex}0b', 'hex'), now()); \
         INSERT INTO deliveries (customer_id, webhook_id, event_key, event_type, body, next_attempt_at, created_at) \
            VALUES ({id}, (SELECT id FROM webhooks WHERE customer_id = {id}), 'e{n}', 'alert', '{{}}', now(), now()); \
         INSERT INTO idempotency_keys (customer_id, key, request_sha256, created_at) VALUES ({id}, 'k', '{lower}', now()); \
         INSERT INTO key_activity VALUES ({id}, 7, 1, 0, now()); \
         INSERT INTO notifications (key, customer_id, severity, kind, body, created_at) \
            VALUES ('close:{id}', {id}, 'critical', 'close_refused', '{{}}', now()); \
         INSERT INTO activity (at, customer_id, actor_kind, actor, address, action) \
            VALUES (now(), {id}, 'operator', 'mallory', '192.0.2.9', 'customer.resume')",
        upper = hex.to_uppercase(),
        lower = hex.replace('0', "f"),
    ))
    .await;
}

/// Rows by section; the export must be whole.
fn sections(body: &str) -> BTreeMap<String, Vec<Value>> {
    let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (first, last) = (&lines[0], lines.last().unwrap());
    assert_eq!((&first["section"], &first["row"]["format"]), (&json!("export"), &json!(1)));
    assert_eq!(*last, json!({"section": "end", "row": {"rows": lines.len() - 2}}), "how many there are");
    let mut sections: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in &lines[1..lines.len() - 1] {
        sections.entry(line["section"].as_str().unwrap().to_owned()).or_default().push(line["row"].clone());
    }
    sections
}

#[tokio::test]
async fn an_export_has_everything_and_no_secret() {
    let mut desk = Desk::open().await;
    let (own, other) = (desk.member(1).await, desk.member(2).await);
    for (n, member) in [(1, &own), (2, &other)] {
        desk.settlement.deposit(member.id, 5_000).await.unwrap();
        let order = Order::Enable(Subscription::of(Tier::Starter));
        desk.settlement.order(member.id, Service::Seal, order, None).await.unwrap();
        plant(&desk, member, n).await;
    }
    let use_of = |member: &Member, when| row(member.id.get(), Network::Mainnet, at(when), 50_000);
    desk.use_some(&[
        use_of(&own, "2026-10-30T10:00:00Z"),
        use_of(&own, "2026-11-20T10:00:00Z"),
        use_of(&other, "2026-11-20T10:00:00Z"),
    ])
    .await;
    desk.settlement.close_due().await.unwrap();
    desk.settlement.charge_due().await.unwrap();
    desk.settlement.request_withdrawal(own.id, 100).await.unwrap();

    let answered = own.ask(Method::GET, "/account/export", None).await;
    assert_eq!((answered.status, answered.header("content-type")), (StatusCode::OK, "application/x-ndjson"));
    let found = sections(&answered.body);
    let expected = [
        ("account", 1),
        ("services", 1),
        ("api_keys", 1),
        ("seal_keys", 1),
        ("seal_packages", 1),
        ("sessions", 1),
        ("alerts", 1),
        ("webhooks", 1),
        ("subscription_items", 1),
        ("invoices", 1),
        ("usage_by_hour", 2),
        ("rated", 2),
        ("key_activity", 1),
        ("withdrawals", 1),
        ("billing_months", 2),
    ];
    for (section, rows) in expected {
        assert_eq!(found.get(section).map(Vec::len), Some(rows), "{section}: {found:?}");
    }
    for section in ["ledger", "charges", "transactions", "activity", "notifications", "deliveries"] {
        assert!(!found[section].is_empty(), "{section}");
    }
    let ledger: i64 =
        desk.house.count(&format!("SELECT count(*) FROM ledger WHERE customer_id = {}", own.id.get())).await;
    assert_eq!(i64::try_from(found["ledger"].len()).unwrap(), ledger);
    assert_eq!(found["account"][0]["wallet_address"], own.wallet.address);
    assert_eq!(found["api_keys"][0]["name"], "key of 1");
    assert!(found["invoices"][0]["bill"]["lines"].is_array());
    assert_eq!(
        found["usage_by_hour"].iter().map(|row| row["billable_requests"].as_i64().unwrap()).sum::<i64>(),
        100_000
    );

    let body = &answered.body;
    let secrets = desk.house.client.query(SECRETS, &[]).await.unwrap();
    assert!(secrets.len() >= 12, "there is something to be found");
    for row in secrets {
        let secret: String = row.get(0);
        assert!(!body.contains(secret.trim()), "{secret}");
    }
    for word in [
        "sealed",
        "sha256",
        "customer_id",
        "mallory",
        "192.0.2.9",
        "close_refused",
        own.text("access_token"),
        own.text("refresh_token"),
    ] {
        assert!(!body.contains(word), "{word}");
    }
    for of_other in [&other.wallet.address, "key of 2", "hook-2", "alert of 2", "seal of 2"] {
        assert!(!body.contains(of_other), "{of_other}");
    }
    for id in [own.id, other.id] {
        assert!(!body.contains(&id.get().to_string()), "no customer's number");
    }
}

#[tokio::test]
async fn a_long_export_is_made_page_by_page() {
    let desk = Desk::open().await;
    let own = desk.member(1).await;
    let id = own.id.get();
    desk.run(&format!(
        "SELECT suiftly_ensure_partitions('usage_per_hour', '2026-09-01Z', '2026-11-22Z') WHERE EXISTS ( \
            SELECT FROM pg_class WHERE relname = 'usage_per_hour' AND relkind = 'p'); \
         INSERT INTO usage_per_hour (customer_id, hour, service_type, network, guaranteed, burst, rejected, client_error, \
            server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms) \
         SELECT {id}, '2026-09-01Z'::timestamptz + n * INTERVAL '1 hour', service, 1, n, 0, 0, 0, 0, 0, n, n, n, n \
         FROM generate_series(0, 599) AS n, generate_series(1, 3) AS service; \
         INSERT INTO activity (at, customer_id, actor_kind, actor, action) \
         SELECT now(), {id}, 'system', 'tests', 'test.page' FROM generate_series(1, 1000)"
    ))
    .await;
    let (_, body) = desk.body(&own, "/account/export").await;
    let mut pieces = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(piece) = futures::StreamExt::next(&mut stream).await {
        pieces.push(String::from_utf8(piece.unwrap().to_vec()).unwrap());
    }
    let most = pieces.iter().map(|piece| piece.lines().count()).max().unwrap();
    assert!(pieces.len() > 8 && most <= 502, "{} pieces of {most} lines at most", pieces.len());
    let found = sections(&pieces.concat());
    assert_eq!(found["usage_by_hour"].len(), 1_800);
    let mut hours: Vec<_> =
        found["usage_by_hour"].iter().map(|row| (row["hour"].to_string(), row["service_type"].to_string())).collect();
    hours.sort();
    hours.dedup();
    assert_eq!(hours.len(), 1_800, "each once");
    let pages = found["activity"].iter().filter(|row| row["action"] == "test.page").count();
    assert_eq!(pages, 1_000);
}
