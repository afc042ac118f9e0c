//! An ingester's end of a link that ships: it says what its journal holds, and answers what a process of the dataflow
//! asks. What is wanted of the journal is sent by [`Sending`].

use super::error::ShipError;
use super::place::Placement;
use super::sending::Sending;
use super::tail::Tail;
use super::wire::{self, Holds, WINDOW_BYTES, Want};
use crate::clock;
use crate::hand_in::HandInError;
use crate::journal::{JournalId, Progress, first_epoch};
use crate::live::IngestMonitor;
use crate::stats::IngestStats;
use std::convert::Infallible;
use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use suiftly_link::{Beat, Frame, Kind, Link, LinkReceiver, LinkSender, Received};
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::interval;

/// How often the counters are told.
const STATS_EVERY: Duration = Duration::from_secs(1);

/// The journal that is shipped.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// Its directory.
    pub dir: PathBuf,
    /// Where segments go that it has no room for.
    pub archive: Option<PathBuf>,
    /// Its name.
    pub journal: JournalId,
    /// How far it is durable, and what it need not keep.
    pub progress: Arc<Progress>,
    /// Its last blocks.
    pub tail: Arc<Tail>,
}

/// What else of an ingester a process of the dataflow reaches.
pub trait Ingester: Send + Sync {
    /// Its counters.
    fn stats(&self) -> IngestStats;
    /// Gives quarantined lines of its journal again; the epoch that holds the last of them, once it is durable.
    fn give(&self, lines: Vec<GivenLine>) -> impl Future<Output = Result<Epoch, HandInError>> + Send;
}

impl Ingester for IngestMonitor {
    fn stats(&self) -> IngestStats {
        Self::stats(self)
    }

    async fn give(&self, lines: Vec<GivenLine>) -> Result<Epoch, HandInError> {
        self.requeue(&lines).await
    }
}

/// Ships a journal, to as many as ask.
#[derive(Debug)]
pub struct Shipper<I> {
    journal: Shipped,
    placement: Placement,
    ingester: I,
    /// What the disk has for certain.
    opened_at: Epoch,
}

impl<I: Ingester> Shipper<I> {
    /// Ships this journal.
    pub fn new(journal: Shipped, placement: Placement, ingester: I) -> Self {
        let opened_at = journal.progress.durable_epoch();
        Self { journal, placement, ingester, opened_at }
    }

    /// Ships over a link that was taken in, until it ends or this is dropped; why it ended.
    pub async fn serve<S>(&self, link: Link<S>) -> ShipError
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let progress = Arc::clone(&self.journal.progress);
        let pulse = move || Beat { clock: clock::now(), durable: progress.durable_epoch(), ordered: 0 };
        let (to, mut from) = link.start(pulse);
        let Err(error) = self.run(&to, &mut from).await;
        // Who is to hear it may be gone.
        let _ = to.say_goodbye(&error.to_string()).await;
        error
    }

    async fn run(&self, to: &LinkSender, from: &mut LinkReceiver) -> Result<Infallible, ShipError> {
        to.send(&self.holds().await?.to_frame()).await?;
        let want = first_want(from).await?;
        if want.journal != self.journal.journal {
            return Err(ShipError::OtherJournal { wanted: want.journal, found: self.journal.journal });
        }
        let credit = Semaphore::new(0);
        let Self { journal, placement, opened_at, .. } = self;
        let sending = Sending { journal, placement, opened_at: *opened_at, want, to, credit: &credit };
        let (gives, mut given) = mpsc::channel(1);
        tokio::select! {
            ended = self.listen(from, &credit, &gives) => ended,
            ended = sending.run() => ended,
            ended = self.answer(to, &mut given) => ended,
            ended = self.tell(to) => ended,
        }
    }

    async fn holds(&self) -> Result<Holds, ShipError> {
        let Shipped { dir, archive, journal, progress, .. } = self.journal.clone();
        let holds = spawn_blocking(move || {
            let first = first_epoch(&dir, archive.as_deref())?;
            let (durable, durable_end) = (progress.durable_epoch(), progress.durable_end());
            // A journal has a segment; one without would begin with what comes.
            let first = first.unwrap_or(durable + 1);
            Ok::<_, ShipError>(Holds { journal, first, durable, durable_end })
        });
        holds.await?
    }

    /// Takes what the other side says.
    async fn listen(
        &self,
        from: &mut LinkReceiver,
        credit: &Semaphore,
        gives: &mpsc::Sender<Vec<GivenLine>>,
    ) -> Result<Infallible, ShipError> {
        loop {
            let Received::Frame(frame) = from.recv().await? else { continue };
            match frame.kind {
                Kind::Credit => {
                    let bytes = wire::read_credit(&frame)? as usize;
                    if credit.available_permits() + bytes > WINDOW_BYTES as usize {
                        return Err(ShipError::OverCredit);
                    }
                    credit.add_permits(bytes);
                }
                Kind::Release => self.release(wire::read_release(&frame)?),
                Kind::Give => {
                    let lines = wire::read_give(&frame)?;
                    // Nobody gives before they were answered.
                    gives.try_send(lines).map_err(|_| ShipError::OutOfTurn(Kind::Give))?;
                }
                kind => return Err(ShipError::OutOfTurn(kind)),
            }
        }
    }

    /// Only process 0 may say so, which the link has looked at. What is not even durable nobody can have stored.
    fn release(&self, through: Epoch) {
        let durable = self.journal.progress.durable_epoch();
        if through <= durable {
            self.journal.progress.release_through(through);
        } else {
            tracing::error!(through, durable, "asked to forget what the journal does not hold yet: passed over");
        }
    }

    /// Gives lines again that are to be, one time after the other.
    async fn answer(
        &self,
        to: &LinkSender,
        given: &mut mpsc::Receiver<Vec<GivenLine>>,
    ) -> Result<Infallible, ShipError> {
        while let Some(lines) = given.recv().await {
            let outcome = self.ingester.give(lines).await;
            to.send(&wire::given(outcome)).await?;
        }
        pending().await
    }

    /// Tells the counters.
    async fn tell(&self, to: &LinkSender) -> Result<Infallible, ShipError> {
        let mut times = interval(STATS_EVERY);
        loop {
            times.tick().await;
            match serde_json::to_vec(&self.ingester.stats()) {
                Ok(json) => to.send(&Frame::new(Kind::Stats, json)).await?,
                Err(error) => tracing::error!("the counters cannot be told: {error}"),
            }
        }
    }
}

async fn first_want(from: &mut LinkReceiver) -> Result<Want, ShipError> {
    loop {
        match from.recv().await? {
            Received::Beat(_) => {}
            Received::Frame(frame) if frame.kind == Kind::Want => return Ok(Want::decode(&frame)?),
            Received::Frame(frame) => return Err(ShipError::OutOfTurn(frame.kind)),
        }
    }
}
