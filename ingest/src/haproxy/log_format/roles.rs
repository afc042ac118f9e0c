//! Which fields of a format make which part of a record: those that attribution names, and those whose alias says it by
//! itself.

use super::alias::Role;
use super::attribution::{Attribution, Found};
use super::{FormatError, LogFormat};

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
        let find = |what, wanted: &Option<_>| Found::find(format, what, wanted.as_ref());
        Ok(Self {
            customer: find("customer", &attribution.customer)?,
            key: find("key", &attribution.key)?,
            key_metadata: find("key's metadata", &attribution.key_metadata)?,
            service: find("service", &attribution.service)?,
            network: find("network", &attribution.network)?,
            server: find("server", &attribution.server)?,
            frontend: find("frontend", &attribution.frontend)?,
            traffic: find("traffic type", &attribution.traffic)?,
            event: find("event type", &attribution.event)?,
            config: find("config word", &attribution.config)?,
            client: find("client", &attribution.client)?,
            path: find("path", &attribution.path)?,
            began: find("begin of the request", &attribution.began)?,
            boot: find("worker's birth", &attribution.boot)?,
            seq: find("line's number", &attribution.seq)?,
        })
    }
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
