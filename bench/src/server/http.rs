//! As much HTTP as the benches need: a GET by HTTP/1.0, whose answer ends with its connection, server-sent events, and a
//! kept connection for many small requests.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Longer than the server lets itself.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);

/// The API of a running server.
pub struct Api {
    address: SocketAddr,
    token: String,
}

/// An answer.
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// What it says.
    pub body: String,
}

/// A server-sent event.
pub struct Event {
    /// Its type: `snapshot`, `delta`, `reset`, `pipeline`, `clock`.
    pub name: String,
    /// Its payload.
    pub data: Value,
    /// When its payload had come whole.
    pub at: Instant,
}

/// An open stream of events, until the server ends it.
pub struct Events(BufReader<TcpStream>);

impl Api {
    pub(super) fn new(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.to_owned() }
    }

    /// Asks for a path.
    pub fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let (status, mut reader) = self.open(path)?;
        let mut body = String::new();
        reader.read_to_string(&mut body).with_context(|| format!("cannot read the answer to {path}"))?;
        Ok(Answer { status, body })
    }

    /// As who asks.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Asks for a path; anything but success is an error.
    pub fn json(&self, path: &str) -> anyhow::Result<Value> {
        let Answer { status, body } = self.get(path)?;
        ensure!(status == 200, "{path} was answered with {status}: {body}");
        serde_json::from_str(&body).with_context(|| format!("the answer to {path} is no JSON"))
    }

    /// Subscribes.
    pub fn events(&self, path: &str) -> anyhow::Result<Events> {
        let (status, reader) = self.open(path)?;
        ensure!(status == 200, "{path} was answered with {status}");
        Ok(Events(reader))
    }

    /// Asks, and reads the answer's head.
    fn open(&self, path: &str) -> anyhow::Result<(u16, BufReader<TcpStream>)> {
        let Self { address, token } = self;
        let failed = || format!("cannot ask the server for {path}");
        let mut stream = TcpStream::connect(address).with_context(failed)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT)).with_context(failed)?;
        let head = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).with_context(failed)?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).with_context(failed)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).with_context(failed)?;
        while line.trim_end() != "" {
            line.clear();
            ensure!(
                reader.read_line(&mut line).with_context(failed)? > 0,
                "the answer to {path} has no end of its head"
            );
        }
        Ok((status, reader))
    }
}

/// A kept connection.
pub struct Connection {
    reader: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Connection {
    /// Opens it.
    pub fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT)).context("cannot set a time limit")?;
        stream.set_nodelay(true).context("cannot send at once")?;
        Ok(Self { reader: BufReader::new(stream), address })
    }

    /// Asks, and reads the answer to its last byte.
    pub fn get(&mut self, path: &str, token: &str) -> anyhow::Result<Answer> {
        let address = self.address;
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"))
    }

    /// Asks a gateway for a path, with an API key.
    pub fn get_with_key(&mut self, path: &str, key: &str) -> anyhow::Result<Answer> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nX-API-Key: {key}\r\n\r\n", self.address))
    }

    /// Sends JSON; anything but success is an error.
    pub fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask("POST", path, "", body)
    }

    /// Sends JSON, or nothing if it is null, as who has this token, or as nobody; anything but success is an error.
    pub fn ask(&mut self, method: &str, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if !token.is_empty() {
            request.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        if !body.is_empty() {
            request.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        let Answer { status, body } = self.send(&format!("{request}\r\n{body}"))?;
        ensure!((200..300).contains(&status), "{method} {path} was answered with {status}: {body}");
        serde_json::from_str(&body).with_context(|| format!("the answer to {path} is no JSON"))
    }

    fn send(&mut self, request: &str) -> anyhow::Result<Answer> {
        self.reader.get_mut().write_all(request.as_bytes()).context("cannot send a request")?;
        let (mut status, mut length, mut line) = (None, 0, String::new());
        loop {
            line.clear();
            ensure!(self.reader.read_line(&mut line).context("cannot read an answer")? > 0, "an answer breaks off");
            let text = line.trim_end().to_ascii_lowercase();
            if text.is_empty() {
                break;
            }
            if let Some(told) = text.strip_prefix("content-length:") {
                length = told.trim().parse().context("an answer's length is no number")?;
            }
            ensure!(!text.starts_with("transfer-encoding:"), "an answer comes in chunks");
            status = status.or_else(|| text.split(' ').nth(1)?.parse().ok());
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).context("an answer breaks off")?;
        let body = String::from_utf8(body).context("an answer is no text")?;
        Ok(Answer { status: status.context("an answer has no status")?, body })
    }
}

impl Iterator for Events {
    type Item = anyhow::Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        next_event(&mut self.0).transpose()
    }
}

/// `None` at the stream's end. Every event of ours has a name and one line of data.
fn next_event(reader: &mut impl BufRead) -> anyhow::Result<Option<Event>> {
    let (mut name, mut data, mut line) = (String::new(), None, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).context("cannot read the stream")? == 0 {
            return Ok(None);
        }
        match line.trim_end().split_once(':') {
            Some(("event", value)) => name = value.trim_start().to_owned(),
            Some(("data", value)) => {
                let at = Instant::now();
                let value = serde_json::from_str(value).with_context(|| format!("{name}: no JSON"))?;
                data = Some((value, at));
            }
            Some(_) => {}
            None => {
                if let Some((data, at)) = data.take() {
                    return Ok(Some(Event { name, data, at }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_one_after_another() {
        let text =
            ": hello\n\nevent: delta\nid: 7\ndata: {\"n\":1}\n\nretry: 1000\nevent: pipeline\ndata: 2\n\nevent: x\n";
        let mut reader = text.as_bytes();
        let mut next = || next_event(&mut reader).unwrap().map(|event| (event.name, event.data));
        assert_eq!(next(), Some(("delta".to_owned(), serde_json::json!({"n": 1}))));
        assert_eq!(next(), Some(("pipeline".to_owned(), serde_json::json!(2))));
        assert_eq!(next(), None);
    }
}
