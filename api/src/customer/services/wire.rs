//! Services over the wire.

use super::ServiceWord;
use super::offer::Offer;
use crate::fleet::Outage;
use serde::Serialize;
use suiftly_schema::ids::Service;
use suiftly_schema::reference::AccountStatus;
use suiftly_schema::spend::SpendState;
use suiftly_schema::subscription::{Scheduled, ServiceState, Subscription};
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{ServiceStanding, Services, Slots};
use utoipa::ToSchema;

/// Every service that is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServiceList {
    /// By their order in the catalogue.
    pub items: Vec<ServiceView>,
}

/// A service, as its customer has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServiceView {
    /// Which.
    pub service: ServiceWord,
    /// Whether it works.
    pub status: ServiceStatus,
    /// Why it does not, or what is missing; `null` if it works.
    #[schema(required = true)]
    pub status_detail: Option<String>,
    /// Since when, where that is known: when the account's state changed, when the last gateway went, when the service
    /// ended.
    #[schema(format = DateTime, required = true)]
    pub status_since: Option<String>,
    /// Whether a change of it, of its keys or of what it may do is still on its way to some gateway.
    pub is_updating: bool,
    /// `never_enabled`, `enabled` or `disabled`.
    pub state: SubscriptionState,
    /// When it was enabled last.
    #[schema(format = DateTime, required = true)]
    pub enabled_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime, required = true)]
    pub disabled_at: Option<String>,
    /// What is in force, paid for until the month's end.
    #[schema(required = true)]
    pub subscription: Option<Terms>,
    /// What happens at the month's end; `null`: it goes on as it is.
    #[schema(required = true)]
    pub scheduled: Option<Scheduling>,
    /// What the next month will be charged on its 1st, by the prices in force.
    pub monthly_micro_usd: i64,
    /// Requests per second that are served for certain, per region; `null` while it is not enabled.
    #[schema(required = true)]
    pub guaranteed_per_second: Option<i64>,
    /// Requests per second up to which more are served; equal to the guaranteed without burst.
    #[schema(required = true)]
    pub burst_per_second: Option<i64>,
    /// Where it is reached, by network; empty where the deployment does not say.
    pub endpoints: Vec<Endpoint>,
    /// Addresses and networks that may use it; none: all may.
    pub ip_allowlist: Vec<String>,
    /// Web origins.
    pub origins: Vec<String>,
    /// API keys that can be used.
    pub active_api_keys: i64,
    /// Slots of API keys: active and revoked ones.
    pub api_keys: SlotCount,
    /// Slots of seal keys.
    pub seal_keys: SlotCount,
    /// Packages beyond those that each seal key comes with.
    pub extra_packages: SlotCount,
    /// Tiers and prices.
    pub offer: Offer,
}

/// Whether a service works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceStatus {
    /// It does.
    Ok,
    /// It is enabled, and has nothing to be used with: no active API key, or for seal no enabled package.
    ConfigNeeded,
    /// It is not enabled.
    Disabled,
    /// It is enabled, and the account may not be served: suspended, over its limit, or out of funds.
    Suspended,
    /// It is enabled, and no gateway serves it, as far as the gateways are known.
    Down,
}

/// Where a service is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Endpoint {
    /// On which network, by its word.
    #[schema(value_type = String, example = "mainnet")]
    pub network: &'static str,
    /// The URL, without a slash at its end.
    #[schema(example = "https://seal.mainnet.example")]
    pub url: String,
}

/// What is known of a service beside the customer's own rows.
pub(super) struct Reach {
    /// Whether a change is on its way.
    pub(super) is_updating: bool,
    /// Whether nobody serves it.
    pub(super) outage: Option<Outage>,
    /// Where it is reached.
    pub(super) endpoints: Vec<Endpoint>,
}

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// It was never enabled.
    NeverEnabled,
    /// It is enabled, and paid for until the month's end.
    Enabled,
    /// It has ended.
    Disabled,
}

