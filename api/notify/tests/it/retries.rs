//! Attempts over time: the schedule, the end, again on request, crashes, two workers.

use crate::receiver::{Answer, Receiver};
use crate::world::{HOUR, Making, SECOND, World};
use std::sync::Arc;
use suiftly_notify::{DeliveryReport, LEASE_MS, RETRIES_MAX, retry_after_ms};
use suiftly_store::accounts::{DeliveryState, Outcome, Requested, WebhookChange};

#[tokio::test]
async fn it_is_told_at_last_with_one_number() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    receiver.answer(vec![Answer::Status(500); 3]);
    world.tell(customer, "deposit:1").await;
    for (attempt, wait) in [(1, 10), (2, 20), (3, 40)] {
        world.notifier.deliver_due().await.unwrap();
        let delivery = world.delivery(customer, webhook).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, attempt));
        world.pass_ms(wait * SECOND - 1);
        assert_eq!(world.notifier.deliver_due().await.unwrap(), DeliveryReport::default(), "not before {wait} s");
        world.pass_ms(1);
    }
    world.notifier.deliver_due().await.unwrap();
    let delivery = world.delivery(customer, webhook).await;
    assert_eq!((delivery.state, delivery.attempts, delivery.last_error), (DeliveryState::Delivered, 4, None));
    assert_eq!(delivery.delivered_at, Some(world.now()));
    let taken = receiver.taken();
    assert_eq!(taken.len(), 4);
    assert!(taken.iter().all(|request| request.number() == delivery.id && request.body == taken[0].body));
}

#[tokio::test]
async fn what_is_never_taken_is_given_up_told_and_made_again_on_request() {
    let (world, receiver, other) = (World::new().await, Receiver::start().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    let (beside, _) = world.webhook(customer, &other.url(), &["delivery"]).await;
    receiver.always(Answer::Status(503));
    world.tell(customer, "deposit:1").await;
    let mut attempts = 0;
    while world.states(customer, webhook).await == [DeliveryState::Pending] {
        attempts += 1;
        world.notifier.deliver_due().await.unwrap();
        world.pass_ms(retry_after_ms(attempts).unwrap_or(0));
    }
    assert_eq!(attempts, RETRIES_MAX + 1);
    let dead = world.delivery(customer, webhook).await;
    assert_eq!((dead.state, dead.attempts, dead.last_status), (DeliveryState::Dead, 13, Some(503)));
    // Told once, and not by the way it died on.
    let told = world.told("delivery_dead").await;
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["webhook_id"], &told[0]["delivery_id"]), (&webhook.into(), &dead.id.into()));
    world.notifier.deliver_due().await.unwrap();
    assert_eq!((receiver.taken().len(), world.deliveries(customer, webhook).await.len()), (13, 1));
    let [request] = <[_; 1]>::try_from(other.taken()).unwrap();
    assert_eq!(
        (request.json()["type"].as_str(), &request.json()["data"]["webhook_id"]),
        (Some("delivery.dead"), &webhook.into())
    );
    assert_eq!(world.states(customer, beside).await, [DeliveryState::Delivered]);
    // The same day, of the same webhook: not told again.
    world.tell(customer, "deposit:2").await;
    let delivery = claim(&world).await;
    let outcome = Outcome::Dead { status: None, error: "x".to_owned(), is_told: true };
    world.store.record_delivery(&delivery, &outcome, world.now()).await.unwrap();
    assert_eq!(world.told("delivery_dead").await.len(), 1);
    // Again, with its number.
    receiver.always(Answer::Status(200));
    let again = world.store.replay_delivery(customer, (webhook, dead.id), &world.act()).await.unwrap();
    assert!(matches!(again, Requested::Made(_)), "{again:?}");
    let twice = world.store.replay_delivery(customer, (webhook, dead.id), &world.act()).await.unwrap();
    assert_eq!(twice, Requested::Pending);
    world.notifier.deliver_due().await.unwrap();
    let delivered = world.deliveries(customer, webhook).await.into_iter().find(|row| row.id == dead.id).unwrap();
    assert_eq!((delivered.state, delivered.attempts), (DeliveryState::Delivered, 1));
    assert_eq!(receiver.taken().last().unwrap().number(), dead.id);
}

async fn claim(world: &World) -> suiftly_store::accounts::ClaimedDelivery {
    let lease = (world.now(), world.now().plus_ms(LEASE_MS));
    world.store.claim_deliveries(lease, (10, 10), &[], true).await.unwrap().pop().unwrap()
}

#[tokio::test]
async fn who_dies_after_a_claim_leaves_it_to_the_next() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    world.tell(customer, "deposit:1").await;
    let lost = claim(&world).await;
    assert_eq!(world.notifier.deliver_due().await.unwrap(), DeliveryReport::default(), "it is another's");
    world.pass_ms(LEASE_MS);
    world.notifier.deliver_due().await.unwrap();
    let delivery = world.delivery(customer, webhook).await;
    assert_eq!((delivery.state, delivery.attempts, delivery.id), (DeliveryState::Delivered, 2, lost.id));
    assert_eq!(receiver.taken().len(), 1);
}

