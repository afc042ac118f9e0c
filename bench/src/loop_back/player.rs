//! A customer of a round: acts by the customers' API, as the dashboard would.

use crate::server::Connection;
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const MICRO_USD_A_CENT: i64 = 10_000;
/// What one request costs, by the first price book.
pub(super) const MICRO_USD_A_REQUEST: i64 = 100;
/// What they have beyond the price of their order: so much can be used.
const SPARE_CENTS: i64 = 4;
/// A limit is set so far above what is used.
const ABOVE_CENTS: i64 = 3;
/// A limit is ten dollars at least: what is ordered costs more, on a month's last day too.
const SUBSCRIPTION: &str =
    r#"{"tier": "enterprise", "burst": true, "extra_api_keys": 8, "extra_seal_keys": 9, "extra_packages": 70}"#;
const DEPOSIT_CENTS: i64 = 5_000;
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// One who is signed in.
pub(super) struct Player {
    connection: Connection,
    token: String,
}

impl Player {
    /// Signs up with the mock wallet of this number, and orders Seal with funds for little more than it.
    pub(super) fn sign_up(address: SocketAddr, number: u32) -> anyhow::Result<Self> {
        let mut connection = Connection::open(address)?;
        let wallet = format!("0x{:064x}", 0x00b0_0000_u32 + number);
        connection.post("/api/v1/auth/challenge", &json!({"address": wallet}))?;
        let signed = json!({"address": wallet, "signature": "AA==", "tokens": "body"});
        let session = connection.post("/api/v1/auth/verify", &signed)?;
        let token = session["access_token"].as_str().context("a session has no access token")?.to_owned();
        let mut player = Self { connection, token };
        player.set_limit(0)?;
        player.order()?;
        Ok(player)
    }

    fn order(&mut self) -> anyhow::Result<()> {
        let subscription: Value = serde_json::from_str(SUBSCRIPTION).context("no subscription")?;
        let asked = json!({"order": "enable", "subscription": subscription});
        let quote = self.ask("POST", "/api/v1/services/seal/quote", &asked)?;
        let total = number(&quote, "total_now_micro_usd")?;
        self.deposit(total.div_euclid(MICRO_USD_A_CENT) + 1 + SPARE_CENTS)?;
        let order = json!({"subscription": subscription, "expected_total_micro_usd": total});
        self.ask("POST", "/api/v1/services/seal/enable", &order).map(drop)
    }

    /// A key: its id, and what to send.
    pub(super) fn issue(&mut self) -> anyhow::Result<(i64, String)> {
        let asked = json!({"service": "seal", "network": "mainnet", "name": "bench"});
        let issued = self.ask("POST", "/api/v1/keys", &asked)?;
        let key = issued["key"].as_str().context("an issued key is not shown")?;
        Ok((number(&issued, "id")?, key.to_owned()))
    }

    pub(super) fn revoke(&mut self, id: i64) -> anyhow::Result<()> {
        self.ask("POST", &format!("/api/v1/keys/{id}/revoke"), &Value::Null).map(drop)
    }

    /// Enough for whatever comes.
    pub(super) fn deposit_plenty(&mut self) -> anyhow::Result<()> {
        self.deposit(DEPOSIT_CENTS)
    }

    fn deposit(&mut self, usd_cents: i64) -> anyhow::Result<()> {
        self.ask("POST", "/api/v1/billing/deposit", &json!({"amount_usd_cents": usd_cents})).map(drop)
    }

    fn set_limit(&mut self, usd_cents: i64) -> anyhow::Result<()> {
        self.ask("PUT", "/api/v1/billing/limit", &json!({"max_monthly_usd_cents": usd_cents})).map(drop)
    }

    /// The request that uses up the balance, counted from now; `served` so far.
    pub(super) fn until_empty(&mut self, served: u64) -> anyhow::Result<u64> {
        let billing = self.settled(served)?;
        let balance = number(&billing, "balance_usd_cents")? * MICRO_USD_A_CENT;
        requests(balance - number(&billing, "accrued_micro_usd")?)
    }

    /// Sets a limit a little above what is used; the request that reaches it, counted from now.
    pub(super) fn limit_closely(&mut self, served: u64) -> anyhow::Result<u64> {
        let used = number(&self.settled(served)?, "used_this_month_micro_usd")?;
        let limit = used.div_euclid(MICRO_USD_A_CENT) + ABOVE_CENTS;
        self.set_limit(limit)?;
        requests(limit * MICRO_USD_A_CENT - used)
    }

    /// Their money, once it tells of all that was served.
    fn settled(&mut self, served: u64) -> anyhow::Result<Value> {
        let began = Instant::now();
        let least = i64::try_from(served)? * MICRO_USD_A_REQUEST;
        loop {
            let billing = self.ask("GET", "/api/v1/billing", &Value::Null)?;
            if number(&billing, "rated_this_month_micro_usd")? >= least {
                return Ok(billing);
            }
            ensure!(began.elapsed() < PATIENCE, "{served} requests were served, and are not rated: {billing}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn ask(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.connection.ask(method, path, &self.token, body)
    }
}

/// How many it takes to spend this, all of it.
fn requests(micro_usd: i64) -> anyhow::Result<u64> {
    ensure!(micro_usd > 0, "{micro_usd} micro-dollars are left");
    u64::try_from(micro_usd).map(|left| left.div_ceil(MICRO_USD_A_REQUEST.unsigned_abs())).context("an amount")
}

fn number(of: &Value, name: &str) -> anyhow::Result<i64> {
    of[name].as_i64().with_context(|| format!("there is no {name} in {of}"))
}
