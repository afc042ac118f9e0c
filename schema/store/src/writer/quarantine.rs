//! Quarantined lines and what became of those given again, in the transaction of their epoch; and the bounds.
//!
//! Two bounds hold at any time, whatever is sent. Per reason and minute of the epochs' clock only the first
//! [`LINES_PER_MINUTE`] lines and [`BYTES_PER_MINUTE`] bytes go in, so that a flood costs the database next to nothing;
//! the others are counted with the watermark. Per reason only the newest [`LINES_KEPT`] lines and [`BYTES_KEPT`] bytes
//! stay: older ones go in the same transaction as what takes their place, give or take one minute's. Age is
//! [`crate::maintenance`]'s. A line under way through ingest stays whatever comes.

use super::Commit;
use super::merge::Merged;
use super::shards::Journals;
use crate::StoreError;
use crate::codec::{Timestamptz, to_bigint};
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::{QuarantinedLine, Requeued};
use suiftly_schema::time::UnixMillis;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Transaction};

/// Of one reason, so many lines are kept, and up to a minute's more.
pub const LINES_KEPT: usize = 10_000;
/// Of one reason, so many bytes are kept, and up to a minute's more.
pub const BYTES_KEPT: usize = 16 << 20;
/// Of one reason and minute, at most so many lines go in.
pub const LINES_PER_MINUTE: usize = 1_000;
/// Of one reason and minute, at most so many bytes go in.
pub const BYTES_PER_MINUTE: usize = 1 << 20;

/// Lines in one statement, and their bytes, give or take one line; more are sent by more statements.
const INSERT_LINES_MAX: usize = 1_000;
const INSERT_BYTES_MAX: usize = 4 << 20;

const INSERT: &str = "INSERT INTO quarantine (journal_id, journal_offset, received_at, reason, source, line, epoch) \
    SELECT $1, * FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::bytea[], $7::bigint[])";

/// An outcome without a request is one whose claim is gone: the database is a copy of an earlier one.
const PUT_OUTCOMES: &str = "UPDATE quarantine AS q SET outcome = given.outcome, outcome_epoch = given.epoch, \
    requested_at = coalesce(q.requested_at, given.cut_at) \
    FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::timestamptz[]) \
    AS given (journal_offset, outcome, epoch, cut_at) \
    WHERE q.journal_id = $1 AND q.journal_offset = given.journal_offset";

/// Rows that somebody else has locked are left for the next time: the writer waits for nobody.
const TRIM: &str = "DELETE FROM quarantine WHERE journal_id = $1 AND journal_offset IN ( \
        SELECT journal_offset FROM quarantine WHERE journal_id = $1 AND reason = $2 \
        AND (requested_at IS NULL OR outcome IS NOT NULL) AND journal_offset < ( \
            SELECT min(journal_offset) FROM ( \
                SELECT journal_offset, row_number() OVER newest AS lines, sum(octet_length(line)) OVER newest AS bytes \
                FROM quarantine WHERE journal_id = $1 AND reason = $2 WINDOW newest AS (ORDER BY journal_offset DESC) \
            ) AS summed WHERE lines <= $3 AND bytes <= $4) \
        ORDER BY journal_offset FOR UPDATE SKIP LOCKED)";

const RELEASE: &str = "UPDATE quarantine SET requested_at = NULL \
    WHERE journal_id = $1 AND requested_at IS NOT NULL AND outcome IS NULL";

/// A quarantined line and the epoch it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quarantined<'a> {
    pub(super) epoch: Epoch,
    pub(super) cut_at: UnixMillis,
    pub(super) line: &'a QuarantinedLine,
}

impl<'a> Quarantined<'a> {
    pub(super) fn of(commit: &'a Commit) -> impl Iterator<Item = Self> {
        let (epoch, cut_at) = (commit.epoch, commit.cut_at);
        commit.quarantined.iter().map(move |line| Self { epoch, cut_at, line })
    }
}

/// What became of a line given again, and in which epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    word: &'static str,
    epoch: Epoch,
    cut_at: UnixMillis,
}

impl Outcome {
    pub(super) const fn of(requeued: &Requeued, commit: &Commit) -> Self {
        Self { word: requeued.outcome, epoch: commit.epoch, cut_at: commit.cut_at }
    }
}

/// What went in of the current minute, and how much since older lines were last removed; by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Budget {
    minute: UnixMillis,
    of_minute: BTreeMap<&'static str, Size>,
    untrimmed: BTreeMap<&'static str, Size>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    lines: usize,
    bytes: usize,
}

