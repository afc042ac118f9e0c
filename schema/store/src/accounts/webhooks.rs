//! Webhooks: where a customer is told of events, and the secret that what is posted there is signed with.
//!
//! Secrets come here sealed, and go out sealed: who holds the keyring seals and opens them, for [`webhook_place`].

use super::AccountStore;
use super::activity::{Act, record};
use crate::StoreError;
use crate::codec::Timestamptz;
use deadpool_postgres::Transaction;
use serde_json::json;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Webhooks of one customer at most.
pub const WEBHOOKS_MAX: i64 = 10;
/// The secret before signs too for so long after a rotation.
pub const OLD_SECRET_MS: i64 = 24 * 3_600_000;
/// What webhooks are told of: the word before the dot of an event's type.
pub const WEBHOOK_EVENTS: [&str; 7] = ["alert", "balance", "charge", "delivery", "invoice", "key", "limit"];
/// All of them, and those to come.
pub const WEBHOOK_EVENTS_ALL: &str = "*";

/// Where a webhook's secret stands, for sealing.
pub fn webhook_place(customer: CustomerId, id: i64) -> String {
    format!("webhook:{}:{id}", customer.get())
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its number.
    pub id: i64,
    /// Where it is told.
    pub url: String,
    /// Of what: words of [`WEBHOOK_EVENTS`], or [`WEBHOOK_EVENTS_ALL`].
    pub events: Vec<String>,
    /// Whether it is told.
    pub is_enabled: bool,
    /// Until when the secret before signs too.
    pub old_until: Option<UnixMillis>,
    /// Since when.
    pub created_at: UnixMillis,
}

/// What is to be changed; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookChange {
    /// Where it is told.
    pub url: Option<String>,
    /// Of what.
    pub events: Option<Vec<String>>,
    /// Whether it is told. What is pending ends when it is not.
    pub is_enabled: Option<bool>,
}

const COLUMNS: &str = "id, url, events, is_enabled, old_until, created_at";

impl AccountStore {
    /// A customer's webhooks, by number.
    pub async fn webhooks(&self, customer: CustomerId) -> Result<Vec<WebhookRow>, StoreError> {
        let select = format!(
            "SELECT {COLUMNS} FROM webhooks WHERE customer_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT {WEBHOOKS_MAX}"
        );
        let rows = self.client_for(customer).await?.query(&select, &[&customer.get()]).await;
        Ok(rows.map_err(StoreError::database("list webhooks"))?.iter().map(webhook_of).collect())
    }

    /// One of them.
    pub async fn webhook(&self, customer: CustomerId, id: i64) -> Result<Option<WebhookRow>, StoreError> {
        let select =
            format!("SELECT {COLUMNS} FROM webhooks WHERE customer_id = $1 AND id = $2 AND deleted_at IS NULL");
        let row = self.client_for(customer).await?.query_opt(&select, &[&customer.get(), &id]).await;
        Ok(row.map_err(StoreError::database("read a webhook"))?.as_ref().map(webhook_of))
    }

    /// Makes one; `None` if the customer has [`WEBHOOKS_MAX`]. `seal` is given the secret's place.
    pub async fn create_webhook(
        &self,
        customer: CustomerId,
        (url, events): (&str, &[String]),
        seal: impl FnOnce(&str) -> Vec<u8> + Send,
        act: &Act,
    ) -> Result<Option<WebhookRow>, StoreError> {
        const ATTEMPTED: &str = "make a webhook";
        // Its number is what its secret is sealed for.
        let number = "SELECT nextval(pg_get_serial_sequence('webhooks', 'id'))";
        let insert = format!(
            "INSERT INTO webhooks (id, customer_id, url, events, sealed_secret, created_at) OVERRIDING SYSTEM VALUE \
             SELECT $1, $2, $3, $4, $5, $6 \
             WHERE (SELECT count(*) FROM webhooks WHERE customer_id = $2 AND deleted_at IS NULL) < $7 RETURNING {COLUMNS}"
        );
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        lock(&transaction, customer).await?;
        let id: i64 = transaction.query_one(number, &[]).await.map_err(StoreError::database(ATTEMPTED))?.get(0);
        let sealed = seal(&webhook_place(customer, id));
        let values: [&(dyn ToSql + Sync); 7] =
            [&id, &customer.get(), &url, &events, &sealed, &Timestamptz(act.at), &WEBHOOKS_MAX];
        let row = transaction.query_opt(&insert, &values).await.map_err(StoreError::database(ATTEMPTED))?;
        let Some(made) = row.as_ref().map(webhook_of) else { return Ok(None) };
        let change = json!({"origin": origin(url), "events": events});
        record(&transaction, Some(customer), act, "webhook.create", Some(&id.to_string()), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Some(made))
    }

