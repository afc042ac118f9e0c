//! The manager's jobs and clock, reconciliation, notifications, price books, what-if, the shadow.

use super::{Said, show};
use crate::money::Money;
use crate::table::{Side, table};
use anyhow::Context;
use serde_json::{Value, json};
use std::path::Path;
use suiftly_api::{Clock, SystemClock};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::price::PriceBook;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_settlement::document::words::{count, dollars};
use suiftly_store::config::StoreConfig;
use suiftly_store::money::{NoticeQuery, RunOutcome};

/// Runs that `jobs` shows.
const RUNS_SHOWN: u32 = 20;
/// Of who would pay more and who less, so many are shown.
const LARGEST_SHOWN: usize = 10;

pub(super) async fn run(money: &Money, store: &StoreConfig) -> anyhow::Result<Said> {
    let reports = money.manager(store, "billing run", Vec::new()).run_due_once().await?;
    let head = [("job", Side::Left), ("outcome", Side::Left), ("", Side::Left)];
    let detail = |detail: &Option<Value>| detail.as_ref().map(Value::to_string).unwrap_or_default();
    let rows: Vec<_> = reports
        .iter()
        .map(|report| vec![report.job.to_owned(), report.outcome.word().to_owned(), detail(&report.detail)])
        .collect();
    let json = reports
        .iter()
        .map(|report| json!({ "job": report.job, "outcome": report.outcome.word(), "detail": report.detail }))
        .collect();
    let text = if rows.is_empty() { "no job is due\n".to_owned() } else { table(&head, &rows) };
    Ok(Said { json, text })
}

pub(super) async fn jobs(money: &Money) -> anyhow::Result<Said> {
    let (jobs, runs) = (money.store.jobs().await?, money.store.runs(None, RUNS_SHOWN).await?);
    let head = [("job", Side::Left), ("next", Side::Left), ("failed in a row", Side::Right)];
    let rows: Vec<_> =
        jobs.iter().map(|job| vec![job.name.clone(), show::time(job.next_at), job.failures.to_string()]).collect();
    let mut text = table(&head, &rows);
    let head = [("last runs", Side::Left), ("began", Side::Left), ("outcome", Side::Left), ("", Side::Left)];
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            let outcome = run.ended.map_or("runs", |(_, outcome)| RunOutcome::word(outcome)).to_owned();
            let detail = run.detail.as_ref().map(Value::to_string).unwrap_or_default();
            vec![run.job.clone(), show::time(run.started_at), outcome, detail]
        })
        .collect();
    text.push_str(&format!("\n{}", table(&head, &rows)));
    let jobs: Vec<_> = jobs
        .iter()
        .map(|job| json!({ "name": job.name, "next_at": job.next_at.rfc3339(), "failures": job.failures }))
        .collect();
    let runs: Vec<_> = runs
        .iter()
        .map(|run| {
            json!({
                "job": run.job,
                "holder": run.holder,
                "started_at": run.started_at.rfc3339(),
                "ended_at": run.ended.map(|(at, _)| at.rfc3339()),
                "outcome": run.ended.map(|(_, outcome)| outcome.word()),
                "detail": run.detail,
            })
        })
        .collect();
    Ok(Said { json: json!({ "jobs": jobs, "runs": runs }), text })
}

pub(super) async fn clock(money: &Money, to: Option<UnixMillis>) -> anyhow::Result<Said> {
    if let Some(to) = to {
        money.move_clock(to.0 - SystemClock.now().0).await?;
    }
    let (now, ahead_ms) = (money.now(), money.store.clock_offset().await?);
    let text = match ahead_ms {
        0 => format!("{}, as the machine's\n", show::time(now)),
        ahead => format!("{}, {} s ahead of the machine's\n", show::time(now), ahead / 1_000),
    };
    Ok(Said { json: json!({ "now": now.rfc3339(), "offset_ms": ahead_ms }), text })
}

/// Also answers whether all agree.
pub(super) async fn reconcile(money: &Money) -> anyhow::Result<(Said, bool)> {
    let reconciliation = money.settlement.reconcile().await?;
    let ledger = money.settlement.ledger_check().await?;
    let is_clean = reconciliation.count == 0 && ledger.count == 0;
    let text = if is_clean {
        "escrow, mirror, charges and ledger agree\n".to_owned()
    } else {
        format!("{reconciliation:#?}\n{ledger:#?}\n")
    };
    let balances = money.store.balances(None).await?;
    let accounts: serde_json::Map<String, Value> =
        balances.iter().map(|of| (of.account.word().to_owned(), json!(of.debit_balance))).collect();
    let head = [("account", Side::Left), ("debit balance", Side::Right)];
    let rows: Vec<_> =
        balances.iter().map(|of| vec![of.account.word().to_owned(), dollars(of.debit_balance)]).collect();
    let json = json!({ "is_clean": is_clean, "differences": text.trim_end(), "accounts_micro_usd": accounts });
    Ok((Said { json, text: format!("{}{text}", table(&head, &rows)) }, is_clean))
}

