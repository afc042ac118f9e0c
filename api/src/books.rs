//! The price books in force, as the dataflow knows them: answers rate by the same, or bills and answers differ.

use parking_lot::RwLock;
use std::sync::Arc;
use suiftly_schema::price::{PriceBook, PriceBooks};

/// The published books; more come while the program runs.
#[derive(Debug)]
pub struct LiveBooks(RwLock<Arc<PriceBooks>>);

impl LiveBooks {
    /// Begins with these.
    pub fn new(books: PriceBooks) -> Self {
        Self(RwLock::new(Arc::new(books)))
    }

    /// The books now.
    pub fn current(&self) -> Arc<PriceBooks> {
        Arc::clone(&self.0.read())
    }

    /// A book was told to the dataflow. To be called before the hub has the epoch that told it. One that the dataflow
    /// refuses, or knows, changes nothing here either.
    pub fn publish(&self, book: &PriceBook) {
        let mut books = self.0.write();
        let mut more = PriceBooks::clone(&books);
        if books.version(book.version).is_none() && more.publish(book.clone()).is_ok() {
            *books = Arc::new(more);
        }
    }
}
