//! What is said about the order over links. All numbers are little-endian.

use crate::journal::JournalId;
use suiftly_schema::ids::Epoch;
use suiftly_schema::shard::SHARDS;

/// A start's bytes.
pub const START_BYTES: usize = 16 + 8 * SHARDS;
/// Journal and epoch.
const RECEIVED_BYTES: usize = 24;

/// What all processes start from: generation u64 · epoch to replay from u64 · each shard's watermark u64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The run that begins.
    pub generation: u64,
    /// The order is replayed after this epoch: the least that every shard's dedup was stored as of.
    pub replay_after: Epoch,
    /// Up to which epoch each shard is stored.
    pub watermarks: [Epoch; SHARDS],
}

impl Start {
    /// As it goes over the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.generation, self.replay_after].into_iter().chain(self.watermarks);
        numbers.flat_map(u64::to_le_bytes).collect()
    }

    /// What [`Start::to_bytes`] wrote; `None` if that cannot be. Nobody is behind what is replayed.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; START_BYTES] = bytes.try_into().ok()?;
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[8 * at + i]));
        let watermarks = std::array::from_fn(|shard| number(2 + shard));
        let start = Self { generation: number(0), replay_after: number(1), watermarks };
        start.watermarks.iter().all(|watermark| *watermark >= start.replay_after).then_some(start)
    }
}

/// Up to which block each journal was received: journal id 16 · epoch u64, any number of times.
pub fn received_to_bytes(received: impl IntoIterator<Item = (JournalId, Epoch)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (journal, epoch) in received {
        bytes.extend_from_slice(&journal.0);
        bytes.extend_from_slice(&epoch.to_le_bytes());
    }
    bytes
}

/// What [`received_to_bytes`] wrote; `None` if that cannot be.
pub fn received_from_bytes(bytes: &[u8]) -> Option<Vec<(JournalId, Epoch)>> {
    let (all, []) = bytes.as_chunks::<RECEIVED_BYTES>() else { return None };
    let one = |bytes: &[u8; RECEIVED_BYTES]| {
        let journal = JournalId(std::array::from_fn(|i| bytes[i]));
        (journal, u64::from_le_bytes(std::array::from_fn(|i| bytes[16 + i])))
    };
    Some(all.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_goes_over_the_wire_whole_or_not_at_all() {
        let watermarks = std::array::from_fn(|shard| 7 + shard as u64);
        let start = Start { generation: 3, replay_after: 7, watermarks };
        let bytes = start.to_bytes();
        assert_eq!((bytes.len(), Start::from_bytes(&bytes)), (START_BYTES, Some(start.clone())));
        assert_eq!(Start::from_bytes(&bytes[1..]), None);
        let behind = Start { replay_after: 8, ..start };
        assert_eq!(Start::from_bytes(&behind.to_bytes()), None, "a shard behind what is replayed");
    }

    #[test]
    fn what_was_received_goes_over_the_wire() {
        let received = vec![(JournalId([1; 16]), 5), (JournalId([2; 16]), u64::MAX)];
        let bytes = received_to_bytes(received.iter().copied());
        assert_eq!(received_from_bytes(&bytes), Some(received));
        assert_eq!(received_from_bytes(&[]), Some(Vec::new()));
        assert_eq!(received_from_bytes(&bytes[..47]), None);
    }
}
