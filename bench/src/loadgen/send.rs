//! Brings lines out in bulk: many datagrams a call, or large writes into one connection.

use super::template::{Stamp, Templates, push_decimal};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, sendmmsg};
use std::io::{self, IoSlice, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;
use suiftly_ingest::frame::Framing;
use suiftly_ingest::simulate::Target;

/// Datagrams per call.
const BUNDLE: usize = 64;
/// Lines per write: some 256 KiB.
const TCP_BUNDLE_LINES: u64 = 1_024;
/// A receiver that takes nothing for so long has failed.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) enum Sender {
    Datagrams(Datagrams),
    Tcp(Stream),
}

pub(super) struct Datagrams {
    /// Of UDP or Unix, connected.
    socket: OwnedFd,
    headers: MultiHeaders<()>,
    text: Vec<u8>,
    datagrams: Vec<Range<usize>>,
    calls: u64,
}

pub(super) struct Stream {
    stream: TcpStream,
    framing: Framing,
    text: Vec<u8>,
    calls: u64,
}

impl Sender {
    pub(super) fn open(to: &Target, framing: Framing) -> io::Result<Self> {
        match to {
            Target::Udp(to) => connected_udp(*to).map(|socket| Self::Datagrams(Datagrams::new(socket))),
            Target::Unix(path) => connected_unix(path).map(|socket| Self::Datagrams(Datagrams::new(socket))),
            // What TLS costs the sender would be measured with it.
            Target::Tls { .. } => Err(io::Error::new(io::ErrorKind::Unsupported, "loadgen does not speak TLS")),
            Target::Tcp(to) => {
                let stream = TcpStream::connect(to)?;
                stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(Stream { stream, framing, text: Vec::new(), calls: 0 }))
            }
        }
    }

    /// The most lines between two [`Sender::flush`].
    pub(super) const fn max_bundle_lines(&self) -> u64 {
        match self {
            Self::Datagrams(_) => BUNDLE as u64,
            Self::Tcp(_) => TCP_BUNDLE_LINES,
        }
    }

    /// Puts a line with those to be sent; says how long it is, in bytes without framing.
    pub(super) fn push(&mut self, templates: &Templates, seq: u64, stamp: &Stamp) -> u64 {
        let len = templates.len_bytes(seq);
        match self {
            Self::Datagrams(datagrams) => {
                let start = datagrams.text.len();
                templates.line(seq, stamp, &mut datagrams.text);
                datagrams.text.push(b'\n');
                datagrams.datagrams.push(start..datagrams.text.len());
            }
            Self::Tcp(stream) => {
                if stream.framing == Framing::OctetCount {
                    push_decimal(len as u64, &mut stream.text);
                    stream.text.push(b' ');
                }
                templates.line(seq, stamp, &mut stream.text);
                if stream.framing == Framing::Newline {
                    stream.text.push(b'\n');
                }
            }
        }
        len as u64
    }

    /// Sends what was put together.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Datagrams(datagrams) => datagrams.flush(),
            Self::Tcp(stream) => {
                stream.stream.write_all(&stream.text)?;
                stream.text.clear();
                stream.calls += 1;
                Ok(())
            }
        }
    }

    /// The end of a stream, which the receiver sees.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Datagrams(_) => Ok(()),
            Self::Tcp(stream) => stream.stream.shutdown(std::net::Shutdown::Write),
        }
    }

    pub(super) const fn calls(&self) -> u64 {
        match self {
            Self::Datagrams(datagrams) => datagrams.calls,
            Self::Tcp(stream) => stream.calls,
        }
    }
}

impl Datagrams {
    fn new(socket: OwnedFd) -> Self {
        let headers = MultiHeaders::preallocate(BUNDLE, None);
        Self { socket, headers, text: Vec::new(), datagrams: Vec::new(), calls: 0 }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.datagrams.len() {
            let slices: Vec<_> =
                self.datagrams[sent..].iter().map(|range| [IoSlice::new(&self.text[range.clone()])]).collect();
            let nobody = [None::<()>; BUNDLE];
            let no_control: [ControlMessage<'_>; 0] = [];
            let fd = self.socket.as_raw_fd();
            match sendmmsg(fd, &mut self.headers, &slices, nobody, no_control, MsgFlags::empty()) {
                Ok(results) => sent += results.count(),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            self.calls += 1;
        }
        self.text.clear();
        self.datagrams.clear();
        Ok(())
    }
}

fn connected_udp(to: SocketAddr) -> io::Result<OwnedFd> {
    let any: SocketAddr =
        if to.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(to)?;
    Ok(socket.into())
}

/// It waits for the receiver when the queue is full, as rsyslog does and HAProxy does not.
fn connected_unix(to: &Path) -> io::Result<OwnedFd> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(to)?;
    socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
    Ok(socket.into())
}
