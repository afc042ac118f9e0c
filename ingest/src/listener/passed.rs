//! Sockets that were bound by somebody else and passed to this process: by systemd, which keeps them over a restart, so
//! that lines wait in the kernel meanwhile. A socket is known by its kind and its address, which must be one that the
//! configuration names: lines are never taken where nobody looks for them.

use super::HandedConnection;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// Sockets as they were passed, not yet claimed.
#[derive(Debug, Default)]
pub struct PassedSockets {
    /// Those of UDP.
    pub udp: Vec<UdpSocket>,
    /// Those that listen by TCP.
    pub tcp: Vec<TcpListener>,
    /// Unix datagram sockets.
    pub unix: Vec<UnixDatagram>,
    /// Connections that the process before had accepted: they are read on, wherever they came in.
    pub connections: Vec<HandedConnection>,
}

/// Why passed sockets cannot be used. Each is one clear line for an operator.
#[derive(Debug, thiserror::Error)]
pub enum PassedError {
    /// The configuration does not speak of it.
    #[error(
        "systemd passed {socket}, where nothing is configured to listen: name the same addresses in suiftly.socket, \
         suiftly-udp.socket and suiftly.toml"
    )]
    Stranger {
        /// Its kind and address.
        socket: String,
    },
    /// One would be read, the others would fill up unread.
    #[error(
        "systemd passed {passed} UDP sockets at {listen}, but ingest.udp_shards is {shards}: suiftly-udp.socket must name \
         the address as many times"
    )]
    Shards {
        /// How many were passed.
        passed: usize,
        /// How many the configuration asks for.
        shards: usize,
        /// Where.
        listen: SocketAddr,
    },
    /// The kernel does not say what it is.
    #[error("cannot look at a socket that systemd passed: {0}")]
    Unknown(#[from] io::Error),
}

impl PassedSockets {
    /// The one that listens by TCP at this address, if it was passed.
    pub fn take_tcp(&mut self, listen: SocketAddr) -> Option<TcpListener> {
        take(&mut self.tcp, |socket| socket.local_addr().is_ok_and(|address| address == listen))
    }

    /// Those of UDP at this address: none, or as many as are to be read.
    pub(super) fn take_udp(&mut self, listen: SocketAddr, shards: usize) -> Result<Vec<UdpSocket>, PassedError> {
        let is_there = |socket: &UdpSocket| socket.local_addr().is_ok_and(|address| address == listen);
        let taken: Vec<_> = std::iter::from_fn(|| take(&mut self.udp, is_there)).collect();
        if taken.is_empty() || taken.len() == shards {
            return Ok(taken);
        }
        Err(PassedError::Shards { passed: taken.len(), shards, listen })
    }

    /// The Unix datagram socket of this path, if it was passed.
    pub(super) fn take_unix(&mut self, path: &Path) -> Option<UnixDatagram> {
        take(&mut self.unix, |socket| socket.local_addr().is_ok_and(|address| address.as_pathname() == Some(path)))
    }

    /// An error if one is left: what it receives nobody would read.
    pub(super) fn none_left(&self) -> Result<(), PassedError> {
        let udp = self.udp.first().map(|socket| socket.local_addr().map(|at| format!("a UDP socket at {at}")));
        let tcp = self.tcp.first().map(|socket| socket.local_addr().map(|at| format!("a TCP socket at {at}")));
        let unix = self.unix.first().map(|socket| socket.local_addr().map(|at| unix_socket(at.as_pathname())));
        match udp.or(tcp).or(unix).transpose()? {
            Some(socket) => Err(PassedError::Stranger { socket }),
            None => Ok(()),
        }
    }
}

fn unix_socket(path: Option<&Path>) -> String {
    path.map_or_else(
        || "a Unix socket without a path".to_owned(),
        |path| format!("a Unix socket at {}", path.display()),
    )
}

fn take<S>(sockets: &mut Vec<S>, is_wanted: impl Fn(&S) -> bool) -> Option<S> {
    let at = sockets.iter().position(is_wanted)?;
    Some(sockets.remove(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

    fn udp() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind(ANY_PORT).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    #[test]
    fn a_socket_is_known_by_its_kind_and_address() {
        let (socket, address) = udp();
        let mut passed = PassedSockets { udp: vec![socket], ..PassedSockets::default() };
        assert!(passed.take_tcp(address).is_none(), "it is of UDP");
        assert!(passed.take_udp(udp().1, 1).unwrap().is_empty(), "it is elsewhere");
        let error = passed.none_left().unwrap_err().to_string();
        assert!(error.contains(&format!("a UDP socket at {address}")) && error.contains("suiftly.toml"), "{error}");
        assert_eq!(passed.take_udp(address, 1).unwrap().len(), 1);
        passed.none_left().unwrap();

        let listener = TcpListener::bind(ANY_PORT).unwrap();
        let address = listener.local_addr().unwrap();
        passed.tcp.push(listener);
        assert!(passed.none_left().unwrap_err().to_string().contains(&format!("a TCP socket at {address}")));
        assert!(passed.take_tcp(address).is_some() && passed.take_tcp(address).is_none());
    }

    #[test]
    fn unix_sockets_are_known_by_their_path() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("log");
        let mut passed = PassedSockets::default();
        passed.unix.extend([UnixDatagram::bind(&path).unwrap(), UnixDatagram::unbound().unwrap()]);
        assert!(passed.take_unix(&dir.path().join("other")).is_none());
        assert!(passed.none_left().unwrap_err().to_string().contains(&path.display().to_string()));
        assert!(passed.take_unix(&path).is_some());
        assert!(passed.none_left().unwrap_err().to_string().contains("without a path"));
    }

    #[test]
    fn one_is_passed_for_each_shard_or_none() {
        let (first, address) = udp();
        let second = first.try_clone().unwrap();
        let mut passed = PassedSockets { udp: vec![first, second], ..PassedSockets::default() };
        let error = passed.take_udp(address, 4).unwrap_err().to_string();
        assert!(error.contains("passed 2 UDP sockets") && error.contains("udp_shards is 4"), "{error}");
        assert!(passed.take_udp(address, 4).unwrap().is_empty());
    }
}
