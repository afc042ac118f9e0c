//! Migrations: numbered SQL, applied in order, each in a transaction with the row that records it.
//!
//! One schema, one capability switch. Between `-- @timescale` and `-- @end` stands what only TimescaleDB can do, between
//! `-- @plain` and `-- @end` what is done in its place; the markers stand on lines of their own and do not nest. Which
//! of the two a database is gets decided at its first migration and is recorded with it.

use crate::StoreError;
use crate::config::StoreConfig;
use crate::price;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use suiftly_schema::price::PriceBook;
use tokio_postgres::Client;

/// Databases that this program may create and drop end in one of these.
pub const OWN_DATABASE_SUFFIXES: [&str; 2] = ["_dev", "_test"];

/// Whether a database is one for development or tests, by its name.
pub fn is_ours(database: &str) -> bool {
    OWN_DATABASE_SUFFIXES.iter().any(|suffix| database.ends_with(suffix))
}

/// The key of the session advisory lock that lets one process migrate at a time.
const MIGRATION_LOCK: i64 = 0x5375_6966_0001;

/// What the database can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// TimescaleDB: hypertables, compression, retention by its own jobs.
    Timescale,
    /// PostgreSQL alone: partitions, made by the writer and dropped by [`crate::maintenance`].
    Plain,
}

/// What [`migrate`] found and did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// What the database can do.
    pub capability: Capability,
    /// How many migrations were applied now; 0 when it was up to date.
    pub applied: usize,
    /// The schema's version after it.
    pub version: i32,
}

struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "logs", sql: include_str!("../../migrations/0001_logs.sql") },
    Migration { version: 2, name: "views", sql: include_str!("../../migrations/0002_views.sql") },
    Migration { version: 3, name: "progress", sql: include_str!("../../migrations/0003_progress.sql") },
    Migration { version: 4, name: "customers", sql: include_str!("../../migrations/0004_customers.sql") },
    Migration { version: 5, name: "loss", sql: include_str!("../../migrations/0005_loss.sql") },
    Migration { version: 6, name: "quarantine", sql: include_str!("../../migrations/0006_quarantine.sql") },
    Migration { version: 7, name: "views", sql: include_str!("../../migrations/0007_views.sql") },
    Migration { version: 8, name: "reference", sql: include_str!("../../migrations/0008_reference.sql") },
    Migration { version: 9, name: "run_role", sql: include_str!("../../migrations/0009_run_role.sql") },
    Migration { version: 10, name: "closed_hours", sql: include_str!("../../migrations/0010_closed_hours.sql") },
    Migration { version: 11, name: "firehose", sql: include_str!("../../migrations/0011_firehose.sql") },
    Migration { version: 12, name: "money", sql: include_str!("../../migrations/0012_money.sql") },
    Migration { version: 13, name: "accounts", sql: include_str!("../../migrations/0013_accounts.sql") },
    Migration { version: 14, name: "vault", sql: include_str!("../../migrations/0014_vault.sql") },
    Migration { version: 15, name: "key_hours", sql: include_str!("../../migrations/0015_key_hours.sql") },
    Migration { version: 16, name: "formats", sql: include_str!("../../migrations/0016_formats.sql") },
    Migration { version: 17, name: "notes", sql: include_str!("../../migrations/0017_notes.sql") },
    Migration { version: 18, name: "sui", sql: include_str!("../../migrations/0018_sui.sql") },
    Migration { version: 19, name: "proof", sql: include_str!("../../migrations/0019_proof.sql") },
    Migration { version: 20, name: "cluster", sql: include_str!("../../migrations/0020_cluster.sql") },
    Migration { version: 21, name: "homes", sql: include_str!("../../migrations/0021_homes.sql") },
    Migration { version: 22, name: "streams", sql: include_str!("../../migrations/0022_streams.sql") },
];

impl Migration {
    fn sha256(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.sql.as_bytes()))
    }
}

/// Creates the database if it is missing and ours to make, applies what is missing, publishes price book v1.
///
/// Refuses a database that is newer than this program, or whose applied migrations have another text here. Safe to
/// call from several processes at once.
pub async fn migrate(config: &StoreConfig) -> Result<Migrated, StoreError> {
    create_if_missing(config).await?;
    let mut client = connect_locked(config).await?;
    let migrated = apply_missing(&mut client, config.database(), known_version()).await?;
    price::publish(&client, &[PriceBook::v1()]).await?;
    Ok(migrated)
}

