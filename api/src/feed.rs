//! What one stream's client has, and what to send it next. No timers and no HTTP: [`crate::stream`] decides when.
//!
//! A feed is at an epoch. A snapshot puts it there; each pull moves it to the hub's latest and yields what to add.
//! So the sum of a snapshot and all deltas after it is the recount at the last one's epoch.

use crate::hub::{Behind, Hub};
use crate::money::RatedGroups;
use crate::params::SERIES_MINUTES;
use crate::read::{ReadError, Reader, sum};
use crate::rows::{Filter, TimeRange, range_of};
use crate::tail::Tail;
use crate::wire::{Counts, ResetReason, SeriesPoint, StreamDelta, StreamSnapshot};
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::UsageSums;
use suiftly_store::reader::{PartKey, PartQuery};

/// Rating groups (customer and service) that one stream keeps at most. Only streams of one network keep any.
pub const FEED_GROUPS_MAX: usize = 10_000;

/// One client's state.
pub(crate) struct Feed {
    filter: Filter,
    month: BillingMonth,
    epoch: Epoch,
    money: FeedMoney,
}

/// How rated amounts follow.
enum FeedMoney {
    /// By the `rated` view's deltas.
    View,
    /// By rating again: what the filter asks for (a network) is no group of the view.
    Groups { groups: RatedGroups, rated: MicroUsd },
}

impl Feed {
    /// Begins with everything so far this month.
    pub(crate) async fn snapshot(
        reader: &Reader,
        filter: Filter,
        now: UnixMillis,
    ) -> Result<(Self, StreamSnapshot), ReadError> {
        let (month, minutes) = (now.month(), recent(now));
        let hours = range_of(month);
        let rates_again = filter.network.is_some();
        let query = PartQuery { filter, span: hours, books: reader.books.current() };
        let ((rows, parts), tail) = reader
            .seam(|| {
                Box::pin(async {
                    let parts = match rates_again {
                        true => Some(reader.rows.parts(&query).await?),
                        false => None,
                    };
                    Ok((reader.rows.stream_snapshot(&filter, month, minutes.from).await?, parts))
                })
            })
            .await?;
        let after = tail.missing(rows.watermark, &rows.further);
        let (rated, money) = match parts {
            None => (rows.rated + after.rated(&filter, month), FeedMoney::View),
            Some(parts) => FeedMoney::of_groups(reader, tail.join(parts), |_| ())?,
        };
        let mut points = rows.minutes.iter().map(|point| (point.start, point.sums)).collect();
        after.add_minutes(&filter, minutes, &mut points);
        let snapshot = StreamSnapshot {
            epoch: tail.epoch,
            complete_to: tail.complete_to.rfc3339(),
            month: month.to_string(),
            counts: (&sum(rows.month_sums, &after.totals(&filter, hours))).into(),
            rated_micro_usd: rated.0,
            minutes: SeriesPoint::list(&points),
        };
        Ok((Self { filter, month, epoch: tail.epoch, money }, snapshot))
    }

    /// Goes on for a client that has everything up to `epoch`, if that can be proven.
    ///
    /// Its snapshot was of the month in which it was sent `epoch` or of an earlier one; a stream checks the month
    /// before each delta, so if `epoch` was cut in this month, the snapshot is of this month.
    pub(crate) async fn resume(
        reader: &Reader,
        filter: Filter,
        epoch: Epoch,
        now: UnixMillis,
    ) -> Result<Result<Self, ResetReason>, ReadError> {
        let month = now.month();
        if let Err(behind) = reader.hub.since(epoch) {
            return Ok(Err(reason(behind)));
        }
        match reader.hub.cut_at(epoch) {
            None => return Ok(Err(ResetReason::UnknownEpoch)),
            Some(cut_at) if cut_at.month() != month => return Ok(Err(ResetReason::Month)),
            Some(_) => {}
        }
        let money = match filter.network {
            None => FeedMoney::View,
            Some(_) => match groups_at(reader, &filter, month, epoch).await? {
                Ok(money) => money,
                Err(behind) => return Ok(Err(reason(behind))),
            },
        };
        Ok(Ok(Self { filter, month, epoch, money }))
    }

