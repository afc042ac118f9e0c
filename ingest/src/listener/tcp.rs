//! TCP: tasks that cut each connection's stream into frames. A slow journal makes them wait, and so the senders.

use super::{Handover, SequencerGone, stop_asked};
use crate::clock;
use crate::frame::{Framer, MIN_BUFFER_BYTES, Step};
use crate::listener::chunk::Chunk;
use crate::source::{Source, Transport};
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Room for one read, behind what the read before left over.
const READ_BYTES: usize = 256 << 10;
/// What is still taken from a connection at the end, while it has something at hand.
const MAX_DRAIN_BYTES: usize = 16 << 20;
/// A ring may be silent for days, so there is no idle timeout; a peer that is gone is found out by keepalive.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;
/// A pause after accepting failed: no descriptors left, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until it is told to stop, then waits for them to end.
pub(super) async fn run(listener: TcpListener, max_connections: usize, handover: Handover) {
    let slots = Arc::new(Semaphore::new(max_connections));
    let mut stopping = handover.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop_asked(&mut stopping) => return,
        };
        match accepted {
            Ok((stream, peer)) => admit(stream, peer, &slots, &handover),
            Err(error) => {
                tracing::warn!("accepting a syslog connection failed: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn admit(stream: TcpStream, peer: SocketAddr, slots: &Arc<Semaphore>, handover: &Handover) {
    let Ok(slot) = Arc::clone(slots).try_acquire_owned() else {
        handover.counters.connections_refused.add(1);
        tracing::warn!(%peer, "refused a syslog connection: there are too many");
        return;
    };
    handover.counters.connections_accepted.add(1);
    let handover = handover.clone();
    tokio::spawn(async move {
        let reason = Connection::new(stream, peer, &handover).run().await;
        handover.counters.connections_closed.add(1);
        tracing::info!(%peer, reason, "syslog connection closed");
        drop(slot);
    });
}

struct Connection<'a> {
    stream: TcpStream,
    source: Source,
    handover: &'a Handover,
    framer: Framer,
    /// What was read and not handed on: before a read, never a whole frame.
    chunk: Chunk,
}

/// Why a connection ends, in a word for the log.
type Reason = &'static str;

impl<'a> Connection<'a> {
    fn new(stream: TcpStream, peer: SocketAddr, handover: &'a Handover) -> Self {
        let source = Source::tcp(peer);
        Self { stream, source, handover, framer: Framer::detect(), chunk: handover.pool.take() }
    }

    async fn run(mut self) -> Reason {
        if let Err(error) = keep_alive(&self.stream) {
            tracing::warn!("cannot turn on keepalive: {error}");
        }
        let mut stopping = self.handover.stopping.clone();
        loop {
            self.make_room();
            let read = tokio::select! {
                biased;
                () = stop_asked(&mut stopping) => return self.drain().await,
                read = self.stream.read_buf(&mut self.chunk.bytes) => read,
            };
            if let Err(reason) = self.take(read).await {
                return reason;
            }
        }
    }

    /// The end: takes what the kernel has received already.
    async fn drain(&mut self) -> Reason {
        let mut drained = 0;
        while drained < MAX_DRAIN_BYTES {
            self.make_room();
            let read = match self.stream.try_read_buf(&mut self.chunk.bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                read => read,
            };
            drained += read.as_ref().copied().unwrap_or_default();
            if let Err(reason) = self.take(read).await {
                return reason;
            }
        }
        "stopping"
    }

    async fn take(&mut self, read: io::Result<usize>) -> Result<(), Reason> {
        match read {
            Ok(0) => {
                self.finish();
                self.hand_on(self.chunk.bytes.len()).await.map_err(|SequencerGone| "stopping")?;
                Err("ended by the peer")
            }
            Ok(_) => self.take_frames().await,
            Err(error) => {
                tracing::debug!("reading from a syslog connection failed: {error}");
                Err("failed")
            }
        }
    }

    async fn take_frames(&mut self) -> Result<(), Reason> {
        let (consumed, broken) = self.cut_frames();
        self.hand_on(consumed).await.map_err(|SequencerGone| "stopping")?;
        if broken { Err("not a stream of syslog frames") } else { Ok(()) }
    }

    /// Finds the frames; answers how much of the buffer is done with, and whether nothing after it can be read.
    fn cut_frames(&mut self) -> (usize, bool) {
        let mut at = 0;
        loop {
            match self.framer.next(&self.chunk.bytes[at..]) {
                Step::Frame { range, consumed } => {
                    self.chunk.push_range(self.source, at + range.start..at + range.end);
                    at += consumed;
                }
                Step::Oversize { consumed, .. } => {
                    self.handover.counters.oversize_frames.add(1);
                    at += consumed;
                }
                Step::Skip { consumed } => at += consumed,
                Step::NeedMore => return (at, false),
                Step::Broken(error) => {
                    self.note_broken(&error);
                    return (at, true);
                }
            }
        }
    }

    /// The stream has ended: a last line may lack its newline.
    fn finish(&mut self) {
        match self.framer.finish(&self.chunk.bytes) {
            Step::Frame { range, .. } => self.chunk.push_range(self.source, range),
            Step::Oversize { .. } => self.handover.counters.oversize_frames.add(1),
            Step::Broken(error) => self.note_broken(&error),
            Step::Skip { .. } | Step::NeedMore => {}
        }
    }

    fn note_broken(&self, error: &crate::frame::FrameError) {
        self.handover.counters.broken_streams.add(1);
        tracing::warn!(source = %self.source, "closing a syslog connection: {error}");
    }

    /// Hands the frames on and keeps what follows them.
    async fn hand_on(&mut self, consumed: usize) -> Result<(), SequencerGone> {
        if self.chunk.frame_count() == 0 {
            self.chunk.bytes.drain(..consumed);
            return Ok(());
        }
        let mut rest = self.handover.pool.take();
        rest.bytes.extend_from_slice(&self.chunk.bytes[consumed..]);
        let mut full = std::mem::replace(&mut self.chunk, rest);
        full.received_at = clock::now();
        self.handover.send(Transport::Tcp, full).await
    }

    fn make_room(&mut self) {
        assert!(self.chunk.bytes.len() <= MIN_BUFFER_BYTES, "the framer leaves less than a frame");
        let room = READ_BYTES.saturating_sub(self.chunk.bytes.len());
        self.chunk.bytes.reserve(room);
    }
}

fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    let keepalive =
        TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_INTERVAL).with_retries(KEEPALIVE_PROBES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
