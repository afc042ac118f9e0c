//! Connections that go from one process to the next: nothing lost, nothing twice, no frame torn.

use crate::support::certificates::{Ca, tls_config};
use crate::support::disk::FaultyDisk;
use crate::support::pipeline::{Lines, PATIENCE, Running, accepted, config, counts, seqs, start, wait_until};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use suiftly_ingest::journal::JournalReader;
use suiftly_ingest::listener::{HandedConnection, PassedSockets};
use suiftly_ingest::live::{Ingest, IngestConfig, IngestHandle, Resume};
use suiftly_ingest::source::Transport;
use tempfile::TempDir;

/// Long enough for a process to have been told, and much shorter than a frame may take.
const A_WHILE: Duration = Duration::from_millis(100);

type Framed = fn(&mut Lines, usize) -> Vec<u8>;

const FRAMINGS: [Framed; 2] = [Lines::octet_counted, Lines::newline_framed];

/// The next process.
fn go_on(config: &IngestConfig, connections: Vec<HandedConnection>) -> Running {
    let (out, batches) = crossbeam_channel::unbounded();
    let open = Ingest::open_with(config, PassedSockets { connections, ..PassedSockets::default() }).unwrap();
    let handle = open.start(&Resume::default(), out).unwrap();
    handle.wait_live(PATIENCE).unwrap();
    Running { handle, batches }
}

/// Ends the process while something is done.
fn hand_over(handle: IngestHandle, meanwhile: impl FnOnce()) -> Vec<HandedConnection> {
    let ending = std::thread::spawn(move || handle.hand_over(PATIENCE));
    meanwhile();
    let (connections, ended) = ending.join().unwrap();
    ended.unwrap();
    connections
}

fn journaled(config: &IngestConfig) -> Vec<Vec<u8>> {
    let blocks = JournalReader::from_epoch(&config.journal_dir, 1).unwrap().map(Result::unwrap);
    blocks.flat_map(|block| block.frames().map(|frame| frame.bytes.to_vec()).collect::<Vec<_>>()).collect()
}

#[test]
fn a_connection_is_handed_over_where_its_frame_ends() {
    for framed in FRAMINGS {
        let dir = TempDir::new().unwrap();
        let config = config(dir.path());
        let running = start(&config, &Resume::default());
        let (mut stream, mut silent, mut lines) = (running.tcp(), running.tcp(), Lines::new());
        let [whole, torn] = [framed(&mut lines, 100), framed(&mut lines, 1)];
        stream.write_all(&[whole.as_slice(), &torn[..torn.len() / 2]].concat()).unwrap();
        running.take_lines(100);
        wait_until(&running.handle, "two connections", |stats| stats.connections() == 2);
        let [rest, next] = [framed(&mut lines, 9), framed(&mut lines, 1)];
        let monitor = running.handle.monitor();
        let connections = hand_over(running.handle, || {
            // Both have been told when the silent one is gone; the other is waited for a second, no longer.
            let began = Instant::now();
            while monitor.stats().connections() > 1 {
                assert!(began.elapsed() < PATIENCE, "the silent one is handed over at once");
                std::thread::yield_now();
            }
            // The frame's end, whole ones behind it, and one that is torn again.
            stream.write_all(&[&torn[torn.len() / 2..], &rest, &next[..next.len() / 2]].concat()).unwrap();
        });
        let framings: Vec<_> = connections.iter().map(|connection| connection.framing.is_some()).collect();
        assert!(framings == [false, true] || framings == [true, false], "{framings:?}");
        assert!(journaled(&config).len() >= 101, "what it began it has read to its end");

        let running = go_on(&config, connections);
        stream.write_all(&[&next[next.len() / 2..], &framed(&mut lines, 9)].concat()).unwrap();
        silent.write_all(&framed(&mut lines, 10)).unwrap();
        let batches = running.take_lines(130);
        assert_eq!(counts(&batches), accepted(130));
        assert!(seqs(&batches).into_iter().eq(1..=130));
        let stats = running.handle.stats();
        assert_eq!((stats.connections(), stats.framing_errors()), (2, 0));
        running.handle.shutdown(PATIENCE).unwrap();
        assert!(matches!(stream.read(&mut [0; 1]), Ok(0)), "the last one tells that it ends");
    }
}

