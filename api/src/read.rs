//! The read layer: the store's rows at their watermark plus the hub's deltas after it, so that each answer stands at the
//! hub's latest epoch, without a gap and without counting twice.
//!
//! The seam is found by trying: read the rows at W, then ask the hub for what is after W. If the hub no longer reaches
//! back (the store is far behind) or does not reach W yet, it waits a little and reads again, a bounded number of times.

use crate::hub::{Behind, Hub};
use crate::money::{RatedGroups, UnknownPriceBook};
use crate::params::{SeriesParams, SummaryParams};
use crate::problem::{Problem, ProblemCode};
use crate::rows::{Bucket, Filter, Marked, TimeRange, UsageRows, range_of};
use crate::tail::Tail;
use crate::wire::{Series, SeriesPoint, Summary};
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::UsageSums;
use suiftly_store::StoreError;
use suiftly_store::maintenance::MINUTES_KEPT;
use suiftly_store::reader::Point;

/// How often the seam is tried before the answer is `catching_up`.
pub const SEAM_TRIES: u32 = 20;
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
            ReadError::Store(_) | ReadError::PriceBook(_) => Self::internal(&error),
        }
    }
}

/// Reads across the seam. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) hub: Arc<Hub>,
    pub(crate) rows: Arc<dyn UsageRows>,
    pub(crate) books: Arc<PriceBooks>,
}

impl Reader {
    /// Usage over a range of whole hours. The `rated` view answers for whole months of all networks; the rating
    /// function, in the view's own groups, for everything else.
    pub(crate) async fn summary(&self, params: &SummaryParams) -> Result<Summary, ReadError> {
        let SummaryParams { filter, range } = params;
        let month = range.from.month();
        let (counts, rated, tail) = if filter.network.is_none() && *range == range_of(month) {
            self.whole_month(filter, month).await?
        } else {
            self.any_range(filter, *range).await?
        };
        Ok(Summary {
            epoch: tail.epoch,
            complete_to: tail.complete_to.rfc3339(),
            from: range.from.rfc3339(),
            to: range.to.rfc3339(),
            counts: (&counts).into(),
            rated_micro_usd: rated.0,
        })
    }

    async fn whole_month(
        &self,
        filter: &Filter,
        month: BillingMonth,
    ) -> Result<(UsageSums, MicroUsd, Tail), ReadError> {
        let (rows, tail) = self.seam(|| self.rows.rated_month(filter, month)).await?;
        let counts = sum(rows.sums, &tail.totals(filter, range_of(month)));
        let rated = rows.rated + tail.rated(filter, month);
        Ok((counts, rated, tail))
    }

    async fn any_range(&self, filter: &Filter, range: TimeRange) -> Result<(UsageSums, MicroUsd, Tail), ReadError> {
        let (rows, tail) = self.seam(|| self.rows.usage_totals(filter, range)).await?;
        // Parameters are whole hours, and the store covers whole hours exactly.
        assert!(rows.covered == range, "asked for {range:?}, the store covered {:?}", rows.covered);
        let counts = sum(rows.sums, &tail.totals(filter, range));
        let mut groups = RatedGroups::new(self.books.clone(), &rows.parts)?;
        groups.add_tail(&tail, filter, range);
        Ok((counts, groups.rated(), tail))
    }

    /// Usage by minute or hour.
    pub(crate) async fn series(&self, params: &SeriesParams) -> Result<Series, ReadError> {
        let SeriesParams { filter, bucket, range } = params;
        let (rows, tail) = self.seam(|| self.rows.usage_series(filter, *bucket, *range)).await?;
        let mut points = points(&rows.points, &tail, filter, *bucket, *range);
        if *bucket == Bucket::Minute {
            // A late line for an older minute counts in its hour alone: minutes before this are not whole.
            let kept_ms = i64::try_from(MINUTES_KEPT.as_millis()).unwrap_or(i64::MAX);
            points = points.split_off(&tail.complete_to.plus_ms(-kept_ms));
        }
        Ok(Series {
            epoch: tail.epoch,
            complete_to: tail.complete_to.rfc3339(),
            bucket: (*bucket).into(),
            points: SeriesPoint::list(&points),
        })
    }

    /// Rows, and the deltas after their watermark.
    pub(crate) async fn seam<'a, R: Marked>(
        &self,
        read: impl Fn() -> BoxFuture<'a, Result<R, StoreError>>,
    ) -> Result<(R, Tail), ReadError> {
        let mut latest = self.hub.watch();
        for _ in 0..SEAM_TRIES {
            latest.mark_unchanged();
            let rows = read().await?;
            match self.hub.since(rows.epoch()) {
                Ok(tail) => return Ok((rows, tail)),
                Err(Behind::Empty) => return Ok(self.rows_alone(rows)),
                Err(Behind::FellOff) => tokio::time::sleep(SEAM_WAIT).await,
                Err(Behind::Ahead) => {
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
        (rows, Tail { epoch: watermark.epoch, complete_to, deltas: Vec::new() })
    }
}

/// The series across the seam.
pub(crate) fn points(
    rows: &[Point],
    tail: &Tail,
    filter: &Filter,
    bucket: Bucket,
    range: TimeRange,
) -> BTreeMap<UnixMillis, UsageSums> {
    let mut points = rows.iter().map(|point| (point.start, point.sums)).collect();
    tail.add_points(filter, bucket, range, &mut points);
    points
}

/// The sum across the seam.
pub(crate) fn sum(mut rows: UsageSums, tail: &UsageSums) -> UsageSums {
    rows += tail;
    rows
}
