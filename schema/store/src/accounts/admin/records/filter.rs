//! Which raw records: what a page and a summary of them are narrowed by.

use crate::codec::Timestamptz;
use crate::reader::Conditions;
use std::net::IpAddr;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::record::ShortText;
use suiftly_schema::time::UnixMillis;

/// Which records. `None` narrows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RawFilter {
    /// Of one customer.
    pub customer: Option<CustomerId>,
    /// Of one gateway.
    pub server_id: Option<i16>,
    /// Of one service.
    pub service: Option<Service>,
    /// Of one network.
    pub network: Option<Network>,
    /// Of statuses from the first to the last.
    pub status: Option<(i16, i16)>,
    /// Of one event type.
    pub event_type: Option<u8>,
    /// Of one traffic type.
    pub traffic_type: Option<u8>,
    /// Of one key.
    pub api_key_fp: Option<u32>,
    /// Those that one backend served.
    pub backend_id: Option<i16>,
    /// Those that ended so.
    pub termination: Option<ShortText<4>>,
    /// From one address.
    pub client_ip: Option<IpAddr>,
    /// Whose path begins so.
    pub path_prefix: Option<ShortText<10>>,
    /// That took so long at least, in milliseconds.
    pub time_total_min_ms: Option<i32>,
    /// Of one line: where its frame begins in the journal.
    pub journal_offset: Option<u64>,
    /// Of one journal of a cluster; 0: the only one. Several may have a line at one place.
    pub journal_no: Option<u16>,
}

impl RawFilter {
    /// Only what is asked for stands in the statement: the planner then takes the index that fits.
    pub(super) fn conditions(&self, from: UnixMillis, to: UnixMillis) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.and("timestamp", ">=", Timestamptz(from));
        conditions.and("timestamp", "<", Timestamptz(to));
        conditions.and_is("customer_id", self.customer.map(CustomerId::get));
        conditions.and_is("server_id", self.server_id);
        conditions.and_is("service_type", self.service.map(|service| i16::from(service.number())));
        conditions.and_is("network", self.network.map(|network| i16::from(network.number())));
        conditions.and_is("event_type", self.event_type.map(i16::from));
        conditions.and_is("traffic_type", self.traffic_type.map(i16::from));
        conditions.and_is("api_key_fp", self.api_key_fp.map(i64::from));
        conditions.and_is("backend_id", self.backend_id);
        conditions.and_is("termination_state", self.termination.map(|state| state.as_str().to_owned()));
        conditions.and_is("client_ip", self.client_ip);
        conditions.and_is("journal_offset", self.journal_offset.map(|at| i64::try_from(at).unwrap_or(i64::MAX)));
        conditions.and_is("journal_no", self.journal_no.map(u16::cast_signed));
        if let Some((first, last)) = self.status {
            conditions.and("status_code", ">=", first);
            conditions.and("status_code", "<=", last);
        }
        if let Some(ms) = self.time_total_min_ms {
            conditions.and("time_total", ">=", ms);
        }
        if let Some(path) = self.path_prefix {
            conditions.and("path_prefix", "^@", path.as_str().to_owned());
        }
        conditions
    }
}
