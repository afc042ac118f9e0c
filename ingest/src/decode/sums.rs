//! Sums an epoch's records per key, for each view, before the dataflow sees them.
//!
//! In two steps. While lines are read, each record is given the number of its row, by one look-up a view. When the epoch
//! ends, each row is summed from its own records, one row after the other. Adding each record to its rows at once went
//! through all rows' memory for each of the views and grew their histograms value by value: it took twice as long.

use super::billing::Billing;
use rustc_hash::FxHashMap;
use std::hash::Hash;
use suiftly_schema::activity::{KeyActivity, KeyHour};
use suiftly_schema::histogram::CellCounts;
use suiftly_schema::infra::{InfraKey, InfraSpanKey, InfraSums, PhaseName};
use suiftly_schema::partial::Partials;
use suiftly_schema::record::Record;
use suiftly_schema::usage::{MinuteKey, Usage, is_billable};

/// Sums up records.
#[derive(Debug, Default)]
pub(super) struct PartialSums {
    usage: Groups<[u64; 2]>,
    infra: Groups<[u64; 2]>,
    /// Where the times of a row are counted.
    times: [CellCounts; PhaseName::ALL.len()],
}

impl PartialSums {
    /// Notes the next record.
    #[inline]
    pub(super) fn note(&mut self, record: &Record) {
        self.usage.note(packed_usage(record));
        self.infra.note(packed_infra(record));
    }

    /// Gives the sums of the records that were noted, which are these, and begins anew.
    pub(super) fn take(&mut self, records: &[Record], billing: &Billing) -> Partials {
        let Self { usage, infra, times } = self;
        let mut keys = Vec::new();
        let usage = usage.take(records, |of_row| {
            add_keys(&mut keys, of_row);
            usage_of(of_row, &mut times[0], billing)
        });
        let infra = infra.take(records, |of_row| infra_of(of_row, times));
        Partials { usage, infra, keys }
    }
}

/// The records of one row.
#[derive(Clone, Copy)]
struct OfRow<'a> {
    records: &'a [Record],
    /// Which of them; one at least.
    at: &'a [u32],
}

impl<'a> OfRow<'a> {
    fn first(self) -> &'a Record {
        &self.records[self.at[0] as usize]
    }

    fn iter(self) -> impl Iterator<Item = &'a Record> {
        self.at.iter().map(move |at| &self.records[*at as usize])
    }
}

/// A row is of one minute, so one rule says which of its records are billed.
fn usage_of(of_row: OfRow<'_>, times: &mut CellCounts, billing: &Billing) -> (MinuteKey, Usage) {
    let key = MinuteKey::of(of_row.first());
    let usage = match billing.own_rule(key.minute) {
        None => sum_usage(of_row, times, is_billable),
        Some(rule) => sum_usage(of_row, times, |traffic, status| rule.is_billable(traffic, status)),
    };
    (key, usage)
}

fn sum_usage(of_row: OfRow<'_>, times: &mut CellCounts, is_billable: impl Fn(u8, i16) -> bool) -> Usage {
    let is_billed = |record: &Record| is_billable(record.traffic_type, record.status_code);
    let mut usage = Usage::default();
    if let [_] = of_row.at {
        usage.add_billed_if(of_row.first(), is_billed(of_row.first()));
    } else {
        for record in of_row.iter() {
            usage.sums.add_billed_if(record, is_billed(record));
            times.count(Usage::time_ms(record), i64::from(record.repeat));
        }
        usage.times = times.take();
    }
    usage
}

fn infra_of(of_row: OfRow<'_>, times: &mut [CellCounts; PhaseName::ALL.len()]) -> (InfraSpanKey, InfraSums) {
    let mut sums = InfraSums::default();
    for record in of_row.iter() {
        sums.add_with(record, |which, _, ms, repeat| times[which].count(ms, repeat));
    }
    for (phase, times) in sums.phases.iter_mut().zip(times) {
        phase.times = times.take();
    }
    let first = of_row.first();
    (InfraSpanKey { infra: InfraKey::of(first), start: first.timestamp.minute() }, sums)
}

