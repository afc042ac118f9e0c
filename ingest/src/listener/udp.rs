//! UDP: one socket, or several on one address between which the kernel shares senders out.

use super::config::ListenerConfig;
use super::datagrams::DatagramSocket;
use crate::source::{Source, Transport};
use nix::sys::socket::{SockaddrStorage, getsockopt, setsockopt, sockopt};
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

/// What a datagram takes of the receive buffer, the kernel's own bookkeeping included.
const DATAGRAM_COST_BYTES: f64 = 2_304.0;
const NOBODY: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);

/// One of the sockets.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) socket: UdpSocket,
    /// As the kernel made it.
    pub(super) receive_buffer_bytes: usize,
}

/// Sockets that are bound already. They wait as ours do, whatever whoever bound them liked.
pub(super) fn adopt(sockets: Vec<UdpSocket>, config: &ListenerConfig) -> io::Result<Vec<Shard>> {
    let adopted = |socket: UdpSocket| {
        socket.set_nonblocking(false)?;
        let receive_buffer_bytes = size_receive_buffer(&socket, config.udp_receive_buffer_bytes)?;
        Ok(Shard { socket, receive_buffer_bytes })
    };
    sockets.into_iter().map(adopted).collect()
}

/// Binds the sockets, all to the address that the first one got.
pub(super) fn bind(config: &ListenerConfig) -> io::Result<Vec<Shard>> {
    assert!(config.udp_shards > 0, "the configuration is checked");
    let mut shards: Vec<Shard> = Vec::with_capacity(config.udp_shards);
    for _ in 0..config.udp_shards {
        let addr = shards.first().map_or(Ok(config.listen), |first| first.socket.local_addr())?;
        shards.push(Shard::bind(addr, config)?);
    }
    Ok(shards)
}

impl Shard {
    fn bind(addr: SocketAddr, config: &ListenerConfig) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, None)?;
        // Only where it is needed: with it another process could share the address and take lines away.
        if config.udp_shards > 1 {
            socket.set_reuse_port(true)?;
        }
        socket.bind(&addr.into())?;
        let socket = UdpSocket::from(socket);
        let receive_buffer_bytes = size_receive_buffer(&socket, config.udp_receive_buffer_bytes)?;
        Ok(Self { socket, receive_buffer_bytes })
    }
}

impl AsFd for Shard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl DatagramSocket for Shard {
    type Address = SockaddrStorage;
    const TRANSPORT: Transport = Transport::Udp;

    fn source(&self, address: Option<&SockaddrStorage>) -> Source {
        Source::udp(address.and_then(sender).unwrap_or(NOBODY))
    }

    fn capacity(&self) -> f64 {
        self.receive_buffer_bytes as f64 / DATAGRAM_COST_BYTES
    }
}

/// Asks for a receive buffer, by force where we may; answers how long the kernel made it (it counts its own
/// bookkeeping in and says twice of what was asked). One that is long enough is left: without force we would shorten it.
fn size_receive_buffer(socket: &UdpSocket, bytes: usize) -> io::Result<usize> {
    let found = getsockopt(socket, sockopt::RcvBuf)?;
    if found >= bytes {
        return Ok(found);
    }
    if setsockopt(socket, sockopt::RcvBufForce, &bytes).is_err() {
        setsockopt(socket, sockopt::RcvBuf, &bytes)?;
    }
    Ok(getsockopt(socket, sockopt::RcvBuf)?)
}

fn sender(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4(SocketAddrV4::new(v4.ip(), v4.port())));
    let v6 = || address.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into());
    v4.or_else(v6)
}
