//! Demo customers and their keys, and the grants that come of them.

use std::collections::BTreeSet;
use suiftly_schema::api_key::{ApiKey, ApiKeySecret};
use suiftly_schema::grant::{Grant, GrantState};
use suiftly_schema::ids::Service;
use suiftly_schema::sealed::Keyring;
use suiftly_store::accounts::KeyMaker;
use suiftly_store::reader::Reader;
use suiftly_store::seed::{DEMO_CUSTOMERS, DemoKey, seed};
use suiftly_store::testing::{TestDatabase, on_each_store};

fn secret() -> ApiKeySecret {
    ApiKeySecret::new([7; 32])
}

async fn run(database: &TestDatabase, secret: &ApiKeySecret, held: &[ApiKey]) -> Vec<DemoKey> {
    let at_rest = Keyring::of(vec![(1, [9; 32])]).unwrap();
    seed(database.config(), KeyMaker { secret, at_rest: &at_rest }, DEMO_CUSTOMERS, held).await.unwrap()
}

fn full(keys: &[DemoKey]) -> Vec<ApiKey> {
    keys.iter().map(|key| key.key.clone()).collect()
}

async fn grants(database: &TestDatabase) -> Vec<Grant> {
    Reader::new(database.config(), "seed").unwrap().grants().await.unwrap()
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
        let granted: BTreeSet<String> = grants(database).await.into_iter().map(|grant| grant.key_sha256).collect();
        assert_eq!(granted, hashes(&replaced));

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
async fn grants_follow_keys_services_and_customers() {
    on_each_store(async |database| {
        let keys = run(database, &secret(), &[]).await;
        let granted = grants(database).await;
        assert_eq!(granted.len(), keys.len());
        for key in &keys {
            let grant = granted.iter().find(|grant| grant.key_sha256 == key.key.sha256_hex()).unwrap();
            let claims = key.key.verify(&secret()).unwrap();
            assert_eq!((grant.customer_id, grant.service), (claims.customer_id, claims.service));
            assert_eq!((grant.network, grant.key_metadata), (key.network, claims.metadata.bits()));
            assert_eq!((grant.api_key_fp, grant.state), (key.key.fingerprint(), GrantState::Active));
        }
        let limits = |name: &str, service: Service| {
            let key = keys.iter().find(|key| key.display_name == name && key.service == service).unwrap();
            let grant = granted.iter().find(|grant| grant.key_sha256 == key.key.sha256_hex()).unwrap();
            (grant.guaranteed_per_second, grant.burst_per_second)
        };
        assert_eq!(limits("Nightjar Games", Service::Seal), (5_000, 10_000));
        assert_eq!(limits("Fernway", Service::Grpc), (1_000, 1_000));
        assert_eq!(limits("Kelpmarket", Service::Seal), (500, 500));
        assert_eq!(limits("Mica Social", Service::Seal), (20, 40));

        let client = database.client().await;
        let of = |name: &str| keys.iter().find(|key| key.display_name == name).unwrap().customer_id.get();
        for (change, name) in [
            ("UPDATE customers SET status = 'suspended' WHERE id = $1", "Nightjar Games"),
            ("UPDATE customers SET status = 'closed' WHERE id = $1", "Fernway"),
            ("UPDATE service_instances SET is_enabled = false, disabled_at = now() WHERE customer_id = $1", "Quayside"),
        ] {
            client.execute(change, &[&of(name)]).await.unwrap();
            let after = grants(database).await;
            assert_eq!(after.len(), granted.len());
            for grant in after.iter().filter(|grant| grant.customer_id.get() == of(name)) {
                assert_eq!(grant.state, GrantState::Suspended, "{name}");
            }
        }
        let revoke = "UPDATE api_keys SET state = 'revoked', revoked_at = now() WHERE customer_id = $1";
        client.execute(revoke, &[&of("Abacus Pay")]).await.unwrap();
        assert!(grants(database).await.iter().all(|grant| grant.customer_id.get() != of("Abacus Pay")));
        let active = grants(database).await.iter().filter(|grant| grant.state == GrantState::Active).count();
        assert_eq!(active, 2);
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
