//! What the file is made of beyond the grant set: keys as they are encrypted, and tiers.
//!
//! A key is encrypted once: its row is the same as long as it is in the set, and comes back as it was when its customer is
//! served again. So rows go, and come again, without anybody being asked; only keys that are new must be brought.

use super::{VaultCsvError, VaultCsvRow, decrypt, encrypt, parse, render};
use crate::api_key::ApiKey;
use crate::reference::KeyLife;
use crate::sealed::{Keyring, NONCE_BYTES};
use crate::spend::SpendState;
use crate::subscription::Tier;
use crate::vault::{AccessId, GrantSet, canary_server};
use crate::view::{AccessGrant, KeyGrant};
use std::collections::{HashMap, HashSet};

/// All that is known for the file. As large as the grant set: what leaves that is forgotten. `Debug` shows no key.
pub struct VaultBook {
    vault_keys: Keyring,
    /// Encrypted under the first of them, by the key's hash.
    encrypted: HashMap<String, String>,
    tiers: HashMap<AccessId, TierKnown>,
    /// Keys that nobody can bring, until they are asked for again.
    unkept: HashSet<String>,
}

/// A tier, and the limit that its service had when it was told.
#[derive(Clone, Copy, Debug)]
struct TierKnown {
    tier: Tier,
    guaranteed: Option<u32>,
}

/// The file's text, and what is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Its rows.
    pub rows: usize,
    /// Rows that should be there and cannot: their key is to be brought, or is not kept anywhere.
    pub left_out: usize,
}

/// What was found in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recalled {
    /// Keys that are known now.
    pub keys: usize,
    /// Of them, encrypted anew: under a vault key that is not the first any more.
    pub rotated: usize,
    /// Rows that none of the vault keys opens.
    pub unreadable: usize,
}

impl std::fmt::Debug for VaultBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VaultBook({} keys, {} tiers, {:?})", self.encrypted.len(), self.tiers.len(), self.vault_keys)
    }
}

impl VaultBook {
    /// One that knows nothing yet. The first of the vault keys encrypts; with the others a former file is read.
    pub fn new(vault_keys: Keyring) -> Self {
        Self { vault_keys, encrypted: HashMap::new(), tiers: HashMap::new(), unkept: HashSet::new() }
    }

    /// Takes over what a file holds that was written before. `nonce` is asked for each key that is encrypted anew; without
    /// one the key is to be brought.
    pub fn recall(
        &mut self,
        text: &str,
        mut nonce: impl FnMut() -> Option<[u8; NONCE_BYTES]>,
    ) -> Result<Recalled, VaultCsvError> {
        let mut recalled = Recalled::default();
        let (current, vault_key) = self.vault_keys.current();
        for line in parse(text)? {
            let Some((id, key)) = decrypt(&self.vault_keys, line.encrypted_key) else {
                recalled.unreadable += 1;
                continue;
            };
            let encrypted = if id == current {
                line.encrypted_key.to_owned()
            } else {
                let Some(nonce) = nonce() else { continue };
                encrypt(&vault_key, &key, nonce)
            };
            recalled.keys += 1;
            recalled.rotated += usize::from(id != current);
            self.encrypted.insert(key.sha256_hex(), encrypted);
            let known = TierKnown { tier: line.tier, guaranteed: Some(line.rate_limit) };
            self.tiers.insert((line.customer_id, line.service), known);
        }
        Ok(recalled)
    }

    /// The vault keys are others: what is not encrypted under the first is, from now on. What cannot be, because none of
    /// them opens it or there is no nonce, is forgotten, and so to be brought. How many were encrypted anew.
    pub fn renew(&mut self, mut nonce: impl FnMut() -> Option<[u8; NONCE_BYTES]>) -> usize {
        let (vault_keys, (current, vault_key)) = (self.vault_keys.clone(), self.vault_keys.current());
        let mut renewed = 0;
        self.encrypted.retain(|_, encrypted| match decrypt(&vault_keys, encrypted) {
            Some((id, _)) if id == current => true,
            Some((_, key)) => nonce().is_some_and(|nonce| {
                *encrypted = encrypt(&vault_key, &key, nonce);
                renewed += 1;
                true
            }),
            None => false,
        });
        renewed
    }

