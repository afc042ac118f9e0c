//! What a version changed, in people's terms: who was stopped, who is new, whose limits were raised. Never a key or a hash
//! of one. Pure.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::vault::{AccessId, Changes, GrantSet, canary_server};
use suiftly_schema::view::{AccessGrant, KeyGrant};

/// Rows that are told one by one; of the others there is the count.
pub const ROWS_TOLD: usize = 20;

/// What changed from one set to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// How many of each kind: `issued`, `stopped`, …
    pub counts: BTreeMap<String, u64>,
    /// The first of them.
    pub rows: Vec<DescribedRow>,
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedRow {
    /// Whose.
    pub customer_id: i64,
    /// Of which service: its word.
    pub service: String,
    /// The key's fingerprint, where it is about a key.
    pub api_key_fp: Option<u32>,
    /// What happened.
    pub what: String,
    /// From what to what, where that says more.
    pub detail: Option<String>,
}

impl Described {
    /// What `changes` make of `old`, telling `rows_max` rows. Gateways' own synthetic keys are left out.
    pub fn of(old: &GrantSet, changes: &Changes, rows_max: usize) -> Self {
        let mut told = Telling { described: Self::default(), rows_max };
        for grant in &changes.access {
            told.access(old.access_of((grant.customer_id, grant.service)), grant);
        }
        for id in &changes.gone_access {
            told.say(*id, None, "withdrawn", None);
        }
        for key in &changes.keys {
            told.key(old.key(&key.key_sha256), key);
        }
        for key in changes.gone_keys.iter().filter_map(|hash| old.key(hash)) {
            told.say((key.customer_id, key.service), Some(key.api_key_fp), "deleted", None);
        }
        told.described
    }
}

struct Telling {
    described: Described,
    rows_max: usize,
}

impl Telling {
    fn say(&mut self, (customer, service): AccessId, api_key_fp: Option<u32>, what: &str, detail: Option<String>) {
        if canary_server(customer).is_some() {
            return;
        }
        *self.described.counts.entry(what.to_owned()).or_default() += 1;
        if self.described.rows.len() < self.rows_max {
            let (customer_id, service, what) = (customer.get(), service.word().to_owned(), what.to_owned());
            self.described.rows.push(DescribedRow { customer_id, service, api_key_fp, what, detail });
        }
    }

    fn key(&mut self, old: Option<&KeyGrant>, new: &KeyGrant) {
        let what = match (old.map(|old| old.state), new.state) {
            (None, _) => "issued",
            (Some(KeyLife::Active), KeyLife::Revoked) => "revoked",
            (Some(KeyLife::Revoked), KeyLife::Active) => "restored",
            _ => "changed",
        };
        self.say((new.customer_id, new.service), Some(new.api_key_fp), what, None);
    }

