//! The ledger: transfers in, balances out. Rows are never changed.

use super::MoneyStore;
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer};
use deadpool_postgres::Transaction;
use std::collections::BTreeMap;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ledger::{Account, Kind, Transfer};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::BillingMonth;
use tokio_postgres::Row;

/// Rows that a statement of account answers at most.
pub const LEDGER_ROWS_MAX: u32 = 10_000;

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its number.
    pub id: i64,
    /// What was moved.
    pub transfer: Transfer,
}

/// What is in an account: debits less credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountBalance {
    /// Which.
    pub account: Account,
    /// Debits less credits: of a liability (escrow, credits) and of revenue it is negative.
    pub debit_balance: MicroUsd,
}

const INSERT: &str = "INSERT INTO ledger \
    (customer_id, kind, debit, credit, amount_micro_usd, month, reference, reverses, memo, posted_at) \
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::date[], $7::text[], \
        $8::bigint[], $9::text[], $10::timestamptz[])";

/// Writes transfers, all or none. A reference that was posted before fails the transaction.
pub(crate) async fn post(transaction: &Transaction<'_>, transfers: &[Transfer]) -> Result<(), StoreError> {
    if transfers.is_empty() {
        return Ok(());
    }
    let column = |of: fn(&Transfer) -> &'static str| transfers.iter().map(of).collect::<Vec<_>>();
    let customers: Vec<i64> = transfers.iter().map(|transfer| transfer.customer_id.get()).collect();
    let kinds = column(|transfer| transfer.kind.word());
    let (debits, credits) = (column(|transfer| transfer.debit.word()), column(|transfer| transfer.credit.word()));
    let amounts: Vec<i64> = transfers.iter().map(|transfer| transfer.amount.0).collect();
    let months: Vec<Option<MonthDate>> = transfers.iter().map(|transfer| transfer.month.map(MonthDate)).collect();
    let references: Vec<&str> = transfers.iter().map(|transfer| transfer.reference.as_str()).collect();
    let reverses: Vec<Option<i64>> = transfers.iter().map(|transfer| transfer.reverses).collect();
    let memos: Vec<Option<&str>> = transfers.iter().map(|transfer| transfer.memo.as_deref()).collect();
    let posted: Vec<Timestamptz> = transfers.iter().map(|transfer| Timestamptz(transfer.posted_at)).collect();
    let insert = transaction.prepare_cached(INSERT).await.map_err(StoreError::database("prepare to post"))?;
    let posted = transaction
        .execute(
            &insert,
            &[&customers, &kinds, &debits, &credits, &amounts, &months, &references, &reverses, &memos, &posted],
        )
        .await;
    posted.map_err(StoreError::database("post to the ledger")).map(|_| ())
}

impl MoneyStore {
    /// The balance of every account over all customers, or of one customer's business.
    pub async fn balances(&self, customer: Option<CustomerId>) -> Result<Vec<AccountBalance>, StoreError> {
        let sql = "SELECT account, sum(amount)::bigint FROM ( \
                SELECT debit AS account, sum(amount_micro_usd) AS amount FROM ledger WHERE $1::bigint IS NULL OR customer_id = $1 GROUP BY 1 \
                UNION ALL \
                SELECT credit, -sum(amount_micro_usd) FROM ledger WHERE $1::bigint IS NULL OR customer_id = $1 GROUP BY 1 \
            ) AS sides GROUP BY 1";
        let id = customer.map(CustomerId::get);
        let rows = self.client().await?.query(sql, &[&id]).await.map_err(StoreError::database("sum the ledger"))?;
        let found: BTreeMap<&str, i64> = rows.iter().map(|row| (row.get::<_, &str>(0), row.get(1))).collect();
        let balance = |account: &Account| AccountBalance {
            account: *account,
            debit_balance: MicroUsd(found.get(account.word()).copied().unwrap_or_default()),
        };
        Ok(Account::ALL.iter().map(balance).collect())
    }
}

pub(super) fn row_of(row: &Row) -> Result<LedgerRow, StoreError> {
    let account = |at: usize| {
        let word: &str = row.get(at);
        Account::from_word(word).ok_or_else(|| unknown("an account", word))
    };
    let kind: &str = row.get(2);
    Ok(LedgerRow {
        id: row.get(0),
        transfer: Transfer {
            customer_id: known_customer(row.get(1))?,
            kind: Kind::from_word(kind).ok_or_else(|| unknown("a kind of transfer", kind))?,
            debit: account(3)?,
            credit: account(4)?,
            amount: MicroUsd(row.get(5)),
            month: row.get::<_, Option<MonthDate>>(6).map(|month| -> BillingMonth { month.0 }),
            reference: row.get(7),
            reverses: row.get(8),
            memo: row.get(9),
            posted_at: row.get::<_, Timestamptz>(10).0,
        },
    })
}

fn unknown(what: &'static str, word: &str) -> StoreError {
    StoreError::Row { what, cause: format!("{word} is none") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_is_told() {
        assert_eq!(
            unknown("an account", "cash").to_string(),
            "cannot read an account out of the database: cash is none"
        );
    }
}
