//! What holds for every subscription, order, day and price.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn subscription() -> impl Strategy<Value = Subscription> {
    (0usize..3, any::<bool>(), 0u32..=8, 0u32..=9, 0u32..=70).prop_map(
        |(tier, burst, api_keys, seal_keys, packages)| {
            let tier = Tier::ALL[tier];
            Subscription {
                tier,
                burst: burst && tier.may_burst(),
                extra_api_keys: api_keys,
                extra_seal_keys: seal_keys,
                extra_packages: packages.min(7 * (1 + seal_keys)),
            }
        },
    )
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        2 => subscription().prop_map(Order::Enable),
        4 => subscription().prop_map(Order::Change),
        1 => Just(Order::Disable),
        1 => Just(Order::Resume),
    ]
}

/// Books with odd prices, tiers ascending in price as in rank.
fn books() -> impl Strategy<Value = PriceBooks> {
    (vec(1i64..100_000_000, 3), vec(0i64..100_000_000, 4)).prop_map(|(tiers, add_ons)| {
        let subscriptions = SubscriptionPrices {
            starter: MicroUsd(tiers[0]),
            pro: MicroUsd(tiers[0] + tiers[1]),
            enterprise: MicroUsd(tiers[0] + tiers[1] + tiers[2]),
            burst: MicroUsd(add_ons[0]),
            seal_key: MicroUsd(add_ons[1]),
            package: MicroUsd(add_ons[2]),
            api_key: MicroUsd(add_ons[3]),
        };
        PriceBooks::new(vec![PriceBook { subscriptions, ..PriceBook::v1() }]).unwrap()
    })
}

/// A month of 28 to 31 days.
fn any_month() -> impl Strategy<Value = BillingMonth> {
    prop_oneof![Just("2026-11"), Just("2026-12"), Just("2027-02"), Just("2028-02")].prop_map(month)
}

/// Noon of a day, or of the month's last.
fn day(month: BillingMonth, day: u8) -> UnixMillis {
    let at = |day: u8| month.start().plus_ms((i64::from(day) * 24 - 12) * 3_600_000);
    at(day.min(month.days()))
}