    fn access(&mut self, old: Option<&AccessGrant>, new: &AccessGrant) {
        let id = (new.customer_id, new.service);
        let Some(old) = old else { return self.say(id, None, "granted", None) };
        match (old.is_enabled, new.is_enabled) {
            (true, false) => self.say(id, None, "disabled", None),
            (false, true) => self.say(id, None, "enabled", None),
            _ => {}
        }
        if old.state != new.state {
            let what = match (old.state, new.state) {
                (SpendState::Active, _) => "stopped",
                (_, SpendState::Active) => "resumed",
                _ => "stopped_otherwise",
            };
            self.say(id, None, what, Some(format!("{} → {}", old.state.word(), new.state.word())));
        }
        let limits = |of: &AccessGrant| (of.guaranteed_per_second, of.burst_per_second);
        if limits(old) != limits(new) {
            let ((from, from_burst), (to, to_burst)) = (limits(old), limits(new));
            let is_raise = to >= from && to_burst >= from_burst;
            let detail = format!("{from}/{from_burst} → {to}/{to_burst} a second");
            self.say(id, None, if is_raise { "raised" } else { "lowered" }, Some(detail));
        }
        if old.allowlist != new.allowlist {
            let detail = format!("{} → {} entries", old.allowlist.len(), new.allowlist.len());
            self.say(id, None, "allowlist", Some(detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::ids::{CustomerId, Network, Service};
    use suiftly_schema::vault::canary_customer;

    fn key(n: i64, state: KeyLife) -> KeyGrant {
        KeyGrant {
            key_sha256: format!("{n:064X}"),
            customer_id: CustomerId::new(n).unwrap(),
            service: Service::Seal,
            network: Network::Mainnet,
            api_key_fp: u32::try_from(n).unwrap(),
            key_metadata: 10_496,
            state,
        }
    }

    fn access(n: i64, change: impl Fn(&mut AccessGrant)) -> AccessGrant {
        let mut grant = AccessGrant {
            customer_id: CustomerId::new(n).unwrap(),
            service: Service::Grpc,
            is_enabled: true,
            state: SpendState::Active,
            guaranteed_per_second: 50,
            burst_per_second: 100,
            allowlist: Vec::new(),
        };
        change(&mut grant);
        grant
    }

    #[test]
    fn each_change_has_its_word() {
        let limited = |grant: &mut AccessGrant| grant.state = SpendState::MonthlyLimit;
        let cases: Vec<(Option<AccessGrant>, Option<AccessGrant>, &[&str])> = vec![
            (None, Some(access(1, |_| ())), &["granted"]),
            (Some(access(1, |_| ())), None, &["withdrawn"]),
            (Some(access(1, |_| ())), Some(access(1, limited)), &["stopped"]),
            (Some(access(1, limited)), Some(access(1, |_| ())), &["resumed"]),
            (
                Some(access(1, limited)),
                Some(access(1, |grant| grant.state = SpendState::Closed)),
                &["stopped_otherwise"],
            ),
            (Some(access(1, |_| ())), Some(access(1, |grant| grant.is_enabled = false)), &["disabled"]),
            (Some(access(1, |grant| grant.is_enabled = false)), Some(access(1, |_| ())), &["enabled"]),
            (Some(access(1, |_| ())), Some(access(1, |grant| grant.burst_per_second = 200)), &["raised"]),
            (Some(access(1, |_| ())), Some(access(1, |grant| grant.guaranteed_per_second = 5)), &["lowered"]),
            (
                Some(access(1, |_| ())),
                Some(access(1, |grant| {
                    grant.allowlist = vec!["192.0.2.1".into()];
                    grant.state = SpendState::Suspended;
                })),
                &["stopped", "allowlist"],
            ),
        ];
        for (old, new, expected) in cases {
            let (old, new) = (GrantSet::of([], old), GrantSet::of([], new));
            let described = Described::of(&old, &old.changes_to(&new), ROWS_TOLD);
            let told: Vec<_> = described.rows.iter().map(|row| row.what.as_str()).collect();
            assert_eq!(told, expected);
            assert_eq!(described.counts.values().sum::<u64>(), expected.len() as u64);
        }
        for (old, new, expected) in [
            (None, Some(key(1, KeyLife::Active)), "issued"),
            (Some(key(1, KeyLife::Active)), Some(key(1, KeyLife::Revoked)), "revoked"),
            (Some(key(1, KeyLife::Revoked)), Some(key(1, KeyLife::Active)), "restored"),
            (Some(key(1, KeyLife::Active)), None, "deleted"),
        ] {
            let (old, new) = (GrantSet::of(old, []), GrantSet::of(new, []));
            let described = Described::of(&old, &old.changes_to(&new), ROWS_TOLD);
            assert_eq!((described.rows[0].what.as_str(), described.rows[0].api_key_fp), (expected, Some(1)));
            assert!(!format!("{described:?}").contains("000"), "no hash");
        }
    }

    #[test]
    fn only_the_first_rows_are_told_and_no_canaries() {
        let canary = canary_customer(17).unwrap().get();
        let new = GrantSet::of((1..=50).chain([canary]).map(|n| key(n, KeyLife::Active)), []);
        let described = Described::of(&GrantSet::default(), &GrantSet::default().changes_to(&new), ROWS_TOLD);
        assert_eq!((described.counts["issued"], described.rows.len()), (50, ROWS_TOLD));
    }
}
