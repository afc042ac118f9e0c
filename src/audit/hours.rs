//! Hours of usage by the inputs and by the journal, side by side.

use std::collections::BTreeMap;
use suiftly_schema::bill::{BillInputs, HourUsage};
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

/// An hour of a service on a network.
pub(super) type Key = (UnixMillis, Option<Service>, Option<Network>);

/// Requests and bytes by hour.
pub(super) type Sums = BTreeMap<Key, (i64, i64)>;

/// What was counted and what it was charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) requests: i64,
    pub(super) bytes: i64,
    /// What the hour adds to the month's amount, in the order of hours.
    pub(super) charged: MicroUsd,
}

/// An hour that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) key: Key,
    pub(super) billed: Figures,
    pub(super) journal: Figures,
}

const fn key_of(usage: &HourUsage) -> Key {
    (usage.hour, usage.service, usage.network)
}

/// Adds hours up.
pub(super) fn add<'a>(sums: &mut Sums, hours: impl IntoIterator<Item = &'a HourUsage>) {
    for usage in hours {
        let (requests, bytes) = sums.entry(key_of(usage)).or_default();
        *requests = requests.saturating_add(usage.requests);
        *bytes = bytes.saturating_add(usage.bytes);
    }
}

/// As a bill's inputs have them: ascending, nothing that is zero.
pub(super) fn sorted(sums: Sums) -> Vec<HourUsage> {
    let hours = sums.into_iter().filter(|(_, sum)| *sum != (0, 0));
    let usage = |((hour, service, network), (requests, bytes))| HourUsage { hour, service, network, requests, bytes };
    hours.map(usage).collect()
}

/// Hours in which the journal says something else than the inputs. An hour that the inputs have twice is one of them.
pub(super) fn differences(inputs: &BillInputs, counted: &[HourUsage]) -> Vec<Difference> {
    if inputs.hours == counted {
        return Vec::new();
    }
    let by_journal = BillInputs { hours: counted.to_vec(), ..inputs.clone() };
    let (billed, journal) = (figures(inputs), figures(&by_journal));
    let keys = billed.keys().chain(journal.keys().filter(|key| !billed.contains_key(key)));
    let beside = |key: &Key| {
        let of = |figures: &BTreeMap<Key, Figures>| figures.get(key).copied().unwrap_or_default();
        Difference { key: *key, billed: of(&billed), journal: of(&journal) }
    };
    let counts = |figures: &Figures| (figures.requests, figures.bytes);
    let mut differences: Vec<_> = keys.map(beside).filter(|it| counts(&it.billed) != counts(&it.journal)).collect();
    differences.sort_unstable_by_key(|difference| difference.key);
    differences
}

fn figures(inputs: &BillInputs) -> BTreeMap<Key, Figures> {
    let mut figures: BTreeMap<Key, Figures> = BTreeMap::new();
    for record in inputs.records() {
        let of_hour = figures.entry(key_of(&record.usage)).or_default();
        of_hour.requests = of_hour.requests.saturating_add(record.usage.requests);
        of_hour.bytes = of_hour.bytes.saturating_add(record.usage.bytes);
        of_hour.charged += record.charged;
    }
    figures
}
