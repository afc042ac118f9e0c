//! The publisher's port: a thread a connection, HTTP/1.1 by hand. All of it ends when it is dropped.

use super::{Sent, Shared, State, TOKEN};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{Frame, Root};

/// As often as the real one.
const ALIVE_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Serving {
    own: Arc<Own>,
    accepting: Option<JoinHandle<()>>,
    listener: TcpListener,
}

struct Own {
    shared: Arc<Shared>,
    is_over: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Serving {
    pub(super) fn start(listener: TcpListener, shared: Arc<Shared>) -> Self {
        let own = Arc::new(Own { shared, is_over: AtomicBool::new(false), streams: Mutex::default() });
        let (accepted, serving) = (listener.try_clone().unwrap(), Arc::clone(&own));
        let accepting = std::thread::spawn(move || {
            while let Ok((stream, _)) = accepted.accept() {
                if serving.is_over() {
                    return;
                }
                serving.streams.lock().unwrap().push(stream.try_clone().unwrap());
                let own = Arc::clone(&serving);
                // A connection that ends is the edge's or the test's doing.
                std::thread::spawn(move || drop(serve(&own, stream)));
            }
        });
        Self { own, accepting: Some(accepting), listener }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.own.is_over.store(true, Ordering::Relaxed);
        self.own.shared.changed.notify_all();
        for stream in self.own.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the acceptor, which then sees that it is over.
        let _ = TcpStream::connect(self.listener.local_addr().unwrap());
        let _ = self.accepting.take().unwrap().join();
    }
}

impl Own {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

fn serve(own: &Own, mut stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let is_known = head.contains(&format!("authorization: Bearer {TOKEN}\r\n"));
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    match path.split('?').next() {
        _ if !is_known => stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"),
        Some("/api/v1/edge/report") => {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body)?;
            let report = serde_json::from_slice(&body).expect("a report in its schema");
            let answer = own.shared.state.lock().unwrap().reported(report);
            if answer.wanted.is_empty() {
                return stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            }
            let json = serde_json::to_string(&answer)?;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            stream.write_all(format!("{head}\r\ncontent-length: {}\r\n\r\n{json}", json.len()).as_bytes())
        }
        Some("/api/v1/edge/grants") => {
            own.shared.state.lock().unwrap().asked.push(path.clone());
            follow(own, &mut stream, path.split_once("root=").map(|(_, root)| root))
        }
        _ => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
    }
}

/// Streams what there is and what comes.
fn follow(own: &Own, stream: &mut TcpStream, root: Option<&str>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
    let root = root.map(|root| Root::parse(root).expect("a root"));
    let mut state = own.shared.state.lock().unwrap();
    let turn = state.asked.len();
    put(stream, &state.hello())?;
    let mut at = root.and_then(|root| state.versions.iter().rposition(|version| version.head.root == root));
    if let Some(known) = at {
        // Also without a change: the head may be another.
        let last = state.versions.len() - 1;
        put(stream, &state.versions[last].changes_from(&state.versions[known]))?;
        at = Some(last);
    }
    let mut alive_at = Instant::now() + ALIVE_EVERY;
    while !own.is_over() {
        if state.unheard >= turn {
            state = own.shared.changed.wait(state).unwrap();
        } else if let Some((sent, reached)) = due(&mut state, at) {
            at = Some(reached);
            drop(state);
            for line in &sent.lines {
                put(stream, line)?;
            }
            if sent.ends {
                return stream.write_all(b"0\r\n\r\n");
            }
            state = own.shared.state.lock().unwrap();
        } else {
            let wait = alive_at.saturating_duration_since(Instant::now());
            let version = state.versions.last().unwrap().head.version;
            let (waited, outcome) = own.shared.changed.wait_timeout(state, wait).unwrap();
            drop(waited);
            if outcome.timed_out() {
                alive_at = Instant::now() + ALIVE_EVERY;
                put(stream, &Frame::Alive { version, at: UnixMillis(1) }.line())?;
            }
            state = own.shared.state.lock().unwrap();
        }
    }
    Ok(())
}

/// What is to be sent to an edge that has the version at this place, and the place that it then has.
fn due(state: &mut State, at: Option<usize>) -> Option<(Sent, usize)> {
    let (lines, reached) = match at {
        None => (state.versions.last().unwrap().whole(), state.versions.len() - 1),
        Some(at) if at + 1 < state.versions.len() => {
            (vec![state.versions[at + 1].changes_from(&state.versions[at])], at + 1)
        }
        Some(_) => return None,
    };
    let sent = match &mut state.tamper {
        Some(tamper) => tamper(lines),
        None => Sent::lines(lines),
    };
    Some((sent, reached))
}

fn put(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())
}
