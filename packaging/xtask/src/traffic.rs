//! Asks the gateway: a fixed number of kept-alive clients, paced together, every request counted by its outcome.

use crate::http::{Client, Failure};
use crate::plan::{DemoKey, Door, Random, Request, moment, request};
use crate::ports::Ports;
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Requests that are under way at most. Each has a thread and a connection per frontend.
const CLIENTS: u32 = 16;
/// The gateway answers within its own timeouts, which are shorter.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(40);
/// A client that is further behind its pace than this does not try to catch up.
const BEHIND_MAX: Duration = Duration::from_millis(250);
/// How often a waiting client looks whether it should stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What became of the requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Whole answers, by status.
    pub(crate) by_status: BTreeMap<u16, u64>,
    /// Sent, at least in part, without a whole answer.
    pub(crate) in_doubt: u64,
    /// Not sent, since no connection could be made.
    pub(crate) not_sent: u64,
}

impl Tally {
    pub(crate) fn answered(&self) -> u64 {
        self.by_status.values().sum()
    }
}

/// Requests being driven, until stopped or dropped.
pub(crate) struct Traffic {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

struct Shared {
    stop: AtomicBool,
    ports: Ports,
    keys: Vec<DemoKey>,
    base_per_second: u32,
    started: Instant,
    sent: AtomicU64,
    tally: Mutex<Tally>,
}

impl Traffic {
    /// Starts to ask, around this many times a second.
    pub(crate) fn start(ports: Ports, keys: Vec<DemoKey>, base_per_second: u32) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            ports,
            keys,
            base_per_second,
            started: Instant::now(),
            sent: AtomicU64::new(0),
            tally: Mutex::default(),
        });
        let mut traffic = Self { shared: Arc::clone(&shared), clients: Vec::new() };
        for number in 0..CLIENTS {
            let shared = Arc::clone(&shared);
            let client = thread::Builder::new().name(format!("client {number}"));
            traffic.clients.push(client.spawn(move || shared.ask(number)).context("cannot start a client thread")?);
        }
        Ok(traffic)
    }

    /// Requests sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// Lets what is under way be answered, then tells what became of everything.
    pub(crate) fn stop(mut self) -> Tally {
        self.end();
        self.shared.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            // A client that panicked has said so itself; what it counted stands.
            let _ = client.join();
        }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn ask(&self, number: u32) {
        let mut random = Random::seeded(u64::from(number));
        let mut doors = Door::ALL.map(|door| Client::new(self.address(door), ANSWER_TIME_MAX));
        // Evenly out of step with one another.
        let mut next = self.started + self.pace().mul_f64(f64::from(number) / f64::from(CLIENTS));
        while self.wait_until(next) {
            let focus = moment(self.base_per_second, self.started.elapsed(), &self.keys).focus;
            let request = request(&mut random, &self.keys, focus);
            let outcome = send(&mut doors[request.door as usize], request);
            self.count(&outcome);
            next = (next + self.pace()).max(Instant::now().checked_sub(BEHIND_MAX).unwrap_or(next));
        }
    }

    /// Waits until then; `false` once it is time to stop.
    fn wait_until(&self, then: Instant) -> bool {
        while !self.stop.load(Ordering::Relaxed) {
            let left = then.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(LOOK_EVERY));
        }
        false
    }

    /// The time between two requests of one client, now.
    fn pace(&self) -> Duration {
        let wanted = moment(self.base_per_second, self.started.elapsed(), &self.keys).per_second;
        Duration::from_secs_f64(f64::from(CLIENTS) / wanted)
    }

    fn address(&self, door: Door) -> std::net::SocketAddr {
        match door {
            Door::Mseal => self.ports.mseal,
            Door::Mgrpc => self.ports.mgrpc,
            Door::Tseal => self.ports.tseal,
        }
    }

    fn count(&self, outcome: &Result<u16, Failure>) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(status) => *tally.by_status.entry(*status).or_default() += 1,
            Err(Failure::InDoubt(_)) => tally.in_doubt += 1,
            Err(Failure::NotSent(_)) => tally.not_sent += 1,
        }
        if !matches!(outcome, Err(Failure::NotSent(_))) {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn send(client: &mut Client, request: Request<'_>) -> Result<u16, Failure> {
    let bearer;
    let header = match request.key {
        None => None,
        Some(key) if request.as_bearer => {
            bearer = format!("Bearer {key}");
            Some(("Authorization", bearer.as_str()))
        }
        Some(key) => Some(("X-API-Key", key)),
    };
    let answer = client.get(request.path, header.as_slice())?;
    Ok(answer.status)
}
