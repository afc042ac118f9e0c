//! `suiftly up`: every role in this process.
//!
//! ```text
//! ingest ─batches─▶ feeder ─▶ dataflow ─deltas─▶ joiner ─▶ hub (API streams)
//!   ▲                  └────── records ─────────────┘└───▶ store writer (one transaction for several epochs)
//!   └─── reference changes out of the database's outbox
//! ```
//!
//! The manager runs its jobs beside all of it, if this process is the one.
//!
//! It is fail-stop: when a part dies the process ends with its reason, and the next start goes on from the watermark.

mod accounts;
mod backup;
mod catching_up;
mod deltas;
mod disk;
mod export;
mod firehose;
mod front;
mod handing;
mod ingester;
mod joining;
mod live;
mod loss;
mod manager;
mod notify;
mod office;
mod page;
mod quarantine;
mod rings;
mod service;
mod shard;
pub(crate) mod sockets;
mod sui;
mod telling;
mod vault;
mod writing;

use crate::cli::Place;
use crate::cluster::{Part, PartArgs, Seat};
use crate::commands::open_database;
use crate::config::{self, Config};
use crate::guards;
use crate::place;
use crate::sources;
use anyhow::Context;
use catching_up::{CatchingUp, parts};
use joining::Shown;
use live::Live;
use office::{Office, Site};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::{ApiConfig, ApiParts, Clock, PassedListeners, Server, SystemClock};
use suiftly_dataflow::{Dataflow, MAX_QUEUED_EPOCHS};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::error::IngestError;
use suiftly_ingest::listener::{ListenerConfig, PassedSockets, TlsConfig};
use suiftly_ingest::live::{Ingest, IngestConfig, IngestHandle, IngestMonitor, OpenIngest};
use suiftly_ingest::stats::Phase;
use suiftly_schema::ids::Epoch;
use suiftly_store::accounts::AccountStore;
use suiftly_store::cluster::Cluster;
use suiftly_store::config::StoreConfig;
use suiftly_store::firehose::Firehose;
use suiftly_store::maintenance;
use suiftly_store::outbox::Outbox;
use suiftly_store::reader::Reader;
use suiftly_store::writer::{Resume, Writer};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What has been read is journaled, rated and stored within this long after a signal, or the rest is left to the
/// next start, which finds it in the journal. With what ends after it, it stays below the 30 s of SPEC §14.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
/// How long threads that have nothing more to wait for may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(6);
/// How long the private cluster may take to end.
const CLUSTER_STOP_TIMEOUT: Duration = Duration::from_secs(8);
/// How often the threads are looked after.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often the writer looks whether the journal's tail has been replayed.
const LOOK_WHILE_RECOVERING: Duration = Duration::from_millis(10);
/// How often old partitions and rows are removed.
const RETENTION_EVERY: Duration = Duration::from_secs(3600);

/// Runs for development or tests, by name.
pub(crate) async fn up(place: Place, passed: PassedSockets) -> anyhow::Result<()> {
    let deployment = place.deployment()?;
    anyhow::ensure!(!deployment.is_production(), "this is a production server: its unit runs `suiftly serve`");
    let config = Config::read(place.config.as_deref())?;
    start(place, config, passed).await
}

/// Runs on a server, as what its `system.conf` says it is.
pub(crate) async fn serve(place: Place, passed: PassedSockets) -> anyhow::Result<()> {
    place::server()?;
    let config = Config::read(place.config.as_deref())?;
    guards::check(&place, &config)?;
    start(place, config, passed).await
}

/// Runs one part of a cluster: on a server as what it is, or as a deployment that is named.
pub(crate) async fn serve_part(
    place: &Place,
    part: Part,
    args: &PartArgs,
    passed: PassedSockets,
) -> anyhow::Result<()> {
    if place.deployment.is_none() {
        place::server()?;
    }
    let config = Config::read(place.config.as_deref())?;
    let seat = Seat::take(&config, part, args)?;
    guards::check_part(place, &config, &seat.role)?;
    match part {
        Part::Ingest => ingester::run(place, &config, &seat, passed).await,
        Part::Dataflow => shard::run(place, &config, &seat).await,
        Part::Api => front::run(place, &config, &seat, passed).await,
    }
}

