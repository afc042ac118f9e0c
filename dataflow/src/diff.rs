//! Differences that carry sums: the schema's sums as differential-dataflow's semigroups.

use differential_dataflow::difference::{IsZero, Multiply, Semigroup};
use serde::{Deserialize, Serialize};
use suiftly_schema::usage::UsageSums;
use suiftly_schema::view::RatedSums;

/// Usage as a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct UsageDiff(pub(crate) UsageSums);

impl IsZero for UsageDiff {
    fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
}

impl Semigroup for UsageDiff {
    fn plus_equals(&mut self, other: &Self) {
        self.0 += &other.0;
    }
}

/// What is billed, as a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Billable {
    pub(crate) requests: i64,
    pub(crate) bytes: i64,
}

impl IsZero for Billable {
    fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// Saturates as [`suiftly_schema::usage::UsageSums`] does, and for the same reason.
impl Semigroup for Billable {
    fn plus_equals(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// What is rated, as a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct RatedDiff(pub(crate) RatedSums);

impl IsZero for RatedDiff {
    fn is_zero(&self) -> bool {
        self.0 == RatedSums::default()
    }
}

impl Semigroup for RatedDiff {
    fn plus_equals(&mut self, other: &Self) {
        self.0.billable_requests += other.0.billable_requests;
        self.0.billable_bytes += other.0.billable_bytes;
        self.0.rated += other.0.rated;
    }
}

impl Multiply<isize> for RatedDiff {
    type Output = Self;

    /// `count_total` retracts the old total (−1) and asserts the new one (1).
    fn multiply(self, times: &isize) -> Self {
        debug_assert!(times.abs() == 1, "a total is asserted or retracted once");
        let RatedSums { billable_requests, billable_bytes, rated } = self.0;
        if *times > 0 {
            return self;
        }
        Self(RatedSums { billable_requests: -billable_requests, billable_bytes: -billable_bytes, rated: -rated })
    }
}
