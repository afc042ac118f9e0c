//! A real HAProxy with the shipped configuration, free ports and a log receiver; gone when dropped.
//!
//! It runs on the map files of a directory, as in production: the texts of a test ([`Gateway::start`]), or whatever the
//! caller wrote there ([`Gateway::start_in`]). It can be reloaded, killed and started again on the same addresses.

mod client;
mod receiver;
mod texts;

pub(crate) use client::{Answer, Client};
pub(crate) use receiver::{BOOT, CLIENT, SEQ, TRAFFIC_TYPE, token, tokens};
pub(crate) use texts::{PLENTY, Texts, hash};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use receiver::{REQUEST_COUNTER, Receiver};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use suiftly_edge::runtime::RuntimeSocket;
use suiftly_schema::time::UnixMillis;
use tempfile::TempDir;

/// A variable of the tests' own: the file that is read instead of `origin.cfg`.
pub(crate) const ORIGIN: &str = "SUIFTLY_TESTS_ORIGIN";

/// Nothing here takes more than some seconds, on a busy machine neither; what takes this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How often a condition is looked at until it holds.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// So many connections in a row are the new worker's after a reload: until the old one gets to its signal, either may take
/// the next.
const NEW_IN_A_ROW: usize = 20;

/// Which of the shipped log targets to use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Transport {
    Ring,
    Udp,
}

/// Which frontend to ask: the network's letter and the service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Door {
    Mseal,
    Mgrpc,
    Tseal,
    Mgraphql,
    Tgrpc,
    Tgraphql,
}

impl Door {
    pub(crate) const ALL: [Self; 6] =
        [Self::Mseal, Self::Mgrpc, Self::Tseal, Self::Mgraphql, Self::Tgrpc, Self::Tgraphql];

    /// As in `SUIFTLY_BIND_…`.
    const fn name(self) -> &'static str {
        match self {
            Self::Mseal => "MSEAL",
            Self::Mgrpc => "MGRPC",
            Self::Tseal => "TSEAL",
            Self::Mgraphql => "MGRAPHQL",
            Self::Tgrpc => "TGRPC",
            Self::Tgraphql => "TGRAPHQL",
        }
    }

    /// The numbers of its network and service, as in maps and lines.
    pub(crate) const fn place(self) -> (u8, u8) {
        match self {
            Self::Mseal => (1, 1),
            Self::Mgrpc => (1, 2),
            Self::Mgraphql => (1, 3),
            Self::Tseal => (0, 1),
            Self::Tgrpc => (0, 2),
            Self::Tgraphql => (0, 3),
        }
    }
}

/// HAProxy, running or not.
pub(crate) struct Gateway {
    /// `None` between [`Self::kill`] and [`Self::restart`].
    master: Option<Child>,
    transport: Transport,
    doors: [SocketAddr; 6],
    /// What follows one door's address in its `SUIFTLY_BIND_…`.
    more_bind: (Door, String),
    /// Further variables, which win over the others.
    variables: Vec<(&'static str, String)>,
    origins: [SocketAddr; 2],
    maps: PathBuf,
    notify: UnixDatagram,
    receiver: Receiver,
    pub(crate) runtime: RuntimeSocket,
    dir: TempDir,
}

/// HAProxy, which Debian keeps where a plain user's `PATH` does not reach.
pub(crate) fn haproxy() -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("haproxy");
    command.env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin"));
    command
}

/// Where the shipped files are.
pub(crate) fn config_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packaging/haproxy")
}

impl Gateway {
    /// Starts HAProxy on map files with these texts and waits until it listens.
    pub(crate) fn start(transport: Transport, texts: &Texts) -> Self {
        Self::start_binding(transport, texts, Door::Mseal, "")
    }

    /// Likewise, and behind the door's own address its `SUIFTLY_BIND_…` has `more`: further addresses, parameters.
    pub(crate) fn start_binding(transport: Transport, texts: &Texts, door: Door, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let maps = dir.path().join("maps");
        texts.write(&maps);
        Self::start_with(transport, dir, maps, (door, more.to_owned()), Vec::new())
    }

    /// Starts HAProxy on the map files in `maps`, a directory of the caller's.
    pub(crate) fn start_in(transport: Transport, maps: &Path) -> Self {
        Self::start_in_with(transport, maps, Vec::new())
    }

