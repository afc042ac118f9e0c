//! A batch: everything one journal block became, before any view. A pure function of the block and the dedup state.

use crate::ids::Epoch;
use crate::loss::{LineCounts, WorkerWindow};
use crate::partial::Partials;
use crate::quarantine::{QuarantinedLine, Requeued};
use crate::record::Record;
use crate::reference::ReferenceChange;
use crate::stream::{OpenStream, StreamId};
use crate::time::UnixMillis;

/// One of HAProxy's own messages (a server going down, a reload), for the system log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemMessage {
    /// When it was written, else received.
    pub timestamp: UnixMillis,
    /// The server that its source is bound to, where known.
    pub server_id: Option<i16>,
    /// The text, cut at 1,024 bytes.
    pub message: String,
}

/// One journal block, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The block's number: the epoch at which all of this happens.
    pub epoch: Epoch,
    /// The clock when the block was cut.
    pub cut_at: UnixMillis,
    /// Where the block ends in the journal, in bytes.
    pub journal_end: u64,
    /// The oldest receipt time among its frames; `cut_at` if there are none. For measuring lag.
    pub oldest_received_at: UnixMillis,
    /// Accepted lines.
    pub records: Vec<Record>,
    /// From which journals they are, in a cluster: runs of the records above, each with its journal's number, in order.
    /// Empty where all of them are of the process's own.
    pub record_journals: Vec<(u16, u32)>,
    /// The same, summed per key, as the views take them.
    pub partials: Partials,
    /// Reference changes that came among the lines, in their order, each once.
    pub reference: Vec<ReferenceChange>,
    /// The windows that changed, as they are after this block.
    pub windows: Vec<WorkerWindow>,
    /// The workers that were folded in this block, before the windows above: as they were at last, without `seen`.
    pub folded: Vec<WorkerWindow>,
    /// The open streams of which something changed, as they are after this block.
    pub streams: Vec<OpenStream>,
    /// The streams that were let go of in this block, before those above.
    pub ended: Vec<StreamId>,
    /// HAProxy's own messages.
    pub system: Vec<SystemMessage>,
    /// Rejected lines, within the bounds of [`crate::quarantine`].
    pub quarantined: Vec<QuarantinedLine>,
    /// What became of quarantined lines that were given again.
    pub requeued: Vec<Requeued>,
    /// What its lines became.
    pub counts: LineCounts,
}
