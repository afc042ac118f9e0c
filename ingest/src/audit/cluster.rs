//! The same of a cluster: the journals that its order takes in, in that order.

use super::hours::Hours;
use super::{JournalDirs, Recount, RecountError, RecountOrder, ToldBooks, begin, recount, told_books, told_formats};
use crate::journal::{FIRST_EPOCH, JournalId};
use crate::order::{self, ClusterDirs, is_order};
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::reference::Entity;

/// What is counted again. Epochs and id are those of the process's own journal, or of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Journals {
    /// A process's own.
    One(JournalDirs),
    /// A cluster's.
    Cluster(ClusterDirs),
}

impl Journals {
    /// What stands in `dirs`: if it is a cluster's order, it takes in these journals.
    pub fn of(dirs: JournalDirs, journals: &BTreeMap<JournalId, JournalDirs>) -> Result<Self, RecountError> {
        if is_order(&dirs)? {
            return Ok(Self::Cluster(ClusterDirs { order: dirs, journals: journals.clone() }));
        }
        Ok(Self::One(dirs))
    }

    /// Counts again.
    pub fn recount(&self, order: &RecountOrder) -> Result<Recount, RecountError> {
        match self {
            Self::One(dirs) => recount(dirs, order),
            Self::Cluster(dirs) => recount_cluster(dirs, order),
        }
    }

    /// [`told_books`]: all that was told to a cluster stands in its order.
    pub fn told_books(&self, before: Epoch) -> Result<ToldBooks, RecountError> {
        match self {
            Self::One(dirs) | Self::Cluster(ClusterDirs { order: dirs, .. }) => told_books(dirs, before),
        }
    }
}

fn recount_cluster(dirs: &ClusterDirs, order: &RecountOrder) -> Result<Recount, RecountError> {
    let begin = begin(&dirs.order, order)?;
    // From where on journals are taken in, says the block before the first that is read.
    let after = if begin.is_from_first() { 0 } else { begin.first_kept };
    let first = begin.epoch.max(after + 1);
    let formats = if first == FIRST_EPOCH { Vec::new() } else { told_formats(&dirs.order, first)? };
    let mut hours = Hours::new(order.month, &order.books);
    let is_from_first = first == FIRST_EPOCH;
    let mut recount = Recount { first_epoch: first, last_epoch: first - 1, is_from_first, ..Recount::default() };
    for read in order::read(dirs, &order.decode, &(first..=order.through), &formats)? {
        let read = read?;
        recount.last_epoch = read.order.epoch;
        recount.lines += read.frames;
        let is_wanted = |customer_id| order.customers.include(customer_id);
        let wanted = read.batch.records.iter().filter(|record| record.customer_id.is_some_and(is_wanted));
        wanted.for_each(|record| hours.add(record));
        recount.books.extend(read.batch.reference.into_iter().filter_map(|change| match change.entity {
            Entity::PriceBook(book) => Some(book),
            _ => None,
        }));
    }
    if recount.last_epoch < order.through {
        return Err(RecountError::Short { last: recount.last_epoch, through: order.through });
    }
    (recount.hours, recount.last_epoch) = (hours.into_sorted(), order.through);
    Ok(recount)
}
