//! What the dataflow answers: per epoch, the consolidated deltas of each view, each a key and the sums to add.

use crate::activity::{KeyActivity, KeyCounts, KeyHour, KeyRef};
use crate::ids::{CustomerId, Epoch, Network, Service};
use crate::infra::{InfraSpanKey, InfraSums};
use crate::money::MicroUsd;
use crate::reference::KeyLife;
use crate::spend::{SpendState, Used};
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

/// A customer's spend when its state changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Spend {
    /// The state now.
    pub state: SpendState,
    /// The running month.
    pub month: BillingMonth,
    /// What was used.
    pub used: Used,
}

/// A key of the vault that is not deleted: who it is. One per key hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyGrant {
    /// SHA-256 of the key, upper-case hex: gateways never hold the key itself.
    pub key_sha256: String,
    /// Whose.
    pub customer_id: CustomerId,
    /// What it opens.
    pub service: Service,
    /// Where.
    pub network: Network,
    /// The key's fingerprint.
    pub api_key_fp: u32,
    /// The key's metadata bits.
    pub key_metadata: u16,
    /// Active or revoked.
    pub state: KeyLife,
}

/// What a customer may do with a service now. Apart from [`KeyGrant`], so that a change of state touches a row a service,
/// not one a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccessGrant {
    /// Who.
    pub customer_id: CustomerId,
    /// What.
    pub service: Service,
    /// Whether it is enabled at all.
    pub is_enabled: bool,
    /// Whether the customer may be served.
    pub state: SpendState,
    /// Requests per second that are served for certain, per region.
    pub guaranteed_per_second: u32,
    /// Requests per second up to which more are served.
    pub burst_per_second: u32,
    /// Addresses and networks that may use it; all may if there are none.
    pub allowlist: Vec<String>,
}

/// One epoch's deltas of every view. Each key appears at most once per view; no delta is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `key_activity_per_hour`.
    pub key_hours: Vec<(KeyHour, KeyCounts)>,
    /// `spend`: customers whose state has changed, as they are now.
    pub spend: Vec<(CustomerId, Spend)>,
    /// `vault`: keys that left the grant set (−1) or came into it (1).
    pub key_grants: Vec<(KeyGrant, i8)>,
    /// `vault`: what may be done with them, likewise.
    pub access_grants: Vec<(AccessGrant, i8)>,
}

impl EpochDeltas {
    /// Adds those that others made of the same epoch: of other keys than these.
    pub fn append(&mut self, more: Self) {
        let Self { epoch: _, minutes, hours, rated, infra_minutes, infra_hours, infra_days, .. } = self;
        minutes.extend(more.minutes);
        hours.extend(more.hours);
        rated.extend(more.rated);
        infra_minutes.extend(more.infra_minutes);
        infra_hours.extend(more.infra_hours);
        infra_days.extend(more.infra_days);
        let Self { keys, key_hours, spend, key_grants, access_grants, .. } = self;
        keys.extend(more.keys);
        key_hours.extend(more.key_hours);
        spend.extend(more.spend);
        key_grants.extend(more.key_grants);
        access_grants.extend(more.access_grants);
    }

    /// How much memory it holds, about.
    pub fn memory_bytes(&self) -> usize {
        let Self { epoch: _, minutes, hours, rated, infra_minutes, infra_hours, infra_days, .. } = self;
        let Self { keys, key_hours, spend, key_grants, access_grants, .. } = self;
        let usage = minutes.iter().map(|(_, usage)| usage).chain(hours.iter().map(|(_, usage)| usage));
        let usage_times: usize = usage.map(|usage| usage.times.memory_bytes()).sum();
        let infra = [infra_minutes, infra_hours, infra_days];
        let infra_times: usize = infra.into_iter().flatten().map(|(_, sums)| sums.memory_bytes()).sum();
        let hashes: usize = key_grants.iter().map(|(grant, _)| grant.key_sha256.len()).sum();
        let allowed = access_grants.iter().flat_map(|(grant, _)| &grant.allowlist);
        let allowlists: usize = allowed.map(|address| size_of::<String>() + address.len()).sum();
        size_of_val(&**minutes)
            + size_of_val(&**hours)
            + usage_times
            + size_of_val(&**rated)
            + infra.into_iter().map(|rows| size_of_val(&**rows)).sum::<usize>()
            + infra_times
            + size_of_val(&**keys)
            + size_of_val(&**key_hours)
            + size_of_val(&**spend)
            + size_of_val(&**key_grants)
            + hashes
            + size_of_val(&**access_grants)
            + allowlists
    }
}
