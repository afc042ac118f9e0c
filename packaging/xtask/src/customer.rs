//! A customer at the dashboard's API: signs in with a mock wallet, makes keys and revokes them, moves funds.

use crate::http::Client;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// An API that takes longer than this for an answer is taken to be away.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);

/// One who is signed in.
pub(crate) struct Customer {
    client: Client,
    authorization: String,
}

/// A key that was issued. Not `Debug`: keys are not for logs.
pub(crate) struct Issued {
    pub(crate) id: i64,
    pub(crate) key: String,
}

impl Customer {
    /// Signs in; the wallet's signature is not looked at.
    pub(crate) fn sign_in(address: SocketAddr, wallet: &str) -> anyhow::Result<Self> {
        let mut nobody = Self { client: Client::new(address, ANSWER_TIME_MAX), authorization: String::new() };
        nobody.post("/api/v1/auth/challenge", &json!({"address": wallet}))?;
        let signed = json!({"address": wallet, "signature": "AA==", "tokens": "body"});
        let session = nobody.post("/api/v1/auth/verify", &signed)?;
        let token = session["access_token"].as_str().context("a session has no access token")?;
        Ok(Self { authorization: format!("Bearer {token}"), ..nobody })
    }

    /// A key for Seal on mainnet.
    pub(crate) fn issue_key(&mut self) -> anyhow::Result<Issued> {
        let asked = json!({"service": "seal", "network": "mainnet", "name": "trial"});
        let issued = self.post("/api/v1/keys", &asked)?;
        let key = issued["key"].as_str().context("an issued key is not shown")?.to_owned();
        Ok(Issued { id: issued["id"].as_i64().context("an issued key has no id")?, key })
    }

    /// From then on it opens nothing.
    pub(crate) fn revoke_key(&mut self, id: i64) -> anyhow::Result<()> {
        self.post(&format!("/api/v1/keys/{id}/revoke"), &Value::Null).map(drop)
    }

    /// One that was revoked opens what it did.
    pub(crate) fn enable_key(&mut self, id: i64) -> anyhow::Result<()> {
        self.post(&format!("/api/v1/keys/{id}/enable"), &Value::Null).map(drop)
    }

    /// Puts funds into their escrow.
    pub(crate) fn deposit(&mut self, usd_cents: i64) -> anyhow::Result<()> {
        self.post("/api/v1/billing/deposit", &json!({"amount_usd_cents": usd_cents})).map(drop)
    }

    /// Asks for funds back.
    pub(crate) fn withdraw(&mut self, usd_cents: i64) -> anyhow::Result<()> {
        self.post("/api/v1/billing/withdraw", &json!({"amount_usd_cents": usd_cents})).map(drop)
    }

    /// What a month may be charged; 0: no limit.
    pub(crate) fn set_limit(&mut self, usd_cents: i64) -> anyhow::Result<()> {
        self.send("PUT", "/api/v1/billing/limit", &json!({"max_monthly_usd_cents": usd_cents}).to_string()).map(drop)
    }

    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Value> {
        self.send("GET", path, "")
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send("POST", path, &body)
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<Value> {
        let mut headers = vec![("Content-Type", "application/json")];
        if !self.authorization.is_empty() {
            headers.push(("Authorization", &self.authorization));
        }
        let answer = self.client.send(method, path, &headers, body);
        let answer = answer.map_err(std::io::Error::from).with_context(|| format!("cannot ask the API for {path}"))?;
        let said = String::from_utf8_lossy(&answer.body);
        ensure!((200..300).contains(&answer.status), "the API answered {} to {path}: {said}", answer.status);
        if said.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&said).with_context(|| format!("the API's answer to {path} is not JSON"))
    }
}
