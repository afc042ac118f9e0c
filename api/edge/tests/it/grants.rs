//! Grant sets for tests, and what a running HAProxy holds of them.

use crate::gateway::{Door, hash};
use std::collections::BTreeMap;
use suiftly_edge::maps::{MARK_KEY, MapName, Maps, Mark};
use suiftly_edge::runtime::RuntimeSocket;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{GrantSet, Head, Root};
use suiftly_schema::view::{AccessGrant, KeyGrant};

/// The server id of the shipped configuration, of region 1.
pub(crate) const SERVER: i16 = 17;

/// An active key for what is behind this door.
pub(crate) fn key(key: &str, customer: i64, door: Door) -> KeyGrant {
    let (network, service) = door.place();
    KeyGrant {
        key_sha256: hash(key),
        customer_id: id(customer),
        service: service_of(service),
        network: Network::from_number(network).unwrap(),
        api_key_fp: 16_801_928,
        key_metadata: 10_496,
        state: KeyLife::Active,
    }
}

/// The customer may use this door's service from anywhere, beyond what any test asks.
pub(crate) fn access(customer: i64, door: Door) -> AccessGrant {
    AccessGrant {
        customer_id: id(customer),
        service: service_of(door.place().1),
        is_enabled: true,
        state: SpendState::Active,
        guaranteed_per_second: 1_000_000,
        burst_per_second: 1_000_000,
        allowlist: Vec::new(),
    }
}

/// So many customers with two Seal keys each, every third with an allowlist. They begin at 1,000.
pub(crate) fn crowd(customers: i64) -> GrantSet {
    let mut set = GrantSet::default();
    for customer in 1_000..1_000 + customers {
        for n in 0..2 {
            set.put_key(key(&crowd_key(customer, n), customer, Door::Mseal));
        }
        let allowlist =
            if customer % 3 == 0 { vec![format!("10.{}.0.0/15", (customer % 256) & !1)] } else { Vec::new() };
        set.put_access(AccessGrant { allowlist, ..access(customer, Door::Mseal) });
    }
    set
}

/// A key of the crowd.
pub(crate) fn crowd_key(customer: i64, n: u32) -> String {
    format!("{customer}-{n}")
}

/// The head of this set as this version, but for its root, which is no gateway's matter. The gateway has its region for
/// itself.
pub(crate) fn head(version: u64, set: &GrantSet) -> Head {
    Head {
        format: 1,
        era: UnixMillis(1_795_000_000_000),
        version,
        refill: 0,
        root: Root([0; 32]),
        keys: set.key_count() as u64,
        access: set.access_count() as u64,
        epoch: version,
        as_of: UnixMillis(1_795_000_000_000),
        issued_at: UnixMillis(1_795_000_000_000),
        regions: BTreeMap::new(),
    }
}

/// What the running HAProxy has in its maps. Fails if a key is in a map twice.
pub(crate) fn held(runtime: &RuntimeSocket) -> Maps {
    let mut session = runtime.open().unwrap();
    let mut maps = Maps::default();
    for (map, loaded) in MapName::ALL.into_iter().zip(session.maps().unwrap()) {
        let (entries, is_twice) = session.entries(loaded.id).unwrap();
        assert!(!is_twice, "{map:?} has a key twice");
        assert_eq!(entries.len(), loaded.entries, "{map:?} has versions that were never committed");
        *maps.of_mut(map) = entries;
    }
    maps
}

/// What it should have.
pub(crate) fn wanted(set: &GrantSet, head: &Head) -> Maps {
    let mut maps = Maps::render(set, head.share_of(SERVER)).unwrap();
    maps.grants.insert(MARK_KEY.to_owned(), Mark::of(head).to_string());
    maps
}

fn id(customer: i64) -> CustomerId {
    CustomerId::new(customer).unwrap()
}

fn service_of(number: u8) -> Service {
    Service::from_number(number).unwrap()
}
