//! Packages of a seal key: addresses whose policies may ask for keys derived from it.

use super::{AccountStore, SealKeyChange, find as find_key};
use crate::StoreError;
use crate::accounts::slots::{self, NotNow, Slots};
use crate::accounts::{Act, record};
use crate::codec::Timestamptz;
use crate::money;
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::subscription::{INCLUDED_PACKAGES_PER_SEAL_KEY, MAX_PACKAGES_PER_SEAL_KEY, Subscription};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// A package of a seal key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRow {
    /// Its number.
    pub id: i64,
    /// Of which key.
    pub seal_key_id: i64,
    /// `0x` and 64 hexadecimal digits.
    pub address: String,
    /// Its name; may be empty.
    pub name: String,
    /// Whether it may be used.
    pub is_enabled: bool,
    /// When it was added.
    pub created_at: UnixMillis,
}

/// A package to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPackage {
    /// As `suiftly_schema::seal_key::package_address` has it.
    pub address: String,
    /// Its name.
    pub name: String,
}

/// Why a package is not as it was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageRefused {
    /// There is no such key, or package of it, of theirs, or it is deleted.
    #[error("there is no such seal key or package")]
    None,
    /// The account or the service does not allow it.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// The key has the address already.
    #[error("the key has that package")]
    Exists {
        /// The package's number.
        id: i64,
    },
    /// The key has as many as a key may have, whatever is paid for.
    #[error("a seal key has at most {MAX_PACKAGES_PER_SEAL_KEY} packages")]
    KeyFull,
    /// As many are beyond those included as there may be.
    #[error("{} of {} extra packages are there", slots.used, slots.allowed)]
    Full {
        /// Packages beyond those that each key comes with, over all keys.
        slots: Slots,
        /// What is in force.
        subscription: Subscription,
    },
}

const SELECT: &str = "SELECT id, seal_key_id, package_address, name, is_enabled, created_at FROM seal_packages \
    WHERE customer_id = $1 AND seal_key_id = $2 AND deleted_at IS NULL";

impl AccountStore {
    /// The packages of a seal key, in the order they were added; `None`: there is no such key.
    pub async fn packages(&self, customer: CustomerId, key: i64) -> Result<Option<Vec<PackageRow>>, StoreError> {
        const ATTEMPTED: &str = "list a seal key's packages";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        if find_key(&transaction, customer, key).await?.is_none() {
            return Ok(None);
        }
        let select = format!("{SELECT} ORDER BY id LIMIT {}", slots::SEAL_KEYS_MAX);
        let rows = transaction.query(&select, &[&customer.get(), &key]).await;
        let rows = rows.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Some(rows.iter().map(row_of).collect()))
    }

    /// Adds a package to a seal key.
    pub async fn add_package(
        &self,
        customer: CustomerId,
        key: i64,
        new: &NewPackage,
        act: &Act,
    ) -> Result<Result<PackageRow, PackageRefused>, StoreError> {
        const ATTEMPTED: &str = "add a package";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        if let Err(refused) = may_have_another(&transaction, customer, key, &new.address).await? {
            return Ok(Err(refused));
        }
        let insert = "INSERT INTO seal_packages (customer_id, seal_key_id, package_address, name, created_at) \
            VALUES ($1, $2, $3, $4, $5) RETURNING id, seal_key_id, package_address, name, is_enabled, created_at";
        let row = transaction
            .query_one(insert, &[&customer.get(), &key, &new.address, &new.name, &Timestamptz(act.at)])
            .await;
        let row = row_of(&row.map_err(StoreError::database(ATTEMPTED))?);
        tell(&transaction, customer, act, "seal_package.add", &row, json!({"name": row.name})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(row))
    }

    /// Gives a package another name, or says whether it may be used.
    pub async fn change_package(
        &self,
        customer: CustomerId,
        (key, id): (i64, i64),
        change: &SealKeyChange,
        act: &Act,
    ) -> Result<Result<PackageRow, PackageRefused>, StoreError> {
        const ATTEMPTED: &str = "change a package";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        money::lock(&transaction, &[customer]).await?;
        let Some(before) = find(&transaction, customer, key, id).await? else { return Ok(Err(PackageRefused::None)) };
        let update = "UPDATE seal_packages SET name = coalesce($3, name), is_enabled = coalesce($4, is_enabled) \
            WHERE customer_id = $1 AND id = $2";
        let done = transaction.execute(update, &[&customer.get(), &id, &change.name, &change.is_enabled]).await;
        done.map_err(StoreError::database(ATTEMPTED))?;
        let Some(after) = find(&transaction, customer, key, id).await? else { return Ok(Err(PackageRefused::None)) };
        if after != before {
            let change = json!({"name": change.name, "is_enabled": change.is_enabled});
            tell(&transaction, customer, act, "seal_package.change", &before, change).await?;
            transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        }
        Ok(Ok(after))
    }

    /// Takes a package off a seal key.
    pub async fn delete_package(
        &self,
        customer: CustomerId,
        (key, id): (i64, i64),
        act: &Act,
    ) -> Result<Result<(), PackageRefused>, StoreError> {
        const ATTEMPTED: &str = "delete a package";
        let mut client = self.client_for(customer).await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        money::lock(&transaction, &[customer]).await?;
        let Some(row) = find(&transaction, customer, key, id).await? else { return Ok(Err(PackageRefused::None)) };
        let update = "UPDATE seal_packages SET deleted_at = $3 WHERE customer_id = $1 AND id = $2";
        let done = transaction.execute(update, &[&customer.get(), &id, &Timestamptz(act.at)]).await;
        done.map_err(StoreError::database(ATTEMPTED))?;
        tell(&transaction, customer, act, "seal_package.delete", &row, json!({})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(()))
    }
}

