//! Seal keys and packages: within their limits, sealed, with indices that are never used again.

use super::{Desk, act, pro};
use data_encoding::HEXLOWER;
use std::collections::BTreeSet;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::seal_key::SealKey;
use suiftly_schema::subscription::{Order, Subscription};
use suiftly_store::accounts::{
    NewPackage, NotNow, PackageRefused, PackageRow, SealKeyChange, SealKeyRefused, SealKeyRow, Slots,
};
use tokio::task::JoinSet;

fn subscription(extra_seal_keys: u32, extra_packages: u32) -> Subscription {
    Subscription { extra_seal_keys, extra_packages, ..pro() }
}

async fn create(desk: &Desk, customer: CustomerId) -> Result<SealKeyRow, SealKeyRefused> {
    desk.store.create_seal_key(customer, &desk.at_rest, "", &act()).await.unwrap()
}

async fn add(desk: &Desk, customer: CustomerId, key: i64, n: u64) -> Result<PackageRow, PackageRefused> {
    let new = NewPackage { address: format!("0x{n:064x}"), name: format!("P{n}") };
    desk.store.add_package(customer, key, &new, &act()).await.unwrap()
}

#[tokio::test]
async fn the_private_part_is_sealed_and_is_that_of_the_public_one() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Seal, pro())]).await;
    let row = create(&desk, customer).await.unwrap();
    assert_eq!((row.index, row.is_enabled, row.packages), (0, true, 0));
    let stored = desk.client.query_one("SELECT sealed_key, public_key FROM seal_keys", &[]).await.unwrap();
    let sealed: &[u8] = stored.get(0);
    let private = desk.at_rest.open(sealed, "seal_key:7:0").unwrap();
    assert_eq!(SealKey::from_private(&private).unwrap().public_key(), row.public_key);
    assert_eq!(stored.get::<_, &[u8]>(1), row.public_key);
    assert!(!sealed.windows(8).any(|window| private.windows(8).any(|part| part == window)));
    for place in ["seal_key:8:0", "seal_key:7:1", "api_key:7:0"] {
        assert!(desk.at_rest.open(sealed, place).is_err(), "{place}");
    }
    let log = desk.activity(customer).await.pop().unwrap();
    assert_eq!((log.action.as_str(), log.target.as_deref()), ("seal_key.create", Some("seal key 0")));
    assert!(!format!("{log:?}").contains(&HEXLOWER.encode(&private)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_used_once_whoever_comes_at_once() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Seal, subscription(3, 0))]).await;
    let other = desk.subscriber(8, &[(Service::Seal, subscription(0, 0))]).await;
    let mut seen = BTreeSet::new();
    for round in 0..5 {
        let mut creations = JoinSet::new();
        for _ in 0..12 {
            let (store, at_rest) = (desk.store.clone(), desk.at_rest.clone());
            creations.spawn(async move { store.create_seal_key(customer, &at_rest, "", &act()).await.unwrap() });
        }
        let answers = creations.join_all().await;
        let made: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(made.len(), if round == 0 { 4 } else { 2 }, "as many as there is room for");
        for key in &made {
            assert!(seen.insert(key.index), "index {} came twice", key.index);
        }
        // Half of them go: their indices stay used.
        let keys = desk.store.seal_keys(customer).await.unwrap();
        for key in keys.iter().take(2) {
            desk.store.delete_seal_key(customer, key.id, &act()).await.unwrap().unwrap();
        }
    }
    assert_eq!(seen, (0..12).collect(), "without a gap: refused ones take none");
    assert_eq!(create(&desk, other).await.unwrap().index, 0, "indices are each customer's own");
}

#[tokio::test]
async fn there_are_as_many_as_are_paid_for() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro())]).await;
    let not_enabled = NotNow::NotEnabled { service: Service::Seal };
    assert_eq!(create(&desk, customer).await, Err(not_enabled.into()));
    let one = subscription(0, 0);
    let order =
        async |order: Order| desk.store.order_service(customer, Service::Seal, &order, None, &act()).await.unwrap();
    order(Order::Enable(one)).await.unwrap();
    let first = create(&desk, customer).await.unwrap();
    let slots = Slots { used: 1, allowed: 1 };
    assert_eq!(create(&desk, customer).await, Err(SealKeyRefused::Full { slots, subscription: one }));
    order(Order::Change(subscription(9, 0))).await.unwrap();
    for _ in 1..10 {
        create(&desk, customer).await.unwrap();
    }
    assert!(create(&desk, customer).await.is_err());
    desk.store.delete_seal_key(customer, first.id, &act()).await.unwrap().unwrap();
    assert_eq!(create(&desk, customer).await.unwrap().index, 10);
}

