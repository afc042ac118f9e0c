//! Gateways as HAProxy is one, as far as a receiver can see: each numbers its lines and hands every one to its homes, by TCP
//! and octet-counted, from a ring of its own for each home. A ring that is full loses what is new, as HAProxy's does, or has
//! the gateway wait, where a measurement wants to know how fast lines are taken. What a connection held when it broke is lost
//! for that home.

mod ring;

use crate::numbered::{Gateway, Way, line_of, now};
use anyhow::Context as _;
use ring::{Chunk, Ring};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How many gateways there are beside the one that marks.
const GATEWAYS: usize = 4;
/// The first of them: number 1 of region 1.
const FIRST_SERVER: i16 = 17;
/// A prime, so that the customers of each gateway's lines are all of them, and of every shard.
const CUSTOMERS: u64 = 509;
const FIRST_CUSTOMER: u64 = 1_000;
/// Customers whose lines are marks: of shards far apart, so that each process of three has one.
pub(crate) type Marked = [u64; 3];
const MARKED_SHARDS: Marked = [20, 120, 220];
/// Far above all others.
const FIRST_MARKED: u64 = 3_500;
const TICK: Duration = Duration::from_millis(5);
/// Lines of a gateway that go into its rings at once, where nothing else says how many.
const CHUNK_LINES: u64 = 64;
/// After this all has been handed over that can be.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(30);

/// How many lines, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// So many a second in all, until it is stopped. What a full ring cannot hold is lost.
    PerSecond(u32),
    /// So many in all, as fast as they are taken.
    Lines(u64),
}

/// A gateway, and how many lines it has numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) gateway: Gateway,
    pub(crate) lines: u64,
}

/// A gateway with its rings.
struct Sender {
    gateway: Gateway,
    numbered: AtomicU64,
    rings: Vec<Arc<Ring>>,
}

impl Sender {
    /// The next lines, by number: into the rings of these homes.
    fn send(&self, count: u64, homes: &[usize], customer: impl Fn(u64) -> u64) {
        let (mut bytes, at) = (Vec::new(), now());
        for _ in 0..count {
            let seq = self.numbered.fetch_add(1, Ordering::Relaxed) + 1;
            let line = line_of(&self.gateway, customer(seq), seq, at);
            bytes.extend_from_slice(format!("{} {line}", line.len()).as_bytes());
        }
        let chunk = Chunk { bytes: bytes.into(), lines: count };
        homes.iter().filter_map(|home| self.rings.get(*home)).for_each(|ring| ring.push(chunk.clone()));
    }
}

/// Gateways that send, until they are stopped or dropped.
pub(crate) struct Senders {
    senders: Arc<Vec<Sender>>,
    /// Which homes each of them has.
    homes: Vec<Vec<usize>>,
    stop: Arc<AtomicBool>,
    making: Option<JoinHandle<()>>,
}

impl Senders {
    /// Each gateway sends each line to all of these homes.
    pub(crate) fn to_all(homes: &[SocketAddr], pace: Pace) -> anyhow::Result<Self> {
        Self::start(homes, pace, |_| (0..homes.len()).collect())
    }

    /// Each gateway has one of them.
    pub(crate) fn to_one_each(homes: &[SocketAddr], pace: Pace) -> anyhow::Result<Self> {
        Self::start(homes, pace, |gateway| vec![gateway % homes.len().max(1)])
    }

    fn start(addresses: &[SocketAddr], pace: Pace, homes: impl Fn(usize) -> Vec<usize>) -> anyhow::Result<Self> {
        let (boot_ms, waits) = (now().0, matches!(pace, Pace::Lines(_)));
        let mut senders = Vec::new();
        for server_id in (FIRST_SERVER..).take(GATEWAYS + 1) {
            let rings = addresses.iter().map(|home| Ring::to(*home, waits)).collect::<anyhow::Result<_>>()?;
            let gateway = Gateway { way: Way::Tcp, server_id, boot_ms: boot_ms + i64::from(server_id) };
            senders.push(Sender { gateway, numbered: AtomicU64::new(0), rings });
        }
        let (senders, stop) = (Arc::new(senders), Arc::new(AtomicBool::new(false)));
        let homes: Vec<_> = (0..=GATEWAYS).map(homes).collect();
        let (all, told, of) = (Arc::clone(&senders), Arc::clone(&stop), homes.clone());
        let making = thread::Builder::new().name("gateways".to_owned()).spawn(move || match pace {
            Pace::PerSecond(rate) => at_a_rate(&all, &of, rate, &told),
            Pace::Lines(lines) => as_fast_as_taken(&all, &of, lines, &told),
        });
        Ok(Self { senders, homes, stop, making: Some(making.context("cannot start a thread")?) })
    }

    /// Lines numbered so far, by all.
    pub(crate) fn numbered(&self) -> u64 {
        self.senders.iter().map(|sender| sender.numbered.load(Ordering::Relaxed)).sum()
    }

    /// Lines that a full ring had no room for, for all homes together.
    pub(crate) fn dropped(&self) -> u64 {
        self.senders.iter().flat_map(|sender| &sender.rings).map(|ring| ring.dropped()).sum()
    }

    /// A line more of each of these customers, by a gateway of their own; to one home alone where that is named.
    pub(crate) fn mark(&self, home: Option<usize>, of: &Marked) {
        if let Some(marker) = self.senders.get(GATEWAYS) {
            let homes = home.map_or_else(|| self.homes[GATEWAYS].clone(), |home| vec![home]);
            marker.send(of.len() as u64, &homes, |seq| of[usize::try_from(seq).unwrap_or(0) % of.len()]);
        }
    }

