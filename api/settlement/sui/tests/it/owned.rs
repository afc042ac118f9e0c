//! What an address has, and what a transaction would come to.

use crate::fixture::{built, chain, contract};
use crate::server::{Script, effects, run, sent};
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_sdk_types::{
    Address, Digest, ExecutionError, ExecutionStatus, GasCostSummary, MoveStruct, Object, ObjectData, Owner, StructTag,
    TransactionEffects, TypeTag,
};
use suiftly_schema::time::UnixMillis;
use suiftly_sui::{At, Balance, Coin, Coins, Failure, Head, INPUTS_MAX, Joined, Joint, NodeError, Pair, Simulated};

const OWNER: Address = Address::new([0x77; 32]);
const DIGEST: Digest = Digest::new([1; 32]);

fn object(kind: TypeTag, id: u8, version: u64, balance: u64, owner: Owner) -> Object {
    let contents = [&[id; 32][..], &balance.to_le_bytes()].concat();
    let data = MoveStruct::new(StructTag::coin(kind), true, version, contents).unwrap();
    Object::new(ObjectData::Struct(data), owner, DIGEST, 0)
}

fn funds(id: u8, version: u64, balance: u64) -> Object {
    object(contract().coin, id, version, balance, Owner::Address(OWNER))
}

fn listed(objects: &[Object]) -> Vec<proto::Object> {
    objects.iter().map(|object| proto::Object::default().with_bcs(proto::Bcs::serialize(object).unwrap())).collect()
}

fn coin(object: &Object, balance: u64) -> Coin {
    let (id, version, digest) = (object.object_id(), object.version(), object.digest());
    Coin { object: sui_sdk_types::ObjectReference::new(id, version, digest), balance }
}

#[tokio::test]
async fn coins_are_read_page_by_page() {
    let [first, second, third] = [funds(3, 9, 500), funds(1, 4, 20), funds(2, 7, 0)];
    let owned = vec![listed(&[first.clone(), second.clone()]), listed(&[]), listed(std::slice::from_ref(&third))];
    let running = run(Script { owned, ..Script::default() }).await;
    let found = running.node.coins(OWNER, &contract().coin).await.unwrap().value;
    assert_eq!(found, Coins::new(vec![coin(&first, 500), coin(&second, 20), coin(&third, 0)]));
    let balances: Vec<_> = found.iter().map(|coin| coin.balance).collect();
    assert_eq!(balances, [20, 0, 500], "by id");
}

#[tokio::test]
async fn who_lists_other_things_lies() {
    let others = [
        object(TypeTag::U8, 1, 4, 20, Owner::Address(OWNER)),
        object(contract().coin, 1, 4, 20, Owner::Address(Address::TWO)),
        object(contract().coin, 1, 4, 20, Owner::Shared(4)),
    ];
    for other in others {
        let running = run(Script { owned: vec![listed(&[other])], ..Script::default() }).await;
        let found = running.node.coins(OWNER, &contract().coin).await;
        assert!(matches!(found, Err(NodeError { failure: Failure::Lying(_), .. })));
    }
}

#[tokio::test]
async fn a_list_that_never_ends_is_cut() {
    let owned = (0..50).map(|id| listed(&[funds(id, 1, 1)])).collect();
    let running = run(Script { owned, ..Script::default() }).await;
    assert_eq!(running.node.coins(OWNER, &contract().coin).await.unwrap().value.iter().count(), 5);
}

#[tokio::test]
async fn a_balance_is_what_is_in_coins_and_beside_them() {
    let mut balance = proto::Balance::default();
    balance.coin_balance = Some(7);
    let running = run(Script { balance: Some(balance), ..Script::default() }).await;
    let found = running.node.balance(OWNER, &contract().coin).await.unwrap().value;
    assert_eq!(found, Balance { in_coins: 7, in_address: 0 });
}

#[tokio::test]
async fn what_would_come_of_it_is_told_by_both() {
    let transaction = built("deposit");
    let (mut effects, events) = effects(transaction.digest(), false);
    let TransactionEffects::V2(inner) = &mut effects else { panic!("of another version") };
    inner.gas_used = GasCostSummary::new(1_000, 500, 300, 3);
    let script = || Script { transaction: Some(sent(&(effects.clone(), events.clone()), 1)), ..Script::default() };
    let (one, other) = (run(script()).await, run(script()).await);
    let pair = Pair::new(one.node.clone(), other.node.clone());
    let head = Head { chain: chain(), epoch: 9, checkpoint: 100, at: UnixMillis(1_795_392_000_000), lowest: 3 };
    let value = Simulated { status: ExecutionStatus::Success, gas: 1_200 };
    assert_eq!(pair.simulate(&transaction).await, Ok(At { head, value }));
}

#[test]
fn what_both_say_is_the_less() {
    let [one, other, newer] = [funds(1, 4, 20), funds(2, 7, 30), funds(2, 8, 5)];
    let list = |coins: &[(&Object, u64)]| Coins::new(coins.iter().map(|(object, sum)| coin(object, *sum)).collect());
    let joined = Joint::join(list(&[(&one, 20), (&other, 30)]), list(&[(&newer, 5), (&one, 20)]));
    assert_eq!(joined, Joined::Same(list(&[(&one, 20)])));

    let balance = |in_coins, in_address| Balance { in_coins, in_address };
    assert_eq!(Joint::join(balance(1, 9), balance(2, 8)), Joined::Same(balance(1, 8)));

    let failure = ExecutionStatus::Failure { error: ExecutionError::InsufficientGas, command: None };
    let said = |status: &ExecutionStatus, gas| Simulated { status: status.clone(), gas };
    let success = ExecutionStatus::Success;
    for (one, other, both) in
        [(&success, &success, &success), (&failure, &success, &failure), (&success, &failure, &failure)]
    {
        assert_eq!(Joint::join(said(one, 3), said(other, 5)), Joined::Same(said(both, 5)));
    }
}

#[test]
fn the_richest_coins_are_taken_until_it_is_enough() {
    let objects: Vec<_> = [20, 0, 500, 30].into_iter().zip(1..).map(|(sum, id)| (funds(id, 1, sum), sum)).collect();
    let coins = Coins::new(objects.iter().map(|(object, sum)| coin(object, *sum)).collect());
    let ids = |amount| {
        let (chosen, sum) = coins.richest(amount);
        (chosen.iter().map(|object| object.object_id().as_bytes()[0]).collect::<Vec<_>>(), sum)
    };
    assert_eq!(ids(0), (vec![], 0));
    assert_eq!(ids(500), (vec![3], 500));
    assert_eq!(ids(501), (vec![3, 4], 530));
    assert_eq!(ids(1_000), (vec![3, 4, 1], 550), "an empty one is of no use");
    let dust = Coins::new((0..=255).map(|id| coin(&funds(id, 1, 1), 1)).collect());
    assert_eq!(dust.richest(1_000).1, INPUTS_MAX as u64);
}
