//! Which requests are billed: by the traffic they were, and by how they were answered. Everything else is counted, and
//! costs nothing.

use crate::stream::billed_as;
use crate::usage::MAX_TRAFFIC_TYPE;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Ranges of statuses that a rule may have at most.
pub const MAX_STATUS_RANGES: usize = 16;
/// The statuses that may be billed. What was not answered has none: missing data is never charged.
pub const BILLABLE_STATUSES: RangeInclusive<i16> = 100..=999;

/// Which requests are billed: those of one of the traffic types, answered with a status of one of the ranges.
///
/// In JSON, with what a book without one has: `{"traffic_types": [1, 2], "statuses": [{"from": 100, "to": 399}]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillableRule {
    /// Traffic types, ascending: 0 to [`MAX_TRAFFIC_TYPE`], where 0 is what came without one. What is told of an open stream
    /// (7) is billed if 1 is.
    pub traffic_types: Vec<u8>,
    /// Statuses, ascending and apart, of [`BILLABLE_STATUSES`].
    pub statuses: Vec<StatusRange>,
}

/// Statuses, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRange {
    /// The first.
    pub from: i16,
    /// The last.
    pub to: i16,
}

/// Why a rule cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillableError {
    /// None, one twice, not ascending, or one that there is not.
    #[error("names no traffic types, or not ascending ones of 0 to {MAX_TRAFFIC_TYPE}")]
    TrafficTypes,
    /// None, too many, not ascending, or out of bounds.
    #[error(
        "does not have 1 to {MAX_STATUS_RANGES} ranges of statuses, ascending and apart, of {} to {}",
        BILLABLE_STATUSES.start(), BILLABLE_STATUSES.end()
    )]
    Statuses,
}

impl BillableRule {
    /// Whether a request is billed, or what is told of one.
    #[inline]
    pub fn is_billable(&self, traffic_type: u8, status_code: i16) -> bool {
        let is_in = |range: &StatusRange| range.from <= status_code && status_code <= range.to;
        self.traffic_types.contains(&billed_as(traffic_type)) && self.statuses.iter().any(is_in)
    }

    /// Whether it is the rule of books that have none: [`crate::usage::is_billable`].
    pub fn is_default(&self) -> bool {
        *self.traffic_types == DEFAULT_TRAFFIC_TYPES && *self.statuses == [DEFAULT_STATUSES]
    }

    /// Whether it is within the bounds.
    pub fn check(&self) -> Result<(), BillableError> {
        let types = &*self.traffic_types;
        if types.last().is_none_or(|last| *last > MAX_TRAFFIC_TYPE) || !types.is_sorted_by(|one, next| one < next) {
            return Err(BillableError::TrafficTypes);
        }
        let ranges = &*self.statuses;
        let has_bounds = |range: &StatusRange| {
            range.from <= range.to && [range.from, range.to].iter().all(|status| BILLABLE_STATUSES.contains(status))
        };
        let ascends = ranges.is_sorted_by(|one, next| one.to < next.from);
        if !(1..=MAX_STATUS_RANGES).contains(&ranges.len()) || !ranges.iter().all(has_bounds) || !ascends {
            return Err(BillableError::Statuses);
        }
        Ok(())
    }
}

const DEFAULT_TRAFFIC_TYPES: [u8; 2] = [1, 2];
const DEFAULT_STATUSES: StatusRange = StatusRange { from: 100, to: 399 };

impl Default for BillableRule {
    /// The rule of SPEC §5: [`crate::usage::is_billable`], written down.
    fn default() -> Self {
        Self { traffic_types: DEFAULT_TRAFFIC_TYPES.to_vec(), statuses: vec![DEFAULT_STATUSES] }
    }
}
