//! Retention, and the indexes of closed hours, where TimescaleDB's own jobs do not see to it. To be called now and
//! then: an hour is often enough.

use crate::StoreError;
use crate::codec::Timestamptz;
use crate::config::StoreConfig;
use crate::migrate::{Capability, capability};
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Client;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long raw records are kept.
pub const RAW_KEPT: Duration = Duration::from_secs(2 * DAY.as_secs());
/// How long HAProxy's own messages are kept.
pub const SYSTEM_LOGS_KEPT: Duration = Duration::from_secs(7 * DAY.as_secs());
/// How long a minute is counted by itself; a later correction counts in its hour only.
pub const MINUTES_KEPT: Duration = DAY;
/// How long hours are kept.
pub const HOURS_KEPT: Duration = Duration::from_secs(90 * DAY.as_secs());
/// How long what a key did is kept by the hour; a later correction counts in all it did only.
pub const KEY_HOURS_KEPT: Duration = Duration::from_secs(8 * DAY.as_secs());
/// How long the machinery is counted by the hour; a later correction counts in its day only. Minutes as usage's.
pub const INFRA_HOURS_KEPT: Duration = Duration::from_secs(30 * DAY.as_secs());
/// How long the machinery is counted by the day: two years, one of them a leap year.
pub const INFRA_DAYS_KEPT: Duration = Duration::from_secs(731 * DAY.as_secs());
/// How long quarantined lines are kept, by their receipt; how many at most is the writer's business.
pub const QUARANTINE_KEPT: Duration = Duration::from_secs(7 * DAY.as_secs());
/// A row that commits count on goes this much after its time is up: they may be on their way.
const GRACE: Duration = HOUR;

/// How long dropping waits for readers: whoever comes after it in the queue, the writer too, waits as long.
const LOCK_TIMEOUT_MS: u32 = 2_000;

/// The notes of what retention removes, counted where the firehose counts what it could not send.
const FORGET_GONE: &str = "WITH gone AS (DELETE FROM firehose_spans WHERE newest < $1 RETURNING journal_id, records) \
    INSERT INTO firehose_progress AS t (journal_id, epoch, sent, refused, gone) \
    SELECT journal_id, 0, 0, 0, sum(records) FROM gone GROUP BY 1 \
    ON CONFLICT (journal_id) DO UPDATE SET gone = t.gone + excluded.gone, updated_at = now()";

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Partitions of raw records and system logs.
    pub partitions: u64,
    /// Raw records that had come when their hour was closed.
    pub late_records: u64,
    /// Rows of `usage_per_minute` and `usage_per_hour`.
    pub usage_rows: u64,
    /// Rows of `infra_per_minute`, `infra_per_hour` and `infra_per_day`.
    pub infra_rows: u64,
    /// Rows of `key_activity_per_hour`.
    pub key_rows: u64,
    /// Quarantined lines.
    pub quarantined_lines: u64,
}

/// Removes what is older than its time. TimescaleDB has policies of its own for all but quarantine, late records and keys'
/// hours.
///
/// [`StoreError::Unavailable`] if a long read stands in the way: try again later.
pub async fn enforce_retention(config: &StoreConfig, now: UnixMillis) -> Result<Removed, StoreError> {
    let client = config.connect().await?;
    let quarantined = "DELETE FROM quarantine WHERE received_at < $1";
    let quarantined = client.execute(quarantined, &[&Timestamptz(before(now, QUARANTINE_KEPT))]).await;
    let quarantined_lines = quarantined.map_err(StoreError::database("delete old quarantined lines"))?;
    // What QuestDB, or an operator who switched the firehose off, has not asked for in time is gone with its records.
    let gone = client.execute(FORGET_GONE, &[&Timestamptz(before(now, RAW_KEPT).hour())]).await;
    gone.map_err(StoreError::database("forget what the firehose cannot send any more"))?;
    let late_records = delete(&client, "haproxy_raw_logs_late", "timestamp", before(now, RAW_KEPT)).await?;
    let key_rows = delete(&client, "key_activity_per_hour", "hour", before(now, KEY_HOURS_KEPT + GRACE)).await?;
    let mut removed = Removed { quarantined_lines, late_records, key_rows, ..Removed::default() };
    if capability(&client).await? == Capability::Timescale {
        return Ok(removed);
    }
    let limit = format!("SET lock_timeout = {LOCK_TIMEOUT_MS}");
    client.batch_execute(&limit).await.map_err(StoreError::database("drop old partitions"))?;
    for (table, kept) in [("haproxy_raw_logs", RAW_KEPT), ("haproxy_system_logs", SYSTEM_LOGS_KEPT)] {
        let dropped: i32 = client
            .query_one("SELECT suiftly_drop_partitions($1, $2)", &[&table, &Timestamptz(before(now, kept))])
            .await
            .map_err(StoreError::database("drop old partitions"))?
            .get(0);
        removed.partitions += u64::from(dropped.unsigned_abs());
    }
    removed.usage_rows += delete(&client, "usage_per_minute", "minute", before(now, MINUTES_KEPT + GRACE)).await?;
    removed.usage_rows += delete(&client, "usage_per_hour", "hour", before(now, HOURS_KEPT)).await?;
    removed.infra_rows += delete(&client, "infra_per_minute", "start", before(now, MINUTES_KEPT + GRACE)).await?;
    removed.infra_rows += delete(&client, "infra_per_hour", "start", before(now, INFRA_HOURS_KEPT + GRACE)).await?;
    removed.infra_rows += delete(&client, "infra_per_day", "start", before(now, INFRA_DAYS_KEPT)).await?;
    Ok(removed)
}

/// Gives the hours of raw records that are closed the indexes that readers want; answers how many got them. Nobody writes
/// to a closed hour, so nobody waits. TimescaleDB compresses them instead, by a job of its own.
pub async fn index_closed_hours(config: &StoreConfig) -> Result<u64, StoreError> {
    let client = config.connect().await?;
    if capability(&client).await? == Capability::Timescale {
        return Ok(0);
    }
    for indexed in 0.. {
        // An hour a transaction: one that is dropped meanwhile costs itself.
        let row = client.query_one("SELECT suiftly_index_closed_hour()", &[]).await;
        let hour: Option<String> = row.map_err(StoreError::database("index a closed hour"))?.get(0);
        match hour {
            Some(hour) => tracing::debug!(hour, "indexed"),
            None => return Ok(indexed),
        }
    }
    unreachable!("hours are counted to the end")
}

/// Removes a table's rows of times before `limit`.
async fn delete(client: &Client, table: &str, time: &str, limit: UnixMillis) -> Result<u64, StoreError> {
    let delete = format!("DELETE FROM {table} WHERE {time} < $1");
    let attempted = StoreError::database("delete old rows");
    client.execute(&delete, &[&Timestamptz(limit)]).await.map_err(attempted)
}

/// The instant that lies `kept` before `now`.
pub(crate) fn before(now: UnixMillis, kept: Duration) -> UnixMillis {
    now.plus_ms(-i64::try_from(kept.as_millis()).unwrap_or(i64::MAX))
}
