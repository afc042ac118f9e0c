//! Where an instant stands in a journal, found by segments' and blocks' headers: nothing before it is read.

use super::damage::Fault;
use super::list::{TRIES, list};
use super::recover::FIRST_EPOCH;
use super::scan::SegmentReader;
use super::{JournalError, JournalId, Segment};
use std::path::Path;
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// Where an instant stands in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// The journal; `None` of one without segments.
    pub journal_id: Option<JournalId>,
    /// The oldest epoch that is kept.
    pub first_kept: Epoch,
    /// The first epoch that is kept and was not certainly cut before the instant; the next one to come if there is none.
    pub epoch: Epoch,
    /// Whether every block cut at the instant or later is kept: an older one is, or the journal's first.
    pub is_whole: bool,
}

/// Finds an instant in the journal in `dir`, and its archive. The journal may be in use.
pub fn locate(dir: &Path, archive: Option<&Path>, at: UnixMillis) -> Result<Located, JournalError> {
    let mut tries = 1;
    loop {
        match try_locate(dir, archive, at) {
            Err(error) if error.is_not_found() && tries < TRIES => tries += 1,
            found => return found,
        }
    }
}

fn try_locate(dir: &Path, archive: Option<&Path>, at: UnixMillis) -> Result<Located, JournalError> {
    let segments = list(dir, archive)?;
    let Some(first) = segments.first() else {
        return Ok(Located { journal_id: None, first_kept: FIRST_EPOCH, epoch: FIRST_EPOCH, is_whole: true });
    };
    let (journal_id, first_kept) = (Some(first.header.journal_id), first.header.first_epoch);
    let epoch = first_not_before(&segments[last_begun_before(&segments, at)?], at)?;
    Ok(Located { journal_id, first_kept, epoch, is_whole: first_kept == FIRST_EPOCH || epoch > first_kept })
}

/// The last segment whose first block was cut before `at`, else the first. One that does not say counts as later: then
/// an earlier one is found, and more is read than need be.
fn last_begun_before(segments: &[Segment], at: UnixMillis) -> Result<usize, JournalError> {
    let (mut before, mut after) = (0, segments.len());
    while after - before > 1 {
        let middle = before.midpoint(after);
        let mut reader = SegmentReader::open(&segments[middle])?;
        match next_cut(&mut reader)? {
            Some(Cut::Sound(_, cut_at)) if cut_at < at => before = middle,
            _ => after = middle,
        }
    }
    Ok(before)
}

/// The first epoch of a segment that was not certainly cut before `at`; the next segment's first if all were.
fn first_not_before(segment: &Segment, at: UnixMillis) -> Result<Epoch, JournalError> {
    let mut reader = SegmentReader::open(segment)?;
    let mut damaged_from = None;
    while let Some(cut) = next_cut(&mut reader)? {
        match cut {
            // What is cut before it frames the damage: that was cut before, too.
            Cut::Sound(_, cut_at) if cut_at < at => damaged_from = None,
            Cut::Sound(epoch, _) => return Ok(damaged_from.unwrap_or(epoch)),
            Cut::Damaged(epoch) => damaged_from = damaged_from.or(Some(epoch)),
        }
    }
    Ok(damaged_from.unwrap_or(reader.next_epoch))
}

enum Cut {
    Sound(Epoch, UnixMillis),
    Damaged(Epoch),
}

fn next_cut(reader: &mut SegmentReader) -> Result<Option<Cut>, JournalError> {
    let cannot = |reader: &SegmentReader, error| JournalError::io("read", &reader.segment().path, error);
    match reader.skip() {
        Ok(header) => Ok(header.map(|header| Cut::Sound(header.epoch, header.cut_at))),
        Err(Fault::Io(error)) => Err(cannot(reader, error)),
        Err(Fault::Damage(_)) if is_torn(reader).map_err(|error| cannot(reader, error))? => Ok(None),
        Err(Fault::Damage(damage)) => {
            let place = reader.pass_over(damage).map_err(|error| cannot(reader, error))?;
            Ok(Some(Cut::Damaged(place.first_epoch)))
        }
    }
}

/// A write that never finished, or room behind the blocks, in the segment that is written.
fn is_torn(reader: &mut SegmentReader) -> std::io::Result<bool> {
    Ok(reader.segment().end_epoch.is_none() && reader.is_torn_tail()?)
}
