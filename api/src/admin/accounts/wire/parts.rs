//! What a customer is made of.

use serde::Serialize;
use serde_json::Value;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::admin::{AlertRow, CustomerProfile, KeyRow, OpenSession, ServiceRow};
use utoipa::ToSchema;

/// Who a customer is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Profile {
    /// Their name.
    pub display_name: String,
    /// Where alerts go.
    pub alert_email: Option<String>,
    /// Their wallet.
    pub wallet_address: String,
    /// Their escrow account; null before it is opened.
    pub escrow_account: Option<String>,
    /// What an operator says: `active`, `suspended`, `closed`.
    pub status: String,
    /// Company, address, tax number and the like.
    #[schema(value_type = Object)]
    pub billing_profile: Value,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When they asked for closure.
    #[schema(format = DateTime)]
    pub closing_at: Option<String>,
    /// When the account was closed.
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
}

impl From<CustomerProfile> for Profile {
    fn from(row: CustomerProfile) -> Self {
        Self {
            display_name: row.display_name,
            alert_email: row.alert_email,
            wallet_address: row.wallet_address,
            escrow_account: row.escrow_account,
            status: row.status,
            billing_profile: row.billing_profile,
            created_at: row.created_at.rfc3339(),
            closing_at: row.closing_at.map(UnixMillis::rfc3339),
            closed_at: row.closed_at.map(UnixMillis::rfc3339),
        }
    }
}

/// A service of a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerService {
    /// `seal`, `grpc`, `graphql`, …
    pub service: &'static str,
    /// `starter`, `pro`, `enterprise`.
    pub tier: String,
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// Burst, allowlist, origins, limits of its own.
    #[schema(value_type = Object)]
    pub config: Value,
    /// What is scheduled for the month's end; null is nothing.
    #[schema(value_type = Option<Object>)]
    pub scheduled: Option<Value>,
    /// The last month that is charged.
    pub paid_through: Option<String>,
    /// When it was enabled last.
    #[schema(format = DateTime)]
    pub enabled_at: Option<String>,
    /// When it was disabled.
    #[schema(format = DateTime)]
    pub disabled_at: Option<String>,
}

impl From<ServiceRow> for CustomerService {
    fn from(row: ServiceRow) -> Self {
        Self {
            service: row.service.word(),
            tier: row.tier,
            is_enabled: row.is_enabled,
            config: row.config,
            // `"disable"` is a text in the database; the wire has one shape.
            scheduled: row.scheduled.map(|scheduled| match scheduled {
                Value::Object(_) => scheduled,
                other => serde_json::json!({ "order": other }),
            }),
            paid_through: row.paid_through.map(|month| month.to_string()),
            enabled_at: row.enabled_at.map(UnixMillis::rfc3339),
            disabled_at: row.disabled_at.map(UnixMillis::rfc3339),
        }
    }
}

/// A key of a customer, without the key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerKey {
    /// Its number.
    pub key_id: i64,
    /// What it opens.
    pub service: &'static str,
    /// Where.
    pub network: &'static str,
    /// What lists show of it.
    pub prefix: String,
    /// Its name.
    pub name: String,
    /// Its fingerprint.
    #[schema(value_type = i64)]
    pub api_key_fp: u32,
    /// `active`, `revoked`, `deleted`.
    pub state: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was revoked last.
    #[schema(format = DateTime)]
    pub revoked_at: Option<String>,
    /// Until when a replaced one goes on.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// When it was used last, as committed.
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
}

impl From<KeyRow> for CustomerKey {
    fn from(row: KeyRow) -> Self {
        Self {
            key_id: row.id,
            service: row.service.word(),
            network: row.network.word(),
            prefix: row.prefix,
            name: row.name,
            api_key_fp: row.api_key_fp,
            state: row.state,
            created_at: row.created_at.rfc3339(),
            revoked_at: row.revoked_at.map(UnixMillis::rfc3339),
            expires_at: row.expires_at.map(UnixMillis::rfc3339),
            last_used_at: row.last_used_at.map(UnixMillis::rfc3339),
        }
    }
}

/// A session that can still be used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerSession {
    /// Its public id.
    pub session_id: String,
    /// When they signed in.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was used last.
    #[schema(format = DateTime)]
    pub last_used_at: String,
    /// From where.
    pub address: String,
    /// By which program.
    pub user_agent: String,
}

impl From<OpenSession> for CustomerSession {
    fn from(row: OpenSession) -> Self {
        Self {
            session_id: row.id,
            created_at: row.created_at.rfc3339(),
            last_used_at: row.last_used_at.rfc3339(),
            address: row.address.to_string(),
            user_agent: row.user_agent,
        }
    }
}

/// An alert of a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerAlert {
    /// Its number.
    pub alert_id: i64,
    /// Its name.
    pub name: String,
    /// Of what.
    pub metric: String,
    /// Over which time.
    pub period: String,
    /// At what.
    pub threshold: i64,
    /// Whether it is looked at.
    pub is_enabled: bool,
    /// The period that it was told in last.
    pub crossed: Option<String>,
    /// When that was.
    #[schema(format = DateTime)]
    pub crossed_at: Option<String>,
}

impl From<AlertRow> for CustomerAlert {
    fn from(row: AlertRow) -> Self {
        let (crossed, crossed_at) = row.crossed.unzip();
        Self {
            alert_id: row.id,
            name: row.name,
            metric: row.metric,
            period: row.period,
            threshold: row.threshold,
            is_enabled: row.is_enabled,
            crossed,
            crossed_at: crossed_at.map(UnixMillis::rfc3339),
        }
    }
}
