//! Deliveries: what customers are told, by webhook or e-mail, and what became of it.
//!
//! Here is what their owner sees of them; `work` is what the job does that makes them.

mod work;

pub use work::{ClaimedDelivery, DeliveryWay, Outcome, PURGED_AT_ONCE};

use super::AccountStore;
use super::activity::{Act, record};
use crate::StoreError;
use crate::codec::Timestamptz;
use serde_json::json;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Deliveries of one page at most.
pub const DELIVERIES_PAGE_MAX: u32 = 200;

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryState {
    /// It is to be made, or made again.
    Pending,
    /// It was taken.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Dead];

    /// Its word in the database and in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its number: the header `Suiftly-Delivery`.
    pub id: i64,
    /// What it tells of: `alert.crossed`.
    pub event_type: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next, if it is pending.
    pub next_attempt_at: UnixMillis,
    /// The last answer's HTTP status.
    pub last_status: Option<i32>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Since when.
    pub created_at: UnixMillis,
    /// When it was taken.
    pub delivered_at: Option<UnixMillis>,
}

/// What came of asking for one to be made again, or for a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// It is pending.
    Made(DeliveryRow),
    /// There is no such webhook, or delivery of it.
    None,
    /// It is pending already.
    Pending,
    /// The webhook is disabled.
    Disabled,
}

const COLUMNS: &str =
    "id, event_type, state, attempts, next_attempt_at, last_status, last_error, created_at, delivered_at";

impl AccountStore {
    /// A webhook's deliveries, the latest first, those before a number; `None` if there is no such webhook.
    pub async fn deliveries(
        &self,
        customer: CustomerId,
        webhook: i64,
        state: Option<DeliveryState>,
        (before, limit): (Option<i64>, u32),
    ) -> Result<Option<Vec<DeliveryRow>>, StoreError> {
        const ATTEMPTED: &str = "list deliveries";
        let exists = "SELECT FROM webhooks WHERE customer_id = $1 AND id = $2 AND deleted_at IS NULL";
        let select = format!(
            "SELECT {COLUMNS} FROM deliveries WHERE customer_id = $1 AND webhook_id = $2 AND id < $3 \
             AND ($4::text IS NULL OR state = $4) ORDER BY id DESC LIMIT $5"
        );
        let client = self.client_for(customer).await?;
        let known = client.query_opt(exists, &[&customer.get(), &webhook]).await;
        if known.map_err(StoreError::database(ATTEMPTED))?.is_none() {
            return Ok(None);
        }
        let (before, limit) = (before.unwrap_or(i64::MAX), i64::from(limit.min(DELIVERIES_PAGE_MAX)));
        let state = state.map(DeliveryState::word);
        let rows = client.query(&select, &[&customer.get(), &webhook, &before, &state, &limit]).await;
        rows.map_err(StoreError::database(ATTEMPTED))?.iter().map(delivery_of).collect::<Result<_, _>>().map(Some)
    }

    /// Makes a delivery that tells of nothing, to see whether it arrives.
    pub async fn test_webhook(&self, customer: CustomerId, webhook: i64, act: &Act) -> Result<Requested, StoreError> {
        const ATTEMPTED: &str = "make a test delivery";
        let insert = format!(
            "INSERT INTO deliveries (customer_id, webhook_id, event_key, event_type, body, next_attempt_at, created_at) \
             VALUES ($1, $2, 'test:' || gen_random_uuid(), 'test', '{{}}', $3, $3) RETURNING {COLUMNS}"
        );
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        if let Some(refused) = refused(&transaction, customer, webhook).await? {
            return Ok(refused);
        }
        let row = transaction.query_one(&insert, &[&customer.get(), &webhook, &Timestamptz(act.at)]).await;
        let made = delivery_of(&row.map_err(StoreError::database(ATTEMPTED))?)?;
        let change = json!({"delivery": made.id});
        record(&transaction, Some(customer), act, "webhook.test", Some(&webhook.to_string()), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Requested::Made(made))
    }

    /// Makes a delivery again that was made or given up, with its number, from the first attempt on.
    pub async fn replay_delivery(
        &self,
        customer: CustomerId,
        (webhook, delivery): (i64, i64),
        act: &Act,
    ) -> Result<Requested, StoreError> {
        const ATTEMPTED: &str = "make a delivery again";
        let select = "SELECT state FROM deliveries WHERE customer_id = $1 AND webhook_id = $2 AND id = $3 FOR UPDATE";
        let update = format!(
            "UPDATE deliveries SET state = 'pending', attempts = 0, next_attempt_at = $2, delivered_at = NULL \
             WHERE id = $1 RETURNING {COLUMNS}"
        );
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        if let Some(refused) = refused(&transaction, customer, webhook).await? {
            return Ok(refused);
        }
        let found = transaction.query_opt(select, &[&customer.get(), &webhook, &delivery]).await;
        let Some(found) = found.map_err(StoreError::database(ATTEMPTED))? else { return Ok(Requested::None) };
        if state_of(found.get(0))? == DeliveryState::Pending {
            // Waited for: while it is locked the worker passes it by.
            transaction.rollback().await.map_err(StoreError::database(ATTEMPTED))?;
            return Ok(Requested::Pending);
        }
        let row = transaction.query_one(&update, &[&delivery, &Timestamptz(act.at)]).await;
        let made = delivery_of(&row.map_err(StoreError::database(ATTEMPTED))?)?;
        let change = json!({"delivery": delivery});
        record(&transaction, Some(customer), act, "webhook.replay", Some(&webhook.to_string()), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Requested::Made(made))
    }
}

/// Why nothing can be delivered to a webhook. It stays as it is until the transaction ends.
async fn refused(
    transaction: &deadpool_postgres::Transaction<'_>,
    customer: CustomerId,
    webhook: i64,
) -> Result<Option<Requested>, StoreError> {
    let select = "SELECT is_enabled FROM webhooks WHERE customer_id = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE";
    let row = transaction.query_opt(select, &[&customer.get(), &webhook]).await;
    Ok(match row.map_err(StoreError::database("read a webhook"))? {
        None => Some(Requested::None),
        Some(row) if row.get(0) => None,
        Some(_) => Some(Requested::Disabled),
    })
}

fn delivery_of(row: &Row) -> Result<DeliveryRow, StoreError> {
    Ok(DeliveryRow {
        id: row.get(0),
        event_type: row.get(1),
        state: state_of(row.get(2))?,
        attempts: row.get(3),
        next_attempt_at: row.get::<_, Timestamptz>(4).0,
        last_status: row.get(5),
        last_error: row.get(6),
        created_at: row.get::<_, Timestamptz>(7).0,
        delivered_at: row.get::<_, Option<Timestamptz>>(8).map(|at| at.0),
    })
}

fn state_of(word: &str) -> Result<DeliveryState, StoreError> {
    let unknown = || StoreError::Row { what: "a delivery's state", cause: format!("{word} is none") };
    DeliveryState::from_word(word).ok_or_else(unknown)
}
