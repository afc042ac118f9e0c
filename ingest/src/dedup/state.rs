//! A worker's received numbers as bytes, to go on from after a restart: `WorkerWindow::seen`.
//!
//! ```text
//! version u8 = 1 · heard_at · then per range: numbers between it and the one before · numbers in it, less one
//! ```
//!
//! Numbers are LEB128. The first range begins at the window's `first_seq`, the last ends at its `highest_seq`. A
//! worker without loss is a handful of bytes.

use super::DedupError;
use super::ranges::Ranges;
use suiftly_schema::{ids::Epoch, loss::WorkerWindow};

const VERSION: u8 = 1;
/// Numbers stay far below what could overflow.
const MAX_NUMBER: u64 = 1 << 62;

/// Writes ranges in order; those that touch become one.
pub(super) struct Encoder {
    bytes: Vec<u8>,
    /// Where the gap before the next range begins.
    gap_from: u64,
    /// The range not written yet, ends inclusive.
    open: Option<(u64, u64)>,
}

impl Encoder {
    pub(super) fn new(heard_at: Epoch, first: u64) -> Self {
        let mut bytes = vec![VERSION];
        put(&mut bytes, heard_at);
        Self { bytes, gap_from: first, open: None }
    }

    pub(super) fn range(&mut self, start: u64, end: u64) {
        match &mut self.open {
            Some((_, open_end)) if *open_end + 1 == start => *open_end = end,
            _ => {
                self.write_open();
                self.open = Some((start, end));
            }
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.write_open();
        self.bytes
    }

    fn write_open(&mut self) {
        if let Some((start, end)) = self.open.take() {
            put(&mut self.bytes, start - self.gap_from);
            put(&mut self.bytes, end - start);
            self.gap_from = end + 1;
        }
    }
}

/// Reads a window's epoch and ranges, and checks them against its counters.
pub(super) fn decode(window: &WorkerWindow) -> Result<(Epoch, Ranges), DedupError> {
    let (server_id, boot_ms) = (window.worker.server_id, window.worker.boot.0);
    match window.seen.split_first() {
        Some((&VERSION, rest)) => decode_ranges(rest, window).ok_or(DedupError::Damaged { server_id, boot_ms }),
        Some((&version, _)) => Err(DedupError::Version { server_id, boot_ms, version }),
        None => Err(DedupError::Damaged { server_id, boot_ms }),
    }
}

fn decode_ranges(mut bytes: &[u8], window: &WorkerWindow) -> Option<(Epoch, Ranges)> {
    let heard_at = take(&mut bytes)?;
    let mut ranges = Ranges::default();
    let mut next = window.first_seq;
    let mut numbers = 0u64;
    let mut highest = None;
    while !bytes.is_empty() {
        let start = next.checked_add(take(&mut bytes)?)?;
        let end = start.checked_add(take(&mut bytes)?).filter(|end| *end < MAX_NUMBER)?;
        let touches = highest.is_some() && start == next;
        if touches || (highest.is_none() && start != window.first_seq) {
            return None;
        }
        ranges.insert(start, end);
        numbers += end - start + 1;
        highest = Some(end);
        next = end + 1;
    }
    // Gaps that the bound closed are among the numbers but were not received.
    let sound = highest == Some(window.highest_seq) && (1..=numbers).contains(&window.received);
    sound.then_some((heard_at, ranges))
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or_default());
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for at in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        number |= part.checked_shl(7 * at).filter(|shifted| shifted >> (7 * at) == part)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
