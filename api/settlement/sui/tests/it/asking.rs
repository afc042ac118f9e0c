//! What a node is asked, and what is made of its answers.

use crate::fixture::{built, chain, contract};
use crate::server::{Script, effects, executed, run, sent};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use sui_rpc::proto::sui::rpc::v2::{self as proto, QueryEndReason};
use sui_sdk_types::{
    Address, ChangedObject, Digest, IdOperation, MoveStruct, Object, ObjectData, ObjectIn, ObjectOut, Owner, StructTag,
    TransactionEffects,
};
use suiftly_schema::time::UnixMillis;
use suiftly_sui::{At, Doubt, Epoch, Failure, Head, Key, Node, NodeError, Pair, SharedRef};
use tonic::Code;

const DIGEST: Digest = Digest::new([1; 32]);

fn head(checkpoint: u64) -> Head {
    Head { chain: chain(), epoch: 9, checkpoint, at: UnixMillis(1_795_392_000_000), lowest: 3 }
}

fn lied<T>(answer: &Result<T, NodeError>) -> bool {
    matches!(answer, Err(NodeError { failure: Failure::Lying(_), .. }))
}

fn lost<T>(answer: &Result<T, NodeError>) -> bool {
    matches!(answer, Err(NodeError { failure: Failure::Lost(_), .. }))
}

#[tokio::test]
async fn it_says_where_it_stands_and_what_the_epoch_asks() {
    let running = run(Script::default()).await;
    assert_eq!(running.node.head().await, Ok(head(100)));
    let epoch = Epoch { number: 9, gas_price: 750, gas_from_balance: true };
    assert_eq!(running.node.epoch().await, Ok(At { head: head(100), value: epoch }));
}

#[tokio::test]
async fn gas_is_what_is_in_the_address_balance() {
    // What is in coins pays for nothing of ours.
    let balance = proto::Balance::default().with_balance(12).with_address_balance(5);
    let in_coins = proto::Balance::default().with_balance(12);
    for (balance, gas) in [(balance, 5), (in_coins, 0)] {
        let running = run(Script { balance: Some(balance), ..Script::default() }).await;
        assert_eq!(running.node.gas(Address::TWO).await, Ok(At { head: head(100), value: gas }));
    }
    assert!(lost(&run(Script::default()).await.node.gas(Address::TWO).await));
}

#[tokio::test]
async fn a_transaction_is_submitted_and_found_again() {
    let signed = Key::new([7; 32]).sign(built("charge")).unwrap();
    let done = effects(signed.digest, true);
    let running = run(Script { transaction: Some(sent(&done, 90)), ..Script::default() }).await;
    let expected = executed(&done, Some(90));
    assert_eq!(running.node.submit(&signed).await, Ok(At { head: head(100), value: expected.clone() }));
    assert_eq!(running.node.executed(&signed.digest).await, Ok(At { head: head(100), value: Some(expected) }));
    // Another transaction's effects, however well they are made.
    assert!(lied(&running.node.executed(&DIGEST).await));
}

#[tokio::test]
async fn what_is_not_there_is_an_answer() {
    let running = run(Script::default()).await;
    assert_eq!(running.node.executed(&DIGEST).await, Ok(At { head: head(100), value: None }));
    assert_eq!(running.node.object(Address::TWO).await, Ok(At { head: head(100), value: None }));
}

#[tokio::test]
async fn events_are_those_that_the_effects_name() {
    let (with, without) = (effects(DIGEST, true), effects(DIGEST, false));
    for (of, events) in [(&with, &without), (&without, &with)] {
        let transaction = sent(&(of.0.clone(), events.1.clone()), 90);
        let running = run(Script { transaction: Some(transaction), ..Script::default() }).await;
        assert!(lied(&running.node.executed(&DIGEST).await));
    }
    for transaction in [proto::ExecutedTransaction::default(), {
        let effects = proto::TransactionEffects::default().with_bcs(proto::Bcs::from(vec![9, 9]));
        proto::ExecutedTransaction::default().with_effects(effects)
    }] {
        let running = run(Script { transaction: Some(transaction), ..Script::default() }).await;
        assert!(lost(&running.node.executed(&DIGEST).await));
    }
}

#[tokio::test]
async fn an_object_is_the_one_that_was_asked_for() {
    let id = Address::new([0x33; 32]);
    let data = MoveStruct::new(StructTag::sui(), false, 5, vec![0x33; 40]).unwrap();
    let object = Object::new(ObjectData::Struct(data), Owner::Shared(1), DIGEST, 0);
    let sent = proto::Object::default().with_bcs(proto::Bcs::serialize(&object).unwrap());
    let running = run(Script { object: Some(sent), ..Script::default() }).await;
    assert_eq!(running.node.object(id).await, Ok(At { head: head(100), value: Some(object) }));
    assert!(lied(&running.node.object(Address::TWO).await));
}

