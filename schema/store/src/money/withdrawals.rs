//! Withdrawals: paid once all that is accrued is charged, within a day, and each once. What is to be paid is written down
//! before the escrow is told, and nothing is drawn from the customer until it has answered.

use super::changes::{query, run};
use super::charges::withdrawing;
use super::months::{self, CustomerMoney, to_cents};
use super::{MoneyStore, arrears, lock};
use crate::StoreError;
use crate::codec::{Timestamptz, known_customer};
use std::slice;
use suiftly_schema::charge::{ArrearsRoom, next_draw};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

/// Requests that are looked at in one go at most.
pub const WITHDRAWALS_MAX: u32 = 1_000;
/// A request is paid within a day; then what is accrued and could not be charged is held back.
const PAID_WITHIN_MS: i64 = 24 * 3_600_000;

/// What the escrow is to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// The request.
    pub request_digest: String,
    /// Whose.
    pub customer_id: CustomerId,
    /// How much, in cents: up to what was asked for.
    pub amount_usd_cents: i64,
}

impl MoneyStore {
    /// Requests that are not settled, the oldest first, after so many: at most [`WITHDRAWALS_MAX`].
    pub async fn pending_withdrawals(&self, skip: u32) -> Result<Vec<(String, CustomerId)>, StoreError> {
        let sql = "SELECT request_digest, customer_id FROM withdrawals WHERE settled_at IS NULL \
            ORDER BY requested_at, request_digest OFFSET $1 LIMIT $2";
        let rows = self.client().await?.query(sql, &[&i64::from(skip), &i64::from(WITHDRAWALS_MAX)]).await;
        let rows = rows.map_err(StoreError::database("list withdrawals"))?;
        rows.iter().map(|row| Ok((row.get(0), known_customer(row.get(1))?))).collect()
    }

    /// What a request is to be paid, written down; `None` if it cannot be paid yet, or was. Once a day is over what is
    /// accrued is held back, where the escrow pays less than was asked for (`may_hold_back`); else nothing is.
    pub async fn begin_payout(
        &self,
        request_digest: &str,
        customer: CustomerId,
        now: UnixMillis,
        may_hold_back: bool,
    ) -> Result<Option<Payout>, StoreError> {
        let attempted = "pay a withdrawal";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        lock(&transaction, &[customer]).await?;
        let sql = "SELECT amount_usd_cents, paying_usd_cents, requested_at FROM withdrawals \
            WHERE request_digest = $1 AND customer_id = $2 AND settled_at IS NULL";
        let rows = query(&transaction, sql, &[&request_digest, &customer.get()], attempted).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (asked, paying, requested_at): (i64, Option<i64>, Timestamptz) = (row.get(0), row.get(1), row.get(2));
        let payout = |amount_usd_cents| {
            Some(Payout { request_digest: request_digest.to_owned(), customer_id: customer, amount_usd_cents })
        };
        if let Some(paying) = paying {
            return Ok(payout(paying));
        }
        let waits = withdrawing(&transaction, &[customer]).await?;
        let Some(money) = months::read(&transaction, &[customer]).await?.pop() else { return Ok(None) };
        let late = (now >= requested_at.0.plus_ms(PAID_WITHIN_MS)).then_some(may_hold_back);
        let Some(room) = arrears::rooms(&transaction, slice::from_ref(&money), now).await?.pop() else {
            return Ok(None);
        };
        let amount = payable(&money, room, late).map(|balance| asked.min(balance));
        let is_other_paid = waits.get(&customer).is_some_and(|waits| waits.is_paying);
        let Some(amount) = amount.filter(|_| !is_other_paid) else { return Ok(None) };
        let update = "UPDATE withdrawals SET paying_usd_cents = $2 WHERE request_digest = $1";
        run(&transaction, update, &[&request_digest, &amount], attempted).await?;
        transaction.commit().await.map_err(StoreError::database(attempted))?;
        Ok(payout(amount))
    }

    /// The escrow will not pay it: what is to be paid is decided again.
    pub async fn cancel_payout(&self, request_digest: &str) -> Result<(), StoreError> {
        let update = "UPDATE withdrawals SET paying_usd_cents = NULL WHERE request_digest = $1 AND settled_at IS NULL";
        let done = self.client().await?.execute(update, &[&request_digest]).await;
        done.map_err(StoreError::database("take a payment back")).map(|_| ())
    }
}

/// What may leave the account, in cents; `None` while something is to be charged first. What the escrow gives out no more
/// of in this month stays owed, and holds nothing up. `late`: the day is over, and whether something may be held back.
fn payable(money: &CustomerMoney, room: ArrearsRoom, late: Option<bool>) -> Option<i64> {
    let standings = money.standings();
    if money.months.iter().any(|month| month.in_flight > MicroUsd(0)) {
        return None;
    }
    let is_owing = next_draw(&standings, money.balance, money.credits, true, room).is_some();
    match (is_owing, late) {
        (false, _) | (true, Some(false)) => Some(to_cents(money.balance)),
        (true, None) => None,
        (true, Some(true)) => {
            let due = standings.iter().fold(MicroUsd(0), |sum, month| sum + month.due().max(MicroUsd(0)));
            Some(to_cents((money.balance - (due - money.credits).max(MicroUsd(0))).max(MicroUsd(0))))
        }
    }
}
