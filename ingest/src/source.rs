//! Where a line came from. It is journaled with the line, so that replay binds sources to servers as live traffic did.

use crate::journal::JournalId;
use sha2::{Digest, Sha256};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// The way a line came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// A UDP datagram.
    Udp,
    /// A TCP stream.
    Tcp,
    /// A TLS stream over TCP.
    Tls,
    /// A Unix datagram socket.
    Unix,
    /// A file or standard input, by replay.
    File,
    /// The quarantine: a line that could not be read, given again.
    Quarantine,
    /// The outbox: a reference change, which is no line.
    Outbox,
    /// The order: how much of a journal comes before all that follows, which is no line.
    Cut,
}

impl Transport {
    /// Every one, in the order of [`Transport::index`].
    pub const ALL: [Self; 8] =
        [Self::Udp, Self::Tcp, Self::Tls, Self::Unix, Self::File, Self::Quarantine, Self::Outbox, Self::Cut];

    /// The ways that lines come in while `up` runs.
    pub const LIVE: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Unix, Self::Quarantine];

    /// Its place in [`Transport::ALL`]: counts are kept in arrays.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its word in logs and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Unix => "unix",
            Self::File => "file",
            Self::Quarantine => "quarantine",
            Self::Outbox => "outbox",
            Self::Cut => "cut",
        }
    }
}

/// The first half of a SHA-256: of a client certificate's DER, or of a Unix socket's path. What a source without a
/// network address is known by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// Of a certificate, as it came over the wire.
    pub fn of_certificate(der: &[u8]) -> Self {
        Self::of(der)
    }

    /// Of a socket's path, as configured.
    pub fn of_path(path: &Path) -> Self {
        Self::of(path.as_os_str().as_encoded_bytes())
    }

    fn of(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        Self(std::array::from_fn(|at| digest[at]))
    }
}

impl fmt::Display for Fingerprint {
    /// 32 hexadecimal digits, lower case: as the digest of `openssl x509 -fingerprint -sha256` begins, without colons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The sender of a line as far as its transport tells. An IPv4 address mapped into IPv6 is never kept as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// By UDP, from this address.
    Udp(SocketAddr),
    /// By TCP, from this address.
    Tcp(SocketAddr),
    /// By TLS without a client certificate, from this address.
    Tls(SocketAddr),
    /// By TLS with this client certificate, from wherever.
    TlsClient(Fingerprint),
    /// By the Unix datagram socket with this path.
    Unix(Fingerprint),
    /// Out of a file or standard input.
    File,
    /// Out of the quarantine: the frame that stands at this byte of the journal, given again.
    Quarantine {
        /// Where the frame stood when it was received first.
        offset: u64,
    },
    /// Out of the database's outbox: a reference change as JSON, [`suiftly_schema::reference::ReferenceChange`].
    Outbox,
    /// In the order alone: how far this journal is taken in, [`crate::order::Cut`].
    Cut {
        /// The journal.
        journal: JournalId,
        /// Its number in the cluster.
        no: u16,
    },
}

impl Source {
    /// By UDP.
    pub fn udp(peer: SocketAddr) -> Self {
        Self::Udp(canonical(peer))
    }

    /// By TCP.
    pub fn tcp(peer: SocketAddr) -> Self {
        Self::Tcp(canonical(peer))
    }

    /// By TLS without a client certificate.
    pub fn tls(peer: SocketAddr) -> Self {
        Self::Tls(canonical(peer))
    }

    /// The way it came in.
    pub const fn transport(&self) -> Transport {
        match self {
            Self::Udp(_) => Transport::Udp,
            Self::Tcp(_) => Transport::Tcp,
            Self::Tls(_) | Self::TlsClient(_) => Transport::Tls,
            Self::Unix(_) => Transport::Unix,
            Self::File => Transport::File,
            Self::Quarantine { .. } => Transport::Quarantine,
            Self::Outbox => Transport::Outbox,
            Self::Cut { .. } => Transport::Cut,
        }
    }

