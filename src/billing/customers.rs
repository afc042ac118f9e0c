//! Balances, statements, funds in and out, limits, credits.

use super::{Said, show};
use crate::money::Money;
use crate::table::{Side, table};
use anyhow::Context;
use serde_json::{Value, json};
use suiftly_schema::bill::CENT;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::document::words::dollars;
use suiftly_settlement::escrow::EscrowEvent;
use suiftly_store::money::{CustomerMoney, Draw, StatementLine};

pub(super) async fn balance(money: &Money, customer: Option<CustomerId>) -> anyhow::Result<Said> {
    let all = match customer {
        Some(customer) => vec![found(money, customer).await?],
        None => everybody(money).await?,
    };
    let head = [
        ("customer", Side::Right),
        ("name", Side::Left),
        ("state", Side::Left),
        ("balance", Side::Right),
        ("accrued", Side::Right),
        ("credits", Side::Right),
        ("limit", Side::Right),
        ("charged in all", Side::Right),
    ];
    let row = |of: &CustomerMoney| {
        vec![
            of.customer_id.get().to_string(),
            of.display_name.clone(),
            of.state.map_or("-", SpendState::word).to_owned(),
            dollars(of.balance),
            dollars(of.accrued()),
            dollars(of.credits),
            of.max_monthly.map_or_else(|| "none".to_owned(), dollars),
            dollars(of.charged_in_all),
        ]
    };
    let mut text = table(&head, &all.iter().map(row).collect::<Vec<_>>());
    if customer.is_some() {
        text.push_str(&months(&all[0]));
    }
    let doubts = money.store.draws_in_doubt(customer, money.now()).await?;
    text.push_str(&in_doubt(&doubts));
    Ok(Said { json: Value::Array(all.iter().map(|of| as_json(of, &doubts)).collect()), text })
}

/// Draws of which nobody knows whether they were made; nothing where there are none.
fn in_doubt(doubts: &[(CustomerId, Draw)]) -> String {
    if doubts.is_empty() {
        return String::new();
    }
    let head = [
        ("draws in doubt", Side::Left),
        ("customer", Side::Right),
        ("month", Side::Left),
        ("amount", Side::Right),
        ("asked", Side::Right),
        ("why", Side::Left),
    ];
    let row = |(customer, draw): &(CustomerId, Draw)| {
        vec![
            format!("since {}", show::time(draw.intended_at)),
            customer.get().to_string(),
            draw.month.to_string(),
            dollars(MicroUsd(draw.amount_usd_cents * CENT.0)),
            draw.attempts.to_string(),
            draw.doubt.clone().unwrap_or_else(|| "the escrow has not answered yet".to_owned()),
        ]
    };
    format!("\n{}", table(&head, &doubts.iter().map(row).collect::<Vec<_>>()))
}

fn doubt_as_json(draw: &Draw) -> Value {
    json!({
        "charge_id": draw.id,
        "month": draw.month,
        "amount_usd_cents": draw.amount_usd_cents,
        "attempts": draw.attempts,
        "since": draw.intended_at.rfc3339(),
        "why": draw.doubt,
    })
}

fn months(of: &CustomerMoney) -> String {
    let head = [
        ("month", Side::Left),
        ("subscriptions", Side::Right),
        ("usage", Side::Right),
        ("charged", Side::Right),
        ("credited", Side::Right),
        ("asked for", Side::Right),
    ];
    let rows: Vec<Vec<String>> = of
        .months
        .iter()
        .map(|month| {
            let payable = month.payable.map_or_else(|| "open".to_owned(), dollars);
            let [fixed, rated, charged, credits] =
                [month.fixed, month.rated, month.charged, month.credits].map(dollars);
            vec![month.month.to_string(), fixed, rated, charged, credits, payable]
        })
        .collect();
    if rows.is_empty() { "every month is settled\n".to_owned() } else { format!("\n{}", table(&head, &rows)) }
}

fn as_json(of: &CustomerMoney, doubts: &[(CustomerId, Draw)]) -> Value {
    let doubts: Vec<Value> = doubts
        .iter()
        .filter(|(customer, _)| *customer == of.customer_id)
        .map(|(_, draw)| doubt_as_json(draw))
        .collect();
    let months: Vec<Value> = of
        .months
        .iter()
        .map(|month| {
            json!({
                "month": month.month,
                "fixed_micro_usd": month.fixed,
                "rated_micro_usd": month.rated,
                "charged_micro_usd": month.charged,
                "in_flight_micro_usd": month.in_flight,
                "credits_micro_usd": month.credits,
                "payable_micro_usd": month.payable,
            })
        })
        .collect();
    json!({
        "customer_id": of.customer_id,
        "display_name": of.display_name,
        "status": of.status,
        "state": of.state,
        "balance_micro_usd": of.balance,
        "accrued_micro_usd": of.accrued(),
        "credits_micro_usd": of.credits,
        "max_monthly_micro_usd": of.max_monthly,
        "charged_in_all_micro_usd": of.charged_in_all,
        "unsettled_months": months,
        "draws_in_doubt": doubts,
    })
}

