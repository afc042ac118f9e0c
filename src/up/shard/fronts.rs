//! What this process tells the API: its last epochs, within bounds, and to each link where they begin. Nobody waits for who
//! listens: whoever falls behind what is kept is told where to begin anew. What the API asks of process 0 is to give
//! quarantined lines again.

use super::super::deltas::{FrontFrame, Now, Snapshot, Told};
use super::run::{Run, pulse};
use anyhow::{anyhow, ensure};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use suiftly_ingest::hand_in::HandInError;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::ship::{given, read_give_to};
use suiftly_link::{Frame, Kind, Link, LinkReceiver, LinkSender, Received};
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::view::EpochDeltas;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

/// Memory for the epochs that are kept; the last is, whatever its size.
const KEPT_BYTES: usize = 64 << 20;
/// How often it is told how the process is.
const NOW_EVERY: Duration = Duration::from_secs(1);

/// Lines to be given again, of a journal.
type Asked = (JournalId, Vec<GivenLine>);
/// What becomes of them.
pub(super) type Given<'a> = Pin<Box<dyn Future<Output = Result<Epoch, HandInError>> + Send + 'a>>;

/// How the process is, asked for as it is told.
pub(super) trait Present: Send + Sync {
    fn now(&self) -> Now;
    /// Its shards, and up to which epoch each was in the database at the cluster's start.
    fn shards(&self) -> Vec<(u8, Epoch)>;
    /// The last epoch of the order that is known.
    fn until(&self) -> Epoch;
    /// Gives quarantined lines of a journal again, at process 0.
    fn give(&self, journal: JournalId, lines: Vec<GivenLine>) -> Given<'_>;
}

/// What is kept, and who is told.
pub(super) struct Fronts {
    run: Arc<Run>,
    present: OnceLock<Arc<dyn Present>>,
    kept: Mutex<Kept>,
    /// The last epoch; none before there is anything to tell.
    last: watch::Sender<Option<Epoch>>,
}

/// The last epochs, as frames.
struct Kept {
    max_bytes: usize,
    /// All epochs after this one are here.
    after: Epoch,
    epochs: VecDeque<Arc<OfEpoch>>,
    bytes: usize,
}

struct OfEpoch {
    epoch: Epoch,
    frames: Vec<Frame>,
    bytes: usize,
}

/// What comes after an epoch.
enum Next {
    Epoch(Arc<OfEpoch>),
    NotYet,
    /// It was kept and is not any more.
    Gone,
}

impl Fronts {
    pub(super) fn new(run: &Arc<Run>) -> Arc<Self> {
        let kept = Kept { max_bytes: KEPT_BYTES, after: 0, epochs: VecDeque::new(), bytes: 0 };
        let (run, last) = (Arc::clone(run), watch::Sender::default());
        Arc::new(Self { run, present: OnceLock::new(), kept: Mutex::new(kept), last })
    }

    /// Epochs after this one will be told.
    pub(super) fn begin(&self, after: Epoch, present: Arc<dyn Present>) {
        assert!(self.present.set(present).is_ok(), "it begins once");
        self.kept.lock().after = after;
        self.last.send_replace(Some(after));
    }

    /// The next epoch.
    pub(super) fn tell(&self, told: Told<&EpochDeltas>) -> anyhow::Result<()> {
        let epoch = told.epoch;
        let frames = FrontFrame::Deltas(Box::new(told)).encode()?;
        self.kept.lock().push(OfEpoch::new(epoch, frames));
        self.last.send_replace(Some(epoch));
        Ok(())
    }

    /// Tells whoever listens at the other end of a link, until it ends.
    pub(super) async fn serve(self: Arc<Self>, link: Link<TcpStream>) {
        let who = link.peer().role.clone();
        let (to, mut from) = link.start(pulse);
        tracing::info!(%who, "linked");
        let (asks, mut asked) = mpsc::channel(1);
        let Err(why) = tokio::select! {
            end = self.listen(&mut from, &asks) => end,
            end = self.tell_all(&to) => end,
            end = self.give_all(&to, &mut asked) => end,
        };
        tracing::info!(%who, "not linked any more: {why}");
        let _ = to.say_goodbye(&why.to_string()).await;
    }

    /// Takes what is asked, to the link's end.
    async fn listen(&self, from: &mut LinkReceiver, asks: &mpsc::Sender<Asked>) -> anyhow::Result<Infallible> {
        loop {
            let Received::Frame(frame) = from.recv().await? else { continue };
            let is_in_turn = frame.kind == Kind::GiveTo && self.run.process() == 0;
            ensure!(is_in_turn, "a frame of kind {:?} came out of turn", frame.kind);
            // Nobody gives before they were answered.
            let is_taken = asks.try_send(read_give_to(&frame)?);
            is_taken.map_err(|_| anyhow!("lines to be given again came before others were answered"))?;
        }
    }

