//! What an endpoint that lies says instead of what is so.

use crate::faults::Lie;
use crate::objects::is;
use crate::state::{Chain, Executed};
use std::borrow::Cow;
use sui_sdk_types::{
    Address, Event, ExecutionError, ExecutionStatus, Object, ObjectType, TransactionEffects, TransactionEvents, TypeTag,
};

/// Where an entry's amount is: after the account, the owner, its number and its kind.
const AMOUNT_AT: usize = 32 + 32 + 8 + 1;

/// A transaction, as it is told.
pub(super) fn told<'a>(chain: &Chain, lie: Option<Lie>, executed: &'a Executed) -> Cow<'a, Executed> {
    let mut other = Cow::Borrowed(executed);
    match lie {
        Some(Lie::Status) => {
            if let TransactionEffects::V2(effects) = &mut other.to_mut().effects {
                effects.status = turned(&effects.status);
            }
        }
        Some(Lie::Amount) if executed.events.is_some() => {
            if let Some(TransactionEvents(events)) = &mut other.to_mut().events {
                for event in events {
                    *event = told_event(chain, lie, event);
                }
            }
        }
        _ => {}
    }
    other
}

/// An event, as it is told.
pub(super) fn told_event(chain: &Chain, lie: Option<Lie>, event: &Event) -> Event {
    let mut event = event.clone();
    let is_entry = is(&event.type_, chain.genesis.package(), "account", "Entry");
    if lie == Some(Lie::Amount)
        && is_entry
        && let Some(byte) = event.contents.get_mut(AMOUNT_AT)
    {
        *byte ^= 1;
    }
    event
}

/// Whether an object is said not to be there.
pub(super) fn is_hidden(chain: &Chain, lie: Option<Lie>, object: &Object) -> bool {
    let ObjectType::Struct(tag) = object.object_type() else { return false };
    let is_done = |value: &TypeTag| match value {
        TypeTag::Struct(value) => is(value, chain.genesis.package(), "nonces", "Done"),
        _ => false,
    };
    let is_nonce = is(&tag, Address::TWO, "dynamic_field", "Field") && tag.type_params().get(1).is_some_and(is_done);
    lie == Some(Lie::AbsentNonce) && is_nonce
}

/// Whether a transaction is said not to be there. The system's are what every node agrees on.
pub(super) fn is_transaction_hidden(lie: Option<Lie>, executed: &Executed) -> bool {
    lie == Some(Lie::HiddenTransaction) && executed.transaction.sender != Address::ZERO
}

fn turned(status: &ExecutionStatus) -> ExecutionStatus {
    match status {
        ExecutionStatus::Success => {
            let error = ExecutionError::MovePrimitiveRuntimeError { location: None };
            ExecutionStatus::Failure { error, command: Some(0) }
        }
        ExecutionStatus::Failure { .. } => ExecutionStatus::Success,
    }
}
