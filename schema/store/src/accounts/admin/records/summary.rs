//! Raw records of up to an hour, counted by group: what a spike is made of, and what it cost us.

use super::{RawFilter, TIMEOUT_MS};
use crate::accounts::AccountStore;
use crate::codec::Timestamptz;
use crate::{StoreError, pool, price};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Dimensions of one summary at most.
pub const RAW_DIMENSIONS_MAX: usize = 4;
/// Groups of one summary at most.
pub const RAW_GROUPS_MAX: u32 = 100;
/// Customers and services of one summary at most, told apart by hour.
const PARTS_MAX: u32 = 200_000;

/// What records are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RawDimension {
    /// The gateway.
    Server,
    /// The backend.
    Backend,
    /// The status.
    Status,
    /// The event type.
    Event,
    /// How they ended.
    Termination,
    /// Whose key it was.
    Customer,
    /// The key.
    ApiKey,
}

impl RawDimension {
    /// Every dimension.
    pub const ALL: [Self; 7] =
        [Self::Server, Self::Backend, Self::Status, Self::Event, Self::Termination, Self::Customer, Self::ApiKey];

    /// Its word in queries and answers: the column's.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Server => "server_id",
            Self::Backend => "backend_id",
            Self::Status => "status_code",
            Self::Event => "event_type",
            Self::Termination => "termination_state",
            Self::Customer => "customer_id",
            Self::ApiKey => "api_key_fp",
        }
    }
}

/// Which records, and what to tell them apart by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawSummaryQuery {
    /// From this instant on.
    pub from: UnixMillis,
    /// Before this one, [`super::RAW_SPAN_MAX_MS`] later at most.
    pub to: UnixMillis,
    /// Which.
    pub filter: RawFilter,
    /// Each once, [`RAW_DIMENSIONS_MAX`] at most; none: no groups.
    pub group_by: Vec<RawDimension>,
    /// Groups at most; [`RAW_GROUPS_MAX`] at most.
    pub limit: u32,
}

/// What a group is of: each dimension that is told apart, and within it the unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawGroup {
    /// The gateway.
    pub server_id: Option<Option<i16>>,
    /// The backend.
    pub backend_id: Option<i16>,
    /// The status.
    pub status_code: Option<i16>,
    /// The event type.
    pub event_type: Option<i16>,
    /// How they ended.
    pub termination_state: Option<String>,
    /// Whose key it was.
    pub customer_id: Option<Option<i64>>,
    /// The key's fingerprint; 0 = none.
    pub api_key_fp: Option<i64>,
}

/// A group's requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawGroupSums {
    /// Which.
    pub group: RawGroup,
    /// Requests.
    pub requests: i64,
    /// The first of them.
    pub first_at: UnixMillis,
    /// The last.
    pub last_at: UnixMillis,
}

/// A customer's requests to a service within an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPart {
    /// Whose; `None`: nobody's.
    pub customer: Option<CustomerId>,
    /// The service; `None` is the unknown.
    pub service: Option<Service>,
    /// The hour.
    pub hour: UnixMillis,
    /// Requests.
    pub requests: i64,
    /// Those of server errors that were not billed.
    pub failed_requests: i64,
    /// Their bytes.
    pub failed_bytes: i64,
}

/// Records, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawSummary {
    /// Those with the most requests first.
    pub groups: Vec<RawGroupSums>,
    /// How many groups there are in all.
    pub groups_in_all: i64,
    /// All requests, by customer, service and hour.
    pub parts: Vec<RawPart>,
}

