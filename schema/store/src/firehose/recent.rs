//! What was committed a moment ago, still in memory: the firehose sends it from here and reads nothing back.
//!
//! It changes nothing of what is sent. What is not here (QuestDB was slow or away, the process is new) is read from the
//! database, where an hour that is still filling has no index that finds a commit's records fast.

use super::row::RawRow;
use crate::writer::Commit;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;

/// Memory that commits are kept in at most; the oldest go first. Some 200,000 records.
const RECENT_BYTES: usize = 64 << 20;

/// The last commits of a writer, shared with the firehose that it feeds.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    transactions: VecDeque<Transaction>,
    bytes: usize,
}

/// Commits that were written together.
#[derive(Debug)]
struct Transaction {
    /// The watermark before it and after it.
    epochs: (Epoch, Epoch),
    commits: Vec<Arc<Commit>>,
    bytes: usize,
}

impl Recent {
    /// A transaction is in.
    pub(crate) fn keep(&self, epochs: (Epoch, Epoch), commits: &[Arc<Commit>]) {
        let bytes = commits.iter().map(|commit| commit.memory_bytes()).sum();
        let mut kept = self.kept.lock();
        kept.transactions.push_back(Transaction { epochs, commits: commits.to_vec(), bytes });
        kept.bytes += bytes;
        while kept.bytes > RECENT_BYTES {
            kept.drop_oldest();
        }
    }

    /// The records of a transaction that are of this journal, these times and places, as they are stored; none if it is not
    /// kept.
    pub(super) fn rows(
        &self,
        epochs: (Epoch, Epoch),
        journal_no: u16,
        times: &RangeInclusive<UnixMillis>,
        places: &RangeInclusive<u64>,
    ) -> Option<Vec<RawRow>> {
        let commits = {
            let kept = self.kept.lock();
            kept.transactions.iter().find(|transaction| transaction.epochs == epochs)?.commits.clone()
        };
        let records = commits.iter().flat_map(|commit| commit.numbered_records());
        let records = records.filter(|(no, record)| {
            *no == journal_no && times.contains(&record.timestamp) && places.contains(&record.journal_offset)
        });
        Some(records.map(|(_, record)| RawRow::of(record)).collect())
    }

    /// All up to this epoch has been answered for.
    pub(super) fn forget(&self, through: Epoch) {
        let mut kept = self.kept.lock();
        while kept.transactions.front().is_some_and(|oldest| oldest.epochs.1 <= through) {
            kept.drop_oldest();
        }
    }
}

impl Kept {
    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.transactions.pop_front() {
            self.bytes -= oldest.bytes;
        }
    }
}