async fn everybody(money: &Money) -> anyhow::Result<Vec<CustomerMoney>> {
    let mut all: Vec<CustomerMoney> = Vec::new();
    loop {
        let after = all.last().map_or(0, |last| last.customer_id.get());
        let more = money.store.customers(after).await?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

pub(super) async fn found(money: &Money, customer: CustomerId) -> anyhow::Result<CustomerMoney> {
    money.store.customer(customer).await?.with_context(|| format!("there is no customer {}", customer.get()))
}

/// The ledger's rows, and what each leaves in the customer's accounts: what is held for them, what they owe, their credits.
pub(super) async fn statement(money: &Money, customer: CustomerId) -> anyhow::Result<Said> {
    found(money, customer).await?;
    let statement = money.settlement.statement(customer, UnixMillis::MIN, UnixMillis::MAX).await?;
    let row = |line: &StatementLine| {
        let (moved, left) = (&line.row.transfer, line.balances);
        vec![
            line.row.id.to_string(),
            show::time(moved.posted_at),
            moved.kind.word().to_owned(),
            moved.month.map(|month| month.to_string()).unwrap_or_default(),
            format!("{} < {}", moved.debit.word(), moved.credit.word()),
            dollars(moved.amount),
            dollars(left.escrow),
            dollars(left.receivable),
            dollars(left.credits),
            moved.memo.clone().unwrap_or_default(),
        ]
    };
    let as_json = |line: &StatementLine| {
        let (moved, left) = (&line.row.transfer, line.balances);
        json!({
            "id": line.row.id,
            "posted_at": moved.posted_at.rfc3339(),
            "kind": moved.kind.word(),
            "month": moved.month,
            "debit": moved.debit.word(),
            "credit": moved.credit.word(),
            "amount_micro_usd": moved.amount,
            "reference": moved.reference,
            "reverses": moved.reverses,
            "memo": moved.memo,
            "held_micro_usd": left.escrow,
            "owed_micro_usd": left.receivable,
            "credits_micro_usd": left.credits,
        })
    };
    let head = [
        ("row", Side::Right),
        ("posted", Side::Left),
        ("kind", Side::Left),
        ("month", Side::Left),
        ("debit < credit", Side::Left),
        ("amount", Side::Right),
        ("held", Side::Right),
        ("owed", Side::Right),
        ("credits", Side::Right),
        ("", Side::Left),
    ];
    let text = table(&head, &statement.lines.iter().map(row).collect::<Vec<_>>());
    Ok(Said { json: statement.lines.iter().map(as_json).collect(), text })
}

pub(super) async fn deposit(money: &Money, customer: CustomerId, usd_cents: i64) -> anyhow::Result<Said> {
    let event = money.settlement.deposit(customer, usd_cents).await?;
    Ok(moved(customer, &event, "is deposited"))
}

pub(super) async fn withdraw(money: &Money, customer: CustomerId, usd_cents: i64) -> anyhow::Result<Said> {
    let event = money.settlement.request_withdrawal(customer, usd_cents).await?;
    Ok(moved(customer, &event, "is to be withdrawn, once what is accrued is charged"))
}

pub(super) async fn limit(money: &Money, customer: CustomerId, usd_cents: i64) -> anyhow::Result<Said> {
    let event = money.settlement.set_limit(customer, usd_cents).await?;
    Ok(moved(customer, &event, if usd_cents == 0 { "is the limit: there is none" } else { "is the limit" }))
}

fn moved(customer: CustomerId, event: &EscrowEvent, what: &str) -> Said {
    let amount = dollars(MicroUsd(event.amount_usd_cents * CENT.0));
    let json = json!({
        "customer_id": customer,
        "type": event.kind.word(),
        "amount_usd_cents": event.amount_usd_cents,
        "digest": event.digest,
    });
    Said { json, text: format!("{amount} {what}\n") }
}

pub(super) async fn credit(
    money: &Money,
    customer: CustomerId,
    usd_cents: i64,
    reference: &str,
    reason: &str,
) -> anyhow::Result<Said> {
    let amount = MicroUsd(usd_cents * CENT.0);
    let is_new = money.settlement.grant_credit(customer, amount, reference, Some(reason)).await?;
    let what = if is_new { "is granted" } else { "was granted before" };
    let json =
        json!({ "customer_id": customer, "amount_usd_cents": usd_cents, "reference": reference, "is_new": is_new });
    Ok(Said { json, text: format!("{} {what}\n", dollars(amount)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::time::BillingMonth;
    use suiftly_store::money::DrawState;

    #[test]
    fn draws_in_doubt_are_shown_with_why() {
        assert_eq!(in_doubt(&[]), "");
        let draw = |doubt: Option<&str>| Draw {
            id: 7,
            nonce: "a".repeat(64),
            month: BillingMonth::parse("2026-11").unwrap(),
            reason: "threshold".to_owned(),
            amount_usd_cents: 500,
            state: DrawState::InDoubt,
            attempts: 3,
            digest: None,
            refusal: None,
            doubt: doubt.map(str::to_owned),
            intended_at: UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap(),
            decided_at: None,
        };
        let customer = CustomerId::new(42).unwrap();
        let shown = in_doubt(&[(customer, draw(Some("no gas"))), (customer, draw(None))]);
        let lines: Vec<Vec<&str>> = shown.trim().lines().map(|line| line.split("  ").collect()).collect();
        let cells = |line: &[&str]| {
            line.iter().map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
        };
        let first = cells(&lines[1]);
        assert_eq!(first[1..], ["42", "2026-11", dollars(MicroUsd(5_000_000)).as_str(), "3", "no gas"], "{shown}");
        assert!(first[0].starts_with("since 2026-11-22T10:00:00"), "{shown}");
        assert_eq!(cells(&lines[2]).last().map(String::as_str), Some("the escrow has not answered yet"), "{shown}");
        assert_eq!(doubt_as_json(&draw(Some("no gas")))["why"], "no gas");
    }
}
