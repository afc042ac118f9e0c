//! Usage, summed up and over time, and what every answer of the read layer says of itself.

use super::Counts;
use crate::rows::{Bucket, TimeRange};
use crate::tail::Tail;
use serde::Serialize;
use std::collections::BTreeMap;
use suiftly_schema::histogram::Histogram;
use suiftly_schema::ids::Epoch;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{Usage, UsageSums};
use utoipa::ToSchema;

/// Where an answer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stand {
    /// The epoch this answer stands at.
    #[schema(value_type = i64)]
    pub epoch: Epoch,
    /// Everything received before this time is counted.
    #[schema(format = DateTime)]
    pub complete_to: String,
}

impl Stand {
    pub(crate) fn of(tail: &Tail) -> Self {
        Self { epoch: tail.epoch, complete_to: tail.complete_to.rfc3339() }
    }
}

/// How long requests took, in milliseconds, each within 0.8 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Times {
    /// The shortest.
    #[schema(value_type = i64)]
    pub min: u32,
    /// Median.
    #[schema(value_type = i64)]
    pub p50: u32,
    /// 95th percentile.
    #[schema(value_type = i64)]
    pub p95: u32,
    /// 99th percentile.
    #[schema(value_type = i64)]
    pub p99: u32,
    /// The longest.
    #[schema(value_type = i64)]
    pub max: u32,
}

impl Times {
    /// Of a histogram that counts something.
    pub(crate) fn of(times: &Histogram) -> Option<Self> {
        let at = |per_mille| times.quantile_ms(per_mille);
        Some(Self { min: at(0)?, p50: at(500)?, p95: at(950)?, p99: at(990)?, max: at(1_000)? })
    }
}

/// Usage over a range of whole hours, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Summary {
    /// As of.
    #[serde(flatten)]
    pub stand: Stand,
    /// The range's first instant.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first instant after the range.
    #[schema(format = DateTime)]
    pub to: String,
    /// The usage.
    pub counts: Counts,
    /// Its price, each customer's, service's and month's rounded down once.
    pub rated_micro_usd: i64,
    /// How long requests took; `null` if there were none, or without `percentiles`.
    pub time_ms: Option<Times>,
}

/// Usage in one minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeriesPoint {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub start: String,
    /// The usage.
    pub counts: Counts,
}

impl SeriesPoint {
    /// The points of a series, ascending; buckets whose sums are zero are left out.
    pub(crate) fn list(points: &BTreeMap<UnixMillis, UsageSums>) -> Vec<Self> {
        let some = points.iter().filter(|(_, sums)| !sums.is_zero());
        some.map(|(start, sums)| Self { start: start.rfc3339(), counts: sums.into() }).collect()
    }
}

/// Usage in one bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsagePoint {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub start: String,
    /// Whether more of it is to come, or the range cuts it: not to be compared with whole buckets.
    pub partial: bool,
    /// The usage.
    pub counts: Counts,
    /// What it adds to the month's price, in the order of the hours: all of a month add up to what the month is rated, to
    /// the micro-dollar. `null` of minutes, and unless it is one customer's.
    #[schema(required = true)]
    pub rated_micro_usd: Option<i64>,
    /// How long requests took; `null` if there were none, or without `percentiles`.
    pub time_ms: Option<Times>,
}

impl UsagePoint {
    pub(crate) fn list(
        points: &BTreeMap<UnixMillis, Usage>,
        costs: Option<&BTreeMap<UnixMillis, MicroUsd>>,
        bucket: Bucket,
        range: TimeRange,
        complete_to: UnixMillis,
    ) -> Vec<Self> {
        let some = points.iter().filter(|(_, usage)| !usage.is_zero());
        some.map(|(start, usage)| Self {
            start: start.rfc3339(),
            partial: is_partial(*start, bucket, range, complete_to),
            counts: (&usage.sums).into(),
            rated_micro_usd: costs.map(|costs| costs.get(start).map_or(0, |cost| cost.0)),
            time_ms: Times::of(&usage.times),
        })
        .collect()
    }
}

/// Whether a bucket is still filling, or sticks out of the range.
pub(crate) fn is_partial(start: UnixMillis, bucket: Bucket, range: TimeRange, complete_to: UnixMillis) -> bool {
    let end = start.plus_ms(bucket.width_ms());
    end > complete_to || start < range.from || end > range.to
}

/// Usage over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Series {
    /// As of.
    #[serde(flatten)]
    pub stand: Stand,
    /// The first instant covered: later than asked for where so fine a bucket is no longer kept.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first instant after the range.
    #[schema(format = DateTime)]
    pub to: String,
    /// How wide the points are.
    pub bucket: SeriesBucket,
    /// All points together.
    pub counts: Counts,
    /// What all points come to; `null` as theirs.
    #[schema(required = true)]
    pub rated_micro_usd: Option<i64>,
    /// How long requests took, all points together; `null` if there were none, or without `percentiles`.
    pub time_ms: Option<Times>,
    /// Ascending; buckets without traffic are left out.
    pub points: Vec<UsagePoint>,
}

/// A series' step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeriesBucket {
    /// By minute: the last 24 hours.
    Minute,
    /// By five minutes: the last 24 hours.
    FiveMinutes,
    /// By hour: usage the last 90 days, infra 30.
    Hour,
    /// By UTC day: usage the last 90 days, infra two years.
    Day,
}

impl From<Bucket> for SeriesBucket {
    fn from(bucket: Bucket) -> Self {
        match bucket {
            Bucket::Minute => Self::Minute,
            Bucket::FiveMinutes => Self::FiveMinutes,
            Bucket::Hour => Self::Hour,
            Bucket::Day => Self::Day,
        }
    }
}

/// A range with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub enum RangeWord {
    /// The last 24 hours.
    #[serde(rename = "24h")]
    Day,
    /// The last seven days.
    #[serde(rename = "7d")]
    Week,
    /// The last thirty days.
    #[serde(rename = "30d")]
    Month,
}
