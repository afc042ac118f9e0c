//! What hours come to, one after the other: each what it adds to what is rated together (service, month, price book), so
//! that hours add up to the month to the micro-dollar, whatever the price model. As [`suiftly_schema::bill`] has it.

use crate::money::UnknownPriceBook;
use std::collections::BTreeMap;
use suiftly_schema::ids::Service;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::BillingMonth;
use suiftly_schema::usage::UsageSums;
use suiftly_store::reader::{Cell, PartKey};

/// What was rated so far, of one customer.
#[derive(Default)]
pub(crate) struct Priced(BTreeMap<(Option<Service>, BillingMonth, u32), SoFar>);

#[derive(Default)]
struct SoFar {
    requests: i64,
    bytes: i64,
    rated: MicroUsd,
}

impl SoFar {
    fn add(&mut self, sums: &UsageSums) {
        self.requests = self.requests.saturating_add(sums.billable_requests);
        self.bytes = self.bytes.saturating_add(sums.billable_bytes);
    }
}

impl Priced {
    /// After this usage, of the month's hours before.
    pub(crate) fn after(
        parts: impl IntoIterator<Item = (PartKey, UsageSums)>,
        books: &PriceBooks,
    ) -> Result<Self, UnknownPriceBook> {
        let mut priced = Self::default();
        for (PartKey { service, month, price_book, .. }, sums) in parts {
            let book = books.version(price_book).ok_or_else(|| UnknownPriceBook::new(price_book))?;
            let so_far = priced.0.entry((service, month, price_book)).or_default();
            so_far.add(&sums);
            so_far.rated = book.rate(service, so_far.requests, so_far.bytes);
        }
        Ok(priced)
    }

    /// What a cell adds. Cells ascend.
    pub(crate) fn add(&mut self, books: &PriceBooks, cell: &Cell, sums: &UsageSums) -> MicroUsd {
        let book = books.in_force(cell.hour);
        let so_far = self.0.entry((cell.service, cell.hour.month(), book.version)).or_default();
        so_far.add(sums);
        let rated = book.rate(cell.service, so_far.requests, so_far.bytes);
        rated - std::mem::replace(&mut so_far.rated, rated)
    }
}
