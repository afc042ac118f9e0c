//! Services as their customer sees and configures them: what is subscribed, who may use it, whether it works. Orders are
//! decided by [`crate::money`]; here they stand in one transaction with the activity log.

mod read;

pub use read::{ServiceStanding, Services};

use super::slots::{self, Taken};
use super::{AccountStore, Act, record};
use crate::StoreError;
use crate::money::{self, OrderRefused, Ordered, Quoted};
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::subscription::{Order, Subscription};
use tokio_postgres::types::Json;

/// Why a service is not as it was to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceRefused {
    /// The order itself.
    #[error(transparent)]
    Order(#[from] OrderRefused),
    /// More is in use than would be had.
    #[error("{used} {what} are in use, and there would be {allowed}: delete some first")]
    InUse {
        /// Of what: API keys, seal keys, extra packages.
        what: &'static str,
        /// How many there are.
        used: u32,
        /// How many there would be.
        allowed: u32,
    },
}

/// What a customer configures of a service. `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Addresses and networks that may use it, as `suiftly_schema::allowlist` has them; none: all may.
    pub ip_allowlist: Option<Vec<String>>,
    /// Web origins, likewise.
    pub origins: Option<Vec<String>>,
}

impl AccountStore {
    /// What an order would do, and whether the customer can pay for it. Nothing is changed.
    pub async fn quote_service(
        &self,
        customer: CustomerId,
        service: Service,
        order: &Order,
        act: &Act,
    ) -> Result<Result<Quoted, ServiceRefused>, StoreError> {
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin a quote"))?;
        match money::quote_within(&transaction, customer, service, order, act.at).await? {
            Err(refused) => Ok(Err(refused.into())),
            Ok(quoted) => Ok(room(&transaction, customer, service, order).await?.map(|()| quoted)),
        }
    }

    /// Orders, charges what it costs to the running month, and records it. With `expected`, only if it costs just that.
    pub async fn order_service(
        &self,
        customer: CustomerId,
        service: Service,
        order: &Order,
        expected: Option<MicroUsd>,
        act: &Act,
    ) -> Result<Result<Ordered, ServiceRefused>, StoreError> {
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin an order"))?;
        let ordered = match money::order_within(&transaction, customer, service, order, expected, act.at).await? {
            Err(refused) => return Ok(Err(refused.into())),
            Ok(ordered) => ordered,
        };
        if let Err(refused) = room(&transaction, customer, service, order).await? {
            return Ok(Err(refused));
        }
        let (action, change) = told(order, &ordered);
        record(&transaction, Some(customer), act, action, Some(service.word()), change).await?;
        transaction.commit().await.map_err(StoreError::database("commit an order"))?;
        Ok(Ok(ordered))
    }

    /// Configures a service that was enabled once. Answers whether anything changed; `None`: it never was.
    pub async fn configure_service(
        &self,
        customer: CustomerId,
        service: Service,
        settings: &ServiceSettings,
        act: &Act,
    ) -> Result<Option<bool>, StoreError> {
        const ATTEMPTED: &str = "configure a service";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        money::lock(&transaction, &[customer]).await?;
        let key: (i64, i16) = (customer.get(), service.number().into());
        let select = "SELECT config FROM service_instances WHERE customer_id = $1 AND service_type = $2";
        let row = transaction.query_opt(select, &[&key.0, &key.1]).await.map_err(StoreError::database(ATTEMPTED))?;
        let Some(row) = row else { return Ok(None) };
        let Json(mut config) = row.get::<_, Json<Value>>(0);
        let change = merge(&mut config, settings);
        if change.as_object().is_none_or(serde_json::Map::is_empty) {
            return Ok(Some(false));
        }
        let update = "UPDATE service_instances SET config = $3 WHERE customer_id = $1 AND service_type = $2";
        let changed = transaction.execute(update, &[&key.0, &key.1, &Json(config)]).await;
        changed.map_err(StoreError::database(ATTEMPTED))?;
        record(&transaction, Some(customer), act, "service.configure", Some(service.word()), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Some(true))
    }
}

