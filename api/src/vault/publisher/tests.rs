use super::*;
use crate::fleet::ExpectedEdge;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::vault::{Assembler, Frame, GrantSet};

#[derive(Default)]
struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }
}

fn signer() -> SigningKeys {
    SigningKeys::parse(&format!("1 {}", "07".repeat(32))).unwrap()
}

/// With two gateways in region 1, whose canaries are in every set.
fn publisher(start: Start, frozen: Option<Freeze>, now: i64) -> Publisher {
    let edge = |name: &str, server: i16, token: u8| ExpectedEdge {
        name: name.to_owned(),
        servers: vec![server],
        token_sha256: [token; 32],
        is_implied: false,
    };
    let fleet = Arc::new(Fleet::new(vec![edge("a", 17, 1), edge("b", 18, 2)], UnixMillis(now)));
    let config = PublisherConfig {
        coalesce: COALESCE_DEFAULT,
        keys: signer(),
        regions: fleet.regions(),
        canaries: super::super::canary::keys(&SECRET, &fleet.servers()),
        clock: Arc::new(MovedClock(now.into())),
    };
    Publisher::new(config, start, frozen, fleet)
}

const SECRET: suiftly_schema::api_key::ApiKeySecret = suiftly_schema::api_key::ApiKeySecret::new([7; 32]);

fn opened(start: Start) -> Publisher {
    let publisher = publisher(start, None, 1_000);
    publisher.open();
    publisher.publish_now();
    publisher
}

fn key(n: u16, state: KeyLife) -> KeyGrant {
    KeyGrant {
        key_sha256: format!("{:064X}", u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_9e37_79b9_7f4a_7c15)),
        customer_id: CustomerId::new(i64::from(n) + 1).unwrap(),
        service: Service::Seal,
        network: Network::Mainnet,
        api_key_fp: n.into(),
        key_metadata: 10_496,
        state,
    }
}

fn access(n: u16, state: SpendState) -> AccessGrant {
    AccessGrant {
        customer_id: CustomerId::new(i64::from(n) + 1).unwrap(),
        service: Service::Seal,
        is_enabled: true,
        state,
        guaranteed_per_second: 50,
        burst_per_second: 100,
        allowlist: Vec::new(),
    }
}

/// The rows that the views have, and what an epoch makes of them.
#[derive(Clone, Debug, Default)]
struct View {
    keys: BTreeMap<u16, KeyGrant>,
    access: BTreeMap<u16, AccessGrant>,
}

type Deltas = (Vec<(KeyGrant, i8)>, Vec<(AccessGrant, i8)>);

impl View {
    fn set(&self, canaries: &[suiftly_schema::vault::KeyOfCanary]) -> GrantSet {
        let (keys, access) = super::super::canary::rows(canaries);
        GrantSet::of(self.keys.values().cloned().chain(keys), self.access.values().cloned().chain(access))
    }

    /// What leads from here to there, consolidated.
    fn to(&self, newer: &Self) -> Deltas {
        (differences(&self.keys, &newer.keys), differences(&self.access, &newer.access))
    }
}

fn differences<V: Clone + PartialEq>(old: &BTreeMap<u16, V>, new: &BTreeMap<u16, V>) -> Vec<(V, i8)> {
    let gone = old.iter().filter(|(n, row)| new.get(n) != Some(*row)).map(|(_, row)| (row.clone(), -1));
    let come = new.iter().filter(|(n, row)| old.get(n) != Some(*row)).map(|(_, row)| (row.clone(), 1));
    gone.chain(come).collect()
}

