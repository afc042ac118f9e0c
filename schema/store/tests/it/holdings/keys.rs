//! API keys: made within their slots and rate, kept sealed, shown on record, and nobody else's.

use super::{Desk, act, after_s, key, pro};
use std::collections::BTreeSet;
use suiftly_schema::api_key::ApiKey;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::reference::{AccountStatus, KeyLife};
use suiftly_schema::sealed::Keyring;
use suiftly_schema::subscription::Subscription;
use suiftly_store::accounts::{KeyListQuery, KeyMaker, KeyRefused, NewKey, NotNow, Slots};
use tokio::task::JoinSet;

pub(super) fn all() -> KeyListQuery {
    KeyListQuery { limit: 200, ..KeyListQuery::default() }
}

fn full(used: u32, allowed: u32, subscription: Subscription) -> KeyRefused {
    KeyRefused::Full { service: Service::Grpc, slots: Slots { used, allowed }, subscription }
}

#[tokio::test]
async fn a_key_is_shown_when_it_is_made_and_on_record() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro())]).await;
    desk.forget_outbox().await;
    let issued = desk.create(customer, &key(Service::Grpc, "Prod"), 0).await.unwrap();
    let claims = issued.key.verify(&desk.secret).unwrap();
    assert_eq!(
        (claims.customer_id, claims.service, claims.metadata.network()),
        (customer, Service::Grpc, Network::Mainnet)
    );
    assert_eq!((issued.row.state, issued.row.name.as_str()), (KeyLife::Active, "Prod"));
    assert_eq!(issued.row.prefix, &issued.key.reveal()[..8]);

    // Gateways know it by its hash: they are told in the same transaction.
    let told = desk.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["kind"], &told[0]["state"]), (&"key".into(), &"active".into()));
    assert_eq!(told[0]["key_sha256"], issued.key.sha256_hex());

    let revealed = desk.store.reveal_key(customer, desk.maker(), issued.row.id, &after_s(5)).await.unwrap().unwrap();
    assert_eq!(revealed, issued);
    let log = desk.activity(customer).await;
    let log: Vec<_> = log.iter().map(|row| (row.action.as_str(), row.target.as_deref(), row.at)).collect();
    let prefix = Some(issued.row.prefix.as_str());
    assert_eq!(log[1..], [("key.create", prefix, act().at), ("key.reveal", prefix, after_s(5).at)]);
    let listed = desk.store.keys(customer, &all()).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&issued.row));
    let shown = format!("{listed:?} {issued:?}");
    assert!(shown.contains(&issued.row.prefix) && !shown.contains(&issued.key.reveal()[..9]), "{shown}");
}

#[tokio::test]
async fn what_is_at_rest_says_nothing_and_opens_in_its_place_alone() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro())]).await;
    let other = desk.subscriber(8, &[(Service::Grpc, pro())]).await;
    let mine = desk.create(customer, &key(Service::Grpc, ""), 0).await.unwrap();
    let theirs = desk.create(other, &key(Service::Grpc, ""), 0).await.unwrap();
    let sealed = desk.client.query("SELECT sealed_key FROM api_keys ORDER BY id", &[]).await.unwrap();
    for (row, issued) in sealed.iter().zip([&mine, &theirs]) {
        let bytes: &[u8] = row.get(0);
        for part in issued.key.reveal().as_bytes().windows(4) {
            assert!(!bytes.windows(4).any(|window| window == part), "a part of the key stands in what is sealed");
        }
    }
    // No row of any table has it in full.
    let dump = desk
        .texts("SELECT row_to_json(k)::text FROM api_keys k UNION ALL SELECT row_to_json(a)::text FROM activity a \
            UNION ALL SELECT row_to_json(o)::text FROM outbox o UNION ALL SELECT row_to_json(d)::text FROM deliveries d")
        .await
        .join("\n");
    assert!(!dump.contains(mine.key.reveal()) && dump.contains(&mine.row.prefix));

    let swap = "UPDATE api_keys SET sealed_key = (SELECT sealed_key FROM api_keys WHERE customer_id = 8) WHERE customer_id = 7";
    desk.client.batch_execute(swap).await.unwrap();
    let error = desk.store.reveal_key(customer, desk.maker(), mine.row.id, &act()).await.unwrap_err().to_string();
    assert!(error.contains("stands elsewhere"), "{error}");
    let strange = Keyring::of(vec![(1, [1; 32])]).unwrap();
    let maker = KeyMaker { at_rest: &strange, ..desk.maker() };
    assert!(desk.store.reveal_key(other, maker, theirs.row.id, &act()).await.is_err());
    assert!(!desk.actions(customer).await.contains(&"key.reveal".to_owned()), "what was not shown is not on record");
}

