//! Nodes that list what they have in another order than each other: where an event belongs is said by its place, and what is
//! mirrored is in the chain's order.

use super::bank::{Bank, key, pair};
use suiftly_settlement::escrow::{ACT_FOR, AT_ONCE, Escrow, EscrowEvent, SuiEscrow, SuiSettings};
use suiftly_store::testing::TestDatabase;

/// Which of the two nodes list in another order.
const ORDERS: [[&str; 2]; 3] = [["reorder", ""], ["", "reorder"], ["reorder", "reorder"]];

/// Somebody who follows the same chain, by the same nodes, for a database of their own.
fn follower(bank: &Bank, database: &TestDatabase) -> SuiEscrow {
    let settings = SuiSettings { gas_budget: 100_000_000, at_once: AT_ONCE, act_for: ACT_FOR, begins_at: 0 };
    let pair = pair(&bank.network, &bank.endpoints);
    SuiEscrow::new(database.config(), bank.contract.clone(), pair, key(200), settings).unwrap()
}

async fn all(escrow: &SuiEscrow) -> Vec<EscrowEvent> {
    escrow.events(0, 1_000).await.unwrap()
}

/// Of each account several events, of one transaction and of several, in several checkpoints.
async fn use_the_contract(bank: &Bank, round: u8) {
    for n in 1..=3 {
        let account = 10 * round + n;
        bank.open(account, 2_500, 1_000).await;
        bank.ask(account, 300).await;
        bank.set_limit(account, 5_000).await;
        let order = bank.order(account.into(), account, 100, "2026-11");
        assert_eq!(bank.charge(&[order]).await, ["ok"]);
        bank.cancel(account, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_whatever_order_nodes_list_events_they_are_mirrored_in_the_chains() {
    let bank = Bank::new().await;
    let database = TestDatabase::create().await;
    let plain = follower(&bank, &database);
    for (round, orders) in (1..).zip(ORDERS) {
        for (at, order) in orders.into_iter().enumerate() {
            bank.set_faults(at, order);
        }
        use_the_contract(&bank, round).await;
        let found = all(&bank.escrow).await;
        bank.set_faults(0, "");
        bank.set_faults(1, "");
        assert_eq!(found, all(&plain).await, "{orders:?}");
        // The limit and the deposit that an account is opened with, and four more.
        assert_eq!(found.len(), usize::from(round) * 3 * 6, "{orders:?}");
        assert!(found.is_sorted_by(|one, next| one.seq < next.seq), "{found:?}");
    }
    let told = "SELECT count(*) FROM notifications WHERE kind IN ('sui_nodes', 'sui_events')";
    assert_eq!(bank.count(told).await, 0, "another order is no lie");
}
