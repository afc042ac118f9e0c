//! How many lines are due. Pure.

use std::time::Duration;

/// Lines that should have been sent after so long at this rate, of `lines` in all. Exact: no rounding adds up.
pub fn lines_due(elapsed: Duration, rate_per_second: u64, lines: u64) -> u64 {
    let due = elapsed.as_nanos().saturating_mul(u128::from(rate_per_second)) / 1_000_000_000;
    u64::try_from(due).unwrap_or(u64::MAX).min(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_due_at_the_rate_and_up_to_the_last() {
        let cases = [
            (Duration::ZERO, 50_000, 100, 0),
            (Duration::from_nanos(19_999), 50_000, 100, 0),
            (Duration::from_nanos(20_000), 50_000, 100, 1),
            (Duration::from_micros(100), 50_000, 100, 5),
            (Duration::from_secs(1), 50_000, 100_000, 50_000),
            (Duration::from_secs(1), 50_000, 100, 100),
            (Duration::from_secs(3), 7, u64::MAX, 21),
            (Duration::from_secs(1 << 40), u64::MAX, u64::MAX, u64::MAX),
        ];
        for (elapsed, rate, lines, due) in cases {
            assert_eq!(lines_due(elapsed, rate, lines), due, "{elapsed:?} at {rate}");
        }
    }

    #[test]
    fn whatever_the_ticks_the_sum_is_the_rate() {
        for tick_us in [1, 7, 100, 333, 1_000] {
            let mut sent = 0;
            for tick in 1..=(1_000_000 / tick_us) {
                sent = lines_due(Duration::from_micros(tick * tick_us), 14_000, u64::MAX).max(sent);
            }
            assert!((13_990..=14_000).contains(&sent), "{sent} by ticks of {tick_us} µs");
        }
    }
}
