//! Three gateways whose every line is known by its number: one sends by TCP, one by UDP, one the same lines by both. They
//! go on whatever becomes of the receiver, as HAProxy does: what a connection held when it broke is lost, and so is
//! what a datagram found nobody for. How many were numbered is known, so what is lost can be told to the line.

use crate::plan::Random;
use anyhow::Context as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use suiftly_schema::time::UnixMillis;

/// How often lines are sent, and how many of each gateway at most: some 2,000 a second of each.
const TICK: Duration = Duration::from_millis(5);
const LINES_PER_TICK_MAX: u64 = 20;
const CONNECT_TIME_MAX: Duration = Duration::from_millis(200);
/// A receiver that reads nothing for so long has given the connection up.
const WRITE_TIME_MAX: Duration = Duration::from_secs(10);

/// How a gateway sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Tcp,
    Udp,
    Both,
}

/// A gateway: how it sends, and who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gateway {
    pub(crate) way: Way,
    pub(crate) server_id: i16,
    pub(crate) boot_ms: i64,
}

/// The gateways and their sockets.
struct Gateways {
    to: SocketAddr,
    gateways: [Gateway; 3],
    numbered: Arc<[AtomicU64; 3]>,
    tcp: Option<TcpStream>,
    udp: UdpSocket,
    random: Random,
}

/// Gateways that send until they are stopped or dropped.
pub(crate) struct Sending {
    stop: Arc<AtomicBool>,
    numbered: Arc<[AtomicU64; 3]>,
    thread: Option<JoinHandle<Gateways>>,
}

/// Gateways that send only what they are told to.
pub(crate) struct Stopped(Gateways);

impl Sending {
    /// Starts to send to this address.
    pub(crate) fn start(to: SocketAddr, seed: u64) -> anyhow::Result<Self> {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot open a UDP socket")?;
        let (boot_ms, numbered) = (now().0, Arc::<[AtomicU64; 3]>::default());
        let gateway = |way, server_id| Gateway { way, server_id, boot_ms: boot_ms + i64::from(server_id) };
        let gateways = [gateway(Way::Tcp, 17), gateway(Way::Udp, 18), gateway(Way::Both, 19)];
        let random = Random::seeded(seed);
        let mut all = Gateways { to, gateways, numbered: Arc::clone(&numbered), tcp: None, udp, random };
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = thread::Builder::new().name("gateways".to_owned()).spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                all.send_some();
                thread::sleep(TICK);
            }
            all
        });
        Ok(Self { stop, numbered, thread: Some(thread.context("cannot start a thread")?) })
    }

    /// Lines numbered so far, by all.
    pub(crate) fn numbered(&self) -> u64 {
        self.numbered.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Ends the flow; the last lines can still be sent one by one.
    pub(crate) fn stop(mut self) -> anyhow::Result<Stopped> {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().context("it is stopped once")?;
        thread.join().map(Stopped).map_err(|_| anyhow::anyhow!("the gateways' thread panicked"))
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Stopped {
    /// One more line of each.
    pub(crate) fn send_one_each(&mut self) {
        self.0.connect();
        (0..3).for_each(|at| self.0.send(at, 1));
    }

    /// Each gateway, and how many lines it has numbered.
    pub(crate) fn numbered(&self) -> [(Gateway, u64); 3] {
        std::array::from_fn(|at| (self.0.gateways[at], self.0.numbered[at].load(Ordering::Relaxed)))
    }
}

impl Gateways {
    fn send_some(&mut self) {
        self.connect();
        for at in 0..self.gateways.len() {
            let count = self.random.below(LINES_PER_TICK_MAX + 1);
            self.send(at, count);
        }
    }

    /// A refused connection is tried again at the next tick.
    fn connect(&mut self) {
        if self.tcp.is_none() {
            let stream = TcpStream::connect_timeout(&self.to, CONNECT_TIME_MAX);
            self.tcp = stream.and_then(|stream| stream.set_write_timeout(Some(WRITE_TIME_MAX)).map(|()| stream)).ok();
        }
    }

    /// The next lines of a gateway. One that has TCP alone holds them back while nobody listens, as a ring does.
    fn send(&mut self, at: usize, count: u64) {
        let gateway = self.gateways[at];
        if gateway.way == Way::Tcp && self.tcp.is_none() {
            return;
        }
        let mut stream = Vec::new();
        for _ in 0..count {
            let seq = self.numbered[at].fetch_add(1, Ordering::Relaxed) + 1;
            let line = line(&gateway, seq, now());
            if gateway.way != Way::Udp {
                stream.extend_from_slice(format!("{} {line}", line.len()).as_bytes());
            }
            if gateway.way != Way::Tcp {
                // Refused while nobody listens: the line is lost, and its number tells.
                let _ = self.udp.send_to(line.as_bytes(), self.to);
            }
        }
        if self.tcp.as_mut().is_some_and(|tcp| tcp.write_all(&stream).is_err()) {
            self.tcp = None;
        }
    }
}

/// A line of SPEC §3.2 in an RFC 5424 header. Customers, statuses and traffic types follow from the number.
fn line(gateway: &Gateway, seq: u64, at: UnixMillis) -> String {
    line_of(gateway, 1_000 + seq % 7, seq, at)
}

/// The same of this customer.
pub(crate) fn line_of(gateway: &Gateway, customer: u64, seq: u64, at: UnixMillis) -> String {
    let Gateway { server_id, boot_ms, .. } = gateway;
    let bytes = 90 + seq % 500;
    let (traffic, event, status) = match seq % 20 {
        0 => (3, 0, 429),
        1 => (1, 0, 404),
        2 => (1, 50, 500),
        3..8 => (2, 0, 200),
        _ => (1, 0, 200),
    };
    format!(
        "<134>1 {} gw haproxy 1 - - SF1 {now} {now} {boot_ms} {seq} {seq} {server_id} 1 1 2 {traffic} {event} {customer} \
         77 10496 - 203.0.113.{} v1/fetch_k {status} {bytes} 136 0 0 0 1 {} -- ok/s1 127.0.0.1 {seq:X}",
        at.rfc3339(),
        seq % 250,
        seq % 40,
        now = at.0,
    )
}

/// Now.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_thirty_tokens() {
        let gateway = Gateway { way: Way::Both, server_id: 19, boot_ms: 1_795_298_476_993 };
        let line = line(&gateway, 21, UnixMillis(1_795_298_481_991));
        let head = "<134>1 2026-11-21T22:01:21.991Z gw haproxy 1 - - ";
        let body = line.strip_prefix(head).unwrap();
        assert_eq!(body.split(' ').count(), 30, "{body}");
        assert!(body.starts_with("SF1 1795298481991 1795298481991 1795298476993 21 21 19 1 1 2 1 0 1000 "), "{body}");
    }

    #[test]
    fn every_number_is_sent_by_its_ways() {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        // Nobody listens by TCP: what has nothing else holds its lines back.
        let mut stopped = Sending::start(udp.local_addr().unwrap(), 1).unwrap().stop().unwrap();
        stopped.send_one_each();
        let numbered = stopped.numbered().map(|(gateway, count)| (gateway.way, count));
        assert_eq!(numbered[0], (Way::Tcp, 0));
        assert!(numbered[1].1 > 0 && numbered[2].1 > 0, "{numbered:?}");
        udp.set_nonblocking(true).unwrap();
        let arrived = std::iter::from_fn(|| udp.recv(&mut [0; 2_048]).ok()).count() as u64;
        assert_eq!(arrived, numbered[1].1 + numbered[2].1);
    }
}
