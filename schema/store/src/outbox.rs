//! The outbox: what people and the manager changed of the reference data, on its way into the journal.
//!
//! Triggers (migration 0008) leave each row that changed, as it is at its commit, under a number; numbers rise in the
//! order of the commits. [`Outbox::after`] reads them as the dataflow is told them: tiers become limits here, so that
//! what is journaled decides, and not what this program makes of a tier later. Rows stay until the writer has stored an
//! epoch that took them in; it removes them in that epoch's transaction.

use crate::StoreError;
use crate::codec::{from_bigint, known_customer, known_network, known_service};
use crate::config::StoreConfig;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::bill::CENT;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::{
    Account, AccountStatus, Entity, KeyLife, KeyState, MAX_ALLOWED, ReferenceChange, ServiceAccess,
};
use suiftly_schema::subscription::Tier;
use suiftly_schema::time::BillingMonth;
use tokio::sync::Notify;
use tokio_postgres::types::Json;
use tokio_postgres::{AsyncMessage, Client, NoTls, Row};

/// A notice may be lost, so the outbox is looked at without one this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reads the outbox, over one connection that it opens again when it breaks.
pub struct Outbox {
    config: StoreConfig,
    session: Option<Client>,
    noticed: Arc<Notify>,
}

impl Outbox {
    /// Connects when it is read first.
    pub fn new(config: &StoreConfig) -> Self {
        Self { config: config.clone(), session: None, noticed: Arc::default() }
    }

    /// The changes after a number, ascending, at most `limit`.
    pub async fn after(&mut self, seq: u64, limit: u32) -> Result<Vec<ReferenceChange>, StoreError> {
        let select = "SELECT seq, kind, entity FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2";
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let rows = self.session().await?.query(select, &[&seq, &i64::from(limit)]).await;
        let rows = rows.map_err(StoreError::database("read the outbox"))?;
        rows.iter().map(change_of).collect()
    }

    /// Waits until there may be more.
    pub async fn changed(&self) {
        drop(tokio::time::timeout(LOOK_EVERY, self.noticed.notified()).await);
    }

    async fn session(&mut self) -> Result<&Client, StoreError> {
        let session = match self.session.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.listen().await?,
        };
        Ok(self.session.insert(session))
    }

    async fn listen(&self) -> Result<Client, StoreError> {
        let connected = self.config.driver().connect(NoTls).await;
        let (client, mut connection) = connected.map_err(StoreError::database("connect to the database"))?;
        let noticed = Arc::clone(&self.noticed);
        tokio::spawn(async move {
            while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
                if matches!(message, AsyncMessage::Notification(_)) {
                    noticed.notify_one();
                }
            }
        });
        client.batch_execute("LISTEN suiftly_outbox").await.map_err(StoreError::database("listen to the outbox"))?;
        Ok(client)
    }
}

fn change_of(row: &Row) -> Result<ReferenceChange, StoreError> {
    let what = "a row of the outbox";
    let seq = from_bigint(what, row.get(0))?;
    let Json(json) =
        row.try_get::<_, Json<Value>>(2).map_err(|error| StoreError::Row { what, cause: error.to_string() })?;
    entity_of(row.get(1), json).map(|entity| ReferenceChange { seq, entity })
}

fn entity_of(kind: &str, json: Value) -> Result<Entity, StoreError> {
    match kind {
        "account" => account_of(&json).map(Entity::Account),
        "service" => service_of(&json).map(Entity::Service),
        "key" => key_of(&json).map(Entity::Key),
        "price_book" => serde_json::from_value(json).map(Entity::PriceBook).map_err(|error| wrong(&error.to_string())),
        "log_format" => serde_json::from_value(json).map(Entity::LogFormat).map_err(|error| wrong(&error.to_string())),
        other => Err(wrong(&format!("{other} is no kind"))),
    }
}

/// A customer's status by its word.
pub(crate) fn account_status(word: &str) -> Result<AccountStatus, StoreError> {
    match word {
        "active" => Ok(AccountStatus::Active),
        "suspended" => Ok(AccountStatus::Suspended),
        "closed" => Ok(AccountStatus::Closed),
        other => Err(wrong(&format!("{other} is no status"))),
    }
}