    /// Where the client is.
    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Moves to the hub's latest epoch: what to add, perhaps nothing. Or why the client must start over.
    pub(crate) fn pull(&mut self, hub: &Hub, now: UnixMillis) -> Result<StreamDelta, ResetReason> {
        if now.month() != self.month {
            return Err(ResetReason::Month);
        }
        let tail = match hub.since(self.epoch) {
            // Our snapshot was of the store alone, and there is still nothing after it.
            Err(Behind::Empty) => Tail { epoch: self.epoch, complete_to: hub.position().1, epochs: Vec::new() },
            since => since.map_err(reason)?,
        };
        let month = range_of(self.month);
        let rated = match &mut self.money {
            FeedMoney::View => tail.rated(&self.filter, self.month),
            FeedMoney::Groups { groups, rated } => {
                groups.add_tail(&tail, &self.filter, month);
                let before = std::mem::replace(rated, groups.rated());
                if groups.len() > FEED_GROUPS_MAX {
                    // The snapshot will refuse it by name.
                    return Err(ResetReason::Behind);
                }
                *rated - before
            }
        };
        let mut minutes = BTreeMap::new();
        tail.add_minutes(&self.filter, recent(now), &mut minutes);
        self.epoch = tail.epoch;
        Ok(StreamDelta {
            epoch: tail.epoch,
            complete_to: tail.complete_to.rfc3339(),
            counts: (&tail.totals(&self.filter, month)).into(),
            rated_micro_usd: rated.0,
            minutes: SeriesPoint::list(&minutes),
        })
    }
}

impl FeedMoney {
    fn of_groups(
        reader: &Reader,
        parts: impl IntoIterator<Item = (PartKey, UsageSums)>,
        move_on: impl FnOnce(&mut RatedGroups),
    ) -> Result<(MicroUsd, Self), ReadError> {
        let mut groups = RatedGroups::new(reader.books.clone(), parts)?;
        move_on(&mut groups);
        if groups.len() > FEED_GROUPS_MAX {
            return Err(ReadError::TooBroad { groups_max: FEED_GROUPS_MAX });
        }
        let rated = groups.rated();
        Ok((rated, Self::Groups { groups, rated }))
    }
}

impl StreamDelta {
    /// Whether there is nothing to add.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts == Counts::default() && self.rated_micro_usd == 0 && self.minutes.is_empty()
    }
}

/// The rating groups as they were at an epoch: the store's, forwards or backwards along the ring.
async fn groups_at(
    reader: &Reader,
    filter: &Filter,
    month: BillingMonth,
    epoch: Epoch,
) -> Result<Result<FeedMoney, Behind>, ReadError> {
    let hours = range_of(month);
    let query = PartQuery { filter: *filter, span: hours, books: reader.books.current() };
    let rows = reader.rows.parts(&query).await?;
    let watermark = rows.watermark();
    if rows.further().most().is_some_and(|most| most > epoch) {
        // Some shards would have to go forwards and others back: a new beginning is simpler.
        return Ok(Err(Behind::FellOff));
    }
    let (earlier, later) = (watermark.epoch.min(epoch), watermark.epoch.max(epoch));
    let between = match reader.hub.since(earlier) {
        Ok(tail) if watermark.epoch <= epoch => tail.until(later).missing(watermark, rows.further()),
        Ok(tail) => tail.until(later),
        Err(behind) => return Ok(Err(behind)),
    };
    let committed = rows.into_sums(UnixMillis::MIN);
    let (_, money) = FeedMoney::of_groups(reader, committed, |groups| {
        if watermark.epoch <= epoch {
            groups.add_tail(&between, filter, hours);
        } else {
            groups.subtract_tail(&between, filter, hours);
        }
    })?;
    Ok(Ok(money))
}

/// The last 60 minutes and all later ones: gateways' clocks may be ahead, and what is left out once is never sent.
fn recent(now: UnixMillis) -> TimeRange {
    let from = now.minute().plus_ms(-(SERIES_MINUTES - 1) * 60_000);
    TimeRange::new(from, UnixMillis::MAX)
}

const fn reason(behind: Behind) -> ResetReason {
    match behind {
        Behind::FellOff => ResetReason::Behind,
        Behind::Ahead | Behind::Empty => ResetReason::UnknownEpoch,
    }
}
