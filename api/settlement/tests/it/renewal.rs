//! The 1st of a month, over PostgreSQL: once for everybody, whatever happens in between.

use crate::desk::{Desk, month};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_settlement::RENEWED_A_TRANSACTION;
use suiftly_store::money::{NoticeQuery, Severity};

const STARTER_MICRO_USD: i64 = 20_000_000;

/// So many customers, each with a service enabled, made past the settlement.
async fn many(desk: &Desk, customers: u32) {
    desk.run(&format!(
        "INSERT INTO customers (id, display_name, wallet_address, current_month_start) \
            SELECT n, 'C', '0x' || lpad(to_hex(n), 64, '0'), '{0}-01' FROM generate_series(1, {customers}) AS n; \
        INSERT INTO service_instances (customer_id, service_type, tier, is_enabled, enabled_at, paid_through) \
            SELECT n, 1, 'starter', true, '2026-01-01', '{0}-01' FROM generate_series(1, {customers}) AS n",
        desk.now().month()
    ))
    .await;
}

/// Customers by how many items they have of each month.
async fn charged(desk: &Desk) -> String {
    desk.text(
        "SELECT string_agg(month || ' ' || items || ' ' || customers, ', ' ORDER BY month, items) FROM ( \
            SELECT month, items, count(*) AS customers FROM ( \
                SELECT month, customer_id, count(*) AS items FROM subscription_items GROUP BY 1, 2) AS each \
            GROUP BY 1, 2) AS of",
    )
    .await
}

