//! Orders and quotes, over PostgreSQL.

use crate::desk::{Desk, Dice, instant, month};
use serde_json::{Value, json};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::AccountStatus;
use suiftly_schema::subscription::{Order, OrderError, Refusal, Scheduled, ServiceState, Subscription, Tier, renewal};
use suiftly_settlement::SettlementError;
use suiftly_store::money::{OrderRefused, Ordered};
use tokio_postgres::types::Json;

const PRO: Subscription = Subscription::of(Tier::Pro);
const STARTER: Subscription = Subscription::of(Tier::Starter);
const ENTERPRISE: Subscription = Subscription::of(Tier::Enterprise);

fn refused<T: std::fmt::Debug>(result: Result<T, SettlementError>) -> OrderRefused {
    match result.unwrap_err() {
        SettlementError::Order(refused) => refused,
        other => panic!("{other}"),
    }
}

async fn order(desk: &Desk, customer: CustomerId, order: Order) -> Ordered {
    desk.settlement.order(customer, Service::Seal, order, None).await.unwrap()
}

async fn state(desk: &Desk, customer: CustomerId, service: Service) -> ServiceState {
    let found = desk.settlement.subscriptions(customer).await.unwrap();
    found.into_iter().find(|found| found.service == service).map(|found| found.state).unwrap_or_default()
}

/// What was charged, by every account that there is of it.
async fn sums(desk: &Desk) -> [i64; 4] {
    let mut sums = [0; 4];
    let columns = [
        "SELECT coalesce(sum(amount_micro_usd), 0) FROM subscription_items",
        "SELECT coalesce(sum(amount_micro_usd), 0) FROM ledger WHERE kind = 'subscription' AND debit = 'receivable' AND credit = 'revenue'",
        "SELECT coalesce(sum(fixed_micro_usd), 0) FROM billing_months",
        "SELECT coalesce(sum(fixed_in_all_micro_usd), 0) FROM customers",
    ];
    for (sum, column) in sums.iter_mut().zip(columns) {
        *sum = desk.text(column).await.parse().unwrap();
    }
    sums
}

/// What every transfer of a subscription is for: its item, in its month, all of it.
async fn transfers_without_their_item(desk: &Desk) -> String {
    desk.text(
        "SELECT count(*) FROM ledger FULL JOIN (SELECT * FROM subscription_items WHERE amount_micro_usd > 0) AS i \
            ON reference = 'item:' || i.id \
        WHERE ledger.id IS NULL OR i.id IS NULL OR ledger.month <> i.month OR ledger.customer_id <> i.customer_id \
            OR ledger.amount_micro_usd <> i.amount_micro_usd",
    )
    .await
}

fn any_subscription(dice: &mut Dice) -> Subscription {
    let tier = Tier::ALL[usize::try_from(dice.below(3)).unwrap()];
    let mut extra = |max| u32::try_from(dice.below(max)).unwrap();
    Subscription {
        tier,
        // Now and then what nobody can have.
        burst: extra(3) == 0,
        extra_api_keys: extra(10),
        extra_seal_keys: extra(4),
        extra_packages: extra(12),
    }
}

fn any_order(dice: &mut Dice) -> Order {
    match dice.below(8) {
        0..=1 => Order::Enable(any_subscription(dice)),
        2..=4 => Order::Change(any_subscription(dice)),
        5 => Order::Disable,
        _ => Order::Resume,
    }
}

