//! Thresholds: told once for each crossing and period, by whoever looks.

use crate::receiver::Receiver;
use crate::world::{HOUR, Making, World, instant};
use suiftly_notify::AlertReport;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_store::accounts::{AlertChange, AlertMetric, AlertPeriod, NewAlert};

const MINUTE: i64 = 60_000;

fn alert(metric: AlertMetric, period: AlertPeriod, threshold: i64) -> NewAlert {
    let name = format!("{} of a {}", metric.word(), period.word());
    NewAlert { name, metric, period, service: None, threshold, by_email: false, by_webhook: true }
}

impl World {
    async fn set(&self, customer: CustomerId, alert: &NewAlert) -> i64 {
        self.store.create_alert(customer, alert, &self.act()).await.unwrap().unwrap().id
    }

    async fn change(&self, customer: CustomerId, id: i64, change: AlertChange) {
        self.store.change_alert(customer, id, &change, &self.act()).await.unwrap().unwrap();
    }

    async fn threshold(&self, customer: CustomerId, id: i64, threshold: i64) {
        self.change(customer, id, AlertChange { threshold: Some(threshold), ..AlertChange::default() }).await;
    }

    /// Requests of this hour: so many guaranteed, and one of each other class.
    async fn use_up(&self, customer: CustomerId, service: i16, guaranteed: i64) {
        let upsert = "INSERT INTO usage_per_hour AS u (customer_id, hour, service_type, network, guaranteed, burst, rejected, \
                client_error, server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms) \
            VALUES ($1, date_bin('1 hour', to_timestamp($2::bigint / 1000.0), '2000-01-01 00:00:00+00'), $3, 1, $4::bigint, 1, 1, 1, 1, 1, \
                $4, $4::bigint * 1000, 0, 0) \
            ON CONFLICT (customer_id, hour, service_type, network) DO UPDATE SET guaranteed = u.guaranteed + $4, \
                bytes_sent = u.bytes_sent + $4 * 1000";
        self.sql.execute(upsert, &[&customer.get(), &self.now().0, &service, &guaranteed]).await.unwrap();
    }

    /// Rated in this month, in dollars.
    async fn rate(&self, customer: CustomerId, service: i16, dollars: i64) {
        let upsert = "INSERT INTO rated AS r (month, customer_id, service_type, price_book, billable_requests, billable_bytes, \
                rated_micro_usd) \
            VALUES (date_trunc('month', to_timestamp($1::bigint / 1000.0) AT TIME ZONE 'UTC')::date, $2, $3, 1, 1, 0, $4) \
            ON CONFLICT (month, customer_id, service_type, price_book) DO UPDATE \
            SET rated_micro_usd = r.rated_micro_usd + $4";
        let micro = dollars * 1_000_000;
        self.sql.execute(upsert, &[&self.now().0, &customer.get(), &service, &micro]).await.unwrap();
    }

    async fn balance(&self, customer: CustomerId, cents: i64) {
        let update = "UPDATE customers SET current_balance_usd_cents = $2 WHERE id = $1";
        self.sql.execute(update, &[&customer.get(), &cents]).await.unwrap();
    }

    /// How many alerts were news.
    async fn look(&self) -> u64 {
        self.notifier.evaluate_alerts().await.unwrap().alerts
    }
}

#[tokio::test]
async fn once_a_crossing_and_again_the_next_period() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &receiver.url(), &["alert"]).await;
    let id = world.set(customer, &alert(AlertMetric::Requests, AlertPeriod::Hour, 100)).await;
    world.use_up(customer, 1, 94).await;
    assert_eq!(world.look().await, 0, "94 and five others are 99");
    world.use_up(customer, 1, 1).await;
    assert_eq!((world.look().await, world.look().await), (1, 0));
    world.use_up(customer, 1, 1_000).await;
    assert_eq!(world.look().await, 0, "still the same crossing");
    world.notifier.deliver_due().await.unwrap();
    let body = receiver.taken()[0].json();
    let expected = serde_json::json!({"alert_id": id, "name": "requests of a hour", "metric": "requests", "period": "hour",
        "of": "2026-11-22T14", "service": null, "threshold": 100, "value": 100});
    assert_eq!((body["type"].as_str(), &body["data"]), (Some("alert.crossed"), &expected));
    assert_eq!(world.told("alert_crossed").await, [expected]);
    world.pass_ms(HOUR);
    assert_eq!(world.look().await, 0, "nothing in the next hour yet");
    world.use_up(customer, 2, 200).await;
    assert_eq!((world.look().await, world.look().await), (1, 0));
    let row = world.store.alert(customer, id).await.unwrap().unwrap();
    assert_eq!((row.crossed.as_deref(), row.crossed_at), (Some("2026-11-22T15"), Some(world.now())));
    assert_eq!(world.deliveries(customer, webhook).await.len(), 2);
}

