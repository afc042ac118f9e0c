//! One record of a part, and its path: the part's epochs are read once more, and come to the part's root or to nothing.

use super::billed::Billed;
use super::{WARM_MS, decoder, located};
use crate::audit::{JournalDirs, RecountError, lost_in, read_blocks};
use crate::decode::{DecodeConfig, Decoder};
use crate::journal::{JournalId, Located};
use std::ops::RangeInclusive;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::proof::subtrees::{self, SUBTREE_LEAVES};
use suiftly_schema::proof::{Hash, Line, RecordLeaf, Subtrees, Tree};
use suiftly_schema::time::UnixMillis;

/// So many epochs before the part's are read at first: copies of a line nearly always come within seconds.
const NEAR_EPOCHS: u64 = 6_000;

/// Which record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// By what the gateway called the request: `X-Request-ID`.
    Request(String),
    /// By its line.
    Line {
        /// The gateway.
        server_id: i16,
        /// The line.
        line: Line,
    },
}

impl Wanted {
    /// Whether it is this one.
    fn is(&self, leaf: &RecordLeaf) -> bool {
        match self {
            Self::Request(id) => leaf.request_id.is_some_and(|name| name.as_str() == id),
            Self::Line { server_id, line } => leaf.server_id == Some(*server_id) && leaf.line == Some(*line),
        }
    }
}

/// A part, and what is looked for in it.
#[derive(Clone, Debug)]
pub struct FindOrder {
    /// The journal.
    pub journal_id: JournalId,
    /// Whose part.
    pub customer_id: CustomerId,
    /// Of which hour.
    pub hour: UnixMillis,
    /// Of which epochs.
    pub epochs: RangeInclusive<Epoch>,
    /// Its records, as they were sealed.
    pub records: Tree,
    /// [`Subtrees::roots`] of them.
    pub subtrees: Vec<Hash>,
    /// Which record.
    pub wanted: Wanted,
    /// The books that were published.
    pub books: PriceBooks,
    /// The formats that were published.
    pub formats: Vec<PublishedFormat>,
    /// Formats and bindings, as they were in force.
    pub decode: DecodeConfig,
}

/// A record in its part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRecord {
    /// The record.
    pub record: RecordLeaf,
    /// Which of the part's, from 0.
    pub index: u64,
    /// Its path to the part's root.
    pub path: Vec<Hash>,
}

/// Why a part cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The journal cannot be read, or does not hold these epochs any more.
    #[error(transparent)]
    Journal(#[from] RecountError),
    /// What it holds comes to another part.
    #[error(
        "epochs {first} to {last} of the journal come to another part than was sealed: {found} records, not {sealed}"
    )]
    OtherPart {
        /// The first epoch.
        first: Epoch,
        /// The last.
        last: Epoch,
        /// Records that were found.
        found: u64,
        /// Records that were sealed.
        sealed: u64,
    },
}

/// Finds a record in a part; `None` if it is not there. What is answered comes to the part's root.
pub fn find(dirs: &JournalDirs, order: &FindOrder) -> Result<Option<FoundRecord>, FindError> {
    let (first, last) = (*order.epochs.start(), *order.epochs.end());
    let Located { first_kept, epoch: begun, .. } = located(dirs, order.journal_id, order.hour.plus_ms(-WARM_MS))?;
    if first_kept > first {
        return Err(RecountError::Pruned { first_kept, since: order.hour }.into());
    }
    let from = first.saturating_sub(NEAR_EPOCHS).max(first_kept);
    let near = Decoder::new(order.decode.clone()).with_formats(&order.formats);
    let near = read_part(dirs, order, from, near)?;
    // A decoder that has seen less accepts no line less: what it does not find is not there.
    let Some(found) = near.found else { return Ok(None) };
    if let Some(found) = found.in_part(order, near.records) {
        return Ok(Some(found));
    }
    // Copies came across its border, or formats were others then.
    let from = begun.min(first);
    let far = read_part(dirs, order, from, decoder(dirs, &order.decode, from, first_kept)?)?;
    let sealed = order.records.count;
    let other = FindError::OtherPart { first, last, found: far.records.count, sealed };
    far.found.map(|found| found.in_part(order, far.records).ok_or(other)).transpose()
}

/// What was read of a part.
struct ReadPart {
    records: Tree,
    found: Option<Candidate>,
}

/// The record that is looked for, with all leaves of its subtree.
struct Candidate {
    record: RecordLeaf,
    index: u64,
    leaves: Vec<Hash>,
}

