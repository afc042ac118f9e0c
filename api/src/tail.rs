//! The ring's part of an answer: the epochs after some epoch.
//!
//! [`Tail::join`] adds it to what is committed, of any view. What streams send is the tail alone, summed up under their
//! filter: half-open ranges and filters as the store has them.

use crate::hub::Published;
use crate::rows::{Filter, TimeRange, takes_rated};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::{MinuteKey, UsageSums};
use suiftly_schema::view::HourKey;
use suiftly_store::reader::{Further, Rows, ViewQuery, Watermark};

/// Deltas after an epoch, up to the latest.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// The latest epoch: where an answer with this tail stands.
    pub epoch: Epoch,
    /// Everything received before this time is in.
    pub complete_to: UnixMillis,
    /// The epochs and what they add, ascending.
    pub epochs: Vec<Published>,
}

impl Tail {
    /// What a query answers at the tail's epoch: what is committed, and what came after. Rows that are further than
    /// where the tail begins take what they have not.
    pub(crate) fn join<Q: ViewQuery>(&self, mut rows: Rows<Q>) -> BTreeMap<Q::Key, Q::Sums> {
        self.epochs.iter().for_each(|Published { epoch, cut_at, deltas }| rows.join(*epoch, *cut_at, deltas));
        rows.into_sums(self.complete_to)
    }

    /// The tail's hourly rows under a filter, within a range.
    pub(crate) fn hours<'a>(
        &'a self,
        filter: &'a Filter,
        range: TimeRange,
    ) -> impl Iterator<Item = (&'a HourKey, &'a UsageSums)> + 'a {
        let rows = self.epochs.iter().flat_map(|at| &at.deltas.hours).map(|(key, usage)| (key, &usage.sums));
        rows.filter(move |(key, _)| filter.takes(&key.usage) && range.holds(key.hour))
    }

    fn minutes<'a>(
        &'a self,
        filter: &'a Filter,
        range: TimeRange,
    ) -> impl Iterator<Item = (&'a MinuteKey, &'a UsageSums)> + 'a {
        let rows = self.epochs.iter().flat_map(|at| &at.deltas.minutes).map(|(key, usage)| (key, &usage.sums));
        rows.filter(move |(key, _)| filter.takes(&key.usage) && range.holds(key.minute))
    }

    /// What it adds to the sum over whole hours.
    pub(crate) fn totals(&self, filter: &Filter, range: TimeRange) -> UsageSums {
        let mut totals = UsageSums::default();
        self.hours(filter, range).for_each(|(_, sums)| totals += sums);
        totals
    }

    /// Adds what it adds to each minute.
    pub(crate) fn add_minutes(&self, filter: &Filter, range: TimeRange, points: &mut BTreeMap<UnixMillis, UsageSums>) {
        self.minutes(filter, range).for_each(|(key, sums)| *points.entry(key.minute).or_default() += sums);
    }

    /// What it adds to a month's rated amount. The filter's network is ignored.
    pub(crate) fn rated(&self, filter: &Filter, month: BillingMonth) -> MicroUsd {
        let mut rated = MicroUsd(0);
        let rows = self.epochs.iter().flat_map(|at| &at.deltas.rated);
        rows.filter(|(key, _)| key.month == month && takes_rated(filter, key))
            .for_each(|(_, sums)| rated += sums.rated);
        rated
    }

    /// What of it is up to and with an epoch.
    pub(crate) fn until(&self, epoch: Epoch) -> Self {
        let end = self.epochs.partition_point(|at| at.epoch <= epoch);
        Self { epochs: self.epochs[..end].to_vec(), ..*self }
    }

    /// What of it is not among rows that stand at a watermark, some of which may be further.
    pub(crate) fn missing(&self, watermark: Watermark, further: &Further) -> Self {
        let start = self.epochs.partition_point(|at| at.epoch <= watermark.epoch);
        let missing = |at: &Published| match further.missing(at.epoch, &at.deltas) {
            Cow::Borrowed(_) => at.clone(),
            Cow::Owned(deltas) => Published { deltas: Arc::new(deltas), ..*at },
        };
        Self { epochs: self.epochs[start..].iter().map(missing).collect(), ..*self }
    }
}
