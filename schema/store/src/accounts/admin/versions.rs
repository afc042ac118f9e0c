//! The vault's versions, for people to look back at, and whether it is held. Gateways never wait for any of it.

use super::super::AccountStore;
use super::super::activity::{Act, record};
use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint, to_bigint};
use serde_json::{Value, json};
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

/// Versions of one page at most.
pub const VERSIONS_PAGE_MAX: u32 = 1_000;
/// Versions that are kept.
pub const VERSIONS_KEPT: u32 = 1_000;

/// A version that was published.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRow {
    /// When the process that published it began to.
    pub era: UnixMillis,
    /// Its number.
    pub version: u64,
    /// Its set's digest, 64 small hexadecimal digits.
    pub root: String,
    /// Keys in it.
    pub keys: u64,
    /// Rows of access in it.
    pub access: u64,
    /// The last epoch whose changes are in it.
    pub epoch: Epoch,
    /// When it was published.
    pub issued_at: UnixMillis,
    /// What it changed: an object. Never a key.
    pub changes: Value,
}

/// A version's place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionPlace {
    /// Its number.
    pub version: u64,
    /// Its era.
    pub era: UnixMillis,
}

/// Who holds the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultFreeze {
    /// Since when.
    pub at: UnixMillis,
    /// Whose word.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What is remembered of the vault beyond its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultControl {
    /// Who holds it; `None`: nobody.
    pub frozen: Option<VaultFreeze>,
    /// The version that operators last had every gateway filled anew with; 0: none.
    pub refill: u64,
    /// The era and the number of the latest version that is kept; zeros: none.
    pub last: (UnixMillis, u64),
}

const PUT: &str = "INSERT INTO vault_versions (era, version, root, keys, access, epoch, issued_at, changes) \
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], \
    $7::timestamptz[], $8::jsonb[]) ON CONFLICT DO NOTHING";

/// Old ones go, the latest stay.
const KEEP: &str = "DELETE FROM vault_versions WHERE (era, version) < (SELECT era, version FROM vault_versions \
    ORDER BY era DESC, version DESC LIMIT 1 OFFSET $1)";

const SELECT: &str = "SELECT era, version, root, keys, access, epoch, issued_at, changes FROM vault_versions \
    WHERE $1::bigint IS NULL OR (era, version) < ($2::bigint, $1) ORDER BY era DESC, version DESC LIMIT $3";

impl AccountStore {
    /// Writes versions down, and removes the oldest beyond [`VERSIONS_KEPT`]. What is there already stays.
    pub async fn put_vault_versions(&self, versions: &[VersionRow], refill: u64) -> Result<(), StoreError> {
        const ATTEMPTED: &str = "write the vault's versions";
        let failed = || StoreError::database(ATTEMPTED);
        let eras: Vec<i64> = versions.iter().map(|of| of.era.0).collect();
        let numbers: Vec<i64> = versions.iter().map(|of| to_bigint(of.version)).collect();
        let roots: Vec<&str> = versions.iter().map(|of| of.root.as_str()).collect();
        let keys: Vec<i64> = versions.iter().map(|of| to_bigint(of.keys)).collect();
        let access: Vec<i64> = versions.iter().map(|of| to_bigint(of.access)).collect();
        let epochs: Vec<i64> = versions.iter().map(|of| to_bigint(of.epoch)).collect();
        let issued: Vec<Timestamptz> = versions.iter().map(|of| Timestamptz(of.issued_at)).collect();
        let changes: Vec<Json<&Value>> = versions.iter().map(|of| Json(&of.changes)).collect();
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(failed())?;
        let put: &[&(dyn ToSql + Sync)] = &[&eras, &numbers, &roots, &keys, &access, &epochs, &issued, &changes];
        transaction.execute(PUT, put).await.map_err(failed())?;
        let refilled = "UPDATE vault_control SET refill = $1 WHERE refill < $1";
        transaction.execute(refilled, &[&to_bigint(refill)]).await.map_err(failed())?;
        transaction.execute(KEEP, &[&i64::from(VERSIONS_KEPT - 1)]).await.map_err(failed())?;
        transaction.commit().await.map_err(failed())
    }

    /// A page of versions, the latest first.
    pub async fn vault_versions(
        &self,
        before: Option<VersionPlace>,
        limit: u32,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let (version, era) = (before.map(|of| to_bigint(of.version)), before.map(|of| of.era.0));
        let limit = i64::from(limit.min(VERSIONS_PAGE_MAX));
        let rows = self.client().await?.query(SELECT, &[&version, &era, &limit]).await;
        rows.map_err(StoreError::database("read the vault's versions"))?.iter().map(version_of).collect()
    }

    /// What is remembered of the vault.
    pub async fn vault_control(&self) -> Result<VaultControl, StoreError> {
        const ATTEMPTED: &str = "read the vault's control";
        let select = "SELECT frozen_at, frozen_by, frozen_reason, refill FROM vault_control";
        let client = self.client().await?;
        let row = client.query_one(select, &[]).await.map_err(StoreError::database(ATTEMPTED))?;
        let frozen = row.get::<_, Option<Timestamptz>>(0).map(|at| VaultFreeze {
            at: at.0,
            by: row.get::<_, Option<String>>(1).unwrap_or_default(),
            reason: row.get::<_, Option<String>>(2).unwrap_or_default(),
        });
        let refill = from_bigint("a version's number", row.get(3))?;
        let last = "SELECT era, version FROM vault_versions ORDER BY era DESC, version DESC LIMIT 1";
        let last = client.query_opt(last, &[]).await.map_err(StoreError::database(ATTEMPTED))?;
        let last = match last {
            Some(row) => (UnixMillis(row.get(0)), from_bigint("a version's number", row.get(1))?),
            None => Default::default(),
        };
        Ok(VaultControl { frozen, refill, last })
    }

    /// Remembers that the vault is held from now on, at this version; it is on record.
    pub async fn freeze_vault(&self, freeze: &VaultFreeze, version: u64, act: &Act) -> Result<(), StoreError> {
        let VaultFreeze { at, by, reason } = freeze;
        let update = "UPDATE vault_control SET frozen_at = $1, frozen_by = $2, frozen_reason = $3";
        let change = json!({"version": version, "reason": reason});
        self.control_vault(update, &[&Timestamptz(*at), by, reason], "vault.freeze", change, act).await
    }

    /// Remembers that it is held no longer; it is on record.
    pub async fn thaw_vault(&self, version: u64, act: &Act) -> Result<(), StoreError> {
        let update = "UPDATE vault_control SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL";
        self.control_vault(update, &[], "vault.thaw", json!({"version": version}), act).await
    }

    async fn control_vault(
        &self,
        update: &str,
        parameters: &[&(dyn ToSql + Sync)],
        action: &str,
        change: Value,
        act: &Act,
    ) -> Result<(), StoreError> {
        const ATTEMPTED: &str = "hold or release the vault";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        transaction.execute(update, parameters).await.map_err(StoreError::database(ATTEMPTED))?;
        record(&transaction, None, act, action, None, change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))
    }
}

fn version_of(row: &Row) -> Result<VersionRow, StoreError> {
    let count = |at: usize| from_bigint("a version of the vault", row.get(at));
    let Json(changes) =
        row.try_get(7).map_err(|error| StoreError::Row { what: "a version of the vault", cause: error.to_string() })?;
    Ok(VersionRow {
        era: UnixMillis(row.get(0)),
        version: count(1)?,
        root: row.get(2),
        keys: count(3)?,
        access: count(4)?,
        epoch: count(5)?,
        issued_at: row.get::<_, Timestamptz>(6).0,
        changes,
    })
}
