//! What nodes answer, read and recomputed. Digests come from the bytes; those in the answer are not looked at.

use super::Failure;
use crate::SharedRef;
use sui_rpc::client::ResponseExt;
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_sdk_types::framework;
use sui_sdk_types::{
    Address, Digest, Event, ExecutionError, ExecutionStatus, Object, ObjectChange, ObjectReference, Owner,
    TransactionEffects, TransactionEvents, TypeTag,
};
use suiftly_schema::time::UnixMillis;

/// Whether gas may come out of an address balance: a flag of the protocol.
const GAS_FROM_BALANCE: &str = "enable_address_balance_gas_payments";

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its chain, by the digest of the first checkpoint.
    pub chain: Digest,
    /// The epoch that runs.
    pub epoch: u64,
    /// The newest checkpoint that it has executed.
    pub checkpoint: u64,
    /// That checkpoint's time.
    pub at: UnixMillis,
    /// The oldest checkpoint whose transactions and events it still has.
    pub lowest: u64,
}

/// An answer, and where the node stood that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// Where it stood.
    pub head: Head,
    /// The answer.
    pub value: T,
}

/// An epoch, as far as it concerns transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Which.
    pub number: u64,
    /// The least price of a unit of gas, in MIST.
    pub gas_price: u64,
    /// Whether gas may come out of an address balance. Without it, no [`Act`](crate::Act) executes.
    pub gas_from_balance: bool,
}

/// What a transaction has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The transaction.
    pub digest: Digest,
    /// Its effects; their digest is computed by `effects.digest()`.
    pub effects: TransactionEffects,
    /// Its events, in their order: the ones that the effects name.
    pub events: Vec<Event>,
    /// The checkpoint that it is in, if it is in one yet.
    pub checkpoint: Option<u64>,
}

impl Executed {
    /// How later transactions name a shared object that this one has shared or written.
    pub fn shared(&self, id: Address) -> Option<SharedRef> {
        self.effects.object_changes().find_map(|change| match change {
            ObjectChange::Created { object_id, output_owner: Owner::Shared(initial_version), .. }
            | ObjectChange::Mutated { object_id, output_owner: Owner::Shared(initial_version), .. }
                if *object_id == id =>
            {
                Some(SharedRef { id, initial_version: *initial_version })
            }
            _ => None,
        })
    }
}

/// Coins that one transaction takes at most: a wallet can show so many.
pub const INPUTS_MAX: usize = 100;

/// A coin object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coin {
    /// Which, at its newest version.
    pub object: ObjectReference,
    /// How much is in it, in the coin's units.
    pub balance: u64,
}

/// Coin objects of one type and owner, ascending by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coins(Vec<Coin>);

impl Coins {
    /// These, in whatever order.
    pub fn new(mut coins: Vec<Coin>) -> Self {
        coins.sort();
        Self(coins)
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Coin> {
        self.0.iter()
    }

    /// The coins with most in them, until they come to an amount: all of them, and no more than [`INPUTS_MAX`], where they
    /// do not. And what is in these.
    pub fn richest(&self, amount: u64) -> (Vec<ObjectReference>, u64) {
        let mut coins: Vec<&Coin> = self.0.iter().filter(|coin| coin.balance > 0).collect();
        coins.sort_by_key(|coin| std::cmp::Reverse(coin.balance));
        let (mut chosen, mut sum) = (Vec::new(), 0_u64);
        for coin in coins.into_iter().take(INPUTS_MAX) {
            if sum >= amount {
                break;
            }
            chosen.push(coin.object.clone());
            sum = sum.saturating_add(coin.balance);
        }
        (chosen, sum)
    }

    /// Those that another list has, too, at the same version.
    #[must_use]
    pub fn shared_with(mut self, other: &Self) -> Self {
        self.0.retain(|coin| other.0.binary_search(coin).is_ok());
        self
    }
}

/// How much of a coin an address has, in the coin's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// In coin objects.
    pub in_coins: u64,
    /// In its address balance.
    pub in_address: u64,
}

/// What a transaction would come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// Whether it would be done.
    pub status: ExecutionStatus,
    /// What it would cost in gas, less what it would get back, in MIST.
    pub gas: u64,
}

impl Simulated {
    /// Whether what was to pay for the gas is too little.
    pub const fn lacks_gas(&self) -> bool {
        matches!(self.status, ExecutionStatus::Failure { error: ExecutionError::InsufficientGas, .. })
    }
}

fn missing(what: &str) -> Failure {
    Failure::Lost(format!("its answer has no {what}"))
}

fn unreadable(what: &str) -> impl Fn(bcs::Error) -> Failure {
    move |error| Failure::Lost(format!("the {what} it answers cannot be read: {error}"))
}

