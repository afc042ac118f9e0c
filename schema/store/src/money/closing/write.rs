//! What was decided about customers' months, written by one statement a table.

use super::super::ledger;
use super::super::notices::{self, Notice, Severity};
use super::{ChunkReport, Decision, MonthCase, MonthChange, NewDocument};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz};
use deadpool_postgres::Transaction;
use serde_json::json;
use std::collections::BTreeMap;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::invoice::DocumentKind;
use suiftly_schema::ledger::{Account, Kind, Transfer};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::types::{Json, ToSql};

const NUMBER: &str = "INSERT INTO invoice_series AS s (series, last) VALUES ($1, $2) \
    ON CONFLICT (series) DO UPDATE SET last = s.last + excluded.last RETURNING last";

/// Under the customers' locks, so the values hold and need not be added to.
const CLOSE: &str = "INSERT INTO billing_months AS m (customer_id, month, accrued_micro_usd, waived_micro_usd, \
        carried_out_micro_usd, charged_micro_usd, credits_micro_usd, payable_micro_usd, limit_usd_cents, closed_at) \
    SELECT id, $2::date, accrued, waived, carried_out, charged, credits, payable, limit_cents, $3::timestamptz \
    FROM unnest($1::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[]) \
        AS t (id, accrued, waived, carried_out, charged, credits, payable, limit_cents) \
    ON CONFLICT (customer_id, month) DO UPDATE SET accrued_micro_usd = excluded.accrued_micro_usd, \
        waived_micro_usd = excluded.waived_micro_usd, carried_out_micro_usd = excluded.carried_out_micro_usd, \
        charged_micro_usd = excluded.charged_micro_usd, credits_micro_usd = excluded.credits_micro_usd, \
        payable_micro_usd = excluded.payable_micro_usd, limit_usd_cents = coalesce(m.limit_usd_cents, excluded.limit_usd_cents), \
        closed_at = coalesce(m.closed_at, excluded.closed_at)";

const CARRY: &str = "INSERT INTO billing_months AS m (customer_id, month, carried_in_micro_usd) \
    SELECT * FROM unnest($1::bigint[], $2::date[], $3::bigint[]) \
    ON CONFLICT (customer_id, month) DO UPDATE SET carried_in_micro_usd = m.carried_in_micro_usd + excluded.carried_in_micro_usd";

const CREDIT: &str = "UPDATE customers AS c SET credits_micro_usd = c.credits_micro_usd + t.credits, \
        credited_in_all_micro_usd = c.credited_in_all_micro_usd + t.waived \
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS t (id, credits, waived) WHERE c.id = t.id";

const DOCUMENTS: &str = "WITH new AS ( \
        INSERT INTO invoices (number, kind, customer_id, month, corrects, status, issued_at, bill, input_hash, \
            total_micro_usd, payable_micro_usd, settled_at) \
        SELECT number, kind, customer_id, $2::date, corrects, CASE WHEN is_paid THEN 'paid' ELSE 'open' END, $3::timestamptz, bill, input_hash, \
            total, payable, CASE WHEN is_paid THEN $3::timestamptz END \
        FROM unnest($1::text[], $4::text[], $5::bigint[], $6::bigint[], $7::boolean[], $8::jsonb[], $9::text[], $10::bigint[], \
            $11::bigint[]) AS t (number, kind, customer_id, corrects, is_paid, bill, input_hash, total, payable) \
        RETURNING id, number) \
    INSERT INTO invoice_inputs (invoice_id, inputs) \
    SELECT new.id, t.inputs FROM new JOIN unnest($1::text[], $12::text[]) AS t (number, inputs) ON t.number = new.number";

/// By what was paid before, or by a credit note: nothing is due for the month any more.
const SETTLE: &str = "UPDATE invoices SET status = 'paid', settled_at = $3 \
    WHERE customer_id = ANY($1) AND month = $2 AND status IN ('open', 'failed')";

const REOPEN: &str = "UPDATE billing_months SET closed_at = NULL, payable_micro_usd = NULL \
    WHERE customer_id = ANY($1) AND month = $2";

/// The month has a row from now on, so that no later one closes before it.
const KEEP_OPEN: &str = "INSERT INTO billing_months (customer_id, month) SELECT id, $2::date FROM unnest($1::bigint[]) AS t (id) \
    ON CONFLICT DO NOTHING";

/// A month that is written, with the number of its document.
struct Numbered<'a> {
    case: &'a MonthCase,
    change: &'a MonthChange,
    number: Option<String>,
}

