//! Sends simulated lines: a datagram each, or as a ring does, octet-counted over one connection.

use super::stream::{Connector, Stream};
use super::{SimulateError, SimulateOptions, Summary, Target};
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A Unix socket whose receiver takes nothing for so long is given up for this line.
const UNIX_TIMEOUT: Duration = Duration::from_secs(5);
/// A lost connection is tried again this often.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(200);

pub(super) enum Sender {
    Datagrams { socket: DatagramSocket, datagram: Vec<u8> },
    Ring(Ring),
}

pub(super) enum DatagramSocket {
    Udp(UdpSocket, SocketAddr),
    /// By path each time, so that a receiver that was started anew is found.
    Unix(UnixDatagram, PathBuf),
}

/// A connection and what waits to be written.
pub(super) struct Ring {
    connector: Connector,
    stream: Option<Stream>,
    last_try: Instant,
    pending: Vec<u8>,
    pending_lines: u64,
}

impl Sender {
    pub(super) fn open(options: &SimulateOptions) -> Result<Self, SimulateError> {
        let open_error = |source| SimulateError::Open { to: options.to.clone(), source };
        let datagrams = |socket| Self::Datagrams { socket, datagram: Vec::new() };
        match &options.to {
            Target::Udp(to) => DatagramSocket::udp(*to).map(datagrams).map_err(open_error),
            Target::Unix(path) => DatagramSocket::unix(path.clone()).map(datagrams).map_err(open_error),
            Target::Tcp(to) => Ring::open(Connector::Tcp(*to)).map(Self::Ring).map_err(open_error),
            Target::Tls { host, port } => {
                let connector = Connector::tls(host, *port, options)?;
                Ring::open(connector).map(Self::Ring).map_err(open_error)
            }
        }
    }

    /// Sends a line, or puts it with others.
    pub(super) fn push(&mut self, line: &[u8], summary: &mut Summary) {
        match self {
            Self::Datagrams { socket, datagram } => {
                datagram.clear();
                datagram.extend_from_slice(line);
                datagram.push(b'\n');
                if socket.send(datagram).is_err() {
                    summary.lines_in_failed_writes += 1;
                }
            }
            Self::Ring(ring) => {
                // Writing to memory cannot fail.
                let _ = write!(ring.pending, "{} ", line.len());
                ring.pending.extend_from_slice(line);
                ring.pending_lines += 1;
            }
        }
    }

    /// Sends what was put together.
    pub(super) fn flush(&mut self, summary: &mut Summary) {
        if let Self::Ring(ring) = self {
            ring.flush(summary);
        }
    }

    /// The end.
    pub(super) fn finish(self) {
        if let Self::Ring(Ring { stream: Some(mut stream), .. }) = self {
            // All lines are written: if it fails there is nothing left to lose.
            let _ = stream.finish();
        }
    }
}

impl DatagramSocket {
    fn udp(to: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr =
            if to.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
        Ok(Self::Udp(UdpSocket::bind(any)?, to))
    }

    fn unix(path: PathBuf) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(UNIX_TIMEOUT))?;
        // The first must succeed: is anybody there?
        UnixDatagram::unbound()?.connect(&path)?;
        Ok(Self::Unix(socket, path))
    }

    fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        match self {
            Self::Udp(socket, to) => socket.send_to(datagram, to),
            Self::Unix(socket, path) => socket.send_to(datagram, path),
        }
    }
}

impl Ring {
    fn open(connector: Connector) -> io::Result<Self> {
        let stream = Some(connector.connect()?);
        Ok(Self { connector, stream, last_try: Instant::now(), pending: Vec::new(), pending_lines: 0 })
    }

    fn flush(&mut self, summary: &mut Summary) {
        if self.pending.is_empty() {
            return;
        }
        if self.stream.as_mut().is_some_and(Stream::has_ended) {
            self.stream = None;
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
        self.stream = self.connector.connect().ok();
        summary.reconnects += u64::from(self.stream.is_some());
    }
}
