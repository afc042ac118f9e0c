//! Sums an epoch's records per key, for each view, before the dataflow sees them.

use rustc_hash::FxHashMap;
use suiftly_schema::activity::{KeyActivity, KeyRef};
use suiftly_schema::histogram::{Histogram, cell_of};
use suiftly_schema::infra::{InfraKey, InfraSpanKey, InfraSums, PhaseName};
use suiftly_schema::partial::Partials;
use suiftly_schema::record::Record;
use suiftly_schema::usage::{MinuteKey, Usage};

/// Cells that are counted in place: times up to 383 ms. Few are longer.
const DENSE_CELLS: usize = 256;
/// Rows whose cells are counted in place, and arrays kept for the next epoch; the rows of more keys, which are forged or
/// of a very large fleet, count into their histograms at once.
const DENSE_ROWS_MAX: usize = 512;

/// Each phase's cells.
type DenseCells = [[u32; DENSE_CELLS]; PhaseName::ALL.len()];

/// Sums up records.
#[derive(Debug, Default)]
pub(super) struct PartialSums {
    sums: Partials,
    /// Where in the rows a packed key is.
    usage_at: FxHashMap<[u64; 2], u32>,
    infra_at: FxHashMap<[u64; 2], u32>,
    key_at: FxHashMap<KeyRef, u32>,
    /// Of the first rows of infra, in their order; then those of no row, all zero.
    dense: Vec<Box<DenseCells>>,
}

impl PartialSums {
    /// Adds a record to every view that it counts in.
    #[inline]
    pub(super) fn add(&mut self, record: &Record) {
        let minute = MinuteKey::of(record);
        let at = slot(&mut self.usage_at, packed_usage(&minute), &mut self.sums.usage, || (minute, Usage::default()));
        self.sums.usage[at].1.add(record);
        self.add_infra(record, InfraSpanKey { infra: InfraKey::of(record), start: minute.minute });
        if let Some(key) = KeyRef::of(record) {
            let nothing = || (key, KeyActivity { requests: 0, errors: 0, last_used_at: record.timestamp });
            let at = slot(&mut self.key_at, key, &mut self.sums.keys, nothing);
            self.sums.keys[at].1 += &KeyActivity::of(record);
        }
    }

    #[inline]
    fn add_infra(&mut self, record: &Record, key: InfraSpanKey) {
        let at = slot(&mut self.infra_at, packed_infra(&key), &mut self.sums.infra, || (key, InfraSums::default()));
        if at == self.dense.len() && at < DENSE_ROWS_MAX {
            self.dense.push(Box::new([[0; DENSE_CELLS]; PhaseName::ALL.len()]));
        }
        let mut dense = self.dense.get_mut(at);
        self.sums.infra[at].1.add_with(record, |which, phase, ms, times| {
            let cell = cell_of(ms);
            match dense.as_mut().and_then(|dense| dense[which].get_mut(usize::from(cell))) {
                Some(count) if times == 1 => *count += 1,
                _ => phase.times.add_cell(cell, times),
            }
        });
    }

    /// Gives the sums, and begins anew.
    pub(super) fn take(&mut self) -> Partials {
        self.usage_at.clear();
        self.infra_at.clear();
        self.key_at.clear();
        for ((_, sums), dense) in self.sums.infra.iter_mut().zip(&mut self.dense) {
            for (phase, cells) in sums.phases.iter_mut().zip(dense.iter_mut()) {
                phase.times += &histogram_of(cells);
                cells.fill(0);
            }
        }
        std::mem::take(&mut self.sums)
    }
}

fn histogram_of(cells: &[u32; DENSE_CELLS]) -> Histogram {
    let counted = (0u16..).zip(cells).filter(|(_, count)| **count > 0);
    Histogram::from_cells(counted.map(|(cell, count)| (cell, i64::from(*count))))
}

#[inline]
fn slot<K: std::hash::Hash + Eq, R>(
    at: &mut FxHashMap<K, u32>,
    key: K,
    rows: &mut Vec<R>,
    empty: impl FnOnce() -> R,
) -> usize {
    let next = u32::try_from(rows.len()).expect("an epoch has fewer lines than 2³²");
    let at = *at.entry(key).or_insert(next);
    if at == next {
        rows.push(empty());
    }
    at as usize
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
