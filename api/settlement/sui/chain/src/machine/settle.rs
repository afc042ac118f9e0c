//! What a transaction comes to: gas, new versions of objects, effects.

use super::Machine;
use crate::objects::{Content, FieldObject, balance_tag, funds_id};
use crate::state::Changes;
use std::collections::BTreeMap;
use sui_sdk_types::{
    AccumulatorOperation, AccumulatorValue, AccumulatorWrite, Address, ChangedObject, ExecutionStatus, GasCostSummary,
    IdOperation, MoveStruct, Object, ObjectData, ObjectIn, ObjectOut, Owner, StructTag, TransactionEffects,
    TransactionEffectsV2, TransactionEvents, TypeTag, UnchangedConsensusKind, UnchangedConsensusObject,
};

/// What executing a transaction costs at least, in units of gas: the least that the network charges.
pub(crate) const GAS_UNITS: u64 = 1_000;
/// What a byte of an object costs while it is kept, in MIST.
const STORAGE_BYTE: u64 = 7_600;
/// Of what is given back, one part in so many stays with the network.
const KEPT_PART: u64 = 100;

/// What a transaction has come to.
pub(crate) struct Settled {
    pub(crate) effects: TransactionEffects,
    pub(crate) events: Option<TransactionEvents>,
    pub(crate) changes: Changes,
    /// It costs more than its budget.
    pub(crate) is_over_budget: bool,
}

