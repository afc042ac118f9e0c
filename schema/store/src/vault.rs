//! The vault's rows as committed: what a publisher goes on from, read beside the watermark that they belong to.

use crate::StoreError;
use crate::codec::{known_customer, known_network, known_service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::view::{AccessGrant, KeyGrant};
use tokio_postgres::types::Json;
use tokio_postgres::{GenericClient, Row};

const KEYS: &str = "SELECT key_sha256, customer_id, service_type, network, api_key_fp, key_metadata, state FROM vault_keys \
    ORDER BY key_sha256";

const ACCESS: &str = "SELECT customer_id, service_type, is_enabled, state, guaranteed_per_second, burst_per_second, \
    allowlist FROM vault_access ORDER BY customer_id, service_type";

const ATTEMPTED: &str = "read the vault";

/// Every key, by its hash.
pub(crate) async fn keys(client: &impl GenericClient) -> Result<Vec<KeyGrant>, StoreError> {
    let rows = client.query(KEYS, &[]).await.map_err(StoreError::database(ATTEMPTED))?;
    rows.iter().map(key_of).collect()
}

/// What may be done with them, by customer and service.
pub(crate) async fn access(client: &impl GenericClient) -> Result<Vec<AccessGrant>, StoreError> {
    let rows = client.query(ACCESS, &[]).await.map_err(StoreError::database(ATTEMPTED))?;
    rows.iter().map(access_of).collect()
}

fn key_of(row: &Row) -> Result<KeyGrant, StoreError> {
    let state = match row.get(6) {
        "active" => KeyLife::Active,
        "revoked" => KeyLife::Revoked,
        other => return Err(unfit(format!("{other} is no state of a key"))),
    };
    Ok(KeyGrant {
        key_sha256: row.get(0),
        customer_id: known_customer(row.get(1))?,
        service: known_service(row.get(2))?,
        network: known_network(row.get(3))?,
        api_key_fp: number(row.get(4))?,
        key_metadata: number(i64::from(row.get::<_, i32>(5)))?,
        state,
    })
}

fn access_of(row: &Row) -> Result<AccessGrant, StoreError> {
    let word: &str = row.get(3);
    let state = SpendState::from_word(word).ok_or_else(|| unfit(format!("{word} is no state of a customer")))?;
    let Json(allowlist) = row.try_get(6).map_err(|error| unfit(error.to_string()))?;
    Ok(AccessGrant {
        customer_id: known_customer(row.get(0))?,
        service: known_service(row.get(1))?,
        is_enabled: row.get(2),
        state,
        guaranteed_per_second: number(row.get(4))?,
        burst_per_second: number(row.get(5))?,
        allowlist,
    })
}

fn number<T: TryFrom<i64>>(number: i64) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| unfit(format!("{number} is out of range")))
}

fn unfit(cause: String) -> StoreError {
    StoreError::Row { what: "the vault", cause }
}