#[tokio::test]
async fn each_metric_and_period() {
    use AlertMetric::{BalanceBelow, Bytes, Errors, Rejected, Requests, Spend, SpendPercent};
    use AlertPeriod::{Day, Hour, Month};
    // Two hours of 100 requests and one of each other class by seal, one of 50 by grpc the day before.
    let cases = [
        (Requests, Hour, None, 105),
        (Requests, Day, None, 210),
        (Requests, Month, None, 265),
        (Requests, Month, Some(Service::Grpc), 55),
        (Bytes, Hour, None, 100_000),
        (Bytes, Month, None, 250_000),
        (Errors, Hour, None, 2),
        (Errors, Month, None, 6),
        (Rejected, Day, None, 2),
        (Rejected, Month, Some(Service::Seal), 2),
        // $30 and $5 of usage, $40 of subscriptions, $20 of them for seal; the limit is $250.
        (Spend, Month, None, 75_000_000),
        (Spend, Month, Some(Service::Seal), 50_000_000),
        (SpendPercent, Month, None, 30),
        (BalanceBelow, Month, None, 3_000_001),
    ];
    let world = World::new().await;
    let customer = world.customer(7).await;
    world.pass_ms(-24 * HOUR);
    world.use_up(customer, 2, 50).await;
    world.pass_ms(23 * HOUR);
    world.use_up(customer, 1, 100).await;
    world.pass_ms(HOUR);
    world.use_up(customer, 1, 100).await;
    world.rate(customer, 1, 30).await;
    world.rate(customer, 2, 5).await;
    // Somebody else's.
    let other = world.customer(8).await;
    world.use_up(other, 1, 1_000_000).await;
    world.rate(other, 1, 1_000).await;
    let fixed = "INSERT INTO billing_months (customer_id, month, fixed_micro_usd) VALUES (7, '2026-11-01', 40000000)";
    world.sql.batch_execute(fixed).await.unwrap();
    let items = "INSERT INTO subscription_items (customer_id, month, service_type, item, description, quantity, \
            monthly_micro_usd, days, days_in_month, amount_micro_usd, price_book, is_renewal, ordered_at) \
        SELECT 7, '2026-11-01', service, 'tier', 'x', 1, 20000000, 30, 30, 20000000, 1, true, now() FROM unnest(ARRAY[1, 2]) AS service";
    world.sql.batch_execute(items).await.unwrap();
    world.balance(customer, 300).await;
    for (metric, period, service, value) in cases {
        let not_yet = if metric == BalanceBelow { value - 1 } else { value + 1 };
        for (threshold, told) in [(not_yet, 0), (value, 1)] {
            let id = world.set(customer, &NewAlert { service, ..alert(metric, period, threshold) }).await;
            let found = world.look().await;
            assert_eq!(found, told, "{metric:?} {period:?} {service:?} {threshold}");
            world.store.delete_alert(customer, id, &world.act()).await.unwrap();
        }
    }
    // Without a limit there is no percentage of it.
    world.sql.batch_execute("UPDATE customers SET max_monthly_usd_cents = 0 WHERE id = 7").await.unwrap();
    world.set(customer, &alert(SpendPercent, Month, 1)).await;
    assert_eq!(world.look().await, 0);
    let told = world.told("alert_crossed").await;
    assert_eq!(told.len(), cases.len());
    for ((metric, _, _, value), body) in cases.into_iter().zip(told) {
        let value = if metric == BalanceBelow { value - 1 } else { value };
        assert_eq!(body["value"], value, "{body}");
    }
}

#[tokio::test]
async fn a_threshold_that_is_moved() {
    let world = World::new().await;
    let customer = world.customer(7).await;
    let id = world.set(customer, &alert(AlertMetric::Requests, AlertPeriod::Month, 100)).await;
    world.use_up(customer, 1, 65).await;
    assert_eq!(world.look().await, 0, "70 of 100");
    world.threshold(customer, id, 50).await;
    assert_eq!((world.look().await, world.look().await), (1, 0), "lowered below the value");
    world.threshold(customer, id, 20).await;
    assert_eq!(world.look().await, 0, "lowered once more: they know");
    world.threshold(customer, id, 200).await;
    assert_eq!(world.look().await, 0, "raised above the value");
    world.use_up(customer, 1, 130).await;
    assert_eq!((world.look().await, world.look().await), (1, 0), "and crossed again, in the same month");
    world.threshold(customer, id, 200).await;
    assert_eq!(world.look().await, 0, "set to what it was");
}

#[tokio::test]
async fn a_balance_is_told_each_time_it_falls() {
    let world = World::new().await;
    let customer = world.customer(7).await;
    world.balance(customer, 2_000).await;
    let id = world.set(customer, &alert(AlertMetric::BalanceBelow, AlertPeriod::Month, 10_000_000)).await;
    let mut told = Vec::new();
    for cents in [1_000, 999, 500, 1_000, 900, 900] {
        world.balance(customer, cents).await;
        told.push(world.look().await);
        world.pass_ms(1_000);
    }
    assert_eq!(told, [0, 1, 0, 0, 1, 0]);
    world.threshold(customer, id, 12_000_000).await;
    assert_eq!(world.look().await, 0, "raised: it was below already");
    world.threshold(customer, id, 8_000_000).await;
    assert_eq!(world.look().await, 0, "lowered below the balance");
    world.balance(customer, 700).await;
    assert_eq!((world.look().await, world.look().await), (1, 0));
}

