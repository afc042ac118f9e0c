//! Handing connections on: when another process goes on after this one, a connection by plain TCP is not ended. It is
//! read to where a frame ends, and no further; the next process reads on there. So its sender notices nothing, and no
//! line is torn.
//!
//! What stands behind the frame's end is only looked at and left in the kernel (`MSG_PEEK`). Who stops within a frame for
//! longer than [`FRAME_END`] is ended as at a final stop, and its frame as that of a stream that ended there.

use super::connection::{Connection, Ending};
use crate::frame::{FrameError, Framing};
use parking_lot::Mutex;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::server::TlsStream;

/// So long a frame may take to come to its end.
const FRAME_END: Duration = Duration::from_secs(1);
/// What is looked at at once: more than the longest frame.
const LOOK_BYTES: usize = 64 << 10;
/// How the names begin that connections are kept under.
const NAME: &str = "suiftly-tcp-";

/// A connection that stands where a frame ends.
#[derive(Debug)]
pub struct HandedConnection {
    /// The connection.
    pub stream: std::net::TcpStream,
    /// How its frames are told apart, if it is known yet.
    pub framing: Option<Framing>,
    /// What the service manager keeps it under, if it does: to be taken out there before it is read.
    pub kept_as: Option<String>,
}

impl HandedConnection {
    /// A name to keep it under, for the next process to know it by; `number` tells it from the others.
    pub fn name(&self, number: usize) -> String {
        let framing = match self.framing {
            Some(Framing::OctetCount) => "counted",
            Some(Framing::Newline) => "lines",
            None => "new",
        };
        format!("{NAME}{framing}-{}-{number}", std::process::id())
    }

    /// One that was kept under this name; `None` if it is none of ours.
    pub fn kept(name: &str, stream: std::net::TcpStream) -> Option<Self> {
        let framing = match name.strip_prefix(NAME)?.split('-').next()? {
            "counted" => Some(Framing::OctetCount),
            "lines" => Some(Framing::Newline),
            "new" => None,
            _ => return None,
        };
        Some(Self { stream, framing, kept_as: Some(name.to_owned()) })
    }
}

/// Where connections go that are not to end with this process.
#[derive(Debug, Default)]
pub(crate) struct Handing {
    has_begun: AtomicBool,
    connections: Mutex<Vec<HandedConnection>>,
}

impl Handing {
    /// From now on connections are handed on, when reading is to end.
    pub(crate) fn begin(&self) {
        self.has_begun.store(true, Ordering::Release);
    }

    /// Those that were.
    pub(crate) fn take(&self) -> Vec<HandedConnection> {
        std::mem::take(&mut *self.connections.lock())
    }
}

/// What carries frames.
pub(super) trait Carrier: AsyncRead + AsyncWrite + Unpin {
    /// The connection, if it is all that there is: what TLS knows of one cannot be handed on.
    fn as_tcp(&self) -> Option<&TcpStream>;

    /// The same, given away.
    fn into_tcp(self) -> Option<TcpStream>;
}

impl Carrier for TcpStream {
    fn as_tcp(&self) -> Option<&TcpStream> {
        Some(self)
    }

    fn into_tcp(self) -> Option<TcpStream> {
        Some(self)
    }
}

impl Carrier for TlsStream<TcpStream> {
    fn as_tcp(&self) -> Option<&TcpStream> {
        None
    }

    fn into_tcp(self) -> Option<TcpStream> {
        None
    }
}

