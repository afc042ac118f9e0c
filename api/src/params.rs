//! Query parameters: raw text in, validated ranges and filters out, every bad one named.

mod range;

pub use range::{AUTO_POINTS_MAX, SERIES_MINUTES, SERIES_POINTS_MAX};
pub(crate) use range::{Span, Viewed};

use crate::problem::{FieldError, Problem};
use crate::rows::{Bucket, Filter, TimeRange};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::time::UnixMillis;
use utoipa::IntoParams;

/// The longest summary, in days.
pub const SUMMARY_DAYS_MAX: i64 = 400;
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

/// Which of a customer's usage.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(crate) struct ServiceQuery {
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
    /// `24h`, `7d` or `30d` up to the end of the current bucket (summary: hour), instead of `from` and `to`.
    #[param(inline)]
    range: Option<crate::wire::RangeWord>,
    /// The first instant, RFC 3339, on a whole minute, or hour where the answer is made of hours, or day. Default: the
    /// start of the current UTC month; for a series by minute, 60 minutes before `to`.
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
    /// `minute`, `five_minutes`, `hour` or `day`. Default: the finest that is kept for so long and makes at most 300
    /// points; `minute` where no range is given either.
    #[param(inline)]
    bucket: Option<crate::wire::SeriesBucket>,
}

/// Whether to tell how long requests took.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(crate) struct PercentilesQuery {
    /// Whether `time_ms` is wanted: every row has to be read for it, at most 100,000. Default: with a `customer_id`.
    percentiles: Option<bool>,
}

/// The same, of a customer's own usage.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(crate) struct OwnPercentilesQuery {
    /// Whether `time_ms` is wanted: every row has to be read for it, at most 100,000. Default: true.
    percentiles: Option<bool>,
}

/// What a customer's own usage is narrowed by.
const OWN_FIELDS: [&str; 2] = ["service_type", "network"];
const FILTER_FIELDS: [&str; 3] = ["customer_id", "service_type", "network"];

/// A summary's range of whole hours and filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryParams {
    /// Which usage.
    pub filter: Filter,
    /// When.
    pub range: TimeRange,
    /// Whether times are wanted.
    pub percentiles: bool,
}

impl SummaryParams {
    /// Reads a query; `now` is what the defaults go by.
    pub fn parse(query: &str, now: UnixMillis) -> Result<Self, Problem> {
        let mut fields = Fields::read(query, &["range", "from", "to", "percentiles"]);
        let filter = fields.filter();
        Self::of(fields, filter, now)
    }

    /// The same, of a customer's own.
    pub(crate) fn parse_own(query: &str, customer: CustomerId, now: UnixMillis) -> Result<Self, Problem> {
        let mut fields =
            Fields::read_named(query, &[&["range", "from", "to", "percentiles"], &OWN_FIELDS[..]].concat());
        let filter = fields.own_filter(customer);
        Self::of(fields, filter, now)
    }

    fn of(mut fields: Fields, filter: Filter, now: UnixMillis) -> Result<Self, Problem> {
        let range = fields.hours(now, now.month().start(), SUMMARY_DAYS_MAX);
        let percentiles = fields.percentiles(&filter);
        fields.finish(Self { filter, range, percentiles })
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
    /// Whether times are wanted.
    pub percentiles: bool,
}

impl SeriesParams {
    /// Reads a query; `now` is what the defaults go by.
    pub fn parse(query: &str, now: UnixMillis) -> Result<Self, Problem> {
        let mut fields = Fields::read(query, &["range", "from", "to", "bucket", "percentiles"]);
        let filter = fields.filter();
        Self::of(fields, filter, now)
    }

    /// The same, of a customer's own.
    pub(crate) fn parse_own(query: &str, customer: CustomerId, now: UnixMillis) -> Result<Self, Problem> {
        let names = [&["range", "from", "to", "bucket", "percentiles"], &OWN_FIELDS[..]].concat();
        let mut fields = Fields::read_named(query, &names);
        let filter = fields.own_filter(customer);
        Self::of(fields, filter, now)
    }

    fn of(mut fields: Fields, filter: Filter, now: UnixMillis) -> Result<Self, Problem> {
        let Span { bucket, range } = fields.span(Viewed::Usage, now);
        let percentiles = fields.percentiles(&filter);
        fields.finish(Self { filter, bucket, range, percentiles })
    }

