//! Takes what HAProxy logs, by TCP or by UDP, from however many workers and for as long as the test runs.

use super::{PATIENCE, Transport};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

/// Where boot, `%rt`, seq, the traffic type and the client's address stand in an SF1 line.
pub(crate) const BOOT: usize = 3;
pub(super) const REQUEST_COUNTER: usize = 4;
pub(crate) const SEQ: usize = 5;
pub(crate) const TRAFFIC_TYPE: usize = 10;
pub(crate) const CLIENT: usize = 16;
/// What the kernel is asked to hold of datagrams.
const UDP_BUFFER_BYTES: usize = 8 << 20;
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

/// Its threads end with the test's process.
pub(super) struct Receiver {
    address: SocketAddr,
    messages: Mutex<mpsc::Receiver<String>>,
    /// SF1 lines that came by UDP.
    received: Arc<AtomicUsize>,
}

impl Receiver {
    pub(super) fn bind(transport: Transport) -> Self {
        let (sender, messages) = mpsc::channel();
        let received = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&received);
        let address = match transport {
            Transport::Ring => {
                let (listener, socket) = one_port();
                let address = listener.local_addr().unwrap();
                listen(listener, sender.clone());
                receive(socket, sender, counted);
                address
            }
            Transport::Udp => {
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                let address = socket.local_addr().unwrap();
                receive(socket, sender, counted);
                address
            }
        };
        Self { address, messages: Mutex::new(messages), received }
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn received(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.received)
    }

    /// The next SF1 line; HAProxy's own messages are passed over.
    pub(super) fn line(&self) -> String {
        let messages = self.messages.lock().unwrap();
        loop {
            let message = messages.recv_timeout(PATIENCE).expect("a line comes");
            if message.contains(" SF1 ") {
                return message;
            }
        }
    }
}

/// A port that is free for both: with the ring, what a worker logs while it stops comes by UDP.
fn one_port() -> (TcpListener, UdpSocket) {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
            return (listener, socket);
        }
    }
}

fn listen(listener: TcpListener, sender: mpsc::Sender<String>) {
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, sender) = (stream.unwrap(), sender.clone());
            // A worker's stream ends with it, also in the middle of a message when it is killed.
            thread::spawn(move || read_stream(stream, &sender));
        }
    });
}

fn read_stream(stream: TcpStream, sender: &mpsc::Sender<String>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = Vec::new();
        if reader.read_until(b' ', &mut length)? == 0 {
            return Ok(());
        }
        let length: usize = String::from_utf8(length).unwrap().trim_end().parse().expect("octet count");
        let mut message = vec![0; length];
        reader.read_exact(&mut message)?;
        if sender.send(String::from_utf8(message).unwrap()).is_err() {
            return Ok(());
        }
    }
}

fn receive(socket: UdpSocket, sender: mpsc::Sender<String>, received: Arc<AtomicUsize>) {
    // As much as the system allows: what comes while this thread does not run would be lost else, and is waited for.
    socket2::SockRef::from(&socket).set_recv_buffer_size(UDP_BUFFER_BYTES).unwrap();
    thread::spawn(move || {
        let mut datagram = [0; 4096];
        loop {
            let length = socket.recv(&mut datagram).unwrap();
            let message = std::str::from_utf8(&datagram[..length]).unwrap();
            let message = message.strip_suffix('\n').expect("a datagram ends in a newline").to_owned();
            received.fetch_add(usize::from(message.contains(" SF1 ")), Ordering::Relaxed);
            if sender.send(message).is_err() {
                return;
            }
        }
    });
}
