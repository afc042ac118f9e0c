//! What the API knows of the way of a line: a trait that the binary implements over its running parts. It looks at
//! them, and gives quarantined lines again.
//!
//! `/ready`, `/metrics`, `/api/v1/pipeline`, the stream's `pipeline` events and `complete_to` at rest come from it.

use crate::admin::loss::{BesideLive, LossLive};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{HomeLines, LineCounts, LossTotals, WorkerId};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::time::UnixMillis;
use suiftly_store::firehose::FirehoseState;
use suiftly_store::money::ShadowSummary;

/// The running pipeline.
pub trait Pipeline: Send + Sync + 'static {
    /// How it is now. Called once a second and once per request for it; must not wait for I/O.
    fn live(&self) -> PipelineLive;

    /// The loss meter, with the missing ranges of the workers heard of last: so many, of one server or of all. Must not
    /// wait for I/O.
    fn loss(&self, server_id: Option<i16>, newest_workers: usize) -> LossLive;

    /// The loss meter of these workers alone, with their missing ranges; who is not known is left out. Must not wait for I/O.
    fn loss_of(&self, workers: &[WorkerId]) -> LossLive;

    /// Takes quarantined lines in once more, all of them or none, and answers when they are in the journal: its epoch
    /// that holds the last of them. In a cluster the journal is named, by its id. They come behind whatever was committed to
    /// the reference data before: a format that was published a moment ago reads them. Within the bounds of
    /// [`suiftly_schema::quarantine`].
    fn give_again<'a>(
        &'a self,
        journal: Option<&'a str>,
        lines: &'a [GivenLine],
    ) -> BoxFuture<'a, Result<Epoch, GiveAgainError>>;
}

/// Why lines were not given again, or are not known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GiveAgainError {
    /// None went in: the journal's tail is still being replayed.
    #[error("the journal's tail is still being replayed")]
    Recovering,
    /// None went in: the pipeline stops.
    #[error("the pipeline stops")]
    Stopping,
    /// None went in: there was no room for them.
    #[error("the pipeline has no room; is the disk full?")]
    Busy,
    /// They went in; whether they are in the journal shows in their outcomes, or after the next start.
    #[error("the lines went in, and are not known to be in the journal yet; their outcomes will tell")]
    Undetermined,
    /// None went in: of a cluster, the ingester that has their journal is not reached.
    #[error("the ingester that has their journal is not linked")]
    NotLinked,
}

impl GiveAgainError {
    /// Whether no line went in, for certain.
    pub const fn is_refusal(self) -> bool {
        !matches!(self, Self::Undetermined)
    }
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
    /// Whether lines come in by other processes, of a cluster: their records do not pass here.
    pub is_cluster: bool,
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
    /// What each home has brought, of the workers whose lines come by several. `seen` is empty.
    pub homes: BTreeMap<WorkerId, Vec<HomeLines>>,
    /// For how long each gateway that sends to several homes was heard by one alone, in milliseconds up to its last line.
    pub on_one_home_ms: BTreeMap<i16, u64>,
    /// What the workers add up to that are not told apart any more, by server.
    pub folded: BTreeMap<i16, LossTotals>,
    /// The journal.
    pub journal: JournalLive,
    /// The store writer.
    pub store: StoreLive,
    /// Datagrams that the kernel dropped since the process started.
    pub udp_kernel_drops: u64,
    /// What loses lines, or may, since the process started.
    pub beside: BesideLive,
    /// What was told of open streams and counts nothing, since the process started.
    pub uncounted: UncountedLive,
    /// Each listener since the process started, by its name (`udp`, `tcp`, …).
    pub transports: BTreeMap<String, TransportLive>,
    /// Each bounded queue by its name.
    pub queues: BTreeMap<String, QueueLive>,
    /// The quarantine.
    pub quarantine: QuarantineLive,
    /// The firehose, where one is configured.
    pub firehose: Option<FirehoseState>,
    /// The manager, where the process may be it.
    pub manager: Option<ManagerLive>,
    /// The backups, where the process makes any.
    pub backups: Option<BackupsLive>,
    /// The file systems of what is kept, as of some seconds ago.
    pub disks: Vec<DiskLive>,
    /// How large the database is, as of some minutes ago; `None` before it has been asked.
    pub database_bytes: Option<u64>,
    /// How it stands with Sui, where the escrow is a contract there, as of some seconds ago.
    pub sui: Option<SuiLive>,
    /// What was rated since the process started, less what was corrected.
    pub rated: MicroUsd,
}

