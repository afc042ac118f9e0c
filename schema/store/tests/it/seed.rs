//! Demo customers and their keys, and the grants that come of them.

use data_encoding::HEXUPPER;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use suiftly_schema::api_key::{ApiKey, ApiKeySecret};
use suiftly_schema::ids::Service;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::Entity;
use suiftly_schema::sealed::Keyring;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::KeyMaker;
use suiftly_store::money::MoneyStore;
use suiftly_store::outbox::Outbox;
use suiftly_store::seed::{DEMO_CUSTOMERS, DemoKey, Opening, bulk_key, come, fill, seed};
use suiftly_store::testing::{TestDatabase, on_each_store};

fn secret() -> ApiKeySecret {
    ApiKeySecret::new([7; 32])
}

async fn run(database: &TestDatabase, secret: &ApiKeySecret, held: &[ApiKey]) -> Vec<DemoKey> {
    let at_rest = Keyring::of(vec![(1, [9; 32])]).unwrap();
    seed(database.config(), KeyMaker { secret, at_rest: &at_rest }, DEMO_CUSTOMERS, held, &Opening::default())
        .await
        .unwrap()
}

fn full(keys: &[DemoKey]) -> Vec<ApiKey> {
    keys.iter().map(|key| key.key.clone()).collect()
}

/// Hashes of the keys that can be used.
async fn active(database: &TestDatabase) -> BTreeSet<String> {
    let select = "SELECT key_sha256 FROM api_keys WHERE state = 'active'";
    database.client().await.query(select, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn hashes(keys: &[DemoKey]) -> BTreeSet<String> {
    keys.iter().map(|key| key.key.sha256_hex()).collect()
}

#[tokio::test]
async fn seeding_again_keeps_what_is_held_and_replaces_what_is_lost() {
    on_each_store(async |database| {
        let first = run(database, &secret(), &[]).await;
        let wanted: usize = DEMO_CUSTOMERS.iter().flat_map(|c| c.services).map(|s| s.key_networks.len()).sum();
        assert_eq!(first.len(), wanted);
        let again = run(database, &secret(), &full(&first)).await;
        assert_eq!(full(&again), full(&first));

        // The file lost its first key, and holds one that the database never knew.
        let mut held = full(&first);
        held[0] = first[1].key.clone();
        let replaced = run(database, &secret(), &held).await;
        assert_ne!(replaced[0].key, first[0].key);
        assert_eq!(full(&replaced)[1..], full(&first)[1..]);
        assert_eq!(active(database).await, hashes(&replaced));

        // Another secret: no held key is one of its own.
        let other = ApiKeySecret::new([8; 32]);
        let reissued = run(database, &other, &full(&replaced)).await;
        assert!(hashes(&reissued).is_disjoint(&hashes(&replaced)));
        let customers: i64 =
            database.client().await.query_one("SELECT count(*) FROM customers", &[]).await.unwrap().get(0);
        assert_eq!(customers, i64::try_from(DEMO_CUSTOMERS.len()).unwrap());
    })
    .await;
}

#[tokio::test]
async fn who_has_come_with_a_wallet_has_no_funds_of_the_embedded_escrow() {
    on_each_store(async |database| {
        let named: Vec<_> = (1..)
            .zip(DEMO_CUSTOMERS)
            .map(|(n, customer)| (customer.display_name, format!("0x{n:064x}")))
            .collect();
        for _ in 0..2 {
            come(database.config(), &named, &Opening::default()).await.unwrap();
        }
        let sums = "SELECT count(*), (SELECT count(*) FROM embedded_escrow_accounts), sum(current_balance_usd_cents)::bigint, \
            min(wallet_address) FROM customers";
        let row = database.client().await.query_one(sums, &[]).await.unwrap();
        let customers = i64::try_from(DEMO_CUSTOMERS.len()).unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)), (customers, 0, 0));
        assert_eq!(row.get::<_, String>(3), named[0].1);
        // Their services are ordered, and that wants funds.
        let at_rest = Keyring::of(vec![(1, [9; 32])]).unwrap();
        let maker = KeyMaker { secret: &secret(), at_rest: &at_rest };
        assert!(seed(database.config(), maker, DEMO_CUSTOMERS, &[], &Opening::default()).await.is_err());
        let funded = "UPDATE customers SET current_balance_usd_cents = 50000";
        database.client().await.batch_execute(funded).await.unwrap();
        let keys = run(database, &secret(), &[]).await;
        assert_eq!(keys[0].wallet_address, named[0].1);
    })
    .await;
}