#[test]
fn a_stream_goes_through_many_processes_and_loses_nothing() {
    const LINES: u32 = 5_000;
    for framed in FRAMINGS {
        let dir = TempDir::new().unwrap();
        let config = config(dir.path());
        let mut running = start(&config, &Resume::default());
        let (mut stream, bytes) = (running.tcp(), framed(&mut Lines::new(), LINES as usize));
        // Wherever a frame is just then.
        let sender = std::thread::spawn(move || {
            for piece in bytes.chunks(1_000) {
                stream.write_all(piece).unwrap();
                std::thread::sleep(Duration::from_millis(1));
            }
            stream
        });
        for _ in 0..5 {
            std::thread::sleep(A_WHILE);
            let connections = hand_over(running.handle, || ());
            assert_eq!(connections.len(), 1);
            running = go_on(&config, connections);
        }
        let batches = running.take_lines(LINES.into());
        assert_eq!(counts(&batches), accepted(LINES.into()));
        assert!(seqs(&batches).into_iter().eq(1..=LINES));
        assert_eq!(running.handle.stats().framing_errors(), 0);
        drop(sender.join().unwrap());
        running.handle.shutdown(PATIENCE).unwrap();
    }
}

#[test]
fn a_frame_that_does_not_end_is_that_of_a_stream_that_does() {
    for (framed, frames, broken) in [(FRAMINGS[0], 10, 1), (FRAMINGS[1], 11, 0)] {
        let dir = TempDir::new().unwrap();
        let config = config(dir.path());
        let running = start(&config, &Resume::default());
        let (mut stream, mut lines) = (running.tcp(), Lines::new());
        let [whole, torn] = [framed(&mut lines, 10), framed(&mut lines, 1)];
        let torn = &torn[..torn.len() / 2];
        stream.write_all(&[whole.as_slice(), torn].concat()).unwrap();
        running.take_lines(10);
        let monitor = running.handle.monitor();
        assert_eq!(hand_over(running.handle, || ()).len(), 0);
        assert!(matches!(stream.read(&mut [0; 1]), Ok(0)), "its sender is told");
        let journaled = journaled(&config);
        assert_eq!((journaled.len(), monitor.stats().by(Transport::Tcp).broken_streams), (frames, broken));
        assert!(broken == 1 || journaled[10] == torn);
    }
}

#[test]
fn a_line_that_is_too_long_is_read_to_its_end_as_well() {
    let dir = TempDir::new().unwrap();
    let config = config(dir.path());
    let running = start(&config, &Resume::default());
    let (mut stream, mut lines) = (running.tcp(), Lines::new());
    stream.write_all(&[lines.newline_framed(1), vec![b'x'; 40_000]].concat()).unwrap();
    wait_until(&running.handle, "the long line", |stats| stats.framing_errors() == 1);
    let connections = hand_over(running.handle, || {
        std::thread::sleep(A_WHILE);
        stream.write_all(&[vec![b'x'; 40_000], b"\n".to_vec(), lines.newline_framed(5)].concat()).unwrap();
    });
    assert_eq!(connections.len(), 1);
    let running = go_on(&config, connections);
    stream.write_all(&lines.newline_framed(4)).unwrap();
    assert_eq!(counts(&running.take_lines(10)), accepted(10));
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn tls_is_ended_as_ever() {
    let dir = TempDir::new().unwrap();
    let ca = Ca::new(dir.path(), "ca");
    let mut config = config(&dir.path().join("journal"));
    config.listener.tls = Some(tls_config(&ca.server("server")));
    let running = start(&config, &Resume::default());
    let mut stream = ca.connect(running.handle.local_addrs().tls.unwrap());
    stream.write_all(&Lines::new().octet_counted(10)).unwrap();
    running.take_lines(10);
    assert_eq!(hand_over(running.handle, || ()).len(), 0);
    assert!(matches!(stream.read(&mut [0; 1]), Ok(0)), "its sender is told");
}

#[test]
fn nothing_is_handed_over_while_what_was_read_is_not_on_the_disk() {
    let (dir, disk) = (TempDir::new().unwrap(), FaultyDisk::default());
    let open = Ingest::open_on(&config(dir.path()), Box::new(disk.clone())).unwrap();
    let (out, _batches) = crossbeam_channel::unbounded();
    let handle = open.start(&Resume::default(), out).unwrap();
    handle.wait_live(PATIENCE).unwrap();
    let mut stream = TcpStream::connect(handle.local_addrs().tcp).unwrap();
    disk.set_read_only(true);
    stream.write_all(&Lines::new().octet_counted(10)).unwrap();
    wait_until(&handle, "the error", |stats| stats.write_error.is_some());
    let (connections, ended) = handle.hand_over(Duration::from_secs(1));
    assert!(connections.is_empty());
    assert!(ended.unwrap_err().to_string().contains("cannot write the journal"));
}
