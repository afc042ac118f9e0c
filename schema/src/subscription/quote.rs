//! Quotes and renewals: what an order, or the 1st of a month, charges and changes.
//!
//! An order's state does not depend on prices: a tier is more than another by its rank, an add-on by its number. What
//! becomes more costs the difference of the prices in force, for the whole days left of the month (today included) over
//! the month's days, each item rounded down to a micro-dollar; never less than nothing, whatever the prices.

use super::{Order, Scheduled, ServiceState, Subscription, SubscriptionError, Tier};
use crate::money::MicroUsd;
use crate::price::{PriceBooks, SubscriptionPrices};
use crate::time::{BillingMonth, UnixMillis};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum ItemKind {
    /// A tier.
    Tier {
        /// Which.
        tier: Tier,
        /// The one that was paid for before: an upgrade, priced at the difference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<Tier>,
    },
    /// The burst add-on.
    Burst,
    /// Extra seal keys.
    SealKey,
    /// Extra packages.
    Package,
    /// Extra API keys.
    ApiKey,
}

impl ItemKind {
    /// Its word on invoices and in answers.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Tier { .. } => "tier",
            Self::Burst => "burst",
            Self::SealKey => "seal_key",
            Self::Package => "package",
            Self::ApiKey => "api_key",
        }
    }
}

/// What it is, in words: `Pro tier`, `Pro tier instead of Starter`, `Burst`, `Extra API keys`.
impl fmt::Display for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tier { tier, instead_of: None } => write!(f, "{} tier", tier.name()),
            Self::Tier { tier, instead_of: Some(paid) } => write!(f, "{} tier instead of {}", tier.name(), paid.name()),
            Self::Burst => f.write_str("Burst"),
            Self::SealKey => f.write_str("Extra seal keys"),
            Self::Package => f.write_str("Extra packages"),
            Self::ApiKey => f.write_str("Extra API keys"),
        }
    }
}

/// One thing that is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Item {
    /// What.
    #[serde(flatten)]
    pub kind: ItemKind,
    /// How many.
    pub quantity: u32,
    /// What one costs for a whole month; for an upgrade, how much more than before.
    pub monthly: MicroUsd,
    /// The days that are paid for.
    pub days: u8,
    /// The days of the month.
    pub days_in_month: u8,
    /// quantity × monthly × days ÷ days in the month, rounded down.
    pub amount: MicroUsd,
}

impl Item {
    /// What part of a month costs. Saturates at what a 64-bit amount can hold; nothing is given back.
    fn new(kind: ItemKind, quantity: u32, monthly: MicroUsd, days: Days) -> Self {
        let monthly = monthly.max(MicroUsd(0));
        let whole = i128::from(monthly.0) * i128::from(quantity) * i128::from(days.paid);
        let amount = i64::try_from(whole / i128::from(days.in_month.max(1))).unwrap_or(i64::MAX);
        Self { kind, quantity, monthly, days: days.paid, days_in_month: days.in_month, amount: MicroUsd(amount) }
    }
}

/// The days that are paid for, of the month's.
#[derive(Clone, Copy, Debug)]
struct Days {
    paid: u8,
    in_month: u8,
}

impl Days {
    fn left_at(at: UnixMillis) -> Self {
        Self { paid: at.days_left_in_month(), in_month: at.month().days() }
    }

    fn all_of(month: BillingMonth) -> Self {
        Self { paid: month.days(), in_month: month.days() }
    }
}

/// When an order takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// All of it at once.
    Now,
    /// All of it at this instant, the first of the next month.
    MonthEnd(UnixMillis),
    /// What is more at once, what is less at this instant.
    NowAndMonthEnd(UnixMillis),
}

/// What an order does and costs. What is quoted is what is charged, while the state, the prices and the day are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The version of the book that prices what is charged now.
    pub price_book: u32,
    /// What is charged now.
    pub items_now: Vec<Item>,
    /// Its sum.
    pub total_now: MicroUsd,
    /// The month after, by the prices that will be in force on its 1st as far as they are published.
    pub next_month: BillingMonth,
    /// What is charged on its 1st, if nothing else is ordered.
    pub items_next_month: Vec<Item>,
    /// Its sum.
    pub total_next_month: MicroUsd,
    /// The service from now on: what is in force, and what is scheduled.
    pub state: ServiceState,
    /// When the order takes effect.
    pub effect: Effect,
}

/// What the 1st of a month does and costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// The service from then on: what was scheduled is so.
    pub state: ServiceState,
    /// The version of the book that prices it.
    pub price_book: u32,
    /// What is charged: the whole month.
    pub items: Vec<Item>,
    /// Its sum.
    pub total: MicroUsd,
}

/// Why there is no quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// To enable what is enabled. A scheduled disabling is taken back by [`Order::Resume`] or [`Order::Change`].
    #[error("the service is enabled")]
    AlreadyEnabled,
    /// To change, disable or resume what is not enabled.
    #[error("the service is not enabled")]
    NotEnabled,
    /// To have what is so, or is scheduled to be so, already.
    #[error("the service is so already, or is scheduled to be")]
    AlreadySo,
    /// To resume when nothing is scheduled.
    #[error("nothing is scheduled that could be taken back")]
    NothingScheduled,
    /// What nobody can have.
    #[error("no such subscription: {0}")]
    Subscription(#[from] SubscriptionError),
}

