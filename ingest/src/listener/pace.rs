//! When to let bytes gather before connections are read: waking up for each few lines costs several times as much as
//! reading them by the hundred. Pure: the caller brings the time.
//!
//! It is the thread of all connections that pauses, just before it would wait for the kernel. A task of its own that
//! slept would save nothing, since the kernel wakes the thread for whatever arrives; and so many rings pause together.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// What gathering may add to a line's latency: half of what it waits for its block to be cut.
pub(super) const LATENCY_GOAL: Duration = Duration::from_millis(5);
/// A shorter sleep costs what it saves.
const SHORTEST_PAUSE: Duration = Duration::from_micros(500);
/// Below this rate, some 1,000 lines a second, bytes are read as they come.
const PAUSE_ABOVE_BYTES_PER_SECOND: f64 = 256.0 * 1024.0;
/// When so much comes at once, waking up for it no longer matters; and a receive buffer holds it while we pause.
const GATHERED_BYTES: usize = 64 << 10;

/// The pace at which bytes come, by all connections.
#[derive(Debug)]
pub(crate) struct Pace(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Read since then.
    bytes: usize,
    since: Instant,
}

impl Pace {
    pub(crate) const fn from(now: Instant) -> Self {
        Self(Mutex::new(State { bytes: 0, since: now }))
    }

    /// So many bytes were read.
    pub(super) fn read(&self, bytes: usize) {
        self.0.lock().bytes += bytes;
    }

    /// All that came is read, and the kernel is to be waited for: how long to pause before.
    pub(crate) fn before_wait(&self, now: Instant) -> Option<Duration> {
        let last = std::mem::replace(&mut *self.0.lock(), State { bytes: 0, since: now });
        pause(last.bytes, now.saturating_duration_since(last.since))
    }
}

/// None while bytes come slowly, so that a lone line waits for nothing, nor when they come by the buffer.
fn pause(bytes: usize, within: Duration) -> Option<Duration> {
    let per_second = bytes as f64 / within.as_secs_f64().max(1e-6);
    if per_second < PAUSE_ABOVE_BYTES_PER_SECOND || bytes >= GATHERED_BYTES {
        return None;
    }
    let pause = LATENCY_GOAL.min(Duration::from_secs_f64(GATHERED_BYTES as f64 / per_second));
    (pause >= SHORTEST_PAUSE).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_gather_when_lines_come_fast_one_by_one() {
        let (us, ms) = (Duration::from_micros, Duration::from_millis);
        let cases = [
            // A lone line after silence, slow lines, lines one after another, lines of a pause, nothing.
            (300, ms(1_000), None),
            (300, ms(2), None),
            (300, us(100), Some(LATENCY_GOAL)),
            (18_000, ms(5), Some(ms(5))),
            (0, us(1), None),
            // 32 MB/s would fill more than a receive buffer.
            (32_768, ms(1), Some(ms(2))),
            (60_000, ms(1), Some(us(1_092))),
            (65_535, us(400), None),
            // At full speed, and held up by a slow disk.
            (262_144, us(200), None),
            (262_144, ms(25), None),
        ];
        for (bytes, within, expected) in cases {
            let found = pause(bytes, within).map(|pause| pause.as_micros());
            assert_eq!(found, expected.map(|pause| pause.as_micros()), "{bytes} within {within:?}");
        }
    }

    #[test]
    fn the_time_between_waits_counts_pauses_included() {
        let begin = Instant::now();
        let pace = Pace::from(begin);
        pace.read(300);
        assert_eq!(pace.before_wait(begin + Duration::from_secs(1)), None);
        let soon = begin + Duration::from_micros(1_000_100);
        pace.read(200);
        pace.read(100);
        assert_eq!(pace.before_wait(soon), Some(LATENCY_GOAL));
        assert_eq!(pace.before_wait(soon + LATENCY_GOAL), None, "what came before was all");
        pace.read(300);
        assert_eq!(pace.before_wait(soon + 2 * LATENCY_GOAL), None, "slow again");
    }
}
