//! A plain recount: keeps every update ever given and adds them all up again, with its own price list.

use std::collections::BTreeMap;
use suiftly_dataflow::EpochUsage;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, UsageSums};
use suiftly_schema::view::{EpochDeltas, HourKey, RatedKey, RatedSums};

/// 2026-11-30T22:00:00Z: the generated minutes cross two hours, a price book and, at its third hour, a month.
const START: i64 = 1_796_076_000_000;
const MONTH_EDGE: i64 = START + 2 * 3_600_000;
/// From when the second book holds: 23:00, an hour before the month ends.
pub(crate) const BOOK_2_FROM: UnixMillis = UnixMillis(START + 3_600_000);

pub(crate) fn minute(n: i64) -> UnixMillis {
    UnixMillis(START + n * 60_000)
}

pub(crate) fn customer(n: i64) -> Option<CustomerId> {
    CustomerId::new(n)
}

type Rows<K> = BTreeMap<K, [i64; 10]>;

/// Views held as whole tables: integrated from deltas, or recounted from inputs.
#[derive(Default)]
pub(crate) struct Oracle {
    minutes: Rows<MinuteKey>,
    hours: Rows<HourKey>,
    rated: BTreeMap<RatedKey, RatedSums>,
    all: Vec<(MinuteKey, UsageSums)>,
}

impl Oracle {
    pub(crate) fn integrate(&mut self, deltas: &EpochDeltas) {
        deltas.minutes.iter().for_each(|(key, sums)| add(&mut self.minutes, *key, sums));
        deltas.hours.iter().for_each(|(key, sums)| add(&mut self.hours, *key, sums));
        self.integrate_rated(deltas);
    }

    pub(crate) fn integrate_rated(&mut self, deltas: &EpochDeltas) {
        for (key, sums) in &deltas.rated {
            assert_ne!(*sums, RatedSums::default(), "no delta is zero");
            let row = self.rated.entry(*key).or_default();
            row.billable_requests += sums.billable_requests;
            row.billable_bytes += sums.billable_bytes;
            row.rated += sums.rated;
        }
    }

    pub(crate) fn recount(&mut self, input: &EpochUsage) {
        self.all.extend_from_slice(&input.usage);
        let mut fresh = Oracle::default();
        for (key, sums) in &self.all {
            add(&mut fresh.minutes, *key, sums);
            let hour = UnixMillis(key.minute.0 / 3_600_000 * 3_600_000);
            add(&mut fresh.hours, HourKey { usage: key.usage, hour }, sums);
            let Some(customer_id) = key.usage.customer_id else { continue };
            let month = if key.minute.0 >= MONTH_EDGE { UnixMillis(MONTH_EDGE) } else { UnixMillis(START) }.month();
            let price_book = if key.minute >= BOOK_2_FROM { 2 } else { 1 };
            let rated = RatedKey { customer_id, service: key.usage.service, month, price_book };
            let row = fresh.rated.entry(rated).or_default();
            row.billable_requests += sums.billable_requests;
            row.billable_bytes += sums.billable_bytes;
        }
        for (key, row) in &mut fresh.rated {
            row.rated = price(key, row.billable_requests, row.billable_bytes);
        }
        (self.minutes, self.hours, self.rated) = (fresh.minutes, fresh.hours, fresh.rated);
    }

    pub(crate) fn minutes(&self) -> Rows<MinuteKey> {
        without_zeros(&self.minutes)
    }

    pub(crate) fn hours(&self) -> Rows<HourKey> {
        without_zeros(&self.hours)
    }

    pub(crate) fn rated(&self) -> BTreeMap<RatedKey, RatedSums> {
        let mut rows = self.rated.clone();
        rows.retain(|_, sums| *sums != RatedSums::default());
        rows
    }
}

fn add<K: Ord>(rows: &mut Rows<K>, key: K, sums: &UsageSums) {
    let row = rows.entry(key).or_default();
    row.iter_mut().zip(sums.to_array()).for_each(|(field, more)| *field += more);
}

fn without_zeros<K: Ord + Copy>(rows: &Rows<K>) -> Rows<K> {
    rows.iter().filter(|(_, row)| **row != [0; 10]).map(|(key, row)| (*key, *row)).collect()
}

/// $1 (book 2: $3) per 10,000 requests, $0.06 per GiB of gRPC, rounded down.
fn price(key: &RatedKey, requests: i64, bytes: i64) -> MicroUsd {
    let per_request = if key.price_book == 2 { 300 } else { 100 };
    let bytes = if key.service == Some(Service::Grpc) { bytes } else { 0 };
    let whole = i128::from(requests * per_request) + (i128::from(bytes) * 60_000).div_euclid(1 << 30);
    MicroUsd(whole.try_into().unwrap())
}
