//! The HAProxy of a stack: started with the shipped configuration and the demonstration origin, stopped softly.

use crate::places::{Places, program, search_path};
use crate::ports::Ports;
use crate::process::{Supervised, run_quietly};
use crate::signals::Interrupt;
use crate::stack::Shape;
use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use nix::unistd::geteuid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use suiftly_edge::runtime::RuntimeSocket;

const START_TIME_MAX: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The configuration's `hard-stop-after` is 10 s; the rest is for a busy machine.
const LEAVE_TIME_MAX: Duration = Duration::from_secs(60);
/// Requests under way may end; then it has to go.
const SOFT_STOP_TIME_MAX: Duration = Duration::from_secs(2);
const STOP_TIME_MAX: Duration = Duration::from_secs(3);
/// A Unix socket's path has 108 bytes, of which HAProxy needs some for a temporary name, and for `.peer`.
const SOCKET_PATH_BYTES_MAX: usize = 85;

/// A running HAProxy; stopped when dropped.
#[derive(Debug)]
pub(crate) struct Gateway {
    process: Supervised,
    runtime: RuntimeSocket,
    boot_ms: i64,
}

impl Gateway {
    /// Starts HAProxy on the maps in its data directory and waits until it listens.
    pub(crate) fn start(places: &Places, shape: &Shape, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let mut gateway = Self::spawn(places, shape, &[])?;
        gateway.boot_ms = gateway.await_boot(0, interrupt)?;
        Ok(gateway)
    }

    /// Starts another that takes the listening sockets over, as `systemctl reload` does. What this one has begun it ends
    /// by itself.
    pub(crate) fn reload(&mut self, places: &Places, shape: &Shape, interrupt: &Interrupt) -> anyhow::Result<Leaving> {
        let (socket, pid) = (self.runtime.path().to_string_lossy().into_owned(), self.process.id().to_string());
        let mut successor = Self::spawn(places, shape, &["-x", &socket, "-sf", &pid])?;
        successor.boot_ms = successor.await_boot(self.boot_ms, interrupt)?;
        let Self { process, .. } = std::mem::replace(self, successor);
        Ok(Leaving { process })
    }

    /// Starts it with these arguments more.
    fn spawn(places: &Places, shape: &Shape, more: &[&str]) -> anyhow::Result<Self> {
        let Shape { data_dir, ports, udp, settings, .. } = shape;
        let haproxy = program("haproxy").context("HAProxy is not installed")?;
        let socket = socket_path(data_dir)?;
        let command = |arguments: &[&str]| {
            let mut command = Command::new(&haproxy);
            command.args(arguments).current_dir(places.haproxy_config());
            for file in [if *udp { "logs-udp.cfg" } else { "logs-ring.cfg" }, "haproxy.cfg", "origin.cfg"] {
                command.args(["-f", file]);
            }
            set_environment(&mut command, ports, data_dir, &socket);
            command.envs(settings.iter().copied());
            command
        };
        run_quietly(&mut command(&["-c", "-q"])).context("HAProxy does not accept its configuration")?;
        let farewell = [(Signal::SIGUSR1, SOFT_STOP_TIME_MAX), (Signal::SIGTERM, STOP_TIME_MAX)];
        let process =
            Supervised::spawn("HAProxy", command(&["-db"]).args(more), &data_dir.join("logs/haproxy.log"), &farewell)?;
        Ok(Self { process, runtime: RuntimeSocket::new(socket), boot_ms: 0 })
    }

    /// The birth that this worker's lines carry.
    pub(crate) const fn boot_ms(&self) -> i64 {
        self.boot_ms
    }

    /// How many lines it has numbered.
    pub(crate) fn lines_numbered(&self) -> anyhow::Result<u64> {
        Ok(self.runtime.lines_numbered()?)
    }

    /// SIGKILL.
    pub(crate) fn kill_at_once(&mut self) {
        self.process.kill_at_once();
    }

    /// An error if it is gone.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        self.process.check()
    }

    /// Until a worker answers that was not born then.
    fn await_boot(&mut self, predecessor_ms: i64, interrupt: &Interrupt) -> anyhow::Result<i64> {
        let deadline = Instant::now() + START_TIME_MAX;
        loop {
            self.process.check()?;
            match self.runtime.boot() {
                Ok(boot) if boot.0 != predecessor_ms => return Ok(boot.0),
                Ok(_) if Instant::now() > deadline => bail!("HAProxy does not take over from its predecessor"),
                Err(error) if Instant::now() > deadline => return Err(error).context("HAProxy does not get ready"),
                Ok(_) | Err(_) => {}
            }
            if interrupt.wait(LOOK_EVERY) {
                bail!("interrupted");
            }
        }
    }
}

/// A HAProxy that ends what it has begun, since another has taken over.
#[derive(Debug)]
pub(crate) struct Leaving {
    process: Supervised,
}

impl Leaving {
    /// Waits until it has gone: who listens to it on its runtime socket keeps it for as long as it may stay at all
    /// (`hard-stop-after`).
    pub(crate) fn see_out(mut self, interrupt: &Interrupt) -> anyhow::Result<()> {
        let deadline = Instant::now() + LEAVE_TIME_MAX;
        while self.process.ended()?.is_none() {
            ensure!(Instant::now() < deadline, "a HAProxy that was told to leave stays");
            if interrupt.wait(LOOK_EVERY) {
                bail!("interrupted");
            }
        }
        Ok(())
    }
}

fn set_environment(command: &mut Command, ports: &Ports, data_dir: &Path, socket: &Path) {
    command
        .env("PATH", search_path())
        .env("SUIFTLY_MAPS", maps_dir(data_dir))
        .env("SUIFTLY_HAPROXY_SOCKET", socket)
        .env("SUIFTLY_LOG_ADDR", ports.logs.to_string())
        .env("SUIFTLY_BIND_MSEAL", ports.mseal.to_string())
        .env("SUIFTLY_BIND_MGRPC", ports.mgrpc.to_string())
        .env("SUIFTLY_BIND_TSEAL", ports.tseal.to_string())
        .env("SUIFTLY_BIND_MGRAPHQL", ports.mgraphql.to_string())
        .env("SUIFTLY_BIND_TGRPC", ports.tgrpc.to_string())
        .env("SUIFTLY_BIND_TGRAPHQL", ports.tgraphql.to_string())
        .env("SUIFTLY_ORIGIN_1", ports.origin_1.to_string())
        .env("SUIFTLY_ORIGIN_2", ports.origin_2.to_string())
        .env_remove("SUIFTLY_HAPROXY_USER");
    if geteuid().is_root() {
        command.env("SUIFTLY_HAPROXY_USER", "haproxy");
    }
}

/// Where the edge writes the maps that HAProxy starts from.
pub(crate) fn maps_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("haproxy/maps")
}

/// In the data directory, unless that path is too long for a Unix socket.
pub(crate) fn socket_path(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let dir = data_dir.join("haproxy");
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let socket = dir.join("runtime.sock");
    ensure!(
        socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX,
        "{} is too long for a Unix socket; choose a shorter --data-dir",
        socket.display()
    );
    Ok(socket)
}
