//! A database per test, on one private cluster that all tests of the machine's user share.
//!
//! The cluster is made at the first use and kept in the directory for temporary files; its server runs as long as any
//! test does: whoever is last stops it. Each database is a copy of a migrated template and is dropped with its handle.

pub use tokio_postgres::Client;

use crate::cluster::Cluster;
use crate::config::StoreConfig;
use crate::migrate::{self, quoted};
use crate::role::{self, RUN_ROLE, Roles};
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Names a TimescaleDB server, as a superuser, on which the suite then runs too.
pub const TIMESCALE_URL: &str = "TEST_TIMESCALE_URL";
/// If it is set to `timescale`, all tests run on that server, and none on the private cluster.
pub const STORE: &str = "TEST_STORE";

/// Whether the private cluster is left out.
pub fn is_timescale_alone() -> bool {
    std::env::var(STORE).is_ok_and(|store| store == "timescale")
}

/// A migrated database of one test's own. The program's functions use it as the program does: by a role without DDL.
#[derive(Debug)]
pub struct TestDatabase {
    roles: Roles,
    // Last: the server goes when the last user of it goes.
    _server: Option<ServerUse>,
}

impl TestDatabase {
    /// A database on the shared private cluster; on [`TIMESCALE_URL`] where [`STORE`] says so.
    pub async fn create() -> Self {
        if is_timescale_alone() {
            return Self::create_on_timescale().await.expect(TIMESCALE_URL);
        }
        let (server, roles) = run_apart(|| ServerUse::begin(&fresh_name()));
        Self { roles, _server: Some(server) }
    }

    /// A database on the server that [`TIMESCALE_URL`] names, if it names one.
    pub async fn create_on_timescale() -> Option<Self> {
        let url = std::env::var(TIMESCALE_URL).ok()?;
        let server = StoreConfig::from_url(&url).expect(TIMESCALE_URL);
        let owner = server.with_database(&fresh_name());
        let roles =
            Roles { run: owner.with_user(RUN_ROLE), owner: Some(owner), makes_run_role: true, is_strict: false };
        role::open(&roles).await.expect("migrate a test database");
        share_password(&roles).await;
        Some(Self { roles, _server: None })
    }

    /// Where it is, as whoever runs.
    pub const fn config(&self) -> &StoreConfig {
        &self.roles.run
    }

    /// Where it is, as who may change its schema and drop it.
    pub fn owner(&self) -> &StoreConfig {
        self.roles.owner()
    }

    /// Both.
    pub const fn roles(&self) -> &Roles {
        &self.roles
    }

    /// A connection past the store's own functions, for looking and for breaking things: the owner's.
    pub async fn client(&self) -> tokio_postgres::Client {
        self.owner().connect().await.expect("connect to a test database")
    }
}

/// A connection to any database, past the store's own functions.
pub async fn connect(config: &StoreConfig) -> Client {
    config.connect().await.expect("connect to a database")
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let owner = self.owner().clone();
        let dropped = run_apart(move || block_on(migrate::drop_database(&owner)));
        if let Err(error) = dropped {
            tracing::warn!(%error, "a test database stays behind");
        }
    }
}

/// Runs a test on the private cluster, and on a full TimescaleDB where one is named.
pub async fn on_each_store(test: impl AsyncFn(&TestDatabase)) {
    if !is_timescale_alone() {
        test(&TestDatabase::create().await).await;
    }
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
    fn begin(name: &str) -> (Self, Roles) {
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
        let roles = cluster.roles(name);
        block_on(copy_template(&cluster.roles(&template_name()), &roles));
        drop(gate);
        (Self { directory, users: Some(users) }, roles)
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

async fn copy_template(template: &Roles, copy: &Roles) {
    role::open(template).await.expect("migrate the template");
    let (template, owner) = (template.owner(), copy.owner());
    let server = owner.with_database("postgres").connect().await.expect("connect to the tests' PostgreSQL");
    let create = format!("CREATE DATABASE {} TEMPLATE {}", quoted(owner.database()), quoted(template.database()));
    server.batch_execute(&create).await.expect("copy the template");
    // What a role may do with the database itself is not copied.
    role::grant(owner, copy.run.user()).await.expect("grant the role to run with its rights");
}

/// The role to run with is made without a password, and a server away may ask for one: it gets the owner's.
async fn share_password(roles: &Roles) {
    let Some(password) = roles.owner().driver().get_password() else { return };
    let password = String::from_utf8_lossy(password).replace('\'', "''");
    let alter = format!("SET standard_conforming_strings = on; ALTER ROLE {RUN_ROLE} PASSWORD '{password}'");
    let server = roles.owner().connect().await.expect("connect to a test database");
    server.batch_execute(&alter).await.expect("give the role to run with a password");
}

/// On a thread of its own: these calls block, and a test may be within a runtime.
fn run_apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(work).join().expect("the thread beside a test")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime beside a test");
    runtime.block_on(future)
}
