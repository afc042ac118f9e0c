//! Reading invoices and notes, and the hours behind a line of one.

use super::MoneyStore;
use super::months::cents;
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer};
use crate::pool;
use std::collections::BTreeMap;
use suiftly_schema::bill::{Bill, BillInputs, UsageRecord};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::invoice::{DocumentKind, DocumentStatus, ExportedInvoice};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// Documents in one list at most.
pub const DOCUMENTS_MAX: u32 = 1_000;

/// A document without what it was computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its place in the order they were written in.
    pub id: i64,
    /// Its number.
    pub number: String,
    /// What it is.
    pub kind: DocumentKind,
    /// A note: the invoice it corrects.
    pub corrects: Option<String>,
    /// Whose.
    pub customer_id: CustomerId,
    /// For which month.
    pub month: BillingMonth,
    /// How far it has come.
    pub status: DocumentStatus,
    /// When it was issued.
    pub issued_at: UnixMillis,
    /// What is owed; of a note, the difference.
    pub total: MicroUsd,
    /// What is asked for, in whole cents; by a credit note, given.
    pub payable: MicroUsd,
    /// When nothing was due any more.
    pub settled_at: Option<UnixMillis>,
}

/// Which documents, the newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentQuery {
    /// One customer's.
    pub customer: Option<CustomerId>,
    /// Of one month.
    pub month: Option<BillingMonth>,
    /// Of one status.
    pub status: Option<DocumentStatus>,
    /// Before this place.
    pub before: Option<i64>,
    /// At most so many; [`DOCUMENTS_MAX`] at most.
    pub limit: u32,
}

/// How something was paid, or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentKind {
    /// Drawn from escrow.
    Charge,
    /// Credits used.
    Credits,
    /// More than was asked for in the end: turned into credits. The amount is below zero.
    Excess,
}

/// A payment for a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// How.
    pub kind: PaymentKind,
    /// When.
    pub at: UnixMillis,
    /// How much.
    pub amount: MicroUsd,
}

/// Who is billed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledTo {
    /// Their name.
    pub name: String,
    /// Their address.
    pub wallet_address: String,
    /// Lines of the billing profile by name (`company`, `address`, `country`, `tax_id`, …): its texts only.
    pub profile: BTreeMap<String, String>,
}

/// What a customer's month was paid by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthPayments {
    /// Ascending.
    pub payments: Vec<Payment>,
    /// In flight.
    pub in_flight: MicroUsd,
    /// What the invoice and its notes ask for; `None` while it is open.
    pub payable: Option<MicroUsd>,
}

/// A document with everything that can be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInvoice {
    /// The row.
    pub row: DocumentRow,
    /// With its inputs.
    pub exported: ExportedInvoice,
    /// Who is billed, as of now.
    pub billed_to: BilledTo,
    /// The other documents of the month, ascending.
    pub siblings: Vec<DocumentRow>,
    /// What the month was paid by.
    pub paid: MonthPayments,
}

const ROWS: &str = "SELECT i.id, i.number, i.kind, c.number, i.customer_id, i.month, i.status, i.issued_at, i.total_micro_usd, \
        i.payable_micro_usd, i.settled_at \
    FROM invoices AS i LEFT JOIN invoices AS c ON c.id = i.corrects";

impl MoneyStore {
    /// A document by its number.
    pub async fn invoice(&self, number: &str) -> Result<Option<StoredInvoice>, StoreError> {
        let mut client = self.client().await?;
        let attempted = "read an invoice";
        let snapshot = pool::snapshot(&mut client).await?;
        let sql = format!("{ROWS} WHERE i.number = $1");
        let Some(row) = snapshot.query_opt(&sql, &[&number]).await.map_err(StoreError::database(attempted))? else {
            return Ok(None);
        };
        let row = row_of(&row)?;
        let sql = "SELECT i.bill, i.input_hash, n.inputs, (SELECT b.bill FROM invoices AS b \
                WHERE b.customer_id = i.customer_id AND b.month = i.month AND b.id < i.id AND b.status <> 'void' \
                ORDER BY b.id DESC LIMIT 1) \
            FROM invoices AS i JOIN invoice_inputs AS n ON n.invoice_id = i.id WHERE i.id = $1";
        let kept = snapshot.query_one(sql, &[&row.id]).await.map_err(StoreError::database(attempted))?;
        let exported = exported(&row, &kept)?;
        let sql = format!("{ROWS} WHERE i.customer_id = $1 AND i.month = $2 AND i.id <> $3 ORDER BY i.id");
        let siblings = snapshot.query(&sql, &[&row.customer_id.get(), &MonthDate(row.month), &row.id]).await;
        let siblings = siblings.map_err(StoreError::database(attempted))?;
        Ok(Some(StoredInvoice {
            exported,
            billed_to: billed_to(&snapshot, row.customer_id).await?,
            siblings: siblings.iter().map(row_of).collect::<Result<_, _>>()?,
            paid: paid(&snapshot, row.customer_id, row.month).await?,
            row,
        }))
    }

