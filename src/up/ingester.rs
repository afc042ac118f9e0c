//! `suiftly serve --role ingest`: lines come in, are journaled, and go to the processes of the dataflow as those ask for
//! them. It decodes nothing and has no database: what is not shipped yet stands in its journal, which is not needed any
//! more once process 0 says so. Whoever is cut off goes on behind what they have.

mod admin;

use super::live::Vitals;
use super::{DRAIN_TIMEOUT, LOOK_EVERY, handing, ingest_config, page, service, stop_signal};
use crate::cluster::Seat;
use crate::config::Config;
use crate::place::Place;
use anyhow::Context;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use suiftly_api::{Clock, SystemClock};
use suiftly_ingest::listener::PassedSockets;
use suiftly_ingest::live::{Ingest, IngestHandle, IngestMonitor};
use suiftly_ingest::ship::{Placement, Shipper, Tail};
use suiftly_ingest::stats::Phase;
use suiftly_link::{Door, NodeNow};
use suiftly_schema::time::UnixMillis;
use tokio::task::{AbortHandle, JoinSet};

/// Until a signal, or until it can take no lines any more.
pub(super) async fn run(place: &Place, config: &Config, seat: &Seat, mut passed: PassedSockets) -> anyhow::Result<()> {
    let plain = config.admin.tls_certificate.is_none();
    anyhow::ensure!(plain, "an ingester tells /health and /metrics in plain text: take admin.tls_certificate out");
    let (stop, links) = (stop_signal()?, Arc::new(Links::new(SystemClock.now())));
    let admin = page::listen(config.admin.listen, passed.take_tcp(config.admin.listen)).await?;
    let door = seat.open_door(told(seat, &links)).await?;
    let ingest = ingest_config(place, config)?;
    let placement = Placement::new(ingest.decode.sources.clone());
    let kept_connections = handing::names(&passed);
    let open = Ingest::open_with(&ingest, passed)?;
    let tail = Arc::new(Tail::default());
    let shipped = open.shipped(Arc::clone(&tail));
    handing::take_out(&kept_connections);
    let ingest = open.start_undecoded(tail)?;
    let monitor = ingest.monitor();
    let shipper = Arc::new(Shipper::new(shipped, placement, monitor.clone()));
    let mut shipping = tokio::spawn(ship(door, shipper, Arc::clone(&links)));
    let serving = tokio::spawn(admin::serve(admin, monitor.clone(), Arc::clone(&links)));
    let looked = monitor.clone();
    let telling = tokio::spawn(service::tell(move || vitals(&looked)));
    let syslog = ingest.local_addrs();
    let tls = syslog.tls.map(tracing::field::display);
    tracing::info!(role = %seat.role, udp = %syslog.udp, tcp = %syslog.tcp, tls, "running");
    let outcome = tokio::select! {
        () = stop => Ok(()),
        why = stopped(&monitor) => Err(why),
        ended = &mut shipping => Err(ended.err().map_or_else(
            || anyhow::anyhow!("the door for links is broken"),
            |panic| anyhow::Error::from(panic).context("shipping ended by itself"),
        )),
    };
    telling.abort();
    service::tell_stopping();
    let ended = end(ingest).await;
    shipping.abort();
    serving.abort();
    outcome.and(ended)
}

/// What is read by now is journaled. What was not shipped is, after the next start.
async fn end(ingest: IngestHandle) -> anyhow::Result<()> {
    let ending = tokio::task::spawn_blocking(move || handing::end(ingest, DRAIN_TIMEOUT));
    Ok(ending.await.context("ending panicked")??)
}

/// Why it takes no lines any more, once it does not.
async fn stopped(ingest: &IngestMonitor) -> anyhow::Error {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        if let Phase::Stopped { failure } = ingest.stats().phase {
            return anyhow::anyhow!(failure.unwrap_or_else(|| "ingest has stopped".to_owned()));
        }
    }
}

fn vitals(ingest: &IngestMonitor) -> Vitals {
    let stats = ingest.stats();
    match stats.phase {
        Phase::Recovering => Vitals::Starting,
        Phase::Stopped { .. } => Vitals::Stopped,
        Phase::Live => {
            Vitals::Live { lines_per_second: stats.lines_per_second, stored_epoch: stats.durable_epoch, oldest: None }
        }
    }
}

/// What the links say, and the operators' port tells.
#[derive(Debug)]
struct Links {
    started_at: UnixMillis,
    /// The last run of the cluster that somebody came from.
    generation: AtomicU64,
    linked: AtomicUsize,
}

impl Links {
    const fn new(started_at: UnixMillis) -> Self {
        Self { started_at, generation: AtomicU64::new(0), linked: AtomicUsize::new(0) }
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn linked(&self) -> usize {
        self.linked.load(Ordering::Acquire)
    }
}

fn told(seat: &Seat, links: &Arc<Links>) -> NodeNow {
    let (seat, links) = (seat.clone(), Arc::clone(links));
    Arc::new(move || seat.node(links.generation()))
}

/// Ships to each process that comes, by its last link alone, and ends links of runs before the last.
async fn ship(mut door: Door, shipper: Arc<Shipper<IngestMonitor>>, links: Arc<Links>) {
    let mut shipping = JoinSet::new();
    let mut by_process = BTreeMap::<u16, (u64, AbortHandle)>::new();
    loop {
        let link = tokio::select! {
            link = door.next() => link,
            Some(_) = shipping.join_next() => {
                links.linked.store(shipping.len(), Ordering::Release);
                continue;
            }
        };
        let Some(link) = link else { return };
        let (who, node) = (link.peer().role.clone(), link.peer().hello.node);
        let newest = links.generation.fetch_max(node.generation, Ordering::AcqRel).max(node.generation);
        tracing::info!(%who, generation = node.generation, "linked");
        let shipper = Arc::clone(&shipper);
        let task = shipping.spawn(async move {
            let why = shipper.serve(link).await;
            tracing::warn!(%who, "not linked any more: {why}");
        });
        if let Some((_, before)) = by_process.insert(node.process, (node.generation, task)) {
            before.abort();
        }
        by_process.retain(|_, (generation, task)| {
            let is_of_now = *generation == newest || *generation == 0;
            if !is_of_now {
                task.abort();
            }
            is_of_now
        });
        links.linked.store(shipping.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
