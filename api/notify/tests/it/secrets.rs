//! Secrets: at rest, and while they are rotated.

use crate::receiver::Receiver;
use crate::world::{HOUR, World, at_rest};
use suiftly_store::accounts::{DeliveryState, webhook_place};

#[tokio::test]
async fn the_old_secret_signs_too_for_a_day() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, first) = world.webhook(customer, &receiver.url(), &["*"]).await;
    let second = world.rotate(customer, webhook).await;
    world.tell(customer, "deposit:1").await;
    world.notifier.deliver_due().await.unwrap();
    world.pass_ms(24 * HOUR - 1);
    world.tell(customer, "deposit:2").await;
    world.notifier.deliver_due().await.unwrap();
    world.pass_ms(1);
    world.tell(customer, "deposit:3").await;
    world.notifier.deliver_due().await.unwrap();
    let third = world.rotate(customer, webhook).await;
    world.rotate(customer, webhook).await;
    world.tell(customer, "deposit:4").await;
    world.notifier.deliver_due().await.unwrap();
    let proven = |request: &crate::receiver::Taken| request.proven_by(&[&first, &second, &third]).1;
    let proven: Vec<_> = receiver.taken().iter().map(proven).collect();
    let expected = [[true, true, false], [true, true, false], [false, true, false], [false, false, true]];
    assert_eq!(proven, expected, "the last by the third and the one after it alone");
}

#[tokio::test]
async fn secrets_are_sealed_where_they_stand() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, secret) = world.webhook(customer, &receiver.url(), &["*"]).await;
    let (moved, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    let row = world.sql.query_one("SELECT sealed_secret FROM webhooks WHERE id = $1", &[&webhook]).await.unwrap();
    let sealed: Vec<u8> = row.get(0);
    assert!(!sealed.windows(secret.len()).any(|window| window == secret.as_bytes()));
    assert_eq!(at_rest().open(&sealed, &webhook_place(customer, webhook)).unwrap(), secret.as_bytes());
    // Another's secret, written into a row, signs nothing.
    let copy = "UPDATE webhooks SET sealed_secret = $2 WHERE id = $1";
    world.sql.execute(copy, &[&moved, &sealed]).await.unwrap();
    world.tell(customer, "deposit:1").await;
    world.notifier.deliver_due().await.unwrap();
    assert_eq!(receiver.taken().len(), 1);
    let delivery = world.delivery(customer, moved).await;
    let found = (delivery.state, delivery.last_error.as_deref());
    assert_eq!(found, (DeliveryState::Pending, Some("it could not be signed")));
}
