//! `[journal]`: how lines are kept on the disk, and how long.

use super::Problems;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use suiftly_ingest::journal::{self, ArchiveConfig, JournalConfig, MAX_COMPRESS_LEVEL, MAX_SPARE_SEGMENTS};

/// A segment is no smaller and no larger.
const SEGMENT_BYTES: std::ops::RangeInclusive<u64> = 1 << 20..=16 << 30;

/// `[journal]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Journal {
    /// A block is cut, and so an epoch made, at the latest after so many milliseconds: 1 to 1000.
    pub(crate) cut_ms: u64,
    /// A segment is closed when it is larger than so many bytes: 1 MiB to 16 GiB.
    pub(crate) segment_bytes: u64,
    /// Segments that the database has are deleted or archived, oldest first, beyond so many bytes.
    pub(crate) keep_bytes: u64,
    /// The same for those older than so many days; 0: not for their age.
    pub(crate) keep_days: u32,
    /// The zstd level of closed segments: 1 to 19; 0: they stay raw.
    pub(crate) compress_level: i32,
    /// Files kept at hand to become hot segments: 0 to 8.
    pub(crate) spare_segments: usize,
    /// Where segments go instead of being deleted. Without it they are deleted.
    pub(crate) archive_dir: Option<PathBuf>,
    /// The archive's oldest segments are deleted beyond so many bytes; 0: none for that.
    pub(crate) archive_keep_bytes: u64,
    /// The same for those older than so many days; 0: not for their age.
    pub(crate) archive_keep_days: u32,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            cut_ms: 10,
            segment_bytes: journal::DEFAULT_SEGMENT_BYTES,
            keep_bytes: journal::DEFAULT_KEEP_BYTES,
            keep_days: 0,
            compress_level: journal::DEFAULT_COMPRESS_LEVEL,
            spare_segments: journal::DEFAULT_SPARE_SEGMENTS,
            archive_dir: None,
            archive_keep_bytes: 0,
            archive_keep_days: journal::DEFAULT_ARCHIVE_KEEP_DAYS,
        }
    }
}

impl Journal {
    /// How the journal is to be kept.
    pub(crate) fn kept(&self) -> JournalConfig {
        let archive = self.archive_dir.as_ref().map(|dir| ArchiveConfig {
            dir: dir.clone(),
            keep_bytes: self.archive_keep_bytes,
            keep_days: self.archive_keep_days,
        });
        JournalConfig {
            segment_bytes: self.segment_bytes,
            keep_bytes: self.keep_bytes,
            keep_days: self.keep_days,
            compress_level: self.compress_level,
            spare_segments: self.spare_segments,
            archive,
            ..JournalConfig::default()
        }
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        let (levels, spares) = (0..=MAX_COMPRESS_LEVEL, 0..=MAX_SPARE_SEGMENTS);
        problems.unless((1..=1_000).contains(&self.cut_ms), "journal.cut_ms must be 1 to 1000");
        let fits = SEGMENT_BYTES.contains(&self.segment_bytes);
        problems.unless(fits, "journal.segment_bytes must be 1 MiB (1048576) to 16 GiB (17179869184)");
        problems.unless(levels.contains(&self.compress_level), "journal.compress_level must be 0 to 19");
        problems.unless(spares.contains(&self.spare_segments), "journal.spare_segments must be 0 to 8");
    }
}
