//! How busy days were.

use super::Stand;
use crate::rows::TimeRange;
use serde::Serialize;
use suiftly_schema::time::UnixMillis;
use utoipa::ToSchema;

/// How busy each day was, over all regions together, and how often requests went above the guaranteed rate.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Peaks {
    /// As of.
    #[serde(flatten)]
    pub stand: Stand,
    /// The first day's first instant.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first instant after the running hour.
    #[schema(format = DateTime)]
    pub to: String,
    /// Since when minutes are kept: of days that begin before, the busiest minute is not known any more.
    #[schema(format = DateTime)]
    pub minutes_from: String,
    /// Every UTC day of the range, ascending, the running one last.
    pub days: Vec<PeakDay>,
    /// Hours of the range, the running one included.
    pub hours: i64,
    /// Of them, those in which requests went above the guaranteed rate.
    pub hours_above_guaranteed: i64,
    /// Requests served above the guaranteed rate.
    pub burst: i64,
    /// Requests refused by the gateway.
    pub rejected: i64,
}

/// How busy a UTC day was.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PeakDay {
    /// The day.
    #[schema(format = Date, example = "2026-11-21")]
    pub day: String,
    /// All its requests.
    pub requests: i64,
    /// Its minute with the most requests; `null` without any, and where minutes are no longer kept.
    #[schema(required = true, nullable)]
    pub busiest_minute: Option<Peak>,
    /// Its hour with the most requests; `null` without any.
    #[schema(required = true, nullable)]
    pub busiest_hour: Option<Peak>,
    /// Hours in which some requests were served above the guaranteed rate, or refused.
    pub hours_above_guaranteed: i64,
    /// Requests served above the guaranteed rate.
    pub burst: i64,
    /// Requests refused by the gateway.
    pub rejected: i64,
}

/// A busiest minute or hour.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Peak {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub start: String,
    /// Its requests.
    pub requests: i64,
    /// Requests per second, the mean over it: single seconds may have been busier.
    pub per_second: f64,
}

impl Peak {
    pub(crate) fn new(start: UnixMillis, requests: i64, width_ms: i64) -> Self {
        // A rate for screens; no count or amount is made of it.
        Self { start: start.rfc3339(), requests, per_second: requests as f64 * 1e3 / width_ms as f64 }
    }
}

impl Peaks {
    pub(crate) fn new(stand: Stand, range: TimeRange, minutes_from: UnixMillis, days: Vec<PeakDay>) -> Self {
        let sum = |of: fn(&PeakDay) -> i64| days.iter().map(of).sum();
        Self {
            stand,
            from: range.from.rfc3339(),
            to: range.to.rfc3339(),
            minutes_from: minutes_from.rfc3339(),
            hours: (range.to.0 - range.from.0) / 3_600_000,
            hours_above_guaranteed: sum(|day| day.hours_above_guaranteed),
            burst: sum(|day| day.burst),
            rejected: sum(|day| day.rejected),
            days,
        }
    }
}
