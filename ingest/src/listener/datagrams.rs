//! Datagrams: takes them in bulk out of the kernel into a slab, and hands them on in chunks. UDP and Unix sockets differ
//! in what is known of the sender, and in how much the kernel holds.

use super::{Chunk, Handover};
use crate::clock;
use crate::frame::{MAX_STREAM_FRAME_BYTES, datagram};
use crate::source::{Source, Transport};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrLike, recvmmsg, setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd};
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
/// What comes during a pause may fill this part of what the kernel holds.
const PAUSE_SHARE: f64 = 0.25;
/// How long a call may wait before the thread looks whether it should stop.
const LOOK_UP_INTERVAL_MS: i64 = 100;
/// Calls made at the end to take what the kernel still holds; as many datagrams as the largest buffer can have.
const MAX_DRAIN_CALLS: usize = 4_096;

/// A datagram socket, bound.
pub(super) trait DatagramSocket: AsFd {
    /// What the kernel tells of a sender.
    type Address: SockaddrLike + Copy;
    /// By which way they come.
    const TRANSPORT: Transport;

    /// Who sent a datagram.
    fn source(&self, address: Option<&Self::Address>) -> Source;

    /// How many datagrams the kernel holds, of the usual length.
    fn capacity(&self) -> f64;

    /// No more need come; what is there is still taken.
    fn close_door(&mut self) {}
}

/// Receives until it is told to stop, then takes what is there already.
pub(super) fn run<S: DatagramSocket>(mut socket: S, handover: &Handover) {
    if let Err(error) = setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::milliseconds(LOOK_UP_INTERVAL_MS)) {
        tracing::error!("cannot set a timeout on the {} socket: {error}", S::TRANSPORT.word());
        return;
    }
    let mut receiver = Receiver::<S>::new();
    let mut since = Instant::now();
    while !handover.is_stopping() {
        match receiver.receive(&socket, MsgFlags::MSG_WAITFORONE, handover) {
            Ok(datagrams) => {
                if let Some(pause) = pause(datagrams, since.elapsed(), socket.capacity()) {
                    std::thread::sleep(pause);
                }
                since = Instant::now();
            }
            Err(Received::Nothing) => since = Instant::now(),
            Err(Received::Closed) => return,
        }
    }
    socket.close_door();
    for _ in 0..MAX_DRAIN_CALLS {
        if receiver.receive(&socket, MsgFlags::MSG_DONTWAIT, handover).is_err() {
            return;
        }
    }
}

/// How long to let datagrams gather in the kernel before they are taken: waking up for each one or two of them costs
/// three times as much as taking them by the hundred. None while they come slowly, and never so long that what comes
/// meanwhile would fill more than a part of what the kernel holds.
fn pause(datagrams: usize, within: Duration, capacity: f64) -> Option<Duration> {
    let per_second = datagrams as f64 / within.as_secs_f64().max(1e-6);
    if per_second < PAUSE_ABOVE_PER_SECOND {
        return None;
    }
    let pause = LONGEST_PAUSE.min(Duration::from_secs_f64(capacity * PAUSE_SHARE / per_second));
    (pause >= SHORTEST_PAUSE).then_some(pause)
}

/// Why a call brought no datagram.
enum Received {
    Nothing,
    /// The sequencer is gone.
    Closed,
}

struct Receiver<S: DatagramSocket> {
    slab: Vec<u8>,
    headers: MultiHeaders<S::Address>,
}

impl<S: DatagramSocket> Receiver<S> {
    fn new() -> Self {
        Self { slab: vec![0; BATCH * SLOT_BYTES], headers: MultiHeaders::preallocate(BATCH, None) }
    }

    /// Takes what is there, up to [`MAX_CHUNK_BATCHES`], as one chunk, and says how many datagrams that were. `flags`
    /// tell whether to wait for the first.
    fn receive(&mut self, socket: &S, flags: MsgFlags, handover: &Handover) -> Result<usize, Received> {
        let mut chunk = handover.pool.take();
        let Some(mut datagrams) = self.take_batch(socket, flags, &mut chunk, handover) else {
            handover.pool.give_back(chunk);
            return Err(Received::Nothing);
        };
        chunk.received_at = clock::now();
        for batches in 1..MAX_CHUNK_BATCHES {
            if datagrams < batches * BATCH {
                break;
            }
            datagrams += self.take_batch(socket, MsgFlags::MSG_DONTWAIT, &mut chunk, handover).unwrap_or(0);
        }
        handover.send_blocking(S::TRANSPORT, chunk).map_err(|_| Received::Closed)?;
        Ok(datagrams)
    }

    /// One call; `None` if it brought nothing.
    fn take_batch(&mut self, socket: &S, flags: MsgFlags, chunk: &mut Chunk, handover: &Handover) -> Option<usize> {
        let mut slots = self.slab.chunks_exact_mut(SLOT_BYTES);
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
        let messages = match recvmmsg(socket.as_fd().as_raw_fd(), &mut self.headers, slices.iter_mut(), flags, None) {
            Ok(messages) => messages,
            Err(Errno::EAGAIN | Errno::EINTR) => return None,
            Err(error) => {
                // Such an error (ENOMEM, say) belongs to no datagram and passes.
                handover.notices.receiving_failed(S::TRANSPORT, &error.into());
                return None;
            }
        };
        let mut datagrams = 0;
        for message in messages {
            datagrams += 1;
            if message.flags.contains(MsgFlags::MSG_TRUNC) {
                handover.counters.by(S::TRANSPORT).oversize_frames.add(1);
                continue;
            }
            if let Some(frame) = message.iovs().next().and_then(datagram) {
                chunk.push_copy(socket.source(message.address.as_ref()), frame);
            }
        }
        Some(datagrams)
    }
}

#[cfg(test)]
mod tests {
    use super::pause;
    use std::time::Duration;

    #[test]
    fn datagrams_gather_when_they_come_fast_and_there_is_room_for_them() {
        let (us, ms) = (Duration::from_micros, Duration::from_millis);
        let cases = [
            (1, ms(1), 30_000.0, None),
            (100, ms(100), 30_000.0, None),
            (100, ms(2), 30_000.0, Some(ms(2))),
            (1, Duration::from_nanos(10), 30_000.0, Some(ms(2))),
            (100, ms(2), 184.0, Some(us(920))),
            (1_000, ms(2), 184.0, None),
            (100, ms(2), 0.0, None),
            // A Unix socket of the usual length.
            (10, ms(1), 10.0, Some(us(250))),
            (20, ms(1), 10.0, None),
        ];
        for (datagrams, within, capacity, expected) in cases {
            let found = pause(datagrams, within, capacity).map(|pause| pause.as_micros());
            let expected = expected.map(|pause| pause.as_micros());
            assert_eq!(found, expected, "{datagrams} within {within:?}, {capacity} held");
        }
    }
}
