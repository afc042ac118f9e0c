//! Where customers' money stands: their rows, and each month with what its usage is rated by now.

use super::MoneyStore;
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer};
use deadpool_postgres::Transaction;
use std::collections::BTreeMap;
use suiftly_schema::bill::CENT;
use suiftly_schema::charge::MonthStanding;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ledger::{Account, Kind, Transfer};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::AccountStatus;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// Customers that one listing answers at most.
pub const LISTED_MAX: u32 = 1_000;

/// A customer's row, as far as it is money, and their months that are not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerMoney {
    /// Whose.
    pub customer_id: CustomerId,
    /// Their name.
    pub display_name: String,
    /// What an operator says.
    pub status: AccountStatus,
    /// What the spend view says, as committed; `None` before it has heard of them.
    pub state: Option<SpendState>,
    /// Their escrow account, if there is one.
    pub escrow_account: Option<String>,
    /// Their address.
    pub wallet_address: String,
    /// What a month may be charged; `None` is no limit.
    pub max_monthly: Option<MicroUsd>,
    /// In escrow, as mirrored.
    pub balance: MicroUsd,
    /// Credits granted and not used.
    pub credits: MicroUsd,
    /// Subscriptions charged in all.
    pub fixed_in_all: MicroUsd,
    /// Drawn in all.
    pub charged_in_all: MicroUsd,
    /// Waivers and credits granted in all.
    pub credited_in_all: MicroUsd,
    /// Usage rated in all.
    pub rated_in_all: MicroUsd,
    /// Refused charges in a row.
    pub charge_failures: i32,
    /// No charge is tried before.
    pub charge_not_before: Option<UnixMillis>,
    /// Ascending: every month that is open or has something due, and every month with usage and no row yet.
    pub months: Vec<MonthRow>,
}

/// A month's row. All zero for a month that has usage only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthRow {
    /// Which.
    pub month: BillingMonth,
    /// What its usage is rated by now.
    pub rated: MicroUsd,
    /// Subscriptions.
    pub fixed: MicroUsd,
    /// Usage that the ledger has.
    pub accrued: MicroUsd,
    /// Waivers posted.
    pub waived: MicroUsd,
    /// Left of the month before, less than a cent.
    pub carried_in: MicroUsd,
    /// Left for the next one.
    pub carried_out: MicroUsd,
    /// Drawn.
    pub charged: MicroUsd,
    /// In flight.
    pub in_flight: MicroUsd,
    /// Credits used.
    pub credits: MicroUsd,
    /// What its documents ask for, once it is closed.
    pub payable: Option<MicroUsd>,
    /// The limit at its end, once it is frozen; `Some(None)` is none.
    pub limit: Option<Option<MicroUsd>>,
    /// What had been used when the limit was lowered.
    pub limit_floor: MicroUsd,
}

impl CustomerMoney {
    /// What is rated or charged beside usage, and not drawn, waived or credited.
    pub fn accrued(&self) -> MicroUsd {
        self.rated_in_all + self.fixed_in_all - self.charged_in_all - self.credited_in_all
    }

    /// What a month may be charged at most.
    pub fn cap(&self, month: &MonthRow) -> Option<MicroUsd> {
        month.limit.unwrap_or(self.max_monthly).map(|limit| limit.max(month.limit_floor))
    }

    /// Where the months stand, for [`suiftly_schema::charge::next_draw`].
    pub fn standings(&self) -> Vec<MonthStanding> {
        let standing = |row: &MonthRow| MonthStanding {
            month: row.month,
            fixed: row.fixed,
            rated: row.rated,
            carried_in: row.carried_in,
            cap: self.cap(row),
            payable: row.payable,
            charged: row.charged + row.in_flight,
            credited: row.credits,
        };
        self.months.iter().map(standing).collect()
    }
}

const CUSTOMERS: &str = "SELECT id, status, escrow_contract_id, wallet_address, max_monthly_usd_cents, \
        current_balance_usd_cents, credits_micro_usd, fixed_in_all_micro_usd, charged_in_all_micro_usd, \
        credited_in_all_micro_usd, charge_failures, charge_not_before, \
        coalesce((SELECT sum(rated_micro_usd) FROM rated WHERE rated.customer_id = customers.id), 0)::bigint, \
        display_name, (SELECT state FROM spend WHERE spend.customer_id = customers.id) \
    FROM customers WHERE id = ANY($1) ORDER BY id";

/// Months that are settled are left out: closed, and nothing due, in flight, or rated since.
const MONTHS: &str = "SELECT coalesce(m.customer_id, r.customer_id), coalesce(m.month, r.month), coalesce(r.rated, 0)::bigint, \
        coalesce(m.fixed_micro_usd, 0), coalesce(m.accrued_micro_usd, 0), coalesce(m.waived_micro_usd, 0), \
        coalesce(m.carried_in_micro_usd, 0), coalesce(m.carried_out_micro_usd, 0), coalesce(m.charged_micro_usd, 0), \
        coalesce(m.in_flight_micro_usd, 0), coalesce(m.credits_micro_usd, 0), m.payable_micro_usd, m.limit_usd_cents, \
        coalesce(m.limit_floor_micro_usd, 0) \
    FROM (SELECT * FROM billing_months WHERE customer_id = ANY($1)) AS m \
    FULL JOIN (SELECT customer_id, month, sum(rated_micro_usd) AS rated FROM rated WHERE customer_id = ANY($1) GROUP BY 1, 2) AS r \
        ON m.customer_id = r.customer_id AND m.month = r.month \
    WHERE m.closed_at IS NULL OR m.in_flight_micro_usd <> 0 OR coalesce(r.rated, 0) <> m.accrued_micro_usd \
        OR m.payable_micro_usd <> m.charged_micro_usd + m.credits_micro_usd \
    ORDER BY 1, 2";

