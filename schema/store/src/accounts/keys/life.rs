//! A key's life: active, revoked and back, deleted for good; and its name. Done twice it does nothing the second time.

use super::{KeyRefused, KeyRow, find, may_take_slot, successor, tell};
use crate::StoreError;
use crate::accounts::{AccountStore, Act};
use crate::codec::Timestamptz;
use crate::money;
use deadpool_postgres::Transaction;
use serde_json::json;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::reference::KeyLife;
use suiftly_schema::time::UnixMillis;

impl AccountStore {
    /// Revokes a key: gateways refuse it, and it keeps its slot.
    pub async fn revoke_key(
        &self,
        customer: CustomerId,
        id: i64,
        act: &Act,
    ) -> Result<Result<KeyRow, KeyRefused>, StoreError> {
        self.change_key(customer, id, act, "key.revoke", async |transaction, key| {
            if key.state == KeyLife::Active {
                revoke(transaction, customer, key.id, act.at).await?;
            }
            Ok(Ok(()))
        })
        .await
    }

    /// Makes a key usable again, without an end. One that another has replaced takes a slot of its own.
    pub async fn enable_key(
        &self,
        customer: CustomerId,
        id: i64,
        act: &Act,
    ) -> Result<Result<KeyRow, KeyRefused>, StoreError> {
        self.change_key(customer, id, act, "key.enable", async |transaction, key| {
            if key.state == KeyLife::Active && key.expires_at.is_none() {
                return Ok(Ok(()));
            }
            let successor = successor(transaction, customer, key.id).await?;
            let more = u32::from(successor.is_some());
            if let Err(refused) = may_take_slot(transaction, customer, key.service, more).await? {
                return Ok(Err(refused));
            }
            enable(transaction, customer, key.id, successor).await.map(Ok)
        })
        .await
    }

    /// Gives a key another name.
    pub async fn rename_key(
        &self,
        customer: CustomerId,
        id: i64,
        name: &str,
        act: &Act,
    ) -> Result<Result<KeyRow, KeyRefused>, StoreError> {
        self.change_key(customer, id, act, "key.rename", async |transaction, key| {
            let update = "UPDATE api_keys SET name = $3 WHERE customer_id = $1 AND id = $2";
            let done = transaction.execute(update, &[&customer.get(), &key.id, &name]).await;
            done.map_err(StoreError::database("rename an API key")).map(|_| Ok(()))
        })
        .await
    }

    /// Deletes a key for good.
    pub async fn delete_key(
        &self,
        customer: CustomerId,
        id: i64,
        act: &Act,
    ) -> Result<Result<(), KeyRefused>, StoreError> {
        const ATTEMPTED: &str = "delete an API key";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        money::lock(&transaction, &[customer]).await?;
        let Some(key) = find(&transaction, customer, id).await? else { return Ok(Err(KeyRefused::None)) };
        delete(&transaction, customer, id, act.at).await?;
        tell(&transaction, customer, act, "key.delete", &key, json!({})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(()))
    }

    /// Changes a key under the customer's lock, and records it if it is another then.
    async fn change_key(
        &self,
        customer: CustomerId,
        id: i64,
        act: &Act,
        action: &'static str,
        change: impl AsyncFnOnce(&Transaction<'_>, &KeyRow) -> Result<Result<(), KeyRefused>, StoreError>,
    ) -> Result<Result<KeyRow, KeyRefused>, StoreError> {
        const ATTEMPTED: &str = "change an API key";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        money::lock(&transaction, &[customer]).await?;
        let Some(before) = find(&transaction, customer, id).await? else { return Ok(Err(KeyRefused::None)) };
        if let Err(refused) = change(&transaction, &before).await? {
            return Ok(Err(refused));
        }
        let Some(after) = find(&transaction, customer, id).await? else { return Ok(Err(KeyRefused::None)) };
        if after != before {
            tell(&transaction, customer, act, action, &after, json!({})).await?;
            transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        }
        Ok(Ok(after))
    }
}

pub(super) async fn revoke(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    id: i64,
    at: UnixMillis,
) -> Result<(), StoreError> {
    let update = "UPDATE api_keys SET state = 'revoked', revoked_at = $3 WHERE customer_id = $1 AND id = $2";
    let done = transaction.execute(update, &[&customer.get(), &id, &Timestamptz(at)]).await;
    done.map_err(StoreError::database("revoke an API key")).map(|_| ())
}

pub(super) async fn delete(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    id: i64,
    at: UnixMillis,
) -> Result<(), StoreError> {
    let update = "UPDATE api_keys SET state = 'deleted', deleted_at = $3, sealed_key = NULL \
        WHERE customer_id = $1 AND id = $2 AND state <> 'deleted'";
    let done = transaction.execute(update, &[&customer.get(), &id, &Timestamptz(at)]).await;
    done.map_err(StoreError::database("delete an API key")).map(|_| ())
}

async fn enable(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    id: i64,
    successor: Option<i64>,
) -> Result<(), StoreError> {
    const ATTEMPTED: &str = "enable an API key";
    let update =
        "UPDATE api_keys SET state = 'active', revoked_at = NULL, expires_at = NULL WHERE customer_id = $1 AND id = $2";
    transaction.execute(update, &[&customer.get(), &id]).await.map_err(StoreError::database(ATTEMPTED))?;
    let alone = "UPDATE api_keys SET replaces = NULL WHERE customer_id = $1 AND id = $2";
    let done = transaction.execute(alone, &[&customer.get(), &successor.unwrap_or_default()]).await;
    done.map_err(StoreError::database(ATTEMPTED)).map(|_| ())
}
