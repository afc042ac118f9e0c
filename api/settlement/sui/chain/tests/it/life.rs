//! An account's life, by the transactions that the product builds.

use crate::world::{DAY_MS, GAS, NOVEMBER, TREASURY, World, at, coin, sui, usd};
use sui_sdk_types::{ExecutionStatus, Owner, TransactionEffects};
use suiftly_sui::{Abort, Act, Contract, Entry, EntryKind, Executed, Outcome, OwnAct};

fn entries(world: &World, executed: &Executed) -> Vec<Entry> {
    let entry = |event: &sui_sdk_types::Event| world.contract.entry(&event.type_, &event.contents).unwrap().unwrap();
    executed.events.iter().map(entry).collect()
}

#[tokio::test]
async fn funds_come_in_are_charged_refunded_paid_out_and_all_of_it_adds_up() {
    let world = World::new().await;
    let owner = world.owner.address();
    let opened = world.own(&OwnAct::Open { first: usd(50), limit: usd(20) }).await;
    let account = opened.shared(world.contract.account_id(owner)).unwrap();
    let kinds: Vec<_> = entries(&world, &opened).iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Opened, EntryKind::Deposit]);
    assert_eq!(world.balance(owner, &coin()).await, [0, usd(50)]);

    let charged = world.act(&world.charge(account, 1, usd(15))).await;
    assert_eq!(world.contract.outcome(charged.effects.status()), Outcome::Done);
    let entry = entries(&world, &charged).remove(0);
    assert_eq!((entry.seq, entry.amount, entry.balance, entry.month_charged), (3, usd(15), usd(35), usd(15)));
    assert_eq!((entry.nonce, entry.month, entry.at()), (Some([1; 32]), NOVEMBER, at(crate::world::BEGIN)));
    assert_eq!(world.balance(TREASURY, &coin()).await, [usd(15), 0]);

    let refund = Act::Refund { account, amount: usd(5), nonce: [2; 32], month: NOVEMBER };
    let refunded = world.act(&refund).await;
    assert_eq!(entries(&world, &refunded)[0].month_charged, usd(10));
    assert_eq!(world.balance(world.operator.address(), &coin()).await, [usd(95), 0]);

    world.own(&OwnAct::Deposit { account, amount: usd(20) }).await;
    world.own(&OwnAct::SetLimit { account, limit: usd(30) }).await;
    for amount in [usd(10), usd(1), usd(2)] {
        world.own(&OwnAct::Request { account, amount }).await;
    }
    world.own(&OwnAct::Cancel { account, request: 3 }).await;
    world.act(&Act::Release { account, request: 1 }).await;
    let early = world.act(&Act::Pay { account, request: 2 }).await;
    assert_eq!(world.contract.outcome(early.effects.status()), Outcome::Refused(Abort::NotDue));
    world.network.set_clock(crate::world::BEGIN + DAY_MS).unwrap();
    let paid = world.act(&Act::Pay { account, request: 2 }).await;
    assert_eq!(world.contract.outcome(paid.effects.status()), Outcome::Done);
    let closed = world.act(&Act::Close { account }).await;
    assert_eq!(entries(&world, &closed).last().unwrap().kind, EntryKind::Closed);
    let again = world.own(&OwnAct::Deposit { account, amount: usd(1) }).await;
    assert_eq!(world.contract.outcome(again.effects.status()), Outcome::Refused(Abort::Closed));

    // The owner had 100, the operator 100: 15 were charged, 5 given back out of the operator's own.
    let held = [world.balance(owner, &coin()).await, world.balance(world.operator.address(), &coin()).await];
    assert_eq!(held, [[0, usd(90)], [usd(95), 0]]);
    assert_eq!(world.balance(TREASURY, &coin()).await, [usd(15), 0]);
    let all = world.pair().events(&world.contract, 0..1_000).await.unwrap().value;
    let seqs: Vec<_> = all
        .events
        .iter()
        .filter_map(|e| world.contract.entry(&e.event_type, &e.contents).unwrap())
        .map(|e| e.seq)
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(seqs.len(), 15);
}

#[tokio::test]
async fn the_same_bytes_are_executed_once_and_answered_alike() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let signed = world.signed(&world.charge(account, 1, usd(5))).await;
    let first = world.node(0).submit(&signed).await.unwrap().value;
    world.network.set_clock(crate::world::BEGIN + 9 * DAY_MS).unwrap();
    // Their epoch is over, and they are known all the same.
    assert_eq!(world.node(1).submit(&signed).await.unwrap().value, first);
    assert_eq!(world.pair().executed(&signed.digest).await.unwrap().value, Some(first));
    assert_eq!(world.balance(TREASURY, &coin()).await, [usd(5), 0]);
}

#[tokio::test]
async fn a_nonce_that_was_used_is_known_by_its_field_and_who_wrote_it() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let id = Contract::nonce_id(account.id, &[1; 32]);
    assert_eq!(world.pair().object(id).await.unwrap().value, None);
    let charged = world.act(&world.charge(account, 1, usd(5))).await;
    let field = world.pair().object(id).await.unwrap().value.unwrap();
    assert_eq!((field.previous_transaction(), *field.owner()), (charged.digest, Owner::Object(account.id)));

    let before = world.pair().object(account.id).await.unwrap().value.unwrap();
    let gas = world.balance(world.operator.address(), &sui()).await[0];
    let again = world.act(&world.charge(account, 1, usd(5))).await;
    assert_eq!(world.contract.outcome(again.effects.status()), Outcome::Used);
    // What it was to write has a new version and is as before; gas was paid, and nothing told.
    let after = world.pair().object(account.id).await.unwrap().value.unwrap();
    assert_eq!(after.as_struct().unwrap().contents(), before.as_struct().unwrap().contents());
    assert!(after.version() > before.version() && again.events.is_empty());
    let used = again.effects.gas_summary().net_gas_usage();
    assert_eq!(world.balance(world.operator.address(), &sui()).await[0] + u64::try_from(used).unwrap(), gas);
    assert!(gas < GAS);
}

#[tokio::test]
async fn effects_name_what_was_written_read_and_taken_out_of_address_balances() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let charged = world.act(&world.charge(account, 1, usd(5))).await;
    let TransactionEffects::V2(effects) = &charged.effects else { panic!("{:?}", charged.effects) };
    assert_eq!(effects.status, ExecutionStatus::Success);
    // The account, its month, its nonce; the treasury's balance, the operator's gas.
    assert_eq!((effects.changed_objects.len(), effects.gas_object_index), (5, None));
    let read: Vec<_> = effects.unchanged_consensus_objects.iter().map(|object| object.object_id).collect();
    let mut expected = [world.contract.house.id, "0x6".parse().unwrap()];
    expected.sort();
    assert_eq!(read, expected);
    let node = world.node(0);
    for change in effects.changed_objects.iter().filter(|change| change.object_id == account.id) {
        let object = node.object(change.object_id).await.unwrap().value.unwrap();
        assert_eq!(object.version(), effects.lamport_version);
    }
}
