//! A process that follows ingesters: it has everything, once, however often its links are cut.

use super::{Ingesting, Stub, follow, raw, stats, until};
use crate::support::links::{InMemory, LinkCa, node};
use crate::support::pipeline::PATIENCE;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use suiftly_ingest::hand_in::HandInError;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::order::{Cut, take_parts};
use suiftly_ingest::ship::{Dial, Following, Held, Part, Shipper};
use suiftly_link::{Door, Role};
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::shard::ShardSet;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// All that came of a journal.
async fn taken(held: &Held, ingesting: &Ingesting) -> Vec<Part> {
    let (journal, last) = (ingesting.journal_id, ingesting.last_epoch());
    until("all of it comes", || held.through(&journal) == last).await;
    assert_eq!(held.mark(&journal, last).map(|mark| mark.epoch), Some(last));
    for block in &ingesting.blocks {
        // What was before it began is not there.
        let mark = held.mark(&journal, block.epoch);
        let is_there = mark.is_none_or(|mark| (mark.epoch, mark.end) == (block.epoch, block.end));
        assert!(is_there, "each block can be cut at");
    }
    held.take(&journal, last)
}

#[tokio::test]
async fn three_processes_have_all_of_it_together() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(20_000));
    ingesting.write(100);
    let shipper = ingesting.shipper(dir.path());
    let mut followed = Vec::new();
    for process in 0..3 {
        let shards = ShardSet::of_process(usize::from(process), 3, 1);
        let (net, held) = (InMemory::new(dir.path(), process), Arc::new(Held::new([], 0)));
        followed.push((follow(&net, &shipper, shards, &held), shards, held));
    }
    ingesting.write(100);
    let mut frames = 0;
    for (_, shards, held) in &followed {
        let parts = taken(held, &ingesting).await;
        assert_eq!(parts, ingesting.parts(0, shards));
        frames += parts.iter().map(|part| part.frames().count()).sum::<usize>();
    }
    assert_eq!(frames, ingesting.blocks.iter().map(|block| block.frame_count() as usize).sum::<usize>());
}

#[tokio::test]
async fn it_begins_anywhere_and_gets_the_same() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(5_000));
    ingesting.write(60);
    let shards = ShardSet::of_process(0, 2, 1);
    let in_memory = ingesting.shipper(dir.path());
    // One whose memory is empty reads the disk.
    let mut shipped = ingesting.shipped(dir.path());
    shipped.tail = Arc::default();
    let on_disk = Arc::new(Shipper::new(shipped, Default::default(), Stub::default()));
    for shipper in [&in_memory, &on_disk] {
        for after in [0, 1, 30, 59] {
            let held = Arc::new(Held::new([(ingesting.journal_id, after)], 0));
            let _following = follow(&InMemory::new(dir.path(), 0), shipper, shards, &held);
            assert_eq!(taken(&held, &ingesting).await, ingesting.parts(after, &shards), "after {after}");
        }
    }
}

#[tokio::test]
async fn a_link_that_is_cut_anywhere_goes_on_with_nothing_missing_or_doubled() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(100_000));
    ingesting.write(400);
    let shipper = ingesting.shipper(dir.path());
    for first_cut in [3_000, 5_001, 7_777] {
        let (net, held) = (InMemory::new(dir.path(), 1), Arc::new(Held::new([], 0)));
        net.cut_after.store(first_cut, Ordering::Relaxed);
        let following = follow(&net, &shipper, ShardSet::ALL, &held);
        assert_eq!(taken(&held, &ingesting).await, ingesting.parts(0, &ShardSet::ALL));
        assert!(net.dialled.load(Ordering::Relaxed) > 3, "it was cut");
        drop(following);
    }
}