#[tokio::test]
async fn what_comes_a_moment_after_the_hour_is_of_the_hour() {
    let world = World::new().await;
    world.clock.store(instant("2026-11-30T23:59:59Z").0, std::sync::atomic::Ordering::Relaxed);
    let customer = world.customer(7).await;
    for period in AlertPeriod::ALL {
        world.set(customer, &alert(AlertMetric::Requests, period, 100)).await;
    }
    world.use_up(customer, 1, 100).await;
    world.pass_ms(2_000);
    assert_eq!(world.look().await, 3);
    // Made after it, an alert has nothing to say of it.
    world.set(customer, &alert(AlertMetric::Requests, AlertPeriod::Hour, 100)).await;
    assert_eq!(world.look().await, 0);
    let of: Vec<String> =
        world.told("alert_crossed").await.iter().map(|body| body["of"].as_str().unwrap().to_owned()).collect();
    assert_eq!(of, ["2026-11-30T23", "2026-11-30", "2026-11"]);
    // The new hour is told by itself.
    world.use_up(customer, 1, 100).await;
    assert_eq!(world.look().await, 4);
    world.pass_ms(5 * MINUTE);
    assert_eq!(world.look().await, 0);
}

#[tokio::test]
async fn nobody_is_told_by_an_alert_that_is_off_or_of_a_closed_account() {
    let world = World::new().await;
    let (customer, closed) = (world.customer(7).await, world.customer(8).await);
    let id = world.set(customer, &alert(AlertMetric::Requests, AlertPeriod::Day, 1)).await;
    world.set(closed, &alert(AlertMetric::Requests, AlertPeriod::Day, 1)).await;
    for customer in [customer, closed] {
        world.use_up(customer, 1, 10).await;
    }
    world.sql.batch_execute("UPDATE customers SET status = 'closed' WHERE id = 8").await.unwrap();
    let switch = |is_enabled| AlertChange { is_enabled: Some(is_enabled), ..AlertChange::default() };
    world.change(customer, id, switch(false)).await;
    assert_eq!(world.look().await, 0);
    world.change(customer, id, switch(true)).await;
    assert_eq!(world.look().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_who_look_at_once_tell_it_once() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let mut webhooks = Vec::new();
    for number in 1..=20 {
        let customer = world.customer(number).await;
        webhooks.push((customer, world.webhook(customer, &receiver.url(), &["*"]).await.0));
        world.set(customer, &alert(AlertMetric::Requests, AlertPeriod::Day, 10)).await;
        world.use_up(customer, 1, 10).await;
    }
    let another = world.another(Making::default());
    let (one, other) = tokio::join!(world.notifier.evaluate_alerts(), another.evaluate_alerts());
    assert_eq!(one.unwrap().alerts + other.unwrap().alerts, 20);
    assert_eq!(world.told("alert_crossed").await.len(), 20);
    for (customer, webhook) in webhooks {
        assert_eq!(world.deliveries(customer, webhook).await.len(), 1);
    }
}

#[tokio::test]
async fn a_limit_is_told_once_and_again_when_another_is_reached() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &receiver.url(), &["limit"]).await;
    let put = "INSERT INTO spend VALUES (7, 'monthly_limit', '2026-11-01', 250000000, 250000000, now())";
    world.sql.batch_execute(put).await.unwrap();
    let told = || async { world.notifier.evaluate_alerts().await.unwrap() };
    assert_eq!(told().await, AlertReport { alerts: 0, limits: 1 });
    assert_eq!(told().await, AlertReport::default());
    world.sql.batch_execute("UPDATE customers SET max_monthly_usd_cents = 30000 WHERE id = 7").await.unwrap();
    assert_eq!(told().await.limits, 1);
    // The state of a month that is over is nobody's news.
    world.clock.store(instant("2026-12-01T00:00:00Z").0, std::sync::atomic::Ordering::Relaxed);
    world.sql.batch_execute("UPDATE customers SET max_monthly_usd_cents = 40000 WHERE id = 7").await.unwrap();
    assert_eq!(told().await.limits, 0);
    let types: Vec<String> =
        world.deliveries(customer, webhook).await.into_iter().map(|delivery| delivery.event_type).collect();
    assert_eq!(types, ["limit.reached", "limit.reached"]);
}

#[tokio::test]
async fn there_are_fifty_at_most_even_at_once() {
    let world = World::new().await;
    let customer = world.customer(7).await;
    let one = alert(AlertMetric::Requests, AlertPeriod::Day, 10);
    for _ in 0..45 {
        world.set(customer, &one).await;
    }
    let act = world.act();
    let makings = (0..8).map(|_| world.store.create_alert(customer, &one, &act));
    let made = futures::future::join_all(makings).await;
    assert_eq!(made.into_iter().filter(|made| made.as_ref().unwrap().is_some()).count(), 5);
    assert_eq!(world.store.alerts(customer).await.unwrap().len(), 50);
}
