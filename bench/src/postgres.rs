//! What a PostgreSQL server spends, as the kernel tells it.

use anyhow::Context;
use std::path::Path;
use suiftly_store::testing::Client;

/// The kernel's unit of a process's times, everywhere that this runs.
const TICKS_A_SECOND: f64 = 100.0;

/// The server's processes.
pub(crate) struct Server {
    postmaster: u32,
}

impl Server {
    pub(crate) async fn of(client: &Client) -> anyhow::Result<Self> {
        let backend: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        let (postmaster, _) = stat(&Path::new("/proc").join(backend.to_string())).context("no such backend here")?;
        Ok(Self { postmaster })
    }

    /// What all that run now have spent so far.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let processes = std::fs::read_dir("/proc").context("cannot list processes")?;
        let stats = processes.filter_map(|entry| stat(&entry.ok()?.path()));
        Ok(stats.filter(|(parent, _)| *parent == self.postmaster).map(|(_, seconds)| seconds).sum())
    }
}

/// A process's parent, and the CPU-seconds that it has spent.
fn stat(process: &Path) -> Option<(u32, f64)> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some((fields.get(1)?.parse().ok()?, ticks / TICKS_A_SECOND))
}
