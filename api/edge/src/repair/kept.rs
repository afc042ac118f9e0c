//! One worker's lines that are kept on the disk: of one that runs, those that are asked for, until they have arrived; of one that
//! has ended, all that its ring had, for a while.

use super::{Ask, without};
use crate::runtime::LineName;
use crate::spool::{Spool, SpoolError};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, Instant};
use suiftly_schema::fleet::SeqRange;

/// What is kept of one worker at most, in bytes.
const BYTES_MAX: u64 = 256 << 20;
/// What was sent and is still asked for is sent again after this: it takes a moment until the API knows of it.
const RESEND_AFTER: Duration = Duration::from_secs(10);
/// And no more often: what is still asked for then is refused where it arrives.
const SENDINGS_MAX: u8 = 6;
/// The lines of a worker that has ended are kept for so long, and until they are asked for no more.
const KEPT_AFTER_END: Duration = Duration::from_secs(30 * 60);
/// What is sent at once, in bytes.
const BATCH_BYTES: usize = 4 << 20;
/// One turn of the number that a line carries.
const TURN: u64 = 1 << 32;
/// What the file's name ends with, behind `server-birth`.
const EXTENSION: &str = "spool";

/// Lines of one worker.
#[derive(Debug)]
pub(crate) struct Kept {
    server_id: i16,
    boot_ms: i64,
    spool: Spool,
    /// By the number that the line carries.
    lines: BTreeMap<u32, Line>,
    /// What the ring has been searched for: what of it is not here is in no ring any more.
    looked_for: Vec<SeqRange>,
    /// When the worker was seen to have ended.
    ended_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    record: u64,
    /// How often it was sent.
    sendings: u8,
    sent_at: Option<Instant>,
}

/// Lines that go over one connection.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// As the ring would have sent them: each behind the count of its bytes.
    pub(crate) bytes: Vec<u8>,
    /// Which they are: the worker's birth and the number.
    pub(crate) lines: Vec<(i64, u32)>,
}

impl Kept {
    /// What is kept in a directory of this worker; nothing yet, if there is no file.
    pub(crate) fn open(dir: &Path, server_id: i16, boot_ms: i64) -> Result<Self, SpoolError> {
        let mut lines = BTreeMap::new();
        let path = dir.join(format!("{server_id}-{boot_ms}.{EXTENSION}"));
        let spool = Spool::open(&path, BYTES_MAX, |record, message| {
            if let Some(name) = LineName::of(message) {
                lines.insert(name.seq, Line::kept_as(record));
            }
        })?;
        Ok(Self { server_id, boot_ms, spool, lines, looked_for: Vec::new(), ended_at: None })
    }

