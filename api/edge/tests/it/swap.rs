//! Traffic runs while the vault changes: nobody is refused wrongly, and who loses a key is refused at once.

use crate::gateway::{Client, Door, Gateway, Texts, Transport, until};
use crate::grants::{SERVER, access, crowd, crowd_key, head, held, key, wanted};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use suiftly_edge::haproxy;
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::vault::GrantSet;
use suiftly_schema::view::{AccessGrant, KeyGrant};

const CHANGES: u64 = 1_000;
const SWAPS: u64 = 20;
const OTHERS: i64 = 2_000;
/// The customer whose key is revoked and enabled again.
const VICTIM: i64 = 9;
/// The customer whose list changes and always has our address, or is none at all.
const LISTED: i64 = 2;
/// The customer who has an active key in the one version and an active grant in the next, and never both.
const NEVER: i64 = 8;

/// Customers whose traffic runs, their keys and what they ask.
const REGULARS: [(i64, &str, Door); 4] = [
    (1, "OPEN", Door::Mseal),
    (LISTED, "LISTED", Door::Mseal),
    (3, "TESTNET", Door::Tseal),
    (4, "GRAPHQL", Door::Mgraphql),
];

fn regulars() -> GrantSet {
    let mut set = crowd(OTHERS);
    for (customer, name, door) in REGULARS {
        set.put_key(key(name, customer, door));
        set.put_access(access(customer, door));
    }
    change_lists(&mut set, 1);
    set.put_key(key("VICTIM", VICTIM, Door::Mseal));
    set.put_access(access(VICTIM, Door::Mseal));
    set
}

#[test]
fn a_thousand_changes_and_twenty_swaps_refuse_nobody_wrongly() {
    let gateway = Gateway::start(Transport::Udp, &Texts::default());
    let mut kept = haproxy::Gateway::new(SERVER, gateway.socket());
    let mut set = regulars();
    kept.bring_to(&set, &head(1, &set)).unwrap();
    let stop = AtomicBool::new(false);
    let served: [AtomicU64; 4] = Default::default();
    let refused = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for (regular, served) in REGULARS.into_iter().zip(&served) {
            let (gateway, stop) = (&gateway, &stop);
            scope.spawn(move || keep_asking(gateway, regular, 200, stop, served));
        }
        scope.spawn(|| keep_asking(&gateway, (NEVER, "NEVER", Door::Mseal), 403, &stop, &refused));
        // Set when this scope ends, however it ends: else a failure here would be waited for for ever.
        let _stopper = Stopper(&stop);
        let mut victim = gateway.client(Door::Mseal);
        for version in 2..2 + CHANGES {
            change_another(&mut set, version);
            if version % 7 == 0 {
                change_lists(&mut set, version);
            }
            let is_victims = version % 10 == 0;
            if is_victims {
                let state = if version % 20 == 0 { KeyLife::Revoked } else { KeyLife::Active };
                set.put_key(KeyGrant { state, ..key("VICTIM", VICTIM, Door::Mseal) });
            }
            let applied = kept.bring_to(&set, &head(version, &set)).unwrap();
            assert!(!applied.is_refill, "version {version}");
            if is_victims {
                let status = victim.get("/x", "X-API-Key: VICTIM\r\n").unwrap().status;
                assert_eq!(status, if version % 20 == 0 { 403 } else { 200 }, "right after version {version}");
            }
            // Whoever is slower on this machine: everybody asks as often as there are changes.
            until("traffic runs beside the changes", || {
                served.iter().chain([&refused]).all(|answered| answered.load(Ordering::Relaxed) >= version)
            });
        }
        for version in 2 + CHANGES..2 + CHANGES + SWAPS {
            change_all_others(&mut set, version);
            change_lists(&mut set, version);
            assert!(kept.bring_to(&set, &head(version, &set)).unwrap().is_refill);
            assert_eq!(victim.get("/x", "X-API-Key: VICTIM\r\n").unwrap().status, 403, "still revoked");
        }
    });
    assert_eq!(held(&gateway.runtime), wanted(&set, &head(1 + CHANGES + SWAPS, &set)));
    let served = served.map(AtomicU64::into_inner);
    assert!(served.iter().all(|served| *served > CHANGES), "traffic ran all the time: {served:?}");
    assert!(refused.into_inner() > CHANGES);
}

struct Stopper<'a>(&'a AtomicBool);

impl Drop for Stopper<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn keep_asking(
    gateway: &Gateway,
    (_, key, door): (i64, &str, Door),
    status: u16,
    stop: &AtomicBool,
    answered: &AtomicU64,
) {
    let mut client: Client = gateway.client(door);
    let headers = format!("X-API-Key: {key}\r\n");
    while !stop.load(Ordering::Relaxed) {
        let answer = client.get("/x", &headers).unwrap();
        assert_eq!(answer.status, status, "{key}: {}", answer.body);
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// What must not be seen to change.
fn change_lists(set: &mut GrantSet, version: u64) {
    let lists: [&[&str]; 4] = [&["127.0.0.1"], &["127.0.0.0/8", "10.0.0.0/9"], &[], &["0.0.0.0/1"]];
    let allowlist = lists[usize::try_from(version / 7 % 4).unwrap()].iter().map(|&network| network.to_owned());
    set.put_access(AccessGrant { allowlist: allowlist.collect(), ..access(LISTED, Door::Mseal) });
    let (life, state) = match version % 2 {
        0 => (KeyLife::Active, SpendState::Suspended),
        _ => (KeyLife::Revoked, SpendState::Active),
    };
    set.put_key(KeyGrant { state: life, ..key("NEVER", NEVER, Door::Mseal) });
    set.put_access(AccessGrant { state, ..access(NEVER, Door::Mseal) });
}

/// One row of a customer who is none of the regulars.
fn change_another(set: &mut GrantSet, version: u64) {
    let customer = 1_000 + i64::try_from(version % 700).unwrap();
    let of_key = key(&crowd_key(customer, 0), customer, Door::Mseal);
    match version % 5 {
        0 => drop(set.put_key(KeyGrant { state: KeyLife::Revoked, ..of_key })),
        1 => drop(set.remove_key(&of_key.key_sha256)),
        2 => drop(set.put_key(key(&format!("new {version}"), customer, Door::Mseal))),
        3 => {
            let allowlist = (0..version % 4).map(|n| format!("127.{n}.0.0/17")).collect();
            set.put_access(AccessGrant { allowlist, ..access(customer, Door::Mseal) });
        }
        _ => {
            let state = SpendState::ALL[usize::try_from(version).unwrap() % 5];
            set.put_access(AccessGrant { state, ..access(customer, Door::Mseal) });
        }
    }
}

/// Every map has more changes than go one by one.
fn change_all_others(set: &mut GrantSet, version: u64) {
    for customer in 1_000..1_000 + OTHERS {
        let metadata = u16::try_from(version).unwrap();
        set.put_key(KeyGrant { key_metadata: metadata, ..key(&crowd_key(customer, 1), customer, Door::Mseal) });
        let state = if version.is_multiple_of(2) { SpendState::Active } else { SpendState::InsufficientBalance };
        let allowlist = vec![format!("10.{}.0.0/16", version % 256)];
        set.put_access(AccessGrant { state, allowlist, ..access(customer, Door::Mseal) });
    }
}
