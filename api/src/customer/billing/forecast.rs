//! What a month is expected to come to: what was rated so far, and for the rest of it as much an hour as in the last day.
//! Pure.

use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

const HOUR_MS: i64 = 3_600_000;
/// The rate is of so many hours, the running one among them.
const RATE_HOURS: i64 = 24;

/// Since when usage counts for the rate: a whole hour.
pub(super) const fn rate_from(now: UnixMillis) -> UnixMillis {
    now.hour().plus_ms(-(RATE_HOURS - 1) * HOUR_MS)
}

/// What the month's usage is expected to come to: `rated` so far, `recent` of it since [`rate_from`].
pub(super) fn usage(rated: MicroUsd, recent: MicroUsd, now: UnixMillis) -> MicroUsd {
    let elapsed = i128::from((now.0 - rate_from(now).0).max(1));
    let left = i128::from((now.month().end().0 - now.0).max(0));
    let more = i128::from(recent.0.max(0)) * left / elapsed;
    MicroUsd(i64::try_from(i128::from(rated.0) + more).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_month_goes_on_as_the_last_day() {
        let at = |text: &str| UnixMillis::parse_rfc3339(text).unwrap();
        // now, rated so far, rated since a day ago less the running hour's rest, expected
        let cases = [
            ("2026-11-30T23:59:59.999Z", 500, 500, 500),
            // 23.5 hours at $2 each, and 24.5 hours are left.
            ("2026-11-29T23:30:00Z", 100_000_000, 47_000_000, 149_000_000),
            ("2026-11-01T00:00:00Z", 0, 23_000_000, 720_000_000),
            ("2026-11-15T12:00:00Z", 7, 0, 7),
            ("2026-11-15T12:00:00Z", 7, -5, 7),
            ("2026-11-01T00:00:00Z", i64::MAX - 1, i64::MAX, i64::MAX),
        ];
        for (now, rated, recent, expected) in cases {
            assert_eq!(usage(MicroUsd(rated), MicroUsd(recent), at(now)), MicroUsd(expected), "{now}");
        }
    }
}