    /// Gives lines again that are to be, one time after the other.
    async fn give_all(&self, to: &LinkSender, asked: &mut mpsc::Receiver<Asked>) -> anyhow::Result<Infallible> {
        while let Some((journal, lines)) = asked.recv().await {
            let outcome = match self.present.get() {
                Some(present) => present.give(journal, lines).await,
                None => Err(HandInError::Recovering),
            };
            to.send(&given(outcome)).await?;
        }
        pending().await
    }

    async fn tell_all(&self, to: &LinkSender) -> anyhow::Result<Infallible> {
        let (mut last, mut every) = (self.last.subscribe(), tokio::time::interval(NOW_EVERY));
        last.wait_for(Option::is_some).await?;
        let mut at = self.tell_snapshot(to).await?;
        loop {
            last.borrow_and_update();
            loop {
                let next = self.kept.lock().next(at);
                match next {
                    Next::NotYet => break,
                    Next::Gone => at = self.tell_snapshot(to).await?,
                    Next::Epoch(of) => {
                        send(to, &of.frames).await?;
                        at = of.epoch;
                    }
                }
            }
            tokio::select! {
                changed = last.changed() => changed?,
                _ = every.tick() => if let Some(present) = self.present.get() {
                    send(to, &FrontFrame::<EpochDeltas>::Now(present.now()).encode()?).await?;
                },
            }
        }
    }

    /// Where what follows begins.
    async fn tell_snapshot(&self, to: &LinkSender) -> anyhow::Result<Epoch> {
        let after = self.kept.lock().after;
        let (shards, until) = self.present.get().map(|of| (of.shards(), of.until())).unwrap_or_default();
        let (generation, process) = (self.run.generation(), self.run.process());
        let snapshot = Snapshot { generation, process, after, until, shards };
        send(to, &FrontFrame::<EpochDeltas>::Snapshot(snapshot).encode()?).await?;
        Ok(after)
    }
}

async fn send(to: &LinkSender, frames: &[Frame]) -> anyhow::Result<()> {
    for frame in frames {
        to.send_packed(frame).await?;
    }
    Ok(())
}

impl OfEpoch {
    fn new(epoch: Epoch, frames: Vec<Frame>) -> Arc<Self> {
        let bytes = frames.iter().map(|frame| size_of::<Self>() + frame.payload.len()).sum();
        Arc::new(Self { epoch, frames, bytes })
    }
}

impl Kept {
    fn push(&mut self, of: Arc<OfEpoch>) {
        self.bytes += of.bytes;
        self.epochs.push_back(of);
        while self.epochs.len() > 1 && self.bytes > self.max_bytes {
            let Some(oldest) = self.epochs.pop_front() else { break };
            self.bytes -= oldest.bytes;
            self.after = oldest.epoch;
        }
    }

    fn next(&self, at: Epoch) -> Next {
        if at < self.after {
            return Next::Gone;
        }
        let next = self.epochs.get(self.epochs.partition_point(|of| of.epoch <= at));
        next.map_or(Next::NotYet, |of| Next::Epoch(Arc::clone(of)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(kept: &Kept, at: Epoch) -> Result<Option<Epoch>, ()> {
        match kept.next(at) {
            Next::Epoch(of) => Ok(Some(of.epoch)),
            Next::NotYet => Ok(None),
            Next::Gone => Err(()),
        }
    }

    #[test]
    fn the_last_epochs_are_kept_and_who_is_behind_them_begins_anew() {
        let of = |epoch, bytes: usize| OfEpoch::new(epoch, vec![Frame::new(Kind::Deltas, vec![0; bytes])]);
        let one = of(0, 100).bytes;
        let mut kept = Kept { max_bytes: 2 * one, after: 4, epochs: VecDeque::new(), bytes: 0 };
        assert_eq!((after(&kept, 3), after(&kept, 4)), (Err(()), Ok(None)));
        (5..=7).for_each(|epoch| kept.push(of(epoch, 100)));
        assert_eq!((kept.after, kept.bytes), (5, 2 * one));
        assert_eq!([4, 5, 6, 7].map(|at| after(&kept, at)), [Err(()), Ok(Some(6)), Ok(Some(7)), Ok(None)]);
        kept.push(of(8, 10_000));
        assert_eq!((kept.after, kept.epochs.len()), (7, 1), "the last is kept though it is too long");
        kept.push(of(9, 100));
        assert_eq!((kept.after, after(&kept, 8)), (8, Ok(Some(9))));
    }
}