    /// Until all that was to be made is made: where it is not stopped, there is an end to that.
    pub(crate) fn await_made(&mut self) -> anyhow::Result<()> {
        let making = self.making.take().map_or(Ok(()), JoinHandle::join);
        making.map_err(|_| anyhow::anyhow!("the gateways' thread panicked"))
    }

    /// Ends the flow, and waits until the rings are empty, or will not be.
    pub(crate) fn stop(mut self) -> anyhow::Result<Vec<Numbered>> {
        self.stop.store(true, Ordering::Relaxed);
        self.await_made()?;
        let deadline = Instant::now() + DRAIN_TIME_MAX;
        let is_empty = |sender: &Sender| sender.rings.iter().all(|ring| ring.is_empty());
        while !self.senders.iter().all(is_empty) && Instant::now() < deadline {
            thread::sleep(TICK);
        }
        let numbered =
            |sender: &Sender| Numbered { gateway: sender.gateway, lines: sender.numbered.load(Ordering::Relaxed) };
        Ok(self.senders.iter().map(numbered).collect())
    }
}

impl Drop for Senders {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.senders.iter().flat_map(|sender| &sender.rings).for_each(|ring| ring.close());
    }
}

fn customer(seq: u64) -> u64 {
    FIRST_CUSTOMER + seq % CUSTOMERS
}

/// Others each time: who is told of one of their lines was told of a line of that time.
pub(crate) fn marked(time: u64) -> Marked {
    MARKED_SHARDS.map(|shard| ((FIRST_MARKED + time) << 8) | shard)
}

fn at_a_rate(senders: &[Sender], homes: &[Vec<usize>], rate: u32, stop: &AtomicBool) {
    let (began, mut made) = (Instant::now(), 0);
    while !stop.load(Ordering::Relaxed) {
        let due = due(rate, began.elapsed());
        let each = (due - made) / GATEWAYS as u64;
        for (sender, homes) in senders.iter().zip(homes).take(GATEWAYS).filter(|_| each > 0) {
            sender.send(each, homes, customer);
        }
        made += each * GATEWAYS as u64;
        thread::sleep(TICK);
    }
}

/// So many lines by then.
fn due(rate: u32, since: Duration) -> u64 {
    let lines = u128::from(rate) * since.as_millis() / 1_000;
    u64::try_from(lines).unwrap_or(u64::MAX)
}

fn as_fast_as_taken(senders: &[Sender], homes: &[Vec<usize>], lines: u64, stop: &AtomicBool) {
    let mut left = lines;
    for (sender, homes) in senders.iter().zip(homes).take(GATEWAYS).cycle() {
        if left == 0 || stop.load(Ordering::Relaxed) {
            return;
        }
        let count = left.min(CHUNK_LINES);
        sender.send(count, homes, customer);
        left -= count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::net::{Ipv4Addr, TcpListener};

    /// All that comes by so many connections, until each has ended.
    fn heard(listener: &TcpListener, connections: usize) -> JoinHandle<String> {
        let listener = listener.try_clone().unwrap();
        thread::spawn(move || {
            let accepted: Vec<_> = (0..connections).map(|_| listener.accept().unwrap().0).collect();
            let mut all = String::new();
            for mut stream in accepted {
                stream.read_to_string(&mut all).unwrap();
            }
            all
        })
    }

    fn lines(heard: &str) -> usize {
        heard.matches(" SF1 ").count()
    }

    #[test]
    fn each_line_goes_to_all_homes_or_to_ones_own() {
        let homes = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let at = homes.each_ref().map(|home| home.local_addr().unwrap());
        let both = homes.each_ref().map(|home| heard(home, GATEWAYS + 1));
        let mut senders = Senders::to_all(&at, Pace::Lines(1_000)).unwrap();
        senders.await_made().unwrap();
        senders.mark(None, &marked(0));
        let numbered = senders.stop().unwrap();
        assert_eq!(numbered.iter().map(|one| one.lines).sum::<u64>(), 1_003);
        let [first, second] = both.map(|home| home.join().unwrap());
        assert_eq!((lines(&first), lines(&second)), (1_003, 1_003));
        let split = homes.each_ref().map(|home| heard(home, GATEWAYS / 2));
        let mut senders = Senders::to_one_each(&at, Pace::Lines(1_000)).unwrap();
        senders.await_made().unwrap();
        drop(senders.stop().unwrap());
        let [first, second] = split.map(|home| lines(&home.join().unwrap()));
        assert!(first > 0 && second > 0 && first + second == 1_000, "{first} and {second}");
    }

    #[test]
    fn a_rate_is_kept_and_the_marked_are_of_shards_far_apart() {
        assert_eq!((due(10_000, Duration::from_millis(1_500)), due(1, Duration::from_millis(999))), (15_000, 0));
        for time in [0, 50] {
            let shards = marked(time).map(|customer| customer & 255);
            assert!(shards[0] < 85 && (86..170).contains(&shards[1]) && shards[2] > 171, "{shards:?}");
            assert!((1..600).map(customer).all(|customer| !marked(time).contains(&customer)));
        }
        assert!(marked(0).iter().all(|customer| !marked(1).contains(customer)));
    }
}
