//! Owners' own transactions: made, signed by a wallet, handed on, looked after.

use super::bank::{Bank, key, owner, pair, sui};
use sui_sdk_types::Transaction;
use suiftly_chain::Fault;
use suiftly_schema::ids::CustomerId;
use suiftly_settlement::escrow::Escrow;
use suiftly_settlement::owners::{Coin, KEPT_MS, Owner, OwnerAct, OwnerOrder, Owners, OwnersError, Progress, Unsigned};

const BUDGET: u64 = 100_000_000;
const USD: u64 = 1_000_000;

/// A bank, and an owner with a wallet of dollars and SUI.
struct Till {
    bank: Bank,
    owners: Owners,
}

impl Till {
    async fn new(dollars: u64, mist: u64) -> Self {
        let bank = Bank::new().await;
        let owners = Owners::new(bank.contract.clone(), pair(&bank.network, &bank.endpoints), BUDGET);
        let till = Self { bank, owners };
        till.give(dollars * USD, true);
        if mist > 0 {
            till.bank.network.faucet(key(1).address(), &sui(), mist, true).unwrap().unwrap();
        }
        till
    }

    /// Units of the coin, as a coin object or into the address balance.
    fn give(&self, units: u64, as_coin: bool) {
        if units > 0 {
            let coin = &self.bank.contract.coin;
            self.bank.network.faucet(key(1).address(), coin, units, as_coin).unwrap().unwrap();
        }
    }

    async fn prepare(&self, act: OwnerAct, usd_cents: i64) -> Result<Unsigned, OwnersError> {
        self.owners.prepare(&who(1), OwnerOrder { act, usd_cents }, self.bank.at).await
    }

    async fn submit(&self, unsigned: &Unsigned) -> Result<OwnerOrder, OwnersError> {
        self.owners.submit(who(1).customer, &unsigned.digest, &signature(unsigned), self.bank.at).await
    }

    async fn progress(&self, unsigned: &Unsigned, after_ms: i64) -> Option<Progress> {
        self.owners.progress(&who(1), &unsigned.digest, self.bank.at.plus_ms(after_ms)).await.unwrap()
    }

    /// From the order to its end.
    async fn done(&self, act: OwnerAct, usd_cents: i64) {
        let unsigned = self.prepare(act, usd_cents).await.unwrap();
        assert_eq!(self.submit(&unsigned).await.unwrap(), OwnerOrder { act, usd_cents });
        assert_eq!(self.progress(&unsigned, 0).await, Some(Progress::Confirmed));
    }
}

fn who(n: u8) -> Owner {
    Owner { customer: CustomerId::new(i64::from(n)).unwrap(), wallet: owner(n), limit_usd_cents: 25_000 }
}

