//! The set itself: rows in buckets that clones share, and the digests that make its root.

use crate::ids::{CustomerId, Service};
use crate::view::{AccessGrant, KeyGrant};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Buckets of each kind. With 100,000 keys one holds about a hundred rows.
const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 10;
/// What a root is a digest of begins with it, so that no other digest can be taken for one.
const ROOT_DOMAIN: &[u8] = b"suiftly-vault-root-1\n";
/// A bit mixer: ids that follow one another go to different buckets.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// What names a row of [`AccessGrant`].
pub type AccessId = (CustomerId, Service);

/// A grant set's digest. Two sets with one root hold the same rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Root(pub [u8; 32]);

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({self})")
    }
}

impl Root {
    /// Reads 64 small hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl From<Root> for String {
    fn from(root: Root) -> Self {
        root.to_string()
    }
}

impl TryFrom<String> for Root {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a root has 64 small hexadecimal digits")
    }
}

/// A grant set. Cloning shares all rows; a change copies one bucket.
#[derive(Clone, Debug)]
pub struct GrantSet {
    keys: Vec<Bucket<String, KeyGrant>>,
    access: Vec<Bucket<AccessId, AccessGrant>>,
    key_count: usize,
    access_count: usize,
}

#[derive(Debug)]
struct Bucket<K, V> {
    rows: Arc<BTreeMap<K, V>>,
    /// Of its rows; `None` since it was changed.
    digest: Option<[u8; 32]>,
}

impl<K, V> Clone for Bucket<K, V> {
    fn clone(&self) -> Self {
        Self { rows: Arc::clone(&self.rows), digest: self.digest }
    }
}

impl<K, V> Default for Bucket<K, V> {
    fn default() -> Self {
        Self { rows: Arc::default(), digest: None }
    }
}

impl<K: Ord + Clone, V: Clone + PartialEq + Serialize> Bucket<K, V> {
    /// Whether something changed, and whether a row was added.
    fn put(&mut self, key: K, row: V) -> (bool, bool) {
        match self.rows.get(&key) {
            Some(there) if *there == row => (false, false),
            there => {
                let is_new = there.is_none();
                Arc::make_mut(&mut self.rows).insert(key, row);
                self.digest = None;
                (true, is_new)
            }
        }
    }

    fn remove(&mut self, key: &K) -> bool {
        let is_there = self.rows.contains_key(key);
        if is_there {
            Arc::make_mut(&mut self.rows).remove(key);
            self.digest = None;
        }
        is_there
    }

    /// SHA-256 of its rows as JSON, each on a line, in the order of their keys.
    fn digest(&mut self) -> [u8; 32] {
        *self.digest.get_or_insert_with(|| {
            let mut hash = Sha256::new();
            for row in self.rows.values() {
                hash.update(serde_json::to_vec(row).expect("a row is plain data"));
                hash.update(b"\n");
            }
            hash.finalize().into()
        })
    }
}

impl Default for GrantSet {
    fn default() -> Self {
        Self {
            keys: vec![Bucket::default(); BUCKETS],
            access: vec![Bucket::default(); BUCKETS],
            key_count: 0,
            access_count: 0,
        }
    }
}

impl PartialEq for GrantSet {
    fn eq(&self, other: &Self) -> bool {
        self.keys().eq(other.keys()) && self.access().eq(other.access())
    }
}

impl Eq for GrantSet {}

impl GrantSet {
    /// A set of these rows; of two with one name the later counts.
    pub fn of(keys: impl IntoIterator<Item = KeyGrant>, access: impl IntoIterator<Item = AccessGrant>) -> Self {
        let mut set = Self::default();
        for key in keys {
            set.put_key(key);
        }
        for grant in access {
            set.put_access(grant);
        }
        set
    }

    /// Puts a key in, or in the place of the one with its hash. Whether that changed anything.
    pub fn put_key(&mut self, key: KeyGrant) -> bool {
        let (changed, is_new) = self.keys[key_bucket(&key.key_sha256)].put(key.key_sha256.clone(), key);
        self.key_count += usize::from(is_new);
        changed
    }

    /// Takes a key out. Whether it was there.
    pub fn remove_key(&mut self, key_sha256: &str) -> bool {
        let was_there = self.keys[key_bucket(key_sha256)].remove(&key_sha256.to_owned());
        self.key_count -= usize::from(was_there);
        was_there
    }