fn views() -> impl Strategy<Value = Vec<(View, bool, u64)>> {
    let life = prop_oneof![Just(KeyLife::Active), Just(KeyLife::Revoked)];
    let state = prop_oneof![Just(SpendState::Active), Just(SpendState::MonthlyLimit)];
    let keys = prop::collection::btree_map(0u16..30, life, 0..20);
    let access_rows = prop::collection::btree_map(0u16..30, state, 0..20);
    let view = (keys, access_rows).prop_map(|(keys, rows)| View {
        keys: keys.into_iter().map(|(n, life)| (n, key(n, life))).collect(),
        access: rows.into_iter().map(|(n, state)| (n, access(n, state))).collect(),
    });
    prop::collection::vec((view, any::<bool>(), any::<u64>()), 1..12)
}

/// Another order of the same.
fn shuffled<T>(mut rows: Vec<T>, seed: u64) -> Vec<T> {
    for at in (1..rows.len()).rev() {
        let other = seed.wrapping_mul(at as u64 | 1).wrapping_add(seed >> 7) % (at as u64 + 1);
        rows.swap(at, usize::try_from(other).unwrap());
    }
    rows
}

proptest! {
    #[test]
    fn whatever_the_order_of_deltas_the_set_is_the_views_and_every_remembered_root_leads_to_it(steps in views()) {
        let publisher = opened(Start::default());
        let canaries = super::super::canary::keys(&SECRET, &[17, 18]);
        let mut view = View::default();
        let mut edges = vec![publisher.current().unwrap()];
        for (epoch, (next, is_published, seed)) in steps.into_iter().enumerate() {
            let (keys, access) = view.to(&next);
            publisher.apply(epoch as u64, UnixMillis(0), &shuffled(keys, seed), &shuffled(access, seed));
            view = next;
            if is_published {
                publisher.publish_now();
                edges.push(publisher.current().unwrap());
            }
        }
        publisher.publish_now();
        let current = publisher.current().unwrap();
        prop_assert_eq!(&current.set, &view.set(&canaries));
        prop_assert_eq!(current.head.root, view.set(&canaries).root());
        for held in edges {
            let mut assembler = Assembler::new(signer().public());
            assembler.hold(&held.signed, held.set.clone()).unwrap();
            let from = publisher.remembered(held.head.root).unwrap();
            let changes = from.set.changes_to(&current.set);
            let frame = Frame::Changes { from: held.head.root, head: current.signed.clone(), changes };
            let received = assembler.take(frame).unwrap();
            prop_assert_eq!(received.is_none(), held.head == current.head);
            prop_assert_eq!(assembler.held().unwrap().1, &current.set);
        }
    }
}

#[test]
fn nothing_is_published_before_the_journal_is_in() {
    let publisher = publisher(Start::default(), None, 5);
    publisher.apply(1, UnixMillis(1), &[(key(1, KeyLife::Active), 1)], &[]);
    publisher.publish_now();
    assert!(publisher.current().is_none());
    assert_eq!(publisher.push(), Err(FreezeRefused::NothingYet));
    publisher.open();
    publisher.publish_now();
    let current = publisher.current().unwrap();
    assert_eq!((current.head.version, current.head.epoch, current.head.era), (1, 1, UnixMillis(5)));
    assert_eq!(current.head.regions, BTreeMap::from([(1, 2)]));
    assert_eq!(current.signed.verify(&signer().public()).as_ref(), Ok(&current.head));
    assert_eq!(current.described.counts, BTreeMap::from([("issued".to_owned(), 1)]));
}

#[test]
fn what_changes_nothing_is_no_version_and_a_push_is_one() {
    let publisher = opened(Start::default());
    publisher.apply(2, UnixMillis(2), &[], &[]);
    let (come, gone) = ((key(1, KeyLife::Active), 1), (key(1, KeyLife::Active), -1));
    publisher.apply(3, UnixMillis(3), std::slice::from_ref(&come), &[]);
    publisher.apply(4, UnixMillis(4), std::slice::from_ref(&gone), &[]);
    publisher.publish_now();
    assert_eq!((publisher.version(), publisher.waiting()), (1, 0));
    publisher.push().unwrap();
    publisher.publish_now();
    let pushed = publisher.current().unwrap();
    assert_eq!((pushed.head.version, pushed.head.refill), (2, 2));
    publisher.apply(5, UnixMillis(5), &[come], &[]);
    publisher.publish_now();
    let head = &publisher.current().unwrap().head;
    assert_eq!((head.version, head.refill, head.epoch), (3, 2, 5), "it is demanded once");
}