#[tokio::test]
async fn failures_are_told_apart() {
    type Made = fn(String) -> Failure;
    let cases: [(Code, Made); 6] = [
        (Code::Unavailable, Failure::Lost),
        (Code::Aborted, Failure::Lost),
        (Code::ResourceExhausted, Failure::Lost),
        (Code::InvalidArgument, Failure::Refused),
        (Code::FailedPrecondition, Failure::Refused),
        (Code::Unimplemented, Failure::Unable),
    ];
    for (code, expected) in cases {
        let running = run(Script { failure: Some((code, "why")), ..Script::default() }).await;
        let failure = running.node.head().await.unwrap_err().failure;
        assert_eq!(failure, expected(format!("{code}: why")));
    }
    let other = run(Script { chain: DIGEST, ..Script::default() }).await;
    assert_eq!(other.node.head().await.unwrap_err().failure, Failure::OtherChain(DIGEST));
}

#[tokio::test]
async fn nobody_waits_for_a_node() {
    let pages = vec![page(&[], None, QueryEndReason::LedgerTip, 1)];
    let slow = run(Script { delay: Duration::from_secs(60), pages, ..Script::default() }).await;
    let node = slow.node.clone().with_timeout(Duration::from_millis(50));
    assert!(lost(&node.head().await));
    assert!(lost(&node.events(&contract(), 0..1).await));

    let node = { run(Script::default()).await.node.clone() };
    assert!(lost(&node.with_timeout(Duration::from_secs(1)).head().await));
    let nowhere = Node::new("not a url", chain()).err().map(|error| error.failure);
    assert!(matches!(nowhere, Some(Failure::Url(_))));
}

fn event(checkpoint: u64, index: u32) -> proto::Event {
    proto::Event::default()
        .with_event_type(contract().entry_type().to_string())
        .with_contents(proto::Bcs::from(vec![u8::try_from(checkpoint).unwrap()]))
        .with_checkpoint(checkpoint)
        .with_transaction_digest(DIGEST.to_string())
        .with_transaction_index(0)
        .with_event_index(index)
}

/// A page of events that covers so much, and why it ends. Its cursor is the next page's number.
fn page(
    events: &[(u64, u32)],
    covered: Option<u64>,
    reason: QueryEndReason,
    next: u8,
) -> Vec<proto::ListEventsResponse> {
    let mut watermark = proto::Watermark::default().with_cursor(vec![next]);
    watermark.checkpoint = covered;
    let frame = || proto::ListEventsResponse::default().with_watermark(watermark.clone());
    let mut frames: Vec<_> = events.iter().map(|(at, index)| frame().with_event(event(*at, *index))).collect();
    frames.push(frame().with_end(proto::QueryEnd::default().with_reason(reason)));
    frames
}

#[tokio::test]
async fn events_are_read_to_the_end_or_as_far_as_the_node_is() {
    use QueryEndReason::{CheckpointBound, ItemLimit, LedgerTip, ScanLimit};
    let first = || page(&[(3, 1), (3, 0), (4, 0)], Some(3), ItemLimit, 1);
    let cases = [
        // In their order, whatever it was.
        (vec![first(), page(&[(8, 0)], Some(8), CheckpointBound, 2)], Some(9), vec![(3, 0), (3, 1), (4, 0), (8, 0)]),
        // A scan that finds nothing goes on.
        (vec![page(&[], None, ScanLimit, 1), page(&[], None, CheckpointBound, 2)], Some(9), vec![]),
        // What is not covered is left for the next time.
        (vec![first(), page(&[(8, 0)], Some(7), LedgerTip, 2)], Some(7), vec![(3, 0), (3, 1), (4, 0)]),
        (vec![page(&[(3, 0)], None, LedgerTip, 1)], None, vec![]),
    ];
    for (pages, covered, events) in cases {
        let running = run(Script { pages, ..Script::default() }).await;
        let At { value: listed, .. } = running.node.events(&contract(), 3..10).await.unwrap();
        let found: Vec<_> = listed.events.iter().map(|event| (event.checkpoint, event.event_index)).collect();
        assert_eq!((listed.covered, found), (covered, events));
    }
}

/// Whoever fills a checkpoint with entries of an account of their own stops nobody.
#[tokio::test]
async fn a_checkpoint_with_more_than_a_list_holds_is_read_as_a_whole() {
    use QueryEndReason::ItemLimit;
    let thousand = |n: u32| -> Vec<(u64, u32)> { (0..1_000).map(|index| (3, n * 1_000 + index)).collect() };
    let full = |n: u8| page(&thousand(n.into()), None, ItemLimit, n + 1);
    let mut pages: Vec<_> = (0..11).map(full).collect();
    // Now the first checkpoint is whole, and that is enough for once.
    pages.push(page(&[(4, 0)], Some(3), ItemLimit, 12));
    let running = run(Script { pages, ..Script::default() }).await;
    let listed = running.node.events(&contract(), 3..10).await.unwrap().value;
    assert_eq!((listed.covered, listed.events.len()), (Some(3), 11_000));
}