/// Writes it all.
pub(super) async fn all(
    transaction: &Transaction<'_>,
    month: BillingMonth,
    at: UnixMillis,
    decided: &[(&MonthCase, Decision)],
) -> Result<ChunkReport, StoreError> {
    let mut report = ChunkReport::default();
    let (mut changes, mut told, mut reopened) = (Vec::new(), Vec::new(), Vec::new());
    for (case, decision) in decided {
        let customer_id = case.inputs.customer_id;
        match decision {
            Decision::Wait => report.waiting += 1,
            Decision::Alarm(why) => told.push((customer_id, why.as_str())),
            Decision::Reopen => reopened.push(customer_id.get()),
            Decision::Change(change) => changes.push((*case, &**change)),
        }
    }
    report.alarms = u32::try_from(told.len()).unwrap_or(u32::MAX);
    report.changed = u32::try_from(changes.len() + reopened.len()).unwrap_or(u32::MAX);
    alarms(transaction, month, at, &told).await?;
    if !reopened.is_empty() {
        execute(transaction, REOPEN, &[&reopened, &MonthDate(month)], "open months again").await?;
    }
    if changes.is_empty() {
        return Ok(report);
    }
    let numbered = number(transaction, month, changes).await?;
    let transfers: Vec<Transfer> = numbered.iter().flat_map(|one| one.transfers(month, at)).collect();
    ledger::post(transaction, &transfers).await?;
    close(transaction, month, at, &numbered).await?;
    carry(transaction, &numbered).await?;
    credit(transaction, &numbered).await?;
    report.documents = documents(transaction, month, at, &numbered).await?;
    let settled = numbered.iter().filter(|one| one.change.is_settled && one.case.before.is_some());
    let settled: Vec<i64> = settled.map(Numbered::customer).collect();
    if !settled.is_empty() {
        execute(transaction, SETTLE, &[&settled, &MonthDate(month), &Timestamptz(at)], "settle invoices").await?;
    }
    Ok(report)
}

/// Takes numbers from the series, each kind's in the order of the customers; series in one order, whoever takes them.
async fn number<'a>(
    transaction: &Transaction<'_>,
    month: BillingMonth,
    changes: Vec<(&'a MonthCase, &'a MonthChange)>,
) -> Result<Vec<Numbered<'a>>, StoreError> {
    let kind = |change: &MonthChange| change.document.as_ref().map(|document| document.kind);
    let mut next = BTreeMap::new();
    for series in DocumentKind::ALL {
        let count = changes.iter().filter(|(_, change)| kind(change) == Some(series)).count();
        if count > 0 {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let attempted = StoreError::database("take numbers for invoices");
            let row = transaction.query_one(NUMBER, &[&series.series(month), &count]).await.map_err(attempted)?;
            next.insert(series, row.get::<_, i64>(0) - count);
        }
    }
    let numbered = changes.into_iter().map(|(case, change)| {
        let number = kind(change).and_then(|kind| {
            let last = next.get_mut(&kind)?;
            *last += 1;
            Some(kind.number(month, *last))
        });
        Numbered { case, change, number }
    });
    Ok(numbered.collect())
}

