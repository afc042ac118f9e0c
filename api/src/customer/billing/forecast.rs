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

/// No further than this: what is assumed of usage does not reach farther.
const HORIZON_MS: i64 = 90 * 24 * HOUR_MS;

/// What is to be drawn from an escrow from now on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// What is there, less what is owed already.
    pub(super) available: MicroUsd,
    /// Rated since [`rate_from`].
    pub(super) recent: MicroUsd,
    /// What of the running month counts against its limit.
    pub(super) used: MicroUsd,
    /// The running month's limit.
    pub(super) cap: Option<MicroUsd>,
    /// That of later months.
    pub(super) later_cap: Option<MicroUsd>,
    /// What is charged on each 1st.
    pub(super) subscriptions: MicroUsd,
}

impl Outlook {
    /// When the escrow runs out, if usage goes on as in the last day and stops at each month's limit, and subscriptions are
    /// charged on the 1st; `None`: not within 90 days.
    pub(super) fn lasts_until(&self, now: UnixMillis) -> Option<UnixMillis> {
        let elapsed = i128::from((now.0 - rate_from(now).0).max(1));
        let recent = i128::from(self.recent.0.max(0));
        let (mut left, mut used, mut cap) = (i128::from(self.available.0), self.used, self.cap);
        let (mut at, horizon) = (now, now.plus_ms(HORIZON_MS));
        while left > 0 {
            let end = at.month().end().min(horizon);
            let room = cap.map_or(i128::MAX, |cap| i128::from((cap - used).0.max(0)));
            let drawn = (recent * i128::from(end.0 - at.0) / elapsed).min(room);
            if drawn >= left {
                let wait = (left * elapsed + recent - 1) / recent.max(1);
                return Some(at.plus_ms(i64::try_from(wait).unwrap_or(HORIZON_MS)));
            }
            if end == horizon {
                return None;
            }
            left -= drawn + i128::from(self.subscriptions.0);
            (at, used, cap) = (end, self.subscriptions, self.later_cap);
        }
        (at < horizon).then_some(at)
    }
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

    #[test]
    fn an_escrow_lasts_until_what_is_drawn_has_used_it_up() {
        let at = |text: &str| UnixMillis::parse_rfc3339(text).unwrap();
        // $1 an hour; of the last day 23 hours and a half.
        let (now, recent) = (at("2026-11-20T00:30:00Z"), 23_500_000);
        let (dollar, none) = (1_000_000, None);
        // available, rated since a day ago, used and limits, each 1st, until when
        type Case<'a> = (i64, i64, (i64, Option<i64>, Option<i64>), i64, Option<&'a str>);
        let cases: &[Case<'_>] = &[
            (10 * dollar, recent, (0, none, none), 0, Some("2026-11-20T10:30:00Z")),
            (dollar / 2 + 1, recent, (0, none, none), 0, Some("2026-11-20T01:00:00.004Z")),
            // 263.5 hours are left of November, then the subscriptions, then a dollar an hour again.
            (300 * dollar, recent, (0, none, none), 20 * dollar, Some("2026-12-01T16:30:00Z")),
            // The 1st takes the rest.
            (270 * dollar, recent, (0, none, none), 20 * dollar, Some("2026-12-01T00:00:00Z")),
            // Usage stops at November's limit, and goes on in December.
            (30 * dollar, recent, (80 * dollar, Some(100 * dollar), none), 5 * dollar, Some("2026-12-01T05:00:00Z")),
            // Each month stops at its limit, which subscriptions count against.
            (40 * dollar, recent, (0, Some(10 * dollar), Some(10 * dollar)), 4 * dollar, Some("2027-02-01T06:00:00Z")),
            (100 * dollar, recent, (0, Some(10 * dollar), Some(10 * dollar)), 4 * dollar, None),
            // Nothing but subscriptions.
            (50 * dollar, 0, (0, none, none), 20 * dollar, Some("2027-02-01T00:00:00Z")),
            (50 * dollar, 0, (0, none, none), 0, None),
            (3_000 * dollar, recent, (0, none, none), 0, None),
            // It is used up.
            (0, recent, (0, none, none), 0, Some("2026-11-20T00:30:00Z")),
            (-5, 0, (0, none, none), 0, Some("2026-11-20T00:30:00Z")),
            (i64::MAX, i64::MAX, (i64::MAX, Some(0), none), i64::MAX, Some("2026-12-01T00:00:00Z")),
        ];
        for (n, (available, recent, (used, cap, later_cap), subscriptions, expected)) in cases.iter().enumerate() {
            let outlook = Outlook {
                available: MicroUsd(*available),
                recent: MicroUsd(*recent),
                used: MicroUsd(*used),
                cap: cap.map(MicroUsd),
                later_cap: later_cap.map(MicroUsd),
                subscriptions: MicroUsd(*subscriptions),
            };
            let found = outlook.lasts_until(now).map(UnixMillis::rfc3339);
            assert_eq!(found.as_deref(), *expected, "case {n}");
        }
    }
}