/// What the first owner's wallet answers.
fn signature(unsigned: &Unsigned) -> Vec<u8> {
    let transaction: Transaction = bcs::from_bytes(&unsigned.transaction).unwrap();
    key(1).sign(transaction).unwrap().to_bytes().unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_opens_puts_in_asks_back_and_sets_a_limit() {
    let till = Till::new(100, 10 * BUDGET).await;
    assert_eq!(till.prepare(OwnerAct::Withdraw, 100).await, Err(OwnersError::NoAccount));
    till.done(OwnerAct::Deposit, 5_000).await;
    till.done(OwnerAct::Deposit, 1_000).await;
    till.done(OwnerAct::Limit, 2_000).await;
    till.done(OwnerAct::Withdraw, 700).await;
    let expected =
        [("limit", 25_000), ("deposit", 5_000), ("deposit", 1_000), ("limit", 2_000), ("withdrawal_requested", 700)];
    assert_eq!(till.bank.events().await, expected);
    assert_eq!(till.bank.balance(1).await, 6_000);
    let history = till.bank.escrow.history(&till.bank.account(1)).await.unwrap();
    assert_eq!(history.len(), expected.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_may_come_first() {
    let till = Till::new(0, BUDGET).await;
    till.done(OwnerAct::Limit, 1_000).await;
    assert_eq!(till.bank.events().await, [("limit", 1_000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_says_what_it_costs_and_waits_for_its_time() {
    let till = Till::new(100, 10 * BUDGET).await;
    let first = till.prepare(OwnerAct::Deposit, 5_000).await.unwrap();
    assert!(first.gas > 0 && first.gas <= first.gas_budget, "{first:?}");
    assert_eq!((first.gas_budget, first.until), (BUDGET, till.bank.at.plus_ms(KEPT_MS)));
    let customer = who(1).customer;
    assert_eq!(till.owners.waiting(customer, &first.digest, till.bank.at), Some(first.transaction.clone()));
    assert_eq!(till.progress(&first, 0).await, Some(Progress::Waiting));

    // Another takes its place.
    let second = till.prepare(OwnerAct::Deposit, 6_000).await.unwrap();
    assert_eq!(till.submit(&first).await, Err(OwnersError::Unknown));
    assert_eq!(till.progress(&first, 0).await, None);
    // Nobody else's, and not for ever.
    let of_other = till.owners.submit(who(2).customer, &second.digest, &signature(&second), till.bank.at).await;
    assert_eq!(of_other, Err(OwnersError::Unknown));
    assert_eq!(till.owners.waiting(customer, &second.digest, second.until), None);
    let late = till.owners.submit(customer, &second.digest, &signature(&second), second.until).await;
    assert_eq!(late, Err(OwnersError::Unknown));
    let nothing = till.owners.submit(customer, &second.digest, &[0, 1], till.bank.at).await;
    assert!(matches!(nothing, Err(OwnersError::Signature(_))), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_it_was_is_told_by_the_chain_once_it_is_forgotten_here() {
    let till = Till::new(100, 10 * BUDGET).await;
    let unsigned = till.prepare(OwnerAct::Deposit, 5_000).await.unwrap();
    till.submit(&unsigned).await.unwrap();
    assert_eq!(till.progress(&unsigned, KEPT_MS + 1).await, Some(Progress::Confirmed));
    let of_other = till.owners.progress(&who(2), &unsigned.digest, till.bank.at).await;
    assert_eq!(of_other, Ok(None));
    for none in ["", "x", &"1".repeat(32)] {
        assert_eq!(till.owners.progress(&who(1), none, till.bank.at).await, Ok(None), "{none}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_has_too_little_is_told_so() {
    let till = Till::new(10, BUDGET / 2).await;
    let short = |what, has, wanted| Err(OwnersError::Short { what, has, wanted });
    assert_eq!(till.prepare(OwnerAct::Deposit, 1_001).await, short(Coin::Funds, 1_000, 1_001));
    // What is beside its coins is no help yet.
    till.give(USD, false);
    assert_eq!(till.prepare(OwnerAct::Deposit, 1_001).await, Err(OwnersError::Scattered));
    let made = till.prepare(OwnerAct::Deposit, 1_000).await.unwrap();
    assert_eq!(made.gas_budget, BUDGET / 2, "all that it has");

    let poor = Till::new(10, 0).await;
    assert_eq!(poor.prepare(OwnerAct::Deposit, 1_000).await, short(Coin::Gas, 0, 1_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_contract_would_refuse_is_not_signed() {
    let till = Till::new(100, 10 * BUDGET).await;
    till.done(OwnerAct::Deposit, 5_000).await;
    for (act, usd_cents, words) in [
        (OwnerAct::Withdraw, 5_001, "There is less in the account"),
        (OwnerAct::Limit, 999, "A limit is 0, for none, or at least $10"),
    ] {
        let refused = till.prepare(act, usd_cents).await;
        assert!(matches!(&refused, Err(OwnersError::Refused(cause)) if cause.contains(words)), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_after_and_nothing_else_is_made_meanwhile() {
    let till = Till::new(100, 10 * BUDGET).await;
    let unsigned = till.prepare(OwnerAct::Deposit, 5_000).await.unwrap();
    till.bank.queue([Some(Fault::Refuse), Some(Fault::Refuse)]);
    till.submit(&unsigned).await.unwrap();
    assert_eq!(till.progress(&unsigned, 1).await, Some(Progress::Pending));
    let digest = unsigned.digest.clone();
    assert_eq!(till.prepare(OwnerAct::Limit, 0).await, Err(OwnersError::UnderWay { digest }));
    // It is handed on again, and the next look finds it.
    assert_eq!(till.progress(&unsigned, 3_000).await, Some(Progress::Pending));
    assert_eq!(till.progress(&unsigned, 3_001).await, Some(Progress::Confirmed));
    till.done(OwnerAct::Limit, 0).await;
    assert_eq!(till.bank.balance(1).await, 5_000, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_does_not_take_may_be_made_anew() {
    let till = Till::new(100, 10 * BUDGET).await;
    let first = till.prepare(OwnerAct::Deposit, 5_000).await.unwrap();
    // The wallet uses the same coins elsewhere.
    let elsewhere = Owners::new(till.bank.contract.clone(), pair(&till.bank.network, &till.bank.endpoints), BUDGET);
    let order = OwnerOrder { act: OwnerAct::Deposit, usd_cents: 100 };
    let other = elsewhere.prepare(&who(1), order, till.bank.at).await.unwrap();
    elsewhere.submit(who(1).customer, &other.digest, &signature(&other), till.bank.at).await.unwrap();
    assert!(matches!(till.submit(&first).await, Err(OwnersError::Refused(_))));
    till.done(OwnerAct::Deposit, 5_000).await;
    assert_eq!(till.bank.balance(1).await, 5_100);
}
