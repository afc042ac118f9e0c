//! Lines lost on their way, chosen exactly: the meter says how many and which, over real sockets, across a restart, and
//! while the rest of them comes late.

use crate::support::pipeline::{Lines, PATIENCE, config, counts, now, start};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::UdpSocket;
use suiftly_ingest::dedup::{Missing, REORDER_GRACE_MS};
use suiftly_ingest::live::Resume;
use suiftly_schema::batch::Batch;
use suiftly_schema::loss::WorkerWindow;
use tempfile::TempDir;

const LINES: u32 = 2_000;
/// Datagrams sent before what was received is looked at: they fit any socket's buffer.
const BURST: usize = 50;

/// Numbers spread without a rule to the eye, the same each time; never the last one.
fn chosen() -> BTreeSet<u32> {
    (1..LINES).filter(|seq| seq.wrapping_mul(2_654_435_761) % 97 < 9 || (700..=720).contains(seq)).collect()
}

/// The numbers told to be missing, and how many of them are final long after.
fn missing(window: &WorkerWindow) -> (Vec<u32>, u64) {
    let missing = Missing::of(window, usize::MAX).unwrap();
    let numbers = missing.ranges.iter().rev().flat_map(|range| range.first_seq..=range.last_seq);
    let last = missing.final_at(window.heard_at.plus_ms(2 * REORDER_GRACE_MS));
    assert_eq!((missing.ranges_left_out, missing.closed), (0, 0));
    (numbers.map(|number| u32::try_from(number).unwrap()).collect(), last)
}

fn last_window(batches: &[Batch]) -> &WorkerWindow {
    batches.iter().rev().find_map(|batch| batch.windows.first()).unwrap()
}

#[test]
fn chosen_lines_lost_by_udp_are_told_exactly_and_repaired_when_they_come() {
    let dir = TempDir::new().unwrap();
    let running = start(&config(dir.path()), &Resume::default());
    let (mut gateway, lost) = (Lines::new(), chosen());
    let (mut kept_back, mut sent) = (Vec::new(), Vec::new());
    for seq in 1..=LINES {
        let line = gateway.next();
        if lost.contains(&seq) { kept_back.push(line) } else { sent.push(line) }
    }
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = |lines: &[Vec<u8>]| {
        let mut batches = Vec::new();
        for burst in lines.chunks(BURST) {
            burst.iter().for_each(|line| _ = udp.send_to(line, running.udp_addr()).unwrap());
            batches.extend(running.take_lines(burst.len() as u64));
        }
        batches
    };
    let batches = send(&sent);
    let window = last_window(&batches);
    let (which, last) = missing(window);
    assert!(which.iter().eq(&lost), "which");
    assert_eq!((window.missing, last), (lost.len() as u64, lost.len() as u64), "how many");

    // Half of them come after all, and some twice.
    let half = kept_back.len() / 2;
    let late = [&kept_back[..half], &kept_back[..5]].concat();
    let batches = send(&late);
    assert_eq!((counts(&batches).accepted, counts(&batches).duplicates), (half as u64, 5), "billed once");
    let (which, _) = missing(last_window(&batches));
    assert!(which.iter().eq(lost.iter().skip(half)));
    running.handle.shutdown(PATIENCE).unwrap();
}

#[test]
fn chosen_lines_lost_by_tcp_are_told_alike_with_a_restart_in_between() {
    let dir = TempDir::new().unwrap();
    let (mut gateway, lost) = (Lines::new(), chosen());
    let mut halves = [Vec::new(), Vec::new()];
    let mut sent = [0, 0];
    for seq in 1..=LINES {
        let (line, half) = (gateway.next(), usize::from(seq > LINES / 2));
        if !lost.contains(&seq) {
            write!(halves[half], "{} ", line.len()).unwrap();
            halves[half].extend_from_slice(&line);
            sent[half] += 1;
        }
    }
    let mut resume = Resume::default();
    let mut window = None;
    for (bytes, lines) in halves.iter().zip(sent) {
        let running = start(&config(dir.path()), &resume);
        running.tcp().write_all(bytes).unwrap();
        let batches = running.take_lines(lines);
        let last = batches.last().unwrap();
        resume = Resume {
            epoch: last.epoch,
            windows: last.windows.clone(),
            journal_id: Some(running.handle.journal_id()),
            ..Resume::default()
        };
        window = last.windows.first().cloned();
        running.handle.shutdown(PATIENCE).unwrap();
    }
    let window = window.unwrap();
    assert!(missing(&window).0.iter().eq(&lost));
    assert_eq!((window.missing, window.repaired), (lost.len() as u64, 0));
    assert!(window.heard_at <= now());

    // All of the journal read again from its beginning says the same.
    let again = start(&config(dir.path()), &Resume::default());
    let batches = again.take_lines(sent.iter().sum());
    assert_eq!(*last_window(&batches), window);
    again.handle.shutdown(PATIENCE).unwrap();
}
