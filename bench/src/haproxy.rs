//! A HAProxy with the shipped configuration and the demonstration's origin on free ports, for benchmarks that need no server.

use crate::child::Measured;
use crate::ingest::ports;
use anyhow::{Context, ensure};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use suiftly_edge::runtime::RuntimeSocket;

const START_TIME_MAX: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Debian keeps daemons where a plain user's `PATH` does not reach.
const FURTHER_PATH: &str = "/usr/local/sbin:/usr/sbin:/sbin";
/// Where Seal on mainnet is asked, first.
const BINDS: [&str; 8] = [
    "SUIFTLY_BIND_MSEAL",
    "SUIFTLY_BIND_MGRPC",
    "SUIFTLY_BIND_MGRAPHQL",
    "SUIFTLY_BIND_TSEAL",
    "SUIFTLY_BIND_TGRPC",
    "SUIFTLY_BIND_TGRAPHQL",
    "SUIFTLY_ORIGIN_1",
    "SUIFTLY_ORIGIN_2",
];

/// A running HAProxy; killed when dropped.
pub(crate) struct HaProxy {
    pub(crate) process: Measured,
    pub(crate) runtime: RuntimeSocket,
    /// Seal on mainnet.
    pub(crate) door: SocketAddr,
}

/// Where it reads its map files, in its directory.
pub(crate) fn maps_dir(dir: &Path) -> PathBuf {
    dir.join("maps")
}

impl HaProxy {
    /// Starts it in a directory that holds its map files, or gets empty ones; `logs` says where lines go, `more` is set in its
    /// environment.
    pub(crate) fn start(dir: &Path, logs: &str, more: &[(&str, String)]) -> anyhow::Result<Self> {
        let maps = maps_dir(dir);
        suiftly_edge::files::ensure(&maps)?;
        let addresses: Vec<SocketAddr> = BINDS.iter().map(|_| ports::free()).collect::<anyhow::Result<_>>()?;
        let socket = dir.join("haproxy.sock");
        let log = dir.join("haproxy.log");
        let process = Measured::spawn(
            &program()?,
            |command| {
                command.args(["-db", "-f", logs, "-f", "haproxy.cfg", "-f", "origin.cfg"]);
                command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/haproxy"));
                command.envs(BINDS.iter().zip(&addresses).map(|(bind, address)| (bind, address.to_string())));
                command.envs(more.iter().map(|(name, value)| (name, value)));
                command.env("SUIFTLY_MAPS", &maps).env("SUIFTLY_HAPROXY_SOCKET", &socket);
                command.env_remove("SUIFTLY_HAPROXY_USER");
            },
            &log,
        )?;
        let mut haproxy = Self { process, runtime: RuntimeSocket::new(socket), door: addresses[0] };
        let deadline = Instant::now() + START_TIME_MAX;
        while haproxy.runtime.boot().is_err() {
            let said = || fs::read_to_string(&log).unwrap_or_default();
            ensure!(!haproxy.process.has_ended(), "HAProxy has ended: {}", said());
            ensure!(Instant::now() < deadline, "HAProxy does not answer: {}", said());
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(haproxy)
    }
}

fn program() -> anyhow::Result<PathBuf> {
    let path = format!("{}:{FURTHER_PATH}", std::env::var("PATH").unwrap_or_default());
    let program = std::env::split_paths(&path).map(|dir| dir.join("haproxy")).find(|path| path.is_file());
    program.context("HAProxy is not installed")
}
