//! Which records: the filters that the live tail and the stored records share.

use super::TapFilter;
use crate::admin::asked::is_plain;
use crate::params::Fields;
use crate::problem::Problem;
use suiftly_schema::record::ShortText;
use suiftly_schema::usage::MAX_TRAFFIC_TYPE;
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
    /// Of this traffic type alone: 0 n/a, 1 guaranteed, 2 burst, 3 denied, 4 dropped, 5 ip_dropped, 6 unavailable, 7
    /// stream_delta, 8 stream_close.
    #[param(minimum = 0, maximum = 8)]
    traffic_type: Option<i32>,
    /// Of the key with this fingerprint alone; 0: of none.
    #[param(minimum = 0, maximum = 4_294_967_295_i64)]
    api_key_fp: Option<i64>,
    /// Served by this backend alone: 0 none, 1–9 local, 10–19 backup.
    #[param(minimum = -32_768, maximum = 32_767)]
    backend_id: Option<i32>,
    /// That ended in this termination state of HAProxy's alone.
    #[param(pattern = "^[!-~]{1,4}$", example = "SC--")]
    termination_state: Option<String>,
    /// From this address alone.
    #[param(example = "192.0.2.7")]
    client_ip: Option<String>,
    /// Whose path begins so. Ten characters are kept of a path, without the slash that it begins with: more is not
    /// looked at.
    #[param(min_length = 1, max_length = 200, example = "v1/fetch")]
    path_prefix: Option<String>,
    /// That took so long at least, in milliseconds.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    time_total_min_ms: Option<i32>,
}

/// The names of these fields.
pub(crate) const RECORD_FIELDS: [&str; 13] = [
    "customer_id",
    "server_id",
    "service_type",
    "network",
    "status",
    "event_type",
    "traffic_type",
    "api_key_fp",
    "backend_id",
    "termination_state",
    "client_ip",
    "path_prefix",
    "time_total_min_ms",
];

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
            backend_id: self.parsed("backend_id", number, "must be a backend's number, -32768 to 32767"),
            termination: self.parsed("termination_state", termination, "must have 1 to 4 characters, such as SC--"),
            traffic_type: self.parsed("traffic_type", traffic, "must be 0 to 8"),
            client_ip: self.parsed("client_ip", |text| text.parse().ok(), "must be an IP address"),
            path_prefix: self.parsed("path_prefix", path, "must be how a path begins, after its first slash"),
            api_key_fp: self.parsed("api_key_fp", |text| text.parse().ok(), "must be a fingerprint, 0 to 4294967295"),
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

fn termination(text: &str) -> Option<ShortText<4>> {
    let is_state = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_state.then(|| ShortText::new(text))
}

fn traffic(text: &str) -> Option<u8> {
    text.parse().ok().filter(|number| *number <= MAX_TRAFFIC_TYPE)
}

/// As records have it: without the slash, and no more than is kept.
fn path(text: &str) -> Option<ShortText<10>> {
    let path = text.strip_prefix('/').unwrap_or(text);
    is_plain(path, 200).then(|| ShortText::new(path))
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
        let all = "customer_id=7&server_id=17&service_type=seal&network=1&status=5xx&event_type=50&time_total_min_ms=9\
            &traffic_type=8&api_key_fp=7&backend_id=10&termination_state=SC--&client_ip=2001:db8::1\
            &path_prefix=/v1/fetch_key";
        let expected = TapFilter {
            customer_id: CustomerId::new(7),
            server_id: Some(17),
            service: Some(Service::Seal),
            network: Some(Network::Mainnet),
            status: Some((500, 599)),
            event_type: Some(50),
            time_total_min_ms: Some(9),
            traffic_type: Some(8),
            api_key_fp: Some(7),
            backend_id: Some(10),
            termination: Some(ShortText::new("SC--")),
            client_ip: "2001:db8::1".parse().ok(),
            path_prefix: Some(ShortText::new("v1/fetch_k")),
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
            ("traffic_type=9&path_prefix=/", "traffic_type path_prefix"),
            ("termination_state=SC---&client_ip=192.0.2.0/24", "termination_state client_ip"),
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