    /// Changes one; `None` if there is none.
    pub async fn change_webhook(
        &self,
        customer: CustomerId,
        id: i64,
        change: &WebhookChange,
        act: &Act,
    ) -> Result<Option<WebhookRow>, StoreError> {
        const ATTEMPTED: &str = "change a webhook";
        let update = format!(
            "UPDATE webhooks SET url = coalesce($3, url), events = coalesce($4, events), \
                is_enabled = coalesce($5, is_enabled) \
             WHERE customer_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING {COLUMNS}"
        );
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let WebhookChange { url, events, is_enabled } = change;
        let row = transaction.query_opt(&update, &[&customer.get(), &id, url, events, is_enabled]).await;
        let Some(changed) = row.map_err(StoreError::database(ATTEMPTED))?.as_ref().map(webhook_of) else {
            return Ok(None);
        };
        if !changed.is_enabled {
            end_pending(&transaction, id, "the webhook was disabled").await?;
        }
        let mut told = json!({"origin": url.as_deref().map(origin), "events": events, "is_enabled": is_enabled});
        if let Some(told) = told.as_object_mut() {
            told.retain(|_, value| !value.is_null());
        }
        record(&transaction, Some(customer), act, "webhook.change", Some(&id.to_string()), told).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Some(changed))
    }

    /// Gives one a new secret; the one before signs too for [`OLD_SECRET_MS`]. `None` if there is none.
    pub async fn rotate_webhook(
        &self,
        customer: CustomerId,
        id: i64,
        sealed: &[u8],
        act: &Act,
    ) -> Result<Option<WebhookRow>, StoreError> {
        const ATTEMPTED: &str = "rotate a webhook's secret";
        let update = format!(
            "UPDATE webhooks SET sealed_old = sealed_secret, old_until = $4, sealed_secret = $3 \
             WHERE customer_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING {COLUMNS}"
        );
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let until = Timestamptz(act.at.plus_ms(OLD_SECRET_MS));
        let row = transaction.query_opt(&update, &[&customer.get(), &id, &sealed, &until]).await;
        let Some(rotated) = row.map_err(StoreError::database(ATTEMPTED))?.as_ref().map(webhook_of) else {
            return Ok(None);
        };
        record(&transaction, Some(customer), act, "webhook.rotate", Some(&id.to_string()), json!({})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Some(rotated))
    }

    /// Deletes one, and ends what is pending; answers whether there was one.
    pub async fn delete_webhook(&self, customer: CustomerId, id: i64, act: &Act) -> Result<bool, StoreError> {
        const ATTEMPTED: &str = "delete a webhook";
        let update = "UPDATE webhooks SET deleted_at = $3, is_enabled = false \
            WHERE customer_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING url";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let row = transaction.query_opt(update, &[&customer.get(), &id, &Timestamptz(act.at)]).await;
        let Some(row) = row.map_err(StoreError::database(ATTEMPTED))? else { return Ok(false) };
        end_pending(&transaction, id, "the webhook was deleted").await?;
        let change = json!({"origin": origin(row.get(0))});
        record(&transaction, Some(customer), act, "webhook.delete", Some(&id.to_string()), change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(true)
    }
}

/// One at a time makes something for a customer of which there may be so many only.
pub(super) async fn lock(transaction: &Transaction<'_>, customer: CustomerId) -> Result<(), StoreError> {
    let lock = "SELECT FROM customers WHERE id = $1 FOR NO KEY UPDATE";
    let locked = transaction.execute(lock, &[&customer.get()]).await;
    locked.map_err(StoreError::database("lock a customer")).map(|_| ())
}

/// What is pending for a webhook will not be delivered.
async fn end_pending(transaction: &Transaction<'_>, webhook: i64, why: &str) -> Result<(), StoreError> {
    let update = "UPDATE deliveries SET state = 'dead', last_error = $2 WHERE webhook_id = $1 AND state = 'pending'";
    let ended = transaction.execute(update, &[&webhook, &why]).await;
    ended.map_err(StoreError::database("end what is pending for a webhook")).map(|_| ())
}

/// What of a URL goes on record: its path may hold a secret.
fn origin(url: &str) -> &str {
    let host_at = url.find("://").map_or(0, |at| at + "://".len());
    let end = url[host_at..].find(['/', '?', '#']).map_or(url.len(), |end| host_at + end);
    &url[..end]
}

fn webhook_of(row: &Row) -> WebhookRow {
    WebhookRow {
        id: row.get(0),
        url: row.get(1),
        events: row.get(2),
        is_enabled: row.get(3),
        old_until: row.get::<_, Option<Timestamptz>>(4).map(|at| at.0),
        created_at: row.get::<_, Timestamptz>(5).0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_url_its_origin_goes_on_record() {
        for url in ["https://h.example:8443/secret", "https://h.example:8443?secret", "https://h.example:8443"] {
            assert_eq!(origin(url), "https://h.example:8443");
        }
        assert_eq!(origin("secret/secret"), "secret");
    }
}