    /// Documents before a place, the newest first: one customer's or everybody's, at most `limit` and no more than
    /// [`DOCUMENTS_MAX`].
    pub async fn invoices(
        &self,
        customer: Option<CustomerId>,
        month: Option<BillingMonth>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        self.documents(&DocumentQuery { customer, month, status: None, before, limit }).await
    }

    /// The same, of one status too.
    pub async fn documents(&self, query: &DocumentQuery) -> Result<Vec<DocumentRow>, StoreError> {
        let sql = format!(
            "{ROWS} WHERE ($1::bigint IS NULL OR i.customer_id = $1) AND ($2::date IS NULL OR i.month = $2) AND i.id < $3 \
             AND ($5::text IS NULL OR i.status = $5) ORDER BY i.id DESC LIMIT $4"
        );
        let (customer, month) = (query.customer.map(CustomerId::get), query.month.map(MonthDate));
        let (before, limit) = (query.before.unwrap_or(i64::MAX), i64::from(query.limit.min(DOCUMENTS_MAX)));
        let status = query.status.map(DocumentStatus::word);
        let rows = self.client().await?.query(&sql, &[&customer, &month, &before, &limit, &status]).await;
        rows.map_err(StoreError::database("list invoices"))?.iter().map(row_of).collect()
    }

    /// A document's row by its number.
    pub async fn document_row(&self, number: &str) -> Result<Option<DocumentRow>, StoreError> {
        let row = self.client().await?.query_opt(&format!("{ROWS} WHERE i.number = $1"), &[&number]).await;
        row.map_err(StoreError::database("look an invoice up"))?.as_ref().map(row_of).transpose()
    }

    /// What each hour of a document was charged; `service` as in its lines, all if it is not given. `None`: no such
    /// document.
    pub async fn invoice_hours(
        &self,
        number: &str,
        service: Option<Option<Service>>,
    ) -> Result<Option<Vec<UsageRecord>>, StoreError> {
        let sql =
            "SELECT n.inputs FROM invoices AS i JOIN invoice_inputs AS n ON n.invoice_id = i.id WHERE i.number = $1";
        let row = self.client().await?.query_opt(sql, &[&number]).await;
        let Some(row) = row.map_err(StoreError::database("read an invoice's hours"))? else { return Ok(None) };
        let inputs: BillInputs = serde_json::from_str(row.get(0))
            .map_err(|error| StoreError::Row { what: "an invoice's inputs", cause: error.to_string() })?;
        let mut records = inputs.records();
        records.retain(|record| service.is_none_or(|service| record.usage.service == service));
        Ok(Some(records))
    }

    /// Who is billed, and what they paid for a month, in one snapshot; `None` if there is no such customer.
    pub async fn payments(
        &self,
        customer: CustomerId,
        month: BillingMonth,
    ) -> Result<Option<(BilledTo, MonthPayments)>, StoreError> {
        let mut client = self.client().await?;
        let attempted = "read a month's payments";
        let snapshot = pool::snapshot(&mut client).await?;
        let sql = "SELECT FROM customers WHERE id = $1";
        let found = snapshot.query_opt(sql, &[&customer.get()]).await.map_err(StoreError::database(attempted))?;
        if found.is_none() {
            return Ok(None);
        }
        Ok(Some((billed_to(&snapshot, customer).await?, paid(&snapshot, customer, month).await?)))
    }
}

