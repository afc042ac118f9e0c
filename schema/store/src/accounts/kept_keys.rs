//! Keys in full, for `ma_vault.csv`: what is sealed at rest is opened for those who may be served. Read alone; who looks at
//! a single key for its owner is on record ([`super::keys`]).

use super::{AccountStore, KeyMaker};
use crate::StoreError;
use crate::codec::{known_customer, known_service};
use suiftly_schema::api_key::{ApiKey, ApiKeySecret};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::sealed::Keyring;
use suiftly_schema::subscription::Tier;
use tokio_postgres::Row;

/// Keys that are brought at once at most.
pub const KEPT_KEYS_MAX: usize = 5_000;

/// A key, with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptKey {
    /// Its hash.
    pub key_sha256: String,
    /// Whose.
    pub customer_id: CustomerId,
    /// What it opens.
    pub service: Service,
    /// The service's tier.
    pub tier: Tier,
    /// In full; else why it cannot be had, in words.
    pub key: Result<ApiKey, String>,
}

/// A service's tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceTier {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which.
    pub service: Service,
    /// Its tier.
    pub tier: Tier,
}

impl AccountStore {
    /// The keys of these hashes, [`KEPT_KEYS_MAX`] at most. Who is not among them is unknown or deleted.
    pub async fn kept_keys(
        &self,
        (secret, at_rest): (&ApiKeySecret, &Keyring),
        hashes: &[String],
    ) -> Result<Vec<KeptKey>, StoreError> {
        let select = "SELECT k.customer_id, k.service_type, s.tier, k.key_sha256, k.api_key_fp, k.sealed_key \
            FROM api_keys AS k JOIN service_instances AS s USING (customer_id, service_type) \
            WHERE k.key_sha256 = ANY ($1) AND k.state <> 'deleted'";
        assert!(hashes.len() <= KEPT_KEYS_MAX, "{} keys at once", hashes.len());
        let rows = self.client().await?.query(select, &[&hashes]).await;
        let maker = KeyMaker { secret, at_rest };
        rows.map_err(StoreError::database("bring keys for the vault's file"))?
            .iter()
            .map(|row| kept(row, maker))
            .collect()
    }

    /// The tiers of all services.
    pub async fn service_tiers(&self) -> Result<Vec<ServiceTier>, StoreError> {
        let select = "SELECT customer_id, service_type, tier FROM service_instances";
        let rows = self.client().await?.query(select, &[]).await;
        rows.map_err(StoreError::database("read the tiers of services"))?.iter().map(tier_of).collect()
    }
}

fn kept(row: &Row, maker: KeyMaker<'_>) -> Result<KeptKey, StoreError> {
    let ServiceTier { customer_id, service, tier } = tier_of(row)?;
    let key_sha256: String = row.get(3);
    let fingerprint = u32::try_from(row.get::<_, i64>(4))
        .map_err(|error| StoreError::Row { what: "a key's fingerprint", cause: error.to_string() })?;
    let key = match row.get::<_, Option<&[u8]>>(5) {
        None => Err("it is not kept".to_owned()),
        Some(sealed) => maker.open(customer_id, fingerprint, sealed).map_err(|error| error.to_string()),
    };
    let is_the_key = |key: &ApiKey| key.sha256_hex() == key_sha256;
    let key =
        key.and_then(|key| if is_the_key(&key) { Ok(key) } else { Err("another key is sealed beside it".to_owned()) });
    Ok(KeptKey { key_sha256, customer_id, service, tier, key })
}

fn tier_of(row: &Row) -> Result<ServiceTier, StoreError> {
    let word: &str = row.get(2);
    let unknown = || StoreError::Row { what: "a tier", cause: format!("{word} is none") };
    let tier = Tier::from_word(word).ok_or_else(unknown)?;
    Ok(ServiceTier { customer_id: known_customer(row.get(0))?, service: known_service(row.get(1))?, tier })
}
