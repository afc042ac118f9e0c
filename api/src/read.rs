//! The read layer: the store's rows at their watermark plus the hub's deltas after it, so that each answer stands at the
//! hub's latest epoch, without a gap and without counting twice. One seam for all views: [`Reader::seam`] finds it,
//! [`Tail::join`] closes it.
//!
//! It is found by trying: read the rows at W, then ask the hub for what is after W. If the hub no longer reaches
//! back (the store is far behind) or does not reach W yet, it waits a little and reads again, a bounded number of times.

mod cost;
mod peaks;

use crate::books::LiveBooks;
use crate::hub::{Behind, Hub};
use crate::money::{RatedGroups, UnknownPriceBook};
use crate::params::{SeriesParams, SummaryParams};
use crate::problem::{Problem, ProblemCode};
use crate::rows::{Answer, Filter, Marked, TimeRange, ViewRows, range_of};
use crate::tail::Tail;
use crate::wire::{Series, Stand, Summary, UsagePoint};
use cost::CostQuery;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::histogram::Histogram;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::BillingMonth;
use suiftly_schema::usage::{Usage, UsageSums};
use suiftly_store::StoreError;
use suiftly_store::reader::{Bucket, PartQuery, Rows, UsageQuery, Watermark};

/// How often the seam is tried before the answer is `catching_up`.
pub const SEAM_TRIES: u32 = 20;
/// How often a store that is behind the hub's ring is waited for before the answer is what the store has.
pub const BEHIND_TRIES: u32 = 3;
/// How long to wait between two tries at most.
pub const SEAM_WAIT: Duration = Duration::from_millis(100);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store's fault or absence.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store and the hub did not meet.
    #[error("the store's watermark and the live deltas did not meet")]
    Seam,
    /// The store has books that we have not.
    #[error(transparent)]
    PriceBook(#[from] UnknownPriceBook),
    /// More rating groups than a stream may keep.
    #[error("a stream would keep more than {groups_max} rating groups")]
    TooBroad {
        /// The bound.
        groups_max: usize,
    },
    /// More rows than an answer may have.
    #[error("the answer would have more than {rows_max} rows")]
    TooLong {
        /// The bound.
        rows_max: usize,
    },
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Seam => Self::new(ProblemCode::CatchingUp).retry_after_s(1),
            ReadError::Store(store) if store.is_unavailable() => {
                tracing::warn!(error = %store, "a request needs the store");
                Self::new(ProblemCode::StoreUnavailable).retry_after_s(1)
            }
            ReadError::TooBroad { .. } => {
                Self::new(ProblemCode::TooBroad).detail("a stream of one network needs a customer_id here")
            }
            ReadError::TooLong { rows_max } => Self::new(ProblemCode::TooBroad)
                .detail(format!("more than {rows_max} rows: ask for a shorter range, a wider bucket, or fewer groups")),
            ReadError::Store(StoreError::TooManyRows { rows_max, .. }) => {
                Self::new(ProblemCode::TooBroad).detail(format!(
                    "more than {rows_max} stored rows would have to be read: ask for a customer or another part, for a \
                     shorter range, or without percentiles"
                ))
            }
            ReadError::Store(_) | ReadError::PriceBook(_) => Self::internal(&error),
        }
    }
}

/// Reads across the seam. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) hub: Arc<Hub>,
    pub(crate) rows: Arc<dyn ViewRows>,
    pub(crate) books: Arc<LiveBooks>,
}

impl Reader {
    /// The same, of a store that shows this customer's rows alone.
    pub(crate) fn for_customer(&self, customer: CustomerId) -> Self {
        Self { rows: self.rows.for_customer(customer), ..self.clone() }
    }

    /// Usage over a range of whole hours. The `rated` view answers for whole months of all networks; the rating
    /// function, in the view's own groups, for everything else.
    pub(crate) async fn summary(&self, params: &SummaryParams) -> Result<Summary, ReadError> {
        let SummaryParams { filter, range, percentiles } = params;
        let month = range.from.month();
        let times = UsageQuery { filter: *filter, bucket: Bucket::Day, span: *range, times: true };
        let times = percentiles.then_some(times);
        let (counts, rated, times, tail) = if filter.network.is_none() && *range == range_of(month) {
            self.whole_month(filter, month, times.as_ref()).await?
        } else {
            self.any_range(filter, *range, times.as_ref()).await?
        };
        Ok(Summary {
            stand: Stand::of(&tail),
            from: range.from.rfc3339(),
            to: range.to.rfc3339(),
            counts: (&counts).into(),
            rated_micro_usd: rated.0,
            time_ms: times.as_ref().and_then(crate::wire::Times::of),
        })
    }

