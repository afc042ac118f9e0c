//! The firehose's side in PostgreSQL: what is to be sent, the records themselves, the watermark.
//!
//! Each call is one short statement or transaction; none is open while QuestDB is waited for, so neither the writer nor
//! retention ever waits for it.

use super::recent::Recent;
use super::row::{COLUMNS, RawRow};
use super::target::Delivered;
use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint, to_bigint};
use crate::config::StoreConfig;
use suiftly_schema::ids::Epoch;
use tokio_postgres::{Client, Row, Statement};

/// Notes that one page takes at most.
const SPANS_A_PAGE: i64 = 256;
/// How long one statement may take: who would change a table waits as long.
const STATEMENT_TIMEOUT_MS: u32 = 20_000;

/// The oldest notes with the store's watermark, of one instant. $3 of $4 processes asks: notes of one that there is no more
/// are somebody's, too. A line's journal is the commit's, but in a cluster the numbered one.
const PENDING: &str = "SELECT w.epoch, s.id, s.journal_id, s.epoch_before, s.epoch, s.oldest, s.newest, s.first_offset, s.last_offset, \
        s.records, s.process, s.journal_no, coalesce(j.journal_id, s.journal_id) \
    FROM (SELECT suiftly_stored_to($1) AS epoch) AS w \
    LEFT JOIN (SELECT * FROM firehose_spans WHERE process % $4::smallint = $3::smallint ORDER BY id LIMIT $2) AS s ON true \
    LEFT JOIN cluster_journals AS j ON j.no = s.journal_no ORDER BY s.id";
const STRIKE_OUT: &str = "DELETE FROM firehose_spans WHERE id = ANY($1)";
/// A commit may be in several pages: the watermark is before the earliest note that is left. In a cluster it is not beyond
/// what every shard has, since of what comes there is no note yet; another process may have moved it further.
const MOVE_ON: &str = "INSERT INTO firehose_progress AS t (journal_id, epoch, sent, refused, gone) \
    VALUES ($1, least(suiftly_stored_to($1), \
            coalesce((SELECT min(epoch_before) FROM firehose_spans WHERE journal_id = $1), $2)), $3, $4, $5) \
    ON CONFLICT (journal_id) DO UPDATE SET epoch = greatest(t.epoch, excluded.epoch), sent = t.sent + excluded.sent, \
        refused = t.refused + excluded.refused, gone = t.gone + excluded.gone, updated_at = now() \
    RETURNING epoch, sent, refused, gone";
const PROGRESS: &str = "SELECT epoch, sent, refused, gone FROM firehose_progress WHERE journal_id = $1";

/// Which notes are sent.
#[derive(Clone, Debug)]
pub(super) struct Whose {
    /// The journal that is committed; notes that another left are sent as well.
    pub(super) journal_id: String,
    /// Of the commits of this process, of so many.
    pub(super) process: i16,
    pub(super) processes: i16,
}

/// What a journal's firehose has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) epoch: Epoch,
    pub(super) sent: u64,
    pub(super) refused: u64,
    pub(super) gone: u64,
}

/// A note of records to send.
#[derive(Debug)]
struct Span {
    id: i64,
    journal_id: String,
    epoch_before: i64,
    epoch: i64,
    oldest: Timestamptz,
    newest: Timestamptz,
    first_offset: i64,
    last_offset: i64,
    records: i32,
    /// Whose commit it was.
    process: i16,
    /// The number of the journal that the records are of, and its id.
    journal_no: i16,
    line_journal: String,
}

impl Span {
    fn rows_of(&self, recent: &Recent) -> Option<Vec<RawRow>> {
        let epochs = (self.epoch_before.cast_unsigned(), self.epoch.cast_unsigned());
        let places = self.first_offset.cast_unsigned()..=self.last_offset.cast_unsigned();
        recent.rows(epochs, self.journal_no.cast_unsigned(), &(self.oldest.0..=self.newest.0), &places)
    }
}

/// What is sent together: notes of one journal's lines, oldest first.
#[derive(Debug)]
pub(super) struct Page {
    spans: Vec<Span>,
    /// The store's watermark for the firehose's own journal, at the instant of the page.
    pub(super) watermark: Epoch,
}

impl Page {
    /// The journal that was committed, if there is something to send, and the one that the lines are of.
    pub(super) fn journals(&self) -> Option<(&str, &str)> {
        self.spans.first().map(|span| (span.journal_id.as_str(), span.line_journal.as_str()))
    }

    /// How many records were stored.
    pub(super) fn records(&self) -> u64 {
        self.spans.iter().map(|span| u64::from(span.records.unsigned_abs())).sum()
    }
}

/// A connection with its statements.
pub(super) struct Session {
    client: Client,
    pending: Statement,
    select: Statement,
}

