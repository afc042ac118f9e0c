//! What the buckets of a customer's series come to: what each hour adds to its month, of the networks that are asked for.

use super::{ReadError, Reader};
use crate::priced::Priced;
use crate::rows::{Bucket, Filter, TimeRange};
use crate::tail::Tail;
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::reader::{CellQuery, PartQuery, Rows};

/// What has to be read.
pub(super) struct CostQuery {
    filter: Filter,
    bucket: Bucket,
    cells: CellQuery,
    /// The month's hours before the range.
    before: Option<PartQuery>,
    books: Arc<PriceBooks>,
}

/// What was read.
pub(super) type CostRows = (Rows<CellQuery>, Option<Rows<PartQuery>>);

/// What each bucket comes to, by its first instant.
pub(super) type Costs = BTreeMap<UnixMillis, MicroUsd>;

impl CostQuery {
    /// Of one customer, by hour or day: a minute has no price of its own, and everybody's usage is no bill.
    pub(super) fn new(filter: Filter, bucket: Bucket, range: TimeRange, books: Arc<PriceBooks>) -> Option<Self> {
        filter.customer_id?;
        if !matches!(bucket, Bucket::Hour | Bucket::Day) {
            return None;
        }
        // A bill knows no networks: all of them are rated together.
        let rated_together = Filter { network: None, ..filter };
        let before = TimeRange::new(range.from.month().start(), range.from);
        let before =
            (before.from < before.to).then(|| PartQuery { filter: rated_together, span: before, books: books.clone() });
        let cells = CellQuery { filter: rated_together, span: range };
        Some(Self { filter, bucket, cells, before, books })
    }

    /// What the buckets come to.
    pub(super) fn costs(&self, (cells, before): CostRows, tail: &Tail) -> Result<Costs, ReadError> {
        let before = before.map(|rows| tail.join(rows)).unwrap_or_default();
        let mut priced = Priced::after(before, &self.books)?;
        let mut costs = Costs::new();
        for (cell, sums) in tail.join(cells) {
            let adds = priced.add(&self.books, &cell, &sums);
            if self.filter.network.is_none() || self.filter.network == cell.network {
                *costs.entry(self.bucket.start_of(cell.hour)).or_default() += adds;
            }
        }
        Ok(costs)
    }
}

impl Reader {
    pub(super) async fn cost_rows(&self, query: Option<&CostQuery>) -> Result<Option<CostRows>, StoreError> {
        let Some(query) = query else { return Ok(None) };
        let before = match &query.before {
            Some(before) => Some(self.rows.parts(before).await?),
            None => None,
        };
        Ok(Some((self.rows.cells(&query.cells).await?, before)))
    }
}
