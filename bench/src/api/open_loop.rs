//! Questions at a rate, whether or not those before are answered: a slow answer delays none, and its time counts from the
//! moment that it was due.

use crate::server::Connection;
use anyhow::{Context, ensure};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Connections, each with a thread that waits: so many questions may be under way.
const CONNECTIONS: usize = 32;

/// What to ask, and how often.
pub(super) struct Plan<'a> {
    pub(super) address: SocketAddr,
    pub(super) path: &'a str,
    pub(super) token: &'a str,
    pub(super) rate: u64,
    pub(super) seconds: u64,
}

/// How long each answer took from when its question was due, in milliseconds, ascending. An answer that is no success is an
/// error.
pub(super) fn run(plan: &Plan<'_>) -> anyhow::Result<Vec<f64>> {
    let (next, began) = (AtomicU64::new(0), Instant::now());
    let mut took = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(|| work(plan, &next, began))).collect();
        let mut took = Vec::new();
        for worker in workers {
            took.extend(worker.join().map_err(|_| anyhow::anyhow!("a thread that asks panicked"))??);
        }
        anyhow::Ok(took)
    })?;
    took.sort_by(f64::total_cmp);
    ensure!(!took.is_empty(), "nothing was asked");
    Ok(took)
}

fn work(plan: &Plan<'_>, next: &AtomicU64, began: Instant) -> anyhow::Result<Vec<f64>> {
    let mut connection = Connection::open(plan.address)?;
    let mut took = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.rate * plan.seconds {
            return Ok(took);
        }
        let due = began + Duration::from_nanos(number * 1_000_000_000 / plan.rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let answer = connection.get(plan.path, plan.token).with_context(|| format!("question {number}"))?;
        ensure!(answer.status == 200, "{} was answered with {}: {}", plan.path, answer.status, answer.body);
        took.push(due.elapsed().as_secs_f64() * 1_000.0);
    }
}