#[tokio::test]
async fn what_is_quoted_is_what_is_charged() {
    let services = [Service::Seal, Service::Grpc, Service::Graphql];
    let (mut ordered, mut refusals, mut renewals) = (0, 0, 0);
    for seed in 0..5 {
        let mut dice = Dice::new(seed);
        let desk = Desk::at("2026-01-10T09:00:00Z").await;
        let [balance, limit] = [[9_000, 60_000, 400_000], [0, 30_000, 300_000]];
        let any = |of: [i64; 3], dice: &mut Dice| of[usize::try_from(dice.below(3)).unwrap()];
        let customer = desk.customer(1, any(balance, &mut dice), any(limit, &mut dice)).await;
        let mut states = [ServiceState::NeverEnabled; 3];
        let (mut charged, books) = (0, PriceBooks::v1());
        for _ in 0..45 {
            // Hours and days pass; now and then a month or two.
            let hours = if dice.below(10) == 0 { 24 * 40 } else { 30 };
            let begun = desk.now().month();
            desk.set(desk.now().plus_ms(i64::try_from(dice.below(hours)).unwrap() * 3_600_000));
            let mut passing = begun;
            while passing < desk.now().month() {
                passing = passing.next();
                for state in &mut states {
                    let renewed = renewal(&books, state, passing);
                    charged += renewed.total.0;
                    *state = renewed.state;
                    renewals += renewed.items.len();
                }
            }
            // Whether the 1st was taken care of, or the order has to.
            if dice.below(2) == 0 {
                desk.settlement.renew_due().await.unwrap();
            }
            let which = usize::try_from(dice.below(3)).unwrap();
            let (service, order) = (services[which], any_order(&mut dice));
            let expected = suiftly_schema::subscription::quote(&books, &states[which], &order, desk.now());
            let quoted = match (desk.settlement.quote(customer, service, order).await, expected) {
                (Ok(quoted), Ok(expected)) => {
                    assert_eq!(quoted.quote, expected, "{order:?}");
                    quoted
                }
                (Err(SettlementError::Order(OrderRefused::Order(found))), Err(expected)) => {
                    assert_eq!(found, expected, "{order:?}");
                    let found = desk.settlement.order(customer, service, order, None).await;
                    assert_eq!(refused(found), OrderRefused::Order(expected));
                    continue;
                }
                (found, expected) => panic!("{found:?}, not {expected:?}"),
            };
            let total = quoted.quote.total_now;
            let found = desk.settlement.order(customer, service, order, Some(total)).await;
            if let Some(refusal) = quoted.refusal {
                assert_eq!(refused(found), OrderRefused::Refusal(refusal));
                refusals += 1;
            } else {
                let found = found.unwrap();
                assert_eq!((&found.quote, found.items.len()), (&quoted.quote, quoted.quote.items_now.len()));
                states[which] = found.quote.state;
                assert_eq!(state(&desk, customer, service).await, states[which], "seed {seed}: {order:?}");
                charged += total.0;
                ordered += 1;
            }
        }
        // An order may have been refused, and its month not begun with it.
        desk.settlement.renew_due().await.unwrap();
        assert_eq!(sums(&desk).await, [charged; 4], "seed {seed}");
        assert_eq!(transfers_without_their_item(&desk).await, "0");
    }
    assert!(
        ordered > 40 && refusals > 5 && renewals > 40,
        "{ordered} ordered, {refusals} refusals, {renewals} renewals"
    );
}

#[tokio::test]
async fn refusals_say_what_is_missing() {
    // On the 16th of 30 days, half a month is left.
    let desk = Desk::at("2026-11-16T12:00:00Z").await;
    let poor = desk.customer(1, 5_000, 0).await;
    let enterprise = Order::Enable(ENTERPRISE);
    let refusal = Refusal::InsufficientBalance {
        current_balance: MicroUsd(50_000_000),
        estimated_cost: MicroUsd(92_500_000),
        required_deposit: MicroUsd(42_500_000),
    };
    let quoted = desk.settlement.quote(poor, Service::Seal, enterprise).await.unwrap();
    assert_eq!((quoted.quote.total_now, quoted.refusal), (MicroUsd(92_500_000), Some(refusal)));
    let refusal = OrderRefused::Refusal(refusal);
    assert_eq!(refused(desk.settlement.order(poor, Service::Seal, enterprise, None).await), refusal);

    // What is rated and what was charged before count too: of the balance, and of the limit.
    let limited = desk.customer(2, 100_000, 6_000).await;
    order(&desk, limited, Order::Enable(PRO)).await;
    desk.run("INSERT INTO rated VALUES ('2026-10-01', 2, 1, 1, 1, 0, 7000000), ('2026-11-01', 2, 1, 1, 1, 0, 1500000)")
        .await;
    let refusal = Refusal::MonthlyLimitExceeded {
        max_monthly: MicroUsd(60_000_000),
        current_month_charged: MicroUsd(21_500_000),
        estimated_cost: MicroUsd(72_500_000),
        remaining_authorization: MicroUsd(38_500_000),
    };
    let refusal = OrderRefused::Refusal(refusal);
    let wanted = Order::Change(ENTERPRISE);
    assert_eq!(refused(desk.settlement.order(limited, Service::Seal, wanted, None).await), refusal);
    desk.run("UPDATE customers SET max_monthly_usd_cents = 0, current_balance_usd_cents = 10000 WHERE id = 2").await;
    let refusal = Refusal::InsufficientBalance {
        current_balance: MicroUsd(100_000_000),
        estimated_cost: MicroUsd(72_500_000),
        required_deposit: MicroUsd(1_000_000),
    };
    let refusal = OrderRefused::Refusal(refusal);
    assert_eq!(refused(desk.settlement.order(limited, Service::Seal, wanted, None).await), refusal);
    desk.run("UPDATE customers SET current_balance_usd_cents = 10100 WHERE id = 2").await;
    order(&desk, limited, wanted).await;
    assert_eq!(sums(&desk).await, [92_500_000; 4], "what was refused has left nothing");
}