/// What a service is subscribed with. Extras are those beyond what is included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Terms {
    /// `starter`, `pro` or `enterprise`.
    pub tier: &'static str,
    /// Whether burst is booked.
    pub burst: bool,
    /// API keys beyond those included.
    pub extra_api_keys: i64,
    /// Seal keys beyond those included.
    pub extra_seal_keys: i64,
    /// Packages beyond those included, over all seal keys together.
    pub extra_packages: i64,
}

impl Terms {
    pub(crate) fn new(subscription: &Subscription) -> Self {
        let Subscription { tier, burst, extra_api_keys, extra_seal_keys, extra_packages } = *subscription;
        Self {
            tier: tier.word(),
            burst,
            extra_api_keys: extra_api_keys.into(),
            extra_seal_keys: extra_seal_keys.into(),
            extra_packages: extra_packages.into(),
        }
    }
}

/// What happens at the month's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Scheduling {
    /// What the service goes on with; `null`: it ends.
    #[schema(required = true)]
    pub subscription: Option<Terms>,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl Scheduling {
    pub(super) fn new(state: &ServiceState, now: UnixMillis) -> Option<Self> {
        let subscription = match state.scheduled()? {
            Scheduled::Change(next) => Some(Terms::new(next)),
            Scheduled::Disable => None,
        };
        Some(Self { subscription, at: now.month().end().rfc3339() })
    }
}

/// Slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SlotCount {
    /// Taken.
    pub used: i64,
    /// There are; of what is scheduled where that is less.
    pub allowed: i64,
}

impl From<Slots> for SlotCount {
    fn from(slots: Slots) -> Self {
        Self { used: slots.used.into(), allowed: slots.allowed.into() }
    }
}

impl From<&ServiceState> for SubscriptionState {
    fn from(state: &ServiceState) -> Self {
        match state {
            ServiceState::NeverEnabled => Self::NeverEnabled,
            ServiceState::Enabled { .. } => Self::Enabled,
            ServiceState::Disabled => Self::Disabled,
        }
    }
}

impl ServiceList {
    pub(super) fn new(services: &Services, reach: impl Fn(Service) -> Reach, now: UnixMillis) -> Self {
        let view = |one: &ServiceStanding| ServiceView::new(services, one, reach(one.service), now);
        Self { items: services.services.iter().map(view).collect() }
    }
}

impl ServiceView {
    pub(super) fn new(services: &Services, one: &ServiceStanding, reach: Reach, now: UnixMillis) -> Self {
        let Reach { is_updating, outage, endpoints } = reach;
        let next_month = services.books.in_force(now.month().end());
        let renewed = one.state.at_month_end();
        let spend = services.spend.map(|(state, _)| state);
        let (status, status_detail) = status(services.status, spend, one, outage.is_some());
        let status_since = match status {
            ServiceStatus::Ok | ServiceStatus::ConfigNeeded => None,
            ServiceStatus::Disabled => one.disabled_at,
            ServiceStatus::Suspended => {
                services.spend.filter(|(state, _)| *state != SpendState::Active).map(|(_, changed_at)| changed_at)
            }
            ServiceStatus::Down => outage.and_then(|outage| outage.since),
        };
        Self {
            service: ServiceWord::of(one.service).expect("what is listed is sold"),
            status,
            status_detail,
            status_since: status_since.map(UnixMillis::rfc3339),
            is_updating,
            state: (&one.state).into(),
            enabled_at: one.enabled_at.map(UnixMillis::rfc3339),
            disabled_at: one.disabled_at.map(UnixMillis::rfc3339),
            subscription: one.state.in_force().map(Terms::new),
            scheduled: Scheduling::new(&one.state, now),
            monthly_micro_usd: renewed.in_force().map_or(0, |next| next.monthly(&next_month.subscriptions).0),
            guaranteed_per_second: one.limits.map(|limits| limits.0.into()),
            burst_per_second: one.limits.map(|limits| limits.1.into()),
            endpoints,
            ip_allowlist: one.ip_allowlist.clone(),
            origins: one.origins.clone(),
            active_api_keys: one.active_api_keys.into(),
            api_keys: one.api_keys.into(),
            seal_keys: one.seal_keys.into(),
            extra_packages: one.extra_packages.into(),
            offer: Offer::new(services.books.in_force(now), one.service),
        }
    }
}