impl Size {
    const MINUTE: Self = Self { lines: LINES_PER_MINUTE, bytes: BYTES_PER_MINUTE };

    fn with(self, line: &QuarantinedLine) -> Self {
        Self { lines: self.lines + 1, bytes: self.bytes + line.line.len() }
    }

    const fn is_within(self, bound: Self) -> bool {
        self.lines <= bound.lines && self.bytes <= bound.bytes
    }
}

impl Budget {
    /// Whether the line goes in; if so it counts.
    fn takes(&mut self, quarantined: &Quarantined<'_>) -> bool {
        let minute = quarantined.cut_at.minute();
        if minute > self.minute {
            self.minute = minute;
            self.of_minute.clear();
        }
        let line = quarantined.line;
        let counted = self.of_minute.entry(line.reason).or_default();
        let with = counted.with(line);
        let fits = with.is_within(Size::MINUTE);
        if fits {
            *counted = with;
            // The first line of a reason finds what an earlier session left: look at once.
            let untrimmed = self.untrimmed.entry(line.reason).or_insert(Size::MINUTE);
            *untrimmed = untrimmed.with(line);
        }
        fits
    }

    /// The reasons of which older lines are to be removed now.
    fn take_due(&mut self) -> Vec<&'static str> {
        let mut due = Vec::new();
        for (reason, size) in &mut self.untrimmed {
            if !size.is_within(Size::MINUTE) {
                due.push(*reason);
                *size = Size::default();
            }
        }
        due
    }
}

/// Writes a commit's share. Answers the budget as it is if the transaction commits.
pub(super) async fn put(
    transaction: &Transaction<'_>,
    journals: Journals<'_>,
    merged: &Merged<'_>,
    budget: &Budget,
) -> Result<Budget, StoreError> {
    let mut budget = budget.clone();
    let mut taken: Vec<_> = merged.quarantined.iter().filter(|line| budget.takes(line)).copied().collect();
    taken.sort_by_key(|quarantined| quarantined.line.journal_no);
    for of_journal in taken.chunk_by(|a, b| a.line.journal_no == b.line.journal_no) {
        let journal_id = journals.of(of_journal[0].line.journal_no)?;
        for lines in by_statement(of_journal) {
            insert(transaction, journal_id, lines).await?;
        }
    }
    for reason in budget.take_due() {
        for journal_id in journals.all() {
            trim(transaction, journal_id, reason).await?;
        }
    }
    put_outcomes(transaction, journals, merged).await?;
    Ok(budget)
}

async fn trim(transaction: &Transaction<'_>, journal_id: &str, reason: &str) -> Result<(), StoreError> {
    let bounds = (to_bigint(LINES_KEPT as u64), to_bigint(BYTES_KEPT as u64));
    let parameters: [&(dyn ToSql + Sync); 4] = [&journal_id, &reason, &bounds.0, &bounds.1];
    let trimmed = transaction.execute(TRIM, &parameters).await;
    trimmed.map_err(StoreError::database("remove the oldest quarantined lines")).map(|_| ())
}

fn by_statement<'a, 'b>(mut rest: &'b [Quarantined<'a>]) -> impl Iterator<Item = &'b [Quarantined<'a>]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = rest.iter().take(INSERT_LINES_MAX).take_while(|line| {
            let before = bytes;
            bytes += line.line.line.len();
            before < INSERT_BYTES_MAX
        });
        let (first, after) = rest.split_at(fits.count());
        rest = after;
        (!first.is_empty()).then_some(first)
    })
}

async fn insert(transaction: &Transaction<'_>, journal_id: &str, rows: &[Quarantined<'_>]) -> Result<(), StoreError> {
    let offsets: Vec<i64> = rows.iter().map(|row| to_bigint(row.line.journal_offset)).collect();
    let times: Vec<Timestamptz> = rows.iter().map(|row| Timestamptz(row.line.received_at)).collect();
    let reasons: Vec<&str> = rows.iter().map(|row| row.line.reason).collect();
    let sources: Vec<&str> = rows.iter().map(|row| row.line.source.as_str()).collect();
    let lines: Vec<&[u8]> = rows.iter().map(|row| row.line.line.as_slice()).collect();
    let epochs: Vec<i64> = rows.iter().map(|row| to_bigint(row.epoch)).collect();
    let parameters: [&(dyn ToSql + Sync); 7] = [&journal_id, &offsets, &times, &reasons, &sources, &lines, &epochs];
    transaction.execute(INSERT, &parameters).await.map_err(StoreError::database("quarantine lines"))?;
    Ok(())
}

