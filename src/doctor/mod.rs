//! `suiftly doctor`: what is wrong with this server, and what to do about it.
//!
//! Each check looks (at files, sockets, the database, the running server) and then judges what it saw by a function of
//! that alone. It changes nothing, needs neither the server nor the database, and ends within a bounded time: a check
//! that takes longer than its share is told as that. With the server up it asks the operators' API for what only that
//! knows.

mod certificates;
mod clock;
mod cluster;
mod configuration;
mod database;
mod disk;
mod files;
mod finding;
mod haproxy;
mod lines;
mod metrics;
mod server;
mod sockets;
mod sui;

pub(crate) use clock::keeper as clock_keeper;

use crate::commands::unless_broken_pipe;
use crate::config::{Config, Problems};
use crate::place::Place;
use anyhow::Context;
use clap::Args;
use finding::Finding;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

/// How long one check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// As JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
    /// Look at the lines of this file (plain, .gz, .xz, .zst) instead of the journal's newest. Can be given several times.
    #[arg(long = "lines", value_name = "FILE")]
    pub(crate) lines: Vec<PathBuf>,
    /// A HAProxy configuration whose log-format is read and explained. Can be given several times.
    #[arg(long = "haproxy", value_name = "FILE")]
    pub(crate) haproxy: Vec<PathBuf>,
}

/// What every check may look at.
pub(crate) struct Ground {
    place: Place,
    config: Config,
    problems: Problems,
    lines: Vec<PathBuf>,
    haproxy: Vec<PathBuf>,
}

/// Looks, says, and fails if anything is wrong.
pub(crate) async fn doctor(args: DoctorArgs) -> anyhow::Result<()> {
    let DoctorArgs { place, json, lines, haproxy } = args;
    let (config, problems) = Config::look(place.config.as_deref());
    let findings = examine(&Ground { place, config, problems, lines, haproxy }).await;
    let text = if json { format!("{:#}\n", finding::json(&findings)) } else { finding::text(&findings) };
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write what was found"))?;
    anyhow::ensure!(finding::is_well(&findings), "something is wrong: see ✗ above");
    Ok(())
}

async fn examine(ground: &Ground) -> Vec<Finding> {
    let mut findings = configuration::check(ground);
    findings.extend(files::check(ground));
    findings.extend(certificates::check(ground));
    let running = server::look(ground).await;
    findings.extend(within("sockets", sockets::check(ground, running.is_up())).await);
    findings.extend(within("clock", clock::check()).await);
    findings.extend(within("cluster", cluster::check(ground)).await);
    findings.extend(within("disk", disk::check(ground, &running)).await);
    findings.extend(within("database", database::check(ground)).await);
    findings.extend(within("sui", sui::check(ground)).await);
    findings.extend(within("lines", lines::check(ground)).await);
    findings.extend(haproxy::check(ground));
    findings.extend(server::check(ground, &running));
    findings
}

/// A check that hangs holds up its own share alone.
async fn within(check: &'static str, work: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    tokio::time::timeout(CHECK_TIMEOUT, work).await.unwrap_or_else(|_| {
        let seen = format!("it took longer than {} s and was given up", CHECK_TIMEOUT.as_secs());
        vec![Finding::wrong(check, seen, "see whether a disk or the database hangs: dmesg, journalctl -p err")]
    })
}

/// On a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
