//! Grants out of keys ⋈ services ⋈ customers.

use crate::StoreError;
use crate::codec::{known_customer, known_network, known_service};
use crate::outbox::limits;
use suiftly_schema::grant::{Grant, GrantState};
use tokio_postgres::types::Json;
use tokio_postgres::{GenericClient, Row};

const GRANTS: &str = "SELECT key_sha256, customer_id, service_type, network, api_key_fp, key_metadata, status, is_enabled, \
    tier, config \
    FROM api_keys JOIN service_instances USING (customer_id, service_type) JOIN customers ON customers.id = customer_id \
    WHERE state = 'active' ORDER BY customer_id, service_type, key_sha256";

pub(super) async fn grants(client: &deadpool_postgres::Object) -> Result<Vec<Grant>, StoreError> {
    let client: &tokio_postgres::Client = client;
    read(client).await
}

async fn read(client: &impl GenericClient) -> Result<Vec<Grant>, StoreError> {
    let rows = client.query(GRANTS, &[]).await.map_err(StoreError::database("read the grants"))?;
    rows.iter().map(grant_of).collect()
}

fn grant_of(row: &Row) -> Result<Grant, StoreError> {
    let config: Json<serde_json::Value> =
        row.try_get(9).map_err(|error| StoreError::Row { what: "a service's config", cause: error.to_string() })?;
    let limits = limits(row.get(8), &config.0);
    let may_be_used = row.get::<_, &str>(6) == "active" && row.get::<_, bool>(7);
    Ok(Grant {
        key_sha256: row.get(0),
        customer_id: known_customer(row.get(1))?,
        service: known_service(row.get(2))?,
        network: known_network(row.get(3))?,
        api_key_fp: number("a key's fingerprint", row.get(4))?,
        key_metadata: number("a key's metadata", i64::from(row.get::<_, i32>(5)))?,
        state: if may_be_used { GrantState::Active } else { GrantState::Suspended },
        guaranteed_per_second: limits.guaranteed,
        burst_per_second: limits.burst,
    })
}

fn number<T: TryFrom<i64>>(what: &'static str, number: i64) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| StoreError::Row { what, cause: format!("{number} is out of range") })
}
