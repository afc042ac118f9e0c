//! Events become deliveries in the transaction that makes them.

use crate::receiver::Receiver;
use crate::world::World;
use serde_json::{Value, json};
use suiftly_store::accounts::WEBHOOK_EVENTS;

impl World {
    /// What is to be delivered to a webhook, by type, with what it says.
    async fn events(&self, webhook: Option<i64>) -> Vec<(String, Value)> {
        let select = "SELECT event_type, body FROM deliveries WHERE webhook_id IS NOT DISTINCT FROM $1 ORDER BY id";
        let rows = self.sql.query(select, &[&webhook]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn types(&self, webhook: Option<i64>) -> String {
        self.events(webhook).await.into_iter().map(|(event_type, _)| event_type).collect::<Vec<_>>().join(" ")
    }
}

const URL: &str = "http://127.0.0.1:9/";

#[tokio::test]
async fn notifications_go_to_those_who_asked_for_their_kind() {
    let world = World::new().await;
    let (customer, other) = (world.customer(7).await, world.customer(8).await);
    world.sql.batch_execute("UPDATE customers SET alert_email = 'seven@example.com' WHERE id = 7").await.unwrap();
    let (all, _) = world.webhook(customer, URL, &["*"]).await;
    let (some, _) = world.webhook(customer, URL, &["balance", "limit"]).await;
    let (theirs, _) = world.webhook(other, URL, &["*"]).await;
    let kinds = [
        ("deposit", "info"),
        ("insufficient_balance", "warning"),
        ("withdrawal_paid", "info"),
        ("charge_refused", "warning"),
        ("unexpected_charge", "critical"),
        ("renewal_failed", "critical"),
        ("monthly_limit", "warning"),
        // Of operators alone, or told elsewhere.
        ("close_refused", "critical"),
        ("alert_crossed", "warning"),
        ("something_else", "critical"),
    ];
    for (kind, severity) in kinds {
        let body = json!({"amount_usd_cents": 1, "cause": "customer 7 said no"});
        world.note(customer, &format!("{kind}:7"), kind, severity, body).await;
    }
    let told = "balance.deposit balance.insufficient balance.withdrawal_paid charge.refused charge.unexpected \
        charge.renewal_failed limit.reached";
    assert_eq!(world.types(Some(all)).await, told);
    assert_eq!(
        world.types(Some(some)).await,
        "balance.deposit balance.insufficient balance.withdrawal_paid limit.reached"
    );
    assert_eq!(world.types(Some(theirs)).await, "");
    let mailed = "balance.insufficient charge.refused charge.unexpected charge.renewal_failed limit.reached";
    assert_eq!(world.types(None).await, mailed, "what somebody should look at");
    for (_, body) in world.events(Some(all)).await {
        assert_eq!(body, json!({"amount_usd_cents": 1}), "causes are in our words");
    }
    // What is told already is not told again.
    let again = "INSERT INTO notifications (key, customer_id, severity, kind, body, created_at) \
        VALUES ('deposit:7', 7, 'info', 'deposit', '{}', now()) ON CONFLICT DO NOTHING";
    world.sql.batch_execute(again).await.unwrap();
    assert_eq!(world.types(Some(all)).await, told);
}

#[tokio::test]
async fn what_is_rolled_back_is_not_told() {
    let mut world = World::new().await;
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, URL, &["*"]).await;
    let insert = "INSERT INTO notifications (key, customer_id, severity, kind, body, created_at) \
        VALUES ('deposit:7', 7, 'info', 'deposit', '{}', now())";
    let transaction = world.sql.transaction().await.unwrap();
    transaction.batch_execute(insert).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(world.types(Some(webhook)).await, "");
}

#[tokio::test]
async fn what_commits_late_is_told_too() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let customer = world.customer(7).await;
    world.webhook(customer, &receiver.url(), &["*"]).await;
    let notifier = std::sync::Arc::clone(&world.notifier);
    let other = world.another_client().await;
    let insert = "INSERT INTO notifications (key, customer_id, severity, kind, body, created_at) \
        VALUES ($1, 7, 'info', 'deposit', '{}', '2026-11-22T14:30:00Z')";
    // The one that is numbered first commits last.
    let first = world.sql.transaction().await.unwrap();
    first.execute(insert, &[&"deposit:1"]).await.unwrap();
    other.execute(insert, &[&"deposit:2"]).await.unwrap();
    assert_eq!(notifier.deliver_due().await.unwrap().delivered, 1);
    first.commit().await.unwrap();
    assert_eq!(notifier.deliver_due().await.unwrap().delivered, 1);
}

