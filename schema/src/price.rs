//! The price book and rating: pure functions from usage to micro-dollars, exact, without floats.
//!
//! A book is data: versioned, effective from a whole UTC hour, published before it, never edited in place. Usage is
//! rated by the book in force in its hour. Amounts are rounded down once, over all usage of a customer, service,
//! month and book, so that what rounding leaves is carried along and never lost.

use crate::ids::Service;
use crate::money::MicroUsd;
use crate::reference::Entity;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// A price for every so many units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPrice {
    /// What they cost.
    pub price: MicroUsd,
    /// How many of them; greater than zero.
    pub per_units: i64,
}

impl UnitPrice {
    /// The exact price as a fraction, numerator over `per_units`.
    const fn numerator(self, units: i64) -> i128 {
        self.price.0 as i128 * units as i128
    }
}

/// One version of the prices for usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceBook {
    /// 1, 2, …
    pub version: u32,
    /// The first instant it holds for: a whole UTC hour.
    pub effective_from: UnixMillis,
    /// Billable requests.
    pub requests: UnitPrice,
    /// Billable bytes.
    pub bytes: UnitPrice,
    /// The services whose bytes are billed.
    pub bytes_billed_for: Vec<Service>,
}

const GIB: i64 = 1 << 30;

impl PriceBook {
    /// Price book v1 (SPEC §6): $1.00 per 10,000 requests; $0.06 per GiB for gRPC and GraphQL.
    pub fn v1() -> Self {
        Self {
            version: 1,
            effective_from: UnixMillis::MIN,
            requests: UnitPrice { price: MicroUsd(1_000_000), per_units: 10_000 },
            bytes: UnitPrice { price: MicroUsd(60_000), per_units: GIB },
            bytes_billed_for: vec![Service::Grpc, Service::Graphql],
        }
    }

    /// What this much usage of a service costs, rounded down once to a micro-dollar (towards minus infinity, so that
    /// differences of totals stay exact under corrections).
    pub fn rate(&self, service: Option<Service>, billable_requests: i64, billable_bytes: i64) -> MicroUsd {
        let bytes_are_billed = service.is_some_and(|service| self.bytes_billed_for.contains(&service));
        let bytes = if bytes_are_billed { billable_bytes } else { 0 };
        let over_both = i128::from(self.requests.per_units) * i128::from(self.bytes.per_units);
        let numerator = self.requests.numerator(billable_requests) * i128::from(self.bytes.per_units)
            + self.bytes.numerator(bytes) * i128::from(self.requests.per_units);
        MicroUsd(i64::try_from(numerator.div_euclid(over_both)).expect("a rated amount fits 64 bits"))
    }
}

/// All published books, ascending by the hour they take effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceBooks(Vec<PriceBook>);

/// Why a set of books cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceBooksError {
    /// There must be one book at least, and it must hold from the beginning.
    #[error("no price book is in force at the beginning of time")]
    NoFirstBook,
    /// A book takes effect within an hour, or not after the one before it.
    #[error(
        "price book {version} must take effect on a whole UTC hour, after the one before it, with a higher version"
    )]
    OutOfOrder {
        /// The offending book.
        version: u32,
    },
    /// A price per zero or fewer units.
    #[error("price book {version} has a price per zero or fewer units")]
    NoUnits {
        /// The offending book.
        version: u32,
    },
}

impl PriceBooks {
    /// Checks the books against each other.
    pub fn new(books: Vec<PriceBook>) -> Result<Self, PriceBooksError> {
        if books.first().is_none_or(|book| book.effective_from != UnixMillis::MIN) {
            return Err(PriceBooksError::NoFirstBook);
        }
        for book in &books {
            if book.requests.per_units <= 0 || book.bytes.per_units <= 0 {
                return Err(PriceBooksError::NoUnits { version: book.version });
            }
        }
        for pair in books.windows(2) {
            let later = pair[1].effective_from > pair[0].effective_from && pair[1].version > pair[0].version;
            if !later || pair[1].effective_from.hour() != pair[1].effective_from {
                return Err(PriceBooksError::OutOfOrder { version: pair[1].version });
            }
        }
        Ok(Self(books))
    }

