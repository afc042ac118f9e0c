//! The way of a line within a process of a cluster: decoder, dataflow, joiner, writer.

use super::super::deltas::Told;
use super::super::firehose;
use super::super::joining::{self, Joining};
use super::super::live::Live;
use super::super::writing::{self, Ended, Queue};
use super::super::{DRAIN_TIMEOUT, LOOK_EVERY};
use super::admin::{Parts, Shown};
use super::decoding::{self, Decoding};
use super::following::Followings;
use super::fronts::{Fronts, Present};
use super::giving::Giving;
use super::orders::{Orders, Source};
use super::run::Run;
use crate::config::Config;
use crate::sources;
use anyhow::Context;
use crossbeam_channel::bounded;
use std::collections::BTreeSet;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_dataflow::{Dataflow, MAX_QUEUED_EPOCHS, Mesh, Seed};
use suiftly_ingest::counters::Counters;
use suiftly_ingest::decode::{DecodeConfig, OrderedDecoder};
use suiftly_ingest::order::{Cut, Start, Tail};
use suiftly_ingest::ship::Held;
use suiftly_schema::batch::Batch;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::shard::{Shard, ShardSet};
use suiftly_schema::view::EpochDeltas;
use suiftly_store::StoreError;
use suiftly_store::config::StoreConfig;
use suiftly_store::firehose::Firehose;
use suiftly_store::shards::{ClusterStore, ShardsOf, ShardsResume};
use suiftly_store::writer::{Resume, Writer};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long what is in the dataflow may take to come out at the end: others must do their part of it.
const OUT_TIMEOUT: Duration = Duration::from_secs(8);
/// What is older is made again after a start: it waits for the database, and does not pass by.
const BEHIND_MS: i64 = 10_000;
/// How soon it is noticed that it is out.
const OUT_LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a process begins with.
pub(super) struct Begin {
    pub(super) run: Arc<Run>,
    pub(super) start: Start,
    pub(super) shards: ShardSet,
    /// The order's end, at process 0.
    pub(super) order: Option<Arc<Tail>>,
    pub(super) fronts: Arc<Fronts>,
    pub(super) shown: Arc<Shown>,
}

/// Everything has been read that is gone on from.
pub(super) struct Ready {
    of: Begin,
    writer: Writer,
    /// Sends what this process commits.
    firehose: Option<Firehose>,
    orders: Orders,
    decoder: OrderedDecoder,
    seed: Seed,
    books: PriceBooks,
    live: Arc<Live>,
    starts: Vec<Cut>,
    forgotten: BTreeSet<u16>,
}

impl Begin {
    /// Takes the shards, and reads where they stand.
    pub(super) async fn read(self, config: &Config, store: &StoreConfig, source: Source) -> anyhow::Result<Ready> {
        let decode = sources::decode_config(config)?;
        let of = ShardsOf {
            order_journal: order_journal(store).await?,
            generation: self.start.generation,
            process: self.run.process(),
            shards: self.shards,
        };
        let (mut writer, resume) = Writer::open_shards(store, &of).await?;
        // Nobody stores anything before all have begun.
        let is_alike = resume.epochs == self.start.watermarks && resume.replay_from() == self.start.replay_after;
        anyhow::ensure!(is_alike, "the shards do not stand where process 0 says");
        let firehose = firehose::prepare(&config.firehose, store, &of.order_journal, &mut writer)?;
        let processes = u16::try_from(self.run.seat.processes())?;
        let firehose = firehose.map(|firehose| firehose.of_process(of.process, processes));
        let read = tokio::task::spawn_blocking(move || self.ready(decode, source, (writer, firehose), resume));
        read.await.context("reading the order panicked")?
    }

    fn ready(
        self,
        decode: DecodeConfig,
        source: Source,
        (writer, firehose): (Writer, Option<Firehose>),
        resume: ShardsResume,
    ) -> anyhow::Result<Ready> {
        let most = self.start.watermarks.into_iter().max().unwrap_or_default();
        let (mut orders, base) = Orders::begin(source, self.start.replay_after)?;
        // Before the first epoch the clock is that of what was before the cluster, if something was.
        let cut_at = base.as_ref().map_or(resume.restart_at, |base| base.cut_at);
        let last = self.order.as_ref().map_or(most, |order| order.last());
        let monitor = firehose.as_ref().map(Firehose::monitor);
        let live = Arc::new(Live::new(&known(&resume, self.shards), last).with_firehose(monitor));
        let forgotten = resume.journals.iter().filter(|of| of.forgotten_through > 0).map(|of| of.no).collect();
        let books = PriceBooks::of(&resume.reference);
        let decoder = decoding::decoder(decode, self.shards, &self.start, &resume)?;
        let seed = decoding::seed(&self.start, cut_at, resume, orders.look_ahead(most)?);
        let starts = base.map(|base| base.cuts).unwrap_or_default();
        Ok(Ready { of: self, writer, firehose, orders, decoder, seed, books, live, starts, forgotten })
    }
}

/// What the meters go on from.
fn known(resume: &ShardsResume, shards: ShardSet) -> Resume {
    Resume {
        journal_known: true,
        epoch: resume.least(shards),
        cut_at: resume.cut_at,
        windows: resume.windows.clone(),
        folded: resume.folded.clone(),
        ..Resume::default()
    }
}

async fn order_journal(store: &StoreConfig) -> anyhow::Result<String> {
    let row = ClusterStore::new(store).row().await?;
    Ok(row.context("the database is no cluster's")?.order_journal)
}

impl Ready {
    /// The cuts in force where all begin.
    pub(super) fn starts(&self) -> &[Cut] {
        &self.starts
    }

