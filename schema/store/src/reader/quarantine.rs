//! The quarantine, to look at: what is kept by reason, the newest lines, one line whole.
//!
//! A line is known by its journal and its place there. So lines are of one journal: the reader's, or in a cluster of one
//! of the journals that it takes lines from ([`Reader::line_journals`], [`Reader::of_journal`]). By reason all of them
//! are counted.

use super::Reader;
use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint};
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::SETTLED_OUTCOMES;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// A page has at most so many lines.
pub const PAGE_LINES_MAX: u32 = 1_000;
/// On a page a line is cut after so many bytes.
pub const PAGE_LINE_BYTES: i32 = 1_024;

const REASONS: &str = "SELECT reason, count(*), sum(octet_length(line))::bigint, \
    count(*) FILTER (WHERE requested_at IS NOT NULL AND outcome IS NULL), \
    count(*) FILTER (WHERE outcome IS NULL OR outcome <> ALL($2)), min(received_at), max(received_at) \
    FROM quarantine WHERE journal_id = $1 OR journal_id IN (SELECT j.journal_id FROM cluster_journals AS j \
        WHERE EXISTS (SELECT FROM cluster WHERE order_journal = $1)) \
    GROUP BY reason ORDER BY reason";

/// An ingester is known by its newest journal. Those that it had before come last, with their numbers behind its name:
/// what is kept of them can be looked at and thrown away still.
const JOURNALS: &str = "SELECT j.no, j.journal_id, CASE WHEN j.is_left THEN j.name || '.' || j.no ELSE j.name END \
    FROM (SELECT no, journal_id, name, no < max(no) OVER (PARTITION BY name) AS is_left FROM cluster_journals) AS j \
    WHERE EXISTS (SELECT FROM cluster WHERE order_journal = $1) ORDER BY j.is_left, j.no";

macro_rules! select {
    ($line:literal) => {
        concat!(
            "SELECT journal_offset, received_at, reason, source, epoch, octet_length(line), ",
            $line,
            ", requested_at, outcome, outcome_epoch FROM quarantine WHERE journal_id = $1 AND "
        )
    };
}

const PAGE: &str = concat!(
    select!("substring(line FOR $6)"),
    "($2::text IS NULL OR reason = $2) AND ($3::text IS NULL OR starts_with(source, $3)) AND journal_offset < $4 \
     ORDER BY journal_offset DESC LIMIT $5"
);
const ONE: &str = concat!(select!("line"), "journal_offset = $2");

/// What is kept of one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReason {
    /// The reason's word.
    pub reason: String,
    /// Lines kept.
    pub lines: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those of them that are on their way through ingest once more.
    pub under_way: u64,
    /// Those of them that have become nothing yet; what is under way is among them. The others stay to be looked at.
    pub waiting: u64,
    /// When the oldest was received.
    pub oldest: UnixMillis,
    /// When the newest was.
    pub newest: UnixMillis,
}

/// A journal that a cluster takes lines from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineJournal {
    /// Its number in the cluster.
    pub no: u16,
    /// Its id.
    pub journal_id: String,
    /// The name of the ingester that writes it; of one that it has left for another, with its number: `a.1`.
    pub name: String,
}

/// Which lines to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineQuery {
    /// Of this reason only.
    pub reason: Option<String>,
    /// Of sources that begin so only: `udp 192.0.2.7`.
    pub source: Option<String>,
    /// Only those that stand before this byte of the journal: where the page before ended.
    pub before: Option<u64>,
    /// At most so many, and never more than [`PAGE_LINES_MAX`].
    pub limit: u32,
}

/// A line in the quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLine {
    /// Where its frame begins in the journal, in bytes: what it is known by.
    pub journal_offset: u64,
    /// When it was received.
    pub received_at: UnixMillis,
    /// Why it could not be read.
    pub reason: String,
    /// Who sent it.
    pub source: String,
    /// The epoch it was received in.
    pub epoch: Epoch,
    /// Its length in bytes.
    pub line_bytes: u64,
    /// The frame, verbatim; on a page cut after [`PAGE_LINE_BYTES`].
    pub line: Vec<u8>,
    /// When it was last asked to be given again.
    pub requested_at: Option<UnixMillis>,
    /// What became of it then, and at which epoch.
    pub outcome: Option<(String, Epoch)>,
}

