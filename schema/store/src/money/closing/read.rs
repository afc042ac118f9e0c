//! Everything that decides customers' month.

use super::super::hours::{self, Counted};
use super::super::months::limit_of;
use super::super::proofs::Parts;
use super::{MonthCase, Which};
use crate::StoreError;
use crate::codec::{MonthDate, known_customer, known_service};
use deadpool_postgres::Transaction;
use std::collections::BTreeMap;
use suiftly_schema::bill::{Bill, BillInputs, BillItem};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBook;
use suiftly_schema::time::BillingMonth;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

const CUSTOMERS: &str =
    "SELECT id, max_monthly_usd_cents, current_month_start FROM customers WHERE id = ANY($1) ORDER BY id";

const MONTHS: &str = "SELECT customer_id, month, closed_at IS NOT NULL, fixed_micro_usd, accrued_micro_usd, waived_micro_usd, \
        carried_in_micro_usd, carried_out_micro_usd, charged_micro_usd, in_flight_micro_usd, credits_micro_usd, \
        limit_usd_cents, limit_floor_micro_usd \
    FROM billing_months WHERE customer_id = ANY($1) AND (closed_at IS NULL OR month >= $2) ORDER BY customer_id, month";

const ITEMS: &str = "SELECT customer_id, id, service_type, description, quantity, monthly_micro_usd, days, days_in_month, \
        amount_micro_usd \
    FROM subscription_items WHERE customer_id = ANY($1) AND month = $2 ORDER BY id";

const DOCUMENTS: &str = "SELECT customer_id, id, kind = 'invoice', bill FROM invoices \
    WHERE customer_id = ANY($1) AND month = $2 AND status <> 'void' ORDER BY id";

/// What is known of a customer before what was counted.
#[derive(Default)]
struct Known {
    limit_usd_cents: i64,
    month: Figures,
    is_closed: bool,
    waits_for: Option<BillingMonth>,
    /// Months after it that are closed: nothing can be carried into them.
    closed_after: Vec<BillingMonth>,
    items: Vec<BillItem>,
    invoice_id: Option<i64>,
    before: Option<Bill>,
}

#[derive(Default)]
struct Figures {
    fixed: MicroUsd,
    accrued: MicroUsd,
    waived: MicroUsd,
    carried_in: MicroUsd,
    carried_out: MicroUsd,
    charged: MicroUsd,
    in_flight: MicroUsd,
    credits: MicroUsd,
    limit_usd_cents: Option<i64>,
    limit_floor: MicroUsd,
}

/// The customers whose month is `which`, ascending.
pub(super) async fn cases(
    transaction: &Transaction<'_>,
    which: Which,
    month: BillingMonth,
    ids: &[i64],
) -> Result<Vec<MonthCase>, StoreError> {
    let ids = ids.to_vec();
    let mut known: BTreeMap<i64, Known> = BTreeMap::new();
    for row in query(transaction, CUSTOMERS, &[&ids]).await? {
        // Who has not come into a later month yet has not been charged for all of this one.
        let waits_for = Some(row.get::<_, MonthDate>(2).0).filter(|current| *current <= month);
        known.insert(row.get(0), Known { limit_usd_cents: row.get(1), waits_for, ..Known::default() });
    }
    for row in query(transaction, MONTHS, &[&ids, &MonthDate(month)]).await? {
        if let Some(known) = known.get_mut(&row.get(0)) {
            known.take_month(&row, month);
        }
    }
    known.retain(|_, known| known.is_closed == (which == Which::Closed));
    let ids: Vec<i64> = known.keys().copied().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    for row in query(transaction, ITEMS, &[&ids, &MonthDate(month)]).await? {
        if let Some(known) = known.get_mut(&row.get(0)) {
            known.items.push(item_of(&row)?);
        }
    }
    if which == Which::Closed {
        for row in query(transaction, DOCUMENTS, &[&ids, &MonthDate(month)]).await? {
            if let Some(known) = known.get_mut(&row.get(0)) {
                known.take_document(&row)?;
            }
        }
    }
    let books = hours::books(transaction, month).await?;
    let mut counted = hours::counted(transaction, &ids, month).await?;
    let cases = known.into_iter().map(|(id, known)| known.case(id, month, &books, &mut counted));
    let mut cases: Vec<_> = cases.collect::<Result<_, _>>()?;
    cases.retain(|case| which == Which::Open || case.rated_in_all() != case.accrued);
    Ok(cases)
}

