//! How the journal is kept: what can be set, and the bounds.

use std::path::PathBuf;

/// A segment is closed when it is at least this long.
pub const DEFAULT_SEGMENT_BYTES: u64 = 256 << 20;
/// Segments that nobody needs any more are kept up to this much.
pub const DEFAULT_KEEP_BYTES: u64 = 8 << 30;
/// Sealed blocks that may wait for the writer.
pub const DEFAULT_QUEUE_BLOCKS: usize = 8;
/// The zstd level of closed segments. Of SF1 lines 3 takes a quarter more time and saves nothing, 6 takes three and a half
/// times as much for a tenth to a sixth less.
pub const DEFAULT_COMPRESS_LEVEL: i32 = 1;
/// zstd's own highest level that does not need extraordinary memory.
pub const MAX_COMPRESS_LEVEL: i32 = 19;
/// Files that are kept at hand to become hot segments.
pub const DEFAULT_SPARE_SEGMENTS: usize = 2;
/// More than this would only take room.
pub const MAX_SPARE_SEGMENTS: usize = 8;
/// The archive keeps a segment so long.
pub const DEFAULT_ARCHIVE_KEEP_DAYS: u32 = 100;

/// How the journal is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// A segment is closed when it is at least this long; [`DEFAULT_SEGMENT_BYTES`].
    pub segment_bytes: u64,
    /// Closed segments that nobody needs any more are deleted, or go to the archive, once the journal is longer than
    /// this on the disk; [`DEFAULT_KEEP_BYTES`].
    pub keep_bytes: u64,
    /// The same once their last block is older than so many days; 0, the default: not for their age.
    pub keep_days: u32,
    /// Sealed blocks that may wait for the writer; [`DEFAULT_QUEUE_BLOCKS`].
    pub queue_blocks: usize,
    /// The zstd level that closed segments are compressed with; 0: they stay raw. [`DEFAULT_COMPRESS_LEVEL`].
    pub compress_level: i32,
    /// How many files are kept at hand to become hot segments: used ones first, else one is written in advance. 0:
    /// hot segments grow as they are written. [`DEFAULT_SPARE_SEGMENTS`].
    pub spare_segments: usize,
    /// Where closed segments go instead of being deleted; `None`, the default: nowhere.
    pub archive: Option<ArchiveConfig>,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            segment_bytes: DEFAULT_SEGMENT_BYTES,
            keep_bytes: DEFAULT_KEEP_BYTES,
            keep_days: 0,
            queue_blocks: DEFAULT_QUEUE_BLOCKS,
            compress_level: DEFAULT_COMPRESS_LEVEL,
            spare_segments: DEFAULT_SPARE_SEGMENTS,
            archive: None,
        }
    }
}

/// How the archive is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveConfig {
    /// Its directory; made if it is not there. It may be on another disk than the journal.
    pub dir: PathBuf,
    /// Its oldest segments are deleted once it is longer than this; 0: never for its length.
    pub keep_bytes: u64,
    /// A segment is deleted once its last block is older than so many days; 0: never for its age.
    pub keep_days: u32,
}

impl ArchiveConfig {
    /// An archive in this directory, for [`DEFAULT_ARCHIVE_KEEP_DAYS`] and of any length.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), keep_bytes: 0, keep_days: DEFAULT_ARCHIVE_KEEP_DAYS }
    }
}
