//! What the dataflow answers: per epoch, the consolidated deltas of each view, each a key and the sums to add.

use crate::activity::{KeyActivity, KeyRef};
use crate::ids::{CustomerId, Epoch, Service};
use crate::infra::{InfraSpanKey, InfraSums};
use crate::money::MicroUsd;
use crate::time::{BillingMonth, UnixMillis};
use crate::usage::{MinuteKey, Usage, UsageKey};
use serde::{Deserialize, Serialize};

/// Usage within one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HourKey {
    /// Whose, of what, where.
    pub usage: UsageKey,
    /// The hour's first instant.
    pub hour: UnixMillis,
}

/// What is rated together: rounding happens once per customer, service, month and price book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RatedKey {
    /// The customer; the unattributed are nobody's bill and are not rated.
    pub customer_id: CustomerId,
    /// The service.
    pub service: Option<Service>,
    /// The billing month of the usage.
    pub month: BillingMonth,
    /// The price book in force in the usage's hours.
    pub price_book: u32,
}

/// What has been rated under a [`RatedKey`], or what an epoch adds to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RatedSums {
    /// Billed requests.
    pub billable_requests: i64,
    /// Billed bytes.
    pub billable_bytes: i64,
    /// Their price.
    pub rated: MicroUsd,
}

/// One epoch's deltas of every view. Each key appears at most once per view; no delta is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochDeltas {
    /// The epoch.
    pub epoch: Epoch,
    /// `usage_per_minute`.
    pub minutes: Vec<(MinuteKey, Usage)>,
    /// `usage_per_hour`.
    pub hours: Vec<(HourKey, Usage)>,
    /// `rated`.
    pub rated: Vec<(RatedKey, RatedSums)>,
    /// `infra_per_minute`.
    pub infra_minutes: Vec<(InfraSpanKey, InfraSums)>,
    /// `infra_per_hour`.
    pub infra_hours: Vec<(InfraSpanKey, InfraSums)>,
    /// `infra_per_day`.
    pub infra_days: Vec<(InfraSpanKey, InfraSums)>,
    /// `key_activity`.
    pub keys: Vec<(KeyRef, KeyActivity)>,
}
