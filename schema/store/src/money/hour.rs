//! One hour of a customer by both paths: as it is billed, and counted again out of the raw records.

use super::MoneyStore;
use crate::codec::{Timestamptz, customer_number, network_number, service_number};
use crate::maintenance::RAW_KEPT;
use crate::reader::Conditions;
use crate::{StoreError, pool, price};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::price::PriceBook;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{TrafficClass, UsageSums};
use tokio_postgres::Row;

const HOUR_MS: i64 = 3_600_000;
/// How long the database may count.
const TIMEOUT_MS: u32 = 10_000;
/// Traffic types times statuses: more than there are.
const KINDS_MAX: u32 = 100_000;

/// Which hour, of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourQuery {
    /// Whose; `None`: nobody's.
    pub customer: Option<CustomerId>,
    /// Of which service; `None` is the unknown.
    pub service: Option<Service>,
    /// On which network; `None` is the unknown.
    pub network: Option<Network>,
    /// Its first instant.
    pub hour: UnixMillis,
}

/// An hour by both paths, as of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourBothWays {
    /// As it is in `usage_per_hour`.
    pub stored: UsageSums,
    /// Out of the raw records; `None` where they are no longer kept, or the hour is nobody's.
    pub recounted: Option<UsageSums>,
}

const STORED: &str = "SELECT guaranteed, burst, rejected, client_error, server_error, other, billable_requests, \
        bytes_sent, billable_bytes, time_total_ms \
    FROM usage_per_hour WHERE customer_id = $1 AND hour = $2 AND service_type = $3 AND network = $4";
/// Each kind of request stands for itself; how long they took is no part of a bill.
const KINDS: &str = "SELECT traffic_type, status_code, sum(repeat)::bigint, \
        least(sum(bytes_sent), 9223372036854775807)::bigint \
    FROM haproxy_raw_logs_all";

impl MoneyStore {
    /// An hour by both paths, at `now`. What is counted again is classed and priced by the same functions as the view.
    pub async fn hour_both_ways(&self, query: &HourQuery, now: UnixMillis) -> Result<HourBothWays, StoreError> {
        const ATTEMPTED: &str = "count an hour again";
        let HourQuery { customer, service, network, hour } = *query;
        let mut client = self.client().await?;
        let snapshot = pool::snapshot(&mut client).await?;
        let bounded = snapshot.batch_execute(&format!("SET LOCAL statement_timeout = {TIMEOUT_MS}")).await;
        bounded.map_err(StoreError::database(ATTEMPTED))?;
        let key = (customer_number(customer), Timestamptz(hour), service_number(service), network_number(network));
        let row = snapshot.query_opt(STORED, &[&key.0, &key.1, &key.2, &key.3]).await;
        let row = row.map_err(StoreError::database(ATTEMPTED))?;
        let of = |row: &Row| UsageSums::from_array(std::array::from_fn(|at| row.get(at)));
        let stored = row.as_ref().map(of).unwrap_or_default();
        // A partition goes as a whole, once all of it is older than records are kept.
        let kept_ms = i64::try_from(RAW_KEPT.as_millis()).unwrap_or(i64::MAX);
        let is_kept = hour.plus_ms(HOUR_MS) > now.plus_ms(-kept_ms);
        let Some(customer) = customer.filter(|_| is_kept) else { return Ok(HourBothWays { stored, recounted: None }) };
        let mut conditions = Conditions::default();
        conditions.and("customer_id", "=", customer.get());
        conditions.and("timestamp", ">=", Timestamptz(hour));
        conditions.and("timestamp", "<", Timestamptz(hour.plus_ms(HOUR_MS)));
        conditions.and("coalesce(service_type, 0::smallint)", "=", service_number(service));
        conditions.and("coalesce(network, (-1)::smallint)", "=", network_number(network));
        let rows = conditions.first_rows(&snapshot, (KINDS, "GROUP BY 1, 2"), ATTEMPTED, KINDS_MAX).await?;
        let books = price::books(&*snapshot).await?;
        Ok(HourBothWays { stored, recounted: Some(counted(&rows, books.in_force(hour))) })
    }
}

fn counted(rows: &[Row], book: &PriceBook) -> UsageSums {
    let mut sums = UsageSums::default();
    for row in rows {
        let (traffic, status_code): (i16, i16) = (row.get(0), row.get(1));
        let traffic_type = u8::try_from(traffic).unwrap_or_default();
        let (requests, bytes): (i64, i64) = (row.get(2), row.get(3));
        let mut array = [0; 10];
        // Classes stand first in the array, in their own order.
        array[TrafficClass::of(traffic_type, status_code) as usize] = requests;
        let of_kind = UsageSums { bytes_sent: bytes, ..UsageSums::from_array(array) };
        sums += &if book.billable.is_billable(traffic_type, status_code) {
            UsageSums { billable_requests: requests, billable_bytes: bytes, ..of_kind }
        } else {
            of_kind
        };
    }
    sums
}
