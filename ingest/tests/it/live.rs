//! The live pipeline over real sockets, from bytes sent to batches delivered.

use crate::support::pipeline::{
    Lines, PATIENCE, accepted, assert_in_order, config, counts, now, seqs, start, wait_until,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalId};
use suiftly_ingest::live::{Ingest, Resume};
use suiftly_ingest::simulate::{self, GatewayOptions, SimulateOptions, Target, TlsFiles};
use suiftly_ingest::source::{Source, Transport};
use suiftly_ingest::stats::{Phase, TransportStats};
use suiftly_schema::batch::Batch;
use tempfile::TempDir;

fn simulate(to: Target, lines: u64) {
    let options = SimulateOptions {
        to,
        rate_per_second: 20_000,
        max_lines: Some(lines),
        max_duration: None,
        tls: TlsFiles::default(),
        gateway: GatewayOptions::default(),
    };
    let summary = simulate::run(&options, &AtomicBool::new(false)).unwrap();
    assert_eq!((summary.lines, summary.lines_in_failed_writes), (lines, 0));
}

/// Looks until it is so.
#[test]
fn lines_by_udp_arrive_whole() {
    let dir = TempDir::new().unwrap();
    let running = start(&config(dir.path()), &Resume::default());
    simulate(Target::Udp(running.udp_addr()), 3_000);
    let batches = running.take_lines(3_000);
    assert_eq!(counts(&batches), accepted(3_000));
    assert!(seqs(&batches).into_iter().eq(1..=3_000));
    assert_in_order(&batches, 1);
    let window = &batches.last().unwrap().windows[0];
    assert_eq!((window.received, window.missing), (3_000, 0));
    let stats = running.handle.stats();
    let bytes = stats.by(Transport::Udp).bytes;
    assert_eq!(
        (stats.by(Transport::Udp), stats.by(Transport::Tcp), stats.framing_errors()),
        (TransportStats { lines: 3_000, bytes, ..TransportStats::default() }, TransportStats::default(), 0)
    );
    assert_eq!((stats.durable_epoch, stats.phase), (batches.len() as u64, Phase::Live));
    assert_eq!(stats.journal_offset, batches.last().unwrap().journal_end);
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn lines_by_tcp_arrive_whole_in_both_framings() {
    let dir = TempDir::new().unwrap();
    let running = start(&config(dir.path()), &Resume::default());
    simulate(Target::Tcp(running.handle.local_addrs().tcp), 5_000);
    let batches = running.take_lines(5_000);
    assert_eq!(counts(&batches), accepted(5_000));
    assert!(seqs(&batches).into_iter().eq(1..=5_000));

    // Byte by byte at first, so that frames are met at every place of a read; the last line lacks its newline.
    let mut bytes = Lines::new().newline_framed(4_000);
    bytes.pop();
    let mut stream = running.tcp();
    bytes[..600].iter().for_each(|byte| stream.write_all(&[*byte]).unwrap());
    stream.write_all(&bytes[600..]).unwrap();
    drop(stream);
    let more = running.take_lines(4_000);
    assert_eq!(counts(&more), accepted(4_000));
    assert_in_order(&[batches, more].concat(), 1);
    assert_eq!(running.handle.stats().by(Transport::Tcp).lines, 9_000);
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn garbage_is_counted_and_stops_nothing() {
    let dir = TempDir::new().unwrap();
    let running = start(&config(dir.path()), &Resume::default());
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (mut lines, to) = (Lines::new(), running.udp_addr());
    // Nothing, a newline, noise, half a line, a datagram longer than a frame may be, the longest there is.
    let half = lines.next()[..60].to_vec();
    let garbage: [&[u8]; 6] = [b"", b"\n", &[0xff, 0x00, 0xfe], &half, &[b'x'; 20_000], &[b'y'; 65_507]];
    garbage.iter().for_each(|bytes| assert_eq!(udp.send_to(bytes, to).unwrap(), bytes.len()));
    let rejected = running.take_lines(2);
    assert_eq!(counts(&rejected).rejected_total(), 2);
    wait_until(&running.handle, "two oversize datagrams", |stats| stats.framing_errors() == 2);

    // A good frame, then what is no count: the connection is closed on us.
    let mut broken = running.tcp();
    let mut bytes = lines.octet_counted(1);
    bytes.extend_from_slice(b"and now for something else");
    broken.write_all(&bytes).unwrap();
    let closed = broken.read(&mut [0; 1]);
    assert!(matches!(&closed, Ok(0)) || closed.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    let mut noise = running.tcp();
    noise.write_all(&[b"\xff\xfe\n".as_slice(), &[b'z'; 40_000], b"\nno line\n"].concat()).unwrap();
    let batches = running.take_lines(3);
    assert_eq!((counts(&batches).accepted, counts(&batches).rejected_total()), (1, 2));
    wait_until(&running.handle, "the broken stream and the oversize line", |stats| stats.framing_errors() == 4);

    udp.send_to(&lines.next(), to).unwrap();
    running.tcp().write_all(&lines.octet_counted(10)).unwrap();
    noise.write_all(&lines.newline_framed(10)).unwrap();
    assert_eq!(counts(&running.take_lines(21)), accepted(21));
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn a_port_in_use_is_told_in_one_line() {
    let dir = TempDir::new().unwrap();
    let (out, _batches) = crossbeam_channel::bounded(1);
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    for (addr, transport) in [(udp.local_addr().unwrap(), "udp"), (tcp.local_addr().unwrap(), "tcp")] {
        let mut config = config(dir.path());
        config.listener.listen = addr;
        let error = Ingest::start(&config, &Resume::default(), out.clone()).unwrap_err().to_string();
        assert_eq!(error, format!("cannot listen for syslog on {transport} {addr}: address in use"));
    }
}

#[test]
fn a_restart_replays_exactly_the_tail() {
    let dir = TempDir::new().unwrap();
    let config = config(dir.path());
    let first = start(&config, &Resume::default());
    let journal_id = first.handle.journal_id();
    let mut stream = first.tcp();
    let mut lines = Lines::new();
    let (mut before, mut last_lines) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        last_lines = lines.octet_counted(50);
        stream.write_all(&last_lines).unwrap();
        before.extend(first.take_lines(50));
    }
    first.handle.shutdown(PATIENCE).unwrap();

    let middle = before.len() / 2;
    let at_end = &before[before.len() - 1];
    let cases = [
        (Resume::default(), before.as_slice()),
        (resume_after(&before[middle], journal_id), &before[middle + 1..]),
        (resume_after(at_end, journal_id), &[]),
    ];
    for (resume, tail) in cases {
        let again = start(&config, &resume);
        let replayed = again.take_lines(counts(tail).received);
        assert_eq!(replayed, tail, "after epoch {}", resume.epoch);
        again.handle.shutdown(PATIENCE).unwrap();
        assert_eq!(again.batches.iter().count(), 0);
    }

    // A line that comes again after all of it is still known, and new ones go on with the next epoch.
    let again = start(&config, &resume_after(at_end, journal_id));
    let mut stream = again.tcp();
    stream.write_all(&lines.octet_counted(10)).unwrap();
    stream.write_all(&last_lines).unwrap();
    let live = again.take_lines(60);
    assert_eq!((counts(&live).accepted, counts(&live).duplicates), (10, 50));
    assert_eq!(again.handle.stats().forgotten.duplicates_unproven, 0, "their bodies were compared");
    assert_in_order(&live, before.len() as u64 + 1);
    assert!(seqs(&live).into_iter().eq(1_001..=1_010));
    again.handle.shutdown(PATIENCE).unwrap();
}

fn resume_after(batch: &Batch, journal_id: JournalId) -> Resume {
    Resume { epoch: batch.epoch, windows: batch.windows.clone(), journal_id: Some(journal_id), ..Resume::default() }
}

#[test]
fn a_watermark_that_does_not_belong_is_refused() {
    let dir = TempDir::new().unwrap();
    let (out, _batches) = crossbeam_channel::bounded(1);
    let refused = |resume: Resume| Ingest::start(&config(dir.path()), &resume, out.clone()).unwrap_err().to_string();
    let other = "000102030405060708090a0b0c0d0e0f".parse().unwrap();
    let error = refused(Resume { journal_id: Some(other), ..Resume::default() });
    assert!(error.contains("watermark is of journal 000102030405060708090a0b0c0d0e0f"), "{error}");
    let error = refused(Resume { epoch: 5, ..Resume::default() });
    assert_eq!(error, "the database is at epoch 5, but the journal ends at epoch 0: part of the journal is missing");
}

#[test]
fn a_clock_that_went_back_does_not_turn_the_cuts_around() {
    let dir = TempDir::new().unwrap();
    let (ahead, mut lines) = (now().plus_ms(3_600_000), Lines::new());
    let (journal, _) = Journal::open(dir.path(), JournalConfig::default()).unwrap();
    let mut builder = BlockBuilder::default();
    builder.push(&Source::File, now(), &lines.next()).unwrap();
    journal.append(Arc::new(builder.seal(1, ahead, 0))).unwrap();
    drop(journal);

    let running = start(&config(dir.path()), &Resume::default());
    running.tcp().write_all(&lines.octet_counted(1)).unwrap();
    let batches = running.take_lines(2);
    assert_eq!(batches.iter().map(|batch| batch.cut_at).collect::<Vec<_>>(), [ahead, ahead]);
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn too_many_connections_are_refused_and_counted() {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path());
    config.listener.max_connections = 2;
    let running = start(&config, &Resume::default());
    let (mut first, _second) = (running.tcp(), running.tcp());
    wait_until(&running.handle, "two connections", |stats| stats.connections() == 2);
    let mut third = running.tcp();
    assert!(matches!(third.read(&mut [0; 1]), Ok(0) | Err(_)), "closed on us");
    assert_eq!(running.handle.stats().by(Transport::Tcp).connections_refused, 1);

    let mut lines = Lines::new();
    first.write_all(&lines.octet_counted(5)).unwrap();
    running.take_lines(5);
    drop(first);
    wait_until(&running.handle, "room again", |stats| stats.connections() == 1);
    running.tcp().write_all(&lines.octet_counted(5)).unwrap();
    assert_eq!(counts(&running.take_lines(5)), accepted(5));
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn blocks_are_cut_by_size_and_in_one_order() {
    let dir = TempDir::new().unwrap();
    let mut config = config(dir.path());
    config.cut_interval = Duration::from_secs(600);
    let running = start(&config, &Resume::default());
    let bytes = Lines::new().octet_counted(30_000);
    let before = now();
    running.tcp().write_all(&bytes).unwrap();
    let first = running.batches.recv_timeout(PATIENCE).unwrap();
    let mib = 1 << 20;
    assert!((mib..mib + 65_536).contains(&first.journal_end), "full: {}", first.journal_end);
    assert!(first.oldest_received_at >= before && first.cut_at <= now());
    // The rest is cut because it ends.
    running.handle.shutdown(PATIENCE).unwrap();
    let rest: Vec<Batch> = running.batches.iter().collect();
    let all = [vec![first], rest].concat();
    assert_in_order(&all, 1);
    let offsets: Vec<_> = all.iter().flat_map(|batch| batch.records.iter().map(|r| r.journal_offset)).collect();
    assert!(offsets.is_sorted_by(|a, b| a < b));
}
