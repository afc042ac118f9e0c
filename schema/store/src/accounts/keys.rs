//! API keys: made, shown once and on demand, replaced, revoked, deleted. The key itself is sealed at rest; log lines,
//! gateways and lists know it by what is beside it (SPEC §8).
//!
//! Active and revoked keys have a slot each, but for one that another has replaced: the two share the slot of the newer.
//! So keys can be replaced when all slots are taken, and a slot never has more than two.

mod expire;
mod issue;
mod life;
mod regenerate;

pub use issue::KeyMaker;
pub(super) use issue::place;
pub(crate) use issue::{NewRow, issue, key_error, random, seal_held};

use super::slots::{self, NotNow, Slots};
use super::{AccountStore, Act, record};
use crate::StoreError;
use crate::codec::{Timestamptz, known_network, known_service};
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use suiftly_schema::api_key::{ApiKey, KeyMetadata};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::subscription::Subscription;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Keys of one page at most.
pub const KEYS_PAGE_MAX: u32 = 200;
/// How long a replaced key may go on: 7 days.
pub const OVERLAP_MAX_S: u32 = 604_800;

/// An API key, but for the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its number.
    pub id: i64,
    /// What it opens.
    pub service: Service,
    /// Where.
    pub network: Network,
    /// Its name; may be empty.
    pub name: String,
    /// What lists may show of it.
    pub prefix: String,
    /// What log lines carry of it.
    pub fingerprint: u32,
    /// Its metadata bits.
    pub metadata: u16,
    /// Its life.
    pub state: KeyLife,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was revoked.
    pub revoked_at: Option<UnixMillis>,
    /// Until when it goes on, or went on, beside the one that replaces it.
    pub expires_at: Option<UnixMillis>,
    /// The key that it replaces.
    pub replaces: Option<i64>,
}

/// A key, and itself in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedKey {
    /// What is beside it.
    pub row: KeyRow,
    /// In full: for its owner.
    pub key: ApiKey,
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What it opens.
    pub service: Service,
    /// Where: testnet or mainnet.
    pub network: Network,
    /// Its name.
    pub name: String,
}

/// Which keys, in the order they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyListQuery {
    /// Of one service.
    pub service: Option<Service>,
    /// After this number.
    pub after: Option<i64>,
    /// At most so many; [`KEYS_PAGE_MAX`] at most.
    pub limit: u32,
}

/// Why a key is not as it was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// There is no such key of theirs, or it is deleted.
    #[error("there is no such key")]
    None,
    /// The account or the service does not allow it.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// All slots are taken.
    #[error("{} of {} keys of {} are there", slots.used, slots.allowed, service.word())]
    Full {
        /// Of which service.
        service: Service,
        /// How many there are.
        slots: Slots,
        /// What is in force.
        subscription: Subscription,
    },
    /// Too many were made within the hour.
    #[error("at most {} keys are made an hour: wait {wait_s} s", slots::CREATIONS_AN_HOUR)]
    TooMany {
        /// How long until the next one.
        wait_s: u64,
    },
    /// Another has replaced it.
    #[error("another key has replaced it")]
    Replaced {
        /// Its number.
        by: i64,
    },
    /// The key that it replaced can be used still.
    #[error("the key that it replaced is in use until {}", until.rfc3339())]
    Overlapping {
        /// That key's number.
        replaced: i64,
        /// Until when.
        until: UnixMillis,
    },
    /// It is not kept, so it cannot be shown.
    #[error("the key is not kept")]
    NotKept,
}

const COLUMNS: &str = "id, service_type, network, name, key_prefix, api_key_fp, key_metadata, state, created_at, revoked_at, \
    expires_at, replaces";

impl AccountStore {
    /// A page of a customer's keys, those deleted left out.
    pub async fn keys(&self, customer: CustomerId, query: &KeyListQuery) -> Result<Vec<KeyRow>, StoreError> {
        let select = format!(
            "SELECT {COLUMNS} FROM api_keys WHERE customer_id = $1 AND state <> 'deleted' \
             AND ($2::smallint IS NULL OR service_type = $2) AND id > $3 ORDER BY id LIMIT $4"
        );
        let service = query.service.map(|service| i16::from(service.number()));
        let (after, limit) = (query.after.unwrap_or(0), i64::from(query.limit.min(KEYS_PAGE_MAX)));
        let rows = self.client_for(customer).await?.query(&select, &[&customer.get(), &service, &after, &limit]).await;
        rows.map_err(StoreError::database("list a customer's API keys"))?.iter().map(row_of).collect()
    }

    /// One of them.
    pub async fn key(&self, customer: CustomerId, id: i64) -> Result<Option<KeyRow>, StoreError> {
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin to read an API key"))?;
        find(&transaction, customer, id).await
    }