#[tokio::test]
async fn who_dies_after_telling_tells_again_with_the_same_number() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    receiver.answer([Answer::Silence]);
    world.tell(customer, "deposit:1").await;
    let notifier = Arc::clone(&world.notifier);
    let running = tokio::spawn(async move { notifier.deliver_due().await });
    receiver.came(1).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    world.pass_ms(LEASE_MS);
    world.notifier.deliver_due().await.unwrap();
    let numbers: Vec<i64> = receiver.taken().iter().map(|request| request.number()).collect();
    let delivery = world.delivery(customer, webhook).await;
    assert_eq!(numbers, [delivery.id, delivery.id]);
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 2));
}

#[tokio::test]
async fn a_late_record_of_a_failure_counts_for_nothing_and_of_a_success_counts() {
    let world = World::new().await;
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, "http://127.0.0.1:9/", &["*"]).await;
    world.tell(customer, "deposit:1").await;
    let first = claim(&world).await;
    world.pass_ms(LEASE_MS);
    let second = claim(&world).await;
    assert_eq!((first.id, first.attempt, second.attempt), (second.id, 1, 2));
    let dead = Outcome::Dead { status: None, error: "late".to_owned(), is_told: true };
    world.store.record_delivery(&first, &dead, world.now()).await.unwrap();
    assert_eq!(world.states(customer, webhook).await, [DeliveryState::Pending]);
    assert_eq!(world.told("delivery_dead").await.len(), 0);
    let taken = Outcome::Delivered { status: Some(200) };
    world.store.record_delivery(&first, &taken, world.now()).await.unwrap();
    assert_eq!(world.states(customer, webhook).await, [DeliveryState::Delivered]);
    // What was taken stays so.
    world.store.record_delivery(&second, &dead, world.now()).await.unwrap();
    assert_eq!(world.states(customer, webhook).await, [DeliveryState::Delivered]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_workers_tell_each_once() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let mut customers = Vec::new();
    for number in 1..=10 {
        let customer = world.customer(number).await;
        world.webhook(customer, &receiver.url(), &["*"]).await;
        customers.push(customer);
    }
    for at in 0..10 {
        for customer in &customers {
            world.tell(*customer, &format!("deposit:{}:{at}", customer.get())).await;
        }
    }
    let another = world.another(Making::default());
    let (one, other) = tokio::join!(world.notifier.deliver_due(), another.deliver_due());
    assert_eq!(one.unwrap().delivered + other.unwrap().delivered, 100);
    let mut numbers: Vec<i64> = receiver.taken().iter().map(|request| request.number()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!((receiver.taken().len(), numbers.len()), (100, 100));
}

#[tokio::test]
async fn what_is_pending_ends_with_its_webhook() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (disabled, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    let (deleted, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    world.tell(customer, "deposit:1").await;
    let off = WebhookChange { is_enabled: Some(false), ..WebhookChange::default() };
    world.store.change_webhook(customer, disabled, &off, &world.act()).await.unwrap().unwrap();
    assert!(world.store.delete_webhook(customer, deleted, &world.act()).await.unwrap());
    world.tell(customer, "deposit:2").await;
    assert_eq!(world.notifier.deliver_due().await.unwrap(), DeliveryReport::default());
    let delivery = world.delivery(customer, disabled).await;
    let ended = (delivery.state, delivery.last_error.as_deref());
    assert_eq!(ended, (DeliveryState::Dead, Some("the webhook was disabled")));
    assert_eq!(world.store.deliveries(customer, deleted, None, (None, 10)).await.unwrap(), None);
    let rows = world.sql.query("SELECT state FROM deliveries", &[]).await.unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.get::<_, &str>(0) == "dead"));
    // Nobody is told of what they ended.
    assert_eq!((world.told("delivery_dead").await.len(), receiver.connections()), (0, 0));
    // One that was made while the webhook was being disabled ends when it is claimed.
    let pending = "UPDATE deliveries SET state = 'pending' WHERE id = $1";
    world.sql.execute(pending, &[&delivery.id]).await.unwrap();
    assert_eq!(world.notifier.deliver_due().await.unwrap().dead, 1);
    let replayed = world.store.replay_delivery(customer, (disabled, delivery.id), &world.act()).await.unwrap();
    assert_eq!(replayed, Requested::Disabled);
    assert_eq!((world.told("delivery_dead").await.len(), receiver.connections()), (0, 0));
}

#[tokio::test]
async fn old_deliveries_are_removed() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    world.tell(customer, "deposit:1").await;
    world.notifier.deliver_due().await.unwrap();
    world.tell(customer, "deposit:2").await;
    let dead = claim(&world).await;
    let outcome = Outcome::Dead { status: None, error: "x".to_owned(), is_told: false };
    world.store.record_delivery(&dead, &outcome, world.now()).await.unwrap();
    world.tell(customer, "deposit:3").await;
    let mut left = Vec::new();
    for days in [30, 1, 59, 1] {
        world.pass_ms(days * 24 * HOUR);
        world.notifier.purge().await.unwrap();
        left.push(world.deliveries(customer, webhook).await.len());
    }
    assert_eq!(left, [3, 2, 2, 1], "after 30, 31, 90 and 91 days; what is pending stays");
}