/// A connection that alone changes the schema, and who may do what in it, as long as it lives.
pub(crate) async fn connect_locked(config: &StoreConfig) -> Result<Client, StoreError> {
    let client = config.connect().await?;
    client
        .execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK])
        .await
        .map_err(StoreError::database("wait for the migration lock"))?;
    Ok(client)
}

/// What is there, for a role that may not migrate. Refuses all but the schema of this program.
pub(crate) async fn verify(config: &StoreConfig) -> Result<Migrated, StoreError> {
    let client = config.connect().await?;
    let there = client.query_one("SELECT to_regclass('public.schema_migrations') IS NOT NULL", &[]).await;
    let is_there: bool = there.map_err(StoreError::database("look for the schema"))?.get(0);
    let applied = if is_there { read_rows(&client).await? } else { Vec::new() };
    check_applied(&applied, config.database())?;
    match applied.last() {
        Some(last) if last.version == known_version() => {
            Ok(Migrated { capability: last.capability, applied: 0, version: last.version })
        }
        last => {
            let (database, role) = (config.database().to_owned(), config.user().to_owned());
            let found = last.map_or(0, |last| last.version);
            Err(StoreError::NotMigrated { database, found, known: known_version(), role })
        }
    }
}

/// Makes a database as an older version of this program had it, for tests of what becomes of it.
#[cfg(feature = "testing")]
pub async fn migrate_to(config: &StoreConfig, version: i32) -> Result<Migrated, StoreError> {
    create_if_missing(config).await?;
    apply_missing(&mut config.connect().await?, config.database(), version).await
}

/// Drops the database and makes it anew, migrated. Refuses every name that does not end in `_dev` or `_test`.
pub async fn reset(config: &StoreConfig) -> Result<Migrated, StoreError> {
    drop_database(config).await?;
    migrate(config).await
}

/// Drops the database, with whatever is connected to it, if it is there and ours to drop.
pub async fn drop_database(config: &StoreConfig) -> Result<(), StoreError> {
    refuse_foreign(config, "drop")?;
    let server = config.with_database("postgres").connect().await?;
    let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(config.database()));
    server.batch_execute(&drop).await.map_err(StoreError::database("drop a database"))
}

fn refuse_foreign(config: &StoreConfig, attempted: &'static str) -> Result<(), StoreError> {
    let database = config.database();
    if is_ours(database) {
        return Ok(());
    }
    Err(StoreError::Protected { attempted, database: database.to_owned() })
}

/// Whether the database is there.
pub(crate) async fn exists(config: &StoreConfig) -> Result<bool, StoreError> {
    is_there(&config.with_database("postgres").connect().await?, config.database()).await
}

async fn is_there(server: &Client, database: &str) -> Result<bool, StoreError> {
    let found = server.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&database]).await;
    Ok(found.map_err(StoreError::database("look for the database"))?.is_some())
}

pub(crate) async fn create_if_missing(config: &StoreConfig) -> Result<(), StoreError> {
    let server = config.with_database("postgres").connect().await?;
    if is_there(&server, config.database()).await? {
        return Ok(());
    }
    refuse_foreign(config, "create")?;
    let create = format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", quoted(config.database()));
    match server.batch_execute(&create).await {
        // Another process was faster.
        Err(error) if error.code().is_some_and(|code| ["42P04", "23505"].contains(&code.code())) => Ok(()),
        result => result.map_err(StoreError::database("create the database")),
    }
}

/// An identifier in double quotes.
pub(crate) fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// Applies what is missing up to a version.
async fn apply_missing(client: &mut Client, database: &str, version: i32) -> Result<Migrated, StoreError> {
    let applied = read_applied(client).await?;
    check_applied(&applied, database)?;
    let capability = match applied.first() {
        Some(first) => first.capability,
        None => switch_on(client).await?,
    };
    let missing: Vec<_> = MIGRATIONS[applied.len()..].iter().filter(|known| known.version <= version).collect();
    for migration in &missing {
        apply(client, migration, capability).await?;
    }
    Ok(Migrated { capability, applied: missing.len(), version })
}

pub(crate) fn known_version() -> i32 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

struct Applied {
    version: i32,
    sha256: String,
    capability: Capability,
}

async fn read_applied(client: &Client) -> Result<Vec<Applied>, StoreError> {
    let table = "CREATE TABLE IF NOT EXISTS schema_migrations (
        version    integer     PRIMARY KEY,
        name       text        NOT NULL,
        sha256     text        NOT NULL,
        timescale  boolean     NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now())";
    client.batch_execute(table).await.map_err(StoreError::database("make the table of migrations"))?;
    read_rows(client).await
}

