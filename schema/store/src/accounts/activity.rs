//! The activity log: who did what, when, from where, and what it changed. Append-only; written in the transaction of the
//! change itself.

use super::AccountStore;
use crate::StoreError;
use crate::codec::{Timestamptz, known_customer};
use deadpool_postgres::Transaction;
use serde_json::Value;
use std::net::IpAddr;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// Rows of one page at most.
pub const ACTIVITY_PAGE_MAX: u32 = 200;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A customer, in a session.
    Customer {
        /// The session's public id.
        session: String,
    },
    /// Somebody who operates.
    Operator {
        /// Their name.
        name: String,
    },
    /// The program itself.
    System {
        /// Which part: a job's name.
        part: &'static str,
    },
}

impl Actor {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Customer { .. } => "customer",
            Self::Operator { .. } => "operator",
            Self::System { .. } => "system",
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Customer { session } => session,
            Self::Operator { name } => name,
            Self::System { part } => part,
        }
    }
}

/// Who does something, from where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Who.
    pub actor: Actor,
    /// From where, if from anywhere.
    pub address: Option<IpAddr>,
    /// When.
    pub at: UnixMillis,
}

/// Something done.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: UnixMillis,
    /// Whom it concerns.
    pub customer: Option<CustomerId>,
    /// customer, operator or system.
    pub actor_kind: String,
    /// A session's public id, an operator's name, a part's name.
    pub actor: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// What was done: `key.create`.
    pub action: String,
    /// To what, as its owner knows it.
    pub target: Option<String>,
    /// What it changed: an object. No secrets.
    pub change: Value,
}

/// Which activity, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityQuery {
    /// Of one customer.
    pub customer: Option<CustomerId>,
    /// Of one kind of actor: customer, operator, system.
    pub actor_kind: Option<String>,
    /// Of one actor.
    pub actor: Option<String>,
    /// Of actions that begin so: `key.`.
    pub action: Option<String>,
    /// Before this number.
    pub before: Option<i64>,
    /// At most so many; [`ACTIVITY_PAGE_MAX`] at most.
    pub limit: u32,
}

/// Writes a row of the log, within the transaction of what it tells of.
pub(crate) async fn record(
    transaction: &Transaction<'_>,
    customer: Option<CustomerId>,
    act: &Act,
    action: &str,
    target: Option<&str>,
    change: Value,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO activity (at, customer_id, actor_kind, actor, address, action, target, change) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let customer = customer.map(CustomerId::get);
    let (kind, name, change) = (act.actor.kind(), act.actor.name(), Json(change));
    let written = transaction
        .execute(insert, &[&Timestamptz(act.at), &customer, &kind, &name, &act.address, &action, &target, &change])
        .await;
    written.map_err(StoreError::database("record an activity")).map(|_| ())
}

impl AccountStore {
    /// A page of the log, the latest first. With a customer, over a connection that sees theirs alone.
    pub async fn activity(&self, query: &ActivityQuery) -> Result<Vec<Activity>, StoreError> {
        let select = "SELECT id, at, customer_id, actor_kind, actor, address, action, target, change FROM activity \
            WHERE ($1::bigint IS NULL OR customer_id = $1) AND ($2::text IS NULL OR actor_kind = $2) \
            AND ($3::text IS NULL OR actor = $3) AND ($4::text IS NULL OR starts_with(action, $4)) \
            AND ($5::bigint IS NULL OR id < $5) ORDER BY id DESC LIMIT $6";
        let client = match query.customer {
            Some(customer) => self.client_for(customer).await?,
            None => self.client().await?,
        };
        let (customer, limit) = (query.customer.map(CustomerId::get), i64::from(query.limit.min(ACTIVITY_PAGE_MAX)));
        let rows = client
            .query(select, &[&customer, &query.actor_kind, &query.actor, &query.action, &query.before, &limit])
            .await
            .map_err(StoreError::database("read the activity log"))?;
        rows.iter().map(activity_of).collect()
    }

    /// Writes a row of the log by itself: of what was done elsewhere than in the database.
    pub async fn record(
        &self,
        customer: Option<CustomerId>,
        act: &Act,
        action: &str,
        target: Option<&str>,
        change: Value,
    ) -> Result<(), StoreError> {
        const ATTEMPTED: &str = "record an activity";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        record(&transaction, customer, act, action, target, change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))
    }
}

fn activity_of(row: &Row) -> Result<Activity, StoreError> {
    let Json(change) =
        row.try_get(8).map_err(|error| StoreError::Row { what: "an activity", cause: error.to_string() })?;
    Ok(Activity {
        id: row.get(0),
        at: row.get::<_, Timestamptz>(1).0,
        customer: row.get::<_, Option<i64>>(2).map(known_customer).transpose()?,
        actor_kind: row.get(3),
        actor: row.get(4),
        address: row.get(5),
        action: row.get(6),
        target: row.get(7),
        change,
    })
}
