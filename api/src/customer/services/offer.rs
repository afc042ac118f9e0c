//! What is sold, and at which prices: the price book in force.

use serde::Serialize;
use suiftly_schema::allowlist::{MAX_ADDRESSES, MAX_ORIGINS};
use suiftly_schema::ids::Service;
use suiftly_schema::price::{Model, Price, PriceBook};
use suiftly_schema::subscription::{
    INCLUDED_API_KEYS, INCLUDED_PACKAGES_PER_SEAL_KEY, INCLUDED_SEAL_KEYS, MAX_API_KEYS, MAX_PACKAGES_PER_SEAL_KEY,
    MAX_SEAL_KEYS, Tier,
};
use utoipa::ToSchema;

/// A service's tiers and prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Offer {
    /// The version of the price book in force.
    pub price_book: i64,
    /// Tiers, ascending.
    pub tiers: Vec<TierOffer>,
    /// What add-ons cost a month.
    pub add_ons: AddOnPrices,
    /// What every tier comes with, and how much there can be.
    pub included: Included,
    /// What billable requests cost.
    pub requests: UsagePrice,
    /// What billable bytes cost; `null`: nothing.
    pub bytes: Option<UsagePrice>,
}

/// A tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TierOffer {
    /// `starter`, `pro` or `enterprise`.
    pub tier: &'static str,
    /// What it costs a month.
    pub monthly_micro_usd: i64,
    /// Requests per second that are served for certain, per region.
    pub guaranteed_per_second: i64,
    /// Requests per second up to which more are served with the burst add-on; `null`: it has none.
    pub burst_per_second: Option<i64>,
}

/// What add-ons cost a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AddOnPrices {
    /// Burst.
    pub burst_micro_usd: i64,
    /// Each API key beyond those included.
    pub api_key_micro_usd: i64,
    /// Each seal key beyond those included; `null` for services that have none.
    pub seal_key_micro_usd: Option<i64>,
    /// Each package beyond those included; `null` for services that have none.
    pub package_micro_usd: Option<i64>,
}

/// What every tier comes with, and how much there can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Included {
    /// API keys included.
    pub api_keys: i64,
    /// API keys at most.
    pub api_keys_max: i64,
    /// Seal keys included.
    pub seal_keys: i64,
    /// Seal keys at most.
    pub seal_keys_max: i64,
    /// Packages included with each seal key.
    pub packages_per_seal_key: i64,
    /// Packages of a seal key at most.
    pub packages_per_seal_key_max: i64,
    /// Addresses and networks of an allowlist at most.
    pub ip_allowlist_max: i64,
    /// Origins at most.
    pub origins_max: i64,
}

/// What a measured quantity of a month costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsagePrice {
    /// `per_unit` (each at the same price), `flat` (once), `graduated` (each by its band), `volume` (all by the last one's
    /// band) or `package` (by started packages).
    pub model: &'static str,
    /// The price for every `per_units`; `null` where there are bands.
    pub price_micro_usd: Option<i64>,
    /// The bands, ascending.
    pub bands: Vec<PriceBand>,
    /// The units that a price is for.
    pub per_units: i64,
    /// The units of a month that cost nothing.
    pub free_units: i64,
    /// What a month costs at least as soon as there is any usage.
    pub minimum_micro_usd: i64,
}

/// A band of units, from where the one before it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceBand {
    /// The last unit of the band; `null` for the last band.
    pub up_to: Option<i64>,
    /// The price for every `per_units`.
    pub price_micro_usd: i64,
}

impl Offer {
    pub(super) fn new(book: &PriceBook, service: Service) -> Self {
        let (prices, is_seal) = (&book.subscriptions, service == Service::Seal);
        let tier = |tier: Tier| TierOffer {
            tier: tier.word(),
            monthly_micro_usd: prices.tier(tier).0,
            guaranteed_per_second: tier.guaranteed_per_second().into(),
            burst_per_second: tier
                .may_burst()
                .then(|| tier.burst_per_second(tier.guaranteed_per_second(), true).into()),
        };
        Self {
            price_book: book.version.into(),
            tiers: Tier::ALL.map(tier).into(),
            add_ons: AddOnPrices {
                burst_micro_usd: prices.burst.0,
                api_key_micro_usd: prices.api_key.0,
                seal_key_micro_usd: is_seal.then_some(prices.seal_key.0),
                package_micro_usd: is_seal.then_some(prices.package.0),
            },
            included: Included::new(is_seal),
            requests: UsagePrice::new(book.requests_for.get(&service).unwrap_or(&book.requests)),
            bytes: book.bytes_billed_for.contains(&service).then(|| UsagePrice::new(&book.bytes)),
        }
    }
}

impl Included {
    fn new(is_seal: bool) -> Self {
        let of_seal = |count: u32| if is_seal { count.into() } else { 0 };
        Self {
            api_keys: INCLUDED_API_KEYS.into(),
            api_keys_max: MAX_API_KEYS.into(),
            seal_keys: of_seal(INCLUDED_SEAL_KEYS),
            seal_keys_max: of_seal(MAX_SEAL_KEYS),
            packages_per_seal_key: of_seal(INCLUDED_PACKAGES_PER_SEAL_KEY),
            packages_per_seal_key_max: of_seal(MAX_PACKAGES_PER_SEAL_KEY),
            ip_allowlist_max: MAX_ADDRESSES.into(),
            origins_max: MAX_ORIGINS.into(),
        }
    }
}

impl UsagePrice {
    fn new(price: &Price) -> Self {
        let (model, flat, bands) = match &price.model {
            Model::PerUnit { price } => ("per_unit", Some(price.0), &[][..]),
            Model::Flat { price } => ("flat", Some(price.0), &[][..]),
            Model::Package { price } => ("package", Some(price.0), &[][..]),
            Model::Graduated { bands } => ("graduated", None, &bands[..]),
            Model::Volume { bands } => ("volume", None, &bands[..]),
        };
        let band = |band: &suiftly_schema::price::Band| PriceBand { up_to: band.up_to, price_micro_usd: band.price.0 };
        Self {
            model,
            price_micro_usd: flat,
            bands: bands.iter().map(band).collect(),
            per_units: price.per_units,
            free_units: price.free_units,
            minimum_micro_usd: price.minimum.0,
        }
    }
}
