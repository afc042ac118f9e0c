//! Renders grants to HAProxy's maps. Pure and deterministic: the same set gives the same bytes in whatever order its rows
//! came, so that two gateways, or a file and a running HAProxy, can be compared by their text. One row can be rendered
//! alone, so that a change costs what changed.
//!
//! | map | key | value |
//! |---|---|---|
//! | `keys.map` | SHA-256 of the key, upper-case hex | `customer,fingerprint,metadata,service,network,active\|revoked` |
//! | `grants.map` | `customer:service` | `state,guaranteed,burst,open\|listed` |
//! | `allow.map` | `customer:service:` and a prefix of the address ([`prefix`]) | `1` |
//!
//! `grants.map` also holds the [`Mark`]: which version the maps are of.

pub mod plan;
pub mod prefix;

use crate::EdgeError;
use std::collections::BTreeMap;
use std::fmt;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{AccessId, Changes, GrantSet, Head};
use suiftly_schema::view::{AccessGrant, KeyGrant};

/// File name of the map of keys.
pub const KEYS_MAP: &str = "keys.map";
/// File name of the map of customers' grants.
pub const GRANTS_MAP: &str = "grants.map";
/// File name of the map of allowlists.
pub const ALLOW_MAP: &str = "allow.map";
/// The key of the mark in `grants.map`. No account has such a name.
pub const MARK_KEY: &str = "suiftly";

const KEY_HASH_CHARS: usize = 64;
/// What every entry of `allow.map` says: that it is there is what counts.
const ALLOWED: &str = "1";
/// The word of a service that its customer has disabled; the others are those of [`SpendState`].
const DISABLED: &str = "disabled";

/// One of the three maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MapName {
    /// Key hash → key and customer.
    Keys,
    /// Customer and service → state and limits.
    Grants,
    /// Customer, service and address prefix.
    Allow,
}

impl MapName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Keys, Self::Grants, Self::Allow];

    /// Its file's name, by which it is found in HAProxy too.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Keys => KEYS_MAP,
            Self::Grants => GRANTS_MAP,
            Self::Allow => ALLOW_MAP,
        }
    }
}

/// A map's entries, sorted by key.
pub type Entries = BTreeMap<String, String>;

/// The three maps without the mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maps {
    /// `keys.map`.
    pub keys: Entries,
    /// `grants.map`.
    pub grants: Entries,
    /// `allow.map`.
    pub allow: Entries,
}

/// An entry that a change touches: what it was and what it shall be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Of which map.
    pub map: MapName,
    /// Its key.
    pub key: String,
    /// Its value before; `None`: it was not there.
    pub old: Option<String>,
    /// Its value after; `None`: it shall not be there.
    pub new: Option<String>,
}

/// Which version maps are of: the value of [`MARK_KEY`], written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// The version.
    pub version: u64,
    /// Its era.
    pub era: UnixMillis,
}

impl Mark {
    /// The mark of this head's version.
    pub const fn of(head: &Head) -> Self {
        Self { version: head.version, era: head.era }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.version, self.era.0)
    }
}

impl Maps {
    /// Renders a whole grant set. `gateways` is how many share the limits of the region ([`Head::share_of`]), 1 or more.
    pub fn render(set: &GrantSet, gateways: u16) -> Result<Self, EdgeError> {
        let [keys, grants, allow] = MapName::ALL.map(|map| render_map(map, set, gateways));
        Ok(Self { keys: keys?, grants: grants?, allow: allow? })
    }

    /// The entries of one map.
    pub const fn of(&self, map: MapName) -> &Entries {
        match map {
            MapName::Keys => &self.keys,
            MapName::Grants => &self.grants,
            MapName::Allow => &self.allow,
        }
    }

    /// The entries of one map, to change them.
    pub const fn of_mut(&mut self, map: MapName) -> &mut Entries {
        match map {
            MapName::Keys => &mut self.keys,
            MapName::Grants => &mut self.grants,
            MapName::Allow => &mut self.allow,
        }
    }

    /// All entries in which `self` and `newer` differ.
    pub fn touched_to(&self, newer: &Self) -> Vec<Touched> {
        MapName::ALL.into_iter().flat_map(|map| differences(map, self.of(map), newer.of(map))).collect()
    }
}

/// The text of a map: a line `key value` per entry.
pub fn text(entries: &Entries) -> String {
    let bytes = entries.iter().map(|(key, value)| key.len() + value.len() + 2).sum();
    let mut text = String::with_capacity(bytes);
    for (key, value) in entries {
        for part in [key, " ", value, "\n"] {
            text.push_str(part);
        }
    }
    text
}

