//! The last blocks of a journal, in memory: what most who follow it want next.

use super::part::Part;
use super::place::Placement;
use crate::block::Block;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use suiftly_schema::ids::Epoch;
use suiftly_schema::shard::{Shard, ShardSet};
use tokio::sync::watch;

/// So much is kept; whoever is further behind reads the disk.
pub const TAIL_BYTES: usize = 64 << 20;
/// Blocks that are handed out at once.
const AT_ONCE: usize = 64;

/// Takes each block that is durable; those who ship wait for them here. One for all processes that are shipped to, by
/// one [`Placement`].
#[derive(Debug)]
pub struct Tail {
    ring: Mutex<Ring>,
    /// The last epoch that was given.
    last: watch::Sender<Epoch>,
}

#[derive(Debug, Default)]
struct Ring {
    /// One behind the other.
    blocks: VecDeque<Arc<Placed>>,
    bytes: usize,
}

/// A block, and the shard of each of its frames once somebody asked.
#[derive(Debug)]
pub(super) struct Placed {
    block: Arc<Block>,
    shards: OnceLock<Vec<Shard>>,
}

impl Placed {
    pub(super) fn epoch(&self) -> Epoch {
        self.block.epoch
    }

    pub(super) fn part(&self, placement: &Placement, shards: &ShardSet) -> Part {
        let placed = self.shards.get_or_init(|| placement.of_block(&self.block));
        Part::cut_placed(&self.block, placed, shards)
    }
}

impl Default for Tail {
    fn default() -> Self {
        Self { ring: Mutex::default(), last: watch::Sender::new(0) }
    }
}

impl Tail {
    /// Takes the next block of the journal, which is durable.
    pub fn push(&self, block: Arc<Block>) {
        let epoch = block.epoch;
        let mut ring = self.ring.lock();
        if ring.blocks.back().is_some_and(|last| last.epoch() + 1 != epoch) {
            // Between them is what only the disk has.
            *ring = Ring::default();
        }
        ring.bytes += block.bytes().len();
        ring.blocks.push_back(Arc::new(Placed { block, shards: OnceLock::new() }));
        while ring.bytes > TAIL_BYTES
            && let Some(oldest) = ring.blocks.pop_front()
        {
            ring.bytes -= oldest.block.bytes().len();
        }
        drop(ring);
        self.last.send_replace(epoch);
    }

    /// Tells of each that is given.
    pub(super) fn last(&self) -> watch::Receiver<Epoch> {
        self.last.subscribe()
    }

    /// Blocks from this epoch on, as many as are handed out at once; none if that one is not here, or not any more.
    pub(super) fn blocks(&self, next: Epoch) -> Vec<Arc<Placed>> {
        let ring = self.ring.lock();
        let first = ring.blocks.front().map_or(Epoch::MAX, |first| first.epoch());
        let Some(at) = next.checked_sub(first).and_then(|at| usize::try_from(at).ok()) else { return Vec::new() };
        ring.blocks.iter().skip(at).take(AT_ONCE).map(Arc::clone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BlockBuilder;
    use crate::source::Source;
    use suiftly_schema::time::UnixMillis;

    fn block(epoch: Epoch, frames: usize) -> Arc<Block> {
        let mut builder = BlockBuilder::default();
        for _ in 0..frames {
            builder.push(&Source::File, UnixMillis(0), &[7; 60_000]).unwrap();
        }
        Arc::new(builder.seal(epoch, UnixMillis(0), 0))
    }

    fn epochs(tail: &Tail, next: Epoch) -> Vec<Epoch> {
        tail.blocks(next).iter().map(|placed| placed.epoch()).collect()
    }

    #[test]
    fn the_last_blocks_are_there_and_no_others() {
        let tail = Tail::default();
        assert!(epochs(&tail, 1).is_empty());
        (5..=200).for_each(|epoch| tail.push(block(epoch, 0)));
        assert!(epochs(&tail, 4).is_empty());
        assert_eq!(epochs(&tail, 5), (5..69).collect::<Vec<Epoch>>());
        assert_eq!((epochs(&tail, 200), epochs(&tail, 201)), (vec![200], vec![]));
        assert_eq!(*tail.last().borrow(), 200);
        // A gap is read off the disk.
        tail.push(block(300, 0));
        assert_eq!((epochs(&tail, 200), epochs(&tail, 300)), (vec![], vec![300]));
    }

    #[test]
    fn memory_is_bounded() {
        let tail = Tail::default();
        (1..=40).for_each(|epoch| tail.push(block(epoch, 60)));
        let kept = TAIL_BYTES / block(1, 60).bytes().len();
        assert_eq!(tail.blocks(41 - kept as u64).len(), kept);
        assert!(epochs(&tail, 40 - kept as u64).is_empty());
    }
}
