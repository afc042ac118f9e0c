//! The 1st of a month: the month before gets its limit, what was scheduled is so, and services are charged for the new one.
//!
//! One transaction takes some customers from one month into the next, under their locks, if they are in the one before
//! still. So it is done once for each, whoever does it, and goes on after a crash where it was.

use super::booking::{self, Booked};
use super::rows::{self, ServiceRow};
use crate::codec::{MonthDate, known_customer};
use crate::money::MoneyStore;
use crate::{StoreError, price};
use deadpool_postgres::Transaction;
use std::collections::BTreeSet;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::subscription::renewal;
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// What a transaction of renewals did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Customers whose month began.
    pub customers: u64,
    /// Items that were charged.
    pub items: u64,
    /// What they come to.
    pub amount: MicroUsd,
    /// The last customer that was looked at: go on after it. `None`: there was none.
    pub last: Option<CustomerId>,
}

impl MoneyStore {
    /// The months before `month` that customers are in still, ascending.
    pub async fn months_before(&self, month: BillingMonth) -> Result<Vec<BillingMonth>, StoreError> {
        let sql = "SELECT DISTINCT current_month_start FROM customers WHERE current_month_start < $1 ORDER BY 1";
        let rows = self.client().await?.query(sql, &[&MonthDate(month)]).await;
        let rows = rows.map_err(StoreError::database("look for months to begin"))?;
        Ok(rows.iter().map(|row| row.get::<_, MonthDate>(0).0).collect())
    }

    /// The first customer after one who is in `month`.
    pub async fn first_in_month(
        &self,
        month: BillingMonth,
        after: Option<CustomerId>,
    ) -> Result<Option<CustomerId>, StoreError> {
        let sql = "SELECT id FROM customers WHERE current_month_start = $1 AND id > $2 ORDER BY id LIMIT 1";
        let after = after.map_or(0, CustomerId::get);
        let row = self.client().await?.query_opt(sql, &[&MonthDate(month), &after]).await;
        let row = row.map_err(StoreError::database("look for customers to renew"))?;
        row.map(|row| known_customer(row.get(0))).transpose()
    }

    /// Takes customers who are in `month` into the next one: at most `limit` of those after a customer, ascending.
    pub async fn renew(
        &self,
        month: BillingMonth,
        after: Option<CustomerId>,
        limit: u32,
        at: UnixMillis,
    ) -> Result<Renewed, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin renewals"))?;
        let select =
            "SELECT id FROM customers WHERE current_month_start = $1 AND id > $2 ORDER BY id LIMIT $3 FOR UPDATE";
        let after = after.map_or(0, CustomerId::get);
        let rows = transaction.query(select, &[&MonthDate(month), &after, &i64::from(limit)]).await;
        let rows = rows.map_err(StoreError::database("lock customers to renew"))?;
        let customers: Vec<_> = rows.iter().map(|row| known_customer(row.get(0))).collect::<Result<_, _>>()?;
        let Some(last) = customers.last() else { return Ok(Renewed::default()) };
        let books = price::books(&*transaction).await?;
        let renewed = roll(&transaction, &customers, &books, month.next(), at).await?;
        transaction.commit().await.map_err(StoreError::database("commit renewals"))?;
        Ok(Renewed { last: Some(*last), ..renewed })
    }
}

/// Takes locked customers who are in the month before into `month`.
pub(super) async fn roll(
    transaction: &Transaction<'_>,
    customers: &[CustomerId],
    books: &PriceBooks,
    month: BillingMonth,
    at: UnixMillis,
) -> Result<Renewed, StoreError> {
    let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    freeze_limits(transaction, &ids, month).await?;
    let closed = closed(transaction, &ids).await?;
    let is_due = |row: &ServiceRow| {
        row.state.in_force().is_some()
            && row.paid_through.is_none_or(|paid| paid < month)
            && !closed.contains(&row.customer_id)
    };
    let (mut services, mut items) = (Vec::new(), Vec::new());
    for row in rows::read(transaction, customers).await?.into_iter().filter(is_due) {
        let renewal = renewal(books, &row.state, month);
        let ServiceRow { customer_id, service, .. } = row;
        let booked = |item| Booked { customer_id, service, month, item, price_book: renewal.price_book };
        items.extend(renewal.items.iter().copied().map(booked));
        services.push(ServiceRow { state: renewal.state, paid_through: Some(month), ..row });
    }
    rows::put(transaction, &services, month.start()).await?;
    booking::book(transaction, &items, true, at).await?;
    begin(transaction, &ids, month).await?;
    let amount = items.iter().fold(MicroUsd(0), |sum, booked| sum + booked.item.amount);
    Ok(Renewed { customers: ids.len() as u64, items: items.len() as u64, amount, last: None })
}

/// The limit of months before `month` is what it is now, for good. Every customer has a row of the month that is over:
/// lines may still come for it.
pub(crate) async fn freeze_limits(
    transaction: &Transaction<'_>,
    customers: &[i64],
    month: BillingMonth,
) -> Result<(), StoreError> {
    let attempted = "keep the limits of months that are over";
    let insert = "INSERT INTO billing_months (customer_id, month) SELECT id, $2 FROM unnest($1::bigint[]) AS ids (id) \
        ON CONFLICT DO NOTHING";
    let over = MonthDate(month.previous());
    transaction.execute(insert, &[&customers, &over]).await.map_err(StoreError::database(attempted))?;
    let freeze = "UPDATE billing_months AS m SET limit_usd_cents = c.max_monthly_usd_cents FROM customers AS c \
        WHERE c.id = m.customer_id AND m.customer_id = ANY($1) AND m.month < $2 AND m.limit_usd_cents IS NULL AND m.closed_at IS NULL";
    let frozen = transaction.execute(freeze, &[&customers, &MonthDate(month)]).await;
    frozen.map_err(StoreError::database(attempted)).map(|_| ())
}

/// Who of them has a closed account: their services are left as they are, and cost nothing.
async fn closed(transaction: &Transaction<'_>, customers: &[i64]) -> Result<BTreeSet<CustomerId>, StoreError> {
    let select = "SELECT id FROM customers WHERE id = ANY($1) AND status = 'closed'";
    let rows =
        transaction.query(select, &[&customers]).await.map_err(StoreError::database("look for closed accounts"))?;
    rows.iter().map(|row| known_customer(row.get(0))).collect()
}

async fn begin(transaction: &Transaction<'_>, customers: &[i64], month: BillingMonth) -> Result<(), StoreError> {
    let update = "UPDATE customers SET current_month_start = $2, \
            last_month_charged_usd_cents = coalesce((SELECT charged_micro_usd / 10000 FROM billing_months AS m \
                WHERE m.customer_id = customers.id AND m.month = $3), 0), \
            current_month_charged_usd_cents = coalesce((SELECT charged_micro_usd / 10000 FROM billing_months AS m \
                WHERE m.customer_id = customers.id AND m.month = $2), 0) \
        WHERE id = ANY($1)";
    let (this, last) = (MonthDate(month), MonthDate(month.previous()));
    let begun = transaction.execute(update, &[&customers, &this, &last]).await;
    begun.map_err(StoreError::database("begin customers' months")).map(|_| ())
}
