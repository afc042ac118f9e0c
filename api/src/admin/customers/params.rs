//! What is asked of customers.

use super::wire::TopBy;
use crate::params::Fields;
use crate::problem::Problem;
use crate::rows::{Filter, TimeRange};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use utoipa::IntoParams;

/// The longest range of a ranking, in days: hours of the range before it must be kept too.
pub const TOP_DAYS_MAX: i64 = 45;
/// How many are told unless asked.
pub const TOP_N: usize = 10;
/// How many are told at most, of each ranking.
pub const TOP_N_MAX: usize = 100;

/// Whose.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct CustomerQuery {
    /// The customer.
    #[param(minimum = 1)]
    customer_id: i64,
}

/// Which ranking.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct TopQuery {
    /// `requests` (the default), `errors`, `bytes` or `money`.
    #[param(inline)]
    by: Option<TopBy>,
    /// How many of each. Default 10.
    #[param(minimum = 1, maximum = 100)]
    n: Option<i32>,
    /// This service's usage alone: its number or word (1 seal, 2 grpc, 3 graphql, 4 platform, 5 ssfn, 6 sealo).
    service_type: Option<String>,
    /// This network's alone: its number or word (0 testnet, 1 mainnet, 2 devnet, 3 localnet).
    network: Option<String>,
}

/// Which time.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct TopRangeQuery {
    /// `24h` (the default), `7d` or `30d` up to the end of the current hour, instead of `from` and `to`.
    #[param(inline)]
    range: Option<crate::wire::RangeWord>,
    /// The first instant, RFC 3339, on a whole hour.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The first instant after it, likewise; at most 45 days later. Default: the end of the current hour.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// A ranking, made sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TopParams {
    pub(super) by: TopBy,
    pub(super) n: usize,
    pub(super) filter: Filter,
    pub(super) range: TimeRange,
}

impl TopParams {
    pub(super) fn parse(query: &str, now: UnixMillis) -> Result<Self, Problem> {
        const DAY_MS: i64 = 24 * 3_600_000;
        let names = ["by", "n", "service_type", "network", "range", "from", "to"];
        let mut fields = Fields::read_named(query, &names);
        let by = fields.parsed("by", TopBy::of_word, "must be requests, errors, bytes or money");
        let n = |text: &str| text.parse().ok().filter(|n| (1..=TOP_N_MAX).contains(n));
        let n = fields.parsed("n", n, &format!("must be 1 to {TOP_N_MAX}")).unwrap_or(TOP_N);
        let filter = Filter { customer_id: None, service: fields.service(), network: fields.network() };
        let range = fields.hours(now, now.hour().plus_ms(3_600_000 - DAY_MS), TOP_DAYS_MAX);
        fields.finish(Self { by: by.unwrap_or(TopBy::Requests), n, filter, range })
    }

    /// As long, and right before.
    pub(super) fn range_before(&self) -> TimeRange {
        TimeRange::new(self.range.from.plus_ms(self.range.from.0 - self.range.to.0), self.range.from)
    }
}

/// Reads a customer.
pub(super) fn customer(query: &str) -> Result<CustomerId, Problem> {
    let mut fields = Fields::read_named(query, &["customer_id"]);
    let customer_id = fields.customer_id();
    let customer_id = fields.required("customer_id", customer_id);
    // Without one there is an error, and the value is not looked at.
    fields.finish(customer_id).map(|id| id.expect("what is missing is an error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_is_named() {
        let now = UnixMillis::parse_rfc3339("2026-11-21T22:01:17.199Z").unwrap();
        let top = |query: &str| TopParams::parse(query, now).err();
        let cases = [
            (customer("").err(), "customer_id"),
            (customer("customer_id=0").err(), "customer_id"),
            (customer("id=7").err(), "id customer_id"),
            (top("by=fame&n=0"), "by n"),
            (top("n=101&customer_id=1"), "customer_id n"),
            (top("from=2026-09-01T00:00:00Z"), "from"),
            (top("range=7d&to=2026-11-21T00:00:00Z"), "range"),
        ];
        for (problem, expected) in cases {
            let errors = problem.expect(expected).errors;
            let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), expected, "{errors:?}");
        }
        let params = TopParams::parse("", now).unwrap();
        let shown = |range: TimeRange| format!("{} {}", range.from.rfc3339(), range.to.rfc3339());
        assert_eq!(shown(params.range), "2026-11-20T23:00:00Z 2026-11-21T23:00:00Z");
        assert_eq!(shown(params.range_before()), "2026-11-19T23:00:00Z 2026-11-20T23:00:00Z");
    }
}
