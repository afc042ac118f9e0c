//! Cuts the order, at process 0 alone.
//!
//! A block is cut when a journal has moved or a change waits, [`Pace::every`] after the one before at the earliest; else
//! an empty one after [`Pace::idle`]: the order tells everybody the time. It is on the disk before anybody is told.

use super::block::build;
use super::{Cut, Intake, OrderBlock, OrderError, Reach, Replay, Tail};
use crate::clock;
use crate::journal::{Journal, JournalConfig, JournalId, Progress, Recovery};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_schema::ids::Epoch;
use suiftly_schema::reference::ReferenceChange;
use suiftly_schema::time::UnixMillis;

/// When blocks are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long is waited for more.
    pub every: Duration,
    /// After how long without anything an empty one is cut.
    pub idle: Duration,
}

impl Default for Pace {
    /// 20 ms, and a second.
    fn default() -> Self {
        Self { every: Duration::from_millis(20), idle: Duration::from_secs(1) }
    }
}

/// Where the order is gone on with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderStart {
    /// The epoch that every shard's dedup was stored as of: the order is kept from there on.
    pub replay_after: Epoch,
    /// The greatest epoch that some shard has.
    pub stored: Epoch,
    /// The number of the last reference change that is stored.
    pub reference_seq: u64,
}

/// Where the next block begins.
#[derive(Clone, Copy, Debug)]
struct Place {
    epoch: Epoch,
    start: u64,
    /// The last cut. The next is never before it, whatever the clock does.
    cut_at: UnixMillis,
}

/// The order's journal, open.
#[derive(Debug)]
pub struct OpenOrder {
    journal: Journal,
    journal_id: JournalId,
    tail: Arc<Tail>,
    place: Place,
    starts: Vec<Cut>,
    cuts: Vec<Cut>,
    reference_seq: u64,
}

impl OpenOrder {
    /// Opens the order's journal, and reads it from the epoch on that all begin from: the tail has it then. Fails with
    /// [`OrderError::Behind`] if the database has more than the order.
    pub fn open(dir: &Path, config: JournalConfig, start: &OrderStart) -> Result<Self, OrderError> {
        let (journal, recovery) = Journal::open(dir, config)?;
        let Recovery { journal_id, last_epoch: last, end, last_cut_at, .. } = recovery;
        let wanted = start.stored.max(start.replay_after);
        if last < wanted {
            return Err(OrderError::Behind { wanted, last });
        }
        let tail = Arc::new(Tail::new(start.replay_after));
        let mut replay = Replay::from_journal(dir, None, start.replay_after)?;
        let (starts, mut reference_seq) = (replay.cuts().to_vec(), start.reference_seq);
        for replayed in &mut replay {
            let (block, order) = replayed?;
            reference_seq = reference_seq.max(last_change(&order));
            tail.push(Arc::new(block));
        }
        if replay.reached() != last {
            return Err(OrderError::Missing { epoch: replay.reached() + 1 });
        }
        let place = Place { epoch: last + 1, start: end, cut_at: last_cut_at.unwrap_or(UnixMillis::MIN) };
        Ok(Self { journal, journal_id, tail, place, starts, cuts: replay.cuts().to_vec(), reference_seq })
    }

    /// The journal's name.
    pub const fn journal_id(&self) -> JournalId {
        self.journal_id
    }

    /// Who follows the order finds it here.
    pub const fn tail(&self) -> &Arc<Tail> {
        &self.tail
    }

    /// The cuts in force where all begin: each journal is wanted from there on.
    pub fn starts(&self) -> &[Cut] {
        &self.starts
    }

    /// Who cuts it on, of what so many processes have received; `reach` is what this one has.
    pub fn cutter(self, reach: Arc<dyn Reach>, processes: usize, pace: Pace) -> Cutter {
        let Self { journal, journal_id, tail, place, cuts, reference_seq, .. } = self;
        let intake = Arc::new(Intake::new(reach, processes, &cuts, reference_seq));
        Cutter { journal, journal_id, intake, tail, pace, place, last_cut: None }
    }
}

/// Cuts the order.
#[derive(Debug)]
pub struct Cutter {
    journal: Journal,
    journal_id: JournalId,
    intake: Arc<Intake>,
    tail: Arc<Tail>,
    pace: Pace,
    place: Place,
    last_cut: Option<Instant>,
}

/// What a look at what is new came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There was nothing to cut.
    Nothing,
    /// This epoch was cut, and is on the disk.
    Cut(Epoch),
    /// The same, and there is more already.
    CutOfMore(Epoch),
}

impl Cutter {
    /// Who receives journals and changes tells it here.
    pub const fn intake(&self) -> &Arc<Intake> {
        &self.intake
    }

    /// Who follows the order finds it here.
    pub const fn tail(&self) -> &Arc<Tail> {
        &self.tail
    }

    /// The journal's name.
    pub const fn journal_id(&self) -> JournalId {
        self.journal_id
    }

    /// How far the journal is durable; what need not be kept any more is released here.
    pub const fn progress(&self) -> &Arc<Progress> {
        self.journal.progress()
    }

    /// Cuts until it is told to stop, or nobody is left to tell it.
    pub fn run(mut self, stop: &Receiver<()>) -> Result<(), OrderError> {
        loop {
            let has_more = matches!(self.step()?, Step::CutOfMore(_));
            let pause = if has_more { Duration::ZERO } else { self.pace.every };
            if stop.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return Ok(());
            }
        }
    }

    /// Cuts a block if it is time to, and waits until it is on the disk.
    pub fn step(&mut self) -> Result<Step, OrderError> {
        let content = self.intake.take();
        let is_idle = self.last_cut.is_none_or(|last| last.elapsed() >= self.pace.idle);
        if !content.is_new && !is_idle {
            return Ok(Step::Nothing);
        }
        let Place { epoch, start, cut_at } = self.place;
        let now = clock::now();
        let builder = build(&content.changes, &content.cuts, now);
        let block = Arc::new(builder.seal_after_sync(epoch, cut_at.max(now), start, self.progress().durable_end()));
        self.place = Place { epoch: epoch + 1, start: block.end, cut_at: block.cut_at };
        self.last_cut = Some(Instant::now());
        self.journal.append(Arc::clone(&block)).map_err(|_| OrderError::Over)?;
        self.progress().wait_durable(epoch).map_err(|_| OrderError::Over)?;
        self.tail.push(block);
        Ok(if content.has_more { Step::CutOfMore(epoch) } else { Step::Cut(epoch) })
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.tail.end();
    }
}

/// The greatest number among a block's changes; 0 if there are none.
fn last_change(order: &OrderBlock) -> u64 {
    let read = order.changes.iter().filter_map(|change| serde_json::from_slice::<ReferenceChange>(&change.bytes).ok());
    read.map(|change| change.seq).max().unwrap_or_default()
}
