//! Opening a journal: the lock, the check of what is there, and the cut of a torn tail.

use super::segment::{self, Fault, SegmentReader, is_torn_tail};
use super::storage::{Storage, UNFINISHED_EXTENSION};
use super::{JournalError, JournalId, SEGMENT_HEADER_BYTES, Segment, SegmentHeader};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use suiftly_schema::{ids::Epoch, time::UnixMillis};

const LOCK_FILE: &str = "journal.lock";
const FIRST_EPOCH: Epoch = 1;

/// What was found when the journal was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The journal's name.
    pub journal_id: JournalId,
    /// The oldest epoch that is kept; the next one to come if none is.
    pub first_epoch: Epoch,
    /// The newest epoch; the one before `first_epoch` if none is kept.
    pub last_epoch: Epoch,
    /// Where the newest block ends in the journal, in bytes.
    pub end: u64,
    /// When the newest block was cut, if there is one: the clock must not go back behind it.
    pub last_cut_at: Option<UnixMillis>,
    /// Bytes of a write that never finished, cut off at the end.
    pub dropped_bytes: u64,
    /// Length of all segments' files in bytes.
    pub disk_bytes: u64,
}

/// Takes the lock, which the file system gives back when the process ends, however it ends.
pub(super) fn lock(dir: &Path) -> Result<File, JournalError> {
    let path = dir.join(LOCK_FILE);
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(|error| JournalError::io("open", &path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(error)) => Err(JournalError::io("lock", &path, error)),
    }
}

/// Checks the segments and cuts off a torn tail. The answer has at least one segment; the last is to be written on.
pub(super) fn recover(dir: &Path, storage: &mut dyn Storage) -> Result<(Recovery, Vec<Segment>), JournalError> {
    remove_unfinished(dir)?;
    let mut segments = segment::list(dir)?;
    if segments.is_empty() {
        segments.push(make_first(dir, storage)?);
    }
    let first_epoch = segments[0].header.first_epoch;
    let last = segments.last_mut().expect("one was just made");
    let mut tail = read_tail(last)?;
    make_durable(last, tail.end)?;
    let last = last.clone();
    if let (None, [.., before, _]) = (tail.last_cut_at, segments.as_slice()) {
        // A crash right after the segment was made.
        tail.last_cut_at = read_tail(before)?.last_cut_at;
    }
    let recovery = Recovery {
        journal_id: last.header.journal_id,
        first_epoch,
        last_epoch: tail.last_epoch,
        end: tail.end,
        last_cut_at: tail.last_cut_at,
        dropped_bytes: tail.dropped_bytes,
        disk_bytes: segments.iter().map(|segment| segment.file_bytes).sum(),
    };
    Ok((recovery, segments))
}

/// Segments that a crash left before they were whole hold nothing yet.
fn remove_unfinished(dir: &Path) -> Result<(), JournalError> {
    for entry in std::fs::read_dir(dir).map_err(|error| JournalError::io("list", dir, error))? {
        let path = entry.map_err(|error| JournalError::io("list", dir, error))?.path();
        if path.extension().is_some_and(|extension| extension == UNFINISHED_EXTENSION) {
            std::fs::remove_file(&path).map_err(|error| JournalError::io("remove", &path, error))?;
        }
    }
    Ok(())
}

fn make_first(dir: &Path, storage: &mut dyn Storage) -> Result<Segment, JournalError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(JournalError::Random)?;
    let header = SegmentHeader { journal_id: JournalId(id), first_epoch: FIRST_EPOCH, start: 0 };
    let path = dir.join(header.file_name());
    storage.create(&path, &header.encode()).map_err(|error| JournalError::io("make", &path, error))?;
    Ok(Segment { path, header, file_bytes: SEGMENT_HEADER_BYTES as u64 })
}

struct Tail {
    last_epoch: Epoch,
    end: u64,
    last_cut_at: Option<UnixMillis>,
    dropped_bytes: u64,
}

fn read_tail(last: &Segment) -> Result<Tail, JournalError> {
    let read_error = |error| JournalError::io("read", &last.path, error);
    let mut reader = SegmentReader::open(last).map_err(read_error)?;
    let mut last_cut_at = None;
    let dropped_bytes = loop {
        match reader.next() {
            Ok(Some(block)) => last_cut_at = Some(block.cut_at),
            Ok(None) => break 0,
            Err(Fault::Io(error)) => return Err(read_error(error)),
            Err(Fault::Damage(_)) if is_torn_tail(last, reader.position).map_err(read_error)? => {
                break last.end() - reader.position;
            }
            Err(Fault::Damage(damage)) => {
                let (path, offset, epoch) = (last.path.clone(), reader.position, reader.next_epoch);
                return Err(JournalError::Damaged { path, offset, epoch, damage });
            }
        }
    };
    Ok(Tail { last_epoch: reader.next_epoch - 1, end: reader.position, last_cut_at, dropped_bytes })
}

/// Cuts the segment off at `end`. What is left may have been written but not synced by a process that was killed: from
/// here on it counts as durable, so it is synced first.
fn make_durable(last: &mut Segment, end: u64) -> Result<(), JournalError> {
    let file_bytes = SEGMENT_HEADER_BYTES as u64 + (end - last.header.start);
    OpenOptions::new()
        .write(true)
        .open(&last.path)
        .and_then(|file| file.set_len(file_bytes).and_then(|()| file.sync_all()))
        .map_err(|error| JournalError::io("recover the tail of", &last.path, error))?;
    last.file_bytes = file_bytes;
    Ok(())
}