    async fn whole_month(
        &self,
        filter: &Filter,
        month: BillingMonth,
        times: Option<&UsageQuery>,
    ) -> Result<(UsageSums, MicroUsd, Option<Histogram>, Tail), ReadError> {
        let read = || -> Answer<'_, _> {
            Box::pin(async { Ok((self.rows.rated_month(filter, month).await?, self.maybe(times).await?)) })
        };
        let ((rows, times), tail) = self.seam(read).await?;
        let after = tail.missing(rows.watermark, &rows.further);
        let counts = sum(rows.sums, &after.totals(filter, range_of(month)));
        let rated = rows.rated + after.rated(filter, month);
        Ok((counts, rated, all_times(times, &tail), tail))
    }

    async fn any_range(
        &self,
        filter: &Filter,
        span: TimeRange,
        times: Option<&UsageQuery>,
    ) -> Result<(UsageSums, MicroUsd, Option<Histogram>, Tail), ReadError> {
        let query = PartQuery { filter: *filter, span, books: self.books.current() };
        let read =
            || -> Answer<'_, _> { Box::pin(async { Ok((self.rows.parts(&query).await?, self.maybe(times).await?)) }) };
        let ((parts, times), tail) = self.seam(read).await?;
        let parts = tail.join(parts);
        let mut counts = UsageSums::default();
        parts.values().for_each(|sums| counts += sums);
        let rated = RatedGroups::new(self.books.clone(), parts)?.rated();
        Ok((counts, rated, all_times(times, &tail), tail))
    }

    async fn maybe(&self, query: Option<&UsageQuery>) -> Result<Option<Rows<UsageQuery>>, StoreError> {
        match query {
            Some(query) => self.rows.usage(query).await.map(Some),
            None => Ok(None),
        }
    }

    /// Usage by bucket, and of a customer's hours and days what they come to.
    pub(crate) async fn series(&self, params: &SeriesParams) -> Result<Series, ReadError> {
        let SeriesParams { filter, bucket, range, percentiles } = *params;
        let query = UsageQuery { filter, bucket, span: range, times: percentiles };
        let cost = CostQuery::new(filter, bucket, range, self.books.current());
        let read = || -> Answer<'_, _> {
            Box::pin(async { Ok((self.rows.usage(&query).await?, self.cost_rows(cost.as_ref()).await?)) })
        };
        let ((rows, cost_rows), tail) = self.seam(read).await?;
        let costs = cost.zip(cost_rows).map(|(cost, rows)| cost.costs(rows, &tail)).transpose()?;
        let mut points = tail.join(rows);
        if !percentiles {
            points.values_mut().for_each(|usage| usage.times = Histogram::default());
        }
        let mut all = Usage::default();
        points.values().for_each(|usage| all += usage);
        let range = params.span().covered(tail.complete_to, bucket.usage_kept());
        Ok(Series {
            stand: Stand::of(&tail),
            from: range.from.rfc3339(),
            to: range.to.rfc3339(),
            bucket: bucket.into(),
            counts: (&all.sums).into(),
            time_ms: crate::wire::Times::of(&all.times),
            rated_micro_usd: costs.as_ref().map(|costs| costs.values().fold(0, |sum, cost| sum + cost.0)),
            points: UsagePoint::list(&points, costs.as_ref(), bucket, range, tail.complete_to),
        })
    }

    /// Rows, and the deltas after their watermark. While the store is so far behind that the ring does not reach back to
    /// it (after a start with a long tail, or a long outage of the database), the rows alone: exact as of an earlier epoch.
    pub(crate) async fn seam<'a, R: Marked>(&self, read: impl Fn() -> Answer<'a, R>) -> Result<(R, Tail), ReadError> {
        let mut latest = self.hub.watch();
        for tries in 1..=SEAM_TRIES {
            latest.mark_unchanged();
            let rows = read().await?;
            match self.hub.since(rows.epoch()) {
                Ok(tail) if tail.epoch >= rows.furthest() => return Ok((rows, tail)),
                Err(Behind::Empty) if rows.is_of_one_epoch() => return Ok(self.rows_alone(rows)),
                Err(Behind::FellOff) if tries >= BEHIND_TRIES && rows.is_of_one_epoch() => {
                    let Watermark { epoch, cut_at, .. } = rows.watermark();
                    return Ok((rows, Tail { epoch, complete_to: cut_at, epochs: Vec::new() }));
                }
                Err(Behind::FellOff) => tokio::time::sleep(SEAM_WAIT).await,
                Ok(_) | Err(Behind::Ahead | Behind::Empty) => {
                    // Whether it changed or the time is up, the next try will see.
                    let _ = tokio::time::timeout(SEAM_WAIT, latest.changed()).await;
                }
            }
        }
        Err(ReadError::Seam)
    }

    /// Nothing was published since the start, so the store has it all.
    fn rows_alone<R: Marked>(&self, rows: R) -> (R, Tail) {
        let watermark = rows.watermark();
        let complete_to = self.hub.position().1.max(watermark.cut_at);
        (rows, Tail { epoch: watermark.epoch, complete_to, epochs: Vec::new() })
    }
}

/// The times of all rows together, if they were asked for.
fn all_times(rows: Option<Rows<UsageQuery>>, tail: &Tail) -> Option<Histogram> {
    let mut times = Histogram::default();
    tail.join(rows?).values().for_each(|usage| times += &usage.times);
    Some(times)
}

/// The sum across the seam.
pub(crate) fn sum(mut rows: UsageSums, tail: &UsageSums) -> UsageSums {
    rows += tail;
    rows
}