    /// The sender's address, where the line is known by it.
    pub const fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Udp(peer) | Self::Tcp(peer) | Self::Tls(peer) => Some(*peer),
            Self::TlsClient(_)
            | Self::Unix(_)
            | Self::File
            | Self::Quarantine { .. }
            | Self::Outbox
            | Self::Cut { .. } => None,
        }
    }

    /// Its kind, 16 bytes and two more, as they stand in the journal.
    pub(crate) fn to_journal(self) -> (u8, [u8; 16], u16) {
        let network = |kind, peer: SocketAddr| {
            let ip = match peer.ip() {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            };
            (kind, ip.octets(), peer.port())
        };
        match self {
            Self::Udp(peer) => network(1, peer),
            Self::Tcp(peer) => network(2, peer),
            Self::Unix(path) => (3, path.0, 0),
            Self::File => (4, [0; 16], 0),
            Self::Tls(peer) => network(5, peer),
            Self::TlsClient(certificate) => (6, certificate.0, 0),
            Self::Quarantine { offset } => (7, u128::from(offset).to_le_bytes(), 0),
            Self::Outbox => (8, [0; 16], 0),
            Self::Cut { journal, no } => (9, journal.0, no),
        }
    }

    /// The source that stands so in the journal, if this version knows its kind.
    pub(crate) fn from_journal(kind: u8, bytes: [u8; 16], port: u16) -> Option<Self> {
        let peer = SocketAddr::new(IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical(), port);
        match kind {
            1 => Some(Self::Udp(peer)),
            2 => Some(Self::Tcp(peer)),
            3 => Some(Self::Unix(Fingerprint(bytes))),
            4 => Some(Self::File),
            5 => Some(Self::Tls(peer)),
            6 => Some(Self::TlsClient(Fingerprint(bytes))),
            7 => u64::try_from(u128::from_le_bytes(bytes)).ok().map(|offset| Self::Quarantine { offset }),
            8 => Some(Self::Outbox),
            9 => Some(Self::Cut { journal: JournalId(bytes), no: port }),
            _ => None,
        }
    }
}

impl fmt::Display for Source {
    /// `udp 192.0.2.7:51234`, `tls 9f86d081884c7d65…`, `unix 5e884898…`, `quarantine 12345`, `cut 2 5e884898…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.transport().word();
        match self {
            Self::Udp(peer) | Self::Tcp(peer) | Self::Tls(peer) => write!(f, "{word} {peer}"),
            Self::TlsClient(known_by) | Self::Unix(known_by) => write!(f, "{word} {known_by}"),
            Self::File | Self::Outbox => f.write_str(word),
            Self::Quarantine { offset } => write!(f, "{word} {offset}"),
            Self::Cut { journal, no } => write!(f, "{word} {no} {journal}"),
        }
    }
}

fn canonical(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_into_the_journal_and_back() {
        let print = Fingerprint(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        let (v4, v6) = (SocketAddr::from(([192, 0, 2, 7], 514)), "[2001:db8::7]:6514".parse().unwrap());
        let cases = [
            (Source::udp(v4), "udp 192.0.2.7:514"),
            (Source::udp("[::ffff:192.0.2.7]:514".parse().unwrap()), "udp 192.0.2.7:514"),
            (Source::tcp(v6), "tcp [2001:db8::7]:6514"),
            (Source::tls(v6), "tls [2001:db8::7]:6514"),
            (Source::TlsClient(print), "tls 000102030405060708090a0b0c0d0e0f"),
            (Source::Unix(print), "unix 000102030405060708090a0b0c0d0e0f"),
            (Source::File, "file"),
            (Source::Quarantine { offset: u64::MAX }, "quarantine 18446744073709551615"),
            (Source::Outbox, "outbox"),
            (Source::Cut { journal: JournalId(print.0), no: 2 }, "cut 2 000102030405060708090a0b0c0d0e0f"),
        ];
        for (source, text) in cases {
            let (kind, bytes, port) = source.to_journal();
            assert_eq!(Source::from_journal(kind, bytes, port), Some(source));
            assert_eq!(source.to_string(), text);
        }
        assert_eq!(Source::from_journal(0, [0; 16], 0), None);
        assert_eq!(Source::from_journal(7, [0xff; 16], 0), None, "no byte of a journal");
    }

    #[test]
    fn transports_have_their_places() {
        for (at, transport) in Transport::ALL.into_iter().enumerate() {
            assert_eq!(transport.index(), at);
        }
    }
}
