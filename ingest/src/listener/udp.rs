//! UDP: a thread that takes datagrams in bulk out of the kernel into a slab, and hands them on in chunks.

use super::{Chunk, Handover};
use crate::clock;
use crate::frame::{MAX_STREAM_FRAME_BYTES, datagram};
use crate::source::{Source, Transport};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, getsockopt, recvmmsg, setsockopt, sockopt};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// Datagrams taken per call. More brought nothing when measured.
const BATCH: usize = 64;
/// Room for a datagram: the longest frame and what may end it.
const SLOT_BYTES: usize = MAX_STREAM_FRAME_BYTES + 2;
/// Calls whose datagrams go into one chunk at most: some 250 KB of them.
const MAX_CHUNK_BATCHES: usize = 16;
/// Below this rate datagrams are taken as they come.
const PAUSE_ABOVE_PER_SECOND: f64 = 4_000.0;
/// What gathering may add to a line's latency. 5 ms saved nothing over 2 when measured.
const LONGEST_PAUSE: Duration = Duration::from_millis(2);
/// A shorter sleep costs what it saves.
const SHORTEST_PAUSE: Duration = Duration::from_micros(200);
/// What a datagram takes of the receive buffer, the kernel's own bookkeeping included.
const DATAGRAM_COST_BYTES: f64 = 2_304.0;
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
    let buffer_bytes = getsockopt(socket, sockopt::RcvBuf).unwrap_or(0);
    let mut receiver = Receiver::new();
    let mut since = Instant::now();
    while !handover.is_stopping() {
        match receiver.receive(socket, MsgFlags::MSG_WAITFORONE, handover) {
            Ok(datagrams) => {
                if let Some(pause) = pause(datagrams, since.elapsed(), buffer_bytes) {
                    std::thread::sleep(pause);
                }
                since = Instant::now();
            }
            Err(Received::Nothing) => since = Instant::now(),
            Err(Received::Closed) => return,
        }
    }
    for _ in 0..MAX_DRAIN_CALLS {
        if receiver.receive(socket, MsgFlags::MSG_DONTWAIT, handover).is_err() {
            return;
        }
    }
}

/// How long to let datagrams gather in the kernel before they are taken: waking up for each one or two of them costs
/// three times as much as taking them by the hundred. None while they come slowly, and never so long that what comes
/// meanwhile would fill a quarter of the receive buffer.
fn pause(datagrams: usize, within: Duration, buffer_bytes: usize) -> Option<Duration> {
    let per_second = datagrams as f64 / within.as_secs_f64().max(1e-6);
    if per_second < PAUSE_ABOVE_PER_SECOND {
        return None;
    }
    let room = buffer_bytes as f64 / 4.0 / DATAGRAM_COST_BYTES;
    let pause = LONGEST_PAUSE.min(Duration::from_secs_f64(room / per_second));
    (pause >= SHORTEST_PAUSE).then_some(pause)
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

    /// Takes what is there, up to [`MAX_CHUNK_BATCHES`], as one chunk, and says how many datagrams that were. `flags`
    /// tell whether to wait for the first.
    fn receive(&mut self, socket: &UdpSocket, flags: MsgFlags, handover: &Handover) -> Result<usize, Received> {
        let mut chunk = handover.pool.take();
        let mut datagrams = self.take_batch(socket, flags, &mut chunk, handover).ok_or(Received::Nothing)?;
        chunk.received_at = clock::now();
        for batches in 1..MAX_CHUNK_BATCHES {
            if datagrams < batches * BATCH {
                break;
            }
            datagrams += self.take_batch(socket, MsgFlags::MSG_DONTWAIT, &mut chunk, handover).unwrap_or(0);
        }
        handover.send_blocking(Transport::Udp, chunk).map_err(|_| Received::Closed)?;
        Ok(datagrams)
    }

    /// One call; `None` if it brought nothing.
    fn take_batch(
        &mut self,
        socket: &UdpSocket,
        flags: MsgFlags,
        chunk: &mut Chunk,
        handover: &Handover,
    ) -> Option<usize> {
        let mut slots = self.slab.chunks_exact_mut(SLOT_BYTES);
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
        let messages = match recvmmsg(socket.as_raw_fd(), &mut self.headers, slices.iter_mut(), flags, None) {
            Ok(messages) => messages,
            Err(Errno::EAGAIN | Errno::EINTR) => return None,
            Err(error) => {
                // Such an error (ENOMEM, say) belongs to no datagram and passes.
                tracing::warn!("receiving by UDP failed: {error}");
                return None;
            }
        };
        let mut datagrams = 0;
        for message in messages {
            datagrams += 1;
            let source = Source::udp(message.address.as_ref().and_then(sender).unwrap_or(NOBODY));
            if message.flags.contains(MsgFlags::MSG_TRUNC) {
                handover.counters.oversize_frames.add(1);
                continue;
            }
            if let Some(frame) = message.iovs().next().and_then(datagram) {
                chunk.push_copy(source, frame);
            }
        }
        Some(datagrams)
    }
}

const NOBODY: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), 0);

fn sender(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4(SocketAddrV4::new(v4.ip(), v4.port())));
    let v6 = || address.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into());
    v4.or_else(v6)
}

#[cfg(test)]
mod tests {
    use super::pause;
    use std::time::Duration;

    #[test]
    fn datagrams_gather_when_they_come_fast_and_there_is_room_for_them() {
        let ms = Duration::from_millis;
        let (large, usual) = (64 << 20, 425_984);
        let cases = [
            (1, ms(1), large, None),
            (100, ms(100), large, None),
            (100, ms(2), large, Some(ms(2))),
            (1, Duration::from_nanos(10), large, Some(ms(2))),
            (100, ms(2), usual, Some(Duration::from_micros(924))),
            (1_000, ms(2), usual, None),
            (100, ms(2), 0, None),
        ];
        for (datagrams, within, buffer_bytes, expected) in cases {
            let found = pause(datagrams, within, buffer_bytes).map(|pause| pause.as_micros());
            let expected = expected.map(|pause| pause.as_micros());
            assert_eq!(found, expected, "{datagrams} within {within:?} into {buffer_bytes}");
        }
    }
}
