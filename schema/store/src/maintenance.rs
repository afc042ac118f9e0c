//! Retention where TimescaleDB's own jobs do not see to it. To be called now and then: an hour is often enough.

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

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Partitions of raw records and system logs.
    pub partitions: u64,
    /// Rows of `usage_per_minute` and `usage_per_hour`.
    pub usage_rows: u64,
    /// Rows of `infra_per_minute`, `infra_per_hour` and `infra_per_day`.
    pub infra_rows: u64,
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
    removed.usage_rows += delete(&client, "usage_per_minute", "minute", before(now, MINUTES_KEPT + GRACE)).await?;
    removed.usage_rows += delete(&client, "usage_per_hour", "hour", before(now, HOURS_KEPT)).await?;
    removed.infra_rows += delete(&client, "infra_per_minute", "start", before(now, MINUTES_KEPT + GRACE)).await?;
    removed.infra_rows += delete(&client, "infra_per_hour", "start", before(now, INFRA_HOURS_KEPT + GRACE)).await?;
    removed.infra_rows += delete(&client, "infra_per_day", "start", before(now, INFRA_DAYS_KEPT)).await?;
    Ok(removed)
}

/// Removes a view's rows of spans that began before `limit`.
async fn delete(client: &Client, table: &str, time: &str, limit: UnixMillis) -> Result<u64, StoreError> {
    let delete = format!("DELETE FROM {table} WHERE {time} < $1");
    let attempted = StoreError::database("delete old rows of a view");
    client.execute(&delete, &[&Timestamptz(limit)]).await.map_err(attempted)
}

/// The instant that lies `kept` before `now`.
pub(crate) fn before(now: UnixMillis, kept: Duration) -> UnixMillis {
    now.plus_ms(-i64::try_from(kept.as_millis()).unwrap_or(i64::MAX))
}
