//! What a gateway has for one of its homes: lines that wait, and a thread that hands them over.

use anyhow::Context as _;
use std::collections::VecDeque;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// As `logs-ring.cfg` has it: the ring's size, and how long a receiver may take to answer and to read.
const BYTES_MAX: usize = 16 << 20;
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
const WRITE_TIME_MAX: Duration = Duration::from_secs(5);
/// A gateway that waits for room does so soon: what is in a ring has not been taken.
const WAITING_BYTES_MAX: usize = 1 << 20;
/// A refused connection is tried again after this.
const RETRY: Duration = Duration::from_millis(200);

/// Lines in a row.
#[derive(Clone)]
pub(super) struct Chunk {
    pub(super) bytes: Arc<[u8]>,
    pub(super) lines: u64,
}

/// A ring, until it is closed.
pub(super) struct Ring {
    to: SocketAddr,
    waits: bool,
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Default)]
struct Held {
    chunks: VecDeque<Chunk>,
    bytes: usize,
    dropped: u64,
    /// Some are being handed over.
    is_busy: bool,
    is_closed: bool,
}

impl Ring {
    /// Hands over what it is given to this home, from now on. Where it is full, who has lines waits, or they are lost.
    pub(super) fn to(to: SocketAddr, waits: bool) -> anyhow::Result<Arc<Self>> {
        let ring = Arc::new(Self { to, waits, held: Mutex::default(), changed: Condvar::new() });
        let handing = Arc::clone(&ring);
        let thread = thread::Builder::new().name("ring".to_owned()).spawn(move || handing.hand_over());
        thread.context("cannot start a thread")?;
        Ok(ring)
    }

    pub(super) fn push(&self, chunk: Chunk) {
        let mut held = self.held();
        while self.waits && held.bytes >= WAITING_BYTES_MAX && !held.is_closed {
            held = self.changed.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        if held.bytes + chunk.bytes.len() > BYTES_MAX {
            held.dropped += chunk.lines;
            return;
        }
        held.bytes += chunk.bytes.len();
        held.chunks.push_back(chunk);
        self.changed.notify_all();
    }

    pub(super) fn dropped(&self) -> u64 {
        self.held().dropped
    }

    pub(super) fn is_empty(&self) -> bool {
        let held = self.held();
        held.chunks.is_empty() && !held.is_busy
    }

    pub(super) fn close(&self) {
        self.held().is_closed = true;
        self.changed.notify_all();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next one, once there is one; `None` when it is closed.
    fn next(&self) -> Option<Chunk> {
        let mut held = self.held();
        held.is_busy = false;
        loop {
            if held.is_closed {
                return None;
            }
            if let Some(chunk) = held.chunks.pop_front() {
                held.bytes -= chunk.bytes.len();
                held.is_busy = true;
                self.changed.notify_all();
                return Some(chunk);
            }
            held = self.changed.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn hand_over(&self) {
        let mut connection = None;
        while let Some(chunk) = self.next() {
            let Some(mut stream) = connection.take().or_else(|| self.connect()) else { return };
            // What a broken one held is lost, as HAProxy's is.
            if stream.write_all(&chunk.bytes).is_ok() {
                connection = Some(stream);
            }
        }
    }

    /// As long as it takes; `None` when it is closed meanwhile.
    fn connect(&self) -> Option<TcpStream> {
        while !self.held().is_closed {
            let stream = TcpStream::connect_timeout(&self.to, CONNECT_TIME_MAX);
            let stream = stream.and_then(|stream| stream.set_write_timeout(Some(WRITE_TIME_MAX)).map(|()| stream));
            if let Ok(stream) = stream {
                return Some(stream);
            }
            thread::sleep(RETRY);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn a_full_ring_keeps_the_oldest_and_counts_what_it_loses() {
        let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = nobody.local_addr().unwrap();
        drop(nobody);
        let ring = Ring::to(at, false).unwrap();
        let chunk = Chunk { bytes: vec![0; BYTES_MAX / 4].into(), lines: 10 };
        // One more may be on its way, to nobody.
        (0..7).for_each(|_| ring.push(chunk.clone()));
        assert!((20..=30).contains(&ring.dropped()), "{}", ring.dropped());
        assert!(!ring.is_empty());
        ring.close();
        assert!(ring.next().is_none());
    }
}
