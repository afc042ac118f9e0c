//! What the store would give back: each customer as their shard stands.

use crate::generate::GivenEpoch;
use crate::oracle::Given;
use std::collections::BTreeMap;
use suiftly_dataflow::{Seed, Standing};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::Entity;
use suiftly_schema::shard::Shard;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::{EpochDeltas, RatedKey, RatedSums};

/// After these deltas of those epochs, each as far as its shard has it.
pub(crate) fn seed_at(epochs: &[GivenEpoch], deltas: &[EpochDeltas], standing: Standing) -> Seed {
    let mut rated: BTreeMap<RatedKey, RatedSums> = BTreeMap::new();
    let mut in_all: BTreeMap<CustomerId, MicroUsd> = BTreeMap::new();
    for deltas in deltas {
        for (key, sums) in deltas.rated.iter().filter(|(key, _)| has(&standing, key.customer_id, deltas.epoch)) {
            let row = rated.entry(*key).or_default();
            row.billable_requests += sums.billable_requests;
            row.billable_bytes += sums.billable_bytes;
            row.rated += sums.rated;
            *in_all.entry(key.customer_id).or_default() += sums.rated;
        }
    }
    let mut entities = BTreeMap::new();
    for (epoch, _, given) in epochs {
        for given in given {
            if let Given::Change(entity) = given
                && has(&standing, owner(entity), *epoch)
            {
                entities.insert(entity.id(), entity.clone());
            }
        }
    }
    let least = standing.0.iter().copied().min().unwrap();
    let last = epochs.iter().rfind(|(epoch, ..)| *epoch <= least);
    Seed {
        epoch: least,
        cut_at: last.map_or(UnixMillis(0), |(_, cut_at, _)| *cut_at),
        rated: rated.into_iter().collect(),
        rated_in_all: in_all.into_iter().collect(),
        reference: entities.into_values().collect(),
        standing,
    }
}

fn has(standing: &Standing, customer_id: CustomerId, epoch: u64) -> bool {
    standing.has(Shard::of_customer(Some(customer_id)), epoch)
}

fn owner(entity: &Entity) -> CustomerId {
    match entity {
        Entity::Account(account) => account.customer_id,
        Entity::Service(access) => access.customer_id,
        Entity::Key(key) => key.customer_id,
        Entity::PriceBook(_) | Entity::LogFormat(_) => unreachable!("not generated"),
    }
}
