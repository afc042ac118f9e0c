//! A connection: a stream cut into frames, whatever carries it. A slow journal makes it wait, and so its sender.

use super::handing::Carrier;
use super::slots::Slot;
use super::{Handover, SequencerGone, stop_asked};
use crate::clock;
use crate::frame::{FrameError, Framer, MIN_BUFFER_BYTES, Step};
use crate::listener::chunk::Chunk;
use crate::source::Source;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Room for one read, behind what the read before left over.
const READ_BYTES: usize = 256 << 10;
/// What is still taken from a connection at the end.
const MAX_DRAIN_BYTES: usize = 16 << 20;
/// So long a peer that was told the end may go on writing, until it ends the connection too.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// We are to stop.
    Stopping,
    /// We are to stop, and another process reads on.
    HandedOn,
    /// Another needs its slot.
    Displaced,
    /// The peer has ended it.
    ByPeer,
    /// It could not be read.
    Failed,
    /// What came are no frames.
    Broken,
}

impl Ending {
    /// For the log.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Stopping => "stopping",
            Self::HandedOn => "handed on",
            Self::Displaced => "it delivered nothing, and its slot was needed",
            Self::ByPeer => "ended by the peer",
            Self::Failed => "failed",
            Self::Broken => "not a stream of syslog frames",
        }
    }
}

/// Who it is, and what it may.
#[derive(Clone, Copy)]
pub(super) struct Party<'a> {
    pub(super) source: Source,
    pub(super) peer: SocketAddr,
    pub(super) slot: &'a Slot,
    pub(super) handover: &'a Handover,
}

/// Reads a stream to its end, or until it is handed on.
pub(super) async fn read<S: Carrier>(stream: S, framer: Framer, party: Party<'_>) -> Ending {
    let ends = Ends { stopping: party.handover.stopping.clone(), slot: party.slot };
    let chunk = party.handover.pool.take();
    Connection { stream, party, framer, chunk }.run(ends).await
}

pub(super) struct Connection<'a, S> {
    pub(super) stream: S,
    pub(super) party: Party<'a>,
    pub(super) framer: Framer,
    /// What was read and not handed on: before a read, never a whole frame.
    pub(super) chunk: Chunk,
}

/// Tells when to end.
struct Ends<'a> {
    stopping: watch::Receiver<bool>,
    slot: &'a Slot,
}

impl Ends<'_> {
    async fn asked(&mut self) -> Ending {
        tokio::select! {
            biased;
            () = stop_asked(&mut self.stopping) => Ending::Stopping,
            () = self.slot.displaced() => Ending::Displaced,
        }
    }
}

/// What was read at once.
struct Read {
    bytes: usize,
    /// Whether the stream goes on.
    end: Result<(), Ending>,
}

