//! Keys that are replaced: at once or with an overlap, in one slot, and ended when their time is over.

use super::keys::all;
use super::{Desk, act, after_s, key, pro};
use suiftly_schema::ids::Service;
use suiftly_schema::reference::KeyLife;
use suiftly_store::accounts::{ActivityQuery, Actor, KeyRefused, OVERLAP_MAX_S, Slots};

#[tokio::test]
async fn a_key_is_replaced_in_its_slot_and_in_one_transaction() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro())]).await;
    let old = desk.create(customer, &key(Service::Grpc, "Prod"), 0).await.unwrap();
    desk.create(customer, &key(Service::Grpc, "Other"), 0).await.unwrap();
    desk.forget_outbox().await;
    let new = desk.store.regenerate_key(customer, desk.maker(), old.row.id, 0, &after_s(9)).await.unwrap().unwrap();
    assert_ne!(new.key, old.key);
    assert_eq!((new.row.name.as_str(), new.row.network), ("Prod", old.row.network));
    assert_eq!((new.row.metadata, new.row.replaces), (old.row.metadata, Some(old.row.id)));
    let revoked = desk.store.key(customer, old.row.id).await.unwrap().unwrap();
    assert_eq!((revoked.state, revoked.revoked_at), (KeyLife::Revoked, Some(after_s(9).at)));
    let told = desk.told().await;
    let states: Vec<_> = told.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["active", "revoked"]);

    // All slots are taken: by the new one and the other. The old one has none of its own.
    let refused = desk.store.enable_key(customer, old.row.id, &act()).await.unwrap().unwrap_err();
    assert!(matches!(refused, KeyRefused::Full { slots: Slots { used: 2, allowed: 2 }, .. }), "{refused}");
    let twice = desk.store.regenerate_key(customer, desk.maker(), old.row.id, 0, &act()).await.unwrap();
    assert_eq!(twice, Err(KeyRefused::Replaced { by: new.row.id }));

    // The one after the next takes the slot further; the first is gone for good.
    let third = desk.store.regenerate_key(customer, desk.maker(), new.row.id, 0, &act()).await.unwrap().unwrap();
    assert_eq!(desk.store.key(customer, old.row.id).await.unwrap(), None);
    assert_eq!(desk.store.keys(customer, &all()).await.unwrap().len(), 3);

    // Without its successor it has the slot itself again.
    desk.store.delete_key(customer, third.row.id, &act()).await.unwrap().unwrap();
    desk.store.enable_key(customer, new.row.id, &act()).await.unwrap().unwrap();
    let grpc = &desk.store.services(customer).await.unwrap().services[1];
    assert_eq!((grpc.api_keys, grpc.active_api_keys), (Slots { used: 2, allowed: 2 }, 2));
}

#[tokio::test]
async fn with_an_overlap_both_work_until_a_job_ends_the_old_one() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro())]).await;
    let old = desk.create(customer, &key(Service::Grpc, ""), 0).await.unwrap();
    let new = desk.store.regenerate_key(customer, desk.maker(), old.row.id, 60, &act()).await.unwrap().unwrap();
    let overlapping = desk.store.key(customer, old.row.id).await.unwrap().unwrap();
    assert_eq!((overlapping.state, overlapping.expires_at), (KeyLife::Active, Some(after_s(60).at)));
    desk.create(customer, &key(Service::Grpc, ""), 0).await.expect("the two have one slot");

    let until = after_s(60).at;
    let twice = desk.store.regenerate_key(customer, desk.maker(), new.row.id, 0, &after_s(30)).await.unwrap();
    assert_eq!(twice, Err(KeyRefused::Overlapping { replaced: old.row.id, until }), "what was promised is kept");

    desk.forget_outbox().await;
    assert_eq!(desk.store.expire_keys(after_s(59).at).await.unwrap(), 0);
    assert_eq!(desk.store.expire_keys(until).await.unwrap(), 1);
    assert_eq!(desk.store.expire_keys(until).await.unwrap(), 0);
    let ended = desk.store.key(customer, old.row.id).await.unwrap().unwrap();
    assert_eq!((ended.state, ended.revoked_at), (KeyLife::Revoked, Some(until)));
    let told = desk.told().await;
    assert_eq!((told.len(), &told[0]["state"]), (1, &"revoked".into()));
    let query = ActivityQuery {
        customer: Some(customer),
        action: Some("key.expire".to_owned()),
        limit: 9,
        ..ActivityQuery::default()
    };
    let log = desk.store.activity(&query).await.unwrap();
    assert_eq!(log.len(), 1);
    let Actor::System { part } = (Actor::System { part: "expire_keys" }) else { unreachable!() };
    assert_eq!(
        (log[0].actor_kind.as_str(), log[0].actor.as_str(), log[0].target.as_deref()),
        ("system", part, Some(old.row.prefix.as_str()))
    );
}

#[tokio::test]
async fn an_overlap_ends_early_or_never_as_its_owner_says() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro())]).await;
    let old = desk.create(customer, &key(Service::Grpc, ""), 0).await.unwrap().row.id;
    desk.store.regenerate_key(customer, desk.maker(), old, OVERLAP_MAX_S, &act()).await.unwrap().unwrap();
    let far = after_s(i64::from(OVERLAP_MAX_S));
    let kept = desk.store.enable_key(customer, old, &act()).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.expires_at), (KeyLife::Active, None), "it has a slot of its own now");
    assert_eq!(desk.store.expire_keys(far.at).await.unwrap(), 0);
    assert_eq!(desk.store.services(customer).await.unwrap().services[1].api_keys, Slots { used: 2, allowed: 2 });

    let newer = desk.store.regenerate_key(customer, desk.maker(), old, 60, &act()).await.unwrap().unwrap();
    desk.store.revoke_key(customer, old, &after_s(1)).await.unwrap().unwrap();
    assert_eq!(desk.store.expire_keys(far.at).await.unwrap(), 0, "revoked is revoked");
    let again = desk.store.regenerate_key(customer, desk.maker(), newer.row.id, 3600, &act()).await.unwrap().unwrap();
    assert_eq!(again.row.replaces, Some(newer.row.id));
    let revoked = desk.store.revoke_key(customer, again.row.id, &act()).await.unwrap().unwrap();
    // A revoked key is replaced by one that works, and stays revoked whatever the overlap.
    let last = desk.store.regenerate_key(customer, desk.maker(), revoked.id, 0, &act()).await.unwrap();
    let refused = last.expect_err("its predecessor goes on still");
    assert!(matches!(refused, KeyRefused::Overlapping { .. }), "{refused}");
}
