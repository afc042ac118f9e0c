//! Quarantined lines given again: through the same queue and journal as all others, once.

use crate::support::pipeline::{Jammed, PATIENCE, Running, config, counts, jam, jammed, now, start};
use std::io::Write;
use std::time::Duration;
use suiftly_ingest::hand_in::HandInError;
use suiftly_ingest::haproxy::Format;
use suiftly_ingest::journal::JournalReader;
use suiftly_ingest::live::{IngestConfig, IngestMonitor, Resume};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::{Source, Transport};
use suiftly_ingest::tail::Tail;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::price::{BillableRule, PriceBook, PriceBooks, StatusRange};
use suiftly_schema::quarantine::{GivenLine, QuarantinedLine};
use suiftly_schema::reference::{Account, Entity, ReferenceChange};
use suiftly_schema::time::UnixMillis;
use tempfile::TempDir;

const HTTPLOG: &[u8] = b"<134>Nov 21 22:01:17 gw haproxy[7]: 192.0.2.1:51234 [21/Nov/2026:22:01:17.199] fe be/s1 0/0/1/9/10 200 7 - - ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"\n";

/// On a runtime whose clock stands still: what waits for longer than it can is told at once.
fn requeue(monitor: &IngestMonitor, lines: &[GivenLine]) -> Result<Epoch, HandInError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(monitor.requeue(lines))
}

/// The same, as patient as the program.
fn requeue_patiently(running: &Running, lines: &[GivenLine]) -> Epoch {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(running.handle.monitor().requeue(lines)).unwrap()
}

fn given(line: &QuarantinedLine) -> GivenLine {
    GivenLine { journal_offset: line.journal_offset, line: line.line.clone() }
}

/// The one line that was quarantined of a batch.
fn quarantined(batches: &[Batch], reason: &str) -> QuarantinedLine {
    let lines: Vec<_> = batches.iter().flat_map(|batch| &batch.quarantined).collect();
    assert_eq!(lines.iter().map(|line| line.reason).collect::<Vec<_>>(), [reason]);
    lines[0].clone()
}

fn outcomes(batches: &[Batch]) -> Vec<(u64, &'static str)> {
    batches.iter().flat_map(|batch| &batch.requeued).map(|line| (line.journal_offset, line.outcome)).collect()
}

fn after(batch: &Batch) -> Resume {
    Resume { epoch: batch.epoch, windows: batch.windows.clone(), ..Resume::default() }
}

