//! What one epoch brings, as the caller gives it.

use std::sync::Arc;
use suiftly_schema::batch::{Batch, SystemMessage};
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{LineCounts, WorkerWindow};
use suiftly_schema::quarantine::{QuarantinedLine, Requeued};
use suiftly_schema::record::Record;
use suiftly_schema::reference::ReferenceChange;
use suiftly_schema::stream::{OpenStream, StreamId};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;

/// Everything one epoch brings to the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// The epoch. Commits ascend; epochs that brought nothing may be left out.
    pub epoch: Epoch,
    /// The epoch's clock.
    pub cut_at: UnixMillis,
    /// Where its block ends in the journal, in bytes.
    pub journal_end: u64,
    /// What the views gain; shared with the API's live hub.
    pub deltas: Arc<EpochDeltas>,
    /// Accepted lines.
    pub records: Vec<Record>,
    /// From which journals they are, in a cluster: runs of them, each with its journal's number, in order. Empty: from
    /// the process's own.
    pub record_journals: Vec<(u16, u32)>,
    /// Reference changes that the deltas take in already.
    pub reference: Vec<ReferenceChange>,
    /// The windows that changed, as they are after this epoch.
    pub windows: Vec<WorkerWindow>,
    /// The workers that were folded in this epoch, before those windows.
    pub folded: Vec<WorkerWindow>,
    /// The open streams of which something changed, as they are after this epoch.
    pub streams: Vec<OpenStream>,
    /// The streams that were let go of in this epoch, before those above.
    pub ended: Vec<StreamId>,
    /// HAProxy's own messages.
    pub system: Vec<SystemMessage>,
    /// Rejected lines to keep, as far as there is room for them.
    pub quarantined: Vec<QuarantinedLine>,
    /// What became of quarantined lines that were given again.
    pub requeued: Vec<Requeued>,
    /// What the epoch's lines became.
    pub counts: LineCounts,
}

impl Commit {
    /// A batch with the deltas that the dataflow answered it with.
    pub fn new(batch: Batch, deltas: Arc<EpochDeltas>) -> Self {
        assert_eq!(batch.epoch, deltas.epoch, "a batch is stored with its own deltas");
        Self {
            epoch: batch.epoch,
            cut_at: batch.cut_at,
            journal_end: batch.journal_end,
            deltas,
            records: batch.records,
            record_journals: batch.record_journals,
            reference: batch.reference,
            windows: batch.windows,
            folded: batch.folded,
            streams: batch.streams,
            ended: batch.ended,
            system: batch.system,
            quarantined: batch.quarantined,
            requeued: batch.requeued,
            counts: batch.counts,
        }
    }

    /// Each record, with the number of its journal.
    pub(crate) fn numbered_records(&self) -> impl Iterator<Item = (u16, &Record)> {
        let runs = self.record_journals.iter().flat_map(|&(no, count)| std::iter::repeat_n(no, count as usize));
        runs.chain(std::iter::repeat(0)).zip(&self.records)
    }

    /// How much memory it holds, about: whoever lets commits wait bounds them by this, since what is large differs by
    /// what was sent (records, system messages, views of many customers, windows full of gaps).
    pub fn memory_bytes(&self) -> usize {
        let texts: usize = self.system.iter().map(|message| message.message.len()).sum();
        let lines: usize = self.quarantined.iter().map(|line| line.line.len() + line.source.len()).sum();
        let seen: usize = self.windows.iter().map(|window| window.seen.len()).sum();
        let homes = self.windows.iter().flat_map(|window| &window.homes);
        let homes: usize = homes.map(|of| size_of_val(of) + of.home.len() + of.seen.len()).sum();
        let reference: usize = self.reference.iter().map(ReferenceChange::memory_bytes).sum();
        size_of_val(&*self.records)
            + size_of_val(&*self.record_journals)
            + reference
            + size_of_val(&*self.system)
            + texts
            + size_of_val(&*self.quarantined)
            + lines
            + size_of_val(&*self.requeued)
            + size_of_val(&*self.windows)
            + size_of_val(&*self.folded)
            + size_of_val(&*self.streams)
            + size_of_val(&*self.ended)
            + seen
            + homes
            + self.deltas.memory_bytes()
    }
}
