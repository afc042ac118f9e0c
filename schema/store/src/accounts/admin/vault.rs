//! The vault as the dataflow last joined it, as committed: what each key may do now. Keys themselves are not in it.

use super::super::AccountStore;
use crate::StoreError;
use crate::codec::{known_customer, known_network, known_service};
use suiftly_schema::ids::{CustomerId, Network, Service};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// Grants of one page at most.
pub const VAULT_PAGE_MAX: u32 = 1_000;

/// Where a page of grants goes on: after this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultPlace {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which key, by fingerprint.
    pub api_key_fp: u32,
}

/// Which grants, by customer and fingerprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VaultQuery {
    /// Of one customer.
    pub customer: Option<CustomerId>,
    /// After this place.
    pub after: Option<VaultPlace>,
    /// At most so many; [`VAULT_PAGE_MAX`] at most.
    pub limit: u32,
}

/// What a key may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultGrant {
    /// Whose.
    pub customer_id: CustomerId,
    /// What it opens.
    pub service: Service,
    /// Where.
    pub network: Network,
    /// The key's fingerprint.
    pub api_key_fp: u32,
    /// active or revoked.
    pub key_state: String,
    /// Whether the service is enabled, what its customer's spend says, and the limits; `None` while it is not known.
    pub access: Option<VaultAccess>,
}

/// What a customer may do with a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultAccess {
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// active, monthly_limit, insufficient_balance, suspended, closed.
    pub state: String,
    /// Requests per second that are served for certain, per region.
    pub guaranteed_per_second: i64,
    /// Requests per second up to which more are served.
    pub burst_per_second: i64,
    /// Addresses and networks that may use it; all may if there are none.
    pub allowlist: Vec<String>,
}

impl VaultGrant {
    /// Whether a request with this key is let in: the key is active, the service enabled, and the customer may be served.
    pub fn is_usable(&self) -> bool {
        let may = |access: &VaultAccess| access.is_enabled && access.state == "active";
        self.key_state == "active" && self.access.as_ref().is_some_and(may)
    }
}

const GRANTS: &str = "SELECT k.customer_id, k.service_type, k.network, k.api_key_fp, k.state, a.is_enabled, a.state, \
        a.guaranteed_per_second, a.burst_per_second, a.allowlist \
    FROM vault_keys AS k LEFT JOIN vault_access AS a USING (customer_id, service_type) \
    WHERE ($1::bigint IS NULL OR k.customer_id = $1) AND (k.customer_id, k.api_key_fp) > ($2, $3) \
    ORDER BY k.customer_id, k.api_key_fp LIMIT $4";

impl AccountStore {
    /// A page of the vault, as committed.
    pub async fn vault_grants(&self, query: &VaultQuery) -> Result<Vec<VaultGrant>, StoreError> {
        let (customer, limit) = (query.customer.map(CustomerId::get), i64::from(query.limit.min(VAULT_PAGE_MAX)));
        let (after, fingerprint) =
            query.after.map_or((0, -1), |place| (place.customer_id.get(), i64::from(place.api_key_fp)));
        let rows = self.client().await?.query(GRANTS, &[&customer, &after, &fingerprint, &limit]).await;
        rows.map_err(StoreError::database("read the vault"))?.iter().map(grant_of).collect()
    }
}

fn grant_of(row: &Row) -> Result<VaultGrant, StoreError> {
    Ok(VaultGrant {
        customer_id: known_customer(row.get(0))?,
        service: known_service(row.get(1))?,
        network: known_network(row.get(2))?,
        api_key_fp: u32::try_from(row.get::<_, i64>(3)).unwrap_or_default(),
        key_state: row.get(4),
        access: row.get::<_, Option<bool>>(5).map(|is_enabled| access_of(row, is_enabled)).transpose()?,
    })
}

fn access_of(row: &Row, is_enabled: bool) -> Result<VaultAccess, StoreError> {
    let Json(allowlist) = row.try_get(9).map_err(StoreError::database("read the vault"))?;
    Ok(VaultAccess {
        is_enabled,
        state: row.get(6),
        guaranteed_per_second: row.get(7),
        burst_per_second: row.get(8),
        allowlist,
    })
}
