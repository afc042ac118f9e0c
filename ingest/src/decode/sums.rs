//! Sums per minute and key: what the dataflow takes instead of records.

use rustc_hash::FxHashMap;
use suiftly_schema::{
    record::Record,
    usage::{MinuteKey, UsageSums},
};

/// Sums per minute and key, in the order in which the keys first appear.
#[derive(Debug, Default)]
pub(super) struct MinuteSums {
    rows: Vec<(MinuteKey, UsageSums)>,
    /// Where in `rows` a packed key is.
    at: FxHashMap<[u64; 2], usize>,
    /// The row of the record before.
    last: Option<([u64; 2], usize)>,
}

impl MinuteSums {
    #[inline]
    pub(super) fn add(&mut self, record: &Record) {
        let key = MinuteKey::of(record);
        let packed = packed(&key);
        let at = match self.last {
            Some((last, at)) if last == packed => at,
            _ => *self.at.entry(packed).or_insert(self.rows.len()),
        };
        self.last = Some((packed, at));
        match self.rows.get_mut(at) {
            Some((_, sums)) => *sums += &UsageSums::of(record),
            None => self.rows.push((key, UsageSums::of(record))),
        }
    }

    pub(super) fn take(&mut self) -> Vec<(MinuteKey, UsageSums)> {
        self.at.clear();
        self.last = None;
        std::mem::take(&mut self.rows)
    }
}

/// A key in two words, which hash faster than its parts. 0 is no customer and no service, 255 no network.
#[inline]
fn packed(key: &MinuteKey) -> [u64; 2] {
    let customer = key.usage.customer_id.map_or(0, |id| id.get().cast_unsigned());
    let service = key.usage.service.map_or(0, |service| u64::from(service.number()));
    let network = key.usage.network.map_or(255, |network| u64::from(network.number()));
    [customer, key.minute.0.cast_unsigned() << 16 | service << 8 | network]
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::{
        ids::{CustomerId, Network, Service},
        time::UnixMillis,
        usage::UsageKey,
    };

    #[test]
    fn packed_keys_differ_where_keys_differ() {
        let mut keys = Vec::new();
        for customer_id in [None, CustomerId::new(1), CustomerId::new(i64::MAX)] {
            for service in [None, Some(Service::Seal), Some(Service::Sealo)] {
                for network in [None, Some(Network::Testnet), Some(Network::Localnet)] {
                    for minute in [UnixMillis(0), UnixMillis(60_000), UnixMillis::MAX.minute()] {
                        keys.push(MinuteKey { usage: UsageKey { customer_id, service, network }, minute });
                    }
                }
            }
        }
        let distinct: std::collections::BTreeSet<_> = keys.iter().map(packed).collect();
        assert_eq!(distinct.len(), keys.len());
    }
}
