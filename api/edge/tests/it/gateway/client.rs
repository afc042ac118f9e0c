//! HTTP/1.1 by hand, so that a test decides every byte that is sent.

use super::PATIENCE;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// 0 if it was no answer at all.
    pub(crate) status: u16,
    /// Status line and headers, in small letters.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    fn of(head: &str, body: String) -> Self {
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_ascii_lowercase(), body }
    }
}

/// Sends these bytes over a connection of their own and reads all that comes back.
pub(super) fn send(to: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = connect(to).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Answer::of(head, body.to_owned())
}

/// A GET over a connection of its own.
pub(super) fn get(to: SocketAddr, path: &str, headers: &str) -> Answer {
    send(to, request(path, &format!("Connection: close\r\n{headers}")).as_bytes())
}

fn request(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: gateway\r\n{headers}\r\n")
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// A client that keeps its connection, and opens another once the gateway has closed it.
pub(crate) struct Client {
    to: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    /// Connects with the first request.
    pub(crate) const fn new(to: SocketAddr) -> Self {
        Self { to, stream: None }
    }

    /// A GET with these further header lines, each ended by CR LF. A connection that was closed between two requests
    /// (as at a reload) is no failure: HTTP lets the client ask again. An error if nobody answers.
    pub(crate) fn get(&mut self, path: &str, headers: &str) -> io::Result<Answer> {
        let request = request(path, headers);
        if self.stream.is_some()
            && let Ok(Some(answer)) = self.exchange(&request)
        {
            return Ok(answer);
        }
        self.stream = Some(BufReader::new(connect(self.to)?));
        self.exchange(&request)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// `None` if the connection was at its end before the answer's first byte.
    fn exchange(&mut self, request: &str) -> io::Result<Option<Answer>> {
        let Some(mut stream) = self.stream.take() else { return Ok(None) };
        stream.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match stream.read_line(&mut head)? {
                0 if head.is_empty() => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
        let mut answer = Answer::of(head.trim_end(), String::new());
        let length = header(&answer.head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
        if header(&answer.head, "connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(Some(answer))
    }
}

/// A header's value out of a head in small letters.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
