//! A cluster read again from outside: its order, and of each journal what the order takes in, of all shards. Whatever
//! the processes were, they had the same; so what is read so is what was stored and billed.
//!
//! A part of the truth must not look like the whole: where a journal that the order takes in is not there, ends early,
//! is damaged, or is another than it was, reading ends with an error.

use super::{Cut, OrderBlock, OrderError, Replay};
use crate::audit::JournalDirs;
use crate::decode::{DecodeConfig, OrderedDecoder, OrderedStart};
use crate::dedup::{DedupError, Limits};
use crate::journal::{JournalError, JournalId, JournalReader};
use crate::ship::{Part, Placement};
use crate::source::Source;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::RangeInclusive;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::shard::{SHARDS, ShardSet};

/// Where a cluster's order is, and the journals that it takes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterDirs {
    /// The order's journal.
    pub order: JournalDirs,
    /// The ingesters' journals. Those that the order does not take in are not looked at.
    pub journals: BTreeMap<JournalId, JournalDirs>,
}

/// Why a cluster cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The order cannot.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// Nobody says where a journal is.
    #[error("epoch {epoch} of the order takes in journal {journal} (number {no}), which is in none of the directories")]
    Unknown {
        /// The order's epoch.
        epoch: Epoch,
        /// Which journal.
        journal: JournalId,
        /// Its number in the cluster.
        no: u16,
    },
    /// A journal cannot be read.
    #[error("journal {journal}, which the order takes in: {cause}")]
    Journal {
        /// Which.
        journal: JournalId,
        /// Why not.
        cause: Box<JournalError>,
    },
    /// The newest blocks that the order takes in are not there.
    #[error("journal {journal} is not whole: epochs {first} to {last}, which the order takes in, are not there")]
    Short {
        /// Which.
        journal: JournalId,
        /// The first epoch that is not there.
        first: Epoch,
        /// The last that is needed.
        last: Epoch,
    },
    /// Blocks that the order takes in cannot be read.
    #[error("journal {journal} is not whole: epochs {first} to {last} cannot be read: {place}")]
    Damaged {
        /// Which.
        journal: JournalId,
        /// The first of them.
        first: Epoch,
        /// The last of them.
        last: Epoch,
        /// Where they stand, and what is wrong there.
        place: String,
    },
    /// What is there is not what was taken in.
    #[error("journal {journal} is not what the order took in: its epoch {epoch} is another")]
    Other {
        /// Which.
        journal: JournalId,
        /// The journal's epoch.
        epoch: Epoch,
    },
    /// The decoder cannot begin.
    #[error(transparent)]
    Dedup(#[from] DedupError),
}

/// Whether the journal there is a cluster's order: lines stand in no order, and cuts in nothing else.
pub fn is_order(dirs: &JournalDirs) -> Result<bool, JournalError> {
    for block in JournalReader::of_all(&dirs.journal, dirs.archive.as_deref(), None)? {
        let block = block?;
        if let Some(frame) = block.frames().find(|frame| frame.source != Source::Outbox) {
            return Ok(matches!(frame.source, Source::Cut { .. }));
        }
    }
    Ok(false)
}

/// Reads these epochs of a cluster's order, and decodes them as one process that has every shard would. What was told
/// before them is `formats`; lines that came before are not known. The order's block before the first must be there.
///
/// It ends with the last of them or, without an error, where the order ends.
pub fn read(
    dirs: &ClusterDirs,
    config: &DecodeConfig,
    epochs: &RangeInclusive<Epoch>,
    formats: &[PublishedFormat],
) -> Result<OrderedReader, ReadError> {
    let after = epochs.start().saturating_sub(1);
    let order = Replay::from_journal(&dirs.order.journal, dirs.order.archive.as_deref(), after)?;
    let start = OrderedStart {
        shards: ShardSet::ALL,
        restarts: &[0; SHARDS],
        watermarks: &[0; SHARDS],
        windows: &[],
        streams: &[],
        reference_seq: 0,
        books: PriceBooks::v1(),
        formats,
    };
    // Who falls out of dedup is decided by the bounds that each shard had.
    let decoder = OrderedDecoder::start(DecodeConfig { limits: Limits::SHARD, ..config.clone() }, start)?;
    let taken = order.cuts().iter().map(|cut| (cut.journal, cut.through)).collect();
    let journals = TakenIn { dirs: dirs.journals.clone(), taken, open: BTreeMap::new() };
    let placement = Placement::new(config.sources.clone());
    Ok(OrderedReader { order, journals, placement, decoder, through: *epochs.end(), has_ended: false })
}

