//! Just enough HTTP/1.1 for loopback: one kept-alive connection, bodies with a known length. It tells a request that
//! was surely not sent from one that is in doubt, which is what counting needs.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// The other side closes the connection.
    closes: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request never left.
    NotSent(io::Error),
    /// Some or all of it left; whether it was served cannot be known.
    InDoubt(io::Error),
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(error) | Failure::InDoubt(error) => error,
        }
    }
}

/// A client of one address, with a connection that is kept while the other side keeps it.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    answer_time_max: Duration,
    stream: Option<TcpStream>,
}

impl Client {
    /// A client that waits at most this long for a part of an answer. Nothing is opened yet.
    pub(crate) const fn new(address: SocketAddr, answer_time_max: Duration) -> Self {
        Self { address, answer_time_max, stream: None }
    }

    /// Sends a GET with these headers and waits for the whole answer.
    pub(crate) fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.send("GET", path, headers, "")
    }

    /// The same by any method, with a body.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, Failure> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            // Writing to a String cannot fail.
            let _ = write!(request, "{name}: {value}\r\n");
        }
        if !body.is_empty() {
            let _ = write!(request, "Content-Length: {}\r\n", body.len());
        }
        request.push_str("\r\n");
        request.push_str(body);
        let mut stream = self.connected().map_err(Failure::NotSent)?;
        stream.write_all(request.as_bytes()).map_err(Failure::InDoubt)?;
        let answer = read_answer(&mut stream).map_err(Failure::InDoubt)?;
        if !answer.closes {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// The kept connection if it is still open, else a new one.
    fn connected(&mut self) -> io::Result<TcpStream> {
        match self.stream.take() {
            Some(stream) if is_open(&stream) => Ok(stream),
            _ => {
                let stream = TcpStream::connect_timeout(&self.address, CONNECT_TIME_MAX)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(self.answer_time_max))?;
                stream.set_write_timeout(Some(self.answer_time_max))?;
                Ok(stream)
            }
        }
    }
}

/// An idle connection is open if there is nothing to read: neither its end nor anything unasked for.
fn is_open(stream: &TcpStream) -> bool {
    let peeked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    let idle = matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
    idle && stream.set_nonblocking(false).is_ok()
}

fn read_answer(stream: &mut impl io::Read) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let (head_end, head) = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break (at + 4, parse_head(&bytes[..at])?);
        }
        read_more(stream, &mut bytes)?;
    };
    if let Some(length) = head.content_length {
        while bytes.len() < head_end + length {
            read_more(stream, &mut bytes)?;
        }
    }
    let body = bytes[head_end..head_end + head.content_length.unwrap_or(0)].to_vec();
    Ok(Answer { status: head.status, body, closes: head.closes || bytes.len() > head_end + body_length(&head) })
}

fn body_length(head: &Head) -> usize {
    head.content_length.unwrap_or(0)
}

fn read_more(stream: &mut impl io::Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; 16 << 10];
    let read = loop {
        match stream.read(&mut chunk) {
            // A signal is no reason to lose an answer.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if bytes.len() + read > ANSWER_BYTES_MAX {
        return Err(invalid("the answer is too long"));
    }
    bytes.extend_from_slice(&chunk[..read]);
    Ok(())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    status: u16,
    content_length: Option<usize>,
    closes: bool,
}

fn parse_head(bytes: &[u8]) -> io::Result<Head> {
    let text = std::str::from_utf8(bytes).map_err(|_| invalid("the answer's head is no text"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let mut head = Head { status: status.ok_or_else(|| invalid("the answer is not HTTP/1.1"))?, ..Head::default() };
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => head.content_length = value.parse().ok(),
            "connection" => head.closes = value.eq_ignore_ascii_case("close"),
            "transfer-encoding" => return Err(invalid("the answer comes in chunks")),
            _ => {}
        }
    }
    // Without a length the body ends with the connection; nobody here needs such a body.
    head.closes |= head.content_length.is_none() && !matches!(head.status, 204 | 304);
    Ok(head)
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::net::TcpListener;

    #[test]
    fn answers_are_read_to_their_last_byte() {
        type Read = (u16, &'static str, bool);
        let cases: [(&str, Option<Read>); 8] = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Some((200, "hello", false))),
            ("HTTP/1.1 429 Too Many\r\ncontent-length: 0\r\nConnection: Close\r\n\r\n", Some((429, "", true))),
            ("HTTP/1.1 204 No Content\r\n\r\n", Some((204, "", false))),
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end", Some((200, "", true))),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", None),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", None),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
            ("SSH-2.0\r\n\r\n", None),
        ];
        for (bytes, expected) in cases {
            let answer = read_answer(&mut bytes.as_bytes()).ok();
            let found = answer.map(|answer| (answer.status, String::from_utf8(answer.body).unwrap(), answer.closes));
            assert_eq!(found, expected.map(|(status, body, closes)| (status, body.to_owned(), closes)), "{bytes}");
        }
    }

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn a_refused_connection_is_surely_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert!(matches!(Client::new(address, PATIENCE).get("/", &[]), Err(Failure::NotSent(_))));
    }

    #[test]
    fn a_lost_answer_is_in_doubt_and_a_closed_connection_is_replaced() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = Client::new(listener.local_addr().unwrap(), PATIENCE);
        let server = std::thread::spawn(move || {
            let answers: [&[u8]; 3] =
                [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", b"HTTP/1.1 204 No\r\n\r\n"];
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).unwrap();
                stream.write_all(answer).unwrap();
                stream.shutdown(std::net::Shutdown::Both).unwrap();
            }
        });
        assert_eq!(client.get("/", &[("A", "b")]).unwrap().status, 200);
        // Its end has come with the shutdown, before which nothing else can be read.
        while client.stream.as_ref().is_some_and(is_open) {
            std::thread::yield_now();
        }
        assert!(matches!(client.get("/", &[]), Err(Failure::InDoubt(_))));
        assert_eq!(client.get("/", &[]).unwrap().status, 204);
        server.join().unwrap();
    }
}
