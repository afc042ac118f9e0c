//! The price book and rating: pure functions from usage to micro-dollars, exact, without floats.
//!
//! A book is data: versioned, effective from a whole UTC hour, published before it, never edited in place. Usage is
//! rated by the book in force in its hour. Amounts are rounded down once, over all usage of a customer, service,
//! month and book, so that what rounding leaves is carried along and never lost.
//!
//! A [`BillableRule`] says which requests are billed at all. A [`Price`] says what a measured quantity costs, by one of five models; a [`PriceBook`] has one for requests, one for
//! bytes, and the prices of tiers and add-ons; [`PriceBooks`] are all that were published. [`what_if()`] holds two books
//! against each other over real usage. No function here panics, whatever it is given: a price out of its bounds is
//! refused by [`PriceBook::check`], and rating one nevertheless, or usage that nobody can have had, saturates.

mod billable;
mod book;
mod books;
mod check;
mod json;
mod model;
mod subscription;
#[cfg(test)]
mod tests;
mod what_if;

pub use billable::{BILLABLE_STATUSES, BillableError, BillableRule, MAX_STATUS_RANGES, StatusRange};
pub use book::PriceBook;
pub use books::{PriceBooks, PriceBooksError};
pub use check::{BookError, MAX_BANDS, MAX_PER_UNITS, MAX_PRICE, PriceError};
pub use model::{Band, Model, Price};
pub use subscription::SubscriptionPrices;
pub use what_if::{CustomerMonth, Difference, Quantity, WhatIf, what_if};
