//! An edge that runs in a thread of the test, with its directories; ended in good order when dropped.

use crate::gateway::{Door, Gateway};
use crate::publisher::{Publisher, SERVER, TOKEN};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;
use suiftly_edge::EdgeError;
use suiftly_edge::edge::{self, EdgeConfig, EdgeStartError, GatewayConfig};
use suiftly_edge::http::Http;
use suiftly_edge::maps::{MapName, Maps};
use suiftly_schema::ids::{Network, Service};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// What an edge keeps, over several lives of it.
pub(crate) struct Place {
    root: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.root.path().join("edge")
    }

    pub(crate) fn maps(&self) -> PathBuf {
        self.root.path().join("maps")
    }

    /// A map file's text.
    pub(crate) fn map(&self, name: &str) -> String {
        std::fs::read_to_string(self.maps().join(name)).unwrap_or_default()
    }

    /// An edge of one gateway, which makes no synthetic requests.
    pub(crate) fn config(&self, publisher: &Publisher, socket: &Path) -> EdgeConfig {
        EdgeConfig {
            api: Http::new(&publisher.url(), Some(TOKEN), None).unwrap(),
            trusted: publisher.trusted(),
            dir: self.dir(),
            maps: self.maps(),
            canary_every: None,
            canary_path: "/".to_owned(),
            gateways: vec![GatewayConfig { server_id: SERVER, socket: socket.to_owned(), doors: Vec::new() }],
            homes: Vec::new(),
            streams: false,
            metrics: None,
        }
    }
}

pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), EdgeStartError>>>,
}

impl Running {
    pub(crate) fn start(config: EdgeConfig) -> Self {
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let outcome = runtime.block_on(edge::run(config, async {
                let _ = stopped.await;
            }));
            runtime.shutdown_timeout(Duration::from_secs(1));
            outcome
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) -> Result<(), EdgeStartError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), EdgeStartError> {
        drop(self.stop.take());
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ended = self.end();
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}

/// A gateway on the maps of this place, which an edge is to fill.
pub(crate) fn gateway(place: &Place) -> Gateway {
    suiftly_edge::files::ensure(&place.maps()).unwrap();
    Gateway::start_in(crate::gateway::Transport::Udp, &place.maps())
}

/// Whether the running HAProxy holds these maps, and nothing that was never committed. It may be in the middle of a change.
pub(crate) fn holds(gateway: &Gateway, wanted: &Maps) -> bool {
    let look = || {
        let mut session = gateway.runtime.open()?;
        for (map, loaded) in MapName::ALL.into_iter().zip(session.maps()?) {
            let (entries, is_twice) = session.entries(loaded.id)?;
            if is_twice || entries.len() != loaded.entries || entries != *wanted.of(map) {
                return Ok(false);
            }
        }
        Ok::<_, EdgeError>(true)
    };
    look().unwrap_or(false)
}

/// What a door answers to this key.
pub(crate) fn ask(gateway: &Gateway, door: Door, key: &str) -> u16 {
    gateway.get(door, "/x", &format!("X-API-Key: {key}\r\n")).status
}

/// This frontend as the edge knows it.
pub(crate) fn door_of(gateway: &Gateway, door: Door) -> edge::Door {
    let (network, service) = door.place();
    edge::Door {
        service: Service::from_number(service).unwrap(),
        network: Network::from_number(network).unwrap(),
        http: Http::new(&format!("http://{}", gateway.address(door)), None, None).unwrap(),
    }
}