/// An epoch of a cluster, of all shards.
#[derive(Debug)]
pub struct ReadEpoch {
    /// What the order says of it.
    pub order: OrderBlock,
    /// Frames of all journals that it takes in, whatever became of them.
    pub frames: u64,
    /// What became of them.
    pub batch: Batch,
}

/// A cluster's epochs, one after the other. After an error it ends.
pub struct OrderedReader {
    order: Replay,
    journals: TakenIn,
    placement: Placement,
    decoder: OrderedDecoder,
    through: Epoch,
    has_ended: bool,
}

impl OrderedReader {
    fn try_next(&mut self) -> Result<Option<ReadEpoch>, ReadError> {
        if self.order.reached() >= self.through {
            return Ok(None);
        }
        let Some((_, order)) = self.order.next().transpose()? else { return Ok(None) };
        let mut parts = Vec::new();
        for cut in &order.cuts {
            self.journals.take(order.epoch, cut, &self.placement, &mut parts)?;
        }
        let frames = parts.iter().map(|(_, part)| u64::from(part.frame_count())).sum();
        let batch = self.decoder.decode(&order, &parts);
        Ok(Some(ReadEpoch { order, frames, batch }))
    }
}

impl Iterator for OrderedReader {
    type Item = Result<ReadEpoch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = self.try_next().transpose();
        self.has_ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The journals, each read as far as the order takes it in.
struct TakenIn {
    dirs: BTreeMap<JournalId, JournalDirs>,
    /// The last epoch of each that is in.
    taken: BTreeMap<JournalId, Epoch>,
    open: BTreeMap<JournalId, JournalReader>,
}

impl TakenIn {
    /// What a cut takes in that the ones before it did not.
    fn take(
        &mut self,
        epoch: Epoch,
        cut: &Cut,
        placement: &Placement,
        parts: &mut Vec<(u16, Part)>,
    ) -> Result<(), ReadError> {
        let Cut { journal, no, through, .. } = *cut;
        let first = self.taken.insert(journal, through).unwrap_or_default() + 1;
        if first > through {
            return Ok(());
        }
        let cannot = |cause| ReadError::Journal { journal, cause: Box::new(cause) };
        let blocks = match self.open.entry(journal) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(vacant) => {
                let dirs = self.dirs.get(&journal).ok_or(ReadError::Unknown { epoch, journal, no })?;
                let opened = JournalReader::with_archive(&dirs.journal, dirs.archive.as_deref(), first);
                vacant.insert(opened.map_err(cannot)?)
            }
        };
        for wanted in first..=through {
            let Some(block) = blocks.next().transpose().map_err(cannot)? else {
                return Err(missing(blocks, journal, wanted, through));
            };
            if block.epoch != wanted {
                return Err(missing(blocks, journal, wanted, block.epoch - 1));
            }
            if wanted == through && (block.end, block.cut_at) != (cut.end, cut.cut_at) {
                return Err(ReadError::Other { journal, epoch: wanted });
            }
            parts.push((no, Part::cut(&block, placement, &ShardSet::ALL)));
        }
        Ok(())
    }
}

/// Epochs of a journal that it does not give, by damage or since they are not there.
fn missing(blocks: &JournalReader, journal: JournalId, first: Epoch, last: Epoch) -> ReadError {
    match blocks.lost().places.iter().find(|place| place.end_epoch > first && place.first_epoch <= last) {
        Some(place) => ReadError::Damaged { journal, first, last, place: place.to_string() },
        None => ReadError::Short { journal, first, last },
    }
}
