//! What orders do and cost, by cases; and who can pay for them.

mod properties;

use super::*;
use crate::money::MicroUsd;
use crate::price::{PriceBook, PriceBooks, SubscriptionPrices};
use crate::time::{BillingMonth, UnixMillis};
use serde_json::json;

const STARTER: Subscription = Subscription::of(Tier::Starter);
const PRO: Subscription = Subscription::of(Tier::Pro);
const PRO_BURST: Subscription = Subscription { burst: true, ..PRO };
const ENTERPRISE: Subscription = Subscription::of(Tier::Enterprise);

fn at(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

fn month(text: &str) -> BillingMonth {
    BillingMonth::parse(text).unwrap()
}

const fn then(subscription: Subscription, scheduled: Scheduled) -> ServiceState {
    ServiceState::Enabled { subscription, scheduled: Some(scheduled) }
}

/// On the 22nd of November: nine of thirty days are left.
fn quoted(state: &ServiceState, order: &Order) -> Result<Quote, OrderError> {
    quote(&PriceBooks::v1(), state, order, at("2026-11-22T13:00:00Z"))
}

#[test]
fn orders_and_what_they_do_and_cost() {
    use Order::{Change, Disable, Enable, Resume};
    use Scheduled::Change as Less;
    let on = ServiceState::enabled;
    let off = |subscription| then(subscription, Scheduled::Disable);
    let keys = |extra_api_keys| Subscription { extra_api_keys, ..PRO };
    // State, order, then: state, charged now, charged on the 1st.
    let cases = [
        (ServiceState::NeverEnabled, Enable(STARTER), on(STARTER), 6_000_000, 20_000_000),
        (ServiceState::Disabled, Enable(PRO_BURST), on(PRO_BURST), 15_000_000, 50_000_000),
        (on(STARTER), Change(PRO), on(PRO), 6_000_000, 40_000_000),
        (on(STARTER), Change(PRO_BURST), on(PRO_BURST), 9_000_000, 50_000_000),
        (on(PRO), Change(ENTERPRISE), on(ENTERPRISE), 43_500_000, 185_000_000),
        (on(PRO), Change(keys(3)), on(keys(3)), 900_000, 43_000_000),
        (on(PRO), Change(STARTER), then(PRO, Less(STARTER)), 0, 20_000_000),
        (on(keys(3)), Change(keys(1)), then(keys(3), Less(keys(1))), 0, 41_000_000),
        (on(PRO), Disable, off(PRO), 0, 0),
        // Taken back, at no cost.
        (off(PRO), Resume, on(PRO), 0, 40_000_000),
        (off(PRO), Change(PRO), on(PRO), 0, 40_000_000),
        (then(PRO, Less(STARTER)), Resume, on(PRO), 0, 40_000_000),
        (then(PRO, Less(STARTER)), Change(PRO), on(PRO), 0, 40_000_000),
        // One thing scheduled replaces the other.
        (then(PRO, Less(STARTER)), Disable, off(PRO), 0, 0),
        (off(PRO), Change(STARTER), then(PRO, Less(STARTER)), 0, 20_000_000),
        (then(ENTERPRISE, Less(STARTER)), Change(PRO), then(ENTERPRISE, Less(PRO)), 0, 40_000_000),
        // What is more replaces it, too, and costs its difference to what is paid for.
        (then(PRO, Less(STARTER)), Change(ENTERPRISE), on(ENTERPRISE), 43_500_000, 185_000_000),
        (off(PRO), Change(PRO_BURST), on(PRO_BURST), 3_000_000, 50_000_000),
    ];
    for (state, order, after, now, next) in cases {
        let quote = quoted(&state, &order).unwrap();
        let expected = (after, MicroUsd(now), MicroUsd(next));
        assert_eq!((quote.state, quote.total_now, quote.total_next_month), expected, "{state:?} {order:?}");
        let sum = |items: &[Item]| items.iter().map(|item| item.amount.0).sum::<i64>();
        assert_eq!((sum(&quote.items_now), sum(&quote.items_next_month)), (now, next));
        let end = at("2026-12-01T00:00:00Z");
        let effect = if after.scheduled().is_some() { Effect::MonthEnd(end) } else { Effect::Now };
        assert_eq!((quote.effect, quote.next_month.start()), (effect, end), "{state:?} {order:?}");
        // What the 1st does is what was quoted.
        let renewed = renewal(&PriceBooks::v1(), &quote.state, quote.next_month);
        assert_eq!((renewed.items, renewed.total), (quote.items_next_month, quote.total_next_month));
    }
}

#[test]
fn a_mixed_change_goes_up_now_and_down_at_the_months_end() {
    let wanted = Subscription { extra_api_keys: 2, ..ENTERPRISE };
    let paid = Subscription { extra_seal_keys: 2, extra_packages: 5, extra_api_keys: 1, ..PRO_BURST };
    let first = quoted(&ServiceState::enabled(paid), &Order::Change(wanted)).unwrap();
    let both = Subscription { extra_api_keys: 2, tier: Tier::Enterprise, ..paid };
    assert_eq!(first.state, then(both, Scheduled::Change(wanted)));
    assert_eq!(first.effect, Effect::NowAndMonthEnd(at("2026-12-01T00:00:00Z")));
    let rows: Vec<_> =
        first.items_now.iter().map(|item| (item.kind.to_string(), item.quantity, item.amount.0)).collect();
    let tier = "Enterprise tier instead of Pro".to_owned();
    assert_eq!(rows, [(tier, 1, 43_500_000), ("Extra API keys".to_owned(), 1, 300_000)]);
    assert_eq!(first.total_next_month, MicroUsd(187_000_000));
    // What is paid for until the month's end can be had back until then, at no cost.
    let back = quoted(&first.state, &Order::Change(Subscription { burst: true, ..wanted })).unwrap();
    assert_eq!((back.total_now, back.total_next_month), (MicroUsd(0), MicroUsd(197_000_000)));
    assert_eq!(back.effect, Effect::MonthEnd(at("2026-12-01T00:00:00Z")), "the seal keys still go");
}

#[test]
fn items_say_what_they_charge() {
    let wanted = Subscription { extra_api_keys: 3, extra_seal_keys: 2, extra_packages: 7, ..PRO_BURST };
    let quote = quoted(&ServiceState::NeverEnabled, &Order::Enable(wanted)).unwrap();
    let rows: Vec<_> =
        quote.items_now.iter().map(|item| (item.kind.word(), item.quantity, item.monthly.0, item.amount.0)).collect();
    let expected = [
        ("tier", 1, 40_000_000, 12_000_000),
        ("burst", 1, 10_000_000, 3_000_000),
        ("seal_key", 2, 5_000_000, 3_000_000),
        ("package", 7, 1_000_000, 2_100_000),
        ("api_key", 3, 1_000_000, 900_000),
    ];
    assert_eq!(rows, expected);
    assert!(quote.items_now.iter().all(|item| (item.days, item.days_in_month) == (9, 30)));
    assert!(quote.items_next_month.iter().all(|item| (item.days, item.days_in_month) == (31, 31)));
    assert_eq!(quote.price_book, 1);
    let json = serde_json::to_value(quote.items_now[0]).unwrap();
    let expected = json!({"item": "tier", "tier": "pro", "quantity": 1, "monthly": 40_000_000, "days": 9,
        "days_in_month": 30, "amount": 12_000_000});
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<Quote>(serde_json::to_value(&quote).unwrap()).unwrap(), quote);
}