async fn read_rows(client: &Client) -> Result<Vec<Applied>, StoreError> {
    let rows = client
        .query("SELECT version, sha256, timescale FROM schema_migrations ORDER BY version", &[])
        .await
        .map_err(StoreError::database("read the applied migrations"))?;
    Ok(rows
        .iter()
        .map(|row| Applied { version: row.get(0), sha256: row.get(1), capability: capability_of(row.get(2)) })
        .collect())
}

pub(crate) const fn capability_of(timescale: bool) -> Capability {
    if timescale { Capability::Timescale } else { Capability::Plain }
}

/// What is applied must be a beginning of what is known, letter by letter.
fn check_applied(applied: &[Applied], database: &str) -> Result<(), StoreError> {
    if let Some(newer) = applied.iter().rfind(|row| row.version > known_version()) {
        let database = database.to_owned();
        return Err(StoreError::DatabaseNewer { database, found: newer.version, known: known_version() });
    }
    for (row, migration) in applied.iter().zip(MIGRATIONS) {
        if row.version != migration.version || row.sha256 != migration.sha256() {
            return Err(StoreError::MigrationChanged { version: migration.version, name: migration.name.to_owned() });
        }
    }
    Ok(())
}

/// Switches TimescaleDB on where the server has it.
async fn switch_on(client: &Client) -> Result<Capability, StoreError> {
    let available = client
        .query_opt("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'", &[])
        .await
        .map_err(StoreError::database("list the available extensions"))?;
    if available.is_none() {
        return Ok(Capability::Plain);
    }
    client
        .batch_execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        .await
        .map_err(StoreError::database("create the extension timescaledb"))?;
    Ok(Capability::Timescale)
}

async fn apply(client: &mut Client, migration: &Migration, capability: Capability) -> Result<(), StoreError> {
    let attempted = "apply a migration";
    let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
    let sql = rendered(migration.sql, capability);
    transaction.batch_execute(&sql).await.map_err(StoreError::database(attempted))?;
    let record = "INSERT INTO schema_migrations (version, name, sha256, timescale) VALUES ($1, $2, $3, $4)";
    let timescale = capability == Capability::Timescale;
    transaction
        .execute(record, &[&migration.version, &migration.name, &migration.sha256(), &timescale])
        .await
        .map_err(StoreError::database(attempted))?;
    transaction.commit().await.map_err(StoreError::database(attempted))?;
    tracing::info!(version = migration.version, name = migration.name, timescale, "migration applied");
    Ok(())
}

/// What a migrated database can do.
pub(crate) async fn capability(client: &Client) -> Result<Capability, StoreError> {
    let row = client
        .query_one("SELECT timescale FROM schema_migrations ORDER BY version LIMIT 1", &[])
        .await
        .map_err(StoreError::database("read what the database can do"))?;
    Ok(capability_of(row.get(0)))
}

/// The migration's text for one of the two kinds of database.
fn rendered(sql: &str, capability: Capability) -> String {
    let mut kept = true;
    let mut out = String::with_capacity(sql.len());
    for line in sql.lines() {
        match line.trim() {
            "-- @timescale" => kept = capability == Capability::Timescale,
            "-- @plain" => kept = capability == Capability::Plain,
            "-- @end" => kept = true,
            _ if kept => {
                out.push_str(line);
                out.push('\n');
            }
            _ => {}
        }
    }
    out
}

/// A digest over all migrations: what a prepared template database is named by.
#[cfg(feature = "testing")]
pub(crate) fn digest() -> String {
    let all: Vec<String> = MIGRATIONS.iter().map(Migration::sha256).collect();
    HEXLOWER.encode(&Sha256::digest(all.concat().as_bytes())[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_chosen_by_capability() {
        let sql = "a\n-- @timescale\nt\n-- @end\nb\n  -- @plain\np\n-- @end\nc\n";
        assert_eq!(rendered(sql, Capability::Timescale), "a\nt\nb\nc\n");
        assert_eq!(rendered(sql, Capability::Plain), "a\nb\np\nc\n");
    }

    #[test]
    fn every_file_is_listed_once_in_order_and_its_markers_pair() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        files.sort();
        let listed: Vec<String> = MIGRATIONS.iter().map(|m| format!("{:04}_{}.sql", m.version, m.name)).collect();
        assert_eq!(files, listed);
        for migration in MIGRATIONS {
            let markers: Vec<&str> =
                migration.sql.lines().map(str::trim).filter(|line| line.starts_with("-- @")).collect();
            for pair in markers.chunks(2) {
                assert!(matches!(pair, ["-- @timescale" | "-- @plain", "-- @end"]), "{}: {pair:?}", migration.name);
            }
        }
    }
}
