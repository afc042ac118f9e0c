//! The live pipeline in trouble: ended, killed, not listened to, on a full disk.

use crate::support::disk::FaultyDisk;
use crate::support::pipeline::{
    Jammed, Lines, PATIENCE, Running, accepted, assert_in_order, config, counts, jam, jammed, seqs, start, take_lines,
    wait_until,
};
use std::io::{ErrorKind, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, Instant};
use suiftly_ingest::live::{Ingest, Resume};
use suiftly_ingest::source::Transport;
use suiftly_ingest::stats::{IngestStats, Phase};
use suiftly_schema::batch::Batch;
use tempfile::TempDir;

#[test]
fn a_shutdown_loses_nothing_that_was_sent() {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path());
    config.cut_interval = Duration::from_millis(200);
    let running = start(&config, &Resume::default());
    let (mut stream, mut lines) = (running.tcp(), Lines::new());
    stream.write_all(&lines.octet_counted(1)).unwrap();
    running.take_lines(1);
    // All of it is in the kernel's buffers when the shutdown begins.
    stream.write_all(&lines.octet_counted(300)).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..100 {
        udp.send_to(&lines.next(), running.udp_addr()).unwrap();
    }
    running.handle.shutdown(PATIENCE).unwrap();
    assert_eq!(counts(&running.batches.iter().collect::<Vec<_>>()), accepted(400));
}

#[test]
fn a_shutdown_takes_what_the_kernel_still_holds_of_a_connection() {
    let dir = TempDir::new().unwrap();
    let Jammed { handle, batches, disk, stream, lines } = jammed(&jam(dir.path()));
    let shutdown = std::thread::spawn(move || handle.shutdown(PATIENCE));
    disk.set_read_only(false);
    assert_eq!(counts(&batches.iter().collect::<Vec<_>>()), accepted(lines));
    shutdown.join().unwrap().unwrap();
    drop(stream);
}