impl Machine<'_> {
    /// Ends the transaction with a status, and has its gas paid unless it is the system's.
    pub(crate) fn settle(mut self, status: ExecutionStatus) -> Settled {
        let version = self.highest_input + 1;
        let mut objects = self.written(version);
        let mut gas_used = GasCostSummary::default();
        let mut is_over_budget = false;
        if !self.is_system() {
            (gas_used, is_over_budget) = self.cost(&objects);
            self.pay_gas(&gas_used, &mut objects, version);
        }
        let events = (!self.events.is_empty()).then(|| TransactionEvents(std::mem::take(&mut self.events)));
        let (changed_objects, gas_object_index) = self.changed(&objects);
        let effects = TransactionEffects::V2(Box::new(TransactionEffectsV2 {
            status,
            epoch: self.chain.epoch(),
            gas_used,
            transaction_digest: self.digest,
            gas_object_index,
            events_digest: events.as_ref().map(TransactionEvents::digest),
            dependencies: self.dependencies.iter().copied().collect(),
            lamport_version: version,
            changed_objects,
            unchanged_consensus_objects: self.read_only(),
            auxiliary_data_digest: None,
        }));
        let deleted = self.deleted.iter().map(|id| (*id, None));
        let objects = objects.into_iter().map(|(id, object)| (id, Some(object))).chain(deleted).collect();
        Settled { effects, events, changes: Changes { objects, funds: self.funds }, is_over_budget }
    }

    fn is_system(&self) -> bool {
        self.transaction.sender == Address::ZERO
    }

    /// Every object that has another version now: what could be written, even if it was not; what was made; and dynamic
    /// fields that have changed.
    fn written(&self, version: u64) -> BTreeMap<Address, Object> {
        let mut written = BTreeMap::new();
        for (id, item) in self.items.iter().filter(|(_, item)| item.is_mutable) {
            let owner = item.owner.unwrap_or(Owner::Immutable);
            written.insert(*id, self.object_of(*id, &item.tag, owner, item.content.write(), version));
            for (id, FieldObject { tag, parent, contents }) in item.content.fields(self.chain.genesis.package()) {
                let before = self.chain.object(id).and_then(Object::as_struct).map(MoveStruct::contents);
                if before != Some(&contents[..]) {
                    written.insert(id, self.object_of(id, &tag, Owner::Object(parent), contents, version));
                }
            }
        }
        written
    }

    fn object_of(&self, id: Address, tag: &StructTag, owner: Owner, contents: Vec<u8>, version: u64) -> Object {
        let before = self.chain.object(id).and_then(Object::as_struct);
        let is_new_cap = tag.name().as_str() == "AdminCap";
        let is_free = before.map_or(tag.is_coin().is_some() || is_new_cap, MoveStruct::has_public_transfer);
        let owner = if let (Owner::Shared(_), None) = (owner, before) { Owner::Shared(version) } else { owner };
        let data = MoveStruct::new(tag.clone(), is_free, version, contents).expect("every object begins with its id");
        let unpriced = Object::new(ObjectData::Struct(data.clone()), owner, self.digest, 0);
        let rebate = if self.is_system() { 0 } else { size(&unpriced) * STORAGE_BYTE };
        Object::new(ObjectData::Struct(data), owner, self.digest, rebate)
    }

    /// What the transaction costs, and whether that is more than its budget; then it costs no more than that.
    fn cost(&self, written: &BTreeMap<Address, Object>) -> (GasCostSummary, bool) {
        let payment = &self.transaction.gas_payment;
        let storage: u64 = written.values().map(Object::storage_rebate).sum();
        let before = written.keys().chain(&self.deleted).filter_map(|id| self.chain.object(*id));
        let freed: u64 = before.map(Object::storage_rebate).sum();
        let kept = freed / KEPT_PART;
        let computation = payment.price.saturating_mul(GAS_UNITS);
        let is_over_budget = computation.saturating_add(storage) > payment.budget;
        let computation = if is_over_budget { payment.budget.saturating_sub(storage) } else { computation };
        (GasCostSummary::new(computation, storage, freed - kept, kept), is_over_budget)
    }

    fn pay_gas(&mut self, gas: &GasCostSummary, written: &mut BTreeMap<Address, Object>, version: u64) {
        let budget = i128::from(self.transaction.gas_payment.budget);
        let net = i128::from(gas.gas_used()) - i128::from(gas.storage_rebate);
        let net = net.min(budget);
        let Some(first) = self.transaction.gas_payment.objects.first() else {
            let sui = TypeTag::from(StructTag::sui());
            self.add_funds(self.transaction.gas_payment.owner, &sui, -net);
            return;
        };
        let id = *first.object_id();
        let left = i128::from(self.coin_value(id)) + budget - net;
        let value = u64::try_from(left).unwrap_or(u64::MAX);
        self.set_content(id, Content::Coin { id, value });
        if let Some(item) = self.items.get(&id) {
            let owner = item.owner.unwrap_or(Owner::Immutable);
            written.insert(id, self.object_of(id, &item.tag, owner, item.content.write(), version));
        }
    }

    /// What has become of objects and address balances, ascending by id, and where the coin is that has paid for gas.
    fn changed(&self, written: &BTreeMap<Address, Object>) -> (Vec<ChangedObject>, Option<u32>) {
        let mut changed = BTreeMap::new();
        for (id, object) in written {
            let output = ObjectOut::ObjectWrite { digest: object.digest(), owner: *object.owner() };
            let is_new = self.chain.object(*id).is_none();
            changed
                .insert(*id, self.change(*id, output, if is_new { IdOperation::Created } else { IdOperation::None }));
        }
        for id in &self.deleted {
            changed.insert(*id, self.change(*id, ObjectOut::NotExist, IdOperation::Deleted));
        }
        for ((owner, coin), amount) in self.funds.iter().filter(|(_, amount)| **amount != 0) {
            let operation = if *amount > 0 { AccumulatorOperation::Merge } else { AccumulatorOperation::Split };
            let value = AccumulatorValue::Integer(u64::try_from(amount.unsigned_abs()).unwrap_or(u64::MAX));
            let write = AccumulatorWrite::new(*owner, balance_tag(coin), operation, value);
            let id = funds_id(*owner, coin);
            changed.insert(id, self.change(id, ObjectOut::AccumulatorWrite(write), IdOperation::None));
        }
        let gas = self.transaction.gas_payment.objects.first().map(|object| *object.object_id());
        let index = gas.and_then(|gas| changed.keys().position(|id| *id == gas));
        (changed.into_values().collect(), index.and_then(|index| u32::try_from(index).ok()))
    }

    fn change(&self, object_id: Address, output_state: ObjectOut, id_operation: IdOperation) -> ChangedObject {
        let input_state = self.chain.object(object_id).map_or(ObjectIn::NotExist, |object| ObjectIn::Exist {
            version: object.version(),
            digest: object.digest(),
            owner: *object.owner(),
        });
        ChangedObject { object_id, input_state, output_state, id_operation }
    }

    /// Shared objects that were only read.
    fn read_only(&self) -> Vec<UnchangedConsensusObject> {
        let shared =
            self.items.iter().filter(|(_, item)| !item.is_mutable && matches!(item.owner, Some(Owner::Shared(_))));
        let objects = shared.filter_map(|(id, _)| self.chain.object(*id));
        let unchanged = objects.map(|object| UnchangedConsensusObject {
            object_id: object.object_id(),
            kind: UnchangedConsensusKind::ReadOnlyRoot { version: object.version(), digest: object.digest() },
        });
        unchanged.collect()
    }
}

/// How many bytes an object has.
fn size(object: &Object) -> u64 {
    bcs::serialized_size(object).map_or(0, |bytes| bytes as u64)
}
