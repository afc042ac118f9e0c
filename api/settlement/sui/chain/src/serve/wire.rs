//! What the chain knows as messages, as far as they are asked for.

use super::View;
use super::lies::told;
use crate::checkpoint::PROTOCOL;
use crate::state::{Chain, Checkpoint, Executed};
use std::collections::BTreeMap;
use sui_rpc::field::FieldMaskTree;
use sui_rpc::merge::Merge as _;
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_rpc::proto::timestamp_ms_to_proto;
use sui_sdk_types::Object;
use sui_sdk_types::framework::Coin;

/// Flags of the protocol that clients ask for.
const FLAGS: [&str; 2] = ["enable_accumulators", "enable_address_balance_gas_payments"];

/// An object.
pub(super) fn object(object: &Object, mask: &FieldMaskTree) -> proto::Object {
    let mut message = proto::Object::merge_from(object.clone(), mask);
    if mask.contains("balance") {
        message.balance = Coin::try_from_object(object).map(|coin| coin.balance());
    }
    message
}

/// A transaction, which is the chain's of that number if it is in it.
pub(super) fn executed(
    chain: &Chain,
    view: View,
    at: Option<usize>,
    executed: &Executed,
    mask: &FieldMaskTree,
) -> proto::ExecutedTransaction {
    let executed = told(chain, view.lie, executed);
    let mut message = proto::ExecutedTransaction::default();
    if mask.contains("digest") {
        message.digest = Some(executed.digest.to_string());
    }
    if let Some(mask) = mask.subtree("transaction") {
        message.transaction = Some(proto::Transaction::merge_from(executed.transaction.clone(), &mask));
    }
    if let Some(mask) = mask.subtree("signatures") {
        let signatures = executed.signatures.iter();
        message.signatures =
            signatures.map(|signature| proto::UserSignature::merge_from(signature.clone(), &mask)).collect();
    }
    if let Some(mask) = mask.subtree("effects") {
        message.effects = Some(proto::TransactionEffects::merge_from(&executed.effects, &mask));
    }
    if let (Some(mask), Some(events)) = (mask.subtree("events"), &executed.events) {
        message.events = Some(proto::TransactionEvents::merge_from(events.clone(), &mask));
    }
    let checkpoint = at.and_then(|at| chain.checkpoint_of(at)).and_then(|number| usize::try_from(number).ok());
    let checkpoint = checkpoint.filter(|number| *number <= view.height);
    if let (Some(at), Some(number)) = (at, checkpoint) {
        put_place(chain, at, number, mask, &mut message);
    }
    message
}

/// Where a transaction is.
fn put_place(chain: &Chain, at: usize, number: usize, mask: &FieldMaskTree, message: &mut proto::ExecutedTransaction) {
    if mask.contains("checkpoint") {
        message.checkpoint = Some(number as u64);
    }
    if mask.contains("timestamp") {
        let time = chain.checkpoints.get(number).map(|checkpoint| checkpoint.summary.timestamp_ms);
        message.timestamp = time.map(timestamp_ms_to_proto);
    }
    if mask.contains("transaction_index") {
        message.transaction_index = Some((at - chain.begin_of(number)) as u64);
    }
}

/// A checkpoint with what is in it.
pub(super) fn checkpoint(
    chain: &Chain,
    view: View,
    number: usize,
    checkpoint: &Checkpoint,
    mask: &FieldMaskTree,
) -> proto::Checkpoint {
    let mut message = proto::Checkpoint::merge_from(&checkpoint.summary, mask);
    if mask.contains("contents") {
        message.merge(chain.contents(number), mask);
    }
    if let Some(mask) = mask.subtree("transactions") {
        let numbers = chain.begin_of(number)..checkpoint.end;
        message.transactions = numbers.map(|at| executed(chain, view, Some(at), &chain.executed[at], &mask)).collect();
    }
    message
}

/// An epoch that an endpoint has come to.
pub(super) fn epoch(chain: &Chain, view: View, number: usize, mask: &FieldMaskTree) -> Option<proto::Epoch> {
    let has_come_to = |number: usize| {
        let epoch = chain.epochs.get(number);
        epoch.filter(|epoch| epoch.first_checkpoint <= view.height as u64)
    };
    let epoch = has_come_to(number)?;
    let next = has_come_to(number + 1);
    let mut config = proto::ProtocolConfig::default();
    config.protocol_version = Some(PROTOCOL);
    config.feature_flags = BTreeMap::from(FLAGS.map(|flag| (flag.to_owned(), true)));
    let mut message = proto::Epoch::default();
    message.epoch = Some(number as u64);
    message.first_checkpoint = Some(epoch.first_checkpoint);
    message.last_checkpoint = next.map(|next| next.first_checkpoint.saturating_sub(1));
    message.start = Some(timestamp_ms_to_proto(epoch.start_ms));
    message.end = next.map(|next| timestamp_ms_to_proto(next.start_ms));
    message.reference_gas_price = Some(chain.genesis.gas_price);
    message.protocol_config = Some(config);
    Some(proto::Epoch::merge_from(&message, mask))
}