#[tokio::test]
async fn once_each_after_a_crash_between_two_chunks() {
    let desk = Desk::at("2026-11-10T00:00:00Z").await;
    many(&desk, 2 * RENEWED_A_TRANSACTION + 50).await;
    desk.go_to("2026-12-01T00:00:03Z");
    // One chunk is done, then nothing more is heard.
    let first = desk.store.renew(month("2026-11"), None, RENEWED_A_TRANSACTION, desk.now()).await.unwrap();
    assert_eq!(first.last.map(CustomerId::get), Some(i64::from(RENEWED_A_TRANSACTION)));
    let rest = desk.settlement.renew_due().await.unwrap();
    let expected = u64::from(RENEWED_A_TRANSACTION) + 50;
    assert_eq!((rest.months, rest.items), (expected, expected));
    assert_eq!(rest.amount_micro_usd, MicroUsd(i64::try_from(expected).unwrap() * STARTER_MICRO_USD));
    assert_eq!(charged(&desk).await, "2026-12-01 1 650");
    assert_eq!(desk.settlement.renew_due().await.unwrap(), suiftly_settlement::Renewals::default());
    assert_eq!(desk.text("SELECT count(*) FROM ledger").await, "650");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_each_by_two_at_once_and_orders_beside() {
    let desk = Desk::at("2026-11-10T00:00:00Z").await;
    many(&desk, 2 * RENEWED_A_TRANSACTION).await;
    desk.run("UPDATE customers SET current_balance_usd_cents = 100000").await;
    desk.go_to("2026-12-01T00:00:03Z");
    let other = desk.settlement.clone();
    let ordering = async {
        for id in [1, 299, 300, 301, 600] {
            let order = Order::Change(Subscription::of(Tier::Pro));
            desk.settlement.order(CustomerId::new(id).unwrap(), Service::Seal, order, None).await.unwrap();
        }
    };
    let (one, two, ()) = tokio::join!(desk.settlement.renew_due(), other.renew_due(), ordering);
    assert!(one.unwrap().months + two.unwrap().months <= 600);
    // Those who ordered have their renewal and the upgrade, whichever way they went.
    assert_eq!(charged(&desk).await, "2026-12-01 1 595, 2026-12-01 2 5");
    let expected = 600 * STARTER_MICRO_USD + 5 * STARTER_MICRO_USD;
    assert_eq!(desk.text("SELECT sum(fixed_in_all_micro_usd) FROM customers").await, expected.to_string());
    assert_eq!(desk.text("SELECT sum(amount_micro_usd) FROM ledger").await, expected.to_string());
}

#[tokio::test]
async fn months_that_were_missed_are_caught_up_one_by_one() {
    let desk = Desk::at("2026-10-16T00:00:00Z").await;
    let customer = desk.customer(1, 100_000, 30_000).await;
    let closed = desk.customer(2, 100_000, 0).await;
    for customer in [customer, closed] {
        let order = Order::Enable(Subscription { extra_api_keys: 1, ..Subscription::of(Tier::Pro) });
        desk.settlement.order(customer, Service::Seal, order, None).await.unwrap();
    }
    let smaller = Order::Change(Subscription::of(Tier::Starter));
    desk.settlement.order(customer, Service::Seal, smaller, None).await.unwrap();
    // Drawn for the last month, and for the one that comes.
    desk.run(
        "UPDATE billing_months SET charged_micro_usd = 21000000 WHERE customer_id = 1; \
         INSERT INTO billing_months (customer_id, month, charged_micro_usd) VALUES (1, '2026-12-01', 3000000), (1, '2027-01-01', 4500000); \
         UPDATE customers SET status = 'closed' WHERE id = 2",
    )
    .await;
    desk.go_to("2027-01-05T10:00:00Z");
    let renewed = desk.settlement.renew_due().await.unwrap();
    assert_eq!((renewed.months, renewed.items, renewed.amount_micro_usd.0), (6, 3, 3 * STARTER_MICRO_USD));
    let items = "SELECT string_agg(month || ' ' || item || ' ' || amount_micro_usd || ' ' || is_renewal, ', ' ORDER BY id) \
        FROM subscription_items WHERE customer_id = 1";
    let expected = "2026-10-01 tier 20645161 false, 2026-10-01 api_key 516129 false, 2026-11-01 tier 20000000 true, \
        2026-12-01 tier 20000000 true, 2027-01-01 tier 20000000 true";
    assert_eq!(desk.text(items).await, expected);
    let months = "SELECT string_agg(month || ' ' || fixed_micro_usd || ' ' || coalesce(limit_usd_cents::text, 'runs'), ', ' ORDER BY month) \
        FROM billing_months WHERE customer_id = 1";
    let expected =
        "2026-10-01 21161290 30000, 2026-11-01 20000000 30000, 2026-12-01 20000000 30000, 2027-01-01 20000000 runs";
    assert_eq!(desk.text(months).await, expected);
    let customers = "SELECT string_agg(current_month_start || ' ' || last_month_charged_usd_cents || ' ' || current_month_charged_usd_cents, ', ' \
        ORDER BY id) FROM customers";
    assert_eq!(desk.text(customers).await, "2027-01-01 300 450, 2027-01-01 0 0");
    assert_eq!(
        desk.text("SELECT count(*) FROM subscription_items WHERE customer_id = 2").await,
        "2",
        "closed accounts cost nothing"
    );
}

#[tokio::test]
async fn a_limit_changed_later_does_not_change_a_month_that_is_over() {
    let desk = Desk::at("2026-10-16T00:00:00Z").await;
    let customer = desk.customer(1, 100_000, 30_000).await;
    desk.go_to("2026-11-01T00:00:00Z");
    desk.settlement.renew_due().await.unwrap();
    desk.run("UPDATE customers SET max_monthly_usd_cents = 1000").await;
    desk.go_to("2026-12-01T00:00:00Z");
    desk.settlement.renew_due().await.unwrap();
    let money = desk.store.customer(customer).await.unwrap().unwrap();
    let limits: Vec<_> =
        money.months.iter().map(|row| (row.month.to_string(), row.limit.unwrap().unwrap().0)).collect();
    assert_eq!(limits, [("2026-10".to_owned(), 300_000_000), ("2026-11".to_owned(), 10_000_000)]);
}

#[tokio::test]
async fn what_was_enabled_before_there_was_money_is_charged_from_the_next_month_on() {
    let desk = Desk::at("2026-11-10T00:00:00Z").await;
    many(&desk, 1).await;
    desk.run("UPDATE service_instances SET paid_through = NULL, config = '{\"guaranteed_per_second\": 7}'").await;
    desk.go_to("2026-12-01T00:00:00Z");
    assert_eq!(desk.settlement.renew_due().await.unwrap().items, 1);
    assert_eq!(charged(&desk).await, "2026-12-01 1 1");
    assert_eq!(desk.text("SELECT config FROM service_instances").await, "{\"guaranteed_per_second\": 7}");
}

#[tokio::test]
async fn one_customers_trouble_is_nobody_elses() {
    let desk = Desk::at("2026-11-10T00:00:00Z").await;
    many(&desk, RENEWED_A_TRANSACTION + 20).await;
    // Nothing may be charged to a month that is closed.
    desk.run(
        "INSERT INTO billing_months (customer_id, month, payable_micro_usd, closed_at) \
            SELECT id, '2026-12-01', 0, '2027-01-02' FROM unnest(ARRAY[7, 320]) AS ids (id)",
    )
    .await;
    desk.go_to("2026-12-02T00:00:00Z");
    let renewed = desk.settlement.renew_due().await.unwrap();
    assert_eq!((renewed.months, renewed.refused), (u64::from(RENEWED_A_TRANSACTION) + 18, 2));
    assert_eq!(charged(&desk).await, "2026-12-01 1 318");
    let notices = desk.store.notices(&NoticeQuery { limit: 10, ..NoticeQuery::default() }).await.unwrap();
    let told: Vec<_> = notices.iter().map(|notice| (notice.customer.unwrap().get(), notice.severity)).collect();
    assert_eq!(told, [(320, Severity::Critical), (7, Severity::Critical)]);
    assert!(notices[0].body["cause"].as_str().unwrap().contains("it is closed"), "{}", notices[0].body);
    // Told once; done when it can be.
    assert_eq!(desk.settlement.renew_due().await.unwrap().refused, 0);
    desk.run("UPDATE billing_months SET closed_at = NULL, payable_micro_usd = NULL WHERE customer_id = 7").await;
    assert_eq!(desk.settlement.renew_due().await.unwrap().items, 1);
}
