//! Ranges: `24h`, `7d`, `30d` or from and to, and the bucket that goes with them.

use super::{Fields, TimeRange};
use crate::rows::Bucket;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;

/// The longest series, in buckets: 100 days by hour, 40 hours by minute.
pub const SERIES_POINTS_MAX: i64 = 2_400;
/// The most points that are made unless a bucket is asked for: a chart of a thousand pixels has three for each.
pub const AUTO_POINTS_MAX: i64 = 300;
/// How many minutes a series covers unless it says otherwise, and a stream's snapshot always.
pub const SERIES_MINUTES: i64 = 60;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A range with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Preset(i64);

impl Preset {
    const DAY: Self = Self(DAY_MS);

    fn of_word(word: &str) -> Option<Self> {
        match word {
            "24h" => Some(Self::DAY),
            "7d" => Some(Self(7 * DAY_MS)),
            "30d" => Some(Self(30 * DAY_MS)),
            _ => None,
        }
    }
}

/// Which view a range is of: what is kept for how long, and what it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Viewed {
    /// Days are made of hours.
    Usage,
    /// Days are kept.
    Infra,
}

impl Viewed {
    fn kept_ms(self, bucket: Bucket) -> i64 {
        let kept = match self {
            Self::Usage => bucket.usage_kept(),
            Self::Infra => bucket.infra_kept(),
        };
        millis(kept)
    }

    /// What the ends of a range must be whole of.
    const fn unit(self, bucket: Bucket) -> Bucket {
        match (bucket, self) {
            (Bucket::Minute | Bucket::FiveMinutes, _) => Bucket::Minute,
            (Bucket::Day, Self::Infra) => Bucket::Day,
            (Bucket::Hour | Bucket::Day, _) => Bucket::Hour,
        }
    }

    /// The finest bucket that is kept since `from`, and does not make too many points.
    fn bucket_for(self, from: UnixMillis, length_ms: i64, now: UnixMillis) -> Bucket {
        let fits = |bucket: &Bucket| {
            length_ms <= AUTO_POINTS_MAX * bucket.width_ms() && from >= now.plus_ms(-self.kept_ms(*bucket))
        };
        Bucket::ALL.into_iter().find(fits).unwrap_or(Bucket::Day)
    }
}

/// A range and its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) bucket: Bucket,
    pub(crate) range: TimeRange,
}

impl Span {
    /// What of the range is told: buckets that begin earlier than they are kept are not whole, and left out.
    pub(crate) fn covered(&self, complete_to: UnixMillis, kept: Duration) -> TimeRange {
        let kept_from = complete_to.plus_ms(-millis(kept));
        let first = self.bucket.start_of(kept_from.plus_ms(self.bucket.width_ms() - 1));
        let from = if self.bucket.start_of(self.range.from) < kept_from { first } else { self.range.from };
        TimeRange { from: from.min(self.range.to), to: self.range.to }
    }
}

impl Fields {
    /// The range and bucket of a series.
    pub(crate) fn span(&mut self, viewed: Viewed, now: UnixMillis) -> Span {
        let of_word = |text: &str| Bucket::ALL.into_iter().find(|bucket| bucket.word() == text);
        let bucket = self.parsed("bucket", of_word, "must be minute, five_minutes, hour or day");
        let preset = self.preset();
        let is_custom = self.value("from").or(self.value("to")).is_some();
        let span = match preset {
            Some(preset) => preset_span(viewed, preset, bucket, now),
            None if is_custom => self.custom_span(viewed, bucket, now),
            None => default_span(viewed, bucket, now),
        };
        let points = format!("{SERIES_POINTS_MAX} buckets ({})", span.bucket.word());
        self.check_range(span.range, SERIES_POINTS_MAX * span.bucket.width_ms(), &points);
        span
    }