/// At most so many amounts were rounded down.
const ITEMS: i64 = 5;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_first_day_costs_the_whole_month_as_its_renewal_does(books in books(), month in any_month(), wanted in subscription()) {
        let quote = quote(&books, &ServiceState::Disabled, &Order::Enable(wanted), day(month, 1)).unwrap();
        let renewed = renewal(&books, &ServiceState::enabled(wanted), month);
        prop_assert_eq!((&quote.items_now, quote.total_now), (&renewed.items, renewed.total));
        prop_assert_eq!(quote.total_now, wanted.monthly(&books.in_force(month.start()).subscriptions));
    }

    /// Enabled, then changed to what is more, costs what each costs for its days, but for rounding.
    #[test]
    fn an_upgrade_costs_as_each_does_for_its_days(
        books in books(), month in any_month(), (first, second) in (subscription(), subscription()),
        (from, to) in (1u8..=31, 1u8..=31),
    ) {
        let more = first.with_all_of(&second);
        prop_assume!(more != first);
        let (from, to) = (day(month, from.min(to)), day(month, from.max(to)));
        let enabled = quote(&books, &ServiceState::NeverEnabled, &Order::Enable(first), from).unwrap();
        let upgraded = quote(&books, &enabled.state, &Order::Change(more), to).unwrap();
        prop_assert_eq!(upgraded.state, ServiceState::enabled(more));
        prop_assert_eq!(upgraded.effect, Effect::Now);
        let monthly = |subscription: &Subscription| {
            i128::from(subscription.monthly(&books.in_force(from).subscriptions).0)
        };
        let (left, later) = (i128::from(from.days_left_in_month()), i128::from(to.days_left_in_month()));
        let exact = monthly(&first) * (left - later) + monthly(&more) * later;
        let paid = i128::from((enabled.total_now + upgraded.total_now).0) * i128::from(month.days());
        let rounding = exact - paid;
        prop_assert!((0..i128::from(2 * ITEMS) * i128::from(month.days())).contains(&rounding), "{}", rounding);
    }

    /// Whatever is ordered within a month: never more than a month of the most that was in force at once, and nothing
    /// that is paid for is taken away before the month's end.
    #[test]
    fn nobody_pays_twice_for_a_day(books in books(), month in any_month(), orders in vec((order(), 1u8..=31), 1..12)) {
        let mut orders = orders;
        orders.sort_by_key(|(_, day)| *day);
        let (mut state, mut paid) = (ServiceState::NeverEnabled, MicroUsd(0));
        for (order, on) in &orders {
            let Ok(quote) = quote(&books, &state, order, day(month, *on)) else { continue };
            if let (Some(before), Some(after)) = (state.in_force(), quote.state.in_force()) {
                prop_assert_eq!(before.with_all_of(after), *after);
            }
            prop_assert_ne!(quote.state, state);
            prop_assert!(quote.items_now.iter().all(|item| item.quantity > 0 && item.amount >= MicroUsd(0)));
            (state, paid) = (quote.state, paid + quote.total_now);
        }
        let most = state.in_force().map_or(MicroUsd(0), |most| most.monthly(&books.in_force(month.start()).subscriptions));
        prop_assert!(paid <= most, "{} of {}", paid, most);
    }

    /// What is ordered is what there is from the 1st on, whatever was before.
    #[test]
    fn the_month_after_has_what_was_ordered_last(books in books(), orders in vec(order(), 1..12)) {
        let (mut state, mut kept) = (ServiceState::NeverEnabled, None);
        for order in &orders {
            let Ok(quote) = quoted_by(&books, &state, order) else { continue };
            let wanted = match order {
                Order::Enable(ordered) | Order::Change(ordered) => Some(*ordered),
                Order::Disable => None,
                Order::Resume => kept,
            };
            (state, kept) = (quote.state, quote.state.in_force().copied());
            prop_assert_eq!(renewal(&books, &state, quote.next_month).state.in_force().copied(), wanted);
        }
    }

    #[test]
    fn the_deposit_that_is_asked_for_is_the_least_that_does(
        cost in 1i64..1_000_000_000, balance in 0i64..1_000_000_000, accrued in -1_000_000i64..1_000_000_000,
    ) {
        let means = |balance| Means { balance: MicroUsd(balance), accrued: MicroUsd(accrued), ..Means::default() };
        match afford(MicroUsd(cost), &means(balance)) {
            Ok(()) => prop_assert!(cost + accrued <= balance),
            Err(Refusal::InsufficientBalance { required_deposit: MicroUsd(deposit), .. }) => {
                prop_assert_eq!(deposit % 10_000, 0);
                prop_assert_eq!(afford(MicroUsd(cost), &means(balance + deposit)), Ok(()));
                prop_assert!(afford(MicroUsd(cost), &means(balance + deposit - 10_000)).is_err());
            }
            Err(refusal) => prop_assert!(false, "{}", refusal),
        }
    }

    #[test]
    fn no_prices_panic(prices in any::<[i64; 7]>(), wanted in subscription(), order in order()) {
        let [starter, pro, enterprise, burst, seal_key, package, api_key] = prices.map(MicroUsd);
        let prices = SubscriptionPrices { starter, pro, enterprise, burst, seal_key, package, api_key };
        prop_assert!(wanted.monthly(&prices) >= MicroUsd(0));
        let absurd = Subscription { extra_api_keys: u32::MAX, extra_seal_keys: u32::MAX, ..wanted };
        prop_assert!(absurd.monthly(&prices) >= MicroUsd(0));
        drop(quoted(&ServiceState::enabled(absurd), &order));
    }
}

fn quoted_by(books: &PriceBooks, state: &ServiceState, order: &Order) -> Result<Quote, OrderError> {
    quote(books, state, order, at("2026-11-22T13:00:00Z"))
}
