//! Recount: billable usage by hour, out of nothing but a journal and its archive. What an invoice is held against.
//!
//! It decodes as the running system did, with the same [`Decoder`], so it counts what that counted: duplicates over two
//! transports, conflicts, bound sources and lines given again included, provided it is told the formats and bindings that
//! were in force; formats that were published while it ran are in the journal, and found there. One thread reads, decompresses and checks ahead while the caller's decodes.
//!
//! It begins with the first block that can hold a line of the month. What a line's copies are told by is within them: a
//! copy has the same date. Two things are not, and only [`From::Beginning`] counts them right: a line with the identity
//! of one before, which was a conflict, and a line out of the quarantine that was given again long before its date.
//! Whoever finds a difference counts again from the beginning before believing it.
//!
//! A part of the truth must not look like the whole: where blocks are missing there is no count but an error.
//!
//! What a cluster has counted is counted in its order, out of all its journals ([`Journals`]).

mod books;
mod cluster;
mod error;
mod hours;

pub(crate) use books::told_formats;
pub use books::{ToldBooks, told_books};
pub use cluster::Journals;
pub use error::RecountError;

use crate::block::Block;
use crate::decode::{DecodeConfig, Decoder, TimeWindow, Visited};
use crate::journal::{JournalError, JournalId, JournalReader, Located, Lost, locate};
use crate::order::is_order;
use crossbeam_channel::Sender;
use hours::Hours;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use suiftly_schema::bill::HourUsage;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::price::PriceBook;
use suiftly_schema::reference::Entity;
use suiftly_schema::time::BillingMonth;

/// Blocks that are read ahead: each at most 4 MiB.
const AHEAD_BLOCKS: usize = 8;

/// How far a machine's clock may have been set back between a line's receipt and its block's cut.
pub(crate) const CLOCK_MARGIN_MS: i64 = 3_600_000;

/// Where a journal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalDirs {
    /// Its directory, or one that its segments were copied to.
    pub journal: PathBuf,
    /// Its archive.
    pub archive: Option<PathBuf>,
}

/// Whose usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Customers {
    /// Everybody's.
    All,
    /// Only theirs.
    These(BTreeSet<CustomerId>),
}

impl Customers {
    /// One customer's.
    pub fn one(customer_id: CustomerId) -> Self {
        Self::These(BTreeSet::from([customer_id]))
    }

    fn include(&self, customer_id: CustomerId) -> bool {
        match self {
            Self::All => true,
            Self::These(customers) => customers.contains(&customer_id),
        }
    }
}

/// Where counting begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// The first block that can hold a line of the month.
    #[default]
    Month,
    /// The oldest block that is kept.
    Beginning,
}

