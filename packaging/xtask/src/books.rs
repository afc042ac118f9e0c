//! What `suiftly billing` and `suiftly audit` say.

use crate::{chain, past};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

pub(crate) const MICRO_USD_A_CENT: i64 = 10_000;

/// The books of a running system.
pub(crate) struct Books {
    pub(crate) suiftly: PathBuf,
    pub(crate) data_dir: PathBuf,
}

impl Books {
    /// A customer's money.
    pub(crate) fn balance(&self, customer: i64) -> anyhow::Result<Value> {
        let found = self.ask(&["balance", &customer.to_string()])?;
        found.get(0).cloned().with_context(|| format!("there is no customer {customer}"))
    }

    /// `suiftly billing … --json`.
    pub(crate) fn ask(&self, words: &[&str]) -> anyhow::Result<Value> {
        let said = self.billing(&[words, &["--json"]].concat())?;
        serde_json::from_str(&said).with_context(|| format!("`suiftly billing {}` said no JSON", words.join(" ")))
    }

    /// `suiftly billing …`
    pub(crate) fn billing(&self, words: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(&self.suiftly);
        command.envs(chain::settings(&self.data_dir));
        said_by(command.args(["billing", "--data-dir"]).arg(&self.data_dir).args(words))
    }

    /// `suiftly audit INVOICE`
    pub(crate) fn audit(&self, invoice: &str) -> anyhow::Result<String> {
        let mut command = Command::new(&self.suiftly);
        command.args(["audit", invoice, "--data-dir"]).arg(&self.data_dir);
        let config = past::config_file(&self.data_dir);
        if config.is_file() {
            command.arg("--config").arg(config);
        }
        said_by(&mut command)
    }
}

/// Its standard output; an error with what it said otherwise if it fails.
fn said_by(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, complaint) = (text(&output.stdout), text(&output.stderr));
    ensure!(output.status.success(), "{command:?} failed: {said}{complaint}");
    Ok(said)
}

/// What they used in the running month, subscriptions included, in micro-dollars.
pub(crate) fn used_this_month(balance: &Value) -> anyhow::Result<i64> {
    let months = balance["unsettled_months"].as_array().and_then(|months| months.last());
    let month = months.context("no month is open")?;
    Ok(number(month, "fixed_micro_usd")? + number(month, "rated_micro_usd")?)
}

/// A whole number of that name.
pub(crate) fn number(of: &Value, name: &str) -> anyhow::Result<i64> {
    of[name].as_i64().with_context(|| format!("there is no {name} in {of}"))
}
