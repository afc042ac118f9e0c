//! Versions out of changes: the set as the views have it, and the one that is in force. No thread, no clock.

use super::canary;
use super::describe::{Described, ROWS_TOLD};
use std::collections::{BTreeMap, HashMap, HashSet};
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::head::FORMAT;
use suiftly_schema::vault::{AccessId, GrantSet, Head, KeyOfCanary, SignedHead, SigningKeys};
use suiftly_schema::view::{AccessGrant, KeyGrant};

/// What the publisher goes on from.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The epoch at which the rows were read; deltas of later ones follow.
    pub epoch: Epoch,
    /// When it was cut.
    pub cut_at: UnixMillis,
    /// The vault's keys at that epoch.
    pub key_grants: Vec<KeyGrant>,
    /// What may be done with them.
    pub access_grants: Vec<AccessGrant>,
    /// The era and the number of the last version that anybody knows of; zeros: none.
    pub last: (UnixMillis, u64),
    /// The version with which every gateway was last to be filled anew; 0: never.
    pub refill: u64,
    /// What the vault's directory holds: the last version as it was signed, and its set.
    pub held: Option<(Head, SignedHead, GrantSet)>,
}

/// A version: what gateways are to run on.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its head.
    pub head: Head,
    /// The head as it was signed.
    pub signed: SignedHead,
    /// Its rows.
    pub set: GrantSet,
    /// What it changed, for people.
    pub described: Described,
    /// Rows that it changed.
    pub rows_changed: usize,
    /// Which customers' services it changed.
    pub touched: Vec<AccessId>,
}

/// Rows that have changed since the last version: bounded by the vault itself.
#[derive(Debug, Default)]
pub(super) struct Updates {
    keys: HashMap<String, Option<KeyGrant>>,
    access: HashMap<AccessId, Option<AccessGrant>>,
    /// Whose services they are of.
    pub(super) touched: HashSet<AccessId>,
    /// The reading that they follow.
    pub(super) reading: u64,
}

impl Updates {
    /// None yet, of those that follow this reading.
    pub(super) fn after(reading: u64) -> Self {
        Self { reading, ..Self::default() }
    }

    /// Adds an epoch's deltas. Of a row that leaves and comes in one epoch, in whatever order they stand, what comes counts.
    pub(super) fn add(&mut self, keys: &[(KeyGrant, i8)], access: &[(AccessGrant, i8)]) {
        for (key, _) in keys.iter().filter(|(_, diff)| *diff < 0) {
            self.keys.insert(key.key_sha256.clone(), None);
        }
        for (key, diff) in keys {
            self.touched.insert((key.customer_id, key.service));
            if *diff > 0 {
                self.keys.insert(key.key_sha256.clone(), Some(key.clone()));
            }
        }
        let id = |grant: &AccessGrant| (grant.customer_id, grant.service);
        for (grant, _) in access.iter().filter(|(_, diff)| *diff < 0) {
            self.access.insert(id(grant), None);
        }
        for (grant, diff) in access {
            self.touched.insert(id(grant));
            if *diff > 0 {
                self.access.insert(id(grant), Some(grant.clone()));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.access.is_empty()
    }

    /// How many rows wait.
    pub(super) fn len(&self) -> usize {
        self.keys.len() + self.access.len()
    }

    fn apply(self, set: &mut GrantSet) {
        for (hash, key) in self.keys {
            match key {
                Some(key) => set.put_key(key),
                None => set.remove_key(&hash),
            };
        }
        for (id, grant) in self.access {
            match grant {
                Some(grant) => set.put_access(grant),
                None => set.remove_access(id),
            };
        }
    }
}

/// Why a version is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Demand {
    /// Even if nothing has changed: the first one, or after a thaw.
    pub(super) anyway: bool,
    /// To have every gateway filled anew.
    pub(super) refill: bool,
}

/// Makes versions.
pub(super) struct Core {
    keys: SigningKeys,
    regions: BTreeMap<u16, u16>,
    canaries: Vec<KeyOfCanary>,
    era: UnixMillis,
    version: u64,
    refill: u64,
    /// How often rows were read anew.
    reading: u64,
    /// The set as the views have it.
    working: GrantSet,
    /// The set that versions so far have made of it.
    published: GrantSet,
}

impl Core {
    /// Goes on from `start`, at `now`; with the version that the directory holds, if it holds one.
    pub(super) fn new(
        start: Start,
        keys: SigningKeys,
        regions: BTreeMap<u16, u16>,
        canaries: &[KeyOfCanary],
        now: UnixMillis,
    ) -> (Self, Option<Version>) {
        let held = start.held.map(held);
        let of_held = held.as_ref().map_or_else(Default::default, |held| (held.head.era, held.head.version));
        let core = Self {
            keys,
            regions,
            canaries: canaries.to_vec(),
            era: now.max(start.last.0.plus_ms(1)).max(of_held.0.plus_ms(1)),
            version: start.last.1.max(of_held.1),
            refill: start.refill.max(held.as_ref().map_or(0, |held| held.head.refill)),
            reading: 0,
            working: with_canaries(start.key_grants, start.access_grants, canaries),
            published: held.as_ref().map(|held| held.set.clone()).unwrap_or_default(),
        };
        (core, held)
    }

