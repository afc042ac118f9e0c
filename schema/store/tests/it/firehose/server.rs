//! A QuestDB that is none: takes `/exec` and `/write`, keeps rows by the key they are deduplicated by, and fails as told.
//!
//! HTTP is read by hand, so that a connection can be cut anywhere.

use super::ilp::{self, Line, Value};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What happens to a `/write`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The line is cut amid the request.
    CutBefore,
    /// The lines are kept, and the line is cut before the answer.
    CutAfter,
    /// The lines are kept, and the answer never comes.
    Withhold,
    /// This status, and nothing is kept.
    Status(u16),
    /// This status, though the lines are kept.
    KeepButSay(u16),
}

/// By what a row is the same row.
pub(crate) type Key = (i64, String, i64);

#[derive(Default)]
pub(crate) struct State {
    /// What the next writes meet.
    pub(crate) faults: VecDeque<Fault>,
    /// Lines with this path are refused, and all that came with them.
    pub(crate) refused_path: Option<String>,
    /// Every write is refused.
    pub(crate) refuses_all: bool,
    /// Whether `/exec` says no.
    pub(crate) refuses_statements: bool,
    pub(crate) rows: BTreeMap<Key, Line>,
    /// Lines that were kept, each time they came.
    pub(crate) arrivals: usize,
    pub(crate) writes: usize,
    pub(crate) statements: Vec<String>,
    pub(crate) authorizations: Vec<String>,
    /// What was against the protocol.
    pub(crate) offences: Vec<String>,
}

pub(crate) struct FakeQuestDb {
    pub(crate) state: Arc<Mutex<State>>,
    address: std::net::SocketAddr,
    /// A write has come to an end, or to where it is withheld.
    pub(crate) happened: Arc<Notify>,
}

impl FakeQuestDb {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (state, happened) = (Arc::new(Mutex::new(State::default())), Arc::new(Notify::new()));
        let address = listener.local_addr().unwrap();
        let (its_state, its_happened) = (Arc::clone(&state), Arc::clone(&happened));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&its_state), Arc::clone(&its_happened)));
            }
        });
        Self { state, address, happened }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }
}

/// The requests of one connection; none means it is cut.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>, happened: Arc<Notify>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let head = head(&mut stream).await?;
        let header = |name: &str| {
            head[1..].iter().find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
        let fault = match head[0].starts_with("POST /write") {
            true => state.lock().unwrap().faults.pop_front(),
            false => None,
        };
        if fault == Some(Fault::CutBefore) {
            happened.notify_one();
            return None;
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        state.lock().unwrap().authorizations.extend(header("authorization"));
        let (status, said) = state.lock().unwrap().answer(&head[0], body, fault);
        happened.notify_one();
        match fault {
            Some(Fault::CutAfter) => return None,
            Some(Fault::Withhold) => std::future::pending().await,
            _ => {}
        }
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{said}",
            said.len()
        );
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn head(stream: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|&read| read > 0)?;
        match line.trim_end() {
            "" => return Some(lines),
            other => lines.push(other.to_owned()),
        }
    }
}

impl State {
    fn answer(&mut self, request: &str, body: Vec<u8>, fault: Option<Fault>) -> (u16, String) {
        if let Some(statement) = request.strip_prefix("GET /exec?query=") {
            self.statements.push(decoded(statement.split(' ').next().unwrap()));
            return if self.refuses_statements {
                (400, "{\"error\":\"no\"}".into())
            } else {
                (200, "{\"ddl\":\"OK\"}".into())
            };
        }
        if request != "POST /write?precision=n HTTP/1.1" {
            self.offences.push(format!("unknown request {request}"));
            return (404, String::new());
        }
        self.writes += 1;
        if let Some(Fault::Status(status)) = fault {
            return (status, "{\"message\":\"told to\"}".into());
        }
        let said = self.write(body);
        match (fault, said) {
            (Some(Fault::KeepButSay(status)), _) => (status, String::new()),
            (_, Ok(())) => (204, String::new()),
            (_, Err(reason)) => (400, format!("{{\"code\":\"invalid\",\"message\":\"{reason}\",\"line\":1}}")),
        }
    }

    /// All lines of a request or none, as QuestDB does.
    fn write(&mut self, body: Vec<u8>) -> Result<(), String> {
        if self.refuses_all {
            return Err("nothing of this".to_owned());
        }
        if !self
            .statements
            .iter()
            .any(|statement| statement.contains("DEDUP UPSERT KEYS(timestamp, journal, journal_offset)"))
        {
            self.offences.push("a write before there is a table that deduplicates".to_owned());
        }
        let text = String::from_utf8(body).map_err(|error| error.to_string());
        let lines = match text.and_then(|text| ilp::read(&text)) {
            Ok(lines) => lines,
            Err(offence) => {
                self.offences.push(offence.clone());
                return Err(offence);
            }
        };
        let path = self.refused_path.clone().map(Value::Text);
        if path.is_some() && lines.iter().any(|line| line.columns.get("path_prefix") == path.as_ref()) {
            return Err("cast error for column path_prefix".to_owned());
        }
        for line in lines {
            self.arrivals += 1;
            self.rows.insert(key(&line), line);
        }
        Ok(())
    }
}

fn key(line: &Line) -> Key {
    match (&line.columns["journal"], &line.columns["journal_offset"]) {
        (Value::Symbol(journal), Value::Integer(offset)) => (line.nanos, journal.clone(), *offset),
        other => panic!("{other:?}"),
    }
}

/// Percent-decoded.
fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(out).unwrap()
}
