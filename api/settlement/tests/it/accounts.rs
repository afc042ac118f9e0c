//! Accounts and events: opened once, mirrored once, withdrawals paid once.

use crate::desk::{Desk, instant};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_settlement::PayoutReport;
use suiftly_settlement::escrow::{EmbeddedEscrow, Escrow, EscrowEvent, EscrowEventKind, Fault};
use suiftly_store::money::Mirrored;

const NOW: &str = "2026-11-22T10:00:00Z";

async fn customer(desk: &Desk, id: i64, funds_cents: i64, requests: i64) -> CustomerId {
    let customer = desk.customer(id, 0, 25_000).await;
    desk.settlement.deposit(customer, funds_cents).await.unwrap();
    desk.use_some(customer, NOW, Service::Seal, requests, 0).await;
    customer
}

async fn balance(desk: &Desk, customer: CustomerId) -> String {
    desk.text(&format!("SELECT current_balance_usd_cents FROM customers WHERE id = {}", customer.get())).await
}

async fn assert_sound(desk: &Desk) {
    assert_eq!(desk.settlement.ledger_check().await.unwrap().differences, []);
    assert_eq!(desk.settlement.reconcile().await.unwrap().findings, []);
}

async fn pay(desk: &Desk) -> PayoutReport {
    desk.settlement.pay_withdrawals().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_opened_for_those_who_have_none() {
    let desk = Desk::at(NOW).await;
    for id in 1..=3 {
        desk.customer(id, 0, 2_000).await;
    }
    desk.run("UPDATE customers SET status = 'closed' WHERE id = 3").await;
    assert_eq!(desk.settlement.open_accounts().await.unwrap(), 2);
    assert_eq!(desk.settlement.open_accounts().await.unwrap(), 0);
    let named = desk.text("SELECT count(*) FROM customers WHERE escrow_contract_id = wallet_address").await;
    assert_eq!(named, "2");
    assert_eq!(
        desk.text("SELECT string_agg(limit_usd_cents::text, ' ') FROM embedded_escrow_accounts").await,
        "2000 2000"
    );
    let nobody = desk.settlement.deposit(CustomerId::new(9).unwrap(), 1).await.unwrap_err().to_string();
    assert_eq!(nobody, "cannot use an account: there is no customer 9");
    assert_sound(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_mirrored_once_whoever_polls_and_strangers_are_passed_over() {
    let desk = Desk::at(NOW).await;
    let customer = desk.customer(1, 0, 25_000).await;
    let owner = |n: i64| format!("0x{n:064x}");
    let bank = EmbeddedEscrow::new(desk.database.config()).unwrap();
    // Opened and used by its owner before anybody has named it here; and somebody who is no customer.
    for id in [1, 2] {
        bank.open(&owner(id), 25_000).await.unwrap();
    }
    for n in 0..700 {
        bank.deposit(&owner(1 + i64::from(n % 100 == 0)), 10, instant(NOW)).await.unwrap();
    }
    let others: Vec<_> = (0..4).map(|_| desk.another()).collect();
    let reports = futures::future::join_all(others.iter().map(|other| other.poll_events())).await;
    let reports: Vec<_> = reports.into_iter().map(Result::unwrap).collect();
    let sum = |of: fn(&suiftly_settlement::PollReport) -> u64| reports.iter().map(of).sum::<u64>();
    assert_eq!((sum(|r| r.mirrored), sum(|r| r.strangers), sum(|r| r.known)), (693, 7, 0), "{reports:?}");
    assert_eq!(balance(&desk, customer).await, "6930");
    assert_sound(&desk).await;
}

/// As on a chain: its name is not its owner's address, and it is used before anybody has named it.
#[tokio::test(flavor = "multi_thread")]
async fn naming_an_account_mirrors_what_it_did_before() {
    let desk = Desk::at(NOW).await;
    let customer = desk.customer(1, 0, 25_000).await;
    let (account, backend) = (format!("0x{:064x}", 99), "elsewhere");
    let event = |seq: i64, kind, amount_usd_cents| EscrowEvent {
        seq,
        digest: format!("elsewhere:{seq}"),
        account: account.clone(),
        kind,
        amount_usd_cents,
        nonce: None,
        request_digest: None,
        at: instant(NOW),
    };
    let history = [event(1, EscrowEventKind::Limit, 5_000), event(2, EscrowEventKind::Deposit, 700)];
    let passed = desk.store.mirror_events(backend, 0, &history, desk.now()).await.unwrap();
    assert!(matches!(passed, Mirrored::Done(applied) if applied.strangers == 2), "{passed:?}");
    assert_eq!(balance(&desk, customer).await, "0");

    let name = async |cursor| {
        let named = desk.store.name_account((customer, account.as_str()), (backend, cursor), &history, desk.now());
        named.await.unwrap()
    };
    assert_eq!(name(1).await, Mirrored::Moved, "something came since the history was read");
    assert_eq!(desk.text("SELECT escrow_contract_id FROM customers").await, "-");
    let named = name(2).await;
    assert!(matches!(named, Mirrored::Done(applied) if applied.mirrored == 2), "{named:?}");
    let found =
        "SELECT escrow_contract_id || ' ' || current_balance_usd_cents || ' ' || max_monthly_usd_cents FROM customers";
    assert_eq!(desk.text(found).await, format!("{account} 700 5000"));
    let again = name(2).await;
    assert!(matches!(again, Mirrored::Done(applied) if (applied.mirrored, applied.known) == (0, 2)), "{again:?}");
    let next = [event(3, EscrowEventKind::Deposit, 50)];
    desk.store.mirror_events(backend, 2, &next, desk.now()).await.unwrap();
    assert_eq!(balance(&desk, customer).await, "750");
    assert_eq!(desk.settlement.ledger_check().await.unwrap().differences, []);
}

/// Its owner opens it when they like: until something of it is mirrored, there is nothing to compare.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_named_before_it_is_there_is_no_finding() {
    let desk = Desk::at(NOW).await;
    desk.customer(1, 0, 25_000).await;
    desk.run("UPDATE customers SET escrow_contract_id = '0x' || repeat('9', 64)").await;
    assert_sound(&desk).await;
    desk.run(
        "INSERT INTO escrow_transactions (digest, customer_id, type, amount_usd_cents, at) VALUES ('x', 1, 'limit', 25000, now())",
    )
    .await;
    let found = desk.settlement.reconcile().await.unwrap();
    let checks: Vec<&str> = found.findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, ["account", "event"], "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_is_paid_when_what_is_accrued_is_charged() {
    let desk = Desk::at(NOW).await;
    // $1 used: below the threshold, but a withdrawal asks for it.
    let customer = customer(&desk, 1, 1_000, 10_000).await;
    desk.settlement.request_withdrawal(customer, 1_000).await.unwrap();
    let paid = pay(&desk).await;
    assert_eq!((paid.settled, paid.paid_usd_cents, paid.waiting), (1, 900, 0));
    assert_eq!(balance(&desk, customer).await, "0");
    assert_eq!(desk.text("SELECT reason FROM charges").await, "withdrawal");
    assert_eq!(desk.text("SELECT amount_usd_cents || ' ' || paid_usd_cents FROM withdrawals").await, "1000 900");
    assert_eq!(pay(&desk).await, PayoutReport::default());
    assert_eq!(desk.text("SELECT count(*) FROM notifications WHERE kind = 'withdrawal_paid'").await, "1");
    assert_sound(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_waits_for_a_refused_charge_for_a_day_at_most() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1, 1_000, 10_000).await;
    desk.settlement.request_withdrawal(customer, 1_000).await.unwrap();
    desk.escrow.push(Some(Fault::Refuse));
    assert_eq!((pay(&desk).await.waiting, pay(&desk).await.waiting), (1, 1));
    desk.set(desk.now().plus_ms(86_400_000));
    desk.escrow.push(Some(Fault::Refuse));
    let paid = pay(&desk).await;
    assert_eq!((paid.settled, paid.paid_usd_cents), (1, 900), "what is accrued stays in the account");
    desk.set(desk.now().plus_ms(86_400_000));
    assert_sound(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_without_an_answer_is_asked_for_again_and_made_once() {
    let desk = Desk::at(NOW).await;
    for (id, fault) in [(1, Fault::Lose), (2, Fault::Fail), (3, Fault::Refuse), (4, Fault::Late { calls: 2 })] {
        let customer = customer(&desk, id, 1_000, 0).await;
        desk.settlement.request_withdrawal(customer, 400).await.unwrap();
        desk.escrow.push(Some(fault));
        let first = pay(&desk).await;
        assert_eq!((first.settled, first.in_doubt + first.refused), (0, 1), "{fault:?}");
        // Nothing is drawn while nobody knows.
        desk.use_some(customer, NOW, Service::Seal, 60_000, 0).await;
        if fault != Fault::Refuse {
            assert_eq!(desk.settlement.charge_due().await.unwrap().charged, 0, "{fault:?}");
        }
        let again = desk.another();
        assert_eq!(again.pay_withdrawals().await.unwrap().settled, 1, "{fault:?}");
        again.charge_due().await.unwrap();
        again.poll_events().await.unwrap();
        assert_eq!(balance(&desk, customer).await, "0", "{fault:?}");
        assert_sound(&desk).await;
    }
    assert_eq!(
        desk.text("SELECT sum(amount_usd_cents) FROM embedded_escrow_events WHERE type = 'withdrawal'").await,
        "1600"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_comes_out_of_credits_and_what_is_beyond_them_is_ours() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1, 1_000, 50_000).await;
    desk.settlement.charge_due().await.unwrap();
    let credit = suiftly_schema::money::MicroUsd(1_000_000);
    desk.settlement.grant_credit(customer, credit, "outage", None).await.unwrap();
    let nonce = suiftly_settlement::escrow::Nonce::random();
    let account = format!("0x{:064x}", 1);
    desk.escrow.refund(&nonce, &account, 150, desk.now()).await.unwrap();
    desk.settlement.poll_events().await.unwrap();
    assert_eq!(balance(&desk, customer).await, "650");
    let sums = "SELECT credits_micro_usd || ' ' || charged_in_all_micro_usd || ' ' || credited_in_all_micro_usd FROM customers";
    assert_eq!(desk.text(sums).await, "0 3500000 1500000");
    assert_sound(&desk).await;
}