/// Until a signal, or until a part dies.
async fn start(place: Place, config: Config, passed: PassedSockets) -> anyhow::Result<()> {
    with_database(&place, &config, async |store| run(&place, &config, store, passed).await).await
}

/// Runs beside the database, which is started for it if nobody has.
async fn with_database(
    place: &Place,
    config: &Config,
    run: impl AsyncFnOnce(&StoreConfig) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (cluster, store) = open_database(place, config).await?;
    let outcome = run(&store).await;
    // A cluster that was running before is somebody else's, or is left of a crash and will serve the next start too.
    match cluster.filter(Cluster::is_ours_to_stop) {
        Some(cluster) => outcome.and(stop(cluster).await),
        None => outcome,
    }
}

/// Brings a database to epoch `through` of the journal in a directory, with nothing else running: what a restore does.
pub(crate) async fn replay(
    journal_dir: PathBuf,
    decode: DecodeConfig,
    writer: &mut Writer,
    resume: Resume,
    through: Epoch,
) -> anyhow::Result<()> {
    CatchingUp { journal_dir, decode }.store_through(writer, resume, through).await
}

async fn stop(cluster: Cluster) -> anyhow::Result<()> {
    let stopping = tokio::task::spawn_blocking(move || cluster.stop());
    let stopped = tokio::time::timeout(CLUSTER_STOP_TIMEOUT, stopping).await;
    Ok(stopped.context("PostgreSQL was told to stop and has not ended yet")???)
}

async fn run(place: &Place, config: &Config, store: &StoreConfig, mut passed: PassedSockets) -> anyhow::Result<()> {
    let listeners = sockets::of_api(&mut passed, config);
    let kept_connections = handing::names(&passed);
    let ingest = ingest_config(place, config)?;
    let again = CatchingUp { journal_dir: ingest.journal_dir.clone(), decode: ingest.decode.clone() };
    let ingest = Ingest::open_with(&ingest, passed)?;
    let journal_id = ingest.journal_id().to_string();
    let (mut writer, mut resume) = Writer::open(store, &journal_id).await?;
    let firehose = firehose::prepare(&config.firehose, store, &journal_id, &mut writer)?;
    let monitor = firehose.as_ref().map(Firehose::monitor);
    let live = Arc::new(Live::new(&resume, ingest.last_epoch()).with_firehose(monitor));
    let reader = Reader::new(store, &journal_id)?;
    let site = Site { place, config, store };
    let (mut office, shown) = Office::open(&site, (listeners, reader), &mut resume, &live).await?;
    let told = resume.reference_seq;
    handing::take_out(&kept_connections);
    let pipeline = Pipeline::start(config, again, ingest, writer, resume, shown, Arc::clone(&live))?;
    let telling = telling::tell(Outbox::new(store), told, pipeline.ingest.monitor(), live.told());
    let telling = tokio::spawn(telling);
    let sending = firehose.map(|firehose| tokio::spawn(firehose.run()));
    office.look_on(&site, &live)?;
    let syslog = pipeline.ingest.local_addrs();
    let (tls, unix) = (syslog.tls.map(tracing::field::display), config.ingest.unix.as_ref().map(|path| path.display()));
    let unix = unix.map(tracing::field::display);
    let (api, admin) = office.local_addrs();
    tracing::info!(udp = %syslog.udp, tcp = %syslog.tcp, tls, unix, %api, %admin, "running");

    let stop = stop_signal()?;
    let told_to = async {
        stop.await;
        service::tell_stopping();
        office.stop();
    };
    let outcome = pipeline.run_until(told_to).await;
    sending.inspect(tokio::task::JoinHandle::abort);
    telling.abort();
    office.ended().await;
    outcome
}