#[tokio::test]
async fn keys_of_before_they_were_kept_are_not_shown() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro())]).await;
    let issued = desk.create(customer, &key(Service::Grpc, ""), 0).await.unwrap();
    desk.client.batch_execute("UPDATE api_keys SET sealed_key = NULL").await.unwrap();
    let refused = desk.store.reveal_key(customer, desk.maker(), issued.row.id, &act()).await.unwrap();
    assert_eq!(refused, Err(KeyRefused::NotKept));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_no_more_are_made_than_there_are_slots() {
    let desk = Desk::open().await;
    let two = pro();
    let customer = desk.subscriber(7, &[(Service::Grpc, two)]).await;
    let mut creations = JoinSet::new();
    for n in 0..20 {
        let (store, secret, at_rest) = (desk.store.clone(), desk.secret.clone(), desk.at_rest.clone());
        creations.spawn(async move {
            let maker = KeyMaker { secret: &secret, at_rest: &at_rest };
            store.create_key(customer, maker, &key(Service::Grpc, &n.to_string()), &act()).await.unwrap()
        });
    }
    let answers = creations.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refused, full(2, 2, two));
    }
    assert_eq!(desk.count("SELECT count(*) FROM api_keys").await, 2);
    assert_eq!(desk.actions(customer).await.len(), 3, "one enable, two keys");
}

#[tokio::test]
async fn revoked_keys_keep_their_slots_and_deleted_ones_do_not() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro()), (Service::Seal, pro())]).await;
    let new = key(Service::Grpc, "");
    let one = desk.create(customer, &new, 0).await.unwrap().row.id;
    let two = desk.create(customer, &new, 0).await.unwrap().row.id;
    let revoked = desk.store.revoke_key(customer, one, &after_s(1)).await.unwrap().unwrap();
    assert_eq!((revoked.state, revoked.revoked_at), (KeyLife::Revoked, Some(after_s(1).at)));
    assert_eq!(
        desk.store.revoke_key(customer, one, &after_s(2)).await.unwrap(),
        Ok(revoked),
        "done twice it is as once"
    );
    assert_eq!(desk.create(customer, &new, 0).await, Err(full(2, 2, pro())));
    desk.create(customer, &key(Service::Seal, ""), 0).await.expect("slots are each service's own");
    let enabled = desk.store.enable_key(customer, one, &act()).await.unwrap().unwrap();
    assert_eq!((enabled.state, enabled.revoked_at), (KeyLife::Active, None));

    desk.forget_outbox().await;
    desk.store.delete_key(customer, two, &act()).await.unwrap().unwrap();
    assert_eq!(desk.told().await[0]["state"], "deleted");
    assert_eq!(desk.count("SELECT count(*) FROM api_keys WHERE state = 'deleted' AND sealed_key IS NULL").await, 1);
    desk.create(customer, &new, 0).await.unwrap();
    for refused in [
        desk.store.enable_key(customer, two, &act()).await.unwrap().map(|_| ()),
        desk.store.revoke_key(customer, two, &act()).await.unwrap().map(|_| ()),
        desk.store.rename_key(customer, two, "x", &act()).await.unwrap().map(|_| ()),
        desk.store.delete_key(customer, two, &act()).await.unwrap(),
        desk.store.reveal_key(customer, desk.maker(), two, &act()).await.unwrap().map(|_| ()),
    ] {
        assert_eq!(refused, Err(KeyRefused::None), "deleted is for good");
    }
    let actions = desk.actions(customer).await;
    let of = |action: &str| actions.iter().filter(|one| *one == action).count();
    assert_eq!((of("key.revoke"), of("key.enable"), of("key.delete"), of("key.create")), (1, 1, 1, 4));
}

#[tokio::test]
async fn five_are_made_an_hour_and_the_sixth_waits() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, Subscription { extra_api_keys: 8, ..pro() })]).await;
    let other = desk.subscriber(8, &[(Service::Grpc, pro())]).await;
    let new = key(Service::Grpc, "");
    let first = desk.create(customer, &new, 0).await.unwrap().row.id;
    for at_s in [600, 1200, 1800] {
        desk.create(customer, &new, at_s).await.unwrap();
    }
    // A regeneration counts, and deleting brings nothing back.
    desk.store.regenerate_key(customer, desk.maker(), first, 0, &after_s(2400)).await.unwrap().unwrap();
    desk.store.delete_key(customer, first, &after_s(2400)).await.unwrap().unwrap();
    for (at_s, wait_s) in [(2400, 1200), (3599, 1)] {
        assert_eq!(desk.create(customer, &new, at_s).await, Err(KeyRefused::TooMany { wait_s }), "{at_s}");
    }
    desk.create(other, &new, 2400).await.expect("the rate is each customer's own");
    desk.create(customer, &new, 3600).await.expect("the first is an hour old");
    assert_eq!(desk.create(customer, &new, 3600).await, Err(KeyRefused::TooMany { wait_s: 600 }));
}