impl Session {
    pub(super) async fn open(store: &StoreConfig) -> Result<Self, StoreError> {
        let client = store.connect().await?;
        // Statistics of an hour that is filling are of a time when it was small; its BRIN knows better.
        let limit = format!("SET statement_timeout = {STATEMENT_TIMEOUT_MS}; SET enable_seqscan = off");
        client.batch_execute(&limit).await.map_err(StoreError::database("bound the firehose's statements"))?;
        let select = format!(
            "SELECT {COLUMNS} FROM haproxy_raw_logs_all \
             WHERE timestamp BETWEEN $1 AND $2 AND journal_offset BETWEEN $3 AND $4 AND journal_no = $5"
        );
        let prepare = async |sql| client.prepare(sql).await.map_err(StoreError::database("prepare the firehose"));
        let (pending, select) = (prepare(PENDING).await?, prepare(&select).await?);
        Ok(Self { client, pending, select })
    }

    /// The oldest notes, up to so many records; one note at least, if there is one. What is of another journal than the
    /// oldest waits for a page of its own.
    pub(super) async fn page(&self, whose: &Whose, most_records: usize) -> Result<Page, StoreError> {
        let Whose { journal_id, process, processes } = whose;
        let found = self.client.query(&self.pending, &[journal_id, &SPANS_A_PAGE, process, processes]).await;
        let found = found.map_err(StoreError::database("look for what is to be sent"))?;
        let watermark = found.first().and_then(|row| row.get::<_, Option<i64>>(0)).unwrap_or(0);
        let mut page = Page { spans: Vec::new(), watermark: from_bigint("an epoch", watermark)? };
        for span in found.iter().filter_map(span) {
            let records = page.records() + u64::from(span.records.unsigned_abs());
            match page.journals() {
                Some(journals) if journals != (span.journal_id.as_str(), span.line_journal.as_str()) => {}
                Some(_) if records > most_records as u64 => break,
                _ => page.spans.push(span),
            }
        }
        Ok(page)
    }

    /// The records of a page, and how many of its own are gone: from memory where they are kept, else as far as they are
    /// still in the database. There records of other processes' commits stand between a cluster's; they come along, and are
    /// one row each in QuestDB however often they come.
    pub(super) async fn rows(
        &self,
        page: &Page,
        recent: Option<(&Recent, i16)>,
    ) -> Result<(Vec<RawRow>, u64), StoreError> {
        let (mut rows, mut gone) = (Vec::new(), 0);
        for span in &page.spans {
            let ours = recent.filter(|(_, process)| *process == span.process);
            let of_span = match ours.and_then(|(recent, _)| span.rows_of(recent)) {
                Some(kept) => kept,
                None => self.stored(span).await?,
            };
            gone += u64::from(span.records.unsigned_abs()).saturating_sub(of_span.len() as u64);
            rows.extend(of_span);
        }
        Ok((rows, gone))
    }

    async fn stored(&self, span: &Span) -> Result<Vec<RawRow>, StoreError> {
        let Span { oldest, newest, first_offset, last_offset, journal_no, .. } = span;
        let found = self.client.query(&self.select, &[oldest, newest, first_offset, last_offset, journal_no]).await;
        found.map_err(StoreError::database("read raw records to be sent"))?.iter().map(RawRow::read).collect()
    }

    /// Strikes the page's notes out and moves the watermark on, at once.
    pub(super) async fn finish(
        &mut self,
        page: &Page,
        delivered: &Delivered,
        gone: u64,
    ) -> Result<Progress, StoreError> {
        let failed = || StoreError::database("move the firehose's watermark on");
        let last = page.spans.last().expect("a page with notes");
        let ids: Vec<_> = page.spans.iter().map(|span| span.id).collect();
        // What came along is counted where it is noted.
        let sent = delivered.sent.min(page.records().saturating_sub(gone + delivered.refused));
        let (sent, refused) = (to_bigint(sent), to_bigint(delivered.refused));
        let transaction = self.client.transaction().await.map_err(failed())?;
        transaction.execute(STRIKE_OUT, &[&ids]).await.map_err(failed())?;
        let moved = transaction
            .query_one(MOVE_ON, &[&last.journal_id, &last.epoch, &sent, &refused, &to_bigint(gone)])
            .await
            .map_err(failed())?;
        transaction.commit().await.map_err(failed())?;
        progress(&moved)
    }

    /// How far a journal's firehose has come; none before its first page.
    pub(super) async fn progress(&self, journal_id: &str) -> Result<Option<Progress>, StoreError> {
        let found = self.client.query_opt(PROGRESS, &[&journal_id]).await;
        let found = found.map_err(StoreError::database("read the firehose's watermark"))?;
        found.as_ref().map(progress).transpose()
    }
}

fn span(row: &Row) -> Option<Span> {
    let id = row.get::<_, Option<i64>>(1)?;
    Some(Span {
        id,
        journal_id: row.get(2),
        epoch_before: row.get(3),
        epoch: row.get(4),
        oldest: row.get(5),
        newest: row.get(6),
        first_offset: row.get(7),
        last_offset: row.get(8),
        records: row.get(9),
        process: row.get(10),
        journal_no: row.get(11),
        line_journal: row.get(12),
    })
}

fn progress(row: &Row) -> Result<Progress, StoreError> {
    let count = |at: usize| from_bigint("the firehose's watermark", row.get(at));
    Ok(Progress { epoch: count(0)?, sent: count(1)?, refused: count(2)?, gone: count(3)? })
}
