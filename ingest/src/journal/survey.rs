//! What a journal is made of, told without reading its lines.

use super::damage::Fault;
use super::list::{TRIES, list};
use super::packed::PackedBytes;
use super::scan::SegmentReader;
use super::segment::Form;
use super::{JournalError, JournalId, Segment};
use std::path::{Path, PathBuf};
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// Where a segment is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The last: it is written, or will be.
    Hot,
    /// Not written any more, and not compressed yet.
    Closed,
    /// Compressed.
    Compressed,
    /// In the archive.
    Archived,
}

impl State {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Closed => "closed",
            Self::Compressed => "compressed",
            Self::Archived => "archived",
        }
    }
}

/// A segment, told by its headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentSummary {
    /// Its file.
    pub path: PathBuf,
    /// The journal it belongs to.
    pub journal_id: JournalId,
    /// Where it is in its life.
    pub state: State,
    /// Its first epoch.
    pub first_epoch: Epoch,
    /// The epoch after its last; the same as the first if it is empty.
    pub end_epoch: Epoch,
    /// Where its blocks begin in the journal.
    pub start: u64,
    /// Where they end.
    pub end: u64,
    /// When its first block was cut, if it has any.
    pub first_cut_at: Option<UnixMillis>,
    /// When its last block was cut, if it has any.
    pub last_cut_at: Option<UnixMillis>,
    /// Frames in it.
    pub lines: u64,
    /// Its file's length in bytes.
    pub file_bytes: u64,
}

impl SegmentSummary {
    /// Length of its blocks in bytes.
    pub const fn block_bytes(&self) -> u64 {
        self.end - self.start
    }
}

/// The segments of the journal in `dir`, and of its archive, in order. The journal may be in use.
pub fn survey(dir: &Path, archive: Option<&Path>) -> Result<Vec<SegmentSummary>, JournalError> {
    let mut tries = 1;
    loop {
        match list(dir, archive)?.iter().map(|segment| summary(segment, archive)).collect() {
            Err(error) if JournalError::is_not_found(&error) && tries < TRIES => tries += 1,
            surveyed => return surveyed,
        }
    }
}

fn summary(segment: &Segment, archive: Option<&Path>) -> Result<SegmentSummary, JournalError> {
    let is_archived = archive.is_some() && segment.path.parent() == archive;
    let state = match (segment.form, segment.end_epoch) {
        _ if is_archived => State::Archived,
        (Form::Compressed, _) => State::Compressed,
        (Form::Raw, Some(_)) => State::Closed,
        (Form::Raw, None) => State::Hot,
    };
    let mut summary = SegmentSummary {
        path: segment.path.clone(),
        journal_id: segment.header.journal_id,
        state,
        first_epoch: segment.header.first_epoch,
        end_epoch: segment.end_epoch.unwrap_or(segment.header.first_epoch),
        start: segment.header.start,
        end: segment.end,
        first_cut_at: None,
        last_cut_at: None,
        lines: 0,
        file_bytes: segment.file_bytes,
    };
    match segment.form {
        Form::Raw => walk(segment, &mut summary)?,
        Form::Compressed => {
            let packed = PackedBytes::open(&segment.path).map_err(|error| cannot_read(segment, error))?;
            let index = packed.index();
            summary.lines = index.lines;
            // Without a sound block neither was ever set. Blocks without lines have times.
            let has_blocks = index.first_cut_at <= index.last_cut_at;
            summary.first_cut_at = has_blocks.then_some(index.first_cut_at);
            summary.last_cut_at = has_blocks.then_some(index.last_cut_at);
        }
    }
    Ok(summary)
}

fn walk(segment: &Segment, summary: &mut SegmentSummary) -> Result<(), JournalError> {
    let mut reader = SegmentReader::open(segment)?;
    loop {
        match reader.skip() {
            Ok(Some(header)) => {
                summary.lines += u64::from(header.frames);
                summary.first_cut_at = summary.first_cut_at.or(Some(header.cut_at));
                summary.last_cut_at = Some(header.cut_at);
            }
            Ok(None) => break,
            Err(Fault::Io(error)) => return Err(cannot_read(segment, error)),
            Err(Fault::Damage(damage)) => {
                let is_last = segment.end_epoch.is_none();
                if is_last && reader.is_torn_tail().map_err(|error| cannot_read(segment, error))? {
                    break;
                }
                reader.pass_over(damage).map_err(|error| cannot_read(segment, error))?;
            }
        }
    }
    (summary.end, summary.end_epoch) = (reader.position, reader.next_epoch);
    Ok(())
}

fn cannot_read(segment: &Segment, error: std::io::Error) -> JournalError {
    JournalError::io("read", &segment.path, error)
}
