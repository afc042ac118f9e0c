//! The journal: the durable log of accepted frames, which alone decides every output.
//!
//! Blocks ([`crate::block`]) stand one behind the other in segment files of one directory. A thread of its own writes
//! them in groups: all that wait, then one sync; only then do they count as durable ([`Progress`]). Whoever feeds it
//! never touches the disk: a bounded queue stands between, and when the disk refuses (full, read-only) the writer
//! tries the same group again for as long as it takes while the queue fills and backpressure reaches the senders.
//!
//! It promises: what was reported durable is there after a crash, whole and in order; a torn tail is cut off at the
//! last sound block, and never past one that was durable; damage anywhere else, a missing segment or a file of another
//! journal is a clear error, never skipped. One process at a time, by a lock.

mod progress;
mod reader;
mod recover;
mod segment;
mod storage;
mod writer;

pub use progress::{Ended, JournalStatus, Progress};
pub use reader::JournalReader;
pub use recover::Recovery;
pub use segment::{Damage, FORMAT_VERSION, JournalId, NoJournalId, SEGMENT_HEADER_BYTES, Segment, SegmentHeader};
pub use storage::{DiskStorage, SegmentFile, Storage};

use crate::block::Block;
use crossbeam_channel::Sender;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use suiftly_schema::ids::Epoch;

/// A segment is closed when it is at least this long.
pub const DEFAULT_SEGMENT_BYTES: u64 = 256 << 20;
/// Segments that nobody needs any more are kept up to this much.
pub const DEFAULT_KEEP_BYTES: u64 = 8 << 30;
/// Sealed blocks that may wait for the writer.
pub const DEFAULT_QUEUE_BLOCKS: usize = 8;

/// How the journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// A segment is closed when it is at least this long; [`DEFAULT_SEGMENT_BYTES`].
    pub segment_bytes: u64,
    /// Closed segments that nobody needs any more are deleted once the journal is longer; [`DEFAULT_KEEP_BYTES`].
    pub keep_bytes: u64,
    /// Sealed blocks that may wait for the writer; [`DEFAULT_QUEUE_BLOCKS`].
    pub queue_blocks: usize,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            segment_bytes: DEFAULT_SEGMENT_BYTES,
            keep_bytes: DEFAULT_KEEP_BYTES,
            queue_blocks: DEFAULT_QUEUE_BLOCKS,
        }
    }
}

/// Why the journal cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("the journal in {dir} is in use by another process")]
    Locked {
        /// The journal's directory.
        dir: PathBuf,
    },
    /// A file that should be a segment is none that can be read.
    #[error("cannot read journal segment {path}: {reason}")]
    Segment {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A segment of another journal.
    #[error("journal segment {path} belongs to journal {found}, not to {expected}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The journal it belongs to.
        found: JournalId,
        /// The journal of the others.
        expected: JournalId,
    },
    /// Bytes between two segments are missing.
    #[error("journal segment {path} begins at byte {found}, but the one before it ends at {expected}")]
    Gap {
        /// The segment after the gap.
        path: PathBuf,
        /// Where it should begin.
        expected: u64,
        /// Where it begins.
        found: u64,
    },
    /// A block that was durable cannot be read any more.
    #[error("journal segment {path} is damaged at byte {offset} of the journal, epoch {epoch}: {damage}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the block begins in the journal.
        offset: u64,
        /// The block's epoch.
        epoch: Epoch,
        /// What is wrong.
        damage: Damage,
    },
    /// Epochs were asked for that are not kept any more.
    #[error("the journal in {dir} begins with epoch {first}, but epoch {wanted} is needed")]
    Retired {
        /// The journal's directory.
        dir: PathBuf,
        /// The first epoch that is there.
        first: Epoch,
        /// The one that was asked for.
        wanted: Epoch,
    },
    /// No random bytes for a new journal's id.
    #[error("cannot draw a journal id: {0}")]
    Random(getrandom::Error),
    /// The writer's thread could not be started.
    #[error("cannot start the journal's writer: {0}")]
    Thread(io::Error),
}

impl JournalError {
    fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}

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
        mut storage: Box<dyn Storage>,
    ) -> Result<(Self, Recovery), JournalError> {
        std::fs::create_dir_all(dir).map_err(|error| JournalError::io("make the directory", dir, error))?;
        let lock = recover::lock(dir)?;
        let (recovery, segments) = recover::recover(dir, storage.as_mut())?;
        let progress = Arc::new(Progress::new(&recovery));
        let (blocks, queue) = crossbeam_channel::bounded(config.queue_blocks);
        let writer = writer::Writer::new(dir, config, storage, &recovery, segments, Arc::clone(&progress));
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(JournalError::Thread)?;
        Ok((Self { blocks: Some(blocks), writer: Some(writer), progress, _lock: lock }, recovery))
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
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the journal's writer panicked");
        }
    }
}
