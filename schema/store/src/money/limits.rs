//! What a month may be charged, changed in its middle: months that are over keep the limit they ended with, and what had
//! been used up to a lower limit stays owed.

use super::changes::run;
use super::months::{self, limit_of};
use super::subscriptions::freeze_limits;
use super::{MoneyStore, lock};
use crate::StoreError;
use crate::codec::MonthDate;
use deadpool_postgres::Transaction;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

/// The least limit but 0, in cents.
const LIMIT_MIN_USD_CENTS: i64 = 1_000;

impl MoneyStore {
    /// Sets what a customer's month may be charged, from `at` on. In cents; 0 is no limit; [`LIMIT_MIN_USD_CENTS`] at
    /// least.
    pub async fn set_limit(
        &self,
        customer: CustomerId,
        limit_usd_cents: i64,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin to set a limit"))?;
        lock(&transaction, &[customer]).await?;
        change(&transaction, customer, limit_usd_cents, at).await?;
        transaction.commit().await.map_err(StoreError::database("commit a limit"))
    }
}

/// Under the customer's lock.
pub(super) async fn change(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    limit_usd_cents: i64,
    at: UnixMillis,
) -> Result<(), StoreError> {
    if limit_usd_cents != 0 && limit_usd_cents < LIMIT_MIN_USD_CENTS {
        let cause = format!("it is 0, for none, or at least {LIMIT_MIN_USD_CENTS} cents, not {limit_usd_cents}");
        return Err(StoreError::Unfit { attempted: "set a limit", cause });
    }
    let Some(money) = months::read(transaction, &[customer]).await?.pop() else {
        return Err(StoreError::Unfit {
            attempted: "set a limit",
            cause: format!("there is no customer {}", customer.get()),
        });
    };
    freeze_limits(transaction, &[customer.get()], at.month()).await?;
    if is_lower(limit_of(limit_usd_cents), money.max_monthly) {
        for month in money.months.iter().filter(|month| month.limit.is_none() && month.month >= at.month()) {
            let used = month.fixed + month.rated;
            let floor = money.cap(month).map_or(used, |cap| used.min(cap)).max(month.limit_floor).max(MicroUsd(0));
            let keep = "INSERT INTO billing_months (customer_id, month, limit_floor_micro_usd) VALUES ($1, $2, $3) \
                ON CONFLICT (customer_id, month) DO UPDATE SET limit_floor_micro_usd = excluded.limit_floor_micro_usd";
            run(transaction, keep, &[&customer.get(), &MonthDate(month.month), &floor.0], "keep what was used").await?;
        }
    }
    let set = "UPDATE customers SET max_monthly_usd_cents = $2 WHERE id = $1";
    run(transaction, set, &[&customer.get(), &limit_usd_cents], "set a limit").await.map(|_| ())
}

/// Whether a limit is below another; `None` is none.
fn is_lower(new: Option<MicroUsd>, old: Option<MicroUsd>) -> bool {
    new.is_some_and(|new| old.is_none_or(|old| new < old))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_above_every_limit() {
        let limit = |dollars: i64| (dollars > 0).then_some(MicroUsd(dollars * 1_000_000));
        let cases = [(10, 20, true), (20, 10, false), (10, 10, false), (0, 10, false), (10, 0, true), (0, 0, false)];
        for (new, old, expected) in cases {
            assert_eq!(is_lower(limit(new), limit(old)), expected, "{new} {old}");
        }
    }
}
