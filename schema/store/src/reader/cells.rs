//! Usage of one customer by hour, service and network: what a bill's lines are made of, and what exports list.

use super::sql::{Conditions, Transaction};
use super::view::{Fetch, Rows, ViewQuery};
use super::{Filter, TimeRange, rows};
use crate::StoreError;
use crate::codec::{NO_NETWORK, Timestamptz, known_network, service_of};
use crate::maintenance::{HOURS_KEPT, before};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::UsageSums;
use suiftly_schema::view::EpochDeltas;

/// Cells that one answer has at most: a customer's 90 days, of every service and network, and the unknown.
pub const CELLS_MAX: u32 = 100_000;

/// A customer's usage of the hours that begin within a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellQuery {
    /// Whose, of what, where. Of everybody it would be too much.
    pub filter: Filter,
    /// When: whole hours.
    pub span: TimeRange,
}

/// An hour of a service on a network: the key of a [`CellQuery`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// The hour's first instant.
    pub hour: UnixMillis,
    /// The service; `None` is the unknown.
    pub service: Option<Service>,
    /// The network; `None` is the unknown.
    pub network: Option<Network>,
}

impl ViewQuery for CellQuery {
    type Key = Cell;
    type Sums = UsageSums;

    fn each_delta(&self, deltas: &EpochDeltas, _: UnixMillis, add: &mut dyn FnMut(Cell, &UsageSums)) {
        for (key, usage) in &deltas.hours {
            if self.filter.takes(&key.usage) && self.span.holds(key.hour) {
                add(Cell { hour: key.hour, service: key.usage.service, network: key.usage.network }, &usage.sums);
            }
        }
    }

    fn customer(&self) -> Option<CustomerId> {
        self.filter.customer_id
    }

    fn is_kept(&self, cell: &Cell, complete_to: UnixMillis) -> bool {
        cell.hour >= before(complete_to, HOURS_KEPT)
    }
}

impl Fetch for CellQuery {
    async fn fetch(snapshot: &Transaction<'_>, rows: &mut Rows<Self>) -> Result<(), StoreError> {
        let query = *rows.query();
        let mut conditions = Conditions::within("hour", query.span);
        query.filter.narrow(&mut conditions);
        let select = format!("SELECT {}, hour, service_type, network FROM usage_per_hour", rows::COLUMNS);
        let each = |row: &tokio_postgres::Row| {
            let at = rows::SUMS_COLUMNS;
            let network = match row.get(at + 2) {
                NO_NETWORK => None,
                number => Some(known_network(number)?),
            };
            let service = service_of(row.get(at + 1))?;
            let cell = Cell { hour: row.get::<_, Timestamptz>(at).0, service, network };
            rows.add(cell, &rows::sums_of(row));
            Ok(())
        };
        conditions.each_row(snapshot, (&select, ""), "read usage by hour", CELLS_MAX, each).await
    }
}