/// Customers and their unsettled months, ascending. Under [`lock`] nobody else changes them; what is rated may grow.
pub(crate) async fn read(
    transaction: &Transaction<'_>,
    customers: &[CustomerId],
) -> Result<Vec<CustomerMoney>, StoreError> {
    let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    let attempted = "read customers' money";
    let prepared = transaction.prepare_cached(CUSTOMERS).await.map_err(StoreError::database(attempted))?;
    let rows = transaction.query(&prepared, &[&ids]).await.map_err(StoreError::database(attempted))?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let money = customer_of(row)?;
        found.insert(money.customer_id, money);
    }
    let prepared = transaction.prepare_cached(MONTHS).await.map_err(StoreError::database(attempted))?;
    let rows = transaction.query(&prepared, &[&ids]).await.map_err(StoreError::database(attempted))?;
    for row in &rows {
        // Usage of somebody who is no customer is nobody's money.
        if let Some(money) = found.get_mut(&known_customer(row.get(0))?) {
            money.months.push(month_of(row));
        }
    }
    Ok(found.into_values().collect())
}

fn customer_of(row: &tokio_postgres::Row) -> Result<CustomerMoney, StoreError> {
    let status = match row.get(1) {
        "active" => AccountStatus::Active,
        "suspended" => AccountStatus::Suspended,
        "closed" => AccountStatus::Closed,
        other => return Err(StoreError::Row { what: "a customer's status", cause: format!("{other} is none") }),
    };
    Ok(CustomerMoney {
        customer_id: known_customer(row.get(0))?,
        display_name: row.get(13),
        status,
        state: row.get::<_, Option<&str>>(14).and_then(SpendState::from_word),
        escrow_account: row.get(2),
        wallet_address: row.get(3),
        max_monthly: limit_of(row.get(4)),
        balance: cents(row.get(5)),
        credits: MicroUsd(row.get(6)),
        fixed_in_all: MicroUsd(row.get(7)),
        charged_in_all: MicroUsd(row.get(8)),
        credited_in_all: MicroUsd(row.get(9)),
        charge_failures: row.get(10),
        charge_not_before: row.get::<_, Option<Timestamptz>>(11).map(|at| at.0),
        rated_in_all: MicroUsd(row.get(12)),
        months: Vec::new(),
    })
}

fn month_of(row: &tokio_postgres::Row) -> MonthRow {
    MonthRow {
        month: row.get::<_, MonthDate>(1).0,
        rated: MicroUsd(row.get(2)),
        fixed: MicroUsd(row.get(3)),
        accrued: MicroUsd(row.get(4)),
        waived: MicroUsd(row.get(5)),
        carried_in: MicroUsd(row.get(6)),
        carried_out: MicroUsd(row.get(7)),
        charged: MicroUsd(row.get(8)),
        in_flight: MicroUsd(row.get(9)),
        credits: MicroUsd(row.get(10)),
        payable: row.get::<_, Option<i64>>(11).map(MicroUsd),
        limit: row.get::<_, Option<i64>>(12).map(limit_of),
        limit_floor: MicroUsd(row.get(13)),
    }
}

/// Cents as micro-dollars.
pub(crate) const fn cents(cents: i64) -> MicroUsd {
    MicroUsd(cents.saturating_mul(CENT.0))
}

/// Whole cents of an amount.
pub(crate) const fn to_cents(amount: MicroUsd) -> i64 {
    amount.0.div_euclid(CENT.0)
}

/// 0 is no limit.
pub(crate) fn limit_of(limit_cents: i64) -> Option<MicroUsd> {
    (limit_cents != 0).then(|| cents(limit_cents))
}

/// The transfer that brings the ledger up to what a month's usage is rated; `None` if it is there.
pub(crate) fn usage_transfer(customer_id: CustomerId, month: &MonthRow, at: UnixMillis) -> Option<Transfer> {
    // With the time, since a correction may bring a total back to where it was.
    let reference = format!("usage:{}:{}:{}@{}", customer_id.get(), month.month, month.rated.0, at.0);
    let sides = (Account::Receivable, Account::Revenue);
    Transfer::signed((customer_id, Some(month.month)), Kind::Usage, sides, month.rated - month.accrued, reference, at)
}

impl MoneyStore {
    /// Customers after an id, ascending, at most [`LISTED_MAX`].
    pub async fn customers(&self, after: i64) -> Result<Vec<CustomerMoney>, StoreError> {
        let mut client = self.client().await?;
        let attempted = "list customers' money";
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        let sql = "SELECT id FROM customers WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = transaction.query(sql, &[&after, &i64::from(LISTED_MAX)]).await;
        let rows = rows.map_err(StoreError::database(attempted))?;
        let ids = rows.iter().map(|row| known_customer(row.get(0))).collect::<Result<Vec<_>, _>>()?;
        read(&transaction, &ids).await
    }

    /// A customer's money; `None` if there is no such customer.
    pub async fn customer(&self, customer: CustomerId) -> Result<Option<CustomerMoney>, StoreError> {
        let mut client = self.client().await?;
        let transaction =
            client.transaction().await.map_err(StoreError::database("begin to read a customer's money"))?;
        Ok(read(&transaction, &[customer]).await?.pop())
    }
}
