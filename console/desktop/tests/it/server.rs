//! A server that says exactly what a case tells it to: one answer per connection, in order.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// A request, as the server read it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does with one connection after it read the request.
pub(crate) enum Answer {
    /// Writes these bytes and closes.
    Close(Vec<u8>),
    /// The same to a client that may have had enough before the end.
    Try(Vec<u8>),
    /// Writes these bytes and keeps the connection open until the server is dropped.
    Hold(Vec<u8>),
    /// As `Hold`, once the test says so by [`Server::go`].
    HoldOnGo(Vec<u8>),
}

pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) requests: Receiver<Request>,
    go: Sender<()>,
    serving: JoinHandle<()>,
}

impl Server {
    /// Lets one answer that waits be given.
    pub(crate) fn go(&self) {
        self.go.send(()).expect("still serving");
    }

    /// Waits until every answer was given and the port is closed; answers its address.
    pub(crate) fn close(self) -> String {
        self.serving.join().expect("served");
        self.address
    }
}

/// Serves one connection per answer; then the port is closed.
pub(crate) fn serve(answers: Vec<Answer>) -> Server {
    serve_on(TcpListener::bind("127.0.0.1:0").expect("a free port"), answers)
}

/// The same on a port that is bound.
pub(crate) fn serve_on(listener: TcpListener, answers: Vec<Answer>) -> Server {
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let (sender, requests) = channel();
    let (go, gone) = channel();
    let serving = std::thread::spawn(move || {
        let mut held = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a connection");
            let request = read_request(&stream);
            match answer {
                Answer::Close(bytes) => {
                    stream.write_all(&bytes).expect("written");
                }
                Answer::Try(bytes) => {
                    let _ = stream.write_all(&bytes);
                }
                Answer::Hold(bytes) => {
                    stream.write_all(&bytes).expect("written");
                    held.push(stream);
                }
                Answer::HoldOnGo(bytes) => {
                    gone.recv().expect("told to go");
                    stream.write_all(&bytes).expect("written");
                    held.push(stream);
                }
            }
            if sender.send(request).is_err() {
                return;
            }
        }
        drop(listener);
        // Connections stay open until the console closes them.
        for stream in held {
            let mut rest = BufReader::new(stream);
            let mut line = String::new();
            while rest.read_line(&mut line).is_ok_and(|read| read > 0) {}
        }
    });
    Server { address, requests, go, serving }
}

fn read_request(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines().map(|line| line.expect("text"));
    let first = lines.next().expect("a request line");
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().expect("a method"), words.next().expect("a path"));
    let headers: Vec<_> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
        .collect();
    let mut request = Request { method, path, headers, body: String::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().expect("a length"));
    reader.take(length).read_to_string(&mut request.body).expect("a body");
    request
}

/// The head of an event stream, and what follows it.
pub(crate) fn stream(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{body}").into_bytes()
}

/// An answer without a stream.
pub(crate) fn status(line: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
}

/// An answer with a body.
pub(crate) fn answer(line: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {line}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into_bytes()
}
