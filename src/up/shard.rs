//! `suiftly serve --role dataflow`: one of the processes that turn lines into usage and dollars, each for its shards.
//!
//! ```text
//! ingesters ═parts═▶ Held ─┐
//! process 0 ═order═▶ Orders ┴▶ decoder ─batches─▶ feeder ─▶ dataflow ─deltas─▶ joiner ─▶ fronts ═deltas═▶ API
//!        ▲ what was received                       (the mesh, with all others)    └───▶ store writer ─▶ firehose
//! ```
//!
//! Process 0 keeps the order beside that ([`lead`], [`keeping`]), and gives quarantined lines again ([`giving`]). Nobody begins
//! before all are there; from then on the end of one is the end of all, within seconds, and their units start them again: they
//! go on from what is stored. docs/design/2026-11-23-cluster.md says why each line is then in each view once.

mod admin;
mod decoding;
mod following;
mod fronts;
mod giving;
mod joined;
mod keeping;
mod lead;
mod members;
mod mesh;
mod orders;
mod pipeline;
mod run;

use super::{page, service, stop_signal};
use crate::cluster::Seat;
use crate::commands::find_database;
use crate::config::Config;
use crate::place::Place;
use anyhow::{Context, ensure};
use crossbeam_channel::bounded;
use fronts::Fronts;
use giving::Giving;
use joined::Joined;
use lead::Led;
use members::Members;
use mesh::MeshLink;
use orders::Source;
use pipeline::{Begin, Pipeline};
use run::{Run, refuse};
use std::sync::Arc;
use std::time::Duration;
use suiftly_ingest::order::{Cut, Start};
use suiftly_ingest::ship::Held;
use suiftly_link::{Door, Purpose};
use suiftly_schema::shard::ShardSet;
use suiftly_store::config::StoreConfig;
use tokio::sync::{mpsc, oneshot};

/// So much of each journal before the restart is read again, as a single process does: duplicates are then proven again.
const REWARM_BYTES: u32 = 32 << 20;
/// Links of the mesh that wait to be taken.
const WAITING_LINKS: usize = 16;
/// How long who cuts the order may take to end.
const CUTTER_TIMEOUT: Duration = Duration::from_secs(2);

/// Until a signal; whatever is lost before ends the process ([`Run::quit`]).
pub(super) async fn run(place: &Place, config: &Config, seat: &Seat) -> anyhow::Result<()> {
    let plain = config.admin.tls_certificate.is_none();
    ensure!(plain, "the dataflow tells /health and /metrics in plain text: take admin.tls_certificate out");
    run::exit_on_panic();
    let (stop, run) = (stop_signal()?, Run::new(seat));
    let shown = Arc::new(admin::Shown::new(&run));
    let listener = page::listen(config.admin.listen, None).await?;
    let serving = tokio::spawn(admin::serve(listener, Arc::clone(&shown)));
    let vitals = Arc::clone(&shown);
    let telling = tokio::spawn(service::tell(move || vitals.vitals()));
    tokio::pin!(stop);
    let Begun { mut pipeline, cutting } = tokio::select! {
        // Nothing has begun that would have to be ended.
        () = &mut stop => return Ok(()),
        begun = begin(&run, place, config, &shown) => begun?,
    };
    tracing::info!(role = %seat.role, generation = run.generation(), "running");
    pipeline.run_until(&run, stop).await;
    telling.abort();
    service::tell_stopping();
    run.end();
    pipeline.drain(&run).await;
    run.say_goodbye().await;
    if let Some(cutting) = cutting {
        cutting.end().await;
    }
    serving.abort();
    // Threads of the dataflow wait for others: dropping what they have would wait for them, or end them by a panic.
    std::process::exit(0)
}

/// What is to be ended.
struct Begun {
    pipeline: Pipeline,
    cutting: Option<Cutting>,
}

/// What a process begins with, be it process 0 or another.
struct Joining {
    start: Start,
    source: Source,
    room: Room,
    led: Option<Box<Led>>,
}

impl Joining {
    /// Process 0 reads its own order.
    fn of(led: Led) -> Self {
        let source = Source::Own(Box::new(led.members.order().follow_from(led.start.replay_after)));
        let (start, room) = (led.start.clone(), Room::Made(Arc::clone(&led.held)));
        Self { start, source, room, led: Some(Box::new(led)) }
    }
}

/// Where what is received goes: process 0 has it before the others join.
enum Room {
    Made(Arc<Held>),
    ToMake(oneshot::Sender<Arc<Held>>),
}

