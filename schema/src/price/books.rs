//! All published books, and which of them is in force when.

use super::book::PriceBook;
use super::check::BookError;
use crate::reference::Entity;
use crate::time::UnixMillis;

/// All published books, ascending by the hour they take effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceBooks(Vec<PriceBook>);

/// Why a set of books cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceBooksError {
    /// There must be one book at least, and it must hold from the beginning.
    #[error("no price book is in force at the beginning of time")]
    NoFirstBook,
    /// A book takes effect not after the one before it, or has no higher version.
    #[error("price book {version} must take effect after the one before it, with a higher version")]
    OutOfOrder {
        /// The offending book.
        version: u32,
    },
    /// A book of which, or of the one before it, prices depend on how much is used in the month takes effect within one.
    #[error("price book {version} must take effect with a month: a quota or a band would begin anew within it")]
    WithinMonth {
        /// The offending book.
        version: u32,
    },
    /// A book cannot be used, whatever the others are.
    #[error("price book {version}: {error}")]
    Book {
        /// The offending book.
        version: u32,
        /// Why.
        error: BookError,
    },
}

impl Default for PriceBooks {
    /// [`PriceBooks::v1`].
    fn default() -> Self {
        Self::v1()
    }
}

impl PriceBooks {
    /// Checks the books, and against each other.
    pub fn new(books: Vec<PriceBook>) -> Result<Self, PriceBooksError> {
        if books.first().is_none_or(|book| book.effective_from != UnixMillis::MIN) {
            return Err(PriceBooksError::NoFirstBook);
        }
        for book in &books {
            book.check().map_err(|error| PriceBooksError::Book { version: book.version, error })?;
        }
        for pair in books.windows(2) {
            let [before, book] = pair else { continue };
            let version = book.version;
            if book.effective_from <= before.effective_from || version <= before.version {
                return Err(PriceBooksError::OutOfOrder { version });
            }
            let begins_a_month = book.effective_from.month().start() == book.effective_from;
            let depends_on_month = !before.is_linear() || !book.is_linear();
            if depends_on_month && !begins_a_month {
                return Err(PriceBooksError::WithinMonth { version });
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

    /// All of them, ascending by the hour they take effect.
    pub fn all(&self) -> &[PriceBook] {
        &self.0
    }

    /// Whether every book bills by the default rule.
    pub fn bill_by_default(&self) -> bool {
        self.0.iter().all(|book| book.billable.is_default())
    }

    /// The book of a version.
    pub fn version(&self, version: u32) -> Option<&PriceBook> {
        self.0.iter().find(|book| book.version == version)
    }
}
