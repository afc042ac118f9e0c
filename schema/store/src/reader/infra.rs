//! How the machinery does, by bucket and whatever it is to be told apart by.

use super::sql::{Conditions, Transaction};
use super::view::{Fetch, Rows, ViewQuery};
use super::{Bucket, TimeRange};
use crate::StoreError;
use crate::codec::{NO_NETWORK, NO_SERVER, Timestamptz, known_network, service_of};
use crate::maintenance::before;
use crate::writer::infra::{infra_sums_of, infra_values};
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::infra::{InfraKey, InfraSpanKey, InfraSums, StatusClass};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;
use tokio_postgres::Row;

/// Rows of infra that one query reads at most; each has five histograms.
pub const INFRA_ROWS_MAX: u32 = 100_000;
/// Sums that one answer may have: groups times buckets.
pub const INFRA_SUMS_MAX: usize = 20_000;

/// What requests are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InfraDimension {
    /// The gateway.
    Server,
    /// The service.
    Service,
    /// The network.
    Network,
    /// The backend.
    Backend,
    /// The event.
    Event,
    /// The status's first digit.
    StatusClass,
}

impl InfraDimension {
    /// Every dimension, in the order of the view's key.
    pub const ALL: [Self; 6] =
        [Self::Server, Self::Service, Self::Network, Self::Backend, Self::Event, Self::StatusClass];

    /// Its word in queries and answers: the column's.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Server => "server_id",
            Self::Service => "service_type",
            Self::Network => "network",
            Self::Backend => "backend_id",
            Self::Event => "event_type",
            Self::StatusClass => "status_class",
        }
    }
}

/// Which requests. `None` is all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InfraFilter {
    /// One gateway's only.
    pub server_id: Option<i16>,
    /// One service's only.
    pub service: Option<Service>,
    /// One network's only.
    pub network: Option<Network>,
    /// Those one backend served.
    pub backend_id: Option<i16>,
    /// Those of one event.
    pub event_type: Option<u8>,
    /// Those of one status class.
    pub status_class: Option<StatusClass>,
}

impl InfraFilter {
    fn takes(&self, key: &InfraKey) -> bool {
        fn is<T: PartialEq + Copy>(wanted: Option<T>, found: T) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        is(self.server_id.map(Some), key.server_id)
            && is(self.service.map(Some), key.service)
            && is(self.network.map(Some), key.network)
            && is(self.backend_id, key.backend_id)
            && is(self.event_type, key.event_type)
            && is(self.status_class, key.status_class)
    }

    fn conditions(&self, span: TimeRange) -> Conditions {
        let mut conditions = Conditions::within("start", span);
        conditions.and_is("server_id", self.server_id);
        conditions.and_is("service_type", self.service.map(|service| i16::from(service.number())));
        conditions.and_is("network", self.network.map(|network| i16::from(network.number())));
        conditions.and_is("backend_id", self.backend_id);
        conditions.and_is("event_type", self.event_type.map(i16::from));
        conditions.and_is("status_class", self.status_class.map(|class| i16::from(class.number())));
        conditions
    }
}

/// What a sum is of: each dimension that is told apart, and within it the unknown. `None` on the outside is a dimension
/// that is not told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct InfraGroup {
    /// The gateway.
    pub server_id: Option<Option<i16>>,
    /// The service.
    pub service: Option<Option<Service>>,
    /// The network.
    pub network: Option<Option<Network>>,
    /// The backend.
    pub backend_id: Option<i16>,
    /// The event.
    pub event_type: Option<u8>,
    /// The status's first digit.
    pub status_class: Option<StatusClass>,
}

impl InfraGroup {
    fn of(key: &InfraKey, dimensions: &[InfraDimension]) -> Self {
        let mut group = Self::default();
        for dimension in dimensions {
            match dimension {
                InfraDimension::Server => group.server_id = Some(key.server_id),
                InfraDimension::Service => group.service = Some(key.service),
                InfraDimension::Network => group.network = Some(key.network),
                InfraDimension::Backend => group.backend_id = Some(key.backend_id),
                InfraDimension::Event => group.event_type = Some(key.event_type),
                InfraDimension::StatusClass => group.status_class = Some(key.status_class),
            }
        }
        group
    }
}

