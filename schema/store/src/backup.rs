//! Copies of a database: a dump in one snapshot whose watermarks are known, and the way back into an empty database.
//!
//! ```text
//! Snapshot ─ facts: watermarks, what was told, rows and their sums ─▶ manifest
//!    └─ pg_dump in the same snapshot ─▶ bytes ─▶ (a backup) ─▶ bytes ─▶ pg_restore ─▶ facts again: the same, or no restore
//! ```
//!
//! It promises: what is dumped is of one instant, the instant of the facts; a restored database whose facts are not those of
//! the dump is told as such. The programs are PostgreSQL's own, of a release that can read the server; no password is shown
//! in the list of processes.

mod facts;
mod programs;
mod reference;

pub use facts::{Facts, TableFacts, WatermarkFacts};
pub use reference::{Later, Retold, settle_reference, teach_books};

use crate::StoreError;
use crate::config::StoreConfig;
use crate::migrate;
use crate::role::{self, Roles};
use programs::Program;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::thread::JoinHandle;
use tokio_postgres::Client;

/// What PostgreSQL's programs say in the end is kept up to this much, for the error.
const COMPLAINT_BYTES_MAX: usize = 4_096;

/// A view of the database that does not change, as long as it is held.
pub struct Snapshot {
    config: StoreConfig,
    /// Holds the snapshot: its transaction is open.
    client: Client,
    id: String,
    facts: Facts,
}

impl Snapshot {
    /// Takes one, as the owner of the tables, and reads what is true of it.
    pub async fn take(owner: &StoreConfig) -> Result<Self, StoreError> {
        let attempted = "take a snapshot of the database";
        let client = owner.connect().await?;
        let begin = "SET timezone = 'UTC'; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        client.batch_execute(begin).await.map_err(StoreError::database(attempted))?;
        let row =
            client.query_one("SELECT pg_export_snapshot()", &[]).await.map_err(StoreError::database(attempted))?;
        let facts = facts::read(&client).await?;
        Ok(Self { config: owner.clone(), client, id: row.get(0), facts })
    }

    /// What is true of it.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Begins to dump it, with raw records and system messages or without, which TimescaleDB does not allow. The snapshot
    /// must be held until it has ended.
    pub fn dump(&self, with_records: bool) -> Result<Dump, StoreError> {
        if self.facts.has_timescale && !with_records {
            return Err(StoreError::RecordsInChunks { database: self.config.database().to_owned() });
        }
        let program = Program::find("pg_dump", self.facts.server_release, None)?;
        let mut command = program.command(&self.config);
        command.args(["--format=custom", "--compress=0", "--no-owner", "--no-privileges", "--snapshot", &self.id]);
        if !with_records {
            command.args(facts::RECORDS.iter().map(|table| format!("--exclude-table-data=public.{table}*")));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| program.cannot_run(&error))?;
        let bytes = child.stdout.take().expect("it is piped");
        let complaint = listen(&mut child)?;
        Ok(Dump { program, child, bytes, complaint: Some(complaint) })
    }

    /// Whether the snapshot is still held: a dump that outlives it is of another instant.
    pub fn is_held(&self) -> bool {
        !self.client.is_closed()
    }
}

/// A dump under way: its bytes. Dropping it ends it.
pub struct Dump {
    program: Program,
    child: Child,
    bytes: ChildStdout,
    complaint: Option<JoinHandle<String>>,
}

impl Read for Dump {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(into)
    }
}

impl Dump {
    /// The release of the program that dumps: one that restores must not be older.
    pub const fn release(&self) -> u32 {
        self.program.release
    }