#[test]
fn what_was_read_is_journaled_though_nobody_takes_batches() {
    let dir = TempDir::new().unwrap();
    let config = jam(dir.path());
    let (out, unread) = crossbeam_channel::bounded(1);
    let handle = Ingest::start(&config, &Resume::default(), out).unwrap();
    handle.wait_live(PATIENCE).unwrap();
    let (mut stream, mut lines) = (TcpStream::connect(handle.local_addrs().tcp).unwrap(), Lines::new());
    // More blocks than all queues behind the sequencer hold.
    for epoch in 1..=10 {
        stream.write_all(&lines.octet_counted(20)).unwrap();
        wait_until(&handle, "the lines' block", |stats| stats.durable_epoch >= epoch);
    }
    stream.write_all(&lines.octet_counted(5)).unwrap();
    let error = handle.shutdown(Duration::from_millis(1)).unwrap_err().to_string();
    assert!(error.starts_with("ingest could not drain within 1ms: durable up to epoch "), "{error}");
    drop(unread);

    let running = start(&config, &Resume::default());
    assert_eq!(counts(&running.take_lines(205)), accepted(205));
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn after_a_kill_the_journal_has_everything_that_was_delivered_once() {
    let dir = TempDir::new().unwrap();
    let config = config(dir.path());
    let mut lines = Lines::new();
    let mut delivered = Vec::new();
    for round in 1..=5 {
        let running = start(&config, &Resume::default());
        let tail: Vec<_> = running.take_lines(counts(&delivered).received);
        assert_eq!(tail, delivered, "round {round}: what was delivered before comes again, the same");
        let mut stream = running.tcp();
        stream.write_all(&lines.octet_counted(500)).unwrap();
        delivered.push(running.batches.recv_timeout(PATIENCE).unwrap());
        let Running { handle, batches } = running;
        drop(handle);
        delivered.extend(batches);
        // What was journaled but not delivered counts for the next round too.
        let (out, rest) = crossbeam_channel::unbounded();
        let handle = Ingest::start(&config, &Resume::default(), out).unwrap();
        handle.wait_live(PATIENCE).unwrap();
        handle.shutdown(PATIENCE).unwrap();
        let all: Vec<Batch> = rest.iter().collect();
        assert_eq!(all[..delivered.len()], delivered);
        delivered = all;
    }
    let mut seqs = seqs(&delivered);
    let count = seqs.len();
    seqs.dedup();
    assert_eq!(seqs.len(), count, "no line twice");
    assert_in_order(&delivered, 1);
}

#[test]
fn while_the_disk_refuses_tcp_senders_wait_and_lose_nothing() {
    const LINES: usize = 100_000;
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    let (out, batches) = crossbeam_channel::unbounded();
    let open = Ingest::open_on(&jam(dir.path()), Box::new(disk.clone())).unwrap();
    disk.set_read_only(true);
    let handle = open.start(&Resume::default(), out).unwrap();
    handle.wait_live(PATIENCE).unwrap();

    let bytes = Lines::new().octet_counted(LINES);
    let mut stream = TcpStream::connect(handle.local_addrs().tcp).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut sent = 0;
    let stuck = loop {
        match stream.write(&bytes[sent..]) {
            Ok(count) if sent + count == bytes.len() => break false,
            Ok(count) => sent += count,
            Err(error) => break matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    };
    assert!(stuck, "the sender was never made to wait");
    // It stays full while the disk refuses; on a slow machine the last of it may still be on its way.
    let stats = wait_until(&handle, "a full queue", |stats| stats.queue_depth == 1);
    assert_eq!((stats.queue_depth, stats.queue_bound), (1, 1), "full, and no more than full");
    assert!(stats.by(Transport::Tcp).lines < LINES as u64);

    disk.set_read_only(false);
    stream.set_write_timeout(None).unwrap();
    let sender = std::thread::spawn(move || stream.write_all(&bytes[sent..]).map(|()| stream));
    let all = take_lines(&batches, LINES as u64);
    sender.join().unwrap().unwrap();
    assert_eq!(counts(&all), accepted(LINES as u64));
    handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    let (out, batches) = crossbeam_channel::unbounded();
    let open = Ingest::open_on(&config(dir.path()), Box::new(disk.clone())).unwrap();
    let handle = open.start(&Resume::default(), out).unwrap();
    handle.wait_live(PATIENCE).unwrap();
    let (mut stream, mut lines) = (TcpStream::connect(handle.local_addrs().tcp).unwrap(), Lines::new());
    stream.write_all(&lines.octet_counted(100)).unwrap();
    assert_eq!(counts(&take_lines(&batches, 100)), accepted(100));

    disk.set_full(true);
    stream.write_all(&lines.octet_counted(200)).unwrap();
    let stats = wait_until(&handle, "the error", |stats| stats.write_error.is_some());
    assert!(stats.write_error.unwrap().starts_with("cannot write the journal in "));
    assert!(batches.is_empty(), "nothing leaves before it is durable");

    disk.set_full(false);
    assert_eq!(counts(&take_lines(&batches, 200)), accepted(200));
    assert_eq!(handle.stats().write_error, None);

    // At the end there is a limit to patience, and it is said what is missing.
    disk.set_full(true);
    stream.write_all(&lines.octet_counted(10)).unwrap();
    wait_until(&handle, "the error", |stats| stats.write_error.is_some());
    let error = handle.shutdown(Duration::from_millis(1)).unwrap_err().to_string();
    assert!(error.starts_with("ingest could not drain within 1ms: durable up to epoch "), "{error}");
    assert!(error.contains("cannot write the journal"), "{error}");
}

#[test]
fn it_stops_by_itself_when_nobody_takes_its_batches() {
    let dir = TempDir::new().unwrap();
    let Running { handle, batches } = start(&config(dir.path()), &Resume::default());
    drop(batches);
    let (mut stream, mut lines) = (TcpStream::connect(handle.local_addrs().tcp).unwrap(), Lines::new());
    let stopped = |stats: &IngestStats| matches!(stats.phase, Phase::Stopped { failure: Some(_) });
    let began = Instant::now();
    while !stopped(&handle.stats()) {
        assert!(began.elapsed() < PATIENCE);
        // Fails once it is closed.
        let _ = stream.write_all(&lines.octet_counted(1));
    }
    assert!(handle.shutdown(PATIENCE).unwrap_err().to_string().contains("ingest has stopped"));
}
