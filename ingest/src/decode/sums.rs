//! Sums an epoch's records per key, for each view, before the dataflow sees them.

use rustc_hash::FxHashMap;
use suiftly_schema::activity::{KeyActivity, KeyRef};
use suiftly_schema::infra::{InfraKey, InfraSpanKey, InfraSums};
use suiftly_schema::partial::Partials;
use suiftly_schema::record::Record;
use suiftly_schema::usage::{MinuteKey, Usage};

/// Sums up records.
#[derive(Debug, Default)]
pub(super) struct PartialSums {
    sums: Partials,
    /// Where in the rows a packed key is.
    usage_at: FxHashMap<[u64; 2], u32>,
    infra_at: FxHashMap<[u64; 2], u32>,
    key_at: FxHashMap<KeyRef, u32>,
}

impl PartialSums {
    /// Adds a record to every view that it counts in.
    #[inline]
    pub(super) fn add(&mut self, record: &Record) {
        let minute = MinuteKey::of(record);
        let at = slot(&mut self.usage_at, packed_usage(&minute), &mut self.sums.usage, || (minute, Usage::default()));
        at.1.add(record);
        let infra = InfraSpanKey { infra: InfraKey::of(record), start: minute.minute };
        let at = slot(&mut self.infra_at, packed_infra(&infra), &mut self.sums.infra, || (infra, InfraSums::default()));
        at.1.add(record);
        if let Some(key) = KeyRef::of(record) {
            let nothing = || (key, KeyActivity { requests: 0, errors: 0, last_used_at: record.timestamp });
            slot(&mut self.key_at, key, &mut self.sums.keys, nothing).1 += &KeyActivity::of(record);
        }
    }

    /// Gives the sums, and begins anew.
    pub(super) fn take(&mut self) -> Partials {
        self.usage_at.clear();
        self.infra_at.clear();
        self.key_at.clear();
        std::mem::take(&mut self.sums)
    }
}

#[inline]
fn slot<'a, K: std::hash::Hash + Eq, R>(
    at: &mut FxHashMap<K, u32>,
    key: K,
    rows: &'a mut Vec<R>,
    empty: impl FnOnce() -> R,
) -> &'a mut R {
    let next = u32::try_from(rows.len()).expect("an epoch has fewer lines than 2³²");
    let at = *at.entry(key).or_insert(next);
    if at == next {
        rows.push(empty());
    }
    &mut rows[at as usize]
}

/// A key in two words, which hash faster than its parts. 0 is no customer and no service, 255 no network.
#[inline]
fn packed_usage(key: &MinuteKey) -> [u64; 2] {
    let customer = key.usage.customer_id.map_or(0, |id| id.get().cast_unsigned());
    let service = key.usage.service.map_or(0, |service| u64::from(service.number()));
    let network = key.usage.network.map_or(255, |network| u64::from(network.number()));
    [customer, key.minute.0.cast_unsigned() << 16 | service << 8 | network]
}

#[inline]
fn packed_infra(key: &InfraSpanKey) -> [u64; 2] {
    let InfraKey { server_id, service, network, backend_id, event_type, status_class } = key.infra;
    let server = server_id.map_or(0, |id| 1 << 16 | u64::from(id.cast_unsigned()));
    let service = service.map_or(0, |service| u64::from(service.number()));
    let network = network.map_or(255, |network| u64::from(network.number()));
    let of_backend = u64::from(backend_id.cast_unsigned()) << 11 | u64::from(event_type) << 3;
    [
        server << 27 | of_backend | u64::from(status_class.number()),
        key.start.0.cast_unsigned() << 16 | service << 8 | network,
    ]
}
