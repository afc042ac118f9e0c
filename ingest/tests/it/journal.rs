//! The journal on real files.

mod archive;
mod basics;
mod crash;
mod life;
mod look;
mod rot;
mod trouble;

use crate::support::pipeline::PATIENCE;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::journal::{
    Journal, JournalConfig, JournalError, JournalReader, Recovery, SEGMENT_HEADER_BYTES, SegmentSummary, State, survey,
};
use suiftly_ingest::source::Source;
use suiftly_schema::time::UnixMillis;

/// Blocks follow each other like the sequencer's.
pub(crate) struct Chain {
    epoch: u64,
    start: u64,
}

impl Chain {
    fn after(recovery: &Recovery) -> Self {
        Self { epoch: recovery.last_epoch + 1, start: recovery.end }
    }

    fn next(&mut self, frame_bytes: usize, synced_end: u64) -> Arc<Block> {
        let mut builder = BlockBuilder::default();
        let frame = vec![u8::try_from(self.epoch % 251).unwrap(); frame_bytes];
        builder.push(&Source::File, UnixMillis(1), &frame).unwrap();
        let cut_at = UnixMillis(i64::try_from(self.epoch).unwrap() * 10);
        let block = builder.seal_after_sync(self.epoch, cut_at, self.start, synced_end);
        (self.epoch, self.start) = (self.epoch + 1, block.end);
        Arc::new(block)
    }

    /// Appends a block of this size and waits until it is durable.
    fn append(&mut self, journal: &Journal, frame_bytes: usize) -> Arc<Block> {
        let block = self.next(frame_bytes, journal.progress().durable_end());
        journal.append(Arc::clone(&block)).unwrap();
        journal.progress().wait_durable(block.epoch).unwrap();
        block
    }
}

/// Small segments that stay as they are.
fn raw(segment_bytes: u64) -> JournalConfig {
    JournalConfig { segment_bytes, compress_level: 0, spare_segments: 0, ..JournalConfig::default() }
}

/// Writes blocks of these sizes, each synced before the next.
fn write(dir: &Path, config: &JournalConfig, sizes: &[usize]) -> Vec<Arc<Block>> {
    let (journal, recovery) = Journal::open(dir, config.clone()).unwrap();
    let mut chain = Chain::after(&recovery);
    sizes.iter().map(|size| chain.append(&journal, *size)).collect()
}

fn read(dir: &Path, epoch: u64) -> Result<Vec<Arc<Block>>, JournalError> {
    JournalReader::from_epoch(dir, epoch)?.map(|block| block.map(Arc::new)).collect()
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    files(dir, "sfj")
}

/// Where a block stands in a journal of one segment.
fn file_range(block: &Block) -> std::ops::Range<usize> {
    let at = |offset: u64| usize::try_from(offset).unwrap() + SEGMENT_HEADER_BYTES;
    at(block.start)..at(block.end)
}

fn wait_until(what: &str, so: impl Fn() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

/// Waits until the segments are as wanted.
fn await_segments(dir: &Path, archive: Option<&Path>, what: &str, so: impl Fn(&[SegmentSummary]) -> bool) {
    // A directory may change while it is looked at.
    wait_until(what, || survey(dir, archive).is_ok_and(|segments| so(&segments)));
}

fn is_compressed(segment: &SegmentSummary) -> bool {
    segment.state == State::Compressed
}
