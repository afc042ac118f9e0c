//! What ingest counts while it runs: written from its threads, once per chunk, and read for statistics.

use crate::decode::Uncounted;
use crate::dedup::Forgotten;
use crate::rate::RateMeter;
use crate::source::Transport;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    /// What it stands at.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What one transport took in, and what it did not.
#[derive(Debug, Default)]
pub struct TransportCounters {
    /// Lines handed on.
    pub lines: Counter,
    /// Their bytes, without framing.
    pub bytes: Counter,
    /// Lines and datagrams thrown away because they were longer than a frame may be.
    pub oversize_frames: Counter,
    /// Streams closed because what came could not be framed, or that were torn within a frame.
    pub broken_streams: Counter,
    /// Connections accepted.
    pub connections_accepted: Counter,
    /// Connections ended again, of those accepted.
    pub connections_closed: Counter,
    /// Connections refused because there were too many.
    pub connections_refused: Counter,
    /// Connections that had delivered nothing and were closed because another needed the slot.
    pub connections_displaced: Counter,
    /// TLS handshakes that failed: a client without a good certificate, or no TLS at all.
    pub handshakes_failed: Counter,
}

/// All counters, since the process started.
#[derive(Debug)]
pub struct Counters {
    /// In the order of [`Transport::ALL`].
    transports: [TransportCounters; Transport::ALL.len()],
    started: Instant,
    rate: Mutex<RateMeter>,
    forgotten: Mutex<Forgotten>,
    uncounted: Mutex<Uncounted>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            transports: Default::default(),
            started: Instant::now(),
            rate: Mutex::default(),
            forgotten: Mutex::default(),
            uncounted: Mutex::default(),
        }
    }
}

impl Counters {
    /// Counts lines that are handed on.
    pub fn received(&self, transport: Transport, lines: u64, bytes: u64) {
        let received = self.by(transport);
        received.lines.add(lines);
        received.bytes.add(bytes);
        self.rate.lock().add(self.started.elapsed().as_secs(), lines);
    }

    /// A transport's.
    pub const fn by(&self, transport: Transport) -> &TransportCounters {
        &self.transports[transport.index()]
    }

    /// Lines per second over the last whole seconds, by all transports.
    pub fn lines_per_second(&self) -> f64 {
        self.rate.lock().per_second(self.started.elapsed().as_secs())
    }

    /// Notes what the bounds of dedup have cost so far.
    pub fn note_forgotten(&self, forgotten: Forgotten) {
        *self.forgotten.lock() = forgotten;
    }

    /// What the bounds of dedup have cost.
    pub fn forgotten(&self) -> Forgotten {
        *self.forgotten.lock()
    }

    /// Notes what was told of open streams so far and counts nothing.
    pub fn note_uncounted(&self, uncounted: Uncounted) {
        *self.uncounted.lock() = uncounted;
    }

    /// What was told of open streams and counts nothing.
    pub fn uncounted(&self) -> Uncounted {
        *self.uncounted.lock()
    }
}