#[test]
fn pro_rata_by_whole_days_today_included_each_item_rounded_down() {
    let cases = [
        ("2026-11-01T00:00:00Z", 40_000_000),
        ("2026-11-30T00:00:00Z", 1_333_333),
        ("2026-11-30T23:59:59.999Z", 1_333_333),
        ("2026-12-31T23:59:59.999Z", 1_290_322),
        ("2027-02-01T12:00:00Z", 40_000_000),
        ("2028-02-29T00:00:00Z", 1_379_310),
    ];
    for (instant, expected) in cases {
        let quote = quote(&PriceBooks::v1(), &ServiceState::Disabled, &Order::Enable(PRO), at(instant)).unwrap();
        assert_eq!(quote.total_now, MicroUsd(expected), "{instant}");
    }
}

#[test]
fn orders_that_cannot_be_are_refused() {
    use OrderError::{AlreadyEnabled, AlreadySo, NotEnabled, NothingScheduled};
    let starter_burst = Subscription { burst: true, ..STARTER };
    let no_burst = OrderError::Subscription(SubscriptionError::NoBurst { tier: Tier::Starter });
    let off = then(PRO, Scheduled::Disable);
    let less = then(PRO, Scheduled::Change(STARTER));
    let cases = [
        (ServiceState::NeverEnabled, Order::Change(PRO), NotEnabled),
        (ServiceState::Disabled, Order::Disable, NotEnabled),
        (ServiceState::Disabled, Order::Resume, NotEnabled),
        (ServiceState::enabled(PRO), Order::Enable(ENTERPRISE), AlreadyEnabled),
        (off, Order::Enable(PRO), AlreadyEnabled),
        (ServiceState::enabled(PRO), Order::Change(PRO), AlreadySo),
        (ServiceState::enabled(PRO), Order::Resume, NothingScheduled),
        (off, Order::Disable, AlreadySo),
        (less, Order::Change(STARTER), AlreadySo),
        (ServiceState::NeverEnabled, Order::Enable(starter_burst), no_burst),
        (ServiceState::enabled(PRO), Order::Change(starter_burst), no_burst),
    ];
    for (state, order, expected) in cases {
        assert_eq!(quoted(&state, &order), Err(expected), "{state:?} {order:?}");
    }
}

