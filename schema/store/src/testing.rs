//! A database per test, on one private cluster that all tests of the machine's user share.
//!
//! The cluster is made at the first use and kept in the directory for temporary files; its server runs as long as any
//! test does: whoever is last stops it. Each database is a copy of a migrated template and is dropped with its handle.

use crate::cluster::Cluster;
use crate::config::StoreConfig;
use crate::migrate::{self, quoted};
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Names a full TimescaleDB server, as a superuser, on which the suite then runs too.
pub const TIMESCALE_URL: &str = "TEST_TIMESCALE_URL";

/// A migrated database of one test's own.
#[derive(Debug)]
pub struct TestDatabase {
    config: StoreConfig,
    // Last: the server goes when the last user of it goes.
    _server: Option<ServerUse>,
}

impl TestDatabase {
    /// A database on the shared private cluster.
    pub async fn create() -> Self {
        let (server, config) = run_apart(|| ServerUse::begin(&fresh_name()));
        Self { config, _server: Some(server) }
    }

    /// A database on the server that [`TIMESCALE_URL`] names, if it names one.
    pub async fn create_on_timescale() -> Option<Self> {
        let url = std::env::var(TIMESCALE_URL).ok()?;
        let server = StoreConfig::from_url(&url).expect(TIMESCALE_URL);
        let config = server.with_database(&fresh_name());
        migrate::migrate(&config).await.expect("migrate a test database");
        Some(Self { config, _server: None })
    }

    /// Where it is.
    pub const fn config(&self) -> &StoreConfig {
        &self.config
    }

    /// A connection past the store's own functions, for looking and for breaking things.
    pub async fn client(&self) -> tokio_postgres::Client {
        self.config.connect().await.expect("connect to a test database")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let config = self.config.clone();
        let dropped = run_apart(move || block_on(migrate::drop_database(&config)));
        if let Err(error) = dropped {
            tracing::warn!(%error, "a test database stays behind");
        }
    }
}

/// A connection as [`TestDatabase::client`], to a database that the test made by itself.
pub async fn client_of(config: &StoreConfig) -> tokio_postgres::Client {
    config.connect().await.expect("connect to a test's database")
}

/// Runs a test on the private cluster, and on a full TimescaleDB where one is named.
pub async fn on_each_store(test: impl AsyncFn(&TestDatabase)) {
    test(&TestDatabase::create().await).await;
    if let Some(database) = TestDatabase::create_on_timescale().await {
        test(&database).await;
    }
}

/// A share in the running server, marked by a shared lock that goes with the process.
#[derive(Debug)]
struct ServerUse {
    directory: PathBuf,
    users: Option<Flock<File>>,
}

impl ServerUse {
    /// Starts the server if it does not run, and makes a database from the template.
    fn begin(name: &str) -> (Self, StoreConfig) {
        let directory = std::env::temp_dir().join(format!("suiftly-test-postgres-{}", nix::unistd::geteuid()));
        std::fs::create_dir_all(&directory).expect("make the directory of the tests' PostgreSQL");
        let gate = gate(&directory);
        let cluster = Cluster::start(&directory).expect("start the tests' PostgreSQL");
        let file = File::create(directory.join("users")).expect("make the users' lock");
        let users = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(alone) => {
                block_on(drop_leftovers(&cluster.connection_config("postgres")));
                alone.relock(FlockArg::LockShared).expect("share the users' lock");
                alone
            }
            Err((file, _)) => {
                Flock::lock(file, FlockArg::LockShared).map_err(|(_, e)| e).expect("share the users' lock")
            }
        };
        let config = cluster.connection_config(name);
        block_on(copy_template(&config));
        drop(gate);
        (Self { directory, users: Some(users) }, config)
    }
}

impl Drop for ServerUse {
    fn drop(&mut self) {
        let (directory, users) = (self.directory.clone(), self.users.take());
        run_apart(move || {
            let _gate = gate(&directory);
            let last = users.is_some_and(|users| users.relock(FlockArg::LockExclusiveNonblock).is_ok());
            if last && let Err(error) = Cluster::start(&directory).and_then(Cluster::stop) {
                tracing::warn!(%error, "the tests' PostgreSQL stays behind");
            }
        });
    }
}

/// Held while the server is started for a test, or stopped after the last.
fn gate(directory: &Path) -> Flock<File> {
    let file = File::create(directory.join("gate")).expect("make the gate's lock");
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| error).expect("wait at the gate")
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("suiftly_case_{}_{}_test", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Databases of tests that were killed, and templates of other migrations.
async fn drop_leftovers(server: &StoreConfig) {
    let client = server.connect().await.expect("connect to the tests' PostgreSQL");
    let select = "SELECT datname FROM pg_database WHERE datname LIKE 'suiftly\\_%\\_test' AND datname <> $1";
    let rows = client.query(select, &[&template_name()]).await.expect("list the tests' databases");
    for row in rows {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", quoted(row.get(0)));
        client.batch_execute(&drop).await.expect("drop a left over database");
    }
}

fn template_name() -> String {
    format!("suiftly_template_{}_test", migrate::digest())
}

async fn copy_template(config: &StoreConfig) {
    let template = config.with_database(&template_name());
    migrate::migrate(&template).await.expect("migrate the template");
    let server = config.with_database("postgres").connect().await.expect("connect to the tests' PostgreSQL");
    let create = format!("CREATE DATABASE {} TEMPLATE {}", quoted(config.database()), quoted(template.database()));
    server.batch_execute(&create).await.expect("copy the template");
}

/// On a thread of its own: these calls block, and a test may be within a runtime.
fn run_apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(work).join().expect("the thread beside a test")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime beside a test");
    runtime.block_on(future)
}
