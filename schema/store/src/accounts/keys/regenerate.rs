//! A key replaced by a new one, in one transaction: the old one ends at once, or goes on for a while beside it.

use super::issue::{KeyMaker, NewRow, issue};
use super::life::{delete, revoke};
use super::{IssuedKey, KeyRefused, KeyRow, OVERLAP_MAX_S, find, successor, tell};
use crate::StoreError;
use crate::accounts::slots;
use crate::accounts::{AccountStore, Act};
use crate::codec::Timestamptz;
use deadpool_postgres::Transaction;
use serde_json::json;
use suiftly_schema::api_key::KeyMetadata;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::reference::KeyLife;
use suiftly_schema::time::UnixMillis;

impl AccountStore {
    /// Replaces a key by one of the same service, network and name. It takes the old one's slot. The old one is revoked,
    /// or, if it is active, goes on for `overlap_s` (at most [`OVERLAP_MAX_S`]) seconds. A revoked one that it had replaced
    /// itself is deleted.
    pub async fn regenerate_key(
        &self,
        customer: CustomerId,
        maker: KeyMaker<'_>,
        id: i64,
        overlap_s: u32,
        act: &Act,
    ) -> Result<Result<IssuedKey, KeyRefused>, StoreError> {
        const ATTEMPTED: &str = "replace an API key";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let old = match replaceable(&transaction, customer, id, act.at).await? {
            Ok(old) => old,
            Err(refused) => return Ok(Err(refused)),
        };
        let metadata = KeyMetadata::from_bits(old.metadata)
            .ok_or_else(|| StoreError::Row { what: "a key's metadata", cause: format!("{} is none", old.metadata) })?;
        if let Some(before) = old.replaces
            && let Some(before) = find(&transaction, customer, before).await?
        {
            delete(&transaction, customer, before.id, act.at).await?;
            tell(&transaction, customer, act, "key.delete", &before, json!({})).await?;
        }
        let (service, name) = (old.service, old.name.as_str());
        let row = NewRow { customer, service, metadata, name, replaces: Some(id), at: act.at };
        let issued = issue(&transaction, maker, &row).await?;
        let until = end(&transaction, customer, &old, overlap_s, act.at).await?;
        let change = json!({"replaces": old.prefix, "replaced_until": until.map(UnixMillis::rfc3339)});
        tell(&transaction, customer, act, "key.regenerate", &issued.row, change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(issued))
    }
}

/// The key, under the customer's lock, if it may be replaced.
async fn replaceable(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    id: i64,
    at: UnixMillis,
) -> Result<Result<KeyRow, KeyRefused>, StoreError> {
    let standing = slots::lock(transaction, customer).await?;
    let Some(old) = find(transaction, customer, id).await? else { return Ok(Err(KeyRefused::None)) };
    if let Err(refused) = standing.subscription(old.service) {
        return Ok(Err(refused.into()));
    }
    if let Some(by) = successor(transaction, customer, id).await? {
        return Ok(Err(KeyRefused::Replaced { by }));
    }
    if let Some(replaced) = old.replaces
        && let Some(before) = find(transaction, customer, replaced).await?
        && before.state == KeyLife::Active
    {
        // Without an end it would have a slot of its own, and not be replaced.
        return Ok(Err(KeyRefused::Overlapping { replaced, until: before.expires_at.unwrap_or(at) }));
    }
    Ok(match slots::creation_wait_s(transaction, customer, at).await? {
        Some(wait_s) => Err(KeyRefused::TooMany { wait_s }),
        None => Ok(old),
    })
}

/// Revokes the replaced key, or says until when it goes on.
async fn end(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    old: &KeyRow,
    overlap_s: u32,
    at: UnixMillis,
) -> Result<Option<UnixMillis>, StoreError> {
    if old.state != KeyLife::Active {
        return Ok(None);
    }
    if overlap_s == 0 {
        revoke(transaction, customer, old.id, at).await?;
        return Ok(None);
    }
    let until = at.plus_ms(i64::from(overlap_s.min(OVERLAP_MAX_S)) * 1000);
    let update = "UPDATE api_keys SET expires_at = $3 WHERE customer_id = $1 AND id = $2";
    let done = transaction.execute(update, &[&customer.get(), &old.id, &Timestamptz(until)]).await;
    done.map_err(StoreError::database("let a replaced key go on")).map(|_| Some(until))
}