#[test]
fn subscriptions_within_the_maxima() {
    let too_many = |what, extra, max| Err(SubscriptionError::TooMany { what, extra, max });
    let cases = [
        (PRO_BURST, Ok(())),
        (Subscription { burst: true, ..STARTER }, Err(SubscriptionError::NoBurst { tier: Tier::Starter })),
        (Subscription { extra_api_keys: 8, ..STARTER }, Ok(())),
        (Subscription { extra_api_keys: 9, ..STARTER }, too_many("API keys", 9, 8)),
        (Subscription { extra_seal_keys: 9, extra_packages: 70, ..PRO }, Ok(())),
        (Subscription { extra_seal_keys: 10, ..PRO }, too_many("seal keys", 10, 9)),
        (Subscription { extra_packages: 7, ..PRO }, Ok(())),
        (Subscription { extra_packages: 8, ..PRO }, too_many("packages", 8, 7)),
        (Subscription { extra_seal_keys: 9, extra_packages: 71, ..PRO }, too_many("packages", 71, 70)),
        (Subscription { extra_seal_keys: u32::MAX, ..PRO }, too_many("seal keys", u32::MAX, 9)),
    ];
    for (subscription, expected) in cases {
        assert_eq!(subscription.check(), expected, "{subscription:?}");
    }
}

#[test]
fn tiers_by_word_and_limits() {
    let rows = Tier::ALL.map(|tier| {
        assert_eq!(Tier::from_word(tier.word()), Some(tier));
        assert_eq!(serde_json::to_value(tier).unwrap(), tier.word());
        let with = Subscription { burst: true, ..Subscription::of(tier) };
        (tier.guaranteed_per_second(), Subscription::of(tier).burst_per_second(), with.burst_per_second())
    });
    assert_eq!(rows, [(500, 500, 500), (1_000, 1_000, 2_000), (5_000, 5_000, 10_000)]);
    assert_eq!(Tier::from_word("gold"), None);
    assert_eq!(Tier::Pro.burst_per_second(u32::MAX, true), u32::MAX);
}

#[test]
fn each_month_is_priced_by_the_book_in_force() {
    let dearer = PriceBook {
        version: 2,
        effective_from: at("2026-11-25T10:00:00Z"),
        subscriptions: SubscriptionPrices { pro: MicroUsd(60_000_000), ..SubscriptionPrices::v1() },
        ..PriceBook::v1()
    };
    let books = PriceBooks::new(vec![PriceBook::v1(), dearer]).unwrap();
    let enable = |instant| quote(&books, &ServiceState::NeverEnabled, &Order::Enable(PRO), at(instant)).unwrap();
    let (before, after) = (enable("2026-11-25T09:59:59.999Z"), enable("2026-11-25T10:00:00Z"));
    assert_eq!((before.price_book, before.total_now.0, before.total_next_month.0), (1, 8_000_000, 60_000_000));
    assert_eq!((after.price_book, after.total_now.0, after.total_next_month.0), (2, 12_000_000, 60_000_000));
    assert_eq!(renewal(&books, &before.state, month("2026-12")).price_book, 2);
}

#[test]
fn a_lower_tier_that_costs_more_gives_nothing_back() {
    let odd = PriceBook {
        subscriptions: SubscriptionPrices { enterprise: MicroUsd(1), ..SubscriptionPrices::v1() },
        ..PriceBook::v1()
    };
    let books = PriceBooks::new(vec![odd]).unwrap();
    let up =
        quote(&books, &ServiceState::enabled(PRO), &Order::Change(ENTERPRISE), at("2026-11-01T00:00:00Z")).unwrap();
    assert_eq!((up.state, up.total_now), (ServiceState::enabled(ENTERPRISE), MicroUsd(0)));
}

