//! Shows each epoch once all processes have told it, and reads rows where they do not tell all.

use super::elsewhere::Elsewhere;
use super::feed::{Feed, Said};
use super::joined::{Begun, Joined, Next};
use super::read;
use super::windows::{News, WindowsAsOf};
use crate::up::deltas::{Snapshot, Told};
use crate::up::joining::Shown;
use crate::up::live::Live;
use crate::up::vault::Telling;
use anyhow::Context;
use std::future::pending;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::LineCounts;
use suiftly_schema::shard::{SHARDS, Shard};
use suiftly_schema::view::EpochDeltas;
use suiftly_store::StoreError;
use suiftly_store::reader::{FrontResume, Further, Reader};
use tokio::task::JoinHandle;

/// Memory for epochs that are not complete: what is more is read out of the database.
const WAITING_BYTES_MAX: usize = 256 << 20;

/// What is shown, and from what.
pub(super) struct Showing {
    joined: Joined,
    windows: WindowsAsOf,
    /// Each process's shards, as it says.
    shards: Vec<Vec<Shard>>,
    /// How far the shards are that were read: what their rows have is not told to the vault again, nor counted.
    read: Box<[Epoch; SHARDS]>,
    further: Further,
    reader: Reader,
    shown: Shown,
    vault: Telling,
    live: Arc<Live>,
    elsewhere: Arc<Elsewhere>,
}

type Reading = JoinHandle<Result<FrontResume, StoreError>>;

impl Showing {
    pub(super) fn new(
        processes: usize,
        found: FrontResume,
        reader: Reader,
        (shown, vault): (Shown, Telling),
        (live, elsewhere): (Arc<Live>, Arc<Elsewhere>),
    ) -> Self {
        let FrontResume { resume, epochs, further, restarts } = found;
        Self {
            joined: Joined::new(processes, resume.epoch, WAITING_BYTES_MAX),
            windows: WindowsAsOf::new(restarts),
            shards: vec![Vec::new(); processes],
            read: epochs,
            further,
            reader,
            shown,
            vault,
            live,
            elsewhere,
        }
    }

    /// Goes on until it cannot.
    pub(super) async fn run(mut self, mut feed: Feed) -> anyhow::Result<()> {
        let mut reading: Option<Reading> = None;
        loop {
            tokio::select! {
                said = feed.next() => self.hear(said?),
                found = done(&mut reading) => {
                    reading = None;
                    self.go_on_from(found.context("the cluster's rows cannot be read")?);
                }
            }
            if reading.is_none()
                && let Some(at_least) = self.show_all()
            {
                tracing::info!(at_least, "the rows are read anew, once every shard is stored so far");
                let reader = self.reader.clone();
                reading = Some(tokio::spawn(async move { read(&reader, at_least).await }));
            }
        }
    }

    fn hear(&mut self, said: Said) {
        match said {
            Said::Begins(snapshot) => self.begin(&snapshot),
            Said::Told(generation, told) => self.take(generation, *told),
            Said::Now(now) => self.elsewhere.heard(now),
            Said::Gone(process) => self.elsewhere.gone(process),
        }
    }

    fn begin(&mut self, snapshot: &Snapshot) {
        let begun = self.joined.begin(snapshot);
        if begun == Begun::Old {
            return;
        }
        if begun == Begun::Anew {
            tracing::info!(generation = self.joined.generation(), "the cluster has started");
        }
        let shards = snapshot.shards.iter().map(|(shard, _)| Shard(*shard)).collect();
        self.shards[usize::from(snapshot.process)] = shards;
        self.live.recovers_to(self.joined.until().unwrap_or(Epoch::MAX));
    }

    /// Books and windows are taken at once, whatever became of the epoch's rows.
    fn take(&mut self, generation: u64, mut told: Told) {
        let Some(shards) = self.shards.get(usize::from(told.process)) else { return };
        self.shown.tell_books(told.reference.iter().map(|change| &change.entity));
        let News { folded, windows } = self.windows.take(shards, &mut told);
        self.live.windows(&folded, &windows);
        self.joined.take(generation, told);
    }

    /// Shows what is complete. Answers what every shard must have before rows are read, if they must be.
    fn show_all(&mut self) -> Option<Epoch> {
        let gap = loop {
            match self.joined.next() {
                Next::Epoch(told) => self.show(told),
                Next::Wait => break None,
                Next::Gap(at_least) => break Some(at_least),
            }
        };
        self.elsewhere.set_up_to_date(self.joined.is_up_to_date());
        gap
    }

    fn show(&mut self, told: Vec<Told>) {
        let Some((epoch, cut_at)) = told.first().map(|told| (told.epoch, told.cut_at)) else { return };
        let oldest = told.iter().map(|told| told.oldest_received_at).min().unwrap_or(cut_at);
        let (mut counts, mut deltas) = (LineCounts::default(), EpochDeltas { epoch, ..EpochDeltas::default() });
        for told in told {
            if self.counted_to(told.process) < epoch {
                counts.add(&told.counts);
            }
            deltas.append(told.deltas);
        }
        let deltas = Arc::new(deltas);
        let of_vault = self.further.missing(epoch, &deltas);
        self.shown.show(&self.live, &mut self.vault, (epoch, cut_at), (&deltas, &of_vault));
        self.live.rated(&deltas.rated);
        self.live.joined((epoch, cut_at), oldest, &counts);
        self.elsewhere.shown(epoch, cut_at);
    }

    /// Up to which epoch a process's lines are among the counts that were read.
    fn counted_to(&self, process: u16) -> Epoch {
        let shards = self.shards.get(usize::from(process)).into_iter().flatten();
        shards.map(|shard| self.read[shard.index()]).max().unwrap_or(0)
    }

    /// Rows were read.
    fn go_on_from(&mut self, found: FrontResume) {
        let FrontResume { mut resume, epochs, further, restarts } = found;
        tracing::info!(epoch = resume.epoch, "goes on from the rows of the database");
        self.joined.read_to(resume.epoch);
        (self.read, self.further) = (epochs, further);
        self.shown.tell_books(&resume.reference);
        let newer = self.windows.read(&restarts);
        self.live.read_anew(&resume, |server_id| newer.contains(&Shard::of_server(server_id)));
        self.vault.read_anew(&mut resume);
        self.shown.hub.begin_anew(resume.epoch, resume.cut_at);
    }
}

/// What was read, once it is; for ever if nothing is.
async fn done(reading: &mut Option<Reading>) -> anyhow::Result<FrontResume> {
    match reading {
        Some(task) => Ok(task.await??),
        None => pending().await,
    }
}
