//! The same lines sent to two sockets, by UDP and by TCP, each losing a fifth of them: what is accepted is their union,
//! exactly, and what neither brought is missing.

use crate::samples::Random;
use crate::support::pipeline::{Lines, PATIENCE, config, counts, seqs, start};
use std::io::Write;
use std::net::UdpSocket;
use suiftly_ingest::live::Resume;
use suiftly_ingest::source::Transport;
use tempfile::TempDir;

const LINES: usize = 5_000;
/// Datagrams sent before waiting until they have come: the kernel's buffer has room for them.
const AT_ONCE: usize = 100;

#[test]
fn two_homes_over_sockets_are_billed_as_their_union() {
    let dir = TempDir::new().unwrap();
    let running = start(&config(dir.path()), &Resume::default());
    let (mut lines, mut random) = (Lines::new(), Random::new(7));
    let (udp, mut tcp) = (UdpSocket::bind("127.0.0.1:0").unwrap(), running.tcp());
    let (mut batches, mut union, mut sent) = (Vec::new(), Vec::new(), 0);
    for first in (1..=LINES).step_by(AT_ONCE) {
        let mut at_once = 0;
        for seq in first..first + AT_ONCE {
            let line = lines.next();
            let last = seq == LINES;
            let kept = [last || random.below(5) > 0, random.below(5) > 0];
            if kept[0] {
                tcp.write_all(&[format!("{} ", line.len()).as_bytes(), &line].concat()).unwrap();
            }
            if kept[1] {
                udp.send_to(&line, running.udp_addr()).unwrap();
            }
            at_once += u64::from(kept[0]) + u64::from(kept[1]);
            union.extend((kept[0] || kept[1]).then(|| u32::try_from(seq).unwrap()));
        }
        batches.extend(running.take_lines(at_once));
        sent += at_once;
    }
    let (counts, accepted) = (counts(&batches), union.len() as u64);
    assert_eq!((counts.received, counts.accepted, counts.duplicates), (sent, accepted, sent - accepted));
    assert_eq!(seqs(&batches), union);
    let window = &batches.last().unwrap().windows[0];
    assert_eq!((window.received, window.missing), (accepted, LINES as u64 - accepted));
    assert!(window.missing > 0 && counts.duplicates > 0, "there was something to tell");
    assert_eq!(running.handle.stats().by(Transport::Udp).kernel_drops, 0);
    running.handle.shutdown(PATIENCE).unwrap();
}