/// How it stands with Sui at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuiLive {
    /// The nodes that are asked.
    pub nodes: Vec<SuiNodeLive>,
    /// How many charges the operator's gas pays for, at what one may cost; `None` unless both nodes say so.
    pub charges_left: Option<u64>,
    /// Checkpoints that both nodes have, and whose events are not mirrored.
    pub checkpoints_behind: Option<u64>,
}

/// A node of Sui.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuiNodeLive {
    /// Its host, and its port if it has one.
    pub name: String,
    /// The newest checkpoint that it has; `None` if it does not answer.
    pub checkpoint: Option<u64>,
}

/// The file system of something that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskLive {
    /// What: `data`, `archive`, `database`, ….
    pub place: String,
    /// What may still be written to it.
    pub free_bytes: u64,
    /// How large it is.
    pub size_bytes: u64,
    /// How many files may still be made; `None` where it does not bound them.
    pub free_files: Option<u64>,
    /// When it is full if it goes on filling as it did of late; `None` while it does not fill.
    pub time_to_full_s: Option<u64>,
}

/// The manager of a process at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagerLive {
    /// Whether it is the one that runs jobs.
    pub is_holder: bool,
    /// Its jobs by name, since the process started.
    pub jobs: BTreeMap<&'static str, ManagerJobLive>,
    /// What the last shadow check found; `None` before the first.
    pub shadow: Option<ShadowSummary>,
}

/// A job of the manager.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ManagerJobLive {
    /// Runs that did what there was to do.
    pub done: u64,
    /// Runs that failed.
    pub failed: u64,
    /// When the last one was done, by the manager's clock.
    pub last_done_at: Option<UnixMillis>,
}

/// The backups at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupsLive {
    /// How often one is made, in seconds.
    pub every_s: u64,
    /// When one is late, in seconds after the one before.
    pub late_after_s: u64,
    /// Those that are kept, the latest first.
    pub items: Vec<BackupLive>,
}

/// A backup that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupLive {
    /// Its file's name.
    pub file: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// The last epoch that the database in it has.
    pub watermark: u64,
    /// The first epoch of the journal in it.
    pub first_epoch: u64,
    /// The last one.
    pub last_epoch: u64,
    /// When that was cut.
    pub last_cut_at: Option<UnixMillis>,
    /// Whether secrets are in it.
    pub has_secrets: bool,
    /// Its file's length.
    pub bytes: u64,
    /// Its file's SHA-256, in hexadecimal.
    pub sha256: String,
    /// How long it took.
    pub took_ms: u64,
}

/// What was told of open streams and counts nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UncountedLive {
    /// Deltas that came too late, or after the stream's own line, or when there was no room.
    pub deltas: u64,
    /// Lines that brought less than had been told: their bytes are 0.
    pub overtold: u64,
}

/// The quarantine at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineLive {
    /// Whether lines can be given again: not before the journal's tail is in the store after a start.
    pub is_open: bool,
    /// The journals of a cluster of which they can.
    pub open_journals: BTreeSet<String>,
    /// Lines kept by reason, as of the last look, some seconds ago.
    pub kept: BTreeMap<String, u64>,
    /// What became of lines given again, since the process started.
    pub requeued: BTreeMap<&'static str, u64>,
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
    /// Numbers between the first and the highest that have not come.
    pub missing: u64,
    /// Those of them that are final now.
    pub missing_final: u64,
    /// Numbers that came after they had been final.
    pub repaired: u64,
    /// Lowest number received.
    pub first_seq: u64,
    /// Highest number received.
    pub highest_seq: u64,
    /// When it was last heard of: the clock of that epoch.
    pub heard_at: UnixMillis,
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
    /// Length of its files, in bytes.
    pub disk_bytes: u64,
    /// What the disk refuses now, while it does: senders wait, or closed segments stay as they are.
    pub error: Option<String>,
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
    /// Whether commits pass by, to be made again out of the journal: the database is away or slow.
    pub catching_up: bool,
}

/// One listener's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportLive {
    /// Frames taken in.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What was not taken in: frames too long, streams that could not be framed, connections refused or closed for
    /// others, TLS handshakes that failed.
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