/// What to count.
#[derive(Clone, Debug)]
pub struct RecountOrder {
    /// The journal that is expected there.
    pub journal_id: JournalId,
    /// The last epoch that counts.
    pub through: Epoch,
    /// Lines of this month count.
    pub month: BillingMonth,
    /// Whose.
    pub customers: Customers,
    /// The books in force in the month, ascending by the hour they take effect: they say which requests are billed. Without
    /// any, those of the default rule are.
    pub books: Vec<PriceBook>,
    /// Formats and bindings, as they were in force.
    pub decode: DecodeConfig,
    /// Where to begin.
    pub from: From,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recount {
    /// Billable usage by customer, ascending by hour, service and network; nothing that is zero.
    pub hours: BTreeMap<CustomerId, Vec<HourUsage>>,
    /// Price books that came among the lines read, in their order.
    pub books: Vec<PriceBook>,
    /// The first epoch that was read.
    pub first_epoch: Epoch,
    /// The last one.
    pub last_epoch: Epoch,
    /// Lines read, whatever became of them.
    pub lines: u64,
    /// Whether it began with the journal's first block.
    pub is_from_first: bool,
}

/// Counts a process's own journal again; refuses the order of a cluster.
pub fn recount(dirs: &JournalDirs, order: &RecountOrder) -> Result<Recount, RecountError> {
    let begin = begin(dirs, order)?;
    if is_order(dirs)? {
        return Err(RecountError::Order { dir: dirs.journal.clone() });
    }
    let mut decoder = decoder(dirs, order, &begin)?;
    let mut hours = Hours::new(order.month, &order.books);
    let is_from_first = begin.epoch == begin.first_kept && begin.is_from_first();
    let mut recount = Recount { first_epoch: begin.epoch, is_from_first, ..Recount::default() };
    each_block(dirs, begin.epoch..=order.through, |block| {
        recount.lines += u64::from(block.frame_count());
        decoder.visit(block, |visited| match visited {
            Visited::Record(record, _) => {
                if record.customer_id.is_some_and(|customer_id| order.customers.include(customer_id)) {
                    hours.add(&record);
                }
            }
            Visited::Change(change) => {
                if let Entity::PriceBook(book) = change.entity {
                    recount.books.push(book);
                }
            }
        });
    })?;
    (recount.hours, recount.last_epoch) = (hours.into_sorted(), order.through);
    Ok(recount)
}

/// A decoder that has seen nothing, and reads by what was published before it begins.
fn decoder(dirs: &JournalDirs, order: &RecountOrder, begin: &Located) -> Result<Decoder, RecountError> {
    let decoder = Decoder::new(order.decode.clone());
    if begin.epoch == begin.first_kept {
        return Ok(decoder);
    }
    Ok(decoder.with_formats(&told_formats(dirs, begin.epoch)?))
}

/// Finds the first block to read, and refuses what is not the journal that is wanted or does not reach so far back.
fn begin(dirs: &JournalDirs, order: &RecountOrder) -> Result<Located, RecountError> {
    let ahead_ms = order.decode.time_window.unwrap_or(TimeWindow::LIVE).ahead_ms;
    let since = order.month.start().plus_ms(-ahead_ms).plus_ms(-CLOCK_MARGIN_MS);
    let located = locate(&dirs.journal, dirs.archive.as_deref(), since)?;
    match located.journal_id {
        Some(found) if found != order.journal_id => {
            return Err(RecountError::OtherJournal { found, expected: order.journal_id });
        }
        None => return Err(RecountError::Empty { dir: dirs.journal.clone() }),
        Some(_) => {}
    }
    if !located.is_whole {
        return Err(RecountError::Pruned { first_kept: located.first_kept, since });
    }
    Ok(match order.from {
        From::Month => located,
        From::Beginning => Located { epoch: located.first_kept, ..located },
    })
}

/// Hands every block of these epochs over, in order. An error if one is missing.
fn each_block(dirs: &JournalDirs, epochs: RangeInclusive<Epoch>, each: impl FnMut(&Block)) -> Result<(), RecountError> {
    if epochs.is_empty() {
        return Ok(());
    }
    let ReadBlocks { last, lost } = read_blocks(dirs, &epochs, each)?;
    if let Some((first, last, place)) = lost_in(&lost, &epochs) {
        return Err(RecountError::Damaged { first, last, place });
    }
    match last {
        Some(last) if last >= *epochs.end() => Ok(()),
        last => Err(RecountError::Short { last: last.unwrap_or(epochs.start() - 1), through: *epochs.end() }),
    }
}

/// What reading blocks came to.
pub(crate) struct ReadBlocks {
    /// The last that was read.
    pub(crate) last: Option<Epoch>,
    /// What could not be.
    pub(crate) lost: Lost,
}

/// The same, passing over what cannot be read, while a thread of its own reads on.
pub(crate) fn read_blocks(
    dirs: &JournalDirs,
    epochs: &RangeInclusive<Epoch>,
    mut each: impl FnMut(&Block),
) -> Result<ReadBlocks, RecountError> {
    let archive = dirs.archive.as_deref();
    let blocks = JournalReader::with_archive(&dirs.journal, archive, *epochs.start())?;
    let (ahead, read) = crossbeam_channel::bounded(AHEAD_BLOCKS);
    let (through, mut last) = (*epochs.end(), None);
    let lost = std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().name("read-ahead".to_owned());
        let reader = reader.spawn_scoped(scope, move || read_ahead(blocks, through, &ahead));
        let reader = reader.map_err(JournalError::Thread)?;
        for block in read {
            let block: Block = block?;
            last = Some(block.epoch);
            each(&block);
        }
        Ok::<_, RecountError>(reader.join().expect("the reading thread does not panic"))
    })?;
    Ok(ReadBlocks { last, lost })
}

/// The first of these epochs that could not be read, the last that was lost with it, and where they stand.
pub(crate) fn lost_in(lost: &Lost, epochs: &RangeInclusive<Epoch>) -> Option<(Epoch, Epoch, String)> {
    let is_in_range = |first: Epoch, end: Epoch| first <= *epochs.end() && end > *epochs.start();
    let place = lost.places.iter().find(|place| is_in_range(place.first_epoch, place.end_epoch))?;
    Some((place.first_epoch, place.end_epoch.saturating_sub(1).max(place.first_epoch), place.to_string()))
}

/// Reads up to and with `through`, or until nobody takes what is read; says what it had to leave out.
fn read_ahead(mut blocks: JournalReader, through: Epoch, ahead: &Sender<Result<Block, JournalError>>) -> Lost {
    for block in &mut blocks {
        let is_last = block.as_ref().map_or(true, |block| block.epoch >= through);
        let is_wanted = block.as_ref().map_or(true, |block| block.epoch <= through);
        if (is_wanted && ahead.send(block).is_err()) || is_last {
            break;
        }
    }
    blocks.lost().clone()
}

impl JournalDirs {
    /// A journal without an archive.
    pub fn new(journal: impl Into<PathBuf>) -> Self {
        Self { journal: journal.into(), archive: None }
    }

    /// The same with an archive.
    #[must_use]
    pub fn with_archive(self, archive: &Path) -> Self {
        Self { archive: Some(archive.to_owned()), ..self }
    }
}

impl Located {
    const fn is_from_first(&self) -> bool {
        self.first_kept == crate::journal::FIRST_EPOCH
    }
}
