//! Opening a journal: the lock, the check of what is there, and the cut of a torn tail.

use super::damage::{Fault, Lost};
use super::list::{list, remove_with_extension, superseded};
use super::scan::SegmentReader;
use super::segment::{FORMAT_VERSION, Form};
use super::shelf::SPARE_EXTENSION;
use super::storage::{DiskStorage, Storage, UNFINISHED_EXTENSION, create};
use super::{JournalError, JournalId, Segment, SegmentHeader};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use suiftly_schema::{ids::Epoch, time::UnixMillis};

const LOCK_FILE: &str = "journal.lock";
/// The epoch of a journal's first block.
pub(crate) const FIRST_EPOCH: Epoch = 1;

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
    /// What is damaged in the last segment. Others are not looked through.
    pub lost: Lost,
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
pub(super) fn recover(dir: &Path, storage: &dyn Storage) -> Result<(Recovery, Vec<Segment>), JournalError> {
    remove_remains(dir, storage)?;
    let mut segments = list(dir, None)?;
    if let Some(header) = header_to_begin_with(&segments)? {
        segments.push(make(dir, header, storage)?);
    }
    let first_epoch = segments[0].header.first_epoch;
    let last = segments.last_mut().expect("one was just made");
    let mut tail = read_tail(last)?;
    make_durable(last, tail.end)?;
    let last = last.clone();
    if let (None, [.., before, _]) = (tail.last_cut_at, segments.as_slice()) {
        // A crash right after the segment was made.
        tail.last_cut_at = match before.last_cut_at {
            Some(known) => Some(known),
            None => read_tail(before)?.last_cut_at,
        };
    }
    let recovery = Recovery {
        journal_id: last.header.journal_id,
        first_epoch,
        last_epoch: tail.last_epoch,
        end: tail.end,
        last_cut_at: tail.last_cut_at,
        dropped_bytes: tail.dropped_bytes,
        disk_bytes: segments.iter().map(|segment| segment.file_bytes).sum(),
        lost: tail.lost,
    };
    Ok((recovery, segments))
}

/// What a crash left between two steps: files that are not whole, files at hand for segments to come (whose content
/// belongs to who knows which journal), and raw segments that are there compressed.
fn remove_remains(dir: &Path, storage: &dyn Storage) -> Result<(), JournalError> {
    remove_with_extension(dir, UNFINISHED_EXTENSION, storage)?;
    remove_with_extension(dir, SPARE_EXTENSION, storage)?;
    for path in superseded(dir)? {
        storage.remove(&path).map_err(|error| JournalError::io("remove", &path, error))?;
    }
    Ok(())
}

/// Of the segment to make, if there is none that can be written on.
fn header_to_begin_with(segments: &[Segment]) -> Result<Option<SegmentHeader>, JournalError> {
    let version = FORMAT_VERSION;
    let Some(last) = segments.last() else {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(JournalError::Random)?;
        let journal_id = JournalId(id);
        let first =
            SegmentHeader { version, journal_id, first_epoch: FIRST_EPOCH, start: 0, previous: None, room_bytes: 0 };
        return Ok(Some(first));
    };
    // Somebody took the last one away; where it began is known.
    let after = last.end_epoch.map(|first_epoch| SegmentHeader {
        version,
        journal_id: last.header.journal_id,
        first_epoch,
        start: last.end,
        previous: Some(last.header.first_epoch),
        room_bytes: 0,
    });
    Ok(after)
}

/// Makes a journal with this name that begins with this epoch, at this byte: what came before it was lost. There must be
/// none in `dir`.
pub(crate) fn begin(dir: &Path, journal_id: JournalId, first_epoch: Epoch, start: u64) -> Result<(), JournalError> {
    std::fs::create_dir_all(dir).map_err(|error| JournalError::io("make the directory", dir, error))?;
    let _lock = lock(dir)?;
    if !list(dir, None)?.is_empty() {
        return Err(JournalError::io("begin a journal in", dir, io::ErrorKind::AlreadyExists.into()));
    }
    let header =
        SegmentHeader { version: FORMAT_VERSION, journal_id, first_epoch, start, previous: None, room_bytes: 0 };
    make(dir, header, &DiskStorage).map(drop)
}

fn make(dir: &Path, header: SegmentHeader, storage: &dyn Storage) -> Result<Segment, JournalError> {
    let path = dir.join(header.file_name());
    create(storage, &path, &header.encode()).map_err(|error| JournalError::io("make", &path, error))?;
    Ok(Segment::raw(&path, header, header.header_bytes()))
}

struct Tail {
    last_epoch: Epoch,
    end: u64,
    last_cut_at: Option<UnixMillis>,
    dropped_bytes: u64,
    lost: Lost,
}

fn read_tail(last: &Segment) -> Result<Tail, JournalError> {
    let read_error = |error| JournalError::io("read", &last.path, error);
    let mut reader = SegmentReader::open(last)?;
    let (mut last_cut_at, mut lost) = (None, Lost::default());
    let dropped_bytes = loop {
        match reader.next() {
            Ok(Some(block)) => last_cut_at = Some(block.cut_at),
            Ok(None) => break 0,
            Err(Fault::Io(error)) => return Err(read_error(error)),
            Err(Fault::Damage(_)) if last.end_epoch.is_none() && reader.is_torn_tail().map_err(read_error)? => {
                break reader.torn_bytes().map_err(read_error)?;
            }
            Err(Fault::Damage(damage)) => lost.note(reader.pass_over(damage).map_err(read_error)?),
        }
    };
    Ok(Tail { last_epoch: reader.next_epoch - 1, end: reader.position, last_cut_at, dropped_bytes, lost })
}

/// Cuts the segment off at `end`, room included: a block of a write that never finished may stand behind it, in its
/// place and sound, and must not be met again. What is left may have been written but not synced by a process that was
/// killed: from here on it counts as durable, so it is synced.
fn make_durable(last: &mut Segment, end: u64) -> Result<(), JournalError> {
    debug_assert_eq!(last.form, Form::Raw, "what is written on is raw");
    let file_bytes = last.header.header_bytes() + (end - last.header.start);
    OpenOptions::new()
        .write(true)
        .open(&last.path)
        .and_then(|file| file.set_len(file_bytes).and_then(|()| file.sync_all()))
        .map_err(|error| JournalError::io("recover the tail of", &last.path, error))?;
    (last.file_bytes, last.end) = (file_bytes, end);
    Ok(())
}
