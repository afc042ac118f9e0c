//! What a timed run shows of money: a customer whose limit is one dollar above what is charged goes over it; then the
//! clock moves past the grace, the month closes, the invoice shows the waiver, the ledger balances, and an audit agrees.

use crate::signals::Interrupt;
use crate::stack::Stack;
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use suiftly_schema::time::{BillingMonth, UnixMillis};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The manager charges a tier within seconds.
const CHARGED_TIME_MAX: Duration = Duration::from_secs(60);
/// It looks for months to close each minute.
const CLOSED_TIME_MAX: Duration = Duration::from_secs(150);
/// A limit is ten dollars at least, so so much must be charged before it can be one dollar above.
const CHARGED_MIN_CENTS: i64 = 900;
const MICRO_USD_A_CENT: i64 = 10_000;
/// After the grace of 24 hours.
const AFTER_MONTH_MS: i64 = 25 * 3_600_000;

/// A customer about to go over their limit.
pub(crate) struct Demonstration {
    suiftly: PathBuf,
    data_dir: PathBuf,
    customer: i64,
    limit_cents: i64,
    is_over: bool,
}

impl Demonstration {
    /// Takes the customer whose keys are asked with most, and sets the limit. `None`, with a word why, where a run before
    /// has moved the clock already.
    pub(crate) fn begin(stack: &Stack, interrupt: &Interrupt) -> anyhow::Result<Option<Self>> {
        let (suiftly, data_dir) = (stack.suiftly().to_owned(), stack.data_dir().to_owned());
        let customer = stack.first_customer()?;
        let mut shown = Self { suiftly, data_dir, customer, limit_cents: 0, is_over: false };
        if shown.ask(&["clock"])?["offset_ms"] != 0 {
            println!("money: not shown again, the clock of this data directory has been moved before");
            return Ok(None);
        }
        let charged = shown.charged(interrupt)?;
        shown.limit_cents = charged + 100;
        let usd = format!("{}.{:02}", shown.limit_cents / 100, shown.limit_cents % 100);
        shown.ask(&["limit", &customer.to_string(), &usd])?;
        println!("money: customer {customer} was charged {charged} cents; the limit is now a dollar above");
        Ok(Some(shown))
    }

    /// What their tiers cost for the rest of the month, once it is charged; on a month's last days with add-ons, so that
    /// it is enough.
    fn charged(&self, interrupt: &Interrupt) -> anyhow::Result<i64> {
        let mut charged = self.await_charged(0, interrupt)?;
        if charged < CHARGED_MIN_CENTS {
            let customer = self.customer.to_string();
            let order = ["order", &customer, "seal", "change", "--tier", "enterprise", "--burst", "--api-keys", "8"];
            self.ask(&[&order[..], &["--seal-keys", "9", "--packages", "70"]].concat())?;
            charged = self.await_charged(charged, interrupt)?;
        }
        ensure!(charged >= CHARGED_MIN_CENTS, "only {charged} cents were charged for the rest of the month");
        Ok(charged)
    }

    fn await_charged(&self, before: i64, interrupt: &Interrupt) -> anyhow::Result<i64> {
        let deadline = Instant::now() + CHARGED_TIME_MAX;
        loop {
            let charged = number(&self.balance()?, "charged_in_all_micro_usd")? / MICRO_USD_A_CENT;
            if charged > before {
                return Ok(charged);
            }
            ensure!(Instant::now() < deadline, "customer {} is not charged for their tier", self.customer);
            if interrupt.wait(LOOK_EVERY) {
                bail!("interrupted");
            }
        }
    }

    /// Says when they have gone over it, once.
    pub(crate) fn look(&mut self, since: Duration) -> anyhow::Result<()> {
        if !self.is_over && is_over(&self.balance()?) {
            self.is_over = true;
            println!(
                "money: customer {} is over their limit after {} s: monthly_limit",
                self.customer,
                since.as_secs()
            );
        }
        Ok(())
    }

