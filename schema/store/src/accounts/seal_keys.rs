//! Seal keys and the packages that may ask for what is derived from one. The private part is sealed at rest and never
//! shown. Each key has an index of its customer's, which is used once, for ever: deleted keys keep theirs.

mod packages;

pub use packages::{NewPackage, PackageRefused, PackageRow};

use super::keys::random;
use super::slots::{self, NotNow, Slots};
use super::{AccountStore, Act, record};
use crate::StoreError;
use crate::codec::Timestamptz;
use crate::money;
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::seal_key::{PUBLIC_KEY_BYTES, SealKey};
use suiftly_schema::sealed::Keyring;
use suiftly_schema::subscription::Subscription;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// A seal key, but for its private part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealKeyRow {
    /// Its number.
    pub id: i64,
    /// Its index among its customer's keys.
    pub index: u32,
    /// Its name; may be empty.
    pub name: String,
    /// G2, compressed.
    pub public_key: [u8; PUBLIC_KEY_BYTES],
    /// Whether it may be used.
    pub is_enabled: bool,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Packages that it has.
    pub packages: u32,
}

/// What of a seal key, or of a package, is to be another. `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealKeyChange {
    /// Its name.
    pub name: Option<String>,
    /// Whether it may be used.
    pub is_enabled: Option<bool>,
}

/// Why a seal key is not as it was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealKeyRefused {
    /// There is no such key of theirs, or it is deleted.
    #[error("there is no such seal key")]
    None,
    /// The account or the service does not allow it.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// As many are there as there may be.
    #[error("{} of {} seal keys are there", slots.used, slots.allowed)]
    Full {
        /// How many there are.
        slots: Slots,
        /// What is in force.
        subscription: Subscription,
    },
}

const SELECT: &str = "SELECT id, derivation_index, name, public_key, is_enabled, created_at, (SELECT count(*) FROM seal_packages \
        AS p WHERE p.seal_key_id = k.id AND p.deleted_at IS NULL) \
    FROM seal_keys AS k WHERE customer_id = $1 AND deleted_at IS NULL";

impl AccountStore {
    /// A customer's seal keys, in the order they were made: no more than a subscription can have.
    pub async fn seal_keys(&self, customer: CustomerId) -> Result<Vec<SealKeyRow>, StoreError> {
        let select = format!("{SELECT} ORDER BY derivation_index LIMIT {}", slots::SEAL_KEYS_MAX);
        let rows = self.client_for(customer).await?.query(&select, &[&customer.get()]).await;
        rows.map_err(StoreError::database("list a customer's seal keys"))?.iter().map(row_of).collect()
    }

    /// One of them.
    pub async fn seal_key(&self, customer: CustomerId, id: i64) -> Result<Option<SealKeyRow>, StoreError> {
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin to read a seal key"))?;
        find(&transaction, customer, id).await
    }

    /// Makes a seal key out of random bytes of its own.
    pub async fn create_seal_key(
        &self,
        customer: CustomerId,
        at_rest: &Keyring,
        name: &str,
        act: &Act,
    ) -> Result<Result<SealKeyRow, SealKeyRefused>, StoreError> {
        const ATTEMPTED: &str = "make a seal key";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        if let Err(refused) = may_have_another(&transaction, customer).await? {
            return Ok(Err(refused));
        }
        let index = next_index(&transaction, customer).await?;
        let key = SealKey::of_random(&random()?);
        let sealed = at_rest.seal(&key.private_key(), &place(customer, index), random()?);
        let insert = "INSERT INTO seal_keys (customer_id, derivation_index, name, public_key, sealed_key, created_at) \
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
        let public = key.public_key();
        let row = transaction
            .query_one(insert, &[&customer.get(), &index, &name, &public.as_slice(), &sealed, &Timestamptz(act.at)])
            .await;
        let id: i64 = row.map_err(StoreError::database(ATTEMPTED))?.get(0);
        let Some(row) = find(&transaction, customer, id).await? else { return Ok(Err(SealKeyRefused::None)) };
        tell(&transaction, customer, act, "seal_key.create", &row, json!({})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(row))
    }

