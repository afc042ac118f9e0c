//! Replaced keys whose time is over: a job revokes them.

use super::life::revoke;
use super::{COLUMNS, row_of, tell};
use crate::StoreError;
use crate::accounts::{AccountStore, Act, Actor};
use crate::codec::{Timestamptz, known_customer};
use crate::money;
use serde_json::json;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;

/// Customers whose keys one run ends at most; the next one goes on.
const CUSTOMERS_A_RUN: i64 = 1_000;

impl AccountStore {
    /// Revokes keys that were to go on until now or before. Answers how many. One customer is one transaction.
    pub async fn expire_keys(&self, at: UnixMillis) -> Result<u64, StoreError> {
        let select = "SELECT DISTINCT customer_id FROM api_keys \
            WHERE expires_at IS NOT NULL AND state = 'active' AND expires_at <= $1 LIMIT $2";
        let rows = self.client().await?.query(select, &[&Timestamptz(at), &CUSTOMERS_A_RUN]).await;
        let mut expired = 0;
        for row in rows.map_err(StoreError::database("look for keys that end"))? {
            expired += self.expire_keys_of(known_customer(row.get(0))?, at).await?;
        }
        Ok(expired)
    }

    async fn expire_keys_of(&self, customer: CustomerId, at: UnixMillis) -> Result<u64, StoreError> {
        const ATTEMPTED: &str = "end a customer's keys";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        // First, as everybody does: whoever changes a key has the customer's lock.
        money::lock(&transaction, &[customer]).await?;
        let select = format!(
            "SELECT {COLUMNS} FROM api_keys WHERE customer_id = $1 AND state = 'active' AND expires_at <= $2 ORDER BY id"
        );
        let rows = transaction.query(&select, &[&customer.get(), &Timestamptz(at)]).await;
        let rows = rows.map_err(StoreError::database(ATTEMPTED))?;
        let act = Act { actor: Actor::System { part: "expire_keys" }, address: None, at };
        for row in &rows {
            let key = row_of(row)?;
            revoke(&transaction, customer, key.id, at).await?;
            tell(&transaction, customer, &act, "key.expire", &key, json!({})).await?;
        }
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(rows.len() as u64)
    }
}
