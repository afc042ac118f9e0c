//! The trait over the contract: what it does, what it refuses, what its events say.

use super::bank::{Bank, owner, told};
use std::sync::Arc;
use suiftly_settlement::escrow::{Escrow, EscrowError, EscrowEventKind, Nonce};
use suiftly_settlement::manager::{Manager, ManagerOptions, jobs};
use suiftly_settlement::{ManagerClock, Settlement};
use suiftly_store::money::{MoneyStore, RunOutcome};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_named_before_it_is_there_and_its_owner_acts_alone() {
    let bank = Bank::new().await;
    let named = bank.escrow.open(&owner(1), 5_000).await.unwrap();
    assert_eq!((named.id.clone(), named.balance_usd_cents, named.limit_usd_cents), (bank.account(1), 0, 5_000));
    assert!(bank.escrow.accounts(std::slice::from_ref(&named.id)).await.unwrap().is_empty());
    bank.open(1, 9_000, 700).await;
    let there = bank.escrow.accounts(&[named.id, bank.account(2)]).await.unwrap();
    let there: Vec<_> = there.iter().map(|it| (it.balance_usd_cents, it.limit_usd_cents)).collect();
    assert_eq!(there, [(700, 9_000)]);
    assert!(bank.escrow.open("0x12", 5_000).await.is_err());
    assert!(!bank.escrow.acts_for_owners());
    let account = bank.account(1);
    for refused in [
        bank.escrow.deposit(&account, 5, bank.at).await,
        bank.escrow.request_withdrawal(&account, 5, bank.at).await,
        bank.escrow.set_limit(&account, 5_000, bank.at).await,
    ] {
        assert_eq!(told(&refused), "the owner signs it with their own wallet");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_is_executed_once_and_answers_what_it_did() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    let order = bank.order(1, 1, 300, "2026-11");
    let twice = bank.escrow.charge(&[order.clone(), order.clone()], bank.at).await;
    let first = twice[0].clone().unwrap();
    assert_eq!(twice[1].as_ref().unwrap(), &first, "in one call");
    assert_eq!(
        (first.kind, first.amount_usd_cents, first.account.clone()),
        (EscrowEventKind::Charge, 300, bank.account(1))
    );
    assert_eq!((first.nonce.as_ref(), first.at), (Some(&order.nonce.0), bank.at));
    let again = bank.another().charge(std::slice::from_ref(&order), bank.at.plus_ms(9)).await;
    assert_eq!(again[0].as_ref().unwrap(), &first, "in another process, before it is mirrored");
    assert_eq!(bank.escrow.look_up(&order.nonce).await.unwrap().as_ref(), Some(&first));
    assert_eq!(bank.balance(1).await, 700);
    assert_eq!(bank.count("SELECT count(*) FROM sui_attempts WHERE state = 'done'").await, 1);

    assert_eq!(bank.events().await, [("limit", 0), ("deposit", 1_000), ("charge", 300)]);
    let mirrored = bank.escrow.look_up(&order.nonce).await.unwrap().unwrap();
    assert_eq!((mirrored.digest, mirrored.seq), (first.digest, 3), "the same event");
    bank.open(2, 0, 0).await;
    for other in [bank.order(1, 1, 301, "2026-11"), bank.order(1, 2, 300, "2026-11")] {
        assert!(bank.charge(&[other]).await[0].contains("was used for something else"));
    }
    assert_eq!(bank.escrow.look_up(&Nonce("b".repeat(64))).await.unwrap(), None);
    assert_eq!(bank.escrow.look_up(&Nonce("x".to_owned())).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_contract_refuses_is_refused_in_its_words_and_nothing_is_left_over() {
    let bank = Bank::with_account(1, 1_000, 5_000).await;
    let cases = [
        (bank.order(1, 1, 600, "2026-11"), "ok"),
        (bank.order(2, 1, 401, "2026-11"), "The month would be charged more than its owner has authorised."),
        (bank.order(3, 1, 5_000, "2026-10"), "There is less in the account, or the rest is due to its owner."),
        (bank.order(4, 1, 1_000, "2026-10"), "ok"),
        (bank.order(5, 1, 900, "2026-09"), "ok"),
        (bank.order(6, 1, 101, "2026-08"), "The month would be charged more than its owner has authorised."),
        (bank.order(7, 1, 100, "2026-08"), "ok"),
        (bank.order(8, 1, 0, "2026-11"), "0 cents is no amount to move"),
        // The chain's month has not begun: not a refusal, but nothing that can be done now.
        (bank.order(9, 1, 1, "2026-12"), "in doubt"),
    ];
    for (order, expected) in cases {
        assert_eq!(bank.charge(std::slice::from_ref(&order)).await, [expected], "{order:?}");
    }
    let stranger = bank.charge(&[bank.order(10, 2, 1, "2026-11")]).await;
    assert_eq!(stranger, [format!("there is no account {}", bank.account(2))]);
    assert_eq!(bank.balance(1).await, 5_000 - 600 - 1_000 - 900 - 100);
    assert_eq!(bank.count("SELECT count(*) FROM sui_attempts WHERE state = 'live'").await, 0);
    assert_eq!(bank.count("SELECT count(*) FROM sui_attempts WHERE state = 'done'").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_charged_at_once_each_with_its_own_answer() {
    let bank = Bank::new().await;
    for n in 1..=40 {
        bank.open(n, 0, 100).await;
    }
    let orders: Vec<_> =
        (1..=40u8).map(|n| bank.order(n.into(), n, if n % 5 == 0 { 101 } else { i64::from(n) }, "2026-11")).collect();
    let answers = bank.another().charge(&orders, bank.at).await;
    for (order, answer) in orders.iter().zip(&answers) {
        match answer {
            Ok(event) => assert_eq!((event.amount_usd_cents, &event.account), (order.amount_usd_cents, &order.account)),
            Err(error) => assert!(order.amount_usd_cents == 101 && matches!(error, EscrowError::Refused { .. })),
        }
    }
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_is_paid_whole_and_once_and_a_refund_comes_back() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    bank.ask(1, 800).await;
    bank.charge(&[bank.order(1, 1, 300, "2026-11")]).await;
    bank.events().await;
    let request = bank.escrow.history(&bank.account(1)).await.unwrap()[2].clone();
    assert_eq!((request.kind, request.amount_usd_cents), (EscrowEventKind::WithdrawalRequested, 800));
    let pay = async |digest: &str, cents| bank.escrow.pay_withdrawal(digest, cents, bank.at).await;
    assert!(told(&pay("nothing", 1).await).contains("there is no request"));
    assert!(told(&pay(&request.digest, 699).await).contains("700 cents, not 699"));
    let paid = pay(&request.digest, 700).await.unwrap();
    assert_eq!((paid.kind, paid.amount_usd_cents), (EscrowEventKind::Withdrawal, 700));
    assert_eq!(paid.request_digest.as_ref(), Some(&request.digest));
    assert_eq!(pay(&request.digest, 700).await.unwrap(), paid, "again, before it is mirrored");
    bank.events().await;
    let mirrored = pay(&request.digest, 1).await.unwrap();
    assert_eq!((&mirrored.digest, mirrored.request_digest), (&paid.digest, paid.request_digest), "and after");

    let (nonce, account) = (Nonce("c".repeat(64)), bank.account(1));
    let refunded = bank.escrow.refund(&nonce, &account, 150, bank.at).await.unwrap();
    assert_eq!(bank.escrow.refund(&nonce, &account, 150, bank.at).await.unwrap(), refunded);
    assert!(told(&bank.escrow.refund(&nonce, &account, 151, bank.at).await).contains("something else"));
    assert_eq!(bank.escrow.look_up(&nonce).await.unwrap(), Some(refunded));
    // Taken back by its owner, a request waits no longer.
    bank.ask(1, 100).await;
    bank.events().await;
    let taken_back = bank.escrow.history(&account).await.unwrap().pop().unwrap();
    bank.cancel(1, 2).await;
    let payments = "SELECT count(*) FROM sui_attempts WHERE purpose = 'pay'";
    assert_eq!(bank.count(payments).await, 1);
    assert_eq!(told(&pay(&taken_back.digest, 100).await), "in doubt", "until its entry is here");
    assert_eq!(bank.count(payments).await, 1, "nothing is signed for it");
    bank.events().await;
    assert_eq!(pay(&taken_back.digest, 100).await.unwrap().amount_usd_cents, 0);
    assert_eq!(bank.balance(1).await, 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_closed_pays_its_owner_and_does_so_again() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    bank.ask(1, 300).await;
    bank.escrow.close(&bank.account(1), bank.at).await.unwrap();
    let expected = [
        ("limit", 0),
        ("deposit", 1_000),
        ("withdrawal_requested", 300),
        ("withdrawal", 300),
        ("withdrawal_requested", 700),
        ("withdrawal", 700),
    ];
    assert_eq!(bank.events().await, expected);
    assert_eq!(bank.charge(&[bank.order(1, 1, 1, "2026-11")]).await, ["The account is closed."]);
    bank.escrow.refund(&Nonce("d".repeat(64)), &bank.account(1), 50, bank.at).await.unwrap();
    bank.escrow.close(&bank.account(1), bank.at).await.unwrap();
    assert_eq!(bank.balance(1).await, 0, "what came in since went out");
    assert_eq!(bank.events().await[6..], [("refund", 50), ("withdrawal_requested", 50), ("withdrawal", 50)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_followed_once_whoever_does_and_what_the_admin_changes_is_told() {
    let bank = Bank::with_account(1, 2_500, 1_000).await;
    bank.open(2, 0, 50).await;
    bank.set_limit(1, 5_000).await;
    let others = [bank.another(), bank.another(), bank.another()];
    let polled = futures::future::join_all(others.iter().map(|other| other.events(0, 100))).await;
    for events in polled {
        let events = events.unwrap();
        assert!(events.len() == 5 && events.is_sorted_by(|one, next| one.seq < next.seq), "{events:?}");
    }
    assert_eq!(bank.count("SELECT count(*) FROM sui_events").await, 5);
    let history: Vec<_> = bank.escrow.history(&bank.account(1)).await.unwrap();
    assert_eq!(history.iter().map(|event| event.amount_usd_cents).collect::<Vec<_>>(), [2_500, 1_000, 5_000]);
    assert_eq!(history[0].digest.replace(":0", ":1"), history[1].digest, "of one transaction");
    let told = "SELECT count(*) FROM notifications WHERE kind = 'escrow_changed' AND severity = 'critical' \
        AND customer_id IS NULL AND body->>'event' LIKE 'house::%'";
    assert!(bank.count(told).await > 0, "the house was opened, and its operator named");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_long_ago_is_forgotten_by_a_job() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    let orders = [bank.order(1, 1, 100, "2026-11"), bank.order(2, 1, 100, "2026-11")];
    assert_eq!(bank.charge(&orders).await, ["ok", "ok"]);
    let age = "UPDATE sui_attempts \
        SET made_at = now() - CASE WHEN key LIKE '%1' THEN interval '401 days' ELSE interval '399 days' END";
    bank.client.batch_execute(age).await.unwrap();
    let (store, clock) = (MoneyStore::new(bank.database.config()).unwrap(), Arc::new(ManagerClock::default()));
    let settlement = Settlement::new(store, Arc::new(bank.another()), Arc::clone(&clock) as _);
    let manager = Manager::new(bank.database.config(), clock, jobs(&settlement), ManagerOptions::new("it"));
    let reports = manager.run_due_once().await.unwrap();
    let retention = reports.iter().find(|report| report.job == "runs_retention").unwrap();
    assert_eq!(retention.outcome, RunOutcome::Done, "{retention:?}");
    assert_eq!(bank.count("SELECT count(*) FROM sui_attempts WHERE key LIKE '%2'").await, 1);
    assert_eq!(bank.count("SELECT count(*) FROM sui_attempts").await, 1);
    // What it did is known without it.
    bank.events().await;
    assert!(bank.escrow.look_up(&orders[0].nonce).await.unwrap().is_some());
}
