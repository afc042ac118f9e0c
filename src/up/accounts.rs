//! Customers' accounts and operators, as the API is given them.

use super::notify;
use super::rings::Keys;
use crate::cli::Place;
use crate::config::{self, Config};
use crate::money::Money;
use crate::secrets::Secrets;
use anyhow::Context;
use suiftly_api::{Accounts, Clock, SignInMode, SystemClock, operator_token_sha256};
use suiftly_store::accounts::{AccountStore, Act, Actor, OperatorRole};
use suiftly_store::config::StoreConfig;
use suiftly_store::migrate;

/// The operator whose token is in the data directory.
const LOCAL_OPERATOR: &str = "local";

/// Opens them, and sees to it that the operator `local` is there.
pub(super) async fn open(
    place: &Place,
    config: &Config,
    store: &StoreConfig,
    (money, keys): (&Money, &Keys),
) -> anyhow::Result<Accounts> {
    let accounts = AccountStore::new(store)?;
    let mode = mode(&config.api, store)?;
    let secrets = Secrets::of(place, config)?;
    make_local_operator(&secrets, &accounts).await?;
    record_start(&accounts).await?;
    Ok(Accounts {
        store: accounts,
        settlement: money.settlement.clone(),
        owners: config.billing.owners()?,
        api_key_secret: secrets.api_key_secret()?,
        at_rest: keys.at_rest.clone(),
        jwt: keys.jwt.clone(),
        mode,
        notify: notify::mode(&config.notify, store)?,
    })
}

/// Strict unless the database is one of development or tests.
fn mode(config: &config::Api, store: &StoreConfig) -> anyhow::Result<SignInMode> {
    let (mock_auth, is_strict) = (config.mock_auth, !migrate::is_ours(store.database()));
    anyhow::ensure!(
        !(mock_auth && is_strict),
        "api.mock_auth is for development and tests: database {} is neither",
        store.database()
    );
    if mock_auth {
        tracing::warn!("any signature is taken at sign-in (api.mock_auth)");
    }
    Ok(SignInMode { mock_auth, secure_cookies: is_strict, domain: config.domain.clone() })
}

/// Starts stand in the log: an incident is read beside what was deployed, and when.
async fn record_start(accounts: &AccountStore) -> anyhow::Result<()> {
    let act = Act { actor: Actor::System { part: "up" }, address: None, at: SystemClock.now() };
    let version = Some(env!("CARGO_PKG_VERSION"));
    let recorded = accounts.record(None, &act, "program.start", version, serde_json::json!({})).await;
    recorded.context("cannot record the start")
}

async fn make_local_operator(secrets: &Secrets, accounts: &AccountStore) -> anyhow::Result<()> {
    let token = secrets.operator_token()?;
    let sha256 = operator_token_sha256(&token);
    let now = SystemClock.now();
    let known = accounts.operator_by_token(&sha256, now).await;
    if known.context("cannot look the local operator up")?.is_none() {
        let act = Act { actor: Actor::System { part: "up" }, address: None, at: now };
        let made = accounts.put_operator(LOCAL_OPERATOR, OperatorRole::Admin, &sha256, &act).await;
        made.context("cannot make the local operator")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_signature_and_plain_cookies_are_for_development_and_tests() {
        let mode = |database: &str, mock_auth| {
            let store = StoreConfig::from_url(&format!("postgres://me@db.example/{database}")).unwrap();
            mode(&config::Api { mock_auth, ..config::Api::default() }, &store)
        };
        for (database, is_strict) in [("suiftly_dev", false), ("suiftly_test", false), ("suiftly_prod", true)] {
            assert_eq!(mode(database, false).unwrap().secure_cookies, is_strict, "{database}");
            assert_eq!(mode(database, true).is_err(), is_strict, "{database}");
        }
    }
}
