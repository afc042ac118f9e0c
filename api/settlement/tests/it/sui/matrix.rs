//! The other cases of the crash matrix on Sui, and some while nodes fail, each in its own way. A run waits ten times as
//! often there as over the embedded escrow: deaths are spread over it, a prime number of polls apart.

use super::bank::{Bank, NOW, owner};
use super::crash::paying_customers;
use crate::crash::{
    CLOSES, Points, World, dies_anywhere, dies_anywhere_in_a_close, dies_anywhere_in_a_recovery, draws_after_a_refusal,
    lose_in_the_call, recovers_while_another_calls, several_charge_at_once,
};
use crate::desk::Desk;
use std::sync::Arc;
use suiftly_chain::Fault;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::escrow::{Escrow, SuiEscrow};

/// What becomes of transactions that are handed in.
const FAULTS: [Fault; 4] = [Fault::Refuse, Fault::Fail, Fault::Lose, Fault::Late { calls: 3 }];
/// What the nodes do all the time where they fail: the one lists events in another order than the other.
const ALWAYS: [&str; 2] = ["reorder", ""];

/// A chain, and a desk over it.
pub(super) struct OnSui {
    bank: Bank,
    desk: Desk<SuiEscrow>,
    nodes_fail: bool,
}

impl OnSui {
    pub(super) fn with_sound_nodes(bank: Bank, desk: Desk<SuiEscrow>) -> Self {
        Self { bank, desk, nodes_fail: false }
    }

    fn with_failing_nodes(bank: Bank, desk: Desk<SuiEscrow>) -> Self {
        let world = Self { bank, desk, nodes_fail: true };
        world.calm();
        world
    }
}

fn fault(number: u32) -> Fault {
    FAULTS[number as usize % FAULTS.len()]
}

impl World for OnSui {
    type Backend = SuiEscrow;

    fn desk(&self) -> &Desk<SuiEscrow> {
        &self.desk
    }

    fn set(&self, now: UnixMillis) {
        self.bank.network.set_clock(now.0.unsigned_abs()).unwrap();
        self.desk.set(now);
    }

    /// The first node fails a few times, the other at once with it in each third round: it takes two seconds until both
    /// are asked again.
    fn disturb(&self, round: u32) {
        if self.nodes_fail {
            for n in 0..3 {
                let is_both = n == 0 && round.is_multiple_of(3);
                self.bank.queue([Some(fault(round + n)), is_both.then(|| fault(round + 1))]);
            }
        }
    }

    fn calm(&self) {
        if self.nodes_fail {
            // Faults that were not taken are gone with it.
            for (at, always) in ALWAYS.into_iter().enumerate() {
                self.bank.set_faults(at, always);
            }
        }
    }

    fn lose_the_next(&self, round: u32) {
        if self.nodes_fail {
            self.bank.queue([Some(fault(round)); 2]);
        } else {
            lose_in_the_call(&self.desk, round);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_anywhere_in_a_run_on_sui_while_nodes_fail_leaves_it_done_once() {
    let bank = Bank::new().await;
    let (desk, customers) = paying_customers(&bank, bank.another(), 3).await;
    dies_anywhere(&OnSui::with_failing_nodes(bank, desk), &customers, Points::Spread(17)).await;
}

/// Customers with funds for some years on the chain, on the day that November is closed.
async fn waiting_to_be_closed(count: u8) -> (OnSui, Vec<CustomerId>) {
    let mut bank = Bank::new().await;
    bank.go_to(CLOSES);
    let desk = Desk::over(Arc::clone(&bank.database), bank.another(), CLOSES).await;
    let mut customers = Vec::new();
    for n in 1..=count {
        customers.push(desk.customer(n.into(), 0, 0).await);
        desk.run(&format!("UPDATE customers SET wallet_address = '{}' WHERE id = {n}", owner(n))).await;
        bank.open(n, 0, 1_000_000).await;
    }
    assert_eq!(desk.settlement.open_accounts().await.unwrap(), u64::from(count));
    desk.settlement.poll_events().await.unwrap();
    (OnSui::with_sound_nodes(bank, desk), customers)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_anywhere_in_a_close_on_sui_leaves_it_done_once() {
    let (world, customers) = waiting_to_be_closed(3).await;
    dies_anywhere_in_a_close(&world, &customers, 17).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_anywhere_in_a_recovery_on_sui_leaves_it_done_once() {
    let bank = Bank::new().await;
    let (desk, customers) = paying_customers(&bank, bank.another(), 1).await;
    dies_anywhere_in_a_recovery(&OnSui::with_sound_nodes(bank, desk), &customers, Points::Spread(17)).await;
}

/// Both nodes let a charge down, each round in another way: nobody answers until a call's time is over, 1.9 seconds here.
#[tokio::test(flavor = "multi_thread")]
async fn who_dies_anywhere_in_a_recovery_on_sui_of_what_nodes_have_lost_leaves_it_done_once() {
    let bank = Bank::new().await;
    let (desk, customers) = paying_customers(&bank, bank.hasty(), 1).await;
    dies_anywhere_in_a_recovery(&OnSui::with_failing_nodes(bank, desk), &customers, Points::Spread(13)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_who_charge_on_sui_at_once_move_money_once() {
    let bank = Bank::new().await;
    let (desk, customers) = paying_customers(&bank, bank.another(), 8).await;
    several_charge_at_once(&desk, &customers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_called_for_on_sui_is_not_recovered_meanwhile() {
    let bank = Bank::new().await;
    let (desk, _) = paying_customers(&bank, bank.another(), 1).await;
    recovers_while_another_calls(&desk).await;
}

/// The fault stands before the escrow: of the escrow on Sui itself this cannot be, see the next one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_drawn_on_sui_after_a_refusal_becomes_a_credit() {
    let bank = Bank::new().await;
    let (desk, customers) = paying_customers(&bank, bank.another(), 1).await;
    draws_after_a_refusal(&desk, &customers).await;
}

/// Calls of either node until what it has put off is done: more than it takes to close an account, and to try again.
const PUT_OFF: u32 = 40;

/// Both nodes have put a charge off. Until it comes its account is closed, and the same bytes, sent again, are refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_contract_has_refused_is_drawn_by_no_copy_that_comes_late() {
    let bank = Bank::new().await;
    let (hasty, _) = paying_customers(&bank, bank.hasty(), 1).await;
    bank.queue([Some(Fault::Late { calls: PUT_OFF }); 2]);
    assert_eq!(hasty.settlement.charge_due().await.unwrap().in_doubt, 1);
    // Whoever recovers it waits as long as a busy machine needs.
    let desk = Desk::over(Arc::clone(&bank.database), bank.another(), NOW).await;
    bank.another().close(&bank.account(1), bank.at).await.unwrap();
    let recovered = desk.settlement.recover().await.unwrap();
    assert_eq!((recovered.refused, bank.drawn()), (1, 0), "{recovered:?}");
    for _ in 0..PUT_OFF {
        assert_eq!(bank.balance(1).await, 0);
    }
    let polled = desk.settlement.poll_events().await.unwrap();
    assert_eq!((polled.unexpected, bank.drawn()), (0, 0), "{polled:?}");
    let attempts = "SELECT count(*) FROM sui_attempts WHERE purpose = 'charge'";
    assert_eq!(bank.count(attempts).await, 1, "nothing else was signed");
    assert_eq!(bank.count(&format!("{attempts} AND state = 'failed'")).await, 1);
    assert_eq!(desk.settlement.ledger_check().await.unwrap().differences, []);
    assert_eq!(desk.settlement.reconcile().await.unwrap().findings, []);
}