impl Reader {
    /// What is kept, by reason.
    pub async fn quarantine_reasons(&self) -> Result<Vec<KeptReason>, StoreError> {
        let connection = self.connection().await?;
        let rows = connection.query(REASONS, &[&&*self.journal_id, &SETTLED_OUTCOMES.as_slice()]).await;
        let rows = rows.map_err(StoreError::database("count the quarantined lines"))?;
        rows.iter().map(reason_of).collect()
    }

    /// The newest lines first.
    pub async fn quarantine_page(&self, query: &QuarantineQuery) -> Result<Vec<KeptLine>, StoreError> {
        let connection = self.connection().await?;
        let before = query.before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        let limit = i64::from(query.limit.min(PAGE_LINES_MAX));
        let parameters: [&(dyn ToSql + Sync); 6] =
            [&&*self.journal_id, &query.reason, &query.source, &before, &limit, &PAGE_LINE_BYTES];
        let rows = connection.query(PAGE, &parameters).await;
        let rows = rows.map_err(StoreError::database("read quarantined lines"))?;
        rows.iter().map(line_of).collect()
    }

    /// One line, whole, if it is (still) there.
    pub async fn quarantined(&self, journal_offset: u64) -> Result<Option<KeptLine>, StoreError> {
        let connection = self.connection().await?;
        let Ok(offset) = i64::try_from(journal_offset) else { return Ok(None) };
        let row = connection.query_opt(ONE, &[&&*self.journal_id, &offset]).await;
        let row = row.map_err(StoreError::database("read a quarantined line"))?;
        row.as_ref().map(line_of).transpose()
    }

    /// The journals that a cluster takes lines from, if this reader's is the cluster's order; none for a process alone.
    pub async fn line_journals(&self) -> Result<Vec<LineJournal>, StoreError> {
        let rows = self.connection().await?.query(JOURNALS, &[&&*self.journal_id]).await;
        let rows = rows.map_err(StoreError::database("read the cluster's journals"))?;
        let journal = |row: &Row| LineJournal {
            no: row.get::<_, i16>(0).unsigned_abs(),
            journal_id: row.get(1),
            name: row.get(2),
        };
        Ok(rows.iter().map(journal).collect())
    }

    /// The same, of another journal: for the quarantine of one that a cluster takes lines from.
    #[must_use]
    pub fn of_journal(&self, journal_id: &str) -> Self {
        Self { journal_id: journal_id.into(), ..self.clone() }
    }

    /// The journal that wrote last, of a cluster its order: for whoever looks at the database without the journal at hand.
    pub async fn latest_journal(&self) -> Result<Option<String>, StoreError> {
        let select = "SELECT journal_id FROM journal_watermarks \
            ORDER BY EXISTS (SELECT FROM cluster WHERE order_journal = journal_id) DESC, updated_at DESC LIMIT 1";
        let row = self.connection().await?.query_opt(select, &[]).await;
        let row = row.map_err(StoreError::database("look for the latest journal"))?;
        Ok(row.map(|row| row.get(0)))
    }
}

fn reason_of(row: &Row) -> Result<KeptReason, StoreError> {
    let what = "a number of quarantined lines";
    Ok(KeptReason {
        reason: row.get(0),
        lines: from_bigint(what, row.get(1))?,
        bytes: from_bigint("the bytes of quarantined lines", row.get(2))?,
        under_way: from_bigint(what, row.get(3))?,
        waiting: from_bigint(what, row.get(4))?,
        oldest: row.get::<_, Timestamptz>(5).0,
        newest: row.get::<_, Timestamptz>(6).0,
    })
}

fn line_of(row: &Row) -> Result<KeptLine, StoreError> {
    let epoch = |number| from_bigint("an epoch", number);
    let outcome_epoch = row.get::<_, Option<i64>>(9).map(epoch).transpose()?;
    Ok(KeptLine {
        journal_offset: from_bigint("a place in the journal", row.get(0))?,
        received_at: row.get::<_, Timestamptz>(1).0,
        reason: row.get(2),
        source: row.get(3),
        epoch: epoch(row.get(4))?,
        line_bytes: from_bigint("a line's length", i64::from(row.get::<_, i32>(5)))?,
        line: row.get(6),
        requested_at: row.get::<_, Option<Timestamptz>>(7).map(|at| at.0),
        outcome: row.get::<_, Option<String>>(8).zip(outcome_epoch),
    })
}

/// The places of lines, as the database counts them. A place that no journal has is none of them.
pub(super) fn places(offsets: &[u64]) -> Vec<i64> {
    offsets.iter().filter_map(|offset| i64::try_from(*offset).ok()).collect()
}