    /// The same with these variables more, which win over the others: `SUIFTLY_LOG_ADDR` takes the lines from the receiver.
    pub(crate) fn start_in_with(transport: Transport, maps: &Path, variables: Vec<(&'static str, String)>) -> Self {
        let (dir, more_bind) = (tempfile::tempdir().unwrap(), (Door::Mseal, String::new()));
        Self::start_with(transport, dir, maps.to_owned(), more_bind, variables)
    }

    fn start_with(
        transport: Transport,
        dir: TempDir,
        maps: PathBuf,
        more_bind: (Door, String),
        variables: Vec<(&'static str, String)>,
    ) -> Self {
        let [doors @ .., origin_1, origin_2] = free_addresses::<8>();
        let notify = UnixDatagram::bind(dir.path().join("notify")).unwrap();
        notify.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut gateway = Self {
            master: None,
            transport,
            doors,
            more_bind,
            variables,
            origins: [origin_1, origin_2],
            maps,
            notify,
            receiver: Receiver::bind(transport),
            runtime: RuntimeSocket::new(dir.path().join("haproxy.sock")),
            dir,
        };
        gateway.restart();
        gateway
    }

    /// Starts HAProxy again: same addresses, map files, socket and receiver. Kills it first if it runs.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.master = Some(self.command().spawn().expect("HAProxy is installed"));
        self.await_ready();
    }

    /// Puts a new worker in the old one's place, as `systemctl reload` does, and waits until it answers the runtime
    /// socket. The old one ends what it has under way and is gone then.
    pub(crate) fn reload(&mut self) {
        let before = self.boot();
        // What was said before is not about this reload.
        self.notify.set_nonblocking(true).unwrap();
        while self.notify.recv(&mut [0; 256]).is_ok() {}
        self.notify.set_nonblocking(false).unwrap();
        kill(self.master_pid(), Signal::SIGUSR2).unwrap();
        self.await_ready();
        let is_new = || self.runtime.boot().is_ok_and(|boot| boot != before);
        until("the new worker alone answers", || (0..NEW_IN_A_ROW).all(|_| is_new()));
    }

    /// Kills all of it at once, with no time to say goodbye. Nothing if it does not run.
    pub(crate) fn kill(&mut self) {
        let Some(mut master) = self.master.take() else { return };
        let pid = Pid::from_raw(master.id().cast_signed());
        let workers = children(pid);
        let _ = master.kill();
        let _ = master.wait();
        for worker in &workers {
            let _ = kill(*worker, Signal::SIGKILL);
        }
        until("the workers are gone", || workers.iter().all(|worker| !is_running(*worker)));
    }

    /// Where this frontend listens.
    pub(crate) fn address(&self, door: Door) -> SocketAddr {
        self.doors[door as usize]
    }

    /// The runtime socket's path.
    pub(crate) fn socket(&self) -> &Path {
        self.runtime.path()
    }

    /// The directory of the map files.
    pub(crate) fn maps(&self) -> &Path {
        &self.maps
    }

    /// A directory that is gone with the gateway.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The running worker's birth.
    pub(crate) fn boot(&self) -> UnixMillis {
        self.runtime.boot().unwrap()
    }

    /// A client that keeps its connection from request to request.
    pub(crate) fn client(&self, door: Door) -> Client {
        Client::new(self.address(door))
    }

    /// Sends these bytes over a connection of their own and reads all that comes back.
    pub(crate) fn send(&self, door: Door, bytes: &[u8]) -> Answer {
        client::send(self.address(door), bytes)
    }

    /// A GET with these further header lines, each ended by CR LF, over a connection of its own.
    pub(crate) fn get(&self, door: Door, path: &str, headers: &str) -> Answer {
        client::get(self.address(door), path, headers)
    }

    /// The next `count` SF1 lines that were received, without their framing, in the order in which the requests began,
    /// worker by worker (threads write their lines when they get to it).
    pub(crate) fn lines(&self, count: usize) -> Vec<String> {
        let mut lines: Vec<String> = (0..count).map(|_| self.receiver.line()).collect();
        lines.sort_by_key(|line| [BOOT, REQUEST_COUNTER].map(|at| token(line, at).parse::<u64>().unwrap()));
        lines
    }

    /// How many SF1 lines have come by UDP.
    pub(crate) fn received(&self) -> Arc<AtomicUsize> {
        self.receiver.received()
    }

    /// The command line, and the environment that `haproxy.cfg` documents.
    fn command(&self) -> Command {
        let logs = if self.transport == Transport::Ring { "logs-ring.cfg" } else { "logs-udp.cfg" };
        let mut command = haproxy();
        command.arg("-Ws").current_dir(config_dir());
        let origin =
            self.variables.iter().find(|(name, _)| *name == ORIGIN).map_or("origin.cfg", |(_, file)| file.as_str());
        for file in [logs, "haproxy.cfg", origin] {
            command.args(["-f", file]);
        }
        for door in Door::ALL {
            command.env(format!("SUIFTLY_BIND_{}", door.name()), self.bind(door));
        }
        command
            .env("NOTIFY_SOCKET", self.dir.path().join("notify"))
            .env("SUIFTLY_MAPS", &self.maps)
            .env("SUIFTLY_HAPROXY_SOCKET", self.socket())
            .env("SUIFTLY_LOG_ADDR", self.receiver.address().to_string())
            .env("SUIFTLY_ORIGIN_1", self.origins[0].to_string())
            .env("SUIFTLY_ORIGIN_2", self.origins[1].to_string())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn bind(&self, door: Door) -> String {
        let more = if self.more_bind.0 == door { self.more_bind.1.as_str() } else { "" };
        format!("{}{more}", self.address(door))
    }

    fn master_pid(&self) -> Pid {
        Pid::from_raw(self.master.as_ref().expect("HAProxy runs").id().cast_signed())
    }

    /// The master tells systemd's protocol that it reloads itself first, then that its worker is there.
    fn await_ready(&self) {
        let mut message = [0; 256];
        loop {
            let length = self.notify.recv(&mut message).expect("HAProxy starts");
            if message[..length].starts_with(b"READY=1") {
                return;
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Looks until it holds; fails with `what` when patience ends.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Whether it is there, and not just waiting to be reaped by whoever adopted it.
fn is_running(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The processes that this one started.
fn children(pid: Pid) -> Vec<Pid> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|child| child.parse().ok()).map(Pid::from_raw).collect()
}

/// Addresses that were free just now, below the ports that the system gives to clients: those could be taken by any
/// connection until HAProxy binds, or while it is down. Each process begins elsewhere.
pub(crate) fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    const A_GATEWAY: u32 = 16;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let mut held = Vec::new();
    while held.len() < N {
        let turn = std::process::id() * A_GATEWAY + TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + turn % COUNT).unwrap();
        held.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    }
    let addresses: Vec<SocketAddr> = held.iter().map(|listener| listener.local_addr().unwrap()).collect();
    addresses.try_into().unwrap()
}