    /// A range of whole hours.
    pub(crate) fn hours(&mut self, now: UnixMillis, default_from: UnixMillis, days_max: i64) -> TimeRange {
        let (preset, end) = (self.preset(), end_of(Bucket::Hour, now));
        let range = match preset {
            Some(Preset(length_ms)) => TimeRange::new(end.plus_ms(-length_ms), end),
            None => {
                let to = self.time("to", Bucket::Hour).unwrap_or(end);
                TimeRange { from: self.time("from", Bucket::Hour).unwrap_or(default_from), to }
            }
        };
        self.check_range(range, days_max * DAY_MS, &format!("{days_max} days"));
        range
    }

    fn preset(&mut self) -> Option<Preset> {
        let preset = self.parsed("range", Preset::of_word, "must be 24h, 7d or 30d");
        if self.value("range").is_some() && self.value("from").or(self.value("to")).is_some() {
            self.fail("range", "cannot be given together with from or to");
        }
        preset
    }

    fn custom_span(&mut self, viewed: Viewed, bucket: Option<Bucket>, now: UnixMillis) -> Span {
        let (from, to) = (self.time("from", Bucket::Minute), self.time("to", Bucket::Minute));
        let end = to.unwrap_or(end_of(bucket.unwrap_or(Bucket::Minute), now));
        let default_from = default_from(bucket.unwrap_or(Bucket::Minute), end);
        let from = from.unwrap_or(default_from);
        let bucket = bucket.unwrap_or_else(|| viewed.bucket_for(from, end.0 - from.0, now));
        let unit = viewed.unit(bucket);
        for name in ["from", "to"] {
            // Again, by what the answer is made of; what is no time at all has been told.
            if self.value(name).is_some() && self.errors.is_empty() {
                self.time(name, unit);
            }
        }
        // As given: an empty range is told, and not made one that begins at its end.
        Span { bucket, range: TimeRange { from, to: to.unwrap_or(end_of(bucket, now)) } }
    }

    fn time(&mut self, name: &str, unit: Bucket) -> Option<UnixMillis> {
        let whole = |text: &str| UnixMillis::parse_rfc3339(text).filter(|at| unit.start_of(*at) == *at);
        let example = if unit == Bucket::Day { "2026-11-21T00:00:00Z" } else { "2026-11-21T22:00:00Z" };
        let must_be = format!("must be an RFC 3339 time on a whole {}, such as {example}", unit.word());
        self.parsed(name, whole, &must_be)
    }

    fn check_range(&mut self, TimeRange { from, to }: TimeRange, longest_ms: i64, longest: &str) {
        if !self.errors.is_empty() {
            return;
        }
        let field = ["range", "from", "to"].into_iter().find(|name| self.value(name).is_some()).unwrap_or("from");
        if from >= to {
            self.fail(field, format!("the range is empty: from {} is not before to {}", from.rfc3339(), to.rfc3339()));
        } else if to.0 - from.0 > longest_ms {
            let field = if field == "to" { "from" } else { field };
            self.fail(field, format!("the range is longer than {longest}"));
        }
    }
}

fn preset_span(viewed: Viewed, Preset(length_ms): Preset, bucket: Option<Bucket>, now: UnixMillis) -> Span {
    let bucket = bucket.unwrap_or_else(|| viewed.bucket_for(now.plus_ms(-length_ms), length_ms, now));
    let to = end_of(bucket, now);
    Span { bucket, range: TimeRange::new(to.plus_ms(-length_ms), to) }
}

fn default_span(viewed: Viewed, bucket: Option<Bucket>, now: UnixMillis) -> Span {
    match (viewed, bucket) {
        (Viewed::Infra, _) => preset_span(viewed, Preset::DAY, bucket, now),
        (Viewed::Usage, bucket) => {
            let bucket = bucket.unwrap_or(Bucket::Minute);
            let to = end_of(bucket, now);
            Span { bucket, range: TimeRange::new(default_from(bucket, to), to) }
        }
    }
}

/// Where a range begins that says its end alone.
fn default_from(bucket: Bucket, to: UnixMillis) -> UnixMillis {
    let from = match bucket {
        Bucket::Minute => to.plus_ms(-SERIES_MINUTES * MINUTE_MS),
        Bucket::FiveMinutes => to.plus_ms(-DAY_MS),
        // The end belongs to what comes after.
        Bucket::Hour | Bucket::Day => to.plus_ms(-1).month().start(),
    };
    from.max(UnixMillis::MIN)
}