/// Renders one of a grant set's maps; see [`Maps::render`].
pub fn render_map(map: MapName, set: &GrantSet, gateways: u16) -> Result<Entries, EdgeError> {
    match map {
        MapName::Keys => set.keys().map(key_entry).collect(),
        MapName::Grants => Ok(set.access().map(|grant| grant_entry(grant, gateways)).collect()),
        MapName::Allow => {
            let mut entries = Entries::new();
            for grant in set.access() {
                // Not `append`, which builds the whole map anew.
                entries.extend(allow_entries(grant)?);
            }
            Ok(entries)
        }
    }
}

/// All entries that changes touch, out of the sets before and after them; each entry once. `gateways` is as in
/// [`Maps::render`], the same before and after.
pub fn touched(old: &GrantSet, new: &GrantSet, changes: &Changes, gateways: u16) -> Result<Vec<Touched>, EdgeError> {
    let (mut before, mut after) = (Maps::default(), Maps::default());
    let keys = changes.keys.iter().map(|key| &key.key_sha256).chain(&changes.gone_keys);
    for hash in keys {
        for (set, maps) in [(old, &mut before), (new, &mut after)] {
            maps.keys.extend(set.key(hash).map(key_entry).transpose()?);
        }
    }
    let access = changes.access.iter().map(|grant| (grant.customer_id, grant.service));
    for id in access.chain(changes.gone_access.iter().copied()) {
        for (set, maps) in [(old, &mut before), (new, &mut after)] {
            if let Some(grant) = set.access_of(id) {
                maps.grants.extend([grant_entry(grant, gateways)]);
                maps.allow.extend(allow_entries(grant)?);
            }
        }
    }
    Ok(before.touched_to(&after))
}

/// The entry of a key.
pub fn key_entry(key: &KeyGrant) -> Result<(String, String), EdgeError> {
    let KeyGrant { key_sha256, customer_id, service, network, api_key_fp, key_metadata, state } = key;
    if !is_key_hash(key_sha256) {
        return Err(EdgeError::KeyHash { customer_id: customer_id.get() });
    }
    let state = match state {
        KeyLife::Active => plan::ACTIVE,
        KeyLife::Revoked | KeyLife::Deleted => "revoked",
    };
    let (customer, service, network) = (customer_id.get(), service.number(), network.number());
    Ok((key_sha256.clone(), format!("{customer},{api_key_fp},{key_metadata},{service},{network},{state}")))
}

/// The entry of what a customer may do with a service. Of the region's limits a gateway enforces its share, rounded up.
pub fn grant_entry(grant: &AccessGrant, gateways: u16) -> (String, String) {
    let share = |limit: u32| limit.div_ceil(u32::from(gateways.max(1)));
    let (guaranteed, burst) = (share(grant.guaranteed_per_second), share(grant.burst_per_second));
    let listed = if grant.allowlist.is_empty() { plan::OPEN } else { "listed" };
    (account((grant.customer_id, grant.service)), format!("{},{guaranteed},{burst},{listed}", state_word(grant)))
}

/// The entries of a service's allowlist, each once.
pub fn allow_entries(grant: &AccessGrant) -> Result<Entries, EdgeError> {
    let account = account((grant.customer_id, grant.service));
    let mut entries = Entries::new();
    for network in &grant.allowlist {
        let prefixes = prefix::of_network(network);
        let prefixes = prefixes.ok_or_else(|| EdgeError::Address { account: account.clone() })?;
        entries.extend(prefixes.into_iter().map(|prefix| (format!("{account}:{prefix}"), ALLOWED.to_owned())));
    }
    Ok(entries)
}

/// `customer:service`, in numbers.
pub fn account((customer, service): (CustomerId, Service)) -> String {
    let id: AccessId = (customer, service);
    format!("{}:{}", id.0.get(), id.1.number())
}

fn is_key_hash(text: &str) -> bool {
    text.len() == KEY_HASH_CHARS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
}

const fn state_word(grant: &AccessGrant) -> &'static str {
    match (grant.state, grant.is_enabled) {
        // What holds for the whole customer is the better answer.
        (SpendState::Active, true) => plan::ACTIVE,
        (SpendState::Active, false) => DISABLED,
        (state, _) => state.word(),
    }
}

/// The entries in which two states of a map differ, in the order of their keys.
fn differences(map: MapName, old: &Entries, new: &Entries) -> Vec<Touched> {
    let touch = |key: &String, old: Option<&String>, new: Option<&String>| Touched {
        map,
        key: key.clone(),
        old: old.cloned(),
        new: new.cloned(),
    };
    let gone = old.iter().filter(|(key, _)| !new.contains_key(*key)).map(|(key, value)| touch(key, Some(value), None));
    let changed = new.iter().filter(|(key, value)| old.get(*key) != Some(*value));
    let mut touched: Vec<Touched> =
        gone.chain(changed.map(|(key, value)| touch(key, old.get(key), Some(value)))).collect();
    touched.sort_unstable();
    touched
}

#[cfg(test)]
mod tests;
