//! A receiver of lines that can go away and come back, and the loss meter over all that came: what ingest and the API are
//! together.

use crate::gateway::{BOOT, SEQ, free_addresses, token};
use crate::publisher::SERVER;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use suiftly_edge::repair::TlsFiles;
use suiftly_schema::fleet::{EdgeReport, SeqRange, WANTED_RANGES_MAX, Wanted};

pub(super) struct Home {
    address: SocketAddr,
    meter: Arc<Mutex<Meter>>,
    open: Option<Open>,
}

/// A port that is listened to.
struct Open {
    is_over: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    accepting: JoinHandle<()>,
}

/// What the meter has counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// Lines that came after they had been given up.
    pub(super) repaired: u64,
    /// Lines that came again, alike.
    pub(super) again: u64,
    /// Lines that came again with another text.
    pub(super) changed: u64,
    /// The most that were given up at a time.
    pub(super) most_missing: u64,
}

#[derive(Default)]
struct Meter {
    /// By birth and number.
    lines: BTreeMap<i64, BTreeMap<u64, String>>,
    /// Up to where numbers were to be there when it was looked last: what is missing below is lost.
    seen: BTreeMap<i64, u64>,
    lost: BTreeMap<i64, BTreeSet<u64>>,
    told: Told,
}

impl Home {
    pub(super) fn open() -> Self {
        Self::with(Arc::default())
    }

    /// Another whose lines count as this one's.
    pub(super) fn another(&self) -> Self {
        Self::with(Arc::clone(&self.meter))
    }

    fn with(meter: Arc<Mutex<Meter>>) -> Self {
        let [address] = free_addresses::<1>();
        let mut home = Self { address, meter, open: None };
        home.come_back();
        home
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// As an edge knows it.
    pub(super) fn named(&self) -> suiftly_edge::repair::Home {
        suiftly_edge::repair::Home::new(&format!("tcp://{}", self.address), TlsFiles::default()).unwrap()
    }

    /// Closes the port and every connection.
    pub(super) fn go_away(&mut self) {
        let Some(Open { is_over, streams, accepting }) = self.open.take() else { return };
        is_over.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        accepting.join().unwrap();
        for stream in streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Listens on the same port.
    pub(super) fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).unwrap();
        let (is_over, streams) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<TcpStream>>>::default());
        let (over, held, meter) = (Arc::clone(&is_over), Arc::clone(&streams), Arc::clone(&self.meter));
        let accepting = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                held.lock().unwrap().push(stream.try_clone().unwrap());
                let meter = Arc::clone(&meter);
                std::thread::spawn(move || {
                    // One that is cut off in the middle of a line ends with an error.
                    let _ = read(&stream, &meter);
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        self.open = Some(Open { is_over, streams, accepting });
    }

    /// The highest number of a worker that came; 0 before the first.
    pub(super) fn highest(&self, boot_ms: i64) -> u64 {
        self.lock().highest(boot_ms)
    }

    /// How many numbers have not come, of those up to the highest.
    pub(super) fn missing(&self, boot_ms: i64) -> u64 {
        let meter = self.lock();
        meter.highest(boot_ms) - meter.lines.get(&boot_ms).map_or(0, |lines| lines.len() as u64)
    }

    pub(super) fn told(&self) -> Told {
        self.lock().told
    }

    /// What a publisher asks for by it.
    pub(super) fn meter(&self) -> impl FnMut(&EdgeReport) -> Vec<Wanted> + Send + use<> {
        let meter = Arc::clone(&self.meter);
        move |report: &EdgeReport| meter.lock().unwrap().wanted(report)
    }

    fn lock(&self) -> MutexGuard<'_, Meter> {
        self.meter.lock().unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.go_away();
    }
}

fn read(stream: &TcpStream, meter: &Mutex<Meter>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = Vec::new();
        if reader.read_until(b' ', &mut length)? == 0 {
            return Ok(());
        }
        let length: usize = String::from_utf8(length).unwrap().trim_end().parse().map_err(io::Error::other)?;
        let mut message = vec![0; length];
        reader.read_exact(&mut message)?;
        let message = String::from_utf8(message).unwrap();
        if message.contains(" SF1 ") {
            meter.lock().unwrap().take(message);
        }
    }
}

impl Meter {
    fn take(&mut self, message: String) {
        let (boot_ms, seq) = (token(&message, BOOT).parse().unwrap(), token(&message, SEQ).parse().unwrap());
        let lines = self.lines.entry(boot_ms).or_default();
        match lines.get(&seq) {
            Some(there) if *there == message => self.told.again += 1,
            Some(_) => self.told.changed += 1,
            None => {
                lines.insert(seq, message);
                let was_lost = self.lost.get_mut(&boot_ms).is_some_and(|lost| lost.remove(&seq));
                self.told.repaired += u64::from(was_lost);
            }
        }
    }

    fn highest(&self, boot_ms: i64) -> u64 {
        self.lines.get(&boot_ms).and_then(|lines| lines.last_key_value()).map_or(0, |(seq, _)| *seq)
    }

    /// A number is lost once a higher one had come at the report before; of a worker that has ended, once it was told.
    fn wanted(&mut self, report: &EdgeReport) -> Vec<Wanted> {
        let gateway = &report.gateways[0];
        let repair = gateway.repair.clone().unwrap_or_default();
        let running = gateway.boot_ms.filter(|_| repair.has_ring).map(|boot_ms| (boot_ms, self.highest(boot_ms)));
        let ended = repair.drained.iter().map(|of| (of.boot_ms, of.last_seq.max(self.highest(of.boot_ms))));
        let workers: Vec<(i64, u64)> = running.into_iter().chain(ended).collect();
        workers.into_iter().filter_map(|(boot_ms, through)| self.wanted_of(boot_ms, through)).collect()
    }

    fn wanted_of(&mut self, boot_ms: i64, through: u64) -> Option<Wanted> {
        let before = self.seen.insert(boot_ms, through).unwrap_or(0);
        let lines = self.lines.entry(boot_ms).or_default();
        let lost: BTreeSet<u64> = (1..=before).filter(|seq| !lines.contains_key(seq)).collect();
        self.told.most_missing = self.told.most_missing.max(lost.len() as u64);
        let mut ranges: Vec<SeqRange> = Vec::new();
        for seq in lost.iter().rev() {
            match ranges.last_mut() {
                Some(range) if range.first == seq + 1 => range.first = *seq,
                _ => ranges.push(SeqRange { first: *seq, last: *seq }),
            }
        }
        self.lost.insert(boot_ms, lost);
        let is_all = ranges.len() <= WANTED_RANGES_MAX;
        ranges.truncate(WANTED_RANGES_MAX);
        (!ranges.is_empty()).then_some(Wanted { server_id: SERVER, boot_ms, ranges, is_all })
    }
}