    /// After the last byte: whether that was all.
    pub fn finish(mut self) -> Result<(), StoreError> {
        let ended = self.child.wait().map_err(|error| self.program.cannot_run(&error))?;
        let said = self.complaint.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        if ended.success() { Ok(()) } else { Err(self.program.failed("dump the database", &said, ended)) }
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A restore under way: takes the bytes of a dump. Dropping it ends it, and nothing is in.
pub struct Load {
    program: Program,
    child: Child,
    bytes: Option<ChildStdin>,
    complaint: Option<JoinHandle<String>>,
}

impl Load {
    /// Begins to fill an empty database, in one transaction; `dumped_by` is the release of the program that dumped.
    pub async fn begin(owner: &StoreConfig, dumped_by: u32) -> Result<Self, StoreError> {
        let server_release = facts::server_release(&owner.connect().await?).await?;
        let program = Program::find("pg_restore", dumped_by, Some(server_release))?;
        let mut command = program.command(owner);
        command.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]);
        command.arg("--dbname").arg(owner.database());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| program.cannot_run(&error))?;
        let bytes = child.stdin.take();
        let complaint = listen(&mut child)?;
        Ok(Self { program, child, bytes, complaint: Some(complaint) })
    }

    /// After the last byte: whether all of it is in.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.bytes = None;
        let ended = self.child.wait().map_err(|error| self.program.cannot_run(&error))?;
        let said = self.complaint.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        if ended.success() { Ok(()) } else { Err(self.program.failed("restore the database", &said, ended)) }
    }
}

impl Write for Load {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.as_mut().map_or(Ok(0), |pipe| pipe.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.bytes.as_mut().map_or(Ok(()), ChildStdin::flush)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Sees to it that the database is there and empty, so that a restore adds to nothing.
pub async fn prepare(roles: &Roles) -> Result<(), StoreError> {
    let owner = roles.owner();
    migrate::create_if_missing(owner).await?;
    let client = owner.connect().await?;
    let asked = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')";
    let row = client.query_one(asked, &[]).await.map_err(StoreError::database("look whether the database is empty"))?;
    match row.get::<_, i64>(0) {
        0 => Ok(()),
        tables => Err(StoreError::NotEmpty { database: owner.database().to_owned(), tables }),
    }
}

/// TimescaleDB must know when rows come out of a dump; to be called before and after it.
pub async fn restoring(owner: &StoreConfig, facts: &Facts, is_begun: bool) -> Result<(), StoreError> {
    if !facts.has_timescale {
        return Ok(());
    }
    let attempted = "tell TimescaleDB of the restore";
    let client = owner.connect().await?;
    let told = if is_begun {
        "CREATE EXTENSION IF NOT EXISTS timescaledb; SELECT timescaledb_pre_restore()"
    } else {
        "SELECT timescaledb_post_restore()"
    };
    client.batch_execute(told).await.map_err(StoreError::database(attempted))
}

/// What is true of a restored database: to be held against the dump's facts, before anything else is done to it.
pub async fn facts_of(owner: &StoreConfig) -> Result<Facts, StoreError> {
    let client = owner.connect().await?;
    let begin = "SET timezone = 'UTC'; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    client.batch_execute(begin).await.map_err(StoreError::database("look at the restored database"))?;
    facts::read(&client).await
}

/// Brings a restored database up to date, with its roles. Customers' sessions are ended: one that was revoked after the
/// dump must not come back.
pub async fn open(roles: &Roles) -> Result<(), StoreError> {
    role::open(roles).await?;
    let client = roles.owner().connect().await?;
    let ended = client
        .batch_execute("UPDATE sessions SET revoked_at = now(), revoked_why = 'revoked' WHERE revoked_at IS NULL")
        .await;
    ended.map_err(StoreError::database("end the sessions of the time of the backup"))
}

fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Keeps the end of what a program complains of, so that it never waits for a reader.
fn listen(child: &mut Child) -> Result<JoinHandle<String>, StoreError> {
    let mut complaint = child.stderr.take().expect("it is piped");
    let listening = move || {
        let mut kept = Vec::new();
        let mut part = [0; 1024];
        while let Ok(read @ 1..) = complaint.read(&mut part) {
            kept.extend_from_slice(&part[..read]);
            let surplus = kept.len().saturating_sub(COMPLAINT_BYTES_MAX);
            kept.drain(..surplus);
        }
        String::from_utf8_lossy(&kept).into_owned()
    };
    let named = std::thread::Builder::new().name("pg-complaints".to_owned());
    named.spawn(listening).map_err(|error| StoreError::cluster("listen to PostgreSQL's program", error))
}
