//! Requests of others meanwhile: by kept connections, paced together, with keys that are good throughout.

use crate::server::Connection;
use anyhow::Context;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use suiftly_store::seed::bulk_key;

/// Connections, each with a thread.
const CONNECTIONS: u32 = 16;
/// Keys that are asked with, in turn: each is far below what it is guaranteed.
const KEYS_USED: u32 = 2_000;
/// A connection that is further behind its pace than this does not try to catch up.
const BEHIND_MAX: Duration = Duration::from_millis(250);

/// What became of them.
pub(super) struct Tally {
    pub(super) asked: u64,
    pub(super) served: u64,
    pub(super) seconds: f64,
}

/// Requests being sent, until stopped or dropped.
pub(super) struct Background {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

struct Shared {
    stop: AtomicBool,
    door: SocketAddr,
    keys: u32,
    pace: Duration,
    began: Instant,
    asked: AtomicU64,
    served: AtomicU64,
}

impl Background {
    pub(super) fn start(door: SocketAddr, keys: u32, per_second: u32) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            door,
            keys: keys.min(KEYS_USED),
            pace: Duration::from_secs_f64(f64::from(CONNECTIONS) / f64::from(per_second)),
            began: Instant::now(),
            asked: AtomicU64::new(0),
            served: AtomicU64::new(0),
        });
        let mut background = Self { shared: Arc::clone(&shared), clients: Vec::new() };
        for number in 0..CONNECTIONS {
            let shared = Arc::clone(&shared);
            let client = std::thread::Builder::new().name(format!("background {number}"));
            background.clients.push(client.spawn(move || shared.ask(number)).context("cannot start a thread")?);
        }
        Ok(background)
    }

    pub(super) fn stop(mut self) -> Tally {
        let seconds = self.shared.began.elapsed().as_secs_f64();
        self.end();
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Tally { asked: count(&self.shared.asked), served: count(&self.shared.served), seconds }
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            // What one that panicked has counted stands.
            let _ = client.join();
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn ask(&self, number: u32) {
        // Evenly out of step with one another.
        let mut due = self.began + self.pace.mul_f64(f64::from(number) / f64::from(CONNECTIONS));
        let (mut connection, mut key) = (None, number);
        while !self.stop.load(Ordering::Relaxed) {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let is_served = self.is_served(&mut connection, &bulk_key(key % self.keys));
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.served.fetch_add(u64::from(is_served), Ordering::Relaxed);
            key = key.wrapping_add(CONNECTIONS);
            due = (due + self.pace).max(Instant::now().checked_sub(BEHIND_MAX).unwrap_or(due));
        }
    }

    /// A connection that breaks is opened again for the next.
    fn is_served(&self, connection: &mut Option<Connection>, key: &str) -> bool {
        let mut open = match connection.take() {
            Some(open) => open,
            None => match Connection::open(self.door) {
                Ok(open) => open,
                Err(_) => return false,
            },
        };
        let Ok(answer) = open.get_with_key("/v1/fetch_key", key) else { return false };
        *connection = Some(open);
        answer.status == 200
    }
}