/// Adds what a usage row's records say of their keys. They have the customer in common, who has few keys, and the hour.
fn add_keys(keys: &mut Vec<(KeyHour, KeyActivity)>, of_row: OfRow<'_>) {
    let begin = keys.len();
    for record in of_row.iter() {
        let Some(key) = KeyHour::of(record) else { continue };
        let did = KeyActivity::of(record);
        let known = keys[begin..].iter_mut().rev().take(KEYS_LOOKED_AT).find(|(known, _)| *known == key);
        match known {
            Some((_, sum)) => *sum += &did,
            None => keys.push((key, did)),
        }
    }
}

/// Forged lines may name any number of keys; a key may come more than once.
const KEYS_LOOKED_AT: usize = 16;

/// Which records belong together.
#[derive(Debug, Default)]
struct Groups<K> {
    numbers: FxHashMap<K, u32>,
    /// Each record's group, in the order of the records.
    group_of: Vec<u32>,
    /// How many records each group has; in [`Groups::take`], where its next one goes.
    sizes: Vec<u32>,
    /// The records, group by group.
    sorted: Vec<u32>,
}

impl<K: Hash + Eq> Groups<K> {
    #[inline]
    fn note(&mut self, key: K) {
        let next = u32::try_from(self.sizes.len()).expect("an epoch has fewer lines than 2³²");
        let number = *self.numbers.entry(key).or_insert(next);
        match self.sizes.get_mut(number as usize) {
            Some(size) => *size += 1,
            None => self.sizes.push(1),
        }
        self.group_of.push(number);
    }

    /// A row of each group, in the order of their first records. Forgets the groups, keeps the memory.
    fn take<R>(&mut self, records: &[Record], mut row: impl FnMut(OfRow<'_>) -> R) -> Vec<R> {
        assert_eq!(self.group_of.len(), records.len(), "each record is noted once");
        self.sort();
        let mut begin = 0;
        let rows = self.sizes.iter().map(|end| {
            let at = &self.sorted[begin as usize..*end as usize];
            begin = *end;
            row(OfRow { records, at })
        });
        let rows = rows.collect();
        self.numbers.clear();
        self.group_of.clear();
        self.sizes.clear();
        rows
    }

    /// Counting sort. Leaves in `sizes` where each group ends.
    fn sort(&mut self) {
        let mut begin = 0;
        for size in &mut self.sizes {
            begin += std::mem::replace(size, begin);
        }
        self.sorted.resize(self.group_of.len(), 0);
        for (record, group) in (0u32..).zip(&self.group_of) {
            let next = &mut self.sizes[*group as usize];
            self.sorted[*next as usize] = record;
            *next += 1;
        }
    }
}

/// A [`MinuteKey`] in two words, which hash faster than its parts. 0 is no customer and no service, 255 no network.
#[inline]
fn packed_usage(record: &Record) -> [u64; 2] {
    let customer = record.customer_id.map_or(0, |id| id.get().cast_unsigned());
    [customer, packed_place(record)]
}

/// An [`InfraSpanKey`] likewise.
#[inline]
fn packed_infra(record: &Record) -> [u64; 2] {
    let InfraKey { server_id, service: _, network: _, backend_id, event_type, status_class } = InfraKey::of(record);
    let server = server_id.map_or(0, |id| 1 << 16 | u64::from(id.cast_unsigned()));
    let of_backend = u64::from(backend_id.cast_unsigned()) << 11 | u64::from(event_type) << 3;
    [server << 27 | of_backend | u64::from(status_class.number()), packed_place(record)]
}

/// Minute, service and network.
#[inline]
fn packed_place(record: &Record) -> u64 {
    let service = record.service.map_or(0, |service| u64::from(service.number()));
    let network = record.network.map_or(255, |network| u64::from(network.number()));
    record.timestamp.minute().0.cast_unsigned() << 16 | service << 8 | network
}
