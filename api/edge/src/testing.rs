//! A publisher without a network, for unit tests.

use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::head::FORMAT;
use suiftly_schema::vault::{Frame, GrantSet, Head, PublicKeys, SignedHead, SigningKeys};
use suiftly_schema::view::{AccessGrant, KeyGrant};

pub(crate) fn key(n: i64) -> KeyGrant {
    KeyGrant {
        key_sha256: format!("{n:064X}"),
        customer_id: CustomerId::new(n).unwrap(),
        service: Service::Seal,
        network: Network::Mainnet,
        api_key_fp: 7,
        key_metadata: 1,
        state: KeyLife::Active,
    }
}

pub(crate) fn access(n: i64, burst: u32) -> AccessGrant {
    AccessGrant {
        customer_id: CustomerId::new(n).unwrap(),
        service: Service::Seal,
        is_enabled: true,
        state: SpendState::Active,
        guaranteed_per_second: 1,
        burst_per_second: burst,
        allowlist: vec!["192.0.2.0/24".to_owned()],
    }
}

/// Signs what it is told to.
pub(crate) struct Publisher {
    signer: SigningKeys,
    set: GrantSet,
    head: Head,
    signed: SignedHead,
}

impl Publisher {
    /// Version 1: so many keys, each with its access.
    pub(crate) fn new(keys: i64) -> Self {
        Self::seeded(7, keys)
    }

    pub(crate) fn seeded(seed: u8, keys: i64) -> Self {
        let signer = SigningKeys::parse(&format!("1 {}", format!("{seed:02x}").repeat(32))).unwrap();
        let mut set = GrantSet::of((1..=keys).map(key), (1..=keys).map(|n| access(n, 2)));
        let head = Head {
            format: FORMAT,
            era: UnixMillis(5),
            version: 1,
            refill: 0,
            root: set.root(),
            keys: set.key_count() as u64,
            access: set.access_count() as u64,
            epoch: 1,
            as_of: UnixMillis(1),
            issued_at: UnixMillis(2),
            regions: BTreeMap::new(),
        };
        let signed = signer.sign(&head);
        Self { signer, set, head, signed }
    }

    /// So many keys under a head of this era and version.
    pub(crate) fn of(keys: i64, era: UnixMillis, version: u64) -> Self {
        let mut publisher = Self::new(keys);
        (publisher.head.era, publisher.head.version) = (era, version);
        publisher.signed = publisher.signer.sign(&publisher.head);
        publisher
    }

    pub(crate) fn trusted(&self) -> PublicKeys {
        self.signer.public()
    }

    pub(crate) fn set(&self) -> &GrantSet {
        &self.set
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    pub(crate) fn signed(&self) -> &SignedHead {
        &self.signed
    }

    /// The lines of the version in force.
    pub(crate) fn whole(&self) -> Vec<String> {
        let whole = Frame::Whole { head: self.signed.clone() };
        std::iter::once(whole).chain(Frame::rows_of(&self.set)).map(|frame| frame.line()).collect()
    }

    /// The next version, and its line.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut GrantSet) -> bool) -> String {
        let (before, from) = (self.set.clone(), self.head.root);
        change(&mut self.set);
        self.head.version += 1;
        self.head.root = self.set.root();
        (self.head.keys, self.head.access) = (self.set.key_count() as u64, self.set.access_count() as u64);
        self.signed = self.signer.sign(&self.head);
        Frame::Changes { from, head: self.signed.clone(), changes: before.changes_to(&self.set) }.line()
    }
}
