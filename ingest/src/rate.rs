//! Lines per second over the last seconds. Pure: the caller brings the time.

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
}