async fn billed_to(
    snapshot: &deadpool_postgres::Transaction<'_>,
    customer: CustomerId,
) -> Result<BilledTo, StoreError> {
    let sql = "SELECT display_name, wallet_address, (SELECT coalesce(jsonb_object_agg(key, value), '{}') \
            FROM jsonb_each(billing_profile) WHERE jsonb_typeof(value) = 'string') \
        FROM customers WHERE id = $1";
    let attempted = "read who is billed";
    let row = snapshot.query_one(sql, &[&customer.get()]).await.map_err(StoreError::database(attempted))?;
    let profile = row.try_get::<_, Json<BTreeMap<String, String>>>(2).map_err(StoreError::database(attempted))?;
    Ok(BilledTo { name: row.get(0), wallet_address: row.get(1), profile: profile.0 })
}

async fn paid(
    snapshot: &deadpool_postgres::Transaction<'_>,
    customer: CustomerId,
    month: BillingMonth,
) -> Result<MonthPayments, StoreError> {
    let attempted = "read a month's payments";
    let sql = "SELECT 'charge', decided_at, amount_usd_cents * 10000 AS amount, 0 AS nth, id FROM charges \
            WHERE customer_id = $1 AND month = $2 AND state = 'charged' \
        UNION ALL SELECT kind, posted_at, CASE kind WHEN 'excess' THEN -amount_micro_usd ELSE amount_micro_usd END, 1, id \
            FROM ledger WHERE customer_id = $1 AND month = $2 AND kind IN ('credit_applied', 'excess') \
        ORDER BY 2, 4, 5";
    let rows = snapshot.query(sql, &[&customer.get(), &MonthDate(month)]).await;
    let rows = rows.map_err(StoreError::database(attempted))?;
    let payment = |row: &Row| Payment {
        kind: match row.get(0) {
            "charge" => PaymentKind::Charge,
            "excess" => PaymentKind::Excess,
            _ => PaymentKind::Credits,
        },
        at: row.get::<_, Timestamptz>(1).0,
        amount: MicroUsd(row.get(2)),
    };
    let sql = "SELECT in_flight_micro_usd, payable_micro_usd FROM billing_months WHERE customer_id = $1 AND month = $2";
    let row = snapshot.query_opt(sql, &[&customer.get(), &MonthDate(month)]).await;
    let row = row.map_err(StoreError::database(attempted))?;
    Ok(MonthPayments {
        payments: rows.iter().map(payment).collect(),
        in_flight: row.as_ref().map_or(cents(0), |row| MicroUsd(row.get(0))),
        payable: row.and_then(|row| row.get::<_, Option<i64>>(1)).map(MicroUsd),
    })
}

fn exported(row: &DocumentRow, kept: &Row) -> Result<ExportedInvoice, StoreError> {
    let bill = |at: usize| {
        let bill = kept.try_get::<_, Option<Json<Bill>>>(at).map_err(StoreError::database("read a document's bill"))?;
        Ok::<_, StoreError>(bill.map(|json| json.0))
    };
    let missing = || StoreError::Row { what: "a document's bill", cause: "it is NULL".to_owned() };
    Ok(ExportedInvoice {
        number: row.number.clone(),
        kind: row.kind,
        corrects: row.corrects.clone(),
        customer_id: row.customer_id,
        month: row.month,
        issued_at: row.issued_at,
        input_hash: kept.get(1),
        inputs: kept.get(2),
        bill: bill(0)?.ok_or_else(missing)?,
        before: if row.kind == DocumentKind::Invoice { None } else { bill(3)? },
    })
}

fn row_of(row: &Row) -> Result<DocumentRow, StoreError> {
    let (kind, status): (&str, &str) = (row.get(2), row.get(6));
    let unknown = |what, word: &str| StoreError::Row { what, cause: format!("{word} is none") };
    Ok(DocumentRow {
        id: row.get(0),
        number: row.get(1),
        kind: DocumentKind::from_word(kind).ok_or_else(|| unknown("a document's kind", kind))?,
        corrects: row.get(3),
        customer_id: known_customer(row.get(4))?,
        month: row.get::<_, MonthDate>(5).0,
        status: DocumentStatus::from_word(status).ok_or_else(|| unknown("a document's status", status))?,
        issued_at: row.get::<_, Timestamptz>(7).0,
        total: MicroUsd(row.get(8)),
        payable: MicroUsd(row.get(9)),
        settled_at: row.get::<_, Option<Timestamptz>>(10).map(|at| at.0),
    })
}
