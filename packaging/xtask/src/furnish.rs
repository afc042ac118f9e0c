//! What demonstration customers have made for themselves: with Seal a seal key with a package, without which nothing can be
//! opened by it, and an alert. By the API, as their owners would.

use crate::customer::Customer;
use anyhow::Context as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// A package on no chain.
const PACKAGE: &str = "0x5ea1";
const ALERT_PERCENT: u32 = 80;

/// Makes it for each of them that has Seal and no seal key yet.
pub(crate) fn furnish(api: SocketAddr, seeded: &Value) -> anyhow::Result<()> {
    let of_seal = seeded.as_array().into_iter().flatten().filter(|entry| entry["service"] == "seal");
    let wallets: BTreeSet<&str> = of_seal.filter_map(|entry| entry["wallet_address"].as_str()).collect();
    for wallet in wallets {
        let mut customer = Customer::sign_in(api, wallet)?;
        if customer.get("/api/v1/seal-keys")?["items"].as_array().is_some_and(|keys| !keys.is_empty()) {
            continue;
        }
        let key = customer.post("/api/v1/seal-keys", &json!({"name": "Main"}))?;
        let id = key["id"].as_i64().context("a seal key has no id")?;
        let package = json!({"address": PACKAGE, "name": "Allowlist"});
        customer.post(&format!("/api/v1/seal-keys/{id}/packages"), &package)?;
        let alert = json!({"name": "Most of the limit is used", "metric": "spend_percent", "period": "month",
            "threshold": ALERT_PERCENT});
        customer.post("/api/v1/alerts", &alert)?;
    }
    Ok(())
}
