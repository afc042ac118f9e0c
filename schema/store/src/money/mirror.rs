//! What the store says of the escrow, to be held against what the escrow says itself.

use super::MoneyStore;
use super::escrow::EscrowEventKind;
use crate::StoreError;
use crate::codec::known_customer;
use suiftly_schema::ids::CustomerId;

/// A customer's account, as mirrored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAccount {
    /// Whose.
    pub customer_id: CustomerId,
    /// The escrow's name for it; `None` if it is not open.
    pub account: Option<String>,
    /// Their address.
    pub wallet_address: String,
    /// What is in it, in cents.
    pub balance_usd_cents: i64,
    /// What a month may be charged, in cents; 0 is unlimited.
    pub limit_usd_cents: i64,
    /// Whether anything of it is mirrored. An account is named before it is there, where its owner opens it.
    pub is_mirrored: bool,
}

/// An event, as mirrored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirroredEvent {
    /// Names it.
    pub digest: String,
    /// Whose.
    pub customer_id: CustomerId,
    /// What was done.
    pub kind: EscrowEventKind,
    /// In cents.
    pub amount_usd_cents: i64,
    /// A charge's state in the charges' own rows, by its nonce: whether it was charged with this digest.
    pub is_charge_recorded: Option<bool>,
}

impl MoneyStore {
    /// Customers' accounts, ascending after one: at most `limit`; those that are not open only, if so wanted.
    pub async fn held_accounts(
        &self,
        after: Option<CustomerId>,
        is_unopened: bool,
        limit: u32,
    ) -> Result<Vec<HeldAccount>, StoreError> {
        let sql = "SELECT id, escrow_contract_id, wallet_address, current_balance_usd_cents, max_monthly_usd_cents, \
                EXISTS (SELECT FROM escrow_transactions AS t WHERE t.customer_id = customers.id) \
            FROM customers \
            WHERE id > $1 AND (NOT $2 OR (escrow_contract_id IS NULL AND status <> 'closed')) ORDER BY id LIMIT $3";
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&after.map_or(0, CustomerId::get), &is_unopened, &i64::from(limit)];
        let rows = self.client().await?.query(sql, &values).await.map_err(StoreError::database("read accounts"))?;
        let account = |row: &tokio_postgres::Row| {
            Ok(HeldAccount {
                customer_id: known_customer(row.get(0))?,
                account: row.get(1),
                wallet_address: row.get(2),
                balance_usd_cents: row.get(3),
                limit_usd_cents: row.get(4),
                is_mirrored: row.get(5),
            })
        };
        rows.iter().map(account).collect()
    }

    /// The escrow backends that this database has data of, by their names. More than one was never meant to be.
    pub async fn escrows_used(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT backend FROM escrow_cursors \
            UNION SELECT 'embedded' WHERE EXISTS (SELECT FROM embedded_escrow_accounts) \
            UNION SELECT 'sui' WHERE EXISTS (SELECT FROM sui_follower) OR EXISTS (SELECT FROM sui_attempts) ORDER BY 1";
        let rows = self.client().await?.query(sql, &[]).await;
        let rows = rows.map_err(StoreError::database("look whose accounts these are"))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Those of these events that are mirrored.
    pub async fn mirrored(&self, digests: &[&str]) -> Result<Vec<MirroredEvent>, StoreError> {
        let sql = "SELECT t.digest, t.customer_id, t.type, t.amount_usd_cents, \
                CASE WHEN t.type = 'charge' THEN h.id IS NOT NULL AND h.amount_usd_cents = t.amount_usd_cents END \
            FROM escrow_transactions AS t LEFT JOIN charges AS h ON h.digest = t.digest AND h.customer_id = t.customer_id \
            WHERE t.digest = ANY($1)";
        let rows = self.client().await?.query(sql, &[&digests]).await;
        let event = |row: &tokio_postgres::Row| {
            let word: &str = row.get(2);
            let unknown = || StoreError::Row { what: "a mirrored event", cause: format!("{word} is no kind of event") };
            Ok(MirroredEvent {
                digest: row.get(0),
                customer_id: known_customer(row.get(1))?,
                kind: EscrowEventKind::from_word(word).ok_or_else(unknown)?,
                amount_usd_cents: row.get(3),
                is_charge_recorded: row.get(4),
            })
        };
        rows.map_err(StoreError::database("read mirrored events"))?.iter().map(event).collect()
    }

    /// How many events are mirrored.
    pub async fn mirrored_count(&self) -> Result<i64, StoreError> {
        let row = self.client().await?.query_one("SELECT count(*) FROM escrow_transactions", &[]).await;
        row.map_err(StoreError::database("count mirrored events")).map(|row| row.get(0))
    }

    /// What was drawn in all, in cents: by the ledger, by the charges' own rows, by mirrored events. In one snapshot.
    pub async fn charged_sums(&self) -> Result<[i64; 3], StoreError> {
        let sql = "SELECT (SELECT coalesce(sum(amount_micro_usd), 0) / 10000 FROM ledger WHERE kind = 'charge')::bigint, \
            (SELECT coalesce(sum(amount_usd_cents), 0) FROM charges WHERE state = 'charged')::bigint, \
            (SELECT coalesce(sum(amount_usd_cents), 0) FROM escrow_transactions WHERE type = 'charge')::bigint";
        let row = self.client().await?.query_one(sql, &[]).await.map_err(StoreError::database("sum what was drawn"))?;
        Ok([row.get(0), row.get(1), row.get(2)])
    }
}
