//! The busiest minute and hour of each day, and how often the guaranteed rate was passed.

use super::{ReadError, Reader};
use crate::params::PeakParams;
use crate::rows::{Answer, Bucket, TimeRange};
use crate::wire::{Peak, PeakDay, Peaks, Stand};
use std::collections::BTreeMap;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{Usage, UsageSums};
use suiftly_store::reader::UsageQuery;

const DAY_MS: i64 = 24 * 3_600_000;

/// Usage by the first instant of its bucket.
type Buckets = BTreeMap<UnixMillis, Usage>;

impl Reader {
    /// Each UTC day of a range, the running one included.
    pub(crate) async fn peaks(&self, params: &PeakParams) -> Result<Peaks, ReadError> {
        let PeakParams { filter, range } = *params;
        let query = |bucket| UsageQuery { filter, bucket, span: range, times: false };
        let (of_hours, of_minutes) = (query(Bucket::Hour), query(Bucket::Minute));
        let read = || -> Answer<'_, _> {
            Box::pin(async { Ok((self.rows.usage(&of_hours).await?, Some(self.rows.usage(&of_minutes).await?))) })
        };
        let ((hours, minutes), tail) = self.seam(read).await?;
        let hours = tail.join(hours);
        let minutes = minutes.map(|rows| tail.join(rows)).unwrap_or_default();
        let kept_ms = i64::try_from(Bucket::Minute.usage_kept().as_millis()).unwrap_or(i64::MAX);
        let minutes_from = tail.complete_to.plus_ms(-kept_ms).plus_ms(59_999).minute().max(range.from);
        let mut days = Vec::new();
        let mut start = range.from;
        while start < range.to {
            let day = TimeRange::new(start, start.plus_ms(DAY_MS));
            days.push(day_of(day, &hours, (start >= minutes_from).then_some(&minutes)));
            start = day.to;
        }
        Ok(Peaks::new(Stand::of(&tail), range, minutes_from, days))
    }
}

fn day_of(day: TimeRange, hours: &Buckets, minutes: Option<&Buckets>) -> PeakDay {
    let mut sums = UsageSums::default();
    let mut hours_above = 0;
    for (_, usage) in hours.range(day.from..day.to) {
        sums += &usage.sums;
        hours_above += i64::from(usage.sums.burst > 0 || usage.sums.rejected > 0);
    }
    PeakDay {
        day: day.from.rfc3339().chars().take(10).collect(),
        requests: sums.requests(),
        busiest_minute: minutes.and_then(|minutes| busiest(minutes, day, Bucket::Minute)),
        busiest_hour: busiest(hours, day, Bucket::Hour),
        hours_above_guaranteed: hours_above,
        burst: sums.burst,
        rejected: sums.rejected,
    }
}

/// The bucket with the most requests, the first of several.
fn busiest(buckets: &Buckets, day: TimeRange, bucket: Bucket) -> Option<Peak> {
    let each = buckets.range(day.from..day.to).map(|(start, usage)| (*start, usage.sums.requests()));
    let most = each.filter(|(_, requests)| *requests > 0).max_by_key(|(start, requests)| (*requests, -start.0));
    most.map(|(start, requests)| Peak::new(start, requests, bucket.width_ms()))
}
