//! What usage costs. Rounding is not linear, so the totals of the months that can still change are kept: the delta is the
//! difference between what the new total costs and what the old one did.

use crate::MONTHS_OPEN_MS;
use crate::sum::Rows;
use rustc_hash::FxHashMap;
use std::ops::AddAssign;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::{PriceBook, PriceBooks};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::Usage;
use suiftly_schema::vault;
use suiftly_schema::view::{HourKey, RatedKey, RatedSums};

const DAY_MS: i64 = 24 * 3_600_000;

/// Billed usage of a key in all, and what it costs.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    requests: i64,
    bytes: i64,
    rated: MicroUsd,
}

/// Billed usage of an epoch.
#[derive(Clone, Copy, Debug, Default)]
struct Billed {
    requests: i64,
    bytes: i64,
}

/// Saturates as usage does, and for the same reason.
impl AddAssign<&Self> for Billed {
    fn add_assign(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// The totals, and the books they are rated by.
#[derive(Debug)]
pub(crate) struct Rated {
    books: PriceBooks,
    totals: FxHashMap<RatedKey, Total>,
    /// What the epoch at hand adds; empty between two. The totals are many and far apart in memory: each is looked up once.
    of_epoch: Rows<RatedKey, Billed>,
    /// The hour looked at last: which month it is in, and under which book.
    hour: Option<(UnixMillis, BillingMonth, u32)>,
    /// The earliest month that is kept.
    open_from: UnixMillis,
}

impl Rated {
    pub(crate) fn new(books: PriceBooks) -> Self {
        Self { books, totals: FxHashMap::default(), of_epoch: Rows::default(), hour: None, open_from: UnixMillis::MIN }
    }

    /// Goes on from what was rated before.
    pub(crate) fn plant(&mut self, key: RatedKey, sums: &RatedSums) {
        let RatedSums { billable_requests: requests, billable_bytes: bytes, rated } = *sums;
        self.totals.insert(key, Total { requests, bytes, rated });
    }

    /// A book was published: it holds from its hour on. One that does not follow those before it is refused, by every
    /// worker alike; the journal is read again at each start, so it must not stop anybody.
    pub(crate) fn publish(&mut self, book: PriceBook) {
        let version = book.version;
        if self.books.version(version).is_some() {
            return;
        }
        match self.books.publish(book) {
            Ok(()) => self.hour = None,
            Err(error) => tracing::error!(version, %error, "a price book is refused"),
        }
    }

    /// What an epoch's usage adds. `cut_at` is the epoch's clock.
    pub(crate) fn apply(&mut self, hours: &[(HourKey, Usage)], cut_at: UnixMillis) -> Vec<(RatedKey, RatedSums)> {
        self.close_months(cut_at);
        let mut of_epoch = std::mem::take(&mut self.of_epoch);
        for (key, usage) in hours {
            let billed = Billed { requests: usage.sums.billable_requests, bytes: usage.sums.billable_bytes };
            let is_billed = (billed.requests, billed.bytes) != (0, 0);
            let Some(customer_id) = vault::billed(key.usage.customer_id).filter(|_| is_billed) else { continue };
            of_epoch.add(self.key(customer_id, key.usage.service, key.hour), billed);
        }
        let deltas = of_epoch.drain().filter_map(|(key, billed)| self.delta(key, billed)).collect();
        self.of_epoch = of_epoch;
        deltas
    }

    fn delta(&mut self, key: RatedKey, billed: Billed) -> Option<(RatedKey, RatedSums)> {
        let book = self.books.version(key.price_book).expect("a key carries the version of a published book");
        let total = self.totals.entry(key).or_default();
        let before = *total;
        // Saturates, too.
        total.requests = before.requests.saturating_add(billed.requests);
        total.bytes = before.bytes.saturating_add(billed.bytes);
        total.rated = book.rate(key.service, total.requests, total.bytes);
        let delta = RatedSums {
            billable_requests: total.requests - before.requests,
            billable_bytes: total.bytes - before.bytes,
            rated: total.rated - before.rated,
        };
        if (total.requests, total.bytes) == (0, 0) {
            self.totals.remove(&key);
        }
        (delta != RatedSums::default()).then_some((key, delta))
    }

    /// The price book is part of the key: usage keeps the book of its hour, and a new book never re-rates the past.
    fn key(&mut self, customer_id: CustomerId, service: Option<Service>, hour: UnixMillis) -> RatedKey {
        let (_, month, price_book) = match self.hour {
            Some(known) if known.0 == hour => known,
            _ => *self.hour.insert((hour, hour.month(), self.books.in_force(hour).version)),
        };
        RatedKey { customer_id, service, month, price_book }
    }

    /// Forgets the months that no line can come for any more.
    fn close_months(&mut self, cut_at: UnixMillis) {
        let open_from = cut_at.plus_ms(-MONTHS_OPEN_MS);
        if open_from.0 / DAY_MS > self.open_from.0 / DAY_MS {
            self.totals.retain(|key, _| key.month.end() > open_from);
            self.open_from = open_from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::ids::Network;
    use suiftly_schema::usage::{UsageKey, UsageSums};

    #[test]
    fn what_is_nobodys_bill_is_not_rated() {
        let mut rated = Rated::new(PriceBooks::v1());
        let hour = UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
        let used = |customer_id| {
            let (service, network) = (Some(Service::Seal), Some(Network::Mainnet));
            let sums = UsageSums { guaranteed: 10_000, billable_requests: 10_000, ..UsageSums::default() };
            (HourKey { usage: UsageKey { customer_id, service, network }, hour }, Usage { sums, ..Usage::default() })
        };
        let real = CustomerId::new(7).unwrap();
        let deltas = rated.apply(&[used(None), used(vault::canary_customer(17)), used(Some(real))], hour);
        let [(key, sums)] = &deltas[..] else { panic!("{deltas:?}") };
        assert_eq!((key.customer_id, sums.rated), (real, MicroUsd(1_000_000)));
    }
}
