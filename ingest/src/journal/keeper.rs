//! The journal's keeper: a thread of low priority that orders what the writer leaves behind, one thing at a time.
//!
//! ```text
//! hot ──▶ closed ──▶ compressed, read back ──▶ released and beyond the bounds: archived, or deleted ──▶ expired
//!  ▲         └─ the raw file ─▶ at hand ─┐
//!  └─────────────── written in advance ──┘
//! ```
//!
//! At any moment a crash leaves each block in one good copy at least. What is not released is never deleted or moved.
//! While the disk refuses the writer, files at hand are given back first, and nothing is compressed or written in
//! advance: it never takes what the writer needs. What fails is told ([`super::JournalStatus::upkeep_error`]) and tried
//! again, at longer and longer intervals.

mod archive;
mod compress;
mod spares;

use super::segment::Form;
use super::shelf::Shelf;
use super::storage::Storage;
use super::{JournalConfig, JournalError, Progress, Segment};
use crate::clock;
use archive::Archive;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use suiftly_schema::time::UnixMillis;

/// Ages and releases are looked at so often; what the writer does is told at once.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const FIRST_REST: Duration = Duration::from_millis(250);
const LAST_REST: Duration = Duration::from_secs(60);
/// As `nice` counts: all else goes before.
const NICENESS: i32 = 15;
const DAY_MS: i64 = 24 * 3_600_000;

pub(super) struct Keeper {
    dir: PathBuf,
    config: JournalConfig,
    storage: Arc<dyn Storage>,
    progress: Arc<Progress>,
    shelf: Arc<Shelf>,
    archive: Option<Archive>,
    /// True when the journal is being closed.
    closing: Arc<AtomicBool>,
    /// After a failure: until when nothing is tried that takes room, and how long the next rest will be.
    resting: Option<(Instant, Duration)>,
}

impl Keeper {
    pub(super) fn new(
        (dir, config): (PathBuf, JournalConfig),
        storage: Arc<dyn Storage>,
        progress: Arc<Progress>,
        shelf: Arc<Shelf>,
        closing: Arc<AtomicBool>,
    ) -> Self {
        let archive = config.archive.clone().map(Archive::new);
        Self { dir, config, storage, progress, shelf, archive, closing, resting: None }
    }

    /// Works until the writer, which holds the other end of `wake`, has ended.
    pub(super) fn run(mut self, wake: &Receiver<()>) {
        lower_priority();
        loop {
            let has_more = self.round();
            if !has_more && wake.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Disconnected) || self.is_closing() {
                break;
            }
        }
        self.round();
    }

    /// Does what there is to do, at most one segment of it; whether there may be more.
    fn round(&mut self) -> bool {
        if self.progress.is_failing() {
            self.give_back_spares();
        }
        let worked = self.grow();
        let kept = self.retire().and_then(|()| self.expire());
        let failure = worked.as_ref().err().or(kept.as_ref().err()).map(ToString::to_string);
        let has_more = worked.unwrap_or_default();
        self.note(failure);
        self.progress.note_disk_bytes(self.shelf.lock().disk_bytes());
        has_more
    }

    /// What takes room before it gives any: not while the writer lacks it, and not right after it failed.
    fn grow(&mut self) -> Result<bool, JournalError> {
        if self.must_stop() || self.is_resting() {
            return Ok(false);
        }
        let compressed = self.compress_next()?;
        Ok(self.write_in_advance()? || compressed)
    }

    fn compress_next(&mut self) -> Result<bool, JournalError> {
        let is_raw = |segment: &&Segment| segment.form == Form::Raw;
        let raw = self.shelf.lock().closed.iter().find(is_raw).cloned();
        let Some(raw) = raw.filter(|_| self.config.compress_level != 0) else {
            return Ok(false);
        };
        let stop = || self.must_stop();
        let (packed, lost) = match compress::compress(&raw, self.storage.as_ref(), self.config.compress_level, &stop)? {
            Some(compressed) => compressed,
            None => return Ok(false),
        };
        self.progress.note_lost(&lost);
        let mut files = self.shelf.lock();
        if let Some(segment) = files.closed.iter_mut().find(|segment| segment.path == raw.path) {
            *segment = packed;
        }
        drop(files);
        self.use_again_or_remove(&raw)?;
        Ok(true)
    }

    /// Deletes or archives the oldest segments that nobody needs, while the journal is longer than it should be or they
    /// are older.
    fn retire(&mut self) -> Result<(), JournalError> {
        while let Some(oldest) = self.next_to_retire() {
            match &mut self.archive {
                None if oldest.form == Form::Raw => self.use_again_or_remove(&oldest)?,
                None => remove(self.storage.as_ref(), &oldest)?,
                Some(archive) => {
                    let (closing, progress) = (&self.closing, &self.progress);
                    let stop = || closing.load(Ordering::Relaxed) || progress.is_failing();
                    if !archive.take(&oldest, self.storage.as_ref(), &stop)? {
                        break;
                    }
                }
            }
            self.shelf.lock().closed.pop_front();
        }
        Ok(())
    }

    fn next_to_retire(&self) -> Option<Segment> {
        let files = self.shelf.lock();
        let oldest = files.closed.front()?;
        let is_old = is_older(oldest, self.config.keep_days, clock::now());
        let goes = files.segment_bytes() > self.config.keep_bytes || is_old;
        let is_released = files.end_epoch_of_oldest() - 1 <= self.progress.released();
        // The archive takes what is compressed, and nothing for a while after it failed.
        let waits = self.archive.is_some()
            && (self.is_resting() || (oldest.form == Form::Raw && self.config.compress_level != 0));
        (goes && is_released && !waits).then(|| oldest.clone())
    }

    fn expire(&mut self) -> Result<(), JournalError> {
        match &mut self.archive {
            Some(archive) => archive.expire(clock::now(), self.storage.as_ref()),
            None => Ok(()),
        }
    }

    fn note(&mut self, failure: Option<String>) {
        if let Some(failure) = failure {
            if self.resting.is_none() {
                tracing::warn!("{failure}; it is tried again");
            }
            if !self.is_resting() {
                let pause = self.resting.map_or(FIRST_REST, |(_, pause)| (pause * 2).min(LAST_REST));
                self.resting = Some((Instant::now() + pause, pause));
            }
            self.progress.note_upkeep_error(Some(failure));
        } else if !self.is_resting() && self.resting.take().is_some() {
            self.progress.note_upkeep_error(None);
        }
    }

    fn is_resting(&self) -> bool {
        self.resting.is_some_and(|(until, _)| Instant::now() < until)
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    fn must_stop(&self) -> bool {
        self.is_closing() || self.progress.is_failing()
    }
}

/// Whether its last block was cut more than `days` ago; 0 days: never.
fn is_older(segment: &Segment, days: u32, now: UnixMillis) -> bool {
    days > 0 && segment.last_cut_at.is_some_and(|cut_at| cut_at.0.saturating_add(i64::from(days) * DAY_MS) < now.0)
}

fn remove(storage: &dyn Storage, segment: &Segment) -> Result<(), JournalError> {
    storage.remove(&segment.path).map_err(|error| JournalError::io("remove", &segment.path, error))
}

fn lower_priority() {
    // Of this thread alone: Linux takes a thread's id here.
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::debug!("the journal's keeper runs with full priority: {error}");
    }
}
