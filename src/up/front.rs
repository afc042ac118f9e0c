//! `suiftly serve --role api`: what people and gateways meet, of a cluster, beside its database. It takes no lines in and
//! writes no rows: each process of the dataflow tells it what its shards gained, over a link.
//!
//! ```text
//! dataflow-0 ─┐ epochs                        ┌▶ hub, publisher, loss ─▶ API, gateways
//! dataflow-1 ─┼────────▶ feed ▶ joined ─ whole┤
//! dataflow-2 ─┘                 └─ a gap ─▶ rows are read, once every shard is stored so far
//! ```
//!
//! What it shows is a cache: whatever it has missed, and what a start of the cluster does not tell again, it reads out of
//! the database. Nothing waits for it. Quarantined lines that operators give again go to process 0 ([`giving`]).

mod elsewhere;
mod feed;
mod giving;
mod joined;
mod showing;
mod windows;

pub(super) use elsewhere::Elsewhere;

use super::live::Live;
use super::office::{Office, Site};
use super::{service, sockets, stop_signal, with_database};
use crate::cluster::Seat;
use crate::config::Config;
use crate::place::Place;
use anyhow::Context;
use feed::Feed;
use showing::Showing;
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::PassedListeners;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::listener::PassedSockets;
use suiftly_schema::ids::Epoch;
use suiftly_store::StoreError;
use suiftly_store::config::StoreConfig;
use suiftly_store::reader::{FrontResume, Reader};
use suiftly_store::shards::ClusterStore;

/// The first start of a cluster.
const STARTED: u64 = 1;
/// How often it is looked whether there is a cluster.
const FOUNDED_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked how far the cluster is stored.
const STORED_EVERY: Duration = Duration::from_secs(1);
/// The same while rows are waited for.
const READ_EVERY: Duration = Duration::from_millis(100);

/// Until a signal, or until the cluster is another.
pub(super) async fn run(place: &Place, config: &Config, seat: &Seat, mut passed: PassedSockets) -> anyhow::Result<()> {
    let listeners = sockets::of_api(&mut passed, config);
    with_database(place, config, async |store| {
        let site = Site { place, config, store };
        let stop = stop_signal()?;
        tokio::pin!(stop);
        let began = tokio::select! {
            () = &mut stop => return Ok(()),
            began = begin(store) => began?,
        };
        serve(&site, seat, listeners, began, stop).await
    })
    .await
}

/// What it begins with.
struct Began {
    order: JournalId,
    reader: Reader,
    found: FrontResume,
}

async fn begin(store: &StoreConfig) -> anyhow::Result<Began> {
    let order = founded(store).await?;
    let reader = Reader::new(store, &order)?;
    let found = read(&reader, 0).await?;
    let order = order.parse().context("the journal of the cluster's order")?;
    Ok(Began { order, reader, found })
}

async fn serve(
    site: &Site<'_>,
    seat: &Seat,
    listeners: PassedListeners,
    Began { order, reader, mut found }: Began,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let elsewhere = Arc::new(Elsewhere::new(order));
    // Nothing is published to gateways before it is known what the order holds.
    let live = Arc::new(Live::new(&found.resume, Epoch::MAX).in_cluster(Arc::clone(&elsewhere)));
    let (mut office, shown) = Office::open(site, (listeners, reader.clone()), &mut found.resume, &live).await?;
    let feed = Feed::start(seat, &elsewhere.giving());
    let showing = Showing::new(seat.processes(), found, reader.clone(), shown, (Arc::clone(&live), elsewhere));
    office.look_on(site, &live)?;
    let (api, admin) = office.local_addrs();
    tracing::info!(role = %seat.role, %api, %admin, "running");
    let outcome = tokio::select! {
        () = stop => Ok(()),
        ended = showing.run(feed) => ended,
        ended = look(&reader, &live) => ended,
    };
    service::tell_stopping();
    office.ended().await;
    outcome
}

/// Waits until process 0 has made the database a cluster's. The id of its order's journal.
async fn founded(store: &StoreConfig) -> anyhow::Result<String> {
    let (mut cluster, mut is_told) = (ClusterStore::new(store), false);
    loop {
        match cluster.row().await {
            Ok(Some(row)) => return Ok(row.order_journal),
            Err(error) if !error.is_unavailable() => return Err(error.into()),
            Ok(None) | Err(_) if !is_told => {
                tracing::info!("waiting for process 0 of the dataflow, which makes the database a cluster's");
                is_told = true;
            }
            Ok(None) | Err(_) => {}
        }
        tokio::time::sleep(FOUNDED_EVERY).await;
    }
}

/// What there is to go on from, once every shard has this epoch. Waits for the database, however long.
async fn read(reader: &Reader, at_least: Epoch) -> Result<FrontResume, StoreError> {
    loop {
        let is_far_enough = reader.stored_to().await.map(|stored| stored.epoch >= at_least);
        let found = match is_far_enough {
            Ok(true) => reader.front().await.map(Some),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        match found {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(error) if error.is_unavailable() => tracing::warn!(%error, "the rows of a cluster wait to be read"),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(READ_EVERY).await;
    }
}

/// Tells how far the cluster is stored. An error if it is another cluster by now, whose order is elsewhere.
async fn look(reader: &Reader, live: &Live) -> anyhow::Result<()> {
    let mut every = tokio::time::interval(STORED_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match reader.stored_to().await {
            Ok(stored) => live.stored_to(stored.epoch, stored.records),
            Err(error) if error.is_unavailable() => {
                tracing::debug!(%error, "how far the cluster is stored is not known");
            }
            Err(error) => return Err(error).context("the cluster's order has been replaced, or its database"),
        }
    }
}
