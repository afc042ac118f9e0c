//! The records of a block that are somebody's, and whether they are billed.

use crate::block::Block;
use crate::decode::{Decoder, Visited, request_id};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::price::{PriceBook, PriceBooks};
use suiftly_schema::proof::RecordLeaf;
use suiftly_schema::reference::Entity;
use suiftly_schema::usage::is_billable;

/// Reads blocks, and knows the price books that were told so far.
#[derive(Debug)]
pub(super) struct Billed {
    decoder: Decoder,
    books: PriceBooks,
    is_by_default: bool,
    /// Of the block at hand, kept for the next one's.
    records: Vec<(CustomerId, RecordLeaf)>,
}

impl Billed {
    pub(super) fn new(decoder: Decoder, books: PriceBooks) -> Self {
        Self { decoder, is_by_default: books.bill_by_default(), books, records: Vec::new() }
    }

    /// Reads a block whose records are of no interest: what comes later may be a copy of one.
    pub(super) fn pass(&mut self, block: &Block) {
        let mut told = Vec::new();
        self.decoder.visit(block, |visited| {
            if let Visited::Change(change) = visited
                && let Entity::PriceBook(book) = change.entity
            {
                told.push(book);
            }
        });
        self.learn(told);
    }

    /// Gives a block's records, in order, each with its customer and whether it is billed. A book holds for all lines of
    /// the block that it comes in.
    pub(super) fn read(&mut self, block: &Block, mut each: impl FnMut(CustomerId, &RecordLeaf, bool)) {
        let (mut told, mut records) = (Vec::new(), std::mem::take(&mut self.records));
        self.decoder.visit(block, |visited| match visited {
            Visited::Record(record, frame) => {
                if let Some(customer_id) = record.customer_id {
                    records.push((customer_id, RecordLeaf::of(&record, request_id(&frame))));
                }
            }
            Visited::Change(change) => {
                if let Entity::PriceBook(book) = change.entity {
                    told.push(book);
                }
            }
        });
        self.learn(told);
        for (customer_id, leaf) in records.drain(..) {
            each(customer_id, &leaf, self.is_billed(&leaf));
        }
        self.records = records;
    }

    /// A book that does not follow those before it is refused, as it was by the running system.
    fn learn(&mut self, told: Vec<PriceBook>) {
        for book in told {
            if self.books.publish(book).is_ok() {
                self.is_by_default = self.books.bill_by_default();
            }
        }
    }

    fn is_billed(&self, leaf: &RecordLeaf) -> bool {
        if self.is_by_default {
            return is_billable(leaf.traffic_type, leaf.status_code);
        }
        self.books.in_force(leaf.timestamp).billable.is_billable(leaf.traffic_type, leaf.status_code)
    }
}
