//! A link that runs: one task reads, writes and beats, until one side ends it.
//!
//! Frames wait on either side in a queue with a bound. Whoever does not take what comes holds the sender up, and in the
//! end is taken for dead; so take, and let credit say how much may come.

use crate::beat::{BEAT_EVERY, Beat, SILENCE};
use crate::bye;
use crate::error::LinkError;
use crate::frame::{Frame, MAX_PAYLOAD_BYTES, take_frame};
use crate::hello::Party;
use crate::kind::Kind;
use crate::link::Link;
use bytes::{Bytes, BytesMut};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, timeout};

/// Frames that may wait to be sent, and as many to be taken: 64 MiB each at most.
pub const QUEUE_FRAMES: usize = 8;

/// So much is read at once. Room for a frame grows with what comes of it, not with what it announces.
const READ_BYTES: usize = 64 << 10;
/// How long the last words may take to arrive.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(1);

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The other side lives.
    Beat(Beat),
    /// It says something; neither hello nor beat nor bye, and what its role may say.
    Frame(Frame),
}

/// Where frames are sent. Clones are the same; with the last of them the link ends.
#[derive(Clone, Debug)]
pub struct LinkSender {
    queue: mpsc::Sender<Outgoing>,
}

/// Where frames come in.
#[derive(Debug)]
pub struct LinkReceiver {
    frames: mpsc::Receiver<Received>,
    end: oneshot::Receiver<LinkError>,
}

/// A frame as it goes over the wire.
#[derive(Debug)]
enum Outgoing {
    Frame(Bytes),
    /// There is no other after it.
    Last(Bytes),
}

impl LinkSender {
    /// Puts a frame into the queue, once there is room. Fails with [`LinkError::Frame`] if it cannot be sent, and the
    /// link goes on; with [`LinkError::Over`] at the link's end: the receiver says why.
    pub async fn send(&self, frame: &Frame) -> Result<(), LinkError> {
        self.enqueue(Outgoing::Frame(frame.encode()?)).await
    }

    /// The same, packed if that makes it shorter.
    pub async fn send_packed(&self, frame: &Frame) -> Result<(), LinkError> {
        self.enqueue(Outgoing::Frame(frame.encode_packed()?)).await
    }

    /// Ends the link, once what was put into the queue before is sent, and says why.
    pub async fn say_goodbye(&self, why: &str) -> Result<(), LinkError> {
        self.enqueue(Outgoing::Last(bye::frame(why).encode()?)).await
    }

    async fn enqueue(&self, outgoing: Outgoing) -> Result<(), LinkError> {
        self.queue.send(outgoing).await.map_err(|_| LinkError::Over)
    }
}

impl LinkReceiver {
    /// The next that came; at the end, once, why it ended, and [`LinkError::Over`] from then on. May be dropped while
    /// it waits: nothing is lost.
    pub async fn recv(&mut self) -> Result<Received, LinkError> {
        match self.frames.recv().await {
            Some(received) => Ok(received),
            None => Err(self.end.try_recv().unwrap_or(LinkError::Over)),
        }
    }
}

pub(crate) fn start<S, P>(link: Link<S>, pulse: P) -> (LinkSender, LinkReceiver)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    P: Fn() -> Beat + Send + 'static,
{
    let (queue, queued) = mpsc::channel(QUEUE_FRAMES);
    let (into, frames) = mpsc::channel(QUEUE_FRAMES);
    let (ended, end) = oneshot::channel();
    tokio::spawn(async move {
        // Told before `into` is gone, which is what the receiver looks at first.
        let _ = ended.send(run(link, queued, &into, pulse).await);
    });
    (LinkSender { queue }, LinkReceiver { frames, end })
}

