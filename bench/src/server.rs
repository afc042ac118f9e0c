//! The real `suiftly up` with its private PostgreSQL, in a directory of its own that goes at the end.

mod database;
mod http;

pub use http::{Api, Connection, Event, Events};

use crate::child::Measured;
use crate::ingest::ports;
use anyhow::{Context, bail, ensure};
use database::Database;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use suiftly_store::cluster::Cluster;
use suiftly_store::config::StoreConfig;

/// How long anything that is waited for may take.
pub const PATIENCE: Duration = Duration::from_secs(900);
/// What `suiftly up` calls its database in development.
const DATABASE: &str = "suiftly_dev";
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The variable that says where servers keep their data; `cargo xtask bench` sets it.
const DATA_DIR: &str = "SUIFTLY_BENCH_DATA_DIR";

/// Stopped and removed when dropped: first the process, then its database, then the directory.
pub struct Server {
    process: Option<Measured>,
    database: Option<Database>,
    program: PathBuf,
    dir: PathBuf,
    syslog: SocketAddr,
    api: SocketAddr,
    admin: SocketAddr,
}

impl Server {
    /// A directory for this benchmark, and free ports; nothing runs yet. `cargo xtask bench` builds the program.
    pub fn prepare(benchmark: &str) -> anyhow::Result<Self> {
        let results = std::path::absolute(crate::report::dir()?)?;
        // Built by the same profile as this program.
        let program = std::env::current_exe().context("cannot find this program")?.with_file_name("suiftly");
        ensure!(program.is_file(), "{} is not built: run `cargo xtask bench {benchmark}`", program.display());
        // As root the database is another account's, which need not get to where results are.
        let reachable = std::env::var_os(DATA_DIR).map(PathBuf::from);
        let dir = reachable.unwrap_or(results).join(format!("{benchmark}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let (syslog, api, admin) = (ports::free()?, ports::free()?, ports::free()?);
        Ok(Self { process: None, database: None, program, dir, syslog, api, admin })
    }

    /// Where lines go, by TCP.
    pub const fn syslog(&self) -> SocketAddr {
        self.syslog
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Where operators are served.
    pub const fn operators(&self) -> SocketAddr {
        self.admin
    }

    /// Its operators' API, once it has been started for the first time.
    pub fn api(&self) -> anyhow::Result<Api> {
        let path = self.dir.join("operator-token");
        let token = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Api::new(self.admin, token.trim()))
    }

    /// Where customers are served.
    pub const fn customers(&self) -> SocketAddr {
        self.api
    }

    /// Starts PostgreSQL, its schema up to date.
    pub fn start_database(&mut self) -> anyhow::Result<()> {
        self.database = Some(Database::start(&self.program, &self.dir)?);
        self.ask_database("migrate").map(drop)
    }

    /// Stops PostgreSQL, in good order.
    pub fn stop_database(&mut self) {
        self.database = None;
    }

    /// CPU-seconds of PostgreSQL since it was started.
    pub fn database_cpu_seconds(&self) -> anyhow::Result<f64> {
        self.database.as_ref().context("PostgreSQL does not run")?.cpu_seconds()
    }

    /// Its database, once it has been started, as who owns all.
    pub fn database(&self) -> anyhow::Result<StoreConfig> {
        Ok(Cluster::find(&self.dir.join("postgres"))?.connection_config(DATABASE))
    }

    /// Starts `suiftly up`, and does not wait for it.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.start_with(&[])
    }

    /// The same, with these variables of the environment.
    pub fn start_with(&mut self, variables: &[(&str, &str)]) -> anyhow::Result<()> {
        let (dir, syslog, api, admin) = (self.dir.clone(), self.syslog, self.api, self.admin);
        let configure = move |command: &mut Command| {
            command.args(["up", "--data-dir"]).arg(dir).stdin(Stdio::null()).stdout(Stdio::null());
            command.env("SUIFTLY_INGEST__LISTEN", syslog.to_string()).env("SUIFTLY_API__LISTEN", api.to_string());
            command.env("SUIFTLY_API__MOCK_AUTH", "true").env("SUIFTLY_ADMIN__LISTEN", admin.to_string());
            command.envs(variables.iter().copied());
        };
        self.process = Some(Measured::spawn(&self.program, configure, &self.log())?);
        Ok(())
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// The running process; an error with its last words if it has ended.
    pub fn process(&mut self) -> anyhow::Result<&Measured> {
        let log = self.log();
        let process = self.process.as_mut().context("suiftly was not started")?;
        if process.has_ended() {
            bail!("suiftly ended by itself; it said: {}", std::fs::read_to_string(log).unwrap_or_default().trim());
        }
        Ok(process)
    }

    /// Waits until `is_it` of the API; how long that took. Nothing is an answer that could not be had.
    pub fn wait(&mut self, what: &str, mut is_it: impl FnMut(&Api) -> Option<bool>) -> anyhow::Result<Duration> {
        let began = Instant::now();
        loop {
            self.process()?;
            // The token is made at the first start.
            if let Ok(api) = self.api()
                && is_it(&api) == Some(true)
            {
                return Ok(began.elapsed());
            }
            ensure!(began.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until the journal's tail is replayed and the API says so.
    pub fn wait_ready(&mut self) -> anyhow::Result<Duration> {
        self.wait("ready", |api| Some(api.get("/ready").ok()?.status == 200))
    }

    /// `suiftly db check`: each line of the journal against the database. Nothing may be running but PostgreSQL.
    pub fn check(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.ask_database("check")?).context("cannot read what `suiftly db check` says")
    }

    fn ask_database(&self, verb: &str) -> anyhow::Result<Vec<u8>> {
        database::ask(&self.program, verb, &self.dir)
    }

    fn log(&self) -> PathBuf {
        self.dir.join("suiftly.log")
    }

    /// Where it keeps everything.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process = None;
        self.database = None;
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