#[tokio::test]
async fn an_epoch_of_the_order_waits_for_what_it_takes_in() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    ingesting.write(10);
    let held = Arc::new(Held::new([], 0));
    let _following = follow(&InMemory::new(dir.path(), 0), &ingesting.shipper(dir.path()), ShardSet::ALL, &held);
    let last = ingesting.seal(5);
    let (journal, through) = (ingesting.journal_id, last.epoch);
    let cut = Cut { journal, no: 3, through, cut_at: last.cut_at, end: last.end };
    assert_eq!(take_parts(&held, &[cut], Duration::ZERO), None);
    let waiting = {
        let held = Arc::clone(&held);
        tokio::task::spawn_blocking(move || take_parts(&held, &[cut], PATIENCE))
    };
    ingesting.keep(&last);
    ingesting.tail.push(last);
    let expected: Vec<_> = ingesting.parts(0, &ShardSet::ALL).into_iter().map(|part| (3, part)).collect();
    assert_eq!(waiting.await.unwrap(), Some(expected));
}

#[tokio::test]
async fn lines_are_given_to_their_journal_and_counters_come() {
    let dir = TempDir::new().unwrap();
    let ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    let journal = ingesting.journal_id;
    let held = Arc::new(Held::new([], 0));
    let following = follow(&InMemory::new(dir.path(), 1), &ingesting.shipper(dir.path()), ShardSet::ALL, &held);
    let lines = |line: &[u8]| vec![GivenLine { journal_offset: 5, line: line.to_vec() }];
    assert_eq!(following.give(journal, lines(b"early")).await, Err(HandInError::Stopped), "there is no link yet");
    until("counters come", || following.state().stats.is_some()).await;
    let state = following.state();
    assert_eq!((state.stats, state.journal, state.is_linked), (Some(stats()), Some(journal), true));
    assert_eq!(following.give(journal, lines(b"one")).await, Ok(77));
    assert_eq!(following.give(journal, lines(b"")).await, Err(HandInError::Busy));
    assert_eq!(following.give(JournalId([1; 16]), lines(b"one")).await, Err(HandInError::Stopped));
    assert_eq!(following.give(journal, lines(b"two")).await, Ok(77));
}

#[tokio::test]
async fn a_journal_that_lost_its_end_is_not_followed() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    ingesting.write(5);
    let held = Arc::new(Held::new([(ingesting.journal_id, 9)], 0));
    let following = follow(&InMemory::new(dir.path(), 0), &ingesting.shipper(dir.path()), ShardSet::ALL, &held);
    until("it is refused", || following.state().trouble.is_some_and(|why| why.contains("not the whole journal"))).await;
    assert_eq!(held.through(&ingesting.journal_id), 9);
}

#[tokio::test]
async fn an_ingester_is_followed_by_tcp_and_found_again() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    ingesting.write(20);
    let (ca, ingester) = (LinkCa::new(), Role::Ingest("a".to_owned()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = ca.tls(dir.path(), "ingest-a");
    let of_ingester = ingester.clone();
    let mut door = Door::open(listener, tls, Arc::new(move || node(&of_ingester)));
    let dial = Dial {
        address: address.to_string(),
        ingester,
        tls: ca.tls(dir.path(), "dataflow-2"),
        us: Arc::new(|| node(&Role::Dataflow(2))),
    };
    let held = Arc::new(Held::new([], 0));
    let following = Following::start(dial, ShardSet::ALL, Arc::clone(&held));
    let shipper = ingesting.shipper(dir.path());
    for _ in 0..2 {
        let (link, shipper) = (door.next().await.unwrap(), Arc::clone(&shipper));
        let serving = tokio::spawn(async move { shipper.serve(link).await });
        until("all comes", || held.through(&ingesting.journal_id) == ingesting.last_epoch()).await;
        serving.abort();
        ingesting.write(20);
        until("the end is seen", || !following.state().is_linked).await;
    }
    let link = door.next().await.unwrap();
    tokio::spawn(async move { shipper.serve(link).await });
    assert_eq!(taken(&held, &ingesting).await, ingesting.parts(0, &ShardSet::ALL));
    assert!(following.state().is_linked);
}