/// What an order would do and cost at an instant. Pure: nothing is ordered by it.
pub fn quote(prices: &PriceBooks, state: &ServiceState, order: &Order, at: UnixMillis) -> Result<Quote, OrderError> {
    let after = state_after(state, order)?;
    let book = prices.in_force(at);
    let items_now = match after.in_force() {
        Some(wanted) => items(&book.subscriptions, state.in_force(), wanted, Days::left_at(at)),
        None => Vec::new(),
    };
    let next_month = at.month().next();
    let renewed = renewal(prices, &after, next_month);
    Ok(Quote {
        price_book: book.version,
        total_now: total(&items_now),
        items_now,
        next_month,
        items_next_month: renewed.items,
        total_next_month: renewed.total,
        state: after,
        effect: effect(state, &after, next_month.start()),
    })
}

/// What the 1st of a month does and costs, to a service as it was in the month before. Once for each month, in their
/// order; not for the month in which a service is enabled, which the order has paid for.
pub fn renewal(prices: &PriceBooks, state: &ServiceState, month: BillingMonth) -> Renewal {
    let state = state.at_month_end();
    let book = prices.in_force(month.start());
    let items = match state.in_force() {
        Some(wanted) => items(&book.subscriptions, None, wanted, Days::all_of(month)),
        None => Vec::new(),
    };
    Renewal { state, price_book: book.version, total: total(&items), items }
}

impl Subscription {
    /// What a whole month of it costs. Saturates.
    pub fn monthly(&self, prices: &SubscriptionPrices) -> MicroUsd {
        total(&items(prices, None, self, Days { paid: 1, in_month: 1 }))
    }
}

fn state_after(state: &ServiceState, order: &Order) -> Result<ServiceState, OrderError> {
    if let Order::Enable(wanted) | Order::Change(wanted) = order {
        wanted.check()?;
    }
    let (present, scheduled) = match (state, order) {
        (ServiceState::Enabled { .. }, Order::Enable(_)) => return Err(OrderError::AlreadyEnabled),
        (_, Order::Enable(wanted)) => return Ok(ServiceState::enabled(*wanted)),
        (ServiceState::Enabled { subscription, scheduled }, _) => (subscription, scheduled),
        _ => return Err(OrderError::NotEnabled),
    };
    let after = match order {
        Order::Resume if scheduled.is_none() => return Err(OrderError::NothingScheduled),
        Order::Enable(_) | Order::Resume => ServiceState::enabled(*present),
        Order::Disable => ServiceState::Enabled { subscription: *present, scheduled: Some(Scheduled::Disable) },
        Order::Change(wanted) => {
            let subscription = present.with_all_of(wanted);
            let less_later = (subscription != *wanted).then_some(Scheduled::Change(*wanted));
            ServiceState::Enabled { subscription, scheduled: less_later }
        }
    };
    if after == *state { Err(OrderError::AlreadySo) } else { Ok(after) }
}

/// What becomes more does so now; what the month's end brings is what is newly scheduled.
fn effect(before: &ServiceState, after: &ServiceState, month_end: UnixMillis) -> Effect {
    let is_scheduled = after.scheduled().is_some();
    match (before.in_force() == after.in_force(), is_scheduled) {
        (_, false) => Effect::Now,
        (true, true) => Effect::MonthEnd(month_end),
        (false, true) => Effect::NowAndMonthEnd(month_end),
    }
}

/// What `wanted` costs beyond what is `paid` for already. Nothing in it is less than what is paid for.
fn items(prices: &SubscriptionPrices, paid: Option<&Subscription>, wanted: &Subscription, days: Days) -> Vec<Item> {
    let add_ons = |subscription: &Subscription| {
        [
            (ItemKind::Burst, u32::from(subscription.burst), prices.burst),
            (ItemKind::SealKey, subscription.extra_seal_keys, prices.seal_key),
            (ItemKind::Package, subscription.extra_packages, prices.package),
            (ItemKind::ApiKey, subscription.extra_api_keys, prices.api_key),
        ]
    };
    let had = paid.map_or([0; 4], |paid| add_ons(paid).map(|(_, quantity, _)| quantity));
    let more = add_ons(wanted)
        .into_iter()
        .zip(had)
        .map(|((kind, quantity, price), had)| Item::new(kind, quantity.saturating_sub(had), price, days));
    tier_item(prices, paid.map(|paid| paid.tier), wanted.tier, days)
        .into_iter()
        .chain(more.filter(|item| item.quantity > 0))
        .collect()
}

fn tier_item(prices: &SubscriptionPrices, paid: Option<Tier>, tier: Tier, days: Days) -> Option<Item> {
    let before = paid.map_or(MicroUsd(0), |paid| prices.tier(paid));
    let difference = MicroUsd(prices.tier(tier).0.saturating_sub(before.0));
    let kind = ItemKind::Tier { tier, instead_of: paid };
    (paid != Some(tier)).then(|| Item::new(kind, 1, difference, days))
}

fn total(items: &[Item]) -> MicroUsd {
    MicroUsd(items.iter().fold(0, |sum: i64, item| sum.saturating_add(item.amount.0)))
}
