//! Credits: granted, and used before funds are drawn.

use super::changes::{Changes, query};
use super::{MoneyStore, lock};
use crate::StoreError;
use deadpool_postgres::Transaction;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ledger::{Account, Kind, Transfer};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

const ATTEMPTED: &str = "grant a credit";
/// A reference is a row's in the ledger, less its `credit:`.
const REFERENCE_BYTES_MAX: usize = 100;
/// What is said of it.
const MEMO_CHARS_MAX: usize = 500;

impl MoneyStore {
    /// Grants a credit, once per reference; answers whether it was new. The same reference for another customer or amount
    /// is an error.
    pub async fn grant_credit(
        &self,
        customer: CustomerId,
        amount: MicroUsd,
        reference: &str,
        memo: Option<&str>,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin a credit"))?;
        let is_new = grant(&transaction, customer, amount, (reference, memo), now).await?;
        transaction.commit().await.map_err(StoreError::database("commit a credit"))?;
        Ok(is_new)
    }
}

/// The same within a transaction, which is to be rolled back on an error.
pub(crate) async fn grant(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    amount: MicroUsd,
    (reference, memo): (&str, Option<&str>),
    now: UnixMillis,
) -> Result<bool, StoreError> {
    check(amount, reference, memo)?;
    lock(transaction, &[customer]).await?;
    let reference = format!("credit:{reference}");
    let granted = "SELECT customer_id = $2 AND amount_micro_usd = $3 FROM ledger WHERE reference = $1";
    let granted = query(transaction, granted, &[&reference, &customer.get(), &amount.0], ATTEMPTED).await?;
    match granted.first().map(|row| row.get::<_, bool>(0)) {
        Some(true) => return Ok(false),
        Some(false) => return Err(unfit(format!("{reference} was granted to somebody else, or another amount"))),
        None => {}
    }
    let is_customer = "SELECT FROM customers WHERE id = $1";
    if query(transaction, is_customer, &[&customer.get()], ATTEMPTED).await?.is_empty() {
        return Err(unfit(format!("there is no customer {}", customer.get())));
    }
    let mut changes = Changes::default();
    changes.transfers.push(Transfer {
        customer_id: customer,
        kind: Kind::Credit,
        debit: Account::Waivers,
        credit: Account::Credits,
        amount,
        month: None,
        reference,
        reverses: None,
        memo: memo.map(ToOwned::to_owned),
        posted_at: now,
    });
    changes.customer(customer).credits = amount;
    changes.customer(customer).credited_in_all = amount;
    changes.write(transaction, now).await?;
    Ok(true)
}

fn check(amount: MicroUsd, reference: &str, memo: Option<&str>) -> Result<(), StoreError> {
    if !(1..=1 << 60).contains(&amount.0) {
        return Err(unfit(format!("{amount} is no amount")));
    }
    let is_plain = |text: &str| !text.chars().any(char::is_control);
    if reference.is_empty() || reference.len() > REFERENCE_BYTES_MAX || !is_plain(reference) {
        return Err(unfit(format!("its reference has 1 to {REFERENCE_BYTES_MAX} characters")));
    }
    if memo.is_some_and(|memo| memo.chars().count() > MEMO_CHARS_MAX || memo.contains('\0')) {
        return Err(unfit(format!("what is said of it has up to {MEMO_CHARS_MAX} characters")));
    }
    Ok(())
}

fn unfit(cause: String) -> StoreError {
    StoreError::Unfit { attempted: ATTEMPTED, cause }
}
