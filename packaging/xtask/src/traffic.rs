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
pub(crate) const CLIENTS: u32 = 16;
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

    /// Counts what others asked the same gateway, as they wrote it down: a line a request, its status or `-` if no whole
    /// answer came.
    pub(crate) fn add_written(&mut self, written: &str) -> anyhow::Result<()> {
        for line in written.lines() {
            if line == "-" {
                self.in_doubt += 1;
                continue;
            }
            let status = line.parse().with_context(|| format!("{line:?} is no status"))?;
            *self.by_status.entry(status).or_default() += 1;
        }
        Ok(())
    }
}

/// How a customer fares at the gateway, by the last answers to their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Answered by the origin, and not 403.
    pub(crate) is_served: bool,
    /// When the first answer of that kind had come, after the other kind.
    pub(crate) since: Instant,
}

impl Standing {
    fn after(before: Option<Self>, is_served: bool, now: Instant) -> Self {
        before.filter(|before| before.is_served == is_served).unwrap_or(Self { is_served, since: now })
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
    /// Of each key that has been answered.
    standings: Mutex<BTreeMap<usize, Standing>>,
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
            standings: Mutex::default(),
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

    /// What became of the requests so far.
    pub(crate) fn tally(&self) -> Tally {
        self.shared.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How this customer fares; `None` while no key of theirs has been answered, or while their keys differ.
    pub(crate) fn standing(&self, customer: i64) -> Option<Standing> {
        let standings = self.shared.standings.lock().unwrap_or_else(PoisonError::into_inner);
        let of_theirs = standings.iter().filter(|(number, _)| self.shared.keys[**number].customer == customer);
        let first = of_theirs.clone().map(|(_, standing)| *standing).min_by_key(|standing| standing.since)?;
        of_theirs.map(|(_, standing)| standing.is_served).all(|served| served == first.is_served).then_some(first)
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
        let mut doors = Door::ALL.map(|door| Client::new(self.ports.of_door(door), ANSWER_TIME_MAX));
        // Evenly out of step with one another.
        let mut next = self.started + self.pace().mul_f64(f64::from(number) / f64::from(CLIENTS));
        while self.wait_until(next) {
            let focus = moment(self.base_per_second, self.started.elapsed(), &self.keys).focus;
            let request = request(&mut random, &self.keys, focus);
            let outcome = send(&mut doors[request.door as usize], request);
            self.count(&outcome);
            if let (Some(number), Ok(status)) = (request.number, &outcome) {
                self.note(number, *status);
            }
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

    /// What a key was answered. 429 says nothing of either, nor do answers of the gateway's own.
    fn note(&self, number: usize, status: u16) {
        if status == 403 || status < 400 {
            let mut standings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
            let before = standings.get(&number).copied();
            standings.insert(number, Standing::after(before, status != 403, Instant::now()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_asked_is_counted() {
        let mut tally = Tally { by_status: BTreeMap::from([(200, 5)]), in_doubt: 1, not_sent: 0 };
        tally.add_written("200\n401\n-\n200\n").unwrap();
        assert_eq!(tally.by_status, BTreeMap::from([(200, 7), (401, 1)]));
        assert_eq!((tally.answered(), tally.in_doubt), (8, 2));
        assert!(tally.add_written("200\nwhat\n").is_err());
    }

    #[test]
    fn a_standing_lasts_until_the_other_kind_of_answer() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut standing = None;
        for (ms, is_served, since) in [(1, true, 1), (2, true, 1), (5, false, 5), (9, false, 5), (12, true, 12)] {
            standing = Some(Standing::after(standing, is_served, at(ms)));
            assert_eq!(standing, Some(Standing { is_served, since: at(since) }), "{ms}");
        }
    }
}
