//! Which fields of a format make which part of a record: those that attribution names, and those whose alias says it by
//! itself.

use super::super::scan::uint;
use super::alias::Role;
use super::attribution::{Attribution, Found, Wanted};
use super::{FormatError, LogFormat};
use suiftly_schema::ids::{CustomerId, Frontend, Network, Service};
use suiftly_schema::usage::MAX_TRAFFIC_TYPE;

/// What attribution names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) customer: Found,
    pub(super) key: Found,
    pub(super) key_metadata: Found,
    pub(super) service: Found,
    pub(super) network: Found,
    pub(super) server: Found,
    pub(super) frontend: Found,
    pub(super) traffic: Found,
    pub(super) event: Found,
    pub(super) config: Found,
    pub(super) client: Found,
    pub(super) path: Found,
    pub(super) began: Found,
    pub(super) boot: Found,
    pub(super) seq: Found,
}

/// Where the format has what its aliases say by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// In the order of preference.
    pub(super) dates: Vec<(usize, Role)>,
    pub(super) accept_ms: Option<usize>,
    pub(super) client: Option<usize>,
    pub(super) status: Option<usize>,
    pub(super) bytes_sent: Option<usize>,
    pub(super) request: Option<usize>,
    pub(super) queue: Option<usize>,
    pub(super) connect: Option<usize>,
    pub(super) response: Option<usize>,
    pub(super) total: Option<usize>,
    pub(super) termination: Option<usize>,
    pub(super) server: Option<usize>,
    pub(super) target: Option<usize>,
    pub(super) request_line: Option<usize>,
    pub(super) request_captures: Option<usize>,
    pub(super) response_captures: Option<usize>,
}

impl Said {
    /// Looks every reference up.
    pub(super) fn find(format: &LogFormat, attribution: &Attribution) -> Result<Self, FormatError> {
        let find = |what, is_value, entry: &Option<_>| {
            Found::find(format, &Wanted { what, is_value: Some(is_value) }, entry.as_ref())
        };
        let find_plain =
            |what, entry: &Option<_>| Found::find(format, &Wanted { what, is_value: None }, entry.as_ref());
        Ok(Self {
            customer: find("customer", is_customer, &attribution.customer)?,
            key: find("key", is_number::<u32>, &attribution.key)?,
            key_metadata: find("key's metadata", is_number::<i32>, &attribution.key_metadata)?,
            service: find("service", is_service, &attribution.service)?,
            network: find("network", is_network, &attribution.network)?,
            server: find("server", is_number::<i16>, &attribution.server)?,
            frontend: find("frontend", is_frontend, &attribution.frontend)?,
            traffic: find("traffic type", is_traffic, &attribution.traffic)?,
            event: find("event type", is_number::<u8>, &attribution.event)?,
            config: find_plain("config word", &attribution.config)?,
            client: find_plain("client", &attribution.client)?,
            path: find_plain("path", &attribution.path)?,
            began: find_plain("begin of the request", &attribution.began)?,
            boot: find_plain("worker's birth", &attribution.boot)?,
            seq: find_plain("line's number", &attribution.seq)?,
        })
    }
}

fn number<T: TryFrom<u64>>(text: &[u8]) -> Option<T> {
    uint(text, 0, text.len()).and_then(|number| T::try_from(number).ok())
}

fn is_number<T: TryFrom<u64>>(text: &[u8]) -> bool {
    number::<T>(text).is_some()
}

fn is_customer(text: &[u8]) -> bool {
    number(text).and_then(CustomerId::new).is_some()
}

fn is_traffic(text: &[u8]) -> bool {
    number(text).is_some_and(|number: u8| number <= MAX_TRAFFIC_TYPE)
}

fn is_service(text: &[u8]) -> bool {
    is_named(text, Service::from_number, Service::from_word)
}

fn is_network(text: &[u8]) -> bool {
    is_named(text, Network::from_number, Network::from_word)
}

fn is_frontend(text: &[u8]) -> bool {
    is_named(text, Frontend::from_number, Frontend::from_word)
}

fn is_named<T>(text: &[u8], by_number: fn(u8) -> Option<T>, by_word: fn(&str) -> Option<T>) -> bool {
    number(text).and_then(by_number).or_else(|| std::str::from_utf8(text).ok().and_then(by_word)).is_some()
}

impl Places {
    pub(super) fn of(format: &LogFormat) -> Self {
        let by = |role: Role| format.fields.iter().position(|field| field.role == role);
        // `%Ts` with `%ms` is finer than `%T`.
        let accepted = match by(Role::AcceptMillis) {
            Some(_) => [Role::AcceptSeconds, Role::AcceptDate],
            None => [Role::AcceptDate, Role::AcceptSeconds],
        };
        let dates = [Role::RequestDate, Role::WrittenMillis, Role::WrittenSeconds].into_iter().chain(accepted);
        Self {
            dates: dates.filter_map(|role| Some((by(role)?, role))).collect(),
            accept_ms: by(Role::AcceptMillis),
            client: by(Role::Client),
            status: by(Role::Status),
            bytes_sent: by(Role::BytesSent),
            request: by(Role::TimeRequest),
            queue: by(Role::TimeQueue),
            connect: by(Role::TimeConnect),
            response: by(Role::TimeResponse),
            total: by(Role::TimeActive).or_else(|| by(Role::TimeTotal)).or_else(|| by(Role::TimeUser)),
            termination: by(Role::Termination),
            server: by(Role::Server),
            target: by(Role::Target),
            request_line: by(Role::Request),
            request_captures: by(Role::RequestCaptures),
            response_captures: by(Role::ResponseCaptures),
        }
    }

    /// What a record cannot do without, where the format has it.
    pub(super) fn needed(&self) -> impl Iterator<Item = usize> {
        let dates = self.dates.first().map(|(field, _)| *field);
        let timers = [self.request, self.queue, self.connect, self.response, self.total];
        [dates, self.status, self.bytes_sent, self.termination].into_iter().chain(timers).flatten()
    }

    /// Fields that are checked as the record is made. A date is read only if those before it are unset.
    pub(super) fn used(&self) -> Vec<usize> {
        self.needed().chain(self.client).collect()
    }
}
