//! What one transaction changes of many customers' money, gathered and written by a statement a table.

use super::ledger;
use super::notices::{self, Notice};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz};
use deadpool_postgres::Transaction;
use std::collections::BTreeMap;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ledger::Transfer;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::types::ToSql;

/// What is added to a month's row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MonthChange {
    pub(super) accrued: MicroUsd,
    pub(super) charged: MicroUsd,
    pub(super) in_flight: MicroUsd,
    pub(super) credits: MicroUsd,
}

/// What is added to a customer's row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CustomerChange {
    pub(super) balance_usd_cents: i64,
    pub(super) credits: MicroUsd,
    pub(super) charged_in_all: MicroUsd,
    pub(super) credited_in_all: MicroUsd,
    /// Refused charges in a row, and when the next attempt is due.
    pub(super) refused: Option<(i32, Option<UnixMillis>)>,
}

/// Changes, under their customers' locks.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) transfers: Vec<Transfer>,
    pub(super) notices: Vec<Notice>,
    months: BTreeMap<(CustomerId, BillingMonth), MonthChange>,
    customers: BTreeMap<CustomerId, CustomerChange>,
}

const MONTHS: &str = "INSERT INTO billing_months AS m \
        (customer_id, month, accrued_micro_usd, charged_micro_usd, in_flight_micro_usd, credits_micro_usd) \
    SELECT * FROM unnest($1::bigint[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) \
    ON CONFLICT (customer_id, month) DO UPDATE SET \
        accrued_micro_usd = m.accrued_micro_usd + excluded.accrued_micro_usd, \
        charged_micro_usd = m.charged_micro_usd + excluded.charged_micro_usd, \
        in_flight_micro_usd = m.in_flight_micro_usd + excluded.in_flight_micro_usd, \
        credits_micro_usd = m.credits_micro_usd + excluded.credits_micro_usd";

/// A row that exists, only: a month's checks hold for what is added to it, and not for the sum, in an upsert.
const EXISTING_MONTHS: &str = "UPDATE billing_months AS m SET \
        charged_micro_usd = m.charged_micro_usd + n.charged, in_flight_micro_usd = m.in_flight_micro_usd + n.in_flight \
    FROM unnest($1::bigint[], $2::date[], $3::bigint[], $4::bigint[]) AS n (customer_id, month, charged, in_flight) \
    WHERE m.customer_id = n.customer_id AND m.month = n.month";

const CUSTOMERS: &str = "UPDATE customers AS c SET \
        current_balance_usd_cents = c.current_balance_usd_cents + n.balance, \
        credits_micro_usd = c.credits_micro_usd + n.credits, \
        charged_in_all_micro_usd = c.charged_in_all_micro_usd + n.charged, \
        credited_in_all_micro_usd = c.credited_in_all_micro_usd + n.credited, \
        charge_failures = coalesce(n.failures, c.charge_failures), \
        charge_not_before = CASE WHEN n.failures IS NULL THEN c.charge_not_before ELSE n.not_before END, \
        current_month_charged_usd_cents = coalesce((SELECT charged_micro_usd / 10000 FROM billing_months AS m \
            WHERE m.customer_id = c.id AND m.month = c.current_month_start), 0), \
        last_month_charged_usd_cents = coalesce((SELECT charged_micro_usd / 10000 FROM billing_months AS m \
            WHERE m.customer_id = c.id AND m.month = (c.current_month_start - INTERVAL '1 month')::date), 0) \
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::integer[], $7::timestamptz[]) \
        AS n (id, balance, credits, charged, credited, failures, not_before) \
    WHERE c.id = n.id";

/// Invoices whose months have less than a cent due are paid.
const SETTLE: &str = "UPDATE invoices AS i SET status = 'paid', settled_at = $3 \
    FROM unnest($1::bigint[], $2::date[]) AS n (customer_id, month) JOIN billing_months AS m USING (customer_id, month) \
    WHERE i.customer_id = n.customer_id AND i.month = n.month AND i.status IN ('open', 'failed') \
        AND m.closed_at IS NOT NULL AND m.payable_micro_usd - m.charged_micro_usd - m.credits_micro_usd < 10000";

impl Changes {
    /// What is to be added to a month.
    pub(super) fn month(&mut self, customer: CustomerId, month: BillingMonth) -> &mut MonthChange {
        self.months.entry((customer, month)).or_default()
    }

    /// What is to be added to a customer.
    pub(super) fn customer(&mut self, customer: CustomerId) -> &mut CustomerChange {
        self.customers.entry(customer).or_default()
    }

