//! Decoding follows the journal: no socket waits for it, and each epoch comes once, in order.

use crate::support::pipeline::{
    Lines, PATIENCE, accepted, assert_in_order, counts, jam, seqs, start, take_lines, wait_until,
};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use suiftly_ingest::live::{Ingest, Resume};
use suiftly_ingest::stats::Phase;
use tempfile::TempDir;

#[test]
fn lines_are_journaled_while_the_tail_is_decoded() {
    let dir = TempDir::new().unwrap();
    let config = jam(dir.path());
    let mut lines = Lines::new();
    let first = start(&config, &Resume::default());
    let mut stream = first.tcp();
    for _ in 0..10 {
        stream.write_all(&lines.octet_counted(50)).unwrap();
        first.take_lines(50);
    }
    first.handle.shutdown(PATIENCE).unwrap();

    // Nobody takes batches, so that the tail is never through.
    let (out, batches) = crossbeam_channel::bounded(1);
    let open = Ingest::open(&config).unwrap();
    let last_epoch = open.last_epoch();
    assert!(last_epoch >= 10);
    let handle = open.start(&Resume::default(), out).unwrap();
    let mut stream = TcpStream::connect(handle.local_addrs().tcp).unwrap();
    for more in 1..=10 {
        stream.write_all(&lines.octet_counted(50)).unwrap();
        wait_until(&handle, "the lines' block", |stats| stats.durable_epoch >= last_epoch + more);
    }
    assert_eq!((handle.stats().phase, handle.stats().lines()), (Phase::Recovering, 500));
    let all = take_lines(&batches, 1_000);
    handle.wait_live(PATIENCE).unwrap();
    assert_in_order(&all, 1);
    assert_eq!(counts(&all), accepted(1_000));
    assert!(seqs(&all).into_iter().eq(1..=1_000));
    handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn told_to_stop_it_leaves_the_tail_to_the_next_start_and_journals_what_came() {
    let dir = TempDir::new().unwrap();
    let config = jam(dir.path());
    let mut lines = Lines::new();
    let first = start(&config, &Resume::default());
    let mut stream = first.tcp();
    for _ in 0..20 {
        stream.write_all(&lines.octet_counted(50)).unwrap();
        first.take_lines(50);
    }
    first.handle.shutdown(PATIENCE).unwrap();

    let (out, batches) = crossbeam_channel::bounded(1);
    let handle = Ingest::start(&config, &Resume::default(), out).unwrap();
    let mut stream = TcpStream::connect(handle.local_addrs().tcp).unwrap();
    stream.write_all(&lines.octet_counted(100)).unwrap();
    wait_until(&handle, "the lines", |stats| stats.lines() == 100);
    let ending = std::thread::spawn(move || handle.shutdown(PATIENCE));
    // It has been told when it says the end to its sender; until now it could make no more than the queues hold.
    assert!(matches!(stream.read(&mut [0; 1]), Ok(0)), "its sender is told");
    assert!(batches.iter().count() < 10, "it goes no further");
    ending.join().unwrap().unwrap();

    let again = start(&config, &Resume::default());
    let all = again.take_lines(1_100);
    assert_in_order(&all, 1);
    assert_eq!(counts(&all), accepted(1_100));
    again.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn what_memory_has_no_room_for_is_decoded_out_of_the_journal() {
    const LINES: u64 = 50_000;
    let dir = TempDir::new().unwrap();
    let mut config = jam(dir.path());
    // Some of it lies in closed segments by the time that it is read.
    config.journal.segment_bytes = 4 << 20;
    let (out, batches) = crossbeam_channel::bounded(1);
    let handle = Ingest::start(&config, &Resume::default(), out).unwrap();
    handle.wait_live(PATIENCE).unwrap();
    let (mut stream, mut lines) = (TcpStream::connect(handle.local_addrs().tcp).unwrap(), Lines::new());
    stream.write_all(&lines.octet_counted(usize::try_from(LINES).unwrap() - 1_000)).unwrap();
    wait_until(&handle, "all lines, though nobody takes batches", |stats| stats.lines() == LINES - 1_000);
    // The rest comes while it catches up.
    let sender = std::thread::spawn(move || {
        for _ in 0..100 {
            stream.write_all(&lines.octet_counted(10)).unwrap();
            std::thread::sleep(Duration::from_millis(2));
        }
        stream
    });
    let all = take_lines(&batches, LINES);
    assert_in_order(&all, 1);
    assert_eq!(counts(&all), accepted(LINES));
    let stream = sender.join().unwrap();
    handle.shutdown(PATIENCE).unwrap();
    assert_eq!(counts(&batches.iter().collect::<Vec<_>>()), accepted(0));
    drop(stream);
}
