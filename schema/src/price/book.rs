//! One version of the prices, and rating by it.

use super::billable::BillableRule;
use super::model::Price;
use super::subscription::SubscriptionPrices;
use crate::ids::Service;
use crate::money::MicroUsd;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One version of the prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// 1, 2, …
    pub version: u32,
    /// The first instant it holds for: a whole UTC hour.
    pub effective_from: UnixMillis,
    /// Which requests are billed, with their bytes.
    #[serde(default, skip_serializing_if = "BillableRule::is_default")]
    pub billable: BillableRule,
    /// Billable requests.
    pub requests: Price,
    /// Billable requests of services that have a price of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests_for: BTreeMap<Service, Price>,
    /// Billable bytes.
    pub bytes: Price,
    /// The services whose bytes are billed.
    pub bytes_billed_for: Vec<Service>,
    /// Tiers and add-ons.
    #[serde(default)]
    pub subscriptions: SubscriptionPrices,
}

const GIB: i64 = 1 << 30;

impl PriceBook {
    /// What is rated at most, and taken back at most, however absurd (forged) the usage: nine billion dollars. JSON
    /// readers hold it exactly, and a thousand of them add up without overflow.
    pub const MAX_RATED: MicroUsd = MicroUsd(1 << 53);

    /// Price book v1 (SPEC §6): $1.00 per 10,000 requests; $0.06 per GiB for gRPC and GraphQL.
    pub fn v1() -> Self {
        Self {
            version: 1,
            effective_from: UnixMillis::MIN,
            billable: BillableRule::default(),
            requests: Price::per_unit(MicroUsd(1_000_000), 10_000),
            requests_for: BTreeMap::new(),
            bytes: Price::per_unit(MicroUsd(60_000), GIB),
            bytes_billed_for: vec![Service::Grpc, Service::Graphql],
            subscriptions: SubscriptionPrices::v1(),
        }
    }

    /// What this much usage of a service costs: the exact sum of its requests and its bytes, rounded down once to a
    /// micro-dollar (towards minus infinity, so that differences of totals stay exact under corrections), and no
    /// farther from nothing than [`PriceBook::MAX_RATED`].
    ///
    /// The usage is all that a customer has of the service in a month under this book: quotas, bands, flat prices and
    /// minimums are each service's own.
    pub fn rate(&self, service: Option<Service>, billable_requests: i64, billable_bytes: i64) -> MicroUsd {
        let bytes_are_billed = service.is_some_and(|service| self.bytes_billed_for.contains(&service));
        let bytes = if bytes_are_billed { billable_bytes } else { 0 };
        let own = service.and_then(|service| self.requests_for.get(&service));
        let requests = own.unwrap_or(&self.requests).exact(billable_requests);
        let rated = requests.sum_rounded_down(self.bytes.exact(bytes));
        let most = i128::from(Self::MAX_RATED.0);
        MicroUsd(i64::try_from(rated.clamp(-most, most)).unwrap_or(Self::MAX_RATED.0))
    }

    /// Whether what a unit costs does not depend on how much is used in the month.
    pub fn is_linear(&self) -> bool {
        self.requests.is_linear() && self.bytes.is_linear() && self.requests_for.values().all(Price::is_linear)
    }
}