#[tokio::test]
async fn packages_are_three_a_key_and_extras_over_all() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Seal, subscription(1, 8))]).await;
    let [one, two] = [create(&desk, customer).await.unwrap().id, create(&desk, customer).await.unwrap().id];
    for n in 1..=10 {
        add(&desk, customer, one, n).await.unwrap();
    }
    assert_eq!(add(&desk, customer, one, 11).await, Err(PackageRefused::KeyFull));
    for n in 1..=4 {
        add(&desk, customer, two, n).await.expect("the same address under another key, the last one as an extra");
    }
    let slots = Slots { used: 8, allowed: 8 };
    let subscription = subscription(1, 8);
    assert_eq!(add(&desk, customer, two, 5).await, Err(PackageRefused::Full { slots, subscription }));
    let packages = desk.store.packages(customer, one).await.unwrap().unwrap();
    assert_eq!(add(&desk, customer, one, 3).await, Err(PackageRefused::Exists { id: packages[2].id }));
    desk.store.delete_package(customer, (one, packages[2].id), &act()).await.unwrap().unwrap();
    add(&desk, customer, two, 5).await.expect("there is room for an extra again");
    assert!(matches!(add(&desk, customer, one, 3).await, Err(PackageRefused::Full { .. })));
    desk.store.delete_seal_key(customer, two, &act()).await.unwrap().unwrap();
    assert_eq!(desk.store.packages(customer, two).await.unwrap(), None);
    add(&desk, customer, one, 3).await.unwrap();
    let seal = &desk.store.services(customer).await.unwrap().services[0];
    assert_eq!((seal.usable_packages, seal.extra_packages), (10, Slots { used: 7, allowed: 8 }));
}

#[tokio::test]
async fn names_and_switches_are_changed_and_recorded_once() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Seal, pro())]).await;
    let key = create(&desk, customer).await.unwrap().id;
    let package = add(&desk, customer, key, 2).await.unwrap().id;
    let off = SealKeyChange { name: Some("Vault".to_owned()), is_enabled: Some(false) };
    for _ in 0..2 {
        let changed = desk.store.change_seal_key(customer, key, &off, &act()).await.unwrap().unwrap();
        assert_eq!((changed.name.as_str(), changed.is_enabled, changed.packages), ("Vault", false, 1));
        let changed = desk.store.change_package(customer, (key, package), &off, &act()).await.unwrap().unwrap();
        assert_eq!((changed.name.as_str(), changed.is_enabled), ("Vault", false));
    }
    let on = SealKeyChange { is_enabled: Some(true), name: None };
    desk.store.change_package(customer, (key, package), &on, &act()).await.unwrap().unwrap();
    assert_eq!(desk.store.services(customer).await.unwrap().services[0].usable_packages, 0, "its key is off still");
    desk.store.change_seal_key(customer, key, &on, &act()).await.unwrap().unwrap();
    assert_eq!(desk.store.services(customer).await.unwrap().services[0].usable_packages, 1);
    let expected = [
        "service.enable",
        "seal_key.create",
        "seal_package.add",
        "seal_key.change",
        "seal_package.change",
        "seal_package.change",
        "seal_key.change",
    ];
    assert_eq!(desk.actions(customer).await, expected);
}

#[tokio::test]
async fn another_customers_seal_keys_and_packages_are_not_there() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Seal, pro())]).await;
    let other = desk.subscriber(8, &[(Service::Seal, pro())]).await;
    let mine = create(&desk, customer).await.unwrap().id;
    let theirs = create(&desk, other).await.unwrap().id;
    let package = add(&desk, other, theirs, 2).await.unwrap().id;
    let change = SealKeyChange { name: Some("mine".to_owned()), is_enabled: Some(false) };
    let store = &desk.store;
    assert_eq!(store.seal_key(customer, theirs).await.unwrap(), None);
    assert_eq!(store.packages(customer, theirs).await.unwrap(), None);
    assert_eq!(store.change_seal_key(customer, theirs, &change, &act()).await.unwrap(), Err(SealKeyRefused::None));
    assert_eq!(store.delete_seal_key(customer, theirs, &act()).await.unwrap(), Err(SealKeyRefused::None));
    assert_eq!(add(&desk, customer, theirs, 3).await, Err(PackageRefused::None));
    for key in [mine, theirs] {
        let place = (key, package);
        assert_eq!(store.change_package(customer, place, &change, &act()).await.unwrap(), Err(PackageRefused::None));
        assert_eq!(store.delete_package(customer, place, &act()).await.unwrap(), Err(PackageRefused::None));
    }
    assert_eq!(store.seal_keys(other).await.unwrap()[0].name, "");
    assert_eq!(store.packages(other, theirs).await.unwrap().unwrap().len(), 1);
}
