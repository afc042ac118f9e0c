//! A block of the order, as it stands in its journal: changes first, then the journals' cuts by number.
//!
//! A cut's frame is of [`Source::Cut`], which names the journal: `through epoch u64 · the block's cut_at i64 ms · end u64`,
//! all little-endian. Every block has the cut in force of every journal, also of those that bring nothing: it says by
//! itself from where on the next one takes in.

use super::OrderError;
use crate::block::{Block, BlockBuilder, Frame};
use crate::journal::JournalId;
use crate::source::Source;
use std::collections::BTreeSet;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;

/// A cut's frame is so long.
pub const CUT_BYTES: usize = 24;
/// The highest number of a journal: the database counts them in 16 bits with a sign. 0 is the order's own.
pub const MAX_JOURNAL_NO: u16 = i16::MAX.cast_unsigned();

/// How far a journal is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The journal.
    pub journal: JournalId,
    /// Its number in the cluster.
    pub no: u16,
    /// Its last block that is taken in.
    pub through: Epoch,
    /// When that was cut.
    pub cut_at: UnixMillis,
    /// Where it ends in its journal, in bytes.
    pub end: u64,
}

impl Cut {
    fn to_bytes(self) -> [u8; CUT_BYTES] {
        let fields = [self.through.to_le_bytes(), self.cut_at.0.to_le_bytes(), self.end.to_le_bytes()];
        std::array::from_fn(|at| fields[at / 8][at % 8])
    }

    fn read(journal: JournalId, no: u16, bytes: &[u8]) -> Result<Self, &'static str> {
        let bytes: &[u8; CUT_BYTES] = bytes.try_into().map_err(|_| "a cut of another length")?;
        let field = |at: usize| std::array::from_fn(|i| bytes[8 * at + i]);
        let cut_at = UnixMillis(i64::from_le_bytes(field(1)));
        let (through, end) = (u64::from_le_bytes(field(0)), u64::from_le_bytes(field(2)));
        if !(1..=MAX_JOURNAL_NO).contains(&no) {
            return Err("a cut of a journal without a number");
        }
        if through == 0 || through == Epoch::MAX || !(UnixMillis::MIN..=UnixMillis::MAX).contains(&cut_at) {
            return Err("a cut that no journal has");
        }
        Ok(Self { journal, no, through, cut_at, end })
    }
}

/// A reference change, as it came out of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When it was taken in.
    pub received_at: UnixMillis,
    /// Where it stands in the order's journal.
    pub offset: u64,
    /// JSON, [`suiftly_schema::reference::ReferenceChange`], if this program can read it.
    pub bytes: Vec<u8>,
}

/// An epoch of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBlock {
    /// Its number.
    pub epoch: Epoch,
    /// Its clock.
    pub cut_at: UnixMillis,
    /// Where its block ends in the order's journal, in bytes.
    pub end: u64,
    /// What holds from its first line on, in order.
    pub changes: Vec<Change>,
    /// The cuts in force, by number.
    pub cuts: Vec<Cut>,
}

impl OrderBlock {
    /// Reads a block; refuses one that is none of an order.
    pub fn of(block: &Block) -> Result<Self, OrderError> {
        let Block { epoch, cut_at, end, .. } = *block;
        let mut order = Self { epoch, cut_at, end, changes: Vec::new(), cuts: Vec::new() };
        let mut journals = BTreeSet::new();
        for frame in block.frames() {
            order.take(&frame, &mut journals).map_err(|what| OrderError::Content { epoch, what })?;
        }
        Ok(order)
    }

    fn take(&mut self, frame: &Frame<'_>, journals: &mut BTreeSet<JournalId>) -> Result<(), &'static str> {
        match frame.source {
            Source::Outbox if self.cuts.is_empty() => {
                let Frame { received_at, offset, bytes, .. } = *frame;
                self.changes.push(Change { received_at, offset, bytes: bytes.to_vec() });
            }
            Source::Outbox => return Err("a change behind a cut"),
            Source::Cut { journal, no } => {
                if self.cuts.last().is_some_and(|before| before.no >= no) {
                    return Err("its cuts are not by number");
                }
                if !journals.insert(journal) {
                    return Err("two cuts of one journal");
                }
                self.cuts.push(Cut::read(journal, no, frame.bytes)?);
            }
            _ => return Err("a line in it"),
        }
        Ok(())
    }

    /// The cut in force of a journal, if it was ever taken in.
    pub fn cut_of(&self, journal: JournalId) -> Option<&Cut> {
        self.cuts.iter().find(|cut| cut.journal == journal)
    }

    fn check_follows(&self, before: &Self) -> Result<(), OrderError> {
        if self.epoch != before.epoch + 1 {
            return Err(OrderError::Missing { epoch: before.epoch + 1 });
        }
        let goes_on = |cut: &Cut| {
            before.cut_of(cut.journal).is_none_or(|before| {
                let goes_on = cut.through >= before.through && cut.cut_at >= before.cut_at && cut.end >= before.end;
                cut.no == before.no && goes_on
            })
        };
        if self.cut_at < before.cut_at || self.end <= before.end || !self.cuts.iter().all(goes_on) {
            return Err(OrderError::Content { epoch: self.epoch, what: "it goes back behind the one before it" });
        }
        Ok(())
    }
}

/// Makes a block of this content; `changes` are together far shorter than a block.
pub(super) fn build(changes: &[Vec<u8>], cuts: &[Cut], taken_in: UnixMillis) -> BlockBuilder {
    let mut builder = BlockBuilder::default();
    let changes = changes.iter().map(|change| (Source::Outbox, change.clone()));
    let cuts = cuts.iter().map(|cut| (Source::Cut { journal: cut.journal, no: cut.no }, cut.to_bytes().to_vec()));
    for (source, bytes) in changes.chain(cuts) {
        builder.push(&source, taken_in, &bytes).expect("all journals' cuts are half of what a block holds");
    }
    builder
}

/// Blocks of an order, one after the other: refuses one that does not follow the one before it.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    last: Option<OrderBlock>,
}

impl Sequence {
    /// Takes the next block; after nothing, any.
    pub fn take(&mut self, block: &Block) -> Result<OrderBlock, OrderError> {
        let order = OrderBlock::of(block)?;
        if let Some(last) = &self.last {
            order.check_follows(last)?;
        }
        self.last = Some(order.clone());
        Ok(order)
    }

    /// The last that was taken.
    pub const fn last(&self) -> Option<&OrderBlock> {
        self.last.as_ref()
    }
}
