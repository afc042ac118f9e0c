//! A worker's received numbers as bytes, to go on from after a restart: `WorkerWindow::seen`.
//!
//! ```text
//! version u8 = 2
//! · settled: the number after the highest of it, 0 if there is none · marks u8
//!   · per mark, oldest first: slots before the window's `heard_at` · numbers below the window's `highest_seq` · missing
//! · per range: numbers between it and the one before · numbers in it, less one
//! ```
//!
//! Numbers are LEB128. The first range begins at the window's `first_seq`, the last ends at its `highest_seq`. A
//! worker without loss is a handful of bytes. Version 1, which is still read, had the epoch last heard of in place of
//! the settled number and the marks: nothing is final of such a window before the grace after its `heard_at` is over.

use super::DedupError;
use super::grace::{Grace, MARKS_MAX, Mark, slot_of};
use super::numbers::Span;
use super::ranges::Ranges;
use std::collections::VecDeque;
use suiftly_schema::{loss::WorkerWindow, time::UnixMillis};

const VERSION: u8 = 2;
const VERSION_WITHOUT_GRACE: u8 = 1;
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
    pub(super) fn new(grace: &Grace, heard_at: UnixMillis, first: u64, highest: u64) -> Self {
        let mut bytes = vec![VERSION];
        put(&mut bytes, grace.settled().below);
        put(&mut bytes, grace.marks().len() as u64);
        for mark in grace.marks() {
            put(&mut bytes, slot_of(heard_at).abs_diff(mark.slot));
            put(&mut bytes, highest + 1 - mark.below);
            put(&mut bytes, mark.missing);
        }
        Self { bytes, gap_from: first, open: None }
    }

    /// Ranges alone, behind these bytes.
    pub(super) const fn behind(bytes: Vec<u8>, first: u64) -> Self {
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

/// What a window's bytes say.
pub(super) struct Stored {
    pub(super) grace: Grace,
    pub(super) ranges: Ranges,
}

/// Reads a window's bytes, and checks them against its counters.
pub(super) fn decode(window: &WorkerWindow) -> Result<Stored, DedupError> {
    let mut ranges = Ranges::default();
    let grace = visit(window, |start, end| ranges.insert(start, end))?;
    Ok(Stored { grace, ranges })
}

/// The same, with the ranges handed over one by one, in order, ends inclusive.
pub(super) fn visit(window: &WorkerWindow, each: impl FnMut(u64, u64)) -> Result<Grace, DedupError> {
    let (server_id, boot_ms) = (window.worker.server_id, window.worker.boot.0);
    let damaged = DedupError::Damaged { server_id, boot_ms };
    let (&version, mut bytes) = window.seen.split_first().ok_or(damaged)?;
    let grace = match version {
        VERSION => take_grace(&mut bytes, window),
        VERSION_WITHOUT_GRACE => take(&mut bytes).map(|_heard_at_epoch| Grace::default()),
        _ => return Err(DedupError::Version { server_id, boot_ms, version }),
    };
    let grace = grace.ok_or(damaged)?;
    let span = Span { received: window.received, first: window.first_seq, highest: window.highest_seq };
    visit_ranges(bytes, span, each).ok_or(damaged)?;
    Ok(grace)
}

fn take_grace(bytes: &mut &[u8], window: &WorkerWindow) -> Option<Grace> {
    let settled = Mark { slot: 0, below: take(bytes)?, missing: window.missing_final };
    let (mut reached, mut missing, mut slot) = (settled.below, settled.missing, i64::MIN);
    let mut marks = VecDeque::new();
    for _ in 0..usize::try_from(take(bytes)?).ok().filter(|count| *count <= MARKS_MAX)? {
        let mark = Mark {
            slot: slot_of(window.heard_at).checked_sub_unsigned(take(bytes)?)?,
            below: window.highest_seq.checked_add(1)?.checked_sub(take(bytes)?)?,
            missing: take(bytes)?,
        };
        let follows = mark.slot > slot && mark.below > reached && mark.missing >= missing;
        if !follows {
            return None;
        }
        (reached, missing, slot) = (mark.below, mark.missing, mark.slot);
        marks.push_back(mark);
    }
    let sound = reached <= window.highest_seq + 1 && missing <= window.missing && slot < slot_of(window.heard_at);
    sound.then(|| Grace::restore(settled, marks))
}

/// Hands ranges over that stand alone, and checks them against what they are said to be.
pub(super) fn visit_ranges(mut bytes: &[u8], span: Span, mut each: impl FnMut(u64, u64)) -> Option<()> {
    let mut next = span.first;
    let mut numbers = 0u64;
    let mut highest = None;
    while !bytes.is_empty() {
        let start = next.checked_add(take(&mut bytes)?)?;
        let end = start.checked_add(take(&mut bytes)?).filter(|end| *end < MAX_NUMBER)?;
        let touches = highest.is_some() && start == next;
        if touches || (highest.is_none() && start != span.first) {
            return None;
        }
        each(start, end);
        numbers += end - start + 1;
        highest = Some(end);
        next = end + 1;
    }
    // Gaps that the bound closed are among the numbers but were not received.
    let sound = highest == Some(span.highest) && (1..=numbers).contains(&span.received);
    sound.then_some(())
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
