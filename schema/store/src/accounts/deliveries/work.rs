//! What the job does that makes deliveries: claims those that are due, and writes down what became of each.
//!
//! A claim counts the attempt and puts the next one off by a lease, in one statement: who dies between a claim and its
//! record leaves a delivery that is made again when the lease is over. So each is made at least once, with its number.

use crate::StoreError;
use crate::accounts::AccountStore;
use crate::codec::{Timestamptz, known_customer};
use crate::money::{Notice, Severity, note_within};
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

/// Old deliveries that are removed with one statement at most.
pub const PURGED_AT_ONCE: i64 = 10_000;
/// Characters of an error that are kept.
const ERROR_CHARS_MAX: usize = 500;

/// A delivery to be made now.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedDelivery {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub customer: CustomerId,
    /// What it tells of.
    pub event_type: String,
    /// Figures: an object.
    pub body: Value,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// Since when it is to be made.
    pub created_at: UnixMillis,
    /// Which way.
    pub way: DeliveryWay,
}

/// Which way a delivery goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryWay {
    /// To a webhook.
    Webhook {
        /// Its number.
        id: i64,
        /// Where it is.
        url: String,
        /// Its secret, sealed; and the one before, while that signs too.
        sealed: Vec<Vec<u8>>,
        /// Whether it is neither disabled nor deleted.
        is_enabled: bool,
    },
    /// By e-mail.
    Email {
        /// To whom; `None`: the customer has no address.
        to: Option<String>,
    },
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered {
        /// The answer's HTTP status; `None` by e-mail.
        status: Option<u16>,
    },
    /// It was not, and is tried again.
    Retry {
        /// The answer's HTTP status, if there was one.
        status: Option<u16>,
        /// What went wrong, for its owner to read.
        error: String,
        /// When.
        at: UnixMillis,
    },
    /// It was not, and is given up.
    Dead {
        /// The answer's HTTP status, if there was one.
        status: Option<u16>,
        /// What went wrong, for its owner to read.
        error: String,
        /// Whether its owner is told: not of what they ended themselves.
        is_told: bool,
    },
}

/// $1: now; $2: the end of the lease; $3: at most so many; $4: none of these customers'; $5: whether e-mails too; $6: of one
/// customer at most so many.
const CLAIM: &str = "WITH due AS ( \
        SELECT id FROM ( \
            SELECT id, next_attempt_at, row_number() OVER (PARTITION BY customer_id ORDER BY next_attempt_at, id) AS nth FROM ( \
                SELECT id, customer_id, next_attempt_at FROM deliveries \
                WHERE state = 'pending' AND next_attempt_at <= $1 AND customer_id <> ALL($4) \
                    AND ($5 OR webhook_id IS NOT NULL) \
                ORDER BY next_attempt_at LIMIT $7) AS next) AS ranked \
        WHERE nth <= $6 ORDER BY next_attempt_at LIMIT $3 \
    ), claimed AS ( \
        SELECT d.id FROM deliveries AS d JOIN due ON due.id = d.id WHERE d.state = 'pending' AND d.next_attempt_at <= $1 \
        FOR UPDATE OF d SKIP LOCKED \
    ) \
    UPDATE deliveries AS d SET attempts = attempts + 1, next_attempt_at = $2 FROM claimed \
    WHERE d.id = claimed.id \
    RETURNING d.id, d.customer_id, d.event_type, d.body, d.attempts, d.created_at, d.webhook_id, \
        (SELECT w.url FROM webhooks AS w WHERE w.id = d.webhook_id), \
        (SELECT w.sealed_secret FROM webhooks AS w WHERE w.id = d.webhook_id), \
        (SELECT w.sealed_old FROM webhooks AS w WHERE w.id = d.webhook_id AND w.old_until > $1), \
        (SELECT w.is_enabled AND w.deleted_at IS NULL FROM webhooks AS w WHERE w.id = d.webhook_id), \
        (SELECT c.alert_email FROM customers AS c WHERE c.id = d.customer_id)";

/// How far into what is due a claim looks for customers that have not had their share.
const LOOK_AHEAD: i64 = 5_000;

impl AccountStore {
    /// Takes at most `limit` deliveries that are due, at most `of_one` of a customer and none of `but`; e-mails only
    /// `with_email`. Each is due again at `lease_ends`, unless it is recorded before.
    pub async fn claim_deliveries(
        &self,
        (now, lease_ends): (UnixMillis, UnixMillis),
        (limit, of_one): (usize, usize),
        but: &[CustomerId],
        with_email: bool,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        const ATTEMPTED: &str = "claim deliveries";
        let bigint = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let but: Vec<i64> = but.iter().map(|customer| customer.get()).collect();
        let (now, ends) = (Timestamptz(now), Timestamptz(lease_ends));
        let values: [&(dyn ToSql + Sync); 7] =
            [&now, &ends, &bigint(limit), &but, &with_email, &bigint(of_one), &LOOK_AHEAD];
        let client = self.client().await?;
        let statement = client.prepare_cached(CLAIM).await.map_err(StoreError::database(ATTEMPTED))?;
        let rows = client.query(&statement, &values).await.map_err(StoreError::database(ATTEMPTED))?;
        rows.iter().map(claimed_of).collect()
    }