#[tokio::test]
async fn what_was_accepted_is_charged_or_nothing() {
    let desk = Desk::at("2026-11-30T23:59:59.999Z").await;
    let customer = desk.customer(1, 100_000, 0).await;
    let enable = Order::Enable(PRO);
    let accepted = desk.settlement.quote(customer, Service::Seal, enable).await.unwrap().quote.total_now;
    desk.go_to("2026-12-01T00:00:00Z");
    let changed = OrderRefused::QuoteChanged { expected: accepted, total: MicroUsd(40_000_000) };
    assert_eq!(refused(desk.settlement.order(customer, Service::Seal, enable, Some(accepted)).await), changed);
    assert_eq!(sums(&desk).await, [0; 4]);
    let ordered = desk.settlement.order(customer, Service::Seal, enable, Some(MicroUsd(40_000_000))).await.unwrap();
    assert_eq!(ordered.quote.total_now, MicroUsd(40_000_000));
    // The month has begun with it, and is paid for.
    assert_eq!(desk.settlement.renew_due().await.unwrap().items, 0);
    let found = desk.settlement.subscriptions(customer).await.unwrap();
    assert_eq!(found[0].paid_through, Some(month("2026-12")));
    // Another process's clock is behind: it counts as the month's beginning.
    desk.go_to("2026-11-30T23:59:59Z");
    let late = desk.settlement.quote(customer, Service::Seal, Order::Change(ENTERPRISE)).await.unwrap().quote;
    assert_eq!((late.total_now, late.next_month), (MicroUsd(145_000_000), month("2027-01")));
}

#[tokio::test]
async fn downgrade_disable_and_resume() {
    let desk = Desk::at("2026-11-16T12:00:00Z").await;
    let customer = desk.customer(1, 100_000, 0).await;
    let with_burst = Subscription { burst: true, extra_seal_keys: 2, ..PRO };
    order(&desk, customer, Order::Enable(with_burst)).await;
    let downgrade = order(&desk, customer, Order::Change(STARTER)).await;
    assert_eq!((downgrade.quote.total_now, downgrade.items.len()), (MicroUsd(0), 0));
    let scheduled = ServiceState::Enabled { subscription: with_burst, scheduled: Some(Scheduled::Change(STARTER)) };
    assert_eq!(state(&desk, customer, Service::Seal).await, scheduled);
    // Taken back, and ordered again.
    order(&desk, customer, Order::Resume).await;
    assert_eq!(state(&desk, customer, Service::Seal).await, ServiceState::enabled(with_burst));
    let twice = desk.settlement.order(customer, Service::Seal, Order::Resume, None).await;
    assert_eq!(refused(twice), OrderRefused::Order(OrderError::NothingScheduled));
    order(&desk, customer, Order::Change(STARTER)).await;

    desk.go_to("2026-11-30T23:59:59.999Z");
    assert_eq!(desk.settlement.renew_due().await.unwrap().months, 0);
    assert_eq!(state(&desk, customer, Service::Seal).await, scheduled);
    desk.go_to("2026-12-01T00:00:00Z");
    let renewed = desk.settlement.renew_due().await.unwrap();
    assert_eq!((renewed.months, renewed.items, renewed.amount_micro_usd), (1, 1, MicroUsd(20_000_000)));
    assert_eq!(state(&desk, customer, Service::Seal).await, ServiceState::enabled(STARTER));

    order(&desk, customer, Order::Disable).await;
    desk.go_to("2027-01-01T08:00:00Z");
    let renewed = desk.settlement.renew_due().await.unwrap();
    assert_eq!((renewed.months, renewed.items), (1, 0));
    assert_eq!(state(&desk, customer, Service::Seal).await, ServiceState::Disabled);
    let ended = desk.text("SELECT disabled_at AT TIME ZONE 'UTC' FROM service_instances").await;
    assert_eq!(ended, "2027-01-01 00:00:00", "not when somebody looked");

    desk.go_to("2027-01-31T08:00:00Z");
    let again = order(&desk, customer, Order::Enable(PRO)).await;
    assert_eq!(again.quote.total_now, MicroUsd(40_000_000 / 31));
    let since = desk
        .text("SELECT enabled_at AT TIME ZONE 'UTC' || coalesce(disabled_at::text, '') FROM service_instances")
        .await;
    assert_eq!(since, "2027-01-31 08:00:00");
}