/// Requests of the buckets that begin within a span, by bucket and group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfraQuery {
    /// Which.
    pub filter: InfraFilter,
    /// Told apart by.
    pub group_by: Vec<InfraDimension>,
    /// By what.
    pub bucket: Bucket,
    /// When. Rows of minutes, hours or days that begin within it count.
    pub span: TimeRange,
}

impl InfraQuery {
    /// The key that a row or delta counts in, if it does.
    fn key_of(&self, key: &InfraSpanKey) -> Option<(UnixMillis, InfraGroup)> {
        // As the writer has it: this server is in the tables what no server is.
        let infra = InfraKey { server_id: key.infra.server_id.filter(|id| *id != NO_SERVER), ..key.infra };
        let counts = self.filter.takes(&infra) && self.span.holds(key.start);
        counts.then(|| (self.bucket.start_of(key.start), InfraGroup::of(&infra, &self.group_by)))
    }
}

impl ViewQuery for InfraQuery {
    type Key = (UnixMillis, InfraGroup);
    type Sums = InfraSums;

    fn each_delta(&self, deltas: &EpochDeltas, _: UnixMillis, add: &mut dyn FnMut(Self::Key, &InfraSums)) {
        let rows = match self.bucket {
            Bucket::Minute | Bucket::FiveMinutes => &deltas.infra_minutes,
            Bucket::Hour => &deltas.infra_hours,
            Bucket::Day => &deltas.infra_days,
        };
        for (key, sums) in rows {
            if let Some(key) = self.key_of(key) {
                add(key, sums);
            }
        }
    }

    fn is_kept(&self, (start, _): &Self::Key, complete_to: UnixMillis) -> bool {
        *start >= before(complete_to, self.bucket.infra_kept())
    }
}

/// Columns of a row's key, in the order they are read in.
const KEY: &str = "server_id, service_type, network, backend_id, event_type, status_class, start";
const KEY_COLUMNS: usize = 7;

impl Fetch for InfraQuery {
    async fn fetch(snapshot: &Transaction<'_>, rows: &mut Rows<Self>) -> Result<(), StoreError> {
        let query = rows.query().clone();
        let values: Vec<_> = infra_values().into_iter().map(|(name, _)| name).collect();
        let select = format!("SELECT {KEY}, {} FROM {}", values.join(", "), query.bucket.infra_rows());
        let attempted = "read infra by bucket";
        let each = |row: &Row| {
            if let Some(key) = query.key_of(&key_of(row)?) {
                rows.add(key, &infra_sums_of(row, KEY_COLUMNS)?);
            }
            if rows.len() > INFRA_SUMS_MAX {
                let rows_max = u32::try_from(INFRA_SUMS_MAX).unwrap_or(u32::MAX);
                return Err(StoreError::TooManyRows { attempted: "tell infra apart by group and bucket", rows_max });
            }
            Ok(())
        };
        query.filter.conditions(query.span).each_row(snapshot, (&select, ""), attempted, INFRA_ROWS_MAX, each).await
    }
}

fn key_of(row: &Row) -> Result<InfraSpanKey, StoreError> {
    let (server_id, network): (i16, i16) = (row.get(0), row.get(2));
    let event = row.get::<_, i16>(4);
    let event_type = u8::try_from(event);
    let infra = InfraKey {
        server_id: Some(server_id).filter(|id| *id != NO_SERVER),
        service: service_of(row.get(1))?,
        network: if network == NO_NETWORK { None } else { Some(known_network(network)?) },
        backend_id: row.get(3),
        event_type: event_type.map_err(|error| StoreError::Row { what: "an event", cause: error.to_string() })?,
        // A class is the first digit of a status; 0 of none.
        status_class: StatusClass::of(row.get::<_, i16>(5).saturating_mul(100)),
    };
    Ok(InfraSpanKey { infra, start: row.get::<_, Timestamptz>(6).0 })
}
