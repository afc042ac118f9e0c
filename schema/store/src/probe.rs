//! What there is to know of a database before anything is done with it: for `suiftly doctor`, and for the watch over
//! disks. It reads, over one connection of its own, and changes nothing.

use crate::StoreError;
use crate::config::StoreConfig;
use crate::migrate::{self, Capability};
use std::time::SystemTime;
use tokio_postgres::Client;

/// PostgreSQL releases that are supported, the first and the last.
pub const RELEASES: (u32, u32) = (15, 17);

/// A database, as the role that asked sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// PostgreSQL's release, such as 15.
    pub release: u32,
    /// PostgreSQL's version, such as `15.8`.
    pub version: String,
    /// The version of TimescaleDB in this database, if it is there.
    pub timescale: Option<String>,
    /// What the schema was made for; `None` before it was made.
    pub capability: Option<Capability>,
    /// The schema's version; 0 before it was made.
    pub schema_version: i32,
    /// As whom it was asked.
    pub role: String,
    /// Whether that role may make tables.
    pub may_make_tables: bool,
    /// Whether it may do everything.
    pub is_superuser: bool,
    /// Whether it is a replica, which takes no writes.
    pub is_replica: bool,
    /// How large the database is.
    pub bytes: u64,
    /// Connections in use and how many there may be.
    pub connections: (u32, u32),
    /// How long ago the oldest transaction that is still open began.
    pub oldest_transaction_s: u64,
    /// Write-ahead log that replication slots hold back, by slot, for those that nobody reads.
    pub slots_unread: Vec<(String, u64)>,
    /// How far the server's clock is ahead of ours, in milliseconds.
    pub clock_ahead_ms: i64,
}

/// The schema's version that this program knows.
pub fn known_schema_version() -> i32 {
    migrate::known_version()
}

/// Asks.
pub async fn probe(config: &StoreConfig) -> Result<Probe, StoreError> {
    let client = config.connect().await?;
    let (capability, schema_version) = schema(&client).await?;
    let clock_ahead_ms = clock(&client).await?;
    let asked = "SELECT current_setting('server_version_num')::int, current_setting('server_version'), \
        (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), current_user::text, \
        has_schema_privilege('public', 'CREATE'), (SELECT rolsuper FROM pg_roles WHERE rolname = current_user), \
        pg_is_in_recovery(), pg_database_size(current_database()), \
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), \
        current_setting('max_connections')::int, \
        (SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0)::float8 FROM pg_stat_activity \
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())";
    let row = client.query_one(asked, &[]).await.map_err(StoreError::database("ask what the server is"))?;
    let number: i32 = row.get(0);
    let version: String = row.get(1);
    let used: i64 = row.get(8);
    let oldest: f64 = row.get(10);
    Ok(Probe {
        release: u32::try_from(number / 10_000).unwrap_or_default(),
        version: version.split_whitespace().next().unwrap_or_default().to_owned(),
        timescale: row.get(2),
        capability,
        schema_version,
        role: row.get(3),
        may_make_tables: row.get(4),
        is_superuser: row.get(5),
        is_replica: row.get(6),
        bytes: u64::try_from(row.get::<_, i64>(7)).unwrap_or_default(),
        connections: (u32::try_from(used).unwrap_or(u32::MAX), u32::try_from(row.get::<_, i32>(9)).unwrap_or_default()),
        oldest_transaction_s: std::time::Duration::try_from_secs_f64(oldest).map_or(0, |since| since.as_secs()),
        slots_unread: slots(&client).await?,
        clock_ahead_ms,
    })
}

/// How large a database is, in bytes.
pub async fn database_bytes(config: &StoreConfig) -> Result<u64, StoreError> {
    let row = config.connect().await?.query_one("SELECT pg_database_size(current_database())", &[]).await;
    let bytes: i64 = row.map_err(StoreError::database("ask how large the database is"))?.get(0);
    Ok(u64::try_from(bytes).unwrap_or_default())
}

async fn schema(client: &Client) -> Result<(Option<Capability>, i32), StoreError> {
    let there = client.query_one("SELECT to_regclass('public.schema_migrations') IS NOT NULL", &[]).await;
    let is_there: bool = there.map_err(StoreError::database("look for the schema"))?.get(0);
    if !is_there {
        return Ok((None, 0));
    }
    let latest = "SELECT timescale, version FROM schema_migrations ORDER BY version DESC LIMIT 1";
    let row = client.query_opt(latest, &[]).await.map_err(StoreError::database("read the schema's version"))?;
    Ok(row.map_or((None, 0), |row| (Some(migrate::capability_of(row.get(0))), row.get(1))))
}

/// Against the middle of what the question took.
async fn clock(client: &Client) -> Result<i64, StoreError> {
    let before = unix_ms();
    let asked = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let row = client.query_one(asked, &[]).await.map_err(StoreError::database("ask for the server's clock"))?;
    let theirs: i64 = row.get(0);
    Ok(theirs - i64::midpoint(before, unix_ms()))
}

fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A replica has no position of its own to compare with.
async fn slots(client: &Client) -> Result<Vec<(String, u64)>, StoreError> {
    let asked = "SELECT slot_name::text, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint \
        FROM pg_replication_slots WHERE NOT active AND NOT pg_is_in_recovery() ORDER BY 1";
    let rows = client.query(asked, &[]).await.map_err(StoreError::database("list the replication slots"))?;
    Ok(rows.iter().map(|row| (row.get(0), u64::try_from(row.get::<_, i64>(1)).unwrap_or_default())).collect())
}
