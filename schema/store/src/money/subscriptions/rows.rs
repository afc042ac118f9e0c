//! Services as rows: what is in force, what is scheduled.

use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer, known_service};
use deadpool_postgres::Transaction;
use serde_json::Value;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::subscription::{Scheduled, ServiceState, Subscription, Tier};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// A row of `service_instances`.
#[derive(Clone, Debug)]
pub(super) struct ServiceRow {
    pub(super) customer_id: CustomerId,
    pub(super) service: Service,
    pub(super) state: ServiceState,
    /// The last month whose items are charged. `None`: enabled before anything was charged for.
    pub(super) paid_through: Option<BillingMonth>,
}

const READ: &str = "SELECT customer_id, service_type, tier, is_enabled, enabled_at IS NOT NULL, config, \
        extra_api_keys, extra_seal_keys, extra_packages, scheduled, paid_through \
    FROM service_instances WHERE customer_id = ANY($1) ORDER BY customer_id, service_type";

/// The services of customers, ascending.
pub(super) async fn read(
    transaction: &Transaction<'_>,
    customers: &[CustomerId],
) -> Result<Vec<ServiceRow>, StoreError> {
    let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    let attempted = "read subscriptions";
    let select = transaction.prepare_cached(READ).await.map_err(StoreError::database(attempted))?;
    let rows = transaction.query(&select, &[&ids]).await.map_err(StoreError::database(attempted))?;
    rows.iter().map(row_of).collect()
}

fn row_of(row: &Row) -> Result<ServiceRow, StoreError> {
    let (is_enabled, was_enabled): (bool, bool) = (row.get(3), row.get(4));
    let state = match (is_enabled, was_enabled) {
        (true, _) => ServiceState::Enabled { subscription: subscription_of(row)?, scheduled: scheduled_of(row)? },
        (false, true) => ServiceState::Disabled,
        (false, false) => ServiceState::NeverEnabled,
    };
    Ok(ServiceRow {
        customer_id: known_customer(row.get(0))?,
        service: known_service(row.get(1))?,
        state,
        paid_through: row.get::<_, Option<MonthDate>>(10).map(|month| month.0),
    })
}

fn subscription_of(row: &Row) -> Result<Subscription, StoreError> {
    let word: &str = row.get(2);
    let unknown = || StoreError::Row { what: "a tier", cause: format!("{word} is none") };
    let tier = Tier::from_word(word).ok_or_else(unknown)?;
    let Json(config) = row.get::<_, Json<Value>>(5);
    let extra = |at: usize| u32::from(row.get::<_, i16>(at).unsigned_abs());
    Ok(Subscription {
        tier,
        // As the outbox tells it: a tier that has none has none, whatever is booked.
        burst: tier.may_burst() && config.get("burst") == Some(&Value::Bool(true)),
        extra_api_keys: extra(6),
        extra_seal_keys: extra(7),
        extra_packages: extra(8),
    })
}

fn scheduled_of(row: &Row) -> Result<Option<Scheduled>, StoreError> {
    let scheduled = row.try_get::<_, Option<Json<Scheduled>>>(9);
    let scheduled = scheduled.map_err(|error| StoreError::Row { what: "a scheduled change", cause: error.to_string() });
    Ok(scheduled?.map(|json| json.0))
}

/// What else is configured stays as it is; a configuration that says the same is not told again.
const ENABLE: &str = "INSERT INTO service_instances AS s (customer_id, service_type, tier, is_enabled, config, \
        extra_api_keys, extra_seal_keys, extra_packages, scheduled, paid_through, enabled_at) \
    SELECT customer, service, tier, true, jsonb_build_object('burst', burst), api_keys, seal_keys, packages, scheduled, paid, $10 \
    FROM unnest($1::bigint[], $2::smallint[], $3::text[], $4::boolean[], $5::smallint[], $6::smallint[], $7::smallint[], \
        $8::jsonb[], $9::date[]) \
        AS n (customer, service, tier, burst, api_keys, seal_keys, packages, scheduled, paid) \
    ON CONFLICT (customer_id, service_type) DO UPDATE SET tier = excluded.tier, is_enabled = true, \
        config = CASE WHEN coalesce(s.config -> 'burst', 'false') = excluded.config -> 'burst' THEN s.config \
            ELSE s.config || excluded.config END, \
        extra_api_keys = excluded.extra_api_keys, extra_seal_keys = excluded.extra_seal_keys, \
        extra_packages = excluded.extra_packages, scheduled = excluded.scheduled, paid_through = excluded.paid_through, \
        enabled_at = CASE WHEN s.is_enabled THEN s.enabled_at ELSE excluded.enabled_at END, disabled_at = NULL";

const DISABLE: &str = "UPDATE service_instances AS s \
    SET is_enabled = false, scheduled = NULL, disabled_at = greatest($3, s.enabled_at) \
    FROM unnest($1::bigint[], $2::smallint[]) AS n (customer, service) \
    WHERE s.customer_id = n.customer AND s.service_type = n.service AND s.is_enabled";

/// Writes services as they are from an instant on. What never was enabled is not written.
pub(super) async fn put(transaction: &Transaction<'_>, rows: &[ServiceRow], at: UnixMillis) -> Result<(), StoreError> {
    enable(transaction, rows, at).await?;
    let ended = rows.iter().filter(|row| row.state == ServiceState::Disabled);
    let (customers, services): (Vec<i64>, Vec<i16>) = ended.map(key).unzip();
    if customers.is_empty() {
        return Ok(());
    }
    let done = transaction.execute(DISABLE, &[&customers, &services, &Timestamptz(at)]).await;
    done.map_err(StoreError::database("end services")).map(|_| ())
}

async fn enable(transaction: &Transaction<'_>, rows: &[ServiceRow], at: UnixMillis) -> Result<(), StoreError> {
    let enabled: Vec<_> = rows.iter().filter_map(|row| row.state.in_force().map(|force| (row, force))).collect();
    if enabled.is_empty() {
        return Ok(());
    }
    let (customers, services): (Vec<i64>, Vec<i16>) = enabled.iter().map(|(row, _)| key(row)).unzip();
    let tiers: Vec<&str> = enabled.iter().map(|(_, force)| force.tier.word()).collect();
    let bursts: Vec<bool> = enabled.iter().map(|(_, force)| force.burst).collect();
    let extras = |of: fn(&Subscription) -> u32| -> Vec<i16> {
        let small = |extra| i16::try_from(extra).expect("extras are checked before they are ordered");
        enabled.iter().map(|(_, force)| small(of(force))).collect()
    };
    let (api_keys, seal_keys) = (extras(|force| force.extra_api_keys), extras(|force| force.extra_seal_keys));
    let packages = extras(|force| force.extra_packages);
    let scheduled: Vec<_> = enabled.iter().map(|(row, _)| row.state.scheduled().map(Json)).collect();
    let paid: Vec<_> = enabled.iter().map(|(row, _)| row.paid_through.map(MonthDate)).collect();
    let attempted = "write subscriptions";
    let upsert = transaction.prepare_cached(ENABLE).await.map_err(StoreError::database(attempted))?;
    let at = Timestamptz(at);
    let done = transaction
        .execute(
            &upsert,
            &[&customers, &services, &tiers, &bursts, &api_keys, &seal_keys, &packages, &scheduled, &paid, &at],
        )
        .await;
    done.map_err(StoreError::database(attempted)).map(|_| ())
}

fn key(row: &ServiceRow) -> (i64, i16) {
    (row.customer_id.get(), i16::from(row.service.number()))
}
