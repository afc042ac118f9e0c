//! The vault: what was published ([`acts`]); and what each key may do now, as the dataflow last joined it and as committed. No keys, no hashes of keys.

mod acts;
mod wire;

pub use wire::{
    FreezeRequest, ThawRequest, VaultChange, VaultChanges, VaultDiff, VaultFrozen, VaultPushed, VaultStatus,
    VaultVersion, VaultVersionItem, VaultVersions,
};

use super::asked::{PageFields, PageQuery, page, pair};
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::ids::CustomerId;
use suiftly_store::accounts::admin::{VaultAccess, VaultGrant, VaultPlace, VaultQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(vault)).merge(acts::routes())
}

/// Which grants.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct GrantsQuery {
    /// Of this customer alone.
    #[param(minimum = 1)]
    customer_id: Option<i64>,
}

/// A page of the vault.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VaultPage {
    /// By customer and fingerprint.
    pub items: Vec<GrantItem>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// What a key may do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GrantItem {
    /// Whose.
    pub customer_id: i64,
    /// What it opens.
    pub service: &'static str,
    /// Where.
    pub network: &'static str,
    /// The key's fingerprint.
    #[schema(value_type = i64)]
    pub api_key_fp: u32,
    /// `active` or `revoked`.
    pub key_state: String,
    /// Whether a request with it is let in.
    pub is_usable: bool,
    /// What its customer may do with the service; null while that is not known, and nothing is let in.
    pub access: Option<GrantAccess>,
}

/// What a customer may do with a service.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GrantAccess {
    /// Whether the service is enabled.
    pub is_enabled: bool,
    /// `active`, `monthly_limit`, `insufficient_balance`, `suspended`, `closed`.
    pub state: String,
    /// Requests per second that are served for certain, per region.
    pub guaranteed_per_second: i64,
    /// Requests per second up to which more are served.
    pub burst_per_second: i64,
    /// Addresses and networks that may use it; all may if there are none.
    pub allowlist: Vec<String>,
}

impl From<VaultGrant> for GrantItem {
    fn from(grant: VaultGrant) -> Self {
        Self {
            customer_id: grant.customer_id.get(),
            service: grant.service.word(),
            network: grant.network.word(),
            api_key_fp: grant.api_key_fp,
            is_usable: grant.is_usable(),
            key_state: grant.key_state,
            access: grant.access.map(GrantAccess::from),
        }
    }
}

impl From<VaultAccess> for GrantAccess {
    fn from(access: VaultAccess) -> Self {
        let VaultAccess { is_enabled, state, guaranteed_per_second, burst_per_second, allowlist } = access;
        Self { is_enabled, state, guaranteed_per_second, burst_per_second, allowlist }
    }
}

/// The vault, by customer and key: states and limits, as committed.
#[utoipa::path(get, path = "/vault", tag = "customers", params(GrantsQuery, PageQuery), responses(
    (status = 200, body = VaultPage),
    GuardedProblems,
))]
async fn vault(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<VaultPage>, Problem> {
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["customer_id", "cursor", "limit"]);
    let place = |text: &str| {
        let (customer, api_key_fp) = pair(text)?;
        Some(VaultPlace { customer_id: CustomerId::new(customer)?, api_key_fp })
    };
    let (customer, after, limit) = (fields.customer_id(), fields.cursor(place), fields.limit());
    let query = fields.finish(VaultQuery { customer, after, limit: limit + 1 })?;
    let grants = app.parts.accounts.store.vault_grants(&query).await?;
    let (grants, next_cursor) = page(grants, limit, |of| format!("{}.{}", of.customer_id.get(), of.api_key_fp));
    Ok(Json(VaultPage { items: grants.into_iter().map(GrantItem::from).collect(), next_cursor }))
}