impl Candidate {
    fn in_part(self, order: &FindOrder, records: Tree) -> Option<FoundRecord> {
        if records != order.records {
            return None;
        }
        let path = subtrees::path(self.index, &self.leaves, &order.subtrees)?;
        Some(FoundRecord { record: self.record, index: self.index, path })
    }
}

fn read_part(dirs: &JournalDirs, order: &FindOrder, from: Epoch, decoder: Decoder) -> Result<ReadPart, RecountError> {
    let mut billed = Billed::new(decoder, order.books.clone());
    let mut part = Reading::default();
    let (hour, customer) = (order.hour, order.customer_id);
    let epochs = from..=*order.epochs.end();
    whole(dirs, &epochs, |block| {
        if block.epoch < *order.epochs.start() {
            return billed.pass(block);
        }
        billed.read(block, |customer_id, leaf, is_billed| {
            if is_billed && customer_id == customer && leaf.timestamp.hour() == hour {
                part.push(leaf, &order.wanted);
            }
        });
    })?;
    Ok(part.ended())
}

/// Reads blocks, none of which may be missing.
fn whole(
    dirs: &JournalDirs,
    epochs: &RangeInclusive<Epoch>,
    each: impl FnMut(&crate::block::Block),
) -> Result<(), RecountError> {
    let read = read_blocks(dirs, epochs, each)?;
    if let Some((first, last, place)) = lost_in(&read.lost, epochs) {
        return Err(RecountError::Damaged { first, last, place });
    }
    let (last, through) = (read.last.unwrap_or(epochs.start().saturating_sub(1)), *epochs.end());
    if last < through { Err(RecountError::Short { last, through }) } else { Ok(()) }
}

/// A part while its records are read: of the leaves those of one subtree are kept.
#[derive(Default)]
struct Reading {
    records: Subtrees,
    leaves: Vec<Hash>,
    found: Option<Candidate>,
}

impl Reading {
    fn push(&mut self, leaf: &RecordLeaf, wanted: &Wanted) {
        let (hash, index) = (leaf.hash(), self.records.count());
        if self.found.is_none() && wanted.is(leaf) {
            self.found = Some(Candidate { record: *leaf, index, leaves: Vec::new() });
        }
        self.records.push(hash);
        self.leaves.push(hash);
        if self.leaves.len() == SUBTREE_LEAVES {
            self.close();
        }
    }

    /// The leaves so far are those of a subtree: they are the record's, if it is among them.
    fn close(&mut self) {
        let leaves = std::mem::take(&mut self.leaves);
        if let Some(found) = self.found.as_mut().filter(|found| found.leaves.is_empty()) {
            found.leaves = leaves;
        }
    }

    fn ended(mut self) -> ReadPart {
        self.close();
        let records = Tree { count: self.records.count(), root: self.records.root() };
        ReadPart { records, found: self.found }
    }
}

/// Where a record was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whose it is.
    pub customer_id: CustomerId,
    /// In which hour it counts.
    pub hour: UnixMillis,
    /// In which epoch it came.
    pub epoch: Epoch,
    /// Whether it is billed: what is not is in no part.
    pub is_billed: bool,
}

/// Epochs in which a record is looked for.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The journal.
    pub journal_id: JournalId,
    /// The epochs.
    pub epochs: RangeInclusive<Epoch>,
    /// The books that were published.
    pub books: PriceBooks,
    /// The formats that were published.
    pub formats: Vec<PublishedFormat>,
    /// Formats and bindings, as they were in force.
    pub decode: DecodeConfig,
}

/// Looks for a record that may be anybody's, where it was taken first.
pub fn look_up(dirs: &JournalDirs, lookup: &Lookup, wanted: &Wanted) -> Result<Option<Seen>, RecountError> {
    let first_kept = located(dirs, lookup.journal_id, UnixMillis::MIN)?.first_kept;
    let from = (*lookup.epochs.start()).max(first_kept);
    let decoder = Decoder::new(lookup.decode.clone()).with_formats(&lookup.formats);
    let mut billed = Billed::new(decoder, lookup.books.clone());
    let mut seen = None;
    whole(dirs, &(from..=*lookup.epochs.end()), |block| {
        let epoch = block.epoch;
        billed.read(block, |customer_id, leaf, is_billed| {
            if seen.is_none() && wanted.is(leaf) {
                seen = Some(Seen { customer_id, hour: leaf.timestamp.hour(), epoch, is_billed });
            }
        });
    })?;
    Ok(seen)
}
