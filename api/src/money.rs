//! Rating at the read side, for ranges and filters that the `rated` view does not answer: billable usage in the view's
//! own groups (customer, service, month, price book), each rounded down once, by the schema's pure rating function.

use crate::books::LiveBooks;
use crate::rows::{Filter, TimeRange};
use crate::tail::Tail;
use std::collections::HashMap;
use std::sync::Arc;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::usage::UsageSums;
use suiftly_schema::vault;
use suiftly_schema::view::RatedKey;
use suiftly_store::reader::PartKey;

/// The store has usage under a price book that this process has not been told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rating usage under price book {version}, which this server does not know: restart it")]
pub struct UnknownPriceBook {
    /// The book's version.
    version: u32,
}

impl UnknownPriceBook {
    pub(crate) const fn new(version: u32) -> Self {
        Self { version }
    }
}

/// Billable totals by rating group.
#[derive(Clone, Debug)]
pub(crate) struct RatedGroups {
    books: Arc<LiveBooks>,
    groups: HashMap<RatedKey, Billable>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Billable {
    requests: i64,
    bytes: i64,
}

impl RatedGroups {
    /// Of usage in what is rated together. The unattributed are nobody's bill, and gateways' own requests neither.
    pub(crate) fn new(
        books: Arc<LiveBooks>,
        parts: impl IntoIterator<Item = (PartKey, UsageSums)>,
    ) -> Result<Self, UnknownPriceBook> {
        let mut groups: HashMap<RatedKey, Billable> = HashMap::new();
        let known = books.current();
        for (part, sums) in parts {
            let PartKey { customer_id, service, month, price_book } = part;
            let Some(customer_id) = vault::billed(customer_id) else { continue };
            if known.version(price_book).is_none() {
                return Err(UnknownPriceBook { version: price_book });
            }
            let group = groups.entry(RatedKey { customer_id, service, month, price_book }).or_default();
            group.requests += sums.billable_requests;
            group.bytes = group.bytes.saturating_add(sums.billable_bytes);
        }
        Ok(Self { books, groups })
    }

    /// Adds a tail's usage within a range of whole hours.
    pub(crate) fn add_tail(&mut self, tail: &Tail, filter: &Filter, range: TimeRange) {
        self.apply(tail, filter, range, 1);
    }

    /// Takes a tail's usage out again: back to the epoch before it.
    pub(crate) fn subtract_tail(&mut self, tail: &Tail, filter: &Filter, range: TimeRange) {
        self.apply(tail, filter, range, -1);
    }

    /// What all of it costs.
    pub(crate) fn rated(&self) -> MicroUsd {
        let mut sum = MicroUsd(0);
        self.each_rated().for_each(|(_, rated)| sum += rated);
        sum
    }

    /// What each group costs, in no particular order.
    pub(crate) fn each_rated(&self) -> impl Iterator<Item = (&RatedKey, MicroUsd)> {
        let books = self.books.current();
        self.groups.iter().map(move |(key, usage)| {
            let book = books.version(key.price_book).expect("every group's book was looked up");
            (key, book.rate(key.service, usage.requests, usage.bytes))
        })
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    fn apply(&mut self, tail: &Tail, filter: &Filter, range: TimeRange, sign: i64) {
        let books = self.books.current();
        for (at, sums) in tail.hours(filter, range) {
            let Some(customer_id) = vault::billed(at.usage.customer_id) else { continue };
            let price_book = books.in_force(at.hour).version;
            let key = RatedKey { customer_id, service: at.usage.service, month: at.hour.month(), price_book };
            let group = self.groups.entry(key).or_default();
            group.requests += sign * sums.billable_requests;
            group.bytes = group.bytes.saturating_add(sign * sums.billable_bytes);
        }
    }
}
