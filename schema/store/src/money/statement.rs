//! A statement of account: what was moved in a customer's accounts within a time, and what was in them.

use super::MoneyStore;
use super::ledger::{LEDGER_ROWS_MAX, LedgerRow, row_of};
use crate::StoreError;
use crate::codec::Timestamptz;
use crate::pool;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ledger::{Account, Transfer};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

/// What is in a customer's accounts, as they see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerBalances {
    /// What we hold of theirs in escrow.
    pub escrow: MicroUsd,
    /// What they owe; negative if we do.
    pub receivable: MicroUsd,
    /// Credits that are left.
    pub credits: MicroUsd,
}

/// A row, and what was in the accounts after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The row.
    pub row: LedgerRow,
    /// After it.
    pub balances: CustomerBalances,
}

/// What was moved from one instant to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Before the first.
    pub opening: CustomerBalances,
    /// In the order they were posted.
    pub lines: Vec<StatementLine>,
    /// After the last.
    pub closing: CustomerBalances,
}

impl CustomerBalances {
    fn move_by(&mut self, transfer: &Transfer) {
        self.add(transfer.debit, transfer.amount);
        self.add(transfer.credit, -transfer.amount);
    }

    /// Debits raise what is owed, and lower what is held.
    pub(super) fn add(&mut self, account: Account, debit: MicroUsd) {
        match account {
            Account::Escrow => self.escrow = self.escrow - debit,
            Account::Receivable => self.receivable += debit,
            Account::Credits => self.credits = self.credits - debit,
            _ => {}
        }
    }
}

impl MoneyStore {
    /// A customer's statement of what was posted from an instant to before another, up to [`LEDGER_ROWS_MAX`] rows.
    pub async fn statement(
        &self,
        customer: CustomerId,
        from: UnixMillis,
        to: UnixMillis,
    ) -> Result<Statement, StoreError> {
        let attempted = "read a statement of account";
        let mut client = self.client().await?;
        let transaction = pool::snapshot(&mut client).await?;
        let sums = "SELECT side.account, sum(side.amount)::bigint FROM ledger, \
                LATERAL (VALUES (debit, amount_micro_usd), (credit, -amount_micro_usd)) AS side (account, amount) \
            WHERE customer_id = $1 AND posted_at < $2 GROUP BY 1";
        let rows = transaction.query(sums, &[&customer.get(), &Timestamptz(from)]).await;
        let mut opening = CustomerBalances::default();
        for row in rows.map_err(StoreError::database(attempted))? {
            if let Some(account) = Account::from_word(row.get(0)) {
                opening.add(account, MicroUsd(row.get(1)));
            }
        }
        let select = "SELECT id, customer_id, kind, debit, credit, amount_micro_usd, month, reference, reverses, memo, posted_at \
            FROM ledger WHERE customer_id = $1 AND posted_at >= $2 AND posted_at < $3 ORDER BY id LIMIT $4";
        let limit = i64::from(LEDGER_ROWS_MAX) + 1;
        let rows = transaction.query(select, &[&customer.get(), &Timestamptz(from), &Timestamptz(to), &limit]).await;
        let rows = rows.map_err(StoreError::database(attempted))?;
        if rows.len() > LEDGER_ROWS_MAX as usize {
            return Err(StoreError::TooManyRows { attempted, rows_max: LEDGER_ROWS_MAX });
        }
        let mut balances = opening;
        let mut line = |row: &tokio_postgres::Row| {
            let row = row_of(row)?;
            balances.move_by(&row.transfer);
            Ok(StatementLine { row, balances })
        };
        let lines = rows.iter().map(&mut line).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Statement { opening, lines, closing: balances })
    }
}