    /// Takes what has changed, unless rows were read since.
    pub(super) fn take(&mut self, updates: Updates) {
        if updates.reading == self.reading {
            updates.apply(&mut self.working);
        }
    }

    /// These rows take the place of what deltas have made so far. Answers which reading it is.
    pub(super) fn read_anew(&mut self, key_grants: Vec<KeyGrant>, access_grants: Vec<AccessGrant>) -> u64 {
        self.working = with_canaries(key_grants, access_grants, &self.canaries);
        self.reading += 1;
        self.reading
    }

    /// The next version, unless it would be the one before and is not demanded. It counts once it is [`Core::confirm`]ed.
    pub(super) fn next(
        &mut self,
        demand: Demand,
        (epoch, as_of): (Epoch, UnixMillis),
        now: UnixMillis,
    ) -> Option<Version> {
        let root = self.working.root();
        if !demand.anyway && !demand.refill && root == self.published.root() {
            return None;
        }
        let version = self.version + 1;
        let set = self.working.clone();
        let changes = self.published.changes_to(&set);
        let head = Head {
            format: FORMAT,
            era: self.era,
            version,
            refill: if demand.refill { version } else { self.refill },
            root,
            keys: set.key_count() as u64,
            access: set.access_count() as u64,
            epoch,
            as_of,
            issued_at: now,
            regions: self.regions.clone(),
        };
        let keys = changes.keys.iter().map(|key| (key.customer_id, key.service));
        let gone_keys = changes.gone_keys.iter().filter_map(|hash| self.published.key(hash));
        let access = changes.access.iter().map(|grant| (grant.customer_id, grant.service));
        let touched: HashSet<_> = keys
            .chain(gone_keys.map(|key| (key.customer_id, key.service)))
            .chain(access)
            .chain(changes.gone_access.iter().copied())
            .collect();
        Some(Version {
            signed: self.keys.sign(&head),
            head,
            described: Described::of(&self.published, &changes, ROWS_TOLD),
            rows_changed: changes.len(),
            touched: touched.into_iter().collect(),
            set,
        })
    }

    /// The version is in force now.
    pub(super) fn confirm(&mut self, version: &Version) {
        self.version = version.head.version;
        self.refill = version.head.refill;
        self.published = version.set.clone();
    }
}

/// The rows of the views, and those of gateways' synthetic requests.
fn with_canaries(keys: Vec<KeyGrant>, access: Vec<AccessGrant>, canaries: &[KeyOfCanary]) -> GrantSet {
    let (canary_keys, canary_access) = canary::rows(canaries);
    GrantSet::of(keys.into_iter().chain(canary_keys), access.into_iter().chain(canary_access))
}

fn held((head, signed, mut set): (Head, SignedHead, GrantSet)) -> Version {
    // So that its digests are there, for all that are cloned from it.
    set.root();
    Version { head, signed, set, described: Described::default(), rows_changed: 0, touched: Vec::new() }
}
