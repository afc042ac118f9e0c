//! A real HAProxy with the shipped configuration, free ports and a log receiver; gone when dropped.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use suiftly_edge::files::write_maps;
use suiftly_edge::maps::Maps;
use suiftly_edge::runtime::RuntimeSocket;
use suiftly_schema::grant::{Grant, GrantState};
use suiftly_schema::ids::{CustomerId, Network, Service};
use tempfile::TempDir;

/// Nothing here takes a second; what takes this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which of the shipped log targets to use.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Transport {
    Ring,
    Udp,
}

/// Which frontend to ask.
#[derive(Clone, Copy)]
pub(crate) enum Door {
    Mseal,
    Mgrpc,
    Tseal,
}

pub(crate) struct Gateway {
    master: Child,
    doors: [SocketAddr; 3],
    receiver: Receiver,
    pub(crate) runtime: RuntimeSocket,
    _dir: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
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

pub(crate) fn grant(customer: i64, key: &str, service: Service, network: Network, limits: (u32, u32)) -> Grant {
    let hash = Sha256::digest(key.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02X}").unwrap();
        hex
    });
    Grant {
        key_sha256: hash,
        customer_id: CustomerId::new(customer).unwrap(),
        service,
        network,
        api_key_fp: 16_801_928,
        key_metadata: 10_496,
        state: GrantState::Active,
        guaranteed_per_second: limits.0,
        burst_per_second: limits.1,
    }
}

impl Gateway {
    /// Starts HAProxy with these maps and waits until it listens.
    pub(crate) fn start(transport: Transport, maps: &Maps) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_maps(&dir.path().join("maps"), maps).unwrap();
        let receiver = Receiver::bind(transport);
        let [mseal, mgrpc, tseal, origin_1, origin_2] = free_addresses();
        let notify = UnixDatagram::bind(dir.path().join("notify")).unwrap();
        let socket = dir.path().join("haproxy.sock");
        let logs = if transport == Transport::Ring { "logs-ring.cfg" } else { "logs-udp.cfg" };
        let mut command = haproxy();
        command.arg("-Ws").current_dir(config_dir());
        for file in [logs, "haproxy.cfg", "origin.cfg"] {
            command.args(["-f", file]);
        }
        command
            .env("NOTIFY_SOCKET", dir.path().join("notify"))
            .env("SUIFTLY_MAPS", dir.path().join("maps"))
            .env("SUIFTLY_HAPROXY_SOCKET", &socket)
            .env("SUIFTLY_LOG_ADDR", receiver.address().to_string())
            .env("SUIFTLY_BIND_MSEAL", mseal.to_string())
            .env("SUIFTLY_BIND_MGRPC", mgrpc.to_string())
            .env("SUIFTLY_BIND_TSEAL", tseal.to_string())
            .env("SUIFTLY_ORIGIN_1", origin_1.to_string())
            .env("SUIFTLY_ORIGIN_2", origin_2.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let master = command.spawn().expect("HAProxy is installed");
        let gateway =
            Self { master, doors: [mseal, mgrpc, tseal], receiver, runtime: RuntimeSocket::new(socket), _dir: dir };
        await_ready(&notify);
        gateway
    }

    /// Sends these bytes over a connection of their own and reads all that comes back.
    pub(crate) fn send(&self, door: Door, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.doors[door as usize]).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// A GET with these further header lines, each ended by CR LF.
    pub(crate) fn get(&self, door: Door, path: &str, headers: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n{headers}\r\n");
        self.send(door, request.as_bytes())
    }

    /// The next `count` lines that were received, without their framing, in the order in which the requests began
    /// (threads write their lines when they get to it).
    pub(crate) fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines: Vec<String> = (0..count).map(|_| self.receiver.line()).collect();
        lines.sort_by_key(|line| token(line, REQUEST_COUNTER).parse::<u64>().unwrap());
        lines
    }
}

/// Where `%rt` and seq stand in an SF1 line.
const REQUEST_COUNTER: usize = 4;
pub(crate) const SEQ: usize = 5;
/// Tokens of the syslog header before the line.
const HEADER_TOKENS: usize = 7;

/// A token of the SF1 line, counted from 0 (`SF1` itself), behind its syslog header.
pub(crate) fn token(line: &str, at: usize) -> &str {
    line.split(' ').nth(HEADER_TOKENS + at).unwrap()
}

/// All tokens of the SF1 line.
pub(crate) fn tokens(line: &str) -> Vec<&str> {
    line.split(' ').skip(HEADER_TOKENS).collect()
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // The worker ends with its master.
        let _ = self.master.kill();
        let _ = self.master.wait();
    }
}

enum Receiver {
    Ring { listener: TcpListener, stream: Option<BufReader<TcpStream>> },
    Udp(UdpSocket),
}

impl Receiver {
    fn bind(transport: Transport) -> Self {
        match transport {
            Transport::Ring => {
                Self::Ring { listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), stream: None }
            }
            Transport::Udp => Self::Udp(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()),
        }
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::Ring { listener, .. } => listener.local_addr().unwrap(),
            Self::Udp(socket) => socket.local_addr().unwrap(),
        }
    }

    /// The next SF1 line; HAProxy's own messages are passed over.
    fn line(&mut self) -> String {
        loop {
            let message = self.message();
            if message.contains(" SF1 ") {
                return message;
            }
        }
    }

    fn message(&mut self) -> String {
        match self {
            Self::Ring { listener, stream } => {
                let reader = stream.get_or_insert_with(|| {
                    let (stream, _) = listener.accept().unwrap();
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    BufReader::new(stream)
                });
                let mut length = Vec::new();
                reader.read_until(b' ', &mut length).unwrap();
                let length: usize = String::from_utf8(length).unwrap().trim_end().parse().expect("octet count");
                let mut message = vec![0; length];
                reader.read_exact(&mut message).unwrap();
                String::from_utf8(message).unwrap()
            }
            Self::Udp(socket) => {
                socket.set_read_timeout(Some(PATIENCE)).unwrap();
                let mut datagram = [0; 4096];
                let length = socket.recv(&mut datagram).unwrap();
                let message = std::str::from_utf8(&datagram[..length]).unwrap();
                message.strip_suffix('\n').expect("a datagram ends in a newline").to_owned()
            }
        }
    }
}

/// The master tells systemd's protocol that it reloads itself first, then that its worker is there.
fn await_ready(notify: &UnixDatagram) {
    notify.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut message = [0; 256];
    loop {
        let length = notify.recv(&mut message).expect("HAProxy starts");
        if message[..length].starts_with(b"READY=1") {
            return;
        }
    }
}

fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let held = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    held.each_ref().map(|listener| listener.local_addr().unwrap())
}
