//! The check: what is on disk against what was written, and the set in memory against the vault that is stored.

use super::exporter::{Exporter, State, Turn, blocking};
use super::file;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::vault::{Publisher, Version};
use suiftly_api::{Clock, SystemClock};
use suiftly_edge::directory;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{AccessId, GrantSet, PublicKeys, canary_server};
use suiftly_store::StoreError;
use suiftly_store::accounts::ServiceTier;
use suiftly_store::money::{Notice, Severity};
use suiftly_store::reader::VaultRows;

/// A difference is one if it was there at so many looks, one after the other: the vault changes meanwhile.
const LOOKS: u32 = 3;
/// The store is waited for at these times: it is behind what is published by seconds at most, unless it catches up.
const WAITS: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(15)];
/// How long a moment is waited for at which everything is published.
const SETTLES_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Services that differ, as they are told.
const TOLD_MAX: usize = 10;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// The version that it was done by.
    version: u64,
    /// Files that were not as they were written; they were written anew.
    files: Vec<&'static str>,
    /// The set against the stored vault.
    pub(super) set: Compared,
}

/// The set in memory beside the stored vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The same.
    Same,
    /// Not compared, and why.
    Not(&'static str),
    /// These services' keys or access differ.
    Differs(BTreeSet<AccessId>),
}

impl Checked {
    /// As it is recorded.
    pub(super) fn detail(&self) -> Value {
        let set = match &self.set {
            Compared::Same => json!("same"),
            Compared::Not(why) => json!({"not_compared": why}),
            Compared::Differs(services) => json!({"differs": told(services), "services": services.len()}),
        };
        json!({"version": self.version, "rewritten": self.files, "set": set})
    }
}

impl Exporter {
    /// Looks, puts right what is on disk, and tells operators what was wrong. `None`: nothing is published yet.
    pub(super) async fn check(&self, publisher: &Publisher) -> Result<Option<Checked>, StoreError> {
        let is_frozen = publisher.frozen().is_some();
        let tiers = if is_frozen { Vec::new() } else { self.database.tiers().await? };
        let turn = self.turn().await;
        // Only now: meanwhile nobody writes a newer one.
        let Some(version) = publisher.current() else { return Ok(None) };
        let files = self.check_files(turn, &version, (!is_frozen).then_some(tiers)).await;
        let set = if is_frozen { Compared::Not("frozen") } else { self.compare(publisher).await? };
        let checked = Checked { version: version.head.version, files, set };
        let now = SystemClock.now();
        let notices = notices(&checked, now);
        {
            let mut figures = self.figures.lock();
            figures.mismatches += notices.len() as u64;
            figures.checked_at = Some(now);
        }
        for notice in notices {
            tracing::error!(kind = notice.kind, body = %notice.body, "the vault is not what it is to be");
            self.database.tell(&notice, now).await?;
        }
        Ok(Some(checked))
    }

    /// Which files are not as they were written. They are written anew, with tiers as they are now.
    async fn check_files(
        &self,
        turn: Turn,
        version: &Arc<Version>,
        tiers: Option<Vec<ServiceTier>>,
    ) -> Vec<&'static str> {
        let (of, trusted) = (Arc::clone(version), self.trusted.clone());
        let (turn, files) = blocking(turn, move |state| {
            let files = state.forget_what_differs(&trusted);
            if let Some(tiers) = tiers {
                state.refresh(&tiers, &of);
            }
            files
        })
        .await;
        self.write_in(turn, version).await;
        files
    }

    /// Holds the set that is published against the stored vault, as soon as that has come as far.
    async fn compare(&self, publisher: &Publisher) -> Result<Compared, StoreError> {
        let mut suspects: Option<BTreeSet<AccessId>> = None;
        for _ in 0..LOOKS {
            let Some(before) = publisher.current() else { return Ok(Compared::Not("nothing is published")) };
            let Some(stored) = self.stored(&before).await? else { return Ok(Compared::Not("the store is behind")) };
            let Some(after) = settled(publisher).await else { return Ok(Compared::Not("changes are under way")) };
            if publisher.frozen().is_some() {
                return Ok(Compared::Not("frozen"));
            }
            let mut differing = differing(&before.set, stored, &after.set);
            if let Some(suspects) = &suspects {
                differing.retain(|service| suspects.contains(service));
            }
            if differing.is_empty() {
                return Ok(Compared::Same);
            }
            suspects = Some(differing);
        }
        Ok(Compared::Differs(suspects.unwrap_or_default()))
    }

    /// The stored vault at the version's epoch or later.
    async fn stored(&self, version: &Version) -> Result<Option<VaultRows>, StoreError> {
        for wait in WAITS {
            tokio::time::sleep(wait).await;
            let stored = self.database.vault().await?;
            if stored.watermark.epoch >= version.head.epoch {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }
}

impl State {
    /// Which files are not as this process wrote them; nothing is known of those any more.
    fn forget_what_differs(&mut self, trusted: &PublicKeys) -> Vec<&'static str> {
        let mut files = Vec::new();
        if self.csv.is_some() && file::read(&self.dir).ok().flatten() != self.csv {
            self.csv = None;
            files.push(file::NAME);
        }
        if !self.directory_holds(trusted) {
            self.directory = None;
            files.push(directory::CURRENT);
        }
        files
    }

    /// Whether the directory's current version is the one that was written, whole and signed.
    fn directory_holds(&self, trusted: &PublicKeys) -> bool {
        let Some(written) = self.directory else { return true };
        let read = directory::read_current(&self.dir, trusted);
        read.is_ok_and(|found| found.is_some_and(|found| (found.head.era, found.head.version) == written))
    }
}

