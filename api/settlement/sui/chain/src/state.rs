//! What the chain knows: objects with all their versions, address balances, executed transactions, checkpoints.
//!
//! Everything can be asked for as of a number of executed transactions, so that an endpoint may lag behind.

use crate::genesis::Genesis;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sui_sdk_types::framework::Coin;
use sui_sdk_types::{
    Address, CheckpointSummary, Digest, Object, Owner, Transaction, TransactionEffects, TransactionEvents, TypeTag,
    UserSignature,
};

/// A chain. All of it follows from its genesis and the steps that it was given, in their order.
pub struct Chain {
    pub(crate) genesis: Genesis,
    pub(crate) now_ms: u64,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) epochs: Vec<Epoch>,
    pub(crate) executed: Vec<Executed>,
    by_digest: HashMap<Digest, usize>,
    objects: HashMap<Address, Vec<Version>>,
    /// What an address has ever owned.
    owned: HashMap<Address, BTreeSet<Address>>,
    /// An address balance after each transaction that has changed it.
    funds: BTreeMap<(Address, TypeTag), Vec<(usize, u64)>>,
}

/// An object after the transaction of that number; none is deleted.
struct Version {
    by: usize,
    object: Option<Object>,
}

/// A transaction that was executed.
#[derive(Clone, Debug)]
pub struct Executed {
    /// What was signed.
    pub transaction: Transaction,
    /// By whom.
    pub signatures: Vec<UserSignature>,
    /// Its digest.
    pub digest: Digest,
    /// What came of it.
    pub effects: TransactionEffects,
    /// What it has told, if anything.
    pub events: Option<TransactionEvents>,
}

/// A checkpoint, and how many transactions there were by its end.
pub(crate) struct Checkpoint {
    pub(crate) summary: CheckpointSummary,
    pub(crate) digest: Digest,
    pub(crate) end: usize,
}

/// When an epoch began, and with which checkpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch {
    pub(crate) start_ms: u64,
    pub(crate) first_checkpoint: u64,
}

/// What a transaction changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// None is deleted.
    pub(crate) objects: BTreeMap<Address, Option<Object>>,
    /// What is added to address balances, or taken.
    pub(crate) funds: BTreeMap<(Address, TypeTag), i128>,
}

impl Chain {
    pub(crate) fn empty(genesis: Genesis) -> Self {
        Self {
            now_ms: genesis.at_ms,
            genesis,
            checkpoints: Vec::new(),
            epochs: Vec::new(),
            executed: Vec::new(),
            by_digest: HashMap::new(),
            objects: HashMap::new(),
            owned: HashMap::new(),
            funds: BTreeMap::new(),
        }
    }

    /// The newest state of an object.
    pub(crate) fn object(&self, id: Address) -> Option<&Object> {
        self.object_as_of(id, usize::MAX)
    }

    /// An object as it was after so many transactions.
    pub(crate) fn object_as_of(&self, id: Address, view: usize) -> Option<&Object> {
        let versions = self.objects.get(&id)?;
        versions[..versions.partition_point(|version| version.by < view)].last()?.object.as_ref()
    }

    /// A version of an object, if it was there after so many transactions.
    pub(crate) fn object_version(&self, id: Address, number: u64, view: usize) -> Option<&Object> {
        let versions = self.objects.get(&id)?.iter().take_while(|version| version.by < view);
        versions.filter_map(|version| version.object.as_ref()).find(|object| object.version() == number)
    }

    /// What an address owned after so many transactions, ascending by id.
    pub(crate) fn owned_as_of(&self, owner: Address, view: usize) -> impl Iterator<Item = &Object> {
        let ids = self.owned.get(&owner).into_iter().flatten();
        let objects = ids.filter_map(move |id| self.object_as_of(*id, view));
        objects.filter(move |object| *object.owner() == Owner::Address(owner))
    }

    /// All objects, as they are now, in no order.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &Object> {
        self.objects.values().filter_map(|versions| versions.last()?.object.as_ref())
    }

    /// The newest address balance.
    pub(crate) fn funds(&self, owner: Address, coin: &TypeTag) -> u64 {
        self.funds_as_of(owner, coin, usize::MAX)
    }

    /// An address balance as it was after so many transactions.
    pub(crate) fn funds_as_of(&self, owner: Address, coin: &TypeTag, view: usize) -> u64 {
        let changes = self.funds.get(&(owner, coin.clone())).map_or(&[][..], Vec::as_slice);
        changes[..changes.partition_point(|(by, _)| *by < view)].last().map_or(0, |(_, sum)| *sum)
    }

    /// What an address has of a coin, newest of all: in its address balance, and in coins.
    pub fn balance(&self, owner: Address, coin: &TypeTag) -> [u64; 2] {
        self.balance_as_of(owner, coin, usize::MAX)
    }

    /// The same, after so many transactions.
    pub(crate) fn balance_as_of(&self, owner: Address, coin: &TypeTag, view: usize) -> [u64; 2] {
        let coins = self.owned_as_of(owner, view).filter_map(Coin::try_from_object);
        let coins = coins.filter(|one| one.coin_type() == coin).map(|one| one.balance());
        [self.funds_as_of(owner, coin, view), coins.fold(0, u64::saturating_add)]
    }

    /// The last checkpoint's number and digest.
    pub fn head(&self) -> (u64, Digest) {
        self.checkpoints.last().map_or((0, Digest::ZERO), |last| (last.summary.sequence_number, last.digest))
    }

    /// A transaction and its number.
    pub(crate) fn find(&self, digest: &Digest) -> Option<(usize, &Executed)> {
        let at = *self.by_digest.get(digest)?;
        Some((at, &self.executed[at]))
    }

    /// The checkpoint that a transaction is in, if it is in one yet.
    pub(crate) fn checkpoint_of(&self, at: usize) -> Option<u64> {
        let number = self.checkpoints.partition_point(|checkpoint| checkpoint.end <= at);
        (number < self.checkpoints.len()).then_some(number as u64)
    }

    /// Where a checkpoint's transactions begin.
    pub(crate) fn begin_of(&self, checkpoint: usize) -> usize {
        checkpoint.checked_sub(1).and_then(|before| self.checkpoints.get(before)).map_or(0, |before| before.end)
    }

    /// The epoch that runs.
    pub(crate) fn epoch(&self) -> u64 {
        (self.epochs.len() as u64).saturating_sub(1)
    }

    /// Puts a transaction into effect.
    pub(crate) fn commit(&mut self, executed: Executed, changes: Changes) {
        let by = self.executed.len();
        for (id, object) in changes.objects {
            if let Some(Owner::Address(owner)) = object.as_ref().map(Object::owner) {
                self.owned.entry(*owner).or_default().insert(id);
            }
            self.objects.entry(id).or_default().push(Version { by, object });
        }
        for ((owner, coin), change) in changes.funds {
            let sum = i128::from(self.funds(owner, &coin)) + change;
            let sum = u64::try_from(sum).expect("checked before: balances neither go below zero nor overflow");
            self.funds.entry((owner, coin)).or_default().push((by, sum));
        }
        self.by_digest.insert(executed.digest, by);
        self.executed.push(executed);
    }
}
