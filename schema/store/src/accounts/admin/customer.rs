//! One customer from all sides, in one snapshot: who they are, what they have, who is signed in as them. Money and the
//! activity log have readers of their own.

use super::super::AccountStore;
use super::notes::{self, CustomerNote};
use crate::codec::{MonthDate, Timestamptz, known_network, known_service};
use crate::{StoreError, pool};
use deadpool_postgres::Transaction;
use serde_json::Value;
use std::net::IpAddr;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

/// Keys that are shown at most: ten of each of three services, and what was deleted last.
pub const KEYS_SHOWN_MAX: i64 = 200;
/// Sessions that are shown at most, those used last.
pub const SESSIONS_SHOWN_MAX: i64 = 50;
/// Alerts that are shown at most.
pub const ALERTS_SHOWN_MAX: i64 = 100;

/// Who a customer is.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerProfile {
    /// Their name.
    pub display_name: String,
    /// Where alerts go.
    pub alert_email: Option<String>,
    /// Their wallet.
    pub wallet_address: String,
    /// Their escrow account, if there is one.
    pub escrow_account: Option<String>,
    /// What an operator says: active, suspended, closed.
    pub status: String,
    /// An object.
    pub billing_profile: Value,
    /// Since when.
    pub created_at: UnixMillis,
    /// When they asked for closure.
    pub closing_at: Option<UnixMillis>,
    /// When the account was closed.
    pub closed_at: Option<UnixMillis>,
}

/// A service of theirs.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRow {
    /// Which.
    pub service: Service,
    /// starter, pro, enterprise.
    pub tier: String,
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// An object.
    pub config: Value,
    /// What is scheduled for the month's end.
    pub scheduled: Option<Value>,
    /// The last month whose items are charged.
    pub paid_through: Option<BillingMonth>,
    /// When it was enabled last.
    pub enabled_at: Option<UnixMillis>,
    /// When it was disabled.
    pub disabled_at: Option<UnixMillis>,
}

/// A key of theirs, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its number.
    pub id: i64,
    /// What it opens.
    pub service: Service,
    /// Where.
    pub network: Network,
    /// What lists show of it.
    pub prefix: String,
    /// Its name.
    pub name: String,
    /// Its fingerprint.
    pub api_key_fp: u32,
    /// active, revoked, deleted.
    pub state: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was revoked last.
    pub revoked_at: Option<UnixMillis>,
    /// Until when a replaced one goes on.
    pub expires_at: Option<UnixMillis>,
    /// When it was used last, as committed.
    pub last_used_at: Option<UnixMillis>,
}

/// A session that can still be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its public id.
    pub id: String,
    /// When they signed in.
    pub created_at: UnixMillis,
    /// When it was used last.
    pub last_used_at: UnixMillis,
    /// From where.
    pub address: IpAddr,
    /// By which program.
    pub user_agent: String,
}

/// An alert of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// Its number.
    pub id: i64,
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
    /// The period that it was told in last, and when.
    pub crossed: Option<(String, UnixMillis)>,
}

/// A customer from all sides.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerDetail {
    /// Who they are.
    pub profile: CustomerProfile,
    /// By service.
    pub services: Vec<ServiceRow>,
    /// The newest first, at most [`KEYS_SHOWN_MAX`].
    pub keys: Vec<KeyRow>,
    /// Those used last first, at most [`SESSIONS_SHOWN_MAX`].
    pub sessions: Vec<OpenSession>,
    /// By number, at most [`ALERTS_SHOWN_MAX`].
    pub alerts: Vec<AlertRow>,
    /// What operators keep of them.
    pub note: Option<CustomerNote>,
}

const ATTEMPTED: &str = "read a customer";
const PROFILE: &str = "SELECT display_name, alert_email, wallet_address, escrow_contract_id, status, billing_profile, \
    created_at, closing_at, closed_at FROM customers WHERE id = $1";
const SERVICES: &str = "SELECT service_type, tier, is_enabled, config, scheduled, paid_through, enabled_at, disabled_at \
    FROM service_instances WHERE customer_id = $1 ORDER BY service_type";
const KEYS: &str = "SELECT id, service_type, network, key_prefix, name, api_key_fp, state, created_at, revoked_at, \
    expires_at, (SELECT last_used_at FROM key_activity AS a \
        WHERE a.customer_id = k.customer_id AND a.api_key_fp = k.api_key_fp) \
    FROM api_keys AS k WHERE customer_id = $1 ORDER BY id DESC LIMIT $2";
