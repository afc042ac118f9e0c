//! Whoever charges on Sui dies, at any point, with any fault: the same as over the embedded escrow.

use super::bank::{Bank, NOW, owner};
use super::matrix::OnSui;
use crate::crash::{Points, dies_anywhere, dies_at_each_step};
use crate::desk::Desk;
use std::sync::Arc;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_settlement::escrow::SuiEscrow;

/// Customers with funds on the chain, who have used $5 each.
pub(super) async fn paying_customers(bank: &Bank, escrow: SuiEscrow, count: u8) -> (Desk<SuiEscrow>, Vec<CustomerId>) {
    let desk = Desk::over(Arc::clone(&bank.database), escrow, NOW).await;
    let mut customers = Vec::new();
    for n in 1..=count {
        let customer = desk.customer(n.into(), 0, 0).await;
        desk.run(&format!("UPDATE customers SET wallet_address = '{}' WHERE id = {n}", owner(n))).await;
        // Some have used the contract before anybody has named their account.
        if n % 2 == 0 {
            bank.open(n, 0, 100_000).await;
            desk.settlement.poll_events().await.unwrap();
        }
        customers.push(customer);
    }
    assert_eq!(desk.settlement.open_accounts().await.unwrap(), u64::from(count));
    for n in (1..=count).filter(|n| n % 2 == 1) {
        bank.open(n, 0, 100_000).await;
    }
    desk.settlement.poll_events().await.unwrap();
    for customer in &customers {
        desk.use_some(*customer, NOW, Service::Seal, 50_000, 0).await;
    }
    let held = "SELECT count(*) FROM customers WHERE current_balance_usd_cents = 100000";
    assert_eq!(desk.text(held).await, count.to_string(), "what came before the name, and after it");
    (desk, customers)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_at_a_step_of_a_charge_on_sui_leaves_it_done_once() {
    let bank = Bank::new().await;
    let (desk, customers) = paying_customers(&bank, bank.another(), 2).await;
    dies_at_each_step(&desk, &customers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_anywhere_in_a_run_on_sui_leaves_it_done_once() {
    let bank = Bank::new().await;
    let (desk, customers) = paying_customers(&bank, bank.another(), 3).await;
    dies_anywhere(&OnSui::with_sound_nodes(bank, desk), &customers, Points::Spread(23)).await;
}

/// With nodes that lose answers meanwhile, each in its own way.
#[tokio::test(flavor = "multi_thread")]
async fn two_who_charge_on_sui_at_once_with_lost_answers_move_money_once() {
    let bank = Bank::new().await;
    let (desk, customers) = paying_customers(&bank, bank.hasty(), 4).await;
    bank.set_faults(0, "refuse=0.1,lose=0.2,late=0.1,seed=3");
    bank.set_faults(1, "lose=0.1,fail=0.05,seed=4");
    for _ in 0..4 {
        let settlements = [desk.another(), desk.another()];
        let runs = settlements.iter().map(|settlement| async {
            // What a node does not answer is done the next time.
            drop(settlement.recover().await);
            drop(settlement.charge_due().await);
            drop(settlement.poll_events().await);
        });
        futures::future::join_all(runs).await;
        for customer in &customers {
            desk.use_some(*customer, NOW, Service::Seal, 50_000, 0).await;
        }
    }
    bank.set_faults(0, "");
    bank.set_faults(1, "");
    // Whoever comes then waits as long as a busy machine needs.
    let desk = Desk::over(Arc::clone(&bank.database), bank.another(), NOW).await;
    for _ in 0..3 {
        // What was refused by chance waits for a minute.
        desk.set(desk.now().plus_ms(61_000));
        desk.settlement.recover().await.unwrap();
        desk.settlement.charge_due().await.unwrap();
        desk.settlement.poll_events().await.unwrap();
    }
    let drawn = "SELECT sum(amount_usd_cents) FROM sui_events WHERE kind = 'charge'";
    assert_eq!(desk.text(drawn).await, (4 * 5 * 500).to_string());
    assert_eq!(desk.settlement.reconcile().await.unwrap().findings, []);
    assert_eq!(desk.settlement.ledger_check().await.unwrap().differences, []);
    let unexpected = "SELECT count(*) FROM notifications WHERE kind = 'unexpected_charge'";
    assert_eq!(desk.text(unexpected).await, "0", "nothing is refused and then done");
}

/// A database that was set back has lost a charge with its intent: what it drew is known before anything is drawn again.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_drawn_before_a_database_was_set_back_is_not_drawn_again() {
    let bank = Bank::new().await;
    let (desk, _) = paying_customers(&bank, bank.another(), 1).await;
    assert_eq!(bank.charge(&[bank.order(1, 1, 500, "2026-11")]).await, ["ok"]);
    let report = desk.settlement.charge_due().await.unwrap();
    assert_eq!((report.charged, report.credited), (0, 1), "{report:?}");
    assert_eq!(bank.drawn(), 500, "once");
    assert_eq!(desk.settlement.reconcile().await.unwrap().findings, []);
    assert_eq!(desk.settlement.ledger_check().await.unwrap().differences, []);
}

/// A withdrawal that is due is the owner's, whatever is accrued; and a closed account is paid out by the operator.
#[tokio::test(flavor = "multi_thread")]
async fn withdrawals_are_paid_and_accounts_closed_without_the_owners_hand() {
    let mut bank = Bank::new().await;
    let (desk, customers) = paying_customers(&bank, bank.another(), 1).await;
    bank.ask(1, 40_000).await;
    desk.settlement.poll_events().await.unwrap();
    let paid = desk.settlement.pay_withdrawals().await.unwrap();
    assert_eq!((paid.settled, paid.paid_usd_cents), (1, 40_000));
    assert_eq!(desk.text("SELECT reason || ' ' || amount_usd_cents FROM charges").await, "threshold 500");
    assert!(desk.settlement.deposit(customers[0], 5).await.is_err(), "owners act for themselves");
    let act = suiftly_store::accounts::Act {
        actor: suiftly_store::accounts::Actor::System { part: "tests" },
        address: None,
        at: desk.now(),
    };
    desk.settlement.begin_closure(customers[0], &act).await.unwrap().unwrap();
    bank.go_to("2026-11-22T11:00:00Z");
    desk.go_to("2026-11-22T11:00:00Z");
    desk.received_until("2026-11-22T11:00:00Z").await;
    let closed = desk.settlement.close_accounts().await.unwrap();
    assert_eq!((closed.withdrawals, closed.withdrawn_usd_cents, closed.undone), (1, 59_500, 0));
    assert_eq!(desk.settlement.close_accounts().await.unwrap().closed, 1);
    assert_eq!(bank.balance(1).await, 0);
    assert_eq!(desk.settlement.reconcile().await.unwrap().findings, []);
}
