//! Links that run: what goes over them, who may say what, and how they end.

use crate::support::{by_hand, frame, linked, noise};
use suiftly_link::{Beat, Frame, FrameError, Kind, LinkError, MAX_PAYLOAD_BYTES, Purpose, Role};
use tokio::io::AsyncWriteExt;

/// Each kind with where and from whom it may come, by the table of the design.
fn may_come(kind: Kind, from: &str, on: Purpose) -> bool {
    let (is_ingester, is_process) = (from.starts_with("ingest"), from.starts_with("dataflow"));
    match kind {
        Kind::Hello => false,
        Kind::Beat | Kind::Bye => true,
        Kind::Journal | Kind::Part | Kind::Passed | Kind::Lost | Kind::Stats => on == Purpose::Ship && is_ingester,
        Kind::Given => (on == Purpose::Ship && is_ingester) || (on == Purpose::Deltas && from == "dataflow-0"),
        Kind::Want | Kind::Credit => is_process && matches!(on, Purpose::Ship | Purpose::Order),
        Kind::Release => on == Purpose::Ship && from == "dataflow-0",
        Kind::Give => on == Purpose::Ship && is_process,
        Kind::Received => on == Purpose::Order && is_process,
        Kind::Start | Kind::Order => on == Purpose::Order && from == "dataflow-0",
        Kind::Snapshot | Kind::Deltas => on == Purpose::Deltas && is_process,
        Kind::GiveTo => on == Purpose::Deltas && from == "api",
        Kind::Mesh => on == Purpose::Mesh && is_process,
    }
}

#[test]
fn each_kind_comes_from_its_roles_only() {
    for kind in Kind::ALL {
        for from in ["ingest-a", "dataflow-0", "dataflow-1", "api"] {
            for on in Purpose::ALL {
                let role: Role = from.parse().unwrap();
                assert_eq!(kind.may_come(&role, on), may_come(kind, from, on), "{kind:?} from {from} on {on:?}");
            }
        }
    }
}

#[test]
fn numbers_on_the_wire_never_change() {
    let numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 30, 99];
    assert_eq!(Kind::ALL.map(Kind::number), numbers);
    assert_eq!(Purpose::ALL.map(Purpose::number), [1, 2, 3, 4]);
    for number in 0..=u8::MAX {
        assert_eq!(Kind::from_number(number).is_some(), numbers.contains(&number));
        assert_eq!(Purpose::from_number(number).is_some(), (1..=4).contains(&number));
    }
}

#[tokio::test]
async fn frames_go_both_ways_in_order() {
    let (process, ingester) = linked(Purpose::Ship, "dataflow-1", "ingest-a").await;
    let (to_ingester, mut from_ingester) = process.start(Beat::default);
    let (to_process, mut from_process) = ingester.start(Beat::default);
    let part = |number: u8| {
        let payload = [vec![number; usize::from(number) * 1_000], noise(usize::from(number) * 500)].concat();
        Frame { is_proof_only: number.is_multiple_of(3), ..Frame::new(Kind::Part, payload) }
    };
    let sending = async {
        for number in 0..100_u8 {
            if number.is_multiple_of(2) {
                to_process.send(&part(number)).await.unwrap();
            } else {
                to_process.send_packed(&part(number)).await.unwrap();
            }
        }
    };
    let taking = async {
        for number in 0..100_u8 {
            assert_eq!(frame(&mut from_ingester).await.unwrap(), part(number));
            let credit = Frame::new(Kind::Credit, vec![number]);
            to_ingester.send(&credit).await.unwrap();
            assert_eq!(frame(&mut from_process).await.unwrap(), credit);
        }
    };
    tokio::join!(sending, taking);
}

#[tokio::test]
async fn what_a_role_may_not_say_ends_the_link() {
    for (role, is_theirs) in [("dataflow-0", true), ("dataflow-1", false)] {
        let (process, ingester) = linked(Purpose::Ship, role, "ingest-a").await;
        let (to_ingester, _from) = process.start(Beat::default);
        let (_to, mut from_process) = ingester.start(Beat::default);
        let release = Frame::new(Kind::Release, vec![7_u8; 8]);
        to_ingester.send(&release).await.unwrap();
        match frame(&mut from_process).await {
            Ok(found) => assert!(is_theirs && found == release, "{role}"),
            Err(LinkError::NotTheirs { kind, role: found }) => {
                assert!(!is_theirs && kind == Kind::Release && found.to_string() == role, "{role}");
            }
            Err(error) => panic!("{role}: {error}"),
        }
    }
}

