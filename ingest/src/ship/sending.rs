//! Sends what is wanted of a journal: the last blocks out of memory, older ones off the disk, each once it is durable
//! and as there is credit.

use super::disk::{Disk, Found, before_end_of};
use super::error::ShipError;
use super::part::Part;
use super::place::Placement;
use super::server::Shipped;
use super::wire::{Want, cost};
use crate::sequencer::REWARM_BYTES;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use suiftly_link::{Frame, LinkError, LinkSender};
use suiftly_schema::ids::Epoch;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Where the disk does not give what it should, it is asked again after this.
const READ_AGAIN: Duration = Duration::from_millis(200);
/// A sync is waited for so long before it is looked whether anybody still waits.
const DURABLE_WAIT: Duration = Duration::from_millis(500);

/// What is sent to one process.
pub(super) struct Sending<'a> {
    pub(super) journal: &'a Shipped,
    pub(super) placement: &'a Placement,
    /// What the disk has for certain.
    pub(super) opened_at: Epoch,
    pub(super) want: Want,
    pub(super) to: &'a LinkSender,
    /// How many bytes may be sent.
    pub(super) credit: &'a Semaphore,
}

impl Sending<'_> {
    /// Sends all that is wanted, and all that becomes durable.
    pub(super) async fn run(&self) -> Result<Infallible, ShipError> {
        if self.want.rewarm_bytes > 0 {
            self.send_proof().await?;
        }
        let mut last = self.journal.tail.last();
        let (mut next, mut disk) = (self.want.after + 1, None);
        loop {
            let through = (*last.borrow_and_update()).max(self.opened_at);
            if through < next {
                // Its sender is in the tail, which is ours.
                last.changed().await.map_err(|_| LinkError::Over)?;
                continue;
            }
            let blocks = self.journal.tail.blocks(next);
            if blocks.is_empty() {
                self.wait_durable(through).await?;
                (disk, next) = self.send_from_disk(disk, next, through).await?;
                continue;
            }
            disk = None;
            for block in blocks {
                self.wait_durable(block.epoch()).await?;
                self.send(&frame_of(&block.part(self.placement, &self.want.shards))).await?;
                next = block.epoch() + 1;
            }
        }
    }

    async fn send(&self, frame: &Frame) -> Result<(), ShipError> {
        let room = self.credit.acquire_many(cost(frame.payload.len())).await;
        room.map_err(|_| LinkError::Over)?.forget();
        Ok(self.to.send(frame).await?)
    }

    /// Who fills the tail waits for the disk, so here nobody does; but it must be so.
    async fn wait_durable(&self, epoch: Epoch) -> Result<(), ShipError> {
        while self.journal.progress.durable_epoch() < epoch {
            let progress = Arc::clone(&self.journal.progress);
            spawn_blocking(move || progress.wait_durable_within(epoch, DURABLE_WAIT)).await??;
        }
        Ok(())
    }

    /// What stands before what is wanted, of its shards, so that lines which come again are proven to be the same.
    async fn send_proof(&self) -> Result<(), ShipError> {
        let (journal, placement, want) = (self.journal.clone(), self.placement.clone(), self.want);
        let bytes = u64::from(want.rewarm_bytes).min(REWARM_BYTES);
        let read = spawn_blocking(move || {
            let blocks = before_end_of(&journal, want.after, bytes)?;
            let parts = blocks.iter().map(|block| Part::cut(block, &placement, &want.shards));
            Ok::<_, ShipError>(parts.filter(|part| !part.is_empty()).collect::<Vec<_>>())
        });
        match read.await? {
            Ok(parts) => {
                for part in parts {
                    self.send(&part.for_proof().encode()).await?;
                }
            }
            // It is not kept so far back: then it cannot be proven. What is wanted itself is read next.
            Err(error) => tracing::warn!("nothing is shipped for proof: {error}"),
        }
        Ok(())
    }

    /// Some MiB from `next` on, by a reader of before if it has come to there; the reader, and what is next.
    async fn send_from_disk(
        &self,
        disk: Option<Disk>,
        next: Epoch,
        through: Epoch,
    ) -> Result<(Option<Disk>, Epoch), ShipError> {
        let disk = disk.filter(|disk| disk.next() == next);
        let is_new = disk.is_none();
        let (journal, placement, shards) = (self.journal.clone(), self.placement.clone(), self.want.shards);
        let read = spawn_blocking(move || {
            let mut disk = disk.map_or_else(|| Disk::open(&journal, next), Ok)?;
            let found = disk.read(&journal, through)?;
            let frames = found.into_iter().map(|found| match found {
                Found::Block(block) => frame_of(&Part::cut(&block, &placement, &shards)),
                Found::Lost(lost) => lost.to_frame(),
            });
            Ok::<_, ShipError>((frames.collect::<Vec<_>>(), disk))
        });
        let (frames, disk) = read.await??;
        if frames.is_empty() {
            // The segments are not any more those that there were, or the end of them cannot be read yet.
            if is_new {
                tokio::time::sleep(READ_AGAIN).await;
            }
            return Ok((None, next));
        }
        for frame in &frames {
            self.send(frame).await?;
        }
        let next = disk.next();
        Ok((Some(disk), next))
    }
}

/// A block without a frame of the wanted shards is told as passed.
fn frame_of(part: &Part) -> Frame {
    if part.is_empty() { part.mark().to_frame() } else { part.encode() }
}