    /// Puts in what a customer may do, or in the place of what they might. Whether that changed anything.
    pub fn put_access(&mut self, grant: AccessGrant) -> bool {
        let id = (grant.customer_id, grant.service);
        let (changed, is_new) = self.access[access_bucket(id)].put(id, grant);
        self.access_count += usize::from(is_new);
        changed
    }

    /// Takes out what a customer may do. Whether it was there.
    pub fn remove_access(&mut self, id: AccessId) -> bool {
        let was_there = self.access[access_bucket(id)].remove(&id);
        self.access_count -= usize::from(was_there);
        was_there
    }

    /// The key of this hash.
    pub fn key(&self, key_sha256: &str) -> Option<&KeyGrant> {
        self.keys[key_bucket(key_sha256)].rows.get(key_sha256)
    }

    /// What this customer may do with this service.
    pub fn access_of(&self, id: AccessId) -> Option<&AccessGrant> {
        self.access[access_bucket(id)].rows.get(&id)
    }

    /// All keys, by their hash.
    pub fn keys(&self) -> impl Iterator<Item = &KeyGrant> {
        self.keys.iter().flat_map(|bucket| bucket.rows.values())
    }

    /// All that customers may do, in an order of its own, which depends on the rows alone.
    pub fn access(&self) -> impl Iterator<Item = &AccessGrant> {
        self.access.iter().flat_map(|bucket| bucket.rows.values())
    }

    /// How many keys there are.
    pub const fn key_count(&self) -> usize {
        self.key_count
    }

    /// How many rows of access there are.
    pub const fn access_count(&self) -> usize {
        self.access_count
    }

    /// The set's root. Costs what was changed since it was asked last, and 64 KiB of hashing.
    pub fn root(&mut self) -> Root {
        let mut hash = Sha256::new();
        hash.update(ROOT_DOMAIN);
        self.keys.iter_mut().for_each(|bucket| hash.update(bucket.digest()));
        self.access.iter_mut().for_each(|bucket| hash.update(bucket.digest()));
        Root(hash.finalize().into())
    }

    /// What makes `self` into `newer`. Buckets that both share are passed over.
    pub fn changes_to(&self, newer: &Self) -> super::Changes {
        let mut changes = super::Changes::default();
        for (old, new) in self.keys.iter().zip(&newer.keys).filter(|(old, new)| !Arc::ptr_eq(&old.rows, &new.rows)) {
            changes.keys.extend(changed_rows(&old.rows, &new.rows));
            changes.gone_keys.extend(gone(&old.rows, &new.rows));
        }
        for (old, new) in self.access.iter().zip(&newer.access).filter(|(old, new)| !Arc::ptr_eq(&old.rows, &new.rows))
        {
            changes.access.extend(changed_rows(&old.rows, &new.rows));
            changes.gone_access.extend(gone(&old.rows, &new.rows));
        }
        changes
    }

    /// Applies changes.
    pub fn apply(&mut self, changes: &super::Changes) {
        for key in &changes.gone_keys {
            self.remove_key(key);
        }
        for key in &changes.keys {
            self.put_key(key.clone());
        }
        for id in &changes.gone_access {
            self.remove_access(*id);
        }
        for grant in &changes.access {
            self.put_access(grant.clone());
        }
    }
}

fn changed_rows<K: Ord, V: Clone + PartialEq>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> Vec<V> {
    new.iter().filter(|(key, row)| old.get(key) != Some(*row)).map(|(_, row)| row.clone()).collect()
}

fn gone<K: Ord + Clone, V>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> Vec<K> {
    old.keys().filter(|key| !new.contains_key(key)).cloned().collect()
}

/// By the hash's first bits, so that buckets in their order hold keys in theirs. What is no hash goes to the first.
fn key_bucket(key_sha256: &str) -> usize {
    let digits = key_sha256.get(..3).and_then(|digits| usize::from_str_radix(digits, 16).ok());
    digits.unwrap_or(0) >> (12 - BUCKET_BITS)
}

