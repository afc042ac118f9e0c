//! Prices and what is held against them: publishing a book, everybody's month for a what-if, and the shadow job's counts.

use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::{BillableRule, Price, PriceBook, Quantity, StatusRange};
use suiftly_schema::subscription::{Subscription, Tier};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_store::money::{
    MoneyStore, PublishRefused, RecordQuery, ShadowCounts, ShadowHour, ShadowRows, ShadowSummary,
};
use suiftly_store::reader::Reader;
use suiftly_store::testing::{Client, TestDatabase, on_each_store};

const HOUR_MS: i64 = 3_600_000;

fn now() -> UnixMillis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixMillis(i64::try_from(since.as_millis()).unwrap())
}

fn customer(id: i64) -> CustomerId {
    CustomerId::new(id).unwrap()
}

fn book(version: u32, effective_from: UnixMillis) -> PriceBook {
    PriceBook { version, effective_from, ..PriceBook::v1() }
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

#[tokio::test]
async fn a_book_is_published_once_before_it_takes_effect_and_told() {
    let database = TestDatabase::create().await;
    let (store, client) = (MoneyStore::new(database.config()).unwrap(), database.client().await);
    let now = UnixMillis::parse_rfc3339("2026-11-22T10:30:00Z").unwrap();
    let next_hour = now.hour().plus_ms(HOUR_MS);
    let second = PriceBook { requests: Price::per_unit(MicroUsd(2_000_000), 10_000), ..book(2, next_hour) };
    run(&client, "DELETE FROM outbox").await;
    assert_eq!(store.publish_price_book(&second, now).await.unwrap(), Ok(()));
    assert_eq!(store.publish_price_book(&second, now).await.unwrap(), Ok(()), "as it is, again");
    assert_eq!(store.price_books().await.unwrap().in_force(next_hour), &second);
    let told = client.query("SELECT kind, entity ->> 'version' FROM outbox", &[]).await.unwrap();
    let told: Vec<(String, String)> = told.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(told, [("price_book".to_owned(), "2".to_owned())], "once");

    let too_late = book(3, next_hour.plus_ms(HOUR_MS));
    let cases = [
        (too_late.clone(), next_hour.plus_ms(HOUR_MS - 15 * 60_000 + 1), "must be published 15 minutes before"),
        (book(3, next_hour.plus_ms(HOUR_MS + 1)), now, "whole UTC hour"),
        (book(2, next_hour.plus_ms(HOUR_MS)), now, "with a higher version"),
        (book(3, next_hour), now, "after the one before it"),
        (PriceBook { requests: Price::per_unit(MicroUsd(-1), 1), ..too_late.clone() }, now, "$"),
        (
            PriceBook { requests: Price { free_units: 5, ..Price::per_unit(MicroUsd(1), 1) }, ..too_late },
            now,
            "with a month",
        ),
    ];
    for (refused, at, why) in cases {
        let error = store.publish_price_book(&refused, at).await.unwrap().unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(matches!(error, PublishRefused::Late { .. }), why.starts_with("must be published"));
    }
    let rows = client.query("SELECT FROM price_books", &[]).await.unwrap();
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn everybodys_month_is_read_in_one_pass() {
    let database = TestDatabase::create().await;
    let (store, client) = (MoneyStore::new(database.config()).unwrap(), database.client().await);
    store
        .publish_price_book(&book(2, UnixMillis::parse_rfc3339("2026-11-10T00:00:00Z").unwrap()), UnixMillis(0))
        .await
        .unwrap()
        .unwrap();
    run(&client, "INSERT INTO rated VALUES ('2026-11-01', 1, 1, 1, 10, 20, 1000), ('2026-11-01', 1, 1, 2, 5, 7, 500),
            ('2026-11-01', 1, 0, 2, 3, 0, 300), ('2026-11-01', 7, 2, 2, 1, 1, 100), ('2026-10-01', 7, 2, 2, 9, 9, 900);
        INSERT INTO customers (id, wallet_address, display_name, current_month_start) SELECT n, '0x' || lpad(to_hex(n), 64, '0'), 'n', '2026-11-01' FROM generate_series(1, 3) AS n;
        INSERT INTO service_instances (customer_id, service_type, tier, is_enabled, config, enabled_at, disabled_at, extra_packages) VALUES
            (1, 1, 'pro', true, '{\"burst\": true}', now(), NULL, 4), (1, 2, 'starter', true, '{\"burst\": true}', now(), NULL, 0),
            (2, 1, 'enterprise', true, '{}', now(), NULL, 0), (3, 1, 'pro', false, '{}', now(), now(), 0)").await;
    let mut months = store.customer_months(BillingMonth::parse("2026-11").unwrap()).await.unwrap();
    let usage = |billable_requests, billable_bytes| Quantity { billable_requests, billable_bytes };
    months.iter_mut().for_each(|month| month.usage.sort_unstable_by_key(|(service, _)| *service));
    months.iter_mut().for_each(|month| month.subscriptions.sort_unstable_by_key(|it| std::cmp::Reverse(it.tier)));
    assert_eq!(months.iter().map(|month| month.customer_id.get()).collect::<Vec<_>>(), [1, 2, 7]);
    assert_eq!(months[0].usage, [(None, usage(3, 0)), (Some(Service::Seal), usage(15, 27))]);
    let pro = Subscription { burst: true, extra_packages: 4, ..Subscription::of(Tier::Pro) };
    assert_eq!(months[0].subscriptions, [pro, Subscription::of(Tier::Starter)]);
    assert_eq!((months[1].usage.len(), &*months[1].subscriptions), (0, &[Subscription::of(Tier::Enterprise)][..]));
    assert_eq!((&*months[2].usage, months[2].subscriptions.len()), (&[(Some(Service::Grpc), usage(1, 1))][..], 0));
}

/// A journal whose clock is `cut_at`.
async fn watermark(client: &Client, cut_at: UnixMillis) {
    let sql = format!("INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, rejected, records)
        VALUES ('a', 5, '{}', 0, 0, 0, 0, 0, '{{}}', 0)", cut_at.rfc3339());
    run(client, &sql).await;
}

async fn record(
    client: &Client,
    at: UnixMillis,
    (customer, service): (i64, i16),
    (traffic, status): (i16, i16),
    (bytes, repeat): (i64, i32),
) {
    let sql = format!(
        "INSERT INTO haproxy_raw_logs (timestamp, customer_id, network, service_type, api_key_fp, traffic_type,
        event_type, status_code, bytes_sent, time_total, backend_id, termination_state, repeat, journal_offset)
        VALUES ('{}', {customer}, 1, {service}, 0, {traffic}, 0, {status}, {bytes}, 1, 0, '--', {repeat}, 0)",
        at.rfc3339()
    );
    run(client, &sql).await;
}

async fn usage(client: &Client, hour: UnixMillis, customer: i64, service: i16, counts: ShadowCounts) {
    let ShadowCounts { requests, billable_requests, billable_bytes } = counts;
    let sql = format!("INSERT INTO usage_per_hour (customer_id, hour, service_type, network, guaranteed, burst, rejected,
        client_error, server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms)
        VALUES ({customer}, '{}', {service}, 1, {requests}, 0, 0, 0, 0, 0, {billable_requests}, 0, {billable_bytes}, 0)", hour.rfc3339());
    run(client, &sql).await;
}

fn hours_of(rows: &ShadowRows, customer: i64) -> Vec<&ShadowHour> {
    rows.hours.iter().filter(|hour| hour.customer_id.get() == customer).collect()
}

#[tokio::test]
async fn hours_are_counted_and_priced_again_out_of_the_raw_records() {
    on_each_store(async |database| {
        let (store, client) = (MoneyStore::new(database.config()).unwrap(), database.client().await);
        assert_eq!(store.shadow_rows(1).await.unwrap(), ShadowRows::default(), "nothing there yet");
        let now = now();
        let (running, hour) = (now.hour(), now.hour().plus_ms(-10 * HOUR_MS));
        watermark(&client, now).await;
        // Billed: 200 and 399 of traffic 1 and 2. Not: refused, denied, without an answer, without a traffic type.
        for (traffic, status, bytes, repeat) in [
            (1, 200, 100, 1),
            (2, 399, 1 << 30, 3),
            (1, 404, 7, 1),
            (3, 429, 7, 1),
            (1, -1, 7, 1),
            (0, 200, 7, 1),
            (1, 99, 7, 1),
        ] {
            record(&client, hour.plus_ms(HOUR_MS - 1), (7, 2), (traffic, status), (bytes, repeat)).await;
        }
        record(&client, hour.plus_ms(HOUR_MS), (7, 2), (1, 200), (5, 1)).await;
        record(&client, hour.plus_ms(2 * HOUR_MS), (9, 1), (1, 200), (5, 1)).await;
        record(&client, running, (7, 2), (1, 200), (5, 1)).await;
        let counts = ShadowCounts { requests: 9, billable_requests: 4, billable_bytes: (1 << 30) + 100 };
        usage(&client, hour, 7, 2, counts).await;
        let nothing = ShadowCounts::default();
        let other = ShadowCounts { requests: 2, billable_requests: 2, billable_bytes: 5 };
        usage(&client, hour.plus_ms(2 * HOUR_MS), 9, 1, other).await;
        usage(&client, hour.plus_ms(2 * HOUR_MS), 9, 3, other).await;
        // A gateway's own synthetic requests are not rated: they are none of the customers that are compared.
        let canary = suiftly_schema::vault::canary_customer(17).unwrap().get();
        usage(&client, hour, canary, 2, other).await;
        for id in [suiftly_schema::vault::CANARY_BASE - 1, 1 << 31] {
            usage(&client, hour, id, 2, other).await;
        }
        usage(&client, running, 7, 2, other).await;
        usage(&client, now.hour().plus_ms(-60 * HOUR_MS), 7, 2, other).await;
        let month = hour.month();
        run(&client, &format!("INSERT INTO rated VALUES ('{month}-01', 7, 2, 1, 1, 2, 300)")).await;

        let rows = store.shadow_rows(1).await.unwrap();
        assert_eq!(rows.customers, 4, "ids beside those of gateways are customers");
        assert_eq!(hours_of(&rows, canary), Vec::<&ShadowHour>::new());
        let of_7 = hours_of(&rows, 7);
        let amount = PriceBook::v1().rate(Some(Service::Grpc), 4, (1 << 30) + 100);
        let expected = ShadowHour {
            customer_id: customer(7),
            hour,
            service: Some(Service::Grpc),
            network: Some(Network::Mainnet),
            recounted: counts,
            stored: counts,
            price_book: 1,
            amount: Some(amount),
        };
        assert_eq!(
            of_7,
            [&expected],
            "neither the running hour, nor one whose raw records may be gone, nor one that is in no view"
        );
        let of_9: Vec<_> = hours_of(&rows, 9).into_iter().map(|it| (it.service, it.recounted, it.stored)).collect();
        let one = ShadowCounts { requests: 1, billable_requests: 1, billable_bytes: 5 };
        assert_eq!(of_9, [(Some(Service::Seal), one, other), (Some(Service::Graphql), nothing, other)]);
        // The month, as hours of it add up, and as it is rated. The running hour counts too, and the old one.
        let of_month = rows.months.iter().find(|it| (it.customer_id.get(), it.month) == (7, month)).unwrap();
        assert_eq!((of_month.rated, of_month.rated_amount, of_month.price_book), ((1, 2), MicroUsd(300), 1));
        let (requests, bytes) = of_month.hours;
        assert!(requests >= counts.billable_requests && bytes >= counts.billable_bytes, "{of_month:?}");
        assert_eq!(of_month.amount, Some(PriceBook::v1().rate(of_month.service, requests, bytes)));
    })
    .await;
}

#[tokio::test]
async fn amounts_in_sql_are_those_of_the_rating_function() {
    let database = TestDatabase::create().await;
    let (store, client) = (MoneyStore::new(database.config()).unwrap(), database.client().await);
    let now = now();
    let hour = now.hour().plus_ms(-9 * HOUR_MS);
    watermark(&client, now).await;
    // Prices that do not divide; a service of its own; billable is what others do not bill.
    let mut book = book(2, hour);
    book.requests = Price::per_unit(MicroUsd(7), 3);
    book.requests_for = [(Service::Sealo, Price::per_unit(MicroUsd(999_999_999_999), 1))].into();
    book.bytes = Price::per_unit(MicroUsd(11), 13);
    book.bytes_billed_for = vec![Service::Graphql, Service::Sealo];
    let statuses = vec![StatusRange { from: 201, to: 201 }, StatusRange { from: 404, to: 499 }];
    book.billable = BillableRule { traffic_types: vec![0, 5], statuses };
    store.publish_price_book(&book, UnixMillis(0)).await.unwrap().unwrap();
    let cases = [
        (1, 1, 10),
        (3, 1, 10),
        (3, 2, 14),
        (3, 1_000_003, 1 << 40),
        (6, 1_000_000, 0),
        (2, 5, 99),
        (0, 4, 4),
        (4, 0, 0),
    ];
    for (at, (service, requests, bytes)) in cases.into_iter().enumerate() {
        let id = i64::try_from(at).unwrap() + 1;
        if requests > 0 {
            record(&client, hour, (id, service), (5, 404), (bytes, requests)).await;
        }
        record(&client, hour, (id, service), (1, 200), (5, 1)).await;
        record(&client, hour, (id, service), (0, 202), (5, 1)).await;
        usage(&client, hour, id, service, ShadowCounts::default()).await;
    }
    let rows = store.shadow_rows(3).await.unwrap();
    assert_eq!(rows.hours.len(), cases.len());
    for (hour, (_, requests, bytes)) in rows.hours.iter().zip(cases) {
        let counts = ShadowCounts {
            requests: i64::from(requests) + 2,
            billable_requests: requests.into(),
            billable_bytes: bytes,
        };
        assert_eq!((hour.recounted, hour.price_book), (counts, 2));
        assert_eq!(hour.amount, Some(book.rate(hour.service, requests.into(), bytes)), "{hour:?}");
    }
    // What is taken back.
    run(&client, "UPDATE usage_per_hour SET billable_requests = -5, billable_bytes = -7 WHERE customer_id = 2").await;
    let rows = store.shadow_rows(3).await.unwrap();
    let month = rows.months.iter().find(|month| month.customer_id.get() == 2).unwrap();
    assert_eq!((month.hours, month.amount), ((-5, -7), Some(book.rate(Some(Service::Graphql), -5, -7))));
    // A price that depends on the month has no amount by itself.
    run(&client, "ALTER TABLE price_books DISABLE TRIGGER price_books_are_final; UPDATE price_books SET book = jsonb_set(book, '{requests,free_units}', '5') WHERE version = 2").await;
    assert!(
        store
            .shadow_rows(3)
            .await
            .unwrap()
            .hours
            .iter()
            .all(|hour| hour.amount.is_none() == (hour.service != Some(Service::Sealo)))
    );
}

#[tokio::test]
async fn a_check_is_recorded_and_a_difference_is_told() {
    let database = TestDatabase::create().await;
    let store = MoneyStore::new(database.config()).unwrap();
    assert_eq!(store.last_shadow_check().await.unwrap(), None);
    let at = UnixMillis::parse_rfc3339("2026-11-22T10:30:00Z").unwrap();
    let clean = ShadowSummary { checked_at: at, customers: 5, hours: 30, mismatches: 0 };
    let soiled = ShadowSummary { checked_at: at.plus_ms(HOUR_MS), mismatches: 2, ..clean };
    store.record_shadow_check(&clean, &[]).await.unwrap();
    assert_eq!(store.last_shadow_check().await.unwrap(), Some(clean));
    store.record_shadow_check(&soiled, &[serde_json::json!({"of": "hour"})]).await.unwrap();
    assert_eq!(store.last_shadow_check().await.unwrap(), Some(soiled));
    let client = database.client().await;
    let told = client.query("SELECT severity, kind, body -> 'mismatches' = '2' FROM notifications", &[]).await.unwrap();
    let told: Vec<(String, String, bool)> = told.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(told, [("critical".to_owned(), "shadow_mismatch".to_owned(), true)]);
}

/// What a document's hour is shown to be made of, and what `db check` counts again.
#[tokio::test]
async fn raw_records_are_billed_by_the_book_of_their_hour() {
    on_each_store(async |database| {
        let (store, client) = (MoneyStore::new(database.config()).unwrap(), database.client().await);
        let hour = now().hour().plus_ms(-2 * HOUR_MS);
        let (before, statuses) = (hour.plus_ms(-60_000), vec![StatusRange { from: 404, to: 404 }]);
        let billable = BillableRule { traffic_types: vec![0, 5], statuses };
        store.publish_price_book(&PriceBook { billable, ..book(2, hour) }, UnixMillis(0)).await.unwrap().unwrap();
        for at in [before, hour] {
            for (traffic, status, bytes) in [(1, 200, 1), (5, 404, 10), (0, 404, 100), (1, 404, 1_000)] {
                record(&client, at, (7, 2), (traffic, status), (bytes, 1)).await;
            }
        }
        let of = |hour, service, billed_only| RecordQuery {
            customer: customer(7),
            service,
            network: None,
            hour,
            billed_only,
            after: None,
            limit: 10,
        };
        let billed = async |hour| {
            let found = store.records_of(&of(hour, Some(Some(Service::Grpc)), true)).await.unwrap();
            let mut bytes: Vec<_> = found.iter().map(|record| record.bytes_sent).collect();
            bytes.sort_unstable();
            bytes
        };
        assert_eq!(billed(before.hour()).await, [1]);
        assert_eq!(billed(hour).await, [10, 100]);
        let all = store.records_of(&of(hour, None, false)).await.unwrap();
        let mut all: Vec<_> = all.iter().map(|one| (one.bytes_sent, one.is_billed, one.class.word())).collect();
        all.sort_unstable();
        let expected = [
            (1, false, "guaranteed"),
            (10, true, "rejected"),
            (100, true, "client_error"),
            (1_000, false, "client_error"),
        ];
        assert_eq!(all, expected);
        assert!(store.records_of(&of(hour, Some(Some(Service::Seal)), false)).await.unwrap().is_empty());
        for (minute, requests, bytes) in [(before, 1, 1), (hour, 2, 110)] {
            let sql = format!(
                "INSERT INTO usage_per_minute (customer_id, minute, service_type, network, guaranteed, burst, rejected,
                client_error, server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms)
                VALUES (7, '{}', 2, 1, 1, 0, 1, 2, 0, 0, {requests}, 1111, {bytes}, 4)",
                minute.rfc3339()
            );
            run(&client, &sql).await;
        }
        let reader = Reader::new(database.config(), "a").unwrap();
        assert_eq!(reader.usage_differences().await.unwrap(), 0);
        run(&client, "UPDATE usage_per_minute SET billable_bytes = billable_bytes + 1").await;
        assert_eq!(reader.usage_differences().await.unwrap(), 2);
    })
    .await;
}
