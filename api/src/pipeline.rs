//! What the API knows of the way of a line: a trait that the binary implements over its running parts.
//!
//! `/ready`, `/metrics`, `/api/v1/pipeline`, the stream's `pipeline` events and `complete_to` at rest come from it.

use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{LineCounts, WorkerId};
use suiftly_schema::time::UnixMillis;

/// The running pipeline, to look at.
pub trait Pipeline: Send + Sync + 'static {
    /// How it is now. Called once a second and once per request for it; must not wait for I/O.
    fn live(&self) -> PipelineLive;
}

/// The pipeline at one instant. Everything counts from the journal's beginning unless it says otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineLive {
    /// Whether the journal's tail is still being replayed after a start. Not ready until it is over.
    pub recovering: bool,
    /// Whether anything that was received is not yet published: a batch is pending until [`crate::Hub::publish`] has
    /// returned for it. If in doubt, true: false lets `complete_to` move on to now (less
    /// [`crate::pulse::IDLE_MARGIN_MS`]).
    pub pending: bool,
    /// When the process started.
    pub started_at: UnixMillis,
    /// Lines received per second, over the last few seconds.
    pub lines_per_second: f64,
    /// Median time from a line's receipt to its epoch's publication, recently; 0 without traffic.
    pub lag_p50_ms: u64,
    /// The same, 99th percentile.
    pub lag_p99_ms: u64,
    /// The age of the oldest line that is received and not yet published; 0 if there is none.
    pub frontier_age_ms: u64,
    /// What lines became, as of the latest published epoch.
    pub counts: LineCounts,
    /// Every known worker's lines, in any order.
    pub workers: Vec<WorkerLines>,
    /// The journal.
    pub journal: JournalLive,
    /// The store writer.
    pub store: StoreLive,
    /// Datagrams that the kernel dropped since the process started (`SO_RXQ_OVFL`).
    pub udp_kernel_drops: u64,
    /// Each listener since the process started, by its name (`udp`, `tcp`, …).
    pub transports: BTreeMap<String, TransportLive>,
    /// Each bounded queue by its name.
    pub queues: BTreeMap<String, QueueLive>,
}

/// One worker's numbered lines: a [`suiftly_schema::loss::WorkerWindow`] without the numbers themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerLines {
    /// Which worker.
    pub worker: WorkerId,
    /// Distinct lines received.
    pub received: u64,
    /// Lines that came again.
    pub duplicates: u64,
    /// Lines that came again with another body.
    pub conflicts: u64,
    /// Numbers between the first and the highest that never came.
    pub missing: u64,
    /// Lowest number received.
    pub first_seq: u64,
    /// Highest number received.
    pub highest_seq: u64,
}

/// The journal at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalLive {
    /// Its id.
    pub id: String,
    /// Its length in bytes, over all segments.
    pub offset: u64,
    /// The last epoch that is synced.
    pub durable_epoch: Epoch,
    /// How long ago the last sync ended.
    pub sync_age_ms: u64,
    /// How long a sync took recently, 99th percentile.
    pub sync_p99_ms: u64,
}

/// The store writer at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreLive {
    /// The watermark: the last epoch committed.
    pub epoch: Epoch,
    /// Records committed.
    pub records: u64,
    /// Transactions that failed and were tried again, since the process started.
    pub retries: u64,
}

/// One listener's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportLive {
    /// Frames taken in.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames refused: too long, or broken framing.
    pub refused: u64,
    /// Connections open now; 0 for datagrams.
    pub connections: u64,
}

/// One queue's fill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueLive {
    /// What is in it.
    pub depth: u64,
    /// What fits.
    pub capacity: u64,
}
