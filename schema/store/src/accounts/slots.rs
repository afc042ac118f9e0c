//! What a customer may have of each thing, and what of it is taken: read under the customer's lock, so that of many who
//! come at once no more get something than there is.

use crate::StoreError;
use crate::codec::{Timestamptz, known_service};
use crate::money::{self, ServiceSubscription};
use crate::outbox::account_status;
use deadpool_postgres::Transaction;
use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::reference::AccountStatus;
use suiftly_schema::subscription::{
    INCLUDED_API_KEYS, INCLUDED_PACKAGES_PER_SEAL_KEY, INCLUDED_SEAL_KEYS, Scheduled, Subscription,
};
use suiftly_schema::time::UnixMillis;

/// Seal keys of a customer that are looked at; nobody can have so many.
pub(super) const SEAL_KEYS_MAX: i64 = 1_000;

/// Why something cannot be had now, whatever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// The account is suspended or closed.
    #[error("the account is {}", if *status == AccountStatus::Closed { "closed" } else { "suspended" })]
    NotActive {
        /// What it is.
        status: AccountStatus,
    },
    /// The service is not enabled.
    #[error("{} is not enabled", service.word())]
    NotEnabled {
        /// Which.
        service: Service,
    },
}

/// Slots, as far as the subscription goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Taken.
    pub used: u32,
    /// There are.
    pub allowed: u32,
}

impl Slots {
    /// Whether one more can be had.
    pub const fn has_room(&self) -> bool {
        self.used < self.allowed
    }
}

/// A customer's account and subscriptions, under their lock.
pub(super) struct Standing {
    pub(super) status: AccountStatus,
    pub(super) services: Vec<ServiceSubscription>,
}

impl Standing {
    /// Of an account that may have new things: what is in force of a service, and scheduled.
    pub(super) fn subscription(&self, service: Service) -> Result<&ServiceSubscription, NotNow> {
        if self.status != AccountStatus::Active {
            return Err(NotNow::NotActive { status: self.status });
        }
        let found = self.services.iter().find(|row| row.service == service && row.state.in_force().is_some());
        found.ok_or(NotNow::NotEnabled { service })
    }
}

/// Locks a customer's row and reads where they stand. Whoever has asked for the account's end counts as closed.
pub(super) async fn lock(transaction: &Transaction<'_>, customer: CustomerId) -> Result<Standing, StoreError> {
    money::lock(transaction, &[customer]).await?;
    standing(transaction, customer).await
}

/// The same without the lock, to look at.
pub(super) async fn standing(transaction: &Transaction<'_>, customer: CustomerId) -> Result<Standing, StoreError> {
    let select = "SELECT status, closing_at FROM customers WHERE id = $1";
    let row = transaction.query_opt(select, &[&customer.get()]).await;
    let row = row.map_err(StoreError::database("read a customer's status"))?;
    let status = match row {
        // Nobody is as good as gone.
        None => AccountStatus::Closed,
        Some(row) if row.get::<_, Option<Timestamptz>>(1).is_some() => AccountStatus::Closed,
        Some(row) => account_status(row.get(0))?,
    };
    Ok(Standing { status, services: money::subscriptions_within(transaction, customer).await? })
}

/// What a subscription lets one have: of what is in force, or of what is scheduled where that is less. What is more than
/// that would have to go at the month's end.
pub(super) fn least(subscription: &ServiceSubscription, of: fn(&Subscription) -> u32) -> u32 {
    let in_force = subscription.state.in_force().map_or(0, of);
    match subscription.state.scheduled() {
        Some(Scheduled::Change(next)) => in_force.min(of(next)),
        Some(Scheduled::Disable) | None => in_force,
    }
}

pub(super) const fn api_keys(subscription: &Subscription) -> u32 {
    INCLUDED_API_KEYS + subscription.extra_api_keys
}

pub(super) const fn seal_keys(subscription: &Subscription) -> u32 {
    INCLUDED_SEAL_KEYS + subscription.extra_seal_keys
}

pub(super) const fn extra_packages(subscription: &Subscription) -> u32 {
    subscription.extra_packages
}

/// What of a customer's slots is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// API keys that have a slot, by service: active and revoked, but for those that another has replaced.
    pub(super) api_keys: BTreeMap<Service, u32>,
    /// API keys that can be used.
    pub(super) active_api_keys: BTreeMap<Service, u32>,
    pub(super) seal_keys: u32,
    pub(super) packages: u32,
    /// Packages beyond those that each seal key comes with.
    pub(super) extra_packages: u32,
    /// Packages that are enabled, of keys that are.
    pub(super) usable_packages: u32,
}

const API_KEYS: &str = "SELECT service_type, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM api_keys AS next \
        WHERE next.customer_id = k.customer_id AND next.replaces = k.id AND next.state <> 'deleted')), \
        count(*) FILTER (WHERE state = 'active') \
    FROM api_keys AS k WHERE customer_id = $1 AND state <> 'deleted' GROUP BY 1";

const SEAL_KEYS: &str = "SELECT k.is_enabled, count(p.id), count(p.id) FILTER (WHERE p.is_enabled) \
    FROM seal_keys AS k LEFT JOIN seal_packages AS p ON p.seal_key_id = k.id AND p.deleted_at IS NULL \
    WHERE k.customer_id = $1 AND k.deleted_at IS NULL GROUP BY k.id LIMIT $2";

pub(super) async fn taken(transaction: &Transaction<'_>, customer: CustomerId) -> Result<Taken, StoreError> {
    let attempted = "count what a customer has";
    let mut taken = Taken::default();
    let rows = transaction.query(API_KEYS, &[&customer.get()]).await.map_err(StoreError::database(attempted))?;
    for row in rows {
        let service = known_service(row.get(0))?;
        taken.api_keys.insert(service, small(row.get(1)));
        taken.active_api_keys.insert(service, small(row.get(2)));
    }
    let rows = transaction.query(SEAL_KEYS, &[&customer.get(), &SEAL_KEYS_MAX]).await;
    for row in rows.map_err(StoreError::database(attempted))? {
        let (is_enabled, packages, enabled): (bool, i64, i64) = (row.get(0), row.get(1), row.get(2));
        taken.seal_keys += 1;
        taken.packages += small(packages);
        taken.extra_packages += small(packages).saturating_sub(INCLUDED_PACKAGES_PER_SEAL_KEY);
        taken.usable_packages += if is_enabled { small(enabled) } else { 0 };
    }
    Ok(taken)
}

/// A count of a customer's things.
pub(super) fn small(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// API keys that a customer may make an hour; a regeneration counts.
pub const CREATIONS_AN_HOUR: u32 = 5;
const HOUR_MS: i64 = 3_600_000;

/// Seconds until the customer may make another API key; `None`: now.
pub(super) async fn creation_wait_s(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    at: UnixMillis,
) -> Result<Option<u64>, StoreError> {
    let select = "SELECT created_at FROM api_keys WHERE customer_id = $1 AND created_at > $2 \
        ORDER BY created_at DESC OFFSET $3 LIMIT 1";
    let (since, enough) = (Timestamptz(at.plus_ms(-HOUR_MS)), i64::from(CREATIONS_AN_HOUR) - 1);
    let row = transaction.query_opt(select, &[&customer.get(), &since, &enough]).await;
    let row = row.map_err(StoreError::database("count a customer's new API keys"))?;
    Ok(row.map(|row| {
        let left_ms = row.get::<_, Timestamptz>(0).0.plus_ms(HOUR_MS).0 - at.0;
        u64::try_from(left_ms).unwrap_or_default().div_ceil(1000).max(1)
    }))
}
