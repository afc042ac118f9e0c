//! The ring's part of an answer: deltas after some epoch, summed up under a filter.
//!
//! Each sum here has its twin in the store ([`crate::rows`]): the same rows, the same filter, the same half-open
//! range. An answer is the store's sum at its watermark plus the tail's sum after it.

use crate::rows::{Bucket, Filter, TimeRange, holds, takes, takes_rated};
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::{MinuteKey, UsageSums};
use suiftly_schema::view::{EpochDeltas, HourKey};

/// Deltas after an epoch, up to the latest.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// The latest epoch: where an answer with this tail stands.
    pub epoch: Epoch,
    /// Everything received before this time is in.
    pub complete_to: UnixMillis,
    /// The epochs and what they add, ascending.
    pub deltas: Vec<(Epoch, Arc<EpochDeltas>)>,
}

impl Tail {
    /// The tail's hourly rows under a filter, within a range.
    pub(crate) fn hours<'a>(
        &'a self,
        filter: &'a Filter,
        range: TimeRange,
    ) -> impl Iterator<Item = (&'a HourKey, &'a UsageSums)> + 'a {
        let rows = self.deltas.iter().flat_map(|(_, deltas)| &deltas.hours).map(|(key, usage)| (key, &usage.sums));
        rows.filter(move |(key, _)| takes(filter, &key.usage) && holds(range, key.hour))
    }

    fn minutes<'a>(
        &'a self,
        filter: &'a Filter,
        range: TimeRange,
    ) -> impl Iterator<Item = (&'a MinuteKey, &'a UsageSums)> + 'a {
        let rows = self.deltas.iter().flat_map(|(_, deltas)| &deltas.minutes).map(|(key, usage)| (key, &usage.sums));
        rows.filter(move |(key, _)| takes(filter, &key.usage) && holds(range, key.minute))
    }

    /// What it adds to the sum over whole hours.
    pub(crate) fn totals(&self, filter: &Filter, range: TimeRange) -> UsageSums {
        let mut totals = UsageSums::default();
        self.hours(filter, range).for_each(|(_, sums)| totals += sums);
        totals
    }

    /// Adds what it adds to each bucket.
    pub(crate) fn add_points(
        &self,
        filter: &Filter,
        bucket: Bucket,
        range: TimeRange,
        points: &mut BTreeMap<UnixMillis, UsageSums>,
    ) {
        let mut add = |start, sums| *points.entry(start).or_default() += sums;
        match bucket {
            Bucket::Hour => self.hours(filter, range).for_each(|(key, sums)| add(key.hour, sums)),
            Bucket::Minute => self.minutes(filter, range).for_each(|(key, sums)| add(key.minute, sums)),
        }
    }

    /// What it adds to a month's rated amount. The filter's network is ignored.
    pub(crate) fn rated(&self, filter: &Filter, month: BillingMonth) -> MicroUsd {
        let mut rated = MicroUsd(0);
        let rows = self.deltas.iter().flat_map(|(_, deltas)| &deltas.rated);
        rows.filter(|(key, _)| key.month == month && takes_rated(filter, key))
            .for_each(|(_, sums)| rated += sums.rated);
        rated
    }

    /// What of it is up to and with an epoch.
    pub(crate) fn until(&self, epoch: Epoch) -> Self {
        let end = self.deltas.partition_point(|(at, _)| *at <= epoch);
        Self { deltas: self.deltas[..end].to_vec(), ..*self }
    }

    /// What of it is after an epoch.
    pub(crate) fn after(&self, epoch: Epoch) -> Self {
        let start = self.deltas.partition_point(|(at, _)| *at <= epoch);
        Self { deltas: self.deltas[start..].to_vec(), ..*self }
    }
}
