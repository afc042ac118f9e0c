//! The journal's writer: a thread that groups what waits, writes it, syncs once, and tells [`Progress`].
//!
//! A group goes into one segment and is held in memory until it is on the disk. When anything fails, the whole group is
//! written again at the same place: after a failed sync the system may have thrown the pages away, so that syncing
//! again would only seem to succeed.

use super::Storage;
use super::{JournalConfig, JournalId, Progress, Recovery, SEGMENT_HEADER_BYTES, Segment, SegmentFile, SegmentHeader};
use crate::block::Block;
use crossbeam_channel::Receiver;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_schema::ids::Epoch;

/// A group ends when it is at least this long, so that a sync never has more than this to wait for.
const MAX_GROUP_BYTES: usize = 16 << 20;
const FIRST_RETRY: Duration = Duration::from_millis(10);
const LAST_RETRY: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    dir: PathBuf,
    config: JournalConfig,
    storage: Box<dyn Storage>,
    progress: Arc<Progress>,
    journal_id: JournalId,
    /// All segments, in order; the last is written on.
    segments: VecDeque<Segment>,
    /// The last segment's file; `None` before the first write and after a failure.
    file: Option<Box<dyn SegmentFile>>,
    /// Where the next block begins in the journal.
    position: u64,
    next_epoch: Epoch,
}

impl Writer {
    pub(super) fn new(
        dir: &Path,
        config: JournalConfig,
        storage: Box<dyn Storage>,
        recovery: &Recovery,
        segments: Vec<Segment>,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            dir: dir.to_owned(),
            config,
            storage,
            progress,
            journal_id: recovery.journal_id,
            segments: segments.into(),
            file: None,
            position: recovery.end,
            next_epoch: recovery.last_epoch + 1,
        }
    }

    /// Writes until the queue is closed and empty, or until it is abandoned while the disk refuses.
    pub(super) fn run(mut self, queue: &Receiver<Arc<Block>>) {
        // However it ends, nobody may wait for it for ever.
        let _ended = EndedOnDrop(Arc::clone(&self.progress));
        let mut group = Vec::new();
        while let Ok(first) = queue.recv() {
            collect_group(first, queue, &mut group);
            if !self.write_until_done(&group) {
                return;
            }
            group.clear();
            self.retire();
        }
    }

    /// Tries until the group is on the disk; `false` if abandoned before.
    fn write_until_done(&mut self, group: &[Arc<Block>]) -> bool {
        let mut pause = FIRST_RETRY;
        loop {
            match self.write(group) {
                Ok(()) => return true,
                Err(error) => self.note_failure(&error, pause == FIRST_RETRY),
            }
            // What was released meanwhile may be the room that is missing: a long absence of those behind the journal
            // fills a disk with what they then take all at once.
            self.retire();
            if self.progress.abandoned_within(pause) {
                return false;
            }
            pause = (pause * 2).min(LAST_RETRY);
        }
    }

    fn note_failure(&mut self, error: &io::Error, first: bool) {
        // A handle that failed is not trusted again.
        self.file = None;
        let message = format!("cannot write the journal in {}: {error}", self.dir.display());
        if first {
            tracing::error!("{message}; trying on, senders have to wait");
        }
        self.progress.note_write_error(message);
    }

    fn write(&mut self, group: &[Arc<Block>]) -> io::Result<()> {
        self.roll_if_full()?;
        let segment = self.segments.back_mut().expect("a journal has a segment");
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(self.storage.open(&segment.path)?),
        };
        let (mut position, mut epoch) = (self.position, self.next_epoch);
        for block in group {
            assert_eq!((block.epoch, block.start), (epoch, position), "blocks follow each other");
            file.write_all_at(block.bytes(), SEGMENT_HEADER_BYTES as u64 + (position - segment.header.start))?;
            (position, epoch) = (block.end, epoch + 1);
        }
        let sync_began = Instant::now();
        file.sync()?;
        (self.position, self.next_epoch) = (position, epoch);
        segment.file_bytes = SEGMENT_HEADER_BYTES as u64 + (position - segment.header.start);
        self.progress.note_synced(epoch - 1, position, sync_began.elapsed());
        Ok(())
    }

    fn roll_if_full(&mut self) -> io::Result<()> {
        let last = self.segments.back().expect("a journal has a segment");
        let is_empty = last.header.first_epoch == self.next_epoch;
        if is_empty || last.file_bytes < self.config.segment_bytes {
            return Ok(());
        }
        let header = SegmentHeader { journal_id: self.journal_id, first_epoch: self.next_epoch, start: self.position };
        let path = self.dir.join(header.file_name());
        self.file = None;
        self.file = Some(self.storage.create(&path, &header.encode())?);
        self.segments.push_back(Segment { path, header, file_bytes: SEGMENT_HEADER_BYTES as u64 });
        Ok(())
    }

    /// Deletes the oldest segments that nobody needs while the journal is longer than it should be.
    fn retire(&mut self) {
        let mut total: u64 = self.segments.iter().map(|segment| segment.file_bytes).sum();
        let released = self.progress.released();
        while total > self.config.keep_bytes
            && let (Some(oldest), Some(second)) = (self.segments.front(), self.segments.get(1))
            && second.header.first_epoch - 1 <= released
        {
            if let Err(error) = self.storage.remove(&oldest.path) {
                tracing::warn!("cannot remove journal segment {}: {error}", oldest.path.display());
                break;
            }
            total -= oldest.file_bytes;
            self.segments.pop_front();
        }
        self.progress.note_disk_bytes(total);
    }
}

struct EndedOnDrop(Arc<Progress>);

impl Drop for EndedOnDrop {
    fn drop(&mut self) {
        self.0.note_ended();
    }
}

fn collect_group(first: Arc<Block>, queue: &Receiver<Arc<Block>>, group: &mut Vec<Arc<Block>>) {
    let mut bytes = first.bytes().len();
    group.push(first);
    while bytes < MAX_GROUP_BYTES
        && let Ok(block) = queue.try_recv()
    {
        bytes += block.bytes().len();
        group.push(block);
    }
}
