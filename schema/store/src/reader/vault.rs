//! The vault's rows, whole: to be held against the grant set in memory.

use crate::reader::Watermark;
use crate::{StoreError, vault};
use deadpool_postgres::Transaction;
use suiftly_schema::view::{AccessGrant, KeyGrant};

/// What the vault's tables hold at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultRows {
    /// As of.
    pub watermark: Watermark,
    /// Keys that are not deleted, by their hash.
    pub keys: Vec<KeyGrant>,
    /// What customers may do, by customer and service.
    pub access: Vec<AccessGrant>,
}

pub(super) async fn read(snapshot: &Transaction<'_>, watermark: Watermark) -> Result<VaultRows, StoreError> {
    let client: &tokio_postgres::Transaction<'_> = snapshot;
    Ok(VaultRows { watermark, keys: vault::keys(client).await?, access: vault::access(client).await? })
}
