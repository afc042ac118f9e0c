//! A node that says what is not so: it is not believed, nothing is refused for it, and what was done is found once it tells
//! the truth, or another is asked.

use super::bank::{Bank, told};
use std::time::Duration;
use suiftly_settlement::escrow::Escrow;

/// How long it is asked for what a liar hides; a machine that is busy sends a charge by then.
const LIED_TO_FOR: Duration = Duration::from_secs(4);
const LIES: [&str; 5] = ["hidden_event", "hidden_transaction", "amount", "status", "absent_nonce"];

#[tokio::test(flavor = "multi_thread")]
async fn whichever_node_lies_nothing_false_is_believed() {
    let bank = Bank::with_account(1, 0, 100_000).await;
    bank.events().await;
    let lied_to = bank.within(LIED_TO_FOR);
    let mut n = 0;
    let mut doubts = 0;
    for liar in [0, 1] {
        for lie in LIES {
            n += 1;
            let order = bank.order(n, 1, 100, "2026-11");
            bank.set_faults(liar, &format!("lie={lie}"));
            let charged = told(&lied_to.charge(std::slice::from_ref(&order), bank.at).await[0]);
            assert!(["ok", "in doubt"].contains(&charged.as_str()), "{liar} {lie}: {charged}");
            let followed = lied_to.events(1_000, 100).await;
            assert!(followed.is_err() || ["status", "absent_nonce"].contains(&lie), "{liar} {lie}: {followed:?}");
            doubts += u32::from(charged == "in doubt") + u32::from(followed.is_err());
            bank.set_faults(liar, "");
            let found = bank.another().look_up(&order.nonce).await.unwrap();
            assert_eq!(found.map(|event| event.amount_usd_cents), Some(100), "{liar} {lie}");
            assert_eq!(bank.charge(&[order]).await, ["ok"], "{liar} {lie}");
        }
    }
    assert!(doubts >= 10, "{doubts} times nobody knew");
    assert_eq!(bank.count("SELECT count(*) FROM notifications WHERE kind = 'sui_nodes'").await, 1, "once a day");
    let charges = vec![("charge", 100); usize::try_from(n).unwrap()];
    assert_eq!(bank.events().await[2..], charges, "each once, in their order");
    assert_eq!(bank.balance(1).await, 100_000 - 100 * i64::try_from(n).unwrap());
}

/// It may be slow; where it goes on it hides something, and somebody has to look.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_goes_on_to_hide_a_transaction_is_told_of() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    let order = bank.order(1, 1, 100, "2026-11");
    assert_eq!(bank.charge(std::slice::from_ref(&order)).await, ["ok"]);
    bank.set_faults(1, "lie=hidden_transaction");
    // More than one charge takes on a busy machine: the first is not to find that it goes on.
    let patience = Duration::from_secs(3);
    let impatient = bank.impatient(patience);
    for expected in [0, 1] {
        assert!(impatient.charge(std::slice::from_ref(&order), bank.at).await[0].is_err());
        assert_eq!(bank.told("sui_nodes").await.len(), expected);
        tokio::time::sleep(patience).await;
    }
    let why = bank.told("sui_nodes").await.remove(0);
    for endpoint in &bank.endpoints {
        assert!(why.contains(&endpoint.address().to_string()), "{why}");
    }
    assert!(why.contains("does not have what node") && why.contains("transaction "), "{why}");
}

/// A database that was set back asks the chain: whoever hides a nonce does not make it charge again.
#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_that_is_hidden_is_not_taken_for_absent() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    let order = bank.order(1, 1, 100, "2026-11");
    assert_eq!(bank.charge(std::slice::from_ref(&order)).await, ["ok"]);
    let set_back = format!(
        "DELETE FROM sui_attempts; \
         INSERT INTO customers (id, display_name, wallet_address, escrow_contract_id) VALUES (1, 'C', '0x{:064x}', '{}'); \
         INSERT INTO charges (nonce, customer_id, month, amount_usd_cents, reason, intended_at) \
         VALUES ('{}', 1, '2026-11-01', 100, 'threshold', now())",
        1, order.account, order.nonce
    );
    bank.client.batch_execute(&set_back).await.unwrap();
    for liar in [0, 1] {
        bank.set_faults(liar, "lie=absent_nonce");
        assert!(bank.another().look_up(&order.nonce).await.is_err(), "{liar}");
        bank.set_faults(liar, "");
    }
    assert!(bank.escrow.look_up(&order.nonce).await.unwrap().is_some());
    assert_eq!(bank.balance(1).await, 900);
}
