//! Where a customer's money stands, in one snapshot: so that what is said of it agrees with the ledger and the draft.

use super::closing::open_case;
use super::months::{self, CustomerMoney};
use super::statement::CustomerBalances;
use super::{MoneyStore, MonthCase};
use crate::StoreError;
use crate::codec::MonthDate;
use crate::pool;
use deadpool_postgres::Transaction;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ledger::Account;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::BillingMonth;

/// A customer's money at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyOverview {
    /// Their row, and the months that are not settled.
    pub money: CustomerMoney,
    /// What is in their accounts, by the ledger.
    pub balances: CustomerBalances,
    /// What subscriptions of the month were charged.
    pub fixed: MicroUsd,
    /// Drawn for the month.
    pub charged: MicroUsd,
    /// Drawn for the month before.
    pub charged_before: MicroUsd,
    /// Charges that are not decided, of any month.
    pub in_flight: MicroUsd,
    /// What withdrawals that are not settled ask for, in cents.
    pub withdrawing_usd_cents: i64,
    /// The month as its draft is computed; `None` once it is closed.
    pub case: Option<MonthCase>,
}

const FIGURES: &str = "SELECT \
        coalesce(sum(fixed_micro_usd) FILTER (WHERE month = $2), 0)::bigint, \
        coalesce(sum(charged_micro_usd) FILTER (WHERE month = $2), 0)::bigint, \
        coalesce(sum(charged_micro_usd) FILTER (WHERE month = $3), 0)::bigint, \
        coalesce(sum(in_flight_micro_usd), 0)::bigint, \
        (SELECT coalesce(sum(amount_usd_cents), 0) FROM withdrawals WHERE customer_id = $1 AND settled_at IS NULL)::bigint \
    FROM billing_months WHERE customer_id = $1";

const BALANCES: &str = "SELECT side.account, sum(side.amount)::bigint FROM ledger, \
        LATERAL (VALUES (debit, amount_micro_usd), (credit, -amount_micro_usd)) AS side (account, amount) \
    WHERE customer_id = $1 GROUP BY 1";

impl MoneyStore {
    /// A customer's money, and what a month has come to; `None` if there is no such customer.
    pub async fn overview(
        &self,
        customer: CustomerId,
        month: BillingMonth,
    ) -> Result<Option<MoneyOverview>, StoreError> {
        let attempted = "read where a customer's money stands";
        let mut client = self.client().await?;
        let snapshot = pool::snapshot(&mut client).await?;
        let Some(money) = months::read(&snapshot, &[customer]).await?.pop() else { return Ok(None) };
        let (this, before) = (MonthDate(month), MonthDate(month.previous()));
        let row = snapshot.query_one(FIGURES, &[&customer.get(), &this, &before]).await;
        let row = row.map_err(StoreError::database(attempted))?;
        Ok(Some(MoneyOverview {
            money,
            balances: balances(&snapshot, customer).await?,
            fixed: MicroUsd(row.get(0)),
            charged: MicroUsd(row.get(1)),
            charged_before: MicroUsd(row.get(2)),
            in_flight: MicroUsd(row.get(3)),
            withdrawing_usd_cents: row.get(4),
            case: open_case(&snapshot, customer, month).await?,
        }))
    }
}

async fn balances(snapshot: &Transaction<'_>, customer: CustomerId) -> Result<CustomerBalances, StoreError> {
    let rows = snapshot.query(BALANCES, &[&customer.get()]).await;
    let rows = rows.map_err(StoreError::database("sum a customer's accounts"))?;
    let mut balances = CustomerBalances::default();
    for row in &rows {
        if let Some(account) = Account::from_word(row.get(0)) {
            balances.add(account, MicroUsd(row.get(1)));
        }
    }
    Ok(balances)
}
