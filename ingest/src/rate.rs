//! Lines per second over the last seconds, and lines of our own log at most one a second. Pure: the caller brings the
//! time.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// Of one kind, so often at most.
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Whole seconds that the rate is taken over.
const WINDOW_SECONDS: usize = 5;

/// Counts per second, in a ring.
#[derive(Clone, Debug, Default)]
pub(crate) struct RateMeter {
    /// The counts of this second and the ones before it, by second modulo their number.
    counts: [u64; WINDOW_SECONDS + 1],
    /// The latest second counted in.
    second: u64,
}

impl RateMeter {
    /// Counts at `second`, which is measured from when the meter was made; a second that is past counts as the latest.
    pub(crate) fn add(&mut self, second: u64, count: u64) {
        self.advance(second);
        self.counts[slot(self.second)] += count;
    }

    /// The mean over the last whole seconds, fewer if there were not so many yet; 0 within the first.
    pub(crate) fn per_second(&mut self, second: u64) -> f64 {
        self.advance(second);
        let whole_seconds = self.second.min(WINDOW_SECONDS as u64);
        let total: u64 = (1..=whole_seconds).map(|ago| self.counts[slot(self.second - ago)]).sum();
        if whole_seconds == 0 { 0.0 } else { total as f64 / whole_seconds as f64 }
    }

    fn advance(&mut self, second: u64) {
        let passed = second.saturating_sub(self.second).min(self.counts.len() as u64);
        for ago in 0..passed {
            self.counts[slot(second - ago)] = 0;
        }
        self.second = self.second.max(second);
    }
}

/// Lets one line of the log through per [`LOG_INTERVAL`], and counts the others.
#[derive(Debug, Default)]
pub(crate) struct LogLimiter(Mutex<(Option<Instant>, u64)>);

impl LogLimiter {
    /// Whether to say it now, and how often it was not said since the last time.
    pub(crate) fn admit(&self, now: Instant) -> Option<u64> {
        let (last, untold) = &mut *self.0.lock();
        if last.is_some_and(|last| now.saturating_duration_since(last) < LOG_INTERVAL) {
            *untold += 1;
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(untold))
    }
}

fn slot(second: u64) -> usize {
    usize::try_from(second % (WINDOW_SECONDS as u64 + 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_the_last_whole_seconds() {
        let mut meter = RateMeter::default();
        meter.add(0, 100);
        assert_eq!(meter.per_second(0), 0.0, "no second is whole yet");
        assert_eq!(meter.per_second(1), 100.0);
        meter.add(1, 50);
        assert_eq!(meter.per_second(2), 75.0);
        for second in 2..20 {
            meter.add(second, 10);
        }
        assert_eq!(meter.per_second(20), 10.0);
        assert_eq!(meter.per_second(22), 6.0, "three of five seconds had ten");
        assert_eq!(meter.per_second(1_000), 0.0);
        meter.add(999, 5);
        assert_eq!(meter.per_second(1_001), 1.0, "a clock that went back");
    }

    #[test]
    fn the_log_says_it_once_a_second_and_how_often_it_did_not() {
        let (limiter, begin) = (LogLimiter::default(), Instant::now());
        let at = |ms| limiter.admit(begin + Duration::from_millis(ms));
        let found: Vec<_> = [0, 1, 999, 1_000, 1_500, 3_000, 4_000].map(at).into();
        assert_eq!(found, [Some(0), None, None, Some(2), None, Some(1), Some(0)]);
    }
}
