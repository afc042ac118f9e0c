//! What an ingester says on a link, to a process that is played by hand.

use super::{Ingesting, NOW, Stub, raw, stats};
use crate::support::links::InMemory;
use crate::support::pipeline::PATIENCE;
use std::sync::Arc;
use std::time::Duration;
use suiftly_ingest::block::Block;
use suiftly_ingest::journal::{JournalConfig, JournalId, first_epoch, survey};
use suiftly_ingest::ship::{Part, Placement, Shipper};
use suiftly_ingest::stats::IngestStats;
use suiftly_link::{Beat, Frame, Kind, LinkError, LinkReceiver, LinkSender, Received};
use suiftly_schema::ids::Epoch;
use suiftly_schema::shard::{Shard, ShardSet};
use tempfile::TempDir;

/// Long enough for what should not come.
const A_WHILE: Duration = Duration::from_millis(300);
/// More than any of these journals.
const PLENTY: u32 = 1 << 20;

/// A process, by hand.
struct Process {
    to: LinkSender,
    from: LinkReceiver,
}

impl Process {
    /// Linked, and told what the journal holds.
    async fn link(net: &InMemory, shipper: &Arc<Shipper<Stub>>) -> (Self, Frame) {
        let link = net.clone().dial(Arc::clone(shipper)).await.unwrap();
        let (to, from) = link.start(Beat::default);
        let mut process = Self { to, from };
        let holds = process.next().await.unwrap();
        assert_eq!(holds.kind, Kind::Journal);
        (process, holds)
    }

    async fn say(&self, kind: Kind, payload: &[u8]) {
        self.to.send(&Frame::new(kind, payload.to_vec())).await.unwrap();
    }

    async fn want(&self, journal: JournalId, after: Epoch, rewarm_bytes: u32, shards: &ShardSet) {
        let (after, rewarm) = (after.to_le_bytes(), rewarm_bytes.to_le_bytes());
        self.say(Kind::Want, &[&journal.0[..], &after, &rewarm, &shards.to_bytes()].concat()).await;
    }

    async fn credit(&self, bytes: u32) {
        self.say(Kind::Credit, &bytes.to_le_bytes()).await;
    }

    /// The next that is neither a beat nor the counters.
    async fn next(&mut self) -> Result<Frame, LinkError> {
        loop {
            match tokio::time::timeout(PATIENCE, self.from.recv()).await.expect("something comes")? {
                Received::Frame(frame) if frame.kind != Kind::Stats => return Ok(frame),
                Received::Frame(_) | Received::Beat(_) => {}
            }
        }
    }

    /// Nothing comes for a while.
    async fn hears_nothing(&mut self) {
        let heard = tokio::time::timeout(A_WHILE, async { self.next().await.map(|frame| frame.kind) }).await;
        assert!(heard.is_err(), "{heard:?}");
    }

    /// Why the ingester ends the link.
    async fn goodbye(&mut self) -> String {
        loop {
            match self.next().await {
                Ok(_) => {}
                Err(LinkError::Bye { why }) => return why,
                Err(other) => panic!("{other}"),
            }
        }
    }
}

/// What is to be heard of a block.
fn told(block: &Block, shards: &ShardSet) -> Frame {
    let part = Part::cut(block, &Placement::default(), shards);
    if !part.is_empty() {
        return part.encode();
    }
    let fields = [block.epoch.to_le_bytes(), block.end.to_le_bytes(), block.cut_at.0.to_le_bytes()];
    Frame::new(Kind::Passed, fields.concat())
}

fn numbers(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[tokio::test]
async fn a_journal_is_told_and_then_each_block_by_its_part_or_as_passed() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(3_000));
    ingesting.write(40);
    let (net, shipper) = (InMemory::new(dir.path(), 1), ingesting.shipper(dir.path()));
    let some: ShardSet = [Shard::of_server(17), Shard::of_server(33)].into_iter().collect();
    for (after, shards) in [(0, ShardSet::ALL), (0, some), (13, some), (39, some), (40, some)] {
        let (mut process, holds) = Process::link(&net, &shipper).await;
        let durable_end = ingesting.blocks.last().unwrap().end;
        let all = [&ingesting.journal_id.0[..], &numbers(&[1, ingesting.last_epoch(), durable_end])].concat();
        assert_eq!(holds.payload, all);
        process.want(ingesting.journal_id, after, 0, &shards).await;
        process.credit(PLENTY).await;
        for block in ingesting.blocks.iter().filter(|block| block.epoch > after) {
            assert_eq!(process.next().await.unwrap(), told(block, &shards), "epoch {}", block.epoch);
        }
        ingesting.write(1);
        let last = Arc::clone(ingesting.blocks.last().unwrap());
        assert_eq!(process.next().await.unwrap(), told(&last, &shards));
    }
}