    /// Writes down what became of an attempt. What was ended or claimed again meanwhile stays so; what was taken counts.
    pub async fn record_delivery(
        &self,
        delivery: &ClaimedDelivery,
        outcome: &Outcome,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        const ATTEMPTED: &str = "record a delivery";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let is_recorded = write(&transaction, delivery, outcome, now).await.map_err(StoreError::database(ATTEMPTED))?;
        if let (true, Outcome::Dead { status, error, is_told: true }) = (is_recorded, outcome) {
            note_within(&transaction, &dead_letter(delivery, (*status, error), now), now).await?;
        }
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))
    }

    /// Gives e-mails up that were made before an instant and never claimed: nobody sends e-mail here. Answers how many.
    pub async fn end_unsent_emails(&self, before: UnixMillis, why: &str) -> Result<u64, StoreError> {
        let update = "UPDATE deliveries SET state = 'dead', last_error = $2 \
            WHERE state = 'pending' AND next_attempt_at <= $1 AND webhook_id IS NULL AND created_at < $1";
        let ended = self.client().await?.execute(update, &[&Timestamptz(before), &why]).await;
        ended.map_err(StoreError::database("give unsent e-mails up"))
    }

    /// Removes deliveries that were made before one instant, and those that were given up and made before another; at
    /// most [`PURGED_AT_ONCE`]. Answers how many.
    pub async fn purge_deliveries(&self, delivered: UnixMillis, dead: UnixMillis) -> Result<u64, StoreError> {
        let delete = "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries \
            WHERE (state = 'delivered' AND delivered_at < $1) OR (state = 'dead' AND created_at < $2) LIMIT $3)";
        let values: [&(dyn ToSql + Sync); 3] = [&Timestamptz(delivered), &Timestamptz(dead), &PURGED_AT_ONCE];
        let removed = self.client().await?.execute(delete, &values).await;
        removed.map_err(StoreError::database("remove old deliveries"))
    }
}

async fn write(
    transaction: &Transaction<'_>,
    delivery: &ClaimedDelivery,
    outcome: &Outcome,
    now: UnixMillis,
) -> Result<bool, tokio_postgres::Error> {
    let (id, attempt) = (delivery.id, delivery.attempt);
    let status = |status: &Option<u16>| status.map(i32::from);
    let rows = match outcome {
        Outcome::Delivered { status: found } => {
            let update = "UPDATE deliveries SET state = 'delivered', delivered_at = $2, last_status = $3, last_error = NULL \
                WHERE id = $1 AND state = 'pending'";
            transaction.execute(update, &[&id, &Timestamptz(now), &status(found)]).await?
        }
        Outcome::Retry { status: found, error, at } => {
            let update = "UPDATE deliveries SET next_attempt_at = $3, last_status = $4, last_error = $5 \
                WHERE id = $1 AND state = 'pending' AND attempts = $2";
            let values: [&(dyn ToSql + Sync); 5] = [&id, &attempt, &Timestamptz(*at), &status(found), &cut(error)];
            transaction.execute(update, &values).await?
        }
        Outcome::Dead { status: found, error, .. } => {
            let update = "UPDATE deliveries SET state = 'dead', last_status = $3, last_error = $4 \
                WHERE id = $1 AND state = 'pending' AND attempts = $2";
            transaction.execute(update, &[&id, &attempt, &status(found), &cut(error)]).await?
        }
    };
    Ok(rows > 0)
}

/// Told once a day and way: all of its deliveries die when a receiver does.
fn dead_letter(delivery: &ClaimedDelivery, (status, error): (Option<u16>, &str), now: UnixMillis) -> Notice {
    let customer = delivery.customer.get();
    let (way, mut body) = match &delivery.way {
        DeliveryWay::Webhook { id, .. } => (id.to_string(), json!({"channel": "webhook", "webhook_id": id})),
        DeliveryWay::Email { .. } => ("email".to_owned(), json!({"channel": "email"})),
    };
    body["delivery_id"] = delivery.id.into();
    body["event_type"] = delivery.event_type.as_str().into();
    body["last_status"] = status.into();
    body["last_error"] = cut(error).into();
    let mut day = now.rfc3339();
    day.truncate("2026-11-22".len());
    Notice {
        key: format!("delivery_dead:{customer}:{way}:{day}"),
        customer: Some(delivery.customer),
        severity: Severity::Warning,
        kind: "delivery_dead",
        body,
    }
}

fn cut(error: &str) -> String {
    error.chars().filter(|c| *c != '\0').take(ERROR_CHARS_MAX).collect()
}

fn claimed_of(row: &Row) -> Result<ClaimedDelivery, StoreError> {
    let missing = |what: &str| StoreError::Row { what: "a delivery's webhook", cause: format!("it has no {what}") };
    let way = match row.get::<_, Option<i64>>(6) {
        None => DeliveryWay::Email { to: row.get(11) },
        Some(id) => {
            let url = row.get::<_, Option<String>>(7).ok_or_else(|| missing("address"))?;
            let secret = row.get::<_, Option<Vec<u8>>>(8).ok_or_else(|| missing("secret"))?;
            let sealed = [Some(secret), row.get(9)].into_iter().flatten().collect();
            DeliveryWay::Webhook { id, url, sealed, is_enabled: row.get::<_, Option<bool>>(10).unwrap_or(false) }
        }
    };
    let Json(body) =
        row.try_get(3).map_err(|error| StoreError::Row { what: "a delivery", cause: error.to_string() })?;
    Ok(ClaimedDelivery {
        id: row.get(0),
        customer: known_customer(row.get(1))?,
        event_type: row.get(2),
        body,
        attempt: row.get(4),
        created_at: row.get::<_, Timestamptz>(5).0,
        way,
    })
}