    /// Hashes of the keys that are to be brought: those that may be used now and are not known, and those whose limit has
    /// changed since their tier was told.
    pub fn wanted(&self, set: &GrantSet) -> Vec<String> {
        let is_wanted = |key: &KeyGrant, access: &AccessGrant| {
            let tier = self.tiers.get(&(key.customer_id, key.service));
            let is_told = tier.is_some_and(|tier| tier.guaranteed == Some(access.guaranteed_per_second));
            !is_told || !self.encrypted.contains_key(&key.key_sha256)
        };
        let usable = usable(set).filter(|(key, _)| !self.unkept.contains(&key.key_sha256));
        usable.filter(|(key, access)| is_wanted(key, access)).map(|(key, _)| key.key_sha256.clone()).collect()
    }

    /// A key was brought. One that is known stays as it is encrypted.
    pub fn learn(&mut self, key: &ApiKey, nonce: [u8; NONCE_BYTES]) {
        let hash = key.sha256_hex();
        self.unkept.remove(&hash);
        let (_, vault_key) = self.vault_keys.current();
        self.encrypted.entry(hash).or_insert_with(|| encrypt(&vault_key, key, nonce));
    }

    /// A service's tier was told; `set` is the one that it was asked for.
    pub fn learn_tier(&mut self, id: AccessId, tier: Tier, set: &GrantSet) {
        let guaranteed = set.access_of(id).map(|access| access.guaranteed_per_second);
        self.tiers.insert(id, TierKnown { tier, guaranteed });
    }

    /// Nobody can bring this key: it is not asked for until [`VaultBook::ask_again`].
    pub fn pass_over(&mut self, key_sha256: &str) {
        self.unkept.insert(key_sha256.to_owned());
    }

    /// What could not be brought is asked for again.
    pub fn ask_again(&mut self) {
        self.unkept.clear();
    }

    /// How many keys may be used and cannot be brought.
    pub fn unkept(&self) -> usize {
        self.unkept.len()
    }

    /// The file for this set, of what is known. What is not in the set any more is forgotten.
    pub fn write(&mut self, set: &GrantSet) -> Written {
        if self.encrypted.len() + self.unkept.len() > set.key_count() {
            self.encrypted.retain(|hash, _| set.key(hash).is_some());
            self.unkept.retain(|hash| set.key(hash).is_some());
        }
        if self.tiers.len() > set.access_count() {
            self.tiers.retain(|id, _| set.access_of(*id).is_some());
        }
        let usable: Vec<_> = usable(set).collect();
        let rows: Vec<_> = usable.iter().filter_map(|(key, access)| self.row(key, access)).collect();
        let (count, left_out) = (rows.len(), usable.len() - rows.len());
        Written { text: render(rows), rows: count, left_out }
    }

    fn row<'a>(&'a self, key: &'a KeyGrant, access: &AccessGrant) -> Option<VaultCsvRow<'a>> {
        Some(VaultCsvRow {
            customer_id: key.customer_id,
            service: key.service,
            key_sha256: &key.key_sha256,
            encrypted_key: self.encrypted.get(&key.key_sha256)?,
            rate_limit: access.guaranteed_per_second,
            tier: self.tiers.get(&(key.customer_id, key.service))?.tier.word(),
        })
    }
}

/// Keys that may be used now: active, of a service that is enabled, of a customer who may be served. Gateways' own
/// synthetic requests are for those that follow the grant set.
fn usable(set: &GrantSet) -> impl Iterator<Item = (&KeyGrant, &AccessGrant)> {
    set.keys().filter_map(|key| {
        let access = set.access_of((key.customer_id, key.service))?;
        let may = key.state == KeyLife::Active && access.is_enabled && access.state == SpendState::Active;
        (may && canary_server(key.customer_id).is_none()).then_some((key, access))
    })
}
