//! An account closed by HTTP, to the last cent, and looked at ever after.

use crate::desk::Desk;
use crate::house::{Member, Wallet};
use crate::traffic::{at, row};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_settlement::CLOSURE_GRACE_MS;

async fn post(member: &Member, path: &str, body: Value) -> (StatusCode, Value) {
    let answered = member.ask(Method::POST, path, Some(body)).await;
    (answered.status, answered.json())
}

/// Somebody with $50, a Starter service with a key of it, and some usage.
async fn customer(desk: &mut Desk) -> Member {
    let member = desk.member(1).await;
    post(&member, "/billing/deposit", json!({"amount_usd_cents": 5_000})).await;
    let order = Order::Enable(Subscription::of(Tier::Starter));
    desk.settlement.order(member.id, Service::Seal, order, None).await.unwrap();
    let id = member.id.get();
    desk.run(&format!(
        "INSERT INTO api_keys (customer_id, service_type, network, api_key_fp, key_sha256, key_prefix, key_metadata) \
         VALUES ({id}, 1, 1, 7, '{id:064X}', 'SAAAAAAA', 8192)"
    ))
    .await;
    let (mut key, sums) = row(id, Network::Mainnet, at("2026-11-20T10:00:00Z"), 12_345);
    key.usage.service = Some(Service::Seal);
    desk.use_some(&[(key, sums)]).await;
    member
}

async fn run_manager(desk: &Desk) {
    for _ in 0..3 {
        desk.settlement.poll_events().await.unwrap();
        desk.settlement.charge_due().await.unwrap();
        desk.settlement.pay_withdrawals().await.unwrap();
        desk.settlement.close_accounts().await.unwrap();
    }
}

#[tokio::test]
async fn an_account_is_closed_and_can_be_looked_at() {
    let mut desk = Desk::open().await;
    let member = customer(&mut desk).await;
    let confirm = json!({"confirm": member.wallet.address});
    for body in
        [json!({"confirm": "yes"}), json!({"confirm": Wallet::new(2).address}), json!({}), json!({"confirm": 1})]
    {
        let (status, problem) = post(&member, "/account/close", body).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::BAD_REQUEST, &json!("confirm")));
    }
    let (status, closing) = post(&member, "/account/close", confirm.clone()).await;
    assert_eq!((status, closing["closing_at"].is_string()), (StatusCode::OK, true));
    assert_eq!(post(&member, "/account/close", confirm.clone()).await.1, closing, "asked for again");
    let keys = "SELECT state || ' ' || (SELECT is_enabled::text FROM service_instances) FROM api_keys";
    assert_eq!(desk.text(keys).await, "revoked false", "at once");

    // Nothing new is begun.
    for path in ["/billing/deposit", "/billing/withdraw"] {
        let (status, problem) = post(&member, path, json!({"amount_usd_cents": 100})).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("account_not_active")), "{path}");
    }
    let order = json!({"subscription": {"tier": "starter"}});
    assert_eq!(post(&member, "/services/grpc/enable", order).await.1["code"], "account_not_active");

    run_manager(&desk).await;
    assert_eq!(member.get("/me").await["status"], "active", "within the grace");
    desk.house.world.clock.set(desk.now().plus_ms(CLOSURE_GRACE_MS + 1_000));
    desk.publish(&[]);
    desk.commit().await;
    run_manager(&desk).await;
    // $6.66 of $20 a month, and $1.2345.
    let back = "SELECT string_agg(type || ' ' || amount_usd_cents, ', ' ORDER BY id) FROM escrow_transactions";
    assert_eq!(desk.text(back).await, "deposit 5000, charge 790, withdrawal_requested 4210, withdrawal 4210");
    assert_eq!(desk.settlement.ledger_check().await.unwrap().count, 0);
    assert_eq!(desk.settlement.reconcile().await.unwrap().count, 0);

    // Sessions have ended; who signs in again may look.
    assert_eq!(desk.house.count("SELECT count(*) FROM sessions WHERE revoked_why = 'closed'").await, 1);
    let again = desk.member(1).await;
    assert_eq!(again.get("/me").await["status"], "closed");
    assert_eq!(again.get("/billing").await["balance_usd_cents"], 0);
    assert_eq!(again.get("/billing/transactions").await["items"].as_array().unwrap().len(), 4);
    for (path, body) in [
        ("/account/close/cancel", json!({})),
        ("/account/close", confirm),
        ("/billing/deposit", json!({"amount_usd_cents": 1})),
    ] {
        let (status, problem) = post(&again, path, body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("account_closed")), "{path}");
    }
    let activity = again.get("/activity?action=account.").await;
    let actions: Vec<_> =
        activity["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..2], ["account.closed", "account.close"]);
}

#[tokio::test]
async fn suspension_keeps_an_account_open_and_it_may_be_kept() {
    let mut desk = Desk::open().await;
    let member = customer(&mut desk).await;
    let confirm = json!({"confirm": member.wallet.address});
    desk.run("UPDATE customers SET status = 'suspended'").await;
    let (status, problem) = post(&member, "/account/close", confirm.clone()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("account_not_active")));
    desk.run("UPDATE customers SET status = 'active'").await;
    assert_eq!(post(&member, "/account/close", confirm).await.0, StatusCode::OK);
    let (status, kept) = post(&member, "/account/close/cancel", json!({})).await;
    assert_eq!((status, kept), (StatusCode::OK, json!({"closing_at": null})));
    assert_eq!(post(&member, "/account/close/cancel", json!({})).await.0, StatusCode::OK, "nothing to cancel");
    desk.house.world.clock.set(desk.now().plus_ms(CLOSURE_GRACE_MS + 1_000));
    run_manager(&desk).await;
    assert_eq!(member.get("/me").await["status"], "active");
    assert_eq!(post(&member, "/billing/deposit", json!({"amount_usd_cents": 100})).await.0, StatusCode::OK);
}
