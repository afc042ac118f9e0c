//! The files of an open journal: shared by its writer, which takes and adds, and its keeper, which orders them.

use super::Segment;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::path::PathBuf;
use suiftly_schema::ids::Epoch;

/// What a file at hand for a hot segment is called; a start removes it.
pub(super) const SPARE_EXTENSION: &str = "spare";

/// A file that is to become a hot segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spare {
    pub(super) path: PathBuf,
    pub(super) file_bytes: u64,
}

/// What is on the shelf.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Segments that are not written any more, in order.
    pub(super) closed: VecDeque<Segment>,
    /// Of the hot one: its first epoch, what is written of it and how long its file is.
    pub(super) hot_first_epoch: Epoch,
    pub(super) hot_written_bytes: u64,
    pub(super) hot_file_bytes: u64,
    pub(super) spares: Vec<Spare>,
    /// Gives spares their names.
    pub(super) spares_named: u64,
}

impl Files {
    /// Length of the segments in bytes.
    pub(super) fn segment_bytes(&self) -> u64 {
        self.closed.iter().map(|segment| segment.file_bytes).sum::<u64>() + self.hot_written_bytes
    }

    /// Length of all files in bytes.
    pub(super) fn disk_bytes(&self) -> u64 {
        let room = self.hot_file_bytes.saturating_sub(self.hot_written_bytes);
        self.segment_bytes() + room + self.spares.iter().map(|spare| spare.file_bytes).sum::<u64>()
    }

    /// The epoch after the oldest closed segment's last.
    pub(super) fn end_epoch_of_oldest(&self) -> Epoch {
        self.closed.get(1).map_or(self.hot_first_epoch, |second| second.header.first_epoch)
    }

    /// A name for a file at hand.
    pub(super) fn name_spare(&mut self, dir: &std::path::Path) -> PathBuf {
        self.spares_named += 1;
        dir.join(format!("{}.{SPARE_EXTENSION}", self.spares_named))
    }
}

/// Where they stand.
pub(super) type Shelf = Mutex<Files>;
