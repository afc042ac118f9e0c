//! What the API asks of the store, in the store's own terms: each answer is one repeatable read, its rows beside the
//! watermark they stand at. [`crate::read`] adds the hub's deltas after it.
//!
//! The trait is the seam at which tests answer from memory; [`Reader`] is the real one.

use futures::future::BoxFuture;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::UsageKey;
use suiftly_schema::view::RatedKey;
use suiftly_store::StoreError;
use suiftly_store::reader::{RatedMonth, Reader, StreamSnapshot, UsageSeries, UsageTotals, Watermark};

pub use suiftly_store::reader::{Bucket, Filter, TimeRange};

/// The store's read side.
pub trait UsageRows: Send + Sync + 'static {
    /// As [`Reader::usage_totals`].
    fn usage_totals<'a>(
        &'a self,
        filter: &'a Filter,
        range: TimeRange,
    ) -> BoxFuture<'a, Result<UsageTotals, StoreError>>;

    /// As [`Reader::usage_series`].
    fn usage_series<'a>(
        &'a self,
        filter: &'a Filter,
        bucket: Bucket,
        range: TimeRange,
    ) -> BoxFuture<'a, Result<UsageSeries, StoreError>>;

    /// As [`Reader::rated_month`].
    fn rated_month<'a>(
        &'a self,
        filter: &'a Filter,
        month: BillingMonth,
    ) -> BoxFuture<'a, Result<RatedMonth, StoreError>>;

    /// As [`Reader::stream_snapshot`].
    fn stream_snapshot<'a>(
        &'a self,
        filter: &'a Filter,
        month: BillingMonth,
        minutes_since: UnixMillis,
    ) -> BoxFuture<'a, Result<StreamSnapshot, StoreError>>;
}

impl UsageRows for Reader {
    fn usage_totals<'a>(
        &'a self,
        filter: &'a Filter,
        range: TimeRange,
    ) -> BoxFuture<'a, Result<UsageTotals, StoreError>> {
        Box::pin(Self::usage_totals(self, filter, range))
    }

    fn usage_series<'a>(
        &'a self,
        filter: &'a Filter,
        bucket: Bucket,
        range: TimeRange,
    ) -> BoxFuture<'a, Result<UsageSeries, StoreError>> {
        Box::pin(Self::usage_series(self, filter, bucket, range))
    }

    fn rated_month<'a>(
        &'a self,
        filter: &'a Filter,
        month: BillingMonth,
    ) -> BoxFuture<'a, Result<RatedMonth, StoreError>> {
        Box::pin(Self::rated_month(self, filter, month))
    }

    fn stream_snapshot<'a>(
        &'a self,
        filter: &'a Filter,
        month: BillingMonth,
        minutes_since: UnixMillis,
    ) -> BoxFuture<'a, Result<StreamSnapshot, StoreError>> {
        Box::pin(Self::stream_snapshot(self, filter, month, minutes_since))
    }
}

/// Rows that say which watermark they stand at.
pub(crate) trait Marked {
    /// The watermark; of several reads, the earliest.
    fn watermark(&self) -> Watermark;

    /// Its epoch.
    fn epoch(&self) -> Epoch {
        self.watermark().epoch
    }
}

macro_rules! marked {
    ($($rows:ty),*) => {
        $(impl Marked for $rows {
            fn watermark(&self) -> Watermark {
                self.watermark
            }
        })*
    };
}
marked!(UsageTotals, UsageSeries, RatedMonth, StreamSnapshot);

/// One read for certain, and perhaps another.
impl<A: Marked, B: Marked> Marked for (A, Option<B>) {
    fn watermark(&self) -> Watermark {
        let (a, b) = (self.0.watermark(), self.1.as_ref().map(Marked::watermark));
        b.filter(|b| b.epoch < a.epoch).unwrap_or(a)
    }
}

/// Whether a filter counts usage under a key.
pub(crate) fn takes(filter: &Filter, key: &UsageKey) -> bool {
    (filter.customer_id.is_none() || filter.customer_id == key.customer_id)
        && (filter.service.is_none() || filter.service == key.service)
        && (filter.network.is_none() || filter.network == key.network)
}

/// Whether it counts a rated amount. What is rated knows no network.
pub(crate) fn takes_rated(filter: &Filter, key: &RatedKey) -> bool {
    filter.customer_id.is_none_or(|customer| customer == key.customer_id)
        && (filter.service.is_none() || filter.service == key.service)
}

/// Whether an instant lies in a range.
pub(crate) fn holds(range: TimeRange, at: UnixMillis) -> bool {
    range.from <= at && at < range.to
}

/// A month's range.
pub(crate) fn range_of(month: BillingMonth) -> TimeRange {
    TimeRange::new(month.start(), month.end())
}