async fn put_outcomes(
    transaction: &Transaction<'_>,
    journals: Journals<'_>,
    merged: &Merged<'_>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = merged.requeued.iter().map(|(line, outcome)| (*line, *outcome)).collect();
    for rows in rows.chunk_by(|a, b| a.0.0 == b.0.0) {
        let journal_id = journals.of(rows[0].0.0)?;
        let offsets: Vec<i64> = rows.iter().map(|((_, offset), _)| to_bigint(*offset)).collect();
        let outcomes: Vec<&str> = rows.iter().map(|(_, outcome)| outcome.word).collect();
        let epochs: Vec<i64> = rows.iter().map(|(_, outcome)| to_bigint(outcome.epoch)).collect();
        let times: Vec<Timestamptz> = rows.iter().map(|(_, outcome)| Timestamptz(outcome.cut_at)).collect();
        let parameters: [&(dyn ToSql + Sync); 5] = [&journal_id, &offsets, &outcomes, &epochs, &times];
        let put = transaction.execute(PUT_OUTCOMES, &parameters).await;
        put.map_err(StoreError::database("store what became of lines given again"))?;
    }
    Ok(())
}

/// Lines that were asked for and never journaled may be asked for again. Answers how many.
pub(super) async fn release(client: &Client, journal_id: &str) -> Result<u64, StoreError> {
    let attempted = StoreError::database("release quarantined lines");
    client.execute(RELEASE, &[&journal_id]).await.map_err(attempted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reason: &'static str, bytes: usize) -> QuarantinedLine {
        QuarantinedLine {
            journal_no: 0,
            journal_offset: 0,
            received_at: UnixMillis(0),
            reason,
            source: "file".into(),
            line: vec![b'x'; bytes],
        }
    }

    fn taken(budget: &mut Budget, at_ms: i64, line: &QuarantinedLine, times: usize) -> usize {
        let quarantined = Quarantined { epoch: 1, cut_at: UnixMillis(at_ms), line };
        (0..times).filter(|_| budget.takes(&quarantined)).count()
    }

    #[test]
    fn each_reason_has_its_minute() {
        let mut budget = Budget::default();
        let (short, other, long) = (line("a", 10), line("b", 10), line("c", 65_535));
        assert_eq!(taken(&mut budget, 0, &short, 5_000), LINES_PER_MINUTE);
        assert_eq!(taken(&mut budget, 59_999, &short, 5_000), 0);
        assert_eq!(taken(&mut budget, 59_999, &other, 10), 10, "a flood of one does not hide the others");
        assert_eq!(taken(&mut budget, 59_999, &long, 5_000), BYTES_PER_MINUTE / 65_535);
        assert_eq!(taken(&mut budget, 60_000, &short, 5_000), LINES_PER_MINUTE);
        assert_eq!(taken(&mut budget, 59_999, &short, 1), 0, "a clock never goes back to an earlier minute's room");
    }

    #[test]
    fn older_lines_are_removed_at_first_and_then_after_each_minutes_worth() {
        let (mut budget, short) = (Budget::default(), line("a", 10));
        taken(&mut budget, 0, &short, 1);
        assert_eq!(budget.take_due(), ["a"]);
        taken(&mut budget, 0, &short, LINES_PER_MINUTE - 1);
        assert_eq!(budget.take_due(), [""; 0]);
        taken(&mut budget, 60_000, &short, 2);
        assert_eq!(budget.take_due(), ["a"]);
        assert_eq!(budget.take_due(), [""; 0]);
    }

    #[test]
    fn statements_are_bounded_by_lines_and_by_bytes() {
        let sizes = |line: &QuarantinedLine, count| {
            let all = vec![Quarantined { epoch: 1, cut_at: UnixMillis(0), line }; count];
            by_statement(&all).map(<[_]>::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&line("a", 1), 0), [0; 0]);
        assert_eq!(sizes(&line("a", 1), 2_001), [1_000, 1_000, 1]);
        assert_eq!(sizes(&line("a", 65_535), 100), [65, 35]);
        assert_eq!(sizes(&line("a", 0), 1_001), [1_000, 1]);
    }
}