    /// Makes a key. The answer is the one time that it is shown unasked.
    pub async fn create_key(
        &self,
        customer: CustomerId,
        maker: KeyMaker<'_>,
        new: &NewKey,
        act: &Act,
    ) -> Result<Result<IssuedKey, KeyRefused>, StoreError> {
        const ATTEMPTED: &str = "make an API key";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        if let Err(refused) = may_take_slot(&transaction, customer, new.service, 1).await? {
            return Ok(Err(refused));
        }
        if let Some(wait_s) = slots::creation_wait_s(&transaction, customer, act.at).await? {
            return Ok(Err(KeyRefused::TooMany { wait_s }));
        }
        let metadata = KeyMetadata::new(new.network, true, false, PROCESS_GROUP);
        let row = NewRow { customer, service: new.service, metadata, name: &new.name, replaces: None, at: act.at };
        let issued = issue(&transaction, maker, &row).await?;
        tell(&transaction, customer, act, "key.create", &issued.row, json!({})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(issued))
    }

    /// Shows a key in full, and records that it was shown.
    pub async fn reveal_key(
        &self,
        customer: CustomerId,
        maker: KeyMaker<'_>,
        id: i64,
        act: &Act,
    ) -> Result<Result<IssuedKey, KeyRefused>, StoreError> {
        const ATTEMPTED: &str = "show an API key";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        let Some(row) = find(&transaction, customer, id).await? else { return Ok(Err(KeyRefused::None)) };
        let select = "SELECT sealed_key, key_sha256 FROM api_keys WHERE customer_id = $1 AND id = $2";
        let sealed = transaction.query_one(select, &[&customer.get(), &id]).await;
        let sealed = sealed.map_err(StoreError::database(ATTEMPTED))?;
        let Some(bytes) = sealed.get::<_, Option<&[u8]>>(0) else { return Ok(Err(KeyRefused::NotKept)) };
        let key = maker.open(customer, row.fingerprint, bytes)?;
        assert_eq!(key.sha256_hex(), sealed.get::<_, &str>(1), "what is sealed beside a key is the key");
        tell(&transaction, customer, act, "key.reveal", &row, json!({})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(IssuedKey { row, key }))
    }
}

/// The process group of keys that are made here.
pub(crate) const PROCESS_GROUP: u8 = 1;

/// Whether a slot can be had, `more` of them new ones; under the customer's lock.
async fn may_take_slot(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    service: Service,
    more: u32,
) -> Result<Result<(), KeyRefused>, StoreError> {
    let standing = slots::lock(transaction, customer).await?;
    let row = match standing.subscription(service) {
        Ok(row) => row,
        Err(refused) => return Ok(Err(refused.into())),
    };
    let used = slots::taken(transaction, customer).await?.api_keys.get(&service).copied().unwrap_or_default();
    let slots = Slots { used, allowed: slots::least(row, slots::api_keys) };
    if used + more > slots.allowed {
        let subscription = row.state.in_force().copied().expect("an enabled service has a subscription");
        return Ok(Err(KeyRefused::Full { service, slots, subscription }));
    }
    Ok(Ok(()))
}

/// A key that is not deleted.
async fn find(transaction: &Transaction<'_>, customer: CustomerId, id: i64) -> Result<Option<KeyRow>, StoreError> {
    let select = format!("SELECT {COLUMNS} FROM api_keys WHERE customer_id = $1 AND id = $2 AND state <> 'deleted'");
    let row = transaction.query_opt(&select, &[&customer.get(), &id]).await;
    row.map_err(StoreError::database("read an API key"))?.as_ref().map(row_of).transpose()
}

/// The key that replaces another, if it is not deleted.
async fn successor(transaction: &Transaction<'_>, customer: CustomerId, id: i64) -> Result<Option<i64>, StoreError> {
    let select = "SELECT id FROM api_keys WHERE customer_id = $1 AND replaces = $2 AND state <> 'deleted'";
    let row = transaction.query_opt(select, &[&customer.get(), &id]).await;
    Ok(row.map_err(StoreError::database("look for a key's successor"))?.map(|row| row.get(0)))
}

/// Writes the activity of a key; `change` is added to what names it.
async fn tell(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    act: &Act,
    action: &str,
    key: &KeyRow,
    mut change: Value,
) -> Result<(), StoreError> {
    change["key_id"] = key.id.into();
    change["service"] = key.service.word().into();
    change["network"] = key.network.word().into();
    change["name"] = key.name.as_str().into();
    record(transaction, Some(customer), act, action, Some(&key.prefix), change).await
}

fn row_of(row: &Row) -> Result<KeyRow, StoreError> {
    let wrong =
        |what: &'static str| move |cause: std::num::TryFromIntError| StoreError::Row { what, cause: cause.to_string() };
    let instant = |at| row.get::<_, Option<Timestamptz>>(at).map(|at| at.0);
    Ok(KeyRow {
        id: row.get(0),
        service: known_service(row.get(1))?,
        network: known_network(row.get(2))?,
        name: row.get(3),
        prefix: row.get(4),
        fingerprint: u32::try_from(row.get::<_, i64>(5)).map_err(wrong("a key's fingerprint"))?,
        metadata: u16::try_from(row.get::<_, i32>(6)).map_err(wrong("a key's metadata"))?,
        state: crate::outbox::key_life(row.get(7))?,
        created_at: row.get::<_, Timestamptz>(8).0,
        revoked_at: instant(9),
        expires_at: instant(10),
        replaces: row.get(11),
    })
}
