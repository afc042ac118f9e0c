//! Query parameters: raw text in, validated ranges and filters out, every bad one named.

use crate::problem::{FieldError, Problem};
use crate::rows::{Bucket, Filter, TimeRange};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::time::UnixMillis;
use utoipa::IntoParams;

/// The longest summary, in days.
pub const SUMMARY_DAYS_MAX: i64 = 400;
/// The longest series, in buckets: 100 days by hour, 40 hours by minute.
pub const SERIES_POINTS_MAX: i64 = 2_400;
/// How many minutes a series covers unless it says otherwise, and a stream's snapshot always.
pub const SERIES_MINUTES: i64 = 60;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Which usage.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(crate) struct FilterQuery {
    /// This customer's usage alone.
    #[param(minimum = 1)]
    customer_id: Option<i64>,
    /// This service's alone: its number or word (1 seal, 2 grpc, 3 graphql, 4 platform, 5 ssfn, 6 sealo).
    service_type: Option<String>,
    /// This network's alone: its number or word (0 testnet, 1 mainnet, 2 devnet, 3 localnet).
    network: Option<String>,
}

/// Which time.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(crate) struct RangeQuery {
    /// The first instant, RFC 3339, on a whole bucket (summary: hour). Default: the start of the current UTC month;
    /// for a series by minute, 60 minutes before `to`.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The first instant after it, likewise. Default: the end of the current bucket (summary: hour).
    #[param(format = DateTime)]
    to: Option<String>,
}

/// How wide the points are.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(crate) struct BucketQuery {
    /// `minute` (the default) or `hour`.
    #[param(inline)]
    bucket: Option<crate::wire::SeriesBucket>,
}

const FILTER_FIELDS: [&str; 3] = ["customer_id", "service_type", "network"];

/// A summary's range of whole hours and filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryParams {
    /// Which usage.
    pub filter: Filter,
    /// When.
    pub range: TimeRange,
}

impl SummaryParams {
    /// Reads a query; `now` is what the defaults go by.
    pub fn parse(query: &str, now: UnixMillis) -> Result<Self, Problem> {
        let mut fields = Fields::read(query, &["from", "to"]);
        let filter = fields.filter();
        let to = fields.time("to", Bucket::Hour).unwrap_or(now.hour().plus_ms(HOUR_MS));
        let from = fields.time("from", Bucket::Hour).unwrap_or(now.month().start());
        fields.check_range(from, to, SUMMARY_DAYS_MAX * DAY_MS, &format!("{SUMMARY_DAYS_MAX} days"));
        fields.finish(Self { filter, range: TimeRange::new(from, to) })
    }
}

/// A series' bucket, range and filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesParams {
    /// Which usage.
    pub filter: Filter,
    /// How wide the points are.
    pub bucket: Bucket,
    /// When.
    pub range: TimeRange,
}

impl SeriesParams {
    /// Reads a query; `now` is what the defaults go by.
    pub fn parse(query: &str, now: UnixMillis) -> Result<Self, Problem> {
        let mut fields = Fields::read(query, &["from", "to", "bucket"]);
        let filter = fields.filter();
        let bucket = fields.bucket();
        let current = match bucket {
            Bucket::Minute => now.minute(),
            Bucket::Hour => now.hour(),
        };
        let to = fields.time("to", bucket).unwrap_or(current.plus_ms(width_ms(bucket)));
        let default_from = match bucket {
            Bucket::Minute => UnixMillis(to.plus_ms(-SERIES_MINUTES * MINUTE_MS).0.max(UnixMillis::MIN.0)),
            Bucket::Hour => now.month().start(),
        };
        let from = fields.time("from", bucket).unwrap_or(default_from);
        let points = format!("{SERIES_POINTS_MAX} {}s", word(bucket));
        fields.check_range(from, to, SERIES_POINTS_MAX * width_ms(bucket), &points);
        fields.finish(Self { filter, bucket, range: TimeRange::new(from, to) })
    }
}

/// Reads a stream's filter.
pub(crate) fn parse_filter(query: &str) -> Result<Filter, Problem> {
    let mut fields = Fields::read(query, &[]);
    let filter = fields.filter();
    fields.finish(filter)
}

/// Refuses any parameter.
pub(crate) fn parse_none(query: &str) -> Result<(), Problem> {
    let errors = form_urlencoded::parse(query.as_bytes())
        .map(|(name, _)| FieldError::new(&name, "is no parameter here"))
        .take(FIELDS_MAX)
        .collect::<Vec<_>>();
    if errors.is_empty() { Ok(()) } else { Err(Problem::validation(errors)) }
}

/// More parameters than this are not looked at: the first error is enough.
const FIELDS_MAX: usize = 32;

pub(crate) struct Fields {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// The named fields, and those of every filter.
    fn read(query: &str, names: &[&str]) -> Self {
        Self::read_named(query, &[names, &FILTER_FIELDS].concat())
    }

