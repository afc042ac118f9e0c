//! The sequencer: one thread that puts all frames into one order, cuts them into blocks and hands these to the journal.
//!
//! It decodes nothing, so sockets are read from the start on, whatever there is to decode: another thread follows it
//! ([`follow`]). A block is cut when it is full, or some milliseconds after its first frame while the journal can
//! take it: a slow disk makes blocks larger, not more. Without frames an empty block is cut now and then, and when a
//! month begins: the journal's clock is all that tells those behind it the time ([`idle`]). Batches go to [`deliver`],
//! which holds each back until its block is durable.

mod buffers;
pub(crate) mod deliver;
pub(crate) mod feed;
pub(crate) mod follow;
mod idle;

use crate::block::{BlockBuilder, BlockFull};
use crate::clock;
use crate::error::IngestError;
use crate::journal::{Journal, Recovery};
use crate::listener::{Chunk, ChunkPool};
use buffers::BlockBuffers;
use feed::Feed;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::{ids::Epoch, time::UnixMillis};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// How much of the journal before the watermark is read again at the start, so that a line that comes again is proven
/// to be the same one: some 130,000 lines.
pub(crate) const REWARM_BYTES: u64 = 32 << 20;

/// A block this long is cut at once. Four times as much, which the format allows, has left the processor's cache by
/// the time it is written, and cost a third more in all when measured.
const CUT_BYTES: usize = 1 << 20;

/// Something it sends to is gone; whoever is gone has said why.
#[derive(Debug)]
pub(crate) struct Gone;

/// Where the next block begins.
struct Place {
    epoch: Epoch,
    start: u64,
    /// The last cut. The next is never before it, whatever the clock does.
    cut_at: UnixMillis,
}

/// When blocks are cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CutPace {
    /// How long frames are gathered.
    pub(crate) gather: Duration,
    /// After how long without frames an empty block is cut.
    pub(crate) idle: Duration,
}

/// What it shares with others.
pub(crate) struct Links {
    /// Where blocks go beside the journal.
    pub(crate) feed: Feed,
    /// Where chunks go when they are empty.
    pub(crate) pool: ChunkPool,
}

pub(crate) struct Sequencer {
    journal: Journal,
    links: Links,
    pace: CutPace,
    place: Place,
    builder: BlockBuilder,
    buffers: BlockBuffers,
    /// Who wants to know which epoch the block will be: their last frame is in it.
    receipts: Vec<oneshot::Sender<Epoch>>,
    /// Whether anybody follows. At the end it may be nobody any more: what was read is journaled all the same, and the
    /// next start decodes it.
    is_followed: bool,
}

/// What became of waiting for a chunk.
enum Waited {
    Chunk(Chunk),
    TimeOut,
    Closed,
}

impl Sequencer {
    pub(crate) fn new((journal, recovery): (Journal, &Recovery), links: Links, pace: CutPace) -> Self {
        let place = Place {
            epoch: recovery.last_epoch + 1,
            start: recovery.end,
            cut_at: recovery.last_cut_at.unwrap_or(UnixMillis::MIN),
        };
        let (builder, buffers) = (BlockBuilder::default(), BlockBuffers::default());
        Self { journal, links, pace, place, builder, buffers, receipts: Vec::new(), is_followed: true }
    }

    /// Takes chunks until all listeners have ended, then cuts the last block. Ends early when nobody follows
    /// though it was not told to stop.
    pub(crate) fn run(
        mut self,
        mut chunks: mpsc::Receiver<Chunk>,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), IngestError> {
        // A runtime of its own, for nothing but waiting with a time limit.
        let waiting = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|source| IngestError::Start { what: "sequencer", source })?;
        loop {
            let deadline = Instant::now() + idle::wait(clock::now(), self.pace.idle);
            let cut = match wait(&mut chunks, &waiting, deadline) {
                Waited::Chunk(first) => {
                    self.take(first).and_then(|()| self.fill(&mut chunks, &waiting)).and_then(|()| self.cut())
                }
                Waited::TimeOut => self.cut_idle(),
                Waited::Closed => break,
            };
            if cut.is_err() || !(self.is_followed || *stop.borrow()) {
                break;
            }
        }
        Ok(())
    }

    /// Takes chunks until it is time to cut.
    fn fill(&mut self, chunks: &mut mpsc::Receiver<Chunk>, waiting: &tokio::runtime::Runtime) -> Result<(), Gone> {
        let mut deadline = Instant::now() + self.pace.gather;
        loop {
            match wait(chunks, waiting, deadline) {
                Waited::Chunk(chunk) => self.take(chunk)?,
                Waited::TimeOut if self.journal.queue_is_full() && !self.builder.is_empty() => {
                    deadline = Instant::now() + self.pace.gather;
                }
                Waited::TimeOut | Waited::Closed => return Ok(()),
            }
        }
    }

    fn take(&mut self, mut chunk: Chunk) -> Result<(), Gone> {
        for (source, frame) in chunk.frames() {
            if self.builder.len_bytes() >= CUT_BYTES {
                self.cut()?;
            }
            if self.builder.push(source, chunk.received_at, frame) == Err(BlockFull) {
                self.cut()?;
                self.builder.push(source, chunk.received_at, frame).expect("an empty block has room for a frame");
            }
        }
        self.receipts.extend(chunk.receipt.take());
        self.links.pool.give_back(chunk);
        Ok(())
    }

    /// Cuts what there is.
    fn cut(&mut self) -> Result<(), Gone> {
        if self.builder.is_empty() { Ok(()) } else { self.seal() }
    }

    /// Cuts a block without frames, unless the disk has not taken the one before: while it refuses, time need not go on.
    fn cut_idle(&mut self) -> Result<(), Gone> {
        let is_taken = self.journal.progress().durable_end() == self.place.start;
        if is_taken { self.seal() } else { Ok(()) }
    }

    /// Seals the block and hands it to the journal; whoever follows takes it meanwhile.
    fn seal(&mut self) -> Result<(), Gone> {
        let next = BlockBuilder::with_buffer(self.buffers.take());
        let builder = std::mem::replace(&mut self.builder, next);
        let cut_at = self.place.cut_at.max(clock::now());
        let synced_end = self.journal.progress().durable_end();
        let block = Arc::new(builder.seal_after_sync(self.place.epoch, cut_at, self.place.start, synced_end));
        self.place = Place { epoch: block.epoch + 1, start: block.end, cut_at };
        self.journal.append(Arc::clone(&block)).map_err(|_| Gone)?;
        for receipt in self.receipts.drain(..) {
            // Who asked may have stopped waiting.
            let _ = receipt.send(block.epoch);
        }
        self.is_followed = self.is_followed && self.links.feed.push(&block).is_ok();
        self.buffers.lend(block);
        Ok(())
    }
}

fn wait(chunks: &mut mpsc::Receiver<Chunk>, waiting: &tokio::runtime::Runtime, deadline: Instant) -> Waited {
    // Under load there is a chunk at hand, which is cheaper to take than to wait for; but time must still be kept.
    if Instant::now() < deadline
        && let Ok(chunk) = chunks.try_recv()
    {
        return Waited::Chunk(chunk);
    }
    match waiting.block_on(async { tokio::time::timeout_at(deadline, chunks.recv()).await }) {
        Ok(Some(chunk)) => Waited::Chunk(chunk),
        Ok(None) => Waited::Closed,
        Err(_) => Waited::TimeOut,
    }
}