#[test]
fn a_restart_with_the_same_rows_is_a_new_era_of_the_same_root() {
    let first = opened(Start { key_grants: vec![key(1, KeyLife::Active)], ..Start::default() });
    let held = first.current().unwrap();
    let start = Start {
        key_grants: vec![key(1, KeyLife::Active)],
        last: (held.head.era, held.head.version),
        held: Some((held.head.clone(), held.signed.clone(), held.set.clone())),
        ..Start::default()
    };
    // The clock has not moved, or was set back: the era is later all the same.
    let second = publisher(start, None, 0);
    assert!(second.current().is_none(), "what was in force is of another era");
    second.open();
    second.publish_now();
    let current = second.current().unwrap();
    assert_eq!((current.head.root, current.head.version), (held.head.root, 2));
    assert!(current.head.is_newer_than(&held.head) && current.described == Described::default());
    let from = second.remembered(held.head.root).unwrap();
    assert!(from.set.changes_to(&current.set).is_empty());
    // One that has lost its numbers, but not its clock.
    let third = opened(Start { key_grants: vec![key(1, KeyLife::Active)], ..Start::default() });
    assert_eq!(third.version(), 1);
}

#[test]
fn frozen_it_stays_over_a_restart_and_a_thaw_publishes_what_waited() {
    let freeze = || Freeze { at: UnixMillis(9), by: "ann".to_owned(), reason: "a bad price book".to_owned() };
    let first = opened(Start::default());
    assert_eq!(first.freeze(freeze(), 7), Err(FreezeRefused::OtherVersion { in_force: 1 }));
    first.freeze(freeze(), 1).unwrap();
    assert_eq!(first.freeze(freeze(), 1), Err(FreezeRefused::Frozen));
    let customer = key(1, KeyLife::Active).customer_id;
    first.apply(2, UnixMillis(2), &[(key(1, KeyLife::Active), 1)], &[]);
    first.publish_now();
    assert_eq!((first.version(), first.waiting(), first.push()), (1, 1, Err(FreezeRefused::Frozen)));
    assert!(first.is_waiting((customer, Service::Seal)) && !first.is_waiting((customer, Service::Grpc)));

    let held = first.current().unwrap();
    let start = Start {
        key_grants: vec![key(1, KeyLife::Active)],
        held: Some((held.head.clone(), held.signed.clone(), held.set.clone())),
        ..Start::default()
    };
    let second = publisher(start, Some(freeze()), 2_000);
    second.open();
    second.publish_now();
    assert_eq!(second.current().unwrap().signed, held.signed, "the very version");
    assert_eq!(second.frozen(), Some(freeze()));
    assert_eq!(second.thaw(2), Err(FreezeRefused::OtherVersion { in_force: 1 }));
    second.thaw(1).unwrap();
    second.publish_now();
    let current = second.current().unwrap();
    assert_eq!(current.described.counts, BTreeMap::from([("issued".to_owned(), 1)]));
    assert!(current.head.is_newer_than(&held.head) && current.head.version == 2);
    assert_eq!(second.thaw(2), Err(FreezeRefused::NotFrozen));

    // The directory is lost: nothing is published, and nobody can say what is in force.
    let third = publisher(Start::default(), Some(freeze()), 3_000);
    third.open();
    third.publish_now();
    assert!(third.current().is_none());
    third.thaw(0).unwrap();
    third.publish_now();
    assert_eq!(third.version(), 1);
}

