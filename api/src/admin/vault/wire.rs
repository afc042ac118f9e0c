//! The JSON of the vault's status, versions and differences.

use crate::vault::{Described, DescribedRow, Freeze, Publisher, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::admin::VersionRow;
use utoipa::ToSchema;

/// The vault as it is published.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VaultStatus {
    /// The version in force; null while none is, after a start.
    pub version: Option<VaultVersion>,
    /// The number of the key that signs.
    #[schema(value_type = i64)]
    pub key_id: u16,
    /// The version that operators last had every gateway filled anew with; 0: none.
    #[schema(value_type = i64)]
    pub refill: u64,
    /// How many gateways share each region's limits, by region.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub regions: BTreeMap<u16, u16>,
    /// Rows that have changed and are in no version yet: they wait for the freeze's end, or for some milliseconds.
    #[schema(value_type = i64)]
    pub waiting: usize,
    /// The first version that is remembered: from it on, differences can be asked for.
    #[schema(value_type = Option<i64>)]
    pub remembered_from: Option<u64>,
    /// Who holds the vault; null: nobody.
    pub frozen: Option<VaultFrozen>,
}

/// A version.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VaultVersion {
    /// Its number.
    #[schema(value_type = i64)]
    pub version: u64,
    /// When the process that published it began to.
    #[schema(format = DateTime)]
    pub era: String,
    /// Its set's digest.
    pub root: String,
    /// Keys in it.
    #[schema(value_type = i64)]
    pub keys: u64,
    /// Rows of access in it: a customer's service each.
    #[schema(value_type = i64)]
    pub access: u64,
    /// The last epoch whose changes are in it.
    #[schema(value_type = i64)]
    pub epoch: u64,
    /// When it was published.
    #[schema(format = DateTime)]
    pub issued_at: String,
}

/// Who holds the vault.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VaultFrozen {
    /// Since when.
    #[schema(format = DateTime)]
    pub at: String,
    /// Whose word.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A page of versions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VaultVersions {
    /// The latest first.
    pub items: Vec<VaultVersionItem>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A version, and what it changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VaultVersionItem {
    /// Which.
    #[serde(flatten)]
    pub version: VaultVersion,
    /// What it changed.
    pub changes: VaultChanges,
}

/// What was changed, in people's terms.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct VaultChanges {
    /// How many of each kind: of keys `issued`, `revoked`, `restored`, `deleted`; of customers' services `granted`, `withdrawn`,
    /// `stopped`, `resumed`, `stopped_otherwise`, `enabled`, `disabled`, `raised`, `lowered`, `allowlist`.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub counts: BTreeMap<String, u64>,
    /// The first of them.
    pub rows: Vec<VaultChange>,
}

/// Something that changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VaultChange {
    /// Whose.
    pub customer_id: i64,
    /// Of which service.
    pub service: String,
    /// The key's fingerprint; null where it is not about a key.
    #[schema(value_type = Option<i64>)]
    pub api_key_fp: Option<u32>,
    /// What happened: a word as in `counts`.
    pub what: String,
    /// From what to what, where that says more.
    pub detail: Option<String>,
}

/// What differs between two versions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VaultDiff {
    /// The older one.
    #[schema(value_type = i64)]
    pub from: u64,
    /// The newer one.
    #[schema(value_type = i64)]
    pub to: u64,
    /// What differs.
    pub changes: VaultChanges,
}

/// To hold the vault.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeRequest {
    /// Why, for whoever finds it so.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// The version in force, so that nobody holds what they do not know.
    #[schema(value_type = i64, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub confirm: u64,
}

/// To release it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThawRequest {
    /// The version in force; 0 if none is.
    #[schema(value_type = i64, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub confirm: u64,
}

/// What came of a push.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct VaultPushed {
    /// The version with which every gateway is filled anew.
    #[schema(value_type = i64)]
    pub version: u64,
}

impl VaultStatus {
    pub(in crate::admin) fn of(publisher: &Publisher) -> Self {
        let current = publisher.current();
        let head = current.as_ref().map(|current| &current.head);
        Self {
            key_id: publisher.key_id(),
            refill: head.map_or(0, |head| head.refill),
            regions: head.map(|head| head.regions.clone()).unwrap_or_default(),
            waiting: publisher.waiting(),
            remembered_from: publisher.remembered_span().map(|(first, _)| first),
            frozen: publisher.frozen().map(VaultFrozen::from),
            version: current.as_deref().map(VaultVersion::from),
        }
    }
}

impl From<&Version> for VaultVersion {
    fn from(Version { head, .. }: &Version) -> Self {
        Self {
            version: head.version,
            era: head.era.rfc3339(),
            root: head.root.to_string(),
            keys: head.keys,
            access: head.access,
            epoch: head.epoch,
            issued_at: head.issued_at.rfc3339(),
        }
    }
}

impl From<Freeze> for VaultFrozen {
    fn from(Freeze { at, by, reason }: Freeze) -> Self {
        Self { at: at.rfc3339(), by, reason }
    }
}

impl From<VersionRow> for VaultVersionItem {
    fn from(row: VersionRow) -> Self {
        let VersionRow { era, version, root, keys, access, epoch, issued_at, changes } = row;
        let (era, issued_at) = (UnixMillis::rfc3339(era), issued_at.rfc3339());
        // What another version of the program wrote is shown as far as it is known.
        let changes = serde_json::from_value::<Described>(changes).unwrap_or_default();
        Self { version: VaultVersion { version, era, root, keys, access, epoch, issued_at }, changes: changes.into() }
    }
}

impl From<Described> for VaultChanges {
    fn from(Described { counts, rows }: Described) -> Self {
        let row = |row: DescribedRow| {
            let DescribedRow { customer_id, service, api_key_fp, what, detail } = row;
            VaultChange { customer_id, service, api_key_fp, what, detail }
        };
        Self { counts, rows: rows.into_iter().map(row).collect() }
    }
}