impl AccountStore {
    /// Raw records counted by group. The database is given a bounded time for it.
    pub async fn raw_summary(&self, query: &RawSummaryQuery) -> Result<RawSummary, StoreError> {
        const ATTEMPTED: &str = "count raw records";
        let mut client = self.client().await?;
        let snapshot = pool::snapshot(&mut client).await?;
        let bounded = snapshot.batch_execute(&format!("SET LOCAL statement_timeout = {}", TIMEOUT_MS / 2)).await;
        bounded.map_err(StoreError::database(ATTEMPTED))?;
        let is_billed = price::is_billed(&*snapshot).await?;
        let select = parts_of(&is_billed);
        let conditions = query.filter.conditions(query.from, query.to);
        let rows = conditions.first_rows(&snapshot, (&select, "GROUP BY 1, 2, 3"), ATTEMPTED, PARTS_MAX + 1).await?;
        if rows.len() > PARTS_MAX as usize {
            return Err(StoreError::TooManyRows { attempted: ATTEMPTED, rows_max: PARTS_MAX });
        }
        let mut summary = RawSummary { parts: rows.iter().map(part_of).collect(), ..RawSummary::default() };
        if !query.group_by.is_empty() {
            let (select, rest) = groups_of(&query.group_by);
            let limit = query.limit.min(RAW_GROUPS_MAX);
            let conditions = query.filter.conditions(query.from, query.to);
            let rows = conditions.first_rows(&snapshot, (&select, &rest), ATTEMPTED, limit).await?;
            summary.groups_in_all = rows.first().map_or(0, |row| row.get(3));
            summary.groups = rows.iter().map(|row| group_of(row, &query.group_by)).collect();
        }
        Ok(summary)
    }
}

/// What is refused is no server error; and a book may bill what others do not.
fn parts_of(is_billed: &str) -> String {
    let failed = format!("status_code BETWEEN 500 AND 599 AND traffic_type NOT BETWEEN 3 AND 6 AND NOT {is_billed}");
    format!(
        "SELECT customer_id, service_type, date_bin('1 hour', timestamp, TIMESTAMPTZ '2000-01-01 00:00:00+00'), \
            sum(repeat)::bigint, coalesce(sum(repeat) FILTER (WHERE {failed}), 0)::bigint, \
            coalesce(least(sum(bytes_sent) FILTER (WHERE {failed}), 9223372036854775807), 0)::bigint \
        FROM haproxy_raw_logs_all"
    )
}

fn groups_of(dimensions: &[RawDimension]) -> (String, String) {
    let columns: Vec<_> = dimensions.iter().map(|dimension| dimension.word()).collect();
    let columns = columns.join(", ");
    let select = format!(
        "SELECT sum(repeat)::bigint AS requests, min(timestamp), max(timestamp), count(*) OVER (), {columns} \
         FROM haproxy_raw_logs_all"
    );
    (select, format!("GROUP BY {columns} ORDER BY requests DESC, {columns}"))
}

fn part_of(row: &Row) -> RawPart {
    let service = row.get::<_, Option<i16>>(1).and_then(|number| u8::try_from(number).ok());
    RawPart {
        customer: row.get::<_, Option<i64>>(0).and_then(CustomerId::new),
        service: service.and_then(Service::from_number),
        hour: row.get::<_, Timestamptz>(2).0,
        requests: row.get(3),
        failed_requests: row.get(4),
        failed_bytes: row.get(5),
    }
}

fn group_of(row: &Row, dimensions: &[RawDimension]) -> RawGroupSums {
    let mut group = RawGroup::default();
    for (at, dimension) in (4..).zip(dimensions) {
        match dimension {
            RawDimension::Server => group.server_id = Some(row.get(at)),
            RawDimension::Backend => group.backend_id = Some(row.get(at)),
            RawDimension::Status => group.status_code = Some(row.get(at)),
            RawDimension::Event => group.event_type = Some(row.get(at)),
            RawDimension::Termination => group.termination_state = Some(row.get(at)),
            RawDimension::Customer => group.customer_id = Some(row.get(at)),
            RawDimension::ApiKey => group.api_key_fp = Some(row.get(at)),
        }
    }
    let at = |column| row.get::<_, Timestamptz>(column).0;
    RawGroupSums { group, requests: row.get(0), first_at: at(1), last_at: at(2) }
}
