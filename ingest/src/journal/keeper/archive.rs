//! The archive: where closed segments go that the journal has no room for, and how long they stay there.

use super::{is_older, remove};
use crate::journal::list::{one_path_each, remove_with_extension};
use crate::journal::segment::Form;
use crate::journal::storage::{Storage, UNFINISHED_EXTENSION};
use crate::journal::{ArchiveConfig, JournalError, Segment};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use suiftly_schema::time::UnixMillis;

const COPY_BYTES: usize = 1 << 20;

pub(super) struct Archive {
    config: ArchiveConfig,
    /// What is there, in order; `None` until it was looked at.
    segments: Option<VecDeque<Segment>>,
}

impl Archive {
    pub(super) const fn new(config: ArchiveConfig) -> Self {
        Self { config, segments: None }
    }

    /// Moves a segment here; `false` if told to stop before. On another disk it is copied, synced and read back before
    /// the journal's own copy goes.
    pub(super) fn take(
        &mut self,
        segment: &Segment,
        storage: &dyn Storage,
        stop: &dyn Fn() -> bool,
    ) -> Result<bool, JournalError> {
        self.look(storage)?;
        let name = match segment.form {
            Form::Raw => segment.header.file_name(),
            Form::Compressed => segment.header.packed_file_name(),
        };
        let to = self.config.dir.join(name);
        refuse_another_journal(segment, &to)?;
        let moved = match storage.rename(&segment.path, &to) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => copy(&segment.path, &to, storage, stop),
            renamed => renamed.map(|()| true),
        };
        if !moved.map_err(|error| JournalError::io("archive", &segment.path, error))? {
            return Ok(false);
        }
        if segment.path.exists() {
            remove(storage, segment)?;
        }
        if let Some(segments) = &mut self.segments {
            segments.retain(|known| known.header.first_epoch != segment.header.first_epoch);
            segments.push_back(Segment { path: to, ..segment.clone() });
        }
        Ok(true)
    }

    /// Deletes the oldest segments that are beyond its bounds.
    pub(super) fn expire(&mut self, now: UnixMillis, storage: &dyn Storage) -> Result<(), JournalError> {
        self.look(storage)?;
        let Some(segments) = &mut self.segments else {
            return Ok(());
        };
        let mut total: u64 = segments.iter().map(|segment| segment.file_bytes).sum();
        while let Some(oldest) = segments.front() {
            let is_too_long = self.config.keep_bytes > 0 && total > self.config.keep_bytes;
            if !is_too_long && !is_older(oldest, self.config.keep_days, now) {
                break;
            }
            remove(storage, oldest)?;
            total -= oldest.file_bytes;
            segments.pop_front();
        }
        Ok(())
    }

    /// What an earlier process left. Copies that it did not finish go; files that cannot be read as segments are left alone.
    fn look(&mut self, storage: &dyn Storage) -> Result<(), JournalError> {
        if self.segments.is_none() {
            remove_with_extension(&self.config.dir, UNFINISHED_EXTENSION, storage)?;
            let read = |path: &PathBuf| {
                Segment::read(path).inspect_err(|error| tracing::warn!("in the archive: {error}")).ok()
            };
            self.segments = Some(one_path_each(&self.config.dir, None)?.iter().filter_map(read).collect());
        }
        Ok(())
    }
}

/// A journal that was made anew begins with the same names: what another one has there is not written over.
fn refuse_another_journal(segment: &Segment, to: &Path) -> Result<(), JournalError> {
    let expected = segment.header.journal_id;
    match Segment::read(to).map(|there| there.header.journal_id) {
        Ok(found) if found != expected => Err(JournalError::Foreign { path: to.to_owned(), found, expected }),
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path, storage: &dyn Storage, stop: &dyn Fn() -> bool) -> io::Result<bool> {
    let unfinished = to.with_extension(UNFINISHED_EXTENSION);
    match try_copy(from, &unfinished, storage, stop) {
        Ok(true) => storage.rename(&unfinished, to).map(|()| true),
        stopped => {
            // What could not be finished gives its room back.
            let _ = storage.remove(&unfinished);
            stopped
        }
    }
}

fn try_copy(from: &Path, to: &Path, storage: &dyn Storage, stop: &dyn Fn() -> bool) -> io::Result<bool> {
    let source = File::open(from)?;
    let mut copy = storage.make(to)?;
    let crc = each_chunk(&source, stop, |at, chunk| copy.write_all_at(chunk, at))?;
    let Some(crc) = crc else {
        return Ok(false);
    };
    copy.sync()?;
    let read_back = each_chunk(&File::open(to)?, stop, |_, _| Ok(()))?;
    if read_back.is_some_and(|read_back| read_back != crc) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the copy does not read back the same"));
    }
    Ok(read_back.is_some())
}

/// Goes through a file; its checksum, or `None` if told to stop before.
fn each_chunk(
    file: &File,
    stop: &dyn Fn() -> bool,
    mut take: impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> io::Result<Option<u32>> {
    let (mut chunk, mut at, mut crc) = (vec![0; COPY_BYTES], 0, 0);
    loop {
        if stop() {
            return Ok(None);
        }
        let read = match file.read_at(&mut chunk, at) {
            Ok(0) => return Ok(Some(crc)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        take(at, &chunk[..read])?;
        crc = crc32c::crc32c_append(crc, &chunk[..read]);
        at += read as u64;
    }
}