/// Runs to the end, and says why it came.
async fn run<S, P>(
    link: Link<S>,
    mut queued: mpsc::Receiver<Outgoing>,
    into: &mpsc::Sender<Received>,
    pulse: P,
) -> LinkError
where
    S: AsyncRead + AsyncWrite + Unpin,
    P: Fn() -> Beat,
{
    let Link { stream, mut buffer, peer, .. } = link;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let written = tokio::select! {
        why = read_all(&mut reader, &mut buffer, &peer, into) => return why,
        written = write_all(&mut writer, &mut queued, pulse) => written,
    };
    match written {
        Ok(()) => {
            // What comes while the last words are under way would, unread, make the system throw them away.
            let _ = timeout(FAREWELL_TIMEOUT, tokio::io::copy(&mut reader, &mut tokio::io::sink())).await;
            LinkError::Over
        }
        Err(LinkError::Broken(error)) => {
            // Who went may have said why before.
            match timeout(FAREWELL_TIMEOUT, read_all(&mut reader, &mut buffer, &peer, into)).await {
                Ok(why @ LinkError::Bye { .. }) => why,
                _ => LinkError::Broken(error),
            }
        }
        Err(why) => why,
    }
}

/// Hands on what comes, until nothing does; says why.
async fn read_all<R: AsyncRead + Unpin>(
    reader: &mut R,
    buffer: &mut BytesMut,
    peer: &Party,
    into: &mpsc::Sender<Received>,
) -> LinkError {
    loop {
        match read_one(reader, buffer, peer).await {
            // Whoever only sends need not listen; they hear of the end by what they send.
            Ok(received) => drop(into.send(received).await),
            Err(why) => return why,
        }
    }
}

async fn read_one<R: AsyncRead + Unpin>(
    reader: &mut R,
    buffer: &mut BytesMut,
    peer: &Party,
) -> Result<Received, LinkError> {
    let frame = next(reader, buffer, MAX_PAYLOAD_BYTES).await?;
    if !frame.kind.may_come(&peer.role, peer.hello.purpose) {
        return Err(LinkError::NotTheirs { kind: frame.kind, role: peer.role.clone() });
    }
    match frame.kind {
        Kind::Bye => Err(LinkError::Bye { why: bye::why(&frame.payload) }),
        Kind::Beat => Ok(Received::Beat(Beat::decode(&frame.payload)?)),
        _ => Ok(Received::Frame(frame)),
    }
}

/// The next frame. Any byte that comes is a sign of life: a long frame on a slow line takes its time.
pub(crate) async fn next<R: AsyncRead + Unpin>(
    reader: &mut R,
    buffer: &mut BytesMut,
    max_payload: usize,
) -> Result<Frame, LinkError> {
    loop {
        if let Some(frame) = take_frame(buffer, max_payload)? {
            return Ok(frame);
        }
        buffer.reserve(READ_BYTES);
        match timeout(SILENCE, reader.read_buf(buffer)).await {
            Ok(Ok(0)) => return Err(LinkError::Ended),
            Ok(Ok(_)) => {}
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(LinkError::Ended),
            Ok(Err(error)) => return Err(LinkError::Broken(error)),
            Err(_) => return Err(LinkError::Silent),
        }
    }
}

/// Writes what is queued, and a beat when it is time, until there is nothing more to send.
async fn write_all<W, P>(writer: &mut W, queued: &mut mpsc::Receiver<Outgoing>, pulse: P) -> Result<(), LinkError>
where
    W: AsyncWrite + Unpin,
    P: Fn() -> Beat,
{
    let mut beats = tokio::time::interval(BEAT_EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let outgoing = tokio::select! {
            biased;
            _ = beats.tick() => Some(Outgoing::Frame(pulse().to_frame().encode()?)),
            outgoing = queued.recv() => outgoing,
        };
        match outgoing {
            Some(Outgoing::Frame(bytes)) => write(writer, &bytes).await?,
            Some(Outgoing::Last(bytes)) => {
                write(writer, &bytes).await?;
                break;
            }
            None => break,
        }
    }
    taken(writer.shutdown()).await
}

async fn write<W: AsyncWrite + Unpin>(writer: &mut W, mut bytes: &[u8]) -> Result<(), LinkError> {
    while !bytes.is_empty() {
        let count = taken(writer.write(bytes)).await?;
        if count == 0 {
            return Err(LinkError::Broken(io::ErrorKind::WriteZero.into()));
        }
        bytes = &bytes[count..];
    }
    taken(writer.flush()).await
}

/// What is written must be taken, a little at least, before it is too long.
async fn taken<T>(written: impl Future<Output = io::Result<T>>) -> Result<T, LinkError> {
    match timeout(SILENCE, written).await {
        Ok(written) => written.map_err(LinkError::Broken),
        Err(_) => Err(LinkError::Stalled),
    }
}
