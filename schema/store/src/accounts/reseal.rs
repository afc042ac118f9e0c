//! What is sealed at rest, sealed anew under the keyring's first key: for the rotation of that keyring. A batch is a
//! transaction; whoever goes on after a crash finds the rest by the key's number, which stands in what is sealed.

use super::{AccountStore, answer_place, keys, random, seal_keys, webhook_place};
use crate::StoreError;
use crate::codec::known_customer;
use std::collections::BTreeMap;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::sealed::{Keyring, SealError, sealed_by};
use tokio_postgres::Row;

/// Rows of a batch.
pub const RESEALED_AT_ONCE: i64 = 500;

/// What is sealed, in the order in which it is sealed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedKind {
    /// API keys.
    ApiKey,
    /// The private parts of seal keys.
    SealKey,
    /// What webhooks sign with.
    WebhookSecret,
    /// What they signed with before, and sign with too for a day.
    WebhookOldSecret,
    /// Answers to writes with an idempotency key: kept for a day.
    Answer,
}

/// Where a batch ended: a row's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedPlace(i64, String);

/// What a batch came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Rows that are sealed by the first key now, and open.
    pub rows: u64,
    /// Rows that the keyring does not open: they stay as they are.
    pub unreadable: u64,
    /// Where the next batch begins; `None`: this was the last.
    pub next: Option<SealedPlace>,
}

impl SealedKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::ApiKey, Self::SealKey, Self::WebhookSecret, Self::WebhookOldSecret, Self::Answer];

    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ApiKey => "API keys",
            Self::SealKey => "seal keys",
            Self::WebhookSecret => "webhooks' secrets",
            Self::WebhookOldSecret => "webhooks' former secrets",
            Self::Answer => "answers to writes",
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::ApiKey => "api_keys",
            Self::SealKey => "seal_keys",
            Self::WebhookSecret | Self::WebhookOldSecret => "webhooks",
            Self::Answer => "idempotency_keys",
        }
    }

    const fn column(self) -> &'static str {
        match self {
            Self::ApiKey | Self::SealKey => "sealed_key",
            Self::WebhookSecret => "sealed_secret",
            Self::WebhookOldSecret => "sealed_old",
            Self::Answer => "sealed_answer",
        }
    }

    /// A row's key, in two columns.
    const fn key(self) -> [&'static str; 2] {
        match self {
            Self::Answer => ["customer_id", "key"],
            _ => ["id", "''::text"],
        }
    }

    /// What its place is named by, beside the customer.
    const fn part(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key_fp::text",
            Self::SealKey => "derivation_index::text",
            Self::WebhookSecret | Self::WebhookOldSecret => "id::text",
            Self::Answer => "key",
        }
    }

    fn place(self, customer: CustomerId, part: &str) -> Result<String, StoreError> {
        let unfit = |error: std::num::ParseIntError| StoreError::Row { what: self.word(), cause: error.to_string() };
        Ok(match self {
            Self::ApiKey => keys::place(customer, part.parse().map_err(unfit)?),
            Self::SealKey => seal_keys::place(customer, part.parse().map_err(unfit)?),
            Self::WebhookSecret | Self::WebhookOldSecret => webhook_place(customer, part.parse().map_err(unfit)?),
            Self::Answer => answer_place(customer, part),
        })
    }

    /// Rows behind a place that another key sealed. Whoever changes one at this moment seals it by the first key.
    fn select(self) -> String {
        let (table, column, [first, second], part) = (self.table(), self.column(), self.key(), self.part());
        format!(
            "SELECT {first} AS first, {second} AS second, customer_id AS customer, {part} AS part, {column} FROM {table} \
             WHERE {column} IS NOT NULL AND ({first}, {second}) > ($1, $2) AND {is_other} \
             ORDER BY 1, 2 LIMIT $4 FOR UPDATE SKIP LOCKED",
            is_other = format_args!("({}) <> $3", key_id(column)),
        )
    }

    fn update(self) -> String {
        let (table, column, [first, second]) = (self.table(), self.column(), self.key());
        format!("UPDATE {table} SET {column} = $3 WHERE {first} = $1 AND {second} = $2")
    }
}

/// The number of the key in what is sealed, in SQL; 0 where it is of no known format.
fn key_id(column: &str) -> String {
    format!(
        "CASE WHEN octet_length({column}) >= 3 AND get_byte({column}, 0) = 1 \
         THEN get_byte({column}, 1) * 256 + get_byte({column}, 2) ELSE 0 END"
    )
}

impl AccountStore {
    /// How many rows each key has sealed; 0 stands for what is of no known format.
    pub async fn sealed_by_key(&self) -> Result<BTreeMap<u16, u64>, StoreError> {
        const ATTEMPTED: &str = "count what is sealed";
        let client = self.client().await?;
        let mut rows_by_key = BTreeMap::new();
        for kind in SealedKind::ALL {
            let (table, column) = (kind.table(), kind.column());
            let id = key_id(column);
            let count = format!("SELECT {id}, count(*) FROM {table} WHERE {column} IS NOT NULL GROUP BY 1");
            for row in client.query(&count, &[]).await.map_err(StoreError::database(ATTEMPTED))? {
                let (id, rows): (i32, i64) = (row.get(0), row.get(1));
                *rows_by_key.entry(u16::try_from(id).unwrap_or(0)).or_default() += u64::try_from(rows).unwrap_or(0);
            }
        }
        Ok(rows_by_key)
    }

    /// Seals [`RESEALED_AT_ONCE`] rows of a kind anew by the ring's first key, those behind `after` that another key
    /// sealed. Rows that somebody else holds are passed over.
    pub async fn reseal(&self, kind: SealedKind, after: &SealedPlace, ring: &Keyring) -> Result<Resealed, StoreError> {
        const ATTEMPTED: &str = "seal anew";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let current = i32::from(ring.current().0);
        let rows = transaction.query(&kind.select(), &[&after.0, &after.1, &current, &RESEALED_AT_ONCE]).await;
        let rows = rows.map_err(StoreError::database(ATTEMPTED))?;
        let mut resealed = Resealed::default();
        for row in &rows {
            let place = SealedPlace(row.get(0), row.get(1));
            match sealed_anew(kind, row, ring)? {
                None => resealed.unreadable += 1,
                Some(sealed) => {
                    let set = transaction.execute(&kind.update(), &[&place.0, &place.1, &sealed]).await;
                    set.map_err(StoreError::database(ATTEMPTED))?;
                    resealed.rows += 1;
                }
            }
            resealed.next = Some(place);
        }
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        if (rows.len() as u64) < RESEALED_AT_ONCE.unsigned_abs() {
            resealed.next = None;
        }
        Ok(resealed)
    }
}

/// A row's secret under the first key, opened once more to be sure of it; `None` if the ring does not open the row.
fn sealed_anew(kind: SealedKind, row: &Row, ring: &Keyring) -> Result<Option<Vec<u8>>, StoreError> {
    let place = kind.place(known_customer(row.get(2))?, row.get(3))?;
    let Ok(secret) = ring.open(row.get(4), &place) else { return Ok(None) };
    let sealed = ring.seal(&secret, &place, random()?);
    let is_the_same = ring.open(&sealed, &place).is_ok_and(|opened| opened == secret);
    let wrong = |error: SealError| StoreError::Row { what: kind.word(), cause: error.to_string() };
    let is_by_first = sealed_by(&sealed).map_err(wrong)? == ring.current().0;
    assert!(is_the_same && is_by_first, "what was sealed just now opens");
    Ok(Some(sealed))
}
