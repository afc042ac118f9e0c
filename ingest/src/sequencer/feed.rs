//! Blocks on their way from the sequencer to the thread that follows it. The sequencer never waits here: when too many
//! wait, the rest is left out, and whoever follows reads it in the journal, where it is anyway.

use super::Gone;
use crate::block::Block;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;

/// What both ends share.
struct Shared {
    max_waiting: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// In the order of their epochs, none missing between them.
    waiting: VecDeque<Arc<Block>>,
    /// The last epoch that was sealed.
    sealed: Epoch,
    /// Whether blocks after the waiting ones were left out.
    has_left_out: bool,
    /// The sequencer has ended.
    has_ended: bool,
    /// Nobody follows any more.
    is_left: bool,
}

/// The sequencer's end.
pub(crate) struct Feed(Arc<Shared>);

/// The other end.
pub(crate) struct Followed(Arc<Shared>);

/// What comes after an epoch.
#[derive(Debug)]
pub(super) enum Next {
    /// The block of the next epoch.
    Block(Arc<Block>),
    /// What is in the journal, up to this epoch, once that is durable.
    Journaled(Epoch),
    /// Nothing any more.
    Ended,
}

/// Makes both ends, after the last epoch that the journal holds.
pub(crate) fn feed(last_epoch: Epoch, max_waiting: usize) -> (Feed, Followed) {
    let state =
        State { waiting: VecDeque::new(), sealed: last_epoch, has_left_out: false, has_ended: false, is_left: false };
    let shared = Arc::new(Shared { max_waiting, state: Mutex::new(state), changed: Condvar::new() });
    (Feed(Arc::clone(&shared)), Followed(shared))
}

impl Feed {
    /// Lets a block wait if there is room. Epochs ascend without a gap. An error when nobody follows any more.
    pub(super) fn push(&self, block: &Arc<Block>) -> Result<(), Gone> {
        let mut state = self.0.state.lock();
        if state.is_left {
            return Err(Gone);
        }
        state.sealed = block.epoch;
        // Once one was left out, those after it would only have to wait for the journal to be read.
        state.has_left_out |= state.waiting.len() >= self.0.max_waiting;
        if !state.has_left_out {
            state.waiting.push_back(Arc::clone(block));
        }
        drop(state);
        self.0.changed.notify_one();
        Ok(())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.state.lock().has_ended = true;
        self.0.changed.notify_one();
    }
}

impl Followed {
    /// What comes after the epoch `after`; waits for it.
    pub(super) fn next(&self, after: Epoch) -> Next {
        let mut state = self.0.state.lock();
        loop {
            while state.waiting.front().is_some_and(|block| block.epoch <= after) {
                state.waiting.pop_front();
            }
            match state.waiting.front().map(|block| block.epoch) {
                Some(epoch) if epoch > after + 1 => return Next::Journaled(epoch - 1),
                Some(_) => {
                    if let Some(block) = state.waiting.pop_front() {
                        return Next::Block(block);
                    }
                }
                None if state.sealed > after => {
                    // What is sealed from now on waits here again.
                    state.has_left_out = false;
                    return Next::Journaled(state.sealed);
                }
                None if state.has_ended => return Next::Ended,
                None => self.0.changed.wait(&mut state),
            }
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.is_left = true;
        state.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BlockBuilder;
    use suiftly_schema::time::UnixMillis;

    fn block(epoch: Epoch) -> Arc<Block> {
        Arc::new(BlockBuilder::default().seal(epoch, UnixMillis(0), 0))
    }

    /// What comes next, as text; the epoch after which more comes.
    fn step(followed: &Followed, after: Epoch) -> (String, Epoch) {
        match followed.next(after) {
            Next::Block(block) => (format!("block {}", block.epoch), block.epoch),
            Next::Journaled(through) => (format!("journal to {through}"), through),
            Next::Ended => ("end".to_owned(), after),
        }
    }

    #[test]
    fn what_finds_no_room_is_left_to_the_journal_and_each_epoch_comes_once() {
        let (feed, followed) = feed(10, 2);
        // A tail that is not decoded yet, while lines come.
        (11..=14).for_each(|epoch| feed.push(&block(epoch)).unwrap());
        let (mut at, mut told) = (7, Vec::new());
        for _ in 0..4 {
            let (what, next) = step(&followed, at);
            told.push(what);
            at = next;
        }
        assert_eq!(told, ["journal to 10", "block 11", "block 12", "journal to 14"]);
        // While that is read there is room again.
        (15..=16).for_each(|epoch| feed.push(&block(epoch)).unwrap());
        assert_eq!(step(&followed, 14), ("block 15".to_owned(), 15));
        // The journal may have been read further than was asked.
        feed.push(&block(17)).unwrap();
        assert_eq!(step(&followed, 16), ("block 17".to_owned(), 17));
        feed.push(&block(18)).unwrap();
        drop(feed);
        assert_eq!([step(&followed, 17), step(&followed, 18)].map(|(what, _)| what), ["block 18", "end"]);
    }

    #[test]
    fn the_sequencer_is_told_when_nobody_follows() {
        let (feed, followed) = feed(0, 2);
        feed.push(&block(1)).unwrap();
        drop(followed);
        assert!(feed.push(&block(2)).is_err());
    }
}
