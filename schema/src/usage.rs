//! How requests are classed and counted. A record adds to one class; the six classes add up to all requests.

use crate::histogram::Histogram;
use crate::ids::{CustomerId, Network, Service};
use crate::record::Record;
use crate::stream::STREAM_DELTA;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// The six classes, in the order they are stacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrafficClass {
    /// Traffic type 1, status 2xx.
    Guaranteed,
    /// Traffic type 2, status 2xx.
    Burst,
    /// Traffic types 3–6.
    Rejected,
    /// 4xx, not rejected.
    ClientError,
    /// 5xx, not rejected.
    ServerError,
    /// The rest: 1xx, 3xx, −1, and 2xx without a traffic type.
    Other,
}

impl TrafficClass {
    /// Its word in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guaranteed => "guaranteed",
            Self::Burst => "burst",
            Self::Rejected => "rejected",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Other => "other",
        }
    }

    /// The class of a request.
    pub const fn of(traffic_type: u8, status_code: i16) -> Self {
        match (traffic_type, status_code) {
            (3..=6, _) => Self::Rejected,
            (_, 400..=499) => Self::ClientError,
            (_, 500..=599) => Self::ServerError,
            (1, 200..=299) => Self::Guaranteed,
            (2, 200..=299) => Self::Burst,
            _ => Self::Other,
        }
    }
}

/// The highest traffic type (SPEC §4).
pub const MAX_TRAFFIC_TYPE: u8 = 8;

/// Whether a request is billed under the default rule: traffic 1 or 2 with a status of 100–399, and what is told of such a
/// request while it is a stream. A price book may have another, [`crate::price::BillableRule`].
pub const fn is_billable(traffic_type: u8, status_code: i16) -> bool {
    matches!(traffic_type, 1 | 2 | STREAM_DELTA) && status_code >= 100 && status_code <= 399
}

/// Whose usage, of what, where. `None` is the unattributed or the unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UsageKey {
    /// The customer; `None` for requests without a known key.
    pub customer_id: Option<CustomerId>,
    /// The service.
    pub service: Option<Service>,
    /// The network.
    pub network: Option<Network>,
}

/// Counts that add. Negative only as a correction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UsageSums {
    /// Requests of class guaranteed.
    pub guaranteed: i64,
    /// Requests of class burst.
    pub burst: i64,
    /// Requests of class rejected.
    pub rejected: i64,
    /// Requests of class client error.
    pub client_error: i64,
    /// Requests of class server error.
    pub server_error: i64,
    /// Requests of class other.
    pub other: i64,
    /// Requests that are billed.
    pub billable_requests: i64,
    /// Bytes to clients.
    pub bytes_sent: i64,
    /// Bytes of the billed requests.
    pub billable_bytes: i64,
    /// Sum of the total times, in milliseconds.
    pub time_total_ms: i64,
}

impl UsageSums {
    /// What one record adds, billed by the default rule.
    pub fn of(record: &Record) -> Self {
        let repeat = i64::from(record.repeat);
        let bytes = i64::try_from(record.bytes_sent).unwrap_or(i64::MAX);
        let mut sums =
            Self { bytes_sent: bytes, time_total_ms: i64::from(record.timers.total_ms) * repeat, ..Self::default() };
        *sums.class_mut(TrafficClass::of(record.traffic_type, record.status_code)) = repeat;
        if is_billable(record.traffic_type, record.status_code) {
            sums.billable_requests = repeat;
            sums.billable_bytes = bytes;
        }
        sums
    }

    /// Adds a record: what [`UsageSums::of`] says, to the sums that it touches.
    #[inline]
    pub fn add(&mut self, record: &Record) {
        self.add_billed_if(record, is_billable(record.traffic_type, record.status_code));
    }

    /// The same, where the rule of what is billed is the caller's.
    #[inline]
    pub fn add_billed_if(&mut self, record: &Record, is_billed: bool) {
        let repeat = i64::from(record.repeat);
        let bytes = i64::try_from(record.bytes_sent).unwrap_or(i64::MAX);
        let add = |sum: &mut i64, more: i64| *sum = sum.saturating_add(more);
        add(self.class_mut(TrafficClass::of(record.traffic_type, record.status_code)), repeat);
        add(&mut self.bytes_sent, bytes);
        add(&mut self.time_total_ms, i64::from(record.timers.total_ms) * repeat);
        if is_billed {
            add(&mut self.billable_requests, repeat);
            add(&mut self.billable_bytes, bytes);
        }
    }

    /// All requests: the sum of the six classes.
    pub const fn requests(&self) -> i64 {
        self.guaranteed + self.burst + self.rejected + self.client_error + self.server_error + self.other
    }

    /// Whether there is nothing to add.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// As an array, for the dataflow's differences; [`UsageSums::from_array`] is its inverse.
    pub const fn to_array(self) -> [i64; 10] {
        [
            self.guaranteed,
            self.burst,
            self.rejected,
            self.client_error,
            self.server_error,
            self.other,
            self.billable_requests,
            self.bytes_sent,
            self.billable_bytes,
            self.time_total_ms,
        ]
    }

    /// From the array of [`UsageSums::to_array`].
    pub const fn from_array(a: [i64; 10]) -> Self {
        let [guaranteed, burst, rejected, client_error, server_error, other, requests, sent, bytes, ms] = a;
        Self {
            guaranteed,
            burst,
            rejected,
            client_error,
            server_error,
            other,
            billable_requests: requests,
            bytes_sent: sent,
            billable_bytes: bytes,
            time_total_ms: ms,
        }
    }

