//! The journal: the durable log of accepted frames, which alone decides every output.
//!
//! Blocks ([`crate::block`]) stand one behind the other in segment files of one directory. A thread of its own writes
//! them in groups: all that wait, then one sync; only then do they count as durable ([`Progress`]). Whoever feeds it
//! never touches the disk: a bounded queue stands between, and when the disk refuses (full, read-only) the writer
//! tries the same group again for as long as it takes while the queue fills and backpressure reaches the senders.
//! A second thread, of low priority, looks after closed segments: it compresses, archives and deletes them, and makes
//! files ready for the segments to come.
//!
//! It promises: what was reported durable is there after a crash, whole and in order; a torn tail is cut off at the
//! last sound block, and never past one that was durable. Damage anywhere else is told, counted and passed over, never
//! taken for data. A missing segment or a file of another journal is a clear error. One process at a time writes, by a
//! lock; others may read meanwhile.

mod config;
mod damage;
mod dump;
mod error;
mod id;
mod keeper;
mod list;
mod locate;
mod packed;
mod progress;
mod reader;
mod recover;
mod scan;
mod segment;
mod shelf;
mod storage;
mod survey;
mod verify;
mod writer;

pub use config::{
    ArchiveConfig, DEFAULT_ARCHIVE_KEEP_DAYS, DEFAULT_COMPRESS_LEVEL, DEFAULT_KEEP_BYTES, DEFAULT_QUEUE_BLOCKS,
    DEFAULT_SEGMENT_BYTES, DEFAULT_SPARE_SEGMENTS, JournalConfig, MAX_COMPRESS_LEVEL, MAX_SPARE_SEGMENTS,
};
pub use damage::{Damage, DamagedPlace, Lost, MAX_DAMAGED_PLACES};
pub use dump::{DumpError, DumpOptions, dump};
pub use error::JournalError;
pub use id::{JournalId, NoJournalId};
pub use list::first_epoch;
pub use locate::{Located, locate};
pub use progress::{Ended, JournalStatus, Progress};
pub use reader::JournalReader;
pub use recover::Recovery;
pub(crate) use recover::{FIRST_EPOCH, begin};
pub use segment::{FORMAT_VERSION, Form, SEGMENT_HEADER_BYTES, Segment, SegmentHeader};
pub use storage::{DiskStorage, SegmentFile, Storage};
pub use survey::{SegmentSummary, State, survey};
pub use verify::{Verified, verify};

use crate::block::Block;
use crossbeam_channel::Sender;
use keeper::Keeper;
use parking_lot::Mutex;
use shelf::{Files, Shelf};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use suiftly_schema::ids::Epoch;
use writer::Writer;

/// The writer has ended: abandoned, or after a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal's writer has ended")]
pub struct WriterEnded;

/// An open journal: takes sealed blocks. Dropping it writes what was taken, then closes it.
#[derive(Debug)]
pub struct Journal {
    /// `None` once closing.
    blocks: Option<Sender<Arc<Block>>>,
    writer: Option<JoinHandle<()>>,
    keeper: Option<JoinHandle<()>>,
    /// Tells the keeper to leave undone what takes long.
    closing: Arc<AtomicBool>,
    progress: Arc<Progress>,
    /// Held as long as the journal is open.
    _lock: File,
}

impl Journal {
    /// Opens the journal in `dir`, or makes one; cuts off a torn tail. The next block is the one after
    /// [`Recovery::last_epoch`], beginning at [`Recovery::end`].
    pub fn open(dir: &Path, config: JournalConfig) -> Result<(Self, Recovery), JournalError> {
        Self::open_with(dir, config, Box::new(DiskStorage))
    }

