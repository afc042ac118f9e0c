//! Sends simulated lines: a datagram each, or as a ring does, octet-counted over one connection.

use super::{Summary, Target};
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A receiver that takes nothing for so long is given up, so that stopping never hangs.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// A lost connection is tried again this often.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(200);

pub(super) enum Sender {
    Udp { socket: UdpSocket, to: SocketAddr, datagram: Vec<u8> },
    Tcp(Ring),
}

/// A connection and what waits to be written.
pub(super) struct Ring {
    to: SocketAddr,
    stream: Option<TcpStream>,
    last_try: Instant,
    pending: Vec<u8>,
    pending_lines: u64,
}

impl Sender {
    pub(super) fn open(to: Target) -> io::Result<Self> {
        match to {
            Target::Udp(to) => {
                let local: SocketAddr =
                    if to.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
                Ok(Self::Udp { socket: UdpSocket::bind(local)?, to, datagram: Vec::new() })
            }
            Target::Tcp(to) => {
                let stream = Some(connect(to)?);
                let (pending, pending_lines) = (Vec::new(), 0);
                Ok(Self::Tcp(Ring { to, stream, last_try: Instant::now(), pending, pending_lines }))
            }
        }
    }

    /// Sends a line, or puts it with others.
    pub(super) fn push(&mut self, line: &[u8], summary: &mut Summary) {
        match self {
            Self::Udp { socket, to, datagram } => {
                datagram.clear();
                datagram.extend_from_slice(line);
                datagram.push(b'\n');
                if socket.send_to(datagram, *to).is_err() {
                    summary.lines_in_failed_writes += 1;
                }
            }
            Self::Tcp(ring) => {
                // Writing to memory cannot fail.
                let _ = write!(ring.pending, "{} ", line.len());
                ring.pending.extend_from_slice(line);
                ring.pending_lines += 1;
            }
        }
    }

    /// Sends what was put together.
    pub(super) fn flush(&mut self, summary: &mut Summary) {
        if let Self::Tcp(ring) = self {
            ring.flush(summary);
        }
    }
}

impl Ring {
    fn flush(&mut self, summary: &mut Summary) {
        if self.pending.is_empty() {
            return;
        }
        self.reconnect(summary);
        let written = self.stream.as_mut().map(|stream| stream.write_all(&self.pending));
        if !matches!(written, Some(Ok(()))) {
            // Half a frame may have gone out, so this connection is of no more use.
            self.stream = None;
            summary.lines_in_failed_writes += self.pending_lines;
        }
        self.pending.clear();
        self.pending_lines = 0;
    }

    fn reconnect(&mut self, summary: &mut Summary) {
        if self.stream.is_some() || self.last_try.elapsed() < RECONNECT_INTERVAL {
            return;
        }
        self.last_try = Instant::now();
        self.stream = connect(self.to).ok();
        summary.reconnects += u64::from(self.stream.is_some());
    }
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, CONNECT_TIMEOUT)?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    Ok(stream)
}
