//! Which records: the filters that the live tail and the stored records share.

use super::TapFilter;
use crate::params::Fields;
use crate::problem::Problem;
use utoipa::IntoParams;

/// Which records.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(crate) struct TailQuery {
    /// Of this customer alone.
    #[param(minimum = 1)]
    customer_id: Option<i64>,
    /// Of this gateway alone.
    #[param(minimum = -32_768, maximum = 32_767)]
    server_id: Option<i32>,
    /// Of this service alone: its number or word.
    service_type: Option<String>,
    /// Of this network alone: its number or word.
    network: Option<String>,
    /// Of this status class alone: `1xx` to `5xx`, or one status: `404`, `-1`.
    #[param(pattern = "^([1-5]xx|-1|[1-5][0-9][0-9])$")]
    status: Option<String>,
    /// Of this event type alone.
    #[param(minimum = 0, maximum = 255)]
    event_type: Option<i32>,
    /// That took so long at least, in milliseconds.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    time_total_min_ms: Option<i32>,
}

/// The names of these fields.
pub(crate) const RECORD_FIELDS: [&str; 7] =
    ["customer_id", "server_id", "service_type", "network", "status", "event_type", "time_total_min_ms"];

/// What reads these fields out of a query.
pub(crate) trait RecordFields {
    /// All of them.
    fn record_filter(&mut self) -> TapFilter;
}

impl RecordFields for Fields {
    fn record_filter(&mut self) -> TapFilter {
        let number = |text: &str| text.parse().ok();
        let not_negative = |text: &str| text.parse().ok().filter(|ms: &i32| *ms >= 0);
        TapFilter {
            customer_id: self.customer_id(),
            server_id: self.parsed("server_id", number, "must be a gateway's number, -32768 to 32767"),
            service: self.service(),
            network: self.network(),
            status: self.parsed("status", statuses, "must be a status class (2xx) or a status (404, -1)"),
            event_type: self.parsed("event_type", |text| text.parse().ok(), "must be 0 to 255"),
            time_total_min_ms: self.parsed("time_total_min_ms", not_negative, "must be milliseconds, 0 or more"),
        }
    }
}

/// Reads a tail's query.
pub(super) fn tail(query: &str) -> Result<TapFilter, Problem> {
    let mut fields = Fields::read_named(query, &RECORD_FIELDS);
    let filter = fields.record_filter();
    fields.finish(filter)
}

/// A class or one status, as the first and last that it takes.
fn statuses(text: &str) -> Option<(i16, i16)> {
    if let Some(class) = text.strip_suffix("xx") {
        let class: i16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        return Some((class * 100, class * 100 + 99));
    }
    let status: i16 = text.parse().ok()?;
    (status == -1 || (100..=599).contains(&status)).then_some((status, status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::ids::{CustomerId, Network, Service};

    #[test]
    fn queries() {
        assert_eq!(tail("").unwrap(), TapFilter::default());
        let all = "customer_id=7&server_id=17&service_type=seal&network=1&status=5xx&event_type=50&time_total_min_ms=9";
        let expected = TapFilter {
            customer_id: CustomerId::new(7),
            server_id: Some(17),
            service: Some(Service::Seal),
            network: Some(Network::Mainnet),
            status: Some((500, 599)),
            event_type: Some(50),
            time_total_min_ms: Some(9),
        };
        assert_eq!(tail(all).unwrap(), expected);
        let cases = [
            ("status=6xx", "status"),
            ("status=2x", "status"),
            ("status=99", "status"),
            ("status=-2", "status"),
            ("event_type=256&server_id=32768", "server_id event_type"),
            ("time_total_min_ms=-1", "time_total_min_ms"),
            ("key=AAAA", "key"),
        ];
        for (query, fields) in cases {
            let errors = tail(query).unwrap_err().errors;
            let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), fields, "{query}");
        }
    }

    #[test]
    fn statuses_and_classes() {
        let cases = [("2xx", Some((200, 299))), ("404", Some((404, 404))), ("-1", Some((-1, -1))), ("0xx", None)];
        for (text, expected) in cases {
            assert_eq!(statuses(text), expected, "{text}");
        }
    }
}
