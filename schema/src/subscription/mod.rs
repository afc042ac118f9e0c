//! Subscriptions: the tier and the add-ons that a service is enabled with, what may be ordered of them, and what it
//! costs.
//!
//! Pure functions throughout: [`quote`] says what an order would charge and change, and what it says is what is charged;
//! [`renewal`] does the same for the 1st of a month; [`afford`] holds a cost against what a customer has and allows. Who
//! orders, records and charges is elsewhere (the manager, the API); prices come from the price book.
//!
//! What is in force is paid for until the month's end. So whatever an order adds takes effect at once and costs its
//! difference for the days left, and whatever it takes away goes at the month's end, when it has been used up. Nobody
//! pays twice for a day, and nothing is given back.

mod afford;
mod quote;
#[cfg(test)]
mod tests;

pub use afford::{Means, Refusal, afford};
pub use quote::{Effect, Item, ItemKind, OrderError, Quote, Renewal, quote, renewal};

use crate::ids::Service;
use serde::{Deserialize, Serialize};

/// The services that customers can have.
pub const SOLD: [Service; 3] = [Service::Seal, Service::Grpc, Service::Graphql];
/// Seal keys that every tier comes with.
pub const INCLUDED_SEAL_KEYS: u32 = 1;
/// Packages that every seal key comes with.
pub const INCLUDED_PACKAGES_PER_SEAL_KEY: u32 = 3;
/// API keys that every tier comes with.
pub const INCLUDED_API_KEYS: u32 = 2;
/// Seal keys of a service at most.
pub const MAX_SEAL_KEYS: u32 = 10;
/// Packages of a seal key at most.
pub const MAX_PACKAGES_PER_SEAL_KEY: u32 = 10;
/// API keys of a service at most.
pub const MAX_API_KEYS: u32 = 10;
/// How many times the guaranteed rate is served with the burst add-on.
const BURST_FACTOR: u32 = 2;

/// How much of a service is bought. Ordered from the smallest to the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The smallest; it cannot burst.
    Starter,
    /// The middle one.
    Pro,
    /// The largest.
    Enterprise,
}

impl Tier {
    /// Every tier, ascending.
    pub const ALL: [Self; 3] = [Self::Starter, Self::Pro, Self::Enterprise];

    /// Its word in the database, in answers and on screens.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// Its name on invoices.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starter => "Starter",
            Self::Pro => "Pro",
            Self::Enterprise => "Enterprise",
        }
    }

    /// The tier with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.word() == word)
    }

    /// Requests per second that are served for certain, per region.
    pub const fn guaranteed_per_second(self) -> u32 {
        match self {
            Self::Starter => 500,
            Self::Pro => 1_000,
            Self::Enterprise => 5_000,
        }
    }

    /// Whether the burst add-on can be booked.
    pub const fn may_burst(self) -> bool {
        !matches!(self, Self::Starter)
    }

    /// Requests per second up to which more than `guaranteed_per_second` are served: twice as many with the burst
    /// add-on, no more without it. The guaranteed rate is the tier's own, or what an operator set instead.
    pub const fn burst_per_second(self, guaranteed_per_second: u32, burst: bool) -> u32 {
        if burst && self.may_burst() {
            guaranteed_per_second.saturating_mul(BURST_FACTOR)
        } else {
            guaranteed_per_second
        }
    }
}

/// What a service is enabled with. Extras are those beyond what is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// The tier.
    pub tier: Tier,
    /// Whether the burst add-on is booked.
    #[serde(default)]
    pub burst: bool,
    /// API keys beyond [`INCLUDED_API_KEYS`].
    #[serde(default)]
    pub extra_api_keys: u32,
    /// Seal keys beyond [`INCLUDED_SEAL_KEYS`].
    #[serde(default)]
    pub extra_seal_keys: u32,
    /// Packages beyond [`INCLUDED_PACKAGES_PER_SEAL_KEY`], over all seal keys together.
    #[serde(default)]
    pub extra_packages: u32,
}

/// Why nobody can have a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    /// The tier cannot have the burst add-on.
    #[error("tier {} has no burst", tier.word())]
    NoBurst {
        /// Which.
        tier: Tier,
    },
    /// More of something than there can be.
    #[error("{extra} extra {what}: at most {max}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many extras were asked for.
        extra: u32,
        /// How many there can be.
        max: u32,
    },
}

