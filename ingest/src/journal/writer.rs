//! The journal's writer: a thread that groups what waits, writes it, syncs once, and tells [`Progress`].
//!
//! A group goes into one segment and is held in memory until it is on the disk. When anything fails, the whole group is
//! written again at the same place: after a failed sync the system may have thrown the pages away, so that syncing
//! again would only seem to succeed.
//!
//! When a segment is full the next one is begun in a file at hand, if the keeper has one: its room on the disk is
//! allotted already, so a sync has only the blocks to write. What becomes of closed segments is the keeper's.

use super::error::reason;
use super::segment::{FORMAT_VERSION, SegmentHeader};
use super::shelf::{Shelf, Spare};
use super::storage::{Storage, create, create_from};
use super::{Progress, Segment, SegmentFile};
use crate::block::Block;
use crossbeam_channel::{Receiver, Sender};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// A group ends when it is at least this long, so that a sync never has more than this to wait for.
const MAX_GROUP_BYTES: usize = 16 << 20;
const FIRST_RETRY: Duration = Duration::from_millis(10);
const LAST_RETRY: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    pub(super) dir: PathBuf,
    pub(super) segment_bytes: u64,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) progress: Arc<Progress>,
    pub(super) shelf: Arc<Shelf>,
    /// Tells the keeper that there is something to do.
    pub(super) wake: Sender<()>,
    /// The segment that is written.
    pub(super) hot: Segment,
    /// Its file; `None` before the first write and after a failure.
    pub(super) file: Option<Box<dyn SegmentFile>>,
    /// Where the next block begins in the journal.
    pub(super) position: u64,
    pub(super) next_epoch: Epoch,
    pub(super) last_cut_at: Option<UnixMillis>,
}

impl Writer {
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
            if self.progress.abandoned_within(pause) {
                return false;
            }
            pause = (pause * 2).min(LAST_RETRY);
        }
    }

    fn note_failure(&mut self, error: &io::Error, first: bool) {
        // A handle that failed is not trusted again.
        self.file = None;
        let message = format!("cannot write the journal in {}: {}", self.dir.display(), reason(error));
        if first {
            tracing::error!("{message}; trying on, senders have to wait");
        }
        self.progress.note_write_error(message);
        // What is at hand, or was released meanwhile, may be the room that is missing: the keeper gives it back.
        self.wake_keeper();
    }

    fn write(&mut self, group: &[Arc<Block>]) -> io::Result<()> {
        self.roll_if_full()?;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(self.storage.open(&self.hot.path)?),
        };
        let header = &self.hot.header;
        let (mut position, mut epoch) = (self.position, self.next_epoch);
        for block in group {
            assert_eq!((block.epoch, block.start), (epoch, position), "blocks follow each other");
            file.write_all_at(block.bytes(), header.header_bytes() + (position - header.start))?;
            (position, epoch) = (block.end, epoch + 1);
        }
        let sync_began = Instant::now();
        file.sync()?;
        (self.position, self.next_epoch) = (position, epoch);
        self.last_cut_at = group.last().map(|block| block.cut_at);
        self.note_written();
        self.progress.note_synced(epoch - 1, position, sync_began.elapsed());
        Ok(())
    }

    fn written_bytes(&self) -> u64 {
        self.hot.header.header_bytes() + (self.position - self.hot.header.start)
    }

    fn note_written(&mut self) {
        let written = self.written_bytes();
        self.hot.file_bytes = self.hot.file_bytes.max(written);
        let mut files = self.shelf.lock();
        let was_half = files.hot_written_bytes >= self.segment_bytes / 2;
        (files.hot_written_bytes, files.hot_file_bytes) = (written, self.hot.file_bytes);
        drop(files);
        if !was_half && written >= self.segment_bytes / 2 {
            self.wake_keeper();
        }
    }

    fn roll_if_full(&mut self) -> io::Result<()> {
        let is_empty = self.hot.header.first_epoch == self.next_epoch;
        if is_empty || self.written_bytes() < self.segment_bytes {
            return Ok(());
        }
        self.file = None;
        let spare = self.shelf.lock().spares.pop();
        let header = SegmentHeader {
            version: FORMAT_VERSION,
            journal_id: self.hot.header.journal_id,
            first_epoch: self.next_epoch,
            start: self.position,
            previous: Some(self.hot.header.first_epoch),
            room_bytes: spare.as_ref().map_or(0, |spare| spare.file_bytes),
        };
        let path = self.dir.join(header.file_name());
        self.file = Some(self.begin(&path, &header.encode(), spare)?);
        let file_bytes = header.room_bytes.max(header.header_bytes());
        let next = Segment::raw(&path, header, file_bytes);
        let mut closed = std::mem::replace(&mut self.hot, next);
        (closed.end, closed.end_epoch) = (self.position, Some(self.next_epoch));
        closed.last_cut_at = self.last_cut_at;
        let mut files = self.shelf.lock();
        files.closed.push_back(closed);
        files.hot_first_epoch = self.next_epoch;
        (files.hot_written_bytes, files.hot_file_bytes) = (header.header_bytes(), file_bytes);
        drop(files);
        self.wake_keeper();
        Ok(())
    }

    fn begin(&self, path: &Path, header: &[u8], spare: Option<Spare>) -> io::Result<Box<dyn SegmentFile>> {
        let storage = self.storage.as_ref();
        let Some(Spare { path: spare, .. }) = spare else {
            return create(storage, path, header);
        };
        create_from(storage, &spare, path, header).inspect_err(|_| {
            // The next try does without it. If it has its new name already, that is written over.
            let _ = storage.remove(&spare);
        })
    }

    fn wake_keeper(&self) {
        // Full: it will look anyway. Disconnected: nobody is there to look.
        let _ = self.wake.try_send(());
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