    /// Starts everything; lines come from now on.
    pub(super) async fn start(
        self,
        peers: Vec<Option<UnixStream>>,
        held: Arc<Held>,
    ) -> anyhow::Result<(Pipeline, Arc<Giving>)> {
        let Self { of, writer, firehose, orders, decoder, seed, books, live, starts: _, forgotten } = self;
        let Begin { run, start, shards, order, fronts, shown } = of;
        let mesh = Mesh { process: run.process().into(), threads: run.seat.threads.into(), peers };
        let dataflow = tokio::task::spawn_blocking(move || Dataflow::start_on(mesh, seed, books));
        let (dataflow, deltas) = dataflow.await.context("starting the dataflow panicked")??;
        watch(&run, &dataflow)?;
        let giving = Giving::new(Followings::start(&run, shards, &held));
        let counters = Arc::<Counters>::default();
        let replay_after = start.replay_after;
        let (told, counted) = (Arc::clone(&giving), Arc::clone(&counters));
        shown.begin(Parts { live: Arc::clone(&live), giving: told, counters: counted, shards, start, order });
        fronts.begin(replay_after, Arc::clone(&shown) as Arc<dyn Present>);
        let (queue, waiting) = writing::queue();
        let (batches, taken) = bounded(MAX_QUEUED_EPOCHS);
        let show = show(fronts, shown, queue.clone(), (run.process(), shards.contains(Shard(0))));
        let joining = joining::start(taken, (dataflow, deltas), &live, show, queue)?;
        let (stop, last) = (CancellationToken::new(), CancellationToken::new());
        let decoding = Decoding { orders, held, decoder, forgotten, batches, counters, stop: stop.clone() };
        decoding.start(&run)?;
        // On a thread of its own: encoding a large commit must not hold links up.
        let (runtime, until) = (tokio::runtime::Handle::current(), last.clone());
        let write = move || runtime.block_on(writing::write_shards(writer, waiting, &live, &until));
        let writing = tokio::task::spawn_blocking(write);
        if let Some(firehose) = firehose {
            // Ends with the process: what it has not sent is noted in the database.
            tokio::spawn(firehose.run());
        }
        Ok((Pipeline { joining, writing, stop, last }, giving))
    }
}

/// Each epoch goes to whoever is linked, before the store gets it.
fn show(
    fronts: Arc<Fronts>,
    shown: Arc<Shown>,
    store: Queue,
    (process, with_reference): (u16, bool),
) -> impl FnMut(&Batch, &Arc<EpochDeltas>) -> anyhow::Result<()> + Send + 'static {
    move |batch, deltas| {
        let told = Told {
            epoch: batch.epoch,
            cut_at: batch.cut_at,
            process,
            oldest_received_at: batch.oldest_received_at,
            deltas: &**deltas,
            windows: batch.windows.clone(),
            folded: batch.folded.clone(),
            counts: batch.counts.clone(),
            reference: if with_reference { batch.reference.clone() } else { Vec::new() },
        };
        fronts.tell(told)?;
        shown.published(batch);
        if SystemClock.now().0.saturating_sub(batch.cut_at.0) > BEHIND_MS {
            store.wait_for_room();
        }
        Ok(())
    }
}

/// Whoever waits for the dataflow would not hear that a part of it is lost.
fn watch(run: &Arc<Run>, dataflow: &Dataflow) -> anyhow::Result<()> {
    let (watch, run) = (dataflow.watch(), Arc::clone(run));
    let wait = move || {
        if let Some(why) = watch.wait()
            && !run.is_ending()
        {
            run.quit(&why);
        }
    };
    std::thread::Builder::new().name("watch".into()).spawn(wait).context("cannot start a thread")?;
    Ok(())
}

/// At work.
pub(super) struct Pipeline {
    joining: Joining,
    writing: JoinHandle<Result<Ended, StoreError>>,
    /// Cancelled when nothing more is to be taken in.
    stop: CancellationToken,
    /// Cancelled when nothing more comes to the writer.
    last: CancellationToken,
}

impl Pipeline {
    /// Until it is told to stop: whatever ends before ends the process.
    pub(super) async fn run_until(&mut self, run: &Run, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = &mut stop => return,
                ended = &mut self.writing => match ended {
                    Ok(Ok(Ended::PassedBy)) => run.quit(&"the database is back, and lacks more than could wait for it"),
                    Ok(Ok(Ended::Asked)) => run.quit(&"the store writer has ended"),
                    Ok(Err(error)) => run.quit(&error),
                    Err(error) => run.quit(&error),
                },
                _ = look.tick() => if self.joining.has_ended() {
                    run.quit(&"no epoch comes out of the dataflow any more");
                },
            }
        }
    }

    /// Takes nothing more in, and stores what comes out of the dataflow yet. What does not is made again by the next start.
    pub(super) async fn drain(self, run: &Run) {
        tracing::info!("draining");
        let Self { joining, writing, stop, last } = self;
        stop.cancel();
        let out = async {
            while !joining.are_over() {
                tokio::time::sleep(OUT_LOOK_EVERY).await;
            }
        };
        tokio::select! {
            () = out => {}
            () = run.alone() => tracing::info!("another process has ended: what needs it is left to the next start"),
            () = tokio::time::sleep(OUT_TIMEOUT) => tracing::warn!("other processes do not do their part any more"),
        }
        last.cancel();
        match tokio::time::timeout(DRAIN_TIMEOUT, writing).await {
            Ok(Ok(Ok(_))) => tracing::info!("what came out is stored"),
            Ok(Ok(Err(error))) => tracing::warn!(%error, "not all is stored: the next start does it"),
            Ok(Err(error)) => tracing::error!(%error, "the store writer ended by itself"),
            Err(_) => tracing::warn!("the database does not take what came out: the next start stores it"),
        }
    }
}
