//! Draws from escrow as people look at them: a customer's, the latest first.

use super::super::MoneyStore;
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;

/// Draws of one page at most.
pub const DRAWS_MAX: u32 = 1_000;
/// A call to the escrow that is not answered for so long has no answer.
pub const DOUBT_AFTER_MS: i64 = 60_000;

/// How far a draw has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawState {
    /// It was drawn.
    Settled,
    /// The escrow is being asked.
    Pending,
    /// It was asked, and nobody knows what it did: its nonce is looked up before anything else is drawn.
    InDoubt,
    /// It was not drawn, and will not be.
    Refused,
}

impl DrawState {
    /// Its word in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Pending => "pending",
            Self::InDoubt => "in_doubt",
            Self::Refused => "refused",
        }
    }
}

/// A draw from escrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Its number.
    pub id: i64,
    /// What names it to the escrow.
    pub nonce: String,
    /// For which month.
    pub month: BillingMonth,
    /// Why: threshold, subscription, close, withdrawal.
    pub reason: String,
    /// How much, in cents.
    pub amount_usd_cents: i64,
    /// How far it has come.
    pub state: DrawState,
    /// How often the escrow was asked.
    pub attempts: i32,
    /// The escrow's event.
    pub digest: Option<String>,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// Why nobody knows, as of the last time that the escrow was asked.
    pub doubt: Option<String>,
    /// When it was intended.
    pub intended_at: UnixMillis,
    /// When it was decided.
    pub decided_at: Option<UnixMillis>,
}

const DRAWS: &str = "SELECT id, nonce, month, reason, amount_usd_cents, state, attempts, digest, refusal, intended_at, \
        decided_at, doubt \
    FROM charges WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

/// $2: what was intended before is in doubt.
const IN_DOUBT: &str = "SELECT id, nonce, month, reason, amount_usd_cents, state, attempts, digest, refusal, intended_at, \
        decided_at, doubt, customer_id \
    FROM charges WHERE state = 'intended' AND (attempts > 0 OR intended_at < $2) AND ($1::bigint IS NULL OR customer_id = $1) \
    ORDER BY id LIMIT $3";

impl MoneyStore {
    /// A customer's draws before a number, the latest first, as of `now` by the manager's clock.
    pub async fn draws(
        &self,
        customer: CustomerId,
        before: Option<i64>,
        limit: u32,
        now: UnixMillis,
    ) -> Result<Vec<Draw>, StoreError> {
        let (before, limit) = (before.unwrap_or(i64::MAX), i64::from(limit.min(DRAWS_MAX)));
        let rows = self.client().await?.query(DRAWS, &[&customer.get(), &before, &limit]).await;
        let rows = rows.map_err(StoreError::database("list a customer's draws"))?;
        Ok(rows.iter().map(|row| draw_of(row, now)).collect())
    }

    /// Draws in doubt, the oldest first, as of `now` by the manager's clock: everybody's, or one customer's. At most
    /// [`DRAWS_MAX`].
    pub async fn draws_in_doubt(
        &self,
        customer: Option<CustomerId>,
        now: UnixMillis,
    ) -> Result<Vec<(CustomerId, Draw)>, StoreError> {
        let (customer, before) = (customer.map(CustomerId::get), Timestamptz(now.plus_ms(-DOUBT_AFTER_MS)));
        let rows = self.client().await?.query(IN_DOUBT, &[&customer, &before, &i64::from(DRAWS_MAX)]).await;
        let rows = rows.map_err(StoreError::database("list draws in doubt"))?;
        rows.iter().map(|row| Ok((known_customer(row.get(12))?, draw_of(row, now)))).collect()
    }
}

fn draw_of(row: &Row, now: UnixMillis) -> Draw {
    let (attempts, intended_at) = (row.get(6), row.get::<_, Timestamptz>(9).0);
    Draw {
        id: row.get(0),
        nonce: row.get(1),
        month: row.get::<_, MonthDate>(2).0,
        reason: row.get(3),
        amount_usd_cents: row.get(4),
        state: match row.get(5) {
            "charged" => DrawState::Settled,
            "refused" => DrawState::Refused,
            _ if attempts > 0 || intended_at < now.plus_ms(-DOUBT_AFTER_MS) => DrawState::InDoubt,
            _ => DrawState::Pending,
        },
        attempts,
        digest: row.get(7),
        refusal: row.get(8),
        doubt: row.get(11),
        intended_at,
        decided_at: row.get::<_, Option<Timestamptz>>(10).map(|at| at.0),
    }
}
