//! What is not taken, and so has no effects and costs nothing.

use crate::world::{BUDGET, DAY_MS, GAS, World, coin, key, sui, usd};
use sui_sdk_types::{Digest, Transaction, TransactionExpiration};
use suiftly_chain::NetworkError;
use suiftly_sui::{Failure, Signed};

/// A charge, changed, and what is said to it.
async fn refused(world: &World, change: impl FnOnce(&mut Transaction)) -> String {
    let account = world.open(usd(50)).await;
    let mut transaction = world.signed(&world.charge(account, 1, usd(5))).await.transaction;
    change(&mut transaction);
    let signed = world.operator.sign(transaction).unwrap();
    let refused = world.node(0).submit(&signed).await.unwrap_err().failure;
    let Failure::Refused(cause) = refused else { panic!("{refused:?}") };
    assert_eq!(world.pair().executed(&signed.digest).await.unwrap().value, None);
    assert_eq!(world.balance(world.operator.address(), &sui()).await, [GAS, 0]);
    cause
}

fn valid(epoch: u64, chain: Digest) -> TransactionExpiration {
    let (min_epoch, max_epoch) = (Some(epoch), Some(epoch));
    TransactionExpiration::ValidDuring {
        min_epoch,
        max_epoch,
        min_timestamp: None,
        max_timestamp: None,
        chain,
        nonce: 0,
    }
}

#[tokio::test]
async fn another_chain() {
    let cause =
        refused(&World::new().await, |transaction| transaction.expiration = valid(0, Digest::new([1; 32]))).await;
    assert!(cause.contains("another chain's"), "{cause}");
}

#[tokio::test]
async fn an_epoch_that_is_over_or_to_come() {
    for epoch in [0, 2] {
        let world = World::new().await;
        let chain = world.network.look(suiftly_chain::Chain::id);
        world.network.set_clock(crate::world::BEGIN + DAY_MS).unwrap();
        let cause = refused(&world, |transaction| transaction.expiration = valid(epoch, chain)).await;
        assert!(cause.contains(&format!("valid in epochs {epoch} to {epoch}, and this is 1")), "{cause}");
    }
}

#[tokio::test]
async fn gas_out_of_a_balance_without_an_end() {
    let cause = refused(&World::new().await, |transaction| transaction.expiration = TransactionExpiration::None).await;
    assert!(cause.contains("wants an expiration"), "{cause}");
}

#[tokio::test]
async fn a_price_below_the_reference() {
    let cause = refused(&World::new().await, |transaction| transaction.gas_payment.price = 999).await;
    assert!(cause.contains("below the reference of 1000"), "{cause}");
}

#[tokio::test]
async fn a_budget_that_is_not_there_or_too_small() {
    let cause = refused(&World::new().await, |transaction| transaction.gas_payment.budget = GAS + 1).await;
    assert!(cause.contains("less than the budget"), "{cause}");
    let cause = refused(&World::new().await, |transaction| transaction.gas_payment.budget = 999_999).await;
    assert!(cause.contains("the gas budget is not from 1000000"), "{cause}");
}

#[tokio::test]
async fn a_signature_that_is_not_the_senders_or_of_something_else() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let signed = world.signed(&world.charge(account, 1, usd(5))).await;
    let terms = world.terms(key(9).address()).await;
    let other = key(9).sign(world.contract.build(&world.charge(account, 1, usd(5)), &terms).unwrap()).unwrap();
    let refused = |signed: &Signed| {
        let signatures = std::slice::from_ref(&signed.signature);
        match world.network.execute(&signed.transaction, signatures) {
            Err(NetworkError::Refused(refusal)) => refusal.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let cause = refused(&Signed { signature: other.signature, ..signed.clone() });
    assert!(cause.contains("nobody who has to sign"), "{cause}");
    let mut changed = signed.clone();
    changed.transaction.gas_payment.budget = BUDGET - 1;
    let cause = refused(&changed);
    assert!(cause.contains("is not valid"), "{cause}");
    assert!(matches!(world.network.execute(&signed.transaction, &[]), Err(NetworkError::Refused(_))));
    assert_eq!(world.balance(crate::world::TREASURY, &coin()).await, [0, 0]);
}
