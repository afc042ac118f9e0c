//! What a journal that is lost for good had brought after dedup was stored: a replay without it would not know these lines,
//! and take their copies, by another home or sent again, for new ones. Their records are stored, so their numbers go into
//! the windows; what records do not say is told ([`Found`]).

use super::held::Kept;
use super::{homes, loss};
use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint};
use crate::maintenance::RAW_KEPT;
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::WorkerWindow;
use suiftly_schema::record::LineId;
use suiftly_schema::shard::Shard;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::{GenericClient, Row, Transaction};

/// Lines are dated so much before they come, but for those that were late.
const DATED_BEFORE_MS: i64 = 3_600_000;

/// A shard's windows, as of its restart epoch, and the lines that a lost journal had brought it after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostLines {
    /// The restart epoch.
    pub epoch: Epoch,
    /// Its clock; before the first, that of what is stored.
    pub clock: UnixMillis,
    /// The windows of the shard's workers.
    pub windows: Vec<WorkerWindow>,
    /// The lines whose records are stored, as they stood in the journal.
    pub lines: Vec<LineId>,
}

/// What is known of lost journals.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// By shard; only those that they brought something.
    pub(crate) lines: Vec<LostLines>,
    /// Why something of theirs may be charged twice.
    pub(crate) doubts: Vec<String>,
}

/// Those of some journals that the order has taken something in of since the least restart epoch.
const MOVED: &str = "SELECT j.no FROM cluster_journals AS j WHERE j.no = ANY ($1) AND EXISTS ( \
        SELECT FROM cluster_cuts AS c WHERE c.no = j.no AND c.epoch <= (SELECT max(epoch) FROM shard_watermarks) \
        AND c.through > coalesce((SELECT max(through) FROM cluster_cuts WHERE no = j.no \
            AND epoch <= (SELECT min(restart_epoch) FROM shard_watermarks)), 0)) \
    ORDER BY j.no";

/// Shards that lack what another has of one of these journals.
const BEHIND: &str = "SELECT count(DISTINCT s.shard) FROM journal_shards AS s JOIN cluster_journals AS j USING (journal_id) \
    WHERE j.no = ANY ($1) \
    AND s.epoch < (SELECT max(epoch) FROM journal_shards WHERE journal_id = s.journal_id)";

/// Where each shard's windows stand in these journals, and what is stored behind. Last: whether a line changed what is
/// known of an open stream, as ingest's `decode/streams.rs` has it: it told of one, or it was long enough to be one.
const LINES: &str = "WITH stood AS ( \
        SELECT j.no, s.shard, coalesce(max(c.journal_end), 0) AS journal_end \
        FROM unnest($1::smallint[]) AS j (no) CROSS JOIN shard_watermarks AS s \
        LEFT JOIN cluster_cuts AS c ON c.no = j.no AND c.epoch <= s.restart_epoch GROUP BY j.no, s.shard) \
    SELECT l.server_id, l.boot, l.seq, (l.traffic_type = 7 AND l.bytes_sent > 0) \
        OR (l.traffic_type IN (1, 2) AND l.time_total >= 4000 \
            AND EXISTS (SELECT FROM open_streams WHERE journal_id = $2 AND told_bytes > 0)) \
    FROM haproxy_raw_logs_all AS l \
    JOIN stood AS s ON s.no = l.journal_no AND s.shard = suiftly_shard_of_server(l.server_id) \
    WHERE l.journal_no = ANY ($1) AND l.journal_offset >= s.journal_end AND l.boot IS NOT NULL AND l.seq IS NOT NULL \
    ORDER BY l.journal_no, l.journal_offset";

const RESTARTS: &str = "SELECT shard, restart_epoch, coalesce(restart_at, cut_at) FROM shard_watermarks ORDER BY shard";

/// What these journals had brought. Reads all raw records that are kept: their index is by their dates, which say nothing of
/// when they came.
pub(crate) async fn find(
    client: &impl GenericClient,
    order_journal: &str,
    journals: &[i16],
    now: UnixMillis,
) -> Result<Found, StoreError> {
    let moved = client.query(MOVED, &[&journals]).await.map_err(StoreError::database("ask what is lost"))?;
    let moved: Vec<i16> = moved.iter().map(|row| row.get(0)).collect();
    if moved.is_empty() {
        return Ok(Found::default());
    }
    let behind = client.query_one(BEHIND, &[&moved]).await.map_err(StoreError::database("ask what shards lack"))?;
    let rows = client.query(LINES, &[&moved, &order_journal]).await;
    let rows = rows.map_err(StoreError::database("read what is stored of a lost journal"))?;
    let restarts = restarts(client).await?;
    let doubts = doubts(behind.get(0), told_streams(&rows), oldest(&restarts), now);
    Ok(Found { lines: by_shard(client, order_journal, &rows, &restarts).await?, doubts })
}

fn told_streams(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.get(3)).count()
}

