//! One link to an ingester, from what its journal holds to its end.

use super::super::error::ShipError;
use super::super::held::{Begin, Came};
use super::super::part::Part;
use super::super::wire::{self, Holds, LostBlocks, Mark, Want};
use super::{Ask, Shared};
use crate::clock;
use crate::hand_in::HandInError;
use crate::journal::JournalId;
use parking_lot::Mutex;
use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, OnceLock};
use suiftly_link::{Beat, Frame, FrameError, Kind, Link, LinkError, LinkReceiver, LinkSender, Received};
use suiftly_schema::ids::Epoch;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

type Outcome = Result<Epoch, HandInError>;

/// A link that runs.
pub(super) struct Session<'a> {
    shared: &'a Arc<Shared>,
    /// Who waits for what becomes of the lines that were given.
    waits: Mutex<Option<oneshot::Sender<Outcome>>>,
}

impl<'a> Session<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>) -> Self {
        Self { shared, waits: Mutex::default() }
    }

    /// Follows to the link's end, and says why it came.
    pub(super) async fn run<S>(&self, link: Link<S>, asked: &mut mpsc::Receiver<Ask>) -> ShipError
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let journal = Arc::new(OnceLock::new());
        let (held, known) = (Arc::clone(&self.shared.held), Arc::clone(&journal));
        let received = move || known.get().map_or(0, |journal| held.through(journal));
        let (to, mut from) = link.start(move || Beat { clock: clock::now(), durable: received(), ordered: 0 });
        let Err(error) = self.follow(&to, &mut from, &journal, asked).await;
        // Who is to hear it may be gone.
        let _ = to.say_goodbye(&error.to_string()).await;
        error
    }

    async fn follow(
        &self,
        to: &LinkSender,
        from: &mut LinkReceiver,
        known: &OnceLock<JournalId>,
        asked: &mut mpsc::Receiver<Ask>,
    ) -> Result<Infallible, ShipError> {
        let holds = first_holds(from).await?;
        let Begin { after, rewarm_bytes, credit } = self.shared.held.begin(&holds)?;
        let journal = *known.get_or_init(|| holds.journal);
        to.send(&Want { journal, after, rewarm_bytes, shards: self.shared.shards }.to_frame()).await?;
        to.send(&wire::credit(credit)).await?;
        self.note_linked(journal);
        tokio::select! {
            ended = self.listen(from, journal) => ended,
            ended = self.give_credit(to, journal) => ended,
            ended = self.release(to, journal) => ended,
            ended = self.give(to, journal, asked) => ended,
        }
    }

    fn note_linked(&self, journal: JournalId) {
        let mut state = self.shared.state.lock();
        (state.journal, state.is_linked, state.trouble) = (Some(journal), true, None);
        tracing::info!(%journal, "linked to an ingester");
    }

    /// Takes what comes.
    async fn listen(&self, from: &mut LinkReceiver, journal: JournalId) -> Result<Infallible, ShipError> {
        let held = &self.shared.held;
        loop {
            let Received::Frame(frame) = from.recv().await? else { continue };
            match frame.kind {
                Kind::Part => held.accept(&journal, Came::Part(self.part(&frame)?))?,
                Kind::Passed => held.accept(&journal, Came::Passed(Mark::decode(&frame)?))?,
                Kind::Lost => {
                    let lost = LostBlocks::decode(&frame)?;
                    let LostBlocks { first, last, bytes } = lost;
                    tracing::error!(%journal, first, last, bytes, "epochs of a journal are damaged: they are left out");
                    held.accept(&journal, Came::Lost(lost))?;
                }
                // One of another version may count other things: then they are not known.
                Kind::Stats => self.shared.state.lock().stats = serde_json::from_slice(&frame.payload).ok(),
                Kind::Given => {
                    let outcome = wire::read_given(&frame)?;
                    let waits = self.waits.lock().take().ok_or(ShipError::OutOfTurn(Kind::Given))?;
                    // Who asked may have stopped waiting.
                    let _ = waits.send(outcome);
                }
                kind => return Err(ShipError::OutOfTurn(kind)),
            }
        }
    }

    /// A part, which must be of what was asked for.
    fn part(&self, frame: &Frame) -> Result<Part, FrameError> {
        let part = Part::decode(frame)?;
        let is_ours = !part.is_empty() && part.is_within(&self.shared.shards);
        if is_ours { Ok(part) } else { Err(FrameError::Content(Kind::Part)) }
    }

    /// Says how much more may come, as room becomes free.
    async fn give_credit(&self, to: &LinkSender, journal: JournalId) -> Result<Infallible, ShipError> {
        let mut changes = self.shared.held.changes();
        loop {
            changes.borrow_and_update();
            if let Some(bytes) = self.shared.held.owed(&journal) {
                to.send(&wire::credit(bytes)).await?;
            }
            // Its sender is in what is held, which is ours.
            changes.changed().await.map_err(|_| LinkError::Over)?;
        }
    }

    /// Says what need not be kept, first what was said before: an ingester forgets it at its end.
    async fn release(&self, to: &LinkSender, journal: JournalId) -> Result<Infallible, ShipError> {
        let mut released = self.shared.released.subscribe();
        loop {
            let now = *released.borrow_and_update();
            if let Some((_, through)) = now.filter(|(of, _)| *of == journal) {
                to.send(&wire::release(through)).await?;
            }
            // Its sender is ours.
            released.changed().await.map_err(|_| LinkError::Over)?;
        }
    }

    /// Gives lines again, one time after the other.
    async fn give(
        &self,
        to: &LinkSender,
        journal: JournalId,
        asked: &mut mpsc::Receiver<Ask>,
    ) -> Result<Infallible, ShipError> {
        while let Some(ask) = asked.recv().await {
            if ask.journal != journal {
                let _ = ask.answer.send(Err(HandInError::Stopped));
            } else if !ask.answer.is_closed() {
                let (waits, outcome) = oneshot::channel();
                *self.waits.lock() = Some(waits);
                to.send(&wire::give(&ask.lines)).await?;
                let outcome = outcome.await.map_err(|_| LinkError::Over)?;
                let _ = ask.answer.send(outcome);
            }
        }
        pending().await
    }
}

/// What its journal holds, which an ingester says first.
async fn first_holds(from: &mut LinkReceiver) -> Result<Holds, ShipError> {
    loop {
        match from.recv().await? {
            Received::Beat(_) => {}
            Received::Frame(frame) if frame.kind == Kind::Journal => return Ok(Holds::decode(&frame)?),
            Received::Frame(frame) => return Err(ShipError::OutOfTurn(frame.kind)),
        }
    }
}
