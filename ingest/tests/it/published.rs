//! Formats that were published while it ran, found again in the journal by those who come later: a recount that begins
//! behind them, and a tail that goes on from what was stored.

use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_ingest::audit::{Customers, From, JournalDirs, RecountOrder, recount};
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::{DecodeConfig, Decoder};
use suiftly_ingest::journal::{Journal, JournalConfig, JournalId};
use suiftly_ingest::live::Resume;
use suiftly_ingest::source::Source;
use suiftly_ingest::tail::Tail;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tempfile::TempDir;

fn at(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

fn format(id: i64, word: &str, is_in_force: bool) -> PublishedFormat {
    let attribution = [("customer", "var(txn.c)"), ("traffic", "=1"), ("began", "date(0,ms)")];
    PublishedFormat {
        id,
        name: word.to_lowercase(),
        log_format: format!("{word} %[date(0,ms)] %ST %B %[var(txn.c)]"),
        attribution: attribution.map(|(name, from)| (name.to_owned(), from.to_owned())).into(),
        publication: id,
        is_in_force,
    }
}

/// One format is published in November and one retired there; one more is published in December.
fn blocks() -> Vec<Block> {
    let gateway = Source::udp("10.0.0.17:514".parse().unwrap());
    let line = |word: &str, at: UnixMillis| (gateway, format!("{word} {} 200 10 7", at.0));
    let mut seq = 0;
    let mut told = |format: PublishedFormat| {
        seq += 1;
        (Source::Outbox, serde_json::to_string(&ReferenceChange { seq, entity: Entity::LogFormat(format) }).unwrap())
    };
    let (november, december) = (at("2026-11-30T12:00:00Z"), at("2026-12-02T12:00:00Z"));
    let all = |at: UnixMillis| ["ONE", "TWO", "SIX"].map(|word| line(word, at)).to_vec();
    let parts = [
        (november, [vec![told(format(1, "ONE", true)), told(format(2, "TWO", true))], all(november)].concat()),
        (november, vec![told(format(2, "TWO", false))]),
        (december, all(december)),
        (december, [vec![told(format(3, "SIX", true))], all(december.plus_ms(1))].concat()),
        (december, all(december.plus_ms(2))),
    ];
    let (mut blocks, mut end) = (Vec::new(), 0);
    for (epoch, (received_at, frames)) in (1..).zip(parts) {
        let mut builder = BlockBuilder::default();
        frames.iter().for_each(|(source, frame)| builder.push(source, received_at, frame.as_bytes()).unwrap());
        let block = builder.seal(epoch, received_at, end);
        end = block.end;
        blocks.push(block);
    }
    blocks
}

fn journal(blocks: &[Block]) -> (TempDir, JournalId) {
    let dir = TempDir::new().unwrap();
    let (journal, recovery) = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    for block in blocks {
        journal.append(Arc::new(block.clone())).unwrap();
        journal.progress().wait_durable(block.epoch).unwrap();
    }
    (dir, recovery.journal_id)
}

fn decoded(blocks: &[Block]) -> Vec<Batch> {
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    blocks.iter().map(|block| decoder.decode(block)).collect()
}

#[test]
fn a_recount_that_begins_behind_a_publication_reads_by_it() {
    let (blocks, batches) = (blocks(), decoded(&blocks()));
    let accepted: Vec<u64> = batches.iter().map(|batch| batch.counts.accepted).collect();
    assert_eq!(accepted, [2, 0, 1, 2, 2]);
    let (dir, journal_id) = journal(&blocks);
    let order = RecountOrder {
        journal_id,
        through: blocks.len() as Epoch,
        month: BillingMonth::parse("2026-12").unwrap(),
        customers: Customers::All,
        books: Vec::new(),
        decode: DecodeConfig::LIVE,
        from: From::Month,
    };
    let counted = |order: &RecountOrder| {
        let found = recount(&JournalDirs::new(dir.path()), order).unwrap();
        let requests: i64 = found.hours.values().flatten().map(|hour| hour.requests).sum();
        (requests, found.first_epoch)
    };
    assert_eq!(counted(&order), (5, 3), "it begins behind two publications and a retirement");
    assert_eq!(counted(&RecountOrder { from: From::Beginning, ..order }), (5, 1));
}

#[test]
fn a_tail_goes_on_by_what_was_told() {
    let (blocks, batches) = (blocks(), decoded(&blocks()));
    let (dir, _) = journal(&blocks);
    for cut in 0..blocks.len() {
        let (mut stopped, mut formats, mut reference_seq) = (Decoder::new(DecodeConfig::LIVE), BTreeMap::new(), 0);
        for block in &blocks[..cut] {
            for change in stopped.decode(block).reference {
                let Entity::LogFormat(format) = change.entity else { panic!("only formats are told") };
                (_, reference_seq) = (formats.insert(format.id, format), change.seq);
            }
        }
        let formats = formats.into_values().collect();
        let resume =
            Resume { epoch: cut as Epoch, windows: stopped.windows(), reference_seq, formats, ..Resume::default() };
        let mut tail = Tail::open(dir.path(), DecodeConfig::LIVE, &resume).unwrap();
        for expected in &batches[cut..] {
            assert_eq!(tail.next(blocks.len() as Epoch).unwrap().as_ref(), Some(expected), "after epoch {cut}");
        }
    }
}