fn ingest_config(place: &Place, config: &Config) -> anyhow::Result<IngestConfig> {
    let mut ingest = IngestConfig::new(place.data_dir.join("journal"));
    ingest.listener = listener_config(&config.ingest);
    ingest.journal = config.journal.kept();
    ingest.cut_interval = Duration::from_millis(config.journal.cut_ms);
    ingest.decode = sources::decode_config(config)?;
    Ok(ingest)
}

fn listener_config(config: &config::Ingest) -> ListenerConfig {
    let files = config.tls_certificate.as_ref().zip(config.tls_key.as_ref());
    let tls = files.map(|(certificate, key)| TlsConfig {
        listen: config.tls_listen,
        certificate: certificate.clone(),
        key: key.clone(),
        client_ca: config.tls_client_ca.clone(),
        client_required: config.tls_client_required,
    });
    ListenerConfig {
        listen: config.listen,
        udp_shards: config.udp_shards,
        tls,
        unix: config.unix.clone(),
        max_connections: config.max_connections,
        max_connections_per_peer: config.max_connections_per_peer,
        ..ListenerConfig::default()
    }
}

async fn listen(
    config: &Config,
    parts: ApiParts,
    passed: PassedListeners,
    end: &CancellationToken,
) -> anyhow::Result<Server> {
    let (limits, rules) = (config.api.limits(), config.api.rules(parts.accounts.mode.secure_cookies)?);
    let web_dir = config.api.web_dir.join("index.html").is_file().then(|| config.api.web_dir.clone());
    let (listen, admin_listen, admin_tls) = (config.api.listen, config.admin.listen, config.admin.tls());
    let deployment = config.api.deployment(&config.billing)?;
    let api = ApiConfig { listen, admin_listen, admin_tls, web_dir, limits, rules, deployment };
    Ok(suiftly_api::serve_on(passed, api, parts, end.clone()).await?)
}

/// The way of a line, from the sockets to the database.
struct Pipeline {
    ingest: IngestHandle,
    joining: joining::Joining,
    writing: tokio::task::JoinHandle<anyhow::Result<()>>,
    /// Cancelled when the database is not waited for any longer.
    give_up: CancellationToken,
}

impl Pipeline {
    fn start(
        config: &Config,
        again: CatchingUp,
        ingest: OpenIngest,
        writer: Writer,
        resume: Resume,
        shown: (Shown, vault::Telling),
        live: Arc<Live>,
    ) -> anyhow::Result<Self> {
        let (seed, from) = parts(resume);
        let dataflow = Dataflow::start(config.dataflow.workers, seed, from.books.clone())?;
        let (queue, waiting) = writing::queue();
        let (batches, taken) = crossbeam_channel::bounded(MAX_QUEUED_EPOCHS);
        let (shown, vault) = shown;
        let joining = joining::start(taken, dataflow, &live, shown.with_vault(Arc::clone(&live), vault), queue)?;
        let ingest = ingest.start(&from, batches)?;
        live.set_ingest(ingest.monitor());
        let (runtime, monitor) = (tokio::runtime::Handle::current(), ingest.monitor());
        // On a thread of its own: encoding a large commit must not hold the API's tasks up.
        let give_up = CancellationToken::new();
        let given_up = give_up.clone();
        let write = move || {
            let written = given_up.run_until_cancelled(async {
                replayed(&monitor).await;
                writing::write(writer, waiting, &live, again, |epoch| monitor.release_through(epoch)).await
            });
            runtime.block_on(written).unwrap_or(Ok(()))
        };
        let writing = tokio::task::spawn_blocking(write);
        Ok(Self { ingest, joining, writing, give_up })
    }