#[tokio::test]
async fn nothing_is_shipped_that_is_not_durable() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    ingesting.write(3);
    let (net, shipper) = (InMemory::new(dir.path(), 1), ingesting.shipper(dir.path()));
    let (mut process, _) = Process::link(&net, &shipper).await;
    process.want(ingesting.journal_id, 3, 0, &ShardSet::ALL).await;
    process.credit(PLENTY).await;
    let block = ingesting.seal(5);
    ingesting.tail.push(Arc::clone(&block));
    process.hears_nothing().await;
    ingesting.keep(&block);
    assert_eq!(process.next().await.unwrap(), told(&block, &ShardSet::ALL));
}

#[tokio::test]
async fn no_more_comes_than_there_is_credit_for() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    ingesting.write(4);
    let (net, shipper) = (InMemory::new(dir.path(), 1), ingesting.shipper(dir.path()));
    let (mut process, _) = Process::link(&net, &shipper).await;
    process.want(ingesting.journal_id, 0, 0, &ShardSet::ALL).await;
    process.hears_nothing().await;
    // A frame costs its payload and 128 bytes.
    let frames: Vec<Frame> = ingesting.blocks.iter().map(|block| told(block, &ShardSet::ALL)).collect();
    for frame in &frames {
        let cost = u32::try_from(frame.payload.len() + 128).unwrap();
        process.credit(cost - 1).await;
        process.hears_nothing().await;
        process.credit(1).await;
        assert_eq!(process.next().await.unwrap(), *frame);
    }
    process.credit(64 << 20).await;
    process.credit(1).await;
    assert_eq!(process.goodbye().await, "more is sent, or allowed to be sent, than there is room for");
}

#[tokio::test]
async fn what_is_wanted_for_proof_comes_first() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(3_000));
    ingesting.write(30);
    let (net, shipper) = (InMemory::new(dir.path(), 1), ingesting.shipper(dir.path()));
    let (mut process, _) = Process::link(&net, &shipper).await;
    let from = &ingesting.blocks[14];
    let bytes = u32::try_from(ingesting.blocks[24].end - from.start).unwrap();
    process.want(ingesting.journal_id, 25, bytes, &ShardSet::ALL).await;
    process.credit(PLENTY).await;
    for block in &ingesting.blocks[14..] {
        let told = told(block, &ShardSet::ALL);
        if block.epoch > 25 {
            assert_eq!(process.next().await.unwrap(), told);
        } else if told.kind == Kind::Part {
            assert_eq!(process.next().await.unwrap(), Frame { is_proof_only: true, ..told });
        }
    }
}

#[tokio::test]
async fn damage_is_told_as_lost() {
    let dir = TempDir::new().unwrap();
    let mut written = Ingesting::open(dir.path(), raw(1 << 20));
    written.write(12);
    let (blocks, journal_id) = (written.blocks.clone(), written.journal_id);
    drop(written);
    let path = survey(dir.path(), None).unwrap().remove(0).path;
    let mut bytes = std::fs::read(&path).unwrap();
    for block in &blocks[4..6] {
        let at = bytes.windows(block.bytes().len()).position(|bytes| bytes == block.bytes()).unwrap();
        bytes[at + block.bytes().len() - 1] ^= 1;
    }
    std::fs::write(&path, bytes).unwrap();
    let ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    let (net, shipper) = (InMemory::new(dir.path(), 1), ingesting.shipper(dir.path()));
    let (mut process, _) = Process::link(&net, &shipper).await;
    process.want(journal_id, 2, 0, &ShardSet::ALL).await;
    process.credit(PLENTY).await;
    for block in blocks[2..].iter().filter(|block| block.epoch != 6) {
        let told = told(block, &ShardSet::ALL);
        let lost = Frame::new(Kind::Lost, numbers(&[5, 6, blocks[5].end - blocks[4].start]));
        assert_eq!(process.next().await.unwrap(), if block.epoch == 5 { lost } else { told });
    }
}