/// The version in force at a moment when nothing waits to be published.
async fn settled(publisher: &Publisher) -> Option<Arc<Version>> {
    let settles = async {
        while publisher.waiting() > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        publisher.current()
    };
    tokio::time::timeout(SETTLES_WITHIN, settles).await.ok().flatten()
}

/// Services of which a stored row is neither what was published before it was read nor what was after. Gateways' own
/// synthetic requests are not stored.
fn differing(before: &GrantSet, stored: VaultRows, after: &GrantSet) -> BTreeSet<AccessId> {
    let is_canary = |id: AccessId| canary_server(id.0).is_some();
    let stored = GrantSet::of(stored.keys, stored.access);
    let changes = before.changes_to(&stored);
    let key_service = |hash: &str| {
        let key = [before, &stored, after].into_iter().find_map(|set| set.key(hash))?;
        Some((key.customer_id, key.service))
    };
    let hashes = changes.keys.iter().map(|key| &key.key_sha256).chain(&changes.gone_keys);
    let keys = hashes.filter(|hash| stored.key(hash) != after.key(hash)).filter_map(|hash| key_service(hash));
    let ids = changes
        .access
        .iter()
        .map(|access| (access.customer_id, access.service))
        .chain(changes.gone_access.iter().copied());
    let access = ids.filter(|id| stored.access_of(*id) != after.access_of(*id));
    keys.chain(access).filter(|id| !is_canary(*id)).collect()
}

fn told(services: &BTreeSet<AccessId>) -> Vec<Value> {
    let each = services.iter().take(TOLD_MAX);
    each.map(|(customer, service)| json!({"customer_id": customer.get(), "service": service.word()})).collect()
}

fn notices(checked: &Checked, now: UnixMillis) -> Vec<Notice> {
    let critical = |key: String, kind, body| Notice { key, customer: None, severity: Severity::Critical, kind, body };
    let mut notices = Vec::new();
    if !checked.files.is_empty() {
        let body = json!({"files": checked.files, "version": checked.version});
        notices.push(critical(format!("vault_files:{}", now.0), "vault_files_mismatch", body));
    }
    if let Compared::Differs(services) = &checked.set {
        let first = services.first().map(|(customer, service)| format!("{}:{}", customer.get(), service.number()));
        let key = format!("vault_set:{}:{}:{}", now.month(), services.len(), first.unwrap_or_default());
        let body = json!({"version": checked.version, "services": services.len(), "first": told(services)});
        notices.push(critical(key, "vault_set_mismatch", body));
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::ids::{CustomerId, Network, Service};
    use suiftly_schema::reference::KeyLife;
    use suiftly_schema::spend::SpendState;
    use suiftly_schema::vault::canary_customer;
    use suiftly_schema::view::{AccessGrant, KeyGrant};

    fn key(n: i64, state: KeyLife) -> KeyGrant {
        KeyGrant {
            key_sha256: format!("{n:064X}"),
            customer_id: CustomerId::new(n).unwrap(),
            service: Service::Seal,
            network: Network::Mainnet,
            api_key_fp: 1,
            key_metadata: 0x3100,
            state,
        }
    }

    fn access(customer_id: CustomerId, burst: u32) -> AccessGrant {
        AccessGrant {
            customer_id,
            service: Service::Grpc,
            is_enabled: true,
            state: SpendState::Active,
            guaranteed_per_second: 1,
            burst_per_second: burst,
            allowlist: Vec::new(),
        }
    }

    #[test]
    fn a_stored_row_may_be_as_before_or_as_after() {
        let of = |n| CustomerId::new(n).unwrap();
        let canary = canary_customer(17).unwrap();
        let active = |n| key(n, KeyLife::Active);
        let before = GrantSet::of([active(1), active(2), active(3)], [access(of(1), 1), access(canary, 1)]);
        let after =
            GrantSet::of([active(1), key(2, KeyLife::Revoked), active(4)], [access(of(1), 2), access(canary, 1)]);
        let seal = |n| (of(n), Service::Seal);
        let check = |keys: Vec<KeyGrant>, burst: u32, expected: &[AccessId]| {
            let stored = VaultRows { keys, access: vec![access(of(1), burst)], ..VaultRows::default() };
            let found = differing(&before, stored, &after);
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        };
        check(vec![active(1), active(2), active(3)], 1, &[]);
        check(vec![active(1), key(2, KeyLife::Revoked), active(4)], 2, &[]);
        check(vec![active(1), key(2, KeyLife::Revoked), active(3), active(4)], 1, &[]);
        check(vec![active(1), active(2)], 3, &[(of(1), Service::Grpc)]);
        check(vec![active(2), active(3), active(5)], 1, &[seal(1), seal(5)]);
        check(vec![key(1, KeyLife::Revoked), active(2)], 2, &[seal(1)]);
    }

    #[test]
    fn what_is_recorded_and_told() {
        let services = BTreeSet::from([(CustomerId::new(7).unwrap(), Service::Seal)]);
        let wrong = Checked { version: 3, files: vec![file::NAME], set: Compared::Differs(services) };
        let expected = json!({"version": 3, "rewritten": ["ma_vault.csv"],
            "set": {"services": 1, "differs": [{"customer_id": 7, "service": "seal"}]}});
        assert_eq!(wrong.detail(), expected);
        let kinds: Vec<_> = notices(&wrong, UnixMillis(0)).iter().map(|notice| notice.kind).collect();
        assert_eq!(kinds, ["vault_files_mismatch", "vault_set_mismatch"]);
        let right = Checked { version: 3, files: Vec::new(), set: Compared::Same };
        assert_eq!(right.detail(), json!({"version": 3, "rewritten": [], "set": "same"}));
        assert!(notices(&right, UnixMillis(0)).is_empty());
    }
}