fn end_of(bucket: Bucket, now: UnixMillis) -> UnixMillis {
    bucket.start_of(now).plus_ms(bucket.width_ms())
}

fn millis(kept: Duration) -> i64 {
    i64::try_from(kept.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> UnixMillis {
        UnixMillis::parse_rfc3339("2026-11-21T22:01:17.199Z").unwrap()
    }

    #[test]
    fn ranges_and_the_buckets_that_follow() {
        let cases = [
            (Viewed::Usage, "range=24h", "five_minutes 2026-11-20T22:05:00Z 2026-11-21T22:05:00Z"),
            (Viewed::Usage, "range=7d", "hour 2026-11-14T23:00:00Z 2026-11-21T23:00:00Z"),
            (Viewed::Usage, "range=30d", "day 2026-10-23T00:00:00Z 2026-11-22T00:00:00Z"),
            (Viewed::Usage, "range=30d&bucket=hour", "hour 2026-10-22T23:00:00Z 2026-11-21T23:00:00Z"),
            (Viewed::Usage, "bucket=five_minutes", "five_minutes 2026-11-20T22:05:00Z 2026-11-21T22:05:00Z"),
            (Viewed::Usage, "from=2026-11-21T20:03:00Z", "minute 2026-11-21T20:03:00Z 2026-11-21T22:02:00Z"),
            (Viewed::Usage, "from=2026-11-20T23:00:00Z", "five_minutes 2026-11-20T23:00:00Z 2026-11-21T22:05:00Z"),
            // Too long ago for minutes.
            (
                Viewed::Usage,
                "from=2026-11-19T23:00:00Z&to=2026-11-20T01:00:00Z",
                "hour 2026-11-19T23:00:00Z 2026-11-20T01:00:00Z",
            ),
            (
                Viewed::Usage,
                "from=2026-09-01T05:00:00Z&to=2026-11-20T01:00:00Z",
                "day 2026-09-01T05:00:00Z 2026-11-20T01:00:00Z",
            ),
            (Viewed::Infra, "", "five_minutes 2026-11-20T22:05:00Z 2026-11-21T22:05:00Z"),
            (Viewed::Infra, "range=7d", "hour 2026-11-14T23:00:00Z 2026-11-21T23:00:00Z"),
            // A few hours, too long ago for infra's hours.
            (
                Viewed::Infra,
                "from=2026-09-01T00:00:00Z&to=2026-09-02T00:00:00Z",
                "day 2026-09-01T00:00:00Z 2026-09-02T00:00:00Z",
            ),
        ];
        for (viewed, query, expected) in cases {
            let mut fields = Fields::read_named(query, &["range", "from", "to", "bucket"]);
            let Span { bucket, range } = fields.span(viewed, now());
            assert!(fields.errors.is_empty(), "{query}: {:?}", fields.errors);
            assert_eq!(
                format!("{} {} {}", bucket.word(), range.from.rfc3339(), range.to.rfc3339()),
                expected,
                "{query}"
            );
        }
    }

    #[test]
    fn what_is_no_longer_kept_is_not_covered() {
        let at = |text: &str| UnixMillis::parse_rfc3339(&format!("2026-11-21T{text}Z")).unwrap();
        let span = Span { bucket: Bucket::FiveMinutes, range: TimeRange::new(at("10:00:00"), at("12:00:00")) };
        let day = Duration::from_secs(24 * 3_600);
        let from = |complete_to| span.covered(at(complete_to).plus_ms(DAY_MS), day).from.rfc3339()[11..19].to_owned();
        let found = ["09:59:00", "10:00:00", "10:00:01", "10:05:00", "13:00:00"].map(from);
        assert_eq!(found, ["10:00:00", "10:00:00", "10:05:00", "10:05:00", "12:00:00"]);
    }
}