/// Writes what is set into a configuration; answers what of it is new.
fn merge(config: &mut Value, settings: &ServiceSettings) -> Value {
    let ServiceSettings { ip_allowlist, origins } = settings;
    let mut change = json!({});
    for (field, list) in [("ip_allowlist", ip_allowlist), ("origins", origins)] {
        let Some(list) = list else { continue };
        let before = config.get(field).cloned().unwrap_or_else(|| json!([]));
        if before != json!(list) {
            config[field] = json!(list);
            change[field] = json!({"from": before, "to": list});
        }
    }
    change
}

/// What is in use stays within what would be had.
async fn room(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    service: Service,
    order: &Order,
) -> Result<Result<(), ServiceRefused>, StoreError> {
    let (Order::Enable(wanted) | Order::Change(wanted)) = order else { return Ok(Ok(())) };
    Ok(fits(&slots::taken(transaction, customer).await?, service, wanted))
}

fn fits(taken: &Taken, service: Service, wanted: &Subscription) -> Result<(), ServiceRefused> {
    let of_seal = |count: u32| if service == Service::Seal { count } else { 0 };
    let api_keys = taken.api_keys.get(&service).copied().unwrap_or_default();
    let each = [
        ("API keys", api_keys, slots::api_keys(wanted)),
        ("seal keys", of_seal(taken.seal_keys), slots::seal_keys(wanted)),
        ("extra packages", of_seal(taken.extra_packages), slots::extra_packages(wanted)),
    ];
    match each.into_iter().find(|(_, used, allowed)| used > allowed) {
        Some((what, used, allowed)) => Err(ServiceRefused::InUse { what, used, allowed }),
        None => Ok(()),
    }
}

/// What the activity log says of an order.
fn told(order: &Order, ordered: &Ordered) -> (&'static str, Value) {
    let charged = ordered.quote.total_now.0;
    match order {
        Order::Enable(wanted) => ("service.enable", json!({"subscription": wanted, "charged_micro_usd": charged})),
        Order::Change(wanted) => ("service.change", json!({"subscription": wanted, "charged_micro_usd": charged})),
        Order::Disable => ("service.disable", json!({"charged_micro_usd": charged})),
        Order::Resume => ("service.resume", json!({"charged_micro_usd": charged})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::subscription::Tier;

    #[test]
    fn what_is_in_use_must_fit() {
        let taken = Taken {
            api_keys: [(Service::Seal, 3), (Service::Grpc, 2)].into(),
            seal_keys: 2,
            extra_packages: 1,
            ..Taken::default()
        };
        let wanted = |extra_api_keys, extra_seal_keys, extra_packages| Subscription {
            extra_api_keys,
            extra_seal_keys,
            extra_packages,
            ..Subscription::of(Tier::Pro)
        };
        let cases = [
            (Service::Seal, wanted(1, 1, 1), None),
            (Service::Seal, wanted(0, 1, 1), Some(("API keys", 3, 2))),
            (Service::Seal, wanted(1, 0, 1), Some(("seal keys", 2, 1))),
            (Service::Seal, wanted(1, 1, 0), Some(("extra packages", 1, 0))),
            (Service::Grpc, wanted(0, 0, 0), None),
            (Service::Graphql, wanted(0, 0, 0), None),
        ];
        for (service, wanted, expected) in cases {
            let expected = expected.map(|(what, used, allowed)| ServiceRefused::InUse { what, used, allowed });
            assert_eq!(fits(&taken, service, &wanted).err(), expected, "{service:?} {wanted:?}");
        }
    }

    #[test]
    fn only_what_changes_is_told() {
        let mut config = json!({"burst": true, "ip_allowlist": ["192.0.2.1"]});
        let same = ServiceSettings { ip_allowlist: Some(vec!["192.0.2.1".to_owned()]), origins: Some(Vec::new()) };
        assert_eq!(merge(&mut config, &same), json!({}));
        let other = ServiceSettings { ip_allowlist: Some(Vec::new()), origins: None };
        assert_eq!(merge(&mut config, &other), json!({"ip_allowlist": {"from": ["192.0.2.1"], "to": []}}));
        assert_eq!(config, json!({"burst": true, "ip_allowlist": []}));
    }
}
