//! Orders over the wire: what is asked for, and what it would cost.

use super::refusal::{QuoteRefusal, field_error};
use super::wire::{Scheduling, ServiceView, Terms};
use crate::body::Checks;
use crate::problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};
use suiftly_schema::ids::Service;
use suiftly_schema::subscription::{Effect, Item, ItemKind, Order, Quote, Subscription, Tier};
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::Quoted;
use utoipa::ToSchema;

/// What a service is to be subscribed with. Extras are those beyond what is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionRequest {
    /// The tier.
    pub tier: TierWord,
    /// Whether to have burst; starter has none.
    #[serde(default)]
    pub burst: bool,
    /// API keys beyond those included.
    #[serde(default)]
    #[schema(value_type = i32, minimum = 0, maximum = 8, default = 0)]
    pub extra_api_keys: u32,
    /// Seal keys beyond those included; of seal alone.
    #[serde(default)]
    #[schema(value_type = i32, minimum = 0, maximum = 9, default = 0)]
    pub extra_seal_keys: u32,
    /// Packages beyond those included, over all seal keys together: at most 7 for each seal key; of seal alone.
    #[serde(default)]
    #[schema(value_type = i32, minimum = 0, maximum = 70, default = 0)]
    pub extra_packages: u32,
}

/// A tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TierWord {
    /// The smallest; it cannot burst.
    Starter,
    /// The middle one.
    Pro,
    /// The largest.
    Enterprise,
}

impl SubscriptionRequest {
    pub(super) fn checked(self, service: Service) -> Result<Subscription, Problem> {
        let Self { tier, burst, extra_api_keys, extra_seal_keys, extra_packages } = self;
        let tier = match tier {
            TierWord::Starter => Tier::Starter,
            TierWord::Pro => Tier::Pro,
            TierWord::Enterprise => Tier::Enterprise,
        };
        let mut checks = Checks::default();
        for (field, extra) in [("extra_seal_keys", extra_seal_keys), ("extra_packages", extra_packages)] {
            if service != Service::Seal && extra > 0 {
                checks.fail(&format!("subscription.{field}"), "must be 0: seal alone has them");
            }
        }
        let subscription = Subscription { tier, burst, extra_api_keys, extra_seal_keys, extra_packages };
        if let Err(error) = subscription.check() {
            let FieldError { field, message } = field_error(&error);
            checks.fail(&field, message);
        }
        checks.finish(subscription)
    }
}

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// With what.
    pub subscription: SubscriptionRequest,
    /// What a quote said is charged now: if it is another by now, nothing is ordered (`quote_changed`).
    #[serde(default)]
    #[schema(minimum = 0)]
    pub expected_total_micro_usd: Option<i64>,
}

/// An order that needs no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlainOrder {
    /// What a quote said is charged now: if it is another by now, nothing is ordered (`quote_changed`).
    #[serde(default)]
    #[schema(minimum = 0)]
    pub expected_total_micro_usd: Option<i64>,
}

/// What would be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteRequest {
    /// What.
    pub order: OrderWord,
    /// With what: for `enable` and `change`, and for no other.
    #[serde(default)]
    pub subscription: Option<SubscriptionRequest>,
}

/// What can be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderWord {
    /// Enable the service, at once.
    Enable,
    /// Have this instead: what is more at once, what is less at the month's end.
    Change,
    /// End the service at the month's end.
    Disable,
    /// Take back what is scheduled.
    Resume,
}

impl QuoteRequest {
    pub(super) fn checked(self, service: Service) -> Result<Order, Problem> {
        let wrong = |message: &str| Problem::validation(vec![FieldError::new("subscription", message)]);
        match (self.order, self.subscription) {
            (OrderWord::Enable, Some(subscription)) => Ok(Order::Enable(subscription.checked(service)?)),
            (OrderWord::Change, Some(subscription)) => Ok(Order::Change(subscription.checked(service)?)),
            (OrderWord::Enable | OrderWord::Change, None) => Err(wrong("must be given")),
            (OrderWord::Disable, None) => Ok(Order::Disable),
            (OrderWord::Resume, None) => Ok(Order::Resume),
            (OrderWord::Disable | OrderWord::Resume, Some(_)) => Err(wrong("is for enable and change alone")),
        }
    }
}

/// What an order charges and changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderQuote {
    /// The version of the price book that prices what is charged now.
    pub price_book: i64,
    /// What is charged now.
    pub items_now: Vec<OrderItem>,
    /// Its sum: what to give as `expected_total_micro_usd`.
    pub total_now_micro_usd: i64,
    /// The month after.
    #[schema(example = "2026-12")]
    pub next_month: String,
    /// What is charged on its 1st, and on every 1st after it, if nothing else is ordered and prices stay.
    pub items_next_month: Vec<OrderItem>,
    /// Its sum.
    pub total_next_month_micro_usd: i64,
    /// When the order takes effect.
    pub effect: EffectWord,
    /// The month's end, when what is scheduled takes effect; `null` if all of it does now.
    #[schema(format = DateTime, required = true)]
    pub effect_at: Option<String>,
    /// What is in force from now on.
    #[schema(required = true)]
    pub subscription: Option<Terms>,
    /// What is scheduled from now on.
    #[schema(required = true)]
    pub scheduled: Option<Scheduling>,
}