#[tokio::test]
async fn damage_ends_the_link_after_what_was_good() {
    let (mut stream, link) = by_hand(Purpose::Ship, "ingest-a", "dataflow-1").await;
    let good = Frame::new(Kind::Part, noise(10_000));
    let mut bad = good.encode().unwrap().to_vec();
    *bad.last_mut().unwrap() ^= 1;
    stream.write_all(&[&good.encode().unwrap()[..], &bad].concat()).await.unwrap();
    stream.flush().await.unwrap();
    let (to, mut from) = link.start(Beat::default);
    assert_eq!(frame(&mut from).await.unwrap(), good);
    let error = frame(&mut from).await.unwrap_err();
    assert!(matches!(error, LinkError::Frame(FrameError::Checksum)), "{error}");
    assert!(matches!(frame(&mut from).await, Err(LinkError::Over)));
    assert!(matches!(to.send(&good).await, Err(LinkError::Over)));
}

#[tokio::test]
async fn a_beat_that_cannot_be_ends_the_link() {
    let (mut stream, link) = by_hand(Purpose::Mesh, "dataflow-2", "dataflow-1").await;
    stream.write_all(&Frame::new(Kind::Beat, vec![0_u8; 23]).encode().unwrap()).await.unwrap();
    stream.flush().await.unwrap();
    let (_to, mut from) = link.start(Beat::default);
    let error = from.recv().await.unwrap_err();
    assert!(matches!(error, LinkError::Frame(FrameError::Content(Kind::Beat))), "{error}");
}

#[tokio::test]
async fn who_says_goodbye_is_heard_to_the_end() {
    let (process, ingester) = linked(Purpose::Ship, "dataflow-1", "ingest-a").await;
    let (to_ingester, mut from_ingester) = process.start(Beat::default);
    let (to_process, mut from_process) = ingester.start(Beat::default);
    let parts: Vec<Frame> = (1..=5).map(|size| Frame::new(Kind::Part, noise(size * 200_000))).collect();
    let leaving = async {
        for part in &parts {
            to_process.send(part).await.unwrap();
        }
        to_process.say_goodbye("it restarts").await.unwrap();
        loop {
            if let Err(error) = from_process.recv().await {
                break error;
            }
        }
    };
    let staying = async {
        for part in &parts {
            assert_eq!(frame(&mut from_ingester).await.unwrap(), *part);
        }
        let error = frame(&mut from_ingester).await.unwrap_err();
        assert!(matches!(&error, LinkError::Bye { why } if why == "it restarts"), "{error}");
        assert!(matches!(from_ingester.recv().await, Err(LinkError::Over)));
    };
    let (left, ()) = tokio::join!(leaving, staying);
    assert!(matches!(left, LinkError::Over), "{left}");
    assert!(matches!(to_ingester.say_goodbye("too late").await, Err(LinkError::Over)));
}

#[tokio::test]
async fn an_end_without_a_word_is_told_as_one() {
    // In order, by TLS; and cut off.
    let (process, ingester) = linked(Purpose::Ship, "dataflow-1", "ingest-a").await;
    let (_to, mut from_ingester) = process.start(Beat::default);
    drop(ingester.start(Beat::default));
    assert!(matches!(frame(&mut from_ingester).await, Err(LinkError::Ended)));

    let (stream, link) = by_hand(Purpose::Ship, "ingest-a", "dataflow-1").await;
    let (_to, mut from) = link.start(Beat::default);
    drop(stream);
    assert!(matches!(frame(&mut from).await, Err(LinkError::Ended | LinkError::Broken(_))));
}

#[tokio::test]
async fn who_only_sends_need_not_listen() {
    let (process, api) = linked(Purpose::Deltas, "dataflow-1", "api").await;
    let (to_api, from_api) = process.start(Beat::default);
    let (_to, mut from_process) = api.start(Beat::default);
    drop(from_api);
    for size in 0..50 {
        let deltas = Frame::new(Kind::Deltas, noise(size * 100));
        to_api.send(&deltas).await.unwrap();
        assert_eq!(frame(&mut from_process).await.unwrap(), deltas);
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_and_the_link_goes_on() {
    let (process, api) = linked(Purpose::Deltas, "dataflow-1", "api").await;
    let (to_api, _from) = process.start(Beat::default);
    let (_to, mut from_process) = api.start(Beat::default);
    let too_long = Frame::new(Kind::Deltas, vec![0_u8; MAX_PAYLOAD_BYTES + 1]);
    assert!(matches!(to_api.send_packed(&too_long).await, Err(LinkError::Frame(FrameError::Length(_)))));
    let longest = Frame::new(Kind::Deltas, noise(MAX_PAYLOAD_BYTES));
    to_api.send(&longest).await.unwrap();
    assert!(frame(&mut from_process).await.unwrap() == longest);
}
