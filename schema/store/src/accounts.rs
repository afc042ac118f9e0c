//! Accounts in the database: who signs in, sessions, keys, alerts, webhooks, the activity log, operators. One method is
//! one transaction, and a change stands with its activity row and what gateways are told of it, or not at all.
//!
//! What acts for a customer goes over connections that see that customer's rows alone (migration 0013), and takes the
//! customer first. What happens before anybody is known (sign-in), what operators do, and what jobs do for everybody goes
//! over others.

mod activity;
pub mod admin;
mod alerts;
mod deliveries;
mod export;
mod idempotency;
mod kept_keys;
mod keys;
mod operators;
mod profile;
mod reseal;
mod seal_keys;
mod services;
mod sessions;
mod sign_in;
mod slots;
mod webhooks;

pub(crate) use activity::record;
pub use activity::{ACTIVITY_PAGE_MAX, Act, Activity, ActivityQuery, Actor};
pub use alerts::{
    ALERTS_AT_ONCE, ALERTS_MAX, AlertChange, AlertMetric, AlertPeriod, AlertRow, Crossed, CrossedAlert, LIMITS_AT_ONCE,
    NewAlert, PERIOD_GRACE_MS,
};
pub use deliveries::{
    ClaimedDelivery, DELIVERIES_PAGE_MAX, DeliveryRow, DeliveryState, DeliveryWay, Outcome, PURGED_AT_ONCE, Requested,
};
pub use export::{EXPORT_ROWS_MAX, EXPORT_SECTIONS, ExportPage, ExportPlace, ExportSection};
pub use idempotency::{Claim, KEYS_MAX as IDEMPOTENCY_KEYS_MAX, UNDER_WAY_MS, answer_place};
pub use kept_keys::{KEPT_KEYS_MAX, KeptKey, ServiceTier};
pub use keys::{IssuedKey, KEYS_PAGE_MAX, KeyListQuery, KeyMaker, KeyRefused, KeyRow, NewKey, OVERLAP_MAX_S};
pub(crate) use keys::{NewRow, PROCESS_GROUP, issue, key_error, random, seal_held};
pub use operators::{OperatorRole, OperatorRow};
pub use profile::{BillingProfile, Profile, ProfileChange};
pub use reseal::{RESEALED_AT_ONCE, Resealed, SealedKind, SealedPlace};
pub use seal_keys::{NewPackage, PackageRefused, PackageRow, SealKeyChange, SealKeyRefused, SealKeyRow};
pub use services::{ServiceRefused, ServiceSettings, ServiceStanding, Services};
pub use sessions::{LiveSession, NewSession, REFRESH_GRACE_MS, Refresh, Refreshed, SESSIONS_MAX, SessionRow};
pub use sign_in::{CHALLENGES_MAX, Challenge, SignIn, SignedIn};
pub use slots::{CREATIONS_AN_HOUR, NotNow, Slots};
pub use webhooks::{
    OLD_SECRET_MS, WEBHOOK_EVENTS, WEBHOOK_EVENTS_ALL, WEBHOOKS_MAX, WebhookChange, WebhookRow, webhook_place,
};

use crate::StoreError;
use crate::config::StoreConfig;
use crate::pool;
use deadpool_postgres::{Object, Pool};
use suiftly_schema::ids::CustomerId;

/// Connections that act for customers at most, and as many others.
pub const CONNECTIONS_MAX: usize = 8;

/// Accounts in one database. Clones share its connections.
#[derive(Clone)]
pub struct AccountStore {
    pool: Pool,
    scoped: Pool,
}

impl AccountStore {
    /// Connects when it is used first.
    pub fn new(config: &StoreConfig) -> Result<Self, StoreError> {
        let scoped = pool::pool(&config.scoped(), CONNECTIONS_MAX)?;
        Ok(Self { pool: pool::pool(config, CONNECTIONS_MAX)?, scoped })
    }

    /// A connection for what concerns no one customer.
    async fn client(&self) -> Result<Object, StoreError> {
        pool::get(&self.pool).await
    }

    /// A connection that sees this customer's rows alone.
    async fn client_for(&self, customer: CustomerId) -> Result<Object, StoreError> {
        pool::get_for(&self.scoped, customer).await
    }
}
