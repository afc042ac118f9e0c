//! Charges: who is due one, what was intended and is not decided. An intent is written, with its nonce, before the escrow
//! is called; whatever happens then, the nonce is there to look up.

mod candidates;
mod intend;
mod list;
mod record;

pub use candidates::{CANDIDATES_MAX, Candidate};
pub(super) use intend::withdrawing;
pub use list::{DOUBT_AFTER_MS, DRAWS_MAX, Draw, DrawState};
pub(super) use record::{Decided, decide};

use super::changes::query;
use super::escrow::{ChargeOrder, EscrowEvent, Nonce};
use super::{MoneyStore, events};
use crate::StoreError;
use crate::codec::{MonthDate, known_customer};
use deadpool_postgres::Transaction;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;

/// Intents, or answers to them, that one transaction takes at most.
pub const INTENTS_MAX: usize = 1_000;

/// A charge that is intended and not decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its number.
    pub charge_id: i64,
    /// Whose.
    pub customer_id: CustomerId,
    /// What the escrow is asked for.
    pub order: ChargeOrder,
}

/// What was intended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intended {
    /// Charges to call the escrow for, now that they are written down.
    pub intents: Vec<Intent>,
    /// Customers for whom credits were used.
    pub credited: u32,
    /// Customers for whom more is to be drawn, once this is decided.
    pub more: Vec<CustomerId>,
}

/// What came of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargeAnswer {
    /// It was drawn.
    Charged(EscrowEvent),
    /// It was not, and will not be.
    Refused {
        /// The charge's.
        nonce: Nonce,
        /// Why not.
        cause: String,
    },
    /// Nobody knows.
    InDoubt {
        /// The charge's.
        nonce: Nonce,
        /// What came instead of an answer.
        cause: String,
    },
}

/// What was recorded of a call's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Charges drawn.
    pub charged: u32,
    /// What they came to, in cents.
    pub charged_usd_cents: i64,
    /// Charges refused.
    pub refused: u32,
    /// Charges not decided.
    pub in_doubt: u32,
}

impl MoneyStore {
    /// Intends the next draw of each customer that is due one: usage is posted up to what is rated, credits are used,
    /// and what is to be drawn is in suspense. At most [`INTENTS_MAX`] customers. Who has an undecided charge, or waits
    /// after a refusal, or is being paid a withdrawal, is passed over.
    pub async fn intend(&self, customers: &[CustomerId], now: UnixMillis) -> Result<Intended, StoreError> {
        assert!(customers.len() <= INTENTS_MAX, "more customers at once than are charged at once");
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin charges"))?;
        let intended = intend::all(&transaction, customers, now).await?;
        transaction.commit().await.map_err(StoreError::database("commit intended charges"))?;
        Ok(intended)
    }

    /// Records what came of charges: events are mirrored and settle their intents, refusals take them back.
    pub async fn record_answers(&self, answers: &[ChargeAnswer], now: UnixMillis) -> Result<Recorded, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin to record charges"))?;
        let mut recorded = Recorded::default();
        let (mut drawn, mut refused, mut doubtful) = (Vec::new(), Vec::new(), Vec::new());
        for answer in answers {
            match answer {
                ChargeAnswer::Charged(event) => drawn.push(event.clone()),
                ChargeAnswer::Refused { nonce, cause } => refused.push((nonce.clone(), cause.clone())),
                ChargeAnswer::InDoubt { nonce, cause } => doubtful.push((nonce, cause)),
            }
        }
        let applied = events::apply(&transaction, &drawn, &refused, now).await?;
        if !doubtful.is_empty() {
            record::doubt(&transaction, &doubtful).await?;
        }
        transaction.commit().await.map_err(StoreError::database("commit what came of charges"))?;
        recorded.charged = applied.charged;
        recorded.charged_usd_cents = applied.charged_usd_cents;
        recorded.refused = applied.refused;
        recorded.in_doubt = u32::try_from(doubtful.len()).unwrap_or(u32::MAX);
        Ok(recorded)
    }

    /// Charges that are not decided, by number after `after`: at most [`INTENTS_MAX`].
    pub async fn undecided(&self, after: i64) -> Result<Vec<Intent>, StoreError> {
        let mut client = self.client().await?;
        let attempted = "read undecided charges";
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        let limit = i64::try_from(INTENTS_MAX).unwrap_or(i64::MAX);
        let sql = "SELECT h.id, h.customer_id, h.nonce, c.escrow_contract_id, h.amount_usd_cents, h.month, h.root \
            FROM charges AS h JOIN customers AS c ON c.id = h.customer_id \
            WHERE h.state = 'intended' AND h.id > $1 ORDER BY h.id LIMIT $2";
        let rows = query(&transaction, sql, &[&after, &limit], attempted).await?;
        rows.iter().map(intent_of).collect()
    }
}

fn intent_of(row: &tokio_postgres::Row) -> Result<Intent, StoreError> {
    let root: &[u8] = row.get(6);
    let no_root = |_| StoreError::Row { what: "a charge's root", cause: format!("it has {} bytes", root.len()) };
    let order = ChargeOrder {
        nonce: Nonce(row.get(2)),
        account: row.get::<_, Option<String>>(3).unwrap_or_default(),
        amount_usd_cents: row.get(4),
        month: row.get::<_, MonthDate>(5).0,
        root: root.try_into().map_err(no_root)?,
    };
    Ok(Intent { charge_id: row.get(0), customer_id: known_customer(row.get(1))?, order })
}

/// A charge as events find it, under its customer's lock.
pub(super) struct ChargeRow {
    pub(super) id: i64,
    pub(super) customer_id: CustomerId,
    pub(super) month: suiftly_schema::time::BillingMonth,
    pub(super) amount_usd_cents: i64,
    pub(super) is_intended: bool,
    /// Refused charges in a row before, of its customer.
    pub(super) failures: i32,
    pub(super) nonce: String,
}

/// Whose charges these nonces are.
pub(super) async fn customers_of(
    transaction: &Transaction<'_>,
    nonces: &[&str],
) -> Result<Vec<CustomerId>, StoreError> {
    let sql = "SELECT DISTINCT customer_id FROM charges WHERE nonce = ANY($1)";
    let rows = query(transaction, sql, &[&nonces], "read charges").await?;
    rows.iter().map(|row| known_customer(row.get(0))).collect()
}

/// The charges of these nonces.
pub(super) async fn by_nonce(transaction: &Transaction<'_>, nonces: &[&str]) -> Result<Vec<ChargeRow>, StoreError> {
    let sql = "SELECT h.id, h.customer_id, h.month, h.amount_usd_cents, h.state = 'intended', c.charge_failures, h.nonce \
        FROM charges AS h JOIN customers AS c ON c.id = h.customer_id WHERE h.nonce = ANY($1)";
    let charge = |row: &tokio_postgres::Row| {
        Ok(ChargeRow {
            id: row.get(0),
            customer_id: known_customer(row.get(1))?,
            month: row.get::<_, MonthDate>(2).0,
            amount_usd_cents: row.get(3),
            is_intended: row.get(4),
            failures: row.get(5),
            nonce: row.get(6),
        })
    };
    query(transaction, sql, &[&nonces], "read charges").await?.iter().map(charge).collect()
}