    /// The traffic has ended and all of it is stored: closes the month and looks at what became of it.
    pub(crate) fn finish(&self, interrupt: &Interrupt) -> anyhow::Result<()> {
        let balance = self.balance()?;
        ensure!(is_over(&balance), "customer {} did not go over their limit: {balance}", self.customer);
        let months = balance["unsettled_months"].as_array().context("no month is open")?;
        let month = months.last().and_then(|month| month["month"].as_str()).context("no month is open")?.to_owned();
        let closes = month_end(&month)?.plus_ms(AFTER_MONTH_MS);
        self.ask(&["clock", "--to", &closes.rfc3339()])?;
        println!("money: the manager's clock is now {}", closes.rfc3339());
        let number = self.await_invoice(&month, interrupt)?;
        self.look_at(&number)?;
        self.ask(&["reconcile"]).context("the books do not agree")?;
        println!("money: escrow, mirror, charges and ledger agree");
        print!("{}", self.audit(&number).context("the audit does not agree")?);
        Ok(())
    }

    fn await_invoice(&self, month: &str, interrupt: &Interrupt) -> anyhow::Result<String> {
        let deadline = Instant::now() + CLOSED_TIME_MAX;
        loop {
            let invoices = self.ask(&["invoices", &self.customer.to_string()])?;
            let is_it = |one: &&Value| one["month"] == *month && one["status"] == "paid";
            let found = invoices.as_array().and_then(|all| all.iter().find(is_it));
            if let Some(number) = found.and_then(|one| one["number"].as_str()) {
                return Ok(number.to_owned());
            }
            ensure!(Instant::now() < deadline, "{month} does not close, or is not paid");
            if interrupt.wait(LOOK_EVERY) {
                bail!("interrupted");
            }
        }
    }

    /// It asks for no more than the limit, and shows what was waived.
    fn look_at(&self, invoice: &str) -> anyhow::Result<()> {
        print!("{}", self.billing(&["invoice", invoice])?);
        let document = self.billing(&["invoice", invoice, "--format", "json"])?;
        let document: Value = serde_json::from_str(&document).with_context(|| format!("{invoice} is not JSON"))?;
        let (waiver, payable) = (number(&document["sums"], "waiver")?, number(&document["sums"], "payable")?);
        ensure!(waiver > 0, "{invoice} shows no waiver");
        ensure!(payable == self.limit_cents * MICRO_USD_A_CENT, "{invoice} asks for {payable} micro-dollars");
        Ok(())
    }

    fn balance(&self) -> anyhow::Result<Value> {
        let found = self.ask(&["balance", &self.customer.to_string()])?;
        found.get(0).cloned().with_context(|| format!("there is no customer {}", self.customer))
    }

    /// `suiftly billing … --json`.
    fn ask(&self, words: &[&str]) -> anyhow::Result<Value> {
        let said = self.billing(&[words, &["--json"]].concat())?;
        serde_json::from_str(&said).with_context(|| format!("`suiftly billing {}` said no JSON", words.join(" ")))
    }

    fn billing(&self, words: &[&str]) -> anyhow::Result<String> {
        said_by(Command::new(&self.suiftly).args(["billing", "--data-dir"]).arg(&self.data_dir).args(words))
    }

    fn audit(&self, invoice: &str) -> anyhow::Result<String> {
        said_by(Command::new(&self.suiftly).args(["audit", invoice, "--data-dir"]).arg(&self.data_dir))
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

fn is_over(balance: &Value) -> bool {
    balance["state"] == "monthly_limit"
}

fn number(of: &Value, name: &str) -> anyhow::Result<i64> {
    of[name].as_i64().with_context(|| format!("there is no {name} in {of}"))
}

fn month_end(month: &str) -> anyhow::Result<UnixMillis> {
    BillingMonth::parse(month).map(BillingMonth::end).with_context(|| format!("{month} is no month"))
}