    fn class_mut(&mut self, class: TrafficClass) -> &mut i64 {
        match class {
            TrafficClass::Guaranteed => &mut self.guaranteed,
            TrafficClass::Burst => &mut self.burst,
            TrafficClass::Rejected => &mut self.rejected,
            TrafficClass::ClientError => &mut self.client_error,
            TrafficClass::ServerError => &mut self.server_error,
            TrafficClass::Other => &mut self.other,
        }
    }
}

/// Saturates: no gateway sends 2⁶³ bytes, but forged lines can claim them, and neither a panic that comes again with
/// every replay of the journal nor a sum that wraps is an answer to that. Sums of usage never fall, so the order of
/// additions makes no difference.
impl AddAssign<&UsageSums> for UsageSums {
    fn add_assign(&mut self, other: &UsageSums) {
        let (mine, others) = (self.to_array(), other.to_array());
        *self = Self::from_array(std::array::from_fn(|i| mine[i].saturating_add(others[i])));
    }
}

/// Usage: counts, and how long the requests took. What the views keep, and what an epoch adds to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Usage {
    /// Counts.
    pub sums: UsageSums,
    /// Total times.
    pub times: Histogram,
}

impl Usage {
    /// Adds a record, billed by the default rule.
    #[inline]
    pub fn add(&mut self, record: &Record) {
        self.add_billed_if(record, is_billable(record.traffic_type, record.status_code));
    }

    /// The same, where the rule of what is billed is the caller's.
    #[inline]
    pub fn add_billed_if(&mut self, record: &Record, is_billed: bool) {
        self.sums.add_billed_if(record, is_billed);
        self.times.count(Self::time_ms(record), i64::from(record.repeat));
    }

    /// How long a request took.
    #[inline]
    pub const fn time_ms(record: &Record) -> u32 {
        // A total is never negative: HAProxy writes −1 for a phase that was not reached, and the total always is.
        record.timers.total_ms.unsigned_abs()
    }

    /// Whether there is nothing to add.
    pub fn is_zero(&self) -> bool {
        self.sums.is_zero() && self.times.is_empty()
    }

    /// What takes it back: a correction.
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.sums = UsageSums::from_array(self.sums.to_array().map(i64::saturating_neg));
        self.times.negate();
        self
    }
}

impl AddAssign<&Self> for Usage {
    fn add_assign(&mut self, other: &Self) {
        self.sums += &other.sums;
        self.times += &other.times;
    }
}

/// Usage within one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MinuteKey {
    /// Whose, of what, where.
    pub usage: UsageKey,
    /// The minute's first instant.
    pub minute: UnixMillis,
}

impl MinuteKey {
    /// The minute and key that a record counts in.
    pub fn of(record: &Record) -> Self {
        let usage = UsageKey { customer_id: record.customer_id, service: record.service, network: record.network };
        Self { usage, minute: record.timestamp.minute() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{ShortText, Timers};

    #[test]
    fn every_request_has_one_class() {
        use TrafficClass::*;
        let cases = [
            (1, 200, Guaranteed, true),
            (2, 299, Burst, true),
            (1, 304, Other, true),
            (1, 101, Other, true),
            (0, 200, Other, false),
            (7, 200, Other, true),
            (7, 404, ClientError, false),
            (8, 200, Other, false),
            (3, 429, Rejected, false),
            (6, 503, Rejected, false),
            (4, 200, Rejected, false),
            (1, 404, ClientError, false),
            (0, 400, ClientError, false),
            (2, 500, ServerError, false),
            (1, -1, Other, false),
            (1, 0, Other, false),
        ];
        for (traffic, status, class, billable) in cases {
            assert_eq!(TrafficClass::of(traffic, status), class, "{traffic} {status}");
            assert_eq!(is_billable(traffic, status), billable, "{traffic} {status}");
        }
    }

    #[test]
    fn what_is_told_of_a_stream_is_bytes_and_no_request() {
        let record = Record {
            timestamp: UnixMillis(1),
            customer_id: CustomerId::new(7),
            path_prefix: None,
            config_hex: None,
            network: None,
            server_id: Some(17),
            service: Some(Service::Grpc),
            api_key_fp: 0,
            frontend: None,
            traffic_type: STREAM_DELTA,
            event_type: 0,
            client_ip: None,
            key_metadata: None,
            status_code: 200,
            bytes_sent: 5,
            timers: Timers { total_ms: 9, ..Timers::default() },
            backend_id: 0,
            termination: ShortText::new("--"),
            repeat: 0,
            line_id: None,
            journal_offset: 0,
        };
        let sums = UsageSums::of(&record);
        let expected = UsageSums { bytes_sent: 5, billable_bytes: 5, ..UsageSums::default() };
        assert_eq!((sums, sums.requests()), (expected, 0));
    }

    #[test]
    fn forged_bytes_saturate() {
        let mut sums = UsageSums { other: 1, bytes_sent: i64::MAX - 1, ..UsageSums::default() };
        sums += &UsageSums { other: 1, bytes_sent: 2, billable_bytes: 3, ..UsageSums::default() };
        let expected = UsageSums { other: 2, bytes_sent: i64::MAX, billable_bytes: 3, ..UsageSums::default() };
        assert_eq!(sums, expected);
    }

    #[test]
    fn arrays_and_back() {
        let array = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        assert_eq!(UsageSums::from_array(array).to_array(), array);
        assert_eq!(UsageSums::from_array(array).requests(), 21);
    }
}
