//! The widths that views are counted in, and which table and how much of the past each has.

use crate::maintenance::{HOURS_KEPT, INFRA_DAYS_KEPT, INFRA_HOURS_KEPT, MINUTES_KEPT};
use std::time::Duration;
use suiftly_schema::time::UnixMillis;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The bucket of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// A minute: the last 24 hours.
    Minute,
    /// Five minutes, of which there are minutes.
    FiveMinutes,
    /// An hour: usage the last 90 days, infra 30.
    Hour,
    /// A UTC day: usage out of its hours, infra the last two years.
    Day,
}

impl Bucket {
    /// Every bucket, the finest first.
    pub const ALL: [Self; 4] = [Self::Minute, Self::FiveMinutes, Self::Hour, Self::Day];

    /// Its word in queries and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::FiveMinutes => "five_minutes",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// How long it is, in milliseconds.
    pub const fn width_ms(self) -> i64 {
        match self {
            Self::Minute => MINUTE_MS,
            Self::FiveMinutes => 5 * MINUTE_MS,
            Self::Hour => HOUR_MS,
            Self::Day => 24 * HOUR_MS,
        }
    }

    /// The bucket that an instant lies in, by its first instant. All count from 1970, so days are UTC's.
    pub const fn start_of(self, at: UnixMillis) -> UnixMillis {
        UnixMillis(at.0 - at.0.rem_euclid(self.width_ms()))
    }

    /// Its rows of usage.
    pub(super) const fn usage_rows(self) -> (&'static str, &'static str) {
        match self {
            Self::Minute | Self::FiveMinutes => ("usage_per_minute", "minute"),
            Self::Hour | Self::Day => ("usage_per_hour", "hour"),
        }
    }

    /// How long its rows of usage are kept.
    pub const fn usage_kept(self) -> Duration {
        match self {
            Self::Minute | Self::FiveMinutes => MINUTES_KEPT,
            Self::Hour | Self::Day => HOURS_KEPT,
        }
    }

    /// Its rows of infra.
    pub(super) const fn infra_rows(self) -> &'static str {
        match self {
            Self::Minute | Self::FiveMinutes => "infra_per_minute",
            Self::Hour => "infra_per_hour",
            Self::Day => "infra_per_day",
        }
    }

    /// How long its rows of infra are kept.
    pub const fn infra_kept(self) -> Duration {
        match self {
            Self::Minute | Self::FiveMinutes => MINUTES_KEPT,
            Self::Hour => INFRA_HOURS_KEPT,
            Self::Day => INFRA_DAYS_KEPT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_lies_in_its_bucket() {
        let at = UnixMillis::parse_rfc3339("2026-11-21T22:07:17.199Z").unwrap();
        let starts = ["2026-11-21T22:07:00Z", "2026-11-21T22:05:00Z", "2026-11-21T22:00:00Z", "2026-11-21T00:00:00Z"];
        for (bucket, start) in Bucket::ALL.into_iter().zip(starts) {
            assert_eq!(bucket.start_of(at).rfc3339(), start, "{}", bucket.word());
            assert_eq!(bucket.start_of(bucket.start_of(at)), bucket.start_of(at));
        }
        assert_eq!(Bucket::Day.start_of(at), at.day());
    }
}
