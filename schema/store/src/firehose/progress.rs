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

/// The oldest notes with the store's watermark, of one instant.
const PENDING: &str = "SELECT w.epoch, s.id, s.journal_id, s.epoch_before, s.epoch, s.oldest, s.newest, s.first_offset, s.last_offset, \
        s.records \
    FROM (SELECT (SELECT epoch FROM journal_watermarks WHERE journal_id = $1) AS epoch) AS w \
    LEFT JOIN (SELECT * FROM firehose_spans ORDER BY id LIMIT $2) AS s ON true ORDER BY s.id";
const STRIKE_OUT: &str = "DELETE FROM firehose_spans WHERE id = ANY($1)";
/// A commit may be in several pages: the watermark is before the first note that is left.
const MOVE_ON: &str = "INSERT INTO firehose_progress AS t (journal_id, epoch, sent, refused, gone) \
    VALUES ($1, coalesce((SELECT epoch_before FROM firehose_spans WHERE journal_id = $1 ORDER BY id LIMIT 1), $2), \
        $3, $4, $5) \
    ON CONFLICT (journal_id) DO UPDATE SET epoch = excluded.epoch, sent = t.sent + excluded.sent, \
        refused = t.refused + excluded.refused, gone = t.gone + excluded.gone, updated_at = now() \
    RETURNING epoch, sent, refused, gone";
const PROGRESS: &str = "SELECT epoch, sent, refused, gone FROM firehose_progress WHERE journal_id = $1";

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
}

impl Span {
    fn rows_of(&self, recent: &Recent) -> Option<Vec<RawRow>> {
        let epochs = (self.epoch_before.cast_unsigned(), self.epoch.cast_unsigned());
        let places = self.first_offset.cast_unsigned()..=self.last_offset.cast_unsigned();
        recent.rows(epochs, &(self.oldest.0..=self.newest.0), &places)
    }
}

/// What is sent together: notes of one journal, oldest first.
#[derive(Debug)]
pub(super) struct Page {
    spans: Vec<Span>,
    /// The store's watermark for the firehose's own journal, at the instant of the page.
    pub(super) watermark: Epoch,
}

impl Page {
    /// The journal, if there is something to send.
    pub(super) fn journal_id(&self) -> Option<&str> {
        self.spans.first().map(|span| span.journal_id.as_str())
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
             WHERE timestamp BETWEEN $1 AND $2 AND journal_offset BETWEEN $3 AND $4"
        );
        let prepare = async |sql| client.prepare(sql).await.map_err(StoreError::database("prepare the firehose"));
        let (pending, select) = (prepare(PENDING).await?, prepare(&select).await?);
        Ok(Self { client, pending, select })
    }

    /// The oldest notes, up to so many records; one note at least, if there is one.
    pub(super) async fn page(&self, journal_id: &str, most_records: usize) -> Result<Page, StoreError> {
        let found = self.client.query(&self.pending, &[&journal_id, &SPANS_A_PAGE]).await;
        let found = found.map_err(StoreError::database("look for what is to be sent"))?;
        let watermark = found.first().and_then(|row| row.get::<_, Option<i64>>(0)).unwrap_or(0);
        let mut page = Page { spans: Vec::new(), watermark: from_bigint("an epoch", watermark)? };
        for span in found.iter().filter_map(span) {
            let records = page.records() + u64::from(span.records.unsigned_abs());
            let is_first = page.spans.is_empty();
            let fits = records <= most_records as u64 && page.journal_id() == Some(span.journal_id.as_str());
            if !is_first && !fits {
                break;
            }
            page.spans.push(span);
        }
        Ok(page)
    }

    /// The records of a page: from memory where they are kept, else as far as they are still in the database.
    pub(super) async fn rows(&self, page: &Page, recent: Option<&Recent>) -> Result<Vec<RawRow>, StoreError> {
        let mut rows = Vec::new();
        for span in &page.spans {
            if let Some(kept) = recent.and_then(|recent| span.rows_of(recent)) {
                rows.extend(kept);
                continue;
            }
            let bounds = [&span.first_offset, &span.last_offset];
            let found = self.client.query(&self.select, &[&span.oldest, &span.newest, bounds[0], bounds[1]]).await;
            for row in found.map_err(StoreError::database("read raw records to be sent"))? {
                rows.push(RawRow::read(&row)?);
            }
        }
        Ok(rows)
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
        let (sent, refused) = (to_bigint(delivered.sent), to_bigint(delivered.refused));
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
    })
}

fn progress(row: &Row) -> Result<Progress, StoreError> {
    let count = |at: usize| from_bigint("the firehose's watermark", row.get(at));
    Ok(Progress { epoch: count(0)?, sent: count(1)?, refused: count(2)?, gone: count(3)? })
}