impl Numbered<'_> {
    fn customer(&self) -> i64 {
        self.case.inputs.customer_id.get()
    }

    fn document(&self) -> Option<(&str, &NewDocument)> {
        self.number.as_deref().zip(self.change.document.as_ref())
    }

    fn excess(&self) -> MicroUsd {
        self.change.from_charged + self.change.from_credits
    }

    /// References are the document's: what is posted with it, is posted once.
    fn transfers(&self, month: BillingMonth, at: UnixMillis) -> Vec<Transfer> {
        let Some((number, document)) = self.document() else { return Vec::new() };
        let usage = if document.kind == DocumentKind::Invoice { Kind::Usage } else { Kind::Note };
        let whose = (self.case.inputs.customer_id, Some(month));
        let owed = (Account::Receivable, Account::Revenue);
        let of = |kind, sides, amount, part| {
            Transfer::signed(whose, kind, sides, amount, format!("invoice:{number}#{part}"), at)
        };
        [
            of(usage, owed, self.change.usage, "usage"),
            of(Kind::LimitWaiver, (Account::Waivers, Account::Receivable), self.change.waiver, "waiver"),
            of(Kind::Excess, (Account::Receivable, Account::Credits), self.excess(), "excess"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

async fn close(
    transaction: &Transaction<'_>,
    month: BillingMonth,
    at: UnixMillis,
    numbered: &[Numbered<'_>],
) -> Result<(), StoreError> {
    let column = |of: fn(&Numbered<'_>) -> i64| numbered.iter().map(of).collect::<Vec<i64>>();
    let parameters: [&(dyn ToSql + Sync); 10] = [
        &column(|one| one.customer()),
        &MonthDate(month),
        &Timestamptz(at),
        &column(|one| (one.case.accrued + one.change.usage).0),
        &column(|one| (one.case.waived + one.change.waiver).0),
        &column(|one| one.change.carried_out.0),
        &column(|one| (one.case.charged - one.change.from_charged).0),
        &column(|one| (one.case.credits - one.change.from_credits).0),
        &column(|one| one.change.payable.0),
        &column(|one| one.case.limit_usd_cents),
    ];
    execute(transaction, CLOSE, &parameters, "close months").await
}

/// What is carried on goes into the next open month; after a note, by how much more it is than before.
async fn carry(transaction: &Transaction<'_>, numbered: &[Numbered<'_>]) -> Result<(), StoreError> {
    let (mut customers, mut months, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
    for one in numbered {
        let more = one.change.carried_out - one.case.carried_out;
        if more != MicroUsd(0) {
            customers.push(one.customer());
            months.push(MonthDate(one.case.carry_to));
            amounts.push(more.0);
        }
    }
    if customers.is_empty() {
        return Ok(());
    }
    execute(transaction, CARRY, &[&customers, &months, &amounts], "carry cents on").await
}

async fn credit(transaction: &Transaction<'_>, numbered: &[Numbered<'_>]) -> Result<(), StoreError> {
    let (mut customers, mut credits, mut waived) = (Vec::new(), Vec::new(), Vec::new());
    for one in numbered {
        if (one.excess(), one.change.waiver) != (MicroUsd(0), MicroUsd(0)) {
            customers.push(one.customer());
            credits.push(one.excess().0);
            waived.push(one.change.waiver.0);
        }
    }
    if customers.is_empty() {
        return Ok(());
    }
    execute(transaction, CREDIT, &[&customers, &credits, &waived], "add to credits and waivers").await
}

async fn documents(
    transaction: &Transaction<'_>,
    month: BillingMonth,
    at: UnixMillis,
    numbered: &[Numbered<'_>],
) -> Result<u32, StoreError> {
    let rows: Vec<_> = numbered.iter().filter_map(|one| Some((one, one.document()?))).collect();
    if rows.is_empty() {
        return Ok(0);
    }
    let numbers: Vec<&str> = rows.iter().map(|(_, (number, _))| *number).collect();
    let kinds: Vec<&str> = rows.iter().map(|(_, (_, document))| document.kind.word()).collect();
    let customers: Vec<i64> = rows.iter().map(|(one, _)| one.customer()).collect();
    let corrects: Vec<Option<i64>> = rows.iter().map(|(one, _)| one.case.invoice_id).collect();
    let paid: Vec<bool> = rows.iter().map(|(_, (_, document))| document.is_paid).collect();
    let bills: Vec<Json<_>> = rows.iter().map(|(_, (_, document))| Json(&document.bill)).collect();
    let hashes: Vec<&str> = rows.iter().map(|(_, (_, document))| document.input_hash.as_str()).collect();
    let totals: Vec<i64> = rows.iter().map(|(_, (_, document))| document.total.0).collect();
    let payable: Vec<i64> = rows.iter().map(|(_, (_, document))| document.payable.0).collect();
    let inputs: Vec<&str> = rows.iter().map(|(_, (_, document))| document.inputs.as_str()).collect();
    let (month, at) = (MonthDate(month), Timestamptz(at));
    let parameters: [&(dyn ToSql + Sync); 12] =
        [&numbers, &month, &at, &kinds, &customers, &corrects, &paid, &bills, &hashes, &totals, &payable, &inputs];
    execute(transaction, DOCUMENTS, &parameters, "write invoices").await?;
    Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
}

/// Tells people, once a customer and month, and keeps the month open.
pub(super) async fn alarms(
    transaction: &Transaction<'_>,
    month: BillingMonth,
    at: UnixMillis,
    told: &[(CustomerId, &str)],
) -> Result<(), StoreError> {
    if told.is_empty() {
        return Ok(());
    }
    let customers: Vec<i64> = told.iter().map(|(customer, _)| customer.get()).collect();
    execute(transaction, KEEP_OPEN, &[&customers, &MonthDate(month)], "keep months open").await?;
    for (customer, why) in told {
        let notice = Notice {
            key: format!("close:{}:{month}", customer.get()),
            customer: Some(*customer),
            severity: Severity::Critical,
            kind: "close_refused",
            body: json!({ "month": month.to_string(), "why": why }),
        };
        notices::note(transaction, &notice, at).await?;
    }
    Ok(())
}

async fn execute(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
    attempted: &'static str,
) -> Result<(), StoreError> {
    let prepared = transaction.prepare_cached(sql).await.map_err(StoreError::database(attempted))?;
    transaction.execute(&prepared, parameters).await.map_err(StoreError::database(attempted)).map(|_| ())
}