#[tokio::test]
async fn process_0_says_what_need_not_be_kept() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), JournalConfig { keep_bytes: 0, ..raw(1_000) });
    ingesting.write(30);
    let first = || first_epoch(dir.path(), None).ok().flatten().unwrap_or_default();
    let (net, shipper) = (InMemory::new(dir.path(), 0), ingesting.shipper(dir.path()));
    let (mut process, _) = Process::link(&net, &shipper).await;
    process.want(ingesting.journal_id, 30, 0, &ShardSet::ALL).await;
    // What the journal does not hold yet is passed over.
    process.say(Kind::Release, &1_000u64.to_le_bytes()).await;
    process.hears_nothing().await;
    ingesting.write(10);
    assert_eq!(first(), 1);
    process.say(Kind::Release, &20u64.to_le_bytes()).await;
    super::until("the first segments go", || first() > 10).await;
    assert!(first() <= 21, "what was not released stays");

    // Another process may not say so.
    let other = InMemory::new(dir.path(), 1);
    let (mut process, _) = Process::link(&other, &shipper).await;
    process.want(ingesting.journal_id, 40, 0, &ShardSet::ALL).await;
    process.say(Kind::Release, &40u64.to_le_bytes()).await;
    assert!(process.next().await.is_err());
    assert!(first() <= 21);
}

#[tokio::test]
async fn lines_are_given_and_counters_are_told() {
    let dir = TempDir::new().unwrap();
    let ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    let (net, shipper) = (InMemory::new(dir.path(), 1), ingesting.shipper(dir.path()));
    let (mut process, _) = Process::link(&net, &shipper).await;
    process.want(ingesting.journal_id, 0, 0, &ShardSet::ALL).await;
    let counters = loop {
        match tokio::time::timeout(PATIENCE, process.from.recv()).await.unwrap().unwrap() {
            Received::Frame(frame) if frame.kind == Kind::Stats => break frame,
            _ => {}
        }
    };
    assert_eq!(serde_json::from_slice::<IngestStats>(&counters.payload).unwrap(), stats());
    let line = |offset: u64, line: &[u8]| {
        let length = u32::try_from(line.len()).unwrap().to_le_bytes();
        [&offset.to_le_bytes()[..], &length, line].concat()
    };
    process.say(Kind::Give, &[line(5, b"one"), line(9, b"two")].concat()).await;
    assert_eq!(process.next().await.unwrap(), Frame::new(Kind::Given, [numbers(&[77]), vec![0]].concat()));
    process.say(Kind::Give, &line(5, b"")).await;
    assert_eq!(process.next().await.unwrap(), Frame::new(Kind::Given, [numbers(&[0]), vec![3]].concat()));
    process.say(Kind::Give, &line(5, b"torn")[..10]).await;
    assert_eq!(
        process.goodbye().await,
        "what the other side sent is no frame: the content of a frame of kind Give cannot be"
    );
}

#[tokio::test]
async fn what_makes_no_sense_ends_the_link_with_a_reason() {
    let dir = TempDir::new().unwrap();
    let ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    let (net, shipper) = (InMemory::new(dir.path(), 1), ingesting.shipper(dir.path()));
    let (mut process, _) = Process::link(&net, &shipper).await;
    process.want(JournalId([1; 16]), 0, 0, &ShardSet::ALL).await;
    assert!(
        process.goodbye().await.starts_with("journal 01010101010101010101010101010101 is wanted, but this one is ")
    );
    let (mut process, _) = Process::link(&net, &shipper).await;
    process.credit(5).await;
    assert_eq!(process.goodbye().await, "a frame of kind Credit cannot come now");
    let (mut process, _) = Process::link(&net, &shipper).await;
    process.want(ingesting.journal_id, 0, 0, &ShardSet::ALL).await;
    process.want(ingesting.journal_id, 0, 0, &ShardSet::ALL).await;
    assert_eq!(process.goodbye().await, "a frame of kind Want cannot come now");
    let (mut process, _) = Process::link(&net, &shipper).await;
    process.say(Kind::Want, &NOW.0.to_le_bytes()).await;
    assert!(process.goodbye().await.contains("the content of a frame of kind Want cannot be"));
}
