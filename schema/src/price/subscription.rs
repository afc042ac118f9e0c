//! What tiers and add-ons cost a month.

use crate::money::MicroUsd;
use crate::subscription::Tier;
use serde::{Deserialize, Serialize};

/// Monthly prices of what a service is enabled with. Books that were recorded without them have those of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionPrices {
    /// Tier starter.
    pub starter: MicroUsd,
    /// Tier pro.
    pub pro: MicroUsd,
    /// Tier enterprise.
    pub enterprise: MicroUsd,
    /// The burst add-on.
    pub burst: MicroUsd,
    /// Each seal key beyond those included.
    pub seal_key: MicroUsd,
    /// Each package beyond those included.
    pub package: MicroUsd,
    /// Each API key beyond those included.
    pub api_key: MicroUsd,
}

impl SubscriptionPrices {
    /// Those of price book v1 (SPEC §6).
    pub const fn v1() -> Self {
        Self {
            starter: MicroUsd(20_000_000),
            pro: MicroUsd(40_000_000),
            enterprise: MicroUsd(185_000_000),
            burst: MicroUsd(10_000_000),
            seal_key: MicroUsd(5_000_000),
            package: MicroUsd(1_000_000),
            api_key: MicroUsd(1_000_000),
        }
    }

    /// A tier's.
    pub const fn tier(&self, tier: Tier) -> MicroUsd {
        match tier {
            Tier::Starter => self.starter,
            Tier::Pro => self.pro,
            Tier::Enterprise => self.enterprise,
        }
    }

    /// Each, with what it is for.
    pub(super) const fn each(&self) -> [(&'static str, MicroUsd); 7] {
        let Self { starter, pro, enterprise, burst, seal_key, package, api_key } = *self;
        [
            ("tier starter", starter),
            ("tier pro", pro),
            ("tier enterprise", enterprise),
            ("burst", burst),
            ("a seal key", seal_key),
            ("a package", package),
            ("an API key", api_key),
        ]
    }
}

impl Default for SubscriptionPrices {
    fn default() -> Self {
        Self::v1()
    }
}
