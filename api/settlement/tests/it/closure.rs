//! Accounts closed: services and keys at once, all that is accrued charged, the rest back to the owner, to the last cent;
//! whoever dies in between.

use crate::crash::{dies_after, dies_in_the_call};
use crate::desk::Desk;
use std::collections::BTreeSet;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_settlement::escrow::{Escrow, Fault};
use suiftly_settlement::{CLOSURE_GRACE_MS, ClosureReport, Settlement, SettlementError};
use suiftly_store::accounts::{Act, Actor};
use suiftly_store::money::{Closure, ClosureRefused, OrderRefused};

const NOW: &str = "2026-11-22T10:00:00Z";

fn act(desk: &Desk) -> Act {
    Act { actor: Actor::Customer { session: "0".repeat(32) }, address: None, at: desk.now() }
}

/// Somebody with $20 in escrow, a Starter service, a key of it, and $1.23 of usage.
async fn customer(desk: &Desk, id: i64) -> CustomerId {
    let customer = desk.customer(id, 0, 25_000).await;
    desk.settlement.deposit(customer, 2_000).await.unwrap();
    let order = Order::Enable(Subscription::of(Tier::Starter));
    desk.settlement.order(customer, Service::Seal, order, None).await.unwrap();
    let insert = "INSERT INTO api_keys (customer_id, service_type, network, api_key_fp, key_sha256, key_prefix, key_metadata) \
        VALUES ($1, 1, 1, $1, $2, 'SAAAAAAA', 8192)";
    desk.client.execute(insert, &[&id, &format!("{id:064X}")]).await.unwrap();
    desk.use_some(customer, NOW, Service::Seal, 12_300, 0).await;
    customer
}

async fn begin(desk: &Desk, customer: CustomerId) -> Result<i64, ClosureRefused> {
    let scoped = desk.settlement.for_customer(customer);
    scoped.begin_closure(customer, &act(desk)).await.unwrap().map(|at| at.0)
}

/// Another process does what is due, again and again, as the manager would.
async fn settle(desk: &Desk, times: usize) -> (Settlement, ClosureReport) {
    let (settlement, mut sum) = (desk.another(), ClosureReport::default());
    for _ in 0..times {
        settlement.poll_events().await.unwrap();
        settlement.recover().await.unwrap();
        settlement.charge_due().await.unwrap();
        settlement.pay_withdrawals().await.unwrap();
        let report = settlement.close_accounts().await.unwrap();
        sum.closed += report.closed;
        sum.withdrawals += report.withdrawals;
        sum.withdrawn_usd_cents += report.withdrawn_usd_cents;
        desk.set(desk.now().plus_ms(61_000));
    }
    (settlement, sum)
}

async fn assert_sound(desk: &Desk, settlement: &Settlement, when: &str) {
    assert_eq!(settlement.ledger_check().await.unwrap().differences, [], "{when}");
    assert_eq!(settlement.reconcile().await.unwrap().findings, [], "{when}");
    assert_eq!(desk.text("SELECT count(*) FROM charges WHERE state = 'intended'").await, "0", "{when}");
}

const LEFT: &str =
    "SELECT status || ' ' || current_balance_usd_cents || ' ' || (closed_at IS NOT NULL) FROM customers WHERE id = ";
