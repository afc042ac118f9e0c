//! What `ma_vault.csv` takes from the database: keys in full, tiers, and the vault to be compared with.

use std::collections::BTreeMap;
use suiftly_schema::api_key::{ApiKey, ApiKeySecret};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::sealed::Keyring;
use suiftly_schema::spend::SpendState;
use suiftly_schema::subscription::Tier;
use suiftly_schema::view::{AccessGrant, KeyGrant};
use suiftly_store::accounts::{AccountStore, KeptKey, KeyMaker};
use suiftly_store::reader::Reader;
use suiftly_store::seed::{DEMO_CUSTOMERS, DemoKey, Opening, seed};
use suiftly_store::testing::{TestDatabase, on_each_store};

const SECRET: ApiKeySecret = ApiKeySecret::new([7; 32]);

fn at_rest(id: u16) -> Keyring {
    Keyring::of(vec![(id, [9; 32])]).unwrap()
}

async fn seeded(database: &TestDatabase) -> Vec<DemoKey> {
    let at_rest = at_rest(1);
    seed(database.config(), KeyMaker { secret: &SECRET, at_rest: &at_rest }, DEMO_CUSTOMERS, &[], &Opening::default())
        .await
        .unwrap()
}

fn by_hash(kept: Vec<KeptKey>) -> BTreeMap<String, KeptKey> {
    kept.into_iter().map(|key| (key.key_sha256.clone(), key)).collect()
}

#[tokio::test]
async fn keys_come_in_full_with_their_tier_or_the_reason_why_not() {
    on_each_store(async |database| {
        let keys = seeded(database).await;
        let accounts = AccountStore::new(database.config()).unwrap();
        let hashes: Vec<_> = keys.iter().map(|key| key.key.sha256_hex()).collect();
        let bring = async |ring: &Keyring| by_hash(accounts.kept_keys((&SECRET, ring), &hashes).await.unwrap());
        let kept = bring(&at_rest(1)).await;
        assert_eq!(kept.len(), keys.len());
        for key in &keys {
            let of = &kept[&key.key.sha256_hex()];
            assert_eq!((of.customer_id, of.service, of.key.as_ref()), (key.customer_id, key.service, Ok(&key.key)));
        }
        let tiers: BTreeMap<_, _> = accounts
            .service_tiers()
            .await
            .unwrap()
            .into_iter()
            .map(|of| ((of.customer_id, of.service), of.tier))
            .collect();
        assert!(kept.values().all(|key| tiers[&(key.customer_id, key.service)] == key.tier));
        let named = |name: &str| keys.iter().find(|key| key.display_name == name).unwrap();
        assert_eq!(kept[&named("Kelpmarket").key.sha256_hex()].tier, Tier::Starter);
        // Under another key at rest, not kept, another's in its place, deleted.
        let why = |key: &KeptKey| key.key.as_ref().err().cloned().unwrap_or_default();
        assert!(bring(&at_rest(2)).await.values().all(|key| why(key).contains("sealed by key 1")));
        let client = database.client().await;
        let change = async |sql: &str, key: &DemoKey| {
            let hash = key.key.sha256_hex();
            client.execute(&format!("UPDATE api_keys SET {sql} WHERE key_sha256 = $1"), &[&hash]).await.unwrap();
        };
        change("sealed_key = NULL", &keys[0]).await;
        change("state = 'deleted', deleted_at = now(), sealed_key = NULL", &keys[1]).await;
        let kept = bring(&at_rest(1)).await;
        assert_eq!(why(&kept[&hashes[0]]), "it is not kept");
        assert!(!kept.contains_key(&hashes[1]) && kept.len() == keys.len() - 1);
        let unknown = ApiKey::parse("SAECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV5").unwrap().sha256_hex();
        assert_eq!(accounts.kept_keys((&SECRET, &at_rest(1)), &[unknown]).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn the_vault_is_read_whole() {
    on_each_store(async |database| {
        let reader = Reader::new(database.config(), "journal-a").unwrap();
        assert_eq!(reader.vault().await.unwrap(), Default::default());
        let client = database.client().await;
        let insert = "INSERT INTO vault_keys VALUES (repeat('A', 64), 7, 1, 1, 4294967295, 65535, 'revoked'); \
            INSERT INTO vault_access VALUES (7, 1, true, 'monthly_limit', 5, 10, '[\"192.0.2.0/24\"]'); \
            INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, \
                rejected, records) VALUES ('journal-a', 12, '2026-11-22', 0, 0, 0, 0, 0, '{}', 0)";
        client.batch_execute(insert).await.unwrap();
        let rows = reader.vault().await.unwrap();
        let key = KeyGrant {
            key_sha256: "A".repeat(64),
            customer_id: CustomerId::new(7).unwrap(),
            service: Service::Seal,
            network: Network::Mainnet,
            api_key_fp: u32::MAX,
            key_metadata: u16::MAX,
            state: KeyLife::Revoked,
        };
        let access = AccessGrant {
            customer_id: CustomerId::new(7).unwrap(),
            service: Service::Seal,
            is_enabled: true,
            state: SpendState::MonthlyLimit,
            guaranteed_per_second: 5,
            burst_per_second: 10,
            allowlist: vec!["192.0.2.0/24".to_owned()],
        };
        assert_eq!((rows.watermark.epoch, rows.keys, rows.access), (12, vec![key], vec![access]));
    })
    .await;
}
