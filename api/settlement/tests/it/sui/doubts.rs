//! Answers that are lost, nodes that are away or behind, epochs that end, a database that was set back: what was signed is
//! done once, and nothing that is not known is refused.

use super::bank::{Bank, PAUPER, key, sui, told};
use std::time::Duration;
use suiftly_chain::Fault;
use suiftly_settlement::escrow::{ChargeOrder, Escrow};

/// What comes of an order before both nodes are asked again.
async fn hasty(bank: &Bank, order: &ChargeOrder) -> String {
    told(&bank.hasty().charge(std::slice::from_ref(order), bank.at).await[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_does_not_answer_the_other_does() {
    let bank = Bank::with_account(1, 0, 10_000).await;
    let faults = [Fault::Refuse, Fault::Fail, Fault::Lose, Fault::Late { calls: 1 }, Fault::Late { calls: 4 }];
    for (n, fault) in (1..).zip(faults) {
        bank.queue([Some(fault), None]);
        assert_eq!(bank.charge(&[bank.order(n, 1, 100, "2026-11")]).await, ["ok"], "{fault:?}");
    }
    assert_eq!(bank.balance(1).await, 9_500);
    assert_eq!(bank.count("SELECT count(*) FROM sui_attempts").await, 5, "the same bytes each time");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_answers_is_in_doubt_and_sent_again_as_it_was() {
    let bank = Bank::with_account(1, 0, 10_000).await;
    let faults = [Fault::Refuse, Fault::Fail, Fault::Lose, Fault::Late { calls: 2 }];
    for (n, fault) in (1..).zip(faults) {
        let order = bank.order(n, 1, 100, "2026-11");
        bank.queue([Some(fault), Some(fault)]);
        assert_eq!(hasty(&bank, &order).await, "in doubt", "{fault:?}");
        // What is late may be done between two questions.
        let found = bank.another().look_up(&order.nonce).await.unwrap_or_default();
        assert!(found.is_none() || fault != Fault::Refuse && fault != Fault::Fail, "{fault:?}: {found:?}");
        let again = bank.another().charge(std::slice::from_ref(&order), bank.at).await;
        let event = again[0].as_ref().unwrap();
        assert!(found.is_none_or(|found| found == *event), "{fault:?}");
    }
    assert_eq!(bank.balance(1).await, 9_600);
    assert_eq!(bank.count("SELECT count(*) FROM sui_attempts WHERE state = 'done'").await, 4);
    assert_eq!(bank.count("SELECT count(*) FROM sui_attempts").await, 4, "nothing else was signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_believed_while_a_node_is_away_or_behind() {
    let bank = Bank::with_account(1, 0, 10_000).await;
    bank.events().await;
    for (n, faults) in (1..).zip(["away", "lag=400"]) {
        let order = bank.order(n, 1, 100, "2026-11");
        // It takes that many checkpoints to be behind.
        if faults.starts_with("lag") {
            for _ in 0..401 {
                bank.network.faucet(sui_sdk_types::Address::ZERO, &bank.contract.coin, 1, false).unwrap();
            }
        }
        bank.set_faults(1, faults);
        assert_eq!(hasty(&bank, &order).await, "in doubt", "{faults}");
        assert!(!matches!(bank.escrow.look_up(&order.nonce).await, Ok(Some(_))), "{faults}");
        assert!(bank.escrow.events(1_000, 10).await.is_err(), "{faults}");
        assert!(bank.escrow.accounts(&[bank.account(1)]).await.is_err(), "{faults}");
        bank.set_faults(1, "");
        assert_eq!(bank.charge(&[order]).await, ["ok"], "{faults}");
    }
    assert_eq!(bank.events().await[2..], [("charge", 100), ("charge", 100)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_executed_in_its_epoch_is_signed_anew_and_only_then() {
    let mut bank = Bank::with_account(1, 0, 10_000).await;
    let order = bank.order(1, 1, 100, "2026-11");
    bank.queue([Some(Fault::Fail), Some(Fault::Fail)]);
    assert_eq!(hasty(&bank, &order).await, "in doubt");
    let live = "SELECT count(*) FROM sui_attempts WHERE state = 'live'";
    assert_eq!(bank.count(live).await, 1);
    bank.go_to("2026-11-24T00:00:00Z");
    assert_eq!(bank.escrow.look_up(&order.nonce).await.unwrap(), None);
    // While one node is away, nobody knows that it is over.
    bank.set_faults(1, "away");
    assert_eq!(bank.charge(std::slice::from_ref(&order)).await, ["in doubt"]);
    assert_eq!((bank.count(live).await, bank.count("SELECT count(*) FROM sui_attempts").await), (1, 1));
    bank.set_faults(1, "");
    assert_eq!(bank.charge(&[order]).await, ["ok"]);
    let states = "SELECT count(*) FROM sui_attempts WHERE state IN ('dead', 'done')";
    assert_eq!((bank.count(live).await, bank.count(states).await, bank.balance(1).await), (0, 2, 9_900));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_set_back_finds_what_the_chain_has() {
    let bank = Bank::with_account(1, 0, 10_000).await;
    let order = bank.order(1, 1, 100, "2026-11");
    let charged = bank.escrow.charge(std::slice::from_ref(&order), bank.at).await[0].clone().unwrap();
    bank.events().await;
    // The intent is older than what was lost.
    let set_back = format!(
        "ALTER TABLE sui_events DISABLE TRIGGER ALL; DELETE FROM sui_events; DELETE FROM sui_attempts; \
         UPDATE sui_follower SET covered = -1; \
         INSERT INTO customers (id, display_name, wallet_address, escrow_contract_id) VALUES (1, 'C', '0x{:064x}', '{}'); \
         INSERT INTO charges (nonce, customer_id, month, amount_usd_cents, reason, intended_at) \
         VALUES ('{}', 1, '2026-11-01', 100, 'threshold', now())",
        1, order.account, order.nonce
    );
    bank.client.batch_execute(&set_back).await.unwrap();
    let another = bank.another();
    assert_eq!(another.look_up(&order.nonce).await.unwrap().as_ref(), Some(&charged), "by the account's own field");
    assert_eq!(another.charge(std::slice::from_ref(&order), bank.at).await[0].as_ref().unwrap(), &charged);
    assert_eq!(
        bank.count("SELECT count(*) FROM sui_attempts WHERE state = 'failed'").await,
        1,
        "the contract refused it"
    );
    assert_eq!(bank.events().await, [("limit", 0), ("deposit", 10_000), ("charge", 100)]);
    assert_eq!(bank.balance(1).await, 9_900);
}

/// It is not the customer's fault: nothing is refused, and gas is not burnt on every charge there is.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_ours_to_mend_is_in_doubt_and_tried_a_minute_later() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    let stranger = bank.stranger();
    let orders = [bank.order(1, 1, 100, "2026-11"), bank.order(2, 1, 100, "2026-11")];
    for order in &orders {
        let answers = stranger.charge(std::slice::from_ref(order), bank.at).await;
        assert_eq!(answers.iter().map(told).collect::<Vec<_>>(), ["in doubt"]);
    }
    let (failed, live) = (
        "SELECT count(*) FROM sui_attempts WHERE state = 'failed'",
        "SELECT count(*) FROM sui_attempts WHERE state = 'live'",
    );
    assert_eq!((bank.count(failed).await, bank.count(live).await), (1, 1), "the second was not sent");
    // By whom it may be: what was signed by the other can still be executed, so it is tried first, and comes to nothing.
    assert_eq!(bank.charge(&orders[..1]).await, ["ok"]);
    assert_eq!(bank.charge(&orders[1..]).await, ["in doubt"]);
    assert_eq!((bank.count(failed).await, bank.count(live).await, bank.balance(1).await), (2, 0, 900));
    assert_eq!(bank.another().charge(&orders[1..], bank.at).await.iter().map(told).collect::<Vec<_>>(), ["ok"]);
}

/// At an epoch's turn that may be once; where it goes on, somebody has to send gas.
#[tokio::test(flavor = "multi_thread")]
async fn what_nodes_go_on_not_to_take_is_told_once_until_they_do() {
    let bank = Bank::with_account(1, 0, 1_000).await;
    let (pauper, order) = (bank.pauper(), bank.order(1, 1, 100, "2026-11"));
    for expected in [0, 1, 1] {
        let answers = pauper.charge(std::slice::from_ref(&order), bank.at).await;
        assert_eq!(answers.iter().map(told).collect::<Vec<_>>(), ["in doubt"]);
        assert_eq!(bank.told("sui_operator").await.len(), expected);
        tokio::time::sleep(Duration::from_millis(2_100)).await;
    }
    assert!(bank.told("sui_operator").await[0].contains("0 MIST for gas is less than the budget"));
    // Gas has come: what is wrong then is told by itself, and once.
    bank.network.faucet(key(PAUPER).address(), &sui(), 1_000_000_000_000, false).unwrap().unwrap();
    for _ in 0..2 {
        pauper.charge(std::slice::from_ref(&order), bank.at).await;
    }
    let all = bank.told("sui_operator").await;
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[1].contains("is not, or no longer, one of the house's operators"), "{all:?}");
    assert_eq!(bank.balance(1).await, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_house_or_chain_is_not_followed() {
    let bank = Bank::with_account(1, 0, 100).await;
    bank.events().await;
    bank.client.batch_execute("UPDATE sui_follower SET house = '0x' || repeat('9', 64)").await.unwrap();
    let refused = bank.escrow.events(1_000, 10).await.unwrap_err().to_string();
    assert!(refused.contains("this database follows house 0x9999"), "{refused}");
}
