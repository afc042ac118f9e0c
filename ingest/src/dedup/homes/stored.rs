//! What homes have brought as bytes, to go on from after a restart: `HomeLines::seen`.
//!
//! ```text
//! version u8 = 1 · flags u8 (1: it counts as having brought all that the worker has; 2: some of those came by no home)
//! · the home: kind u8 · known by 16 bytes · its journal's number u16, little-endian
//! · unless it counts as having brought all: ranges, as in a window
//! ```
//!
//! So nothing of who brought what depends on when there was a restart.

use super::super::DedupError;
use super::super::numbers::{Numbers, Span};
use super::{HOMES_MAX, Home, Homes, Of};
use crate::source::Source;
use suiftly_schema::loss::{HomeLines, WorkerId, WorkerWindow};

const VERSION: u8 = 1;
const IS_SOLE: u8 = 1;
const HAS_STRAYS: u8 = 2;
const HEAD_BYTES: usize = 21;

impl Homes {
    /// What each has brought, to be stored; `all` is of what the worker has received.
    pub(in crate::dedup) fn store(&self, worker: WorkerId, all: Span) -> Vec<HomeLines> {
        let flags = if self.has_strays { HAS_STRAYS } else { 0 };
        let sole = self.sole.iter().map(|(home, _)| head(*home, IS_SOLE | flags));
        let seen = sole.chain(self.each.iter().map(|of| of.numbers.encode(head(of.home, flags))));
        self.lines(worker, all).into_iter().zip(seen).map(|(lines, seen)| HomeLines { seen, ..lines }).collect()
    }

    /// Goes on from what was stored. A window without homes is one of before they were stored, or of lines that came by
    /// none.
    pub(in crate::dedup) fn restore(window: &WorkerWindow) -> Result<Self, DedupError> {
        let (server_id, boot_ms) = (window.worker.server_id, window.worker.boot.0);
        let mut homes = Self { is_restored: !window.homes.is_empty(), ..Self::default() };
        for lines in &window.homes {
            let version = lines.seen.first().copied().unwrap_or_default();
            if version > VERSION {
                return Err(DedupError::Version { server_id, boot_ms, version });
            }
            homes.take(lines).ok_or(DedupError::Damaged { server_id, boot_ms })?;
        }
        let is_sound = homes.each.len() <= HOMES_MAX && (homes.sole.is_none() || homes.each.is_empty());
        if is_sound { Ok(homes) } else { Err(DedupError::Damaged { server_id, boot_ms }) }
    }

    fn take(&mut self, lines: &HomeLines) -> Option<()> {
        let (head, ranges) = lines.seen.split_first_chunk::<HEAD_BYTES>()?;
        let [VERSION, flags, kind, known_by @ .., low, high] = *head else { return None };
        let home = Home::by(&Source::from_journal(kind, known_by, 0)?, u16::from_le_bytes([low, high]))?;
        self.has_strays |= flags & HAS_STRAYS != 0;
        if flags & IS_SOLE != 0 {
            return self.sole.replace((home, lines.heard_at)).is_none().then_some(());
        }
        let span = Span { received: lines.received, first: lines.first_seq, highest: lines.highest_seq };
        self.each.push(Of { home, heard_at: lines.heard_at, numbers: Numbers::decode(ranges, span)? });
        Some(())
    }
}

fn head(home: Home, flags: u8) -> Vec<u8> {
    let Home { kind, known_by, journal_no } = home;
    [&[VERSION, flags, kind][..], &known_by, &journal_no.to_le_bytes()].concat()
}