async fn begin(run: &Arc<Run>, place: &Place, config: &Config, shown: &Arc<admin::Shown>) -> anyhow::Result<Begun> {
    let door = run.seat.open_door(run.node_now()).await?;
    let (_, store) = find_database(place, config).await?;
    let fronts = Fronts::new(run);
    let (meshes, mut came) = mpsc::channel(WAITING_LINKS);
    let joining = if run.process() == 0 {
        let led = lead::lead(run, place, config, &store).await?;
        let links = Links { members: Some(Arc::clone(&led.members)), meshes, fronts: Arc::clone(&fronts) };
        tokio::spawn(links.take(door, Arc::clone(run)));
        led.members.start(led.start.clone()).await;
        Joining::of(led)
    } else {
        tokio::spawn(Links { members: None, meshes, fronts: Arc::clone(&fronts) }.take(door, Arc::clone(run)));
        let Joined { start, source, holds } = joined::join(run).await;
        run.set_generation(start.generation);
        Joining { start, source, room: Room::ToMake(holds), led: None }
    };
    // From here on the others rely on this process.
    match go_on(run, config, &store, (fronts, shown), joining, &mut came).await {
        Ok(begun) => Ok(begun),
        Err(error) => run.quit(&format_args!("{error:#}")),
    }
}

/// All are there.
async fn go_on(
    run: &Arc<Run>,
    config: &Config,
    store: &StoreConfig,
    (fronts, shown): (Arc<Fronts>, &Arc<admin::Shown>),
    joining: Joining,
    came: &mut mpsc::Receiver<MeshLink>,
) -> anyhow::Result<Begun> {
    let Joining { start, source, room, led } = joining;
    let peers = mesh::connect_all(run, came).await?;
    let order = led.as_ref().map(|led| Arc::clone(&led.members.order().tail));
    let begin = Begin { run: Arc::clone(run), start, shards: shards(run), order, fronts, shown: Arc::clone(shown) };
    let ready = begin.read(config, store, source).await?;
    let held = match room {
        Room::Made(held) => held,
        Room::ToMake(holds) => {
            let held = Arc::new(self::held(ready.starts()));
            // Nobody to take it: the link is over, and says so.
            let _ = holds.send(Arc::clone(&held));
            held
        }
    };
    let (pipeline, giving) = ready.start(peers, held).await?;
    let cutting = led.map(|led| Cutting::start(run, store, *led, &giving)).transpose()?;
    Ok(Begun { pipeline, cutting })
}

/// What has come of no journal yet. Of each that has a cut in force all is wanted after it.
fn held(starts: &[Cut]) -> Held {
    Held::new(starts.iter().map(|cut| (cut.journal, cut.through)), REWARM_BYTES)
}

fn shards(run: &Run) -> ShardSet {
    ShardSet::of_process(run.process().into(), run.seat.processes(), run.seat.threads.into())
}

/// Where links go that come in.
struct Links {
    members: Option<Arc<Members>>,
    meshes: mpsc::Sender<MeshLink>,
    fronts: Arc<Fronts>,
}

impl Links {
    async fn take(self, mut door: Door, run: Arc<Run>) {
        while let Some(link) = door.next().await {
            match (link.purpose(), &self.members) {
                (Purpose::Order, Some(members)) => drop(tokio::spawn(Arc::clone(members).serve(link))),
                (Purpose::Mesh, _) => {
                    if self.meshes.try_send(MeshLink::begin(link)).is_err() {
                        tracing::warn!("a link of the mesh came out of turn");
                    }
                }
                (Purpose::Deltas, _) => drop(tokio::spawn(Arc::clone(&self.fronts).serve(link))),
                (Purpose::Order | Purpose::Ship, _) => drop(tokio::spawn(refuse(link, "that is not had here"))),
            }
        }
        run.quit(&"the door for links is broken");
    }
}

/// Process 0's own work, at work.
struct Cutting {
    stop: crossbeam_channel::Sender<()>,
    cutter: std::thread::JoinHandle<()>,
}

impl Cutting {
    fn start(run: &Arc<Run>, store: &StoreConfig, led: Led, giving: &Arc<Giving>) -> anyhow::Result<Self> {
        let Led { members, cutter, progress, ordered, .. } = led;
        let (order, ending) = (members.order(), Arc::clone(run));
        let blocks = members::blocks_of(order.follow_from(ordered), "order-stored")?;
        tokio::spawn(keeping::put_order(Arc::clone(run), store.clone(), blocks));
        let intake = Arc::clone(&order.intake);
        tokio::spawn(keeping::keep(Arc::clone(run), store.clone(), Arc::clone(giving), Arc::clone(&intake), progress));
        tokio::spawn(keeping::tell_changes(store.clone(), intake, Arc::clone(&giving.told)));
        let (stop, stopped) = bounded(1);
        let cut = move || {
            if let Err(error) = cutter.run(&stopped)
                && !ending.is_ending()
            {
                ending.quit(&error);
            }
        };
        let cutter = std::thread::Builder::new().name("order".into()).spawn(cut).context("cannot start a thread")?;
        Ok(Self { stop, cutter })
    }

    /// What was cut is on the disk, and the journal is closed.
    async fn end(self) {
        let Self { stop, cutter } = self;
        drop(stop);
        let ended = tokio::task::spawn_blocking(move || cutter.join());
        if tokio::time::timeout(CUTTER_TIMEOUT, ended).await.is_err() {
            tracing::warn!("the order's journal is not closed yet; it is looked through at the next start");
        }
    }
}
