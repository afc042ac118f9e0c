//! A running HAProxy is brought from version to version: one by one and whole, to the same maps.

use crate::gateway::{Door, Gateway, Texts, Transport};
use crate::grants::{SERVER, access, crowd, crowd_key, head, held, key, wanted};
use std::collections::BTreeMap;
use suiftly_edge::haproxy::{self, ADDED_ONE_BY_ONE_MAX, CHANGED_ONE_BY_ONE_MAX, Sight};
use suiftly_edge::maps::Mark;
use suiftly_schema::fleet::GatewayState;
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::vault::{GrantSet, Head};
use suiftly_schema::view::{AccessGrant, KeyGrant};

#[test]
fn filled_changed_and_refilled() {
    let gateway = Gateway::start(Transport::Udp, &Texts::default());
    let mut kept = haproxy::Gateway::new(SERVER, gateway.socket());
    assert!(matches!(kept.look(), Sight::Other(_)), "nothing yet");
    let ask = |key: &str| gateway.get(Door::Mseal, "/x", &format!("X-API-Key: {key}\r\n")).status;

    let mut set = crowd(40);
    let first = head(1, &set);
    let applied = kept.bring_to(&set, &first).unwrap();
    // Two keys and a grant each; of every third, a network of two prefixes.
    assert_eq!((applied.mark, applied.entries), (Mark::of(&first), 40 * 3 + 13 * 2));
    assert_eq!(held(&gateway.runtime), wanted(&set, &first));
    assert!(matches!(kept.look(), Sight::Same));
    assert_eq!(ask(&crowd_key(1_000, 0)), 200);

    // The same set under a new head: the mark alone.
    let second = head(2, &set);
    let applied = kept.bring_to(&set, &second).unwrap();
    assert_eq!((applied.entries, applied.is_refill), (0, false));
    assert_eq!(held(&gateway.runtime), wanted(&set, &second));

    // One row of each kind.
    let revoked = KeyGrant { state: KeyLife::Revoked, ..key(&crowd_key(1_000, 0), 1_000, Door::Mseal) };
    set.put_key(revoked);
    set.put_access(AccessGrant { state: SpendState::MonthlyLimit, ..access(1_001, Door::Mseal) });
    set.put_key(key("NEW", 5, Door::Mseal));
    set.put_access(AccessGrant { allowlist: vec!["127.0.0.0/9".to_owned()], ..access(5, Door::Mseal) });
    set.remove_key(&key(&crowd_key(1_003, 1), 1_003, Door::Mseal).key_sha256);
    let third = head(3, &set);
    let applied = kept.bring_to(&set, &third).unwrap();
    assert_eq!((applied.entries, applied.is_refill), (5 + 8, false));
    assert_eq!(held(&gateway.runtime), wanted(&set, &third));
    let asked = [crowd_key(1_000, 0), crowd_key(1_000, 1), crowd_key(1_001, 0), "NEW".into(), crowd_key(1_003, 1)];
    assert_eq!(asked.map(|key| ask(&key)), [403, 200, 403, 200, 401]);

    // An operator demands it: whole, and once.
    let demanded = Head { refill: 4, ..head(4, &set) };
    assert!(kept.bring_to(&set, &demanded).unwrap().is_refill);
    assert_eq!(held(&gateway.runtime), wanted(&set, &demanded));
    assert!(!kept.bring_to(&set, &Head { version: 5, ..demanded.clone() }).unwrap().is_refill);

    // More gateways in the region: smaller shares, in the same set.
    let shared = Head { version: 6, regions: BTreeMap::from([(1, 3)]), ..demanded };
    kept.bring_to(&set, &shared).unwrap();
    let maps = held(&gateway.runtime);
    assert_eq!(maps, wanted(&set, &shared));
    assert_eq!(maps.grants["1000:1"], "active,333334,333334,open");

    // Nothing at all.
    let nothing = GrantSet::default();
    kept.bring_to(&nothing, &head(7, &nothing)).unwrap();
    assert_eq!(held(&gateway.runtime), wanted(&nothing, &head(7, &nothing)));
    assert_eq!(ask(&crowd_key(1_000, 1)), 401);
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn change_a_row(set: &mut GrantSet, numbers: &mut Numbers) {
    let customer = 1_000 + i64::try_from(numbers.below(400)).unwrap();
    let of_key = key(&crowd_key(customer, u32::try_from(numbers.below(3)).unwrap()), customer, Door::Mseal);
    match numbers.below(6) {
        0 => drop(set.put_key(of_key)),
        1 => drop(set.put_key(KeyGrant { state: KeyLife::Revoked, ..of_key })),
        2 => drop(set.remove_key(&of_key.key_sha256)),
        3 => drop(set.remove_access((of_key.customer_id, of_key.service))),
        _ => {
            let allowlist = (0..numbers.below(5)).map(|n| format!("10.{n}.0.0/{}", 9 + numbers.below(20))).collect();
            let state = SpendState::ALL[usize::try_from(numbers.below(9)).unwrap() % 5];
            set.put_access(AccessGrant { state, allowlist, ..access(customer, Door::Mseal) });
        }
    }
}

/// Small and large changes in turn, each against the rendering; then a refill, which changes nothing.
#[test]
fn a_walk_ends_where_a_refill_does() {
    let gateway = Gateway::start(Transport::Udp, &Texts::default());
    let mut kept = haproxy::Gateway::new(SERVER, gateway.socket());
    let mut numbers = Numbers(7);
    let mut set = crowd(300);
    kept.bring_to(&set, &head(1, &set)).unwrap();
    let (mut one_by_one, mut whole) = (0, 0);
    for version in 2..80 {
        let rows = [1, 1, 5, 30, 400][usize::try_from(numbers.below(5)).unwrap()];
        (0..rows).for_each(|_| change_a_row(&mut set, &mut numbers));
        let head = head(version, &set);
        let applied = kept.bring_to(&set, &head).unwrap();
        *(if applied.is_refill { &mut whole } else { &mut one_by_one }) += 1;
        assert_eq!(held(&gateway.runtime), wanted(&set, &head), "version {version}");
        assert!(matches!(kept.look(), Sight::Same));
    }
    assert!(one_by_one > 20 && whole > 5, "{one_by_one} {whole}");
    let last = head(80, &set);
    assert!(kept.refill(&set, &last).unwrap().is_refill);
    assert_eq!(held(&gateway.runtime), wanted(&set, &last));
}

#[test]
fn how_many_go_one_by_one() {
    let gateway = Gateway::start(Transport::Udp, &Texts::default());
    let mut kept = haproxy::Gateway::new(SERVER, gateway.socket());
    let mut set = crowd(200);
    kept.bring_to(&set, &head(1, &set)).unwrap();
    let suspended = |customer: i64, state| AccessGrant { state, ..access(customer, Door::Mgrpc) };
    let at_most = i64::try_from(ADDED_ONE_BY_ONE_MAX).unwrap();
    let changed = i64::try_from(CHANGED_ONE_BY_ONE_MAX).unwrap();
    let steps = [
        (at_most, SpendState::Active, false),
        (at_most * 2 + 1, SpendState::Active, true),
        (changed, SpendState::Closed, false),
        (changed + 1, SpendState::Suspended, true),
    ];
    for (version, (customers, state, is_refill)) in (2..).zip(steps) {
        for customer in 1..=customers {
            set.put_access(suspended(customer, state));
        }
        assert_eq!(kept.bring_to(&set, &head(version, &set)).unwrap().is_refill, is_refill, "{customers} {state:?}");
        assert_eq!(held(&gateway.runtime), wanted(&set, &head(version, &set)));
    }
}

#[test]
fn what_it_reports() {
    let gateway = Gateway::start(Transport::Ring, &Texts::default());
    let mut kept = haproxy::Gateway::new(SERVER, gateway.socket());
    let set = crowd(3);
    let head = head(9, &set);
    assert_eq!(kept.report(None).state, GatewayState::Updating);
    kept.bring_to(&set, &head).unwrap();
    for customer in [1_000, 1_001, 1_001] {
        let headers = format!("X-API-Key: {}\r\n", crowd_key(customer, 0));
        assert_eq!(gateway.get(Door::Mseal, "/x", &headers).status, 200);
    }
    gateway.lines(3);
    let report = kept.report(Some(Mark::of(&head)));
    assert_eq!((report.server_id, report.state, report.version), (SERVER, GatewayState::InSync, 9));
    assert_eq!((&report.trouble, report.boot_ms), (&None, Some(gateway.boot().0)));
    assert_eq!((report.lines_numbered, report.dropped_logs), (Some(3), Some(0)));
    assert!(report.requests.is_some_and(|requests| requests >= 3), "{report:?}");
    assert!(report.haproxy.as_ref().is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit())));
    assert!(report.servers.iter().any(|server| server.backend == "seal_mainnet" && server.server == "s1"));
    // A second may have passed since the first of them.
    assert!(report.hot.len() <= 2 && report.hot.iter().all(|hot| ["1000:1", "1001:1"].contains(&&*hot.account)));
    assert!(report.hot.is_sorted_by(|one, other| one.per_second >= other.per_second), "{report:?}");

    drop(gateway);
    let report = kept.report(Some(Mark::of(&head)));
    assert_eq!((report.state, report.version), (GatewayState::Unreachable, 9));
    assert!(report.trouble.is_some());
}
