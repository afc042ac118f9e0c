//! An operator's hand in the quarantine: lines claimed to be given again, or thrown away. All that a reader writes.
//!
//! A claim is a time of request without an outcome. Claims are made one after the other, and a line that is under way
//! or settled cannot be claimed, so no line goes through ingest twice at once. The writer stores the outcome in the
//! transaction of the epoch that brought it; what is left without one by a crash the next start releases
//! ([`crate::writer::Writer::release_claims`], of a cluster [`crate::shards::ClusterStore::release_claims`]).

use super::Reader;
use super::quarantine::places;
use crate::StoreError;
use crate::accounts::{Act, record};
use crate::codec::{Timestamptz, from_bigint, to_bigint};
use serde_json::json;
use suiftly_schema::quarantine::{GivenLine, MAX_GIVEN_BYTES, MAX_GIVEN_LINES, SETTLED_OUTCOMES};
use tokio_postgres::types::ToSql;

/// The key of the transaction's advisory lock that lets one claim at a time be made.
const CLAIM_LOCK: i64 = 0x5375_6966_0003;

/// Lines never given come first, then those given longest ago, so that whoever calls again comes to all of them.
/// The quarantine's own bounds bound what is sorted.
const CLAIM: &str = "UPDATE quarantine AS q SET requested_at = $8, outcome = NULL, outcome_epoch = NULL \
    FROM (SELECT journal_offset, row_number() OVER turn AS lines, sum(octet_length(line)) OVER turn AS bytes \
        FROM quarantine WHERE journal_id = $1 AND ($2::text IS NULL OR reason = $2) \
        AND ($3::bigint[] IS NULL OR journal_offset = ANY($3)) \
        AND (requested_at IS NULL OR ($4 AND outcome IS NOT NULL AND outcome <> ALL($5))) \
        WINDOW turn AS (ORDER BY requested_at NULLS FIRST, journal_offset) \
    ) AS free WHERE q.journal_id = $1 AND q.journal_offset = free.journal_offset AND lines <= $6 AND bytes <= $7 \
    RETURNING q.journal_offset, q.line";

const RELEASE: &str = "UPDATE quarantine SET requested_at = NULL \
    WHERE journal_id = $1 AND journal_offset = ANY($2) AND outcome IS NULL";

const DISCARD: &str = "DELETE FROM quarantine WHERE journal_id = $1 AND ($2::text IS NULL OR reason = $2) \
    AND ($3::bigint[] IS NULL OR journal_offset = ANY($3)) AND (requested_at IS NULL OR outcome IS NOT NULL)";

/// Which lines an operator means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineSelection {
    /// Of this reason only.
    pub reason: Option<String>,
    /// These only, by their place in the journal.
    pub offsets: Option<Vec<u64>>,
}

impl Reader {
    /// Claims lines to be given again: in the order of the journal, at most `limit` and never more than
    /// [`MAX_GIVEN_LINES`] and [`MAX_GIVEN_BYTES`]. With `again` also those that were given before and could not be
    /// read; never those that are under way or became something. `act` says who asks, and goes into the activity log with
    /// the claim.
    pub async fn claim_quarantined(
        &self,
        selection: &QuarantineSelection,
        again: bool,
        limit: usize,
        act: &Act,
    ) -> Result<Vec<GivenLine>, StoreError> {
        let attempted = "claim quarantined lines";
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await.map_err(StoreError::database(attempted))?;
        let locked = transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&CLAIM_LOCK]).await;
        locked.map_err(StoreError::database(attempted))?;
        let offsets = selection.offsets.as_deref().map(places);
        let lines = to_bigint(limit.min(MAX_GIVEN_LINES) as u64);
        let parameters: [&(dyn ToSql + Sync); 8] = [
            &&*self.journal_id,
            &selection.reason,
            &offsets,
            &again,
            &SETTLED_OUTCOMES.as_slice(),
            &lines,
            &to_bigint(MAX_GIVEN_BYTES as u64),
            &Timestamptz(act.at),
        ];
        let rows = transaction.query(CLAIM, &parameters).await.map_err(StoreError::database(attempted))?;
        let change = json!({"lines": rows.len(), "again": again});
        record(&transaction, None, act, "quarantine.replay", selection.reason.as_deref(), change).await?;
        transaction.commit().await.map_err(StoreError::database(attempted))?;
        let given = rows.iter().map(|row| {
            let journal_offset = from_bigint("a place in the journal", row.get(0))?;
            Ok(GivenLine { journal_offset, line: row.get(1) })
        });
        let mut given = given.collect::<Result<Vec<_>, StoreError>>()?;
        given.sort_by_key(|line| line.journal_offset);
        Ok(given)
    }

    /// Gives claims back: for lines that ingest did not take.
    pub async fn release_quarantined(&self, offsets: &[u64]) -> Result<(), StoreError> {
        let released = self.connection().await?.execute(RELEASE, &[&&*self.journal_id, &places(offsets)]).await;
        released.map_err(StoreError::database("release quarantined lines"))?;
        Ok(())
    }

    /// Throws lines away, but for those that are under way; answers how many.
    pub async fn discard_quarantined(&self, selection: &QuarantineSelection, act: &Act) -> Result<u64, StoreError> {
        let attempted = "discard quarantined lines";
        let offsets = selection.offsets.as_deref().map(places);
        let parameters: [&(dyn ToSql + Sync); 3] = [&&*self.journal_id, &selection.reason, &offsets];
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await.map_err(StoreError::database(attempted))?;
        let discarded = transaction.execute(DISCARD, &parameters).await.map_err(StoreError::database(attempted))?;
        let change = json!({"lines": discarded});
        record(&transaction, None, act, "quarantine.discard", selection.reason.as_deref(), change).await?;
        transaction.commit().await.map_err(StoreError::database(attempted))?;
        Ok(discarded)
    }
}
