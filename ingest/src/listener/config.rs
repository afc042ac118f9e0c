//! How lines come in: what can be set of the sockets, and what it is if it is not.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Where syslog is expected by UDP and TCP.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5514);
/// Where syslog is expected by TLS, if there is a certificate.
pub const DEFAULT_TLS_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 6514);
/// What the kernel may hold of datagrams not yet read, per socket: some 0.3 s at 100,000 lines a second.
pub const DEFAULT_UDP_RECEIVE_BUFFER_BYTES: usize = 32 << 20;
/// UDP sockets, each with a thread. One takes some 100,000 lines a second.
pub const DEFAULT_UDP_SHARDS: usize = 1;
/// More UDP sockets than this only wait for each other: there is one sequencer.
pub const MAX_UDP_SHARDS: usize = 16;
/// TCP and TLS connections at a time.
pub const DEFAULT_MAX_CONNECTIONS: usize = 256;
/// Of those, connections of one sender: half, so that none shuts all others out.
pub const DEFAULT_MAX_CONNECTIONS_PER_PEER: usize = DEFAULT_MAX_CONNECTIONS / 2;
/// Chunks between listeners and sequencer, each of at most one read: 256 KiB by TCP, 1,024 datagrams by UDP.
pub const DEFAULT_QUEUE_CHUNKS: usize = 64;

/// How lines come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerConfig {
    /// The address of the UDP and the TCP socket; port 0 lets the system choose, for each. [`DEFAULT_LISTEN`].
    pub listen: SocketAddr,
    /// What the kernel may hold of datagrams, per UDP socket; [`DEFAULT_UDP_RECEIVE_BUFFER_BYTES`].
    pub udp_receive_buffer_bytes: usize,
    /// UDP sockets between which the kernel shares senders out, 1 to [`MAX_UDP_SHARDS`]; [`DEFAULT_UDP_SHARDS`].
    pub udp_shards: usize,
    /// The TLS socket; `None` is none.
    pub tls: Option<TlsConfig>,
    /// Where a Unix datagram socket is made; `None` is none. A socket left there by a process that is gone is replaced.
    pub unix: Option<PathBuf>,
    /// TCP and TLS connections at a time, together; [`DEFAULT_MAX_CONNECTIONS`].
    pub max_connections: usize,
    /// Of those, connections of one sender: an IPv4 address, or the /64 of an IPv6 address.
    /// [`DEFAULT_MAX_CONNECTIONS_PER_PEER`].
    pub max_connections_per_peer: usize,
    /// Chunks that may wait for the sequencer; [`DEFAULT_QUEUE_CHUNKS`].
    pub queue_chunks: usize,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            udp_receive_buffer_bytes: DEFAULT_UDP_RECEIVE_BUFFER_BYTES,
            udp_shards: DEFAULT_UDP_SHARDS,
            tls: None,
            unix: None,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_connections_per_peer: DEFAULT_MAX_CONNECTIONS_PER_PEER,
            queue_chunks: DEFAULT_QUEUE_CHUNKS,
        }
    }
}

/// How lines come in by TLS (RFC 5425, versions 1.2 and 1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// The socket's address; [`DEFAULT_TLS_LISTEN`].
    pub listen: SocketAddr,
    /// The certificate and those that lead to its CA, in this order, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
    /// The certificates of the CAs that client certificates are checked by, as PEM. Without them none is asked for.
    pub client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is refused. Needs `client_ca`.
    pub client_required: bool,
}
