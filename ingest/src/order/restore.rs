//! The order's journal made again, where its disk was lost: out of what the database has of it, under its own name, so
//! that every watermark still counts.

use super::{OrderError, Sequence};
use crate::block::Block;
use crate::journal::{Journal, JournalConfig, JournalId, begin};
use std::path::Path;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;

/// Makes the journal of the order in `dir`, which must have none, of these blocks, in order; answers the last epoch.
/// What was cut after them and lost was seen by nobody who keeps anything: those epochs will be others.
pub fn restore(
    dir: &Path,
    config: JournalConfig,
    journal_id: JournalId,
    blocks: impl IntoIterator<Item = Vec<u8>>,
) -> Result<Epoch, OrderError> {
    let mut sequence = Sequence::default();
    let mut restored = Vec::new();
    for bytes in blocks {
        let block = Block::from_bytes(bytes)?;
        sequence.take(&block)?;
        restored.push(Arc::new(block));
    }
    let (Some(first), Some(last)) = (restored.first(), restored.last()) else {
        return Err(OrderError::Missing { epoch: 1 });
    };
    let last = last.epoch;
    begin(dir, journal_id, first.epoch, first.start)?;
    let (journal, _) = Journal::open(dir, config)?;
    for block in restored {
        journal.append(block).map_err(|_| OrderError::Over)?;
    }
    journal.progress().wait_durable(last).map_err(|_| OrderError::Over)?;
    Ok(last)
}
