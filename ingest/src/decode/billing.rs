//! Which requests are billed: by the book in force in their hour, of those that the decoder was told.
//!
//! Books come among the frames, in one order with the lines, and the dataflow rates by the same ones: a book holds for
//! all lines of the epoch that it comes in. One that does not follow those before it is refused, by the dataflow too,
//! which tells of it.

use suiftly_schema::price::{BillableRule, PriceBooks};
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::time::UnixMillis;

/// The books, for what is billed.
#[derive(Debug)]
pub(super) struct Billing {
    books: PriceBooks,
    /// Whether no book has a rule of its own, as nearly always: then hours make no difference.
    is_by_default: bool,
}

impl Billing {
    /// By these books, until more come.
    pub(super) fn new(books: PriceBooks) -> Self {
        Self { is_by_default: books.bill_by_default(), books }
    }

    /// Takes the books among the changes of an epoch, before its lines are summed.
    pub(super) fn learn(&mut self, changes: &[ReferenceChange]) {
        for change in changes {
            if let Entity::PriceBook(book) = &change.entity
                && self.books.publish(book.clone()).is_ok()
            {
                self.is_by_default = self.books.bill_by_default();
            }
        }
    }

    /// The rule at an instant; `None` is [`suiftly_schema::usage::is_billable`].
    #[inline]
    pub(super) fn own_rule(&self, at: UnixMillis) -> Option<&BillableRule> {
        if self.is_by_default { None } else { Some(&self.books.in_force(at).billable) }
    }
}
