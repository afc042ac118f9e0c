//! The HAProxy of the bench: the shipped configuration with the demonstration's origin, on free ports.

use crate::child::Measured;
use crate::ingest::ports;
use crate::server::Server;
use anyhow::{Context, ensure};
use nix::unistd::geteuid;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Debian keeps daemons where a plain user's `PATH` does not reach.
const FURTHER_PATH: &str = "/usr/local/sbin:/usr/sbin:/sbin";
const START_TIME_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The metered frontends: what each is for, and the variable that says where it listens.
const FRONTENDS: [(&str, &str); 6] = [
    ("seal/mainnet", "SUIFTLY_BIND_MSEAL"),
    ("grpc/mainnet", "SUIFTLY_BIND_MGRPC"),
    ("seal/testnet", "SUIFTLY_BIND_TSEAL"),
    ("graphql/mainnet", "SUIFTLY_BIND_MGRAPHQL"),
    ("grpc/testnet", "SUIFTLY_BIND_TGRPC"),
    ("graphql/testnet", "SUIFTLY_BIND_TGRAPHQL"),
];

/// Where HAProxy listens.
pub(super) struct Doors {
    frontends: [SocketAddr; 6],
    origins: [SocketAddr; 2],
}

impl Doors {
    pub(super) fn free() -> anyhow::Result<Self> {
        let mut all = [SocketAddr::from(([127, 0, 0, 1], 0)); 8];
        for address in &mut all {
            *address = ports::free()?;
        }
        let [frontends @ .., first, second] = all;
        Ok(Self { frontends, origins: [first, second] })
    }

    /// Seal on mainnet, which all keys here are for.
    pub(super) const fn mseal(&self) -> SocketAddr {
        self.frontends[0]
    }

    /// Each with what it is for.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        FRONTENDS.iter().map(|(what, _)| *what).zip(self.frontends)
    }
}

/// A running HAProxy; killed when dropped.
pub(super) struct Gateway(Measured);

impl Gateway {
    /// Starts it on the files that the edge has written, and waits until it listens.
    pub(super) fn start(server: &Server, doors: &Doors) -> anyhow::Result<Self> {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/haproxy");
        let process = Measured::spawn(
            &program()?,
            |command| {
                command.arg("-db").current_dir(config);
                for file in ["logs-ring.cfg", "haproxy.cfg", "origin.cfg"] {
                    command.args(["-f", file]);
                }
                for ((_, variable), address) in FRONTENDS.iter().zip(doors.frontends) {
                    command.env(variable, address.to_string());
                }
                command
                    .env("SUIFTLY_MAPS", maps_dir(server.dir()))
                    .env("SUIFTLY_HAPROXY_SOCKET", socket(server.dir()))
                    .env("SUIFTLY_LOG_ADDR", server.syslog().to_string())
                    .env("SUIFTLY_ORIGIN_1", doors.origins[0].to_string())
                    .env("SUIFTLY_ORIGIN_2", doors.origins[1].to_string())
                    .env_remove("SUIFTLY_HAPROXY_USER");
                if geteuid().is_root() {
                    command.env("SUIFTLY_HAPROXY_USER", "haproxy");
                }
            },
            &server.dir().join("haproxy.log"),
        )?;
        let mut gateway = Self(process);
        let deadline = Instant::now() + START_TIME_MAX;
        while TcpStream::connect(doors.mseal()).is_err() {
            ensure!(!gateway.0.has_ended(), "HAProxy has ended: {}", said(server.dir()));
            ensure!(Instant::now() < deadline, "HAProxy does not listen: {}", said(server.dir()));
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(gateway)
    }

    pub(super) fn peak_megabytes(&self) -> anyhow::Result<f64> {
        self.0.peak_megabytes()
    }
}

fn said(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("haproxy.log")).unwrap_or_default().trim().to_owned()
}

fn program() -> anyhow::Result<PathBuf> {
    let path = format!("{}:{FURTHER_PATH}", std::env::var("PATH").unwrap_or_default());
    let found = std::env::split_paths(&path).map(|dir| dir.join("haproxy")).find(|path| path.is_file());
    found.context("HAProxy is not installed")
}

/// Where the edge writes the maps that HAProxy starts from.
pub(super) fn maps_dir(dir: &Path) -> PathBuf {
    dir.join("maps")
}

/// The runtime socket.
pub(super) fn socket(dir: &Path) -> PathBuf {
    dir.join("haproxy.sock")
}
