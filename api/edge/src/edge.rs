//! The edge: follows the grant set and keeps gateways on it, whoever else is away.
//!
//! ```text
//! directory ─▶ ┌────────┐ ─▶ a worker per HAProxy ─▶ runtime socket
//! stream ────▶ │ latest │ ─▶ keepers ─▶ map files, directory
//!              └────────┘        all of them ─▶ board ─▶ reports        canaries ─▶ board
//! answers to reports ─▶ a repairer per HAProxy ─▶ lines that were lost, to an ingester
//!                          a metering per HAProxy ─▶ bytes of open streams, to an ingester
//! ```
//!
//! Nobody waits for anybody: workers and keepers take what is newest when they get to it, reports are read off the
//! board. Whatever ends it leaves HAProxy as it is.

mod asked;
mod board;
mod canary;
mod keeper;
mod latest;
mod listening;
mod metering;
mod metrics;
mod repairer;
mod reporting;
mod worker;

pub use reporting::REPORT_PATH;

use crate::EdgeError;
use crate::directory::{self, DirectoryError, Stored};
use crate::files::MapFiles;
use crate::haproxy::Gateway;
use crate::http::Http;
use crate::repair::Home;
use crate::stream::{self, Session};
use board::{Board, place_of};
use canary::Canary;
use keeper::{Keeper, Writes};
use latest::{Latest, StopOnDrop, Target};
use listening::Ear;
use metering::Metering;
use repairer::{Repairer, Shared};
use std::fs::{File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{Head, KeyOfCanary, PublicKeys};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use worker::Worker;

/// How long threads may take to end what they have begun: a HAProxy that hangs is not waited for.
const STOP_PATIENCE: Duration = Duration::from_secs(8);
/// The file by which one edge at a time uses a directory.
const LOCK_FILE: &str = "lock";

/// How an edge runs.
#[derive(Debug)]
pub struct EdgeConfig {
    /// The publisher, with the edge's token.
    pub api: Http,
    /// Who may sign grant sets. Whoever has a clone of it may replace the keys while the edge runs.
    pub trusted: PublicKeys,
    /// Where the last good grant set is kept.
    pub dir: PathBuf,
    /// Where HAProxy's map files are written.
    pub maps: PathBuf,
    /// How often synthetic requests are made; `None`: never.
    pub canary_every: Option<Duration>,
    /// What they ask for.
    pub canary_path: String,
    /// One or more, all of one region.
    pub gateways: Vec<GatewayConfig>,
    /// Where lines are sent that were lost on their way, one of them at a time; none: they stay lost.
    pub homes: Vec<Home>,
    /// Whether one of them is told the bytes of streams that are open.
    pub streams: bool,
    /// Where health and metrics are served, if anywhere.
    pub metrics: Option<SocketAddr>,
}

/// A HAProxy process.
#[derive(Debug)]
pub struct GatewayConfig {
    /// The server id of its lines.
    pub server_id: i16,
    /// Its runtime socket.
    pub socket: PathBuf,
    /// Where it is asked.
    pub doors: Vec<Door>,
}

/// A frontend of a gateway.
#[derive(Clone, Debug)]
pub struct Door {
    /// Which service it serves.
    pub service: Service,
    /// On which network.
    pub network: Network,
    /// Where it is.
    pub http: Http,
}

/// Why an edge does not run.
#[derive(Debug, thiserror::Error)]
pub enum EdgeStartError {
    /// The directory cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    Dir {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another edge uses it.
    #[error("another edge runs on {}", path.display())]
    Locked {
        /// Which.
        path: PathBuf,
    },
    /// Nobody can listen there.
    #[error("cannot listen on {address} for metrics: {source}")]
    Metrics {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Map files cannot be written.
    #[error(transparent)]
    Maps(#[from] EdgeError),
    /// The system gives us no thread.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// A part of it ended, which none does.
    #[error("{0} has failed")]
    Part(String),
}

/// Runs an edge until `stop`.
pub async fn run(config: EdgeConfig, stop: impl Future<Output = ()>) -> Result<(), EdgeStartError> {
    let _lock = lock(&config.dir)?;
    let board = Arc::new(Board::new(now(), config.gateways.iter().map(|gateway| gateway.server_id)));
    let latest = Arc::new(Latest::default());
    let _stop_threads = StopOnDrop(Arc::clone(&latest));
    let (stored, floor) = last_good(&config, &board);
    let mut session = Session::new(config.trusted.clone(), floor);
    if let Some(stored) = stored {
        // It was checked when it was read; it is checked the same here.
        if session.hold(&stored).is_ok() {
            go_on(stored, &board, &latest);
        }
    }
    let maps = MapFiles::new(&config.maps);
    maps.ensure()?;
    let metrics = match config.metrics {
        Some(address) => {
            Some(TcpListener::bind(address).await.map_err(|source| EdgeStartError::Metrics { address, source })?)
        }
        None => None,
    };
    let (failed, mut failures) = mpsc::channel(1);
    let shared = Shared { asked: Arc::default(), board, latest };
    let threads = spawn_threads(&config, maps, &shared, &failed)?;
    let mut tasks = spawn_tasks(&config, session, &shared);
    let Shared { board, latest, .. } = shared;
    if let Some(listener) = metrics {
        tasks.spawn(metrics::serve(listener, Arc::clone(&board)));
    }
    let outcome = tokio::select! {
        () = stop => Ok(()),
        Some(part) = failures.recv() => Err(EdgeStartError::Part(part)),
        ended = tasks.join_next() => Err(EdgeStartError::Part(format!("a task ({ended:?})"))),
    };
    tasks.shutdown().await;
    latest.stop();
    let joined = tokio::task::spawn_blocking(move || threads.into_iter().for_each(|thread| drop(thread.join())));
    if tokio::time::timeout(STOP_PATIENCE, joined).await.is_err() {
        tracing::warn!("a HAProxy hangs: it is left in the middle of a change");
    }
    outcome
}

fn lock(dir: &std::path::Path) -> Result<File, EdgeStartError> {
    let failed = |source| EdgeStartError::Dir { path: dir.to_owned(), source };
    directory::make_dir(dir).map_err(failed)?;
    let file = File::options().create(true).truncate(false).write(true).open(dir.join(LOCK_FILE)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EdgeStartError::Locked { path: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// What the directory holds, if it is to be believed; else what it was, if that is signed.
fn last_good(config: &EdgeConfig, board: &Board) -> (Option<Stored>, Option<Head>) {
    match directory::read_current(&config.dir, &config.trusted) {
        Ok(stored) => (stored, None),
        Err(error) => {
            tracing::error!("{error}; the whole is asked for");
            let floor = error.head().cloned();
            // Of a file that is not there nobody need be warned who signs.
            if !matches!(error, DirectoryError::Io { .. }) {
                board.refused(now(), floor.as_ref().map(|head| head.version), &error.to_string());
            }
            (None, floor)
        }
    }
}

fn go_on(stored: Stored, board: &Board, latest: &Latest) {
    let Stored { head, signed, set } = stored;
    tracing::info!(version = head.version, keys = head.keys, "going on with the last good grant set");
    board.offered(place_of(&head), now(), Duration::ZERO, set.key_count() + set.access_count());
    latest.set(Target { head, signed, set });
}

/// Two threads for the disk, and one a gateway, one more where lines are repaired, and where streams are told of. Whichever fails
/// is told.
fn spawn_threads(
    config: &EdgeConfig,
    maps: MapFiles,
    shared: &Shared,
    failed: &mpsc::Sender<String>,
) -> Result<Vec<std::thread::JoinHandle<()>>, EdgeStartError> {
    let Shared { board, latest, .. } = shared;
    let spawn = |name: String, work: Box<dyn FnOnce() + Send>| {
        let (failed, latest, part) = (failed.clone(), Arc::clone(latest), format!("the thread of {name}"));
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            if outcome.is_err() || !latest.is_stopped() {
                // Full: another has failed already.
                let _ = failed.try_send(part);
            }
        });
        thread.map_err(EdgeStartError::Thread)
    };
    let server_id = config.gateways.first().map_or(0, |gateway| gateway.server_id);
    let mut threads = Vec::new();
    for (name, writes) in
        [("map files", Writes::Maps { files: maps, server_id }), ("directory", Writes::Directory(config.dir.clone()))]
    {
        let keeper = Keeper { writes, board: Arc::clone(board), latest: Arc::clone(latest) };
        threads.push(spawn(name.to_owned(), Box::new(move || keeper.run()))?);
    }
    for (at, GatewayConfig { server_id, socket, .. }) in config.gateways.iter().enumerate() {
        let gateway = Gateway::new(*server_id, socket);
        let worker = Worker::new(gateway, at, Arc::clone(board), Arc::clone(latest));
        threads.push(spawn(format!("server {server_id}"), Box::new(move || worker.run()))?);
        if !config.homes.is_empty() {
            let repairer = Repairer::new((*server_id, at), socket, &config.dir, &config.homes, shared.clone());
            threads.push(spawn(format!("repair {server_id}"), Box::new(move || repairer.run()))?);
        }
        if config.streams && !config.homes.is_empty() {
            let metering = Metering::new((*server_id, at), socket, &config.dir, &config.homes, shared);
            threads.push(spawn(format!("streams {server_id}"), Box::new(move || metering.run()))?);
        }
    }
    Ok(threads)
}

/// The stream, the reports, a canary a door. None of them ends.
fn spawn_tasks(config: &EdgeConfig, session: Session, shared: &Shared) -> JoinSet<()> {
    let Shared { asked, board, latest } = shared;
    let (keys, known_keys) = watch::channel(Vec::new());
    let servers = config.gateways.iter().map(|gateway| gateway.server_id).collect();
    let mut ear = Ear::new(Arc::clone(board), Arc::clone(latest), keys, servers, config.api.authority());
    let mut tasks = JoinSet::new();
    let (api, reported, trusted) = (config.api.clone(), Arc::clone(board), config.trusted.clone());
    tasks.spawn(async move { stream::follow(&api, session, &mut ear).await });
    tasks.spawn(reporting::report_for_ever(config.api.clone(), reported, Arc::clone(asked), trusted));
    for canary in canaries(config, board, &known_keys) {
        tasks.spawn(canary.ask_for_ever());
    }
    tasks
}

fn canaries(config: &EdgeConfig, board: &Arc<Board>, keys: &watch::Receiver<Vec<KeyOfCanary>>) -> Vec<Canary> {
    let Some(every) = config.canary_every else { return Vec::new() };
    let mut canaries = Vec::new();
    for (at, gateway) in config.gateways.iter().enumerate() {
        let doors = u32::try_from(gateway.doors.len()).unwrap_or(u32::MAX).max(1);
        for (turn, door) in (0..).zip(&gateway.doors) {
            canaries.push(Canary {
                at,
                server_id: gateway.server_id,
                door: door.clone(),
                every,
                after: every / doors * turn,
                path: config.canary_path.clone(),
                keys: keys.clone(),
                board: Arc::clone(board),
            });
        }
    }
    canaries
}

/// The clock. One before 1970 is no clock.
fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(UnixMillis::MAX.0))
}