    /// Writes all of it.
    pub(super) async fn write(&self, transaction: &Transaction<'_>, at: UnixMillis) -> Result<(), StoreError> {
        ledger::post(transaction, &self.transfers).await?;
        self.write_months(transaction).await?;
        self.write_customers(transaction).await?;
        self.settle(transaction, at).await?;
        for notice in &self.notices {
            notices::note(transaction, notice, at).await?;
        }
        Ok(())
    }

    async fn write_months(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        // What settles an intent takes away from what is in flight; all else may find no row yet.
        let is_new = |change: &MonthChange| {
            change.in_flight > MicroUsd(0) || change.accrued != MicroUsd(0) || change.credits != MicroUsd(0)
        };
        let (new, existing): (Vec<_>, Vec<_>) = self.months.iter().partition(|(_, change)| is_new(change));
        if !new.is_empty() {
            let (ids, months) = keys(&new);
            let column = |of: fn(&MonthChange) -> MicroUsd| new.iter().map(|(_, c)| of(c).0).collect::<Vec<i64>>();
            let (accrued, charged) = (column(|c| c.accrued), column(|c| c.charged));
            let (in_flight, credits) = (column(|c| c.in_flight), column(|c| c.credits));
            run(transaction, MONTHS, &[&ids, &months, &accrued, &charged, &in_flight, &credits], "write months")
                .await?;
        }
        if !existing.is_empty() {
            let (ids, months) = keys(&existing);
            let column = |of: fn(&MonthChange) -> MicroUsd| existing.iter().map(|(_, c)| of(c).0).collect::<Vec<i64>>();
            let (charged, in_flight) = (column(|c| c.charged), column(|c| c.in_flight));
            let written =
                run(transaction, EXISTING_MONTHS, &[&ids, &months, &charged, &in_flight], "write months").await?;
            assert_eq!(written, ids.len() as u64, "a charge's month has a row since it was intended");
        }
        Ok(())
    }

    async fn write_customers(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        if self.customers.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = self.customers.keys().map(|id| id.get()).collect();
        let column = |of: fn(&CustomerChange) -> i64| self.customers.values().map(of).collect::<Vec<i64>>();
        let (balances, credits) = (column(|c| c.balance_usd_cents), column(|c| c.credits.0));
        let (charged, credited) = (column(|c| c.charged_in_all.0), column(|c| c.credited_in_all.0));
        let failures: Vec<Option<i32>> = self.customers.values().map(|c| c.refused.map(|(count, _)| count)).collect();
        let not_before = |c: &CustomerChange| c.refused.and_then(|(_, at)| at).map(Timestamptz);
        let not_before: Vec<Option<Timestamptz>> = self.customers.values().map(not_before).collect();
        let values: [&(dyn ToSql + Sync); 7] = [&ids, &balances, &credits, &charged, &credited, &failures, &not_before];
        run(transaction, CUSTOMERS, &values, "write customers' money").await.map(|_| ())
    }

    async fn settle(&self, transaction: &Transaction<'_>, at: UnixMillis) -> Result<(), StoreError> {
        let is_paid = |change: &MonthChange| change.charged > MicroUsd(0) || change.credits > MicroUsd(0);
        let paid: Vec<_> = self.months.iter().filter(|(_, change)| is_paid(change)).collect();
        if paid.is_empty() {
            return Ok(());
        }
        let (ids, months) = keys(&paid);
        run(transaction, SETTLE, &[&ids, &months, &Timestamptz(at)], "settle invoices").await.map(|_| ())
    }
}

fn keys(months: &[(&(CustomerId, BillingMonth), &MonthChange)]) -> (Vec<i64>, Vec<MonthDate>) {
    months.iter().map(|((customer, month), _)| (customer.get(), MonthDate(*month))).unzip()
}

/// Runs a statement that is prepared once a connection.
pub(super) async fn run(
    transaction: &Transaction<'_>,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
    attempted: &'static str,
) -> Result<u64, StoreError> {
    let statement = transaction.prepare_cached(sql).await.map_err(StoreError::database(attempted))?;
    transaction.execute(&statement, values).await.map_err(StoreError::database(attempted))
}

/// Reads by a statement that is prepared once a connection.
pub(super) async fn query(
    transaction: &Transaction<'_>,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
    attempted: &'static str,
) -> Result<Vec<tokio_postgres::Row>, StoreError> {
    let statement = transaction.prepare_cached(sql).await.map_err(StoreError::database(attempted))?;
    transaction.query(&statement, values).await.map_err(StoreError::database(attempted))
}