impl<S: Carrier> Connection<'_, S> {
    async fn run(mut self, mut ends: Ends<'_>) -> Ending {
        loop {
            self.make_room();
            let first = tokio::select! {
                biased;
                ending = ends.asked() => {
                    let goes_on = ending == Ending::Stopping && self.is_to_be_handed_on();
                    return if goes_on { self.hand_over().await } else { self.end(ending).await };
                }
                first = self.stream.read_buf(&mut self.chunk.bytes) => first,
            };
            let read = self.gather(first).await;
            self.party.handover.pace.read(read.bytes);
            if let Err(ending) = self.take(read.end).await {
                return ending;
            }
        }
    }

    pub(super) async fn end(&mut self, ending: Ending) -> Ending {
        let deadline = Instant::now() + LAST_WORDS;
        // Who was displaced delivered nothing, and its slot is wanted now.
        let says_so = ending == Ending::Stopping && self.say_the_end(deadline).await;
        self.drain(ending, says_so.then_some(deadline)).await
    }

    /// Tells the peer that nobody will read on: a sender that looks writes its next lines to a connection of its own making,
    /// instead of into this one, where nobody would tell it that they were lost.
    async fn say_the_end(&mut self, deadline: Instant) -> bool {
        matches!(timeout_at(deadline, self.stream.shutdown()).await, Ok(Ok(())))
    }

    /// Takes what the kernel has received already; with a deadline also what comes until then, or until the peer has ended it.
    async fn drain(&mut self, ending: Ending, deadline: Option<Instant>) -> Ending {
        let mut drained = 0;
        while drained < MAX_DRAIN_BYTES {
            self.make_room();
            let first = match deadline {
                Some(deadline) => timeout_at(deadline, self.stream.read_buf(&mut self.chunk.bytes)).await.ok(),
                None => self.read_after_a_look().await,
            };
            let Some(first) = first else { return ending };
            let read = self.gather(first).await;
            drained += read.bytes;
            if let Err(ended) = self.take(read.end).await {
                return ended;
            }
        }
        ending
    }

    /// Reads what is there besides the first read, up to a full buffer.
    async fn gather(&mut self, first: io::Result<usize>) -> Read {
        let (mut read, mut bytes) = (Some(first), 0);
        loop {
            match read {
                Some(Ok(0)) => return Read { bytes, end: Err(Ending::ByPeer) },
                Some(Ok(count)) => bytes += count,
                Some(Err(error)) => {
                    tracing::debug!(peer = %self.party.peer, "reading from a syslog connection failed: {error}");
                    return Read { bytes, end: Err(Ending::Failed) };
                }
                None => return Read { bytes, end: Ok(()) },
            }
            if self.chunk.bytes.len() >= READ_BYTES {
                return Read { bytes, end: Ok(()) };
            }
            read = self.read_at_hand().await;
        }
    }

    /// A read that does not wait.
    async fn read_at_hand(&mut self) -> Option<io::Result<usize>> {
        let mut read = pin!(self.stream.read_buf(&mut self.chunk.bytes));
        poll_fn(|context| match read.as_mut().poll(context) {
            Poll::Ready(read) => Poll::Ready(Some(read)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// The same, but before it says no the runtime asks the kernel: what it has may not be known here yet.
    async fn read_after_a_look(&mut self) -> Option<io::Result<usize>> {
        if let Some(read) = self.read_at_hand().await {
            return Some(read);
        }
        tokio::task::yield_now().await;
        self.read_at_hand().await
    }

    /// Hands on the frames of what was read; an error if the stream has ended.
    pub(super) async fn take(&mut self, end: Result<(), Ending>) -> Result<(), Ending> {
        let (consumed, mut end) = match self.cut_frames() {
            (consumed, Ok(())) => (consumed, end),
            (consumed, Err(error)) => (consumed, Err(self.note_broken(&error))),
        };
        let mut done = consumed;
        match end {
            Err(Ending::ByPeer) => {
                self.finish(consumed);
                done = self.chunk.bytes.len();
            }
            // Half a frame came of a stream that was torn.
            Err(Ending::Failed) if consumed < self.chunk.bytes.len() => {
                self.note_broken(&FrameError::Truncated);
            }
            _ => {}
        }
        if self.hand_on(done).await.is_err() {
            end = Err(Ending::Stopping);
        }
        end
    }

    /// Finds the frames; answers how much of the buffer is done with, and whether what follows can be read.
    pub(super) fn cut_frames(&mut self) -> (usize, Result<(), FrameError>) {
        let mut at = 0;
        loop {
            match self.framer.next(&self.chunk.bytes[at..]) {
                Step::Frame { range, consumed } => {
                    self.chunk.push_range(self.party.source, at + range.start..at + range.end);
                    at += consumed;
                }
                Step::Oversize { consumed, .. } => {
                    self.count_oversize();
                    at += consumed;
                }
                Step::Skip { consumed } => at += consumed,
                Step::NeedMore => return (at, Ok(())),
                Step::Broken(error) => return (at, Err(error)),
            }
        }
    }

    /// The stream has ended: a last line may lack its newline.
    fn finish(&mut self, at: usize) {
        match self.framer.finish(&self.chunk.bytes[at..]) {
            Step::Frame { range, .. } => {
                self.chunk.push_range(self.party.source, at + range.start..at + range.end);
            }
            Step::Oversize { .. } => self.count_oversize(),
            Step::Broken(error) => {
                self.note_broken(&error);
            }
            Step::Skip { .. } | Step::NeedMore => {}
        }
    }

    fn count_oversize(&self) {
        self.party.handover.counters.by(self.party.source.transport()).oversize_frames.add(1);
    }

    pub(super) fn note_broken(&self, error: &FrameError) -> Ending {
        let Party { source, peer, handover, .. } = self.party;
        handover.counters.by(source.transport()).broken_streams.add(1);
        handover.notices.broken(peer, error);
        Ending::Broken
    }

    /// Hands the frames on and keeps what follows them.
    pub(super) async fn hand_on(&mut self, consumed: usize) -> Result<(), SequencerGone> {
        if self.chunk.frame_count() == 0 {
            self.chunk.bytes.drain(..consumed);
            return Ok(());
        }
        let Party { source, slot, handover, .. } = self.party;
        slot.delivers();
        let mut rest = handover.pool.take();
        rest.bytes.extend_from_slice(&self.chunk.bytes[consumed..]);
        let mut full = std::mem::replace(&mut self.chunk, rest);
        full.received_at = clock::now();
        handover.send(source.transport(), full).await
    }

    fn make_room(&mut self) {
        assert!(self.chunk.bytes.len() <= MIN_BUFFER_BYTES, "the framer leaves less than a frame");
        let room = READ_BYTES.saturating_sub(self.chunk.bytes.len());
        self.chunk.bytes.reserve(room);
    }
}
