//! Which segments there are: in the journal's directory, and in the archive where one is named.
//!
//! A segment may be there twice when a crash came between two steps of its life: compressed and raw, or archived and
//! not. Both copies are whole; the compressed one counts, and the journal's own before the archive's.

use super::segment::{Form, RAW_EXTENSION};
use super::{JournalError, Segment, Storage, packed};
use std::collections::btree_map::{BTreeMap, Entry};
use std::path::{Path, PathBuf};
use suiftly_schema::ids::Epoch;

/// A running journal renames and removes files while they are listed; so often it is begun again.
pub(super) const TRIES: usize = 16;

/// The first epoch that is kept; `None` without a segment.
pub fn first_epoch(dir: &Path, archive: Option<&Path>) -> Result<Option<Epoch>, JournalError> {
    Ok(list(dir, archive)?.first().map(|segment| segment.header.first_epoch))
}

/// The segments, in order; refuses files of two journals and segments that do not join.
pub(super) fn list(dir: &Path, archive: Option<&Path>) -> Result<Vec<Segment>, JournalError> {
    let mut tries = 1;
    loop {
        match try_list(dir, archive) {
            Err(error) if error.is_not_found() && tries < TRIES && dir.is_dir() => tries += 1,
            listed => return listed,
        }
    }
}

fn try_list(dir: &Path, archive: Option<&Path>) -> Result<Vec<Segment>, JournalError> {
    let mut segments = Vec::new();
    for path in one_path_each(dir, archive)? {
        segments.push(Segment::read(&path)?);
    }
    join(&mut segments)?;
    Ok(segments)
}

/// The files to read, in order, one for each segment.
pub(super) fn one_path_each(dir: &Path, archive: Option<&Path>) -> Result<Vec<PathBuf>, JournalError> {
    let mut chosen: BTreeMap<Epoch, PathBuf> = BTreeMap::new();
    // The journal's own first: a file that goes to the archive meanwhile is then met in one or in both.
    for place in [dir].into_iter().chain(archive) {
        for (epoch, path) in one_path_each_in(place)? {
            chosen.entry(epoch).or_insert(path);
        }
    }
    Ok(chosen.into_values().collect())
}

fn one_path_each_in(dir: &Path) -> Result<BTreeMap<Epoch, PathBuf>, JournalError> {
    let mut chosen: BTreeMap<Epoch, PathBuf> = BTreeMap::new();
    for path in segment_paths(dir)? {
        let Some(epoch) = epoch_of_name(&path) else {
            return Err(JournalError::Segment { path, reason: "its name is not an epoch".to_owned() });
        };
        match chosen.entry(epoch) {
            Entry::Vacant(vacant) => {
                vacant.insert(path);
            }
            Entry::Occupied(mut other) => {
                let other = other.get_mut();
                let (packed, raw) =
                    if packed::is_packed(&path) { (path, other.clone()) } else { (other.clone(), path) };
                // A raw one stays until the compressed one is known to be good.
                *other = if Segment::read(&packed).is_ok() { packed } else { raw };
            }
        }
    }
    Ok(chosen)
}

/// Raw files of segments that are there compressed too, and readable.
pub(super) fn superseded(dir: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let is_superseded = |path: &PathBuf| {
        let packed = path.with_extension(format!("{RAW_EXTENSION}.{}", super::segment::PACKED_EXTENSION));
        !packed::is_packed(path) && packed.exists() && Segment::read(&packed).is_ok()
    };
    Ok(segment_paths(dir)?.into_iter().filter(is_superseded).collect())
}

/// Removes the files of a kind that no start can use.
pub(super) fn remove_with_extension(dir: &Path, extension: &str, storage: &dyn Storage) -> Result<(), JournalError> {
    let cannot = |error| JournalError::io("list", dir, error);
    for entry in std::fs::read_dir(dir).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            storage.remove(&path).map_err(|error| JournalError::io("remove", &path, error))?;
        }
    }
    Ok(())
}

fn segment_paths(dir: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let cannot = |error| JournalError::io("list", dir, error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let name = if packed::is_packed(&path) { path.with_extension("") } else { path.clone() };
        if name.extension().is_some_and(|extension| extension == RAW_EXTENSION) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn epoch_of_name(path: &Path) -> Option<Epoch> {
    let name = path.file_name()?.to_str()?;
    name.split('.').next()?.parse().ok()
}

/// Checks that each follows the one before, and notes where each ends.
fn join(segments: &mut [Segment]) -> Result<(), JournalError> {
    for at in 1..segments.len() {
        let (before, after) = segments.split_at_mut(at);
        if let (Some(before), Some(after)) = (before.last_mut(), after.first()) {
            join_two(before, after)?;
        }
    }
    Ok(())
}

pub(super) fn join_two(before: &mut Segment, after: &Segment) -> Result<(), JournalError> {
    let path = || after.path.clone();
    let (expected, found) = (before.header.journal_id, after.header.journal_id);
    if expected != found {
        return Err(JournalError::Foreign { path: path(), found, expected });
    }
    if let Some(previous) = after.header.previous.filter(|previous| *previous != before.header.first_epoch) {
        return Err(JournalError::Missing { path: path(), previous });
    }
    // Behind the blocks of a raw one there may be room.
    let has_room = before.form == Form::Raw && before.has_room();
    if before.end < after.header.start || (before.end > after.header.start && !has_room) {
        return Err(JournalError::Gap { path: path(), expected: before.end, found: after.header.start });
    }
    before.end = after.header.start;
    before.end_epoch = Some(after.header.first_epoch);
    Ok(())
}