    pub(crate) const fn span(&self) -> Span {
        Span { bucket: self.bucket, range: self.range }
    }
}

/// A customer's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PeakParams {
    /// Which usage.
    pub(crate) filter: Filter,
    /// Whole days, up to the end of the running hour.
    pub(crate) range: TimeRange,
}

/// How many days are told unless asked, and at most: hours are kept so long.
const PEAK_DAYS: i64 = 30;
const PEAK_DAYS_MAX: i64 = 90;

/// How many days.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(crate) struct DaysQuery {
    /// So many UTC days up to the running one. Default 30.
    #[param(minimum = 1, maximum = 90)]
    days: Option<i32>,
}

impl PeakParams {
    pub(crate) fn parse_own(query: &str, customer: CustomerId, now: UnixMillis) -> Result<Self, Problem> {
        let mut fields = Fields::read_named(query, &[&["days"], &OWN_FIELDS[..]].concat());
        let filter = fields.own_filter(customer);
        let in_range = |text: &str| text.parse().ok().filter(|days| (1..=PEAK_DAYS_MAX).contains(days));
        let days = fields.parsed("days", in_range, &format!("must be 1 to {PEAK_DAYS_MAX}")).unwrap_or(PEAK_DAYS);
        let from = now.day().plus_ms(-(days - 1) * Bucket::Day.width_ms());
        let range = TimeRange::new(from, now.hour().plus_ms(Bucket::Hour.width_ms()));
        fields.finish(Self { filter, range })
    }
}

/// Reads a stream's filter.
pub(crate) fn parse_filter(query: &str) -> Result<Filter, Problem> {
    let mut fields = Fields::read(query, &[]);
    let filter = fields.filter();
    fields.finish(filter)
}

/// Reads a customer's stream's filter: it names no customer.
pub(crate) fn parse_service_filter(query: &str) -> Result<Filter, Problem> {
    let mut fields = Fields::read_named(query, &["service_type", "network"]);
    let filter = Filter { customer_id: None, service: fields.service(), network: fields.network() };
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

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn fail(&mut self, field: &str, message: impl Into<String>) {
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

    pub(crate) fn filter(&mut self) -> Filter {
        Filter { customer_id: self.customer_id(), service: self.service(), network: self.network() }
    }

    /// What a customer's own usage is narrowed by.
    pub(crate) fn own_filter(&mut self, customer: CustomerId) -> Filter {
        Filter { customer_id: Some(customer), service: self.service(), network: self.network() }
    }

    pub(crate) fn customer_id(&mut self) -> Option<CustomerId> {
        let of_text = |text: &str| CustomerId::new(text.parse().ok()?);
        self.parsed("customer_id", of_text, "must be an integer greater than 0")
    }

    pub(crate) fn service(&mut self) -> Option<Service> {
        let of_text = |text: &str| Service::from_word(text).or_else(|| Service::from_number(text.parse().ok()?));
        let must_be = "must be a service's number (1 to 6) or word (seal, grpc, graphql, platform, ssfn, sealo)";
        self.parsed("service_type", of_text, must_be)
    }

    pub(crate) fn network(&mut self) -> Option<Network> {
        let of_text = |text: &str| Network::from_word(text).or_else(|| Network::from_number(text.parse().ok()?));
        self.parsed(
            "network",
            of_text,
            "must be a network's number (0 to 3) or word (testnet, mainnet, devnet, localnet)",
        )
    }

    /// Times of everybody's rows are asked for by name: there may be too many.
    fn percentiles(&mut self, filter: &Filter) -> bool {
        let given = self.parsed("percentiles", |text| text.parse().ok(), "must be true or false");
        given.unwrap_or(filter.customer_id.is_some())
    }

    /// What must be given.
    pub(crate) fn required<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && self.value(name).is_none() {
            self.fail(name, "must be given");
        }
        value
    }

    /// The value, unless a field is wrong.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Problem> {
        if self.errors.is_empty() { Ok(value) } else { Err(Problem::validation(self.errors)) }
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
            (series("bucket=week"), "bucket"),
            (series("bucket=minute&from=2026-11-01T00:00:00Z"), "from"),
            (series("bucket=minute&range=7d"), "range"),
            (series("from=2026-11-21T22:00:30Z"), "from"),
            (series("bucket=hour&from=2026-11-21T20:10:00Z"), "from"),
            (series("range=24h&from=2026-11-21T20:10:00Z"), "range"),
            (series("range=1y&percentiles=maybe"), "range percentiles"),
            (summary("range=24h&to=2026-11-21T20:00:00Z"), "range"),
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