pub(super) async fn notifications(money: &Money, customer: Option<CustomerId>, limit: u32) -> anyhow::Result<Said> {
    let query = NoticeQuery { customer, is_unacknowledged: false, before: None, limit };
    let found = money.store.notices(&query).await?;
    let head = [
        ("when", Side::Left),
        ("severity", Side::Left),
        ("customer", Side::Right),
        ("kind", Side::Left),
        ("", Side::Left),
    ];
    let rows: Vec<_> = found
        .iter()
        .map(|note| {
            let customer = note.customer.map(|id| id.get().to_string()).unwrap_or_default();
            let (severity, kind) = (note.severity.word().to_owned(), note.kind.clone());
            vec![show::time(note.created_at), severity, customer, kind, note.body.to_string()]
        })
        .collect();
    let json = found
        .iter()
        .map(|note| {
            json!({
                "id": note.id,
                "key": note.key,
                "customer_id": note.customer,
                "severity": note.severity.word(),
                "kind": note.kind,
                "body": note.body,
                "created_at": note.created_at.rfc3339(),
                "acknowledged_at": note.acknowledged_at.map(UnixMillis::rfc3339),
            })
        })
        .collect();
    Ok(Said { json, text: table(&head, &rows) })
}

pub(super) async fn books(money: &Money, publish: Option<&Path>) -> anyhow::Result<Said> {
    if let Some(path) = publish {
        money.store.publish_price_book(&read(path)?, money.now()).await??;
    }
    let books = money.store.price_books().await?;
    let head = [("version", Side::Right), ("from", Side::Left), ("prices", Side::Left)];
    let rows: Vec<_> = books
        .all()
        .iter()
        .map(|book| {
            let prices = if book.is_linear() { "by the unit" } else { "by what is used in the month" };
            vec![book.version.to_string(), show::time(book.effective_from), prices.to_owned()]
        })
        .collect();
    Ok(Said { json: json!(books.all()), text: table(&head, &rows) })
}

fn read(path: &Path) -> anyhow::Result<PriceBook> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let book: PriceBook =
        serde_json::from_str(&text).with_context(|| format!("{} holds no price book", path.display()))?;
    book.check().with_context(|| format!("the price book in {} cannot be used", path.display()))?;
    Ok(book)
}

pub(super) async fn what_if(
    money: &Money,
    book: &Path,
    month: Option<BillingMonth>,
    csv: bool,
) -> anyhow::Result<Said> {
    let now = money.now();
    let answer = money.settlement.what_if(&read(book)?, month.unwrap_or_else(|| now.month()), now).await?;
    let all = &answer.what_if;
    let row = |of: &suiftly_schema::price::Difference| {
        vec![of.customer_id.get().to_string(), dollars(of.before), dollars(of.after), dollars(of.delta)]
    };
    let text = if csv {
        let line = |of: &suiftly_schema::price::Difference| {
            format!("{},{},{},{}\n", of.customer_id.get(), of.before.0, of.after.0, of.delta.0)
        };
        let lines: String = all.customers.iter().map(line).collect();
        format!("customer_id,before_micro_usd,after_micro_usd,delta_micro_usd\n{lines}")
    } else {
        let head = [("customer", Side::Right), ("now", Side::Right), ("then", Side::Right), ("more", Side::Right)];
        let more = all.customers.iter().take(LARGEST_SHOWN).filter(|of| of.delta.0 > 0);
        let less = all.customers.iter().rev().take(LARGEST_SHOWN).filter(|of| of.delta.0 < 0);
        format!(
            "{} by price book {}: {}, then {} ({} more)\n{} would pay more, {} less, {} the same\n{}",
            answer.month,
            answer.before_version,
            dollars(all.before),
            dollars(all.after),
            dollars(all.delta),
            number(all.losers),
            number(all.winners),
            number(all.unchanged),
            table(&head, &more.chain(less).map(row).collect::<Vec<_>>()),
        )
    };
    let json = json!({
        "month": answer.month,
        "before_version": answer.before_version,
        "before_micro_usd": all.before,
        "after_micro_usd": all.after,
        "delta_micro_usd": all.delta,
        "winners": all.winners,
        "losers": all.losers,
        "unchanged": all.unchanged,
        "customers": all.customers.iter().map(|of| json!({
            "customer_id": of.customer_id,
            "before_micro_usd": of.before,
            "after_micro_usd": of.after,
            "delta_micro_usd": of.delta,
        })).collect::<Vec<_>>(),
    });
    Ok(Said { json, text })
}

fn number(of: usize) -> String {
    count(i64::try_from(of).unwrap_or(i64::MAX))
}

pub(super) async fn shadow(money: &Money) -> anyhow::Result<Said> {
    let now = money.now();
    let check = money.settlement.shadow_check(now.0.unsigned_abs(), now).await?;
    let summary = check.summary;
    let mut text = format!(
        "{} customers and {} hours rated again: {} differ\n",
        summary.customers, summary.hours, summary.mismatches
    );
    for detail in &check.detail {
        text.push_str(&format!("{detail}\n"));
    }
    let json = json!({
        "customers": summary.customers,
        "hours": summary.hours,
        "mismatches": summary.mismatches,
        "detail": check.detail,
    });
    Ok(Said { json, text })
}
