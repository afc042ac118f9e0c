//! Following the order at process 0: for its own decoder, and for each link to another process. What is new comes out of
//! memory, what is older out of the journal.

use super::OrderError;
use crate::block::Block;
use crate::journal::JournalReader;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_schema::ids::Epoch;

/// Blocks in memory: some minutes under load.
pub const TAIL_BLOCKS: usize = 16_384;
/// Their bytes.
pub const TAIL_BYTES: usize = 64 << 20;

/// The order's last blocks, all of them on the disk.
#[derive(Debug)]
pub struct Tail {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    blocks: VecDeque<Arc<Block>>,
    bytes: usize,
    last: Epoch,
    is_over: bool,
}

/// What a tail has after an epoch.
enum After {
    Block(Arc<Block>),
    NotYet,
    /// It is not in memory any more.
    Older,
    Over,
}

impl Tail {
    /// Nothing after this epoch.
    pub(super) fn new(last: Epoch) -> Self {
        let state = State { blocks: VecDeque::new(), bytes: 0, last, is_over: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The last epoch that anybody may see.
    pub fn last(&self) -> Epoch {
        self.state.lock().last
    }

    /// The next block; it is on the disk.
    pub(super) fn push(&self, block: Arc<Block>) {
        let mut state = self.state.lock();
        state.last = block.epoch;
        state.bytes += block.bytes().len();
        state.blocks.push_back(block);
        while state.blocks.len() > TAIL_BLOCKS || state.bytes > TAIL_BYTES {
            let Some(oldest) = state.blocks.pop_front() else { break };
            state.bytes -= oldest.bytes().len();
        }
        drop(state);
        self.changed.notify_all();
    }

    /// There will be no other.
    pub(super) fn end(&self) {
        self.state.lock().is_over = true;
        self.changed.notify_all();
    }

    fn after(&self, epoch: Epoch, patience: Duration) -> After {
        let deadline = Instant::now() + patience;
        let mut state = self.state.lock();
        while state.last <= epoch {
            if state.is_over {
                return After::Over;
            }
            if self.changed.wait_until(&mut state, deadline).timed_out() && state.last <= epoch {
                return After::NotYet;
            }
        }
        let first = state.blocks.front().map_or(Epoch::MAX, |block| block.epoch);
        let at = (epoch + 1).checked_sub(first).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| state.blocks.get(at)).map_or(After::Older, |block| After::Block(Arc::clone(block)))
    }
}

/// Reads the order from an epoch on, for as long as it is cut.
pub struct Follower {
    dir: PathBuf,
    tail: Arc<Tail>,
    after: Epoch,
    /// What is read of older blocks.
    older: Option<JournalReader>,
}

impl Follower {
    /// Begins with the block after this epoch. `dir` is where the order's journal is.
    pub fn new(dir: &Path, tail: Arc<Tail>, after: Epoch) -> Self {
        Self { dir: dir.to_owned(), tail, after, older: None }
    }

    /// The next block, as soon as it is on the disk; `None` if there is none within this time. Fails with
    /// [`OrderError::Over`] when nobody cuts the order any more.
    pub fn next_within(&mut self, patience: Duration) -> Result<Option<Arc<Block>>, OrderError> {
        let block = match self.tail.after(self.after, patience) {
            After::Block(block) => {
                self.older = None;
                block
            }
            After::Older => Arc::new(self.read_older()?),
            After::NotYet => return Ok(None),
            After::Over => return Err(OrderError::Over),
        };
        self.after = block.epoch;
        Ok(Some(block))
    }

    fn read_older(&mut self) -> Result<Block, OrderError> {
        let wanted = self.after + 1;
        let mut next = self.older.as_mut().and_then(Iterator::next);
        if next.is_none() {
            // A reader ends with what was there when it was made.
            next = self.older.insert(JournalReader::from_epoch(&self.dir, wanted)?).next();
        }
        let block = next.transpose()?;
        block.filter(|block| block.epoch == wanted).ok_or(OrderError::Missing { epoch: wanted })
    }
}
