//! A chunk: the frames of one read, on their way from a listener to the sequencer, in a buffer that is used again.

use crate::source::Source;
use crossbeam_channel::{Receiver, Sender};
use std::ops::Range;
use suiftly_schema::{ids::Epoch, time::UnixMillis};
use tokio::sync::oneshot;

/// Frames of one read, in a buffer that may hold framing and rests between them.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// When they were read.
    pub(crate) received_at: UnixMillis,
    /// What was read.
    pub(crate) bytes: Vec<u8>,
    /// Where the frames stand in `bytes`.
    frames: Vec<Range<usize>>,
    /// Who sent them: how many frames in a row from whom.
    runs: Vec<(Source, usize)>,
    /// Who wants to know the epoch that its last frame is in.
    pub(crate) receipt: Option<oneshot::Sender<Epoch>>,
}

impl Chunk {
    /// Adds a frame that stands in `bytes` already.
    pub(crate) fn push_range(&mut self, source: Source, frame: Range<usize>) {
        self.frames.push(frame);
        match self.runs.last_mut() {
            Some((last, count)) if *last == source => *count += 1,
            _ => self.runs.push((source, 1)),
        }
    }

    /// Copies a frame in.
    pub(crate) fn push_copy(&mut self, source: Source, frame: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(frame);
        self.push_range(source, start..self.bytes.len());
    }

    /// How many frames.
    pub(crate) fn frame_count(&self) -> usize {
        self.frames.len()
    }

    /// Bytes of the frames alone.
    pub(crate) fn frame_bytes(&self) -> usize {
        self.frames.iter().map(Range::len).sum()
    }

    /// The frames in order, and who sent each.
    pub(crate) fn frames(&self) -> impl Iterator<Item = (&Source, &[u8])> {
        let sources = self.runs.iter().flat_map(|(source, count)| std::iter::repeat_n(source, *count));
        sources.zip(self.frames.iter().map(|range| &self.bytes[range.clone()]))
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
        self.runs.clear();
        self.receipt = None;
    }
}

/// Keeps chunks that are done with, for their buffers. Never waits: without one at hand it makes one.
#[derive(Clone, Debug)]
pub(crate) struct ChunkPool {
    idle: (Sender<Chunk>, Receiver<Chunk>),
}

impl ChunkPool {
    /// Keeps at most so many.
    pub(crate) fn new(max_idle: usize) -> Self {
        Self { idle: crossbeam_channel::bounded(max_idle) }
    }

    /// An empty chunk.
    pub(crate) fn take(&self) -> Chunk {
        self.idle.1.try_recv().unwrap_or_default()
    }

    /// Takes a chunk back.
    pub(crate) fn give_back(&self, mut chunk: Chunk) {
        chunk.clear();
        // A full pool means that there are enough.
        let _ = self.idle.0.try_send(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_with_their_senders() {
        let source = |port| Source::udp(([192, 0, 2, 1], port).into());
        let pool = ChunkPool::new(1);
        let mut chunk = pool.take();
        chunk.push_copy(source(1), b"a");
        chunk.push_copy(source(1), b"bc");
        chunk.push_copy(source(2), b"d");
        let frames: Vec<_> = chunk.frames().map(|(source, bytes)| (source.address().unwrap().port(), bytes)).collect();
        assert_eq!(frames, [(1, b"a".as_slice()), (1, b"bc"), (2, b"d")]);
        assert_eq!((chunk.frame_count(), chunk.frame_bytes()), (3, 4));
        pool.give_back(chunk);
        pool.give_back(Chunk::default());
        assert_eq!(pool.take().frames().count(), 0, "used again, but empty");
    }
}