#[tokio::test]
async fn who_may_not_order() {
    let desk = Desk::at("2026-11-16T12:00:00Z").await;
    let customer = desk.customer(1, 100_000, 0).await;
    order(&desk, customer, Order::Enable(PRO)).await;
    let nobody = CustomerId::new(9).unwrap();
    let missing = OrderRefused::NoCustomer { customer: nobody };
    assert_eq!(refused(desk.settlement.quote(nobody, Service::Seal, Order::Disable).await), missing);
    for (word, status) in [("suspended", AccountStatus::Suspended), ("closed", AccountStatus::Closed)] {
        desk.run(&format!("UPDATE customers SET status = '{word}'")).await;
        let change = Order::Change(ENTERPRISE);
        let expected = OrderRefused::NotActive { status };
        assert_eq!(refused(desk.settlement.quote(customer, Service::Seal, change).await), expected);
        assert_eq!(refused(desk.settlement.order(customer, Service::Seal, change, None).await), expected);
    }
    let end = desk.settlement.order(customer, Service::Seal, Order::Disable, None).await;
    assert_eq!(refused(end).to_string(), "the account is closed");
    desk.run("UPDATE customers SET status = 'suspended'").await;
    order(&desk, customer, Order::Disable).await;
}

/// What was told of services since a number.
async fn told(desk: &Desk, after: i64) -> Vec<Value> {
    let select = "SELECT entity FROM outbox WHERE kind = 'service' AND seq > $1 ORDER BY seq";
    let rows = desk.client.query(select, &[&after]).await.unwrap();
    rows.iter().map(|row| row.get::<_, Json<Value>>(0).0).collect()
}

#[tokio::test]
async fn gateways_are_told_of_capacity_and_nothing_else() {
    let desk = Desk::at("2026-11-16T12:00:00Z").await;
    let customer = desk.customer(1, 100_000, 0).await;
    order(&desk, customer, Order::Enable(PRO)).await;
    desk.run("UPDATE service_instances SET config = config || '{\"ip_allowlist\": [\"192.0.2.1\"]}'").await;
    let begun: i64 = desk.text("SELECT max(seq) FROM outbox").await.parse().unwrap();
    // Once each, with what else is configured.
    order(&desk, customer, Order::Change(Subscription { burst: true, ..ENTERPRISE })).await;
    let first = json!({"customer_id": 1, "service_type": 1, "tier": "enterprise", "is_enabled": true,
        "config": {"burst": true, "ip_allowlist": ["192.0.2.1"]}});
    assert_eq!(told(&desk, begun).await, std::slice::from_ref(&first));
    // Keys, what is scheduled and a month that is paid again change no capacity.
    order(&desk, customer, Order::Change(Subscription { burst: true, extra_api_keys: 3, ..ENTERPRISE })).await;
    order(&desk, customer, Order::Change(PRO)).await;
    order(&desk, customer, Order::Resume).await;
    desk.go_to("2026-12-01T00:00:00Z");
    desk.settlement.renew_due().await.unwrap();
    assert_eq!(told(&desk, begun).await, std::slice::from_ref(&first));
    // Of spending the account is told, as of the commit.
    let account =
        desk.text("SELECT entity -> 'fixed' FROM outbox WHERE kind = 'account' ORDER BY seq DESC LIMIT 1").await;
    let december = 195_000_000 + 3_000_000;
    let account: Value = serde_json::from_str(&account).unwrap();
    assert_eq!(account[1], json!({"month": "2026-12", "micro_usd": december}));
    assert_eq!(instant("2026-12-01T00:00:00Z").month(), month("2026-12"));
}