#[tokio::test]
async fn keys_are_for_services_that_are_enabled_and_accounts_that_are_active() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro())]).await;
    let issued = desk.create(customer, &key(Service::Grpc, ""), 0).await.unwrap();
    let not_enabled = KeyRefused::NotNow(NotNow::NotEnabled { service: Service::Seal });
    assert_eq!(desk.create(customer, &key(Service::Seal, ""), 0).await, Err(not_enabled));
    let refused = |status| Err(KeyRefused::NotNow(NotNow::NotActive { status }));
    for (set, status) in [
        ("UPDATE customers SET status = 'suspended'", AccountStatus::Suspended),
        ("UPDATE customers SET status = 'active', closing_at = now()", AccountStatus::Closed),
        ("UPDATE customers SET status = 'closed', closing_at = NULL", AccountStatus::Closed),
    ] {
        desk.client.batch_execute(set).await.unwrap();
        assert_eq!(desk.create(customer, &key(Service::Grpc, ""), 0).await, refused(status), "{set}");
        let again = desk.store.regenerate_key(customer, desk.maker(), issued.row.id, 0, &act()).await.unwrap();
        assert_eq!(again, refused(status), "{set}");
    }
    desk.store.revoke_key(customer, issued.row.id, &act()).await.unwrap().expect("what takes away is always taken");
    let enabled = desk.store.enable_key(customer, issued.row.id, &act()).await.unwrap();
    assert_eq!(enabled.map(|_| ()), Err(KeyRefused::NotNow(NotNow::NotActive { status: AccountStatus::Closed })));
}

#[tokio::test]
async fn another_customers_keys_are_not_there() {
    let desk = Desk::open().await;
    let customer = desk.subscriber(7, &[(Service::Grpc, pro())]).await;
    let other = desk.subscriber(8, &[(Service::Grpc, pro())]).await;
    let id = desk.create(other, &key(Service::Grpc, "theirs"), 0).await.unwrap().row.id;
    let (store, maker) = (&desk.store, desk.maker());
    for refused in [
        store.reveal_key(customer, maker, id, &act()).await.unwrap().map(|_| ()),
        store.regenerate_key(customer, maker, id, 0, &act()).await.unwrap().map(|_| ()),
        store.revoke_key(customer, id, &act()).await.unwrap().map(|_| ()),
        store.enable_key(customer, id, &act()).await.unwrap().map(|_| ()),
        store.rename_key(customer, id, "mine", &act()).await.unwrap().map(|_| ()),
        store.delete_key(customer, id, &act()).await.unwrap(),
    ] {
        assert_eq!(refused, Err(KeyRefused::None));
    }
    assert_eq!(store.key(customer, id).await.unwrap(), None);
    assert_eq!(store.keys(customer, &all()).await.unwrap(), []);
    let theirs = store.key(other, id).await.unwrap().unwrap();
    assert_eq!((theirs.name.as_str(), theirs.state), ("theirs", KeyLife::Active));
}

#[tokio::test]
async fn pages_go_through_all_keys_once() {
    let desk = Desk::open().await;
    let five = Subscription { extra_api_keys: 3, ..pro() };
    let customer = desk.subscriber(7, &[(Service::Grpc, five), (Service::Seal, pro())]).await;
    let mut made = BTreeSet::new();
    for n in 0..4 {
        made.insert(desk.create(customer, &key(Service::Grpc, &n.to_string()), 0).await.unwrap().row.id);
    }
    let seal = NewKey { network: Network::Testnet, ..key(Service::Seal, "s") };
    let seal = desk.create(customer, &seal, 0).await.unwrap().row;
    assert_eq!((seal.service, seal.network), (Service::Seal, Network::Testnet));
    let (mut seen, mut after) = (BTreeSet::new(), None);
    loop {
        let query = KeyListQuery { service: Some(Service::Grpc), after, limit: 3 };
        let page = desk.store.keys(customer, &query).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        page.iter().for_each(|key| assert!(seen.insert(key.id)));
    }
    assert_eq!(seen, made);
    let key = ApiKey::parse("SAECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV5").unwrap();
    assert!(desk.store.keys(customer, &all()).await.unwrap().iter().all(|row| row.fingerprint != key.fingerprint()));
}