/// A shard that nothing is stored of has no clock.
fn oldest(restarts: &BTreeMap<Shard, (Epoch, UnixMillis)>) -> UnixMillis {
    let known = restarts.values().map(|(_, clock)| *clock).filter(|clock| *clock > UnixMillis::MIN);
    known.min().unwrap_or(UnixMillis::MAX)
}

fn doubts(behind: i64, told_streams: usize, oldest: UnixMillis, now: UnixMillis) -> Vec<String> {
    let kept_ms = i64::try_from(RAW_KEPT.as_millis()).unwrap_or(i64::MAX);
    let is_past = oldest.plus_ms(-DATED_BEFORE_MS) < now.plus_ms(-kept_ms);
    let behind = (behind > 0).then(|| {
        format!("{behind} shards lack what others have stored of it: which lines were charged there is not known")
    });
    let told = (told_streams > 0).then(|| {
        format!("{told_streams} of its lines were of streams that were told of: how much was charged is not known")
    });
    let past = is_past.then(|| "raw records are not kept for as long as what it brought is back".to_owned());
    behind.into_iter().chain(told).chain(past).collect()
}

async fn restarts(client: &impl GenericClient) -> Result<BTreeMap<Shard, (Epoch, UnixMillis)>, StoreError> {
    let rows = client.query(RESTARTS, &[]).await;
    let rows = rows.map_err(StoreError::database("read where the shards restart"))?;
    let of = |row: &Row| {
        let shard = u8::try_from(row.get::<_, i16>(0));
        let shard = shard.map_err(|error| StoreError::Row { what: "a shard", cause: error.to_string() })?;
        let clock = row.get::<_, Option<Timestamptz>>(2).map_or(UnixMillis::MIN, |at| at.0);
        Ok((Shard(shard), (from_bigint("a shard's epoch", row.get(1))?, clock)))
    };
    rows.iter().map(of).collect()
}

async fn by_shard(
    client: &impl GenericClient,
    order_journal: &str,
    rows: &[Row],
    restarts: &BTreeMap<Shard, (Epoch, UnixMillis)>,
) -> Result<Vec<LostLines>, StoreError> {
    let mut found: BTreeMap<Shard, LostLines> = BTreeMap::new();
    for row in rows {
        let line = line_of(row)?;
        let shard = Shard::of_server(line.server_id);
        let (epoch, clock) = restarts.get(&shard).copied().ok_or(StoreError::NoCluster)?;
        let new = || LostLines { epoch, clock, windows: Vec::new(), lines: Vec::new() };
        found.entry(shard).or_insert_with(new).lines.push(line);
    }
    let shards: Vec<i16> = found.keys().map(|shard| shard.0.into()).collect();
    for window in loss::windows_of(client, order_journal, &shards).await? {
        if let Some(of) = found.get_mut(&Shard::of_server(window.worker.server_id)) {
            of.windows.push(window);
        }
    }
    Ok(found.into_values().collect())
}

fn line_of(row: &Row) -> Result<LineId, StoreError> {
    let seq = u32::try_from(row.get::<_, i64>(2));
    let seq = seq.map_err(|error| StoreError::Row { what: "a line's number", cause: error.to_string() })?;
    Ok(LineId { server_id: row.get(0), boot: row.get::<_, Timestamptz>(1).0, seq })
}

/// Stores windows as of an epoch, in place of what they were.
pub(crate) async fn put_windows(
    transaction: &Transaction<'_>,
    order_journal: &str,
    epoch: Epoch,
    windows: &[WorkerWindow],
) -> Result<(), StoreError> {
    let prepare = async |sql| transaction.prepare(sql).await.map_err(StoreError::database("prepare to store windows"));
    let (put_window, put_homes) = (prepare(loss::PUT_WINDOW).await?, prepare(homes::PUT_HOMES).await?);
    let kept = Kept {
        epoch: Some(epoch),
        windows: windows.iter().collect(),
        folded: &BTreeSet::new(),
        folded_totals: &BTreeMap::new(),
        streams: Vec::new(),
        ended_streams: &BTreeSet::new(),
        reference: Vec::new(),
    };
    loss::put_windows(transaction, &put_window, order_journal, &kept).await?;
    homes::put(transaction, &put_homes, order_journal, &kept).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_doubt_is_told() {
        let now = UnixMillis(1_795_298_400_000);
        let kept_ms = i64::try_from(RAW_KEPT.as_millis()).unwrap();
        let oldest_kept = now.plus_ms(DATED_BEFORE_MS - kept_ms);
        assert!(doubts(0, 0, oldest_kept, now).is_empty());
        for (found, expected) in [
            (doubts(86, 0, now, now), "86 shards lack"),
            (doubts(0, 3, now, now), "3 of its lines"),
            (doubts(0, 0, oldest_kept.plus_ms(-1), now), "are not kept"),
        ] {
            assert!(matches!(&*found, [told] if told.contains(expected)), "{found:?}");
        }
        assert_eq!(doubts(1, 1, UnixMillis::MIN, now).len(), 3);
    }
}
