//! What can be read: checkpoints, transactions, objects, epochs, events, by `sui-rpc`'s own client.

use crate::world::{BEGIN, DAY_MS, World, coin, key, sui, usd};
use sui_rpc::client::ResponseExt as _;
use sui_rpc::field::{FieldMask, FieldMaskUtil as _};
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_rpc::proto::sui::rpc::v2::QueryEndReason;
use sui_rpc::proto::sui::rpc::v2::filter::event;
use sui_sdk_types::{CheckpointContents, CheckpointSummary, Transaction, TransactionEffects};
use suiftly_chain::{Chain, Cutting, Genesis, Network};
use tonic::Code;

#[tokio::test]
async fn checkpoints_are_linked_and_commit_to_what_was_executed() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    world.act(&world.charge(account, 1, usd(5))).await;
    world.network.set_clock(BEGIN + DAY_MS + 1).unwrap();
    let mut ledger = world.client();
    let mask = FieldMask::from_paths(["digest", "summary.bcs", "contents.bcs", "transactions"]);
    let (mut before, mut total) = (None, 0);
    let head = world.node(0).head().await.unwrap();
    for number in 0..=head.checkpoint {
        let request = proto::GetCheckpointRequest::by_sequence_number(number).with_read_mask(mask.clone());
        let checkpoint = ledger.ledger_client().get_checkpoint(request).await.unwrap().into_inner().checkpoint.unwrap();
        let summary: CheckpointSummary = checkpoint.summary().bcs().deserialize().unwrap();
        let contents: CheckpointContents = checkpoint.contents().bcs().deserialize().unwrap();
        assert_eq!((summary.sequence_number, summary.previous_digest), (number, before));
        assert_eq!(checkpoint.digest(), summary.digest().to_string());
        assert_eq!(summary.content_digest, contents.digest());
        assert_eq!(contents.transactions().len(), checkpoint.transactions.len());
        for (info, told) in contents.transactions().iter().zip(&checkpoint.transactions) {
            let transaction: Transaction = told.transaction().bcs().deserialize().unwrap();
            let effects: TransactionEffects = told.effects().bcs().deserialize().unwrap();
            assert_eq!((*info.transaction(), *info.effects()), (transaction.digest(), effects.digest()));
            assert_eq!(told.checkpoint(), number);
        }
        total += contents.transactions().len() as u64;
        assert_eq!(summary.network_total_transactions, total);
        assert_eq!(summary.end_of_epoch_data.is_some(), summary.timestamp_ms == BEGIN + DAY_MS);
        before = Some(summary.digest());
    }
    let first = world.network.look(Chain::id);
    assert_eq!((head.chain, head.epoch, head.checkpoint), (first, 1, total - 1));
}