    /// Runs until the signal, then drains; or until the writer or a thread ends by itself, which is an error.
    async fn run_until(mut self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        tokio::pin!(stop);
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = &mut stop => return self.drain().await,
                ended = &mut self.writing => {
                    ended.context("the store writer panicked")??;
                    // Its queue was closed: the reason is with those who fed it.
                    return Err(self.post_mortem().await);
                }
                _ = look.tick() => if self.joining.has_ended() {
                    return Err(self.post_mortem().await);
                },
            }
        }
    }

    /// Takes in what was read, and brings it all the way into the database; or, when that is away, into the journal.
    async fn drain(self) -> anyhow::Result<()> {
        tracing::info!("draining");
        let Self { ingest, joining, writing, give_up } = self;
        let deadline = tokio::time::Instant::now() + DRAIN_TIMEOUT;
        let mut handing_on = tokio::task::spawn_blocking(move || end(handing::end(ingest, DRAIN_TIMEOUT), joining));
        let drained = async {
            let handed_on = (&mut handing_on).await.context("draining panicked")?;
            // The writer's reason comes first: without it nobody can hand on.
            writing.await.context("the store writer panicked")??;
            handed_on
        };
        if let Ok(drained) = tokio::time::timeout_at(deadline, drained).await {
            return drained;
        }
        // Without the writer, whoever waits for room in its queue goes on and ends.
        give_up.cancel();
        let mut reason = "the database did not take the rest".to_owned();
        if !handing_on.is_finished()
            && let Ok(Ok(Err(error))) = tokio::time::timeout(END_TIMEOUT, handing_on).await
        {
            reason = error.to_string();
        }
        anyhow::bail!("not everything was stored in time: {reason}; the next start goes on from the journal")
    }

    /// Why the threads have ended though nobody asked them to.
    async fn post_mortem(self) -> anyhow::Error {
        let Self { ingest, joining, give_up, .. } = self;
        give_up.cancel();
        let ended = tokio::task::spawn_blocking(move || end(ingest.shutdown(Duration::ZERO), joining));
        match tokio::time::timeout(END_TIMEOUT, ended).await {
            Ok(Ok(Err(error))) => error,
            Ok(Ok(Ok(()))) => anyhow::anyhow!("the pipeline has ended"),
            Ok(Err(panic)) => anyhow::anyhow!("the pipeline has ended: {panic}"),
            Err(_) => anyhow::anyhow!("the pipeline has ended, and one of its threads hangs"),
        }
    }
}

/// Until the journal's tail has been replayed. Writing waits for it: both want the processors, live figures wait for the
/// replay alone, and what the database has not is in the journal.
async fn replayed(ingest: &IngestMonitor) {
    while ingest.stats().phase == Phase::Recovering {
        tokio::time::sleep(LOOK_WHILE_RECOVERING).await;
    }
}

/// Once ingest has ended, ends the threads that take its batches. All reasons are told: when one is gone, others only
/// notice.
fn end(ingest: Result<(), IngestError>, joining: joining::Joining) -> anyhow::Result<()> {
    let ingest = ingest.err().map(|error| error.to_string());
    let threads = joining.join().err().map(|error| error.to_string());
    let reasons: Vec<_> = threads.into_iter().chain(ingest).collect();
    anyhow::ensure!(reasons.is_empty(), reasons.join("; "));
    Ok(())
}

async fn retain(store: StoreConfig, accounts: AccountStore) {
    let mut every = tokio::time::interval(RETENTION_EVERY);
    loop {
        every.tick().await;
        match maintenance::enforce_retention(&store, SystemClock.now()).await {
            Ok(removed) => tracing::debug!(?removed, "retention"),
            Err(error) => tracing::warn!(%error, "retention was not enforced; it is tried again in an hour"),
        }
        if let Err(error) = accounts.retain_sign_in(SystemClock.now()).await {
            tracing::warn!(%error, "ended sessions were not taken out; it is tried again in an hour");
        }
        match maintenance::index_closed_hours(&store).await {
            Ok(hours) => tracing::debug!(hours, "closed hours indexed"),
            Err(error) => tracing::warn!(%error, "closed hours were not indexed; it is tried again in an hour"),
        }
    }
}

pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
    })
}
