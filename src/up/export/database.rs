//! What the exporter asks the database: keys in full, tiers, the vault as it is stored. And whom it tells.

use std::pin::Pin;
use suiftly_schema::api_key::ApiKeySecret;
use suiftly_schema::sealed::Keyring;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::accounts::{AccountStore, KeptKey, ServiceTier};
use suiftly_store::money::{MoneyStore, Notice};
use suiftly_store::reader::{Reader, VaultRows};

/// What comes of asking.
pub(super) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The database, as far as the vault's files go. May be away.
pub(super) trait Database: Send + Sync {
    /// Keys of these hashes, in full; at most [`suiftly_store::accounts::KEPT_KEYS_MAX`].
    fn keys<'a>(&'a self, hashes: &'a [String]) -> Answer<'a, Vec<KeptKey>>;
    /// All tiers.
    fn tiers(&self) -> Answer<'_, Vec<ServiceTier>>;
    /// The vault's tables.
    fn vault(&self) -> Answer<'_, VaultRows>;
    /// Tells operators.
    fn tell<'a>(&'a self, notice: &'a Notice, at: UnixMillis) -> Answer<'a, ()>;
}

/// The program's own.
pub(super) struct Asked {
    /// Where keys are sealed.
    pub(super) accounts: AccountStore,
    /// What every key is made with.
    pub(super) secret: ApiKeySecret,
    /// What they are sealed under.
    pub(super) at_rest: Keyring,
    /// Where the vault is stored.
    pub(super) reader: Reader,
    /// Where operators are told.
    pub(super) money: MoneyStore,
}

impl Database for Asked {
    fn keys<'a>(&'a self, hashes: &'a [String]) -> Answer<'a, Vec<KeptKey>> {
        Box::pin(self.accounts.kept_keys((&self.secret, &self.at_rest), hashes))
    }

    fn tiers(&self) -> Answer<'_, Vec<ServiceTier>> {
        Box::pin(self.accounts.service_tiers())
    }

    fn vault(&self) -> Answer<'_, VaultRows> {
        Box::pin(self.reader.vault())
    }

    fn tell<'a>(&'a self, notice: &'a Notice, at: UnixMillis) -> Answer<'a, ()> {
        Box::pin(async move { self.money.note(notice, at).await.map(drop) })
    }
}
