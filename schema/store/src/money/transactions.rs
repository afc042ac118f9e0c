//! A customer's business with the escrow, as mirrored: what was moved, and what is asked for.

use super::MoneyStore;
use super::escrow::EscrowEventKind;
use crate::StoreError;
use crate::codec::Timestamptz;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Transactions that one page has at most.
pub const TRANSACTIONS_MAX: u32 = 1_000;

/// Something the escrow did to a customer's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowTransaction {
    /// Its place in the order they were mirrored in.
    pub id: i64,
    /// Names it.
    pub digest: String,
    /// What was done.
    pub kind: EscrowEventKind,
    /// How much, in cents; of a limit, the new one.
    pub amount_usd_cents: i64,
    /// In which asset.
    pub asset: String,
    /// When.
    pub at: UnixMillis,
}

impl MoneyStore {
    /// A customer's transactions before a place, the latest first: at most `limit`, and no more than
    /// [`TRANSACTIONS_MAX`].
    pub async fn transactions(
        &self,
        customer: CustomerId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<EscrowTransaction>, StoreError> {
        let select = "SELECT id, digest, type, amount_usd_cents, asset, at FROM escrow_transactions \
            WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let (before, limit) = (before.unwrap_or(i64::MAX), i64::from(limit.min(TRANSACTIONS_MAX)));
        let rows = self.client().await?.query(select, &[&customer.get(), &before, &limit]).await;
        rows.map_err(StoreError::database("list transactions"))?.iter().map(transaction_of).collect()
    }

    /// Whether something that a chain's transaction did to a customer's account is mirrored. Its events are named by its
    /// digest and their place behind a colon.
    pub async fn is_mirrored(&self, customer: CustomerId, transaction: &str) -> Result<bool, StoreError> {
        let select = "SELECT EXISTS (SELECT FROM escrow_transactions \
            WHERE customer_id = $1 AND starts_with(digest, $2 || ':'))";
        let row = self.client().await?.query_one(select, &[&customer.get(), &transaction]).await;
        row.map_err(StoreError::database("look for a transaction")).map(|row| row.get(0))
    }

    /// What a customer's withdrawals that are not settled ask for in all, in cents.
    pub async fn withdrawing(&self, customer: CustomerId) -> Result<i64, StoreError> {
        let select = "SELECT coalesce(sum(amount_usd_cents), 0)::bigint FROM withdrawals \
            WHERE customer_id = $1 AND settled_at IS NULL";
        let row = self.client().await?.query_one(select, &[&customer.get()]).await;
        row.map_err(StoreError::database("sum withdrawals")).map(|row| row.get(0))
    }
}

fn transaction_of(row: &Row) -> Result<EscrowTransaction, StoreError> {
    let word: &str = row.get(2);
    let unknown = || StoreError::Row { what: "a transaction", cause: format!("{word} is no kind of one") };
    Ok(EscrowTransaction {
        id: row.get(0),
        digest: row.get(1),
        kind: EscrowEventKind::from_word(word).ok_or_else(unknown)?,
        amount_usd_cents: row.get(3),
        asset: row.get(4),
        at: row.get::<_, Timestamptz>(5).0,
    })
}
