//! API keys over the wire.

use super::super::services::ServiceWord;
use crate::body::Checks;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_schema::ids::Network;
use suiftly_schema::reference::KeyLife;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{IssuedKey, KeyRow, OVERLAP_MAX_S};
use suiftly_store::reader::KeyDid;
use utoipa::ToSchema;

/// Hours that are told of a key, the running one among them.
const HOURS_TOLD: i64 = 24;
const HOUR_MS: i64 = 3_600_000;

/// What keys did.
pub(super) struct KeysDid {
    /// By fingerprint; `None`: nobody knows.
    pub(super) known: Option<BTreeMap<u32, KeyDid>>,
    /// As of.
    pub(super) now: UnixMillis,
}

impl KeysDid {
    /// Nothing yet.
    pub(super) const fn nothing(now: UnixMillis) -> Self {
        Self { known: Some(BTreeMap::new()), now }
    }

    /// The first hour that is told.
    pub(super) const fn hours_from(now: UnixMillis) -> UnixMillis {
        now.hour().plus_ms(-(HOURS_TOLD - 1) * HOUR_MS)
    }

    fn usage(&self, fingerprint: u32) -> Option<KeyUsage> {
        let did = self.known.as_ref()?.get(&fingerprint);
        Some(KeyUsage {
            requests: did.map_or(0, |did| did.all.requests),
            errors: did.map_or(0, |did| did.all.errors),
            last_used_at: did.map(|did| did.all.last_used_at.rfc3339()),
            last_24h: KeyDay::new(did, self.now),
        })
    }
}

/// A network that keys are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworkWord {
    /// Sui's mainnet.
    Mainnet,
    /// Its testnet.
    Testnet,
}

impl NetworkWord {
    pub(super) const fn network(self) -> Network {
        match self {
            Self::Mainnet => Network::Mainnet,
            Self::Testnet => Network::Testnet,
        }
    }
}

/// The life of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Usable.
    Active,
    /// Refused by gateways; can be enabled again.
    Revoked,
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyRequest {
    /// What it opens; the service must be enabled.
    pub service: ServiceWord,
    /// Where.
    pub network: NetworkWord,
    /// A name to know it by.
    #[serde(default)]
    #[schema(max_length = 100, default = "")]
    pub name: String,
}

/// How a key is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegenerateRequest {
    /// Seconds that the old key goes on for, at most 7 days. 0, the default: it is revoked at once.
    #[serde(default)]
    #[schema(value_type = i32, minimum = 0, maximum = 604_800, default = 0)]
    pub overlap_s: u32,
}

impl RegenerateRequest {
    pub(super) fn checked(self) -> Result<u32, Problem> {
        let mut checks = Checks::default();
        if self.overlap_s > OVERLAP_MAX_S {
            checks.fail("overlap_s", format!("must be 0 to {OVERLAP_MAX_S}"));
        }
        checks.finish(self.overlap_s)
    }
}

/// A key's other name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameRequest {
    /// The name; may be empty.
    #[schema(max_length = 100)]
    pub name: String,
}

/// An API key, but for the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyView {
    /// Its number.
    #[schema(minimum = 1)]
    pub id: i64,
    /// What it opens.
    pub service: ServiceWord,
    /// Where.
    pub network: NetworkWord,
    /// Its name; may be empty.
    pub name: String,
    /// Its first eight characters.
    #[schema(example = "SAECAGBC")]
    pub prefix: String,
    /// Its life.
    pub state: KeyState,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was revoked.
    #[schema(format = DateTime, required = true)]
    pub revoked_at: Option<String>,
    /// Until when it goes on, or went on, beside the one that replaces it.
    #[schema(format = DateTime, required = true)]
    pub expires_at: Option<String>,
    /// The key that it replaces, by number.
    #[schema(required = true)]
    pub replaces: Option<i64>,
    /// What it did; `null` while that is not known.
    #[schema(required = true)]
    pub usage: Option<KeyUsage>,
}

/// What a key did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyUsage {
    /// Requests made with it.
    pub requests: i64,
    /// Of them, client and server errors and rejections.
    pub errors: i64,
    /// The latest request's instant; `null`: it was never used.
    #[schema(format = DateTime, required = true)]
    pub last_used_at: Option<String>,
    /// The last 24 hours, the running one among them.
    pub last_24h: KeyDay,
}

/// What a key did in the last 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyDay {
    /// Requests made with it.
    pub requests: i64,
    /// Of them, client and server errors and rejections.
    pub errors: i64,
    /// Hour by hour, ascending, the running one last; those without a request too.
    pub hours: Vec<KeyHourUse>,
}

/// What a key did in an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyHourUse {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub start: String,
    /// Requests made with it.
    pub requests: i64,
    /// Of them, client and server errors and rejections.
    pub errors: i64,
}

impl KeyDay {
    fn new(did: Option<&KeyDid>, now: UnixMillis) -> Self {
        let starts = (0..HOURS_TOLD).map(|hour| KeysDid::hours_from(now).plus_ms(hour * HOUR_MS));
        let hours: Vec<_> = starts
            .map(|start| {
                let did = did.and_then(|did| did.hours.get(&start)).copied().unwrap_or_default();
                KeyHourUse { start: start.rfc3339(), requests: did.requests, errors: did.errors }
            })
            .collect();
        let sum = |of: fn(&KeyHourUse) -> i64| hours.iter().map(of).sum();
        Self { requests: sum(|hour| hour.requests), errors: sum(|hour| hour.errors), hours }
    }
}

/// Keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyList {
    /// In the order they were made.
    pub items: Vec<KeyView>,
    /// Where the next page begins; `null`: there is none.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// A key in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct IssuedKeyView {
    /// What is beside it.
    #[serde(flatten)]
    pub view: KeyView,
    /// The key: 37 characters. Send it as `X-API-Key`, or as Bearer.
    #[schema(min_length = 37, max_length = 37, example = "SAECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV5")]
    pub key: String,
}

impl KeyView {
    pub(super) fn new(row: &KeyRow, did: &KeysDid) -> Self {
        Self {
            id: row.id,
            service: ServiceWord::of(row.service).expect("keys are of services that are sold"),
            network: if row.network == Network::Mainnet { NetworkWord::Mainnet } else { NetworkWord::Testnet },
            name: row.name.clone(),
            prefix: row.prefix.clone(),
            state: if row.state == KeyLife::Active { KeyState::Active } else { KeyState::Revoked },
            created_at: row.created_at.rfc3339(),
            revoked_at: row.revoked_at.map(UnixMillis::rfc3339),
            expires_at: row.expires_at.map(UnixMillis::rfc3339),
            replaces: row.replaces,
            usage: did.usage(row.fingerprint),
        }
    }
}

impl IssuedKeyView {
    pub(super) fn new(issued: &IssuedKey, did: &KeysDid) -> Self {
        Self { view: KeyView::new(&issued.row, did), key: issued.key.reveal().to_owned() }
    }
}