/// Under the customer's lock.
async fn may_have_another(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    key: i64,
    address: &str,
) -> Result<Result<(), PackageRefused>, StoreError> {
    let standing = slots::lock(transaction, customer).await?;
    let Some(key) = find_key(transaction, customer, key).await? else { return Ok(Err(PackageRefused::None)) };
    let row = match standing.subscription(Service::Seal) {
        Ok(row) => row,
        Err(refused) => return Ok(Err(refused.into())),
    };
    let select = "SELECT id FROM seal_packages \
        WHERE customer_id = $1 AND seal_key_id = $2 AND package_address = $3 AND deleted_at IS NULL";
    let same = transaction.query_opt(select, &[&customer.get(), &key.id, &address]).await;
    if let Some(same) = same.map_err(StoreError::database("look for a package"))? {
        return Ok(Err(PackageRefused::Exists { id: same.get(0) }));
    }
    if key.packages >= MAX_PACKAGES_PER_SEAL_KEY {
        return Ok(Err(PackageRefused::KeyFull));
    }
    let used = slots::taken(transaction, customer).await?.extra_packages;
    let slots = Slots { used, allowed: slots::least(row, slots::extra_packages) };
    let is_extra = key.packages >= INCLUDED_PACKAGES_PER_SEAL_KEY;
    if is_extra && !slots.has_room() {
        let subscription = row.state.in_force().copied().expect("an enabled service has a subscription");
        return Ok(Err(PackageRefused::Full { slots, subscription }));
    }
    Ok(Ok(()))
}

async fn find(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    key: i64,
    id: i64,
) -> Result<Option<PackageRow>, StoreError> {
    let row = transaction.query_opt(&format!("{SELECT} AND id = $3"), &[&customer.get(), &key, &id]).await;
    Ok(row.map_err(StoreError::database("read a package"))?.as_ref().map(row_of))
}

async fn tell(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    act: &Act,
    action: &str,
    row: &PackageRow,
    mut change: Value,
) -> Result<(), StoreError> {
    change["seal_key_id"] = row.seal_key_id.into();
    change["package_id"] = row.id.into();
    record(transaction, Some(customer), act, action, Some(&row.address), change).await
}

fn row_of(row: &Row) -> PackageRow {
    PackageRow {
        id: row.get(0),
        seal_key_id: row.get(1),
        address: row.get(2),
        name: row.get(3),
        is_enabled: row.get(4),
        created_at: row.get::<_, Timestamptz>(5).0,
    }
}