    /// Gives a seal key another name, or says whether it may be used.
    pub async fn change_seal_key(
        &self,
        customer: CustomerId,
        id: i64,
        change: &SealKeyChange,
        act: &Act,
    ) -> Result<Result<SealKeyRow, SealKeyRefused>, StoreError> {
        const ATTEMPTED: &str = "change a seal key";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        money::lock(&transaction, &[customer]).await?;
        let Some(before) = find(&transaction, customer, id).await? else { return Ok(Err(SealKeyRefused::None)) };
        let update = "UPDATE seal_keys SET name = coalesce($3, name), is_enabled = coalesce($4, is_enabled) \
            WHERE customer_id = $1 AND id = $2";
        let done = transaction.execute(update, &[&customer.get(), &id, &change.name, &change.is_enabled]).await;
        done.map_err(StoreError::database(ATTEMPTED))?;
        let Some(after) = find(&transaction, customer, id).await? else { return Ok(Err(SealKeyRefused::None)) };
        if after != before {
            let change = json!({"name": change.name, "is_enabled": change.is_enabled});
            tell(&transaction, customer, act, "seal_key.change", &before, change).await?;
            transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        }
        Ok(Ok(after))
    }

    /// Deletes a seal key with its packages. Its index stays used.
    pub async fn delete_seal_key(
        &self,
        customer: CustomerId,
        id: i64,
        act: &Act,
    ) -> Result<Result<(), SealKeyRefused>, StoreError> {
        const ATTEMPTED: &str = "delete a seal key";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        money::lock(&transaction, &[customer]).await?;
        let Some(key) = find(&transaction, customer, id).await? else { return Ok(Err(SealKeyRefused::None)) };
        let updates = [
            "UPDATE seal_packages SET deleted_at = $3 WHERE customer_id = $1 AND seal_key_id = $2 AND deleted_at IS NULL",
            "UPDATE seal_keys SET deleted_at = $3, is_enabled = false WHERE customer_id = $1 AND id = $2",
        ];
        for update in updates {
            let done = transaction.execute(update, &[&customer.get(), &id, &Timestamptz(act.at)]).await;
            done.map_err(StoreError::database(ATTEMPTED))?;
        }
        tell(&transaction, customer, act, "seal_key.delete", &key, json!({"packages": key.packages})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(()))
    }
}

/// Where a seal key is sealed to stand.
pub(super) fn place(customer: CustomerId, index: i32) -> String {
    format!("seal_key:{}:{index}", customer.get())
}

/// Under the customer's lock.
async fn may_have_another(
    transaction: &Transaction<'_>,
    customer: CustomerId,
) -> Result<Result<(), SealKeyRefused>, StoreError> {
    let standing = slots::lock(transaction, customer).await?;
    let row = match standing.subscription(Service::Seal) {
        Ok(row) => row,
        Err(refused) => return Ok(Err(refused.into())),
    };
    let used = slots::taken(transaction, customer).await?.seal_keys;
    let slots = Slots { used, allowed: slots::least(row, slots::seal_keys) };
    if slots.has_room() {
        return Ok(Ok(()));
    }
    let subscription = row.state.in_force().copied().expect("an enabled service has a subscription");
    Ok(Err(SealKeyRefused::Full { slots, subscription }))
}

async fn next_index(transaction: &Transaction<'_>, customer: CustomerId) -> Result<i32, StoreError> {
    let take = "INSERT INTO seal_key_indices AS i (customer_id, next_index) VALUES ($1, 1) \
        ON CONFLICT (customer_id) DO UPDATE SET next_index = i.next_index + 1 RETURNING next_index - 1";
    let row = transaction.query_one(take, &[&customer.get()]).await;
    row.map(|row| row.get(0)).map_err(StoreError::database("take a seal key's index"))
}

async fn find(transaction: &Transaction<'_>, customer: CustomerId, id: i64) -> Result<Option<SealKeyRow>, StoreError> {
    let row = transaction.query_opt(&format!("{SELECT} AND id = $2"), &[&customer.get(), &id]).await;
    row.map_err(StoreError::database("read a seal key"))?.as_ref().map(row_of).transpose()
}

async fn tell(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    act: &Act,
    action: &str,
    key: &SealKeyRow,
    mut change: Value,
) -> Result<(), StoreError> {
    change["seal_key_id"] = key.id.into();
    let target = format!("seal key {}", key.index);
    record(transaction, Some(customer), act, action, Some(&target), change).await
}

fn row_of(row: &Row) -> Result<SealKeyRow, StoreError> {
    let wrong = |what: &'static str, cause: String| StoreError::Row { what, cause };
    let public_key: &[u8] = row.get(3);
    Ok(SealKeyRow {
        id: row.get(0),
        index: u32::try_from(row.get::<_, i32>(1)).map_err(|error| wrong("a seal key's index", error.to_string()))?,
        name: row.get(2),
        public_key: public_key.try_into().map_err(|_| wrong("a public key", "it has another length".to_owned()))?,
        is_enabled: row.get(4),
        created_at: row.get::<_, Timestamptz>(5).0,
        packages: slots::small(row.get(6)),
    })
}
