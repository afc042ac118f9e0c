//! What people are to be told: once for each key, in the transaction of what they are told of.

use super::MoneyStore;
use crate::StoreError;
use crate::accounts::{Act, record};
use crate::codec::{Timestamptz, known_customer};
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// Notifications that a list answers at most.
pub const NOTICES_MAX: u32 = 1_000;

/// Kinds that are about a customer, and for whoever operates alone.
pub const FOR_OPERATORS: &[&str] = &["close_refused"];

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should do something.
    Warning,
    /// Somebody must look at it now.
    Critical,
}

impl Severity {
    /// Every one, ascending.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// Its word in tables and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.word() == word)
    }
}

/// Something to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// What it is of, in up to 200 characters: `ledger:escrow:42:2026-11-22`. Whatever has the same is told once.
    pub key: String,
    /// The customer it is for; `None`: whoever operates.
    pub customer: Option<CustomerId>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about, in small letters and underscores: `charge_refused`.
    pub kind: &'static str,
    /// Figures: an object. No secrets.
    pub body: Value,
}

/// Something told.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    /// Its number.
    pub id: i64,
    /// What names it.
    pub key: String,
    /// The customer it is for; `None`: whoever operates.
    pub customer: Option<CustomerId>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub kind: String,
    /// Figures.
    pub body: Value,
    /// When it was told first.
    pub created_at: UnixMillis,
    /// When somebody said that they know.
    pub acknowledged_at: Option<UnixMillis>,
}

/// Which notifications to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoticeQuery {
    /// One customer's only.
    pub customer: Option<CustomerId>,
    /// Those only that nobody has acknowledged.
    pub is_unacknowledged: bool,
    /// Those before a number: the next page.
    pub before: Option<i64>,
    /// How many at most, and no more than [`NOTICES_MAX`].
    pub limit: u32,
}

/// Tells it, in a transaction; answers whether it was new.
pub(crate) async fn note(transaction: &Transaction<'_>, notice: &Notice, at: UnixMillis) -> Result<bool, StoreError> {
    let insert = "INSERT INTO notifications (key, customer_id, severity, kind, body, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING";
    let customer = notice.customer.map(CustomerId::get);
    let (severity, body) = (notice.severity.word(), Json(&notice.body));
    let noted =
        transaction.execute(insert, &[&notice.key, &customer, &severity, &notice.kind, &body, &Timestamptz(at)]).await;
    noted.map_err(StoreError::database("write a notification")).map(|rows| rows > 0)
}

impl MoneyStore {
    /// Tells it; answers whether it was new.
    pub async fn note(&self, notice: &Notice, at: UnixMillis) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin a notification"))?;
        let is_new = note(&transaction, notice, at).await?;
        transaction.commit().await.map_err(StoreError::database("commit a notification"))?;
        Ok(is_new)
    }

    /// What was told, the latest first.
    pub async fn notices(&self, query: &NoticeQuery) -> Result<Vec<Noted>, StoreError> {
        let select = "SELECT id, key, customer_id, severity, kind, body, created_at, acknowledged_at FROM notifications \
            WHERE ($1::bigint IS NULL OR customer_id = $1) AND (NOT $2 OR acknowledged_at IS NULL) AND id < $3 \
            ORDER BY id DESC LIMIT $4";
        let (customer, before) = (query.customer.map(CustomerId::get), query.before.unwrap_or(i64::MAX));
        let limit = i64::from(query.limit.min(NOTICES_MAX));
        let rows = self.client().await?.query(select, &[&customer, &query.is_unacknowledged, &before, &limit]).await;
        rows.map_err(StoreError::database("list notifications"))?.iter().map(noted_of).collect()
    }

    /// What a customer was told, the latest first: without what is about them, for whoever operates ([`FOR_OPERATORS`]).
    pub async fn customer_notices(&self, customer: CustomerId, query: &NoticeQuery) -> Result<Vec<Noted>, StoreError> {
        let select = "SELECT id, key, customer_id, severity, kind, body, created_at, acknowledged_at FROM notifications \
            WHERE customer_id = $1 AND (NOT $2 OR acknowledged_at IS NULL) AND id < $3 AND kind <> ALL($5) \
            ORDER BY id DESC LIMIT $4";
        let (before, limit) = (query.before.unwrap_or(i64::MAX), i64::from(query.limit.min(NOTICES_MAX)));
        let client = self.client().await?;
        let rows = client
            .query(select, &[&customer.get(), &query.is_unacknowledged, &before, &limit, &FOR_OPERATORS])
            .await
            .map_err(StoreError::database("list a customer's notifications"))?;
        rows.iter().map(noted_of).collect()
    }

    /// A customer knows of it; answers whether it was told to them. The first time counts, and is on record.
    pub async fn acknowledge_customer_notice(
        &self,
        customer: CustomerId,
        id: i64,
        act: &Act,
    ) -> Result<bool, StoreError> {
        const ATTEMPTED: &str = "acknowledge a notification";
        let update = "UPDATE notifications SET acknowledged_at = $3 \
            WHERE id = $1 AND customer_id = $2 AND kind <> ALL($4) AND acknowledged_at IS NULL RETURNING kind";
        let known = "SELECT FROM notifications WHERE id = $1 AND customer_id = $2 AND kind <> ALL($3)";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let (customer_id, at) = (customer.get(), Timestamptz(act.at));
        let row = transaction.query_opt(update, &[&id, &customer_id, &at, &FOR_OPERATORS]).await;
        let Some(row) = row.map_err(StoreError::database(ATTEMPTED))? else {
            let known = transaction.query_opt(known, &[&id, &customer_id, &FOR_OPERATORS]).await;
            return known.map_err(StoreError::database(ATTEMPTED)).map(|row| row.is_some());
        };
        let change = json!({"id": id, "kind": row.get::<_, &str>(0)});
        record(&transaction, Some(customer), act, "notification.acknowledge", None, change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(true)
    }

    /// Somebody knows of it; answers whether there is such a notification. The first time counts.
    pub async fn acknowledge_notice(&self, id: i64, at: UnixMillis) -> Result<bool, StoreError> {
        let update = "UPDATE notifications SET acknowledged_at = coalesce(acknowledged_at, $2) WHERE id = $1";
        let done = self.client().await?.execute(update, &[&id, &Timestamptz(at)]).await;
        done.map_err(StoreError::database("acknowledge a notification")).map(|rows| rows > 0)
    }
}

fn noted_of(row: &Row) -> Result<Noted, StoreError> {
    let severity: &str = row.get(3);
    let unknown = || StoreError::Row { what: "a severity", cause: format!("{severity} is none") };
    Ok(Noted {
        id: row.get(0),
        key: row.get(1),
        customer: row.get::<_, Option<i64>>(2).map(known_customer).transpose()?,
        severity: Severity::from_word(severity).ok_or_else(unknown)?,
        kind: row.get(4),
        body: row.get::<_, Json<Value>>(5).0,
        created_at: row.get::<_, Timestamptz>(6).0,
        acknowledged_at: row.get::<_, Option<Timestamptz>>(7).map(|at| at.0),
    })
}