fn status(
    account: AccountStatus,
    spend: Option<SpendState>,
    one: &ServiceStanding,
    is_down: bool,
) -> (ServiceStatus, Option<String>) {
    let is_seal = one.service == Service::Seal;
    let suspended = match (account, spend) {
        (AccountStatus::Closed, _) | (_, Some(SpendState::Closed)) => Some("the account is closed or closing"),
        (AccountStatus::Suspended, _) | (_, Some(SpendState::Suspended)) => Some("the account is suspended"),
        (_, Some(SpendState::MonthlyLimit)) => Some("the month's limit is reached: raise it, or wait for the 1st"),
        (_, Some(SpendState::InsufficientBalance)) => Some("the balance does not cover what is accrued: deposit funds"),
        (_, Some(SpendState::Active) | None) => None,
    };
    let (status, why) = match suspended {
        _ if one.state.in_force().is_none() => (ServiceStatus::Disabled, Some("it is not enabled")),
        Some(why) => (ServiceStatus::Suspended, Some(why)),
        None if one.active_api_keys == 0 => (ServiceStatus::ConfigNeeded, Some("there is no active API key")),
        None if is_seal && one.usable_packages == 0 => {
            (ServiceStatus::ConfigNeeded, Some("there is no enabled package of an enabled seal key"))
        }
        None if is_down => (ServiceStatus::Down, Some("no gateway serves it at present")),
        None => (ServiceStatus::Ok, None),
    };
    (status, why.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::subscription::Tier;

    #[test]
    fn the_effective_word() {
        let none = Slots { used: 0, allowed: 0 };
        let enabled = ServiceState::enabled(Subscription::of(Tier::Pro));
        let of = |service, state, active_api_keys, usable_packages| ServiceStanding {
            service,
            state,
            enabled_at: None,
            disabled_at: None,
            limits: None,
            ip_allowlist: Vec::new(),
            origins: Vec::new(),
            active_api_keys,
            api_keys: none,
            seal_keys: none,
            extra_packages: none,
            usable_packages,
        };
        use AccountStatus::{Active, Closed, Suspended};
        use ServiceStatus as Word;
        let (grpc, seal) = (Service::Grpc, Service::Seal);
        let cases = [
            (Active, Some(SpendState::Active), of(grpc, enabled, 1, 0), Word::Ok),
            (Active, None, of(grpc, enabled, 1, 0), Word::Ok),
            (Active, None, of(grpc, enabled, 0, 0), Word::ConfigNeeded),
            (Active, None, of(seal, enabled, 1, 0), Word::ConfigNeeded),
            (Active, None, of(seal, enabled, 1, 1), Word::Ok),
            (Active, None, of(seal, ServiceState::NeverEnabled, 1, 1), Word::Disabled),
            (Active, None, of(seal, ServiceState::Disabled, 1, 1), Word::Disabled),
            (Suspended, None, of(grpc, ServiceState::Disabled, 1, 1), Word::Disabled),
            (Suspended, None, of(grpc, enabled, 1, 0), Word::Suspended),
            (Closed, None, of(grpc, enabled, 1, 0), Word::Suspended),
            (Active, Some(SpendState::MonthlyLimit), of(grpc, enabled, 1, 0), Word::Suspended),
            (Active, Some(SpendState::InsufficientBalance), of(grpc, enabled, 0, 0), Word::Suspended),
        ];
        for (account, spend, one, expected) in cases {
            let (word, why) = status(account, spend, &one, false);
            assert_eq!((word, why.is_none()), (expected, expected == Word::Ok), "{account:?} {spend:?} {one:?}");
            let (word, why) = status(account, spend, &one, true);
            let expected = if expected == Word::Ok { Word::Down } else { expected };
            assert_eq!((word, why.is_some()), (expected, true), "nobody serves it: {account:?} {spend:?} {one:?}");
        }
    }
}
