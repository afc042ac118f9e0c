//! Endpoints that go wrong, each in its own way, and what `suiftly-sui` makes of it.

use crate::world::{NOVEMBER, TREASURY, World, coin, usd};
use std::time::{Duration, Instant};
use suiftly_chain::Fault;
use suiftly_sui::{Act, Contract, Doubt, Failure};

/// That a transaction is not answered with these faults. What is in the treasury then, and after asking three times
/// whether it was done.
async fn handed_in(faults: &[Option<Fault>]) -> [u64; 2] {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let signed = world.signed(&world.charge(account, 1, usd(5))).await;
    world.endpoints[0].queue(faults.iter().copied());
    let lost = world.node(0).submit(&signed).await.unwrap_err().failure;
    assert!(matches!(lost, Failure::Lost(_)), "{lost:?}");
    let treasury = || world.network.look(|chain| chain.balance(TREASURY, &coin()))[0];
    let first = treasury();
    for _ in 0..3 {
        world.node(0).executed(&signed.digest).await.unwrap();
    }
    let then = treasury();
    // Sent again, it is done once, whatever was done before.
    world.node(0).submit(&signed).await.unwrap();
    assert_eq!(treasury(), usd(5));
    [first, then]
}

#[tokio::test]
async fn refused_failed_lost_and_late() {
    assert_eq!(handed_in(&[Some(Fault::Refuse)]).await, [0, 0]);
    assert_eq!(handed_in(&[Some(Fault::Fail)]).await, [0, 0]);
    assert_eq!(handed_in(&[Some(Fault::Lose)]).await, [usd(5), usd(5)]);
    assert_eq!(handed_in(&[Some(Fault::Late { calls: 3 })]).await, [0, usd(5)]);
}

#[tokio::test]
async fn away_and_slow() {
    let world = World::new().await;
    world.set_faults(0, "away");
    assert!(matches!(world.node(0).head().await.unwrap_err().failure, Failure::Lost(_)));
    world.node(1).head().await.unwrap();
    world.set_faults(0, "delay_ms=60");
    let begin = Instant::now();
    world.node(0).head().await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(60));
    let patient = world.node(0).with_timeout(Duration::from_millis(20));
    assert!(matches!(patient.head().await.unwrap_err().failure, Failure::Lost(_)));
}

#[tokio::test]
async fn a_node_that_lags_shows_what_was() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let charged = world.act(&world.charge(account, 1, usd(5))).await;
    let newest = world.node(0).head().await.unwrap().checkpoint;
    world.set_faults(0, "lag=1");
    let node = world.node(0);
    assert_eq!(node.head().await.unwrap().checkpoint, newest - 1);
    assert_eq!(node.executed(&charged.digest).await.unwrap().value, None);
    assert_eq!(node.object(Contract::nonce_id(account.id, &[1; 32])).await.unwrap().value, None);
    let version = node.object(account.id).await.unwrap().value.unwrap().version();
    assert_eq!(version, account.initial_version);
    let listed = node.events(&world.contract, 0..newest + 1).await.unwrap().value;
    assert_eq!(listed.covered, Some(newest - 1));
    assert_eq!(world.balance(TREASURY, &coin()).await, [0, 0]);
    world.set_faults(0, "");
    assert_eq!(node.executed(&charged.digest).await.unwrap().value, Some(charged));
}

/// A charged account, and what two nodes of which one lies say to each question.
async fn lied(lie: &str) -> (World, suiftly_sui::Executed, [Option<Doubt>; 3]) {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let refund = Act::Refund { account, amount: usd(1), nonce: [9; 32], month: NOVEMBER };
    world.act(&refund).await;
    let charged = world.act(&world.charge(account, 1, usd(5))).await;
    world.set_faults(1, &format!("lie={lie}"));
    let pair = world.pair();
    let head = pair.head().await.unwrap().checkpoint;
    let doubts = [
        pair.executed(&charged.digest).await.err(),
        pair.object(Contract::nonce_id(account.id, &[1; 32])).await.err(),
        pair.events(&world.contract, 0..head + 1).await.err(),
    ];
    (world, charged, doubts)
}

#[tokio::test]
async fn two_nodes_are_not_believed_where_one_lies() {
    // Which of them is told: the transaction, the nonce, the list.
    for (lie, expected) in [
        ("hidden_event", [false, false, true]),
        ("hidden_transaction", [true, false, true]),
        ("amount", [true, false, true]),
        ("status", [true, false, false]),
        ("absent_nonce", [false, true, false]),
    ] {
        let (_, _, doubts) = lied(lie).await;
        assert_eq!(doubts.each_ref().map(Option::is_some), expected, "{lie}: {doubts:?}");
    }
    // Another order of a list is no lie.
    let world = World::new().await;
    world.open(usd(50)).await;
    let head = world.pair().head().await.unwrap().checkpoint;
    let before = world.pair().events(&world.contract, 0..head + 1).await.unwrap().value;
    world.set_faults(1, "reorder");
    assert_eq!(world.pair().events(&world.contract, 0..head + 1).await.unwrap().value, before);
    assert!(before.events.len() > 3);
}

#[tokio::test]
async fn a_lie_that_does_not_hash_to_its_digest_is_told_of_one_node() {
    let (world, charged, _) = lied("amount").await;
    let failure = world.node(1).executed(&charged.digest).await.unwrap_err().failure;
    assert!(matches!(failure, Failure::Lying(_)), "{failure:?}");
}
