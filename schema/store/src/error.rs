//! What can go wrong with the store. Each variant says what was attempted, in one line that needs no backtrace.

use std::path::PathBuf;
use suiftly_schema::ids::Epoch;
use tokio_postgres::error::SqlState;

/// Why something with the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No PostgreSQL server software that is new enough.
    #[error(
        "found no PostgreSQL {min} or newer in /usr/lib/postgresql or by pg_config: install the package `postgresql`"
    )]
    NoPostgres {
        /// The oldest release that will do.
        min: u32,
    },
    /// The private cluster could not be set up, started or stopped.
    #[error("cannot {attempted}: {cause}")]
    Cluster {
        /// What was being done, with the path it was done to.
        attempted: String,
        /// What stood in the way.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// PostgreSQL may not run as root, and the account it would run as cannot reach the data directory.
    #[error("PostgreSQL runs as account {account}, which may not enter {}: choose another data directory, or `chmod o+x` that one", directory.display())]
    Untraversable {
        /// The account.
        account: String,
        /// The directory that is closed to it.
        directory: PathBuf,
    },
    /// The address of a database could not be read. The address itself is not shown: it may hold a password.
    #[error("cannot read the database address: {cause}")]
    Address {
        /// What is wrong with it.
        cause: String,
    },
    /// The database cannot be reached, went away, or has no room: the same call may succeed later.
    #[error("the database is unavailable, while trying to {attempted}: {cause}")]
    Unavailable {
        /// What was being done.
        attempted: &'static str,
        /// What the driver or the database said.
        cause: String,
    },
    /// The database refused; it will refuse again.
    #[error("the database refused to {attempted}: {cause}")]
    Refused {
        /// What was being done.
        attempted: &'static str,
        /// What it said.
        cause: String,
    },
    /// Another process writes to this database.
    #[error("another process writes to database {database}: only one may at a time")]
    SecondWriter {
        /// The database.
        database: String,
    },
    /// The watermark is not where this writer left it, or the commits are not after it. Nothing was written.
    #[error(
        "journal {journal_id}: commits from epoch {first} do not follow the watermark, which is at epoch {watermark}"
    )]
    NotNext {
        /// The journal.
        journal_id: String,
        /// The first epoch that was to be written.
        first: Epoch,
        /// The epoch the database is at.
        watermark: Epoch,
    },
    /// A single process was to write to a cluster's database.
    #[error("database {database} is a cluster's: start its processes, and no single one")]
    IsCluster {
        /// The database.
        database: String,
    },
    /// There is no cluster in this database.
    #[error("the database is no cluster's: `suiftly cluster init` makes it one")]
    NoCluster,
    /// The cluster has been started anew since. Nothing was written.
    #[error(
        "the cluster is at generation {found}, and this is of generation {generation}: it was started anew without us"
    )]
    OldGeneration {
        /// The one that was to write.
        generation: u64,
        /// The cluster's.
        found: u64,
    },
    /// The order's epoch is not in the database yet: the same call succeeds once it is. Nothing was written.
    #[error("epoch {epoch} of the order is not in the database yet")]
    NotOrdered {
        /// The epoch.
        epoch: Epoch,
    },
    /// A migration that was applied has another text now.
    #[error("migration {version:04}_{name} was changed after it was applied: add a new migration instead")]
    MigrationChanged {
        /// Its number.
        version: i32,
        /// Its name.
        name: String,
    },
    /// The database has migrations that this program does not know.
    #[error("database {database} is at schema version {found}, and this program knows {known}: use a newer program")]
    DatabaseNewer {
        /// The database.
        database: String,
        /// Its version.
        found: i32,
        /// The newest version known here.
        known: i32,
    },
    /// The schema is older than this program, and the role may not change it.
    #[error(
        "database {database} is at schema version {found}, this program needs {known}, and role {role} may not migrate: \
         name the owner in database.migrate_url"
    )]
    NotMigrated {
        /// The database.
        database: String,
        /// Its version; 0 if it has none.
        found: i32,
        /// The version that this program needs.
        known: i32,
        /// Who asked.
        role: String,
    },
    /// The role that migrates and the one that runs are told of different databases.
    #[error("database.migrate_url names database {owner}, and database.url names {run}: they must be the same")]
    TwoDatabases {
        /// The owner's.
        owner: String,
        /// The other's.
        run: String,
    },
    /// Only development and test databases are created or dropped by this program, or have a clock that can be moved.
    #[error("will not {attempted} database {database}: only names that end in _dev or _test are ours to do so with")]
    Protected {
        /// `create`, `drop`, `move the clock of`.
        attempted: &'static str,
        /// The database.
        database: String,
    },
    /// Chunks are tables outside of the schema that is ours: a dump cannot go without their rows.
    #[error(
        "{database} is TimescaleDB's: a backup of it has the raw records too; leave backup.records true, and --without-records out"
    )]
    RecordsInChunks {
        /// The database.
        database: String,
    },
    /// A restore adds to nothing.
    #[error("database {database} is not empty, it has {tables} tables: a backup is restored into a new one")]
    NotEmpty {
        /// The database.
        database: String,
        /// Tables in it.
        tables: i64,
    },
    /// In production who runs changes no table.
    #[error(
        "role {role} must not run production in {database}: it {may}; name a role without these rights in database.url, and \
         the owner in database.migrate_url"
    )]
    RunsWithDdl {
        /// The role.
        role: String,
        /// The database.
        database: String,
        /// What it may, and should not.
        may: String,
    },
    /// The manager's clock goes on, not back.
    #[error("the manager's clock is further ahead than {offset_ms} ms already: it is never set back")]
    ClockBackwards {
        /// How far ahead it was to be.
        offset_ms: i64,
    },
    /// A published price book differs from the one that the program brings.
    #[error(
        "price book {version} in the database differs from the published one: books are never edited, publish a new version"
    )]
    PriceBookEdited {
        /// The book's version.
        version: u32,
    },
    /// A row holds what no writer of ours writes.
    #[error("cannot read {what} out of the database: {cause}")]
    Row {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// A query comes to more rows than it may.
    #[error("cannot {attempted}: that is more than {rows_max} rows")]
    TooManyRows {
        /// What was being read.
        attempted: &'static str,
        /// The bound.
        rows_max: u32,
    },
    /// What was asked for cannot be, whatever the database holds or because of it. Nothing was changed.
    #[error("cannot {attempted}: {cause}")]
    Unfit {
        /// What was being done.
        attempted: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// An API key for demonstration could not be made.
    #[error("cannot make an API key: {cause}")]
    Key {
        /// Why.
        cause: String,
    },
    /// The firehose's settings could not be used. The address itself is not shown: it may hold a password.
    #[error("cannot use the firehose's settings: {cause}")]
    FirehoseSettings {
        /// What is wrong with them.
        cause: String,
    },
    /// QuestDB cannot be reached, or does not do now what was asked of it: the same call may succeed later.
    #[error("QuestDB is unavailable, while trying to {attempted}: {cause}")]
    QuestDb {
        /// What was being done.
        attempted: &'static str,
        /// What it or the client said.
        cause: String,
    },
}

impl StoreError {
    /// Sorts a driver's error into "try again" and "don't".
    pub(crate) fn database(attempted: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |error| {
            let cause = one_line(&error);
            if is_passing(&error) { Self::Unavailable { attempted, cause } } else { Self::Refused { attempted, cause } }
        }
    }

    /// An error of the private cluster.
    pub(crate) fn cluster(
        attempted: impl Into<String>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Cluster { attempted: attempted.into(), cause: cause.into() }
    }

    /// Whether the same call may succeed later, with nothing changed by anybody.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::NotOrdered { .. })
    }
}

/// Classes of SQLSTATE that pass by themselves: connection, transaction rollback, resources, intervention, system.
const PASSING_CLASSES: [&str; 5] = ["08", "40", "53", "57", "58"];

fn is_passing(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => code == &SqlState::LOCK_NOT_AVAILABLE || PASSING_CLASSES.contains(&&code.code()[..2]),
        // Without a code it never was the database's answer: the connection failed, unless the driver could not
        // encode or decode a value, which has no I/O error beneath it.
        None => error.is_closed() || has_io_source(error),
    }
}

fn has_io_source(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<std::io::Error>() {
            return true;
        }
        source = inner.source();
    }
    false
}

/// The driver's `Display` hides what the database said; this shows it, without the values of rows.
fn one_line(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}
