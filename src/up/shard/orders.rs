//! The order as this process reads it: process 0 out of its own journal, the others off their link to it.

use anyhow::Context;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use suiftly_ingest::block::Block;
use suiftly_ingest::order::{Follower, OrderBlock, Sequence};
use suiftly_schema::ids::Epoch;
use tokio::sync::mpsc;

/// How long is waited at a time where nothing but the process's end ends the wait.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where blocks come from.
pub(super) enum Source {
    /// This process keeps the order.
    Own(Box<Follower>),
    /// Blocks as they come, and where it is told how long those were that were taken.
    Linked(Receiver<Block>, mpsc::UnboundedSender<u32>),
}

impl Source {
    fn next_within(&mut self, patience: Duration) -> anyhow::Result<Option<Arc<Block>>> {
        match self {
            Self::Own(follower) => Ok(follower.next_within(patience)?),
            Self::Linked(blocks, taken) => match blocks.recv_timeout(patience) {
                Ok(block) => {
                    let bytes = u32::try_from(block.bytes().len()).unwrap_or(u32::MAX);
                    taken.send(bytes).context("the link to process 0 has ended")?;
                    Ok(Some(Arc::new(block)))
                }
                Err(RecvTimeoutError::Timeout) => Ok(None),
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the link to process 0 has ended"),
            },
        }
    }
}

/// Its blocks, each checked against the one before.
pub(super) struct Orders {
    source: Source,
    sequence: Sequence,
    /// Read and not taken yet.
    ahead: VecDeque<OrderBlock>,
}

impl Orders {
    /// Reads on from the block of epoch `after`, which is answered: its cuts are in force. None before the first.
    pub(super) fn begin(source: Source, after: Epoch) -> anyhow::Result<(Self, Option<OrderBlock>)> {
        let mut orders = Self { source, sequence: Sequence::default(), ahead: VecDeque::new() };
        if after == 0 {
            return Ok((orders, None));
        }
        let base = orders.wait()?;
        anyhow::ensure!(base.epoch == after, "the order begins with epoch {}, not with {after}", base.epoch);
        Ok((orders, Some(base)))
    }

    /// All blocks up to and with an epoch; they are taken later.
    pub(super) fn look_ahead(&mut self, through: Epoch) -> anyhow::Result<&VecDeque<OrderBlock>> {
        while self.sequence.last().map_or(0, |last| last.epoch) < through {
            let next = self.wait()?;
            self.ahead.push_back(next);
        }
        Ok(&self.ahead)
    }

    /// The next, if there is one in time.
    pub(super) fn next_within(&mut self, patience: Duration) -> anyhow::Result<Option<OrderBlock>> {
        match self.ahead.pop_front() {
            Some(order) => Ok(Some(order)),
            None => self.read(patience),
        }
    }

    fn wait(&mut self) -> anyhow::Result<OrderBlock> {
        loop {
            if let Some(order) = self.read(PATIENCE)? {
                return Ok(order);
            }
        }
    }

    fn read(&mut self, patience: Duration) -> anyhow::Result<Option<OrderBlock>> {
        let block = self.source.next_within(patience)?;
        Ok(block.map(|block| self.sequence.take(&block)).transpose()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_ingest::block::BlockBuilder;
    use suiftly_schema::time::UnixMillis;

    /// Empty blocks of these epochs, as a link brings them.
    fn linked(epochs: std::ops::RangeInclusive<Epoch>) -> (Source, mpsc::UnboundedReceiver<u32>) {
        let (into, blocks) = crossbeam_channel::unbounded();
        let mut start = 0;
        for epoch in epochs {
            let block = BlockBuilder::default().seal(epoch, UnixMillis(epoch.cast_signed()), start);
            start = block.end;
            into.send(block).unwrap();
        }
        // Kept open: more may come.
        std::mem::forget(into);
        let (taken, told) = mpsc::unbounded_channel();
        (Source::Linked(blocks, taken), told)
    }

    #[test]
    fn what_was_looked_at_ahead_is_taken_later_in_order() {
        let (source, mut told) = linked(7..=10);
        let (mut orders, base) = Orders::begin(source, 7).unwrap();
        assert_eq!(base.map(|base| base.epoch), Some(7));
        assert_eq!(orders.look_ahead(9).unwrap().iter().map(|order| order.epoch).collect::<Vec<_>>(), [8, 9]);
        let mut next = || orders.next_within(Duration::ZERO).unwrap().map(|order| order.epoch);
        assert_eq!([next(), next(), next(), next()], [Some(8), Some(9), Some(10), None]);
        let mut blocks = 0;
        while told.try_recv().is_ok() {
            blocks += 1;
        }
        assert_eq!(blocks, 4, "room is given back for each");
    }

    #[test]
    fn it_must_begin_where_all_begin() {
        let (source, _told) = linked(7..=8);
        assert!(Orders::begin(source, 6).is_err());
        let (source, _told) = linked(1..=2);
        let (mut orders, base) = Orders::begin(source, 0).unwrap();
        assert_eq!((base, orders.look_ahead(0).unwrap().len()), (None, 0));
        assert_eq!(orders.next_within(Duration::ZERO).unwrap().map(|order| order.epoch), Some(1));
    }
}
