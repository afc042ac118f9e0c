//! Retention where TimescaleDB's own jobs do not see to it. To be called now and then: an hour is often enough.

use crate::StoreError;
use crate::codec::Timestamptz;
use crate::config::StoreConfig;
use crate::migrate::{Capability, capability};
use std::time::Duration;
use suiftly_schema::time::UnixMillis;

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
/// How long quarantined lines are kept, by their receipt; how many at most is the writer's business.
pub const QUARANTINE_KEPT: Duration = Duration::from_secs(7 * DAY.as_secs());
/// A minute's row goes this much after its time is up, so that no commit on its way still counts on it.
const MINUTES_GRACE: Duration = HOUR;

/// How long dropping waits for readers: whoever comes after it in the queue, the writer too, waits as long.
const LOCK_TIMEOUT_MS: u32 = 2_000;

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Partitions of raw records and system logs.
    pub partitions: u64,
    /// Rows of `usage_per_minute` and `usage_per_hour`.
    pub usage_rows: u64,
    /// Quarantined lines.
    pub quarantined_lines: u64,
}

/// Removes what is older than its time. TimescaleDB has policies of its own for all but the quarantine.
///
/// [`StoreError::Unavailable`] if a long read stands in the way: try again later.
pub async fn enforce_retention(config: &StoreConfig, now: UnixMillis) -> Result<Removed, StoreError> {
    let client = config.connect().await?;
    let quarantined = "DELETE FROM quarantine WHERE received_at < $1";
    let quarantined = client.execute(quarantined, &[&Timestamptz(before(now, QUARANTINE_KEPT))]).await;
    let quarantined_lines = quarantined.map_err(StoreError::database("delete old quarantined lines"))?;
    let mut removed = Removed { quarantined_lines, ..Removed::default() };
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
    let minutes = Timestamptz(before(now, MINUTES_KEPT + MINUTES_GRACE));
    let hours = Timestamptz(before(now, HOURS_KEPT));
    for (delete, limit) in [
        ("DELETE FROM usage_per_minute WHERE minute < $1", minutes),
        ("DELETE FROM usage_per_hour WHERE hour < $1", hours),
    ] {
        let attempted = StoreError::database("delete old usage");
        removed.usage_rows += client.execute(delete, &[&limit]).await.map_err(attempted)?;
    }
    Ok(removed)
}

/// The instant that lies `kept` before `now`.
pub(crate) fn before(now: UnixMillis, kept: Duration) -> UnixMillis {
    now.plus_ms(-i64::try_from(kept.as_millis()).unwrap_or(i64::MAX))
}