fn access_bucket((customer, _): AccessId) -> usize {
    usize::try_from(customer.get().cast_unsigned().wrapping_mul(MIX) >> (u64::BITS - BUCKET_BITS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Network;
    use crate::reference::KeyLife;
    use crate::spend::SpendState;
    use proptest::prelude::*;

    fn key(n: u16, life: KeyLife) -> KeyGrant {
        KeyGrant {
            key_sha256: format!("{:064X}", u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_9e37_79b9_7f4a_7c15) >> 3),
            customer_id: CustomerId::new(i64::from(n / 4) + 1).unwrap(),
            service: Service::Seal,
            network: Network::Mainnet,
            api_key_fp: 7,
            key_metadata: 10_496,
            state: life,
        }
    }

    fn access(n: u16, burst: u32) -> AccessGrant {
        AccessGrant {
            customer_id: CustomerId::new(i64::from(n) + 1).unwrap(),
            service: Service::Grpc,
            is_enabled: true,
            state: SpendState::Active,
            guaranteed_per_second: 100,
            burst_per_second: burst,
            allowlist: vec!["192.0.2.0/24".to_owned()],
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Put(u16, bool),
        Remove(u16),
        Access(u16, u32),
        NoAccess(u16),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0u16..60, any::<bool>()).prop_map(|(n, active)| Step::Put(n, active)),
            (0u16..60).prop_map(Step::Remove),
            (0u16..60, 0u32..3).prop_map(|(n, burst)| Step::Access(n, burst)),
            (0u16..60).prop_map(Step::NoAccess),
        ];
        prop::collection::vec(step, 0..80)
    }

    fn walk(set: &mut GrantSet, steps: &[Step]) {
        for step in steps {
            match *step {
                Step::Put(n, true) => set.put_key(key(n, KeyLife::Active)),
                Step::Put(n, false) => set.put_key(key(n, KeyLife::Revoked)),
                Step::Remove(n) => set.remove_key(&key(n, KeyLife::Active).key_sha256),
                Step::Access(n, burst) => set.put_access(access(n, burst)),
                Step::NoAccess(n) => set.remove_access((access(n, 0).customer_id, Service::Grpc)),
            };
        }
    }

    #[test]
    fn the_root_of_nothing_is_fixed() {
        // Another root for the same rows would make every edge refuse what another version signed.
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(b""));
        let all: Vec<u8> = data_encoding::HEXLOWER.decode(digest.as_bytes()).unwrap().repeat(2 * BUCKETS);
        let expected = Sha256::new().chain_update(ROOT_DOMAIN).chain_update(&all).finalize();
        assert_eq!(GrantSet::default().root(), Root(expected.into()));
    }

    #[test]
    fn every_field_counts() {
        let one = |change: &dyn Fn(&mut KeyGrant)| {
            let mut key = key(1, KeyLife::Active);
            change(&mut key);
            GrantSet::of([key], []).root()
        };
        let roots = [
            one(&|_| ()),
            one(&|key| key.customer_id = CustomerId::new(99).unwrap()),
            one(&|key| key.service = Service::Graphql),
            one(&|key| key.network = Network::Testnet),
            one(&|key| key.api_key_fp = 8),
            one(&|key| key.key_metadata = 1),
            one(&|key| key.state = KeyLife::Revoked),
        ];
        for (at, root) in roots.iter().enumerate() {
            assert!(!roots[..at].contains(root), "{at}");
        }
    }

    proptest! {
        #[test]
        fn the_root_is_of_the_rows_alone(first in steps(), second in steps()) {
            let mut walked = GrantSet::default();
            walk(&mut walked, &first);
            let (mut before, root_before) = (walked.clone(), walked.root());
            walk(&mut walked, &second);
            let mut anew = GrantSet::of(walked.keys().cloned(), walked.access().cloned());
            prop_assert_eq!(walked.root(), anew.root());
            prop_assert_eq!((walked.key_count(), walked.access_count()), (walked.keys().count(), walked.access().count()));
            prop_assert!(walked.keys().map(|key| &key.key_sha256).is_sorted());
            // A clone is of its own, and the changes between two lead from one to the other.
            prop_assert_eq!(before.root(), root_before);
            let changes = before.changes_to(&walked);
            prop_assert_eq!(changes.is_empty(), before == walked);
            before.apply(&changes);
            prop_assert_eq!(&before, &walked);
            prop_assert_eq!(before.root(), walked.root());
        }
    }
}
