//! What this process tells the API: its last epochs, within bounds, and to each link where they begin. Nobody waits for who
//! listens: whoever falls behind what is kept is told where to begin anew.

use super::super::deltas::{FrontFrame, Now, Snapshot, Told};
use super::run::{Run, end_of, pulse};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use suiftly_link::{Frame, Link, LinkSender};
use suiftly_schema::ids::Epoch;
use suiftly_schema::view::EpochDeltas;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Memory for the epochs that are kept; the last is, whatever its size.
const KEPT_BYTES: usize = 64 << 20;
/// How often it is told how the process is.
const NOW_EVERY: Duration = Duration::from_secs(1);

/// How the process is, asked for as it is told.
pub(super) trait Present: Send + Sync {
    fn now(&self) -> Now;
    /// Its shards, and up to which epoch each was in the database at the cluster's start.
    fn shards(&self) -> Vec<(u8, Epoch)>;
    /// The last epoch of the order that is known.
    fn until(&self) -> Epoch;
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
        let why: anyhow::Error = tokio::select! {
            end = end_of(&mut from) => end.into(),
            end = self.tell_all(&to) => end.err().unwrap_or_else(|| anyhow::anyhow!("there is no more to tell")),
        };
        tracing::info!(%who, "not linked any more: {why}");
        let _ = to.say_goodbye(&why.to_string()).await;
    }

    async fn tell_all(&self, to: &LinkSender) -> anyhow::Result<()> {
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
    use suiftly_link::Kind;

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
