//! What usage costs. Rounding is not linear, so the totals of the months that can still change are kept: the delta is the
//! difference between what the new total costs and what the old one did.

use crate::MONTHS_OPEN_MS;
use rustc_hash::FxHashMap;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::{PriceBook, PriceBooks};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::Usage;
use suiftly_schema::view::{HourKey, RatedKey, RatedSums};

const DAY_MS: i64 = 24 * 3_600_000;

/// Billed usage of a key in all, and what it costs.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    requests: i64,
    bytes: i64,
    rated: MicroUsd,
}

/// The totals, and the books they are rated by.
#[derive(Debug)]
pub(crate) struct Rated {
    books: PriceBooks,
    totals: FxHashMap<RatedKey, Total>,
    /// The hour looked at last: which month it is in, and under which book.
    hour: Option<(UnixMillis, BillingMonth, u32)>,
    /// The earliest month that is kept.
    open_from: UnixMillis,
}

impl Rated {
    pub(crate) fn new(books: PriceBooks) -> Self {
        Self { books, totals: FxHashMap::default(), hour: None, open_from: UnixMillis::MIN }
    }

    /// Goes on from what was rated before.
    pub(crate) fn plant(&mut self, key: RatedKey, sums: &RatedSums) {
        let RatedSums { billable_requests: requests, billable_bytes: bytes, rated } = *sums;
        self.totals.insert(key, Total { requests, bytes, rated });
    }

    /// A book was published: it holds from its hour on.
    pub(crate) fn publish(&mut self, book: PriceBook) {
        if self.books.version(book.version).is_none() {
            self.books.publish(book).expect("a book is checked against those before it when it is published");
            self.hour = None;
        }
    }

    /// What an epoch's usage adds. `cut_at` is the epoch's clock.
    pub(crate) fn apply(&mut self, hours: &[(HourKey, Usage)], cut_at: UnixMillis) -> Vec<(RatedKey, RatedSums)> {
        self.close_months(cut_at);
        let mut before: FxHashMap<RatedKey, Total> = FxHashMap::default();
        for (key, usage) in hours {
            let (requests, bytes) = (usage.sums.billable_requests, usage.sums.billable_bytes);
            let Some(customer_id) = key.usage.customer_id.filter(|_| (requests, bytes) != (0, 0)) else { continue };
            let key = self.key(customer_id, key.usage.service, key.hour);
            let total = self.totals.entry(key).or_default();
            before.entry(key).or_insert(*total);
            // Saturates as usage does, and for the same reason.
            total.requests = total.requests.saturating_add(requests);
            total.bytes = total.bytes.saturating_add(bytes);
        }
        before.into_iter().filter_map(|(key, before)| self.delta(key, before)).collect()
    }

    fn delta(&mut self, key: RatedKey, before: Total) -> Option<(RatedKey, RatedSums)> {
        let book = self.books.version(key.price_book).expect("a key carries the version of a published book");
        let total = self.totals.get_mut(&key)?;
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
