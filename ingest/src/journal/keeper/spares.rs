//! Files at hand for hot segments: those of segments that are not needed raw any more, else one written in advance.

use super::{Keeper, remove};
use crate::journal::shelf::Spare;
use crate::journal::storage::{Storage, UNFINISHED_EXTENSION};
use crate::journal::{JournalError, Segment};
use std::path::Path;

const CHUNK_BYTES: usize = 1 << 20;
/// So much is written in advance between two syncs: more at once, and the writer's own sync would wait for it.
const SYNC_EVERY_BYTES: u64 = 8 << 20;
/// Files are kept at hand only while so many segments' worth of room is free.
const MIN_FREE_SEGMENTS: u64 = 4;

impl Keeper {
    /// A raw segment that is not needed any more: its file is kept at hand if one is wanted.
    pub(super) fn use_again_or_remove(&self, raw: &Segment) -> Result<(), JournalError> {
        let is_wanted = self.shelf.lock().spares.len() < self.config.spare_segments;
        if !is_wanted || raw.file_bytes < self.config.segment_bytes || self.must_stop() || !self.has_room() {
            return remove(self.storage.as_ref(), raw);
        }
        let path = self.shelf.lock().name_spare(&self.dir);
        self.storage.rename(&raw.path, &path).map_err(|error| JournalError::io("rename", &raw.path, error))?;
        self.shelf.lock().spares.push(Spare { path, file_bytes: raw.file_bytes });
        Ok(())
    }

    /// Makes a file at hand once the hot segment is half full and there is none; whether it did.
    pub(super) fn write_in_advance(&self) -> Result<bool, JournalError> {
        let half = self.config.segment_bytes / 2;
        let wanted = {
            let files = self.shelf.lock();
            self.config.spare_segments > 0 && files.spares.is_empty() && files.hot_written_bytes >= half
        };
        if !wanted || self.must_stop() || !self.has_room() {
            return Ok(false);
        }
        let path = self.shelf.lock().name_spare(&self.dir);
        let unfinished = path.with_extension(UNFINISHED_EXTENSION);
        match self.write_zeros(&unfinished) {
            Ok(true) => {}
            stopped => {
                // What could not be finished gives its room back.
                let _ = self.storage.remove(&unfinished);
                return stopped.map_err(|error| JournalError::io("write in advance", &unfinished, error));
            }
        }
        self.storage.rename(&unfinished, &path).map_err(|error| JournalError::io("rename", &unfinished, error))?;
        self.shelf.lock().spares.push(Spare { path, file_bytes: self.config.segment_bytes });
        Ok(true)
    }

    /// Removes the files at hand: the disk needs their room.
    pub(super) fn give_back_spares(&self) {
        let spares = std::mem::take(&mut self.shelf.lock().spares);
        for spare in spares {
            if let Err(error) = self.storage.remove(&spare.path) {
                tracing::warn!("cannot remove {}: {error}", spare.path.display());
            }
        }
    }

    /// `false` if it had to stop before the end.
    fn write_zeros(&self, path: &Path) -> std::io::Result<bool> {
        let storage: &dyn Storage = self.storage.as_ref();
        let (zeros, total) = (vec![0; CHUNK_BYTES], self.config.segment_bytes);
        let mut file = storage.make(path)?;
        let (mut written, mut synced) = (0, 0);
        while written < total {
            if self.must_stop() {
                return Ok(false);
            }
            let chunk = usize::try_from(total - written).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
            file.write_all_at(&zeros[..chunk], written)?;
            written += chunk as u64;
            if written - synced >= SYNC_EVERY_BYTES {
                file.sync()?;
                synced = written;
            }
        }
        file.sync()?;
        Ok(true)
    }

    fn has_room(&self) -> bool {
        let wanted = self.config.segment_bytes.saturating_mul(MIN_FREE_SEGMENTS);
        self.storage.free_bytes(&self.dir).is_ok_and(|free| free >= wanted)
    }
}
