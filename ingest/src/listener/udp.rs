//! UDP: a thread that takes datagrams in bulk out of the kernel into a slab, and hands them on in chunks.

use super::Handover;
use crate::clock;
use crate::frame::{MAX_STREAM_FRAME_BYTES, datagram};
use crate::source::{Source, Transport};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, getsockopt, recvmmsg, setsockopt, sockopt};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Datagrams taken per call. More brought nothing when measured.
const BATCH: usize = 64;
/// Room for a datagram: the longest frame and what may end it.
const SLOT_BYTES: usize = MAX_STREAM_FRAME_BYTES + 2;
/// How long a call may wait before the thread looks whether it should stop.
const LOOK_UP_INTERVAL: Duration = Duration::from_millis(100);
/// Calls made at the end to take what the kernel still holds; as many datagrams as the largest buffer can have.
const MAX_DRAIN_CALLS: usize = 4_096;

/// Asks for a receive buffer, by force where we may; answers how long the kernel made it (it counts its own
/// bookkeeping in and says twice of what was asked).
pub(super) fn size_receive_buffer(socket: &UdpSocket, bytes: usize) -> io::Result<usize> {
    if setsockopt(socket, sockopt::RcvBufForce, &bytes).is_err() {
        setsockopt(socket, sockopt::RcvBuf, &bytes)?;
    }
    Ok(getsockopt(socket, sockopt::RcvBuf)?)
}

/// Receives until it is told to stop, then takes what is there already.
pub(super) fn run(socket: &UdpSocket, handover: &Handover) {
    if let Err(error) = socket.set_read_timeout(Some(LOOK_UP_INTERVAL)) {
        tracing::error!("cannot set a timeout on the UDP socket: {error}");
        return;
    }
    let mut receiver = Receiver::new();
    while !handover.is_stopping() {
        match receiver.receive(socket, MsgFlags::MSG_WAITFORONE, handover) {
            Ok(_) | Err(Received::Nothing) => {}
            Err(Received::Closed) => return,
        }
    }
    for _ in 0..MAX_DRAIN_CALLS {
        if receiver.receive(socket, MsgFlags::MSG_DONTWAIT, handover).is_err() {
            return;
        }
    }
}

/// Why a call brought no datagram.
enum Received {
    Nothing,
    /// The sequencer is gone.
    Closed,
}

struct Receiver {
    slab: Vec<u8>,
    headers: MultiHeaders<SockaddrStorage>,
}

impl Receiver {
    fn new() -> Self {
        Self { slab: vec![0; BATCH * SLOT_BYTES], headers: MultiHeaders::preallocate(BATCH, None) }
    }

    fn receive(&mut self, socket: &UdpSocket, flags: MsgFlags, handover: &Handover) -> Result<(), Received> {
        let mut slots = self.slab.chunks_exact_mut(SLOT_BYTES);
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
        let messages = match recvmmsg(socket.as_raw_fd(), &mut self.headers, slices.iter_mut(), flags, None) {
            Ok(messages) => messages,
            Err(Errno::EAGAIN | Errno::EINTR) => return Err(Received::Nothing),
            Err(error) => {
                // Such an error (ENOMEM, say) belongs to no datagram and passes.
                tracing::warn!("receiving by UDP failed: {error}");
                return Err(Received::Nothing);
            }
        };
        let mut chunk = handover.pool.take();
        chunk.received_at = clock::now();
        for message in messages {
            let source = Source::network(Transport::Udp, message.address.as_ref().and_then(sender).unwrap_or(NOBODY));
            if message.flags.contains(MsgFlags::MSG_TRUNC) {
                handover.counters.oversize_frames.add(1);
                continue;
            }
            if let Some(frame) = message.iovs().next().and_then(datagram) {
                chunk.push_copy(source, frame);
            }
        }
        handover.send_blocking(Transport::Udp, chunk).map_err(|_| Received::Closed)
    }
}

const NOBODY: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), 0);

fn sender(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4(SocketAddrV4::new(v4.ip(), v4.port())));
    let v6 = || address.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into());
    v4.or_else(v6)
}