#[tokio::test]
async fn invoices_and_their_state_are_told() {
    let world = World::new().await;
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, URL, &["invoice"]).await;
    world.webhook(customer, URL, &["key"]).await;
    let issue = "INSERT INTO invoices (number, kind, customer_id, month, status, issued_at, bill, input_hash, \
            total_micro_usd, payable_micro_usd) \
        VALUES ('INV-2026-000001', 'invoice', 7, '2026-10-01', 'open', now(), '{}', repeat('0', 64), 12345678, 12340000)";
    world.sql.batch_execute(issue).await.unwrap();
    for change in [
        "UPDATE invoices SET status = 'failed'",
        "UPDATE invoices SET status = 'failed'",
        "UPDATE invoices SET status = 'open'",
        "UPDATE invoices SET status = 'failed'",
        "UPDATE invoices SET status = 'paid', settled_at = now()",
    ] {
        world.sql.batch_execute(change).await.unwrap();
    }
    assert_eq!(
        world.types(Some(webhook)).await,
        "invoice.issued invoice.failed invoice.open invoice.failed invoice.paid"
    );
    let expected = json!({"number": "INV-2026-000001", "kind": "invoice", "month": "2026-10", "status": "paid",
        "total_micro_usd": 12_345_678, "payable_micro_usd": 12_340_000});
    assert_eq!(world.events(Some(webhook)).await[4].1, expected);
}

#[tokio::test]
async fn keys_are_told_without_what_is_secret() {
    let world = World::new().await;
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, URL, &["key"]).await;
    let make = "INSERT INTO service_instances (customer_id, service_type, tier) VALUES (7, 1, 'pro'); \
        INSERT INTO api_keys (customer_id, service_type, network, api_key_fp, key_sha256, key_prefix, key_metadata, name) \
        VALUES (7, 1, 1, 16801928, repeat('A', 64), 'SAECAGBC', 10496, 'mine')";
    world.sql.batch_execute(make).await.unwrap();
    for change in [
        "UPDATE api_keys SET name = 'other'",
        "UPDATE api_keys SET state = 'revoked', revoked_at = now()",
        "UPDATE api_keys SET state = 'active'",
        "UPDATE api_keys SET state = 'deleted', deleted_at = now()",
    ] {
        world.sql.batch_execute(change).await.unwrap();
    }
    let events = world.events(Some(webhook)).await;
    assert_eq!(world.types(Some(webhook)).await, "key.created key.revoked key.active key.deleted");
    let id = &events[0].1["key_id"];
    let expected = json!({"key_id": id, "service": "seal", "network": "mainnet", "key_prefix": "SAECAGBC",
        "name": "mine", "state": "active"});
    assert_eq!(events[0].1, expected);
}

#[tokio::test]
async fn every_kind_that_can_be_asked_for_is_told_of() {
    let world = World::new().await;
    let select = "SELECT DISTINCT split_part(suiftly_event_type(kind), '.', 1) FROM unnest(ARRAY['deposit', 'charge_refused', \
        'monthly_limit', 'delivery_dead']) AS kind";
    let rows = world.sql.query(select, &[]).await.unwrap();
    let mut told: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    told.extend(["alert", "invoice", "key"].map(str::to_owned));
    told.sort_unstable();
    assert_eq!(told, WEBHOOK_EVENTS);
}
