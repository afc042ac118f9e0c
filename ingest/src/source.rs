//! Where a line came from. It is journaled with the line, so that replay binds sources to servers as live traffic did.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The way a line came in. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Transport {
    /// A UDP datagram.
    Udp = 1,
    /// A TCP stream.
    Tcp = 2,
    /// A Unix datagram socket.
    Unix = 3,
    /// A file or standard input, by replay.
    File = 4,
}

impl Transport {
    /// The transport with this number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Udp),
            2 => Some(Self::Tcp),
            3 => Some(Self::Unix),
            4 => Some(Self::File),
            _ => None,
        }
    }

    /// Its number in the journal.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Its word in logs and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Unix => "unix",
            Self::File => "file",
        }
    }
}

/// The sender of a line as far as its transport tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The way it came in.
    pub transport: Transport,
    /// The sender's address; `::` where the transport has none. An IPv4 address mapped into IPv6 is never kept as such.
    pub ip: IpAddr,
    /// The sender's port; 0 where the transport has none.
    pub port: u16,
}

impl Source {
    /// A sender on the network.
    pub fn network(transport: Transport, peer: SocketAddr) -> Self {
        Self { transport, ip: peer.ip().to_canonical(), port: peer.port() }
    }

    /// A sender without an address: a file, a Unix socket.
    pub const fn local(transport: Transport) -> Self {
        Self { transport, ip: IpAddr::V6(Ipv6Addr::UNSPECIFIED), port: 0 }
    }
}
