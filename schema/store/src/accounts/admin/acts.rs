//! What operators do to a customer: suspend, take up again, revoke a key, end sessions; and to notifications.
//!
//! A suspension is a row of the customer that changes: the outbox tells the dataflow of it at the commit, and the vault
//! follows within a second.

use super::super::AccountStore;
use super::super::activity::{Act, record};
use crate::StoreError;
use crate::codec::Timestamptz;
use deadpool_postgres::Transaction;
use serde_json::json;
use suiftly_schema::ids::CustomerId;

/// Why an operator's act was not done. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActRefused {
    /// What it is to be done to does not exist.
    #[error("there is no such {what}")]
    Missing {
        /// A customer, a key.
        what: &'static str,
    },
    /// The account is closed: nothing of it changes any more.
    #[error("the account is closed")]
    Closed,
    /// A deleted key is gone for good.
    #[error("the key is deleted")]
    Deleted,
}

/// A customer's status before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// active or suspended.
    pub from: String,
    /// active or suspended.
    pub to: &'static str,
}

impl AccountStore {
    /// Suspends a customer, or says again why. A closed account is left alone.
    pub async fn suspend_customer(
        &self,
        customer: CustomerId,
        reason: &str,
        act: &Act,
    ) -> Result<Result<StatusChange, ActRefused>, StoreError> {
        self.set_status(customer, "suspended", Some(reason), act).await
    }

    /// Takes a suspension back. What the customer may then do follows from their spend.
    pub async fn activate_customer(
        &self,
        customer: CustomerId,
        act: &Act,
    ) -> Result<Result<StatusChange, ActRefused>, StoreError> {
        self.set_status(customer, "active", None, act).await
    }

    async fn set_status(
        &self,
        customer: CustomerId,
        to: &'static str,
        reason: Option<&str>,
        act: &Act,
    ) -> Result<Result<StatusChange, ActRefused>, StoreError> {
        const ATTEMPTED: &str = "change a customer's status";
        let select = "SELECT status FROM customers WHERE id = $1 FOR UPDATE";
        let update = "UPDATE customers SET status = $2 WHERE id = $1";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let row = transaction.query_opt(select, &[&customer.get()]).await.map_err(StoreError::database(ATTEMPTED))?;
        let Some(row) = row else { return Ok(Err(ActRefused::Missing { what: "customer" })) };
        let from: String = row.get(0);
        if from == "closed" {
            return Ok(Err(ActRefused::Closed));
        }
        transaction.execute(update, &[&customer.get(), &to]).await.map_err(StoreError::database(ATTEMPTED))?;
        let action = if to == "active" { "customer.activate" } else { "customer.suspend" };
        let change = match reason {
            Some(reason) => json!({"from": from, "to": to, "reason": reason}),
            None => json!({"from": from, "to": to}),
        };
        record(&transaction, Some(customer), act, action, None, change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(StatusChange { from, to }))
    }

    /// Revokes a customer's key; one that is revoked stays so. Answers whether it was active.
    pub async fn revoke_key_of(
        &self,
        customer: CustomerId,
        key: i64,
        act: &Act,
    ) -> Result<Result<bool, ActRefused>, StoreError> {
        const ATTEMPTED: &str = "revoke a customer's key";
        let select = "SELECT state, key_prefix FROM api_keys WHERE customer_id = $1 AND id = $2 FOR UPDATE";
        let update = "UPDATE api_keys SET state = 'revoked', revoked_at = $3 \
            WHERE customer_id = $1 AND id = $2 AND state = 'active'";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let row = transaction.query_opt(select, &[&customer.get(), &key]).await;
        let Some(row) = row.map_err(StoreError::database(ATTEMPTED))? else {
            return Ok(Err(ActRefused::Missing { what: "key" }));
        };
        let (state, prefix): (&str, &str) = (row.get(0), row.get(1));
        if state == "deleted" {
            return Ok(Err(ActRefused::Deleted));
        }
        let done = transaction.execute(update, &[&customer.get(), &key, &Timestamptz(act.at)]).await;
        let was_active = done.map_err(StoreError::database(ATTEMPTED))? == 1;
        let change = json!({"id": key, "from": state, "to": "revoked"});
        record(&transaction, Some(customer), act, "key.revoke", Some(prefix), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(was_active))
    }

    /// Ends every session of a customer; answers how many there were.
    pub async fn end_sessions_of(
        &self,
        customer: CustomerId,
        act: &Act,
    ) -> Result<Result<u64, ActRefused>, StoreError> {
        const ATTEMPTED: &str = "end a customer's sessions";
        let update = "UPDATE sessions SET revoked_at = $2, revoked_why = 'revoked' \
            WHERE customer_id = $1 AND revoked_at IS NULL";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        if !is_customer(&transaction, customer).await? {
            return Ok(Err(ActRefused::Missing { what: "customer" }));
        }
        let ended = transaction.execute(update, &[&customer.get(), &Timestamptz(act.at)]).await;
        let ended = ended.map_err(StoreError::database(ATTEMPTED))?;
        record(&transaction, Some(customer), act, "session.revoke_all", None, json!({"sessions": ended})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(ended))
    }

    /// Somebody knows of a notification; answers whether there is such a one. The first time counts.
    pub async fn acknowledge(&self, notification: i64, act: &Act) -> Result<bool, StoreError> {
        const ATTEMPTED: &str = "acknowledge a notification";
        let update = "UPDATE notifications SET acknowledged_at = coalesce(acknowledged_at, $2) WHERE id = $1 \
            RETURNING key";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let row = transaction.query_opt(update, &[&notification, &Timestamptz(act.at)]).await;
        let Some(row) = row.map_err(StoreError::database(ATTEMPTED))? else { return Ok(false) };
        // No row of the customer's own log: it is the operators' knowledge.
        let change = json!({"id": notification});
        record(&transaction, None, act, "notification.acknowledge", Some(row.get(0)), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(true)
    }
}

pub(super) async fn is_customer(transaction: &Transaction<'_>, customer: CustomerId) -> Result<bool, StoreError> {
    let row = transaction.query_opt("SELECT FROM customers WHERE id = $1", &[&customer.get()]).await;
    row.map_err(StoreError::database("look a customer up")).map(|row| row.is_some())
}
