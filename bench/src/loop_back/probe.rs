//! Asks the gateway with one key, at a pace, until it answers as awaited.

use crate::server::Connection;
use anyhow::{bail, ensure};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How often whoever is measured asks.
pub(super) const EVERY: Duration = Duration::from_millis(2);
/// What has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(60);
const SERVED: u16 = 200;
const REFUSED: [u16; 2] = [401, 403];

/// A key at a gateway.
pub(super) struct Probe {
    door: SocketAddr,
    connection: Connection,
    key: String,
    /// Answered with 200 so far.
    pub(super) served: u64,
}

/// When the limit, or the balance, was reached, and what came after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Crossing {
    /// The answer to the request that reached it.
    pub(super) crossed: Instant,
    /// The first refusal's answer.
    pub(super) refused: Instant,
    /// Served after the crossing request.
    pub(super) overshoot: u64,
}

impl Probe {
    pub(super) fn open(door: SocketAddr, key: &str) -> anyhow::Result<Self> {
        Ok(Self { door, connection: Connection::open(door)?, key: key.to_owned(), served: 0 })
    }

    /// Asks every [`EVERY`] until it is served; when the answer had come.
    pub(super) fn until_served(&mut self) -> anyhow::Result<Instant> {
        self.until(|status| status == SERVED)
    }

    /// The same until it is refused.
    pub(super) fn until_refused(&mut self) -> anyhow::Result<Instant> {
        self.until(|status| REFUSED.contains(&status))
    }

    fn until(&mut self, is_it: impl Fn(u16) -> bool) -> anyhow::Result<Instant> {
        let began = Instant::now();
        let mut due = began;
        while began.elapsed() < PATIENCE {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let (status, at) = self.ask()?;
            if is_it(status) {
                return Ok(at);
            }
            due = (due + EVERY).max(at);
        }
        bail!("the gateway's answers stay as they were for {PATIENCE:?}")
    }

    /// Asks so many times a second until it is refused. The request is known after which nothing more is paid for.
    pub(super) fn run_out(&mut self, paid_for: u64, per_second: u32) -> anyhow::Result<Crossing> {
        let (began, pace) = (Instant::now(), Duration::from_secs(1) / per_second);
        let mut answers = Vec::new();
        let mut due = began;
        let refused = loop {
            ensure!(
                began.elapsed() < PATIENCE,
                "it is served for {PATIENCE:?}, though {paid_for} requests are paid for"
            );
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let (status, at) = self.ask()?;
            if REFUSED.contains(&status) {
                break at;
            }
            if status == SERVED {
                answers.push(at);
            }
            due += pace;
        };
        let served = answers.len() as u64;
        // Bytes cost a little too: it may be the one before.
        ensure!(served + 1 >= paid_for, "refused after {served} requests, of {paid_for} that are paid for");
        let crossing = paid_for.clamp(1, served.max(1));
        let crossed = usize::try_from(crossing - 1).ok().and_then(|at| answers.get(at)).copied().unwrap_or(refused);
        Ok(Crossing { crossed, refused, overshoot: served.saturating_sub(crossing) })
    }

    /// A connection that the gateway has closed is opened again, once.
    fn ask(&mut self) -> anyhow::Result<(u16, Instant)> {
        let answer = match self.connection.get_with_key("/v1/fetch_key", &self.key) {
            Ok(answer) => answer,
            Err(_) => {
                self.connection = Connection::open(self.door)?;
                self.connection.get_with_key("/v1/fetch_key", &self.key)?
            }
        };
        self.served += u64::from(answer.status == SERVED);
        Ok((answer.status, Instant::now()))
    }
}