/// A key's life by its word.
pub(crate) fn key_life(word: &str) -> Result<KeyLife, StoreError> {
    match word {
        "active" => Ok(KeyLife::Active),
        "revoked" => Ok(KeyLife::Revoked),
        "deleted" => Ok(KeyLife::Deleted),
        other => Err(wrong(&format!("{other} is no state of a key"))),
    }
}

fn account_of(json: &Value) -> Result<Account, StoreError> {
    Ok(Account {
        status: account_status(text(json, "status")?)?,
        max_monthly: cents(json, "max_monthly_usd_cents")?,
        balance: cents(json, "balance_usd_cents")?,
        fixed: fixed(json)?,
        fixed_in_all: micro_usd(json, "fixed_in_all_micro_usd")?,
        charged_in_all: micro_usd(json, "charged_in_all_micro_usd")?,
        credited_in_all: micro_usd(json, "credited_in_all_micro_usd")?,
        ..Account::new(known_customer(integer(json, "customer_id")?)?)
    })
}

/// What subscriptions were charged, by month.
fn fixed(json: &Value) -> Result<Vec<(BillingMonth, MicroUsd)>, StoreError> {
    let of_month = |row: &Value| {
        let month = BillingMonth::parse(text(row, "month")?).ok_or_else(|| wrong("no month"))?;
        Ok((month, micro_usd(row, "micro_usd")?))
    };
    json.get("fixed").and_then(Value::as_array).map_or(Ok(Vec::new()), |rows| rows.iter().map(of_month).collect())
}

/// An amount; none in rows from before there was money.
fn micro_usd(json: &Value, field: &'static str) -> Result<MicroUsd, StoreError> {
    if json.get(field).is_some() { integer(json, field).map(MicroUsd) } else { Ok(MicroUsd(0)) }
}

fn service_of(json: &Value) -> Result<ServiceAccess, StoreError> {
    let config = json.get("config").unwrap_or(&Value::Null);
    let limits = limits(text(json, "tier")?, config);
    Ok(ServiceAccess {
        customer_id: known_customer(integer(json, "customer_id")?)?,
        service: known_service(integer(json, "service_type")?)?,
        is_enabled: json.get("is_enabled").and_then(Value::as_bool).ok_or_else(|| wrong("no is_enabled"))?,
        guaranteed_per_second: limits.guaranteed,
        burst_per_second: limits.burst,
        allowlist: allowlist(config)?,
    })
}

fn key_of(json: &Value) -> Result<KeyState, StoreError> {
    let state = key_life(text(json, "state")?)?;
    Ok(KeyState {
        id: integer(json, "id")?,
        customer_id: known_customer(integer(json, "customer_id")?)?,
        service: known_service(integer(json, "service_type")?)?,
        network: known_network(integer(json, "network")?)?,
        api_key_fp: integer(json, "api_key_fp")?,
        key_metadata: integer(json, "key_metadata")?,
        key_sha256: text(json, "key_sha256")?.to_owned(),
        state,
    })
}

/// Addresses, or networks as `address/length`. What is neither would open nothing and close nothing: it is an error.
fn allowlist(config: &Value) -> Result<Vec<String>, StoreError> {
    let Some(list) = config.get("ip_allowlist") else { return Ok(Vec::new()) };
    let list = list.as_array().filter(|list| list.len() <= MAX_ALLOWED).ok_or_else(|| wrong("no allowlist"))?;
    let entry = |entry: &Value| entry.as_str().filter(|text| is_network(text)).map(ToOwned::to_owned);
    list.iter().map(|value| entry(value).ok_or_else(|| wrong("an allowlist of other than addresses"))).collect()
}

fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let bits = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= bits))
}

fn text<'a>(json: &'a Value, field: &'static str) -> Result<&'a str, StoreError> {
    json.get(field).and_then(Value::as_str).ok_or_else(|| wrong(&format!("no {field}")))
}

fn integer<T: TryFrom<i64>>(json: &Value, field: &'static str) -> Result<T, StoreError> {
    let number = json.get(field).and_then(Value::as_i64).and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| wrong(&format!("{field} is none or out of range")))
}