    /// The named fields alone.
    pub(crate) fn read_named(query: &str, names: &[&str]) -> Self {
        let mut fields = Self { values: Vec::new(), errors: Vec::new() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()).take(FIELDS_MAX) {
            if !names.contains(&&*name) {
                fields.fail(&name, "is no parameter here");
            } else if fields.value(&name).is_some() {
                fields.fail(&name, "is given twice");
            } else {
                fields.values.push((name.into_owned(), value.into_owned()));
            }
        }
        fields
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    fn fail(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    /// The parsed value of a field; one that cannot be parsed is an error and counts as not given.
    pub(crate) fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>, must_be: &str) -> Option<T> {
        let value = self.value(name)?;
        let parsed = parse(value);
        if parsed.is_none() {
            self.fail(name, must_be);
        }
        parsed
    }

    fn filter(&mut self) -> Filter {
        Filter {
            customer_id: self.parsed(
                "customer_id",
                |text| CustomerId::new(text.parse().ok()?),
                "must be an integer greater than 0",
            ),
            service: self.parsed(
                "service_type",
                |text| Service::from_word(text).or_else(|| Service::from_number(text.parse().ok()?)),
                "must be a service's number (1 to 6) or word (seal, grpc, graphql, platform, ssfn, sealo)",
            ),
            network: self.parsed(
                "network",
                |text| Network::from_word(text).or_else(|| Network::from_number(text.parse().ok()?)),
                "must be a network's number (0 to 3) or word (testnet, mainnet, devnet, localnet)",
            ),
        }
    }

    fn bucket(&mut self) -> Bucket {
        let of_word = |text: &str| [Bucket::Minute, Bucket::Hour].into_iter().find(|bucket| word(*bucket) == text);
        self.parsed("bucket", of_word, "must be minute or hour").unwrap_or(Bucket::Minute)
    }

    fn time(&mut self, name: &str, bucket: Bucket) -> Option<UnixMillis> {
        let whole = |text: &str| UnixMillis::parse_rfc3339(text).filter(|at| at.0 % width_ms(bucket) == 0);
        let must_be = format!("must be an RFC 3339 time on a whole {}, such as 2026-11-21T22:00:00Z", word(bucket));
        self.parsed(name, whole, &must_be)
    }

    fn check_range(&mut self, from: UnixMillis, to: UnixMillis, longest_ms: i64, longest: &str) {
        if !self.errors.is_empty() {
            return;
        }
        if from >= to {
            let field = if self.value("from").is_some() { "from" } else { "to" };
            self.fail(field, format!("the range is empty: from {} is not before to {}", from.rfc3339(), to.rfc3339()));
        } else if to.0 - from.0 > longest_ms {
            self.fail("from", format!("the range is longer than {longest}"));
        }
    }

    /// The value, unless a field is wrong.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Problem> {
        if self.errors.is_empty() { Ok(value) } else { Err(Problem::validation(self.errors)) }
    }
}

const fn width_ms(bucket: Bucket) -> i64 {
    match bucket {
        Bucket::Minute => MINUTE_MS,
        Bucket::Hour => HOUR_MS,
    }
}

const fn word(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Minute => "minute",
        Bucket::Hour => "hour",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> UnixMillis {
        UnixMillis::parse_rfc3339("2026-11-21T22:01:17.199Z").unwrap()
    }

    fn shown(range: TimeRange) -> (String, String) {
        (range.from.rfc3339(), range.to.rfc3339())
    }

    #[test]
    fn ranges_have_defaults() {
        let summary = |query| shown(SummaryParams::parse(query, now()).unwrap().range);
        let series = |query| shown(SeriesParams::parse(query, now()).unwrap().range);
        let cases = [
            (summary(""), ("2026-11-01T00:00:00Z", "2026-11-21T23:00:00Z")),
            (
                summary("from=2026-10-01T00:00:00Z&to=2026-10-31T23:00:00%2B01:00"),
                ("2026-10-01T00:00:00Z", "2026-10-31T22:00:00Z"),
            ),
            (series(""), ("2026-11-21T21:02:00Z", "2026-11-21T22:02:00Z")),
            (series("to=2026-11-01T00:00:00Z"), ("2026-10-31T23:00:00Z", "2026-11-01T00:00:00Z")),
            (series("bucket=hour"), ("2026-11-01T00:00:00Z", "2026-11-21T23:00:00Z")),
        ];
        for ((from, to), expected) in cases {
            assert_eq!((from.as_str(), to.as_str()), expected);
        }
    }

    #[test]
    fn filters_take_numbers_and_words() {
        let by_number = parse_filter("customer_id=7&service_type=2&network=1").unwrap();
        let by_word = parse_filter("customer_id=7&service_type=grpc&network=mainnet").unwrap();
        assert_eq!(by_number, by_word);
        assert_eq!(by_number.customer_id, CustomerId::new(7));
        assert_eq!(by_number.service, Some(Service::Grpc));
        assert_eq!(by_number.network, Some(Network::Mainnet));
    }

    #[test]
    fn every_bad_field_is_named() {
        let summary = |query| SummaryParams::parse(query, now()).err();
        let series = |query| SeriesParams::parse(query, now()).err();
        let cases = [
            (summary("customer_id=0&service_type=7&network=moon&from=x"), "customer_id service_type network from"),
            (summary("customer_id=9223372036854775808"), "customer_id"),
            (summary("from=2026-11-21T22:01:00Z"), "from"),
            (summary("from=2026-11-21T22:00:00Z&to=2026-11-21T22:00:00Z"), "from"),
            (summary("to=2026-10-01T00:00:00Z"), "to"),
            (summary("from=2024-01-01T00:00:00Z"), "from"),
            (summary("bucket=hour"), "bucket"),
            (summary("form=1"), "form"),
            (summary("network=1&network=1"), "network"),
            (series("bucket=day"), "bucket"),
            (series("from=2026-11-01T00:00:00Z"), "from"),
            (series("from=2026-11-21T22:00:30Z"), "from"),
            (parse_filter("from=2026-11-21T22:00:00Z").err(), "from"),
            (parse_none("a=1&b").err(), "a b"),
        ];
        for (problem, fields) in cases {
            let errors = problem.expect(fields).errors;
            let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), fields, "{errors:?}");
        }
    }
}