async fn query(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreError> {
    let attempted = "read the months to close";
    let prepared = transaction.prepare_cached(sql).await.map_err(StoreError::database(attempted))?;
    transaction.query(&prepared, parameters).await.map_err(StoreError::database(attempted))
}

impl Known {
    fn take_month(&mut self, row: &Row, billed: BillingMonth) {
        let (month, is_closed) = (row.get::<_, MonthDate>(1).0, row.get(2));
        match month.cmp(&billed) {
            std::cmp::Ordering::Less => self.waits_for = self.waits_for.or(Some(month)),
            std::cmp::Ordering::Greater if is_closed => self.closed_after.push(month),
            std::cmp::Ordering::Greater => {}
            std::cmp::Ordering::Equal => {
                self.is_closed = is_closed;
                self.month = figures_of(row);
            }
        }
    }

    fn take_document(&mut self, row: &Row) -> Result<(), StoreError> {
        if row.get(2) {
            self.invoice_id = Some(row.get(1));
        }
        let bill = row.try_get::<_, Json<Bill>>(3).map_err(StoreError::database("read a document's bill"))?;
        self.before = Some(bill.0);
        Ok(())
    }

    fn case(
        self,
        id: i64,
        month: BillingMonth,
        books: &[PriceBook],
        counted: &mut Counted,
    ) -> Result<MonthCase, StoreError> {
        let customer_id = known_customer(id)?;
        let usage = counted.months.remove(&customer_id).unwrap_or_default();
        let figures = self.month;
        let limit_usd_cents = figures.limit_usd_cents.unwrap_or(self.limit_usd_cents);
        let mut carry_to = month.next();
        while self.closed_after.contains(&carry_to) {
            carry_to = carry_to.next();
        }
        Ok(MonthCase {
            inputs: BillInputs {
                customer_id,
                month,
                journals: counted.journals_of(customer_id),
                books: books.to_vec(),
                hours: usage.hours,
                items: self.items,
                cap: limit_of(limit_usd_cents).map(|limit| limit.max(figures.limit_floor)),
                carried_in: figures.carried_in,
                proof: None,
            },
            parts: Parts::None,
            rated: usage.rated,
            fixed: figures.fixed,
            accrued: figures.accrued,
            waived: figures.waived,
            charged: figures.charged,
            in_flight: figures.in_flight,
            credits: figures.credits,
            carried_out: figures.carried_out,
            waits_for: self.waits_for,
            is_closed: self.is_closed,
            before: self.before,
            invoice_id: self.invoice_id,
            carry_to,
            limit_usd_cents,
        })
    }
}

impl MonthCase {
    fn rated_in_all(&self) -> MicroUsd {
        self.rated.iter().fold(MicroUsd(0), |sum, line| sum + line.amount)
    }
}

fn figures_of(row: &Row) -> Figures {
    Figures {
        fixed: MicroUsd(row.get(3)),
        accrued: MicroUsd(row.get(4)),
        waived: MicroUsd(row.get(5)),
        carried_in: MicroUsd(row.get(6)),
        carried_out: MicroUsd(row.get(7)),
        charged: MicroUsd(row.get(8)),
        in_flight: MicroUsd(row.get(9)),
        credits: MicroUsd(row.get(10)),
        limit_usd_cents: row.get(11),
        limit_floor: MicroUsd(row.get(12)),
    }
}

fn item_of(row: &Row) -> Result<BillItem, StoreError> {
    let days = |at: usize| {
        let days: i16 = row.get(at);
        u8::try_from(days).map_err(|error| StoreError::Row { what: "an item's days", cause: error.to_string() })
    };
    Ok(BillItem {
        id: row.get(1),
        service: known_service(row.get(2))?,
        description: row.get(3),
        quantity: row.get::<_, i32>(4).unsigned_abs(),
        monthly: MicroUsd(row.get(5)),
        days: days(6)?,
        days_in_month: days(7)?,
        amount: MicroUsd(row.get(8)),
    })
}
