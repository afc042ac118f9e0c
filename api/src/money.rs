//! Rating at the read side, for ranges and filters that the `rated` view does not answer: billable usage in the view's
//! own groups (customer, service, month, price book), each rounded down once, by the schema's pure rating function.

use crate::rows::{Filter, TimeRange};
use crate::tail::Tail;
use std::collections::HashMap;
use std::sync::Arc;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::view::RatedKey;
use suiftly_store::reader::UsagePart;

/// The store has usage under a price book that this process was not started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rating usage under price book {version}, which this server does not know: restart it")]
pub struct UnknownPriceBook {
    /// The book's version.
    version: u32,
}

/// Billable totals by rating group.
#[derive(Clone, Debug)]
pub(crate) struct RatedGroups {
    books: Arc<PriceBooks>,
    groups: HashMap<RatedKey, Billable>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Billable {
    requests: i64,
    bytes: i64,
}

impl RatedGroups {
    /// The store's groups. The unattributed are nobody's bill.
    pub(crate) fn new(books: Arc<PriceBooks>, parts: &[UsagePart]) -> Result<Self, UnknownPriceBook> {
        let mut groups: HashMap<RatedKey, Billable> = HashMap::new();
        for part in parts {
            let UsagePart { customer_id: Some(customer_id), service, month, price_book, sums } = *part else {
                continue;
            };
            if books.version(price_book).is_none() {
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
        for (key, usage) in &self.groups {
            let book = self.books.version(key.price_book).expect("every group's book was looked up");
            sum += book.rate(key.service, usage.requests, usage.bytes);
        }
        sum
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    fn apply(&mut self, tail: &Tail, filter: &Filter, range: TimeRange, sign: i64) {
        for (at, sums) in tail.hours(filter, range) {
            let Some(customer_id) = at.usage.customer_id else { continue };
            let price_book = self.books.in_force(at.hour).version;
            let key = RatedKey { customer_id, service: at.usage.service, month: at.hour.month(), price_book };
            let group = self.groups.entry(key).or_default();
            group.requests += sign * sums.billable_requests;
            group.bytes = group.bytes.saturating_add(sign * sums.billable_bytes);
        }
    }
}
