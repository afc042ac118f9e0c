//! Usage by bucket: counts, and how long requests took.

use super::sql::{Conditions, Transaction};
use super::view::{Fetch, Rows, ViewQuery};
use super::{Bucket, Filter, TimeRange, rows};
use crate::StoreError;
use crate::codec::{Timestamptz, histogram_of};
use crate::maintenance::before;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{Usage, UsageKey};
use suiftly_schema::view::EpochDeltas;

/// Rows of usage that one query reads with their times at most: a customer's 90 days by hour, of every service and
/// network, are half of it.
pub const USAGE_ROWS_MAX: u32 = 100_000;

/// Usage of the buckets that begin within a span, by bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageQuery {
    /// Whose, of what, where.
    pub filter: Filter,
    /// By what.
    pub bucket: Bucket,
    /// When. Rows of minutes or hours that begin within it count.
    pub span: TimeRange,
    /// Whether the times are wanted: they cost reading every row, which [`USAGE_ROWS_MAX`] bounds. Without them each
    /// histogram of the answer is as the deltas leave it, and means nothing.
    pub times: bool,
}

impl ViewQuery for UsageQuery {
    type Key = UnixMillis;
    type Sums = Usage;

    fn each_delta(&self, deltas: &EpochDeltas, _: UnixMillis, add: &mut dyn FnMut(UnixMillis, &Usage)) {
        let mut each = |key: &UsageKey, start: UnixMillis, usage| {
            if self.filter.takes(key) && self.span.holds(start) {
                add(self.bucket.start_of(start), usage);
            }
        };
        match self.bucket {
            Bucket::Minute | Bucket::FiveMinutes => {
                deltas.minutes.iter().for_each(|(key, usage)| each(&key.usage, key.minute, usage));
            }
            Bucket::Hour | Bucket::Day => {
                deltas.hours.iter().for_each(|(key, usage)| each(&key.usage, key.hour, usage));
            }
        }
    }

    fn customer(&self) -> Option<CustomerId> {
        self.filter.customer_id
    }

    fn is_kept(&self, start: &UnixMillis, complete_to: UnixMillis) -> bool {
        *start >= before(complete_to, self.bucket.usage_kept())
    }
}

impl Fetch for UsageQuery {
    async fn fetch(snapshot: &Transaction<'_>, rows: &mut Rows<Self>) -> Result<(), StoreError> {
        let query = *rows.query();
        let (table, time) = query.bucket.usage_rows();
        let mut conditions = Conditions::within(time, query.span);
        query.filter.narrow(&mut conditions);
        let attempted = "read usage by bucket";
        let start = |row: &tokio_postgres::Row| query.bucket.start_of(row.get::<_, Timestamptz>(rows::SUMS_COLUMNS).0);
        if query.times {
            let select = format!("SELECT {}, {time}, times FROM {table}", rows::COLUMNS);
            let each = |row: &tokio_postgres::Row| {
                let times = histogram_of(row.get(rows::SUMS_COLUMNS + 1))?;
                rows.add(start(row), &Usage { sums: rows::sums_of(row), times });
                Ok(())
            };
            return conditions.each_row(snapshot, (&select, ""), attempted, USAGE_ROWS_MAX, each).await;
        }
        let select = format!("SELECT {}, {time} FROM {table}", rows::SUMS);
        let each = |row: &tokio_postgres::Row| {
            rows.add(start(row), &Usage { sums: rows::sums_of(row), ..Usage::default() });
            Ok(())
        };
        conditions.each_row(snapshot, (&select, &format!("GROUP BY {time}")), attempted, USAGE_ROWS_MAX, each).await
    }
}