    /// The first published prices alone.
    pub fn v1() -> Self {
        Self(vec![PriceBook::v1()])
    }

    /// The first, and those of the entities that were published after it.
    pub fn of(reference: &[Entity]) -> Self {
        let mut books = Self::v1();
        let mut later: Vec<_> = reference
            .iter()
            .filter_map(|entity| match entity {
                Entity::PriceBook(book) if book.version > 1 => Some(book),
                _ => None,
            })
            .collect();
        later.sort_unstable_by_key(|book| book.version);
        // One that did not fit was refused when it was told, too.
        later.into_iter().for_each(|book| drop(books.publish(book.clone())));
        books
    }

    /// Adds a book that takes effect after all others.
    pub fn publish(&mut self, book: PriceBook) -> Result<(), PriceBooksError> {
        let mut books = self.0.clone();
        books.push(book);
        *self = Self::new(books)?;
        Ok(())
    }

    /// The book in force at an instant.
    pub fn in_force(&self, at: UnixMillis) -> &PriceBook {
        let after = self.0.partition_point(|book| book.effective_from <= at);
        &self.0[after.saturating_sub(1)]
    }

    /// The book of a version.
    pub fn version(&self, version: u32) -> Option<&PriceBook> {
        self.0.iter().find(|book| book.version == version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn v1_by_the_price_list() {
        let cases = [
            (Some(Service::Seal), 0, 0, 0),
            (Some(Service::Seal), 1, 0, 100),
            (Some(Service::Seal), 10_000, 0, 1_000_000),
            (Some(Service::Seal), 10_000, 9 * GIB, 1_000_000),
            (Some(Service::Grpc), 10_000, GIB, 1_060_000),
            (Some(Service::Graphql), 0, GIB / 2, 30_000),
            // 17,895 bytes cost a hair under one micro-dollar, 17,896 a hair over.
            (Some(Service::Grpc), 0, 17_895, 0),
            (Some(Service::Grpc), 0, 17_896, 1),
            (None, 3, GIB, 300),
        ];
        for (service, requests, bytes, micro) in cases {
            assert_eq!(
                PriceBook::v1().rate(service, requests, bytes),
                MicroUsd(micro),
                "{service:?} {requests} {bytes}"
            );
        }
    }

    #[test]
    fn books_follow_each_other_on_whole_hours() {
        let book = |version, effective_from| PriceBook {
            version,
            effective_from: UnixMillis(effective_from),
            ..PriceBook::v1()
        };
        assert_eq!(PriceBooks::new(vec![]), Err(PriceBooksError::NoFirstBook));
        assert_eq!(PriceBooks::new(vec![book(1, 3_600_000)]), Err(PriceBooksError::NoFirstBook));
        assert_eq!(
            PriceBooks::new(vec![book(1, 0), book(2, 3_600_001)]),
            Err(PriceBooksError::OutOfOrder { version: 2 })
        );
        let books = PriceBooks::new(vec![book(1, 0), book(2, 3_600_000)]).unwrap();
        assert_eq!(books.in_force(UnixMillis(3_599_999)).version, 1);
        assert_eq!(books.in_force(UnixMillis(3_600_000)).version, 2);
    }

    proptest! {
        #[test]
        fn rating_never_falls_with_usage_and_loses_less_than_a_micro_dollar(
            requests in 0i64..1_000_000_000, bytes in 0i64..1 << 50, more in 0i64..1_000_000, more_bytes in 0i64..1 << 40,
        ) {
            let book = PriceBook::v1();
            let grpc = Some(Service::Grpc);
            let whole = book.rate(grpc, requests + more, bytes + more_bytes);
            let parts = book.rate(grpc, requests, bytes) + book.rate(grpc, more, more_bytes);
            prop_assert!(whole >= book.rate(grpc, requests, bytes));
            prop_assert!((0..=1).contains(&(whole - parts).0));
        }
    }
}