/// When an order takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectWord {
    /// All of it at once.
    Now,
    /// All of it at the month's end.
    MonthEnd,
    /// What is more at once, what is less at the month's end.
    NowAndMonthEnd,
}

/// One thing that is charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderItem {
    /// `tier`, `burst`, `api_key`, `seal_key` or `package`.
    pub item: &'static str,
    /// In words.
    pub description: String,
    /// The tier.
    #[schema(required = true)]
    pub tier: Option<&'static str>,
    /// The tier that was paid for before: what is charged is the difference.
    #[schema(required = true)]
    pub instead_of: Option<&'static str>,
    /// How many.
    pub quantity: i64,
    /// What one costs for a whole month.
    pub monthly_micro_usd: i64,
    /// The days that are paid for, today included.
    pub days: i64,
    /// The days of the month.
    pub days_in_month: i64,
    /// What is charged.
    pub amount_micro_usd: i64,
}

/// A quote, and whether it could be paid for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Quotation {
    /// What the order would charge and change.
    #[serde(flatten)]
    pub quote: OrderQuote,
    /// Why it could not be paid for; `null` if it could.
    #[schema(required = true)]
    pub refusal: Option<QuoteRefusal>,
}

/// What an order did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderAnswer {
    /// What it charged and changed.
    pub charged: OrderQuote,
    /// The service now.
    pub service: ServiceView,
}

impl OrderQuote {
    pub(crate) fn new(quote: &Quote) -> Self {
        let items = |items: &[Item]| items.iter().map(OrderItem::new).collect();
        let (effect, effect_at) = match quote.effect {
            Effect::Now => (EffectWord::Now, None),
            Effect::MonthEnd(at) => (EffectWord::MonthEnd, Some(at)),
            Effect::NowAndMonthEnd(at) => (EffectWord::NowAndMonthEnd, Some(at)),
        };
        Self {
            price_book: quote.price_book.into(),
            items_now: items(&quote.items_now),
            total_now_micro_usd: quote.total_now.0,
            next_month: quote.next_month.to_string(),
            items_next_month: items(&quote.items_next_month),
            total_next_month_micro_usd: quote.total_next_month.0,
            effect,
            effect_at: effect_at.map(UnixMillis::rfc3339),
            subscription: quote.state.in_force().map(Terms::new),
            scheduled: Scheduling::new(&quote.state, quote.next_month.start().plus_ms(-1)),
        }
    }
}

impl OrderItem {
    fn new(item: &Item) -> Self {
        let (tier, instead_of) = match item.kind {
            ItemKind::Tier { tier, instead_of } => (Some(tier.word()), instead_of.map(Tier::word)),
            _ => (None, None),
        };
        Self {
            item: item.kind.word(),
            description: item.kind.to_string(),
            tier,
            instead_of,
            quantity: item.quantity.into(),
            monthly_micro_usd: item.monthly.0,
            days: item.days.into(),
            days_in_month: item.days_in_month.into(),
            amount_micro_usd: item.amount.0,
        }
    }
}

impl Quotation {
    pub(super) fn new(quoted: &Quoted) -> Self {
        let refusal = quoted.refusal.as_ref().map(QuoteRefusal::new);
        Self { quote: OrderQuote::new(&quoted.quote), refusal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_held_to_the_service() {
        let request = |tier, burst, extra_api_keys, extra_seal_keys, extra_packages| SubscriptionRequest {
            tier,
            burst,
            extra_api_keys,
            extra_seal_keys,
            extra_packages,
        };
        let (seal, grpc) = (Service::Seal, Service::Grpc);
        let cases = [
            (seal, request(TierWord::Pro, true, 8, 9, 70), ""),
            (grpc, request(TierWord::Enterprise, true, 8, 0, 0), ""),
            (seal, request(TierWord::Starter, true, 0, 0, 0), "subscription.burst"),
            (seal, request(TierWord::Pro, false, 9, 0, 0), "subscription.extra_api_keys"),
            (seal, request(TierWord::Pro, false, 0, 10, 0), "subscription.extra_seal_keys"),
            (seal, request(TierWord::Pro, false, 0, 1, 15), "subscription.extra_packages"),
            (grpc, request(TierWord::Pro, false, 0, 1, 1), "subscription.extra_seal_keys subscription.extra_packages"),
        ];
        for (service, request, expected) in cases {
            let errors = request.checked(service).err().map_or(Vec::new(), |problem| problem.errors);
            let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), expected, "{service:?} {request:?}");
        }
    }
}