const FUNDS: &str = "SELECT string_agg(type || ' ' || sum, ', ') FROM (SELECT type, sum(amount_usd_cents)::bigint FROM \
    embedded_escrow_events WHERE type IN ('deposit', 'charge', 'withdrawal') GROUP BY type ORDER BY type) AS sums";

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_closed_to_the_last_cent_and_its_invoice_comes_at_the_months_end() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1).await;
    let asked_at = begin(&desk, customer).await.unwrap();
    assert_eq!(asked_at, desk.now().0);
    let ended = "SELECT is_enabled || ' ' || (disabled_at IS NOT NULL) || ' ' || (SELECT state FROM api_keys) FROM service_instances";
    assert_eq!(desk.text(ended).await, "false true revoked", "at once");
    let told = "SELECT string_agg(kind, ',' ORDER BY seq) FROM outbox WHERE seq > (SELECT max(seq) - 2 FROM outbox)";
    let told: BTreeSet<String> = desk.text(told).await.split(',').map(str::to_owned).collect();
    assert_eq!(told, BTreeSet::from(["key".to_owned(), "service".to_owned()]), "and told to gateways");
    let again = Order::Enable(Subscription::of(Tier::Starter));
    let refused = desk.settlement.order(customer, Service::Seal, again, None).await.unwrap_err();
    assert!(matches!(refused, SettlementError::Order(OrderRefused::NotActive { .. })), "{refused}");

    // Within the grace it is charged up, and nothing goes back.
    let report = settle(&desk, 2).await.1;
    assert_eq!(report, ClosureReport::default());
    // $20 a month for 9 days of 30, and $1.23.
    assert_eq!(desk.text(FUNDS).await, "charge 723, deposit 2000");

    desk.go_to("2026-11-22T10:10:00Z");
    let (settlement, report) = settle(&desk, 3).await;
    assert_eq!(report, ClosureReport { withdrawals: 1, withdrawn_usd_cents: 1_277, closed: 1, undone: 0 });
    assert_eq!(desk.text(&format!("{LEFT}1")).await, "closed 0 true");
    assert_eq!(desk.text(FUNDS).await, "charge 723, deposit 2000, withdrawal 1277");
    assert_sound(&desk, &settlement, "closed").await;
    let activity =
        "SELECT string_agg(actor_kind || ' ' || action, ', ' ORDER BY id) FROM activity WHERE action LIKE 'account.%'";
    assert_eq!(desk.text(activity).await, "customer account.close, system account.closed");
    assert_eq!(begin(&desk, customer).await, Err(ClosureRefused::Closed));
    assert_eq!(settle(&desk, 2).await.1, ClosureReport::default(), "done once");

    desk.go_to("2026-12-02T00:30:00Z");
    desk.received_until("2026-12-02T00:30:00Z").await;
    settlement.renew_due().await.unwrap();
    settlement.close_due().await.unwrap();
    let invoice = "SELECT status || ' ' || payable_micro_usd || ' ' || total_micro_usd FROM invoices";
    assert_eq!(desk.text(invoice).await, "paid 7230000 7230000");
    assert_eq!(desk.text("SELECT count(*) FROM subscription_items").await, "1", "nothing is renewed");
    assert_sound(&desk, &settlement, "invoiced").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_until_what_was_served_is_in_and_may_be_taken_back_before() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1).await;
    desk.received_until("2026-11-22T09:59:00Z").await;
    begin(&desk, customer).await.unwrap();
    let first = desk.now();
    desk.go_to("2026-11-22T11:00:00Z");
    assert_eq!(begin(&desk, customer).await, Ok(first.0), "asked for again: since when it is so");
    assert_eq!(settle(&desk, 3).await.1, ClosureReport::default(), "the store is behind");
    desk.use_some(customer, NOW, Service::Seal, 10_000, 0).await;
    desk.received_until("2026-11-22T10:00:01Z").await;

    let cancel = desk.settlement.for_customer(customer).cancel_closure(customer, &act(&desk)).await.unwrap();
    assert_eq!(cancel, Ok(true));
    assert_eq!(desk.settlement.cancel_closure(customer, &act(&desk)).await.unwrap(), Ok(false));
    assert_eq!(settle(&desk, 3).await.1, ClosureReport::default(), "it is kept");
    assert_eq!(desk.store.closure(customer).await.unwrap(), Some(Closure::None));
    let again = Order::Enable(Subscription::of(Tier::Starter));
    desk.settlement.order(customer, Service::Seal, again, None).await.unwrap();

    begin(&desk, customer).await.unwrap();
    desk.set(desk.now().plus_ms(CLOSURE_GRACE_MS));
    desk.received_until(&desk.now().rfc3339()).await;
    let (settlement, report) = settle(&desk, 3).await;
    // $6.00 twice, and $2.23.
    assert_eq!((report.closed, report.withdrawn_usd_cents), (1, 2_000 - 1_423));
    assert_sound(&desk, &settlement, "closed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suspension_holds_it_up_and_debts_do_not() {
    let desk = Desk::at(NOW).await;
    let suspended = customer(&desk, 1).await;
    desk.run("UPDATE customers SET status = 'suspended'").await;
    assert_eq!(begin(&desk, suspended).await, Err(ClosureRefused::Suspended));
    desk.run("UPDATE customers SET status = 'active'").await;
    begin(&desk, suspended).await.unwrap();
    desk.run("UPDATE customers SET status = 'suspended'").await;
    let debtor = customer(&desk, 2).await;
    desk.use_some(debtor, NOW, Service::Seal, 200_000, 0).await;
    begin(&desk, debtor).await.unwrap();
    let nobody = CustomerId::new(9).unwrap();
    assert_eq!(begin(&desk, nobody).await, Err(ClosureRefused::NoCustomer));
    desk.set(desk.now().plus_ms(CLOSURE_GRACE_MS));
    let (settlement, report) = settle(&desk, 4).await;
    assert_eq!((report.closed, report.withdrawals), (1, 0), "what is owed takes all there is");
    assert_eq!(desk.text(&format!("{LEFT}2")).await, "closed 0 true");
    assert_eq!(desk.text(&format!("{LEFT}1")).await, "suspended 1277 false");
    let owed = "SELECT change ->> 'owed_micro_usd' FROM activity WHERE action = 'account.closed'";
    assert_eq!(desk.text(owed).await, "7230000");

    // Funds that come in later pay the debt, and what is left goes back.
    let account = format!("0x{:064x}", 2);
    desk.escrow.deposit(&account, 1_000, desk.now()).await.unwrap();
    let report = settle(&desk, 4).await.1;
    assert_eq!((report.withdrawn_usd_cents, report.closed), (277, 0));
    assert_eq!(desk.text(&format!("{LEFT}2")).await, "closed 0 true");
    desk.run("UPDATE customers SET status = 'active' WHERE id = 1").await;
    assert_eq!(settle(&desk, 3).await.1.closed, 1);
    assert_sound(&desk, &settlement, "all closed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_at_any_step_of_a_closure_leaves_it_to_be_done_once() {
    let desk = Desk::at(NOW).await;
    let faults = [None, Some(Fault::Lose), Some(Fault::Fail), Some(Fault::Refuse), Some(Fault::Late { calls: 3 })];
    let (mut id, mut back) = (0, 0);
    for fault in faults {
        for polls in [3, 7, 12, 20, 30, 45, 70] {
            id += 1;
            back += 1_277;
            let when = format!("{polls} polls with {fault:?}");
            let customer = customer(&desk, id).await;
            dies_after(polls, desk.another().begin_closure(customer, &act(&desk))).await;
            begin(&desk, customer).await.unwrap();
            desk.set(desk.now().plus_ms(CLOSURE_GRACE_MS));
            desk.escrow.push(fault);
            let dying = desk.another();
            dies_after(polls, async {
                dying.charge_due().await?;
                dying.close_accounts().await?;
                dying.pay_withdrawals().await?;
                dying.close_accounts().await
            })
            .await;
            let (settlement, _) = settle(&desk, 6).await;
            assert_eq!(desk.text(&format!("{LEFT}{id}")).await, "closed 0 true", "{when}");
            assert_sound(&desk, &settlement, &when).await;
            let withdrawn = "SELECT sum(amount_usd_cents) FROM embedded_escrow_events WHERE type = 'withdrawal'";
            assert_eq!(desk.text(withdrawn).await, back.to_string(), "{when}");
        }
    }
    assert_eq!(desk.text("SELECT count(*) FROM activity WHERE action = 'account.closed'").await, id.to_string());
    assert_eq!(desk.text("SELECT count(*) FROM activity WHERE action = 'account.close'").await, id.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_while_the_escrow_is_asked_leaves_one_payment() {
    let desk = Desk::at(NOW).await;
    for (id, fault) in [(1, Some(Fault::Stall)), (2, Some(Fault::DoAndStall)), (3, None)] {
        let customer = customer(&desk, id).await;
        begin(&desk, customer).await.unwrap();
        settle(&desk, 1).await;
        desk.set(desk.now().plus_ms(CLOSURE_GRACE_MS));
        match fault {
            // The request is made, and its payment is not answered.
            Some(fault) => {
                let dying = desk.another();
                assert_eq!(dying.close_accounts().await.unwrap().withdrawals, 1);
                desk.escrow.push(Some(fault));
                dies_in_the_call(&desk, dying.pay_withdrawals()).await;
            }
            // The request is made, and nobody has written it down; and once more, as if it had come late.
            None => {
                for _ in 0..2 {
                    let account = format!("0x{id:064x}");
                    desk.escrow.request_withdrawal(&account, 1_277, desk.now()).await.unwrap();
                }
            }
        }
        let (settlement, _) = settle(&desk, 3).await;
        assert_eq!(desk.text(&format!("{LEFT}{id}")).await, "closed 0 true", "{fault:?}");
        assert_sound(&desk, &settlement, &format!("{fault:?}")).await;
        let paid =
            format!("SELECT sum(paid_usd_cents) FROM withdrawals WHERE customer_id = {id} AND settled_at IS NOT NULL");
        assert_eq!(desk.text(&paid).await, "1277", "{fault:?}");
        let asked = format!("SELECT count(*) FROM withdrawals WHERE customer_id = {id}");
        assert_eq!(desk.text(&asked).await, if fault.is_some() { "1" } else { "2" }, "{fault:?}");
    }
}