    /// The same, on a disk of the caller's.
    pub fn open_with(
        dir: &Path,
        config: JournalConfig,
        storage: Box<dyn Storage>,
    ) -> Result<(Self, Recovery), JournalError> {
        for dir in [Some(dir), config.archive.as_ref().map(|archive| archive.dir.as_path())].into_iter().flatten() {
            std::fs::create_dir_all(dir).map_err(|error| JournalError::io("make the directory", dir, error))?;
        }
        let lock = recover::lock(dir)?;
        let (recovery, segments) = recover::recover(dir, storage.as_ref())?;
        let progress = Arc::new(Progress::new(&recovery));
        progress.note_lost(&recovery.lost);
        let (blocks, queue) = crossbeam_channel::bounded(config.queue_blocks);
        let (wake, woken) = crossbeam_channel::bounded(1);
        let parts = Parts { dir, config, storage: Arc::from(storage), progress: Arc::clone(&progress) };
        let (shelf, hot) = parts.shelve(segments);
        let closing = Arc::new(AtomicBool::new(false));
        let keeper = parts.keeper(&shelf, &closing);
        let writer = parts.writer(&recovery, hot, shelf, wake);
        let keeper = spawn("journal-keeper", move || keeper.run(&woken))?;
        let writer = spawn("journal", move || writer.run(&queue))?;
        let (writer, keeper, blocks) = (Some(writer), Some(keeper), Some(blocks));
        Ok((Self { blocks, writer, keeper, closing, progress, _lock: lock }, recovery))
    }

    /// Hands a block to the writer; waits while its queue is full.
    pub fn append(&self, block: Arc<Block>) -> Result<(), WriterEnded> {
        self.progress.note_sealed(&block);
        self.blocks.as_ref().and_then(|blocks| blocks.send(block).ok()).ok_or(WriterEnded)
    }

    /// Whether [`Journal::append`] would wait.
    pub fn queue_is_full(&self) -> bool {
        self.blocks.as_ref().is_some_and(Sender::is_full)
    }

    /// How far it is durable.
    pub const fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Nobody needs epochs up to this one any more: their segments may be deleted when room is needed.
    pub fn release_through(&self, epoch: Epoch) {
        self.progress.release_through(epoch);
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.blocks = None;
        join(self.writer.take());
        self.closing.store(true, Ordering::Relaxed);
        join(self.keeper.take());
    }
}

/// What writer and keeper are made of.
struct Parts<'a> {
    dir: &'a Path,
    config: JournalConfig,
    storage: Arc<dyn Storage>,
    progress: Arc<Progress>,
}

impl Parts<'_> {
    /// The last segment is written on, the others are closed.
    fn shelve(&self, mut segments: Vec<Segment>) -> (Arc<Shelf>, Segment) {
        let hot = segments.pop().expect("a journal has a segment");
        let files = Files {
            closed: segments.into(),
            hot_first_epoch: hot.header.first_epoch,
            hot_written_bytes: hot.file_bytes,
            hot_file_bytes: hot.file_bytes,
            ..Files::default()
        };
        (Arc::new(Mutex::new(files)), hot)
    }

    fn keeper(&self, shelf: &Arc<Shelf>, closing: &Arc<AtomicBool>) -> Keeper {
        let (storage, progress) = (Arc::clone(&self.storage), Arc::clone(&self.progress));
        let kept = (self.dir.to_owned(), self.config.clone());
        Keeper::new(kept, storage, progress, Arc::clone(shelf), Arc::clone(closing))
    }

    fn writer(self, recovery: &Recovery, hot: Segment, shelf: Arc<Shelf>, wake: Sender<()>) -> Writer {
        Writer {
            dir: self.dir.to_owned(),
            segment_bytes: self.config.segment_bytes,
            storage: self.storage,
            progress: self.progress,
            shelf,
            wake,
            hot,
            file: None,
            position: recovery.end,
            next_epoch: recovery.last_epoch + 1,
            last_cut_at: recovery.last_cut_at,
        }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, JournalError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(JournalError::Thread)
}

fn join(thread: Option<JoinHandle<()>>) {
    if let Some(Err(_)) = thread.map(JoinHandle::join) {
        tracing::error!("a thread of the journal panicked");
    }
}
