//! Lines that could not be read: kept verbatim, within bounds, so that an operator can look at them and give them again
//! after a fix (SPEC §3.4). All of them are counted by reason in [`crate::loss::LineCounts`]; these are samples of them
//! where there are many.

use crate::time::UnixMillis;

/// Of one epoch, at most so many lines are quarantined; the others are counted, and stand in the journal.
pub const MAX_QUARANTINED_PER_EPOCH: usize = 256;
/// Of one epoch and reason, at most so many, so that a flood of one does not hide the others.
pub const MAX_QUARANTINED_PER_REASON: usize = 64;

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedLine {
    /// Which journal it stands in: its number in the cluster; 0 is the process's own.
    pub journal_no: u16,
    /// Where its frame begins in the journal, in bytes: what it is known by.
    pub journal_offset: u64,
    /// When it was received.
    pub received_at: UnixMillis,
    /// Why it could not be read, in the word that it is counted by.
    pub reason: &'static str,
    /// Who sent it, for a reader: `udp 192.0.2.7:51234`.
    pub source: String,
    /// The frame, verbatim.
    pub line: Vec<u8>,
}

/// What became of a quarantined line that was given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requeued {
    /// Which journal it stands in: [`QuarantinedLine::journal_no`].
    pub journal_no: u16,
    /// Which line: [`QuarantinedLine::journal_offset`].
    pub journal_offset: u64,
    /// `accepted`, `duplicate`, `system`, or the reason it could not be read again.
    pub outcome: &'static str,
}

/// A quarantined line on its way through ingest once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenLine {
    /// Which line: [`QuarantinedLine::journal_offset`].
    pub journal_offset: u64,
    /// The frame, verbatim.
    pub line: Vec<u8>,
}

/// Outcomes after which a line is not given again: it has become what it is.
pub const SETTLED_OUTCOMES: [&str; 3] = ["accepted", "duplicate", "system"];

/// At most so many lines are given again at once; together they are at most [`MAX_GIVEN_BYTES`] long.
pub const MAX_GIVEN_LINES: usize = 1_000;
/// They wait for the sequencer as one chunk, and make about one block.
pub const MAX_GIVEN_BYTES: usize = 1 << 20;
