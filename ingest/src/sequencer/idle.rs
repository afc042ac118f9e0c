//! When a block without frames is cut.
//!
//! All that comes after the journal tells the time by its blocks: a month begins, a limit is lifted, a month can be
//! closed. So when nothing comes, time is journaled by itself: 48 bytes now and then.

use std::time::Duration;
use suiftly_schema::time::UnixMillis;

/// How long to wait for frames from `now` on: until the next month begins, but no longer than `idle`.
pub(super) fn wait(now: UnixMillis, idle: Duration) -> Duration {
    // A month has begun a millisecond later at the latest, whatever the timer rounds.
    let to_month = now.month().end().0.saturating_sub(now.0).saturating_add(1);
    idle.min(Duration::from_millis(to_month.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_long_and_no_longer_than_the_month() {
        let idle = Duration::from_secs(30);
        let cases = [
            ("2026-11-01T00:00:00Z", 30_000),
            ("2026-11-30T23:59:29.999Z", 30_000),
            ("2026-11-30T23:59:30.001Z", 30_000),
            ("2026-11-30T23:59:30.002Z", 29_999),
            ("2026-12-31T23:59:59.999Z", 2),
            ("2027-01-01T00:00:00Z", 30_000),
        ];
        for (now, expected_ms) in cases {
            let now = UnixMillis::parse_rfc3339(now).unwrap();
            assert_eq!(wait(now, idle), Duration::from_millis(expected_ms), "{now:?}");
        }
        assert_eq!(wait(UnixMillis::MAX, idle), Duration::from_millis(2), "no panic at the end of time");
    }
}