#[tokio::test]
async fn lists_that_cannot_be_are_refused() {
    use QueryEndReason::{CheckpointBound, CursorBound};
    for events in [&[(3, 0), (3, 0)][..], &[(2, 0)], &[(10, 0)]] {
        let running = run(Script { pages: vec![page(events, Some(9), CheckpointBound, 1)], ..Script::default() }).await;
        assert!(lied(&running.node.events(&contract(), 3..10).await), "{events:?}");
    }
    let mut endless = page(&[(3, 0)], Some(9), CheckpointBound, 1);
    endless.pop();
    let mut untyped = page(&[(3, 0)], Some(9), CheckpointBound, 1);
    untyped[0].event_mut().event_type = None;
    for (page, breaks) in
        [(endless.clone(), false), (endless, true), (untyped, false), (page(&[], None, CursorBound, 1), false)]
    {
        let running = run(Script { pages: vec![page], breaks, ..Script::default() }).await;
        assert!(lost(&running.node.events(&contract(), 3..10).await));
    }
}

#[tokio::test]
async fn a_pair_asks_both() {
    let done = effects(DIGEST, true);
    let script = || Script { transaction: Some(sent(&done, 90)), ..Script::default() };
    let (one, other) = (run(script()).await, run(script().at(101)).await);
    let pair = Pair::new(one.node.clone(), other.node.clone());
    assert_eq!(pair.head().await, Ok(head(100)));
    assert_eq!(pair.epoch().await.unwrap().value.number, 9);
    let expected = At { head: head(100), value: Some(executed(&done, Some(90))) };
    assert_eq!(pair.executed(&DIGEST).await, Ok(expected));
    assert_eq!(pair.object(Address::TWO).await, Ok(At { head: head(100), value: None }));

    let behind = run(Script::default().at(99)).await;
    let hides = Pair::new(one.node.clone(), behind.node.clone());
    let [node, other] = [&behind, &one].map(|running| running.node.name().to_owned());
    assert_eq!(hides.executed(&DIGEST).await, Err(Doubt::Lacking { node, other, lasting: None }));
}

#[tokio::test]
async fn what_one_node_goes_on_to_lack_is_told_with_both_names_until_it_has_it() {
    let done = effects(DIGEST, true);
    let (has, lacks) = (Script { transaction: Some(sent(&done, 90)), ..Script::default() }, Script::default());
    let (one, other) = (run(has).await, run(lacks).await);
    let patience = Duration::from_millis(200);
    let pair = Pair::new(one.node.clone(), other.node.clone()).with_patience(patience);
    let first = pair.executed(&DIGEST).await.unwrap_err();
    assert!(!first.is_alarming(), "it may be a little behind: {first}");
    tokio::time::sleep(patience).await;
    // That both agree on something else meanwhile changes nothing.
    assert!(pair.object(Address::TWO).await.is_ok());
    let lasting = pair.executed(&DIGEST).await.unwrap_err();
    assert!(lasting.is_alarming(), "{lasting}");
    let told = lasting.to_string();
    let named = [one.node.name(), other.node.name(), &DIGEST.to_string()].map(|name| told.contains(name));
    assert_eq!(named, [true; 3], "{told}");
}

#[tokio::test]
async fn where_both_have_been_is_remembered() {
    let script = Script::default().at(101);
    let head_of_both = Arc::clone(&script.checkpoint);
    let (one, other) = (run(script.clone()).await, run(script).await);
    let pair = Pair::new(one.node.clone(), other.node.clone());
    assert_eq!(pair.head().await, Ok(head(101)));
    // Behind it, what they do not have may be there.
    head_of_both.store(100, Ordering::Relaxed);
    let lagging = Doubt::Lagging { node: one.node.name().to_owned(), checkpoint: 100, newest: 101 };
    assert_eq!(pair.object(Address::TWO).await, Err(lagging));
    assert_eq!(pair.head().await, Ok(head(100)));
}

#[test]
fn a_shared_object_is_named_by_the_version_it_was_shared_at() {
    let id = Address::new([0x33; 32]);
    let (mut effects, events) = effects(DIGEST, false);
    let TransactionEffects::V2(inner) = &mut effects else { panic!("of another version") };
    let output_state = ObjectOut::ObjectWrite { digest: Digest::ZERO, owner: Owner::Shared(42) };
    let created = IdOperation::Created;
    let input_state = ObjectIn::NotExist;
    inner.changed_objects.push(ChangedObject { object_id: id, input_state, output_state, id_operation: created });
    let executed = executed(&(effects, events), None);
    assert_eq!(executed.shared(id), Some(SharedRef { id, initial_version: 42 }));
    assert_eq!(executed.shared(Address::TWO), None);
}
