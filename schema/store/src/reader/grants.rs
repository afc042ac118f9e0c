//! Grants out of keys ⋈ services ⋈ customers, and the limits of the tiers (SPEC §6).

use crate::StoreError;
use crate::codec::{known_customer, known_network, known_service};
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

/// Requests per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    guaranteed: u32,
    burst: u32,
}

/// The tier's limits, or what the service's configuration says instead. Burst is an add-on that starter cannot book;
/// without it the two are the same.
fn limits(tier: &str, config: &serde_json::Value) -> Limits {
    let guaranteed = match tier {
        "enterprise" => 5_000,
        "pro" => 1_000,
        _ => 500,
    };
    let configured =
        |key: &str| config.get(key).and_then(serde_json::Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let guaranteed = configured("guaranteed_per_second").unwrap_or(guaranteed);
    let may_burst = tier != "starter" && config.get("burst") == Some(&serde_json::Value::Bool(true));
    let burst = if may_burst { guaranteed.saturating_mul(2) } else { guaranteed };
    Limits { guaranteed, burst: configured("burst_per_second").unwrap_or(burst).max(guaranteed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn limits_by_tier_add_on_and_override() {
        let cases = [
            ("starter", json!({}), (500, 500)),
            ("starter", json!({"burst": true}), (500, 500)),
            ("pro", json!({}), (1_000, 1_000)),
            ("pro", json!({"burst": true}), (1_000, 2_000)),
            ("enterprise", json!({"burst": true}), (5_000, 10_000)),
            ("pro", json!({"burst": true, "guaranteed_per_second": 20}), (20, 40)),
            ("starter", json!({"guaranteed_per_second": 20, "burst_per_second": 30}), (20, 30)),
            ("pro", json!({"guaranteed_per_second": 20, "burst_per_second": 3}), (20, 20)),
            ("pro", json!({"guaranteed_per_second": "many", "burst": 1}), (1_000, 1_000)),
        ];
        for (tier, config, (guaranteed, burst)) in cases {
            assert_eq!(limits(tier, &config), Limits { guaranteed, burst }, "{tier} {config}");
        }
    }
}
