//! A key's making: drawn, sealed and written in one, for customers and for demonstration alike.

use super::{COLUMNS, IssuedKey, row_of};
use crate::StoreError;
use crate::codec::Timestamptz;
use deadpool_postgres::Transaction;
use suiftly_schema::api_key::{ApiKey, ApiKeyError, ApiKeySecret, KeyClaims, KeyMetadata};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::sealed::{Keyring, NONCE_BYTES};
use suiftly_schema::time::UnixMillis;

/// How often a key is drawn again whose fingerprint is taken before it is given up.
const DRAWS_MAX: usize = 100;

/// What keys are made with, and sealed with at rest.
#[derive(Clone, Copy, Debug)]
pub struct KeyMaker<'a> {
    /// The secret that is in every key.
    pub secret: &'a ApiKeySecret,
    /// What seals them.
    pub at_rest: &'a Keyring,
}

/// A key's row to be.
pub(crate) struct NewRow<'a> {
    pub(crate) customer: CustomerId,
    pub(crate) service: Service,
    pub(crate) metadata: KeyMetadata,
    pub(crate) name: &'a str,
    pub(crate) replaces: Option<i64>,
    pub(crate) at: UnixMillis,
}

impl KeyMaker<'_> {
    fn seal(self, customer: CustomerId, key: &ApiKey) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        Ok(self.at_rest.seal(key.reveal().as_bytes(), &place(customer, key.fingerprint()), nonce))
    }

    /// The key that was sealed for that customer and fingerprint.
    pub(in crate::accounts) fn open(
        self,
        customer: CustomerId,
        fingerprint: u32,
        sealed: &[u8],
    ) -> Result<ApiKey, StoreError> {
        let wrong = |cause: String| StoreError::Row { what: "a sealed API key", cause };
        let bytes =
            self.at_rest.open(sealed, &place(customer, fingerprint)).map_err(|error| wrong(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is no text".to_owned()))?;
        ApiKey::parse(&text).map_err(|error| wrong(error.to_string()))
    }
}

/// Where a key is sealed to stand.
pub(in crate::accounts) fn place(customer: CustomerId, fingerprint: u32) -> String {
    format!("api_key:{}:{fingerprint}", customer.get())
}

/// 0 is no key's fingerprint; whose fingerprint another key of the customer has is drawn again.
pub(crate) async fn issue(
    transaction: &Transaction<'_>,
    maker: KeyMaker<'_>,
    new: &NewRow<'_>,
) -> Result<IssuedKey, StoreError> {
    let insert = format!(
        "INSERT INTO api_keys (customer_id, service_type, network, api_key_fp, key_sha256, key_prefix, key_metadata, name, \
            sealed_key, replaces, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING {COLUMNS}"
    );
    let claims = KeyClaims { service: new.service, metadata: new.metadata, customer_id: new.customer };
    let (customer, service) = (new.customer.get(), i16::from(new.service.number()));
    let (network, metadata) = (i16::from(new.metadata.network().number()), i32::from(new.metadata.bits()));
    for _ in 0..DRAWS_MAX {
        let key = ApiKey::issue(maker.secret, claims, random()?).map_err(|error| key_error(&error))?;
        if key.fingerprint() == 0 {
            continue;
        }
        let (fingerprint, sha256) = (i64::from(key.fingerprint()), key.sha256_hex());
        let sealed = maker.seal(new.customer, &key)?;
        let made = transaction
            .query_opt(
                &insert,
                &[
                    &customer,
                    &service,
                    &network,
                    &fingerprint,
                    &sha256,
                    &key.prefix(),
                    &metadata,
                    &new.name,
                    &sealed,
                    &new.replaces,
                    &Timestamptz(new.at),
                ],
            )
            .await;
        if let Some(row) = made.map_err(StoreError::database("write an API key"))? {
            return Ok(IssuedKey { row: row_of(&row)?, key });
        }
    }
    Err(StoreError::Key { cause: format!("no free fingerprint in {DRAWS_MAX} draws") })
}

/// Seals a key that somebody holds and that was made before keys were kept.
pub(crate) async fn seal_held(
    transaction: &Transaction<'_>,
    maker: KeyMaker<'_>,
    customer: CustomerId,
    key: &ApiKey,
) -> Result<(), StoreError> {
    let update =
        "UPDATE api_keys SET sealed_key = $3 WHERE customer_id = $1 AND key_sha256 = $2 AND sealed_key IS NULL";
    let sealed = maker.seal(customer, key)?;
    let done = transaction.execute(update, &[&customer.get(), &key.sha256_hex(), &sealed]).await;
    done.map_err(StoreError::database("seal an API key")).map(|_| ())
}

pub(crate) fn key_error(error: &ApiKeyError) -> StoreError {
    StoreError::Key { cause: error.to_string() }
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Key { cause: error.to_string() })?;
    Ok(bytes)
}
