//! UTC instants and the buckets that usage is counted in. All arithmetic is on integers; nothing reads a clock.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// Milliseconds since 1970-01-01T00:00:00Z. Kept within [`UnixMillis::MIN`]..=[`UnixMillis::MAX`] by its users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The earliest instant a line may carry: the epoch itself.
    pub const MIN: Self = Self(0);
    /// The latest instant a line may carry: 9998-12-31T23:59:59.999Z, a year before what calendars can hold.
    pub const MAX: Self = Self(253_370_764_799_999);

    /// The minute this instant lies in.
    pub const fn minute(self) -> Self {
        Self(self.0 - self.0.rem_euclid(MINUTE_MS))
    }

    /// The hour this instant lies in.
    pub const fn hour(self) -> Self {
        Self(self.0 - self.0.rem_euclid(HOUR_MS))
    }

    /// The UTC day this instant lies in.
    pub const fn day(self) -> Self {
        Self(self.0 - self.0.rem_euclid(24 * HOUR_MS))
    }

    /// The billing month this instant lies in.
    pub fn month(self) -> BillingMonth {
        let date = self.date();
        BillingMonth { year: date.year(), month: date.month().unsigned_abs() }
    }

    /// How many days of its month are left, today included: what is paid for from now on.
    pub fn days_left_in_month(self) -> u8 {
        (self.month().days() + 1).saturating_sub(self.date().day().unsigned_abs())
    }

    /// This instant, some milliseconds later (or earlier).
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// RFC 3339 in UTC, with milliseconds unless they are zero: `2026-11-21T22:01:17.199Z`.
    pub fn rfc3339(self) -> String {
        self.timestamp().to_string()
    }

    /// Reads RFC 3339 with any offset; what is finer than a millisecond is cut off.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let ms = text.parse::<Timestamp>().ok()?.as_millisecond();
        (Self::MIN.0..=Self::MAX.0).contains(&ms).then_some(Self(ms))
    }

    fn timestamp(self) -> Timestamp {
        let clamped = self.0.clamp(Self::MIN.0, Self::MAX.0);
        Timestamp::from_millisecond(clamped).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn date(self) -> Date {
        self.timestamp().to_zoned(TimeZone::UTC).date()
    }
}

/// A UTC calendar month: what a bill covers. Months are ordered by time; as JSON they are `"2026-11"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BillingMonth {
    year: i16,
    month: u8,
}

impl BillingMonth {
    /// Reads `2026-11`, as it is shown. Years before 1970 and after 9998 have no instants here.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
        let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
        let (year, month) = (number(year)?, u8::try_from(number(month)?).ok()?);
        ((1970..=9998).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// The month after.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.month {
            12.. => Self { year: self.year.saturating_add(1), month: 1 },
            month => Self { year: self.year, month: month + 1 },
        }
    }

    /// The month before.
    #[must_use]
    pub const fn previous(self) -> Self {
        match self.month {
            0..=1 => Self { year: self.year.saturating_sub(1), month: 12 },
            month => Self { year: self.year, month: month - 1 },
        }
    }

    /// How many days it has: 28 to 31.
    pub fn days(self) -> u8 {
        Date::new(self.year, self.month.cast_signed(), 1).map_or(31, Date::days_in_month).unsigned_abs()
    }

    /// The month's first instant.
    pub fn start(self) -> UnixMillis {
        Self::start_of(self.year, self.month)
    }

    /// The first instant after the month.
    pub fn end(self) -> UnixMillis {
        self.next().start()
    }

    fn start_of(year: i16, month: u8) -> UnixMillis {
        let first = Date::new(year, month.cast_signed(), 1).and_then(|date| date.to_zoned(TimeZone::UTC));
        UnixMillis(first.map_or(UnixMillis::MAX.0, |zoned| zoned.timestamp().as_millisecond()))
    }
}

impl TryFrom<String> for BillingMonth {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text} is no month like 2026-11"))
    }
}

impl From<BillingMonth> for String {
    fn from(month: BillingMonth) -> Self {
        month.to_string()
    }
}

impl std::fmt::Display for BillingMonth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_and_months_at_their_edges() {
        let cases = [
            ("1970-01-01T00:00:00Z", "1970-01", "1970-02-01T00:00:00Z"),
            ("2026-11-30T23:59:59.999Z", "2026-11", "2026-12-01T00:00:00Z"),
            ("2026-12-01T00:00:00Z", "2026-12", "2027-01-01T00:00:00Z"),
            ("2028-02-29T12:34:56.789Z", "2028-02", "2028-03-01T00:00:00Z"),
            ("9998-12-31T23:59:59.999Z", "9998-12", "9998-12-31T23:59:59.999Z"),
        ];
        for (instant, month, end) in cases {
            let at = UnixMillis::parse_rfc3339(instant).unwrap();
            assert_eq!(at.rfc3339(), instant);
            assert_eq!(at.month().to_string(), month, "{instant}");
            assert_eq!(at.month().end().rfc3339(), end, "{instant}");
            assert!(at.month().start() <= at && at.hour() <= at.minute() && at.minute() <= at);
            assert_eq!((at.hour().0 % HOUR_MS, at.minute().0 % MINUTE_MS), (0, 0));
        }
    }

    #[test]
    fn days_of_months_and_what_is_left_of_them() {
        let cases = [
            ("2026-11-01T00:00:00Z", 30, 30),
            ("2026-11-22T23:59:59.999Z", 30, 9),
            ("2026-11-30T23:59:59.999Z", 30, 1),
            ("2026-12-01T00:00:00Z", 31, 31),
            ("2027-02-28T00:00:00Z", 28, 1),
            ("2028-02-28T00:00:00Z", 29, 2),
            ("9998-12-31T23:59:59.999Z", 31, 1),
        ];
        for (instant, days, left) in cases {
            let at = UnixMillis::parse_rfc3339(instant).unwrap();
            assert_eq!((at.month().days(), at.days_left_in_month()), (days, left), "{instant}");
        }
    }

    #[test]
    fn months_follow_each_other_and_read_as_shown() {
        for (before, after) in [("1970-01", "1970-02"), ("2026-12", "2027-01"), ("2026-02", "2026-03")] {
            let [first, second] = [before, after].map(|text| BillingMonth::parse(text).unwrap());
            assert!(first < second && (first.next(), second.previous()) == (second, first), "{before} {after}");
            assert_eq!((first.to_string(), first.end()), (before.to_owned(), second.start()));
        }
        for text in ["", "2026", "2026-1", "2026-00", "2026-13", "26-11", "+026-11", "2026-11-01", "1969-12", "9999-01"]
        {
            assert_eq!(BillingMonth::parse(text), None, "{text}");
        }
        let last = BillingMonth { year: i16::MAX, month: 12 };
        assert_eq!((last.next().days(), last.end()), (31, UnixMillis::MAX), "no panic beyond the calendar");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-21", "9999-01-01T00:00:00Z", "1969-12-31T23:59:59Z"]
        {
            assert_eq!(UnixMillis::parse_rfc3339(text), None, "{text}");
        }
    }
}