#[test]
fn a_line_given_again_is_journaled_with_where_it_stood_first() {
    let dir = TempDir::new().unwrap();
    let config = config(dir.path());
    let running = start(&config, &Resume::default());
    running.tcp().write_all(b"no line of ours\n").unwrap();
    let mut batches = running.take_lines(1);
    let line = quarantined(&batches, "unknown_format");
    assert_eq!(line.line, b"no line of ours");

    let epoch = requeue_patiently(&running, &[given(&line)]);
    let again = running.take_lines(1);
    assert_eq!((again[0].epoch, outcomes(&again)), (epoch, vec![(line.journal_offset, "unknown_format")]));
    assert!(running.handle.stats().durable_epoch >= epoch);
    assert_eq!((counts(&again).received, counts(&again).rejected_total()), (1, 1));
    assert_eq!(again[0].quarantined, [], "it is there already");
    let stats = running.handle.stats();
    assert_eq!((stats.by(Transport::Quarantine).lines, stats.by(Transport::Quarantine).bytes), (1, 15));
    assert_eq!(stats.lines(), 2, "as many as are published, so nothing stays pending");
    batches.extend(again);
    let monitor = running.handle.monitor();
    running.handle.shutdown(PATIENCE).unwrap();
    assert_eq!(requeue(&monitor, &[given(&line)]), Err(HandInError::Stopped));

    let blocks: Vec<_> = JournalReader::from_epoch(dir.path(), 1).unwrap().map(Result::unwrap).collect();
    let sources: Vec<_> = blocks.iter().flat_map(|block| block.frames().map(|frame| frame.source)).collect();
    assert_eq!(sources[1..], [Source::Quarantine { offset: line.journal_offset }]);
    // Decoded again after a restart it is the same.
    let restarted = start(&config, &Resume::default());
    assert_eq!(restarted.take_lines(2), batches);
    restarted.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn with_a_format_that_reads_it_a_line_is_billed_once() {
    let dir = TempDir::new().unwrap();
    let plain = config(dir.path());
    let mut strict = plain.clone();
    strict.decode.format = Format::Sf1;
    let running = start(&strict, &Resume::default());
    running.tcp().write_all(HTTPLOG).unwrap();
    let batches = running.take_lines(1);
    let line = quarantined(&batches, "unknown_format");
    running.handle.shutdown(PATIENCE).unwrap();

    let fixed = start(&plain, &after(&batches[0]));
    requeue_patiently(&fixed, &[given(&line)]);
    let accepted = fixed.take_lines(1);
    assert_eq!(outcomes(&accepted), [(line.journal_offset, "accepted")]);
    assert_eq!((accepted[0].records.len(), accepted[0].partials.usage.len()), (1, 1));
    fixed.handle.shutdown(PATIENCE).unwrap();
    // A crash before the store had it: the tail alone brings it, under whatever is configured now.
    let again = start(&plain, &after(&batches[0]));
    assert_eq!(again.take_lines(1), accepted);
    again.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn an_old_line_given_again_is_taken_whatever_its_date_and_only_once() {
    let dir = TempDir::new().unwrap();
    let running = start(&config(dir.path()), &Resume::default());
    let long_ago = now().plus_ms(-8 * 24 * 3_600_000);
    let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), long_ago);
    let mut old = Vec::new();
    gateway.line(long_ago, &mut old);
    running.tcp().write_all(&[old.as_slice(), b"\n"].concat()).unwrap();
    let line = quarantined(&running.take_lines(1), "time_window");
    for outcome in ["accepted", "duplicate"] {
        requeue_patiently(&running, &[given(&line)]);
        let batches = running.take_lines(1);
        assert_eq!(outcomes(&batches), [(line.journal_offset, outcome)]);
        assert_eq!(batches[0].records.len(), usize::from(outcome == "accepted"));
    }
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn as_many_as_may_be_are_in_one_go_and_the_answer_is_the_last_ones_epoch() {
    let dir = TempDir::new().unwrap();
    let running = start(&config(dir.path()), &Resume::default());
    // One MiB of payload is more than a block that is cut at one MiB takes: they end in two.
    let lines: Vec<_> = (0..16).map(|at| GivenLine { journal_offset: at, line: vec![b'x'; 65_535] }).collect();
    let epoch = requeue_patiently(&running, &lines);
    let batches = running.take_lines(16);
    let last = batches.iter().rfind(|batch| !batch.requeued.is_empty()).unwrap();
    assert_eq!(last.epoch, epoch);
    let offsets: Vec<_> = outcomes(&batches).into_iter().map(|(offset, _)| offset).collect();
    assert_eq!(offsets, (0..16).collect::<Vec<_>>());
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn without_room_none_goes_in_and_none_is_counted() {
    let dir = TempDir::new().unwrap();
    let Jammed { handle, batches, disk, stream: _stream, lines } = jammed(&jam(dir.path()));
    let line = GivenLine { journal_offset: 1, line: b"x".to_vec() };
    assert_eq!(requeue(&handle.monitor(), &[line]), Err(HandInError::Busy));
    assert_eq!(handle.stats().by(Transport::Quarantine).lines, 0);
    let shutdown = std::thread::spawn(move || handle.shutdown(PATIENCE));
    disk.set_read_only(false);
    assert_eq!(counts(&batches.iter().collect::<Vec<_>>()).received, lines);
    shutdown.join().unwrap().unwrap();
}

#[test]
fn what_is_not_known_to_be_journaled_is_told_so_and_goes_its_way() {
    let dir = TempDir::new().unwrap();
    let slow = IngestConfig { cut_interval: Duration::from_secs(600), ..config(dir.path()) };
    let running = start(&slow, &Resume::default());
    let line = GivenLine { journal_offset: 9, line: b"x".to_vec() };
    assert_eq!(requeue(&running.handle.monitor(), &[line]), Err(HandInError::Undetermined));
    running.handle.shutdown(PATIENCE).unwrap();
    let batches: Vec<Batch> = running.batches.iter().collect();
    assert_eq!(outcomes(&batches), [(9, "unknown_format")]);
}

#[test]
fn reference_changes_are_journaled_among_the_lines() {
    let dir = TempDir::new().unwrap();
    let config = config(dir.path());
    let running = start(&config, &Resume::default());
    let change = |seq| {
        let account = Account::new(CustomerId::new(7).unwrap());
        ReferenceChange { seq, entity: Entity::Account(account) }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let tell = |changes: &[ReferenceChange]| runtime.block_on(running.handle.monitor().tell(changes)).unwrap();
    let epoch = tell(&[change(1), change(2)]);
    let first = running.batches.recv_timeout(PATIENCE).unwrap();
    assert_eq!((first.epoch, first.reference.as_slice()), (epoch, [change(1), change(2)].as_slice()));
    // Not known to have arrived, it is told again.
    tell(&[change(2), change(3)]);
    let second = running.batches.recv_timeout(PATIENCE).unwrap();
    assert_eq!(second.reference, [change(3)]);
    assert_eq!(running.handle.stats().lines(), 0, "none of them is a line");
    running.handle.shutdown(PATIENCE).unwrap();
    // A start from the first epoch's watermark brings the rest.
    let resume = Resume { epoch, reference_seq: 2, ..Resume::default() };
    let again = start(&config, &resume);
    assert_eq!(again.batches.recv_timeout(PATIENCE).unwrap(), second);
    again.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn a_book_that_was_told_bills_after_a_restart_too() {
    let dir = TempDir::new().unwrap();
    let config = config(dir.path());
    let running = start(&config, &Resume::default());
    let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), now());
    let mut lines = Vec::new();
    for _ in 0..100 {
        gateway.line(now(), &mut lines);
        lines.push(b'\n');
    }
    running.tcp().write_all(&lines).unwrap();
    let by_default = running.take_lines(100);
    assert!(billed(&by_default) > 0);
    // Nothing any more, from long ago on.
    let billable = BillableRule { traffic_types: vec![0], statuses: vec![StatusRange { from: 999, to: 999 }] };
    let book = PriceBook { version: 2, effective_from: UnixMillis(3_600_000), billable, ..PriceBook::v1() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let change = ReferenceChange { seq: 1, entity: Entity::PriceBook(book) };
    let epoch = runtime.block_on(running.handle.monitor().tell(&[change])).unwrap();
    let told = running.batches.recv_timeout(PATIENCE).unwrap();
    assert_eq!((told.epoch, told.reference.len()), (epoch, 1));
    lines.clear();
    for _ in 0..100 {
        gateway.line(now(), &mut lines);
        lines.push(b'\n');
    }
    running.tcp().write_all(&lines).unwrap();
    let by_book = running.take_lines(100);
    assert_eq!((counts(&by_book).accepted, billed(&by_book)), (100, 0));
    running.handle.shutdown(PATIENCE).unwrap();

    let entities: Vec<_> = told.reference.iter().map(|change| change.entity.clone()).collect();
    let windows = by_default.iter().rev().find_map(|batch| (!batch.windows.is_empty()).then(|| batch.windows.clone()));
    let resume = Resume {
        epoch,
        windows: windows.unwrap(),
        reference_seq: 1,
        books: PriceBooks::of(&entities),
        ..Resume::default()
    };
    let again = start(&config, &resume);
    assert_eq!(again.take_lines(100), by_book);
    again.handle.shutdown(PATIENCE).unwrap();
    let mut tail = Tail::open(dir.path(), config.decode, &resume).unwrap();
    let last = by_book.last().unwrap().epoch;
    let tail: Vec<Batch> = std::iter::from_fn(|| tail.next(last).unwrap()).collect();
    assert_eq!(tail, by_book);
}

fn billed(batches: &[Batch]) -> i64 {
    batches.iter().flat_map(|batch| &batch.partials.usage).map(|(_, usage)| usage.sums.billable_requests).sum()
}
