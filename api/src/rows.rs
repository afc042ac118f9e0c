//! What the API asks of the store, in the store's own terms: each answer is one repeatable read, its rows beside the
//! watermark they stand at. [`crate::read`] adds the hub's deltas after it.
//!
//! The trait is the seam at which tests answer from memory; [`Reader`] is the real one.

use futures::future::BoxFuture;
use std::sync::Arc;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::view::RatedKey;
use suiftly_store::StoreError;
use suiftly_store::reader::{
    CellQuery, InfraQuery, KeyQuery, PartQuery, RatedMonth, Reader, Rows, SpendQuery, StreamSnapshot, UsageQuery,
    ViewQuery, Watermark,
};

pub use suiftly_store::reader::{Bucket, Filter, TimeRange};

/// What a read comes to.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// The store's read side.
pub trait ViewRows: Send + Sync + 'static {
    /// As [`Reader::for_customer`]: whatever is asked of it, it answers of this customer alone.
    fn for_customer(&self, customer: CustomerId) -> Arc<dyn ViewRows>;

    /// As [`Reader::rows`], of usage by bucket.
    fn usage<'a>(&'a self, query: &'a UsageQuery) -> Answer<'a, Rows<UsageQuery>>;

    /// As [`Reader::rows`], of a customer's usage by hour, service and network.
    fn cells<'a>(&'a self, query: &'a CellQuery) -> Answer<'a, Rows<CellQuery>>;

    /// As [`Reader::rows`], of what is rated together.
    fn parts<'a>(&'a self, query: &'a PartQuery) -> Answer<'a, Rows<PartQuery>>;

    /// As [`Reader::rows`], of infra.
    fn infra<'a>(&'a self, query: &'a InfraQuery) -> Answer<'a, Rows<InfraQuery>>;

    /// As [`Reader::rows`], of what keys did.
    fn keys<'a>(&'a self, query: &'a KeyQuery) -> Answer<'a, Rows<KeyQuery>>;

    /// As [`Reader::rows`], of a customer's spend.
    fn spend<'a>(&'a self, query: &'a SpendQuery) -> Answer<'a, Rows<SpendQuery>>;

    /// As [`Reader::rated_month`].
    fn rated_month<'a>(&'a self, filter: &'a Filter, month: BillingMonth) -> Answer<'a, RatedMonth>;

    /// As [`Reader::stream_snapshot`].
    fn stream_snapshot<'a>(
        &'a self,
        filter: &'a Filter,
        month: BillingMonth,
        minutes_since: UnixMillis,
    ) -> Answer<'a, StreamSnapshot>;
}

impl ViewRows for Reader {
    fn for_customer(&self, customer: CustomerId) -> Arc<dyn ViewRows> {
        Arc::new(Self::for_customer(self, customer))
    }

    fn usage<'a>(&'a self, query: &'a UsageQuery) -> Answer<'a, Rows<UsageQuery>> {
        Box::pin(self.rows(query))
    }

    fn cells<'a>(&'a self, query: &'a CellQuery) -> Answer<'a, Rows<CellQuery>> {
        Box::pin(self.rows(query))
    }

    fn parts<'a>(&'a self, query: &'a PartQuery) -> Answer<'a, Rows<PartQuery>> {
        Box::pin(self.rows(query))
    }

    fn infra<'a>(&'a self, query: &'a InfraQuery) -> Answer<'a, Rows<InfraQuery>> {
        Box::pin(self.rows(query))
    }

    fn keys<'a>(&'a self, query: &'a KeyQuery) -> Answer<'a, Rows<KeyQuery>> {
        Box::pin(self.rows(query))
    }

    fn spend<'a>(&'a self, query: &'a SpendQuery) -> Answer<'a, Rows<SpendQuery>> {
        Box::pin(self.rows(query))
    }

    fn rated_month<'a>(&'a self, filter: &'a Filter, month: BillingMonth) -> Answer<'a, RatedMonth> {
        Box::pin(Self::rated_month(self, filter, month))
    }

    fn stream_snapshot<'a>(
        &'a self,
        filter: &'a Filter,
        month: BillingMonth,
        minutes_since: UnixMillis,
    ) -> Answer<'a, StreamSnapshot> {
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

    /// The last epoch that any of the rows have: of everybody's in a cluster, some shards may be further.
    fn furthest(&self) -> Epoch;

    /// Whether all reads stand at one epoch.
    fn is_of_one_epoch(&self) -> bool {
        self.furthest() == self.epoch()
    }
}

impl Marked for RatedMonth {
    fn watermark(&self) -> Watermark {
        self.watermark
    }

    fn furthest(&self) -> Epoch {
        self.further.most().unwrap_or(self.watermark.epoch)
    }
}

impl Marked for StreamSnapshot {
    fn watermark(&self) -> Watermark {
        self.watermark
    }

    fn furthest(&self) -> Epoch {
        self.further.most().unwrap_or(self.watermark.epoch)
    }
}

impl<Q: ViewQuery> Marked for Rows<Q> {
    fn watermark(&self) -> Watermark {
        Self::watermark(self)
    }

    fn furthest(&self) -> Epoch {
        self.further().most().unwrap_or(Self::watermark(self).epoch)
    }
}

/// One read for certain, and perhaps another.
impl<A: Marked, B: Marked> Marked for (A, Option<B>) {
    fn watermark(&self) -> Watermark {
        let (a, b) = (self.0.watermark(), self.1.as_ref().map(Marked::watermark));
        b.filter(|b| b.epoch < a.epoch).unwrap_or(a)
    }

    fn furthest(&self) -> Epoch {
        self.1.as_ref().map_or(0, Marked::furthest).max(self.0.furthest())
    }
}

/// Whether a filter counts a rated amount. What is rated knows no network.
pub(crate) fn takes_rated(filter: &Filter, key: &RatedKey) -> bool {
    filter.customer_id.is_none_or(|customer| customer == key.customer_id)
        && (filter.service.is_none() || filter.service == key.service)
}

/// A month's range.
pub(crate) fn range_of(month: BillingMonth) -> TimeRange {
    TimeRange::new(month.start(), month.end())
}