#[test]
fn the_month_after() {
    let items = |state: &ServiceState| {
        let renewal = renewal(&PriceBooks::v1(), state, month("2026-12"));
        (renewal.state, renewal.items.len(), renewal.total.0)
    };
    let cases = [
        (ServiceState::NeverEnabled, (ServiceState::NeverEnabled, 0, 0)),
        (ServiceState::Disabled, (ServiceState::Disabled, 0, 0)),
        (ServiceState::enabled(PRO_BURST), (ServiceState::enabled(PRO_BURST), 2, 50_000_000)),
        (then(PRO_BURST, Scheduled::Change(STARTER)), (ServiceState::enabled(STARTER), 1, 20_000_000)),
        (then(PRO_BURST, Scheduled::Disable), (ServiceState::Disabled, 0, 0)),
    ];
    for (state, expected) in cases {
        assert_eq!(items(&state), expected, "{state:?}");
    }
}

#[test]
fn states_as_they_are_recorded() {
    let cases = [
        (ServiceState::NeverEnabled, json!({"state": "never_enabled"})),
        (ServiceState::Disabled, json!({"state": "disabled"})),
        (
            then(PRO, Scheduled::Disable),
            json!({"state": "enabled", "scheduled": "disable", "subscription": {"tier": "pro", "burst": false,
                "extra_api_keys": 0, "extra_seal_keys": 0, "extra_packages": 0}}),
        ),
    ];
    for (state, json) in cases {
        assert_eq!(serde_json::to_value(state).unwrap(), json);
        assert_eq!(serde_json::from_value::<ServiceState>(json).unwrap(), state);
    }
    let change: Scheduled = serde_json::from_value(json!({"change": {"tier": "starter"}})).unwrap();
    assert_eq!(change, Scheduled::Change(STARTER));
}

#[test]
fn who_can_pay() {
    let means = |balance, accrued, max_monthly, used| Means {
        balance: MicroUsd(balance),
        accrued: MicroUsd(accrued),
        max_monthly: MicroUsd(max_monthly),
        used_this_month: MicroUsd(used),
    };
    let short = |balance, deposit| {
        let (current_balance, required_deposit) = (MicroUsd(balance), MicroUsd(deposit));
        Err(Refusal::InsufficientBalance { current_balance, estimated_cost: MicroUsd(6_000_000), required_deposit })
    };
    let over = |max, used, left| {
        let (max_monthly, current_month_charged, remaining_authorization) =
            (MicroUsd(max), MicroUsd(used), MicroUsd(left));
        let estimated_cost = MicroUsd(6_000_000);
        Err(Refusal::MonthlyLimitExceeded {
            max_monthly,
            current_month_charged,
            estimated_cost,
            remaining_authorization,
        })
    };
    let cases = [
        (means(6_000_000, 0, 0, 0), Ok(())),
        (means(5_999_999, 0, 0, 0), short(5_999_999, 10_000)),
        (means(0, 0, 0, 0), short(0, 6_000_000)),
        (means(7_000_000, 1_000_000, 0, 0), Ok(())),
        (means(7_000_000, 1_000_001, 0, 0), short(7_000_000, 10_000)),
        (means(1_000_000, 3_000_000, 0, 0), short(1_000_000, 8_000_000)),
        // More was drawn than is owed: it counts for the customer.
        (means(5_000_000, -1_000_000, 0, 0), Ok(())),
        (means(i64::MIN, i64::MAX, 0, 0), short(i64::MIN, i64::MAX)),
        (means(9_000_000, 0, 10_000_000, 4_000_000), Ok(())),
        (means(9_000_000, 0, 10_000_000, 4_000_001), over(10_000_000, 4_000_001, 5_999_999)),
        (means(9_000_000, 0, 10_000_000, 11_000_000), over(10_000_000, 11_000_000, 0)),
        (means(9_000_000, 0, 0, 11_000_000), Ok(())),
        // The balance comes first.
        (means(0, 0, 10_000_000, 10_000_000), short(0, 6_000_000)),
    ];
    for (means, expected) in cases {
        assert_eq!(afford(MicroUsd(6_000_000), &means), expected, "{means:?}");
        assert_eq!(afford(MicroUsd(0), &means), Ok(()), "what costs nothing can always be had");
    }
}