#[tokio::test]
async fn epochs_begin_and_end_at_checkpoints() {
    let world = World::new().await;
    world.network.set_clock(BEGIN + 3 * DAY_MS).unwrap();
    let mut client = world.client();
    for number in 0..4 {
        let mask = FieldMask::from_paths(["epoch", "start", "end", "first_checkpoint", "last_checkpoint"]);
        let request = proto::GetEpochRequest::new(number).with_read_mask(mask);
        let epoch = client.ledger_client().get_epoch(request).await.unwrap().into_inner().epoch.unwrap();
        assert_eq!(epoch.start.unwrap().seconds, i64::try_from((BEGIN + number * DAY_MS) / 1_000).unwrap());
        assert_eq!((epoch.end.is_some(), epoch.last_checkpoint.is_some()), (number < 3, number < 3));
        assert_eq!(epoch.reference_gas_price, None);
    }
    let request = proto::GetEpochRequest::new(4);
    assert_eq!(client.ledger_client().get_epoch(request).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn what_is_asked_for_is_answered_and_no_more_with_headers() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let charged = world.act(&world.charge(account, 1, usd(5))).await;
    let mut client = world.client();
    let answer =
        client.ledger_client().get_transaction(proto::GetTransactionRequest::new(&charged.digest)).await.unwrap();
    let head = world.node(0).head().await.unwrap();
    assert_eq!((answer.chain_id(), answer.checkpoint_height()), (Some(head.chain), Some(head.checkpoint)));
    assert_eq!(
        (answer.epoch(), answer.timestamp_ms(), answer.lowest_available_checkpoint()),
        (Some(0), Some(BEGIN), Some(0))
    );
    let found = answer.into_inner().transaction.unwrap();
    let mut only = proto::ExecutedTransaction::default();
    only.digest = Some(charged.digest.to_string());
    assert_eq!(found, only);

    let known = proto::GetObjectRequest::new(&account.id);
    let unknown = proto::GetObjectRequest::new(&key(9).address());
    let status = client.ledger_client().get_object(unknown.clone()).await.unwrap_err();
    assert_eq!((status.code(), status.checkpoint_height()), (Code::NotFound, Some(head.checkpoint)));
    let request = proto::BatchGetObjectsRequest::default().with_requests(vec![known.clone(), unknown]);
    let objects = client.ledger_client().batch_get_objects(request).await.unwrap().into_inner().objects;
    let found: Vec<_> = objects.into_iter().map(|object| object.to_result().map(|object| object.version())).collect();
    let newest = *found[0].as_ref().unwrap();
    assert!(newest > account.initial_version && found[1].is_err());
    // The version that it was shared at is there, too.
    let request = known.with_version(account.initial_version);
    let first = client.ledger_client().get_object(request).await.unwrap().into_inner().object.unwrap();
    assert_eq!(first.version(), account.initial_version);
}

#[tokio::test]
async fn events_are_listed_page_by_page_to_the_last() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    for number in 1..=5 {
        world.act(&world.charge(account, number, usd(1))).await;
    }
    let mut client = world.client();
    let filter = proto::EventFilter::matching(event::event_type(world.contract.entry_type()));
    let mut request = proto::ListEventsRequest::default().with_filter(filter);
    request.options = Some(proto::QueryOptions::default().with_limit(3));
    let (mut places, mut pages) = (Vec::new(), 0);
    loop {
        let mut frames = client.ledger_client().list_events(request.clone()).await.unwrap().into_inner();
        let (mut end, mut cursor) = (None, None);
        while let Some(frame) = frames.message().await.unwrap() {
            places
                .extend(frame.event.map(|event| (event.checkpoint(), event.transaction_index(), event.event_index())));
            cursor = frame.watermark.and_then(|watermark| watermark.cursor);
            end = frame.end.map(|end| end.reason());
        }
        pages += 1;
        if end == Some(QueryEndReason::LedgerTip) {
            break;
        }
        assert_eq!(end, Some(QueryEndReason::ItemLimit));
        request.options.as_mut().unwrap().after = cursor;
    }
    // Opened, deposit, five charges: 3, 3 and 1.
    assert_eq!((places.len(), pages), (7, 3));
    assert!(places.is_sorted_by(|one, other| one < other), "{places:?}");
    for (predicate, expected) in [
        (event::sender(world.owner.address()), 2),
        (event::sender(world.owner.address()).negate(), 7),
        (event::emit_module(format!("{}::escrow", world.contract.package)), 7),
        (event::event_type(format!("{}::house", world.contract.package)), 2),
        (event::event_type("0x2"), 0),
    ] {
        let request = proto::ListEventsRequest::default().with_filter(proto::EventFilter::matching(predicate));
        let mut frames = client.ledger_client().list_events(request).await.unwrap().into_inner();
        let mut count = 0;
        while let Some(frame) = frames.message().await.unwrap() {
            count += usize::from(frame.event.is_some());
        }
        assert_eq!(count, expected);
    }
}

#[tokio::test]
async fn what_would_come_of_a_transaction_is_told_and_not_done() {
    let world = World::new().await;
    let account = world.open(usd(50)).await;
    let signed = world.signed(&world.charge(account, 1, usd(5))).await;
    let request = proto::SimulateTransactionRequest::new(signed.transaction.clone().into())
        .with_read_mask(FieldMask::from_paths(["transaction.effects.bcs"]));
    let told = world.client().execution_client().simulate_transaction(request).await.unwrap().into_inner();
    let effects: TransactionEffects = told.transaction().effects().bcs().deserialize().unwrap();
    assert_eq!((&told.transaction().digest, &told.transaction().transaction), (&None, &None));
    assert_eq!(world.pair().executed(&signed.digest).await.unwrap().value, None);
    let executed = world.node(0).submit(&signed).await.unwrap().value;
    assert_eq!(executed.effects, effects);
}

#[tokio::test]
async fn what_is_in_no_checkpoint_is_known_to_who_handed_it_in_alone() {
    let genesis = Genesis { checkpoints: Cutting::Told, ..crate::world::genesis() };
    let network = Network::new(&genesis).unwrap();
    World::give(&network);
    network.cut().unwrap();
    let world = World::of(network).await;
    let account = world.contract.account_id(world.owner.address());
    let opened = world.own(&suiftly_sui::OwnAct::Open { first: usd(50), limit: 0 }).await;
    assert_eq!((opened.checkpoint, world.pair().object(account).await.unwrap().value), (None, None));
    assert_eq!(world.pair().executed(&opened.digest).await.unwrap().value, None);
    let number = world.network.cut().unwrap().unwrap();
    let found = world.pair().executed(&opened.digest).await.unwrap().value.unwrap();
    assert_eq!(found.checkpoint, Some(number));
    assert_eq!(world.network.cut().unwrap(), None);
    assert_eq!(world.balance(world.owner.address(), &coin()).await, [0, usd(50)]);
    assert_eq!(world.coins(world.owner.address(), &sui()).await.len(), 1);
}