fn cents(json: &Value, field: &'static str) -> Result<MicroUsd, StoreError> {
    Ok(MicroUsd(integer::<i64>(json, field)?.saturating_mul(CENT.0)))
}

fn wrong(cause: &str) -> StoreError {
    StoreError::Row { what: "a row of the outbox", cause: cause.to_owned() }
}

/// Requests per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) guaranteed: u32,
    pub(crate) burst: u32,
}

/// The tier's limits, or what the service's configuration says instead. Burst is an add-on that starter cannot book;
/// without it the two are the same.
pub(crate) fn limits(tier: &str, config: &serde_json::Value) -> Limits {
    let tier = Tier::from_word(tier).unwrap_or(Tier::Starter);
    let configured =
        |key: &str| config.get(key).and_then(serde_json::Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let guaranteed = configured("guaranteed_per_second").unwrap_or(tier.guaranteed_per_second());
    let burst = tier.burst_per_second(guaranteed, config.get("burst") == Some(&serde_json::Value::Bool(true)));
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

    #[test]
    fn rows_become_entities() {
        let service = json!({"customer_id": 7, "service_type": 1, "tier": "pro", "is_enabled": true,
            "config": {"burst": true, "ip_allowlist": ["192.0.2.1", "2001:db8::/32"]}});
        let Ok(Entity::Service(access)) = entity_of("service", service) else { panic!("a service") };
        assert_eq!((access.guaranteed_per_second, access.burst_per_second), (1_000, 2_000));
        assert_eq!(access.allowlist, ["192.0.2.1", "2001:db8::/32"]);
        let account =
            json!({"customer_id": 7, "status": "closed", "max_monthly_usd_cents": 25, "balance_usd_cents": 1});
        let Ok(Entity::Account(account)) = entity_of("account", account) else { panic!("an account") };
        let expected = (AccountStatus::Closed, MicroUsd(250_000), MicroUsd(10_000));
        assert_eq!((account.status, account.max_monthly, account.balance), expected);
        assert_eq!((account.fixed, account.charged_in_all), (Vec::new(), MicroUsd(0)), "from before there was money");
        let account = json!({"customer_id": 7, "status": "active", "max_monthly_usd_cents": 0, "balance_usd_cents": 1,
            "fixed": [{"month": "2026-11", "micro_usd": 5}], "fixed_in_all_micro_usd": 6,
            "charged_in_all_micro_usd": 7, "credited_in_all_micro_usd": 8});
        let Ok(Entity::Account(account)) = entity_of("account", account) else { panic!("an account") };
        assert_eq!(account.fixed, [(BillingMonth::parse("2026-11").unwrap(), MicroUsd(5))]);
        let in_all = (account.fixed_in_all.0, account.charged_in_all.0, account.credited_in_all.0);
        assert_eq!(in_all, (6, 7, 8));
    }

    #[test]
    fn rows_that_cannot_be_are_told() {
        let service = |config: Value| json!({"customer_id": 7, "service_type": 1, "tier": "pro", "is_enabled": true, "config": config});
        let cases = [
            ("invoice", json!({}), "invoice is no kind"),
            ("account", json!({"customer_id": 7, "status": "odd"}), "odd is no status"),
            ("account", json!({"customer_id": 0, "status": "active"}), "max_monthly_usd_cents is none"),
            ("service", service(json!({"ip_allowlist": ["everywhere"]})), "other than addresses"),
            ("service", service(json!({"ip_allowlist": ["192.0.2.0/33"]})), "other than addresses"),
            ("service", service(json!({"ip_allowlist": vec!["192.0.2.1"; MAX_ALLOWED + 1]})), "no allowlist"),
            ("key", json!({"state": "active", "id": 1, "customer_id": 7, "service_type": 9}), "9 is none"),
            ("price_book", json!({"version": 1}), "missing field"),
            ("log_format", json!({"id": 1}), "missing field"),
        ];
        for (kind, row, expected) in cases {
            let told = entity_of(kind, row).unwrap_err().to_string();
            assert!(told.contains(expected), "{kind}: {told}");
        }
    }
}
