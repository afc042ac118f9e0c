//! How long to wait before the next attempt. Pure.

use std::time::Duration;

/// The first wait.
pub const BACKOFF_MIN: Duration = Duration::from_millis(100);
/// The longest.
pub const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Doubles from [`BACKOFF_MIN`] to [`BACKOFF_MAX`].
#[derive(Clone, Copy, Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(BACKOFF_MIN)
    }
}

impl Backoff {
    /// It worked.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// It did not: how long to wait now. `jitter` is 0 to 1 and takes up to half of it away.
    pub fn delay(&mut self, jitter: f64) -> Duration {
        let full = self.0;
        self.0 = (full * 2).min(BACKOFF_MAX);
        full.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_to_its_bound_and_begins_anew() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..8).map(|_| backoff.delay(0.0).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(backoff.delay(1.0).as_millis(), 2_500);
        backoff.reset();
        assert_eq!(backoff.delay(7.0).as_millis(), 50);
    }
}