impl Subscription {
    /// A tier without add-ons.
    pub const fn of(tier: Tier) -> Self {
        Self { tier, burst: false, extra_api_keys: 0, extra_seal_keys: 0, extra_packages: 0 }
    }

    /// Whether anybody can have it.
    pub fn check(&self) -> Result<(), SubscriptionError> {
        if self.burst && !self.tier.may_burst() {
            return Err(SubscriptionError::NoBurst { tier: self.tier });
        }
        let extra_packages_a_key = MAX_PACKAGES_PER_SEAL_KEY - INCLUDED_PACKAGES_PER_SEAL_KEY;
        let packages_max = extra_packages_a_key.saturating_mul(INCLUDED_SEAL_KEYS.saturating_add(self.extra_seal_keys));
        let extras = [
            ("API keys", self.extra_api_keys, MAX_API_KEYS - INCLUDED_API_KEYS),
            ("seal keys", self.extra_seal_keys, MAX_SEAL_KEYS - INCLUDED_SEAL_KEYS),
            ("packages", self.extra_packages, packages_max),
        ];
        match extras.into_iter().find(|(_, extra, max)| extra > max) {
            Some((what, extra, max)) => Err(SubscriptionError::TooMany { what, extra, max }),
            None => Ok(()),
        }
    }

    /// Requests per second that are served for certain, per region.
    pub const fn guaranteed_per_second(&self) -> u32 {
        self.tier.guaranteed_per_second()
    }

    /// Requests per second up to which more are served; equal to the guaranteed where there is no burst.
    pub const fn burst_per_second(&self) -> u32 {
        self.tier.burst_per_second(self.guaranteed_per_second(), self.burst)
    }

    /// The larger of each part of two: what is in force when one is paid for and the other is ordered.
    fn with_all_of(&self, other: &Self) -> Self {
        Self {
            tier: self.tier.max(other.tier),
            burst: self.burst || other.burst,
            extra_api_keys: self.extra_api_keys.max(other.extra_api_keys),
            extra_seal_keys: self.extra_seal_keys.max(other.extra_seal_keys),
            extra_packages: self.extra_packages.max(other.extra_packages),
        }
    }
}

/// What happens at the month's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheduled {
    /// The service goes on with this.
    Change(Subscription),
    /// The service ends.
    Disable,
}

/// Where a service of a customer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ServiceState {
    /// It was never enabled.
    #[default]
    NeverEnabled,
    /// It is enabled, and paid for until the month's end.
    Enabled {
        /// What is in force, and paid for.
        subscription: Subscription,
        /// What happens at the month's end; without it, it goes on as it is.
        #[serde(default)]
        scheduled: Option<Scheduled>,
    },
    /// It was enabled, and has ended.
    Disabled,
}

impl ServiceState {
    /// Enabled, with nothing scheduled.
    pub const fn enabled(subscription: Subscription) -> Self {
        Self::Enabled { subscription, scheduled: None }
    }

    /// What is in force now.
    pub const fn in_force(&self) -> Option<&Subscription> {
        match self {
            Self::Enabled { subscription, .. } => Some(subscription),
            Self::NeverEnabled | Self::Disabled => None,
        }
    }

    /// What is scheduled for the month's end.
    pub const fn scheduled(&self) -> Option<&Scheduled> {
        match self {
            Self::Enabled { scheduled, .. } => scheduled.as_ref(),
            Self::NeverEnabled | Self::Disabled => None,
        }
    }

    /// The state on the 1st: what was scheduled is so.
    #[must_use]
    pub const fn at_month_end(self) -> Self {
        match self {
            Self::Enabled { scheduled: Some(Scheduled::Change(next)), .. } => Self::enabled(next),
            Self::Enabled { scheduled: Some(Scheduled::Disable), .. } => Self::Disabled,
            as_it_is => as_it_is,
        }
    }
}

/// What may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Enable the service, at once.
    Enable(Subscription),
    /// Have this instead: what is more at once, what is less at the month's end. It replaces what is scheduled, a
    /// disabling too; the present subscription takes back whatever is.
    Change(Subscription),
    /// End the service at the month's end. It replaces what is scheduled.
    Disable,
    /// Take back what is scheduled.
    Resume,
}
