//! What a run shows of money: a customer whose limit is one dollar above what they have used goes over it, another's escrow
//! runs out ([`crate::show`]). At the end of a timed run the clock moves past the grace, the month closes, the invoice
//! shows the waiver, the ledger balances, and an audit agrees.

use crate::books::{Books, MICRO_USD_A_CENT, number, used_this_month};
use crate::chain::Till;
use crate::show::Show;
use crate::signals::Interrupt;
use crate::stack::Stack;
use crate::traffic::Traffic;
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::time::{Duration, Instant};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The manager charges a tier within seconds.
const CHARGED_TIME_MAX: Duration = Duration::from_secs(60);
/// It looks for months to close each minute.
const CLOSED_TIME_MAX: Duration = Duration::from_secs(150);
/// A limit is ten dollars at least, so so much must be charged before it can be one dollar above.
const CHARGED_MIN_CENTS: i64 = 900;
/// After the grace of 24 hours.
pub(crate) const AFTER_MONTH_MS: i64 = 25 * 3_600_000;

/// Two customers about to be refused.
pub(crate) struct Demonstration {
    books: Books,
    till: Till,
    customer: i64,
    limit_cents: i64,
    limit: Show,
    escrow: Show,
}

impl Demonstration {
    /// Takes the customers whose keys are asked with most: sets the limit of the one, and has the other withdraw. `None`,
    /// with a word why, where a run before has moved the clock already. In a run that ends by itself the limit stays.
    pub(crate) fn begin(stack: &Stack, is_timed: bool, interrupt: &Interrupt) -> anyhow::Result<Option<Self>> {
        let books = Books { suiftly: stack.suiftly().to_owned(), data_dir: stack.data_dir().to_owned() };
        if books.ask(&["clock"])?["offset_ms"] != 0 {
            println!("money: not shown again, the clock of this data directory has been moved before");
            return Ok(None);
        }
        let (limited, drained) = stack.first_people()?;
        let customer = limited.id;
        charge_enough(&books, customer, interrupt)?;
        let used = used_this_month(&books.balance(customer)?)?;
        let limit_cents = used.div_euclid(MICRO_USD_A_CENT) + 101;
        let usd = format!("{}.{:02}", limit_cents / 100, limit_cents % 100);
        stack.till().set_limit(&limited.wallet, limit_cents)?;
        println!("money: {limited} has used {} this month; its limit is now ${usd}", MicroUsd(used));
        let limit = Show::of_limit(limited, stack.till(), limit_cents, is_timed);
        let escrow = Show::of_escrow(drained, stack.till(), &books)?;
        Ok(Some(Self { books, till: stack.till(), customer, limit_cents, limit, escrow }))
    }

    /// Says what has happened since.
    pub(crate) fn look(&mut self, traffic: &Traffic) -> anyhow::Result<()> {
        self.limit.look(traffic, &self.books)?;
        self.escrow.look(traffic, &self.books)
    }

    /// Whether both have been shown to their end.
    pub(crate) const fn is_over(&self) -> bool {
        self.limit.is_over() && self.escrow.is_over()
    }

    /// The traffic has ended and all of it is stored: closes the month and looks at what became of it.
    pub(crate) fn finish(&self, interrupt: &Interrupt) -> anyhow::Result<()> {
        ensure!(
            self.is_over(),
            "not all was shown: a limit that is passed, an escrow that runs out and is filled again"
        );
        let books = &self.books;
        let balance = books.balance(self.customer)?;
        ensure!(balance["state"] == "monthly_limit", "customer {} is not over their limit: {balance}", self.customer);
        let months = balance["unsettled_months"].as_array().context("no month is open")?;
        let month = months.last().and_then(|month| month["month"].as_str()).context("no month is open")?.to_owned();
        let closes = month_end(&month)?.plus_ms(AFTER_MONTH_MS);
        self.till.set_clock(closes)?;
        books.ask(&["clock", "--to", &closes.rfc3339()])?;
        println!("money: the manager's clock is now {}", closes.rfc3339());
        let number = self.await_invoice(&month, interrupt)?;
        self.look_at(&number)?;
        books.ask(&["reconcile"]).context("the books do not agree")?;
        println!("money: escrow, mirror, charges and ledger agree");
        print!("{}", books.audit(&number).context("the audit does not agree")?);
        Ok(())
    }

    fn await_invoice(&self, month: &str, interrupt: &Interrupt) -> anyhow::Result<String> {
        let deadline = Instant::now() + CLOSED_TIME_MAX;
        loop {
            let invoices = self.books.ask(&["invoices", &self.customer.to_string()])?;
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
        print!("{}", self.books.billing(&["invoice", invoice])?);
        let document = self.books.billing(&["invoice", invoice, "--format", "json"])?;
        let document: Value = serde_json::from_str(&document).with_context(|| format!("{invoice} is not JSON"))?;
        let (waiver, payable) = (number(&document["sums"], "waiver")?, number(&document["sums"], "payable")?);
        ensure!(waiver > 0, "{invoice} shows no waiver");
        ensure!(payable == self.limit_cents * MICRO_USD_A_CENT, "{invoice} asks for {payable} micro-dollars");
        Ok(())
    }
}

/// Until their tiers are charged for the rest of the month; on a month's last days with add-ons, so that it is enough.
fn charge_enough(books: &Books, customer: i64, interrupt: &Interrupt) -> anyhow::Result<()> {
    let mut charged = await_charged(books, customer, 0, interrupt)?;
    if charged < CHARGED_MIN_CENTS {
        let customer_word = customer.to_string();
        let order = ["order", &customer_word, "seal", "change", "--tier", "enterprise", "--burst", "--api-keys", "8"];
        books.ask(&[&order[..], &["--seal-keys", "9", "--packages", "70"]].concat())?;
        charged = await_charged(books, customer, charged, interrupt)?;
    }
    ensure!(charged >= CHARGED_MIN_CENTS, "only {charged} cents were charged for the rest of the month");
    Ok(())
}

fn await_charged(books: &Books, customer: i64, before: i64, interrupt: &Interrupt) -> anyhow::Result<i64> {
    let deadline = Instant::now() + CHARGED_TIME_MAX;
    loop {
        let charged = number(&books.balance(customer)?, "charged_in_all_micro_usd")? / MICRO_USD_A_CENT;
        if charged > before {
            return Ok(charged);
        }
        ensure!(Instant::now() < deadline, "customer {customer} is not charged for their tier");
        if interrupt.wait(LOOK_EVERY) {
            bail!("interrupted");
        }
    }
}

pub(crate) fn month_end(month: &str) -> anyhow::Result<UnixMillis> {
    BillingMonth::parse(month).map(BillingMonth::end).with_context(|| format!("{month} is no month"))
}
