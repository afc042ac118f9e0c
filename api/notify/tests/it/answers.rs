//! One delivery, and what a host may answer.

use crate::receiver::{Answer, Receiver};
use crate::world::{Making, World};
use std::time::Duration;
use suiftly_notify::DeliveryReport;
use suiftly_store::accounts::DeliveryState;

#[tokio::test]
async fn what_is_told_is_signed_and_told_once() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, secret) = world.webhook(customer, &receiver.url(), &["balance"]).await;
    world.tell(customer, "deposit:1").await;
    let report = world.notifier.deliver_due().await.unwrap();
    assert_eq!(report, DeliveryReport { delivered: 1, ..DeliveryReport::default() });
    let [taken] = <[_; 1]>::try_from(receiver.taken()).unwrap();
    assert_eq!(taken.line, "POST /hook?of=suiftly HTTP/1.1");
    assert_eq!(taken.fields["host"], format!("127.0.0.1:{}", receiver.port));
    assert_eq!(taken.fields["content-type"], "application/json");
    assert_eq!(taken.fields["suiftly-event"], "balance.deposit");
    assert_eq!(taken.proven_by(&[&secret, "whsec_other"]), (world.now().0 / 1_000, vec![true, false]));
    let delivery = world.delivery(customer, webhook).await;
    assert_eq!((delivery.state, delivery.attempts, delivery.last_status), (DeliveryState::Delivered, 1, Some(200)));
    assert_eq!(taken.number(), delivery.id);
    let expected = serde_json::json!({
        "id": delivery.id,
        "type": "balance.deposit",
        "created_at": "2026-11-22T14:30:00Z",
        "data": {"amount_usd_cents": 500, "digest": "d"},
    });
    assert_eq!(taken.json(), expected);
    assert_eq!(world.notifier.deliver_due().await.unwrap(), DeliveryReport::default());
}

#[tokio::test]
async fn every_answer_but_2xx_is_tried_again() {
    let other = Receiver::start().await;
    let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(40_000));
    let fields = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(200));
    let cases = [
        (Answer::Status(204), Ok(204)),
        (Answer::Status(299), Ok(299)),
        // The body is not read.
        (Answer::Endless(200), Ok(200)),
        (Answer::Endless(500), Err((Some(500), "answered 500"))),
        (Answer::Status(400), Err((Some(400), "answered 400"))),
        (Answer::Status(503), Err((Some(503), "answered 503"))),
        (Answer::Redirect(301, other.url()), Err((Some(301), "answered 301: redirects are not followed"))),
        (Answer::Redirect(302, other.url()), Err((Some(302), "answered 302: redirects are not followed"))),
        (Answer::Redirect(307, "/elsewhere".to_owned()), Err((Some(307), "redirects are not followed"))),
        (Answer::Redirect(308, other.url()), Err((Some(308), "redirects are not followed"))),
        (Answer::Raw(head.into_bytes()), Err((None, "no HTTP answer"))),
        (Answer::Raw(fields.into_bytes()), Err((None, "no HTTP answer"))),
        (Answer::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), Err((None, "no HTTP answer"))),
        (Answer::Raw(vec![0; 100_000]), Err((None, "no HTTP answer"))),
        (Answer::Close, Err((None, "no HTTP answer"))),
    ];
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    for (at, (answer, expected)) in cases.into_iter().enumerate() {
        let shown = format!("{answer:.60?}");
        receiver.answer([answer]);
        world.tell(customer, &format!("deposit:{at}")).await;
        world.notifier.deliver_due().await.unwrap();
        let delivery = world.deliveries(customer, webhook).await.remove(0);
        let (state, status, error) = (delivery.state, delivery.last_status, delivery.last_error.unwrap_or_default());
        match expected {
            Ok(expected) => assert_eq!((state, status), (DeliveryState::Delivered, Some(expected)), "{shown}: {error}"),
            Err((expected, text)) => {
                assert_eq!((state, status), (DeliveryState::Pending, expected), "{shown}: {error}");
                assert!(error.contains(text), "{shown}: {error}");
                assert_eq!(delivery.next_attempt_at, world.now().plus_ms(10_000), "{shown}");
            }
        }
    }
    assert_eq!((receiver.connections(), other.connections()), (15, 0), "one connection each, and none elsewhere");
}

#[tokio::test]
async fn who_does_not_answer_is_left() {
    let timeout = Duration::from_millis(150);
    let (world, receiver) = (World::made(Making { timeout, ..Making::default() }).await, Receiver::start().await);
    let customer = world.customer(7).await;
    let (webhook, _) = world.webhook(customer, &receiver.url(), &["*"]).await;
    receiver.answer([Answer::Silence]);
    world.tell(customer, "deposit:1").await;
    world.notifier.deliver_due().await.unwrap();
    let delivery = world.delivery(customer, webhook).await;
    assert_eq!((delivery.state, delivery.last_status), (DeliveryState::Pending, None));
    assert_eq!(delivery.last_error.as_deref(), Some("no answer within 150 ms"));
}

#[tokio::test]
async fn who_is_not_there_is_tried_again() {
    let world = World::new().await;
    let customer = world.customer(7).await;
    // A port that nobody listens to, kept, so that nobody else does meanwhile.
    let kept = tokio::net::TcpSocket::new_v4().unwrap();
    kept.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = kept.local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/");
    let (webhook, _) = world.webhook(customer, &url, &["*"]).await;
    world.tell(customer, "deposit:1").await;
    world.notifier.deliver_due().await.unwrap();
    let delivery = world.delivery(customer, webhook).await;
    assert_eq!(delivery.last_error.as_deref(), Some("cannot connect: connection refused"));
}

#[tokio::test]
async fn silent_hosts_of_one_customer_hold_nobody_up() {
    // Long enough for a good host on a busy machine.
    let timeout = Duration::from_secs(2);
    let world = World::made(Making { timeout, ..Making::default() }).await;
    let (silent, good) = (Receiver::start().await, Receiver::start().await);
    silent.always(Answer::Silence);
    let (one, other) = (world.customer(7).await, world.customer(8).await);
    let (_, _) = world.webhook(one, &silent.url(), &["*"]).await;
    let (webhook, _) = world.webhook(other, &good.url(), &["*"]).await;
    for at in 0..20 {
        world.tell(one, &format!("deposit:{at}")).await;
    }
    world.tell(other, "deposit:other").await;
    let notifier = std::sync::Arc::clone(&world.notifier);
    let running = tokio::spawn(async move { notifier.deliver_due().await });
    good.came(1).await;
    assert!(silent.taken().len() < 20, "the other was told before all of the first had their time");
    let report = running.await.unwrap().unwrap();
    assert_eq!(report, DeliveryReport { delivered: 1, retried: 20, dead: 0 });
    assert_eq!(world.states(other, webhook).await, [DeliveryState::Delivered]);
    assert!(silent.most_open() <= 2 * suiftly_notify::IN_FLIGHT_OF_ONE, "{}", silent.most_open());
}
