//! A link to each process of the dataflow, made again whenever it ends: what they tell, as it comes; and what process 0 is
//! asked.

use super::STARTED;
use super::giving::Giving;
use crate::cluster::Seat;
use crate::up::deltas::{FrontFrame, Now, Pieces, Snapshot, Told};
use anyhow::{Context, ensure};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_link::{Beat, Frame, Kind, LinkReceiver, LinkSender, Purpose, Received, Role, connect};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Before a process is dialled again.
const DIAL_EVERY: Duration = Duration::from_millis(250);
/// What waits to be taken: then the links wait.
const WAITING: usize = 64;

/// What is said.
pub(super) enum Said {
    /// Where what a process tells begins.
    Begins(Snapshot),
    /// An epoch, in a start of the cluster.
    Told(u64, Box<Told>),
    /// How a process is.
    Now(Now),
    /// It is not linked any more.
    Gone(u16),
}

/// The links; they end when this is dropped.
pub(super) struct Feed {
    said: mpsc::Receiver<Said>,
    _links: JoinSet<()>,
}

impl Feed {
    /// Dials all processes, again and again. What is given again goes to process 0.
    pub(super) fn start(seat: &Seat, giving: &Arc<Giving>) -> Self {
        let (into, said) = mpsc::channel(WAITING);
        let (mut links, generation) = (JoinSet::new(), Arc::new(AtomicU64::new(0)));
        for (role, address) in seat.members.iter() {
            let Role::Dataflow(process) = role else { continue };
            let (seat, address) = (seat.clone(), address.to_owned());
            let giving = (role == Role::ORDER).then(|| Arc::clone(giving));
            let (generation, into) = (Arc::clone(&generation), into.clone());
            links.spawn(Dialled { seat, role, process, address, giving, generation, into }.run());
        }
        Self { said, _links: links }
    }

    /// What is said next.
    pub(super) async fn next(&mut self) -> anyhow::Result<Said> {
        self.said.recv().await.context("nobody dials the processes of the dataflow any more")
    }
}

/// One process.
struct Dialled {
    seat: Seat,
    role: Role,
    process: u16,
    address: String,
    /// Of process 0: what goes over its link.
    giving: Option<Arc<Giving>>,
    /// The last start of the cluster that any process told of.
    generation: Arc<AtomicU64>,
    into: mpsc::Sender<Said>,
}

impl Dialled {
    async fn run(self) {
        let mut told = String::new();
        while !self.into.is_closed() {
            let end = self.follow(&mut told).await;
            let trouble = end.map_or_else(|error| format!("{error:#}"), |()| "nobody listens".to_owned());
            if trouble != told {
                tracing::warn!(who = %self.role, "not linked: {trouble}");
                told = trouble;
            }
            // Whoever listens takes it, or has ended.
            let _ = self.into.send(Said::Gone(self.process)).await;
            tokio::time::sleep(DIAL_EVERY).await;
        }
    }

    /// From dialling to the link's end.
    async fn follow(&self, told: &mut String) -> anyhow::Result<()> {
        let us = self.seat.node(self.generation.load(Ordering::Acquire));
        let link = connect(&*self.address, &self.seat.tls, &self.role, Purpose::Deltas, &us).await?;
        let pulse = || Beat { clock: SystemClock.now(), ..Beat::default() };
        // It ends with its sender.
        let (to, mut from) = link.start(pulse);
        tracing::info!(who = %self.role, "linked");
        told.clear();
        let asks = self.giving.as_ref().map(|giving| giving.begin());
        let ended = tokio::select! {
            ended = self.listen(&mut from) => ended,
            error = ask(&to, asks) => Err(error),
        };
        if let Some(giving) = &self.giving {
            giving.end();
        }
        ended
    }

    async fn listen(&self, from: &mut LinkReceiver) -> anyhow::Result<()> {
        let (mut pieces, mut generation) = (Pieces::default(), None);
        loop {
            let Received::Frame(frame) = from.recv().await? else { continue };
            if let (Kind::Given, Some(giving)) = (frame.kind, &self.giving) {
                giving.answered(&frame)?;
                continue;
            }
            let Some(frame) = pieces.take(&frame)? else { continue };
            let said = self.heard(frame, &mut generation)?;
            if self.into.send(said).await.is_err() {
                return Ok(());
            }
        }
    }

    fn heard(&self, frame: FrontFrame, generation: &mut Option<u64>) -> anyhow::Result<Said> {
        let (process, said) = match frame {
            FrontFrame::Snapshot(snapshot) => {
                ensure!(snapshot.generation >= STARTED, "it tells of no start");
                self.generation.fetch_max(snapshot.generation, Ordering::AcqRel);
                *generation = Some(snapshot.generation);
                (snapshot.process, Said::Begins(snapshot))
            }
            FrontFrame::Deltas(told) => {
                let of = generation.context("it tells of an epoch before it says where it begins")?;
                (told.process, Said::Told(of, told))
            }
            FrontFrame::Now(now) => (now.process, Said::Now(now)),
        };
        ensure!(process == self.process, "it speaks for process {process}");
        Ok(said)
    }
}

/// Sends what process 0 is asked, until the link takes no more.
async fn ask(to: &LinkSender, asks: Option<mpsc::Receiver<Frame>>) -> anyhow::Error {
    let Some(mut asks) = asks else { return pending().await };
    while let Some(frame) = asks.recv().await {
        if let Err(error) = to.send(&frame).await {
            return error.into();
        }
    }
    pending().await
}