impl<S: Carrier> Connection<'_, S> {
    pub(super) fn is_to_be_handed_on(&self) -> bool {
        self.party.handover.handing.has_begun.load(Ordering::Acquire) && self.stream.as_tcp().is_some()
    }

    /// Reads to where a frame ends, and leaves the connection to the next process.
    pub(super) async fn hand_over(mut self) -> Ending {
        let is_at_frame_end = self.read_to_frame_end(Instant::now() + FRAME_END).await;
        match is_at_frame_end {
            Ok(true) => self.leave(),
            Ok(false) => self.end_torn().await,
            Err(ending) => ending,
        }
    }

    fn leave(self) -> Ending {
        let (party, framing) = (self.party, self.framer.framing());
        match self.stream.into_tcp().map(TcpStream::into_std) {
            Some(Ok(stream)) => {
                party.handover.handing.connections.lock().push(HandedConnection { stream, framing, kept_as: None });
                Ending::HandedOn
            }
            Some(Err(error)) => {
                tracing::warn!(peer = %party.peer, "cannot hand a syslog connection on: {error}");
                Ending::Failed
            }
            None => Ending::Stopping,
        }
    }

    /// The rest of its frame does not come.
    async fn end_torn(&mut self) -> Ending {
        let ending = self.end(Ending::Stopping).await;
        if ending == Ending::Stopping {
            // It may be a line without its newline.
            let _ = self.take(Err(Ending::ByPeer)).await;
        }
        ending
    }

    /// Whether it came so far before the deadline; an error if the stream has ended.
    async fn read_to_frame_end(&mut self, deadline: Instant) -> Result<bool, Ending> {
        while !self.chunk.bytes.is_empty() || self.framer.is_discarding() {
            let read = self.chunk.bytes.len();
            let looked = self.look(deadline).await;
            let seen = match looked {
                Some(Ok(0)) => return self.take(Err(Ending::ByPeer)).await.map(|()| false),
                Some(Ok(seen)) => seen,
                Some(Err(error)) => return self.fail(&error).await,
                None => return Ok(false),
            };
            let (whole, cut) = self.cut_frames();
            // Up to the end of the last whole frame; all of it, if what was read before goes on behind it.
            let end = if whole >= read { whole } else { read + seen };
            if let Err(error) = self.stream.read_exact(&mut self.chunk.bytes[read..end]).await {
                return self.fail(&error).await;
            }
            self.chunk.bytes.truncate(end);
            if self.hand_on(whole).await.is_err() {
                return Err(Ending::Stopping);
            }
            cut.map_err(|error: FrameError| self.note_broken(&error))?;
        }
        Ok(true)
    }

    /// Puts what the kernel holds behind what was read, without taking it; `None` after the deadline.
    async fn look(&mut self, deadline: Instant) -> Option<io::Result<usize>> {
        let read = self.chunk.bytes.len();
        self.chunk.bytes.resize(read + LOOK_BYTES, 0);
        let looked = match self.stream.as_tcp() {
            Some(stream) => timeout_at(deadline, stream.peek(&mut self.chunk.bytes[read..])).await.ok(),
            None => None,
        };
        let seen = looked.as_ref().and_then(|seen| seen.as_ref().ok()).copied().unwrap_or(0);
        self.chunk.bytes.truncate(read + seen);
        looked
    }

    async fn fail(&mut self, error: &io::Error) -> Result<bool, Ending> {
        tracing::debug!(peer = %self.party.peer, "reading from a syslog connection failed: {error}");
        self.take(Err(Ending::Failed)).await.map(|()| false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn stream() -> std::net::TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap()
    }

    #[test]
    fn a_connection_is_known_by_its_name_with_its_framing() {
        for framing in [None, Some(Framing::OctetCount), Some(Framing::Newline)] {
            let handed = HandedConnection { stream: stream(), framing, kept_as: None };
            let name = handed.name(7);
            assert!(name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'), "{name}");
            assert_ne!(name, handed.name(8));
            let kept = HandedConnection::kept(&name, handed.stream).unwrap();
            assert_eq!((kept.framing, kept.kept_as), (framing, Some(name)));
        }
        for other in ["", "unknown", "suiftly.socket", "suiftly-tcp-", "suiftly-tcp-other-1-1"] {
            assert!(HandedConnection::kept(other, stream()).is_none(), "{other}");
        }
    }
}