#[tokio::test]
async fn keys_say_who_they_are_and_what_their_tier_allows() {
    on_each_store(async |database| {
        let keys = run(database, &secret(), &[]).await;
        for key in &keys {
            let claims = key.key.verify(&secret()).unwrap();
            assert_eq!((key.customer_id, key.service), (claims.customer_id, claims.service));
            assert_eq!(key.network, claims.metadata.network());
        }
        let limits = |name: &str, service: Service| {
            let key = keys.iter().find(|key| key.display_name == name && key.service == service).unwrap();
            (key.guaranteed_per_second, key.burst_per_second)
        };
        assert_eq!(limits("Nightjar Games", Service::Seal), (5_000, 10_000));
        assert_eq!(limits("Fernway", Service::Grpc), (1_000, 1_000));
        assert_eq!(limits("Kelpmarket", Service::Seal), (500, 500));
        assert_eq!(limits("Mica Social", Service::Seal), (20, 40));
    })
    .await;
}

#[tokio::test]
async fn reference_rows_that_cannot_be_are_refused() {
    let database = TestDatabase::create().await;
    let keys = run(&database, &secret(), &[]).await;
    let id = keys[0].customer_id;
    let client = database.client().await;
    for change in [
        "UPDATE customers SET max_monthly_usd_cents = 999 WHERE id = $1",
        "UPDATE customers SET current_balance_usd_cents = -1 WHERE id = $1",
        "UPDATE customers SET status = 'gone' WHERE id = $1",
        "UPDATE customers SET wallet_address = '0xAB' WHERE id = $1",
        "UPDATE customers SET current_month_start = '2026-11-02' WHERE id = $1",
        "UPDATE customers SET alert_email = 'nobody' WHERE id = $1",
        "UPDATE service_instances SET is_enabled = false WHERE customer_id = $1",
        "UPDATE service_instances SET tier = 'free' WHERE customer_id = $1",
        "UPDATE service_instances SET disabled_at = '1999-01-01' WHERE customer_id = $1",
        "UPDATE api_keys SET network = 1 - network WHERE customer_id = $1",
        "UPDATE api_keys SET state = 'deleted' WHERE customer_id = $1",
        "UPDATE api_keys SET state = 'revoked' WHERE customer_id = $1",
        "UPDATE api_keys SET key_sha256 = lower(key_sha256) WHERE customer_id = $1",
        "UPDATE api_keys SET api_key_fp = 4294967296 WHERE customer_id = $1",
    ] {
        let error = client.execute(change, &[&id.get()]).await.map(|_| ()).unwrap_err();
        assert_eq!(error.code().unwrap().code(), "23514", "{change}");
    }
}

#[tokio::test]
async fn keys_in_bulk_are_told_like_any_once() {
    on_each_store(async |database| {
        for keys in [4, 7, 7] {
            fill(database.config(), keys).await.unwrap();
        }
        let told = Outbox::new(database.config()).after(0, 1_000).await.unwrap();
        let (mut hashes, mut served) = (BTreeSet::new(), BTreeSet::new());
        for change in &told {
            match &change.entity {
                Entity::Key(key) => {
                    assert!(served.contains(&key.customer_id), "a key's service is told before it");
                    assert!(hashes.insert(key.key_sha256.clone()), "once");
                }
                Entity::Service(service) => _ = served.insert(service.customer_id),
                Entity::Account(account) => assert!(account.balance > MicroUsd(0)),
                Entity::PriceBook(_) | Entity::LogFormat(_) => {}
            }
        }
        let expected: BTreeSet<String> =
            (0..7).map(|number| HEXUPPER.encode(&Sha256::digest(bulk_key(number)))).collect();
        assert_eq!((hashes, served.len()), (expected, 4));
        let money = MoneyStore::new(database.config()).unwrap();
        assert_eq!(money.ledger_check().await.unwrap().differences, []);
    })
    .await;
}

#[tokio::test]
async fn customers_may_have_been_there_before() {
    let database = TestDatabase::create().await;
    let at_rest = Keyring::of(vec![(1, [9; 32])]).unwrap();
    let maker = KeyMaker { secret: &secret(), at_rest: &at_rest };
    let since = UnixMillis::parse_rfc3339("2026-10-18T09:30:00Z").unwrap();
    let opening = Opening { since: Some(since), deposit_usd_cents: 800_000, limit_usd_cents: 500_000 };
    seed(database.config(), maker, DEMO_CUSTOMERS, &[], &opening).await.unwrap();
    let since_then = "SELECT count(*) FROM customers JOIN service_instances ON customer_id = id \
        WHERE created_at = $1::text::timestamptz AND enabled_at = created_at AND current_month_start = '2026-10-01' \
        AND current_balance_usd_cents = 800000 AND max_monthly_usd_cents = 500000";
    let found: i64 = database.client().await.query_one(since_then, &[&since.rfc3339()]).await.unwrap().get(0);
    let services: usize = DEMO_CUSTOMERS.iter().map(|customer| customer.services.len()).sum();
    assert_eq!(found, i64::try_from(services).unwrap());
    let money = MoneyStore::new(database.config()).unwrap();
    assert_eq!(money.ledger_check().await.unwrap().differences, []);
}
