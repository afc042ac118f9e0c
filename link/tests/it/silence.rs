//! Beats and silence, by a clock that stands still unless everybody waits.

use crate::support::{Ca, by_hand, linked, node};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use suiftly_link::{
    BEAT_EVERY, Beat, Frame, HANDSHAKE_TIMEOUT, Kind, Link, LinkError, LinkReceiver, MAX_PAYLOAD_BYTES, Purpose,
    Received, SILENCE,
};
use suiftly_schema::time::UnixMillis;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

/// What a timer may be late by.
const LATE: Duration = Duration::from_millis(50);

async fn end_of(mut from: LinkReceiver) -> LinkError {
    loop {
        if let Err(error) = from.recv().await {
            return error;
        }
    }
}

fn lasted(begun: Instant, expected: Duration) {
    let elapsed = begun.elapsed();
    assert!(elapsed >= expected && elapsed <= expected + LATE, "{elapsed:?}, not {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn beats_keep_a_link_alive_and_say_how_far_each_is() {
    let (process, ingester) = linked(Purpose::Ship, "dataflow-0", "ingest-a").await;
    let counted = AtomicU64::new(0);
    let ordered = Beat { clock: UnixMillis(1_795_298_482_000), durable: 3, ordered: 2 };
    let (_to_ingester, mut from_ingester) = process.start(move || ordered);
    let (_to_process, mut from_process) =
        ingester.start(move || Beat { durable: counted.fetch_add(1, Relaxed), ..Beat::default() });
    let begun = Instant::now();
    for number in 0..1_200 {
        let heard = tokio::try_join!(from_ingester.recv(), from_process.recv()).unwrap();
        let expected = Beat { durable: number, ..Beat::default() };
        assert_eq!(heard, (Received::Beat(expected), Received::Beat(ordered)));
    }
    // The first goes out at once.
    lasted(begun, BEAT_EVERY * 1_199);
}

#[tokio::test(start_paused = true)]
async fn who_is_silent_is_taken_for_dead() {
    // Not a word after the hello; and a long frame that is announced, begun and never gone on with.
    let announced = Frame::new(Kind::Part, vec![0_u8; MAX_PAYLOAD_BYTES]).encode().unwrap();
    for words in [&b""[..], &announced[..100]] {
        let (mut stream, link) = by_hand(Purpose::Ship, "ingest-a", "dataflow-1").await;
        stream.write_all(words).await.unwrap();
        stream.flush().await.unwrap();
        let begun = Instant::now();
        let (to, from) = link.start(Beat::default);
        let error = end_of(from).await;
        assert!(matches!(error, LinkError::Silent), "{error}");
        lasted(begun, SILENCE);
        assert!(matches!(to.say_goodbye("too late").await, Err(LinkError::Over)));
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_comes_is_a_sign_of_life() {
    let (mut stream, link) = by_hand(Purpose::Ship, "ingest-a", "dataflow-1").await;
    let (_to, mut from) = link.start(Beat::default);
    let bytes = Beat::default().to_frame().encode().unwrap();
    let slow_line = async {
        for byte in &bytes {
            sleep(Duration::from_secs(4)).await;
            stream.write_u8(*byte).await.unwrap();
            stream.flush().await.unwrap();
        }
    };
    let begun = Instant::now();
    let (received, ()) = tokio::join!(from.recv(), slow_line);
    assert_eq!(received.unwrap(), Received::Beat(Beat::default()));
    lasted(begun, Duration::from_secs(4) * u32::try_from(bytes.len()).unwrap());
    let error = end_of(from).await;
    assert!(matches!(error, LinkError::Silent), "{error}");
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_is_taken_for_dead_though_it_beats() {
    let (stream, link) = by_hand(Purpose::Ship, "dataflow-1", "ingest-a").await;
    let (unread, mut beating) = tokio::io::split(stream);
    let (to, from) = link.start(Beat::default);
    let bytes = Beat::default().to_frame().encode().unwrap();
    let beats = tokio::spawn(async move {
        while beating.write_all(&bytes).await.is_ok() && beating.flush().await.is_ok() {
            sleep(BEAT_EVERY).await;
        }
    });
    let part = Frame::new(Kind::Part, vec![0_u8; 1 << 20]);
    let begun = Instant::now();
    let sending = async { while to.send(&part).await.is_ok() {} };
    let (error, ()) = tokio::join!(end_of(from), sending);
    assert!(matches!(error, LinkError::Stalled), "{error}");
    lasted(begun, SILENCE);
    beats.await.unwrap();
    drop(unread);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_end_is_ended() {
    let ca = Ca::new();
    let (process, ingester) = (ca.tls("dataflow-1"), ca.tls("ingest-a"));
    let (ours, theirs) = (node("dataflow-1"), node("ingest-a"));

    let (silent, there) = tokio::io::duplex(64 << 10);
    let begun = Instant::now();
    let accepted = Link::accept(there, &ingester, &theirs).await;
    assert!(matches!(accepted.err().unwrap(), LinkError::TimedOut));
    lasted(begun, HANDSHAKE_TIMEOUT);
    drop(silent);

    let (here, silent) = tokio::io::duplex(64 << 10);
    let begun = Instant::now();
    let dialled = Link::dial(here, &process, ingester.role(), Purpose::Ship, &ours).await;
    assert!(matches!(dialled.err().unwrap(), LinkError::TimedOut));
    lasted(begun, HANDSHAKE_TIMEOUT);
    drop(silent);

    // TLS, and then no hello.
    let (here, there) = tokio::io::duplex(64 << 10);
    let begun = Instant::now();
    let (silent, accepted) = tokio::join!(process.dial(here, ingester.role()), Link::accept(there, &ingester, &theirs));
    assert!(matches!(accepted.err().unwrap(), LinkError::TimedOut));
    lasted(begun, HANDSHAKE_TIMEOUT);
    assert!(silent.is_ok());
}