pub(super) fn head(answer: &impl ResponseExt) -> Result<Head, Failure> {
    let at = answer.timestamp_ms().ok_or_else(|| missing("time"))?;
    let at = i64::try_from(at).map_or(UnixMillis::MAX, |ms| UnixMillis(ms).min(UnixMillis::MAX));
    Ok(Head {
        chain: answer.chain_id().ok_or_else(|| missing("chain"))?,
        epoch: answer.epoch().ok_or_else(|| missing("epoch"))?,
        checkpoint: answer.checkpoint_height().ok_or_else(|| missing("checkpoint"))?,
        at,
        lowest: answer.lowest_available_checkpoint().ok_or_else(|| missing("oldest checkpoint"))?,
    })
}

pub(super) fn epoch(answer: Option<&proto::Epoch>) -> Result<Epoch, Failure> {
    let answer = answer.ok_or_else(|| missing("epoch"))?;
    let flags = answer.protocol_config.as_ref().map(|config| &config.feature_flags);
    Ok(Epoch {
        number: answer.epoch.ok_or_else(|| missing("epoch's number"))?,
        gas_price: answer.reference_gas_price.ok_or_else(|| missing("gas price"))?,
        gas_from_balance: flags.and_then(|flags| flags.get(GAS_FROM_BALANCE).copied()).unwrap_or_default(),
    })
}

pub(super) fn executed(digest: &Digest, answer: Option<&proto::ExecutedTransaction>) -> Result<Executed, Failure> {
    let answer = answer.ok_or_else(|| missing("transaction"))?;
    let effects = answer.effects.as_ref().and_then(|effects| effects.bcs.as_ref()).ok_or_else(|| missing("effects"))?;
    let effects: TransactionEffects = effects.deserialize().map_err(unreadable("effects"))?;
    if effects.transaction_digest() != digest {
        let other = effects.transaction_digest();
        return Err(Failure::Lying(format!("the effects of {other} for those of {digest}")));
    }
    let events = answer.events.as_ref().and_then(|events| events.bcs.as_ref());
    let events: TransactionEvents = match events {
        Some(events) => events.deserialize().map_err(unreadable("events"))?,
        None => TransactionEvents(Vec::new()),
    };
    // Effects without events name no digest, not that of an empty list.
    let found = (!events.0.is_empty()).then(|| events.digest());
    if effects.events_digest() != found.as_ref() {
        return Err(Failure::Lying(format!("other events of {digest} than its effects name")));
    }
    Ok(Executed { digest: *digest, effects, events: events.0, checkpoint: answer.checkpoint })
}

pub(super) fn object(id: Address, answer: Option<&proto::Object>) -> Result<Object, Failure> {
    let object = answer.and_then(|object| object.bcs.as_ref()).ok_or_else(|| missing("object"))?;
    let object: Object = object.deserialize().map_err(unreadable("object"))?;
    if object.object_id() != id {
        return Err(Failure::Lying(format!("object {} for object {id}", object.object_id())));
    }
    Ok(object)
}

/// A coin of this type that this owner has: a node may list no other.
pub(super) fn coin(answer: &proto::Object, owner: Address, kind: &TypeTag) -> Result<Coin, Failure> {
    let object: Object =
        answer.bcs.as_ref().ok_or_else(|| missing("coin"))?.deserialize().map_err(unreadable("coin"))?;
    let coin = framework::Coin::try_from_object(&object).filter(|coin| coin.coin_type() == kind);
    match coin {
        Some(coin) if *object.owner() == Owner::Address(owner) => Ok(Coin {
            object: ObjectReference::new(object.object_id(), object.version(), object.digest()),
            balance: coin.balance(),
        }),
        _ => Err(Failure::Lying(format!("{} for a coin of {owner}", object.object_id()))),
    }
}

pub(super) fn balance(answer: Option<&proto::Balance>) -> Result<Balance, Failure> {
    let answer = answer.ok_or_else(|| missing("balance"))?;
    // What a node leaves out is nothing.
    Ok(Balance {
        in_coins: answer.coin_balance.unwrap_or_default(),
        in_address: answer.address_balance.unwrap_or_default(),
    })
}

pub(super) fn simulated(answer: Option<&proto::ExecutedTransaction>) -> Result<Simulated, Failure> {
    let effects = answer.and_then(|answer| answer.effects.as_ref()).and_then(|effects| effects.bcs.as_ref());
    let effects = effects.ok_or_else(|| missing("effects"))?;
    let effects: TransactionEffects = effects.deserialize().map_err(unreadable("effects"))?;
    let gas = effects.gas_summary().net_gas_usage();
    Ok(Simulated { status: effects.status().clone(), gas: u64::try_from(gas).unwrap_or_default() })
}