    /// The births of a server's workers of which something is kept in a directory.
    pub(crate) fn births(dir: &Path, server_id: i16) -> io::Result<Vec<i64>> {
        let (before, behind) = (format!("{server_id}-"), format!(".{EXTENSION}"));
        let mut births = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            let birth = name.strip_prefix(&before).and_then(|rest| rest.strip_suffix(&behind));
            births.extend(birth.and_then(|birth| birth.parse::<i64>().ok()));
        }
        births.sort_unstable();
        Ok(births)
    }

    /// Keeps a message if it is a line of this worker that is not here yet, and `is_wanted`. It is safe after [`Kept::sync`].
    pub(crate) fn take(&mut self, message: &[u8], is_wanted: impl FnOnce(u32) -> bool) -> Result<(), SpoolError> {
        let Some(LineName { server_id, boot_ms, seq }) = LineName::of(message) else { return Ok(()) };
        let is_its = (server_id, boot_ms) == (self.server_id, self.boot_ms);
        if is_its && !self.lines.contains_key(&seq) && is_wanted(seq) {
            let record = self.spool.put(message)?;
            self.lines.insert(seq, Line::kept_as(record));
        }
        Ok(())
    }

    /// Returns when what was taken is on the disk.
    pub(crate) fn sync(&mut self) -> Result<(), SpoolError> {
        self.spool.sync()
    }

    /// Whether the ring is to be searched for what is asked for.
    pub(crate) fn is_search_due(&self, ask: &Ask) -> bool {
        !without(&ask.ranges(), &self.looked_for).is_empty()
    }

    /// The whole ring has been searched for what is asked for.
    pub(crate) fn searched(&mut self, ask: &Ask) {
        self.looked_for = ask.ranges();
    }

    /// Lets go of what is not asked for any more: it has arrived, or cannot be taken. Should it be asked for again, the ring is
    /// searched again.
    pub(crate) fn forget_all_but(&mut self, ask: &Ask) -> Result<(), SpoolError> {
        let ranges = ask.ranges();
        self.looked_for = without(&ranges, &without(&ranges, &self.looked_for));
        let spool = &mut self.spool;
        let before = self.lines.len();
        self.lines.retain(|seq, line| {
            let stays = ask.may_want(*seq);
            if !stays {
                spool.take_out(line.record);
            }
            stays
        });
        if self.lines.len() < before { self.spool.tidy() } else { Ok(()) }
    }

    /// Adds to a batch what is asked for and was not sent of late, as far as the batch has room.
    pub(crate) fn gather(&self, ask: &Ask, now: Instant, batch: &mut Batch) -> Result<(), SpoolError> {
        let mut message = Vec::new();
        let asked = ask.wanted.iter().flat_map(|range| self.within(*range));
        for (seq, line) in asked.filter(|(_, line)| line.is_due(now)) {
            if batch.bytes.len() >= BATCH_BYTES {
                break;
            }
            if self.spool.read(line.record, &mut message)? {
                // Writing to a Vec cannot fail.
                let _ = write!(batch.bytes, "{} ", message.len());
                batch.bytes.extend_from_slice(&message);
                batch.lines.push((self.boot_ms, seq));
            }
        }
        Ok(())
    }

    /// A line went to a home.
    pub(crate) fn sent(&mut self, seq: u32, now: Instant) {
        if let Some(line) = self.lines.get_mut(&seq) {
            line.sent_at = Some(now);
            line.sendings = line.sendings.saturating_add(1);
        }
    }

    /// How many lines are here that are asked for.
    pub(crate) fn waiting(&self, ask: &Ask) -> u64 {
        ask.wanted.iter().map(|range| self.count(*range)).sum()
    }

    /// How many lines are asked for and cannot be had any more.
    pub(crate) fn in_vain(&self, ask: &Ask) -> u64 {
        if self.ended_at.is_none() && self.is_search_due(ask) {
            return 0;
        }
        let asked = ask.wanted.iter().map(|range| range.lines()).fold(0, u64::saturating_add);
        asked.saturating_sub(self.waiting(ask))
    }

    /// The highest number among its lines; `None` if there are none.
    pub(crate) fn last_seq(&self) -> Option<u64> {
        self.lines.last_key_value().map(|(seq, _)| u64::from(*seq))
    }

    /// The worker has ended.
    pub(crate) fn end(&mut self, now: Instant) {
        self.ended_at.get_or_insert(now);
    }

    /// Whether the worker has.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended_at.is_some()
    }

    /// Whether nobody needs it any longer.
    pub(crate) fn is_over(&self, ask: &Ask, now: Instant) -> bool {
        let is_old = |at: Instant| self.lines.is_empty() || now.saturating_duration_since(at) >= KEPT_AFTER_END;
        self.ended_at.is_some_and(is_old) && ask.perhaps.is_none() && self.waiting(ask) == 0
    }

    /// Lets go of all of it.
    pub(crate) fn remove(self) -> Result<(), SpoolError> {
        self.spool.remove()
    }

    fn count(&self, range: SeqRange) -> u64 {
        self.within(range).count() as u64
    }

    fn within(&self, range: SeqRange) -> impl Iterator<Item = (u32, &Line)> {
        as_carried(range).flat_map(move |numbers| self.lines.range(numbers)).map(|(seq, line)| (*seq, line))
    }
}

impl Line {
    const fn kept_as(record: u64) -> Self {
        Self { record, sendings: 0, sent_at: None }
    }

    fn is_due(&self, now: Instant) -> bool {
        let is_ripe = self.sent_at.is_none_or(|at| now.saturating_duration_since(at) >= RESEND_AFTER);
        is_ripe && self.sendings < SENDINGS_MAX
    }
}

/// The same numbers as lines carry them, which begin anew after 2³².
fn as_carried(range: SeqRange) -> impl Iterator<Item = RangeInclusive<u32>> {
    let low = |number: u64| u32::try_from(number % TURN).unwrap_or_default();
    let (first, last) = (low(range.first), low(range.last));
    let (one, other) = match () {
        () if range.lines() >= TURN => (0..=u32::MAX, None),
        () if first <= last => (first..=last, None),
        () => (first..=u32::MAX, Some(0..=last)),
    };
    std::iter::once(one).chain(other)
}

#[cfg(test)]
mod tests;
