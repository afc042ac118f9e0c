//! An origin that answers for a while, and an ingester's listener for what is told of that.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use suiftly_edge::repair::TlsFiles;
use tempfile::TempDir;

const BACKENDS: [&str; 6] =
    ["seal_mainnet", "grpc_mainnet", "graphql_mainnet", "seal_testnet", "grpc_testnet", "graphql_testnet"];
/// What is sent at once, and how often.
const CHUNK: [u8; 500] = [b'x'; 500];
const CHUNK_EVERY: Duration = Duration::from_millis(100);

/// Its threads end with the test's process.
pub(super) struct Origin {
    dir: TempDir,
    sent: Arc<AtomicU64>,
}

impl Origin {
    /// One that takes so long for an answer.
    pub(super) fn start(takes: Duration) -> Self {
        let (dir, sent) = (tempfile::tempdir().unwrap(), Arc::<AtomicU64>::default());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, counted) = (listener.local_addr().unwrap(), Arc::clone(&sent));
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let counted = Arc::clone(&counted);
                // HAProxy goes away when the test ends.
                std::thread::spawn(move || serve(stream, takes, &counted));
            }
        });
        let mut text = String::new();
        for backend in BACKENDS {
            writeln!(text, "backend {backend} from base\n    server s1 {address}\n").unwrap();
        }
        std::fs::write(dir.path().join("slow.cfg"), text).unwrap();
        Self { dir, sent }
    }

    /// The file for HAProxy.
    pub(super) fn config(&self) -> String {
        self.dir.path().join("slow.cfg").to_string_lossy().into_owned()
    }

    /// How many bytes of the answer's body were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, takes: Duration, sent: &AtomicU64) -> io::Result<()> {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    let end = Instant::now() + takes;
    while Instant::now() < end {
        stream.write_all(format!("{:x}\r\n", CHUNK.len()).as_bytes())?;
        stream.write_all(&CHUNK)?;
        stream.write_all(b"\r\n")?;
        sent.fetch_add(CHUNK.len() as u64, Ordering::SeqCst);
        std::thread::sleep(CHUNK_EVERY);
    }
    stream.write_all(b"0\r\n\r\n")
}

/// Takes octet-counted lines, and keeps each once.
pub(super) struct Home {
    address: SocketAddr,
    lines: Arc<Mutex<BTreeSet<String>>>,
}

impl Home {
    pub(super) fn open() -> Self {
        let (listener, lines) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::<Mutex<BTreeSet<String>>>::default());
        let (address, kept) = (listener.local_addr().unwrap(), Arc::clone(&lines));
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let mut text = String::new();
                if stream.read_to_string(&mut text).is_ok() {
                    kept.lock().unwrap().extend(messages(&text));
                }
            }
        });
        Self { address, lines }
    }

    /// As an edge knows it.
    pub(super) fn named(&self) -> suiftly_edge::repair::Home {
        suiftly_edge::repair::Home::new(&format!("tcp://{}", self.address), TlsFiles::default()).unwrap()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().cloned().collect()
    }
}

fn messages(mut text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    while let Some((length, rest)) = text.split_once(' ') {
        let (message, after) = rest.split_at(length.parse().unwrap());
        messages.push(message.to_owned());
        text = after;
    }
    messages
}
