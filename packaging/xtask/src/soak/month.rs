//! The clock moves past the end of the month while everything runs: every customer's month closes, though `suiftly` is
//! killed at it. What each bill said while it was live is what it says closed, an audit of each agrees with the journal,
//! and the ledger balances.

use crate::books::{Books, number};
use crate::money::{AFTER_MONTH_MS, month_end};
use crate::plan::Random;
use crate::signals::Interrupt;
use crate::stack::Stack;
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The manager looks for months to close each minute, and has just been killed.
const CLOSED_TIME_MAX: Duration = Duration::from_secs(240);
/// `suiftly` is killed so soon after the clock was moved.
const KILLED_WITHIN_MS: u64 = 3_000;
/// What a bill comes to.
const SUMS: [&str; 6] = ["gross", "waiver", "total", "carried_in", "payable", "carried_out"];
/// As many invoices as `suiftly billing invoices` tells of at once.
const INVOICES_MAX: &str = "1000";

/// Closes the running month of all customers; what was found, in lines. An error names the first thing that differs.
pub(crate) fn close(stack: &mut Stack, random: &mut Random, interrupt: &Interrupt) -> anyhow::Result<Vec<String>> {
    let books = Books { suiftly: stack.suiftly().to_owned(), data_dir: stack.data_dir().to_owned() };
    let (month, live) = live_bills(&books)?;
    ensure!(!live.is_empty(), "nobody has a bill");
    let moved_to = month_end(&month)?.plus_ms(AFTER_MONTH_MS);
    books.ask(&["clock", "--to", &moved_to.rfc3339()])?;
    ensure!(!interrupt.wait(Duration::from_millis(random.below(KILLED_WITHIN_MS))), "interrupted");
    stack.kill_suiftly()?;
    let closed = await_invoices(stack, &books, &month, live.len(), interrupt)?;
    let mut gross = 0;
    for (customer, live) in &live {
        let invoice = closed.get(customer).with_context(|| format!("customer {customer} has no invoice of {month}"))?;
        let text = books.billing(&["invoice", invoice, "--format", "json"])?;
        let document: Value = serde_json::from_str(&text).with_context(|| format!("{invoice} is not JSON"))?;
        for sum in SUMS {
            let (was, is) = (number(&live["sums"], sum)?, number(&document["sums"], sum)?);
            ensure!(was == is, "{invoice}: {sum} was {was} micro-dollars while live, and is {is} closed");
        }
        gross += number(&document["sums"], "gross")?;
        books.audit(invoice).with_context(|| format!("the audit of {invoice} does not agree"))?;
    }
    books.ask(&["reconcile"]).context("the books do not agree")?;
    Ok(vec![
        format!("the manager's clock was moved to {}, and suiftly killed as it closed {month}", moved_to.rfc3339()),
        format!("{} bills closed as they were live, {} gross", live.len(), suiftly_schema::money::MicroUsd(gross)),
        format!("{} audits agree with the journal", live.len()),
        "escrow, mirror, charges and ledger agree".to_owned(),
    ])
}

/// The month that is running, and each customer's bill of it as it stands.
fn live_bills(books: &Books) -> anyhow::Result<(String, BTreeMap<i64, Value>)> {
    let clock = books.ask(&["clock"])?;
    let month = clock["now"].as_str().and_then(|now| now.get(..7)).context("the clock tells no time")?.to_owned();
    let everybody = books.ask(&["balance"])?;
    let has_month = |one: &&Value| {
        let months = one["unsettled_months"].as_array();
        months.is_some_and(|months| months.iter().any(|open| open["month"] == *month))
    };
    let mut bills = BTreeMap::new();
    for one in everybody.as_array().into_iter().flatten().filter(has_month) {
        let customer = number(one, "customer_id")?;
        bills.insert(customer, books.ask(&["draft", &customer.to_string(), "--month", &month])?);
    }
    Ok((month, bills))
}

/// Until so many customers have an invoice of this month that is asked for no more: by customer, its number.
fn await_invoices(
    stack: &mut Stack,
    books: &Books,
    month: &str,
    count: usize,
    interrupt: &Interrupt,
) -> anyhow::Result<BTreeMap<i64, String>> {
    let deadline = Instant::now() + CLOSED_TIME_MAX;
    loop {
        stack.look_after_suiftly()?;
        let all = books.ask(&["invoices", "--limit", INVOICES_MAX])?;
        let found = invoices_of(&all, month);
        if found.len() >= count {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "of {count} customers' bills of {month} {} are closed", found.len());
        if interrupt.wait(LOOK_EVERY) {
            bail!("interrupted");
        }
    }
}

fn invoices_of(all: &Value, month: &str) -> BTreeMap<i64, String> {
    let of_month =
        all.as_array().into_iter().flatten().filter(|one| one["month"] == *month && one["corrects"].is_null());
    of_month.filter_map(|one| Some((one["customer_id"].as_i64()?, one["number"].as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::invoices_of;
    use serde_json::json;

    #[test]
    fn a_months_invoices_are_found_by_customer() {
        let row = |customer: i64, month: &str, corrects: Option<&str>| json!({"customer_id": customer, "month": month, "number": format!("INV-{customer}"), "corrects": corrects});
        let all = json!([row(1, "2026-11", None), row(2, "2026-10", None), row(3, "2026-11", Some("INV-1"))]);
        assert_eq!(invoices_of(&all, "2026-11"), [(1, "INV-1".to_owned())].into());
    }
}
