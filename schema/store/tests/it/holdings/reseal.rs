//! What is sealed at rest, sealed anew under another key: all of it, in batches, and what cannot be stays.

use super::{Desk, act, key, now, pro};
use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::sealed::Keyring;
use suiftly_store::accounts::{RESEALED_AT_ONCE, Resealed, SealedKind, SealedPlace, answer_place, webhook_place};

const ANSWER: &[u8] = b"application/json\0{}";

/// Every kind of it, of one customer.
async fn furnish(desk: &Desk) -> CustomerId {
    let customer = desk.subscriber(7, &[(Service::Grpc, pro()), (Service::Seal, pro())]).await;
    desk.create(customer, &key(Service::Grpc, "a"), 0).await.unwrap();
    desk.create(customer, &key(Service::Seal, "b"), 1).await.unwrap();
    desk.store.create_seal_key(customer, &desk.at_rest, "s", &act()).await.unwrap().unwrap();
    let seal = |place: &str| desk.at_rest.seal(b"whsec", place, [3; 12]);
    let events = ["*".to_owned()];
    let hook = desk.store.create_webhook(customer, ("https://example.com/", &events), seal, &act()).await.unwrap();
    let id = hook.unwrap().id;
    let fresh = desk.at_rest.seal(b"whsec2", &webhook_place(customer, id), [4; 12]);
    desk.store.rotate_webhook(customer, id, &fresh, &act()).await.unwrap().unwrap();
    desk.store.claim_write(customer, "k", &"0".repeat(64), now()).await.unwrap();
    let answer = desk.at_rest.seal(ANSWER, &answer_place(customer, "k"), [5; 12]);
    desk.store.answer_claim(customer, "k", 200, &answer).await.unwrap();
    customer
}

/// All kinds, to the end.
async fn reseal_all(desk: &Desk, ring: &Keyring) -> (u64, u64) {
    let (mut rows, mut unreadable) = (0, 0);
    for kind in SealedKind::ALL {
        let mut after = Some(SealedPlace::default());
        while let Some(place) = after {
            let done = desk.store.reseal(kind, &place, ring).await.unwrap();
            (rows, unreadable, after) = (rows + done.rows, unreadable + done.unreadable, done.next);
        }
    }
    (rows, unreadable)
}

fn rings() -> (Keyring, Keyring) {
    let both = Keyring::of(vec![(2, [8; 32]), (1, [9; 32])]).unwrap();
    (both, Keyring::of(vec![(2, [8; 32])]).unwrap())
}

#[tokio::test]
async fn every_kind_of_it_opens_by_the_new_key_alone() {
    let desk = Desk::open().await;
    let customer = furnish(&desk).await;
    let (both, alone) = rings();
    assert_eq!(desk.store.sealed_by_key().await.unwrap(), BTreeMap::from([(1, 6)]));
    desk.forget_outbox().await;
    assert_eq!(reseal_all(&desk, &both).await, (6, 0));
    assert_eq!(desk.store.sealed_by_key().await.unwrap(), BTreeMap::from([(2, 6)]));
    assert_eq!(reseal_all(&desk, &both).await, (0, 0), "twice");
    assert!(desk.told().await.is_empty(), "gateways need not know");

    let selects = [
        ("SELECT sealed_key, 'api_key:7:' || api_key_fp FROM api_keys", 2),
        ("SELECT sealed_key, 'seal_key:7:' || derivation_index FROM seal_keys", 1),
        ("SELECT sealed_secret, 'webhook:7:' || id FROM webhooks", 1),
        ("SELECT sealed_old, 'webhook:7:' || id FROM webhooks", 1),
        ("SELECT sealed_answer, 'idempotency:7:' || key FROM idempotency_keys", 1),
    ];
    for (select, count) in selects {
        let rows = desk.client.query(select, &[]).await.unwrap();
        assert_eq!(rows.len(), count, "{select}");
        for row in rows {
            let (sealed, place): (&[u8], &str) = (row.get(0), row.get(1));
            let place = if place.starts_with("webhook") { webhook_place(customer, 1) } else { place.to_owned() };
            assert!(alone.open(sealed, &place).is_ok(), "{select} {place}");
        }
    }
}

#[tokio::test]
async fn what_no_key_opens_stays_and_is_counted() {
    let desk = Desk::open().await;
    furnish(&desk).await;
    let damage = "UPDATE seal_keys SET sealed_key = set_byte(sealed_key, 20, get_byte(sealed_key, 20) # 1); \
        UPDATE webhooks SET sealed_old = '\\x09'";
    desk.client.batch_execute(damage).await.unwrap();
    let (both, _) = rings();
    assert_eq!(reseal_all(&desk, &both).await, (4, 2));
    assert_eq!(desk.store.sealed_by_key().await.unwrap(), BTreeMap::from([(0, 1), (1, 1), (2, 4)]));
}

#[tokio::test]
async fn it_goes_on_in_batches_and_passes_over_what_somebody_holds() {
    let desk = Desk::open().await;
    let customer = furnish(&desk).await;
    let rows = RESEALED_AT_ONCE + 10;
    let answer = desk.at_rest.seal(ANSWER, &answer_place(customer, "k"), [5; 12]);
    // Sealed for another place: they do not open, and a batch is no less a batch for it.
    let insert = "INSERT INTO idempotency_keys (customer_id, key, request_sha256, status, sealed_answer, created_at) \
        SELECT 7, 'n' || n, repeat('0', 64), 200, $1, now() FROM generate_series(1, $2) AS n";
    desk.client.execute(insert, &[&answer, &i32::try_from(rows).unwrap()]).await.unwrap();
    let (both, _) = rings();
    let first = desk.store.reseal(SealedKind::Answer, &SealedPlace::default(), &both).await.unwrap();
    assert_eq!(first.rows + first.unreadable, RESEALED_AT_ONCE.unsigned_abs());
    let rest = desk.store.reseal(SealedKind::Answer, &first.next.unwrap(), &both).await.unwrap();
    assert_eq!((first.rows + rest.rows, rest.rows + rest.unreadable, rest.next), (1, 11, None));

    let mut other = desk.database.client().await;
    let held = other.transaction().await.unwrap();
    held.execute("SELECT FROM api_keys WHERE id = 1 FOR UPDATE", &[]).await.unwrap();
    let one = desk.store.reseal(SealedKind::ApiKey, &SealedPlace::default(), &both).await.unwrap();
    assert_eq!(one, Resealed { rows: 1, ..Resealed::default() });
    held.rollback().await.unwrap();
    let other = desk.store.reseal(SealedKind::ApiKey, &SealedPlace::default(), &both).await.unwrap();
    assert_eq!(other, Resealed { rows: 1, ..Resealed::default() });
}