const SESSIONS: &str = "SELECT id::text, created_at, last_used_at, address, user_agent FROM sessions \
    WHERE customer_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY last_used_at DESC, id LIMIT $3";
const ALERTS: &str = "SELECT id, name, metric, period, threshold, is_enabled, crossed, crossed_at FROM alerts \
    WHERE customer_id = $1 ORDER BY id LIMIT $2";

impl AccountStore {
    /// A customer from all sides; `None` if there is none with this id.
    pub async fn customer_detail(
        &self,
        customer: CustomerId,
        now: UnixMillis,
    ) -> Result<Option<CustomerDetail>, StoreError> {
        let (id, mut client) = (customer.get(), self.client().await?);
        let snapshot = pool::snapshot(&mut client).await?;
        let Some(profile) = rows(&snapshot, PROFILE, &[&id]).await?.first().map(profile_of).transpose()? else {
            return Ok(None);
        };
        Ok(Some(CustomerDetail {
            profile,
            services: each(&rows(&snapshot, SERVICES, &[&id]).await?, service_of)?,
            keys: each(&rows(&snapshot, KEYS, &[&id, &KEYS_SHOWN_MAX]).await?, key_of)?,
            sessions: each(
                &rows(&snapshot, SESSIONS, &[&id, &Timestamptz(now), &SESSIONS_SHOWN_MAX]).await?,
                session_of,
            )?,
            alerts: each(&rows(&snapshot, ALERTS, &[&id, &ALERTS_SHOWN_MAX]).await?, alert_of)?,
            note: notes::read(&snapshot, customer).await?,
        }))
    }
}

async fn rows(
    snapshot: &Transaction<'_>,
    select: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreError> {
    snapshot.query(select, parameters).await.map_err(StoreError::database(ATTEMPTED))
}

fn each<T>(rows: &[Row], of: fn(&Row) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
    rows.iter().map(of).collect()
}

fn instant(row: &Row, at: usize) -> Option<UnixMillis> {
    row.get::<_, Option<Timestamptz>>(at).map(|at| at.0)
}

fn json(row: &Row, at: usize) -> Result<Option<Value>, StoreError> {
    let value = row.try_get::<_, Option<Json<Value>>>(at).map_err(StoreError::database(ATTEMPTED))?;
    Ok(value.map(|Json(value)| value))
}

fn profile_of(row: &Row) -> Result<CustomerProfile, StoreError> {
    Ok(CustomerProfile {
        display_name: row.get(0),
        alert_email: row.get(1),
        wallet_address: row.get(2),
        escrow_account: row.get(3),
        status: row.get(4),
        billing_profile: json(row, 5)?.unwrap_or_default(),
        created_at: row.get::<_, Timestamptz>(6).0,
        closing_at: instant(row, 7),
        closed_at: instant(row, 8),
    })
}

fn service_of(row: &Row) -> Result<ServiceRow, StoreError> {
    Ok(ServiceRow {
        service: known_service(row.get(0))?,
        tier: row.get(1),
        is_enabled: row.get(2),
        config: json(row, 3)?.unwrap_or_default(),
        scheduled: json(row, 4)?,
        paid_through: row.get::<_, Option<MonthDate>>(5).map(|month| month.0),
        enabled_at: instant(row, 6),
        disabled_at: instant(row, 7),
    })
}

fn key_of(row: &Row) -> Result<KeyRow, StoreError> {
    Ok(KeyRow {
        id: row.get(0),
        service: known_service(row.get(1))?,
        network: known_network(row.get(2))?,
        prefix: row.get(3),
        name: row.get(4),
        api_key_fp: u32::try_from(row.get::<_, i64>(5)).unwrap_or_default(),
        state: row.get(6),
        created_at: row.get::<_, Timestamptz>(7).0,
        revoked_at: instant(row, 8),
        expires_at: instant(row, 9),
        last_used_at: instant(row, 10),
    })
}

fn session_of(row: &Row) -> Result<OpenSession, StoreError> {
    Ok(OpenSession {
        id: row.get(0),
        created_at: row.get::<_, Timestamptz>(1).0,
        last_used_at: row.get::<_, Timestamptz>(2).0,
        address: row.get(3),
        user_agent: row.get(4),
    })
}

fn alert_of(row: &Row) -> Result<AlertRow, StoreError> {
    Ok(AlertRow {
        id: row.get(0),
        name: row.get(1),
        metric: row.get(2),
        period: row.get(3),
        threshold: row.get(4),
        is_enabled: row.get(5),
        crossed: row.get::<_, Option<String>>(6).zip(instant(row, 7)),
    })
}
