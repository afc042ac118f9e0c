//! What the store has of each shard already. A restarted cluster replays from the epoch that the last of its shards is at;
//! what goes into a shard that was ahead, and what comes out of it, is dropped until it is passed: planted as it stood
//! then, it goes on from there.

use crate::place::{of_activity, of_customer, of_infra, of_usage};
use suiftly_schema::ids::Epoch;
use suiftly_schema::partial::Partials;
use suiftly_schema::shard::{SHARDS, Shard};
use suiftly_schema::view::EpochDeltas;

/// The epoch through which each shard is stored, by [`Shard::index`]. The default drops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing(pub [Epoch; SHARDS]);

impl Default for Standing {
    fn default() -> Self {
        Self([0; SHARDS])
    }
}

impl Standing {
    /// Whether a shard's part of an epoch is stored.
    pub fn has(&self, shard: Shard, epoch: Epoch) -> bool {
        epoch <= self.0[shard.index()]
    }

    /// Whether every shard's part of an epoch, and of those after it, is still to come.
    pub fn is_behind(&self, epoch: Epoch) -> bool {
        self.0.iter().all(|stored| *stored < epoch)
    }

    /// Drops what is in its shard already.
    pub(crate) fn drop_taken(&self, epoch: Epoch, partials: &mut Partials) {
        if self.is_behind(epoch) {
            return;
        }
        partials.usage.retain(|(key, _)| !self.has(of_usage(key), epoch));
        partials.infra.retain(|(key, _)| !self.has(of_infra(key), epoch));
        partials.keys.retain(|(of, _)| !self.has(of_activity(of), epoch));
    }

    /// Drops what is known of its shard already. Sums come of what was let in, so there are none; but a month that begins
    /// makes every customer's state be looked at again.
    pub(crate) fn drop_told(&self, deltas: &mut EpochDeltas) {
        let epoch = deltas.epoch;
        if self.is_behind(epoch) {
            return;
        }
        deltas.spend.retain(|(customer_id, _)| !self.has(of_customer(*customer_id), epoch));
        deltas.key_grants.retain(|(grant, _)| !self.has(of_customer(grant.customer_id), epoch));
        deltas.access_grants.retain(|(grant, _)| !self.has(of_customer(grant.customer_id), epoch));
    }
}
