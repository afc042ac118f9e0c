//! A journal that nothing comes into: its clock goes on, by blocks without lines, which are as sound as any.

use crate::support::pipeline::{Lines, wait_until};
use crate::support::pipeline::{PATIENCE, accepted, assert_in_order, config, counts, start};
use std::io::Write;
use std::time::Duration;
use suiftly_ingest::audit::{Customers, From, JournalDirs, RecountOrder, recount};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::{Journal, JournalConfig, dump, survey, verify};
use suiftly_ingest::live::Resume;
use tempfile::TempDir;

#[test]
fn time_goes_on_without_lines_and_lines_go_on_after_it() {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path());
    config.idle_cut_interval = Duration::from_millis(1);
    let running = start(&config, &Resume::default());
    wait_until(&running.handle, "three empty blocks", |stats| stats.durable_epoch >= 3);
    running.tcp().write_all(&Lines::new().octet_counted(10)).unwrap();
    let batches = running.take_lines(10);
    assert_in_order(&batches, 1);
    assert_eq!(counts(&batches), accepted(10));
    let empty = &batches[0];
    assert!(batches.len() > 3 && empty.records.is_empty() && empty.oldest_received_at == empty.cut_at, "{empty:?}");
    wait_until(&running.handle, "time goes on", |stats| stats.durable_epoch >= batches.len() as u64 + 2);
    let journal_id = running.handle.journal_id();
    running.handle.shutdown(PATIENCE).unwrap();

    // The journal is sound, is looked at and read as any, and goes on where it was.
    let verified = verify(dir.path(), None).unwrap();
    assert!(verified.is_sound() && verified.lines == 10, "{verified:?}");
    let mut dumped = Vec::new();
    dump(dir.path(), None, &Default::default(), &mut dumped).unwrap();
    assert_eq!(dumped.iter().filter(|byte| **byte == b'\n').count(), 10);
    let (journal, recovery) = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    drop(journal);
    let (first, last) = (batches[0].cut_at, recovery.last_cut_at.unwrap());
    assert_eq!((recovery.last_epoch, recovery.dropped_bytes), (verified.blocks, 0));
    let order = RecountOrder {
        journal_id,
        through: recovery.last_epoch,
        month: last.month(),
        customers: Customers::All,
        books: Vec::new(),
        decode: DecodeConfig::LIVE,
        from: From::Month,
    };
    assert_eq!(recount(&JournalDirs::new(dir.path()), &order).unwrap().lines, 10);
    let again = start(&config, &Resume::default());
    assert_eq!(again.take_lines(10), batches);
    again.handle.shutdown(PATIENCE).unwrap();
    assert_eq!(survey(dir.path(), None).unwrap()[0].first_cut_at, Some(first));
}

/// A segment may hold nothing but time.
#[test]
fn a_compressed_segment_without_lines_has_its_times() {
    use std::sync::Arc;
    use suiftly_ingest::block::BlockBuilder;
    use suiftly_ingest::journal::{JournalReader, State};
    use suiftly_schema::time::UnixMillis;
    let dir = TempDir::new().unwrap();
    let config = JournalConfig { segment_bytes: 200, ..JournalConfig::default() };
    let (journal, _) = Journal::open(dir.path(), config).unwrap();
    let (mut start, mut blocks) = (0, Vec::new());
    for (epoch, cut_at) in (1..=20).zip(100..) {
        let synced_end = journal.progress().durable_end();
        let block = BlockBuilder::default().seal_after_sync(epoch, UnixMillis(cut_at), start, synced_end);
        start = block.end;
        blocks.push(block.clone());
        journal.append(Arc::new(block)).unwrap();
        journal.progress().wait_durable(epoch).unwrap();
    }
    let is_compressed = || {
        let found = survey(dir.path(), None);
        found.ok().and_then(|found| found.into_iter().next()).filter(|first| first.state == State::Compressed)
    };
    let began = std::time::Instant::now();
    let first = loop {
        if let Some(first) = is_compressed() {
            break first;
        }
        assert!(began.elapsed() < PATIENCE, "the first segment is compressed");
        std::thread::yield_now();
    };
    let last_of_first = usize::try_from(first.end_epoch).unwrap() - 2;
    let times = (first.first_cut_at, first.last_cut_at);
    assert_eq!(times, (Some(UnixMillis(100)), Some(blocks[last_of_first].cut_at)));
    drop(journal);
    let read: Vec<_> = JournalReader::from_epoch(dir.path(), 1).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, blocks);
}