#[test]
fn a_thread_publishes_by_itself_and_ends() {
    let publisher = publisher(Start::default(), None, 1);
    let mut watch = publisher.watch();
    let runs = publisher.clone();
    let thread = std::thread::spawn(move || runs.run());
    publisher.open();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let wait = std::time::Duration::from_secs(60);
    let mut until = |version: u64| {
        let reached = watch.wait_for(|current| current.as_ref().is_some_and(|of| of.head.version >= version));
        runtime.block_on(async { tokio::time::timeout(wait, reached).await.unwrap().unwrap().clone().unwrap() })
    };
    until(1);
    publisher.apply(1, UnixMillis(1), &[(key(1, KeyLife::Active), 1)], &[(access(1, SpendState::Active), 1)]);
    assert!(until(2).set.key(&key(1, KeyLife::Active).key_sha256).is_some());
    publisher.end();
    thread.join().unwrap();
}

#[test]
fn what_is_remembered_is_bounded() {
    let publisher = opened(Start::default());
    let first = publisher.current().unwrap().head.root;
    for n in 0..u16::try_from(super::super::VERSIONS_REMEMBERED).unwrap() {
        publisher.apply(n.into(), UnixMillis(0), &[(key(n, KeyLife::Active), 1)], &[]);
        publisher.publish_now();
    }
    assert!(publisher.remembered(first).is_none());
    let (from, to) = publisher.remembered_span().unwrap();
    assert_eq!((to - from + 1, to), (super::super::VERSIONS_REMEMBERED as u64, publisher.version()));
    // One that changes too much leads nowhere but to itself.
    let too_many = u16::try_from(super::super::ROWS_REMEMBERED).unwrap() + 1;
    let many: Vec<_> = (0..too_many).map(|n| (access(n, SpendState::Active), 1)).collect();
    publisher.apply(1, UnixMillis(0), &[], &many);
    publisher.publish_now();
    assert_eq!(publisher.remembered_span(), Some((publisher.version(), publisher.version())));
}

#[test]
fn rows_that_are_read_anew_take_the_place_of_what_deltas_made() {
    let start = Start { key_grants: vec![key(1, KeyLife::Active)], access_grants: vec![], ..Start::default() };
    let publisher = opened(start);
    let (active, revoked) = (key(1, KeyLife::Active), key(1, KeyLife::Revoked));
    let state_of = || publisher.current().unwrap().set.key(&active.key_sha256).map(|key| key.state);
    assert_eq!((publisher.version(), state_of()), (1, Some(KeyLife::Active)));
    // What came before the rows, and was not published yet, is in them or is out of date.
    publisher.apply(2, UnixMillis(2), &[(active.clone(), -1)], &[]);
    publisher.read_anew(5, UnixMillis(5), vec![revoked.clone()], vec![]);
    publisher.publish_now();
    let head = publisher.current().unwrap().head.clone();
    assert_eq!((head.version, head.epoch, state_of()), (2, 5, Some(KeyLife::Revoked)));
    assert_eq!(head.keys, 1 + 12, "the canaries of two gateways stay");
    // The same once more makes no version; deltas go on from it.
    publisher.read_anew(6, UnixMillis(6), vec![revoked.clone()], vec![]);
    publisher.publish_now();
    assert_eq!(publisher.version(), 2);
    publisher.apply(7, UnixMillis(7), &[(revoked, -1), (active.clone(), 1)], &[]);
    publisher.publish_now();
    assert_eq!((publisher.version(), state_of()), (3, Some(KeyLife::Active)));
}

#[test]
fn what_was_taken_to_be_published_before_a_reading_is_dropped() {
    let publisher = opened(Start::default());
    let active = key(1, KeyLife::Active);
    publisher.apply(2, UnixMillis(2), &[(active.clone(), 1)], &[]);
    let (updates, demand, at) = begin(&mut publisher.0.state.lock());
    publisher.read_anew(5, UnixMillis(5), vec![], vec![]);
    publisher.publish(updates, demand, at);
    publisher.publish_now();
    assert!(publisher.current().unwrap().set.key(&active.key_sha256).is_none());
}
