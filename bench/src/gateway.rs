//! `cargo xtask bench gateway`: what the ring that keeps the newest lines for repairs costs HAProxy: a third copy of each line,
//! beside the one that is delivered. The shipped configuration with the demonstration's origin, which is the same process, so
//! that the difference is what counts, not the ratio. Without it and with it in turns, each time a fresh HAProxy:
//!
//! - CPU-seconds of HAProxy per million requests, and requests per second of so many clients that ask as fast as they are
//!   answered.
//! - Its memory.
//! - Reading the ring once, as the edge does for a repair, and what that takes of HAProxy.

use crate::haproxy::{HaProxy, maps_dir};
use crate::ingest::ports;
use crate::report::{Row, dir};
use crate::server::Connection;
use anyhow::{Context, bail, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};
use suiftly_edge::runtime::KEEP_RING;

const REQUESTS: u64 = 100_000;
const RUNS: u32 = 5;
const CLIENTS: u64 = 4;
/// As the documentation advises.
const KEEP_BYTES: u64 = 64 << 20;
/// Before it is measured.
const WARM_UP: u64 = 500;
/// Until the last lines are delivered.
const SETTLE_TIME: Duration = Duration::from_millis(300);
/// A key, and what the maps know it by: `haproxy.cfg` says how they are written.
const KEY: &str = "bench";
const KEYS: &str = "1B32C28CB38C05480ECCC1BD60FF97029B57A05C96718B96DAD7E9D84894F549 1,1,10496,1,1,active\n";
const GRANTS: &str = "1:1 active,10000000,10000000,open\n";

struct Options {
    requests: u64,
    runs: u32,
}

impl Options {
    fn read(arguments: Vec<OsString>) -> anyhow::Result<Self> {
        let mut options = Self { requests: REQUESTS, runs: RUNS };
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("requests") => options.requests = parser.value()?.parse()?,
                Long("runs") => options.runs = parser.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        ensure!((1_000..=10_000_000).contains(&options.requests), "--requests must be 1000 to 10000000");
        ensure!((1..=20).contains(&options.runs), "--runs must be 1 to 20");
        Ok(options)
    }
}

/// What the runs of one kind came to.
#[derive(Default)]
struct Figures {
    cpu_seconds: Vec<f64>,
    requests_per_second: Vec<f64>,
    megabytes: Vec<f64>,
    reading_ms: Vec<f64>,
    reading_cpu_ms: Vec<f64>,
}

/// All of it.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let options = Options::read(arguments)?;
    let dir = std::path::absolute(dir()?)?.join(format!("gateway-{}", std::process::id()));
    let rows = measure(&options, &dir);
    fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    rows
}

fn measure(options: &Options, dir: &Path) -> anyhow::Result<Vec<Row>> {
    let to = receiver()?;
    let (mut without, mut with) = (Figures::default(), Figures::default());
    for run in 0..options.runs {
        // In turns: what else the machine does meets both.
        one(&dir.join(format!("{run}-without")), to, None, options.requests, &mut without)?;
        one(&dir.join(format!("{run}-with")), to, Some(KEEP_BYTES), options.requests, &mut with)?;
    }
    let case = format!("{} requests by {CLIENTS} clients, lines by TCP ring", options.requests);
    let mut rows = Vec::new();
    for (subject, figures) in [("suiftly", &without), ("suiftly, with a keep ring", &with)] {
        rows.push(Row::new(&case, subject, "CPU-s of HAProxy per million requests", figures.cpu_seconds.clone()));
        rows.push(Row::new(&case, subject, "requests/s", figures.requests_per_second.clone()));
        rows.push(Row::new(&case, subject, "MB of HAProxy at most", figures.megabytes.clone()));
    }
    let reading = format!("reading the keep ring of {} lines", options.requests);
    rows.push(Row::new(&reading, "suiftly", "ms", with.reading_ms));
    rows.push(Row::new(&reading, "suiftly", "CPU-ms of HAProxy", with.reading_cpu_ms));
    Ok(rows)
}

/// One HAProxy, warm.
fn one(dir: &Path, to: SocketAddr, keep: Option<u64>, requests: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let maps = maps_dir(dir);
    fs::create_dir_all(&maps).with_context(|| format!("cannot make {}", maps.display()))?;
    for (file, text) in [("keys.map", KEYS), ("grants.map", GRANTS)] {
        fs::write(maps.join(file), text).with_context(|| format!("cannot write {file}"))?;
    }
    let mut more = vec![("SUIFTLY_LOG_ADDR", to.to_string())];
    more.extend(keep.map(|bytes| ("SUIFTLY_KEEP_BYTES", bytes.to_string())));
    let haproxy = HaProxy::start(dir, "logs-ring.cfg", &more)?;
    ask(haproxy.door, WARM_UP)?;
    let (before, began) = (haproxy.process.cpu_seconds()?, Instant::now());
    ask_by_all(haproxy.door, requests)?;
    let took = began.elapsed();
    std::thread::sleep(SETTLE_TIME);
    let cpu = haproxy.process.cpu_seconds()? - before;
    figures.cpu_seconds.push(cpu / requests as f64 * 1e6);
    figures.requests_per_second.push(requests as f64 / took.as_secs_f64());
    if keep.is_some() {
        read_ring(&haproxy, requests, figures)?;
    }
    figures.megabytes.push(haproxy.process.peak_megabytes()?);
    Ok(())
}

fn read_ring(haproxy: &HaProxy, requests: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let mut session = haproxy.runtime.open()?;
    let (before, began, mut lines) = (haproxy.process.cpu_seconds()?, Instant::now(), 0);
    session.events(KEEP_RING, |_| lines += 1)?;
    figures.reading_ms.push(began.elapsed().as_secs_f64() * 1e3);
    figures.reading_cpu_ms.push((haproxy.process.cpu_seconds()? - before) * 1e3);
    // A ring of this size holds some 200,000.
    ensure!(lines >= requests.min(100_000), "the ring has {lines} lines of {requests}");
    Ok(())
}

fn ask_by_all(door: SocketAddr, requests: u64) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let begin = |client: u64| {
            let share = requests / CLIENTS + u64::from(client < requests % CLIENTS);
            scope.spawn(move || ask(door, share))
        };
        let clients: Vec<_> = (0..CLIENTS).map(begin).collect();
        clients.into_iter().try_for_each(|client| client.join().unwrap_or_else(|_| bail!("a client panicked")))
    })
}

/// So many requests over one connection.
fn ask(door: SocketAddr, requests: u64) -> anyhow::Result<()> {
    let mut connection = Connection::open(door)?;
    for _ in 0..requests {
        let status = connection.get_with_key("/v1/fetch_key", KEY)?.status;
        ensure!(status == 200, "the gateway answers {status}");
    }
    Ok(())
}

/// Reads lines and forgets them, as long as this program runs.
fn receiver() -> anyhow::Result<SocketAddr> {
    let address = ports::free()?;
    let listener = TcpListener::bind(address).context("cannot listen for lines")?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || forget(stream));
        }
    });
    Ok(address)
}

fn forget(mut stream: TcpStream) {
    let mut bytes = vec![0; 256 << 10];
    while stream.read(&mut bytes).is_ok_and(|read| read > 0) {}
}
